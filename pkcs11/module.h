/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module's life: initialised or not, in which process, and the calls under way. */
#ifndef UK_PKCS11_MODULE_H
#define UK_PKCS11_MODULE_H

#include "common/pkcs11.h"
#include "drivers/token.h"

/* C_Initialize and C_Finalize. No key is touched and no thread is made. */
CK_RV module_start(const CK_C_INITIALIZE_ARGS *args);
CK_RV module_stop(void);

/*
 * Counts a call in; CKR_CRYPTOKI_NOT_INITIALIZED when there is nothing to call into: before
 * C_Initialize, after C_Finalize, or in a child process that has not called C_Initialize itself.
 */
CK_RV module_enter(void);
void module_leave(void);
/* Around a wait inside a call: lets the host's other threads in (module.c, struct host_lock). */
void module_pause(void);
CK_RV module_resume(void);

/*
 * Takes the bus lock, which also guards every slot's `seen`, and opens the bus if need be: NULL
 * while pcscd cannot be reached.  module_bus_unlock always follows.  A slot's lock may be held
 * when this is called, but none may be taken until the unlock.
 */
struct token_bus *module_bus_lock(void);
void module_bus_unlock(void);
/* The bus for the calls that may be made by any thread; NULL as above, or when stopping. */
struct token_bus *module_bus_peek(void);
/* The host has not forbidden threads of ours. */
bool module_may_make_threads(void);
/* C_Finalize is waiting for the calls under way. */
bool module_stopping(void);

#endif
