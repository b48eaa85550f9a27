/* SPDX-License-Identifier: Apache-2.0 */
/* house_program.c: programs, started and ended by their own identifiers. */
#include "house.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_MS 90000

int64_t
time_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
time_ms(void)
{
	return time_us() / 1000;
}

void
time_sleep(int milliseconds)
{
	poll(NULL, 0, milliseconds);
}

/* ---- in the child ---- */

static void
become(const struct program *program, const char *const *arguments)
{
	int log = open(program->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int nothing = open("/dev/null", O_RDONLY);

	/* A test that dies leaves no process behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(nothing, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(arguments[0], (char *const *)(uintptr_t)arguments);
	perror(arguments[0]);
	_exit(127);
}

/* ---- those that go on ---- */

void
program_start(struct program *program, const char *const *arguments)
{
	assert_int_equal(program->pid, 0);
	program->pid = fork();
	assert_true(program->pid >= 0);
	if (program->pid == 0)
		become(program, arguments);
}

bool
program_is_alive(struct program *program)
{
	siginfo_t info = {0};

	return program->pid > 0 &&
	       waitid(P_PID, (id_t)program->pid, &info,
		   WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

void
program_tell_log(const struct program *program)
{
	char *text = house_read(program->log);
	size_t bytes = strlen(text);

	/* print_error() cuts what is long, and the end is what tells. */
	fprintf(stderr, "%s:\n%s\n", program->log,
	    bytes > 8000 ? text + bytes - 8000 : text);
	free(text);
}

void
program_stop(struct program *program)
{
	program_stop_with(program, 0);
}

void
program_stop_with(struct program *program, int expected)
{
	int64_t until_ms = time_ms() + STOP_MS;
	int status = -1;

	assert_true(program->pid > 0);
	kill(program->pid, SIGTERM);
	while (program_is_alive(program) && time_ms() < until_ms)
		time_sleep(5);
	if (program_is_alive(program)) {
		program_tell_log(program);
		program_kill(program);
		fail_msg("SIGTERM did not end it");
	}
	assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
	program->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) {
		program_tell_log(program);
		fail_msg("it ended with status %#x", (unsigned)status);
	}
}

void
program_kill(struct program *program)
{
	int status = -1;

	assert_true(program->pid > 0);
	kill(program->pid, SIGKILL);
	assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
	program->pid = 0;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		program_tell_log(program);
		fail_msg("it had ended before, with status %#x",
		    (unsigned)status);
	}
}

/* ---- what they take ---- */

static int64_t
field_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static int
count_descriptors(pid_t pid)
{
	char path[64];
	DIR *directory;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

/* A file of /proc has no size. */
static void
read_about(pid_t pid, const char *name, char *text, size_t bytes)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	assert_non_null(file);
	text[fread(text, 1, bytes - 1, file)] = '\0';
	fclose(file);
}

struct usage
program_usage(const struct program *program)
{
	char status[4096], stat[1024];
	long long user = 0, system = 0;
	struct usage usage = {0};

	read_about(program->pid, "status", status, sizeof(status));
	read_about(program->pid, "stat", stat, sizeof(stat));
	/* Behind the name, which may hold anything. */
	sscanf(strrchr(stat, ')'),
	    ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld", &user,
	    &system);
	usage.cpu_ms = (user + system) * 1000 / sysconf(_SC_CLK_TCK);
	usage.resident_kb = field_of(status, "VmRSS:");
	usage.resident_kb_max = field_of(status, "VmHWM:");
	usage.descriptors = count_descriptors(program->pid);
	return usage;
}

void
program_limit_descriptors(struct program *program, int descriptors)
{
	struct rlimit limit;

	assert_int_equal(
	    prlimit(program->pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur =
	    descriptors > 0 ? (rlim_t)descriptors : limit.rlim_max;
	assert_int_equal(
	    prlimit(program->pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

/* ---- those that are waited for ---- */

static void
become_run(const char *directory, const char *const *environment,
    const char *const *arguments, int input, int output)
{
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	for (; environment != NULL && *environment != NULL; environment++)
		putenv((char *)(uintptr_t)*environment);
	if (chdir(directory) == 0)
		execv(arguments[0], (char *const *)(uintptr_t)arguments);
	perror(arguments[0]);
	_exit(127);
}

/* A file without a name, from its begin. */
static int
spool(const char *text)
{
	char path[] = "/tmp/stated-e2e-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static char *
spooled(int fd)
{
	off_t bytes = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)bytes + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)bytes, 0), bytes);
	return text;
}

struct run
program_run(const char *directory, const char *const *environment,
    const char *const *arguments, const char *input)
{
	int in = spool(input ? input : "");
	int out = spool("");
	struct run run = {.status = -1};
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0)
		become_run(directory, environment, arguments, in, out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	run.text = spooled(out);
	close(in);
	close(out);
	return run;
}

void
run_fini(struct run *run)
{
	free(run->text);
	run->text = NULL;
}

void
assert_run(struct run run, int status, const char *says)
{
	if (run.status != status || strstr(run.text, says) == NULL)
		print_error("status %d, not %d that says: %s\n%s\n",
		    run.status, status, says, run.text);
	assert_int_equal(run.status, status);
	assert_non_null(strstr(run.text, says));
	run_fini(&run);
}
