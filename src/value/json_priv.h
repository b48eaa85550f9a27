/* SPDX-License-Identifier: Apache-2.0 */
/* json_priv.h: what writing and reading share: the keys of the typed form. */
#ifndef STATED_JSON_PRIV_H
#define STATED_JSON_PRIV_H

#include "stated/json.h"

#define JSON_KEY_NUMBER "n"
#define JSON_KEY_CONTEXT "c"
#define JSON_KEY_DATE "d"
#define JSON_KEY_TIME "t"
#define JSON_KEY_DATE_TIME "dt"
#define JSON_KEY_DURATION "dur"
#define JSON_KEY_RANGE "r"

/* How many bytes from `from` on stand for themselves in a string: up to a
 * quote, a backslash, a control character or the end. */
size_t json_count_plain(struct str string, size_t from);
/* Whether it has just one field, named as one of these keys. */
bool json_looks_typed(const struct value *context);

#endif
