/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: malloc() that ends the process where it fails. */
#include "stated/memory.h"

#include "stated/must.h"

#include <malloc.h>
#include <stdlib.h>

/* Above what turns take under full load. */
#define KEPT_BYTES (16 * 1024 * 1024)
/* What is larger is gone at once when it is given back. */
#define SINGLE_BYTES (4 * 1024 * 1024)

void *
memory_get(size_t bytes)
{
	void *at = malloc(bytes);

	must(at != NULL || bytes == 0);
	return at;
}

void *
memory_resize(void *before, size_t bytes)
{
	void *at = realloc(before, bytes);

	must(at != NULL || bytes == 0);
	return at;
}

void
memory_keep_some(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	/* Which the first one would leave at an eighth of a mebibyte. */
	(void)mallopt(M_MMAP_THRESHOLD, SINGLE_BYTES);
}
