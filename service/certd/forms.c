/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is printed: the application form, and the templates of the paper path. */
#include "service/certd/api.h"

#include "service/deliver/template.h"
#include "service/papers/papers.h"

#include <stdio.h>
#include <string.h>

#define BLANK     "________________"
#define DATE_TEXT 24

/* Members of a form and what they are called, in the order in which they are printed. */
static const struct {
	const char *name, *label;
} members[] = {
	{"unit", "单位名称"},
	{"department", "部门"},
	{"unit_code", "统一社会信用代码"},
	{"unit_phone", "单位电话"},
	{"legal_name", "法定代表人姓名"},
	{"legal_id", "法定代表人证件号码"},
	{"legal_phone", "法定代表人手机号"},
	{"product", "证书产品"},
	{"handler_name", "经办人姓名"},
	{"handler_id", "经办人证件号码"},
	{"handler_phone", "经办人手机号"},
	{"handler_email", "电子邮箱"},
	{"post_address", "邮寄地址"},
	{"bank_account", "开户行及账号"},
};

static json_t *
rows_of(const json_t *form)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *value = json_string_value(json_object_get(form, members[i].name));

		(void)json_array_append_new(
			rows, json_pack("[s, s]", members[i].label, value != NULL ? value : ""));
	}
	return rows;
}

static json_t *
boxes_of(const char *word)
{
	json_t *boxes = json_array();

	for (enum cs_kind kind = 0; kind < CS_KIND_COUNT; kind++)
		(void)json_array_append_new(boxes,
					    json_pack("[s, b]", cs_kind_chinese(kind),
						      strcmp(cs_kind_word(kind), word) == 0));
	return boxes;
}

static json_t *
lines_of(const json_t *texts, const char *bullet)
{
	json_t *items = json_array();

	for (size_t i = 0; i < json_array_size(texts); i++) {
		const char *text = json_string_value(json_array_get(texts, i));
		char line[512];

		(void)snprintf(line, sizeof(line), "%s%s", bullet, text != NULL ? text : "");
		(void)json_array_append_new(items, json_pack("{s:s}", "text", line));
	}
	return items;
}

static void
date_text(const struct cs_certd *certd, int64_t instant, char ret[DATE_TEXT])
{
	struct cs_date date = cs_date_at(instant, certd->profile.terms.offset);

	(void)snprintf(ret, DATE_TEXT, "%04d-%02d-%02d", date.year % 10000, date.month % 100,
		       date.day % 100);
}

/* row: NULL for a blank form. */
static json_t *
form_pages(const struct cs_certd *certd, const struct cs_order_row *row, const char *kind,
	   const json_t *form)
{
	const char *number = row != NULL ? row->number : BLANK;
	char date[DATE_TEXT] = BLANK, head[128];
	json_t *first, *second, *papers;

	if (row != NULL)
		date_text(certd, row->created, date);
	(void)snprintf(head, sizeof(head), "订单编号：%s    申请日期：%s", number, date);
	first = json_pack("[{s:s}, {s:s}, {s:s}, {s:s}, {s:o}, {s:s}, {s:o}]", "qr", number,
			  "title", "数字证书业务申请表", "text", head, "heading", "一、业务类型",
			  "boxes", boxes_of(kind), "heading", "二、申请信息", "rows",
			  rows_of(form));
	second = json_pack("[{s:s}, {s:s}]", "heading", "三、应提交的材料", "text",
			   "以下材料均须加盖单位公章：");
	papers = lines_of(json_object_get(json_object_get(certd->profile.json, "papers"), kind),
			  "□ ");
	(void)json_array_extend(second, papers);
	json_decref(papers);
	papers = json_pack("[{s:s}, {s:s}, {s:[s, s, s]}, {s:s}, {s:[[s, s], [s, s], [s, s]]}]",
			   "heading", "四、单位承诺", "text",
			   "本单位承诺所填信息和提交的材料真实、有效，已阅读并同意电子认证服务协议"
			   "、隐私政策和风险提示，"
			   "并承担由此产生的责任。",
			   "sign", "单位（盖章）", "法定代表人（签字）", "经办人（签字）",
			   "heading", "五、受理机构填写", "rows", "受理人、日期", "",
			   "审核人、日期", "", "备注", "");
	(void)json_array_extend(second, papers);
	json_decref(papers);
	return json_pack("{s:[o, o]}", "pages", first, second);
}

static enum cs_status
pages_print(const struct cs_certd *certd, const json_t *pages, struct cs_http_page *page)
{
	char *text = pages != NULL ? json_dumps(pages, JSON_COMPACT) : NULL;
	enum cs_status st = CS_E_MEMORY;

	if (text != NULL)
		st = cs_papers_run(certd->papers, "form", uk_span_str(text), &page->body);
	if (text != NULL)
		uk_wipe(text, strlen(text));
	free(text);
	page->type = "application/pdf";
	return st;
}

