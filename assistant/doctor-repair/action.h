/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What openukey-repair can do. Each action either shows its exact change or makes it. */
#ifndef REPAIR_ACTION_H
#define REPAIR_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Exit statuses, openukey-repair(8). */
enum { REPAIR_DONE = 0, REPAIR_FAILED = 1, REPAIR_USAGE = 2, REPAIR_CHANGED = 3 };

/* show: print the change and make none. An exit status. */
typedef int (*repair_action)(char **words, bool show);

int service_start(char **words, bool show);
int service_restart(char **words, bool show);
int socket_open(char **words, bool show);
int package_install(char **words, bool show);
int driver_add(char **words, bool show);
int library_add(char **words, bool show);
int profile_aside(char **words, bool show);
int clock_shift(char **words, bool show);
int clock_sync(char **words, bool show);
int store_undo(char **words, bool show);

/* ---- shared ---- */

/* Says why on stderr; returns REPAIR_FAILED. */
int repair_fail(const char *what, const char *detail);
/* Whether systemd runs this computer. */
bool has_systemd(void);
/* Waits for its end; true when it succeeded. words[0] is a full path. */
bool program_run(const char *const *words);
/* The same as one line on stdout. */
void program_show(const char *const *words);
/* Ends the smart card service. */
bool service_end(void);

/* A whole file; NULL when it cannot be read. The caller frees. */
char *file_load(const char *path, size_t *ret_len);
/* Replaces it or makes it in one step; false when it cannot be. */
bool file_store(const char *path, const char *bytes, size_t len, mode_t mode);

/* ---- what can be undone ---- */

struct record;

/* NULL when it cannot be kept, and then nothing may be changed. */
struct record *record_begin(void);
/* Keeps a file as it is; after: as it will be, NULL when it is to go. */
bool record_file(struct record *record, const char *path, const char *after, size_t len);
/* Keeps the permissions of a file. */
bool record_mode(struct record *record, const char *path, mode_t mode);
/* The service was not running; "restart": it has to read its lists anew. */
bool record_service(struct record *record, const char *what);
/* Prints "undo ID" for the caller when the change was made, else forgets the record. Frees. */
int record_end(struct record *record, bool made);

#endif
