/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PIV card (NIST SP 800-73-4) that strangers' modules can drive, so that their figures and ours
 * come from the same run: four certificates, one RSA key of 2048 bits behind all of them.  It takes
 * what those modules ask of it and is good for nothing else.
 *
 *	piv_card SOCKET CONTROL KEY.pem CERTIFICATE.der PIN
 *
 * SOCKET is the virtual reader's; CONTROL answers "count" as the virtual key's does.
 */
#include "common/bytes.h"
#include "common/defs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX  0xffff
#define OBJECT_MAX 4096
#define MODULUS    256

struct card {
	EVP_PKEY *key;
	uint8_t certificate[OBJECT_MAX];
	size_t certificate_len;
	const char *pin;
	bool verified;
	uint8_t chained[OBJECT_MAX]; /* what came in commands that have more to come */
	size_t chained_len;
	uint8_t answer[OBJECT_MAX + 64]; /* what GET RESPONSE will fetch */
	size_t answer_len, answer_at;
	unsigned long commands, bytes_in, bytes_out;
};

struct command {
	uint8_t cla, ins, p1, p2;
	const uint8_t *data;
	size_t len;
	size_t wanted; /* 0 = no Le */
};

/* ---- objects ---- */

static size_t
put_tlv(uint8_t *out, uint8_t tag, const uint8_t *value, size_t len)
{
	size_t at = 0;

	out[at++] = tag;
	if (len > 0x7f)
		out[at++] = 0x82;
	if (len > 0x7f)
		out[at++] = (uint8_t)(len >> 8);
	out[at++] = (uint8_t)len;
	if (len > 0)
		memmove(out + at, value, len);
	return at + len;
}

static size_t
certificate_object(const struct card *card, uint8_t *out)
{
	static const uint8_t tail[] = {0x71, 0x01, 0x00, 0xfe, 0x00}; /* not compressed */
	uint8_t inner[OBJECT_MAX];
	size_t len = put_tlv(inner, 0x70, card->certificate, card->certificate_len);

	memcpy(inner + len, tail, sizeof(tail));
	return put_tlv(out, 0x53, inner, len + sizeof(tail));
}

static size_t
chuid_object(const struct card *card, uint8_t *out)
{
	static const uint8_t fasc_n[25] = {0xd4, 0xe7, 0x39, 0xda, 0x73, 0x9c, 0xed, 0x39, 0xce,
					   0x73, 0x9d, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
					   0x84, 0x21, 0xc8, 0x42, 0x10, 0xc3, 0xeb};
	static const uint8_t guid[16] = {0x51, 1, 2, 3, 4, 5, 0x46, 7, 0x88, 9, 10, 11, 12, 13};
	uint8_t inner[128];
	size_t len = put_tlv(inner, 0x30, fasc_n, sizeof(fasc_n));

	(void)card;
	len += put_tlv(inner + len, 0x34, guid, sizeof(guid));
	len += put_tlv(inner + len, 0x35, (const uint8_t *)"20401231", 8);
	len += put_tlv(inner + len, 0x3e, NULL, 0);
	len += put_tlv(inner + len, 0xfe, NULL, 0);
	return put_tlv(out, 0x53, inner, len);
}

static size_t
discovery_object(const struct card *card, uint8_t *out)
{
	static const uint8_t object[] = {0x7e, 0x12, 0x4f, 0x0b, 0xa0, 0x00, 0x00,
					 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01,
					 0x00, 0x5f, 0x2f, 0x02, 0x40, 0x00};

	(void)card;
	memcpy(out, object, sizeof(object));
	return sizeof(object);
}

static const struct {
	uint8_t tag[3];
	size_t tag_len;
	size_t (*make)(const struct card *card, uint8_t *out);
} objects[] = {
	{{0x5f, 0xc1, 0x05}, 3, certificate_object}, /* 9A, authentication */
	{{0x5f, 0xc1, 0x0a}, 3, certificate_object}, /* 9C, signature */
	{{0x5f, 0xc1, 0x0b}, 3, certificate_object}, /* 9D, key management */
	{{0x5f, 0xc1, 0x01}, 3, certificate_object}, /* 9E, card authentication */
	{{0x5f, 0xc1, 0x02}, 3, chuid_object},       {{0x7e}, 1, discovery_object},
};

/* ---- commands: the status word; data goes to card->answer ---- */

