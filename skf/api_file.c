/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of an application; each has rights of its own, which the key looks after. */
#include "skf/gate.h"

#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

/* What the standard's own codes say better than the general ones. */
static ULONG
file_sar(struct gate *gate, enum uk_status st)
{
	ULONG sar = gate_sar(gate, st);

	if (st == UK_E_NOT_FOUND)
		return SAR_FILE_NOT_EXIST;
	if (st == UK_E_EXISTS)
		return SAR_FILE_ALREADY_EXIST;
	return sar;
}

static bool
rights_known(ULONG rights)
{
	return rights == SECURE_ANYONE_ACCOUNT ||
	       (rights & ~(SECURE_ADM_ACCOUNT | SECURE_USER_ACCOUNT)) == 0;
}

ULONG DEVAPI
SKF_CreateFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulFileSize, ULONG ulReadRights,
	       ULONG ulWriteRights)
{
	const struct token_file file = {ulFileSize, ulReadRights, ulWriteRights};
	struct uk_span name;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CreateFile, hApplication);

	if (sar == SAR_OK &&
	    (ulFileSize == 0 || !rights_known(ulReadRights) || !rights_known(ulWriteRights)))
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szFileName, GM_FILE_NAME_MAX, &name);
	if (sar == SAR_OK && ulFileSize > TOKEN_FILE_MAX)
		sar = SAR_NO_ROOM;
	if (sar != SAR_OK)
		return sar;
	return file_sar(&gate, gate.token->ops->create_file(gate.token, name, &file));
}

ULONG DEVAPI
SKF_DeleteFile(HAPPLICATION hApplication, LPSTR szFileName)
{
	struct uk_span name;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DeleteFile, hApplication);

	if (sar == SAR_OK)
		sar = name_read(szFileName, GM_FILE_NAME_MAX, &name);
	if (sar != SAR_OK)
		return sar;
	return file_sar(&gate, gate.token->ops->delete_file(gate.token, name));
}

ULONG DEVAPI
SKF_EnumFiles(HAPPLICATION hApplication, LPSTR szFileList, ULONG *pulSize)
{
	NAME_LIST list = {0};
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EnumFiles, hApplication);

	if (sar == SAR_OK && pulSize == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, (list.len = 0, gate.token->ops->files(gate.token, name_list_add, &list)));
	sar = gate_sar(&gate, st);
	return sar != SAR_OK ? sar : name_list_answer(&list, szFileList, pulSize);
}

ULONG DEVAPI
SKF_GetFileInfo(HAPPLICATION hApplication, LPSTR szFileName, FILEATTRIBUTE *pFileInfo)
{
	FILEATTRIBUTE out = {0};
	struct token_file file;
	struct uk_span name;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetFileInfo, hApplication);

	if (sar == SAR_OK && pFileInfo == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szFileName, GM_FILE_NAME_MAX, &name);
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, gate.token->ops->file_info(gate.token, name, &file));
	if (st == UK_OK) {
		memcpy(out.FileName, name.ptr, name.len); /* of 32 bytes it has no NUL */
		out.FileSize = file.size;
		out.ReadRights = file.read_rights;
		out.WriteRights = file.write_rights;
		*pFileInfo = out;
	}
	return file_sar(&gate, st);
}

/* ---- reading and writing ---- */

struct part {
	struct uk_span name;
	ULONG offset, size;
};

/* How much of what is asked for there is. */
static ULONG
part_size(struct gate *gate, const struct part *part, ULONG *ret)
{
	struct token_file file;
	enum uk_status st;

	TOKEN_AGAIN(st, gate->token->ops->file_info(gate->token, part->name, &file));
	if (st != UK_OK)
		return file_sar(gate, st);
	if (part->offset > file.size)
		return SAR_INVALIDPARAMERR;
	*ret = file.size - part->offset < part->size ? file.size - part->offset : part->size;
	return SAR_OK;
}

static ULONG
part_read(struct gate *gate, const struct part *part, BYTE *out, ULONG *len)
{
	size_t cap = part->size < TOKEN_FILE_MAX ? part->size : TOKEN_FILE_MAX;
	uint8_t *bytes = malloc(cap + 1);
	struct uk_writer writer = uk_writer_of(bytes, cap);
	enum uk_status st;
	ULONG sar;

	if (bytes == NULL)
		return SAR_MEMORYERR;
	/* A reset takes no right that a public file needs; of others the driver says so. */
	TOKEN_AGAIN(st, gate->token->ops->read_file_at(gate->token, part->name, part->offset, cap,
						       &writer));
	sar = st == UK_E_DATA_LEN ? SAR_INVALIDPARAMERR : file_sar(gate, st);
	if (sar == SAR_OK)
		sar = answer_put(uk_writer_span(&writer), out, len);
	uk_wipe(bytes, cap);
	free(bytes);
	return sar;
}

ULONG DEVAPI
SKF_ReadFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, ULONG ulSize,
	     BYTE *pbOutData, ULONG *pulOutLen)
{
	struct part part = {.offset = ulOffset, .size = ulSize};
	ULONG there = 0;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ReadFile, hApplication);

	if (sar == SAR_OK && pulOutLen == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szFileName, GM_FILE_NAME_MAX, &part.name);
	if (sar != SAR_OK)
		return sar;
	if (pbOutData != NULL && *pulOutLen >= ulSize)
		return part_read(&gate, &part, pbOutData, pulOutLen);
	sar = part_size(&gate, &part, &there);
	if (sar != SAR_OK)
		return sar;
	if (pbOutData != NULL && *pulOutLen >= there)
		return part_read(&gate, &part, pbOutData, pulOutLen);
	*pulOutLen = there;
	return pbOutData == NULL ? SAR_OK : SAR_BUFFER_TOO_SMALL;
}

ULONG DEVAPI
SKF_WriteFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, BYTE *pbData,
	      ULONG ulSize)
{
	struct uk_span name;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_WriteFile, hApplication);

	if (sar == SAR_OK && pbData == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szFileName, GM_FILE_NAME_MAX, &name);
	if (sar == SAR_OK && ulSize == 0)
		sar = SAR_INDATALENERR;
	if (sar != SAR_OK)
		return sar;
	return file_sar(&gate, gate.token->ops->write_file_at(gate.token, name, ulOffset,
							      uk_span_of(pbData, ulSize)));
}
