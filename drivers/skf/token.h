/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key behind a maker's library, as its family sees it; the operations of drivers/token.h. */
#ifndef UK_DRIVERS_SKF_TOKEN_H
#define UK_DRIVERS_SKF_TOKEN_H

#include "drivers/family.h"
#include "drivers/skf/link.h"

#define SKF_DEVICE_NAME (TOKEN_READER_NAME_MAX - SKF_LIBRARY_NAME - 2)

struct skf_model {
	struct token_model_info info; /* first: token_model_info() finds it there */
	const struct skf_config *config;
};

struct skf_token {
	struct token base;
	struct skf_link link;
	char device[SKF_DEVICE_NAME];
	uint32_t events; /* of the device when it was listed: another number, another key */
	char serial[33]; /* of the key that was opened first; "" before */
	char app[TOKEN_NAME_MAX];
	bool app_fixed, app_open;
	bool opened;        /* the helper knows which device is meant */
	bool admin_kept;    /* and has the administrator's PIN for unblock */
	unsigned int epoch; /* grows whenever the helper is a new one */
};

static inline struct skf_token *
skf_token_of(struct token *token)
{
	return (struct skf_token *)token;
}

/* ---- token.c ---- */
enum uk_status skf_token_open(const struct token_reader *reader, const char *device,
			      struct token **ret_token);
void skf_token_set_application(struct token *token, const char *name);
void skf_token_close(struct token *token);
const char *skf_token_application(const struct token *token);

/* Connected, and the device opened; UK_E_RESET once when the helper has ended since. */
UK_CHECKED enum uk_status skf_ready(struct skf_token *token);
/* The same, and the application. */
UK_CHECKED enum uk_status skf_ready_app(struct skf_token *token);
/*
 * Sends a request and gives the answer's status; its fields are good until the next request.
 * Notes a lost login.
 */
UK_CHECKED enum uk_status skf_call(struct skf_token *token, const struct uk_writer *request,
				   struct skf_answer *ret);
/* One field of bytes in the answer, to `out`; nothing else may be in it. */
UK_CHECKED enum uk_status skf_copy_field(struct uk_span fields, struct uk_writer *out);

enum uk_status skf_beside(struct token *token, struct token **ret);
enum uk_status skf_hold(struct token *token);
void skf_let_go(struct token *token);
enum uk_status skf_raw(struct token *token, struct uk_span command, bool any,
		       struct uk_writer *out);

/* ---- info.c: no right needed ---- */
enum uk_status skf_info(struct token *token, struct token_info *ret);
enum uk_status skf_applications(struct token *token, void (*fn)(void *data, struct uk_span name),
				void *data);
enum uk_status skf_containers(struct token *token, void (*fn)(void *data, struct uk_span name),
			      void *data);
enum uk_status skf_files(struct token *token, void (*fn)(void *data, struct uk_span name),
			 void *data);
enum uk_status skf_certificate(struct token *token, struct uk_span container, enum token_pair pair,
			       struct uk_writer *out);
enum uk_status skf_public_key(struct token *token, struct uk_span container, enum token_pair pair,
			      struct token_public_key *ret);
enum uk_status skf_container_info(struct token *token, struct uk_span container,
				  struct token_container_info *ret);
enum uk_status skf_random(struct token *token, struct uk_writer *out, size_t len);
enum uk_status skf_set_label(struct token *token, struct uk_span label);
UK_CHECKED bool skf_take_public_key(struct uk_span fields, struct token_public_key *ret);

/* ---- pin.c ---- */
enum uk_status skf_pin_info(struct token *token, enum token_role role, struct token_pin_info *ret);
enum uk_status skf_verify(struct token *token, enum token_role role, struct uk_span pin,
			  unsigned int *tries);
enum uk_status skf_change_pin(struct token *token, enum token_role role, struct uk_span old_pin,
			      struct uk_span new_pin, unsigned int *tries);
enum uk_status skf_unblock(struct token *token, struct uk_span new_user_pin, unsigned int *tries);
enum uk_status skf_unblock_by_admin(struct token *token, struct uk_span admin_pin,
				    struct uk_span new_user_pin, unsigned int *tries);
enum uk_status skf_clear(struct token *token);
void skf_forget(struct token *token);
enum uk_status skf_verify_once(struct token *token, struct uk_span pin, unsigned int *tries);
void skf_release(struct token *token);

/* ---- key.c ---- */
enum uk_status skf_sign_rsa(struct token *token, struct uk_span container, struct uk_span data,
			    struct uk_writer *out);
enum uk_status skf_sign_sm2(struct token *token, struct uk_span container, struct uk_span digest,
			    struct uk_writer *out);
enum uk_status skf_create_container(struct token *token, struct uk_span name);
enum uk_status skf_delete_container(struct token *token, struct uk_span name);
enum uk_status skf_generate(struct token *token, struct uk_span container, enum token_key_type type,
			    unsigned int bits, struct token_public_key *ret);
enum uk_status skf_import_certificate(struct token *token, struct uk_span container,
				      enum token_pair pair, struct uk_span der);
enum uk_status skf_import_sm2(struct token *token, struct uk_span container,
			      const struct token_envelope *envelope);
enum uk_status skf_import_rsa(struct token *token, struct uk_span container,
			      struct uk_span wrapped_key, struct uk_span blob);

/* ---- session_key.c ---- */
enum uk_status skf_import_session_key(struct token *token, struct uk_span container, uint32_t alg,
				      const struct token_wrapped_key *wrapped,
				      struct token_session_key *ret);
enum uk_status skf_session_cipher(struct token *token, const struct token_session_key *key,
				  const struct token_cipher *cipher, struct uk_span in,
				  struct uk_writer *out);
enum uk_status skf_export_session_key(struct token *token, struct uk_span container, uint32_t alg,
				      const struct token_public_key *recipient,
				      struct token_exported_key *ret);
enum uk_status skf_encrypt_sm2(struct token *token, const struct token_public_key *recipient,
			       struct uk_span plain, struct uk_writer *out);
enum uk_status skf_destroy_session_key(struct token *token, const struct token_session_key *key);

/* ---- file.c ---- */
enum uk_status skf_file_info(struct token *token, struct uk_span name, struct token_file *ret);
enum uk_status skf_read_file(struct token *token, struct uk_span name, struct uk_writer *out);
enum uk_status skf_read_file_at(struct token *token, struct uk_span name, size_t offset, size_t len,
				struct uk_writer *out);
enum uk_status skf_write_file_at(struct token *token, struct uk_span name, size_t offset,
				 struct uk_span data);
enum uk_status skf_create_file(struct token *token, struct uk_span name,
			       const struct token_file *file);
enum uk_status skf_write_file(struct token *token, struct uk_span name, struct uk_span data);
enum uk_status skf_delete_file(struct token *token, struct uk_span name);

/* ---- issue.c: the device right; relayed commands ---- */
enum uk_status skf_change_device_key(struct token *token, struct uk_span old_key,
				     struct uk_span new_key);
enum uk_status skf_create_application(struct token *token, struct uk_span device_key,
				      const struct token_new_application *settings);
enum uk_status skf_delete_application(struct token *token, struct uk_span device_key,
				      struct uk_span name);
enum uk_status skf_device_auth(struct token *token, struct uk_span proof);
enum uk_status skf_unblock_by_relay(struct token *token, const struct token_relay *relay,
				    struct uk_span new_user_pin);
enum uk_status skf_change_admin_pin_by_relay(struct token *token, const struct token_relay *relay);
enum uk_status skf_change_device_key_by_relay(struct token *token, const struct token_relay *relay,
					      struct uk_span old_key);

#endif
