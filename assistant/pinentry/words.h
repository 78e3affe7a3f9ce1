/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the prompt says. All are translated; the caller frees what is char *. */
#ifndef OUK_PINENTRY_WORDS_H
#define OUK_PINENTRY_WORDS_H

#include "assistant/core/prompt_wire.h"

/* "Firefox wants to log in with your UKEY" */
char *ouk_words_heading(const OukPromptRequest *request);
/* The verb on the button, with its mnemonic. */
const char *ouk_words_verb(int reason);
/* The window's title. */
const char *ouk_words_title(int reason);
/* "9 of 10 tries left" */
char *ouk_words_tries(int left, int max);
/* Who asks: a name and the program's file. NULL when nobody was named. */
char *ouk_words_asker(const OukPromptRequest *request);
/* What is known of the site: "✓ ..., a hall of the list"; NULL when nothing is said of it. */
char *ouk_words_site(const OukPromptRequest *request);
/* What is wrong with the way to the site; NULL when nothing is. Static. */
const char *ouk_words_connection(const OukPromptRequest *request);
/* "Accounts' key · …1234" */
char *ouk_words_key(const OukPromptRequest *request);
/* "The PIN was not right. 9 of 10 tries left. Nothing else was done." */
char *ouk_words_wrong(int left, int max);
/* Under the field: what this PIN is not, where the first one is found. */
char *ouk_words_hint(const OukPromptRequest *request);
/* The CA's way to unlock, with its telephone number. */
char *ouk_words_route(const OukPromptRequest *request);
/* Why the person should stop, with so few tries left. */
char *ouk_words_guard(int left);
/* How it ended well. */
char *ouk_words_done(const OukPromptRequest *request);

#endif
