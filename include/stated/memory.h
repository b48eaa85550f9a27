/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h: memory for libraries that crash where they are refused some.
 *
 * OpenSSL locks a lock that it was given no memory for; evhttp goes on with a
 * request that it could not make.  They are given these instead of malloc()
 * and its like, which end the process before that (must.h).
 */
#ifndef STATED_MEMORY_H
#define STATED_MEMORY_H

#include <stddef.h>

/* NULL only where bytes is 0.  To be freed by free(). */
void *memory_get(size_t bytes);
void *memory_resize(void *at, size_t bytes);

/* For a process that works in turns: what one turn gives back the next one
 * asks for again, so some of it is kept from the system. */
void memory_keep_some(void);

#endif
