/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/usb.h"

#include "assistant/core/doctor/drivers.h"
#include "assistant/core/doctor/exam.h"

#include <glib/gi18n.h>
#include <string.h>

#define DEVICES         "/sys/bus/usb/devices"
#define CLASS_SMARTCARD 0x0b

/* Models by their USB numbers, made from udev/keys.tsv. */
static const struct model {
	guint16 vendor, product;
	const char *name;
	gboolean login_stays; /* until the key is pulled: nothing else ends it */
} models[] = {
#include "usb-names.inc"
};

char *
usb_folder(const char *name)
{
	return g_build_filename(DEVICES, name, NULL);
}

char *
usb_attribute(const char *device, const char *attribute)
{
	g_autofree char *path = g_build_filename(DEVICES, device, attribute, NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	return g_utf8_make_valid(g_strstrip(text), -1);
}

static gboolean
read_number(const char *device, const char *attribute, guint base, guint64 *ret)
{
	g_autofree char *text = usb_attribute(device, attribute);

	return text != NULL && g_ascii_string_to_unsigned(text, base, 0, G_MAXUINT16, ret, NULL);
}

static const struct model *
model_find(guint64 vendor, guint64 product)
{
	for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
		if (models[i].vendor == vendor && models[i].product == product)
			return &models[i];
	return NULL;
}

/* Interfaces are listed beside their device: "1-2:1.0" belongs to "1-2". */
static gboolean
has_smartcard_interface(GPtrArray *names, const char *device)
{
	g_autofree char *prefix = g_strconcat(device, ":", NULL);
	guint64 class;

	for (guint i = 0; i < names->len; i++)
		if (g_str_has_prefix(g_ptr_array_index(names, i), prefix) &&
		    read_number(g_ptr_array_index(names, i), "bInterfaceClass", 16, &class) &&
		    class == CLASS_SMARTCARD)
			return TRUE;
	return FALSE;
}

static void
device_free(gpointer data)
{
	OukUsbDevice *device = data;

	g_free(device->name);
	g_free(device);
}

static void
add_device(GPtrArray *devices, GPtrArray *names, const char *name)
{
	guint64 vendor, product, authorized = 1;
	OukUsbDevice *device;
	const struct model *model;
	gboolean is_ccid;

	if (!read_number(name, "idVendor", 16, &vendor) ||
	    !read_number(name, "idProduct", 16, &product))
		return;
	model = model_find(vendor, product);
	is_ccid = has_smartcard_interface(names, name);
	/* a device that is blocked shows no interfaces */
	read_number(name, "authorized", 10, &authorized);
	if (model == NULL && !is_ccid)
		return;
	device = g_new0(OukUsbDevice, 1);
	device->vendor = (guint16)vendor;
	device->product = (guint16)product;
	device->name = model != NULL ? g_strdup(model->name) : usb_attribute(name, "product");
	if (device->name == NULL)
		device->name = g_strdup("");
	device->is_ccid = is_ccid;
	device->blocked = authorized == 0;
	device->login_stays = model != NULL && model->login_stays;
	g_ptr_array_add(devices, device);
}

static gint
by_name(gconstpointer one, gconstpointer other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Of devices and interfaces, sorted. */
static GPtrArray *
all_names(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(DEVICES, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	return names;
}

static gboolean
vendor_is_listed(guint64 vendor)
{
	for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
		if (models[i].vendor == vendor)
			return TRUE;
	return FALSE;
}

GPtrArray *
usb_candidates(guint16 vendor, guint16 product)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) names = all_names();

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		guint64 its_vendor, its_product;

		if (strchr(name, ':') != NULL || !read_number(name, "idVendor", 16, &its_vendor) ||
		    !read_number(name, "idProduct", 16, &its_product))
			continue;
		if (vendor != 0 || product != 0
			    ? its_vendor == vendor && its_product == product
			    : vendor_is_listed(its_vendor) || has_smartcard_interface(names, name))
			g_ptr_array_add(found, g_strdup(name));
	}
	return found;
}

GPtrArray *
usb_interfaces(const char *device)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *prefix = g_strconcat(device, ":", NULL);
	g_autoptr(GPtrArray) names = all_names();

	for (guint i = 0; i < names->len; i++)
		if (g_str_has_prefix(g_ptr_array_index(names, i), prefix))
			g_ptr_array_add(found, g_strdup(g_ptr_array_index(names, i)));
	return found;
}

const char *
usb_model_name(const char *device)
{
	const struct model *model = NULL;
	guint64 vendor, product;

	if (read_number(device, "idVendor", 16, &vendor) &&
	    read_number(device, "idProduct", 16, &product))
		model = model_find(vendor, product);
	return model != NULL ? model->name : NULL;
}

GPtrArray *
usb_devices(gboolean *ret_has_usb)
{
	GPtrArray *devices = g_ptr_array_new_with_free_func(device_free);
	g_autoptr(GPtrArray) names = all_names();

	for (guint i = 0; i < names->len; i++)
		if (strchr(g_ptr_array_index(names, i), ':') == NULL)
			add_device(devices, names, g_ptr_array_index(names, i));
	*ret_has_usb = names->len > 0;
	return devices;
}

static char *
device_list(GPtrArray *devices)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < devices->len; i++) {
		const OukUsbDevice *device = g_ptr_array_index(devices, i);

		g_string_append_printf(list, "%s%s (%04x:%04x)", i > 0 ? _(", ") : "",
				       *device->name != '\0' ? device->name : _("key or reader"),
				       device->vendor, device->product);
	}
	return g_string_free(g_steal_pointer(&list), FALSE);
}

/* Those that the service must show sooner or later. */
static guint
count_driven(GPtrArray *devices)
{
	guint count = 0;

	for (guint i = 0; i < devices->len; i++) {
		const OukUsbDevice *device = g_ptr_array_index(devices, i);

		if (!device->blocked && drivers_know(device->vendor, device->product))
			count++;
	}
	return count;
}

void
check_usb(OukExam *exam, OukLinkResult *ret)
{
	exam->devices = usb_devices(&exam->has_usb);
	pcsc_look(&exam->pcsc, count_driven(exam->devices));
	if (exam->devices->len > 0)
		exam_ok(ret, device_list(exam->devices));
	else if (pcsc_is_private())
		exam_not_tested(ret, _("practice keys need no USB port"));
	else if (!exam->has_usb)
		exam_not_tested(ret, _("this computer shows no USB ports"));
	else if (pcsc_has_key(&exam->pcsc))
		exam_not_tested(ret, _("the key is in a reader that is not on USB"));
	else
		exam_found(ret, OUK_LINK_BROKEN, OUK_F_USB_NONE, NULL);
}
