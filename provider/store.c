/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkcs11: addresses (RFC 7512): certificates, public keys and private keys. What the address and
 * the program both leave open is given in this order; the PIN is asked for the private keys only.
 */
#include "provider/key.h"
#include "provider/module.h"
#include "provider/public.h"
#include "provider/reason.h"
#include "provider/token.h"

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/store.h>
#include <openssl/x509.h>
#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS_MAX 256 /* of one kind in one token: more is no key of a person's */
#define TOKENS_MAX  64

struct item {
	CK_OBJECT_CLASS class;
	struct key *key; /* private keys */
	uint8_t *der;    /* certificates and public keys */
	size_t len;
};

struct store {
	struct provider *provider;
	P11KitUri *uri;
	int expect; /* OSSL_STORE_INFO_*; 0: anything */
	bool loaded;
	struct item *items;
	size_t count, next;
};

static int
close_store(void *ctx)
{
	struct store *store = ctx;
	char *pin;

	for (size_t i = 0; i < store->count; i++) {
		key_release(store->items[i].key);
		free(store->items[i].der);
	}
	free(store->items);
	if (store->uri != NULL) {
		pin = (char *)(uintptr_t)p11_kit_uri_get_pin_value(store->uri);
		if (pin != NULL)
			uk_wipe(pin, strlen(pin));
		p11_kit_uri_free(store->uri);
	}
	free(store);
	return 1;
}

static void *
open_store(void *provctx, const char *address)
{
	struct store *store = calloc(1, sizeof(*store));
	struct provider *provider = provctx;
	int result = P11_KIT_URI_NO_MEMORY;

	if (store != NULL) {
		store->provider = provider;
		store->uri = p11_kit_uri_new();
	}
	if (store != NULL && store->uri != NULL)
		result = p11_kit_uri_parse(address, P11_KIT_URI_FOR_ANY, store->uri);
	/* A word that is not known may be what tells the right key from another. */
	if (result == P11_KIT_URI_OK && p11_kit_uri_any_unrecognized(store->uri))
		result = P11_KIT_URI_BAD_SYNTAX;
	if (result == P11_KIT_URI_OK) {
		atomic_store(&provider->in_use, true);
		return store;
	}
	raise_error(provider, REASON_URI, "%s", p11_kit_uri_message(result));
	if (store != NULL)
		(void)close_store(store);
	return NULL;
}

static const OSSL_PARAM *
settable_params(void *provctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
		OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

static int
set_params(void *ctx, const OSSL_PARAM params[])
{
	struct store *store = ctx;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);

	return p == NULL || OSSL_PARAM_get_int(p, &store->expect) == 1;
}

/* -- what is looked for -- */

/* Whether the program and the address both let objects of this class through. */
static bool
wanted(const struct store *store, CK_OBJECT_CLASS class)
{
	static const struct {
		CK_OBJECT_CLASS class;
		int expect;
	} kinds[] = {{CKO_CERTIFICATE, OSSL_STORE_INFO_CERT},
		     {CKO_PUBLIC_KEY, OSSL_STORE_INFO_PUBKEY},
		     {CKO_PRIVATE_KEY, OSSL_STORE_INFO_PKEY}};
	const CK_ATTRIBUTE *attr = p11_kit_uri_get_attribute(store->uri, CKA_CLASS);
	CK_OBJECT_CLASS asked;

	if (attr != NULL && attr->ulValueLen == sizeof(asked)) {
		memcpy(&asked, attr->pValue, sizeof(asked));
		if (asked != class)
			return false;
	}
	for (size_t i = 0; store->expect != 0 && i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].class == class)
			return kinds[i].expect == store->expect;
	return true;
}

static struct item *
item_add(struct store *store, CK_OBJECT_CLASS class)
{
	struct item *items = realloc(store->items, (store->count + 1) * sizeof(*items));

	if (items == NULL)
		return NULL;
	store->items = items;
	items[store->count] = (struct item){.class = class};
	return &items[store->count++];
}

/* SubjectPublicKeyInfo, malloc'd */
static uint8_t *
public_der(const struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	   size_t *ret_len)
{
	EVP_PKEY *pub = public_of_object(token, session, object);
	int len = pub != NULL ? i2d_PUBKEY(pub, NULL) : -1;
	uint8_t *der = len > 0 ? malloc((size_t)len) : NULL;
	uint8_t *at = der;

	if (der != NULL)
		*ret_len = (size_t)i2d_PUBKEY(pub, &at);
	EVP_PKEY_free(pub);
	return der;
}

