/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_length.c: answers of which nobody can say where they end.
 *
 * Of several lengths curl takes the last, and one that it can't count to is
 * none to it: what comes until the connection ends is the body then, and a
 * cut one passes for whole.  RFC 9112, section 6.3, calls both unrecoverable.
 */
#include "http_priv.h"

/* One length, or the same again.  told: -1 before the first. */
static bool
agrees(struct str value, int64_t *told)
{
	while (value.at != NULL) {
		struct str text = str_trim(str_split(value, ',', &value));
		int64_t length;

		if (!str_parse_int(text, 0, INT64_MAX, &length) ||
		    (*told >= 0 && *told != length))
			return false;
		*told = length;
	}
	return true;
}

bool
http_length_is_garbled(struct str head)
{
	bool is_garbled = false;
	int64_t told = -1;

	while (head.bytes > 0) {
		struct str value;
		struct str line = str_split(head, '\n', &head);
		struct str name = str_split(line, ':', &value);

		/* Chunks tell their end themselves. */
		if (message_name_equal(name, STR("transfer-encoding")))
			return false;
		if (message_name_equal(name, STR("content-length")))
			is_garbled |= !agrees(value, &told);
	}
	return is_garbled;
}
