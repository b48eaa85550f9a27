/* SPDX-License-Identifier: Apache-2.0 */
/* json_priv.h: the keys of the typed form, shared by writing and reading. */
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

/* Whether it has just one field, named as one of these keys. */
bool json_looks_typed(const struct value *context);

#endif
