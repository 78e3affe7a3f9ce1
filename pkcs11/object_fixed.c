/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects that every token has and no key is asked for: profiles and mechanisms. */
#include "pkcs11/object_fixed.h"

#include "common/defs.h"
#include "pkcs11/mech.h"

#include <pthread.h>
#include <stdio.h>

/* Far from what object_build.c counts up to. */
#define PROFILE_HANDLES   0x70000000UL
#define MECHANISM_HANDLES 0x71000000UL

#define MECHANISMS_MAX 64

#define PROFILE(n, id, following)                                                            \
	{                                                                                    \
		.handle = PROFILE_HANDLES + (n), .class_ = CKO_PROFILE, .on_token = CK_TRUE, \
		.profile_id = (id), .unique_id = "profile-" #n, .next = (following),         \
	}

/*
 * Without the last one NSS asks for the PIN just to list certificates.  In a chain, like all
 * objects.
 */
static struct object profiles[] = {
	PROFILE(0, CKP_BASELINE_PROVIDER, &profiles[1]),
	PROFILE(1, CKP_AUTHENTICATION_TOKEN, &profiles[2]),
	PROFILE(2, CKP_PUBLIC_CERTIFICATES_TOKEN, NULL),
};

static struct object mechanisms[MECHANISMS_MAX];
static pthread_once_t mechanisms_once = PTHREAD_ONCE_INIT;

static void
mechanisms_make(void)
{
	CK_MECHANISM_TYPE types[MECHANISMS_MAX];
	CK_ULONG count = ARRAY_SIZE(types);

	if (mech_list(types, &count) != CKR_OK)
		return;
	for (CK_ULONG i = 0; i < count; i++) {
		mechanisms[i].handle = MECHANISM_HANDLES + i;
		mechanisms[i].class_ = CKO_MECHANISM;
		mechanisms[i].on_token = CK_TRUE;
		mechanisms[i].mechanism_type = types[i];
		(void)snprintf(mechanisms[i].unique_id, sizeof(mechanisms[i].unique_id),
			       "mechanism-%lx", types[i]);
		mechanisms[i].next = i + 1 < count ? &mechanisms[i + 1] : NULL;
	}
}

const struct object *
object_profiles(void)
{
	return profiles;
}

const struct object *
object_mechanisms(void)
{
	(void)pthread_once(&mechanisms_once, mechanisms_make);
	return mechanisms[0].handle != 0 ? mechanisms : NULL;
}

bool
object_is_fixed(const struct object *object)
{
	return object->handle >= PROFILE_HANDLES;
}

const struct object *
object_fixed_find(CK_OBJECT_HANDLE handle)
{
	const struct object *object;

	if (handle < PROFILE_HANDLES)
		return NULL;
	object = handle < MECHANISM_HANDLES ? object_profiles() : object_mechanisms();
	while (object != NULL && object->handle != handle)
		object = object->next;
	return object;
}
