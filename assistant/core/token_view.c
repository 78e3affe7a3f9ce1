/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of keys: what OukTokenView has, and how it is read from a token. */
#include "assistant/core/object.h"
#include "assistant/core/snapshot.h"
#include "assistant/core/text.h"

#include <glib/gi18n.h>
#include <string.h>

#define SERIAL_END 4

struct _OukTokenView {
	GObject parent;
	OukTokenInfo info;
};

G_DEFINE_TYPE(OukTokenView, ouk_token_view, G_TYPE_OBJECT)

static void
ouk_token_view_finalize(GObject *object)
{
	OukTokenInfo *info = &OUK_TOKEN_VIEW(object)->info;
	char *const texts[] = {
		info->id,          info->key_id,     info->label, info->nickname,
		info->serial,      info->maker,      info->model, info->reader,
		info->application, info->serial_end, info->unit,  info->error_text,
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_clear_pointer(&info->pairs, g_ptr_array_unref);
	G_OBJECT_CLASS(ouk_token_view_parent_class)->finalize(object);
}

static void
ouk_token_view_class_init(OukTokenViewClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ouk_token_view_finalize;
}

static void
ouk_token_view_init(OukTokenView *view)
{
	view->info.pairs = g_ptr_array_new_with_free_func(g_object_unref);
}

const OukTokenInfo *
ouk_token_view_info(const OukTokenView *view)
{
	return &view->info;
}

OukPairView *
ouk_token_view_best(const OukTokenView *view)
{
	const GPtrArray *pairs = view->info.pairs;

	return pairs->len > 0 ? g_ptr_array_index(pairs, 0) : NULL;
}

const char *
ouk_token_view_title(const OukTokenView *view)
{
	const OukTokenInfo *info = &view->info;
	const char *const names[] = {info->nickname, info->unit, info->label, info->model,
				     info->reader};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i] != NULL && *names[i] != '\0')
			return names[i];
	return _("Key without a name");
}

/* ---- what follows from the rest ---- */

static const char *
end_of(const char *serial)
{
	glong len = g_utf8_strlen(serial, -1);

	return len > SERIAL_END ? g_utf8_offset_to_pointer(serial, len - SERIAL_END) : serial;
}

char *
ouk_place_id(const OukPlace *place, const char *serial)
{
	return g_strdup_printf("%s/%s/%lu", place->module_name, serial, place->slot);
}

static void
info_settle(OukTokenView *view)
{
	OukTokenInfo *info = &view->info;
	OukPairView *best;

	ouk_pairs_settle(info->pairs);
	best = ouk_token_view_best(view);
	g_clear_pointer(&info->unit, g_free);
	if (best != NULL && ouk_pair_view_cert(best) != NULL)
		info->unit = g_strdup(ouk_pair_view_info(best)->unit);
}

/* ---- the same key once more ---- */

/* A copy without its pairs, settled by the caller. */
static OukTokenView *
view_copy(const OukTokenInfo *from)
{
	OukTokenView *view = g_object_new(OUK_TYPE_TOKEN_VIEW, NULL);
	OukTokenInfo *info = &view->info;
	GPtrArray *pairs = info->pairs;

	*info = *from;
	info->pairs = pairs;
	info->unit = NULL;
	info->id = g_strdup(from->id);
	info->key_id = g_strdup(from->key_id);
	info->label = g_strdup(from->label);
	info->nickname = g_strdup(from->nickname);
	info->serial = g_strdup(from->serial);
	info->serial_end = g_strdup(from->serial_end);
	info->maker = g_strdup(from->maker);
	info->model = g_strdup(from->model);
	info->reader = g_strdup(from->reader);
	info->application = g_strdup(from->application);
	info->error_text = g_strdup(from->error_text);
	return view;
}

OukTokenView *
ouk_token_view_again(OukTokenView *view, const OukNotes *notes, gint64 now)
{
	OukTokenView *again = view_copy(&view->info);

	g_free(again->info.nickname);
	again->info.nickname = notes->memory != NULL
				       ? ouk_memory_nickname(notes->memory, view->info.key_id)
				       : NULL;
	for (guint i = 0; i < view->info.pairs->len; i++) {
		OukPairView *pair = g_ptr_array_index(view->info.pairs, i);
		const OukPairCert *cert = ouk_pair_view_cert(pair);
		OukAsked asked =
			cert != NULL ? notes->asked(cert->sha256, notes->data) : OUK_ASKED_NOT_YET;

		g_ptr_array_add(again->info.pairs, ouk_pair_view_again(pair, asked, now));
	}
	info_settle(again);
	ouk_mark_look(ouk_marks_number(notes->marks, notes->memory, view->info.key_id),
		      &again->info.colour, &again->info.shape);
	return again;
}

