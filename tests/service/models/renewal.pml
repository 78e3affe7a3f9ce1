/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Renewal onto a key with a spare container.  Power may fail between any two writes on the key and an
 * answer of the service may be lost; afterwards only the key and the order are looked at.
 * BUG=0 must hold; each other value is a mistake that must be found:
 * 1 delete before the service has confirmed, 2 switch before the certificate is written,
 * 3 confirm before the switch was read back, 4 drop the old encryption key with the old certificate.
 */
#ifndef BUG
#define BUG 0
#endif
#define NONE   0
#define TORN   99
#define MAXCUT 6

/* the key: which signing pair (number), certificate and encryption pair each container has */
byte old_pair = 1, old_cert = 1, old_enc = 1;
byte new_pair = NONE, new_cert = NONE, new_enc = NONE;
bool switched = false; /* one small write */

/* the service */
byte bound = NONE;     /* the pair its last certificate is for */
byte confirmed = NONE;
byte released = 0;     /* certificates given out for the order */

byte next_pair = 1, cuts = 0;
bool done = false;

#define OLD_WORKS (old_pair == 1 && old_cert == 1)
#define NEW_WORKS (new_pair != NONE && new_pair != TORN && new_cert == new_pair && new_enc == new_pair)

inline hold()
{
	assert((!switched && OLD_WORKS) || (switched && NEW_WORKS)); /* I1 */
	assert(old_enc == 1);                                        /* I6 */
	assert(confirmed == NONE || confirmed == bound);             /* I3 */
	assert(confirmed == NONE || confirmed == new_pair);          /* I4 */
	assert(OLD_WORKS || confirmed != NONE);                      /* I5 */
	assert(released <= MAXCUT + 1)
}

/* A write is over: all is well, and perhaps the power goes. */
inline written()
{
	hold();
	if
	:: cuts < MAXCUT -> cuts++; goto look
	:: skip
	fi
}

active proctype renew()
{
look:
	hold();
	if
	:: switched && confirmed == new_pair && old_pair == NONE ->
		done = true; goto end_done
	:: switched && confirmed == new_pair && old_pair != NONE ->
#if BUG == 4
		old_enc = NONE;
#endif
		old_cert = NONE; written(); old_pair = NONE; written(); goto look
	:: switched && confirmed != new_pair ->
		confirmed = new_pair; written(); goto look
#if BUG == 1
	:: !switched && new_pair == NONE && old_cert == 1 ->
		old_cert = NONE; written(); goto look
#endif
	:: !switched && (new_pair == NONE || new_pair == TORN) ->
		new_cert = NONE; new_enc = NONE; new_pair = TORN; written();
		next_pair++; new_pair = next_pair; written(); goto look
	:: !switched && new_pair != NONE && new_pair != TORN && bound != new_pair && confirmed == NONE ->
		/* another request supersedes the one before, until one is confirmed */
		atomic { bound = new_pair; released++ }; written(); goto look
	:: !switched && bound == new_pair && bound != NONE && new_enc != new_pair ->
		new_enc = TORN; written(); new_enc = new_pair; written(); goto look
	:: !switched && bound == new_pair && bound != NONE && new_enc == new_pair && new_cert != new_pair ->
#if BUG == 2
		switched = true; written();
#endif
		new_cert = TORN; written(); new_cert = new_pair; written(); goto look
#if BUG == 3
	:: !switched && bound == new_pair && bound != NONE && confirmed == NONE ->
		confirmed = new_pair; written();
		/* confirmed, so the old one is thought to be of no more use */
		old_cert = NONE; written(); goto look
#endif
	:: !switched && NEW_WORKS && bound == new_pair ->
		switched = true; written(); goto look
	fi;
end_done:
	assert(done && switched && NEW_WORKS && confirmed == bound && old_enc == 1)
}
