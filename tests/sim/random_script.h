/* SPDX-License-Identifier: Apache-2.0 */
/* random_script.h: what a seed stands for. */
#ifndef RANDOM_SCRIPT_H
#define RANDOM_SCRIPT_H

#include "script.h"

void random_script_make(uint64_t seed, struct script *script);

#endif
