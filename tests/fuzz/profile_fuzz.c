/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CA's profile, or the signature of one, as a person may have copied it to /etc. */
#include "assistant/core/profile_read.h"
#include "assistant/core/profile_sign.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
look_at(const ProfileData *data)
{
	const OukProfile *profile = &data->profile;

	must(profile->id != NULL && *profile->id != '\0' && profile->serial > 0);
	must(profile->name.zh_CN != NULL && profile->name.en != NULL);
	must((profile->first_pin.kind == OUK_FIRST_PIN_FIXED) ==
	     (profile->first_pin.value != NULL));
	must(profile->unlock.steps->len > 0);
	for (guint i = 0; i < profile->halls->len; i++) {
		const OukHall *hall = g_ptr_array_index(profile->halls, i);

		must(hall->category < OUK_HALL_CATEGORIES && hall->urls->len > 0);
		must(g_utf8_validate(hall->name.zh_CN, -1, NULL));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	g_autoptr(GBytes) input = g_bytes_new_static(bytes, size);
	g_autoptr(ProfileData) data = NULL;
	ProfileSignature signature;

	data = profile_read("x", input, NULL);
	if (data != NULL)
		look_at(data);
	if (profile_signature_parse(input, &signature))
		must(strlen(signature.key) == PROFILE_KEY_HEX && signature.size > 0);
	return 0;
}