static uint16_t
do_select(struct card *card, const struct command *command)
{
	static const uint8_t aid[] = {0xa0, 0x00, 0x00, 0x03, 0x08};
	static const uint8_t template[] = {0x61, 0x11, 0x4f, 0x06, 0x00, 0x00, 0x10,
					   0x00, 0x01, 0x00, 0x79, 0x07, 0x4f, 0x05,
					   0xa0, 0x00, 0x00, 0x03, 0x08};

	if (command->p1 != 4 || command->len < sizeof(aid) ||
	    memcmp(command->data, aid, sizeof(aid)) != 0)
		return 0x6a82;
	memcpy(card->answer, template, sizeof(template));
	card->answer_len = sizeof(template);
	return 0x9000;
}

static uint16_t
do_get_data(struct card *card, const struct command *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		size_t len = objects[i].tag_len;

		if (command->len != 2 + len || command->data[1] != len ||
		    memcmp(command->data + 2, objects[i].tag, len) != 0)
			continue;
		card->answer_len = objects[i].make(card, card->answer);
		return 0x9000;
	}
	return 0x6a82;
}

static uint16_t
do_verify(struct card *card, const struct command *command)
{
	size_t len = strlen(card->pin);

	if (command->p2 != 0x80)
		return 0x6a88;
	if (command->len == 0)
		return card->verified ? 0x9000 : 0x63c3;
	card->verified = command->len >= len && memcmp(command->data, card->pin, len) == 0;
	return card->verified ? 0x9000 : 0x63c2;
}

static bool
sign_raw(const struct card *card, const uint8_t *input, uint8_t *out)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(card->key, NULL);
	size_t len = MODULUS;
	bool done = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 &&
		    EVP_PKEY_sign(context, out, &len, input, MODULUS) == 1;

	EVP_PKEY_CTX_free(context);
	return done;
}

static uint16_t
do_authenticate(struct card *card, const struct command *command)
{
	uint8_t signature[MODULUS], inner[MODULUS + 8];
	size_t len;

	if (!card->verified)
		return 0x6982;
	/* The block to sign is what comes last. */
	if (command->p1 != 0x07 || command->len < MODULUS + 4 ||
	    !sign_raw(card, command->data + command->len - MODULUS, signature))
		return 0x6a80;
	len = put_tlv(inner, 0x82, signature, sizeof(signature));
	card->answer_len = put_tlv(card->answer, 0x7c, inner, len);
	return 0x9000;
}

/* The next two are of one maker's, and ykcs11 wants them. */
static uint16_t
do_version(struct card *card, const struct command *command)
{
	(void)command;
	memcpy(card->answer, "\x05\x04\x03", 3);
	card->answer_len = 3;
	return 0x9000;
}

static uint16_t
do_serial(struct card *card, const struct command *command)
{
	(void)command;
	memcpy(card->answer, "\x00\x00\x10\x01", 4);
	card->answer_len = 4;
	return 0x9000;
}

static const struct {
	uint8_t ins;
	uint16_t (*run)(struct card *card, const struct command *command);
} handlers[] = {
	{0xa4, do_select},       {0xcb, do_get_data}, {0x20, do_verify},
	{0x87, do_authenticate}, {0xfd, do_version},  {0xf8, do_serial},
};

/* ISO 7816-4, 5.1: short and extended forms. */
static bool
command_parse(struct command *command, const uint8_t *bytes, size_t len)
{
	bool extended = len > 7 && bytes[4] == 0;
	size_t head = len <= 5 ? len : extended ? 7 : 5;

	*command = (struct command){bytes[0], bytes[1], bytes[2], bytes[3], NULL, 0, 0};
	if (len == 4)
		return true;
	if (len == 5 || (len == 7 && bytes[4] == 0)) {
		command->wanted = len == 5 ? (bytes[4] == 0 ? 256 : bytes[4]) : FRAME_MAX;
		return true;
	}
	command->len = extended ? (size_t)bytes[5] << 8 | bytes[6] : bytes[4];
	command->data = bytes + head;
	if (len < head + command->len)
		return false;
	if (len > head + command->len)
		command->wanted = extended ? FRAME_MAX : bytes[len - 1] == 0 ? 256 : bytes[len - 1];
	return true;
}

/* Moves what fits of the answer to out; the rest waits for GET RESPONSE. */
static size_t
answer_part(struct card *card, size_t room, uint16_t sw, uint8_t *out)
{
	size_t left = card->answer_len - card->answer_at;
	size_t now = left < room ? left : room;

	memcpy(out, card->answer + card->answer_at, now);
	card->answer_at += now;
	left -= now;
	if (left > 0)
		sw = (uint16_t)(0x6100 | (left > 0xff ? 0 : left));
	out[now] = (uint8_t)(sw >> 8);
	out[now + 1] = (uint8_t)sw;
	return now + 2;
}

