/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders with a CA's service: what the commands for them share. */
#ifndef UKEY_ORDER_H
#define UKEY_ORDER_H

#include "assistant/cli/cli.h"
#include "assistant/core/guide.h"
#include "assistant/core/profile.h"
#include "assistant/service-client/calls.h"
#include "assistant/service-client/orders.h"

/* ---- options that several of these commands have ---- */

typedef struct {
	char *form;       /* file of MEMBER=TEXT lines; NULL: ask */
	char **agree;     /* ids of texts; NULL: ask */
	char **documents; /* SLOT=FILE */
	char *method, *ca, *way;
	int years;   /* 0: ask, or one */
	int code_fd; /* -1: ask */
	int wait;    /* seconds; -1: as it seems right */
	gboolean transfer, by_post;
} CliOrderOptions;

extern CliOrderOptions cli_order_options;
/* For g_option_context_add_main_entries; ends with an empty one. */
extern const GOptionEntry cli_order_entries[];
/* cli_parse with these options beside the command's own. */
gboolean cli_order_parse(const CliCommand *command, int *argc, char ***argv, CliTakes takes,
			 const GOptionEntry *own, GError **error);

/* ---- whose key, which CA ---- */

/* The key in the hand, the certificate that counts on it, and the CA that issued it. */
typedef struct {
	CliKeys keys;
	OukToken *token;       /* borrowed; NULL: the work needs none */
	OukCert *cert;         /* NULL: none */
	X509 *x509;            /* the certificate; borrowed from cert, or a remembered one's */
	char *serial;          /* of the key; NULL */
	GPtrArray *remembered; /* of OukRemembered; NULL */
	OukProfiles *profiles;
	const OukProfile *profile;
	OukService *service; /* NULL: the CA has none that a program can talk to */
	OukOrders *orders;
} CliClient;

/* From the key that is plugged in. OUK_E_CA_UNKNOWN. */
gboolean cli_client_of_key(CliClient *client, GError **error);
/* Without a key: the CA named by --ca, or the only one that has a service. */
gboolean cli_client_of_ca(CliClient *client, GError **error);
/* From a certificate that this computer remembers; `which` as in ukey forget, or NULL. */
gboolean cli_client_of_memory(CliClient *client, const char *which, GError **error);
void cli_client_close(CliClient *client);

/* ---- an order ---- */

typedef struct {
	CliClient *client;
	OukOrder *order;  /* as the service last told it */
	GHashTable *form; /* what was filled in now; NULL */
} CliOrder;

/*
 * The open order of that kind for this key, or a new one after asking for its form; then on, until
 * it is somebody else's turn.
 */
gboolean cli_order_run(CliClient *client, const char *kind, GError **error);
/* An order goes on, step by step, until it is somebody else's turn. */
gboolean cli_order_go_on(CliClient *client, OukOrder *order, GError **error);
/*
 * One question about the order. What it is afterwards is kept in it; the reply is the caller's.
 */
OukReply *cli_order_ask(CliOrder *order, OukCall *call, GError **error);
/* The same, where only the order's new state matters. Takes the call over. */
gboolean cli_order_do(CliOrder *order, OukCall *call, GError **error);
/* Lists the orders of the key, for a challenge signed by it: no code is sent. */
OukReply *cli_orders_by_key(CliClient *client, GError **error);
/* All that is known of it, for people. */
void cli_order_print(const OukOrder *order);

/* How a step ended. */
typedef enum {
	CLI_STEP_FAILED,
	CLI_STEP_ON,   /* look at the order and go on */
	CLI_STEP_STOP, /* nothing more can be done now; it was said what is to be done */
} CliStep;

/* What the owner does when the service says that it is their turn. */
typedef CliStep (*CliStepFn)(CliOrder *order, GError **error);
CliStep cli_step_submit(CliOrder *order, GError **error);
CliStep cli_step_consent(CliOrder *order, GError **error);
CliStep cli_step_documents(CliOrder *order, GError **error);
CliStep cli_step_pay(CliOrder *order, GError **error);
CliStep cli_step_wait_money(CliOrder *order, GError **error);
CliStep cli_step_transfer(CliOrder *order, GError **error);
CliStep cli_step_hand_in(CliOrder *order, GError **error);
CliStep cli_step_correct(CliOrder *order, GError **error);
CliStep cli_step_papers(CliOrder *order, GError **error);
CliStep cli_step_wait(CliOrder *order, GError **error);
CliStep cli_step_code(CliOrder *order, GError **error);
CliStep cli_step_install(CliOrder *order, GError **error);
/* The new PIN typed twice, and set on the order's key; or the service told what it was not. */
gboolean cli_unlock_key(const CliOrder *order, const char *grant, GError **error);
/* Nobody pays for what the key cannot take. */
gboolean cli_key_has_room(const CliOrder *order, GError **error);

/* ---- the old encryption key (order_recover.c) ---- */

typedef struct {
	const char *old;    /* file of the old encryption certificate */
	const char *notify; /* telephone number */
	const char *paper;  /* file for what operators sign; NULL: standard output */
	char **approvals;   /* files of their answers; NULL: write the paper */
	gboolean force;
} CliRecover;

/* Onto the key that is plugged in, which replaced the one of the order. */
gboolean cli_order_recover(CliClient *client, OukOrder *order, const CliRecover *how,
			   GError **error);

/* ---- forms ---- */

/* Asks for what the kind needs, or reads --form; prints it and asks whether it is right. */
GHashTable *cli_form_get(CliClient *client, const char *kind, GError **error);
/* MEMBER=TEXT lines of a file ("-": standard input); "#" begins a remark. */
GHashTable *cli_members_read(const char *path, GError **error);

/* ---- without a service ---- */

/* Where the person goes instead: page, steps, papers, service points, hotline. number: NULL. */
void cli_guide_print(const CliClient *client, const char *kind, const char *number);

#endif
