/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/key_report.h"

#include "assistant/core/doctor/descriptors.h"
#include "assistant/core/doctor/exam.h"
#include "assistant/core/doctor/usb.h"
#include "assistant/core/errors.h"
#include "assistant/core/text.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/utsname.h>

#define FORMAT 1
/* What is taken of a file of the kernel's, and how deep below an interface. */
#define FILE_MAX  4096
#define DEPTH_MAX 4
/* A container's name may say whose it is: runs of so many digits are left out. */
#define DIGITS_MAX 3
#define SHOWN_MAX  32

/* ---- values ---- */

static void
add_text(JsonBuilder *json, const char *name, const char *text)
{
	g_autofree char *safe = text != NULL ? ouk_text_of(text, strlen(text)) : NULL;

	if (safe == NULL || *safe == '\0')
		return;
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, safe);
}

static void
add_number(JsonBuilder *json, const char *name, gint64 value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_int_value(json, value);
}

static void
add_serial(JsonBuilder *json, const OukKeyReportSetup *setup, const char *serial)
{
	g_autofree char *shortened = exam_short_serial(serial);

	if (serial != NULL && *serial != '\0')
		add_text(json, "serial", setup->serial ? serial : shortened);
}

/* ---- the devices, as the kernel shows them ---- */

static void
add_hex_file(JsonBuilder *json, const char *name, const char *path)
{
	g_autofree char *bytes = NULL, *hex = NULL;
	gsize len;

	if (!g_file_get_contents(path, &bytes, &len, NULL))
		return;
	hex = ouk_text_hex(bytes, MIN(len, FILE_MAX));
	add_text(json, name, hex);
}

static void
add_text_file(JsonBuilder *json, const char *name, const char *folder, const char *file)
{
	g_autofree char *path = g_build_filename(folder, file, NULL);
	g_autofree char *bytes = NULL, *text = NULL;
	gsize len;

	if (!g_file_get_contents(path, &bytes, &len, NULL))
		return;
	text = ouk_text_of(bytes, MIN(len, FILE_MAX));
	add_text(json, name, g_strstrip(text));
}

/* What the kernel's drivers found out: HID report descriptors, the disk's names. */
static void
add_below(JsonBuilder *json, const char *folder, int depth)
{
	g_autofree char *report = g_build_filename(folder, "report_descriptor", NULL);
	g_autofree char *revision = g_build_filename(folder, "rev", NULL);
	g_autoptr(GDir) dir = depth > 0 ? g_dir_open(folder, 0, NULL) : NULL;
	const char *name;

	add_hex_file(json, "hid_report_descriptor", report);
	if (g_file_test(revision, G_FILE_TEST_EXISTS)) {
		add_text_file(json, "disk_vendor", folder, "vendor");
		add_text_file(json, "disk_model", folder, "model");
		add_text_file(json, "disk_revision", folder, "rev");
	}
	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		/* links lead out of the device, and round in circles */
		if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			add_below(json, path, depth - 1);
	}
}

static void
add_interface(JsonBuilder *json, const char *name)
{
	g_autofree char *folder = usb_folder(name), *link = NULL, *driver = NULL;
	g_autofree char *path = g_build_filename(folder, "driver", NULL);

	json_builder_begin_object(json);
	add_text(json, "interface", strchr(name, ':') + 1);
	add_text_file(json, "text", folder, "interface");
	link = g_file_read_link(path, NULL);
	driver = link != NULL ? g_path_get_basename(link) : NULL;
	add_text(json, "driver", driver);
	add_below(json, folder, DEPTH_MAX);
	json_builder_end_object(json);
}

static void
add_device(JsonBuilder *json, const OukKeyReportSetup *setup, const char *name)
{
	static const struct {
		const char *name, *file;
	} texts[] = {{"vendor", "idVendor"},      {"product", "idProduct"},
		     {"version", "bcdDevice"},    {"speed", "speed"},
		     {"maker", "manufacturer"},   {"product_text", "product"},
		     {"authorized", "authorized"}};
	g_autofree char *folder = usb_folder(name), *serial = NULL, *bytes = NULL;
	g_autofree char *path = g_build_filename(folder, "descriptors", NULL);
	g_autoptr(GPtrArray) interfaces = usb_interfaces(name);
	gsize len = 0;

	json_builder_begin_object(json);
	add_text(json, "known_as", usb_model_name(name));
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		add_text_file(json, texts[i].name, folder, texts[i].file);
	serial = usb_attribute(name, "serial");
	add_serial(json, setup, serial);
	json_builder_set_member_name(json, "interfaces");
	json_builder_begin_array(json);
	for (guint i = 0; i < interfaces->len; i++)
		add_interface(json, g_ptr_array_index(interfaces, i));
	json_builder_end_array(json);
	(void)g_file_get_contents(path, &bytes, &len, NULL);
	json_builder_set_member_name(json, "descriptors");
	usb_descriptors_add(json, (const guint8 *)bytes, MIN(len, FILE_MAX));
	json_builder_end_object(json);
}

/* ---- the smart card service ---- */

