/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/cli/words.h"

#include <glib/gi18n.h>

static const struct {
	const char *name, *text;
} pairs[] = {
	[OUK_PAIR_UNKNOWN] = {"unknown", N_("certificate")},
	[OUK_PAIR_SIGN] = {"sign", N_("signing certificate")},
	[OUK_PAIR_ENCRYPT] = {"encrypt", N_("encryption certificate")},
};

static const char *const states[] = {
	[OUK_CERT_GOOD] = "good",
	[OUK_CERT_ENDING] = "ending",
	[OUK_CERT_ENDED] = "ended",
	[OUK_CERT_NOT_YET] = "not-yet",
};

const char *
cli_pair_text(OukPair pair)
{
	return _(pairs[pair].text);
}

const char *
cli_pair_name(OukPair pair)
{
	return pairs[pair].name;
}

const char *
cli_state_name(OukCertState state)
{
	return states[state];
}

char *
cli_state_text(X509 *x509)
{
	int days = ouk_x509_days_left(x509);
	unsigned int count = (unsigned int)ABS(days);

	switch (ouk_x509_state(x509)) {
	case OUK_CERT_ENDED:
		return g_strdup_printf(ngettext("ended %u day ago, cannot be used any more",
						"ended %u days ago, cannot be used any more",
						count),
				       count);
	case OUK_CERT_NOT_YET:
		return g_strdup(_("not good yet: look at this computer's clock"));
	case OUK_CERT_ENDING:
		return g_strdup_printf(ngettext("good, but only %u day left: renew it soon",
						"good, but only %u days left: renew it soon",
						count),
				       count);
	default:
		return g_strdup_printf(ngettext("good, %u day left", "good, %u days left", count),
				       count);
	}
}

char *
cli_date(const ASN1_TIME *time)
{
	g_autoptr(GDateTime) date = ouk_x509_time(time);

	return date != NULL ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("?");
}

char *
cli_timestamp(const ASN1_TIME *time)
{
	g_autoptr(GDateTime) date = ouk_x509_time(time);
	g_autoptr(GDateTime) utc = date != NULL ? g_date_time_to_utc(date) : NULL;

	return utc != NULL ? g_date_time_format_iso8601(utc) : NULL;
}

void
cli_json_text(JsonBuilder *json, const char *member, const char *text)
{
	if (text == NULL)
		return;
	json_builder_set_member_name(json, member);
	json_builder_add_string_value(json, text);
}

void
cli_json_number(JsonBuilder *json, const char *member, gint64 value)
{
	json_builder_set_member_name(json, member);
	json_builder_add_int_value(json, value);
}

void
cli_json_flag(JsonBuilder *json, const char *member, gboolean value)
{
	json_builder_set_member_name(json, member);
	json_builder_add_boolean_value(json, value);
}

void
cli_json_cert(JsonBuilder *json, const OukCert *cert)
{
	g_autofree char *unit = ouk_x509_unit(cert->x509);
	g_autofree char *issuer = ouk_x509_issuer(cert->x509);
	g_autofree char *code = ouk_x509_credit_code(cert->x509);
	g_autofree char *algorithm = ouk_x509_algorithm(cert->x509);
	g_autofree char *serial = ouk_x509_serial(cert->x509);
	g_autofree char *begins = cli_timestamp(X509_get0_notBefore(cert->x509));
	g_autofree char *ends = cli_timestamp(X509_get0_notAfter(cert->x509));
	g_autofree char *id = ouk_cert_id_text(cert);

	cli_json_text(json, "unit", unit);
	cli_json_text(json, "credit_code", code);
	cli_json_text(json, "issuer", issuer);
	cli_json_text(json, "pair", cli_pair_name(cert->pair));
	cli_json_text(json, "algorithm", algorithm);
	cli_json_text(json, "not_before", begins);
	cli_json_text(json, "not_after", ends);
	cli_json_number(json, "days_left", ouk_x509_days_left(cert->x509));
	cli_json_text(json, "state", cli_state_name(ouk_x509_state(cert->x509)));
	cli_json_text(json, "serial_number", serial);
	cli_json_text(json, "id", id);
	cli_json_text(json, "label", cert->label);
	cli_json_text(json, "container", cert->container);
}

void
cli_json_token(JsonBuilder *json, const OukToken *token)
{
	cli_json_text(json, "label", token->label);
	cli_json_text(json, "serial", token->serial);
	cli_json_text(json, "manufacturer", token->maker);
	cli_json_text(json, "model", token->model);
	cli_json_text(json, "reader", token->reader);
	cli_json_number(json, "slot", (gint64)token->slot);
	cli_json_flag(json, "blank", token->blank);
}

void
cli_json_tries(JsonBuilder *json, const char *member, const OukTries *tries)
{
	json_builder_set_member_name(json, member);
	json_builder_begin_object(json);
	cli_json_flag(json, "exact", tries->exact);
	if (tries->exact) {
		cli_json_number(json, "left", tries->left);
		cli_json_number(json, "max", tries->max);
	}
	cli_json_flag(json, "locked", tries->locked);
	cli_json_flag(json, "final_try", tries->final_try);
	cli_json_flag(json, "first_pin", tries->is_default);
	json_builder_end_object(json);
}
