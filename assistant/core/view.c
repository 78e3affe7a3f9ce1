/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/view.h"

#include "assistant/core/snapshot.h"
#include "common/defs.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- words ---- */

static const struct {
	const char *name, *text;
	int rank; /* best first */
} statuses[] = {
	[OUK_PAIR_VALID] = {"valid", N_("Valid"), 0},
	[OUK_PAIR_NOT_YET] = {"not-yet", N_("Not valid yet"), 3},
	[OUK_PAIR_ENDS_SOON] = {"ends-soon", N_("Expires soon"), 2},
	[OUK_PAIR_ENDED] = {"ended", N_("Expired"), 5},
	[OUK_PAIR_REVOKED] = {"revoked", N_("Revoked"), 6},
	[OUK_PAIR_NOT_CHECKED] = {"not-checked", N_("Not checked"), 1},
	[OUK_PAIR_KEY_MISSING] = {"key-missing", N_("Private key missing"), 4},
	[OUK_PAIR_UNREADABLE] = {"unreadable", N_("Unreadable"), 8},
	[OUK_PAIR_SUPERSEDED] = {"superseded", N_("Replaced by a newer one"), 7},
};

const char *
ouk_pair_status_text(OukPairStatus status)
{
	return _(statuses[status].text);
}

const char *
ouk_pair_status_name(OukPairStatus status)
{
	return statuses[status].name;
}

static char *
sentence_valid(const OukPairInfo *info)
{
	guint days = (guint)MAX(info->days_left, 0);

	return g_strdup_printf(ngettext("Good for %u more day.", "Good for %u more days.", days),
			       days);
}

static char *
sentence_ends_soon(const OukPairInfo *info)
{
	guint days = (guint)MAX(info->days_left, 0);

	if (days == 0)
		return g_strdup(_("Expires within a day. Renew it now."));
	return g_strdup_printf(ngettext("Only %u day left. Renew it in time: afterwards it may "
					"take a visit to the CA.",
					"Only %u days left. Renew it in time: afterwards it may "
					"take a visit to the CA.",
					days),
			       days);
}

static char *
sentence_ended(const OukPairInfo *info)
{
	guint days = (guint)MAX(-info->days_left, 0);

	return g_strdup_printf(ngettext("Expired %u day ago and cannot be used any more. Ask your "
					"CA whether it can still be renewed.",
					"Expired %u days ago and cannot be used any more. Ask your "
					"CA whether it can still be renewed.",
					days),
			       days);
}

/* The sentence where it has no number in it. */
static const char *const sentences[OUK_PAIR_STATUS_COUNT] = {
	[OUK_PAIR_NOT_YET] = N_("It becomes valid later. If that is not so, this computer's clock "
				"is wrong: set it right."),
	[OUK_PAIR_REVOKED] = N_("The CA has revoked it. It cannot be used any more; ask your CA."),
	[OUK_PAIR_NOT_CHECKED] = N_("Good by its dates. Whether the CA has revoked it could not be "
				    "checked; try again when you are online."),
	[OUK_PAIR_KEY_MISSING] =
		N_("The certificate is on the key, but its private key is not, so it cannot sign. "
		   "Ask your CA to issue it again."),
	[OUK_PAIR_UNREADABLE] = N_("What is stored here is no readable certificate. Unplug the key "
				   "and plug it in again; if it stays so, ask your CA."),
	[OUK_PAIR_SUPERSEDED] = N_("An older certificate. The newer one of the same unit is used."),
};

static char *(*const counted[OUK_PAIR_STATUS_COUNT])(const OukPairInfo *info) = {
	[OUK_PAIR_VALID] = sentence_valid,
	[OUK_PAIR_ENDS_SOON] = sentence_ends_soon,
	[OUK_PAIR_ENDED] = sentence_ended,
};

char *
ouk_pair_sentence(const OukPairInfo *info)
{
	if (counted[info->status] != NULL)
		return counted[info->status](info);
	return g_strdup(_(sentences[info->status]));
}

/* ---- pairs ---- */

struct _OukPairView {
	GObject parent;
	OukPairInfo info;
};

G_DEFINE_TYPE(OukPairView, ouk_pair_view, G_TYPE_OBJECT)

static void
pair_cert_free(OukPairCert *cert)
{
	if (cert == NULL)
		return;
	X509_free(cert->x509);
	g_clear_pointer(&cert->der, g_bytes_unref);
	g_clear_pointer(&cert->begins, g_date_time_unref);
	g_clear_pointer(&cert->ends, g_date_time_unref);
	g_free(cert->serial);
	g_free(cert->algorithm);
	g_free(cert->usage);
	g_free(cert->sha256);
	g_free(cert->sm3);
	g_free(cert->id);
	g_free(cert);
}

