/* SPDX-License-Identifier: Apache-2.0 */
#include "chaos_batch.h"

#include <stdio.h>
#include <string.h>

const char batch_definition[] =
    "workflow: batch\n"
    "version: 1\n"
    "business-key: = input.b\n"
    "data: {ran: null, noted: null}\n"
    "initial: working\n"
    "states:\n"
    "  working:\n"
    "    type: parallel\n"
    "    on: {done: finished}\n"
    "    states:\n"
    "      running:\n"
    "        initial: running-orders\n"
    "        states:\n"
    "          running-orders:\n"
    "            entry:\n"
    "              - for: {each: k, in: = input.ks}\n"
    "                parallel: 2\n"
    "                on-error: continue\n"
    "                do:\n"
    "                  - run: order\n"
    "                    with: {k: = k}\n"
    "                    output: {k: = k}\n"
    "                output: {ran: = results}\n"
    "            on: {done: ran-all}\n"
    "          ran-all: {type: final}\n"
    "      noting:\n"
    "        initial: writing\n"
    "        states:\n"
    "          writing:\n"
    "            entry:\n"
    "              - for: {each: k, at: n, in: = input.ks}\n"
    "                parallel: 3\n"
    "                do:\n"
    "                  - call: desk.note\n"
    "                    with: {k: = input.b, n: = n}\n"
    "                    retry: {limit: 30, delay: 1s}\n"
    "                    output: {n: = n}\n"
    "                output: {noted: = results.n}\n"
    "            on: {done: wrote}\n"
    "          wrote: {type: final}\n"
    "  finished: {type: final, outcome: success}\n";

int
batch_order(int batch, int line, int orders)
{
	return (batch * 3 + line) % orders;
}

void
batch_note(struct batches *batches, int batch, int line, const char *key)
{
	struct batch *row = &batches->items[batch];

	must(line >= 0 && line < BATCH_LINES);
	if (strcmp(row->keys[line], key) == 0)
		return;
	snprintf(row->keys[line], sizeof(row->keys[line]), "%s", key);
	row->noted[line]++;
}

/* One result for each line, in their order; a child that failed has left an
 * error instead. */
static const char *
ran_fault(const struct value *ran, int batch, int orders)
{
	if (ran->type != VALUE_LIST || ran->as.list.count != BATCH_LINES)
		return "it has not run as many orders as it has lines";
	for (int line = 0; line < BATCH_LINES; line++) {
		const struct value *result = ran->as.list.items[line];
		const struct value *k = value_field_or_null(result, "k");
		char expected[16];

		snprintf(expected, sizeof(expected), "K%d",
		    batch_order(batch, line, orders));
		if (value_is_null(k)
			? value_is_null(value_field_or_null(result, "error"))
			: !str_equal(value_str(k), str_of(expected)))
			return "its results are not in the order of its lines";
	}
	return NULL;
}

static const char *
noted_fault(const struct batch *row, const struct value *noted)
{
	if (noted->type != VALUE_LIST || noted->as.list.count != BATCH_LINES)
		return "it has not noted as many lines as it has";
	for (int line = 0; line < BATCH_LINES; line++)
		if (row->noted[line] != 1)
			return "a line was not noted exactly once";
	return NULL;
}

const char *
batch_fault(const struct batches *batches, int batch, int orders,
    const struct value *view)
{
	const struct batch *row = &batches->items[batch];
	const struct value *data = value_field_or_null(view, "data");
	const char *fault;

	for (int line = 0; line < BATCH_LINES; line++)
		if (row->noted[line] > 1)
			return "a line was noted twice";
	if (!str_equal(value_str(value_field_or_null(view, "status")),
		STR("completed")))
		return NULL; /* an operator has cancelled it */
	fault = ran_fault(value_field_or_null(data, "ran"), batch, orders);
	return fault ? fault
		     : noted_fault(row, value_field_or_null(data, "noted"));
}
