/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the hall can be reached, and who is in between. */
#include "assistant/core/doctor/exam.h"
#include "assistant/core/doctor/web.h"
#include "assistant/core/hall.h"

#include <glib/gi18n.h>

#define HTTPS "https://"

static const OukFindingId state_findings[] = {
	[OUK_WEB_ANSWERED] = OUK_FINDING_COUNT,     [OUK_WEB_NO_NETWORK] = OUK_F_NETWORK_NONE,
	[OUK_WEB_NO_NAME] = OUK_F_HALL_NAME,        [OUK_WEB_NO_ANSWER] = OUK_F_HALL_UNREACHABLE,
	[OUK_WEB_PROXY_REFUSED] = OUK_F_HALL_PROXY, [OUK_WEB_NOT_TLS] = OUK_F_HALL_CERTIFICATE,
	[OUK_WEB_BAD_ADDRESS] = OUK_F_HALL_NAME,
};

static OukFindingId
finding_of(const OukWebAnswer *answer)
{
	if (answer->state != OUK_WEB_ANSWERED)
		return state_findings[answer->state];
	if (answer->local_issuer || (answer->errors & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
		return OUK_F_HALL_INTERCEPTED;
	return answer->errors != 0 ? OUK_F_HALL_CERTIFICATE : OUK_FINDING_COUNT;
}

/* Address, issuer, proxy: whatever is known. */
static char *
words_for(const char *address, const OukWebAnswer *answer)
{
	GString *text = g_string_new(address);

	if (answer->issuer != NULL)
		g_string_append_printf(text, _("; vouched for by \"%s\""), answer->issuer);
	if (answer->proxy != NULL)
		g_string_append_printf(text, _("; through the proxy %s"), answer->proxy);
	return g_string_free(text, FALSE);
}

/* Of the CA whose certificate is on the key. */
static const OukProfile *
profile_of(OukExam *exam)
{
	const OukProfile *profile = NULL;

	exam_profiles(exam);
	for (guint i = 0; profile == NULL && i < exam->certs->len; i++) {
		OukCert *cert = g_ptr_array_index(exam->certs, i);

		profile = ouk_profiles_for_cert(exam->profiles, cert->x509);
	}
	return profile;
}

static char *
first_hall(const OukProfile *profile)
{
	for (guint i = 0; profile != NULL && i < profile->halls->len; i++) {
		const OukHall *hall = g_ptr_array_index(profile->halls, i);

		if (hall->urls->len > 0)
			return g_strdup(g_ptr_array_index(hall->urls, 0));
	}
	return NULL;
}

char *
exam_time_server(OukExam *exam)
{
	const OukProfile *profile = exam->hall != NULL ? NULL : profile_of(exam);
	g_autofree char *hall = exam->hall != NULL ? g_strdup(exam->hall) : first_hall(profile);

	if (hall != NULL && g_str_has_prefix(hall, HTTPS))
		return g_steal_pointer(&hall);
	for (guint i = 0; profile != NULL && i < profile->sites->len; i++) {
		const OukSite *site = g_ptr_array_index(profile->sites, i);

		if (site->url != NULL && g_str_has_prefix(site->url, HTTPS))
			return g_strdup(site->url);
	}
	return NULL;
}

void
check_hall(OukExam *exam, OukLinkResult *ret)
{
	g_autofree char *address = NULL;
	OukWebAnswer answer;
	OukFindingId finding;

	if (exam->offline) {
		exam_not_tested(ret, _("the network is not used, as was asked"));
		return;
	}
	address = exam->hall != NULL ? g_strdup(exam->hall) : first_hall(profile_of(exam));
	if (address == NULL) {
		exam_not_tested(ret, _("no hall of this certificate's CA is known"));
		return;
	}
	web_ask(address, exam->cancellable, &answer);
	finding = finding_of(&answer);
	exam_found(ret, finding == OUK_FINDING_COUNT ? OUK_LINK_OK : OUK_LINK_BROKEN, finding,
		   words_for(address, &answer));
	web_answer_clear(&answer);
}