static void
ouk_pair_view_finalize(GObject *object)
{
	OukPairInfo *info = &OUK_PAIR_VIEW(object)->info;

	g_free(info->name);
	g_free(info->unit);
	g_free(info->issuer);
	g_free(info->credit_code);
	pair_cert_free(info->sign);
	pair_cert_free(info->encrypt);
	G_OBJECT_CLASS(ouk_pair_view_parent_class)->finalize(object);
}

static void
ouk_pair_view_class_init(OukPairViewClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ouk_pair_view_finalize;
}

static void
ouk_pair_view_init(OukPairView *view)
{
}

const OukPairInfo *
ouk_pair_view_info(const OukPairView *view)
{
	return &view->info;
}

const OukPairCert *
ouk_pair_view_cert(const OukPairView *view)
{
	return view->info.sign != NULL ? view->info.sign : view->info.encrypt;
}

static OukPairCert *
pair_cert_new(GBytes *der, const char *id)
{
	const unsigned char *at = g_bytes_get_data(der, NULL);
	X509 *x509 = d2i_X509(NULL, &at, (long)g_bytes_get_size(der));
	OukPairCert *cert;

	if (x509 == NULL)
		return NULL;
	cert = g_new0(OukPairCert, 1);
	cert->x509 = x509;
	cert->der = g_bytes_ref(der);
	cert->serial = ouk_x509_serial(x509);
	cert->algorithm = ouk_x509_algorithm(x509);
	cert->usage = ouk_x509_usage(x509);
	cert->sha256 = ouk_x509_fingerprint(x509, "SHA256");
	cert->sm3 = ouk_x509_fingerprint(x509, "SM3");
	cert->id = g_strdup(id != NULL ? id : "");
	cert->begins = ouk_x509_time(X509_get0_notBefore(x509));
	cert->ends = ouk_x509_time(X509_get0_notAfter(x509));
	return cert;
}

static OukPairStatus
status_by_dates(const OukPairInfo *info, X509 *x509, gint64 now)
{
	time_t at = (time_t)now;

	if (X509_cmp_time(X509_get0_notBefore(x509), &at) > 0)
		return OUK_PAIR_NOT_YET;
	if (X509_cmp_time(X509_get0_notAfter(x509), &at) < 0)
		return OUK_PAIR_ENDED;
	return info->days_left < OUK_CERT_ENDING_DAYS ? OUK_PAIR_ENDS_SOON : OUK_PAIR_VALID;
}

static OukPairStatus
status_of(const OukPairInfo *info, const OukPairSource *source, X509 *x509, gint64 now)
{
	OukPairStatus by_dates;

	if (x509 == NULL)
		return OUK_PAIR_UNREADABLE;
	if (source->asked == OUK_ASKED_REVOKED)
		return OUK_PAIR_REVOKED;
	by_dates = status_by_dates(info, x509, now);
	if (by_dates == OUK_PAIR_ENDED || by_dates == OUK_PAIR_NOT_YET)
		return by_dates;
	if (source->key_missing)
		return OUK_PAIR_KEY_MISSING;
	if (source->asked == OUK_ASKED_IN_VAIN && by_dates == OUK_PAIR_VALID)
		return OUK_PAIR_NOT_CHECKED;
	return by_dates;
}

static int
days_between(gint64 now, const ASN1_TIME *end)
{
	g_autoptr(ASN1_TIME) from = ASN1_TIME_set(NULL, (time_t)now);
	int days = 0, seconds = 0;

	if (from == NULL || ASN1_TIME_diff(&days, &seconds, from, end) != 1)
		return 0;
	return seconds < 0 ? days - 1 : days;
}

static void
pair_describe(OukPairInfo *info, X509 *x509, gint64 now)
{
	if (x509 == NULL) {
		info->unit = g_strdup(info->name);
		info->issuer = g_strdup("");
		return;
	}
	info->unit = ouk_x509_unit(x509);
	info->issuer = ouk_x509_issuer(x509);
	info->credit_code = ouk_x509_credit_code(x509);
	info->days_left = days_between(now, X509_get0_notAfter(x509));
}

