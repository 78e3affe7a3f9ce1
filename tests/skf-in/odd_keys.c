/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The odd library's containers and keys. */
#include "tests/skf-in/odd_abi.h"

#include <string.h>

/* ---- containers ---- */

SKF_OUT(CreateContainer, NUMBER app, char *name, NUMBER *ret)
{
	BEGIN(CreateContainer);
	void *handle;
	sar = INNER(CreateContainer)(handle_of(app, APPLICATION), name, &handle);
	if (sar == SAR_OK)
		*ret = number_of(CONTAINER, handle);
	END;
}

SKF_OUT(DeleteContainer, NUMBER app, char *name)
{
	return INNER(DeleteContainer)(handle_of(app, APPLICATION), name);
}

SKF_OUT(OpenContainer, NUMBER app, char *name, NUMBER *ret)
{
	BEGIN(OpenContainer);
	void *handle;
	sar = INNER(OpenContainer)(handle_of(app, APPLICATION), name, &handle);
	if (sar == SAR_OK)
		*ret = number_of(CONTAINER, handle);
	END;
}

SKF_OUT(CloseContainer, NUMBER container)
{
	return INNER(CloseContainer)(handle_end(container, CONTAINER));
}

SKF_OUT(EnumContainer, NUMBER app, char *list, WIDE *size)
{
	BEGIN(EnumContainer);
	WIDE room = *size;
	WITH_LEN(INNER(EnumContainer)(handle_of(app, APPLICATION), list, &len));
	unended(order, list, room);
	END;
}

SKF_OUT(GetContainerType, NUMBER container, WIDE *type)
{
	ULONG kind = 0;
	ULONG sar = INNER(GetContainerType)(handle_of(container, CONTAINER), &kind);

	*type = kind;
	return sar;
}

SKF_OUT(ImportCertificate, NUMBER container, BOOL sign, BYTE *cert, WIDE len)
{
	return INNER(ImportCertificate)(handle_of(container, CONTAINER), sign, cert, (ULONG)len);
}

SKF_OUT(ExportCertificate, NUMBER container, BOOL sign, BYTE *cert, WIDE *size)
{
	BEGIN(ExportCertificate);
	WITH_LEN(INNER(ExportCertificate)(handle_of(container, CONTAINER), sign, cert, &len));
	END;
}

SKF_OUT(ExportPublicKey, NUMBER container, BOOL sign, BYTE *out, WIDE *size)
{
	BEGIN(ExportPublicKey);
	BYTE blob[512];
	ULONG len = sizeof(blob);
	sar = INNER(ExportPublicKey)(handle_of(container, CONTAINER), sign, blob, &len);
	if (sar == SAR_OK && len == sizeof(RSAPUBLICKEYBLOB)) {
		rsa_out((struct odd_rsa *)(void *)out, (RSAPUBLICKEYBLOB *)(void *)blob);
		*size = sizeof(struct odd_rsa);
	} else if (sar == SAR_OK) {
		ecc_out((struct odd_ecc *)(void *)out, (ECCPUBLICKEYBLOB *)(void *)blob);
		*size = sizeof(struct odd_ecc);
	}
	lie(order, size);
	END;
}

/* ---- keys ---- */

SKF_OUT(GenRSAKeyPair, NUMBER container, WIDE bits, struct odd_rsa *out)
{
	BEGIN(GenRSAKeyPair);
	RSAPUBLICKEYBLOB blob = {0};
	sar = INNER(GenRSAKeyPair)(handle_of(container, CONTAINER), (ULONG)bits, &blob);
	if (sar == SAR_OK)
		rsa_out(out, &blob);
	END;
}

SKF_OUT(GenECCKeyPair, NUMBER container, WIDE alg, struct odd_ecc *out)
{
	BEGIN(GenECCKeyPair);
	ECCPUBLICKEYBLOB blob = {0};
	sar = INNER(GenECCKeyPair)(handle_of(container, CONTAINER), (ULONG)alg, &blob);
	if (sar == SAR_OK)
		ecc_out(out, &blob);
	END;
}

SKF_OUT(ImportRSAKeyPair, NUMBER container, WIDE alg, BYTE *key, WIDE key_len, BYTE *blob, WIDE len)
{
	return INNER(ImportRSAKeyPair)(handle_of(container, CONTAINER), (ULONG)alg, key,
				       (ULONG)key_len, blob, (ULONG)len);
}

SKF_OUT(ImportECCKeyPair, NUMBER container, struct odd_envelope *in)
{
	union {
		ENVELOPEDKEYBLOB blob;
		BYTE room[sizeof(ENVELOPEDKEYBLOB) + ROOM_LEN];
	} out = {.room = {0}};

	out.blob.Version = (ULONG)in->version;
	out.blob.ulSymmAlgID = (ULONG)in->alg;
	out.blob.ulBits = (ULONG)in->bits;
	memcpy(out.blob.cbEncryptedPriKey, in->private_key, sizeof(in->private_key));
	ecc_in(&out.blob.PubKey, &in->public_key);
	cipher_in(&out.blob.ECCCipherBlob, &in->cipher);
	return INNER(ImportECCKeyPair)(handle_of(container, CONTAINER), &out.blob);
}

