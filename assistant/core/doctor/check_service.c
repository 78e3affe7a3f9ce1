/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Permission, service, reader: what stands between the port and the key. */
#include "assistant/core/doctor/drivers.h"
#include "assistant/core/doctor/exam.h"
#include "assistant/core/doctor/makers.h"

#include <glib/gi18n.h>

/* ---- permission ---- */

void
check_permission(OukExam *exam, OukLinkResult *ret)
{
	for (guint i = 0; i < exam->devices->len; i++) {
		const OukUsbDevice *device = g_ptr_array_index(exam->devices, i);

		if (device->blocked) {
			exam_found(ret, OUK_LINK_BROKEN, OUK_F_USB_BLOCKED, g_strdup(device->name));
			return;
		}
	}
	if (exam->pcsc.state == OUK_PCSC_DENIED)
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_SERVICE_DENIED, g_strdup(pcsc_socket()));
	else if (exam->pcsc.state == OUK_PCSC_POLICY)
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_POLKIT_DENIED, NULL);
	else
		exam_ok(ret, NULL);
}

/* ---- the service ---- */

static gboolean
service_is_installed(void)
{
	static const char *const paths[] = {"/usr/sbin/pcscd", "/sbin/pcscd", "/usr/bin/pcscd",
					    "/usr/local/sbin/pcscd"};

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
		if (g_file_test(paths[i], G_FILE_TEST_IS_EXECUTABLE))
			return TRUE;
	return FALSE;
}

static char *
reader_list(GPtrArray *readers)
{
	g_autoptr(GString) list = g_string_new(NULL);

	g_string_append_printf(list,
			       ngettext("running, %u reader", "running, %u readers", readers->len),
			       readers->len);
	return g_string_free(g_steal_pointer(&list), FALSE);
}

void
check_service(OukExam *exam, OukLinkResult *ret)
{
	OukPcscState state;

	state = exam->pcsc.state;
	if (state == OUK_PCSC_READY)
		exam_ok(ret, reader_list(exam->pcsc.readers));
	else if (state == OUK_PCSC_NO_LIBRARY || !service_is_installed())
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_SERVICE_MISSING, NULL);
	else if (state == OUK_PCSC_NO_SOCKET)
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_SERVICE_STOPPED, NULL);
	else
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_SERVICE_SILENT, NULL);
}

/* ---- the reader's driver ---- */

static void
found_device(OukExam *exam, OukLinkResult *ret, OukFindingId id, const OukUsbDevice *device)
{
	exam->clues.vendor = device->vendor;
	exam->clues.product = device->product;
	exam_found(
		ret, pcsc_has_key(&exam->pcsc) ? OUK_LINK_NOTE : OUK_LINK_BROKEN, id,
		g_strdup_printf("%s (%04x:%04x)", device->name, device->vendor, device->product));
}

/* Why a device in a port is no reader. */
static OukFindingId
device_finding(const OukUsbDevice *device)
{
	if (drivers_know(device->vendor, device->product))
		return OUK_F_READER_SILENT;
	if (!device->is_ccid)
		return OUK_F_DRIVER_NONE;
	return drivers_have_ccid() ? OUK_F_DRIVER_UNLISTED : OUK_F_DRIVER_MISSING;
}

/* The device that most likely is the one missing: one without a driver, else any. */
static const OukUsbDevice *
missing_device(GPtrArray *devices)
{
	for (guint i = 0; i < devices->len; i++) {
		const OukUsbDevice *device = g_ptr_array_index(devices, i);

		if (device_finding(device) != OUK_F_READER_SILENT)
			return device;
	}
	return g_ptr_array_index(devices, 0);
}

/* A device that no driver makes a reader of: its maker's library may reach it. */
static void
look_for_library(OukExam *exam, OukLinkResult *ret, const OukUsbDevice *device)
{
	g_autofree char *library = makers_library_new();
	g_autofree char *entered = makers_library_entered();

	if (entered != NULL) {
		exam->by_library = TRUE;
		/* Translators: %s is a file's name */
		exam_ok(ret, g_strdup_printf(_("by its maker's library (%s)"), entered));
	} else if (library != NULL) {
		exam->clues.path = g_strdup(library);
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_MAKER_LIBRARY, g_strdup(library));
	} else {
		found_device(exam, ret, OUK_F_DRIVER_NONE, device);
	}
}

void
check_reader(OukExam *exam, OukLinkResult *ret)
{
	GPtrArray *readers = exam->pcsc.readers, *devices = exam->devices;
	g_autoptr(GString) names = g_string_new(NULL);

	if (readers->len < devices->len) {
		const OukUsbDevice *device = missing_device(devices);
		OukFindingId finding = device_finding(device);

		if (finding == OUK_F_DRIVER_NONE && !pcsc_has_key(&exam->pcsc))
			look_for_library(exam, ret, device);
		else
			found_device(exam, ret, finding, device);
		return;
	}
	if (readers->len == 0) {
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_READER_NONE, NULL);
		return;
	}
	for (guint i = 0; i < readers->len; i++) {
		const OukPcscReader *reader = g_ptr_array_index(readers, i);

		g_string_append_printf(names, "%s%s", i > 0 ? _(", ") : "", reader->name);
	}
	exam_ok(ret, g_strdup(names->str));
	/* readers' names can hold the key's serial number */
	exam_fact(ret, reader_list(readers));
}
