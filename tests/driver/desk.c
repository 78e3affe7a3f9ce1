/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/driver/desk.h"

#define RUN_MS 20000

static struct rig *the_rig;

static struct {
	const char *name, *kind;
	struct desk_file der;
	char key[300], cert[300];
} certs[] = {
	{"sm2-sign", "SM2", {{0}, 0}, "", ""},
	{"sm2-enc", "SM2", {{0}, 0}, "", ""},
	{"rsa-sign", "RSA", {{0}, 0}, "", ""},
	{"rsa-enc", "RSA", {{0}, 0}, "", ""},
};

/* ---- certificates ---- */

static bool
read_file(const char *path, struct desk_file *out)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return false;
	out->len = fread(out->bytes, 1, sizeof(out->bytes), file);
	(void)fclose(file);
	return out->len > 0;
}

static bool
cert_make(size_t i)
{
	bool sm2 = strcmp(certs[i].kind, "SM2") == 0;
	const char *make_sm2[] = {"openssl", "genpkey",    "-algorithm",
				  "EC",      "-pkeyopt",   "ec_paramgen_curve:SM2",
				  "-out",    certs[i].key, NULL};
	const char *make_rsa[] = {"openssl", "genpkey",    "-algorithm",
				  "RSA",     "-pkeyopt",   "rsa_keygen_bits:2048",
				  "-out",    certs[i].key, NULL};
	char subject[100];
	const char *sign[] = {"openssl",
			      "req",
			      "-new",
			      "-x509",
			      "-key",
			      certs[i].key,
			      "-utf8",
			      "-subj",
			      subject,
			      "-outform",
			      "DER",
			      "-out",
			      certs[i].cert,
			      sm2 ? "-sm3" : "-sha256",
			      sm2 ? "-sigopt" : NULL,
			      "distid:1234567812345678",
			      NULL};

	(void)snprintf(certs[i].key, sizeof(certs[i].key), "%s/%s.pem", rig_dir(the_rig),
		       certs[i].name);
	(void)snprintf(certs[i].cert, sizeof(certs[i].cert), "%s/%s.der", rig_dir(the_rig),
		       certs[i].name);
	(void)snprintf(subject, sizeof(subject), "/C=CN/O=排练单位/CN=%s 测试", certs[i].name);
	return rig_run(sm2 ? make_sm2 : make_rsa, NULL, 0, RUN_MS) == 0 &&
	       rig_run(sign, NULL, 0, RUN_MS) == 0 && read_file(certs[i].cert, &certs[i].der);
}

const struct desk_file *
desk_cert(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(certs); i++)
		if (strcmp(certs[i].name, name) == 0)
			return &certs[i].der;
	fail_msg("no certificate %s", name);
	return NULL;
}

int
desk_group_setup(void **state)
{
	(void)state;
	the_rig = rig_start(2);
	if (the_rig == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(certs); i++)
		if (!cert_make(i))
			return -1;
	return 0;
}

const char *
desk_folder(void)
{
	return rig_dir(the_rig);
}

int
desk_group_teardown(void **state)
{
	(void)state;
	rig_stop(the_rig);
	return 0;
}

/* ---- keys ---- */

static bool
plug(struct desk *desk)
{
	const char *options[] = {"--model", desk->model, NULL};

	return rig_plug(desk->rig, 0, desk->key_state, options);
}

static bool
provision(const struct desk *desk)
{
	const char *options[] = {"--state",     desk->key_state, "--model",     desk->model,
				 "--container", SM2_CONTAINER,   "--sign-key",  certs[0].key,
				 "--sign-cert", certs[0].cert,   "--enc-key",   certs[1].key,
				 "--enc-cert",  certs[1].cert,   "--container", RSA_CONTAINER,
				 "--sign-key",  certs[2].key,    "--sign-cert", certs[2].cert,
				 NULL};

	return rig_provision(options);
}