SKF_OUT(RSASignData, NUMBER container, BYTE *data, WIDE data_len, BYTE *signature, WIDE *size)
{
	BEGIN(RSASignData);
	WITH_LEN(INNER(RSASignData)(handle_of(container, CONTAINER), data, (ULONG)data_len,
				    signature, &len));
	END;
}

SKF_OUT(ECCSignData, NUMBER container, BYTE *digest, WIDE len, ECCSIGNATUREBLOB *out)
{
	BEGIN(ECCSignData);
	ECCSIGNATUREBLOB blob = {{0}, {0}};
	sar = INNER(ECCSignData)(handle_of(container, CONTAINER), digest, (ULONG)len, &blob);
	to_left(out->r, blob.r);
	to_left(out->s, blob.s);
	unended(order, (char *)out, sizeof(*out));
	END;
}

/* ---- session keys ---- */

SKF_OUT(ImportSessionKey, NUMBER container, WIDE alg, BYTE *wrapped, WIDE len, NUMBER *ret)
{
	BEGIN(ImportSessionKey);
	BYTE room[sizeof(ECCCIPHERBLOB) + ROOM_LEN] = {0};
	const struct odd_cipher *cipher = (const struct odd_cipher *)(void *)wrapped;
	void *handle;
	if (len == 128 || len == 256) {
		sar = INNER(ImportSessionKey)(handle_of(container, CONTAINER), (ULONG)alg, wrapped,
					      (ULONG)len, &handle);
	} else {
		cipher_in((ECCCIPHERBLOB *)(void *)room, cipher);
		sar = INNER(ImportSessionKey)(handle_of(container, CONTAINER), (ULONG)alg, room,
					      (ULONG)(sizeof(ECCCIPHERBLOB) - 1 + cipher->len),
					      &handle);
	}
	if (sar == SAR_OK)
		*ret = number_of(KEY, handle);
	END;
}

static BLOCKCIPHERPARAM
param_in(const struct odd_param *in)
{
	BLOCKCIPHERPARAM out = {.IVLen = (ULONG)in->iv_len,
				.PaddingType = (ULONG)in->padding,
				.FeedBitLen = (ULONG)in->feed};

	memcpy(out.IV, in->iv, sizeof(in->iv));
	return out;
}

SKF_OUT(EncryptInit, NUMBER key, struct odd_param param)
{
	return INNER(EncryptInit)(handle_of(key, KEY), param_in(&param));
}

SKF_OUT(Encrypt, NUMBER key, BYTE *in, WIDE in_len, BYTE *out, WIDE *size)
{
	BEGIN(Encrypt);
	WITH_LEN(INNER(Encrypt)(handle_of(key, KEY), in, (ULONG)in_len, out, &len));
	END;
}

SKF_OUT(DecryptInit, NUMBER key, struct odd_param param)
{
	return INNER(DecryptInit)(handle_of(key, KEY), param_in(&param));
}

SKF_OUT(Decrypt, NUMBER key, BYTE *in, WIDE in_len, BYTE *out, WIDE *size)
{
	BEGIN(Decrypt);
	WITH_LEN(INNER(Decrypt)(handle_of(key, KEY), in, (ULONG)in_len, out, &len));
	END;
}

SKF_OUT(MacInit, NUMBER key, struct odd_param *param, NUMBER *ret)
{
	BLOCKCIPHERPARAM inner_param = param_in(param);
	void *handle;
	ULONG sar = INNER(MacInit)(handle_of(key, KEY), &inner_param, &handle);

	if (sar == SAR_OK)
		*ret = number_of(KEY, handle);
	return sar;
}

SKF_OUT(Mac, NUMBER mac, BYTE *in, WIDE in_len, BYTE *out, WIDE *size)
{
	BEGIN(Mac);
	WITH_LEN(INNER(Mac)(handle_of(mac, KEY), in, (ULONG)in_len, out, &len));
	END;
}

SKF_OUT(ExtECCEncrypt, NUMBER device, struct odd_ecc *key, BYTE *plain, WIDE len,
	struct odd_cipher *out)
{
	static BYTE room[CIPHER_ROOM];
	ECCPUBLICKEYBLOB blob;
	ULONG sar;

	ecc_in(&blob, key);
	sar = INNER(ExtECCEncrypt)(handle_of(device, DEVICE), &blob, plain, (ULONG)len,
				   (ECCCIPHERBLOB *)(void *)room);
	if (sar == SAR_OK)
		cipher_out(out, (ECCCIPHERBLOB *)(void *)room);
	return sar;
}

SKF_OUT(CloseHandle, NUMBER handle)
{
	return INNER(CloseHandle)(handle_end(handle, KEY));
}
