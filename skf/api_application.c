/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applications. */
#include "skf/gate.h"

#include <string.h>

#define TRIES_MAX 15

/* What the standard's own codes say better than the general ones. */
static ULONG
application_sar(struct gate *gate, enum uk_status st)
{
	ULONG sar = gate_sar(gate, st);

	if (st == UK_E_EXISTS)
		return SAR_APPLICATION_EXISTS;
	if (st == UK_E_NOT_FOUND || st == UK_E_NO_APPLICATION)
		return SAR_APPLICATION_NOT_EXISTS;
	return sar;
}

/* A handle to an application, whether or not it is on the key. */
static ULONG
application_object(struct gate *gate, const char *name, struct object **ret)
{
	struct object *object = object_new(KIND_APP, gate->device, gate->object);

	if (object == NULL)
		return SAR_MEMORYERR;
	object->app = device_app(gate->device, name);
	if (object->app == NULL) {
		object_close(object);
		return SAR_MEMORYERR;
	}
	*ret = object;
	return SAR_OK;
}

ULONG DEVAPI
SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize)
{
	NAME_LIST list = {0};
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_EnumApplication, hDev);

	if (sar == SAR_OK && pulSize == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, (list.len = 0,
			 gate.token->ops->applications(gate.token, name_list_add, &list)));
	sar = gate_sar(&gate, st);
	return sar != SAR_OK ? sar : name_list_answer(&list, szAppName, pulSize);
}

struct search {
	struct uk_span name;
	bool found;
};

static void
search_name(void *data, struct uk_span name)
{
	struct search *search = data;

	search->found = search->found || uk_span_equal(search->name, name);
}

ULONG DEVAPI
SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication)
{
	struct search search = {0};
	struct object *object;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_OpenApplication, hDev);

	if (sar == SAR_OK && phApplication == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szAppName, GM_APP_NAME_MAX, &search.name);
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, gate.token->ops->applications(gate.token, search_name, &search));
	if (st == UK_OK && !search.found)
		st = UK_E_NO_APPLICATION;
	sar = application_sar(&gate, st);
	if (sar == SAR_OK)
		sar = application_object(&gate, szAppName, &object);
	if (sar == SAR_OK)
		*phApplication = object->handle;
	return sar;
}

/* The login stays, as the standard has it: with the process, and not with the handle. */
ULONG DEVAPI
SKF_CloseApplication(HAPPLICATION hApplication)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CloseApplication, hApplication);

	if (sar == SAR_OK)
		object_close(gate.object);
	return sar;
}

/* A right or several: 6.4 of the standard has no others. */
static bool
rights_known(DWORD rights)
{
	return rights == SECURE_ANYONE_ACCOUNT ||
	       (rights & ~(SECURE_ADM_ACCOUNT | SECURE_USER_ACCOUNT)) == 0;
}

/* A PIN for a new application. The length is the driver's to judge. */
static bool
pin_read(const char *pin, struct uk_span *ret)
{
	if (pin == NULL)
		return false;
	*ret = uk_span_of(pin, strnlen(pin, GM_PIN_MAX + 1));
	return true;
}

ULONG DEVAPI
SKF_CreateApplication(DEVHANDLE hDev, LPSTR szAppName, LPSTR szAdminPin, DWORD dwAdminPinRetryCount,
		      LPSTR szUserPin, DWORD dwUserPinRetryCount, DWORD dwCreateFileRights,
		      HAPPLICATION *phApplication)
{
	struct token_new_application app = {
		.admin_tries = dwAdminPinRetryCount,
		.user_tries = dwUserPinRetryCount,
		.create_file_rights = dwCreateFileRights,
	};
	struct object *object;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_CreateApplication, hDev);

	if (sar == SAR_OK &&
	    (phApplication == NULL || !pin_read(szAdminPin, &app.admin_pin) ||
	     !pin_read(szUserPin, &app.user_pin) || !rights_known(dwCreateFileRights) ||
	     app.admin_tries < 1 || app.admin_tries > TRIES_MAX || app.user_tries < 1 ||
	     app.user_tries > TRIES_MAX))
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = name_read(szAppName, GM_APP_NAME_MAX, &app.name);
	if (sar == SAR_OK && !gate.device->device_right)
		sar = SAR_USER_NOT_LOGGED_IN;
	if (sar == SAR_OK)
		sar = application_object(&gate, szAppName, &object);
	if (sar != SAR_OK)
		return sar;
	sar = application_sar(
		&gate, gate.token->ops->create_application(gate.token, uk_span_of(NULL, 0), &app));
	if (sar == SAR_OK)
		*phApplication = object->handle;
	else
		object_close(object);
	return sar;
}

static struct app *
app_find(const struct device *device, struct uk_span name)
{
	struct app *app = device->apps;

	while (app != NULL && !uk_span_equal(uk_span_str(app->name), name))
		app = app->next;
	return app;
}

ULONG DEVAPI
SKF_DeleteApplication(DEVHANDLE hDev, LPSTR szAppName)
{
	struct uk_span name;
	struct app *app;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DeleteApplication, hDev);

	if (sar == SAR_OK)
		sar = name_read(szAppName, GM_APP_NAME_MAX, &name);
	if (sar == SAR_OK && !gate.device->device_right)
		sar = SAR_USER_NOT_LOGGED_IN;
	if (sar != SAR_OK)
		return sar;
	sar = application_sar(
		&gate, gate.token->ops->delete_application(gate.token, uk_span_of(NULL, 0), name));
	app = app_find(gate.device, name);
	if (sar != SAR_OK || app == NULL)
		return sar;
	objects_close(app, uk_span_of(NULL, 0));
	device_app_drop(gate.device, szAppName);
	return SAR_OK;
}
