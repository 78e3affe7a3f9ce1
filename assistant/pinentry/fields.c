/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/fields.h"

#include "assistant/pinentry/secret_entry.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
is_empty(const OukPinField *field)
{
	return ouk_secret_entry_peek(field->entry).len == 0;
}

static gboolean
asks_new(const OukPinFields *fields)
{
	return fields->reason == OUK_PROMPT_CHANGE || fields->reason == OUK_PROMPT_UNBLOCK;
}

gboolean
ouk_pin_fields_asks_old(const OukPinFields *fields)
{
	return fields->reason != OUK_PROMPT_UNBLOCK;
}

/* ---- the rules, live ---- */

static guint
broken_rules(const OukPinFields *fields)
{
	return ouk_pin_rule_broken(fields->rule, ouk_secret_entry_peek(fields->fresh.entry),
				   ouk_secret_entry_peek(fields->old.entry));
}

static void
on_changed(GtkEditable *editable, gpointer data)
{
	OukPinFields *fields = data;

	if (fields->rule != NULL && asks_new(fields))
		ouk_rule_list_show(&fields->list, fields->rule, broken_rules(fields),
				   !is_empty(&fields->fresh));
	fields->typed(fields->data);
}

void
ouk_pin_fields_make(OukPinFields *fields)
{
	const OukPinField all[] = {fields->old, fields->fresh, fields->again};

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
		ouk_secret_entry_make(all[i].entry);
		g_signal_connect(all[i].entry, "changed", G_CALLBACK(on_changed), fields);
	}
}

static void
field_show(const OukPinField *field, gboolean visible)
{
	gtk_widget_set_visible(GTK_WIDGET(field->label), visible);
	gtk_widget_set_visible(GTK_WIDGET(field->entry), visible);
}

void
ouk_pin_fields_ask(OukPinFields *fields, const OukPromptRequest *request, const OukPinRule *rule)
{
	const char *label = _("_UKEY PIN:");

	fields->rule = rule;
	fields->reason = request->reason;
	fields->min = request->min_length;
	fields->max = request->max_length;
	ouk_pin_fields_clear(fields);
	if (request->admin)
		label = _("_Administrator PIN:");
	else if (request->reason == OUK_PROMPT_CHANGE)
		label = _("UKEY PIN until _now:");
	gtk_label_set_text_with_mnemonic(fields->old.label, label);
	field_show(&fields->old, ouk_pin_fields_asks_old(fields));
	field_show(&fields->fresh, asks_new(fields));
	field_show(&fields->again, asks_new(fields));
	gtk_widget_set_visible(GTK_WIDGET(fields->rules), asks_new(fields));
	if (asks_new(fields)) {
		ouk_rule_list_fill(&fields->list, fields->rules, rule);
		ouk_rule_list_show(&fields->list, rule, 0, FALSE);
	}
}

/* ---- what is refused ---- */

static const char *
refuse(OukPinField *field, const char *sentence)
{
	ouk_secret_entry_clear(field->entry);
	gtk_widget_grab_focus(GTK_WIDGET(field->entry));
	return sentence;
}

static const char *
old_check(OukPinFields *fields, gboolean insist, gboolean *ret_may_insist)
{
	OukPinTyped typed = ouk_pin_typed(fields->rule, ouk_secret_entry_peek(fields->old.entry),
					  (guint)fields->min, (guint)fields->max);

	if (typed == OUK_PIN_TYPED_GOOD || (typed == OUK_PIN_TYPED_HALL_PASSWORD && insist))
		return NULL;
	if (typed == OUK_PIN_TYPED_HALL_PASSWORD) {
		*ret_may_insist = TRUE;
		gtk_widget_grab_focus(GTK_WIDGET(fields->old.entry));
		return ouk_pin_typed_sentence(typed);
	}
	return refuse(&fields->old, ouk_pin_typed_sentence(typed));
}

/* The first rule that is broken and must not be. */
static const char *
new_check(OukPinFields *fields)
{
	struct uk_span typed = ouk_secret_entry_peek(fields->fresh.entry);
	guint broken = broken_rules(fields);
	OukPinTyped kind = ouk_pin_typed(NULL, typed, 0, 0);

	if (typed.len == 0)
		return refuse(&fields->fresh, _("Type the new UKEY PIN."));
	if (kind != OUK_PIN_TYPED_GOOD) {
		ouk_secret_entry_clear(fields->again.entry);
		return refuse(&fields->fresh, ouk_pin_typed_sentence(kind));
	}
	if (ouk_pin_rule_accepts(broken))
		return NULL;
	for (int id = 0; id < OUK_PIN_RULES; id++)
		if ((broken & (1U << id)) != 0 && ouk_pin_rule_is_required((OukPinRuleId)id)) {
			ouk_secret_entry_clear(fields->again.entry);
			return refuse(&fields->fresh,
				      ouk_pin_rule_reason(fields->rule, (OukPinRuleId)id));
		}
	return NULL;
}

static const char *
again_check(OukPinFields *fields)
{
	struct uk_span first = ouk_secret_entry_peek(fields->fresh.entry);
	struct uk_span second = ouk_secret_entry_peek(fields->again.entry);

	if (second.len == 0)
		return refuse(&fields->again, _("Type the new UKEY PIN a second time."));
	if (first.len != second.len || memcmp(first.ptr, second.ptr, first.len) != 0)
		return refuse(&fields->again,
			      _("The two new PINs differ. Type the new one again."));
	return NULL;
}

const char *
ouk_pin_fields_check(OukPinFields *fields, gboolean insist, gboolean *ret_may_insist)
{
	const char *refusal = NULL;

	if (ouk_pin_fields_asks_old(fields))
		refusal = old_check(fields, insist, ret_may_insist);
	if (refusal == NULL && asks_new(fields))
		refusal = new_check(fields);
	if (refusal == NULL && asks_new(fields))
		refusal = again_check(fields);
	return refusal;
}

/* ---- out ---- */

static void
secret_copy(struct uk_secret *to, const OukPinField *field)
{
	struct uk_span typed = ouk_secret_entry_peek(field->entry);

	to->len = MIN(typed.len, sizeof(to->bytes));
	memcpy(to->bytes, typed.ptr, to->len);
}

void
ouk_pin_fields_take(OukPinFields *fields, struct uk_secret *ret_pins)
{
	guint at = 0;

	if (ouk_pin_fields_asks_old(fields))
		secret_copy(&ret_pins[at++], &fields->old);
	if (asks_new(fields))
		secret_copy(&ret_pins[at], &fields->fresh);
	ouk_pin_fields_clear(fields);
}

void
ouk_pin_fields_clear(OukPinFields *fields)
{
	ouk_secret_entry_clear(fields->old.entry);
	ouk_secret_entry_clear(fields->fresh.entry);
	ouk_secret_entry_clear(fields->again.entry);
}

void
ouk_pin_fields_focus(OukPinFields *fields)
{
	OukPinField *first = ouk_pin_fields_asks_old(fields) ? &fields->old : &fields->fresh;

	gtk_widget_grab_focus(GTK_WIDGET(first->entry));
}

void
ouk_pin_fields_describe(OukPinFields *fields, const char *text)
{
	const OukPinField all[] = {fields->old, fields->fresh, fields->again};

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		atk_object_set_description(gtk_widget_get_accessible(GTK_WIDGET(all[i].entry)),
					   text);
}
