/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key, its certificates, its PIN. No PIN is sent and no try spent. */
#include "assistant/core/doctor/exam.h"
#include "assistant/core/doctor/holder.h"
#include "assistant/core/doctor/makers.h"
#include "assistant/core/errors.h"
#include "assistant/core/object.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- the key ---- */

static char *
holder_list(GPtrArray *holders)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < holders->len; i++) {
		const OukHolder *holder = g_ptr_array_index(holders, i);

		/* Translators: a program and its process number */
		g_string_append_printf(list, _("%s%s (process %d)"), i > 0 ? _(", ") : "",
				       holder->name, (int)holder->pid);
	}
	if (holders->len == 0)
		g_string_append(list, _("a program of another user"));
	return g_string_free(g_steal_pointer(&list), FALSE);
}

static void
found_held(OukExam *exam, OukLinkResult *ret)
{
	g_autoptr(GPtrArray) holders = holders_find(pcsc_socket());

	/* with several, nobody can tell which of them it is: none is ended by us */
	if (holders->len == 1) {
		OukHolder *holder = g_ptr_array_index(holders, 0);

		exam->clues.holder = holder->pid;
		exam->clues.holder_start = holder->start;
		exam->clues.holder_name = g_strdup(holder->name);
	}
	exam_found(ret, OUK_LINK_BROKEN, OUK_F_KEY_HELD, holder_list(holders));
}

/* What PC/SC alone can tell. */
static gboolean
readers_are_well(OukExam *exam, OukLinkResult *ret)
{
	const OukPcscReader *mute = NULL;
	gboolean held = FALSE, usable = FALSE;

	for (guint i = 0; i < exam->pcsc.readers->len; i++) {
		const OukPcscReader *reader = g_ptr_array_index(exam->pcsc.readers, i);

		if (reader->mute)
			mute = reader;
		else if (reader->exclusive)
			held = TRUE;
		else if (reader->present)
			usable = TRUE;
	}
	if (usable)
		return TRUE;
	if (held)
		found_held(exam, ret);
	else if (mute != NULL)
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_KEY_MUTE, g_strdup(mute->name));
	else
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_KEY_ABSENT, NULL);
	return FALSE;
}

static gboolean
token_is_real(const OukToken *token)
{
	return !token->blank || token->vendor != NULL;
}

/* Ours first; where it shows no key, whatever else p11-kit lists. */
static gboolean
tokens_load(OukExam *exam, const char *module)
{
	exam->modules = ouk_modules_load(module, NULL);
	if (exam->modules != NULL)
		exam->tokens = ouk_modules_tokens(exam->modules, NULL);
	for (guint i = exam->tokens != NULL ? exam->tokens->len : 0; i > 0; i--)
		if (!token_is_real(g_ptr_array_index(exam->tokens, i - 1)))
			g_ptr_array_remove_index(exam->tokens, i - 1);
	if (exam->tokens != NULL && exam->tokens->len > 0)
		return TRUE;
	g_clear_pointer(&exam->tokens, g_ptr_array_unref);
	g_clear_pointer(&exam->modules, ouk_modules_free);
	return FALSE;
}

static void
found_no_token(OukExam *exam, OukLinkResult *ret)
{
	if (exam->by_library) {
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_LIBRARY_SILENT, makers_library_entered());
		return;
	}
	for (guint i = 0; i < exam->pcsc.readers->len; i++) {
		const OukPcscReader *reader = g_ptr_array_index(exam->pcsc.readers, i);

		if (!reader->present)
			continue;
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_KEY_UNKNOWN,
			   g_strdup_printf("ATR %s", reader->atr));
		return;
	}
	exam_found(ret, OUK_LINK_BROKEN, OUK_F_KEY_ABSENT, NULL);
}

/* Several applications of one key are one key. */
static guint
count_keys(GPtrArray *tokens)
{
	g_autoptr(GHashTable) serials = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < tokens->len; i++)
		g_hash_table_add(serials, ((OukToken *)g_ptr_array_index(tokens, i))->serial);
	return g_hash_table_size(serials);
}

