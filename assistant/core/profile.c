/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/profile.h"

#include "assistant/core/cert.h"
#include "assistant/core/errors.h"
#include "assistant/core/profile_read.h"
#include "assistant/core/profile_sign.h"
#include "assistant/core/text.h"
#include "common/defs.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROFILES_MAX 64
#define ANCHORS_MAX  64
#define ANCHOR_MAX   (64U * 1024U)
#define ADMIN_DIR    "/etc/openukey/profiles"
#define SUFFIX       ".json"

struct _OukProfiles {
	GPtrArray *list;     /* of ProfileData, by id */
	GPtrArray *problems; /* of GError */
};

const char *
ouk_words(const OukWords *words)
{
	/* Translators: say data-language-zh_CN where the CAs' data should be shown in Chinese */
	const char *wanted = _("data-language-en");
	const char *text = strcmp(wanted, "data-language-zh_CN") == 0 ? words->zh_CN : words->en;

	return text != NULL ? text : "";
}

/* ---- files ---- */

/* A whole file, unless it is larger than `most` bytes: then it is not read at all. */
static GBytes *
file_read(const char *path, gsize most, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = {0};
	g_autofree char *bytes = NULL;
	gsize len = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		ouk_fail_with(error, OUK_E_FILE_READ, "(%s)", path);
		return NULL;
	}
	bytes = g_malloc(most + 1);
	while (len <= most) {
		ssize_t got = read(fd, bytes + len, most + 1 - len);

		if (got <= 0)
			break;
		len += (gsize)got;
	}
	close(fd);
	if (len > most) {
		ouk_fail_with(error, OUK_E_PROFILE_TOO_BIG, "(%s)", path);
		return NULL;
	}
	return g_bytes_new(bytes, len);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of what is in a folder, sorted; empty when there is no such folder. */
static GPtrArray *
folder_list(const char *dir, const char *suffix, guint most)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	GDir *folder = g_dir_open(dir, 0, NULL);
	const char *name;

	while (folder != NULL && paths->len < most && (name = g_dir_read_name(folder)) != NULL)
		if (g_str_has_suffix(name, suffix) && name[0] != '.')
			g_ptr_array_add(paths, g_build_filename(dir, name, NULL));
	if (folder != NULL)
		g_dir_close(folder);
	g_ptr_array_sort(paths, by_text);
	return paths;
}

/* ---- anchors beside the profiles ---- */

static void
anchors_add(ProfileData *data, const char *path)
{
	g_autoptr(GPtrArray) certs = NULL;
	struct stat st;

	/* not a pipe, and not a whole disk */
	if (g_stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)ANCHOR_MAX)
		return;
	certs = ouk_x509_read_all(path, NULL);
	for (guint i = 0; certs != NULL && i < certs->len; i++) {
		X509 *anchor = g_ptr_array_index(certs, i);

		X509_up_ref(anchor);
		g_ptr_array_add(data->profile.anchors, anchor);
	}
}

static void
anchors_add_folder(ProfileData *data, const char *dir)
{
	static const char *const suffixes[] = {".pem", ".crt", ".cer", ".der"};

	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autoptr(GPtrArray) paths = folder_list(dir, suffixes[i], ANCHORS_MAX);

		for (guint n = 0; n < paths->len; n++)
			anchors_add(data, g_ptr_array_index(paths, n));
	}
}

/*
 * Each rehearsal has a CA of its own. Only the rehearsal profile listens to the environment: no
 * variable makes a real CA's certificate look vouched for.
 */
static void
anchors_add_rehearsal(ProfileData *data)
{
	const char *variable = secure_getenv("OPENUKEY_REHEARSAL_ANCHORS");
	g_autofree char *own =
		g_build_filename(g_get_user_data_dir(), "openukey", "rehearsal-anchors", NULL);
	g_auto(GStrv) dirs = g_strsplit(variable != NULL ? variable : "", ":", PROFILES_MAX);

	anchors_add_folder(data, own);
	for (char **dir = dirs; *dir != NULL; dir++)
		if (**dir != '\0')
			anchors_add_folder(data, *dir);
}

static void
anchors_load(ProfileData *data)
{
	static const char *const trusted[] = {OPENUKEY_PROFILE_DIR, ADMIN_DIR};

	if (data->profile.rehearsal)
		anchors_add_rehearsal(data);
	for (guint i = 0; i < G_N_ELEMENTS(trusted); i++) {
		g_autofree char *anchors =
			g_build_filename(trusted[i], "anchors", data->profile.id, NULL);

		anchors_add_folder(data, anchors);
	}
}

