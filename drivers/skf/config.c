/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/skf/config.h"

#include "common/log.h"
#include "drivers/skf/wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER        "/etc/openukey/skf.d"
#define SUFFIX        ".conf"
#define TEXT_MAX      8192
#define HASH_START    0xcbf29ce484222325U /* FNV-1a, 64 bits */
#define HASH_MULTIPLY 0x00000100000001b3U

enum kind { TEXT, NUMBER, WORD, SETTING };

struct word {
	const char *text;
	uint32_t value;
};

static const struct word yes_no[] = {{"no", 0}, {"yes", 1}, {NULL, 0}};
static const struct word widths[] = {{"32", 32}, {"64", 64}, {NULL, 0}};
static const struct word handles[] = {
	{"pointer", SKF_HANDLE_POINTER}, {"int", SKF_HANDLE_INT}, {NULL, 0}};
static const struct word packings[] = {
	{"1", SKF_PACKING_1}, {"natural", SKF_PACKING_NATURAL}, {NULL, 0}};
static const struct word sides[] = {{"right", SKF_RIGHT}, {"left", SKF_LEFT}, {NULL, 0}};
static const struct word orders[] = {
	{"big", UK_BIG_ENDIAN}, {"little", UK_LITTLE_ENDIAN}, {NULL, 0}};
static const struct word event_ways[] = {
	{"wait", SKF_EVENTS_WAIT}, {"poll", SKF_EVENTS_POLL}, {NULL, 0}};
static const struct word decrypt_forms[] = {{"none", 0}, {NULL, 0}};

#define AT(member)   offsetof(struct skf_config, member)
#define SIZE(member) sizeof(((struct skf_config *)0)->member)

static const struct key {
	const char *name;
	enum kind kind;
	size_t at;
	uint32_t min, max; /* of numbers; max: room for a text */
	const struct word *words;
} keys[] = {
	{"library", TEXT, AT(library), 0, SIZE(library), NULL},
	{"name", TEXT, AT(name), 0, SIZE(name), NULL},
	{"application", TEXT, AT(application), 0, SIZE(application), NULL},
	{"ulong", WORD, AT(ulong_bits), 0, 0, widths},
	{"handle", WORD, AT(handle), 0, 0, handles},
	{"packing", WORD, AT(packing), 0, 0, packings},
	{"numbers", WORD, AT(numbers), 0, 0, sides},
	{"exponent", WORD, AT(exponent), 0, 0, orders},
	{"sm2-algorithm", NUMBER, AT(sm2_alg), 0x00020000, 0x0002ffff, NULL},
	{"events", WORD, AT(events), 0, 0, event_ways},
	{"timeout", NUMBER, AT(timeout_ms), 100, 600000, NULL},
	{"recheck", NUMBER, AT(recheck_ms), 0, 60000, NULL},
	{"pin-min", NUMBER, AT(pin_min), 1, 16, NULL},
	{"pin-max", NUMBER, AT(pin_max), 6, 32, NULL},
	{"login-each-use", WORD, AT(each_use), 0, 0, yes_no},
	{"transmit", WORD, AT(transmit), 0, 0, yes_no},
	{"rsa-decrypt", WORD, AT(rsa_decrypt), 0, 0, decrypt_forms},
	{"network", WORD, AT(network), 0, 0, yes_no},
	{"processes", WORD, AT(processes), 0, 0, yes_no},
	{"memory", NUMBER, AT(memory_mib), 16, 8192, NULL},
	{"set", SETTING, 0, 0, 0, NULL},
};

/* ---- lines ---- */

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool
set_text(struct skf_config *config, const struct key *key, const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len >= key->max)
		return false;
	memcpy((char *)config + key->at, value, len + 1);
	return true;
}

static bool
set_number(struct skf_config *config, const struct key *key, const char *value)
{
	char *end;
	unsigned long long number;
	uint32_t small;

	if (value[0] < '0' || value[0] > '9')
		return false;
	errno = 0;
	number = strtoull(value, &end, 0);
	if (errno != 0 || *end != '\0' || number < key->min || number > key->max)
		return false;
	small = (uint32_t)number;
	memcpy((char *)config + key->at, &small, sizeof(small));
	return true;
}

static bool
set_word(struct skf_config *config, const struct key *key, const char *value)
{
	for (const struct word *word = key->words; word->text != NULL; word++) {
		if (strcmp(word->text, value) != 0)
			continue;
		memcpy((char *)config + key->at, &word->value, sizeof(word->value));
		return true;
	}
	return false;
}

/* What decides which code is run is not for the library's settings. */
static bool
set_setting(struct skf_config *config, const char *value)
{
	if (config->set_count == SKF_SETTINGS_MAX || strlen(value) >= SKF_SETTING_LEN ||
	    strchr(value, '=') == NULL || value[0] == '=' || strncmp(value, "LD_", 3) == 0 ||
	    strncmp(value, "OPENUKEY_", 9) == 0)
		return false;
	memcpy(config->set[config->set_count++], value, strlen(value) + 1);
	return true;
}

static bool
set_key(struct skf_config *config, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		switch (keys[i].kind) {
		case TEXT:
			return set_text(config, &keys[i], value);
		case NUMBER:
			return set_number(config, &keys[i], value);
		case WORD:
			return set_word(config, &keys[i], value);
		case SETTING:
			return set_setting(config, value);
		}
	}
	return false;
}

