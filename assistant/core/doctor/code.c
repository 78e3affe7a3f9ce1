/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The code that is read out on the telephone: "37-12-5". */
#include "assistant/core/doctor/doctor.h"

#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

#define DIGITS 5 /* finding, finding, system, release, check */

/* What /etc/os-release calls itself; the row is the digit, so rows are only ever added. */
static const struct {
	const char *id, *name;
} systems[] = {
	{NULL, N_("another system")}, {"debian", "Debian"},
	{"ubuntu", "Ubuntu"},         {"uos", "UOS"},
	{"kylin", "Kylin"},           {"openeuler", "openEuler"},
	{"deepin", "deepin"},         {"fedora", "Fedora"},
	{"loongnix", "Loongnix"},     {"nfs", "NFS China"},
};

/* Releases in the order they came; the row is the digit, ten rows go round. */
static const char *const releases[] = {"0.1"};

/* Damm's table: every wrong digit and every swap of neighbours is noticed. */
static const char damm[10][11] = {"0317598642", "7092154863", "4206871359", "1750983426",
				  "6123045978", "3674209581", "5869720134", "8945362017",
				  "9438617205", "2581436790"};

static unsigned int
check_digit(const char *digits, size_t count)
{
	unsigned int state = 0;

	for (size_t i = 0; i < count; i++)
		state = (unsigned int)(damm[state][digits[i] - '0'] - '0');
	return state;
}

/* The system's own name, else the first of its relatives. */
static unsigned int
system_digit(void)
{
	g_autofree char *like = g_get_os_info("ID_LIKE");
	g_autofree char *id = g_get_os_info(G_OS_INFO_KEY_ID);
	g_autofree char *names =
		g_strdup_printf("%s %s", id != NULL ? id : "", like != NULL ? like : "");
	g_auto(GStrv) words = g_strsplit(names, " ", -1);

	for (char **word = words; *word != NULL; word++)
		for (unsigned int i = 1; i < G_N_ELEMENTS(systems); i++)
			if (g_ascii_strcasecmp(*word, systems[i].id) == 0)
				return i;
	return 0;
}

char *
ouk_doctor_code(OukDoctor *doctor)
{
	const OukFinding *finding = ouk_doctor_finding(doctor);
	g_autofree char *digits =
		g_strdup_printf("%02u%u%u", finding != NULL ? finding->number : 0, system_digit(),
				(unsigned int)((G_N_ELEMENTS(releases) - 1) % 10));

	return g_strdup_printf("%.2s-%s-%u", digits, digits + 2, check_digit(digits, DIGITS - 1));
}

static gboolean
finding_by_number(unsigned int number, const OukFinding **ret)
{
	gsize count;
	const OukFinding *all = ouk_findings(&count);

	*ret = NULL;
	for (gsize i = 0; i < count; i++)
		if (all[i].number == number)
			*ret = &all[i];
	return number == 0 || *ret != NULL;
}

gboolean
ouk_code_explain(const char *code, OukCodeMeaning *ret, GError **error)
{
	char digits[DIGITS + 1] = "";
	size_t count = 0;
	unsigned int system, release;
	OukCodeMeaning meaning = {0};

	for (const char *p = code; *p != '\0'; p++) {
		if (!g_ascii_isdigit(*p) && strchr(" -", *p) == NULL)
			return ouk_fail(error, OUK_E_CODE);
		if (g_ascii_isdigit(*p) && count++ < DIGITS)
			digits[count - 1] = *p;
	}
	if (count != DIGITS || check_digit(digits, DIGITS) != 0)
		return ouk_fail(error, OUK_E_CODE);
	system = (unsigned int)(digits[2] - '0');
	release = (unsigned int)(digits[3] - '0');
	if (!finding_by_number((unsigned int)g_ascii_digit_value(digits[0]) * 10 +
				       (unsigned int)g_ascii_digit_value(digits[1]),
			       &meaning.finding))
		return ouk_fail(error, OUK_E_CODE_UNKNOWN);
	meaning.system = system < G_N_ELEMENTS(systems) ? systems[system].name : systems[0].name;
	meaning.system = _(meaning.system);
	g_strlcpy(meaning.version, release < G_N_ELEMENTS(releases) ? releases[release] : "?",
		  sizeof(meaning.version));
	*ret = meaning;
	return TRUE;
}
