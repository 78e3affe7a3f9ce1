/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of struct token_ops, as this family does them; token.h says what each one does. */
#ifndef UK_DRIVERS_GM_OPS_H
#define UK_DRIVERS_GM_OPS_H

#include "drivers/gm/session.h"

/* info.c */
enum uk_status gm_info(struct token *token, struct token_info *ret);
enum uk_status gm_applications(struct token *token, void (*fn)(void *data, struct uk_span name),
			       void *data);
enum uk_status gm_pin_info(struct token *token, enum token_role role, struct token_pin_info *ret);
enum uk_status gm_random(struct token *token, struct uk_writer *out, size_t len);
enum uk_status gm_set_label(struct token *token, struct uk_span label);
/* GetDevInfo within an operation */
enum uk_status gm_info_read(struct gm_token *token, struct token_info *ret);
/* GetPINInfo within an operation */
enum uk_status gm_pin_info_read(struct gm_token *token, enum token_role role,
				struct token_pin_info *ret);

/* container.c */
enum uk_status gm_containers(struct token *token, void (*fn)(void *data, struct uk_span name),
			     void *data);
enum uk_status gm_certificate(struct token *token, struct uk_span container, enum token_pair pair,
			      struct uk_writer *out);
enum uk_status gm_public_key(struct token *token, struct uk_span container, enum token_pair pair,
			     struct token_public_key *ret);
enum uk_status gm_container_info(struct token *token, struct uk_span container,
				 struct token_container_info *ret);
enum uk_status gm_create_container(struct token *token, struct uk_span name);
enum uk_status gm_delete_container(struct token *token, struct uk_span name);
enum uk_status gm_generate(struct token *token, struct uk_span container, enum token_key_type type,
			   unsigned int bits, struct token_public_key *ret);

/* import.c */
enum uk_status gm_import_certificate(struct token *token, struct uk_span container,
				     enum token_pair pair, struct uk_span der);
enum uk_status gm_import_sm2(struct token *token, struct uk_span container,
			     const struct token_envelope *envelope);
enum uk_status gm_import_rsa(struct token *token, struct uk_span container,
			     struct uk_span wrapped_key, struct uk_span blob);

/* rights.c */
enum uk_status gm_verify(struct token *token, enum token_role role, struct uk_span pin,
			 unsigned int *tries);
enum uk_status gm_change_pin(struct token *token, enum token_role role, struct uk_span old_pin,
			     struct uk_span new_pin, unsigned int *tries);
enum uk_status gm_unblock(struct token *token, struct uk_span new_user_pin, unsigned int *tries);
enum uk_status gm_unblock_by_admin(struct token *token, struct uk_span admin_pin,
				   struct uk_span new_user_pin, unsigned int *tries);
enum uk_status gm_clear(struct token *token);
void gm_forget(struct token *token);
enum uk_status gm_verify_once(struct token *token, struct uk_span pin, unsigned int *tries);
void gm_release(struct token *token);

/* sign.c */
enum uk_status gm_sign_rsa(struct token *token, struct uk_span container, struct uk_span data,
			   struct uk_writer *out);
enum uk_status gm_sign_sm2(struct token *token, struct uk_span container, struct uk_span digest,
			   struct uk_writer *out);

/* session_key.c */
enum uk_status gm_import_session_key(struct token *token, struct uk_span container, uint32_t alg,
				     const struct token_wrapped_key *wrapped,
				     struct token_session_key *ret);
enum uk_status gm_session_cipher(struct token *token, const struct token_session_key *key,
				 const struct token_cipher *cipher, struct uk_span in,
				 struct uk_writer *out);
enum uk_status gm_destroy_session_key(struct token *token, const struct token_session_key *key);

/* wrap.c */
enum uk_status gm_encrypt_sm2(struct token *token, const struct token_public_key *recipient,
			      struct uk_span plain, struct uk_writer *out);
enum uk_status gm_export_session_key(struct token *token, struct uk_span container, uint32_t alg,
				     const struct token_public_key *recipient,
				     struct token_exported_key *ret);

/* file.c */
enum uk_status gm_files(struct token *token, void (*fn)(void *data, struct uk_span name),
			void *data);
enum uk_status gm_file_info(struct token *token, struct uk_span name, struct token_file *ret);
enum uk_status gm_read_file(struct token *token, struct uk_span name, struct uk_writer *out);
enum uk_status gm_create_file(struct token *token, struct uk_span name,
			      const struct token_file *file);
enum uk_status gm_write_file(struct token *token, struct uk_span name, struct uk_span data);
enum uk_status gm_delete_file(struct token *token, struct uk_span name);
enum uk_status gm_read_file_at(struct token *token, struct uk_span name, size_t offset, size_t len,
			       struct uk_writer *out);
enum uk_status gm_write_file_at(struct token *token, struct uk_span name, size_t offset,
				struct uk_span data);

/* issue.c */
enum uk_status gm_change_device_key(struct token *token, struct uk_span old_key,
				    struct uk_span new_key);
enum uk_status gm_device_auth(struct token *token, struct uk_span proof);
enum uk_status gm_create_application(struct token *token, struct uk_span device_key,
				     const struct token_new_application *settings);
enum uk_status gm_delete_application(struct token *token, struct uk_span device_key,
				     struct uk_span name);

/* connection.c */
enum uk_status gm_beside(struct token *token, struct token **ret);
enum uk_status gm_hold(struct token *token);
void gm_let_go(struct token *token);
enum uk_status gm_raw(struct token *token, struct uk_span command, bool any, struct uk_writer *out);

/* relay.c */
enum uk_status gm_unblock_by_relay(struct token *token, const struct token_relay *relay,
				   struct uk_span new_user_pin);
enum uk_status gm_change_admin_pin_by_relay(struct token *token, const struct token_relay *relay);
enum uk_status gm_change_device_key_by_relay(struct token *token, const struct token_relay *relay,
					     struct uk_span old_key);

/* token.c; for the family's table */
enum uk_status gm_token_open(void *bus, const struct token_reader *reader,
			     struct token **ret_token);
void gm_token_set_application(struct token *token, const char *name);
void gm_token_close(struct token *token);
const char *gm_token_application(const struct token *token);

#endif
