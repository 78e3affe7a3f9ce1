/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-virtual-key: run, ctl, provision. */
#include "virtual/key/provision.h"
#include "virtual/key/server.h"
#include "virtual/key/sockets.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAULTS_MAX 16
#define LINE_LEN   512

enum {
	EXIT_USAGE = 2,
	EXIT_STATE = 3, /* the state file, or the log */
	EXIT_SOCKET = 4,
};

static const char help[] =
	"Usage: openukey-virtual-key run --state FILE (--socket PATH | --vpcd HOST:PORT) "
	"[OPTION...]\n"
	"       openukey-virtual-key ctl CONTROL_SOCKET WORD...\n"
	"       openukey-virtual-key provision --state FILE [OPTION...]\n"
	"\n"
	"A GM/T 0017 key in software, for tests and rehearsals. Never a place for real keys.\n"
	"\n"
	"run: plug the key in and answer until told to quit\n"
	"  --state FILE        the key's memory; a missing file becomes a blank key\n"
	"  --socket PATH       where the reader driver finds the key\n"
	"  --control PATH      where ctl finds it\n"
	"  --vpcd HOST:PORT    connect to a vpcd reader instead of listening\n"
	"  --model V0|VC|V1    of a blank key (V0)\n"
	"  --serial TEXT, --label TEXT, --space BYTES   of a blank key\n"
	"  --timing none|full-speed   answer as fast as a full-speed USB key would\n"
	"  --max-answer BYTES  export certificates in parts of at most so many bytes\n"
	"  --reopen-error      opening what is open answers 6A8A\n"
	"  --user-right-once   the user right ends with each signature\n"
	"  --log FILE          log commands, without secrets\n"
	"  --fault WORDS       like ctl fault WORDS; may come again\n"
	"\n"
	"ctl: pull, plug, status, count [reset], fault ..., log FILE|off, quit\n"
	"\n"
	"provision: make or extend a state file that no key runs on\n"
	"  --model M --serial S --label L --space N --device-key K\n"
	"  --application NAME --pin P --admin-pin P --tries N --admin-tries N --containers N\n"
	"  --default-pin yes|no\n"
	"  --container NAME [--generate sm2|rsa2048|rsa1024] [--sign-key PEM] [--sign-cert FILE]\n"
	"                   [--enc-key PEM] [--enc-cert FILE]    may come again\n"
	"\n"
	"The manual page openukey-virtual-key(1) has the faults and the exit codes.\n";

enum {
	OPT_STATE = 1,
	OPT_SOCKET,
	OPT_CONTROL,
	OPT_VPCD,
	OPT_MODEL,
	OPT_SERIAL,
	OPT_LABEL,
	OPT_SPACE,
	OPT_TIMING,
	OPT_MAX_ANSWER,
	OPT_REOPEN_ERROR,
	OPT_USER_RIGHT_ONCE,
	OPT_LOG,
	OPT_FAULT,
};

static const struct option run_options[] = {
	{"state", required_argument, NULL, OPT_STATE},
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"control", required_argument, NULL, OPT_CONTROL},
	{"vpcd", required_argument, NULL, OPT_VPCD},
	{"model", required_argument, NULL, OPT_MODEL},
	{"serial", required_argument, NULL, OPT_SERIAL},
	{"label", required_argument, NULL, OPT_LABEL},
	{"space", required_argument, NULL, OPT_SPACE},
	{"timing", required_argument, NULL, OPT_TIMING},
	{"max-answer", required_argument, NULL, OPT_MAX_ANSWER},
	{"reopen-error", no_argument, NULL, OPT_REOPEN_ERROR},
	{"user-right-once", no_argument, NULL, OPT_USER_RIGHT_ONCE},
	{"log", required_argument, NULL, OPT_LOG},
	{"fault", required_argument, NULL, OPT_FAULT},
	{NULL, 0, NULL, 0},
};

struct run_job {
	struct vk_options card;
	struct vk_places places;
	const char *faults[FAULTS_MAX];
	size_t fault_count;
	char vpcd[256];
};

static int
complain(int code, const char *name, const char *what)
{
	(void)fprintf(stderr, "openukey-virtual-key: %s: %s\n", name, what);
	return code;
}

static bool
parse_number(const char *text, uint32_t *ret_value)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

static bool
set_timing(struct run_job *job, const char *text)
{
	if (strcmp(text, "full-speed") == 0)
		job->card.timing = VK_TIMING_FULL_SPEED;
	return job->card.timing == VK_TIMING_FULL_SPEED || strcmp(text, "none") == 0;
}

