/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A library looked at before any of its code runs: its own beginning runs when it is loaded. */
#include "drivers/skf/host/library.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
	int fd;
	Elf *elf;
	char *why;
	size_t size;
};

static void
look_end(struct look *look)
{
	if (look->elf != NULL)
		(void)elf_end(look->elf);
	if (look->fd >= 0)
		(void)close(look->fd);
}

static enum uk_status
refused(const struct look *look, enum uk_status st, const char *why)
{
	(void)snprintf(look->why, look->size, "%s", why);
	return st;
}

/* Of the same kind as this very program. */
static bool
is_of_this_machine(Elf *elf)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Elf *self = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	GElf_Ehdr ours, theirs;
	bool same = self != NULL && gelf_getehdr(self, &ours) != NULL &&
		    gelf_getehdr(elf, &theirs) != NULL && ours.e_machine == theirs.e_machine &&
		    ours.e_ident[EI_CLASS] == theirs.e_ident[EI_CLASS] &&
		    ours.e_ident[EI_DATA] == theirs.e_ident[EI_DATA] && theirs.e_type == ET_DYN;

	if (self != NULL)
		(void)elf_end(self);
	if (fd >= 0)
		(void)close(fd);
	return same;
}

#define ENTRY(name, needed) {"SKF_" #name, needed},
static const struct {
	const char *name;
	bool needed;
} rows[] = {
#include "drivers/skf/host/entries.def"
};
#undef ENTRY

static void
symbols_note(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, bool *found)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 0; data != NULL && gelf_getsym(data, i, &symbol) != NULL; i++) {
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);

		if (name == NULL || symbol.st_shndx == SHN_UNDEF)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++)
			if (strcmp(rows[j].name, name) == 0)
				found[j] = true;
	}
}

/* The first function that is needed and is not there; NULL: all are. */
static const char *
missing_entry(Elf *elf)
{
	bool found[ARRAY_SIZE(rows)] = {false};
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) != NULL && header.sh_type == SHT_DYNSYM)
			symbols_note(elf, section, &header, found);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].needed && !found[i])
			return rows[i].name;
	return NULL;
}

enum uk_status
library_check(const char *path, char *why, size_t size)
{
	UK_CLEANUP(look_end) struct look look = {.fd = -1, .why = why, .size = size};
	const char *missing;
	struct stat info;

	look.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (look.fd < 0 || fstat(look.fd, &info) != 0 || !S_ISREG(info.st_mode))
		return refused(&look, UK_E_NOT_FOUND, "there is no such file");
	if (!skf_config_trusts(info.st_uid, info.st_mode))
		return refused(&look, UK_E_POLICY, "it is not root's, or others may write to it");
	if (elf_version(EV_CURRENT) == EV_NONE)
		return refused(&look, UK_E_INTERNAL, "libelf is too old");
	look.elf = elf_begin(look.fd, ELF_C_READ, NULL);
	if (look.elf == NULL || elf_kind(look.elf) != ELF_K_ELF)
		return refused(&look, UK_E_DATA, "it is no library");
	if (!is_of_this_machine(look.elf))
		return refused(&look, UK_E_DATA, "it is for another kind of computer");
	missing = missing_entry(look.elf);
	if (missing != NULL) {
		(void)snprintf(why, size, "it has no %s", missing);
		return UK_E_DATA;
	}
	return UK_OK;
}
