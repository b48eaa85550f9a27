/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shrink.h: makes a script that fails short, as long as it fails.
 *
 * Happenings are taken out, many at a time first, then one by one; so are
 * whole documents of the definitions, and lines with all that is indented
 * under them; what is odd is replaced by what is plain.
 */
#ifndef SHRINK_H
#define SHRINK_H

#include "script.h"

/* Whether a script fails, and in the same way. */
typedef bool shrink_fails_fn(const struct script *script, void *arg);

void shrink(struct script *script, shrink_fails_fn *fails, void *arg);

#endif