/* ---- reading ---- */

/* Flags of CK_TOKEN_INFO and of our vendor interface, as ours. */
static const struct {
	CK_FLAGS token;
	CK_ULONG device;
	gboolean unset; /* it is the missing flag that counts */
	OukTokenFlags flag;
} flag_rows[] = {
	{CKF_PROTECTED_AUTHENTICATION_PATH, 0, FALSE, OUK_TOKEN_KEYPAD},
	{CKF_LOGIN_REQUIRED, 0, TRUE, OUK_TOKEN_NO_PIN},
	{0, OPENUKEY_DEVICE_VIRTUAL, FALSE, OUK_TOKEN_VIRTUAL},
	{0, OPENUKEY_DEVICE_VERIFIED, TRUE, OUK_TOKEN_UNVERIFIED},
	{0, OPENUKEY_DEVICE_AUTH_EACH_USE, FALSE, OUK_TOKEN_AUTH_EACH_USE},
};

static OukTokenFlags
flags_of(CK_FLAGS token, const struct openukey_device_info *device)
{
	OukTokenFlags flags = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(flag_rows); i++) {
		CK_FLAGS wanted = flag_rows[i].token;
		CK_FLAGS have = token;

		if (wanted == 0) {
			if (device == NULL)
				continue;
			wanted = flag_rows[i].device;
			have = device->flags;
		}
		if (((have & wanted) == 0) == flag_rows[i].unset)
			flags |= flag_rows[i].flag;
	}
	return flags;
}

static void
set_text(char **where, const char *text)
{
	g_free(*where);
	*where = ouk_text_of(text, strlen(text));
}

/* device: NULL when it is not known. */
static void
take_device(OukTokenInfo *info, const OukToken *token, const struct openukey_device_info *device)
{
	/* A blank key has no token flags yet. */
	info->flags = flags_of(token->blank ? CKF_LOGIN_REQUIRED : token->flags, device);
	info->flags |= token->vendor != NULL ? OUK_TOKEN_VENDOR : OUK_TOKEN_FOREIGN;
	if (token->blank)
		info->flags |= OUK_TOKEN_BLANK;
	if (device == NULL)
		return;
	set_text(&info->label, device->label);
	set_text(&info->serial, device->serial);
	set_text(&info->maker, device->manufacturer);
	set_text(&info->application, device->application);
}

static void
read_tries(OukTokenInfo *info, OukToken *token)
{
	info->pin_min = token->pin_min;
	info->pin_max = token->pin_max == CK_UNAVAILABLE_INFORMATION ? 0 : token->pin_max;
	if (token->blank)
		return;
	ouk_token_tries_now(token, CKU_USER, &info->tries);
	if (info->tries.locked)
		info->flags |= OUK_TOKEN_PIN_LOCKED;
	if (info->tries.is_default)
		info->flags |= OUK_TOKEN_FIRST_PIN;
}

static OukTokenView *
view_of_token(const OukPlace *place, OukToken *token, const struct openukey_device_info *device)
{
	OukTokenView *view = g_object_new(OUK_TYPE_TOKEN_VIEW, NULL);
	OukTokenInfo *info = &view->info;

	info->label = g_strdup(token->label);
	info->serial = g_strdup(token->serial);
	info->maker = g_strdup(token->maker);
	info->model = g_strdup(token->model);
	info->reader = g_strdup(token->reader);
	info->application = g_strdup("");
	take_device(info, token, device);
	read_tries(info, token);
	info->serial_end = g_strdup(end_of(info->serial));
	info->key_id = g_strdup_printf("%s/%s", info->maker, info->serial);
	info->id = ouk_place_id(place, info->serial);
	return view;
}

static void
view_fail(OukTokenView *view, const GError *error)
{
	view->info.failed = TRUE;
	view->info.error = error->domain == OUK_ERROR ? (OukErrorCode)error->code : OUK_E_INTERNAL;
	view->info.error_text = g_strdup(error->message);
}

/* A pair in the making. */
struct draft {
	char *name;
	OukCert *certs[2]; /* signing, encryption; borrowed */
	gboolean unreadable;
};

static void
draft_free(struct draft *draft)
{
	g_free(draft->name);
	g_free(draft);
}

static char *
draft_name(const OukCert *cert)
{
	return cert->container != NULL ? g_strdup(cert->container) : ouk_cert_id_text(cert);
}

