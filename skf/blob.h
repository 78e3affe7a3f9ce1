/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The standard's structures for keys, ciphers and signatures, into what token.h has and back.
 *
 * Numbers stand at the end of their fields, whose other bytes are zero; SAR_INDATAERR where they
 * are not, for then it is not known which number is meant.  What is not known not to be there is
 * never read: structures are taken as they are, and what follows them as long as they say or as
 * the caller says, whichever is less.  Out-parameters are untouched on failure.
 */
#ifndef UK_SKF_BLOB_H
#define UK_SKF_BLOB_H

#include "drivers/token.h"
#include "skf/skf.h"

/* ECCCIPHERBLOB without what it is for. */
#define BLOB_CIPHER_HEAD offsetof(ECCCIPHERBLOB, Cipher)

/* SAR_RSAMODULUSLENERR: neither 1024 nor 2048 bits. */
ULONG blob_rsa_read(const RSAPUBLICKEYBLOB *blob, struct token_public_key *ret);
void blob_rsa_write(const struct token_public_key *key, RSAPUBLICKEYBLOB *ret);

/* SAR_MODULUSLENERR: not 256 bits. Whether it is a point of the curve is not looked at. */
ULONG blob_ecc_read(const ECCPUBLICKEYBLOB *blob, struct token_public_key *ret);
void blob_ecc_write(const struct token_public_key *key, ECCPUBLICKEYBLOB *ret);

/* rs: 64 bytes */
ULONG blob_signature_read(const ECCSIGNATUREBLOB *blob, uint8_t *rs);
void blob_signature_write(struct uk_span rs, ECCSIGNATUREBLOB *ret);

/* cipher: X || Y || C3 || C2; writes BLOB_CIPHER_HEAD and as many bytes as C2 has. */
void blob_cipher_write(struct uk_span cipher, ECCCIPHERBLOB *ret);

/* A session key as it comes: an ECCCIPHERBLOB, or the cipher text of RSA, which is borrowed. */
ULONG blob_wrapped_key_read(struct uk_span wrapped, struct token_wrapped_key *ret);

/*
 * An encryption pair. Its private key is passed on as it stands: the standard does not say at which
 * end of its field a shorter one belongs, and the key knows what its maker meant.
 */
ULONG blob_envelope_read(const ENVELOPEDKEYBLOB *blob, struct token_envelope *ret);

#endif