static size_t
answer(struct card *card, const uint8_t *bytes, size_t len, uint8_t *out)
{
	struct command command;
	uint16_t sw = 0x6d00;

	if (len < 4 || !command_parse(&command, bytes, len))
		return answer_part(card, 0, 0x6700, out);
	if (command.ins == 0xc0)
		return answer_part(card, command.wanted, 0x9000, out);
	card->answer_len = card->answer_at = 0;
	if (command.len > sizeof(card->chained) - card->chained_len)
		return answer_part(card, 0, 0x6700, out);
	if (command.len > 0)
		memcpy(card->chained + card->chained_len, command.data, command.len);
	card->chained_len += command.len;
	if ((command.cla & 0x10) != 0)
		return answer_part(card, 0, 0x9000, out);
	command.data = card->chained;
	command.len = card->chained_len;
	card->chained_len = 0;
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
		if (handlers[i].ins == command.ins)
			sw = handlers[i].run(card, &command);
	return answer_part(card, command.wanted == 0 ? 256 : command.wanted, sw, out);
}

/* ---- the link ---- */

static bool
read_all(int fd, uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t count = read(fd, out, len);

		if (count <= 0)
			return false;
		out += count;
		len -= (size_t)count;
	}
	return true;
}

/* One frame; false when the reader has hung up. */
static bool
serve_frame(struct card *card, int fd)
{
	static const uint8_t atr[] = {0x3b, 0x88, 0x80, 0x01, 'P', 'I', 'V',
				      '-',  'B',  'N',  'C',  'H', 0x6c};
	static uint8_t in[FRAME_MAX], out[2 + OBJECT_MAX + 64];
	uint8_t header[2];
	size_t len;

	if (!read_all(fd, header, sizeof(header)))
		return false;
	len = (size_t)header[0] << 8 | header[1];
	if (!read_all(fd, in, len))
		return false;
	if (len == 1 && in[0] != 4) {
		card->verified = false;
		return true;
	}
	if (len == 1) {
		memcpy(out + 2, atr, sizeof(atr));
		len = sizeof(atr);
	} else {
		card->commands++;
		card->bytes_in += len;
		len = answer(card, in, len, out + 2);
		card->bytes_out += len;
	}
	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
	return send(fd, out, 2 + len, MSG_NOSIGNAL) == (ssize_t)(2 + len);
}

static void
serve_control(const struct card *card, int fd)
{
	char line[256];

	if (read(fd, line, sizeof(line)) > 0) {
		int len = snprintf(line, sizeof(line), "commands %lu in %lu out %lu\n",
				   card->commands, card->bytes_in, card->bytes_out);

		(void)send(fd, line, (size_t)len, MSG_NOSIGNAL);
	}
	(void)close(fd);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	(void)unlink(path);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, 4) == 0)
		return fd;
	perror(path);
	exit(1);
}

static void
serve(struct card *card, int reader, int control)
{
	int link = -1;

	for (;;) {
		struct pollfd ends[] = {{link < 0 ? reader : -1, POLLIN, 0},
					{control, POLLIN, 0},
					{link, POLLIN, 0}};

		if (poll(ends, 3, -1) < 0)
			return;
		if (link >= 0 && ends[2].revents != 0 && !serve_frame(card, link)) {
			(void)close(link);
			link = -1;
		} else if (ends[0].revents != 0)
			link = accept(reader, NULL, NULL);
		if (ends[1].revents != 0)
			serve_control(card, accept(control, NULL, NULL));
	}
}

int
main(int argc, char **argv)
{
	static struct card card;
	FILE *key, *certificate;

	if (argc != 6)
		return 2;
	key = fopen(argv[3], "re");
	certificate = fopen(argv[4], "re");
	if (key == NULL || certificate == NULL)
		return 1;
	card.key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
	card.certificate_len =
		fread(card.certificate, 1, sizeof(card.certificate) - 64, certificate);
	(void)fclose(key);
	(void)fclose(certificate);
	card.pin = argv[5];
	if (card.key == NULL || EVP_PKEY_get_size(card.key) != MODULUS)
		return 1;
	serve(&card, listen_at(argv[1]), listen_at(argv[2]));
	return 1;
}