/* The names of readers have the devices' serial numbers in brackets. */
static char *
reader_name(const OukKeyReportSetup *setup, const char *name)
{
	g_autoptr(GRegex) brackets = g_regex_new("\\([^()]*\\)", 0, 0, NULL);

	return setup->serial ? g_strdup(name)
			     : g_regex_replace_literal(brackets, name, -1, 0, "(…)", 0, NULL);
}

static void
add_readers(JsonBuilder *json, const OukKeyReportSetup *setup, const OukPcsc *pcsc)
{
	json_builder_set_member_name(json, "readers");
	json_builder_begin_array(json);
	for (guint i = 0; i < pcsc->readers->len; i++) {
		const OukPcscReader *reader = g_ptr_array_index(pcsc->readers, i);
		g_autofree char *name = reader_name(setup, reader->name);

		json_builder_begin_object(json);
		add_text(json, "name", name);
		add_text(json, "atr", reader->atr);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
}

/* ---- keys that our module knows ---- */

static gboolean
name_digit_run(const char *at)
{
	guint run = 0;

	while (g_ascii_isdigit(at[run]))
		run++;
	return run > DIGITS_MAX;
}

/* "UserKey", "personalCert00"; nothing that could be a number or a name of somebody. */
static char *
container_name(const char *name)
{
	GString *shown = g_string_new(NULL);
	gsize len = strlen(name);

	for (const char *at = name; *at != '\0'; at++) {
		if (!g_ascii_isalnum(*at) && strchr("_-.", *at) == NULL)
			len = SHOWN_MAX + 1;
		if (!name_digit_run(at)) {
			g_string_append_c(shown, *at);
			continue;
		}
		g_string_append(shown, "#");
		while (g_ascii_isdigit(at[1]))
			at++;
	}
	if (len > SHOWN_MAX)
		g_string_printf(shown, "(%zu bytes)", strlen(name));
	return g_string_free(shown, FALSE);
}

static void
add_containers(JsonBuilder *json, OukToken *token)
{
	struct openukey_container rows[64];
	CK_ULONG count = G_N_ELEMENTS(rows);

	if (token->vendor->size <= OPENUKEY_SIZE_1 ||
	    token->vendor->list_containers(token->slot, rows, &count) != CKR_OK)
		return;
	json_builder_set_member_name(json, "containers");
	json_builder_begin_array(json);
	for (CK_ULONG i = 0; i < count && i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = container_name(rows[i].name);

		json_builder_begin_object(json);
		add_text(json, "name", name);
		add_number(json, "flags", (gint64)rows[i].flags);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
}

static void
add_applications(JsonBuilder *json, OukToken *token)
{
	struct openukey_application rows[16];
	CK_ULONG count = G_N_ELEMENTS(rows);

	if (token->vendor->list_applications(token->slot, rows, &count) != CKR_OK)
		return;
	json_builder_set_member_name(json, "applications");
	json_builder_begin_array(json);
	for (CK_ULONG i = 0; i < count && i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = ouk_text_of(rows[i].name, strlen(rows[i].name));

		json_builder_add_string_value(json, name);
	}
	json_builder_end_array(json);
}

static void
add_versions(JsonBuilder *json, const struct openukey_device_info *info)
{
	const struct {
		const char *name;
		CK_VERSION version;
	} rows[] = {{"hardware", info->hardware},
		    {"firmware", info->firmware},
		    {"specification", info->specification}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text =
			g_strdup_printf("%u.%u", rows[i].version.major, rows[i].version.minor);

		add_text(json, rows[i].name, text);
	}
}

static void
add_token(JsonBuilder *json, const OukKeyReportSetup *setup, OukToken *token)
{
	struct openukey_device_info info = {0};

	if (token->vendor == NULL || !ouk_token_device(token, &info, NULL))
		return;
	json_builder_begin_object(json);
	add_text(json, "model", info.model);
	add_text(json, "maker", info.manufacturer);
	add_text(json, "issuer", info.issuer);
	add_serial(json, setup, info.serial);
	add_versions(json, &info);
	add_number(json, "total_space", (gint64)info.total_space);
	add_number(json, "free_space", (gint64)info.free_space);
	add_number(json, "max_containers", (gint64)info.max_containers);
	add_number(json, "max_certificates", (gint64)info.max_certificates);
	add_number(json, "max_files", (gint64)info.max_files);
	add_applications(json, token);
	add_containers(json, token);
	json_builder_end_object(json);
}

/* Ours where it is installed, or as p11-kit lists it; other modules are not asked. */
static OukModules *
modules_load(const OukKeyReportSetup *setup)
{
	const char *path = setup->module != NULL ? setup->module : OPENUKEY_MODULE_PATH;

	return ouk_modules_load(g_file_test(path, G_FILE_TEST_EXISTS) ? path : NULL, NULL);
}

static void
add_keys(JsonBuilder *json, const OukKeyReportSetup *setup, const OukPcsc *pcsc)
{
	const gboolean there = pcsc->state == OUK_PCSC_READY && pcsc_has_key(pcsc);
	g_autoptr(OukModules) modules = there ? modules_load(setup) : NULL;
	g_autoptr(GPtrArray) tokens = modules != NULL ? ouk_modules_tokens(modules, NULL) : NULL;

	json_builder_set_member_name(json, "keys");
	json_builder_begin_array(json);
	for (guint i = 0; tokens != NULL && i < tokens->len; i++)
		add_token(json, setup, g_ptr_array_index(tokens, i));
	json_builder_end_array(json);
	g_clear_pointer(&tokens, g_ptr_array_unref); /* they must go before the module */
}

/* ---- all of it ---- */

static void
add_system(JsonBuilder *json)
{
	g_autofree char *name = g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME);
	struct utsname kernel = {0};

	(void)uname(&kernel);
	add_number(json, "format", FORMAT);
	add_text(json, "openukey", OPENUKEY_VERSION);
	add_text(json, "system", name);
	add_text(json, "kernel", kernel.release);
	add_text(json, "machine", kernel.machine);
}

static char *
text_of(JsonBuilder *json)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = json_builder_get_root(json);

	json_generator_set_pretty(generator, TRUE);
	json_generator_set_root(generator, root);
	return json_generator_to_data(generator, NULL);
}

