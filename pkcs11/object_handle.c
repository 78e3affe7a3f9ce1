/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/object_handle.h"

#include <stdlib.h>
#include <string.h>

/* What an object is known by, and its handle. */
struct object_name {
	struct object_name *next;
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class_;
	enum token_pair pair;
	char container[TOKEN_NAME_MAX];
	char file[TOKEN_NAME_MAX];
};

static bool
is_name_of(const struct object_name *name, const struct object *object)
{
	return name->class_ == object->class_ && name->pair == object->pair &&
	       strcmp(name->container, object->container) == 0 &&
	       strcmp(name->file, object->file) == 0;
}

void
object_handle_keep(struct slot *slot, struct object *object)
{
	struct object_name *name = slot->names;

	while (name != NULL && !is_name_of(name, object))
		name = name->next;
	if (name != NULL) {
		object->handle = name->handle;
		return;
	}
	/* Without memory for it the object gets another handle next time, that is all. */
	name = calloc(1, sizeof(*name));
	if (name == NULL)
		return;
	name->handle = object->handle;
	name->class_ = object->class_;
	name->pair = object->pair;
	memcpy(name->container, object->container, sizeof(name->container));
	memcpy(name->file, object->file, sizeof(name->file));
	name->next = slot->names;
	slot->names = name;
}

CK_OBJECT_CLASS
object_handle_class(const struct slot *slot, CK_OBJECT_HANDLE handle)
{
	for (const struct object_name *name = slot->names; name != NULL; name = name->next)
		if (name->handle == handle)
			return name->class_;
	return CK_UNAVAILABLE_INFORMATION;
}

/* ---- the end ---- */

struct ended {
	struct uk_span container;
	const char *file;
	CK_OBJECT_CLASS class_; /* CK_UNAVAILABLE_INFORMATION: all */
	enum token_pair pair;
};

static bool
has_ended(const struct object_name *name, const struct ended *ended)
{
	if (ended == NULL)
		return true;
	if (ended->file != NULL)
		return strcmp(name->file, ended->file) == 0;
	return name->file[0] == '\0' &&
	       uk_span_equal(uk_span_str(name->container), ended->container) &&
	       (ended->class_ == CK_UNAVAILABLE_INFORMATION ||
		(ended->class_ == name->class_ && ended->pair == name->pair));
}

static void
names_drop(struct slot *slot, const struct ended *ended)
{
	struct object_name **link = &slot->names;

	while (*link != NULL) {
		struct object_name *name = *link;

		if (!has_ended(name, ended)) {
			link = &name->next;
			continue;
		}
		*link = name->next;
		free(name);
	}
}

void
object_handles_end_container(struct slot *slot, struct uk_span container)
{
	names_drop(slot, &(struct ended){container, NULL, CK_UNAVAILABLE_INFORMATION, TOKEN_SIGN});
}

void
object_handles_end_certificate(struct slot *slot, struct uk_span container, enum token_pair pair)
{
	names_drop(slot, &(struct ended){container, NULL, CKO_CERTIFICATE, pair});
}

void
object_handles_end_file(struct slot *slot, const char *file)
{
	names_drop(slot, &(struct ended){{NULL, 0}, file, CK_UNAVAILABLE_INFORMATION, TOKEN_SIGN});
}

void
object_handles_end_all(struct slot *slot)
{
	names_drop(slot, NULL);
}
