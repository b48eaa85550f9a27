/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: malloc() that ends the process where it fails. */
#include "stated/memory.h"

#include "stated/must.h"

#include <stdlib.h>

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
