/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a connection to openukey-virtual-usbip brings: requests until one imports, then commands. */
#include "tests/fuzz/fuzz.h"
#include "virtual/usb/usbip.h"

static void
must_lie_in(struct uk_span part, struct uk_span whole)
{
	must(part.len == 0 ||
	     (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void
check_command(const struct usbip_command *command, struct uk_span in)
{
	if (command->kind == USBIP_UNLINK)
		return;
	must(command->kind == USBIP_SUBMIT && command->length <= USBIP_TRANSFER_MAX);
	must(command->endpoint < 16 && command->setup.len == USBIP_SETUP_LEN);
	must(command->data.len == (command->to_host ? 0 : command->length));
	must_lie_in(command->setup, in);
	must_lie_in(command->data, in);
}

static enum usbip_taken
take_next(struct uk_span *in, bool *imported)
{
	struct usbip_request request;
	struct usbip_command command;
	struct uk_span before = *in;
	enum usbip_taken taken;

	if (*imported) {
		taken = usbip_take_command(in, &command);
		if (taken == USBIP_TAKEN)
			check_command(&command, before);
	} else {
		taken = usbip_take_request(in, &request);
		if (taken == USBIP_TAKEN)
			*imported = request.operation == USBIP_IMPORT;
	}
	must(taken == USBIP_TAKEN ? in->len < before.len : in->len == before.len);
	return taken;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);
	bool imported = false;

	while (take_next(&in, &imported) == USBIP_TAKEN)
		;
	return 0;
}
