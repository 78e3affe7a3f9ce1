/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page of an errand with a CA: where on the way it is, what comes next, and what may be done.
 */
#ifndef OUK_UI_ERRAND_PAGE_H
#define OUK_UI_ERRAND_PAGE_H

#include "assistant/core/guide.h"
#include "assistant/ui/errand.h"

#define OUK_TYPE_ERRAND_PAGE ouk_errand_page_get_type()
G_DECLARE_FINAL_TYPE(OukErrandPage, ouk_errand_page, OUK, ERRAND_PAGE, GtkBox)

/* Takes the errand and begins it. */
GtkWidget *ouk_errand_page_new(OukErrand *errand);
/* What guide.h calls it: "lost" and "damaged" are one there. */
OukGuideKind ouk_errand_guide_kind(const char *kind);

/* ---- for what is on the page (errand_views*.c) ---- */

OukErrand *ouk_errand_page_errand(OukErrandPage *self);
const OukErrandInfo *ouk_errand_page_info(OukErrandPage *self);
/* Of an errand that has an order. */
const OukOrderInfo *ouk_errand_page_order(OukErrandPage *self);
/*
 * A button that makes the event happen; question: asked before, NULL: none. Shown.
 */
GtkWidget *ouk_errand_page_button(OukErrandPage *self, GtkBox *box, const char *label,
				  OukDeskEvent event, const char *question);
/* The same as the page's first button, which Enter presses. */
GtkWidget *ouk_errand_page_go(OukErrandPage *self, GtkBox *box, const char *label,
			      const char *question);
/* Before the first button's event: FALSE keeps it from happening. */
typedef gboolean (*OukErrandReady)(OukErrandPage *self, gpointer data);
void ouk_errand_page_set_ready(OukErrandPage *self, OukErrandReady ready, gpointer data);
/*
 * A field for a code of eight digits, told to the errand when the first button is pressed. name:
 * with a mnemonic.
 */
void ouk_errand_page_add_code(OukErrandPage *self, GtkBox *box, const char *name);
/* What is wrong with what was filled in; NULL: nothing. */
void ouk_errand_page_complain(OukErrandPage *self, const char *text);

/* Fills the box for the state that the errand is in. */
void ouk_errand_view_fill(OukErrandPage *page, GtkBox *box);

typedef void (*OukErrandView)(OukErrandPage *page, GtkBox *box);
/* Of errand_views_papers.c. */
void ouk_errand_view_documents(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_papers(OukErrandPage *page, GtkBox *box);
/* Of errand_views_order.c. */
void ouk_errand_say_deadline(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_consent_code(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_texts(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_price(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_pay(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_transfer(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_review(OukErrandPage *page, GtkBox *box);
void ouk_errand_view_collect(OukErrandPage *page, GtkBox *box);
/* "220.00 yuan"; the caller frees. */
char *ouk_yuan_text(gint64 cents);

#endif
