/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load SETTINGS.json: does the job named there with so many clients and prints what it took. */
#include "tests/bench/service/load.h"

#include "service/base/signed.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIMES_MAX 20
#define CSR_ROOM  20000U

static double
now(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void
complain(const struct link_request *request, int got, const json_t *answer)
{
	char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

	(void)fprintf(stderr, "%s %s: %d %s\n", request->method, request->path, got,
		      text != NULL ? text : "");
	free(text);
}

/*
 * When the process that was asked is gone, the question is asked again.  If it had been answered
 * already it may be refused now; whoever asked looks at the order next and sees how far it is.
 */
bool
load_ask(struct item *item, struct link *link, const struct link_request *request, json_t **ret)
{
	json_t *answer = NULL;
	double begun = now();
	int got = 0, times = 0;
	bool good;

	do {
		json_decref(answer);
		answer = NULL;
		got = link_ask(link, request, &answer);
	} while ((got == 502 || got == 503 || got == 504) && ++times < TIMES_MAX);
	good = (got >= 200 && got < 300) || (times > 0 && got >= 400 && got < 500);
	if (item->latencies_len < LATENCIES_MAX)
		item->latencies[item->latencies_len++] = now() - begun;
	if (!good)
		complain(request, got, answer);
	if (ret != NULL && good)
		*ret = answer;
	else
		json_decref(answer);
	return good;
}

bool
load_order(struct item *item, struct link *link, const char *what, const char *body, json_t **ret)
{
	char path[128];
	const struct link_request request = {.method = body != NULL ? "POST" : "GET",
					     .path = path,
					     .capability = item->capability,
					     .body = body};

	(void)snprintf(path, sizeof(path), "/v1/orders/%s%s", item->id, what);
	return load_ask(item, link, &request, ret);
}

bool
load_member(const json_t *json, const char *name, char *ret, size_t room)
{
	const char *text = cs_json_text(json, name, room - 1);

	if (text != NULL)
		memcpy(ret, text, strlen(text) + 1);
	return text != NULL;
}

bool
load_approvals(const struct load *load, const char *body, char ret[APPROVALS_TEXT])
{
	static const char *const names[] = {"wang", "zhao"};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CS_BLOB signature = {NULL, 0};
		char hex[256];
		int more;

		if (cs_sign(load->operators[i], CS_PURPOSE_APPROVE, uk_span_str(body),
			    &signature) != CS_OK ||
		    signature.len * 2 >= sizeof(hex))
			return false;
		cs_hex(cs_blob_span(&signature), hex);
		more = snprintf(ret + len, APPROVALS_TEXT - len,
				"%s{\"operator\":\"%s\",\"signature\":\"%s\"}%s",
				i == 0 ? "[" : ",", names[i], hex, i == 0 ? "" : "]");
		len += (size_t)more;
	}
	return len < APPROVALS_TEXT;
}

bool
load_open(struct item *item, struct link *link, const char *kind, const char *more)
{
	char body[1024], headers[96], id[CS_ID_TEXT];
	const struct link_request request = {
		.method = "POST", .path = "/v1/orders", .headers = headers, .body = body};
	CS_JSON *answer = NULL;

	if (cs_id_new(id) != CS_OK)
		return false;
	(void)snprintf(headers, sizeof(headers), "Idempotency-Key: %s\r\n", id);
	(void)snprintf(body, sizeof(body),
		       "{\"kind\":\"%s\",\"unit_code\":\"91110000TEST000001\",\"token\":{\"sn\":"
		       "\"%s\",\"not_after\":%ld,\"locked\":%s},%s\"form\":{\"unit\":\"unit\","
		       "\"legal_name\":\"name\",\"legal_phone\":\"13800138000\",\"handler_name\":"
		       "\"handler\",\"handler_phone\":\"13700137000\"}}",
		       kind, item->sn, (long)time(NULL) + 10 * 86400,
		       strcmp(kind, "unlock") == 0 ? "true" : "false", more);
	return load_ask(item, link, &request, &answer) &&
	       load_member(answer, "order", item->id, sizeof(item->id)) &&
	       load_member(answer, "number", item->number, sizeof(item->number)) &&
	       load_member(answer, "capability", item->capability, sizeof(item->capability));
}

/* Of operators' programs, which ask all day. */
#define DESKS       0xff0000U
#define DESK_IDLE_S 30 /* nginx closes what is not used for 75 */

struct task {
	const struct load_turn *turn;
	struct item *item;
};

struct crowd {
	const struct load *load;
	const struct task *tasks;
	size_t tasks_len, next;
	uint32_t desks;
};

static bool
linked(const struct load *load, struct link **link, uint32_t from)
{
	if (*link != NULL)
		return true;
	*link = calloc(1, sizeof(**link));
	return *link != NULL && link_open(*link, &load->target, from);
}

