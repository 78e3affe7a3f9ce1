/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/pcsc.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <winscard.h>

#define LIBRARY       "libpcsclite.so.1"
#define SYSTEM_SOCKET "/run/pcscd/pcscd.comm"
#define ANSWER_US     (8 * G_USEC_PER_SEC)
#define READERS_MAX   16
#define STEP_US       (300 * 1000)
/* Steps that are waited: for a key in a port to show up, to be powered, to be let go of. */
#define READER_STEPS 16
#define POWER_STEPS  6
#define HOLDER_STEPS 3

/* The functions of libpcsclite that are used. */
struct library {
	LONG (*establish)(DWORD scope, LPCVOID one, LPCVOID two, LPSCARDCONTEXT context);
	LONG (*release)(SCARDCONTEXT context);
	LONG (*list)(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD size);
	LONG (*status)(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD count);
};

/* What the thread that asks and the one that waits share: the library itself waits for ever. */
struct look {
	GMutex mutex;
	GCond cond;
	guint expected;
	gboolean done;
	OukPcscState state;
	GPtrArray *readers;
};

static void
reader_free(gpointer data)
{
	OukPcscReader *reader = data;

	g_free(reader->name);
	g_free(reader->atr);
	g_free(reader);
}

static void
look_clear(gpointer data)
{
	struct look *look = data;

	g_mutex_clear(&look->mutex);
	g_cond_clear(&look->cond);
	g_clear_pointer(&look->readers, g_ptr_array_unref);
}

const char *
pcsc_socket(void)
{
	const char *path = g_getenv("PCSCLITE_CSOCK_NAME");

	return path != NULL && *path != '\0' ? path : SYSTEM_SOCKET;
}

gboolean
pcsc_is_private(void)
{
	return strcmp(pcsc_socket(), SYSTEM_SOCKET) != 0;
}

/* READY when somebody accepts; systemd starts the service for it. */
static OukPcscState
socket_try(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	OukPcscState state = OUK_PCSC_NO_SOCKET;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || g_strlcpy(address.sun_path, pcsc_socket(), sizeof(address.sun_path)) >=
			      sizeof(address.sun_path))
		return state;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		state = OUK_PCSC_READY;
	else if (errno == EACCES || errno == EPERM)
		state = OUK_PCSC_DENIED;
	close(fd);
	return state;
}

static gboolean
library_open(struct library *ret)
{
	void *object = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (object == NULL)
		return FALSE;
	*(void **)&ret->establish = dlsym(object, "SCardEstablishContext");
	*(void **)&ret->release = dlsym(object, "SCardReleaseContext");
	*(void **)&ret->list = dlsym(object, "SCardListReaders");
	*(void **)&ret->status = dlsym(object, "SCardGetStatusChange");
	/* stays loaded: it has threads of its own in some versions */
	return ret->establish != NULL && ret->release != NULL && ret->list != NULL &&
	       ret->status != NULL;
}

static void
add_reader(GPtrArray *readers, const SCARD_READERSTATE *state)
{
	OukPcscReader *reader = g_new0(OukPcscReader, 1);
	GString *atr = g_string_new(NULL);

	for (DWORD i = 0; i < state->cbAtr && i < sizeof(state->rgbAtr); i++)
		g_string_append_printf(atr, "%02X", state->rgbAtr[i]);
	reader->name = g_utf8_make_valid(state->szReader, -1);
	reader->present = (state->dwEventState & SCARD_STATE_PRESENT) != 0;
	reader->mute = (state->dwEventState & SCARD_STATE_MUTE) != 0;
	reader->exclusive = (state->dwEventState & SCARD_STATE_EXCLUSIVE) != 0;
	reader->in_use = (state->dwEventState & SCARD_STATE_INUSE) != 0;
	reader->atr = g_string_free(atr, FALSE);
	g_ptr_array_add(readers, reader);
}

/* Reads the readers' states into the (empty) array. */
static void
list_readers(const struct library *library, SCARDCONTEXT context, GPtrArray *readers)
{
	SCARD_READERSTATE states[READERS_MAX] = {0};
	char names[READERS_MAX * 128] = "";
	DWORD size = sizeof(names), count = 0;

	if (library->list(context, NULL, names, &size) != SCARD_S_SUCCESS)
		return;
	for (const char *name = names; *name != '\0' && count < READERS_MAX;
	     name += strlen(name) + 1)
		states[count++].szReader = name;
	if (count == 0 || library->status(context, 0, states, count) != SCARD_S_SUCCESS)
		return;
	for (DWORD i = 0; i < count; i++)
		add_reader(readers, &states[i]);
}

