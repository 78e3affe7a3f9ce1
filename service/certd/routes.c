/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/certd/api.h"

#include "service/papers/sniff.h"

const struct cs_route cs_certd_routes[] = {
	{"GET", "/v1/health", cs_api_health, 200, false},
	{"POST", "/v1/orders", cs_api_order_new, 201, false},
	{"GET", "/v1/orders/*", cs_api_order_get, 200, false},
	{"POST", "/v1/orders/*/submit", cs_api_submit, 200, false},
	{"POST", "/v1/orders/*/form", cs_api_edit, 200, false},
	{"POST", "/v1/orders/*/documents/*", cs_api_document, 200, true, CS_IMAGE_BYTES_MAX,
	 cs_api_document_admit},
	{"GET", "/v1/orders/*/form.pdf", cs_api_form, 200, false},
	{"GET", "/v1/orders/*/papers/*", cs_api_order_paper, 200, false},
	{"POST", "/v1/orders/*/consent/code", cs_api_consent_code, 202, false},
	{"POST", "/v1/orders/*/consent", cs_api_consent, 200, false},
	{"POST", "/v1/orders/*/invoice", cs_api_invoice, 200, false},
	{"POST", "/v1/orders/*/event", cs_api_event, 200, false},
	{"POST", "/v1/orders/*/payment", cs_api_payment, 200, false},
	{"POST", "/v1/orders/*/unlock/code", cs_api_code, 202, false},
	{"POST", "/v1/orders/*/unlock/check", cs_api_check, 200, false},
	{"POST", "/v1/orders/*/unlock/command", cs_api_command, 200, false},
	{"POST", "/v1/orders/*/unlock/ack", cs_api_ack, 200, false},
	{"POST", "/v1/orders/*/unlock/foreign", cs_api_foreign, 200, false},
	{"POST", "/v1/orders/*/csr", cs_api_csr, 200, false},
	{"GET", "/v1/orders/*/result", cs_api_result, 200, false},
	{"POST", "/v1/orders/*/confirm", cs_api_confirm, 200, false},
	{"POST", "/v1/query-grants", cs_api_query, 202, false},
	{"POST", "/v1/query-grants/*/code", cs_api_query_code, 200, false},
	{"GET", "/v1/texts", cs_api_texts, 200, false},
	{"GET", "/v1/papers/*", cs_api_papers, 200, false},
	{"GET", "/v1/papers/*/*", cs_api_blank_paper, 200, false},
	{"POST", "/v1/challenges", cs_api_challenge, 201, false},
	{"POST", "/v1/challenges/*", cs_api_challenge_answer, 200, false},
	{"POST", "/v1/handlers", cs_api_handler, 202, false},
	{"POST", "/v1/handlers/*/code", cs_api_handler_code, 200, false},
	{"POST", "/v1/pay/*/notify", cs_api_notify, 200, true},
	{"POST", "/v1/operator/*", cs_api_operator, 200, false},
	{"POST", "/v1/operator/*/documents/*", cs_api_view, 200, false},
	{"POST", "/v1/operator/*/issue", cs_api_prepare, 200, false},
	{"POST", "/v1/operator/*/unlock", cs_api_counter, 200, false},
};

const size_t cs_certd_routes_len = ARRAY_SIZE(cs_certd_routes);
