/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The halls of the profiles: where a unit logs in with its key. Listed and searched offline. */
#ifndef OUK_CORE_HALL_H
#define OUK_CORE_HALL_H

#include "assistant/core/profile.h"

typedef enum {
	OUK_HALL_HOUSING_FUND, /* 公积金 */
	OUK_HALL_COMMERCE,     /* 工商 */
	OUK_HALL_INSURANCE,    /* 社保 */
	OUK_HALL_QUALITY,      /* 质检 */
	OUK_HALL_TAX,          /* 税务 */
	OUK_HALL_OTHER,
	OUK_HALL_CATEGORIES,
} OukHallCategory;

typedef enum {
	OUK_HALL_LOGIN_PIN,              /* the key's PIN alone */
	OUK_HALL_LOGIN_PASSWORD_AND_PIN, /* the hall's password, and the key's PIN */
} OukHallLogin;

/* An entry that nobody has compared with the hall for so long is "listed, not verified". */
#define OUK_HALL_FRESH_DAYS 400

typedef struct {
	const OukProfile *profile; /* whose certificate it takes */
	char *id;                  /* unique in the profile */
	OukHallCategory category;
	OukWords name, city;
	char *pinyin;      /* of the city, syllables apart: "xing tai" */
	char *name_pinyin; /* of the name, the same way */
	GPtrArray *urls;   /* of char *; the first is the one to open */
	OukHallLogin login;
	OukWords login_path;  /* what to press there: "网上营业大厅 → 单位用户登录" */
	OukWords certificate; /* which certificate it wants */
	char *hotline;        /* may be NULL */
	char *first_password; /* the hall password every unit begins with; may be NULL */
	OukWords password_help; /* whom to ask about the hall password */
	GPtrArray
		*first_time; /* of OukWords: what to do before the first login: agreement, papers */
	GPtrArray *business; /* of OukWords: what can be done there */
	OukOrigin origin;    /* checked: when somebody last saw the hall itself so */
} OukHall;

/* 公积金, ... in the person's language. */
const char *ouk_hall_category_name(OukHallCategory category);
/* "housing-fund", ... as in the data and in JSON. */
const char *ouk_hall_category_id(OukHallCategory category);

/* FALSE: listed, not verified (never checked, or more than OUK_HALL_FRESH_DAYS before `now`). */
gboolean ouk_hall_is_fresh(const OukHall *hall, GDateTime *now);

/*
 * The halls of all profiles (rehearsal ones only where `rehearsal`) that fit each of the words:
 * parts of name, city, category, CA or address; pinyin whole ("xingtai", "xing tai") or by initials
 * ("xt"); NULL or "" fits all. By category, then city. The array is the caller's, the halls are the
 * profiles'.
 */
GPtrArray *ouk_halls_search(const OukProfiles *profiles, const char *words, gboolean rehearsal);

#endif
