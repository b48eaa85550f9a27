/* SPDX-License-Identifier: Apache-2.0 */
/* descriptor.c: the limit of descriptors, and a look at what is left of it. */
#include "stated/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

size_t
descriptor_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return SIZE_MAX;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX
					       : (size_t)limit.rlim_cur;
}

bool
descriptor_are_left(size_t count)
{
	int fds[DESCRIPTORS_MAX];
	size_t got = 0;
	int error = 0;

	must(count > 0 && count <= DESCRIPTORS_MAX);
	while (got < count && error == 0) {
		fds[got] = open("/", O_PATH | O_CLOEXEC);
		if (fds[got] < 0)
			error = errno;
		else
			got++;
	}
	while (got > 0)
		close(fds[--got]);
	errno = error;
	return error != EMFILE && error != ENFILE;
}

bool
descriptor_is_left(void)
{
	return descriptor_are_left(1);
}