static void
link_drop(struct link **link)
{
	if (*link != NULL)
		link_close(*link);
	free(*link);
	*link = NULL;
}

static void *
client_run(void *ctx)
{
	struct crowd *crowd = ctx;
	uint32_t desk_number = __atomic_fetch_add(&crowd->desks, 1, __ATOMIC_RELAXED);
	struct link *desk = NULL;
	double desk_at = now();

	for (;;) {
		size_t at = __atomic_fetch_add(&crowd->next, 1, __ATOMIC_RELAXED);
		const struct task *task = at < crowd->tasks_len ? &crowd->tasks[at] : NULL;
		struct item *item;
		double begun = now();

		if (task == NULL)
			break;
		item = task->item;
		if (begun - desk_at > DESK_IDLE_S)
			link_drop(&desk);
		desk_at = begun;
		if (!item->failed)
			item->failed = !linked(crowd->load, &desk, DESKS + desk_number) ||
				       !linked(crowd->load, &item->link, item->index + 2);
		item->desk = desk;
		if (!item->failed)
			item->failed = !task->turn->run(crowd->load, item, item->link);
		if (!task->turn->stays)
			link_drop(&item->link);
		item->spent += now() - begun;
	}
	link_drop(&desk);
	return NULL;
}

static double
cpu_used(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void
tasks_run(const struct load *load, const struct task *tasks, size_t tasks_len, double ret_used[2])
{
	struct crowd crowd = {load, tasks, tasks_len, 0, 0};
	pthread_t threads[256];
	double begun = now(), cpu = cpu_used();

	for (size_t i = 0; i < load->clients; i++)
		if (pthread_create(&threads[i], NULL, client_run, &crowd) != 0)
			abort();
	for (size_t i = 0; i < load->clients; i++)
		(void)pthread_join(threads[i], NULL);
	ret_used[0] += now() - begun;
	ret_used[1] += cpu_used() - cpu;
}

/* The wave's orders: [from, to). */
static void
wave_of(const struct load *load, size_t waves, size_t wave, size_t ret[2])
{
	ret[0] = load->items_len * wave / waves;
	ret[1] = load->items_len * (wave + 1) / waves;
}

/*
 * A step: each wave that is on its way has its next turn.  The last turn of an order is a short one
 * and comes behind the others, which are mixed, so that few clients wait for the last of a step.
 */
static size_t
step_fill(struct load *load, const struct load_turn *turns, const size_t shape[3],
	  struct task *tasks)
{
	size_t turns_len = shape[0], waves = shape[1], step = shape[2], len = 0, most = 0;
	size_t ranges[TURNS_MAX][2] = {{0}};

	for (size_t turn = 0; turn < turns_len; turn++) {
		if (step < turn || step - turn >= waves)
			continue;
		wave_of(load, waves, step - turn, ranges[turn]);
		for (size_t i = ranges[turn][0]; i < ranges[turn][1]; i++) {
			struct item *item = &load->items[i];

			if (turns[turn].before != NULL && !item->failed)
				item->failed = !turns[turn].before(load, item);
		}
		if (ranges[turn][1] - ranges[turn][0] > most)
			most = ranges[turn][1] - ranges[turn][0];
	}
	for (size_t last = 0; last < 2; last++)
		for (size_t i = 0; i < most; i++)
			for (size_t turn = 0; turn < turns_len; turn++)
				if ((turn == turns_len - 1) == (last == 1) &&
				    ranges[turn][0] + i < ranges[turn][1])
					tasks[len++] = (struct task){
						&turns[turn], &load->items[ranges[turn][0] + i]};
	return len;
}

bool
load_run(struct load *load, const struct load_turn *turns, size_t turns_len, json_t *ret)
{
	struct task *tasks = calloc(load->items_len * turns_len + 1, sizeof(*tasks));
	size_t waves = load->items_len / (4 * load->clients);
	double used[2] = {0, 0};
	bool all = true;

	if (tasks == NULL)
		abort();
	waves = waves < 1 ? 1 : waves > WAVES_MAX ? WAVES_MAX : waves;
	for (size_t step = 0; step < waves + turns_len - 1; step++) {
		const size_t shape[3] = {turns_len, waves, step};
		size_t len = step_fill(load, turns, shape, tasks);

		tasks_run(load, tasks, len, used);
	}
	free(tasks);
	for (size_t i = 0; i < load->items_len; i++)
		all = all && !load->items[i].failed;
	(void)json_object_set_new(ret, "seconds", json_real(used[0]));
	(void)json_object_set_new(ret, "client_cpu_s", json_real(used[1]));
	return all;
}

static int
double_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Milliseconds: the median, the 99th of a hundred, the worst. */
static json_t *
spread(double *values, size_t len)
{
	if (len == 0)
		return json_null();
	qsort(values, len, sizeof(*values), double_order);
	return json_pack("{s:f, s:f, s:f}", "p50", values[len / 2] * 1e3, "p99",
			 values[len * 99 / 100] * 1e3, "max", values[len - 1] * 1e3);
}

static void
figures_add(const struct load *load, json_t *ret)
{
	double *all = calloc(load->items_len * (LATENCIES_MAX + 1) + 1, sizeof(*all));
	size_t len = 0, done = 0, requests = 0;

	if (all == NULL)
		abort();
	for (size_t i = 0; i < load->items_len; i++)
		for (size_t j = 0; j < load->items[i].latencies_len; j++)
			all[len++] = load->items[i].latencies[j];
	requests = len;
	(void)json_object_set_new(ret, "request_ms", spread(all, len));
	len = 0;
	for (size_t i = 0; i < load->items_len; i++)
		if (!load->items[i].failed) {
			all[len++] = load->items[i].spent;
			done++;
		}
	(void)json_object_set_new(ret, "whole_ms", spread(all, len));
	(void)json_object_set_new(ret, "done", json_integer((json_int_t)done));
	(void)json_object_set_new(ret, "requests", json_integer((json_int_t)requests));
	free(all);
}

static char *
file_hex(const struct load *load, const char *name, char hash[CS_HASH_TEXT])
{
	char path[256];
	uint8_t bytes[8192], digest[CS_HASH_LEN];
	char *hex = NULL;
	size_t len;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", load->folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	len = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	hex = malloc(2 * len + 1);
	if (hex == NULL || cs_hash(uk_span_of(bytes, len), digest) != CS_OK)
		abort();
	cs_hex(uk_span_of(bytes, len), hex);
	cs_hex(uk_span_of(digest, sizeof(digest)), hash);
	return hex;
}

static EVP_PKEY *
key_read(const struct load *load, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s.key", load->folder, name);
	return cs_private_key_read(path);
}

static bool
load_read(const char *path, struct load *load)
{
	json_t *json = json_load_file(path, 0, NULL);
	const char *prefix = json_string_value(json_object_get(json, "prefix"));

	load->settings = json;
	load->folder = json_string_value(json_object_get(json, "folder"));
	load->texts = json_string_value(json_object_get(json, "texts"));
	load->pay_key = json_string_value(json_object_get(json, "pay_key"));
	load->clients = (size_t)json_integer_value(json_object_get(json, "clients"));
	load->items_len = (size_t)json_integer_value(json_object_get(json, "count"));
	load->items = calloc(load->items_len, sizeof(*load->items));
	load->target.address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)json_integer_value(json_object_get(json, "port")))};
	if (json_is_true(json_object_get(json, "tls")))
		load->target.tls = SSL_CTX_new(TLS_client_method());
	if (load->folder == NULL || prefix == NULL || load->items == NULL || load->clients > 256)
		return false;
	for (size_t i = 0; i < load->items_len; i++) {
		load->items[i].index = (uint32_t)i;
		(void)snprintf(load->items[i].sn, sizeof(load->items[i].sn), "%.8s%06u", prefix,
			       load->items[i].index);
	}
	load->operators[0] = key_read(load, "wang");
	load->operators[1] = key_read(load, "zhao");
	load->old_key = key_read(load, "old");
	load->new_key = key_read(load, "new");
	load->ca_key = key_read(load, "ca");
	load->csr = file_hex(load, "new.csr.der", load->csr_hash);
	load->csr_member = malloc(CSR_ROOM);
	if (load->csr_member != NULL && load->csr != NULL)
		(void)snprintf(load->csr_member, CSR_ROOM, "\"csr\":\"%s\",", load->csr);
	load->subject = file_hex(load, "subject.der", load->subject_hash);
	return load->operators[0] != NULL && load->operators[1] != NULL;
}

int
main(int argc, char **argv)
{
	struct load load = {.folder = NULL};
	CS_JSON *figures = json_object();
	const char *job;
	bool done;

	if (argc != 2 || !load_read(argv[1], &load)) {
		(void)fprintf(stderr, "Usage: load SETTINGS.json\n");
		return 2;
	}
	job = json_string_value(json_object_get(load.settings, "job"));
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(job, "bare") == 0) {
		bare_run(&load, figures);
		done = true;
	} else {
		done = strcmp(job, "unlocks") == 0 ? unlocks_run(&load, figures)
						   : renewals_run(&load, figures);
		figures_add(&load, figures);
	}
	(void)json_dumpf(figures, stdout, JSON_COMPACT);
	(void)printf("\n");
	return done ? 0 : 1;
}
