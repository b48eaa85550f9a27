/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptor.h: how many descriptors the system gives, and whether any is left.
 *
 * Each connection, call and file takes one; whoever finds none must wait for
 * another's end, and not take it for a failure of its own.
 */
#ifndef STATED_DESCRIPTOR_H
#define STATED_DESCRIPTOR_H

#include "stated/must.h"

#include <stdbool.h>
#include <stddef.h>

/* Raises the limit of this process as far as it may; tells how many it may
 * have open then, SIZE_MAX where nothing bounds them. */
size_t descriptor_raise_limit(void);

/* False where neither the process nor the system has one to give: errno then
 * says which. */
MUST_USE bool descriptor_is_left(void);
/* The same of several, DESCRIPTORS_MAX at most: for libraries that end the
 * process, or crash, where they get none. */
#define DESCRIPTORS_MAX 16
MUST_USE bool descriptor_are_left(size_t count);

#endif
