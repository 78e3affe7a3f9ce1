/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/profile_read.h"

#include "assistant/core/errors.h"
#include "assistant/core/guide_read.h"
#include "assistant/core/profile_json.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define FORMAT      1
#define TEXTS_BLOCK 8192U
#define DAYS_MAX    3650
#define YEARS_MAX   50
#define TRIES_MAX   255
#define PIN_MAX     64
#define PRICE_MAX   10000000
/* seconds */
#define CHINA_OFFSET 28800
#define OFFSET_MAX   50400

static const char *const first_pin_kinds[] = {"unknown", "fixed", "sms", "memo", "activate", NULL};
static const char *const hall_logins[] = {"pin", "password-and-pin", NULL};

void
profile_data_free(ProfileData *data)
{
	if (data == NULL)
		return;
	g_ptr_array_unref(data->profile.hotlines);
	g_ptr_array_unref(data->profile.sites);
	g_ptr_array_unref(data->profile.extensions);
	g_ptr_array_unref(data->profile.halls);
	profile_guides_clear(&data->profile);
	g_ptr_array_unref(data->profile.anchors);
	g_ptr_array_unref(data->profile.service.trust);
	g_ptr_array_unref(data->profile.service.terms);
	g_clear_pointer(&data->profile.service.kinds, g_ptr_array_unref);
	g_clear_pointer(&data->profile.unlock.steps, g_ptr_array_unref);
	g_clear_pointer(&data->profile.unlock.bring, g_ptr_array_unref);
	g_ptr_array_unref(data->issuers);
	g_ptr_array_unref(data->authority_keys);
	g_string_chunk_free(data->texts);
	g_free(data->profile.path);
	g_free(data);
}

static void
hall_free(gpointer data)
{
	OukHall *hall = data;

	g_ptr_array_unref(hall->urls);
	g_ptr_array_unref(hall->first_time);
	g_ptr_array_unref(hall->business);
	g_free(hall);
}

static ProfileData *
profile_data_new(void)
{
	ProfileData *data = g_new0(ProfileData, 1);

	data->texts = g_string_chunk_new(TEXTS_BLOCK);
	data->issuers = g_ptr_array_new_with_free_func(g_free);
	data->authority_keys = g_ptr_array_new();
	data->profile.hotlines = g_ptr_array_new_with_free_func(g_free);
	data->profile.sites = g_ptr_array_new_with_free_func(g_free);
	data->profile.extensions = g_ptr_array_new_with_free_func(g_free);
	data->profile.halls = g_ptr_array_new_with_free_func(hall_free);
	profile_guides_init(&data->profile);
	data->profile.anchors = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	data->profile.service.trust = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
	data->profile.service.terms = g_ptr_array_new_with_free_func(g_free);
	return data;
}

/* ---- whose certificates ---- */

static char *
pattern_of(ProfileReader *reader, JsonObject *in, const char *name)
{
	const char *text = profile_text(reader, in, name, PROFILE_OPTIONAL);
	g_autofree char *folded = text != NULL ? g_utf8_casefold(text, -1) : NULL;

	return folded != NULL ? g_string_chunk_insert(reader->texts, folded) : NULL;
}

static void
add_issuer(ProfileReader *reader, JsonObject *element, gpointer data)
{
	ProfileIssuer *issuer = g_new0(ProfileIssuer, 1);

	issuer->common_name = pattern_of(reader, element, "CN");
	issuer->organisation = pattern_of(reader, element, "O");
	g_ptr_array_add(data, issuer);
	if (issuer->common_name == NULL && issuer->organisation == NULL)
		profile_wrong(reader, "issuers");
}

static void
read_match(ProfileReader *reader, JsonObject *root, ProfileData *data)
{
	JsonObject *match = profile_object(reader, root, "match", PROFILE_REQUIRED);

	if (match == NULL)
		return;
	(void)profile_origin(reader, match);
	profile_each(reader, match, "issuers", add_issuer, data->issuers);
	g_ptr_array_unref(data->authority_keys);
	data->authority_keys = profile_text_list(reader, match, "authority_keys");
}

