/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CA behind a program: it is run for each request, without a shell and without our environment,
 * gets one line of JSON on its standard input and answers with one on its standard output.
 */
#include "service/issue/upstream.h"

#include "service/base/clock.h"
#include "service/wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX  65536U
#define PATIENCE_MS 20000
#define DER_MAX     8192

struct external {
	char *program;
};

/* A run of the program: our ends of its standard input and output. */
struct run {
	pid_t pid;
	int in, out;
	int64_t until;
};

static enum cs_status
external_open(const char *options, X509 *ca, void **ret)
{
	struct external *external;

	if (options == NULL || options[0] != '/' || access(options, X_OK) != 0)
		return CS_E_ARGUMENTS;
	external = calloc(1, sizeof(*external));
	if (external != NULL)
		external->program = strdup(options);
	if (external == NULL || external->program == NULL) {
		free(external);
		return CS_E_MEMORY;
	}
	*ret = external;
	return CS_OK;
}

static void
external_close(void *driver)
{
	struct external *external = driver;

	free(external->program);
	free(external);
}

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static bool
spawn(const char *program, int in, int out, pid_t *ret)
{
	char *const environment[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
				     (char[]){"LC_ALL=C.UTF-8"}, NULL};
	char name[512];
	char *const arguments[] = {name, NULL};
	posix_spawn_file_actions_t actions;
	bool done;

	if (strlen(program) >= sizeof(name) || posix_spawn_file_actions_init(&actions) != 0)
		return false;
	memcpy(name, program, strlen(program) + 1);
	done = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO) == 0 &&
	       posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0 &&
	       posix_spawn(ret, program, &actions, NULL, arguments, environment) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return done;
}

/* The other descriptors of ours are all closed on exec. */
static enum cs_status
run_begin(const char *program, struct run *run)
{
	int to[2], from[2];
	bool done;

	if (pipe2(to, O_CLOEXEC) != 0)
		return CS_E_UNAVAILABLE;
	if (pipe2(from, O_CLOEXEC) != 0) {
		fd_close(&to[0]);
		fd_close(&to[1]);
		return CS_E_UNAVAILABLE;
	}
	done = spawn(program, to[0], from[1], &run->pid);
	fd_close(&to[0]);
	fd_close(&from[1]);
	run->in = to[1];
	run->out = from[0];
	run->until = cs_now_ms() + PATIENCE_MS;
	if (done && fcntl(run->in, F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(run->out, F_SETFL, O_NONBLOCK) == 0)
		return CS_OK;
	fd_close(&run->in);
	fd_close(&run->out);
	return CS_E_UNAVAILABLE;
}

static bool
wait_for(const struct run *run, int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};
	int64_t left = run->until - cs_now_ms();

	return left > 0 && poll(&one, 1, (int)left) == 1;
}

static bool
question_put(struct run *run, struct uk_span text)
{
	while (text.len > 0) {
		ssize_t done = write(run->in, text.ptr, text.len);

		if (done < 0 && (errno != EAGAIN || !wait_for(run, run->in, POLLOUT)))
			return false;
		if (done > 0)
			text = uk_span_of(text.ptr + done, text.len - (size_t)done);
	}
	fd_close(&run->in);
	return true;
}

static bool
answer_take(struct run *run, struct cs_blob *ret)
{
	if (cs_blob_room(ret, ANSWER_MAX) != CS_OK)
		return false;
	for (size_t len = 0;;) {
		ssize_t got = read(run->out, ret->ptr + len, ANSWER_MAX - len);

		if (got == 0) {
			ret->len = len;
			return len < ANSWER_MAX;
		}
		if (got < 0 && (errno != EAGAIN || !wait_for(run, run->out, POLLIN)))
			return false;
		if (got > 0)
			len += (size_t)got;
		if (len == ANSWER_MAX)
			return false;
	}
}

/* It is not waited for longer than for its answer. */
static bool
run_end(struct run *run, bool heard)
{
	int status = -1;

	fd_close(&run->in);
	fd_close(&run->out);
	if (!heard)
		(void)kill(run->pid, SIGKILL);
	while (waitpid(run->pid, &status, heard && cs_now_ms() < run->until ? WNOHANG : 0) == 0) {
		(void)poll(NULL, 0, 10);
		if (cs_now_ms() >= run->until)
			(void)kill(run->pid, SIGKILL);
	}
	return heard && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Takes the question over. */
static enum cs_status
ask(const struct external *external, json_t *question, json_t **ret)
{
	char *text = question != NULL ? json_dumps(question, JSON_COMPACT) : NULL;
	struct run run = {.in = -1, .out = -1};
	CS_BLOB answer = {NULL, 0};
	json_t *json;
	bool heard;
	enum cs_status st = text != NULL ? run_begin(external->program, &run) : CS_E_MEMORY;

	if (st == CS_OK) {
		heard = question_put(&run, uk_span_str(text)) && answer_take(&run, &answer);
		st = run_end(&run, heard) ? CS_OK : CS_E_UNAVAILABLE;
	}
	free(text);
	json_decref(question);
	if (st != CS_OK)
		return st;
	json = cs_json_read(cs_blob_span(&answer));
	if (json == NULL)
		return CS_E_UNAVAILABLE;
	st = cs_json_status(json);
	if (st != CS_OK) {
		json_decref(json);
		return st == CS_E_BUSY ? CS_E_BUSY : CS_E_UNAVAILABLE;
	}
	*ret = json;
	return CS_OK;
}

static bool
optional(const json_t *json, const char *name, struct cs_blob *ret)
{
	return json_object_get(json, name) == NULL || cs_json_blob(json, name, DER_MAX, ret);
}

static enum cs_status
external_issue(void *driver, const struct cs_upstream_job *job, struct cs_upstream_result *ret)
{
	CS_JSON *answer = NULL;
	json_t *question =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "op", "issue", "id", job->id,
			  "kind", job->kind, "sn", job->key_sn, "code", job->code, "years",
			  (json_int_t)job->years, "not_after", (json_int_t)job->not_after);
	struct cs_upstream_result got = {.sign_cert = {NULL, 0}};
	enum cs_status st = CS_E_MEMORY;

	if (cs_json_put_hex(question, "subject", job->subject) &&
	    cs_json_put_hex(question, "csr", job->csr) &&
	    cs_json_put_hex(question, "old_cert", job->old_cert))
		st = ask(driver, question, &answer);
	else
		json_decref(question);
	if (st != CS_OK)
		return st;
	if (!cs_json_blob(answer, "sign_cert", DER_MAX, &got.sign_cert) ||
	    !optional(answer, "enc_cert", &got.enc_cert) ||
	    !optional(answer, "envelope", &got.envelope) ||
	    !optional(answer, "wrapped_key", &got.wrapped)) {
		cs_upstream_result_clear(&got);
		return CS_E_UNAVAILABLE;
	}
	*ret = got;
	return CS_OK;
}

static enum cs_status
external_revoke(void *driver, struct uk_span cert, int64_t reason)
{
	json_t *question = json_pack("{s:s, s:I}", "op", "revoke", "reason", (json_int_t)reason);
	CS_JSON *answer = NULL;

	if (!cs_json_put_hex(question, "cert", cert)) {
		json_decref(question);
		return CS_E_MEMORY;
	}
	return ask(driver, question, &answer);
}

const struct cs_upstream_driver cs_upstream_external = {
	"external", external_open, external_close, external_issue, external_revoke,
};