/* Without the blanks around it; changes the text. */
static char *
trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]) != NULL; len--)
		text[len - 1] = '\0';
	return text;
}

static bool
line_read(struct skf_config *config, char *line)
{
	char *equals;

	line = trimmed(line);
	if (line[0] == '\0' || line[0] == '#')
		return true;
	equals = strchr(line, '=');
	if (equals == NULL || !is_plain(line))
		return false;
	*equals = '\0';
	return set_key(config, trimmed(line), trimmed(equals + 1));
}

static enum uk_status
text_read(struct skf_config *config, char *text, size_t len)
{
	unsigned int number = 1;

	if (memchr(text, 0, len) != NULL)
		return UK_E_DATA;
	for (char *line = text; line != NULL; number++) {
		char *next = strchr(line, '\n');

		if (next != NULL)
			*next++ = '\0';
		if (!line_read(config, line)) {
			uk_warning("skf", "%s: line %u is not understood", config->file, number);
			return UK_E_DATA;
		}
		line = next;
	}
	if (config->library[0] != '/' || config->pin_min > config->pin_max)
		return UK_E_DATA;
	return UK_OK;
}

/* ---- files ---- */

static const char *
folder(void)
{
	const char *chosen = secure_getenv("OPENUKEY_SKF_DIR");

	return chosen != NULL ? chosen : FOLDER;
}

bool
skf_config_trusts(uint32_t uid, uint32_t mode)
{
	bool in_test = secure_getenv("OPENUKEY_SKF_DIR") != NULL;

	return (mode & 022) == 0 && (uid == 0 || (in_test && uid == geteuid()));
}

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static uint64_t
hash_add(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (uint8_t)*text) * HASH_MULTIPLY;
	} while (*text++ != '\0');
	return hash;
}

/* A changed file, another pcscd or another version of ours: another helper. */
static void
id_make(struct skf_config *config, const char *text)
{
	const char *service = secure_getenv("PCSCLITE_CSOCK_NAME");
	uint64_t hash = HASH_START + SKF_PROTOCOL;

	hash = hash_add(hash, SKF_VERSION);
	hash = hash_add(hash, config->file);
	hash = hash_add(hash, text);
	hash = hash_add(hash, service != NULL ? service : "");
	(void)snprintf(config->id, sizeof(config->id), "%016llx", (unsigned long long)hash);
}

static void
defaults_set(struct skf_config *config)
{
	*config = (struct skf_config){
		.ulong_bits = 32,
		.exponent = UK_BIG_ENDIAN,
		.sm2_alg = 0x00020100,
		.timeout_ms = 30000,
		.recheck_ms = 300,
		.pin_min = 6,
		.pin_max = 16,
		.memory_mib = 512,
	};
}

/* The file's own name without its ending, until it says another. */
static void
name_set(struct skf_config *config, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *from = slash != NULL ? slash + 1 : file;
	size_t len = strcspn(from, ".");

	if (len >= sizeof(config->name))
		len = sizeof(config->name) - 1;
	memcpy(config->name, from, len);
	config->name[len] = '\0';
}

enum uk_status
skf_config_read(const char *file, struct skf_config *ret)
{
	UK_CLEANUP(fd_close) int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct skf_config config;
	char text[TEXT_MAX];
	struct stat info;
	enum uk_status st;
	ssize_t len;

	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return UK_E_NOT_FOUND;
	if (!skf_config_trusts(info.st_uid, info.st_mode))
		return UK_E_POLICY;
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0 || (size_t)len == sizeof(text) - 1 || strlen(file) >= sizeof(config.file))
		return UK_E_DATA_LEN;
	text[len] = '\0';
	defaults_set(&config);
	memcpy(config.file, file, strlen(file) + 1);
	name_set(&config, file);
	id_make(&config, text);
	st = text_read(&config, text, (size_t)len);
	if (st == UK_OK)
		*ret = config;
	return st;
}

static int
is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > sizeof(SUFFIX) - 1 &&
	       strcmp(entry->d_name + len - (sizeof(SUFFIX) - 1), SUFFIX) == 0;
}

static bool
folder_is_good(const char *path)
{
	struct stat info;

	return path[0] == '/' && stat(path, &info) == 0 && S_ISDIR(info.st_mode) &&
	       skf_config_trusts(info.st_uid, info.st_mode);
}

bool
skf_config_any(void)
{
	return folder_is_good(folder());
}

size_t
skf_config_list(struct skf_config *out, size_t cap)
{
	const char *path = folder();
	struct dirent **entries;
	size_t count = 0;
	int found;

	found = scandir(path, &entries, is_conf, alphasort);
	for (int i = 0; i < found; i++) {
		char file[SKF_PATH_MAX];
		enum uk_status st = UK_E_DATA_LEN;

		if (count < cap && snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name) <
					   (int)sizeof(file))
			st = skf_config_read(file, &out[count]);
		if (st == UK_OK)
			count++;
		else
			uk_warning("skf", "%s is left out: %s", entries[i]->d_name,
				   uk_status_text(st));
		free(entries[i]);
	}
	if (found >= 0)
		free((void *)entries);
	return count;
}