static void
add_extension(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukExtension *extension = g_new0(OukExtension, 1);

	extension->oid = profile_text(reader, element, "oid", PROFILE_REQUIRED);
	extension->kind = profile_text(reader, element, "kind", PROFILE_REQUIRED);
	extension->label = profile_words(reader, element, "label", PROFILE_REQUIRED);
	extension->origin = profile_origin(reader, element);
	g_ptr_array_add(data, extension);
	if (extension->oid != NULL &&
	    strspn(extension->oid, "0123456789.") != strlen(extension->oid))
		profile_wrong(reader, "oid");
}

static void
read_certificates(ProfileReader *reader, JsonObject *in, const char *name, GPtrArray *anchors)
{
	g_autoptr(GPtrArray) list = profile_text_list(reader, in, name);

	for (guint i = 0; i < list->len && reader->wrong == NULL; i++) {
		gsize len = 0;
		g_autofree guint8 *der = g_base64_decode(g_ptr_array_index(list, i), &len);
		const unsigned char *at = der;
		X509 *anchor = d2i_X509(NULL, &at, (long)len);

		ERR_clear_error();
		if (anchor == NULL)
			profile_wrong(reader, name);
		else
			g_ptr_array_add(anchors, anchor);
	}
}

/* ---- PIN, renewal, unlock ---- */

static void
read_first_pin(ProfileReader *reader, JsonObject *root, OukFirstPin *ret)
{
	JsonObject *in = profile_object(reader, root, "first_pin", PROFILE_OPTIONAL);

	if (in == NULL)
		return;
	ret->kind = (OukFirstPinKind)profile_choice(reader, in, "kind", first_pin_kinds);
	ret->value = profile_text(reader, in, "value", PROFILE_OPTIONAL);
	ret->text = profile_words(reader, in, "text", PROFILE_REQUIRED);
	ret->origin = profile_origin(reader, in);
	if ((ret->kind == OUK_FIRST_PIN_FIXED) != (ret->value != NULL))
		profile_wrong(reader, "value");
}

static void
read_pin(ProfileReader *reader, JsonObject *root, OukPinLimits *ret)
{
	static const char *const advice[] = {"", "advised", NULL};
	JsonObject *in = profile_object(reader, root, "pin", PROFILE_OPTIONAL);

	if (in == NULL)
		return;
	ret->min = (guint)profile_integer(reader, in, "min", PIN_MAX, 0);
	ret->max = (guint)profile_integer(reader, in, "max", PIN_MAX, 0);
	if (json_object_has_member(in, "letters_and_digits"))
		ret->advise_letters_and_digits =
			profile_choice(reader, in, "letters_and_digits", advice) == 1;
	ret->hall_password = profile_text(reader, in, "hall_password", PROFILE_OPTIONAL);
	ret->origin = profile_origin(reader, in);
	if (ret->max > 0 && ret->max < ret->min)
		profile_wrong(reader, "max");
}

static void
read_tries(ProfileReader *reader, JsonObject *root, OukProfile *profile)
{
	JsonObject *in = profile_object(reader, root, "tries", PROFILE_OPTIONAL);

	if (in == NULL)
		return;
	profile->tries = (guint)profile_integer(reader, in, "limit", TRIES_MAX, 0);
	profile->tries_origin = profile_origin(reader, in);
}

static void
read_renewal(ProfileReader *reader, JsonObject *root, OukRenewalTerms *ret)
{
	JsonObject *in = profile_object(reader, root, "renewal", PROFILE_OPTIONAL);

	ret->days_after = -1;
	ret->utc_offset = CHINA_OFFSET;
	if (in == NULL)
		return;
	ret->modes = profile_modes(reader, in, "modes");
	ret->utc_offset = (int)profile_integer(reader, in, "utc_offset", OFFSET_MAX, CHINA_OFFSET);
	ret->days_before = (guint)profile_integer(reader, in, "days_before", DAYS_MAX, 0);
	ret->days_after = (int)profile_integer(reader, in, "days_after", DAYS_MAX, -1);
	ret->lifetime_years = (guint)profile_integer(reader, in, "lifetime_years", YEARS_MAX, 0);
	ret->keeps_pin = profile_boolean(reader, in, "keeps_pin");
	ret->url = profile_url(reader, in, "url", PROFILE_OPTIONAL);
	ret->text = profile_words(reader, in, "text", PROFILE_REQUIRED);
	ret->origin = profile_origin(reader, in);
}

