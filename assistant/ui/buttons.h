/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The buttons that errors offer: errors.def names an action, here is what the button says. */
#ifndef OUK_UI_BUTTONS_H
#define OUK_UI_BUTTONS_H

typedef struct {
	const char *action; /* detailed action name */
	const char *label;  /* untranslated, with mnemonic */
} OukButton;

/* NULL for NULL and for an action that is in no row. */
const OukButton *ouk_button_find(const char *action);

#endif