static void
find_reader(struct desk *desk)
{
	struct token_reader readers[TOKEN_READERS_MAX];
	size_t count;

	assert_ok(token_bus_list(desk->bus, readers, ARRAY_SIZE(readers), &count));
	for (size_t i = 0; i < count; i++)
		if (strcmp(readers[i].name, rig_reader(desk->rig, 0)) == 0)
			desk->reader = readers[i];
}

void
desk_reopen(struct desk *desk)
{
	token_close(desk->token);
	desk->token = NULL;
	find_reader(desk);
	assert_true(desk->reader.ours);
	assert_ok(token_open(desk->bus, &desk->reader, &desk->token));
}

struct token *
desk_second_token(struct desk *desk)
{
	struct token *token;

	assert_ok(token_open(desk->bus, &desk->reader, &token));
	return token;
}

void
desk_replug(struct desk *desk)
{
	rig_kill(desk->rig, 0);
	assert_true(rig_await(desk->rig, 0, false, 3000));
	assert_true(plug(desk));
	desk_reopen(desk);
}

static int
setup(void **state, bool blank)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	if (desk == NULL)
		return -1;
	desk->model = *state;
	desk->rig = the_rig;
	(void)snprintf(desk->key_state, sizeof(desk->key_state), "%s/key", rig_dir(the_rig));
	(void)remove(desk->key_state);
	*state = desk;
	if ((!blank && !provision(desk)) || !plug(desk) || token_bus_open(&desk->bus) != UK_OK)
		return -1;
	desk_reopen(desk);
	return 0;
}

int
desk_setup(void **state)
{
	return setup(state, false);
}

int
desk_setup_blank(void **state)
{
	return setup(state, true);
}

int
desk_teardown(void **state)
{
	struct desk *desk = *state;

	token_close(desk->token);
	token_bus_close(desk->bus);
	rig_kill(desk->rig, 0);
	if (!rig_await(desk->rig, 0, false, 3000))
		return -1;
	free(desk);
	return 0;
}

/* ---- what the key itself says ---- */

void
desk_tell(struct desk *desk, const char *line)
{
	assert_true(rig_tell(desk->rig, 0, line));
}

static void
ask(struct desk *desk, const char *question, char *out, size_t size)
{
	const char *program = getenv("OPENUKEY_VIRTUAL_KEY");
	char control[300];
	const char *argv[] = {program, "ctl", control, question, NULL};

	assert_non_null(program);
	(void)snprintf(control, sizeof(control), "%s/run/00.ctl", rig_dir(desk->rig));
	assert_int_equal(rig_run(argv, out, size, RUN_MS), 0);
}

/* The number behind a word in JSON; 0 when it is not there. */
static unsigned int
number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at == NULL ? 0 : (unsigned int)strtoul(at + strlen(word), NULL, 10);
}

unsigned int
desk_count(struct desk *desk)
{
	char text[4096];

	ask(desk, "count", text, sizeof(text));
	desk_tell(desk, "count reset");
	return number_after(text, "\"commands\":");
}

unsigned int
desk_count_ins(struct desk *desk, unsigned int ins)
{
	char text[4096];
	char word[16];

	ask(desk, "count", text, sizeof(text));
	(void)snprintf(word, sizeof(word), "\"%02x\":", ins);
	return number_after(text, word);
}

unsigned int
desk_tries(struct desk *desk, const char *who)
{
	char text[4096];
	char word[16];
	const char *at;

	ask(desk, "status", text, sizeof(text));
	(void)snprintf(word, sizeof(word), "\"%s\":", who);
	at = strstr(text, word);
	assert_non_null(at);
	return number_after(at, "\"left\":");
}

void
desk_reset_by_other(struct desk *desk)
{
	SCARDHANDLE card;
	DWORD protocol;

	assert_int_equal(SCardConnect(rig_context(desk->rig), rig_reader(desk->rig, 0),
				      SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol),
			 SCARD_S_SUCCESS);
	assert_int_equal(SCardDisconnect(card, SCARD_RESET_CARD), SCARD_S_SUCCESS);
}
