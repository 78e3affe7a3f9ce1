/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An unlock in two turns, the code read from the spool in between; the key is only pretended. */
#include "service/wire/client.h"
#include "tests/bench/service/load.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 60000

/* Two operators enrol the key; this goes to openukey-unlockd itself. */
static bool
enrol(const struct load *load, struct item *item)
{
	const char *socket_path =
		json_string_value(json_object_get(load->settings, "unlock_socket"));
	char body[512], phone[16], approvals[APPROVALS_TEXT];
	json_t *answer = NULL;
	enum cs_status st;

	(void)snprintf(phone, sizeof(phone), "138%08u", item->index % 100000000);
	(void)snprintf(body, sizeof(body),
		       "enrol OpenUKey Virtual V0\nsn=%s\nnumber=1\nphone=%s\naccount=\nnotify=\n",
		       item->sn, phone);
	if (!load_approvals(load, body, approvals))
		return false;
	st = cs_ask(socket_path,
		    json_pack("{s:s, s:s, s:s, s:i, s:{s:s}, s:o}", "op", "enrol", "sn", item->sn,
			      "model", "OpenUKey Virtual V0", "master", 1, "contact", "phone",
			      phone, "approvals", json_loads(approvals, 0, NULL)),
		    WAIT_MS, &answer);
	if (st == CS_OK)
		json_decref(answer);
	return st == CS_OK;
}

/* 5 requests */
static bool
code_wanted(const struct load *load, struct item *item, struct link *link)
{
	return load_open(item, link, "unlock", "\"method\":\"sms\",") &&
	       load_order(item, link, "/submit", "{}", NULL) &&
	       load_order(item, link, "", NULL, NULL) &&
	       load_order(item, link, "/unlock/code", "{}", NULL) &&
	       load_order(item, link, "", NULL, NULL);
}

static bool
command(struct item *item, struct link *link, const char *stage)
{
	char body[512], random[CS_ID_TEXT];

	if (cs_id_new(random) != CS_OK)
		return false;
	(void)snprintf(body, sizeof(body),
		       "{\"grant\":\"%s\",\"stage\":\"%s\",\"random\":\"%s\",\"app\":\"0001\","
		       "\"admin_left\":10}",
		       item->grant, stage, random + sizeof(random) - 17);
	return load_order(item, link, "/unlock/command", body, NULL);
}

/* 6 requests */
static bool
unlocked(const struct load *load, struct item *item, struct link *link)
{
	char body[192];
	CS_JSON *checked = NULL;

	(void)snprintf(body, sizeof(body), "{\"code\":\"%s\"}", item->code);
	if (!load_order(item, link, "/unlock/check", body, &checked) ||
	    !load_member(checked, "grant", item->grant, sizeof(item->grant)) ||
	    !load_order(item, link, "", NULL, NULL) || !command(item, link, "admin") ||
	    !command(item, link, "unblock"))
		return false;
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", item->grant);
	return load_order(item, link, "/unlock/ack", body, NULL) &&
	       load_order(item, link, "", NULL, NULL);
}

static struct item *
item_of(const struct load *load, const char *order)
{
	for (size_t i = 0; i < load->items_len; i++)
		if (strncmp(load->items[i].id, order, CS_ID_TEXT - 1) == 0)
			return &load->items[i];
	return NULL;
}

/* The text of a letter about the code of an order: eight digits behind its name. */
static void
letter_read(const struct load *load, const char *path)
{
	static const char mark[] = "授权码";
	CS_JSON *letter = json_load_file(path, 0, NULL);
	const char *once = json_string_value(json_object_get(letter, "once"));
	const char *text = json_string_value(json_object_get(letter, "text"));
	struct item *item = NULL;

	text = text != NULL ? strstr(text, mark) : NULL;
	if (text != NULL && once != NULL && strncmp(once, "code/", 5) == 0)
		item = item_of(load, once + 5);
	if (item != NULL)
		(void)snprintf(item->code, sizeof(item->code), "%.8s", text + sizeof(mark) - 1);
}

/* Each is read once. */
static void
codes_read(const struct load *load, const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "sms-", 4) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		letter_read(load, path);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* The code is there once openukey-unlockd has written the letter. */
static bool
code_read(const struct load *load, struct item *item)
{
	const char *spool = json_string_value(json_object_get(load->settings, "spool"));
	const struct timespec pause = {0, 200000000};

	for (int round = 0; round < 300 && item->code[0] == '\0'; round++) {
		if (round > 0)
			(void)nanosleep(&pause, NULL);
		codes_read(load, spool);
	}
	return item->code[0] != '\0';
}

bool
unlocks_run(struct load *load, json_t *ret)
{
	static const struct load_turn turns[] = {{enrol, code_wanted, true},
						 {code_read, unlocked, false}};

	return load_run(load, turns, ARRAY_SIZE(turns), ret);
}