static bool
set_vpcd(struct run_job *job, const char *text)
{
	char *colon;

	if (strlen(text) >= sizeof(job->vpcd))
		return false;
	memcpy(job->vpcd, text, strlen(text) + 1);
	colon = strrchr(job->vpcd, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	job->places.vpcd_host = job->vpcd;
	job->places.vpcd_port = colon + 1;
	return true;
}

/* One option of "run"; false when its value is not understood. */
static bool
set_option(struct run_job *job, int option, const char *value)
{
	switch (option) {
	case OPT_STATE:
		job->card.state = value;
		return true;
	case OPT_SOCKET:
		job->places.socket = value;
		return true;
	case OPT_CONTROL:
		job->places.control = value;
		return true;
	case OPT_VPCD:
		return set_vpcd(job, value);
	case OPT_MODEL:
		job->card.model = value;
		return true;
	case OPT_SERIAL:
		job->card.serial = value;
		return true;
	case OPT_LABEL:
		job->card.label = value;
		return true;
	case OPT_SPACE:
		return parse_number(value, &job->card.space);
	case OPT_TIMING:
		return set_timing(job, value);
	case OPT_MAX_ANSWER:
		return parse_number(value, &job->card.max_answer);
	case OPT_REOPEN_ERROR:
		job->card.reopen_error = true;
		return true;
	case OPT_USER_RIGHT_ONCE:
		job->card.right_once = true;
		return true;
	case OPT_LOG:
		job->card.log = value;
		return true;
	case OPT_FAULT:
		if (job->fault_count < FAULTS_MAX)
			job->faults[job->fault_count++] = value;
		return true;
	default:
		return false;
	}
}

static int
parse_run(struct run_job *job, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", run_options, NULL)) != -1) {
		if (option == '?')
			return EXIT_USAGE; /* getopt has said what */
		if (!set_option(job, option, optarg))
			return complain(EXIT_USAGE, optarg, "not understood");
	}
	if (optind < argc)
		return complain(EXIT_USAGE, argv[optind], "not understood");
	if (job->card.state == NULL)
		return complain(EXIT_USAGE, "--state", "is missing");
	if ((job->places.socket == NULL) == (job->places.vpcd_host == NULL))
		return complain(EXIT_USAGE, "run", "needs one of --socket and --vpcd");
	return EXIT_SUCCESS;
}

static int
add_faults(const struct run_job *job, struct vk_card *card)
{
	char line[LINE_LEN], text[128];

	for (size_t i = 0; i < job->fault_count; i++) {
		struct uk_writer answer = uk_writer_of(text, sizeof(text));

		(void)snprintf(line, sizeof(line), "fault %s", job->faults[i]);
		if (!vk_card_control(card, line, &answer))
			return complain(EXIT_USAGE, job->faults[i], "this fault is not understood");
	}
	return EXIT_SUCCESS;
}

static int
run_main(int argc, char **argv)
{
	struct run_job job = {0};
	enum vk_open_error error;
	struct vk_card *card;
	const char *text;
	int code = parse_run(&job, argc, argv);

	if (code != EXIT_SUCCESS)
		return code;
	card = vk_card_open(&job.card, &error, &text);
	if (card == NULL)
		return complain(error == VK_OPEN_OPTIONS ? EXIT_USAGE : EXIT_STATE, job.card.state,
				text);
	code = add_faults(&job, card);
	if (code == EXIT_SUCCESS && !vk_server_run(card, &job.places, &text))
		code = complain(EXIT_SOCKET, text == NULL ? "vpcd" : text, strerror(errno));
	vk_card_close(card);
	return code;
}

static bool
send_words(int fd, int count, char **words)
{
	for (int i = 0; i < count; i++)
		if ((i > 0 && !vk_socket_send(fd, uk_span_str(" "))) ||
		    !vk_socket_send(fd, uk_span_str(words[i])))
			return false;
	return vk_socket_send(fd, uk_span_str("\n"));
}

static int
ctl_main(int argc, char **argv)
{
	static char answer[65537];
	size_t len = 0;
	ssize_t got;
	int fd;

	if (argc < 3)
		return complain(EXIT_USAGE, "ctl", "needs the control socket and a command");
	fd = vk_socket_connect(argv[1]);
	if (fd < 0)
		return complain(EXIT_SOCKET, argv[1], strerror(errno));
	if (!send_words(fd, argc - 2, argv + 2)) {
		close(fd);
		return complain(EXIT_SOCKET, argv[1], "the key went away");
	}
	while ((got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0)
		len += (size_t)got;
	close(fd);
	(void)fputs(answer, stdout);
	if (len == 0)
		return complain(EXIT_SOCKET, argv[1], "the key did not answer");
	return strncmp(answer, "error", 5) == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
print_help(int argc, char **argv)
{
	(void)fputs(help, stdout);
	return EXIT_SUCCESS;
}

static int
print_version(int argc, char **argv)
{
	(void)puts("openukey-virtual-key " OPENUKEY_VERSION);
	return EXIT_SUCCESS;
}

static const struct {
	const char *word;
	int (*run)(int argc, char **argv);
} subcommands[] = {
	{"run", run_main},
	{"ctl", ctl_main},
	{"provision", vk_provision},
	{"--help", print_help},
	{"--version", print_version},
};

int
main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(subcommands); i++)
		if (strcmp(subcommands[i].word, argv[1]) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	(void)fputs(help, stderr);
	return EXIT_USAGE;
}
