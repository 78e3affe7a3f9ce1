/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the interface share. */
#ifndef CS_CERTD_API_H
#define CS_CERTD_API_H

#include "service/certd/certd.h"

#define CS_API(name) \
	enum cs_status name(void *desk, const struct cs_http_request *request, json_t *answer)

CS_API(cs_api_order_new);
CS_API(cs_api_order_get);
CS_API(cs_api_submit);
CS_API(cs_api_edit);
CS_API(cs_api_consent);
CS_API(cs_api_event);
CS_API(cs_api_payment);
CS_API(cs_api_notify);
CS_API(cs_api_code);
CS_API(cs_api_check);
CS_API(cs_api_counter);
CS_API(cs_api_station);
CS_API(cs_api_command);
CS_API(cs_api_ack);
CS_API(cs_api_foreign);
CS_API(cs_api_operator);
CS_API(cs_api_prepare);
CS_API(cs_api_operator_request);
CS_API(cs_api_operator_confirm);
CS_API(cs_api_operator_recover);
CS_API(cs_api_operator_release);
CS_API(cs_api_operator_revoke);
CS_API(cs_api_csr);
CS_API(cs_api_result);
CS_API(cs_api_confirm);
CS_API(cs_api_texts);
CS_API(cs_api_consent_code);
CS_API(cs_api_document);
CS_API(cs_api_document_admit);
CS_API(cs_api_form);
CS_API(cs_api_order_paper);
CS_API(cs_api_blank_paper);
CS_API(cs_api_papers);
CS_API(cs_api_invoice);
CS_API(cs_api_challenge);
CS_API(cs_api_challenge_answer);
CS_API(cs_api_handler);
CS_API(cs_api_handler_code);
CS_API(cs_api_view);
CS_API(cs_api_query);
CS_API(cs_api_query_code);
CS_API(cs_api_health);

/*
 * The order of the path, when the request has its capability; CS_E_NOT_FOUND for every other
 * reason, so that nobody learns which orders there are.
 */
UK_CHECKED enum cs_status cs_api_own(struct cs_desk *desk, const struct cs_http_request *request,
				     struct cs_order_row *ret);
/* The event by its own actor, now; the row as it was just read. */
UK_CHECKED enum cs_status cs_api_step(struct cs_desk *desk, const struct cs_order_row *row,
				      enum cs_event event);
/* The same; then the order as it is. */
UK_CHECKED enum cs_status cs_api_happen(struct cs_desk *desk, const struct cs_order_row *row,
					enum cs_event event, json_t *answer);
/*
 * The signatures that an ask has: whose counts no more (removed since, key lost) is left out, and
 * asked again.  The caller drops them.
 */
struct cs_ask_row;
UK_CHECKED enum cs_status cs_ask_approvals(struct cs_desk *desk, const struct cs_ask_row *ask,
					   json_t **ret);
/*
 * Asks another process under the order's own id, serial number and kind, with those members of the
 * request (a list that ends with NULL), and puts what it says into the answer.
 */
UK_CHECKED enum cs_status cs_api_pass_on(const char *socket, const struct cs_http_request *request,
					 const struct cs_order_row *row, const char *op,
					 const char *const *members, json_t *answer);
/* The order follows what the process `by` said; that it is there already is no error. */
UK_CHECKED enum cs_status cs_api_follow(struct cs_desk *desk, const char *id, enum cs_event event,
					const char *by, int64_t not_after);
/* The order as its owner sees it. */
UK_CHECKED enum cs_status cs_api_show(struct cs_desk *desk, const char *id, json_t *answer);
/* Those orders as "orders", each with a capability of its own, so that they can be gone on with. */
UK_CHECKED enum cs_status cs_api_list(struct cs_desk *desk, const json_t *ids, json_t *answer);
UK_CHECKED enum cs_status cs_api_pay_offline(struct cs_desk *desk,
					     const struct cs_http_request *http,
					     const struct cs_order_row *row, json_t *answer);

#endif