/* ---- profiles ---- */

static ProfileData *
profile_load(const char *path, GError **error)
{
	g_autofree char *sig_path = g_strconcat(path, ".sig", NULL);
	g_autofree char *name = g_path_get_basename(path);
	g_autoptr(GBytes) json = file_read(path, PROFILE_MAX, error);
	g_autoptr(GBytes) sig = NULL;
	g_autoptr(ProfileData) data = NULL;

	if (json == NULL)
		return NULL;
	sig = file_read(sig_path, PROFILE_SIG_MAX, NULL);
	if (sig == NULL) {
		ouk_fail_with(error, OUK_E_PROFILE_UNSIGNED, "(%s)", path);
		return NULL;
	}
	if (!profile_signature_check(path, json, sig, error))
		return NULL;
	data = profile_read(path, json, error);
	if (data == NULL)
		return NULL;
	/* a signed profile of another CA under this one's name */
	name[strlen(name) - strlen(SUFFIX)] = '\0';
	if (strcmp(name, data->profile.id) != 0) {
		ouk_fail_with(error, OUK_E_PROFILE_TAMPERED, "(%s: %s)", path, data->profile.id);
		return NULL;
	}
	data->profile.path = g_strdup(path);
	return g_steal_pointer(&data);
}

static guint
index_of(const GPtrArray *list, const char *id)
{
	guint i = 0;

	while (i < list->len &&
	       strcmp(((const ProfileData *)g_ptr_array_index(list, i))->profile.id, id) != 0)
		i++;
	return i;
}

/* Takes data. */
static void
profiles_add(OukProfiles *profiles, ProfileData *data)
{
	guint at = index_of(profiles->list, data->profile.id);
	const ProfileData *other;
	GError *error = NULL;

	if (at == profiles->list->len) {
		g_ptr_array_add(profiles->list, data);
		return;
	}
	other = g_ptr_array_index(profiles->list, at);
	if (data->profile.serial < other->profile.serial) {
		ouk_fail_with(&error, OUK_E_PROFILE_OLD, "(%s)", data->profile.path);
		g_ptr_array_add(profiles->problems, error);
		profile_data_free(data);
		return;
	}
	profile_data_free(g_ptr_array_index(profiles->list, at));
	g_ptr_array_index(profiles->list, at) = data;
}

static int
by_id(gconstpointer a, gconstpointer b)
{
	const ProfileData *one = *(const ProfileData *const *)a;
	const ProfileData *other = *(const ProfileData *const *)b;

	return strcmp(one->profile.id, other->profile.id);
}

OukProfiles *
ouk_profiles_load(const char *const *dirs)
{
	OukProfiles *profiles = g_atomic_rc_box_new0(OukProfiles);

	profiles->list = g_ptr_array_new();
	profiles->problems = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	for (; *dirs != NULL; dirs++) {
		g_autoptr(GPtrArray) paths = folder_list(*dirs, SUFFIX, PROFILES_MAX);

		for (guint i = 0; i < paths->len; i++) {
			GError *error = NULL;
			ProfileData *data = profile_load(g_ptr_array_index(paths, i), &error);

			if (data != NULL)
				profiles_add(profiles, data);
			else
				g_ptr_array_add(profiles->problems, error);
		}
	}
	for (guint i = 0; i < profiles->list->len; i++)
		anchors_load(g_ptr_array_index(profiles->list, i));
	g_ptr_array_sort(profiles->list, by_id);
	return profiles;
}

OukProfiles *
ouk_profiles_load_default(void)
{
	static const char *const installed[] = {OPENUKEY_PROFILE_DIR, ADMIN_DIR, NULL};
	const char *variable = secure_getenv("OPENUKEY_PROFILES");
	g_auto(GStrv) dirs = NULL;

	if (variable == NULL || *variable == '\0')
		return ouk_profiles_load(installed);
	dirs = g_strsplit(variable, ":", PROFILES_MAX);
	return ouk_profiles_load((const char *const *)dirs);
}

OukProfiles *
ouk_profiles_ref(OukProfiles *profiles)
{
	return g_atomic_rc_box_acquire(profiles);
}

static void
profiles_clear(gpointer data)
{
	OukProfiles *profiles = data;

	for (guint i = 0; i < profiles->list->len; i++)
		profile_data_free(g_ptr_array_index(profiles->list, i));
	g_ptr_array_unref(profiles->list);
	g_ptr_array_unref(profiles->problems);
}

