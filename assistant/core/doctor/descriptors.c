/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/descriptors.h"

#include "assistant/core/text.h"

/* More than any key has; a report is read by people. */
#define DESCRIPTORS_MAX 64
#define FIELDS_MAX      7

enum form { END, HEX, NUMBER, VERSION };

struct field {
	const char *name;
	enum form form;
	guint8 at, len;
};

static const struct {
	const char *name;
	guint8 type;
	struct field fields[FIELDS_MAX + 1];
} kinds[] = {
	{"device",
	 1,
	 {{"usb", VERSION, 2, 2},
	  {"class", HEX, 4, 1},
	  {"subclass", HEX, 5, 1},
	  {"protocol", HEX, 6, 1},
	  {"vendor", HEX, 8, 2},
	  {"product", HEX, 10, 2},
	  {"version", VERSION, 12, 2}}},
	{"configuration",
	 2,
	 {{"interfaces", NUMBER, 4, 1},
	  {"number", NUMBER, 5, 1},
	  {"attributes", HEX, 7, 1},
	  {"power", NUMBER, 8, 1}}},
	{"interface",
	 4,
	 {{"number", NUMBER, 2, 1},
	  {"alternate", NUMBER, 3, 1},
	  {"endpoints", NUMBER, 4, 1},
	  {"class", HEX, 5, 1},
	  {"subclass", HEX, 6, 1},
	  {"protocol", HEX, 7, 1}}},
	{"endpoint",
	 5,
	 {{"address", HEX, 2, 1},
	  {"attributes", HEX, 3, 1},
	  {"packet", NUMBER, 4, 2},
	  {"interval", NUMBER, 6, 1}}},
};

static void
add_field(JsonBuilder *json, const struct field *field, const guint8 *descriptor)
{
	guint value = descriptor[field->at];
	g_autofree char *text = NULL;

	if (field->len == 2)
		value |= (guint)descriptor[field->at + 1] << 8;
	json_builder_set_member_name(json, field->name);
	if (field->form == NUMBER) {
		json_builder_add_int_value(json, value);
		return;
	}
	text = field->form == VERSION ? g_strdup_printf("%x.%02x", value >> 8, value & 0xff)
				      : g_strdup_printf("%0*x", field->len * 2, value);
	json_builder_add_string_value(json, text);
}

/* False: shorter than its kind has to be, or of no kind that is known. */
static gboolean
add_known(JsonBuilder *json, const guint8 *descriptor)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const struct field *field = kinds[i].fields, *last = field;

		if (kinds[i].type != descriptor[1])
			continue;
		while (last[1].form != END)
			last++;
		if (descriptor[0] < last->at + last->len)
			return FALSE;
		json_builder_begin_object(json);
		json_builder_set_member_name(json, "descriptor");
		json_builder_add_string_value(json, kinds[i].name);
		for (; field->form != END; field++)
			add_field(json, field, descriptor);
		json_builder_end_object(json);
		return TRUE;
	}
	return FALSE;
}

static void
add_bytes(JsonBuilder *json, const char *name, const guint8 *bytes, gsize len)
{
	g_autofree char *hex = ouk_text_hex(bytes, len);

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "descriptor");
	json_builder_add_string_value(json, name);
	json_builder_set_member_name(json, "bytes");
	json_builder_add_string_value(json, hex);
	json_builder_end_object(json);
}

void
usb_descriptors_add(JsonBuilder *json, const guint8 *bytes, gsize len)
{
	guint count = 0;

	json_builder_begin_array(json);
	while (len >= 2 && bytes[0] >= 2 && bytes[0] <= len && count < DESCRIPTORS_MAX) {
		if (!add_known(json, bytes))
			add_bytes(json, "other", bytes, bytes[0]);
		len -= bytes[0];
		bytes += bytes[0];
		count++;
	}
	if (len > 0)
		add_bytes(json, "rest", bytes, MIN(len, G_MAXUINT8));
	json_builder_end_array(json);
}
