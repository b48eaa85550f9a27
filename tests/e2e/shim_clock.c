/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim_clock.c: a machine whose clock is set while a program runs.
 *
 * Loaded before the C library (LD_PRELOAD) it adds to the time of day what
 * stands in a file, milliseconds in the machine's own form, which a test
 * changes as it likes.  What counts up steadily is left alone, as it is when a
 * real clock is set.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *
offset_ms(void)
{
	static const volatile int64_t *shared;
	static const int64_t none;
	const char *path = getenv("STATED_TEST_CLOCK");
	void *mapped;
	int fd;

	if (shared != NULL)
		return shared;
	fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return &none;
	mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped == MAP_FAILED)
		return &none;
	shared = mapped;
	return shared;
}

static void
shift(struct timespec *now)
{
	int64_t offset = *offset_ms();

	now->tv_sec += offset / 1000;
	now->tv_nsec += offset % 1000 * 1000000;
	if (now->tv_nsec >= 1000000000) {
		now->tv_nsec -= 1000000000;
		now->tv_sec++;
	} else if (now->tv_nsec < 0) {
		now->tv_nsec += 1000000000;
		now->tv_sec--;
	}
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (result == 0 &&
	    (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		shift(now);
	return result;
}

int
gettimeofday(struct timeval *now, void *zone)
{
	struct timespec exact;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &exact) != 0)
		return -1;
	now->tv_sec = exact.tv_sec;
	now->tv_usec = exact.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec exact;

	if (clock_gettime(CLOCK_REALTIME, &exact) != 0)
		return -1;
	if (out != NULL)
		*out = exact.tv_sec;
	return exact.tv_sec;
}