/* How many steps what is seen may still be on its way to something else. */
static int
steps_worth(guint expected, GPtrArray *readers)
{
	gboolean present = FALSE;

	if (readers->len < expected)
		return READER_STEPS;
	for (guint i = 0; i < readers->len; i++) {
		const OukPcscReader *reader = g_ptr_array_index(readers, i);

		if (reader->present && !reader->exclusive && !reader->mute)
			return 0;
		present = present || reader->present;
	}
	if (present)
		return HOLDER_STEPS;
	return expected > 0 ? POWER_STEPS : 0;
}

/* Keys take a moment after the service was started, or a program that held one was ended. */
static void
list_settled(const struct library *library, SCARDCONTEXT context, guint expected,
	     GPtrArray *readers)
{
	for (int step = 0;; step++) {
		g_ptr_array_set_size(readers, 0);
		list_readers(library, context, readers);
		if (step >= steps_worth(expected, readers))
			return;
		g_usleep(STEP_US);
	}
}

static OukPcscState
ask_service(guint expected, GPtrArray *readers)
{
	struct library library = {0};
	SCARDCONTEXT context;
	LONG rv;

	if (!library_open(&library))
		return OUK_PCSC_NO_LIBRARY;
	rv = library.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
	if (rv == SCARD_W_SECURITY_VIOLATION)
		return OUK_PCSC_POLICY;
	if (rv != SCARD_S_SUCCESS)
		return OUK_PCSC_SILENT;
	list_settled(&library, context, expected, readers);
	library.release(context);
	return OUK_PCSC_READY;
}

static gpointer
look_thread(gpointer data)
{
	struct look *look = data;
	GPtrArray *readers = g_ptr_array_new_with_free_func(reader_free);
	OukPcscState state = ask_service(look->expected, readers);

	g_mutex_lock(&look->mutex);
	look->state = state;
	look->readers = readers;
	look->done = TRUE;
	g_cond_signal(&look->cond);
	g_mutex_unlock(&look->mutex);
	g_atomic_rc_box_release_full(look, look_clear);
	return NULL;
}

static void
ask_patiently(OukPcsc *pcsc, guint expected)
{
	struct look *look = g_atomic_rc_box_new0(struct look);
	gint64 end = g_get_monotonic_time() + ANSWER_US;

	look->expected = expected;
	g_mutex_init(&look->mutex);
	g_cond_init(&look->cond);
	g_thread_unref(g_thread_new("pcsc", look_thread, g_atomic_rc_box_acquire(look)));
	g_mutex_lock(&look->mutex);
	while (!look->done && g_cond_wait_until(&look->cond, &look->mutex, end))
		continue;
	pcsc->state = look->done ? look->state : OUK_PCSC_SILENT;
	if (look->done)
		pcsc->readers = g_steal_pointer(&look->readers);
	g_mutex_unlock(&look->mutex);
	g_atomic_rc_box_release_full(look, look_clear);
}

void
pcsc_look(OukPcsc *pcsc, guint expected)
{
	if (pcsc->looked)
		return;
	pcsc->looked = TRUE;
	pcsc->state = socket_try();
	if (pcsc->state == OUK_PCSC_READY)
		ask_patiently(pcsc, expected);
	if (pcsc->readers == NULL)
		pcsc->readers = g_ptr_array_new_with_free_func(reader_free);
}

gboolean
pcsc_has_key(const OukPcsc *pcsc)
{
	for (guint i = 0; pcsc->readers != NULL && i < pcsc->readers->len; i++) {
		const OukPcscReader *reader = g_ptr_array_index(pcsc->readers, i);

		if (reader->present)
			return TRUE;
	}
	return FALSE;
}

void
pcsc_clear(OukPcsc *pcsc)
{
	g_clear_pointer(&pcsc->readers, g_ptr_array_unref);
	*pcsc = (OukPcsc){0};
}
