/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_clock.c: the other clocks of the machine, in microseconds.
 *
 * Not the seam of clock.h: what is measured here is the machine.
 */
#include "bench_priv.h"

#include <time.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec now;
	int failed = clock_gettime(id, &now);

	must(failed == 0);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
bench_clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

int64_t
bench_clock_cpu_us(void)
{
	return read_us(CLOCK_THREAD_CPUTIME_ID);
}
