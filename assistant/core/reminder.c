/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/reminder.h"

#include "assistant/core/snapshot.h"

#include <glib/gi18n.h>

/* By stage, the longest first. */
static const int stages[OUK_REMINDERS] = {90, 60, 30, 7, 1};

void
ouk_reminder_free(OukReminder *reminder)
{
	if (reminder == NULL)
		return;
	g_free(reminder->id);
	g_free(reminder->title);
	g_free(reminder->body);
	g_clear_object(&reminder->pair);
	g_free(reminder);
}

guint
ouk_reminder_stages(int days_left, guint reminded)
{
	guint reached = 0, last = 0;

	if (days_left < 0)
		return 0;
	for (guint i = 0; i < OUK_REMINDERS; i++) {
		if (days_left > stages[i])
			break;
		last = 1u << i;
		reached |= last;
	}
	return (reminded & last) == 0 ? reached : 0;
}

static int
days_of(guint reached)
{
	int days = 0;

	for (guint i = 0; i < OUK_REMINDERS; i++)
		if ((reached & 1u << i) != 0)
			days = stages[i];
	return days;
}

static OukReminder *
reminder_new(const OukRemembered *row, guint reached)
{
	const OukPairInfo *info = ouk_pair_view_info(row->pair);
	const OukPairCert *cert = ouk_pair_view_cert(row->pair);
	g_autofree char *date = g_date_time_format(cert->ends, "%Y-%m-%d");
	OukReminder *reminder = g_new0(OukReminder, 1);
	guint days = (guint)info->days_left;

	reminder->id = g_strdup(row->id);
	reminder->stages = reached;
	reminder->stage_days = days_of(reached);
	reminder->days_left = info->days_left;
	reminder->pair = g_object_ref(row->pair);
	reminder->title = g_strdup_printf(
		ngettext("Certificate of %s: %u day left", "Certificate of %s: %u days left", days),
		info->unit, days);
	reminder->body = g_strdup_printf(
		_("It ends on %s. Renew it with %s in time: afterwards it may take a visit to the "
		  "CA. (Key …%s)"),
		date, info->issuer, row->serial_end);
	return reminder;
}

static gboolean
is_renewed(const GPtrArray *rows, const OukRemembered *old)
{
	for (guint i = 0; i < rows->len; i++)
		if (ouk_pair_succeeds(((OukRemembered *)g_ptr_array_index(rows, i))->pair,
				      old->pair))
			return TRUE;
	return FALSE;
}

GPtrArray *
ouk_reminders_due(OukMemory *memory, gint64 now)
{
	GPtrArray *due = g_ptr_array_new_with_free_func((GDestroyNotify)ouk_reminder_free);
	g_autoptr(GPtrArray) rows = ouk_memory_list_at(memory, now);

	for (guint i = 0; i < rows->len; i++) {
		const OukRemembered *row = g_ptr_array_index(rows, i);
		const OukPairCert *cert = ouk_pair_view_cert(row->pair);
		guint reached = ouk_reminder_stages(ouk_pair_view_info(row->pair)->days_left,
						    row->reminded);

		if (reached != 0 && cert != NULL && cert->ends != NULL && !is_renewed(rows, row))
			g_ptr_array_add(due, reminder_new(row, reached));
	}
	return due;
}