static void
object_take(struct store *store, struct token *token, CK_SESSION_HANDLE session,
	    CK_OBJECT_CLASS class, CK_OBJECT_HANDLE object)
{
	struct item found = {.class = class};
	struct item *item;

	if (class == CKO_PRIVATE_KEY)
		found.key = key_load(token, session, object);
	else if (class == CKO_PUBLIC_KEY)
		found.der = public_der(token, session, object, &found.len);
	else
		found.der = attribute_get(token, session, object, CKA_VALUE, &found.len);
	if (found.key == NULL && found.der == NULL)
		return;
	item = item_add(store, class);
	if (item != NULL) {
		*item = found;
		return;
	}
	key_release(found.key);
	free(found.der);
}

/* The address's attributes, and the class that is being looked for. */
static CK_RV
search_begin(const struct store *store, const struct token *token, CK_SESSION_HANDLE session,
	     CK_OBJECT_CLASS class)
{
	CK_ULONG count = 0, used = 0;
	const CK_ATTRIBUTE *attrs = p11_kit_uri_get_attributes(store->uri, &count);
	CK_ATTRIBUTE template[8];

	template[used++] = (CK_ATTRIBUTE){CKA_CLASS, &class, sizeof(class)};
	for (CK_ULONG i = 0; i < count && used < ARRAY_SIZE(template); i++)
		if (attrs[i].type != CKA_CLASS)
			template[used++] = attrs[i];
	return token->module->C_FindObjectsInit(session, template, used);
}

static void
class_take(struct store *store, struct token *token, CK_SESSION_HANDLE session,
	   CK_OBJECT_CLASS class)
{
	CK_OBJECT_HANDLE objects[OBJECTS_MAX];
	CK_ULONG count = 0;
	CK_RV rv = search_begin(store, token, session, class);

	if (rv == CKR_OK) {
		rv = token->module->C_FindObjects(session, objects, OBJECTS_MAX, &count);
		(void)token->module->C_FindObjectsFinal(session);
	}
	if (rv != CKR_OK) {
		raise_rv(store->provider, rv, token->name);
		return;
	}
	for (CK_ULONG i = 0; i < count; i++)
		object_take(store, token, session, class, objects[i]);
}

static void
token_take(struct store *store, struct token *token, CK_OBJECT_CLASS class)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_RV rv = token_session(token, &session);

	if (rv != CKR_OK) {
		raise_rv(store->provider, rv, token->name);
		return;
	}
	class_take(store, token, session, class);
	(void)token->module->C_CloseSession(session);
}

/* -- where it is looked for -- */

struct found {
	struct token *tokens[TOKENS_MAX];
	size_t count;
};

static void
found_release(struct found *found)
{
	for (size_t i = 0; i < found->count; i++)
		token_release(found->tokens[i]);
}

