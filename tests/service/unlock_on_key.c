/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unlocks the one key that is plugged in as the assistant does, with openukey-unlockd asked
 * directly: what a test wants to see is the key, not HTTP.
 *
 *	unlock_on_key SOCKET SN ORDER GRANT NEW-PIN [settle]
 *
 * Prints each step's number, then "ok", or "error" with the error's name.
 */
#include "assistant/core/errors.h"
#include "assistant/core/module.h"
#include "tests/service/unlock_service.h"

#include <stdio.h>

static void
on_step(gpointer data, OukUnlockStep step)
{
	printf("step %d %s\n", (int)step, ouk_unlock_step_text(step));
	fflush(stdout);
}

static gboolean
work(const char *pin_text, const struct order *order, const OukUnlockService *service,
     GError **error)
{
	g_autoptr(OukModules) modules = ouk_modules_load(g_getenv("OPENUKEY_MODULE"), error);
	g_autoptr(GPtrArray) tokens = modules != NULL ? ouk_modules_tokens(modules, error) : NULL;
	UK_SECRET pin = {0};

	if (tokens == NULL || uk_secret_set(&pin, uk_span_str(pin_text)) != UK_OK)
		return FALSE;
	const OukUnlockJob job = {.token = g_ptr_array_index(tokens, 0),
				  .sn = order->sn,
				  .order = order->number,
				  .service = service,
				  .new_pin = &pin,
				  .progress = on_step};

	return ouk_unlock_run(&job, error);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gboolean done;

	if (argc < 6)
		return 2;
	struct order order = {argv[1], argv[2], argv[3], argv[4]};
	const OukUnlockService service = order_service(&order);

	done = argc > 6 ? ouk_unlock_settle(order.sn, &service, NULL, &error)
			: work(argv[5], &order, &service, &error);
	if (done)
		printf("ok\n");
	else
		printf("error %s %s\n",
		       error->domain == OUK_ERROR ? ouk_error_row(error)->name : "SERVICE",
		       error->message);
	return done ? 0 : 1;
}