static char *
token_list(GPtrArray *tokens, gboolean shorten)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < tokens->len; i++) {
		const OukToken *token = g_ptr_array_index(tokens, i);
		g_autofree char *serial = exam_short_serial(token->serial);

		g_string_append_printf(list, "%s%s %s", i > 0 ? _(", ") : "",
				       shorten ? token->model : token->label, serial);
	}
	return g_string_free(g_steal_pointer(&list), FALSE);
}

static gboolean
login_stays(const OukExam *exam)
{
	for (guint i = 0; i < exam->devices->len; i++) {
		const OukUsbDevice *device = g_ptr_array_index(exam->devices, i);

		if (device->login_stays && !device->blocked)
			return TRUE;
	}
	return FALSE;
}

void
check_key(OukExam *exam, OukLinkResult *ret)
{
	const OukToken *first;

	if (!exam->by_library && !readers_are_well(exam, ret))
		return;
	if (!g_file_test(exam->module_path, G_FILE_TEST_EXISTS)) {
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_MODULE_MISSING, g_strdup(exam->module_path));
		return;
	}
	if (!tokens_load(exam, exam->module_path) && !tokens_load(exam, NULL)) {
		found_no_token(exam, ret);
		return;
	}
	first = g_ptr_array_index(exam->tokens, 0);
	if (count_keys(exam->tokens) > 1)
		exam_found(ret, OUK_LINK_NOTE, OUK_F_TWO_KEYS, token_list(exam->tokens, FALSE));
	else if (first->blank)
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_KEY_BLANK, token_list(exam->tokens, FALSE));
	else if (login_stays(exam))
		exam_found(ret, OUK_LINK_NOTE, OUK_F_LOGIN_STAYS, token_list(exam->tokens, FALSE));
	else
		exam_ok(ret, token_list(exam->tokens, FALSE));
	exam_fact(ret, token_list(exam->tokens, TRUE));
}

/* ---- certificates ---- */

/* Certificates that are there but of no use to libcrypto. */
static guint
count_unreadable(OukToken *token, guint readable)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	g_autoptr(GArray) found = ouk_objects_find(token, &template, 1, NULL);

	return found != NULL && found->len > readable ? found->len - readable : 0;
}

/* Our module leaves out a certificate that it cannot read; its key pair stays behind. */
static guint
count_orphans(OukToken *token)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	g_autoptr(GArray) keys = ouk_objects_find(token, &template, 1, NULL);
	guint count = 0;

	for (guint i = 0; token->vendor != NULL && keys != NULL && i < keys->len; i++) {
		CK_OBJECT_HANDLE key = g_array_index(keys, CK_OBJECT_HANDLE, i);
		g_autoptr(GBytes) id = ouk_object_bytes(token, key, CKA_ID);

		if (id != NULL && ouk_object_by_id(token, CKO_CERTIFICATE, id) == CK_INVALID_HANDLE)
			count++;
	}
	return count;
}

/* Takes the certificates of one key over; FALSE with a finding when it does not work. */
static gboolean
certs_take(OukExam *exam, OukToken *token, guint *unreadable, OukLinkResult *ret)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) certs = NULL;

	if (ouk_token_open(token, FALSE, &error))
		certs = ouk_token_certs(token, &error);
	if (certs == NULL) {
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_KEY_ERROR, g_strdup(error->message));
		return FALSE;
	}
	*unreadable += count_unreadable(token, certs->len) + count_orphans(token);
	while (certs->len > 0)
		g_ptr_array_add(exam->certs, g_ptr_array_steal_index(certs, certs->len - 1));
	return TRUE;
}

/* Best first: an ended certificate beside its good successor is no finding. */
static const struct {
	OukCertState state;
	OukLinkState link;
	OukFindingId finding;
} cert_rows[] = {
	{OUK_CERT_GOOD, OUK_LINK_OK, OUK_FINDING_COUNT},
	{OUK_CERT_ENDING, OUK_LINK_NOTE, OUK_F_CERT_ENDING},
	{OUK_CERT_NOT_YET, OUK_LINK_BROKEN, OUK_F_CERT_NOT_YET},
	{OUK_CERT_ENDED, OUK_LINK_BROKEN, OUK_F_CERT_ENDED},
};