static void
slot_consider(struct store *store, CK_FUNCTION_LIST *module, CK_SLOT_ID slot, struct found *found)
{
	CK_SLOT_ID asked = p11_kit_uri_get_slot_id(store->uri);
	CK_SLOT_INFO slot_info = {0};
	CK_TOKEN_INFO info = {0};
	struct token *token;

	if (found->count == TOKENS_MAX || (asked != (CK_SLOT_ID)-1 && asked != slot) ||
	    module->C_GetSlotInfo(slot, &slot_info) != CKR_OK ||
	    p11_kit_uri_match_slot_info(store->uri, &slot_info) != 1 ||
	    module->C_GetTokenInfo(slot, &info) != CKR_OK ||
	    (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
	    p11_kit_uri_match_token_info(store->uri, &info) != 1)
		return;
	token = token_get(store->provider, module, slot, &info);
	if (token != NULL)
		found->tokens[found->count++] = token;
}

static void
module_consider(struct store *store, CK_FUNCTION_LIST *module, struct found *found)
{
	CK_SLOT_ID slots[TOKENS_MAX];
	CK_ULONG count = ARRAY_SIZE(slots);
	CK_INFO info = {0};

	if (!module_is(module, p11_kit_uri_get_module_name(store->uri),
		       p11_kit_uri_get_module_path(store->uri)) ||
	    module->C_GetInfo(&info) != CKR_OK ||
	    p11_kit_uri_match_module_info(store->uri, &info) != 1 ||
	    module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return;
	for (CK_ULONG i = 0; i < count; i++)
		slot_consider(store, module, slots[i], found);
}

/*
 * Logs in, once, and only where it is clear into which token: a PIN that was typed for one must not
 * be sent to another.
 */
static bool
private_open(struct store *store, const struct found *found, const struct pin_source *pin)
{
	struct token *locked = NULL;

	for (size_t i = 0; i < found->count; i++) {
		if ((found->tokens[i]->info.flags & CKF_LOGIN_REQUIRED) == 0)
			continue;
		if (locked != NULL) {
			raise_error(store->provider, REASON_TOKENS, "%s, %s", locked->name,
				    found->tokens[i]->name);
			return false;
		}
		locked = found->tokens[i];
	}
	return locked == NULL || token_login(locked, pin);
}

/* False: something was raised that the program must hear of. */
static bool
store_fill(struct store *store, const struct pin_source *pin)
{
	static const CK_OBJECT_CLASS order[] = {CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY};
	UK_CLEANUP(found_release) struct found found = {0};
	CK_FUNCTION_LIST *const *modules = modules_get(store->provider);

	if (modules == NULL)
		return false;
	for (; *modules != NULL; modules++)
		module_consider(store, *modules, &found);
	if (found.count == 0) {
		raise_error(store->provider, REASON_NO_TOKEN, "%s", "");
		return false;
	}
	for (size_t kind = 0; kind < ARRAY_SIZE(order); kind++) {
		if (!wanted(store, order[kind]))
			continue;
		if (order[kind] == CKO_PRIVATE_KEY && !private_open(store, &found, pin))
			return false;
		for (size_t i = 0; i < found.count; i++)
			token_take(store, found.tokens[i], order[kind]);
	}
	if (store->count == 0)
		raise_error(store->provider, REASON_NO_OBJECT, "%s", found.tokens[0]->name);
	return store->count > 0;
}

/* -- what is given out -- */

static int
item_give(struct item *item, OSSL_CALLBACK *give, void *arg)
{
	OSSL_PARAM params[5], *p = params;
	int type = item->class == CKO_CERTIFICATE ? OSSL_OBJECT_CERT : OSSL_OBJECT_PKEY;
	char spki[] = "SubjectPublicKeyInfo";

	*p++ = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
	if (item->key != NULL) {
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
							(char *)(uintptr_t)key_type_name(item->key),
							0);
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &item->key,
							 sizeof(item->key));
	} else {
		if (item->class == CKO_PUBLIC_KEY)
			*p++ = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE,
								spki, 0);
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, item->der,
							 item->len);
	}
	*p = OSSL_PARAM_construct_end();
	return give(params, arg);
}

/* Whatever fails ends the list: a program that goes on asking must not make the PIN be asked again.
 */
static int
load(void *ctx, OSSL_CALLBACK *give, void *give_arg, OSSL_PASSPHRASE_CALLBACK *ask, void *ask_arg)
{
	struct store *store = ctx;
	struct pin_source pin = {store->uri, ask, ask_arg};

	if (!store->loaded) {
		store->loaded = true;
		(void)ERR_set_mark();
		/* What was no use beside what was found is nobody's error. */
		if (store_fill(store, &pin))
			(void)ERR_pop_to_mark();
		else
			(void)ERR_clear_last_mark();
	}
	return store->next < store->count &&
	       item_give(&store->items[store->next++], give, give_arg);
}

static int
eof(void *ctx)
{
	const struct store *store = ctx;

	return store->loaded && store->next >= store->count;
}

static const OSSL_DISPATCH pkcs11[] = {
	{OSSL_FUNC_STORE_OPEN, (void (*)(void))open_store},
	{OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, (void (*)(void))settable_params},
	{OSSL_FUNC_STORE_SET_CTX_PARAMS, (void (*)(void))set_params},
	{OSSL_FUNC_STORE_LOAD, (void (*)(void))load},
	{OSSL_FUNC_STORE_EOF, (void (*)(void))eof},
	{OSSL_FUNC_STORE_CLOSE, (void (*)(void))close_store},
	{0, NULL},
};

const OSSL_ALGORITHM provider_stores[] = {
	{"pkcs11", "provider=openukey", pkcs11, "keys and certificates in a token"},
	{NULL, NULL, NULL, NULL},
};
