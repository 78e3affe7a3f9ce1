/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What follows from an order without anybody signing for it: a lost key's certificates stop. */
#include "service/certd/work.h"

#include "service/wire/client.h"

#include <stdio.h>
#include <string.h>

#define ASK_MS   5000
#define CERT_MAX (2 * 8192)

/*
 * The certificates that the issuer knows to be on the key; and the one that the owner's computer
 * remembered, which may be from before the issuer's time: `cert` of the form.
 */
static enum cs_status
suspend(const struct cs_desk *desk, const struct cs_order_row *row, const char *cert)
{
	json_t *question =
		json_pack("{s:s, s:s, s:s}", "op", "suspend", "order", row->id, "sn", row->key_sn);
	json_t *answer = NULL;
	enum cs_status st;

	if (cert != NULL)
		(void)json_object_set_new(question, "certs", json_pack("[s]", cert));
	st = cs_ask(desk->certd->issue_socket, question, ASK_MS, &answer);
	if (st == CS_OK)
		json_decref(answer);
	return st;
}

/* At the counter no code was checked, so nobody has told openukey-unlockd yet. */
static enum cs_status
unlock_stop(const struct cs_desk *desk, const struct cs_order_row *row)
{
	json_t *answer = NULL;
	enum cs_status st;

	if (desk->certd->unlock_socket == NULL)
		return CS_OK;
	st = cs_ask(desk->certd->unlock_socket,
		    json_pack("{s:s, s:s}", "op", "lost", "sn", row->key_sn), ASK_MS, &answer);
	if (st == CS_OK)
		json_decref(answer);
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}

enum cs_status
cs_chore_work(const struct cs_working *working, const struct cs_letter *letter)
{
	struct cs_desk *desk = working->desk;
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB form = {NULL, 0};
	CS_JSON *json = NULL;
	char id[CS_ID_TEXT], words[CS_WORD_TEXT];
	const char *cert;
	enum cs_status st;

	if (sscanf((const char *)letter->payload.ptr, "order=%32s words=%23s", id, words) != 2)
		return CS_E_CORRUPT;
	/* All the rest waits for operators, or the issuer does it by itself. */
	if (strcmp(words, "suspend") != 0)
		return CS_OK;
	st = cs_order_read(&desk->orders, id, &row, &form);
	/* Released meanwhile: it must not be stopped behind that. */
	if (st != CS_OK || strcmp(row.state, "suspended") != 0)
		return st;
	st = unlock_stop(desk, &row);
	if (st != CS_OK || desk->certd->issue_socket == NULL)
		return st;
	json = cs_json_read(cs_blob_span(&form));
	cert = cs_json_text(json, "cert", CERT_MAX);
	st = suspend(desk, &row, cert);
	if (cert != NULL && (st == CS_E_ARGUMENTS || st == CS_E_PROOF))
		st = suspend(desk, &row, NULL); /* not one of the issuer's */
	return st == CS_E_NOT_FOUND ? CS_OK : st;
}
