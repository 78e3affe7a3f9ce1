/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unlocking by relay.  Power may fail after any command, answers may be lost; the key's admin PIN may
 * be a foreign one.  The service answers one stage and random once, and gives an order 3 attempts.
 * BUG=0 must hold; each other value is a mistake that must be found:
 * 1 the service does not compare the admin tries the key shows now with those it showed before,
 * 2 the order is closed when the PIN is unblocked, before the person's PIN is set,
 * 3 a refused admin command is sent again, 4 an answer works with any random.
 */
#ifndef BUG
#define BUG 0
#endif
#define LOCKED    0
#define TRANSPORT 1 /* a PIN nobody knows */
#define USER      2
#define MAXCUT    3
#define MAXTRY    3

/* the key */
byte pin = LOCKED, user_tries = 0, admin_tries = 10;
bool foreign = false;
bool admin_right = false; /* lost with the power */
byte random = 0;          /* 0: none; used up by any protected command */
byte randoms = 0;

/* the service */
byte seen = 10;    /* least admin tries the key has shown */
byte attempts = 0;
byte answered = 0; /* the random its last answer was made from */
bool dead = false, done = false;

byte cuts = 0, orders = 1, refused = 0;

inline hold()
{
	assert(admin_tries >= 9);                    /* at most one try is lost, ever */
	assert(pin == LOCKED || user_tries == 10);
	assert(!done || pin == USER);
	assert(!foreign || pin == LOCKED);
	assert(refused <= 1)
}

inline sent()
{
	hold();
	if
	:: cuts < MAXCUT -> cuts++; admin_right = false; random = 0; goto look
	:: skip
	fi
}

inline fresh()
{
	randoms++; random = randoms
}

active proctype unlock()
{
	if
	:: foreign = true
	:: skip
	fi;
look:
	hold();
	if
	:: done || dead -> goto end_over
	:: else
	fi;
	if
	:: attempts == MAXTRY && orders == 3 -> goto end_over
	:: attempts == MAXTRY && orders < 3 -> orders++; attempts = 0 /* free of charge */
	:: else
	fi;
	attempts++;
	fresh();
	/* stage admin: the request says how many tries the key shows */
#if BUG != 1
	if
	:: admin_tries < seen -> dead = true; goto end_over
	:: else -> seen = admin_tries
	fi;
#endif
	answered = random;
	/* the answer gets lost, the same question is asked again: the same answer */
	if
	:: cuts < MAXCUT -> cuts++
	:: skip
	fi;
	assert(answered == random);
	random = 0;
	if
	:: foreign ->
again:		admin_tries--; refused++; sent();
#if BUG == 3
		if
		:: admin_tries > 5 -> goto again
		:: else
		fi;
#endif
		dead = true; goto end_over
	:: else -> admin_right = true; admin_tries = 10; sent()
	fi;
	fresh();
	answered = random;
	assert(admin_right && answered == random);
	random = 0; pin = TRANSPORT; user_tries = 10; sent();
#if BUG == 2
	done = true; sent();
#endif
	pin = USER; admin_right = false; sent();
	done = true; sent();
	goto look;
end_over:
	hold();
	/* somebody who recorded everything sends it to the key once more */
	fresh();
	if
#if BUG == 4
	:: done -> pin = TRANSPORT
#else
	:: done && answered == random -> pin = TRANSPORT
#endif
	:: else
	fi;
	assert(!done || pin == USER);
	/* a cut too many is the only reason to be left with a PIN nobody knows: a new order is free */
	assert(done || dead || orders == 3);
	assert(!dead || foreign)
}