/* "… Ltd., until 2027-05-01" */
static char *
cert_text(const OukCert *cert, gboolean shorten)
{
	g_autofree char *unit = ouk_x509_unit(cert->x509);
	g_autofree char *initials = exam_initials(unit);
	g_autoptr(GDateTime) from = ouk_x509_time(X509_get0_notBefore(cert->x509));
	g_autoptr(GDateTime) until = ouk_x509_time(X509_get0_notAfter(cert->x509));
	g_autofree char *first = from != NULL ? g_date_time_format(from, "%F") : g_strdup("?");
	g_autofree char *last = until != NULL ? g_date_time_format(until, "%F") : g_strdup("?");

	/* Translators: a unit and the first and last day of its certificate */
	return g_strdup_printf(_("%s, from %s to %s"), shorten ? initials : unit, first, last);
}

static void
judge_certs(OukExam *exam, OukLinkResult *ret)
{
	for (size_t row = 0; row < G_N_ELEMENTS(cert_rows); row++)
		for (guint i = 0; i < exam->certs->len; i++) {
			OukCert *cert = g_ptr_array_index(exam->certs, i);

			if (ouk_x509_state(cert->x509) != cert_rows[row].state)
				continue;
			exam_found(ret, cert_rows[row].link, cert_rows[row].finding,
				   cert_text(cert, FALSE));
			exam_fact(ret, cert_text(cert, TRUE));
			return;
		}
}

void
check_certificate(OukExam *exam, OukLinkResult *ret)
{
	guint unreadable = 0;

	for (guint i = 0; i < exam->tokens->len; i++) {
		OukToken *token = g_ptr_array_index(exam->tokens, i);

		if (!token->blank && !certs_take(exam, token, &unreadable, ret))
			return;
	}
	if (exam->certs->len == 0)
		exam_found(ret, OUK_LINK_BROKEN,
			   unreadable > 0 ? OUK_F_CERT_UNREADABLE : OUK_F_CERT_NONE, NULL);
	else if (exam_clock(exam) != OUK_FINDING_COUNT)
		exam_not_tested(ret, _("cannot be judged: the clock is wrong, see below"));
	else
		judge_certs(exam, ret);
	if (ret->state == OUK_LINK_OK && unreadable > 0) {
		ret->state = OUK_LINK_NOTE;
		ret->finding = exam_finding(OUK_F_CERT_UNREADABLE);
	}
}

/* ---- the PIN ---- */

static OukFindingId
pin_finding(const OukTries *tries)
{
	if (tries->locked)
		return OUK_F_PIN_LOCKED;
	if (tries->final_try)
		return OUK_F_PIN_LAST_TRY;
	if (tries->low)
		return OUK_F_PIN_FEW_TRIES;
	return tries->is_default ? OUK_F_PIN_FIRST : OUK_FINDING_COUNT;
}

void
check_pin(OukExam *exam, OukLinkResult *ret)
{
	OukFindingId worst = OUK_FINDING_COUNT;
	g_autofree char *text = NULL;

	for (guint i = 0; i < exam->tokens->len; i++) {
		OukToken *token = g_ptr_array_index(exam->tokens, i);
		OukFindingId finding;
		OukTries tries;

		if (token->blank)
			continue;
		ouk_token_tries(token, CKU_USER, &tries);
		finding = pin_finding(&tries);
		/* they are in order of weight */
		if (text != NULL && finding >= worst)
			continue;
		worst = finding;
		g_free(text);
		text = ouk_tries_text(&tries);
	}
	exam_found(ret,
		   worst == OUK_F_PIN_LOCKED    ? OUK_LINK_BROKEN
		   : worst != OUK_FINDING_COUNT ? OUK_LINK_NOTE
						: OUK_LINK_OK,
		   worst, g_steal_pointer(&text));
}
