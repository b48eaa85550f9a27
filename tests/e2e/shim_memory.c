/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim_memory.c: a machine that has no more memory.
 *
 * Loaded before the C library (LD_PRELOAD) it refuses a request for memory of
 * the program, those of libraries too.  The file that STATED_TEST_MEMORY names
 * holds two numbers in the machine's own form, which a test sets while the
 * program runs: how many requests are met until one is refused (0: none is),
 * and whether all after it are refused, too.
 */
#include "../unit/engine/refused_malloc.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic int64_t *shared; /* requests left, is for good */

__attribute__((constructor)) static void
read_wish(void)
{
	const char *path = getenv("STATED_TEST_MEMORY");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, 2 * sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	if (mapped != MAP_FAILED)
		shared = mapped;
}

static bool
is_refused(void)
{
	int64_t left = shared != NULL ? shared[0] : 0;

	while (left > 1 &&
	       !atomic_compare_exchange_weak(&shared[0], &left, left - 1))
		;
	if (left != 1)
		return false;
	if (!shared[1])
		shared[0] = 0;
	return true;
}
