/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/skf_key.h"

#include "tests/fuzz/fuzz.h"
#include "tests/rig/rig.h"

#include <stdio.h>
#include <unistd.h>

const char *
skf_key_fresh(void)
{
	static struct rig *rig;
	char state[512];
	const char *const options[] = {"--state",
				       state,
				       "--application",
				       SKF_KEY_APPLICATION,
				       "--pin",
				       SKF_KEY_PIN,
				       "--admin-pin",
				       SKF_KEY_ADMIN_PIN,
				       "--container",
				       SKF_KEY_CONTAINER,
				       "--generate",
				       "sm2",
				       "--container",
				       "second",
				       "--generate",
				       "rsa1024",
				       NULL};

	if (rig == NULL)
		rig = rig_start(1);
	else
		must(rig_pull(rig, 0));
	must(rig != NULL);
	(void)snprintf(state, sizeof(state), "%s/key", rig_dir(rig));
	(void)unlink(state);
	must(rig_provision(options) && rig_plug(rig, 0, state, NULL));
	return rig_reader(rig, 0);
}