static void
read_unlock(ProfileReader *reader, JsonObject *root, OukUnlock *ret)
{
	JsonObject *in = profile_object(reader, root, "unlock", PROFILE_REQUIRED);

	ret->steps = profile_words_list(reader, in, "steps");
	ret->bring = profile_words_list(reader, in, "bring");
	if (in == NULL)
		return;
	ret->modes = profile_modes(reader, in, "modes");
	ret->free_of_charge = profile_boolean(reader, in, "free");
	ret->when_forgotten = profile_boolean(reader, in, "when_forgotten");
	ret->url = profile_url(reader, in, "url", PROFILE_OPTIONAL);
	ret->origin = profile_origin(reader, in);
	if (ret->steps->len == 0)
		profile_wrong(reader, "steps");
}

/* ---- the CA's service ---- */

static void
add_term(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukTerm *term = g_new0(OukTerm, 1);

	term->kind = profile_text(reader, element, "kind", PROFILE_REQUIRED);
	term->years = (guint)profile_integer(reader, element, "years", YEARS_MAX, 0);
	term->cents = profile_integer(reader, element, "cents", PRICE_MAX, 0);
	g_ptr_array_add(data, term);
}

/* Without TLS only on this computer, and only for a rehearsal. */
static gboolean
is_service_url(const char *url, gboolean rehearsal)
{
	return g_str_has_prefix(url, "https://") ||
	       (rehearsal && g_str_has_prefix(url, "http://127.0.0.1:"));
}

static void
read_service(ProfileReader *reader, JsonObject *root, OukProfile *profile)
{
	JsonObject *in = profile_object(reader, root, "service", PROFILE_OPTIONAL);
	OukServicePlace *ret = &profile->service;

	ret->kinds = profile_text_list(reader, in, "kinds");
	if (in == NULL)
		return;
	ret->url = profile_url(reader, in, "url", PROFILE_REQUIRED);
	ret->origin = profile_origin(reader, in);
	read_certificates(reader, in, "trust", ret->trust);
	profile_each(reader, in, "terms", add_term, ret->terms);
	if (ret->url == NULL)
		return;
	if (!is_service_url(ret->url, profile->rehearsal))
		profile_wrong(reader, "url");
	else if (g_str_has_prefix(ret->url, "https:") && ret->trust->len == 0)
		profile_wrong(reader, "trust");
}

/* ---- numbers to call, sites, halls ---- */

static void
add_hotline(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukHotline *hotline = g_new0(OukHotline, 1);

	hotline->who = profile_words(reader, element, "who", PROFILE_REQUIRED);
	hotline->number = profile_number_to_call(reader, element, "number", PROFILE_REQUIRED);
	hotline->origin = profile_origin(reader, element);
	g_ptr_array_add(data, hotline);
}

static void
add_site(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukSite *site = g_new0(OukSite, 1);

	site->name = profile_words(reader, element, "name", PROFILE_REQUIRED);
	site->url = profile_url(reader, element, "url", PROFILE_REQUIRED);
	site->origin = profile_origin(reader, element);
	g_ptr_array_add(data, site);
}

static OukHallCategory
hall_category(ProfileReader *reader, JsonObject *element)
{
	const char *ids[OUK_HALL_CATEGORIES + 1] = {NULL};

	for (guint i = 0; i < OUK_HALL_CATEGORIES; i++)
		ids[i] = ouk_hall_category_id((OukHallCategory)i);
	return (OukHallCategory)profile_choice(reader, element, "category", ids);
}

static GPtrArray *
hall_urls(ProfileReader *reader, JsonObject *element)
{
	GPtrArray *urls = profile_text_list(reader, element, "urls");

	for (guint i = 0; i < urls->len; i++) {
		const char *url = g_ptr_array_index(urls, i);

		if (url != NULL && !profile_is_url(url))
			profile_wrong(reader, "urls");
	}
	if (urls->len == 0)
		profile_wrong(reader, "urls");
	return urls;
}

