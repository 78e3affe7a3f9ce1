/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-faced: EST and CMP for machines, on openukey-certd's orders. */
#include "service/base/daemon.h"
#include "service/base/signed.h"
#include "service/faces/face.h"

#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define THREADS   2
#define AGAIN_MAX 86400

struct settings {
	const char *store, *ca, *node, *vault, *profile, *issue, *chain, *listen, *again;
	const char *cmp_cert, *cmp_key;
};

struct process {
	struct cs_faces faces;
	pthread_key_t threads;
	unsigned int opened;
};

static void
face_close(void *ctx)
{
	struct cs_face *face = ctx;

	if (face == NULL)
		return;
	cs_store_close(face->orders.store);
	free(face);
}

/* Each thread has a connection and a chain of the log of its own. */
static void *
face_enter(void *ctx)
{
	struct process *process = ctx;
	struct cs_face *face = pthread_getspecific(process->threads);
	struct cs_store *store = NULL;

	if (face != NULL)
		return face;
	face = calloc(1, sizeof(*face));
	if (face == NULL || cs_store_open(process->faces.store, CS_SCHEMA_ORDERS, process->faces.ca,
					  &store) != CS_OK) {
		free(face);
		return NULL;
	}
	(void)snprintf(face->chain, sizeof(face->chain), "%.20s-%u", process->faces.node,
		       __atomic_add_fetch(&process->opened, 1, __ATOMIC_SEQ_CST));
	face->faces = &process->faces;
	face->orders = (struct cs_orders){.store = store,
					  .vault = &process->faces.vault,
					  .terms = &process->faces.profile.terms,
					  .chain = face->chain};
	if (pthread_setspecific(process->threads, face) == 0)
		return face;
	face_close(face);
	return NULL;
}

static void
face_answer(void *ctx, const struct cs_face_request *request, struct cs_face_answer *answer)
{
	answer->http = 404;
	answer->again = 0;
	if (!cs_est_answer(ctx, request, answer))
		(void)cs_cmp_answer(ctx, request, answer);
}

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

static enum cs_status
certs_read(const char *path, STACK_OF(X509) * ret)
{
	UK_CLEANUP(bio_drop) BIO *bio = BIO_new_file(path, "rb");
	X509 *cert;

	while (bio != NULL && sk_X509_num(ret) < CS_FACE_CHAIN_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(ret, cert) == 0) {
			X509_free(cert);
			return CS_E_MEMORY;
		}
	return sk_X509_num(ret) > 0 ? CS_OK : CS_E_ARGUMENTS;
}

static enum cs_status
cmp_open(const struct settings *settings, struct cs_faces *faces)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	enum cs_status st = CS_OK;

	if (settings->cmp_cert == NULL || certs == NULL) {
		sk_X509_free(certs);
		return certs == NULL ? CS_E_MEMORY : CS_OK;
	}
	st = certs_read(settings->cmp_cert, certs);
	if (st == CS_OK && settings->cmp_key != NULL) {
		faces->cmp_cert = sk_X509_shift(certs);
		faces->cmp_key = cs_private_key_read(settings->cmp_key);
		faces->cmp = cs_cmp_table_new();
	}
	sk_X509_pop_free(certs, X509_free);
	if (st == CS_OK && (faces->cmp_key == NULL || faces->cmp == NULL ||
			    X509_check_private_key(faces->cmp_cert, faces->cmp_key) != 1))
		st = CS_E_ARGUMENTS;
	return st;
}

static enum cs_status
faces_open(const struct settings *settings, struct cs_faces *faces)
{
	long again = strtol(settings->again, NULL, 10);
	enum cs_status st =
		cs_daemon_say("faced", "--vault", cs_vault_open(settings->vault, &faces->vault));

	faces->store = settings->store;
	faces->ca = settings->ca;
	faces->node = settings->node;
	faces->issue_socket = settings->issue;
	faces->again = again > 0 && again <= AGAIN_MAX ? (unsigned int)again : 1;
	faces->chain = sk_X509_new_null();
	if (st == CS_OK)
		st = cs_daemon_say("faced", "--profile",
				   cs_profile_read(settings->profile, &faces->profile));
	if (st == CS_OK)
		st = cs_daemon_say("faced", "--chain",
				   faces->chain != NULL ? certs_read(settings->chain, faces->chain)
							: CS_E_MEMORY);
	if (st == CS_OK)
		st = cs_daemon_say("faced", "--cmp-cert, --cmp-key", cmp_open(settings, faces));
	return st;
}

static void
faces_close(struct cs_faces *faces)
{
	cs_cmp_table_free(faces->cmp);
	X509_free(faces->cmp_cert);
	EVP_PKEY_free(faces->cmp_key);
	sk_X509_pop_free(faces->chain, X509_free);
	cs_vault_wipe(&faces->vault);
}

static int
serve(const struct settings *settings, struct process *process)
{
	const struct cs_face_http_settings http = {.path = settings->listen,
						   .threads = THREADS,
						   .enter = face_enter,
						   .run = face_answer,
						   .ctx = process};
	const struct timespec pause = {0, 100000000};
	const volatile int *stop = cs_daemon_stop();
	struct cs_face_http *server = NULL;

	if (cs_daemon_say("faced", "--store",
			  face_enter(process) != NULL ? CS_OK : CS_E_UNAVAILABLE) != CS_OK ||
	    cs_daemon_say("faced", settings->listen, cs_face_http_start(&http, &server)) != CS_OK)
		return 1;
	while (*stop == 0)
		(void)nanosleep(&pause, NULL);
	cs_face_http_stop(server);
	return 0;
}

int
main(int argc, char **argv)
{
	struct settings settings = {.ca = "default", .again = "60"};
	const struct cs_option options[] = {
		{"store", &settings.store, true},      {"vault", &settings.vault, true},
		{"profile", &settings.profile, true},  {"node", &settings.node, true},
		{"issue", &settings.issue, true},      {"chain", &settings.chain, true},
		{"listen", &settings.listen, true},    {"ca", &settings.ca, false},
		{"again", &settings.again, false},     {"cmp-cert", &settings.cmp_cert, false},
		{"cmp-key", &settings.cmp_key, false},
	};
	const char *command = cs_daemon_options(argc, argv, options, ARRAY_SIZE(options));
	struct process process = {.opened = 0};
	int code = 1;

	if (command == NULL || strcmp(command, "serve") != 0) {
		(void)fprintf(stderr, "Usage: openukey-faced serve OPTIONS,"
				      " see openukey-faced(8)\n");
		return 2;
	}
	cs_daemon_harden();
	if (pthread_key_create(&process.threads, face_close) == 0 &&
	    faces_open(&settings, &process.faces) == CS_OK)
		code = serve(&settings, &process);
	face_close(pthread_getspecific(process.threads));
	faces_close(&process.faces);
	return code;
}
