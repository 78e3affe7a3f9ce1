/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keys answer, taken apart.  Every length must be exactly right: UK_E_REPLY otherwise. Pure
 * functions, and the fuzz targets of tests/fuzz.
 */
#ifndef UK_DRIVERS_GM_REPLY_H
#define UK_DRIVERS_GM_REPLY_H

#include "drivers/gm/model.h"

#define GM_ID_LEN         2 /* AppID, ContainerID: opaque */
#define GM_OPEN_REPLY_LEN 10
#define GM_PIN_REPLY_LEN  3
#define GM_SM2_SIG_LEN    64

struct gm_application {
	uint32_t create_file_rights;
	uint8_t max_containers, max_certs;
	uint16_t max_files;
	uint8_t id[GM_ID_LEN];
};

/* GetDevInfo */
UK_CHECKED enum uk_status gm_read_info(const struct token_model *model, struct uk_span reply,
				       struct token_info *ret);
/* OpenApplication */
UK_CHECKED enum uk_status gm_read_application(const struct token_model *model, struct uk_span reply,
					      struct gm_application *ret);
/* GetPINInfo */
UK_CHECKED enum uk_status gm_read_pin_info(struct uk_span reply, struct token_pin_info *ret);
/* GetContainerInfo */
#define GM_CONTAINER_REPLY_LEN 11
UK_CHECKED enum uk_status gm_read_container_info(const struct token_model *model,
						 struct uk_span reply,
						 struct token_container_info *ret);
/* GetFileInfo */
#define GM_FILE_REPLY_LEN 12
UK_CHECKED enum uk_status gm_read_file_info(const struct token_model *model, struct uk_span reply,
					    struct token_file *ret);
/* OpenContainer, CreateContainer, ImportSessionKey */
UK_CHECKED enum uk_status gm_read_id(struct uk_span reply, uint8_t *ret_id);
/*
 * EnumApplication, EnumContainer: takes the next name of the list. False at its end; a name that
 * is too long ends the list with UK_E_REPLY in *ret_status.
 */
UK_CHECKED bool gm_take_list_name(struct uk_span *list, struct uk_span *ret_name,
				  enum uk_status *ret_status);
/* ExportPublicKey of either kind: the length tells which. */
UK_CHECKED enum uk_status gm_read_public_key(const struct token_model *model, struct uk_span reply,
					     struct token_public_key *ret);
/* GenECCKeyPair, GenRSAKeyPair */
UK_CHECKED enum uk_status gm_read_new_key(enum token_key_type type, unsigned int bits,
					  struct uk_span reply, struct token_public_key *ret);
/* ECCSignData: r || s within the reply. */
UK_CHECKED enum uk_status gm_read_sm2_signature(const struct token_model *model,
						struct uk_span reply, struct uk_span *ret_rs);

/*
 * ECCExportSessionKey (bits4 || X || Y || hash || len4 || cipher || KeyID), RSAExportSessionKey
 * (KeyID || cipher as long as the modulus): KeyID and what was wrapped, by the recipient's type.
 */
UK_CHECKED enum uk_status gm_read_exported_key(const struct token_model *model,
					       const struct token_public_key *recipient,
					       struct uk_span reply,
					       struct token_exported_key *ret);
/* ExtECCEncrypt: 04 || X || Y || hash || cipher; *ret_cipher is what follows the 04. */
UK_CHECKED enum uk_status gm_read_sm2_cipher(struct uk_span reply, size_t plain_len,
					     struct uk_span *ret_cipher);

/* ExportCertificate: len4 || DER, in as many chunks as the key likes. */
struct gm_cert_reader {
	const struct token_model *model;
	struct uk_writer *out;
	size_t start; /* of the certificate in out */
	uint32_t len; /* of the certificate, from the first chunk */
	unsigned int chunks;
};

void gm_cert_begin(struct gm_cert_reader *reader, const struct token_model *model,
		   struct uk_writer *out);
/* Takes a chunk; more: the key says (6A9E) that another one follows. */
UK_CHECKED enum uk_status gm_cert_chunk(struct gm_cert_reader *reader, struct uk_span chunk,
					bool more);

#endif
