/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where objects are kept, for the object_*.c files only. */
#ifndef UK_PKCS11_OBJECT_STORE_H
#define UK_PKCS11_OBJECT_STORE_H

#include "pkcs11/object.h"

/* More than any key's GetDevInfo can name (one byte); a lying key stops here. */
#define CONTAINERS_MAX 256
/* Files that are shown; a lying key stops here. */
#define FILES_MAX 256

struct pair_state {
	bool cert_read, key_read;
	bool cert_bad; /* there is something that is no certificate */
	bool has_key;  /* known from its certificate, or from the key */
};

struct container {
	struct container *next;
	char name[TOKEN_NAME_MAX];
	struct pair_state pairs[2]; /* by enum token_pair */
};

struct objects {
	bool listed; /* the containers' names are known */
	struct container *containers;
	unsigned int container_count;
	bool files_listed, files_read,
		ca_read; /* names known; data objects made; CA certificates */
	char files[FILES_MAX][TOKEN_NAME_MAX];
	unsigned int file_count;
	struct object *first;
	const struct object *found; /* by its handle, last; NULL once objects were freed */
};

/* At the end, so that objects come in the key's own order; under its old handle if it had one. */
void object_append(struct slot *slot, struct object *object);
/* object_file.c: data objects and CA certificates, by what is wanted. */
CK_RV objects_load_files(struct slot *slot, enum objects_want want);

#endif
