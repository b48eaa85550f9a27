/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refused_malloc.h: malloc and its like in the place of the C library's.  The
 * one file of a program that includes this says which requests are refused.
 */
#ifndef STATED_TEST_REFUSED_MALLOC_H
#define STATED_TEST_REFUSED_MALLOC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* What the C library calls its own. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t items, size_t bytes);
void *__libc_realloc(void *at, size_t bytes);

/* Asked once a request. */
static bool is_refused(void);

static bool
is_met(void)
{
	if (!is_refused())
		return true;
	errno = ENOMEM;
	return false;
}

void *
malloc(size_t bytes)
{
	return is_met() ? __libc_malloc(bytes) : NULL;
}

void *
calloc(size_t items, size_t bytes)
{
	return is_met() ? __libc_calloc(items, bytes) : NULL;
}

void *
realloc(void *at, size_t bytes)
{
	return is_met() ? __libc_realloc(at, bytes) : NULL;
}

#endif
