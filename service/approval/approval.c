/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of operators as a running process has it: read again when it has changed. */
#include "service/approval/approval.h"

#include "service/approval/book.h"
#include "service/base/clock.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_ROOM 512

struct cs_operator_book {
	pthread_mutex_t lock;
	char path[PATH_ROOM];
	char begun[CS_HASH_TEXT]; /* how the list must have begun; "" does not matter */
	struct cs_book book;
	struct stat seen;
	bool valid;
};

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The chain's file where there is one: it counts alone. */
static bool
file_of(const struct cs_operator_book *here, char path[PATH_ROOM + 16], struct stat *info)
{
	(void)snprintf(path, PATH_ROOM + 16, "%s", here->path);
	if (stat(path, info) != 0)
		return false;
	if (!S_ISDIR(info->st_mode))
		return true;
	(void)snprintf(path, PATH_ROOM + 16, "%s/operators", here->path);
	if (stat(path, info) == 0)
		return true;
	(void)snprintf(path, PATH_ROOM + 16, "%s", here->path);
	return stat(path, info) == 0;
}

/* With the lock held. */
static enum cs_status
refresh(struct cs_operator_book *here)
{
	char path[PATH_ROOM + 16];
	struct stat info;
	enum cs_status st;

	if (!file_of(here, path, &info)) {
		here->valid = false;
		return CS_E_UNAVAILABLE;
	}
	if (here->valid && same_file(&info, &here->seen))
		return CS_OK;
	cs_book_clear(&here->book);
	st = S_ISDIR(info.st_mode) ? cs_book_read_folder(path, &here->book)
				   : cs_book_read(path, &here->book);
	if (st == CS_OK && here->begun[0] != '\0' && strcmp(here->begun, here->book.begun) != 0) {
		cs_book_clear(&here->book);
		st = CS_E_ARGUMENTS;
	}
	here->valid = st == CS_OK;
	here->seen = info;
	return st;
}

enum cs_status
cs_operators_read(const char *where, struct cs_operators *ret)
{
	const char *pin = strrchr(where, '#');
	size_t len = pin != NULL ? (size_t)(pin - where) : strlen(where);
	struct cs_operator_book *here = calloc(1, sizeof(*here));
	enum cs_status st;

	if (here == NULL)
		return CS_E_MEMORY;
	if (pthread_mutex_init(&here->lock, NULL) != 0 || len >= PATH_ROOM ||
	    (pin != NULL && strlen(pin + 1) != CS_HASH_TEXT - 1)) {
		free(here);
		return CS_E_ARGUMENTS;
	}
	memcpy(here->path, where, len);
	if (pin != NULL)
		memcpy(here->begun, pin + 1, CS_HASH_TEXT);
	st = refresh(here);
	if (st == CS_OK)
		ret->book = here;
	else
		free(here);
	return st;
}

void
cs_operators_free(struct cs_operators *operators)
{
	if (operators->book == NULL)
		return;
	cs_book_clear(&operators->book->book);
	(void)pthread_mutex_destroy(&operators->book->lock);
	free(operators->book);
	operators->book = NULL;
}

/* The book as it is now, locked; NULL: nobody is an operator. */
static struct cs_book *
enter(const struct cs_operators *operators)
{
	if (operators->book == NULL)
		return NULL;
	(void)pthread_mutex_lock(&operators->book->lock);
	if (refresh(operators->book) == CS_OK)
		return &operators->book->book;
	(void)pthread_mutex_unlock(&operators->book->lock);
	return NULL;
}

static void
leave(const struct cs_operators *operators)
{
	(void)pthread_mutex_unlock(&operators->book->lock);
}

static void
show(const struct cs_book_row *row, struct cs_operator *ret)
{
	*ret = (struct cs_operator){.roles = row->roles, .until = row->until};
	memcpy(ret->name, row->name, sizeof(ret->name));
}

enum cs_status
cs_operator_by_key(const struct cs_operators *operators, EVP_PKEY *key, struct cs_operator *ret)
{
	const struct cs_book *book = enter(operators);
	int64_t now = cs_now();
	enum cs_status st = CS_E_DENIED;

	for (size_t i = 0; book != NULL && i < book->rows_len; i++)
		if (cs_book_row_holds(&book->rows[i], now) &&
		    EVP_PKEY_eq(book->rows[i].key, key) == 1) {
			show(&book->rows[i], ret);
			st = CS_OK;
		}
	if (book != NULL)
		leave(operators);
	return st;
}

enum cs_status
cs_operator_by_name(const struct cs_operators *operators, const char *name, struct cs_operator *ret)
{
	const struct cs_book *book = enter(operators);
	const struct cs_book_row *row = book != NULL ? cs_book_find(book, name, cs_now()) : NULL;

	if (row != NULL)
		show(row, ret);
	if (book != NULL)
		leave(operators);
	return row != NULL ? CS_OK : CS_E_DENIED;
}

size_t
cs_operators_now(const struct cs_operators *operators, struct cs_operator ret[CS_OPERATORS_MAX])
{
	const struct cs_book *book = enter(operators);
	int64_t now = cs_now();
	size_t len = 0;

	for (size_t i = 0; book != NULL && i < book->rows_len && len < CS_OPERATORS_MAX; i++)
		if (cs_book_row_holds(&book->rows[i], now))
			show(&book->rows[i], &ret[len++]);
	if (book != NULL)
		leave(operators);
	return len;
}

enum cs_status
cs_approved(const struct cs_operators *operators, const json_t *approvals, struct uk_span body,
	    size_t needed)
{
	const struct cs_book *book = enter(operators);
	enum cs_status st;

	if (book == NULL)
		return CS_E_PROOF;
	st = cs_book_approved(book, approvals, body, needed, cs_now());
	leave(operators);
	return st;
}

enum cs_status
cs_approval_check(const struct cs_operators *operators, const json_t *approval, struct uk_span body)
{
	const struct cs_book *book = enter(operators);
	const struct cs_book_row *row;
	enum cs_status st;

	if (book == NULL)
		return CS_E_PROOF;
	st = cs_book_signed(book, approval, body, cs_now(), &row);
	if (st == CS_OK && (row->roles & cs_act_of(body).roles) == 0)
		st = CS_E_PROOF;
	leave(operators);
	return st;
}