static enum cs_status
order_form(struct cs_desk *desk, const struct cs_http_request *http, struct cs_order_row *row,
	   json_t **ret)
{
	CS_BLOB form = {NULL, 0};
	enum cs_status st = cs_api_own(desk, http, row);

	if (st == CS_OK)
		st = cs_order_read(&desk->orders, row->id, row, &form);
	if (st != CS_OK)
		return st;
	*ret = cs_json_read(cs_blob_span(&form));
	return *ret != NULL ? CS_OK : CS_E_CORRUPT;
}

enum cs_status
cs_api_form(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	CS_JSON *form = NULL;
	CS_JSON *pages = NULL;
	enum cs_status st = order_form(desk, http, &row, &form);

	if (st != CS_OK)
		return st;
	pages = form_pages(desk->certd, &row, row.kind, form);
	return pages_print(desk->certd, pages, http->page);
}

/* "NAME.pdf": the template with that id. */
static const json_t *
template_find(const struct cs_certd *certd, const char *file)
{
	const json_t *list = json_object_get(certd->profile.json, "templates");
	const char *dot = strrchr(file, '.');
	size_t len = dot != NULL && strcmp(dot, ".pdf") == 0 ? (size_t)(dot - file) : 0;

	for (size_t i = 0; len > 0 && i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *id = json_string_value(json_object_get(one, "id"));

		if (id != NULL && strlen(id) == len && strncmp(id, file, len) == 0)
			return one;
	}
	return NULL;
}

/* One page; what is not known is a line to write on. */
static enum cs_status
template_pages(const json_t *template, const json_t *values, json_t **ret)
{
	const json_t *texts = json_object_get(template, "text");
	const char *title = json_string_value(json_object_get(template, "title"));
	CS_JSON *page = json_pack("[{s:s}]", "title", title != NULL ? title : "");

	for (size_t i = 0; i < json_array_size(texts); i++) {
		const char *words = json_string_value(json_array_get(texts, i));
		CS_BLOB filled = {NULL, 0};
		enum cs_status st = cs_template_fill(words != NULL ? words : "", values,
						     CS_ESCAPE_NONE, BLANK, &filled);

		if (st != CS_OK)
			return st;
		(void)json_array_append_new(page,
					    json_pack("{s:s%}", "text", filled.ptr, filled.len));
	}
	(void)json_array_append_new(page, json_pack("{s:[s, s, s]}", "sign", "单位（盖章）",
						    "法定代表人（签字）", "日期"));
	*ret = json_pack("{s:[O]}", "pages", page);
	return *ret != NULL ? CS_OK : CS_E_MEMORY;
}

enum cs_status
cs_api_order_paper(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const json_t *template = template_find(desk->certd, http->parts[1]);
	CS_ORDER_ROW row = {.ver = 0};
	CS_JSON *form = NULL;
	CS_JSON *pages = NULL;
	enum cs_status st = order_form(desk, http, &row, &form);

	if (st != CS_OK)
		return st;
	if (template == NULL)
		return CS_E_NOT_FOUND;
	(void)json_object_set_new(form, "number", json_string(row.number));
	st = template_pages(template, form, &pages);
	return st == CS_OK ? pages_print(desk->certd, pages, http->page) : st;
}

/* For anybody: nobody's data is in it. */
enum cs_status
cs_api_blank_paper(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	const struct cs_desk *desk = ctx;
	const json_t *template = template_find(desk->certd, http->parts[1]);
	enum cs_kind kind = CS_KIND_COUNT;
	CS_JSON *nothing = json_object();
	CS_JSON *pages = NULL;
	enum cs_status st = CS_OK;

	if (!cs_kind_read(http->parts[0], &kind))
		return CS_E_NOT_FOUND;
	if (strcmp(http->parts[1], "form.pdf") == 0)
		pages = form_pages(desk->certd, NULL, http->parts[0], nothing);
	else if (template != NULL)
		st = template_pages(template, nothing, &pages);
	else
		return CS_E_NOT_FOUND;
	return st == CS_OK ? pages_print(desk->certd, pages, http->page) : st;
}

enum cs_status
cs_api_papers(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	const struct cs_desk *desk = ctx;
	const json_t *json = desk->certd->profile.json;
	const json_t *list = json_object_get(json_object_get(json, "papers"), http->parts[0]);
	const json_t *post_to = json_object_get(json, "post_to");
	const json_t *templates = json_object_get(json, "templates");
	json_t *names = json_pack("[{s:s, s:s}]", "id", "form", "title", "数字证书业务申请表");
	enum cs_kind kind = CS_KIND_COUNT;

	for (size_t i = 0; i < json_array_size(templates); i++) {
		const json_t *one = json_array_get(templates, i);

		(void)json_array_append_new(
			names, json_pack("{s:s*, s:s*}", "id",
					 json_string_value(json_object_get(one, "id")), "title",
					 json_string_value(json_object_get(one, "title"))));
	}
	if (json_object_set_new(answer, "templates", names) != 0 ||
	    json_object_set_new(answer, "papers",
				list != NULL ? json_deep_copy(list) : json_array()) != 0 ||
	    json_object_set_new(answer, "post_to",
				post_to != NULL ? json_deep_copy(post_to) : json_string("")) != 0)
		return CS_E_MEMORY;
	return cs_kind_read(http->parts[0], &kind) ? CS_OK : CS_E_NOT_FOUND;
}
