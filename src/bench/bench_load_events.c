/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load_events.c: events: an instance waits for an event, which finds it
 * by what it is about.
 */
#include "bench_priv.h"

static const char documents[] =
    "workflow: events\n"
    "version: 1\n"
    "input:\n"
    "  type: object\n"
    "  required: [reference]\n"
    "  properties: {reference: {type: string}}\n"
    "data: {booked: null}\n"
    "events: {bench.settled: {correlate: = input.reference}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    on:\n"
    "      bench.settled:\n"
    "        target: completed\n"
    "        do: [{set: {booked: = event.data.booked}}]\n"
    "  completed: {type: final, outcome: success}\n";

static void
ask(const struct operation *operation, struct buf *out)
{
	unsigned long long number = operation->number;
	char body[320];
	int bytes;

	if (operation->step == 0)
		bytes = snprintf(body, sizeof(body),
		    "{\"input\":{\"reference\":\"B%012llu\"}}", number);
	else
		bytes = snprintf(body, sizeof(body),
		    "{\"specversion\":\"1.0\",\"id\":\"E%012llu\","
		    "\"source\":\"/bank\",\"type\":\"bench.settled\","
		    "\"subject\":\"B%012llu\","
		    "\"data\":{\"booked\":\"2026-11-22\"}}",
		    number, number);
	must(bytes > 0 && (size_t)bytes < sizeof(body));
	wire_put_post(out,
	    operation->step == 0 ? "/v1/workflows/events/instances"
				 : "/v1/events",
	    (struct str){body, (size_t)bytes});
}

/* An event is answered when what it did is durable; it can end nothing but
 * the instance that it was matched with. */
static enum verdict
hear(struct operation *operation, const struct wire_message *answer)
{
	if (operation->step == 0)
		return answer->status == 201 ? OPERATION_GOES_ON
					     : OPERATION_FAILED;
	return answer->status == 202 &&
		       str_find(answer->body,
			   STR("\"status\":\"matched\"")) != SIZE_MAX
		   ? OPERATION_ENDED
		   : OPERATION_FAILED;
}

const struct load load_events = {
    .name = "events",
    .summary = "start, an event that is correlated, end",
    .documents = documents,
    .floor = {.requests = 2, .calls = 0, .turns = 2},
    .script = {.ask = ask, .hear = hear},
};
