/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/listen/checks.h"

#include "assistant/bridge/page.h"

#include <string.h>

gboolean
ouk_check_host(const char *host, guint16 port)
{
	static const char *const names[] = {"127.0.0.1", "localhost"};

	for (gsize i = 0; host != NULL && i < G_N_ELEMENTS(names); i++) {
		g_autofree char *want = g_strdup_printf("%s:%u", names[i], port);

		if (strcmp(host, want) == 0)
			return TRUE;
	}
	return FALSE;
}

gboolean
ouk_check_origin(const char *origin)
{
	g_autofree char *canonical = origin != NULL ? ouk_origin_canonical(origin) : NULL;

	return canonical != NULL && strcmp(canonical, origin) == 0;
}

gboolean
ouk_bucket_take(OukBucket *bucket, guint burst, guint per_second, gint64 now)
{
	if (bucket->at == 0)
		bucket->tokens = burst;
	else
		bucket->tokens += (double)(now - bucket->at) * per_second / G_USEC_PER_SEC;
	bucket->tokens = MIN(bucket->tokens, (double)burst);
	bucket->at = now;
	if (bucket->tokens < 1)
		return FALSE;
	bucket->tokens -= 1;
	return TRUE;
}
