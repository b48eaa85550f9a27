/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_case.h: inside src/feel only: text in capitals or small letters, by
 * Unicode's mappings, which may give more letters than there were.
 */
#ifndef STATED_FEEL_CASE_H
#define STATED_FEEL_CASE_H

#include "stated/buf.h"
#include "stated/feel.h"

void feel_case_upper(struct str string, struct buf *out);

#endif
