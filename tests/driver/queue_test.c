/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several processes on one key, and one key that is busy beside one that is not. */
#include "tests/driver/desk.h"
#include "tests/rig/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNERS  4
#define START_MS 700 /* until all of them are there */
#define RUN_MS   1500

/* ---- programs that sign ---- */

struct signer {
	pid_t pid;
	char path[300]; /* of what it prints */
	unsigned int count;
	long longest_ms;
};

static void
signer_start(struct desk *desk, struct signer *signer, const char *mode, long start)
{
	static unsigned int number;
	char from[24];
	char to[24];
	const char *argv[] = {
		getenv("OPENUKEY_SIGNER"), rig_reader(desk->rig, 0), mode, from, to, NULL};
	int out;

	(void)snprintf(from, sizeof(from), "%ld", start);
	(void)snprintf(to, sizeof(to), "%ld", start + RUN_MS);
	assert_non_null(argv[0]);
	(void)snprintf(signer->path, sizeof(signer->path), "%s/signer%u", rig_dir(desk->rig),
		       number++);
	out = open(signer->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	signer->pid = process_start(argv, out, -1);
	assert_true(signer->pid > 0);
	(void)close(out);
}

static void
signer_read(const struct signer *signer, char *text, size_t size)
{
	FILE *file = fopen(signer->path, "re");

	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	(void)fclose(file);
}

static void
signer_await_ready(const struct signer *signer)
{
	char text[100];

	for (int i = 0; i < 500; i++) {
		signer_read(signer, text, sizeof(text));
		if (strncmp(text, "ready", 5) == 0)
			return;
		process_sleep_ms(10);
	}
	fail_msg("a signer did not start");
}

static void
signer_end(struct signer *signer)
{
	char text[100];
	char *at;

	assert_int_equal(process_await(signer->pid, 15000), 0);
	signer_read(signer, text, sizeof(text));
	assert_int_equal(strncmp(text, "ready\n", 6), 0);
	signer->count = (unsigned int)strtoul(text + 6, &at, 10);
	signer->longest_ms = strtol(at, NULL, 10);
	print_message("%u signatures, longest wait %ld ms\n", signer->count, signer->longest_ms);
}

static void
assert_fair(const struct signer *signers, size_t count)
{
	unsigned int least = signers[0].count;
	unsigned int most = signers[0].count;

	for (size_t i = 0; i < count; i++) {
		assert_true(signers[i].longest_ms < 1000);
		least = signers[i].count < least ? signers[i].count : least;
		most = signers[i].count > most ? signers[i].count : most;
	}
	assert_true(least * 10 >= most * 4);
}

static void
four_sign(struct desk *desk, const char *mode)
{
	struct signer signers[SIGNERS];
	long start = process_clock_ms() + START_MS;

	for (size_t i = 0; i < SIGNERS; i++)
		signer_start(desk, &signers[i], mode, start);
	for (size_t i = 0; i < SIGNERS; i++)
		signer_end(&signers[i]);
	assert_fair(signers, SIGNERS);
}

/* ---- the file that they meet at ---- */

static void
queue_path(struct desk *desk, char *out, size_t size)
{
	char folder[280];
	DIR *dir;
	bool found = false;

	(void)snprintf(folder, sizeof(folder), "%s/openukey", rig_dir(desk->rig));
	dir = opendir(folder);
	assert_non_null(dir);
	for (const struct dirent *row; !found && (row = readdir(dir)) != NULL;) {
		const char *dot = strrchr(row->d_name, '.');
		struct stat st;

		if (dot == NULL || strcmp(dot, ".queue") != 0)
			continue;
		(void)snprintf(out, size, "%s/%s", folder, row->d_name);
		found = stat(out, &st) == 0 && (st.st_mode & 0777) == 0600;
	}
	(void)closedir(dir);
	assert_true(found);
}

/* The number of the semaphores behind it. */
static int
queue_semaphores(struct desk *desk)
{
	int32_t record[2] = {0, 0};
	char path[600];
	FILE *file;

	queue_path(desk, path, sizeof(path));
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fread(record, sizeof(record), 1, file), 1);
	(void)fclose(file);
	return record[1];
}

/* ---- shares ---- */

static void
four_processes_get_equal_shares(void **state)
{
	four_sign(*state, "plain");
}

static void
four_processes_that_prove_the_pin_each_time_get_equal_shares(void **state)
{
	four_sign(*state, "once");
}

static void
a_process_killed_in_its_turn_stops_nobody(void **state)
{
	struct desk *desk = *state;
	struct signer others[2];
	struct signer holder;
	long start = process_clock_ms() + START_MS;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		signer_start(desk, &others[i], "once", start);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		signer_await_ready(&others[i]);
	process_sleep_ms(start + 200 - process_clock_ms());
	signer_start(desk, &holder, "hold", 0);
	signer_await_ready(&holder);
	process_sleep_ms(300);
	assert_int_equal(kill(holder.pid, SIGKILL), 0);
	assert_int_equal(process_await(holder.pid, 2000), 128 + SIGKILL);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		signer_end(&others[i]);
	assert_fair(others, ARRAY_SIZE(others));
	assert_true(others[0].count > 10);
}

