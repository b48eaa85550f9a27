/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scarce_memory.c: malloc and its like in the place of the C library's, which
 * the linker leaves to programs; shared libraries get these as well.
 */
#include "scarce_memory.h"

#include <stdatomic.h>

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
#include "refused_malloc.h"

static bool
is_refused(void)
{
	long n = atomic_fetch_add(&count, 1) + 1;
	long nth = refused_at;

	if (nth == 0 || n < nth || (n > nth && !is_for_good))
		return false;
	was_refused = true;
	return true;
}
#endif