OukPairView *
ouk_pair_view_new(const OukPairSource *source, gint64 now)
{
	OukPairView *view = g_object_new(OUK_TYPE_PAIR_VIEW, NULL);
	OukPairInfo *info = &view->info;
	const OukPairCert *cert;

	info->name = g_strdup(source->name);
	info->asked = source->asked;
	info->key_missing = source->key_missing;
	if (source->sign != NULL)
		info->sign = pair_cert_new(source->sign, source->sign_id);
	if (source->encrypt != NULL)
		info->encrypt = pair_cert_new(source->encrypt, source->encrypt_id);
	cert = ouk_pair_view_cert(view);
	pair_describe(info, cert != NULL ? cert->x509 : NULL, now);
	info->status = status_of(info, source, cert != NULL ? cert->x509 : NULL, now);
	return view;
}

static OukPairView *
pair_again(const OukPairInfo *info, OukAsked asked, gboolean key_missing, gint64 now)
{
	OukPairSource source = {.name = info->name, .asked = asked, .key_missing = key_missing};

	if (info->sign != NULL) {
		source.sign = info->sign->der;
		source.sign_id = info->sign->id;
	}
	if (info->encrypt != NULL) {
		source.encrypt = info->encrypt->der;
		source.encrypt_id = info->encrypt->id;
	}
	return ouk_pair_view_new(&source, now);
}

OukPairView *
ouk_pair_view_again(OukPairView *view, OukAsked asked, gint64 now)
{
	return pair_again(&view->info, asked, view->info.key_missing, now);
}

OukPairView *
ouk_pair_view_lacking(OukPairView *view, gint64 now)
{
	return pair_again(&view->info, view->info.asked, TRUE, now);
}

/* ---- several pairs ---- */

static gboolean
is_usable(OukPairStatus status)
{
	return status == OUK_PAIR_VALID || status == OUK_PAIR_ENDS_SOON ||
	       status == OUK_PAIR_NOT_CHECKED;
}

/* The same unit at the same CA: by credit code where both have one, else by name. */
static gboolean
same_unit(const OukPairInfo *a, const OukPairInfo *b)
{
	if (strcmp(a->issuer, b->issuer) != 0)
		return FALSE;
	if (a->credit_code != NULL && b->credit_code != NULL)
		return strcmp(a->credit_code, b->credit_code) == 0;
	return strcmp(a->unit, b->unit) == 0;
}

/* a and b: of pairs that have certificates. */
static int
compare_ends(const OukPairView *a, const OukPairView *b)
{
	GDateTime *ends_a = ouk_pair_view_cert(a)->ends, *ends_b = ouk_pair_view_cert(b)->ends;

	if (ends_a == NULL || ends_b == NULL)
		return (ends_a != NULL) - (ends_b != NULL);
	return g_date_time_compare(ends_a, ends_b);
}

gboolean
ouk_pair_succeeds(OukPairView *newer, OukPairView *older)
{
	return newer != older && ouk_pair_view_cert(newer) != NULL &&
	       ouk_pair_view_cert(older) != NULL && same_unit(&newer->info, &older->info) &&
	       compare_ends(newer, older) > 0;
}

/* An older one still counts while the newer one has not begun. */
static gboolean
replaces(OukPairView *newer, OukPairView *older)
{
	const OukPairStatus status = older->info.status;

	return is_usable(newer->info.status) && (is_usable(status) || status == OUK_PAIR_ENDED) &&
	       ouk_pair_succeeds(newer, older);
}

static int
compare_pairs(gconstpointer a, gconstpointer b)
{
	OukPairView *pair_a = *(OukPairView *const *)a, *pair_b = *(OukPairView *const *)b;
	int rank = statuses[pair_a->info.status].rank - statuses[pair_b->info.status].rank;

	if (rank != 0)
		return rank;
	if (ouk_pair_view_cert(pair_a) != NULL && ouk_pair_view_cert(pair_b) != NULL)
		rank = compare_ends(pair_b, pair_a);
	return rank != 0 ? rank : strcmp(pair_a->info.name, pair_b->info.name);
}

void
ouk_pairs_settle(GPtrArray *pairs)
{
	g_autofree gboolean *old = g_new0(gboolean, pairs->len + 1);

	for (guint i = 0; i < pairs->len; i++)
		for (guint k = 0; k < pairs->len; k++)
			if (replaces(g_ptr_array_index(pairs, k), g_ptr_array_index(pairs, i)))
				old[i] = TRUE;
	for (guint i = 0; i < pairs->len; i++)
		if (old[i])
			((OukPairView *)g_ptr_array_index(pairs, i))->info.status =
				OUK_PAIR_SUPERSEDED;
	g_ptr_array_sort(pairs, compare_pairs);
}
