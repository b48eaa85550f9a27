/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_json.h: JSON whose numbers keep every digit.
 *
 * An endpoint that rounds would hide the rounding of its caller.  So a number
 * is held as a string that begins with the byte 1, digits as they came, and is
 * written without quotes again.
 */
#ifndef SANDBOX_JSON_H
#define SANDBOX_JSON_H

#include "stated/buf.h"

#include <jansson.h>

/* NULL where the text is not JSON; duplicate keys are refused. */
MUST_USE json_t *sandbox_json_read(struct str text);

json_t *sandbox_json_number(const char *digits);
bool sandbox_json_is_number(const json_t *value);

/* What stands at a dotted path, borrowed; NULL where there is nothing. */
json_t *sandbox_json_at(const json_t *value, const char *path);
/* The text of a string or the digits of a number there; else "". */
const char *sandbox_json_text(const json_t *value, const char *path);
/* The number there, or `otherwise` where there is none in [0, max]. */
int64_t sandbox_json_int(const json_t *value, const char *path, int64_t max,
    int64_t otherwise);

enum sandbox_json_style {
	SANDBOX_JSON_COMPACT,
	SANDBOX_JSON_PYTHON, /* ", " and ": ", as Python's json.dumps writes */
};
void sandbox_json_write(const json_t *value, enum sandbox_json_style style,
    struct buf *out);

#endif