/* Signing and encryption certificate of one container (or CKA_ID) are one pair. */
static void
draft_add(GPtrArray *drafts, OukCert *cert)
{
	g_autofree char *name = draft_name(cert);
	guint place = cert->pair == OUK_PAIR_ENCRYPT ? 1 : 0;
	struct draft *draft = NULL;

	for (guint i = 0; i < drafts->len && draft == NULL; i++) {
		struct draft *other = g_ptr_array_index(drafts, i);

		if (*name != '\0' && strcmp(other->name, name) == 0 && other->certs[place] == NULL)
			draft = other;
	}
	if (draft == NULL) {
		draft = g_new0(struct draft, 1);
		draft->name = g_steal_pointer(&name);
		g_ptr_array_add(drafts, draft);
	}
	draft->certs[place] = cert;
	draft->unreadable = draft->unreadable || cert->x509 == NULL;
}

static OukPairView *
pair_of_draft(const struct draft *draft, gint64 now)
{
	g_autofree char *sign_id = NULL, *encrypt_id = NULL;
	OukPairSource source = {.name = draft->name};

	if (draft->certs[0] != NULL) {
		sign_id = ouk_cert_id_text(draft->certs[0]);
		source.sign = draft->certs[0]->der;
		source.sign_id = sign_id;
	}
	if (draft->certs[1] != NULL) {
		encrypt_id = ouk_cert_id_text(draft->certs[1]);
		source.encrypt = draft->certs[1]->der;
		source.encrypt_id = encrypt_id;
	}
	return ouk_pair_view_new(&source, now);
}

static gboolean
read_pairs(OukTokenView *view, OukToken *token, GError **error)
{
	g_autoptr(GPtrArray) drafts = g_ptr_array_new_with_free_func((GDestroyNotify)draft_free);
	g_autoptr(GPtrArray) certs = NULL;
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	if (!ouk_token_open(token, FALSE, error))
		return FALSE;
	certs = ouk_token_certs_all(token, error);
	if (certs == NULL)
		return FALSE;
	for (guint i = 0; i < certs->len; i++)
		draft_add(drafts, g_ptr_array_index(certs, i));
	for (guint i = 0; i < drafts->len; i++)
		g_ptr_array_add(view->info.pairs, pair_of_draft(g_ptr_array_index(drafts, i), now));
	return TRUE;
}

static void
keep_pairs(OukTokenView *view, const OukTokenView *before)
{
	for (guint i = 0; i < before->info.pairs->len; i++)
		g_ptr_array_add(view->info.pairs,
				g_object_ref(g_ptr_array_index(before->info.pairs, i)));
}

/* Whether these certificates are still those of this key. */
static gboolean
is_same_key(const OukTokenView *view, const OukTokenView *before)
{
	return before != NULL && !before->info.failed &&
	       strcmp(before->info.key_id, view->info.key_id) == 0;
}

/* The key went away, or it is one that another module knows. */
static gboolean
is_nobody(const OukPlace *place, CK_RV rv)
{
	return rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_REMOVED ||
	       rv == CKR_SLOT_ID_INVALID || rv == CKR_CRYPTOKI_NOT_INITIALIZED ||
	       (place->vendor == NULL && rv == CKR_TOKEN_NOT_RECOGNIZED);
}

/* ---- what is wrong ---- */

#define BAD_CERT (OPENUKEY_SIGN_BAD_CERT | OPENUKEY_ENCRYPT_BAD_CERT)

/* NULL: the module does not tell, or there is nothing. */
static struct openukey_container *
containers_read(const OukPlace *place, CK_ULONG *ret_count)
{
	const struct openukey_functions *vendor = place->vendor;
	g_autofree struct openukey_container *list = NULL;

	if (vendor == NULL || vendor->size <= OPENUKEY_SIZE_1 ||
	    vendor->list_containers(place->slot, NULL, ret_count) != CKR_OK || *ret_count == 0)
		return NULL;
	list = g_new0(struct openukey_container, *ret_count);
	if (vendor->list_containers(place->slot, list, ret_count) != CKR_OK)
		return NULL;
	return g_steal_pointer(&list);
}

/*
 * A pair that lacks the private key of the certificate people sign with is of no use; one that
 * lacks only the encryption key still logs in.
 */
static gboolean
lacks_key(const OukPairInfo *info, CK_ULONG flags)
{
	if (info->sign != NULL)
		return (flags & OPENUKEY_SIGN_NO_KEY) != 0;
	return info->encrypt != NULL && (flags & OPENUKEY_ENCRYPT_NO_KEY) != 0;
}

static OukPairView *
pair_find(const GPtrArray *pairs, const char *name)
{
	for (guint i = 0; i < pairs->len; i++)
		if (strcmp(ouk_pair_view_info(g_ptr_array_index(pairs, i))->name, name) == 0)
			return g_ptr_array_index(pairs, i);
	return NULL;
}

