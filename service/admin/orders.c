/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders on the command line: the same as in the console. */
#include "service/admin/admin.h"
#include "service/counter/counter.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX 65536

struct work {
	struct cs_counter counter;
	const struct options *options;
};

static const char *
argument(const struct work *work, int at)
{
	return at < work->options->arguments_len ? work->options->arguments[at] : "";
}

static enum cs_status
print(const json_t *json)
{
	bool written = json_dumpf(json, stdout, JSON_INDENT(2)) == 0;

	(void)printf("\n");
	return written ? CS_OK : CS_E_UNAVAILABLE;
}

static void
row_print(const json_t *row)
{
	static const char *const columns[] = {"number", "kind", "state", "sn"};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		(void)printf("%-18s", json_string_value(json_object_get(row, columns[i])));
	(void)printf("%ld\n", (long)json_integer_value(json_object_get(row, "changed")));
}

static enum cs_status
run_orders(struct work *work)
{
	const struct options *options = work->options;
	const struct cs_order_filter filter = {.kind = options->kind != NULL ? options->kind : "",
					       .state =
						       options->state != NULL ? options->state : "",
					       .key_sn = options->sn != NULL ? options->sn : "",
					       .before = ""};
	CS_JSON *orders = json_array();
	enum cs_status st = cs_counter_list(&work->counter, &filter, argument(work, 0), orders);

	for (size_t i = 0; i < json_array_size(orders) && st == CS_OK; i++)
		row_print(json_array_get(orders, i));
	return st;
}

static enum cs_status
run_show(struct work *work)
{
	CS_JSON *order = json_object();
	enum cs_status st = cs_counter_order(&work->counter, argument(work, 0), order);

	return st == CS_OK ? print(order) : st;
}

static enum cs_status
run_log(struct work *work)
{
	CS_JSON *entries = json_array();
	enum cs_status st = cs_counter_log(work->counter.desk, argument(work, 0), entries);

	return st == CS_OK ? print(entries) : st;
}

/* NAME=VALUE; a value of "@FILE" is the file's text, years is a number. */
static enum cs_status
member_put(json_t *members, const char *text)
{
	const char *is = strchr(text, '=');
	char name[32], file[FILE_MAX];
	const char *value = is != NULL ? is + 1 : NULL;
	FILE *from;
	size_t len;

	if (value == NULL || (size_t)(is - text) >= sizeof(name))
		return CS_E_ARGUMENTS;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(is - text), text);
	if (value[0] == '@') {
		from = fopen(value + 1, "re");
		if (from == NULL)
			return CS_E_UNAVAILABLE;
		len = fread(file, 1, sizeof(file) - 1, from);
		(void)fclose(from);
		file[len] = '\0';
		value = file;
	}
	if (strcmp(name, "years") == 0)
		return json_object_set_new(members, name, json_integer(strtol(value, NULL, 10))) ==
				       0
			       ? CS_OK
			       : CS_E_MEMORY;
	return json_object_set_new(members, name, json_string(value)) == 0 ? CS_OK : CS_E_ARGUMENTS;
}

static enum cs_status
run_ask(struct work *work)
{
	CS_JSON *members = json_object();
	char id[CS_ID_TEXT];
	enum cs_status st = CS_OK;

	for (int i = 2; i < work->options->arguments_len && st == CS_OK; i++)
		st = member_put(members, argument(work, i));
	if (st == CS_OK)
		st = cs_counter_ask(&work->counter, argument(work, 0), argument(work, 1), members,
				    id);
	if (st == CS_OK)
		(void)printf("%s\n", id);
	return st;
}

static enum cs_status
run_paper(struct work *work)
{
	CS_JSON *paper = json_object();
	enum cs_status st = cs_counter_paper(&work->counter, argument(work, 0), paper);

	return st == CS_OK ? print(paper) : st;
}

static enum cs_status
run_answer(struct work *work)
{
	CS_JSON *answer = json_load_file(argument(work, 1), JSON_REJECT_DUPLICATES, NULL);
	CS_JSON *told = json_object();
	enum cs_status st = answer != NULL ? cs_counter_answer(work->counter.desk,
							       argument(work, 0), answer, told)
					   : CS_E_ARGUMENTS;

	const char *refused = json_string_value(json_object_get(told, "refused"));

	if (st == CS_OK)
		st = print(told);
	/* Signed by enough, and not done all the same. */
	return st == CS_OK && refused != NULL ? cs_status_of_code(refused) : st;
}

static enum cs_status
run_carry_out(struct work *work)
{
	return cs_counter_carry_out(work->counter.desk, argument(work, 0));
}

static enum cs_status
run_drop(struct work *work)
{
	return cs_counter_drop(&work->counter, argument(work, 0));
}

static enum cs_status
run_resend(struct work *work)
{
	return cs_counter_resend(&work->counter, argument(work, 0));
}

static const struct {
	const char *name;
	int least, most; /* arguments */
	enum cs_status (*run)(struct work *work);
} commands[] = {
	{"orders", 0, 1, run_orders},
	{"show", 1, 1, run_show},
	{"log", 0, 1, run_log},
	{"ask", 2, ADMIN_ARGUMENTS, run_ask},
	{"paper", 1, 1, run_paper},
	{"answer", 2, 2, run_answer},
	{"carry-out", 1, 1, run_carry_out},
	{"drop", 1, 1, run_drop},
	{"resend", 1, 1, run_resend},
};

static enum cs_status
certd_open(const struct options *options, struct cs_certd *certd)
{
	enum cs_status st = admin_report(cs_vault_open(options->vault, &certd->vault), "--vault");

	certd->store = options->store;
	certd->ca = options->ca;
	certd->node = "certadm";
	certd->unlock_socket = options->unlock;
	certd->issue_socket = options->issue;
	if (st == CS_OK)
		st = admin_report(cs_profile_read(options->profile, &certd->profile), "--profile");
	if (st == CS_OK)
		st = admin_report(cs_operators_read(options->operators, &certd->operators),
				  "--operators");
	return st;
}

static enum cs_status
work_run(const struct options *options, const struct cs_certd *certd, size_t at)
{
	struct work work = {.counter = {.desk = cs_desk_open(certd, "certadm")},
			    .options = options};
	enum cs_status st = work.counter.desk != NULL ? CS_OK : CS_E_UNAVAILABLE;

	(void)admin_report(st, "--store");
	if (st == CS_OK && options->as != NULL)
		st = admin_report(
			cs_operator_by_name(&certd->operators, options->as, &work.counter.who),
			options->as);
	if (st == CS_OK)
		st = admin_report(commands[at].run(&work), commands[at].name);
	cs_desk_close(work.counter.desk);
	return st;
}

int
admin_orders(const char *command, const struct options *options)
{
	struct cs_certd certd = {.store = NULL};
	enum cs_status st;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, command) != 0)
			continue;
		if (options->store == NULL || options->vault == NULL || options->profile == NULL ||
		    options->operators == NULL || options->arguments_len < commands[i].least ||
		    options->arguments_len > commands[i].most)
			return 2;
		st = certd_open(options, &certd);
		if (st == CS_OK)
			st = work_run(options, &certd, i);
		cs_profile_free(&certd.profile);
		cs_operators_free(&certd.operators);
		cs_vault_wipe(&certd.vault);
		return st == CS_OK ? 0 : 1;
	}
	return -1;
}
