/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_child.c: child processes that don't outlive us.
 */
#include "bench_priv.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* An engine drains for up to ten seconds. */
#define PATIENCE_MS 20000
#define LOOK_US 2000

/* A child that leaves body() has nothing to tidy up: its memory is a copy of
 * ours, and ours to check and to flush. */
pid_t
child_fork(child_fn *body, void *arg)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	must(pid >= 0);
	if (pid > 0)
		return pid;
	signal(SIGINT, SIG_IGN); /* the terminal's is for us: we end them */
	signal(SIGTERM, SIG_DFL); /* and by this, which our loop would catch */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent)
		body(arg);
	_exit(1);
}

bool
child_has_ended(pid_t *pid)
{
	if (*pid != 0 && waitpid(*pid, NULL, WNOHANG) == 0)
		return false;
	*pid = 0;
	return true;
}

void
child_stop(pid_t *pid)
{
	int64_t until_us = clock_monotonic_us() + PATIENCE_MS * 1000;

	if (*pid == 0)
		return;
	(void)kill(*pid, SIGTERM);
	while (!child_has_ended(pid)) {
		if (clock_monotonic_us() > until_us)
			(void)kill(*pid, SIGKILL);
		usleep(LOOK_US);
	}
}

static void
set_policy(int policy)
{
	static const struct sched_param usual;

	/* Where it may not be set, things are as they are without. */
	(void)sched_setscheduler(0, policy, &usual);
}

int
child_give_way(void)
{
	int before = sched_getscheduler(0);

	if (before == SCHED_OTHER)
		set_policy(SCHED_BATCH);
	return before;
}

void
child_give_way_no_more(int before)
{
	if (before == SCHED_OTHER)
		set_policy(SCHED_OTHER);
}