char *
ouk_key_report(const OukKeyReportSetup *setup, GError **error)
{
	g_autoptr(GPtrArray) devices = usb_candidates(setup->vendor, setup->product);
	g_autoptr(JsonBuilder) json = json_builder_new();
	OukPcsc pcsc = {0};

	if (devices->len == 0) {
		ouk_fail(error, OUK_E_NO_KEY);
		return NULL;
	}
	json_builder_begin_object(json);
	add_system(json);
	json_builder_set_member_name(json, "devices");
	json_builder_begin_array(json);
	for (guint i = 0; i < devices->len; i++)
		add_device(json, setup, g_ptr_array_index(devices, i));
	json_builder_end_array(json);
	pcsc_look(&pcsc, 0);
	add_readers(json, setup, &pcsc);
	add_keys(json, setup, &pcsc);
	pcsc_clear(&pcsc);
	json_builder_end_object(json);
	return text_of(json);
}

/* ---- for people ---- */

/* Words that a clerk may want to understand; the others are for those who read reports. */
static const struct {
	const char *name, *label;
} labels[] = {
	{"applications", N_("applications")},
	{"atr", N_("answer to reset")},
	{"containers", N_("containers")},
	{"descriptors", N_("descriptors")},
	{"devices", N_("devices")},
	{"driver", N_("driver")},
	{"interface", N_("interface")},
	{"interfaces", N_("interfaces")},
	{"kernel", N_("kernel")},
	{"keys", N_("keys")},
	{"known_as", N_("known as")},
	{"maker", N_("maker")},
	{"model", N_("model")},
	{"name", N_("name")},
	{"product", N_("product")},
	{"product_text", N_("product's name")},
	{"readers", N_("readers")},
	{"serial", N_("serial number")},
	{"speed", N_("speed")},
	{"system", N_("system")},
	{"vendor", N_("vendor")},
	{"version", N_("version")},
};

static const char *
label_of(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
		if (g_str_equal(labels[i].name, name))
			return _(labels[i].label);
	return name;
}

static void
append_scalar(GString *text, JsonNode *node)
{
	if (json_node_get_value_type(node) == G_TYPE_STRING)
		g_string_append(text, json_node_get_string(node));
	else
		g_string_append_printf(text, "%" G_GINT64_FORMAT, json_node_get_int(node));
}

static void append_node(GString *text, JsonNode *node, guint depth);

/* Values first, in one line; lists under it. */
static void
append_object(GString *text, JsonObject *object, guint depth)
{
	g_autoptr(GList) names = json_object_get_members(object);
	const char *before = "";

	for (GList *at = names; at != NULL; at = at->next) {
		JsonNode *node = json_object_get_member(object, at->data);

		if (!JSON_NODE_HOLDS_VALUE(node))
			continue;
		g_string_append_printf(text, "%s%s ", before, label_of(at->data));
		append_scalar(text, node);
		before = "; ";
	}
	g_string_append_c(text, '\n');
	for (GList *at = names; at != NULL; at = at->next) {
		JsonNode *node = json_object_get_member(object, at->data);

		if (JSON_NODE_HOLDS_VALUE(node))
			continue;
		g_string_append_printf(text, "%*s%s\n", (int)depth * 2, "", label_of(at->data));
		append_node(text, node, depth + 1);
	}
}

static void
append_node(GString *text, JsonNode *node, guint depth)
{
	JsonArray *array = json_node_get_array(node);

	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonNode *element = json_array_get_element(array, i);

		g_string_append_printf(text, "%*s- ", (int)depth * 2, "");
		if (JSON_NODE_HOLDS_OBJECT(element)) {
			append_object(text, json_node_get_object(element), depth + 1);
			continue;
		}
		append_scalar(text, element);
		g_string_append_c(text, '\n');
	}
}

char *
ouk_key_report_text(const char *json)
{
	g_autoptr(JsonNode) root = json_from_string(json, NULL);
	GString *text = g_string_new(NULL);

	if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
		append_object(text, json_node_get_object(root), 0);
	return g_string_free(text, FALSE);
}