static void
add_hall(ProfileReader *reader, JsonObject *element, gpointer data)
{
	OukProfile *profile = data;
	OukHall *hall = g_new0(OukHall, 1);

	hall->profile = profile;
	hall->id = profile_text(reader, element, "id", PROFILE_REQUIRED);
	hall->category = hall_category(reader, element);
	hall->name = profile_words(reader, element, "name", PROFILE_REQUIRED);
	hall->city = profile_words(reader, element, "city", PROFILE_REQUIRED);
	hall->pinyin = profile_text(reader, element, "pinyin", PROFILE_REQUIRED);
	hall->name_pinyin = profile_text(reader, element, "name_pinyin", PROFILE_REQUIRED);
	hall->urls = hall_urls(reader, element);
	hall->login = (OukHallLogin)profile_choice(reader, element, "login", hall_logins);
	hall->login_path = profile_words(reader, element, "login_path", PROFILE_REQUIRED);
	hall->certificate = profile_words(reader, element, "certificate", PROFILE_REQUIRED);
	hall->hotline = profile_number_to_call(reader, element, "hotline", PROFILE_OPTIONAL);
	hall->first_password = profile_text(reader, element, "first_password", PROFILE_OPTIONAL);
	hall->password_help = profile_words(reader, element, "password_help", PROFILE_OPTIONAL);
	hall->first_time = profile_words_list(reader, element, "first_time");
	hall->business = profile_words_list(reader, element, "business");
	hall->origin = profile_origin(reader, element);
	g_ptr_array_add(profile->halls, hall);
}

/* ---- all of it ---- */

static void
read_alive(ProfileReader *reader, JsonObject *root, OukProfile *profile)
{
	JsonObject *in = profile_object(reader, root, "alive", PROFILE_OPTIONAL);

	if (in == NULL)
		return;
	profile->alive = profile_words(reader, in, "text", PROFILE_REQUIRED);
	(void)profile_origin(reader, in);
}

static void
read_head(ProfileReader *reader, JsonObject *root, OukProfile *profile)
{
	profile->id = profile_text(reader, root, "id", PROFILE_REQUIRED);
	profile->serial = profile_integer(reader, root, "serial", G_MAXINT64, 0);
	profile->published = profile_date(reader, root, "published", PROFILE_REQUIRED);
	profile->rehearsal = profile_boolean(reader, root, "rehearsal");
	profile->name = profile_words(reader, root, "name", PROFILE_REQUIRED);
	profile->short_name = profile_words(reader, root, "short_name", PROFILE_REQUIRED);
	profile->provenance = profile_words(reader, root, "provenance", PROFILE_REQUIRED);
	if (profile->serial == 0)
		profile_wrong(reader, "serial");
}

ProfileData *
profile_read(const char *name, GBytes *json, GError **error)
{
	g_autoptr(ProfileData) data = profile_data_new();
	g_autoptr(JsonObject) root = profile_json_parse(json);
	ProfileReader reader = {.texts = data->texts};
	OukProfile *profile = &data->profile;

	if (root == NULL) {
		ouk_fail_with(error, OUK_E_PROFILE_BROKEN, "(%s)", name);
		return NULL;
	}
	if (profile_integer(&reader, root, "format", G_MAXINT, 0) > FORMAT) {
		ouk_fail_with(error, OUK_E_PROFILE_NEWER, "(%s)", name);
		return NULL;
	}
	if (profile_integer(&reader, root, "format", G_MAXINT, 0) != FORMAT)
		profile_wrong(&reader, "format");
	reader.sources = profile_object(&reader, root, "sources", PROFILE_REQUIRED);
	read_head(&reader, root, profile);
	read_match(&reader, root, data);
	profile_each(&reader, root, "extensions", add_extension, profile->extensions);
	read_certificates(&reader, root, "anchors", profile->anchors);
	read_alive(&reader, root, profile);
	read_tries(&reader, root, profile);
	read_first_pin(&reader, root, &profile->first_pin);
	read_pin(&reader, root, &profile->pin);
	read_renewal(&reader, root, &profile->renewal);
	read_unlock(&reader, root, &profile->unlock);
	read_service(&reader, root, profile);
	profile_each(&reader, root, "hotlines", add_hotline, profile->hotlines);
	profile_each(&reader, root, "sites", add_site, profile->sites);
	profile_each(&reader, root, "halls", add_hall, profile);
	profile_guides_read(&reader, root, profile);
	if (reader.wrong != NULL) {
		ouk_fail_with(error, OUK_E_PROFILE_BROKEN, "(%s: %s)", name, reader.wrong);
		return NULL;
	}
	return g_steal_pointer(&data);
}
