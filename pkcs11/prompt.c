/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/prompt.h"

#include "common/log.h"
#include "common/runtime_dir.h"
#include "pkcs11/gate.h"
#include "pkcs11/rv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "prompt"
#define REQUEST_MAX 5120
#define PINS_MAX    2
#define ANSWER_MAX  (1 + PINS_MAX * (1 + GM_PIN_MAX))

static const struct {
	const char *name;
	size_t pins; /* in the answer */
} reasons[] = {
	[PROMPT_LOGIN] = {"login", 1},
	[PROMPT_CHANGE] = {"change", 2},
	[PROMPT_UNBLOCK] = {"unblock", 1},
};

struct question {
	enum prompt_reason reason;
	CK_USER_TYPE user;
	char label[sizeof(((struct token_info *)0)->label)];
	char serial[sizeof(((struct token_info *)0)->serial)];
	struct token_pin_info pin;
	bool practice; /* a virtual key */
};

struct answer {
	struct uk_secret pins[PINS_MAX];
};

static void
answer_wipe(struct answer *answer)
{
	uk_wipe(answer, sizeof(*answer));
}

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* A value must not end its line: what comes from the key is kept to one. */
static void
one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

/* What the person has to know, read from the key. */
static CK_RV
question_make(CK_SESSION_HANDLE session, struct question *q)
{
	enum token_role role = q->user == CKU_USER ? TOKEN_USER : TOKEN_ADMIN;
	GATE gate = {0};
	const struct token_info *info;
	enum uk_status st;
	CK_RV rv = gate_enter(&gate, FN_C_Login, session);

	if (rv == CKR_OK)
		rv = slot_info(gate.slot, &info);
	if (rv != CKR_OK)
		return rv;
	memcpy(q->label, info->label, sizeof(q->label));
	memcpy(q->serial, info->serial, sizeof(q->serial));
	q->practice = (token_model_info(gate.slot->token->model)->flags & TOKEN_MODEL_VIRTUAL) != 0;
	one_line(q->label);
	one_line(q->serial);
	SLOT_AGAIN(st, gate.slot->token->ops->pin_info(gate.slot->token, role, &q->pin));
	if (st != UK_OK)
		return slot_rv(gate.slot, st);
	return q->pin.left == 0 && q->reason != PROMPT_UNBLOCK ? CKR_PIN_LOCKED : CKR_OK;
}

/* Only a prompt of this very user, in a folder nobody else can write to, gets to ask. */
static int
prompt_connect(void)
{
	UK_CLEANUP(fd_close) int dir = uk_runtime_dir();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd;

	if (dir < 0)
		return -1;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
		       SOCKET_NAME);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid())
		return fd;
	(void)close(fd);
	return -1;
}

static size_t
request_write(const struct question *q, char *out, size_t size)
{
	char program[4096];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	int written;

	program[len < 0 ? 0 : len] = '\0';
	one_line(program);
	written = snprintf(out, size,
			   "openukey-prompt=1\nreason=%s\nuser=%s\ntoken=%s\nserial=%s\nleft=%u\n"
			   "max=%u\nmin-length=%d\nmax-length=%d\nfirst-pin=%d\nrehearsal=%d\n"
			   "program=%s\n",
			   reasons[q->reason].name, q->user == CKU_USER ? "user" : "admin",
			   q->label, q->serial, q->pin.left, q->pin.max, GM_PIN_MIN, GM_PIN_MAX,
			   q->pin.is_default, q->practice, program);
	return written < 0 || (size_t)written >= size ? 0 : (size_t)written;
}

static CK_RV
answer_read(struct uk_span in, size_t pins, struct answer *ret)
{
	uint8_t outcome, len;

	if (!uk_take_u8(&in, &outcome))
		return CKR_FUNCTION_FAILED;
	if (outcome != 0)
		return CKR_FUNCTION_CANCELED;
	for (size_t i = 0; i < pins; i++) {
		struct uk_span pin;

		if (!uk_take_u8(&in, &len) || !uk_take(&in, len, &pin) ||
		    uk_secret_set(&ret->pins[i], pin) != UK_OK)
			return CKR_FUNCTION_FAILED;
	}
	return in.len == 0 ? CKR_OK : CKR_FUNCTION_FAILED;
}

