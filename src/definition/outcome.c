/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.c: the words for outcomes, as definitions and histories have them. */
#include "stated/outcome.h"

#include "stated/must.h"

struct str
outcome_name(enum outcome_kind kind)
{
	static const struct str names[] = {
		[OUTCOME_DONE] = STR_INIT("done"),
		[OUTCOME_NOT_DONE] = STR_INIT("not-done"),
		[OUTCOME_UNKNOWN] = STR_INIT("unknown"),
		[OUTCOME_DONE_WITH_ERROR] = STR_INIT("done-with-error"),
	};

	must((size_t)kind < sizeof(names) / sizeof(names[0]));
	return names[kind];
}
