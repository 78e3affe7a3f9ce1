/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/settings.h"

GSettings *
ouk_settings(void)
{
	static GSettings *settings;
	GSettingsSchemaSource *source = g_settings_schema_source_get_default();
	g_autoptr(GSettingsSchema) schema = NULL;

	if (settings != NULL || source == NULL)
		return settings;
	schema = g_settings_schema_source_lookup(source, "org.openukey.Assistant", TRUE);
	if (schema != NULL)
		settings = g_settings_new_full(schema, NULL, NULL);
	return settings;
}

gboolean
ouk_settings_get(const char *key)
{
	GSettings *settings = ouk_settings();

	return settings == NULL || g_settings_get_boolean(settings, key);
}