static void
whoever_leaves_last_leaves_nothing(void **state)
{
	struct desk *desk = *state;
	int id = queue_semaphores(desk);
	struct semid_ds set;
	struct signer signer;

	signer_start(desk, &signer, "plain", process_clock_ms() + START_MS);
	signer_end(&signer);
	assert_int_equal(semctl(id, 0, IPC_STAT, &set), 0);
	token_close(desk->token);
	desk->token = NULL;
	assert_int_equal(semctl(id, 0, IPC_STAT, &set), -1);
}

/* A file for semaphores that nobody uses any more, or does. */
static void
leave_behind(struct desk *desk, const char *name, int id)
{
	struct semid_ds set;
	char path[600];
	FILE *file;

	assert_int_equal(semctl(id, 0, IPC_STAT, &set), 0);
	int64_t record[2] = {(int64_t)id << 32 | 0x51554b31, set.sem_ctime};
	(void)snprintf(path, sizeof(path), "%s/openukey/%s", rig_dir(desk->rig), name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(record, sizeof(record), 1, file), 1);
	(void)fclose(file);
}

static void
what_others_left_behind_is_swept_up(void **state)
{
	struct desk *desk = *state;
	int unused = semget(IPC_PRIVATE, 2, 0600);
	int used = semget(IPC_PRIVATE, 2, 0600);
	union {
		int val;
	} one = {1};
	struct semid_ds set;

	assert_true(unused >= 0 && used >= 0);
	assert_int_equal(semctl(used, 1, SETVAL, one), 0);
	leave_behind(desk, "0.queue", unused);
	leave_behind(desk, "1.queue", used);
	token_close(desk->token); /* the next one makes the line anew */
	desk->token = NULL;
	desk_reopen(desk);
	assert_int_equal(semctl(unused, 0, IPC_STAT, &set), -1);
	assert_int_equal(semctl(used, 0, IPC_STAT, &set), 0);
	assert_int_equal(semctl(used, 0, IPC_RMID), 0);
}

/* ---- without one ---- */

static void
read_only(const char *path)
{
	if (access(path, F_OK) == 0 &&
	    (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0 ||
	     mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0))
		_exit(77);
}

/* In a world where no file can be made where processes meet. */
static int
sign_hidden(struct desk *desk)
{
	char to[24];
	const char *argv[] = {
		getenv("OPENUKEY_SIGNER"), rig_reader(desk->rig, 0), "plain", "0", to, NULL};
	pid_t pid;

	(void)snprintf(to, sizeof(to), "%ld", process_clock_ms() + RUN_MS);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) != 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
			_exit(77);
		(void)unsetenv("XDG_RUNTIME_DIR");
		read_only("/tmp");
		read_only("/run");
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(1);
	}
	return process_await(pid, 15000);
}

static void
hidden_from_the_others_it_still_signs(void **state)
{
	struct desk *desk = *state;
	struct signer other;
	int status;

	signer_start(desk, &other, "plain", process_clock_ms());
	status = sign_hidden(desk);
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
	signer_end(&other);
	assert_true(other.count > 0);
}

static void
a_damaged_file_is_made_anew(void **state)
{
	struct desk *desk = *state;
	static const uint8_t junk[100] = {0xff, 0xfe, 0xfd};
	char path[600];
	FILE *file;

	queue_path(desk, path, sizeof(path));
	token_close(desk->token);
	desk->token = NULL;
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(junk, sizeof(junk), 1, file), 1);
	(void)fclose(file);
	four_sign(desk, "once");
	/* semaphores that are somebody else's are not touched */
	int stranger = semget(IPC_PRIVATE, 3, 0600);
	int32_t record[4] = {0x51554b31, stranger, 0, 0};
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(record, sizeof(record), 1, file), 1);
	(void)fclose(file);
	four_sign(desk, "once");
	assert_int_equal(semctl(stranger, 0, GETVAL), 0);
	assert_int_equal(semctl(stranger, 0, GETPID), 0);
	assert_int_equal(semctl(stranger, 0, IPC_RMID), 0);
}

static void
semaphores_that_go_are_made_anew(void **state)
{
	struct desk *desk = *state;
	struct signer signers[SIGNERS];
	long start = process_clock_ms() + START_MS;

	for (size_t i = 0; i < SIGNERS; i++)
		signer_start(desk, &signers[i], "once", start);
	for (size_t i = 0; i < SIGNERS; i++)
		signer_await_ready(&signers[i]);
	process_sleep_ms(start + 500 - process_clock_ms());
	assert_int_equal(semctl(queue_semaphores(desk), 0, IPC_RMID), 0);
	for (size_t i = 0; i < SIGNERS; i++)
		signer_end(&signers[i]);
	assert_fair(signers, SIGNERS);
}

