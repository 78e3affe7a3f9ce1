/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A desk for tests: the real pcscd with virtual readers, all its own, and keys to put into them.
 *
 * One rig at a time in a process (libpcsclite remembers the first socket it was shown), one test
 * process beside another as many as you like.  Everything the rig started ends with the process,
 * however that ends.  Functions that can fail say why on stderr and return NULL or false; all of
 * them give up after a bounded time.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "common/defs.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <winscard.h>

#define RIG_READERS_MAX 16
#define RIG_PORTS       4

struct rig;

/* Starts pcscd with so many empty readers and points this process and its children at it. */
UK_CHECKED struct rig *rig_start(unsigned int readers);

/*
 * The same with USB ports instead of readers: a key that is plugged in is a CCID device, which
 * libccid finds and which takes its reader with it when pulled.  short_apdus: the device takes no
 * extended length.
 */
UK_CHECKED struct rig *rig_start_usb(bool short_apdus);

/*
 * The same with keys that are no CCID devices, behind our own reader driver: "usb-hid",
 * "usb-hid-set-report", "usb-hid-reset", "usb-hid-keep" or "usb-storage"; or with a port of each
 * kind, "usb-mixed": CCID, HID, mass storage, and one whose key is in no driver's list.
 */
UK_CHECKED struct rig *rig_start_port(const char *kind);

/*
 * Tells a USB port something (openukey-virtual-usb(1), --control) and collects its answer,
 * NUL-terminated and cut to size; answer may be NULL. False when it says no.
 */
UK_CHECKED bool rig_tell_port(const struct rig *rig, unsigned int port, const char *line,
			      char *answer, size_t size);

/* Pulls all keys, ends pcscd, deletes the folder. NULL is legal. */
void rig_stop(struct rig *rig);

/*
 * Ends the smart card service and starts it again; keys that are in stay in.  After rig_begin
 * rig_context is a new one.
 */
void rig_end(struct rig *rig);
UK_CHECKED bool rig_begin(struct rig *rig);

/*
 * The same for USB ports, which stay there with the keys in them: the service finds them without an
 * event. kill: it is killed, as by the kernel; else it ends as a service does that nobody used for
 * a while (pcscd closes no readers at SIGTERM).  After rig_ports_begin rig_context is a new one.
 */
UK_CHECKED bool rig_ports_end(struct rig *rig, bool kill);
UK_CHECKED bool rig_ports_begin(struct rig *rig);
/* The service's process: 0 when it has ended, -1: not known. */
pid_t rig_ports_service(const struct rig *rig);
/* Connects to the service anew, waiting for it. */
UK_CHECKED bool rig_reconnect(struct rig *rig);

/* Stops the service in its tracks, as a computer that sleeps does, or lets it go on. */
void rig_freeze(const struct rig *rig, bool frozen);

/* The rig's folder: room for state files and the like. Gone after rig_stop. */
const char *rig_dir(const struct rig *rig);

/*
 * PC/SC's name of a reader or of the USB key in a port, counted from 0; the latter as rig_await saw
 * it last. Borrowed until rig_stop.
 */
const char *rig_reader(const struct rig *rig, unsigned int reader);

/* Where a key in that reader listens, for keys of a test's own making. */
const char *rig_socket(const struct rig *rig, unsigned int reader);

/* A context to use or not; made anew with each rig. */
SCARDCONTEXT rig_context(const struct rig *rig);

/*
 * Plugs in a virtual key: starts `openukey-virtual-key run` on the state file, with further options
 * (NULL-terminated, or NULL for none), and waits until programs see it.  A missing state file is a
 * blank key.
 */
UK_CHECKED bool rig_plug(struct rig *rig, unsigned int reader, const char *state,
			 const char *const *options);

/* The same without waiting for anybody to see it. */
UK_CHECKED bool rig_insert(struct rig *rig, unsigned int reader, const char *state);

/* Ends the key's process and waits until programs see it gone. */
UK_CHECKED bool rig_pull(struct rig *rig, unsigned int reader);

/* Ends the key's process at once (SIGKILL), waiting for nothing. */
void rig_kill(struct rig *rig, unsigned int reader);

/* Sends the key one control line; false when it answers that it failed. */
UK_CHECKED bool rig_tell(struct rig *rig, unsigned int reader, const char *line);

/* The same, and collects the key's answer, NUL-terminated and cut to size. */
UK_CHECKED bool rig_ask(struct rig *rig, unsigned int reader, const char *line, char *answer,
			size_t size);

/* Until programs see a key in the reader, with an ATR, or see none; false after timeout_ms. */
UK_CHECKED bool rig_await(struct rig *rig, unsigned int reader, bool present, long timeout_ms);

/*
 * Runs a program (argv[0] with a path or found in PATH; NULL-terminated) to its end, for up to
 * timeout_ms, and collects what it prints on stdout, NUL-terminated and cut to size (out may be
 * NULL).  Returns its exit status, or -1.
 */
UK_CHECKED int rig_run(const char *const *argv, char *out, size_t size, long timeout_ms);

/* `openukey-virtual-key provision` with these options (NULL-terminated). */
UK_CHECKED bool rig_provision(const char *const *options);

/* Whether pcscd still runs. */
UK_CHECKED bool rig_alive(struct rig *rig);

/* Whether pcscd has logged this. */
UK_CHECKED bool rig_logged(const struct rig *rig, const char *text);

#endif
