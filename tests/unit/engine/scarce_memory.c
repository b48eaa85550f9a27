/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scarce_memory.c: malloc and its like in the place of the C library's, which
 * the linker leaves to programs; shared libraries get these as well.
 */
#include "scarce_memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static atomic_long count, refused_at;
static atomic_bool is_for_good, was_refused;

void
scarce_memory(long nth, bool for_good)
{
	refused_at = 0;
	was_refused = false;
	is_for_good = for_good;
	count = 0;
	refused_at = nth;
}

long
scarce_memory_count(void)
{
	return count;
}

bool
scarce_memory_was_refused(void)
{
	return was_refused;
}

#if SCARCE_MEMORY_IS_POSSIBLE
/* What the C library calls its own. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *at, size_t bytes);

static bool
is_refused(void)
{
	long n = atomic_fetch_add(&count, 1) + 1;
	long nth = refused_at;

	if (nth == 0 || n < nth || (n > nth && !is_for_good))
		return false;
	was_refused = true;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t bytes)
{
	return is_refused() ? NULL : __libc_malloc(bytes);
}

void *
calloc(size_t n, size_t bytes)
{
	return is_refused() ? NULL : __libc_calloc(n, bytes);
}

void *
realloc(void *at, size_t bytes)
{
	return is_refused() ? NULL : __libc_realloc(at, bytes);
}
#endif