static void
a_turn_that_never_comes_costs_two_seconds_once(void **state)
{
	struct desk *desk = *state;
	struct token *other = desk_second_token(desk); /* or nobody would ask for a turn */
	struct sembuf take = {0, -1, 0};
	struct token_info info;
	long start = process_clock_ms();

	assert_int_equal(semop(queue_semaphores(desk), &take, 1), 0);
	assert_ok(desk->token->ops->info(desk->token, &info));
	assert_in_range(process_clock_ms() - start, 1900, 3000);
	start = process_clock_ms();
	for (int i = 0; i < 10; i++)
		assert_ok(desk->token->ops->info(desk->token, &info));
	assert_in_range(process_clock_ms() - start, 0, 500);
	token_close(other);
}

/* ---- two keys ---- */

struct slow {
	struct token *token;
	enum uk_status st;
	long took_ms;
};

static void *
generate(void *data)
{
	struct slow *slow = data;
	struct token_public_key key;
	long start = process_clock_ms();

	slow->st = slow->token->ops->generate(slow->token, str("slow"), TOKEN_KEY_RSA, 2048, &key);
	slow->took_ms = process_clock_ms() - start;
	return NULL;
}

static void
a_slow_command_on_one_key_keeps_nobody_from_another(void **state)
{
	struct desk *desk = *state;
	const char *options[] = {"--model", desk->model, "--timing", "full-speed", NULL};
	const char *plain[] = {"--model", desk->model, NULL};
	struct token_reader readers[TOKEN_READERS_MAX];
	struct slow slow = {0};
	struct token_info info;
	struct token *other = NULL;
	char blank[300];
	pthread_t thread;
	unsigned int tries;
	size_t count;
	long start;

	(void)snprintf(blank, sizeof(blank), "%s/blank", rig_dir(desk->rig));
	assert_true(rig_pull(desk->rig, 0));
	assert_true(rig_plug(desk->rig, 0, desk->key_state, options));
	assert_true(rig_plug(desk->rig, 1, blank, plain));
	desk_reopen(desk);
	slow.token = desk->token;
	assert_ok(slow.token->ops->verify(slow.token, TOKEN_USER, str(USER_PIN), &tries));
	assert_ok(slow.token->ops->create_container(slow.token, str("slow")));
	assert_int_equal(pthread_create(&thread, NULL, generate, &slow), 0);
	process_sleep_ms(300);

	start = process_clock_ms();
	assert_ok(token_bus_list(desk->bus, readers, ARRAY_SIZE(readers), &count));
	assert_int_equal(token_bus_wait(desk->bus, readers, count, 100), UK_E_TIMEOUT);
	for (size_t i = 0; i < count; i++)
		if (strcmp(readers[i].name, rig_reader(desk->rig, 1)) == 0)
			assert_ok(token_open(desk->bus, &readers[i], &other));
	assert_non_null(other);
	assert_ok(other->ops->info(other, &info));
	token_close(other);
	assert_true(rig_pull(desk->rig, 1));
	assert_ok(token_bus_wait(desk->bus, readers, count, 1000));
	assert_in_range(process_clock_ms() - start, 0, 1900);

	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ok(slow.st);
	print_message("meanwhile, the slow key took %ld ms\n", slow.took_ms);
	assert_true(slow.took_ms > 2500);
}

/* Processes of this test meet in a folder of their own. */
static int
group_setup(void **state)
{
	if (desk_group_setup(state) != 0)
		return -1;
	return setenv("XDG_RUNTIME_DIR", desk_folder(), 1);
}

#define ON(model, test)                                                                           \
	{                                                                                         \
#test " [" model "]", test, desk_setup, desk_teardown, (void *)(uintptr_t)(model) \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON("V0", four_processes_get_equal_shares),
		ON("V0", four_processes_that_prove_the_pin_each_time_get_equal_shares),
		ON("VC", four_processes_that_prove_the_pin_each_time_get_equal_shares),
		ON("V0", a_process_killed_in_its_turn_stops_nobody),
		ON("V0", whoever_leaves_last_leaves_nothing),
		ON("V0", what_others_left_behind_is_swept_up),
		ON("V0", hidden_from_the_others_it_still_signs),
		ON("V0", a_damaged_file_is_made_anew),
		ON("V0", semaphores_that_go_are_made_anew),
		ON("V0", a_turn_that_never_comes_costs_two_seconds_once),
		ON("V0", a_slow_command_on_one_key_keeps_nobody_from_another),
	};

	return cmocka_run_group_tests_name("queue", tests, group_setup, desk_group_teardown);
}
