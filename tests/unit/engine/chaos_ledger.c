/* SPDX-License-Identifier: Apache-2.0 */
#include "chaos_ledger.h"

#include <stdio.h>
#include <string.h>

/* Whether it has been asked under that key before; remembers it. */
static bool
is_repeated(char *known, size_t bytes, const char *key)
{
	if (key == NULL)
		return false;
	if (strcmp(known, key) == 0)
		return true;
	snprintf(known, bytes, "%s", key);
	return false;
}

void
ledger_do(
    struct ledger *ledger, int order, enum ledger_op op, const char *key)
{
	struct ledger_order *row = &ledger->orders[order];

	if (is_repeated(row->keys[op][0], sizeof(row->keys[op][0]), key))
		return;
	row->done[op]++;
	row->done_at[op] = ++ledger->instant;
}

void
ledger_undo(
    struct ledger *ledger, int order, enum ledger_op op, const char *key)
{
	struct ledger_order *row = &ledger->orders[order];

	if (is_repeated(row->keys[op][1], sizeof(row->keys[op][1]), key))
		return;
	row->undone[op]++;
	row->undone_at[op] = ++ledger->instant;
}

bool
ledger_has(const struct ledger *ledger, int order, enum ledger_op op)
{
	const struct ledger_order *row = &ledger->orders[order];

	return row->done[op] > row->undone[op];
}

static const char *
success_fault(const struct ledger_order *row)
{
	for (int op = 0; op < OP_COUNT; op++) {
		if (row->done[op] != 1)
			return "it ended well, but not all was done once";
		if (row->undone[op] != 0)
			return "it ended well, but something was undone";
	}
	return NULL;
}

/* Sending has no undo. */
static const char *
failure_fault(const struct ledger_order *row)
{
	for (int op = 0; op < OP_SEND; op++)
		if (row->done[op] != row->undone[op])
			return "not exactly what was done has been undone";
	if (row->done[OP_BOOK] > 0 && row->done[OP_PAY] > 0 &&
	    row->undone_at[OP_PAY] > row->undone_at[OP_BOOK])
		return "it was not undone in reverse order";
	return NULL;
}

const char *
ledger_fault(const struct ledger *ledger, int order, bool is_success)
{
	const struct ledger_order *row = &ledger->orders[order];

	for (int op = 0; op < OP_COUNT; op++) {
		if (row->done[op] > 1)
			return "a side effect happened twice";
		if (row->undone[op] > row->done[op])
			return "undone what was not done";
		if (row->undone[op] > 0 &&
		    row->undone_at[op] < row->done_at[op])
			return "undone before it was done";
	}
	return is_success ? success_fault(row) : failure_fault(row);
}
