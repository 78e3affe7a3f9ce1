/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * uri_find MODULE PIN: for each pkcs11: URI (RFC 7512) on stdin, how many objects our module finds
 * when p11-kit asks it for them, and how many p11-kit finds among all that are there; "same" when
 * both are one and the same object.
 */
#include "common/defs.h"

#include <p11-kit/iter.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	unsigned int count;
	CK_OBJECT_HANDLE object; /* the last one */
};

static void
die(const char *what)
{
	fprintf(stderr, "uri_find: %s\n", what);
	exit(1);
}

static P11KitUri *
uri_read(const char *text)
{
	P11KitUri *uri = p11_kit_uri_new();

	if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri) != P11_KIT_URI_OK ||
	    p11_kit_uri_any_unrecognized(uri))
		die(text);
	return uri;
}

/* Whether the object has all that the URI asks for, in p11-kit's eyes. */
static bool
object_matches(P11KitIter *iter, P11KitUri *uri)
{
	CK_ATTRIBUTE have[] = {{CKA_CLASS, NULL, 0}, {CKA_LABEL, NULL, 0}, {CKA_ID, NULL, 0}};
	bool match;

	if (p11_kit_iter_load_attributes(iter, have, ARRAY_SIZE(have)) != CKR_OK)
		die("attributes");
	match = p11_kit_uri_match_attributes(uri, have, ARRAY_SIZE(have)) == 1;
	for (size_t i = 0; i < ARRAY_SIZE(have); i++)
		free(have[i].pValue);
	return match;
}

/* Goes over what `searched` names on each token; only those that match `wanted`, if any, count. */
static struct answer
find(CK_FUNCTION_LIST **modules, P11KitUri *searched, P11KitUri *wanted)
{
	P11KitIter *iter = p11_kit_iter_new(searched, 0);
	struct answer answer = {0};
	CK_RV rv;

	p11_kit_iter_begin(iter, modules);
	while ((rv = p11_kit_iter_next(iter)) == CKR_OK) {
		if (wanted != NULL &&
		    (p11_kit_uri_match_token_info(wanted, p11_kit_iter_get_token(iter)) != 1 ||
		     !object_matches(iter, wanted)))
			continue;
		answer.count++;
		answer.object = p11_kit_iter_get_object(iter);
	}
	if (rv != CKR_CANCEL)
		die("search");
	p11_kit_iter_free(iter);
	return answer;
}

static void
look_up(CK_FUNCTION_LIST **modules, const char *text)
{
	P11KitUri *uri = uri_read(text), *all = uri_read("pkcs11:");
	struct answer ours = find(modules, uri, NULL), theirs = find(modules, all, uri);

	printf("%u %u %s %s\n", ours.count, theirs.count,
	       ours.object == theirs.object ? "same" : "other", text);
	p11_kit_uri_free(uri);
	p11_kit_uri_free(all);
}

/* The login of a token lasts as long as this session of it. */
static void
log_in(CK_FUNCTION_LIST *module, CK_SLOT_ID slot, const char *pin)
{
	CK_SESSION_HANDLE session;
	CK_UTF8CHAR copy[64];
	size_t len = strnlen(pin, sizeof(copy));

	memcpy(copy, pin, len);
	if (module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK ||
	    module->C_Login(session, CKU_USER, copy, len) != CKR_OK)
		die("login");
}

static void
log_in_everywhere(CK_FUNCTION_LIST *module, const char *pin)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = ARRAY_SIZE(slots);

	if (module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		die("slots");
	for (CK_ULONG i = 0; i < count; i++)
		log_in(module, slots[i], pin);
}

int
main(int argc, char **argv)
{
	CK_FUNCTION_LIST *modules[2] = {NULL, NULL};
	char line[4096];

	if (argc != 3)
		die("MODULE PIN");
	modules[0] = p11_kit_module_load(argv[1], 0);
	if (modules[0] == NULL || p11_kit_module_initialize(modules[0]) != CKR_OK)
		die("module");
	log_in_everywhere(modules[0], argv[2]);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		look_up(modules, line);
	}
	p11_kit_module_finalize(modules[0]);
	p11_kit_module_release(modules[0]);
	return 0;
}
