/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service for relayed calls: the cryptograms are openukey-unlockd's, its mistakes are ours. */
#ifndef TESTS_P11_RELAY_SERVICE_H
#define TESTS_P11_RELAY_SERVICE_H

#include "tests/p11/desk.h"

#define TRANSPORT_PIN     "Transport1234"
#define SERVICE_ADMIN_PIN "ServiceAdmin1"
#define FACTORY_KEY       "1234567812345678"
#define SERVICE_KEY       "service's device"

struct relay_service {
	const char *admin_pin; /* what the key is believed to have */
	const char *device_key;
	unsigned int asked; /* questions so far */
	struct openukey_relay_question last;

	unsigned int wrong_at; /* the question (1..) that is answered wrongly; 0: none */
	CK_RV fail;            /* with this instead of an answer */
	long data_len;         /* with so many bytes; -1: as many as there should be */
	bool garbage;          /* with bytes that mean nothing */
	bool no_transport;
	bool stray;                                  /* lengths beyond the struct */
	void (*then)(struct relay_service *service); /* before it is answered */
	void *data;
};

/* One that makes no mistake. */
void relay_service_init(struct relay_service *service);
/* What the module is given. */
struct openukey_relay relay_of(struct relay_service *service);

#endif
