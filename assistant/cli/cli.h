/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of ukey share: options, the choice of key and certificate, questions. */
#ifndef UKEY_CLI_H
#define UKEY_CLI_H

#include "assistant/core/approval.h"
#include "assistant/core/cert.h"
#include "assistant/core/module.h"
#include "assistant/core/token.h"

#include "common/defs.h"

#include <glib.h>

/* Options that mean the same in every command that has them. */
typedef struct {
	char *module, *token, *cert;
	int slot;                                            /* -1: any */
	int pin_fd, new_pin_fd, admin_pin_fd, device_key_fd; /* -1: ask */
	int confirm_tries;                                   /* -1: ask */
	gboolean json, yes;
} CliOptions;

extern CliOptions cli_options;

/* Which of the shared options a command takes. */
typedef enum {
	CLI_TAKES_CERT = 1 << 0,
	CLI_TAKES_PIN = 1 << 1,
	CLI_TAKES_NEW_PIN = 1 << 2,
	CLI_TAKES_ADMIN_PIN = 1 << 3,
	CLI_TAKES_DEVICE_KEY = 1 << 4,
	CLI_TAKES_JSON = 1 << 5,
	CLI_TAKES_YES = 1 << 6,
	CLI_TAKES_NO_KEY = 1 << 7, /* not even --module and --token */
} CliTakes;

typedef struct {
	const char *name;
	const char *arguments; /* after the options; "" for none */
	const char *summary;   /* untranslated, one line */
	gboolean (*run)(int argc, char **argv, GError **error);
} CliCommand;

extern const CliCommand cli_list, cli_show, cli_export, cli_info, cli_pin, cli_sign, cli_verify,
	cli_init, cli_halls, cli_doctor, cli_explain, cli_approve, cli_watch, cli_remember,
	cli_forget, cli_unlock, cli_renew, cli_apply, cli_revoke, cli_lost, cli_orders, cli_log_in,
	cli_browsers, cli_bridge;

/*
 * Reads the options of one command; afterwards argv holds its arguments from 1 on, between `least`
 * and `most` of them. --help prints and ends the program.
 */
gboolean cli_parse(const CliCommand *command, int *argc, char ***argv, CliTakes takes,
		   const GOptionEntry *own, GError **error);
/* OUK_E_USAGE unless argc - 1 is in the range. */
gboolean cli_arguments(int argc, int least, int most, GError **error);

/* ---- keys ---- */

typedef struct {
	OukModules *modules;
	GPtrArray *tokens; /* of OukToken */
} CliKeys;

/*
 * Loads the modules and looks for keys; narrows them down to --token and --slot. spares: also the
 * blank tokens of software that always has one.
 */
gboolean cli_keys_open(CliKeys *keys, gboolean spares, GError **error);
void cli_keys_close(CliKeys *keys);

/* The one key meant. `blank`: also keys that nobody has personalised. Borrowed. */
OukToken *cli_one_token(CliKeys *keys, gboolean blank, GError **error);
/*
 * The one certificate meant; `pair` OUK_PAIR_SIGN leaves encryption certificates out,
 * OUK_PAIR_UNKNOWN prefers the signing one of a container. The caller frees.
 */
OukCert *cli_one_cert(CliKeys *keys, OukPair pair, GError **error);

/* ---- PINs and questions ---- */

/*
 * Says what the PIN is for and how many tries are left, stops at a locked PIN, asks before one of
 * the last tries is spent and arms it. `purpose` is translated.
 */
gboolean cli_tries_gate(OukToken *token, CK_USER_TYPE user, const char *purpose, GError **error);
/* From the descriptor if there is one (>= 0), else from the terminal. */
gboolean cli_pin_get(OukToken *token, int fd, const char *prompt, struct uk_secret *ret_pin,
		     GError **error);
/* The same, typed twice on a terminal. */
gboolean cli_new_pin_get(OukToken *token, int fd, struct uk_secret *ret_pin, GError **error);
/* The window's rule: what a guesser tries first is refused before the key hears of it. */
gboolean cli_new_pin_good(OukToken *token, const struct uk_secret *new_pin, GError **error);
/* Gate, PIN, login as user. The PIN stays with the caller (keys may want it for each use). */
gboolean cli_login(OukToken *token, const char *purpose, struct uk_secret *ret_pin, GError **error);

/* An operator's answer to a paper, signed by the certificate's key after its PIN. The caller frees.
 */
GBytes *cli_paper_sign(const OukApproval *paper, const char *name, const OukCert *cert,
		       GError **error);
/* Before what cannot be undone. OUK_E_NOT_CONFIRMED, OUK_E_CANCELLED. */
gboolean cli_confirm(const char *question, GError **error);

/* ---- what is remembered ---- */

/* ukey list --remembered */
gboolean cli_list_remembered(GError **error);

/* ---- output ---- */

/* Prints a JSON value and a newline; takes it over. */
struct _JsonNode;
void cli_print_json(struct _JsonNode *root);
/* The error with its code and cure on stderr; returns the exit status. */
int cli_report(const GError *error);

/* Writes a file (NULL or "-": stdout); an existing one only with `force`. */
gboolean cli_write(const char *path, GBytes *bytes, gboolean force, GError **error);
/* Reads a file ("-": stdin). */
GBytes *cli_read(const char *path, GError **error);

#endif
