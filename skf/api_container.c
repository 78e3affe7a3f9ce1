/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers and certificates. */
#include "skf/gate.h"

#include <string.h>

static struct uk_span
container_of(const struct gate *gate)
{
	return uk_span_str(gate->object->container);
}

/* ---- containers ---- */

static ULONG
container_object(struct gate *gate, struct uk_span name, HCONTAINER *ret)
{
	struct object *object = object_new(KIND_CON, gate->device, gate->object);

	if (object == NULL)
		return SAR_MEMORYERR;
	object->app = gate->app;
	memcpy(object->container, name.ptr, name.len); /* and its NUL by object_new */
	*ret = object->handle;
	return SAR_OK;
}

ULONG DEVAPI
SKF_CreateContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
	struct uk_span name;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CreateContainer, hApplication);

	if (sar == SAR_OK && phContainer == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szContainerName, GM_CONTAINER_MAX, &name);
	if (sar != SAR_OK)
		return sar;
	st = gate.token->ops->create_container(gate.token, name);
	sar = gate_sar(&gate, st);
	if (st == UK_E_ROOM)
		return SAR_REACH_MAX_CONTAINER_COUNT;
	return sar != SAR_OK ? sar : container_object(&gate, name, phContainer);
}

ULONG DEVAPI
SKF_DeleteContainer(HAPPLICATION hApplication, LPSTR szContainerName)
{
	struct uk_span name;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DeleteContainer, hApplication);

	if (sar == SAR_OK)
		sar = name_read(szContainerName, GM_CONTAINER_MAX, &name);
	if (sar == SAR_OK)
		sar = gate_sar(&gate, gate.token->ops->delete_container(gate.token, name));
	/* A new one of the same name is another one. */
	if (sar == SAR_OK)
		objects_close(gate.app, name);
	return sar;
}

ULONG DEVAPI
SKF_EnumContainer(HAPPLICATION hApplication, LPSTR szContainerName, ULONG *pulSize)
{
	NAME_LIST list = {0};
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EnumContainer, hApplication);

	if (sar == SAR_OK && pulSize == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st,
		    (list.len = 0, gate.token->ops->containers(gate.token, name_list_add, &list)));
	sar = gate_sar(&gate, st);
	return sar != SAR_OK ? sar : name_list_answer(&list, szContainerName, pulSize);
}

ULONG DEVAPI
SKF_OpenContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
	struct token_container_info info;
	struct uk_span name;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_OpenContainer, hApplication);

	if (sar == SAR_OK && phContainer == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szContainerName, GM_CONTAINER_MAX, &name);
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, gate.token->ops->container_info(gate.token, name, &info));
	sar = gate_sar(&gate, st);
	return sar != SAR_OK ? sar : container_object(&gate, name, phContainer);
}

ULONG DEVAPI
SKF_CloseContainer(HCONTAINER hContainer)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CloseContainer, hContainer);

	if (sar == SAR_OK)
		object_close(gate.object);
	return sar;
}

_Static_assert((int)GM_CONTAINER_EMPTY == CONTAINER_TYPE_EMPTY &&
		       (int)GM_CONTAINER_RSA == CONTAINER_TYPE_RSA &&
		       (int)GM_CONTAINER_SM2 == CONTAINER_TYPE_ECC,
	       "the key's numbers are the standard's");

ULONG DEVAPI
SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType)
{
	struct token_container_info info;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetContainerType, hContainer);

	if (sar == SAR_OK && pulContainerType == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, gate.token->ops->container_info(gate.token, container_of(&gate), &info));
	if (st == UK_OK)
		*pulContainerType = (ULONG)info.type;
	return gate_sar(&gate, st);
}

/* ---- certificates ---- */

static enum token_pair
pair_of(BOOL sign)
{
	return sign != FALSE ? TOKEN_SIGN : TOKEN_ENCRYPT;
}

ULONG DEVAPI
SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG ulCertLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ImportCertificate, hContainer);

	if (sar == SAR_OK && pbCert == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK && (ulCertLen == 0 || ulCertLen > TOKEN_CERT_MAX))
		sar = SAR_INDATALENERR;
	if (sar != SAR_OK)
		return sar;
	return gate_sar(&gate, gate.token->ops->import_certificate(gate.token, container_of(&gate),
								   pair_of(bSignFlag),
								   uk_span_of(pbCert, ulCertLen)));
}

ULONG DEVAPI
SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG *pulCertLen)
{
	uint8_t der[TOKEN_CERT_MAX];
	struct uk_writer out = uk_writer_of(der, sizeof(der));
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ExportCertificate, hContainer);

	if (sar == SAR_OK && pulCertLen == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, (out.len = 0, gate.token->ops->certificate(gate.token, container_of(&gate),
								   pair_of(bSignFlag), &out)));
	sar = gate_sar(&gate, st);
	return sar != SAR_OK ? sar : answer_put(uk_writer_span(&out), pbCert, pulCertLen);
}