/* Blocks while the person thinks. */
static CK_RV
prompt_ask(const struct question *q, struct answer *ret)
{
	UK_CLEANUP(fd_close) int fd = prompt_connect();
	UK_SECRET bytes = {0};
	char request[REQUEST_MAX];
	size_t len = request_write(q, request, sizeof(request));
	ssize_t got;

	_Static_assert(ANSWER_MAX <= UK_SECRET_MAX, "an answer fits a secret");
	if (fd < 0) {
		uk_warning("api", "no PIN prompt is running in this session");
		return CKR_FUNCTION_FAILED;
	}
	if (len == 0 || send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		return CKR_FUNCTION_FAILED;
	got = TEMP_FAILURE_RETRY(recv(fd, bytes.bytes, sizeof(bytes.bytes), 0));
	if (got <= 0 || got > ANSWER_MAX)
		return CKR_FUNCTION_FAILED;
	return answer_read(uk_span_of(bytes.bytes, (size_t)got), reasons[q->reason].pins, ret);
}

/* The question as the key stands now, and the person's answer to it. */
static CK_RV
prompt_run(CK_SESSION_HANDLE session, struct question *q, struct answer *ret)
{
	CK_RV rv = question_make(session, q);

	return rv != CKR_OK ? rv : prompt_ask(q, ret);
}

/* The person saw the tries left and typed: that is what confirm_try is about. */
static void
try_arm(struct slot *slot, const struct question *q)
{
	slot->try_confirmed[q->user == CKU_USER ? TOKEN_USER : TOKEN_ADMIN] = true;
}

CK_RV
prompt_login(CK_SESSION_HANDLE session, CK_USER_TYPE user)
{
	struct question q = {.reason = PROMPT_LOGIN, .user = user == CKU_SO ? CKU_SO : CKU_USER};
	UK_CLEANUP(answer_wipe) struct answer answer = {0};
	GATE gate = {0};
	CK_RV rv = prompt_run(session, &q, &answer);

	if (rv == CKR_OK)
		rv = gate_enter(&gate, FN_C_Login, session);
	if (rv != CKR_OK)
		return rv;
	try_arm(gate.slot, &q);
	return session_login(gate.session, user, uk_secret_peek(&answer.pins[0]));
}

CK_RV
prompt_set_pin(CK_SESSION_HANDLE session)
{
	struct question q = {.reason = PROMPT_CHANGE, .user = CKU_USER};
	UK_CLEANUP(answer_wipe) struct answer answer = {0};
	GATE gate = {0};
	CK_RV rv = prompt_run(session, &q, &answer);

	if (rv == CKR_OK)
		rv = gate_enter(&gate, FN_C_SetPIN, session);
	if (rv != CKR_OK)
		return rv;
	/* The question was about the user's PIN; an administrator types theirs into the host. */
	if (gate.slot->login == LOGIN_SO)
		return CKR_ARGUMENTS_BAD;
	try_arm(gate.slot, &q);
	return session_set_pin(gate.session, uk_secret_peek(&answer.pins[0]),
			       uk_secret_peek(&answer.pins[1]));
}

CK_RV
prompt_init_pin(CK_SESSION_HANDLE session)
{
	struct question q = {.reason = PROMPT_UNBLOCK, .user = CKU_USER};
	UK_CLEANUP(answer_wipe) struct answer answer = {0};
	GATE gate = {0};
	CK_RV rv = prompt_run(session, &q, &answer);

	if (rv == CKR_OK)
		rv = gate_enter(&gate, FN_C_InitPIN, session);
	return rv != CKR_OK ? rv : session_init_pin(gate.session, uk_secret_peek(&answer.pins[0]));
}