/* The container's pair as it is now known to be; NULL: as before. */
static OukPairView *
pair_check(const OukTokenView *view, const struct openukey_container *container, gint64 now)
{
	g_autofree char *name = ouk_text_of(container->name, strlen(container->name));
	OukPairView *pair = pair_find(view->info.pairs, name);
	OukPairSource source = {.name = name};

	if (pair == NULL)
		return (container->flags & BAD_CERT) != 0 ? ouk_pair_view_new(&source, now) : NULL;
	if (!lacks_key(ouk_pair_view_info(pair), container->flags))
		return NULL;
	return ouk_pair_view_lacking(pair, now);
}

OukTokenView *
ouk_token_view_check(const OukPlace *place, OukTokenView *view)
{
	CK_ULONG count = 0;
	g_autofree struct openukey_container *list = containers_read(place, &count);
	g_autoptr(OukTokenView) checked = view_copy(&view->info);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	gboolean more = FALSE;

	keep_pairs(checked, view);
	for (CK_ULONG i = 0; list != NULL && i < count; i++) {
		OukPairView *pair = pair_check(view, &list[i], now);

		if (pair == NULL)
			continue;
		more = TRUE;
		(void)g_ptr_array_remove(
			checked->info.pairs,
			pair_find(view->info.pairs, ouk_pair_view_info(pair)->name));
		g_ptr_array_add(checked->info.pairs, pair);
	}
	if (!more)
		return NULL;
	info_settle(checked);
	return g_steal_pointer(&checked);
}

/* A key of which nothing is known but these. */
static OukTokenView *
view_empty(const char *reader, const char *key_id, const char *serial)
{
	OukTokenView *view = g_object_new(OUK_TYPE_TOKEN_VIEW, NULL);
	OukTokenInfo *info = &view->info;

	info->reader = g_strdup(reader);
	info->key_id = g_strdup(key_id);
	info->serial = g_strdup(serial);
	info->serial_end = g_strdup(end_of(serial));
	info->label = g_strdup("");
	info->maker = g_strdup("");
	info->model = g_strdup("");
	info->application = g_strdup("");
	return view;
}

OukTokenView *
ouk_token_view_of_pairs(const OukPlace *place, const char *key_id, OukPairView *const *pairs,
			gsize count)
{
	const char *slash = strrchr(key_id, '/');
	const char *serial = slash != NULL ? slash + 1 : key_id;
	OukTokenView *view = view_empty("", key_id, serial);

	view->info.id = ouk_place_id(place, serial);
	for (gsize i = 0; i < count; i++)
		g_ptr_array_add(view->info.pairs, g_object_ref(pairs[i]));
	info_settle(view);
	return view;
}

/* A key that does not even say who it is. */
static OukTokenView *
view_of_failure(const OukPlace *place, CK_RV rv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *reader = NULL, *key_id = NULL;
	CK_SLOT_INFO slot = {0};
	OukTokenView *view;

	if (place->module->C_GetSlotInfo(place->slot, &slot) != CKR_OK)
		return NULL;
	reader = g_strchomp(ouk_text_of(slot.slotDescription, sizeof(slot.slotDescription)));
	key_id = g_strdup_printf("?/%s", reader);
	view = view_empty(reader, key_id, "");
	view->info.flags = place->vendor != NULL ? OUK_TOKEN_VENDOR : OUK_TOKEN_FOREIGN;
	view->info.id = ouk_place_id(place, "?");
	ouk_fail_rv(&error, OUK_TASK_ANY, rv);
	view_fail(view, error);
	info_settle(view);
	return view;
}

OukTokenView *
ouk_token_view_read(const OukPlace *place, OukTokenView *before)
{
	g_autoptr(OukToken) token = NULL;
	g_autoptr(OukTokenView) view = NULL;
	g_autoptr(GError) error = NULL;
	struct openukey_device_info device = {0};
	gboolean known;
	CK_RV rv = CKR_OK;

	/* First of all: C_GetTokenInfo then does without asking the key the same again. */
	known = place->vendor != NULL &&
		place->vendor->get_device_info(place->slot, &device) == CKR_OK;
	token = ouk_token_look(place->module, place->slot, place->vendor, &rv);
	if (token == NULL)
		return is_nobody(place, rv) ? NULL : view_of_failure(place, rv);
	/* SoftHSM and its like always offer one token that nobody uses. */
	if (token->blank && token->vendor == NULL)
		return NULL;
	view = view_of_token(place, token, known ? &device : NULL);
	if (is_same_key(view, before))
		keep_pairs(view, before);
	else if (!token->blank && !read_pairs(view, token, &error))
		view_fail(view, error);
	if (error != NULL && g_error_matches(error, OUK_ERROR, OUK_E_REMOVED))
		return NULL;
	info_settle(view);
	return g_steal_pointer(&view);
}