void
ouk_profiles_unref(OukProfiles *profiles)
{
	if (profiles != NULL)
		g_atomic_rc_box_release_full(profiles, profiles_clear);
}

const GPtrArray *
ouk_profiles_list(const OukProfiles *profiles)
{
	return profiles->list; /* a ProfileData begins with its OukProfile */
}

const GPtrArray *
ouk_profiles_problems(const OukProfiles *profiles)
{
	return profiles->problems;
}

const OukProfile *
ouk_profiles_find(const OukProfiles *profiles, const char *id)
{
	guint at = index_of(profiles->list, id);

	return at < profiles->list->len ? g_ptr_array_index(profiles->list, at) : NULL;
}

/* ---- whose certificate ---- */

struct issuer {
	char *common_name, *organisation, *authority_key; /* folded; may be NULL */
};

static void
note_part(const char *part, const char *text, void *data)
{
	struct issuer *issuer = data;

	if (strcmp(part, "CN") == 0 && issuer->common_name == NULL)
		issuer->common_name = g_utf8_casefold(text, -1);
	if (strcmp(part, "O") == 0 && issuer->organisation == NULL)
		issuer->organisation = g_utf8_casefold(text, -1);
}

static void
issuer_read(X509 *x509, struct issuer *issuer)
{
	const ASN1_OCTET_STRING *key = X509_get0_authority_key_id(x509);

	ouk_name_foreach(X509_get_issuer_name(x509), note_part, issuer);
	if (key != NULL)
		issuer->authority_key =
			ouk_text_hex(ASN1_STRING_get0_data(key), (gsize)ASN1_STRING_length(key));
}

static void
issuer_clear(struct issuer *issuer)
{
	g_free(issuer->common_name);
	g_free(issuer->organisation);
	g_free(issuer->authority_key);
}

static gboolean
part_fits(const char *pattern, const char *text)
{
	return pattern == NULL || (text != NULL && g_pattern_match_simple(pattern, text));
}

static gboolean
name_fits(const ProfileData *data, const struct issuer *issuer)
{
	for (guint i = 0; i < data->issuers->len; i++) {
		const ProfileIssuer *pattern = g_ptr_array_index(data->issuers, i);

		if (part_fits(pattern->common_name, issuer->common_name) &&
		    part_fits(pattern->organisation, issuer->organisation))
			return TRUE;
	}
	return FALSE;
}

static gboolean
key_fits(const ProfileData *data, const struct issuer *issuer)
{
	for (guint i = 0; i < data->authority_keys->len; i++)
		if (g_strcmp0(g_ptr_array_index(data->authority_keys, i), issuer->authority_key) ==
		    0)
			return TRUE;
	return FALSE;
}

const OukProfile *
ouk_profiles_for_cert(const OukProfiles *profiles, X509 *x509)
{
	/* a key identifier says more than a name */
	static gboolean (*const fits[])(const ProfileData *, const struct issuer *) = {key_fits,
										       name_fits};
	UK_CLEANUP(issuer_clear) struct issuer issuer = {0};

	issuer_read(x509, &issuer);
	for (guint how = 0; how < G_N_ELEMENTS(fits); how++)
		for (guint i = 0; i < profiles->list->len; i++) {
			const ProfileData *data = g_ptr_array_index(profiles->list, i);

			if (fits[how](data, &issuer))
				return &data->profile;
		}
	return NULL;
}

const char *
ouk_profile_hotline(const OukProfile *profile)
{
	if (profile->hotlines->len == 0)
		return NULL;
	return ((const OukHotline *)g_ptr_array_index(profile->hotlines, 0))->number;
}

char *
ouk_profile_extension(const OukProfile *profile, X509 *x509, const char *kind)
{
	for (guint i = 0; i < profile->extensions->len; i++) {
		const OukExtension *extension = g_ptr_array_index(profile->extensions, i);
		char *text = strcmp(extension->kind, kind) == 0
				     ? ouk_x509_extension(x509, extension->oid)
				     : NULL;

		if (text != NULL)
			return text;
	}
	return NULL;
}

GDateTime *
ouk_profile_day(const char *date)
{
	g_autofree char *midnight = g_strconcat(date, "T00:00:00Z", NULL);

	return g_date_time_new_from_iso8601(midnight, NULL);
}
