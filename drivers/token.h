/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a key can do, whoever makes it.  The module above this line knows no APDU, no PC/SC and no
 * vendor; the families below fill struct token_ops.
 *
 * Each operation is one PC/SC transaction of its own where it needs more than one command, and
 * ends it before it returns.  Nothing is verified again by itself: an operation that needs a right
 * the key no longer grants returns UK_E_NOT_LOGGED_IN.  UK_E_RESET: another program reset the key
 * since our last command; nothing was sent, the login is gone, and the next call works.
 * UK_E_REMOVED is final: close the token.  Out-parameters are untouched on failure, with one
 * exception: tries.
 *
 * A token is used by one thread at a time (the module's lock sees to it); the bus functions marked
 * [any thread] are the exception.
 */
#ifndef UK_DRIVERS_TOKEN_H
#define UK_DRIVERS_TOKEN_H

#include "common/bytes.h"
#include "common/gm.h"
#include "common/status.h"

#define TOKEN_READER_NAME_MAX 128
#define TOKEN_NAME_MAX        65 /* application and container names with their NUL */
#define TOKEN_READERS_MAX     32
#define TOKEN_CERT_MAX        8160 /* bytes of DER */

/* ---- bus: readers and keys coming and going ---- */

struct token_bus;
struct token;
struct token_model;
struct token_family;

/*
 * One reader of PC/SC's, or one key that a maker's library shows: "LIBRARY: DEVICE", there as long
 * as the key is.
 */
struct token_reader {
	char name[TOKEN_READER_NAME_MAX];  /* PC/SC's name, or the library's */
	bool present;                      /* a card is in it */
	bool ours;                         /* and a model row of ours matches: safe to talk to */
	uint32_t events;                   /* changes whenever a card came or went */
	const struct token_model *model;   /* NULL unless ours */
	const struct token_family *family; /* whose it is; see drivers/family.h */
};

/*
 * Connects to the smart card service, and reads which makers' libraries are configured.
 * UK_E_NO_SERVICE when pcscd cannot be reached and there are no libraries.
 */
UK_CHECKED enum uk_status token_bus_open(struct token_bus **ret_bus);
/* NULL is legal. All tokens of the bus must be closed before. */
void token_bus_close(struct token_bus *bus);
/*
 * No thread may be made by a wait. Where libraries are configured, keys of PC/SC's and theirs are
 * then looked at in turns. Before the first wait.
 */
void token_bus_forbid_threads(struct token_bus *bus);
/*
 * Lists the readers and what is in them, without touching a card. At most `cap` rows are written.
 * A service that went away and came back is reconnected; UK_E_NO_SERVICE while it is gone.
 */
UK_CHECKED enum uk_status token_bus_list(struct token_bus *bus, struct token_reader *out,
					 size_t cap, size_t *ret_count);
/*
 * [any thread] Blocks until a reader or card came or went since `seen` (rows as token_bus_list gave
 * them), token_bus_cancel, or the time-out (ms; -1 = none). UK_E_TIMEOUT, UK_E_CANCELLED.
 */
UK_CHECKED enum uk_status token_bus_wait(struct token_bus *bus, const struct token_reader *seen,
					 size_t count, int timeout_ms);
/* [any thread] Ends every token_bus_wait under way, and those yet to come until token_bus_list. */
void token_bus_cancel(struct token_bus *bus);

/* ---- token ---- */

enum token_role { TOKEN_ADMIN = GM_PIN_ADMIN, TOKEN_USER = GM_PIN_USER };
enum token_pair { TOKEN_ENCRYPT = GM_PAIR_ENCRYPT, TOKEN_SIGN = GM_PAIR_SIGN };
enum token_key_type { TOKEN_KEY_RSA = GM_CONTAINER_RSA, TOKEN_KEY_SM2 = GM_CONTAINER_SM2 };

/* What our key list says of a model; see udev/keys.tsv. */
enum token_model_flags {
	TOKEN_MODEL_VIRTUAL = 1 << 0,
	TOKEN_MODEL_VERIFIED = 1 << 1,      /* PIN change, unblock, issue commands are proven */
	TOKEN_MODEL_AUTH_EACH_USE = 1 << 2, /* user right cleared after each private-key use */
};

struct token_model_info {
	const char *name;
	unsigned int flags;      /* enum token_model_flags */
	size_t pin_min, pin_max; /* bytes; new PINs */
};

const struct token_model_info *token_model_info(const struct token_model *model);

/* From GetDevInfo. Strings are NUL-terminated, bytes outside UTF-8 replaced by '?'. */
struct token_info {
	char manufacturer[65], issuer[65], label[33], serial[33];
	uint8_t spec[2], hardware[2], firmware[2]; /* major, minor */
	uint32_t alg_sym, alg_asym, alg_hash, dev_auth_alg;
	uint32_t total_space, free_space; /* bytes */
	uint16_t max_apdu_data;
	uint8_t max_containers, max_certs;
	uint16_t max_files;
};

struct token_pin_info {
	uint8_t max, left; /* tries; left 0 = locked */
	bool is_default;
};

struct token_public_key {
	enum token_key_type type;
	unsigned int bits;
	uint8_t modulus[GM_RSA_MAX]; /* RSA, bits / 8 bytes, big-endian */
	uint32_t exponent;
	uint8_t x[GM_SM2_LEN], y[GM_SM2_LEN]; /* SM2 */
};

/* An SM2 encryption pair on its way in (ImportECCKeyPair). Numbers are big-endian. */
struct token_envelope {
	uint32_t sym_alg;                         /* GM_ALG_SM4_ECB */
	uint8_t c1x[GM_SM2_LEN], c1y[GM_SM2_LEN]; /* SM2 cipher of the symmetric key: C1 */
	uint8_t c3[GM_SM3_LEN];                   /* C3 */
	uint8_t c2[64];                           /* C2 */
	size_t c2_len;
	uint8_t x[GM_SM2_LEN], y[GM_SM2_LEN]; /* public key of the pair */
	uint8_t private_key[64];              /* ciphertext, in the alignment it came in */
};

/* A file of the application. Rights: GM_RIGHT_*, OR-ed. */
struct token_file {
	uint32_t size; /* bytes */
	uint32_t read_rights, write_rights;
};

#define TOKEN_FILE_MAX 65535 /* the offset of ReadFile has two bytes */

/*
 * A symmetric key that lives in the key until a reset.  epoch tells whether it still does: it is
 * the driver's count of resets and reconnects when the key came in.
 */
struct token_session_key {
	char container[TOKEN_NAME_MAX];
	uint8_t id[2];
	unsigned int epoch;
};

enum token_cipher_job { TOKEN_CIPHER_ENCRYPT, TOKEN_CIPHER_DECRYPT, TOKEN_CIPHER_MAC };

struct token_cipher {
	enum token_cipher_job job;
	uint32_t alg; /* GM_ALG_SM4_ECB, _CBC, _MAC */
	uint8_t iv[GM_BLOCK_LEN];
};

/* How a session key comes wrapped: an SM2 cipher in its parts, or a PKCS #1 v1.5 cipher text. */
struct token_wrapped_key {
	enum token_key_type type;
	uint8_t c1x[GM_SM2_LEN], c1y[GM_SM2_LEN], c3[GM_SM3_LEN], c2[64]; /* SM2 */
	size_t c2_len;
	struct uk_span rsa;
};

/* A session key that the key made, and the same wrapped for another one to import. */
struct token_exported_key {
	struct token_session_key key;
	enum token_key_type type; /* of the public key it was wrapped with */
	uint8_t c1x[GM_SM2_LEN], c1y[GM_SM2_LEN], c3[GM_SM3_LEN], c2[GM_BLOCK_LEN]; /* SM2 */
	uint8_t rsa[GM_RSA_MAX]; /* RSA: PKCS #1 v1.5, bits / 8 bytes of the public key */
};

#define TOKEN_SM2_CIPHER_OVERHEAD (2 * GM_SM2_LEN + GM_SM3_LEN)

struct token_new_application {
	struct uk_span name; /* <= GM_APP_NAME_MAX */
	struct uk_span admin_pin, user_pin;
	unsigned int admin_tries, user_tries; /* 1..15 */
	uint32_t create_file_rights;          /* GM_RIGHT_*, OR-ed: who may create files */
};

/* What a container holds. */
struct token_container_info {
	enum gm_container_type type;
	unsigned int sign_bits, encrypt_bits; /* of the pairs; 0 = there is none */
	bool sign_cert, encrypt_cert;
};

/* ---- relay: commands that a service makes from the key's random ---- */

enum token_relay_stage {
	TOKEN_RELAY_ADMIN = 1,
	TOKEN_RELAY_UNBLOCK,
	TOKEN_RELAY_ADMIN_PIN,
	TOKEN_RELAY_DEVICE_KEY,
	TOKEN_RELAY_DEVICE_PROOF,
};

struct token_relay_question {
	enum token_relay_stage stage;
	const char *serial;
	uint8_t app[2];
	uint8_t random[GM_RANDOM_LEN];
	uint8_t admin_left; /* tries */
};

#define TOKEN_RELAY_DATA_MAX (2 * GM_BLOCK_LEN + GM_MAC_LEN)

struct token_relay_answer {
	uint8_t data[TOKEN_RELAY_DATA_MAX];
	size_t data_len;
	uint8_t transport[GM_PIN_MAX]; /* of TOKEN_RELAY_UNBLOCK */
	size_t transport_len;
};

struct token_relay {
	void *context;
	const char *serial; /* of the key that is meant */
	bool threads;       /* one may be made, to let go of the key while `ask` still waits */
	/*
	 * UK_OK, or what ends the operation. Called within the transaction; must not use the token,
	 * and when it is late the key has been let go of meanwhile.
	 */
	enum uk_status (*ask)(void *context, const struct token_relay_question *question,
			      struct token_relay_answer *ret_answer);
};

struct token_ops {
	/* -- no right needed -- */
	/* Device data; 1 command, never cached. */
	enum uk_status (*info)(struct token *, struct token_info *ret);
	/* Calls fn with each application's name. fn must not use the token. */
	enum uk_status (*applications)(struct token *, void (*fn)(void *data, struct uk_span name),
				       void *data);
	/* 1 command once the application is open. */
	enum uk_status (*pin_info)(struct token *, enum token_role, struct token_pin_info *ret);
	/* Calls fn with each container's name. fn must not use the token. */
	enum uk_status (*containers)(struct token *, void (*fn)(void *data, struct uk_span name),
				     void *data);
	/*
	 * Reads a certificate (DER) into out (room for TOKEN_CERT_MAX). UK_E_NO_CERT: none there.
	 */
	enum uk_status (*certificate)(struct token *, struct uk_span container, enum token_pair,
				      struct uk_writer *out);
	/* UK_E_NO_KEY_PAIR: none there. */
	enum uk_status (*public_key)(struct token *, struct uk_span container, enum token_pair,
				     struct token_public_key *ret);
	enum uk_status (*random)(struct token *, struct uk_writer *out, size_t len);
	/*
	 * Has the key encrypt with somebody's SM2 public key: X || Y || C3 || C2, plain.len +
	 * TOKEN_SM2_CIPHER_OVERHEAD bytes. UK_E_DATA: no public key; UK_E_DATA_LEN: nothing, or
	 * more than one command takes.
	 */
	enum uk_status (*encrypt_sm2)(struct token *, const struct token_public_key *recipient,
				      struct uk_span plain, struct uk_writer *out);
	/* UK_E_NOT_FOUND: no such container. */
	enum uk_status (*container_info)(struct token *, struct uk_span container,
					 struct token_container_info *ret);

	/* -- PINs: what is passed is used once and wiped by its owner; *tries is set on
	 *    UK_E_PIN_WRONG and UK_E_PIN_LOCKED (0) -- */
	/*
	 * Gains the right. For TOKEN_ADMIN the derived key is kept in locked memory until clear,
	 * so that unblock can use it (architecture D6).
	 */
	enum uk_status (*verify)(struct token *, enum token_role, struct uk_span pin,
				 unsigned int *tries);
	/* Proves the old PIN itself; needs no login and gives none. */
	enum uk_status (*change_pin)(struct token *, enum token_role, struct uk_span old_pin,
				     struct uk_span new_pin, unsigned int *tries);
	/* After verify(TOKEN_ADMIN): sets the user PIN and its counter. */
	enum uk_status (*unblock)(struct token *, struct uk_span new_user_pin, unsigned int *tries);
	/*
	 * The same in one transaction, without verify(TOKEN_ADMIN) before; the admin right is not
	 * there afterwards. *tries: of the admin PIN.
	 */
	enum uk_status (*unblock_by_admin)(struct token *, struct uk_span admin_pin,
					   struct uk_span new_user_pin, unsigned int *tries);
	/* Gives up both rights on the key (ClearSecureState) and wipes the admin key. */
	enum uk_status (*clear)(struct token *);
	/* Wipes the admin key without a command: the right itself stays with other processes. */
	void (*forget)(struct token *);
	/*
	 * verify(TOKEN_USER) for exactly one private-key use: the transaction stays open until
	 * release (which clears the right) or 500 ms have gone. The time is looked at when the next
	 * operation comes: it then ends the transaction, and a signature gives UK_E_NOT_LOGGED_IN.
	 */
	enum uk_status (*verify_once)(struct token *, struct uk_span pin, unsigned int *tries);
	void (*release)(struct token *);

	/* -- user right -- */
	/* data: a DigestInfo, at most bits/8 - 11 bytes; writes bits/8 bytes (PKCS #1 v1.5). */
	enum uk_status (*sign_rsa)(struct token *, struct uk_span container, struct uk_span data,
				   struct uk_writer *out);
	/* digest: SM3(Z || M); writes r || s, 64 bytes. */
	enum uk_status (*sign_sm2)(struct token *, struct uk_span container, struct uk_span digest,
				   struct uk_writer *out);
	enum uk_status (*create_container)(struct token *, struct uk_span name);
	enum uk_status (*delete_container)(struct token *, struct uk_span name);
	/* The signing pair; bits: 1024, 2048 (RSA) or 256 (SM2). */
	enum uk_status (*generate)(struct token *, struct uk_span container, enum token_key_type,
				   unsigned int bits, struct token_public_key *ret);
	/* An empty one takes away what is there; a key that does not do so says UK_E_DATA_LEN. */
	enum uk_status (*import_certificate)(struct token *, struct uk_span container,
					     enum token_pair, struct uk_span der);
	enum uk_status (*import_sm2)(struct token *, struct uk_span container,
				     const struct token_envelope *envelope);
	enum uk_status (*import_rsa)(struct token *, struct uk_span container,
				     struct uk_span wrapped_key, struct uk_span blob);

	/* -- session keys (user right) -- */
	/* Unwraps with the container's encryption key; alg as for token_cipher. */
	enum uk_status (*import_session_key)(struct token *, struct uk_span container, uint32_t alg,
					     const struct token_wrapped_key *wrapped,
					     struct token_session_key *ret);
	/*
	 * One piece of data (whole blocks, no padding) in one transaction: init and the data.
	 * MAC writes one block. UK_E_NOT_FOUND: the key was lost to a reset.
	 */
	enum uk_status (*session_cipher)(struct token *, const struct token_session_key *key,
					 const struct token_cipher *cipher, struct uk_span in,
					 struct uk_writer *out);
	/*
	 * Has the key make a session key, which stays there, and wraps it with a public key,
	 * anybody's. UK_E_DATA: no public key; UK_E_ROOM: too many session keys. (GM/T 0016:
	 * *ExportSessionKey)
	 */
	enum uk_status (*export_session_key)(struct token *, struct uk_span container, uint32_t alg,
					     const struct token_public_key *recipient,
					     struct token_exported_key *ret);
	/* Nothing is sent for a key that is lost already. */
	enum uk_status (*destroy_session_key)(struct token *, const struct token_session_key *key);

	/* -- files of the application; each file's own rights -- */
	enum uk_status (*files)(struct token *, void (*fn)(void *data, struct uk_span name),
				void *data);
	/* UK_E_NOT_FOUND: no such file. */
	enum uk_status (*file_info)(struct token *, struct uk_span name, struct token_file *ret);
	/* The whole file; at most TOKEN_FILE_MAX bytes. */
	enum uk_status (*read_file)(struct token *, struct uk_span name, struct uk_writer *out);
	enum uk_status (*create_file)(struct token *, struct uk_span name,
				      const struct token_file *file);
	/* From the start. */
	enum uk_status (*write_file)(struct token *, struct uk_span name, struct uk_span data);
	enum uk_status (*delete_file)(struct token *, struct uk_span name);
	/* `len` bytes from `offset`, less at the file's end; UK_E_DATA_LEN: offset behind it. */
	enum uk_status (*read_file_at)(struct token *, struct uk_span name, size_t offset,
				       size_t len, struct uk_writer *out);
	/* UK_E_DATA_LEN: it would go beyond the file's end; nothing is written then. */
	enum uk_status (*write_file_at)(struct token *, struct uk_span name, size_t offset,
					struct uk_span data);

	/*
	 * -- device right, proved in the same transaction; device_key: 16 bytes, or none at all
	 *    after a device_auth that succeeded --
	 */
	enum uk_status (*set_label)(struct token *, struct uk_span label); /* no right */
	enum uk_status (*change_device_key)(struct token *, struct uk_span old_key,
					    struct uk_span new_key);
	enum uk_status (*create_application)(struct token *, struct uk_span device_key,
					     const struct token_new_application *);
	enum uk_status (*delete_application)(struct token *, struct uk_span device_key,
					     struct uk_span name);
	/*
	 * proof: what the caller made of the random that was asked for just before (16 bytes).
	 * The right stays until a reset. UK_E_AUTH_FAILED.
	 */
	enum uk_status (*device_auth)(struct token *, struct uk_span proof);

	/* -- the connection -- */
	/*
	 * A further token over the same connection, to be used for another application of the key
	 * (token_set_application). The two are never used at once; each is closed by itself, in any
	 * order.
	 */
	enum uk_status (*beside)(struct token *, struct token **ret);
	/*
	 * Keeps other programs from the key until let_go, or until the last token of the connection
	 * is closed. May wait as long as another program does the same.
	 */
	enum uk_status (*hold)(struct token *);
	void (*let_go)(struct token *);
	/*
	 * A command as it is, and its answer with the status word. Unless `any`, only commands that
	 * need no right, spend no try and change nothing of a login: UK_E_POLICY for all others.
	 */
	enum uk_status (*raw)(struct token *, struct uk_span command, bool any,
			      struct uk_writer *out);

	/*
	 * -- relay: each is one transaction of at most 5 s that compares the serial number and ends
	 *    with a reset of the key. UK_E_OTHER_KEY, UK_E_FEW_TRIES, UK_E_RELAY_LATE,
	 *    UK_E_RELAY_ANSWER: the key is as it was. UK_E_FOREIGN: it refused an administrator
	 *    command. Other programs, and this token, find the key reset --
	 */
	/* UK_E_UNFINISHED: the user PIN may be one that nobody knows. */
	enum uk_status (*unblock_by_relay)(struct token *, const struct token_relay *relay,
					   struct uk_span new_user_pin);
	enum uk_status (*change_admin_pin_by_relay)(struct token *,
						    const struct token_relay *relay);
	/* UK_E_AUTH_FAILED: neither old_key nor the service's own. */
	enum uk_status (*change_device_key_by_relay)(struct token *,
						     const struct token_relay *relay,
						     struct uk_span old_key);
};

/* First member of every family's own struct. */
struct token {
	const struct token_ops *ops;
	const struct token_model *model;
	const struct token_family *family;
	/*
	 * Set by the driver whenever our user/admin right was seen to be gone (6982, reset,
	 * unplugged); reset by verify, verify_once and clear when they succeed.
	 */
	bool login_lost;
};

/*
 * Connects (shared) to the key in a reader that is `ours`. No command is sent yet: the application
 * (the model row's, else the first) is opened when first needed; UK_E_NO_APPLICATION when the key
 * is blank.
 */
UK_CHECKED enum uk_status token_open(struct token_bus *bus, const struct token_reader *reader,
				     struct token **ret_token);
/* Before the first operation: opens that application instead, and no other if it is not there. */
void token_set_application(struct token *token, const char *name);
/* Disconnects and leaves the key as it is (no reset). NULL is legal. Wipes what was kept. */
void token_close(struct token *token);

/* The open application's name, "" when blank or not yet opened. Borrowed. */
const char *token_application(const struct token *token);

#endif
