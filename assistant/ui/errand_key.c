/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/errand_work.h"

#include "common/secret.h"

#include <string.h>

void
ouk_errand_key_work_free(gpointer data)
{
	OukErrandKeyWork *work = data;

	ouk_service_unref(work->service);
	g_object_unref(work->order);
	if (work->grant != NULL)
		uk_wipe(work->grant, strlen(work->grant));
	g_free(work->grant);
	g_free(work);
}

static void
on_renew_step(OukRenewStep step, gpointer data)
{
	const OukErrandKeyWork *work = data;

	work->progress(step, work->progress_data);
}

gboolean
ouk_errand_install(OukToken *token, const OukJobPins *pins, GCancellable *cancellable,
		   gpointer data, GError **error)
{
	OukErrandKeyWork *work = data;
	OukRenewal renewal = {
		.token = token,
		.service = work->service,
		.order = work->order,
		.pin = pins->pin,
		.cancellable = cancellable,
		.progress = on_renew_step,
		.progress_data = work,
	};
	OukRenewed renewed = {0};

	if (!ouk_renew_run(&renewal, &renewed, error))
		return FALSE;
	work->not_after = renewed.not_after;
	work->old_stays = renewed.old_stays;
	ouk_renewed_clear(&renewed);
	return TRUE;
}

gboolean
ouk_errand_check(OukToken *token, const OukJobPins *pins, GCancellable *cancellable, gpointer data,
		 GError **error)
{
	return ouk_renew_check(token, error);
}
