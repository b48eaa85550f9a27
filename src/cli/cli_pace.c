/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_pace.c: work that gives way to an engine beside it.
 *
 * What nobody else wants of the machine is taken whole.  Where others want it
 * a low priority is not enough: what is written goes to the disk that each
 * commit of the engine waits for, caches are shared, and a scheduler that
 * groups processes (by session or by unit) looks at priorities within a group
 * only.  So the system is asked how long we stood in line for a processor:
 * who had to has company, and works a share of the time until there was no
 * line for a while.
 */
#include "cli_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)
/* Looked at after so much work. */
#define SLICE_NS (NS_PER_S / 200)
/* A line as long as that part of the work is company, */
#define LINE_PART 10
/* for so long; */
#define COMPANY_NS (NS_PER_S / 2)
/* and then rest is so many times the work. */
#define REST_TIMES 4

static int64_t
read_clock(clockid_t clock)
{
	struct timespec now;

	must(clock_gettime(clock, &now) == 0);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* How long this thread stood in line so far: the second number of three there.
 * 0 where the system doesn't tell. */
static int64_t
read_line(const struct cli_pace *pace)
{
	char text[128];
	char *at = text;
	ssize_t bytes =
	    pace->fd >= 0 ? pread(pace->fd, text, sizeof(text) - 1, 0) : -1;

	if (bytes <= 0)
		return 0;
	text[bytes] = '\0';
	(void)strtoll(text, &at, 10);
	return strtoll(at, NULL, 10);
}

/* A scheduler that groups by session looks at a process's own priority within
 * its session only.  One that is ours alone may step back whole; another may
 * be the engine's as well. */
static void
step_back(void)
{
	int fd;

	(void)setpriority(PRIO_PROCESS, 0, 19);
	if (getsid(0) != getpid())
		return;
	fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* the system has none */
	(void)!write(fd, "19", 2);
	(void)close(fd);
}

void
cli_pace_begin(struct cli_pace *pace)
{
	step_back();
	*pace = (struct cli_pace){
	    .fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC),
	    .ran_ns = read_clock(CLOCK_THREAD_CPUTIME_ID),
	};
	pace->line_ns = read_line(pace);
}

int64_t
cli_pace_owed(
    struct cli_pace *pace, int64_t now_ns, int64_t ran_ns, int64_t line_ns)
{
	int64_t rest_ns = ran_ns * REST_TIMES - line_ns;

	must(ran_ns >= 0 && line_ns >= 0);
	if (line_ns * LINE_PART > ran_ns)
		pace->company_until_ns = now_ns + COMPANY_NS;
	if (now_ns >= pace->company_until_ns)
		return 0;
	return rest_ns > 0 ? rest_ns : 0;
}

void
cli_pace_rest(struct cli_pace *pace)
{
	int64_t ran_ns = read_clock(CLOCK_THREAD_CPUTIME_ID) - pace->ran_ns;
	int64_t rest_ns;

	if (ran_ns < SLICE_NS)
		return;
	rest_ns = cli_pace_owed(pace, read_clock(CLOCK_MONOTONIC), ran_ns,
	    read_line(pace) - pace->line_ns);
	if (rest_ns > 0)
		(void)nanosleep(
		    &(struct timespec){
			.tv_sec = rest_ns / NS_PER_S,
			.tv_nsec = rest_ns % NS_PER_S,
		    },
		    NULL);
	/* Who wakes up stands in line: that is no work's fault. */
	pace->ran_ns += ran_ns;
	pace->line_ns = read_line(pace);
}

void
cli_pace_end(struct cli_pace *pace)
{
	if (pace->fd >= 0)
		(void)close(pace->fd);
	pace->fd = -1;
}
