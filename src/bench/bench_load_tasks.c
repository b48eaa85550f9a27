/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load_tasks.c: sign-and-wait: an instance waits for a person, who
 * decides over HTTP.
 */
#include "bench_priv.h"

static const char documents[] =
    "workflow: sign-and-wait\n"
    "version: 1\n"
    "input:\n"
    "  type: object\n"
    "  required: [reference, amount]\n"
    "  properties:\n"
    "    reference: {type: string}\n"
    "    amount: {type: number}\n"
    "initial: signing\n"
    "states:\n"
    "  signing:\n"
    "    user-task:\n"
    "      title: = \"Sign \" + input.reference\n"
    "      role: signer\n"
    "    on: {approved: completed, rejected: refused}\n"
    "  completed: {type: final, outcome: success}\n"
    "  refused: {type: final, outcome: failure}\n";

static void
ask(const struct operation *operation, struct buf *out)
{
	char path[160], body[160];
	int bytes;

	if (operation->step > 0) {
		snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
		    operation->name);
		wire_put_post(out, path, STR("{\"choice\":\"approved\"}"));
		return;
	}
	bytes = snprintf(body, sizeof(body),
	    "{\"input\":{\"reference\":\"B%012llu\",\"amount\":1250.75}}",
	    (unsigned long long)operation->number);
	wire_put_post(out, "/v1/workflows/sign-and-wait/instances?wait=30s",
	    (struct str){body, (size_t)bytes});
}

/* The identifier of the task that the start's answer shows. */
static bool
note_task(struct operation *operation, struct str body)
{
	struct str before = STR("\"tasks\":[{\"id\":\"");
	size_t at = str_find(body, before);
	struct str name, rest;

	if (at == SIZE_MAX)
		return false;
	rest = str_slice(body, at + before.bytes, body.bytes);
	name = str_split(rest, '"', &rest);
	if (name.bytes >= sizeof(operation->name))
		return false;
	memcpy(operation->name, name.at, name.bytes);
	operation->name[name.bytes] = '\0';
	return true;
}

static enum verdict
hear(struct operation *operation, const struct wire_message *answer)
{
	if (operation->step == 0)
		return answer->status == 201 &&
			       note_task(operation, answer->body)
			   ? OPERATION_GOES_ON
			   : OPERATION_FAILED;
	return answer->status == 200 &&
		       str_find(answer->body,
			   STR("\"outcome\":\"success\"")) != SIZE_MAX
		   ? OPERATION_ENDED
		   : OPERATION_FAILED;
}

const struct load load_sign_and_wait = {
    .name = "sign-and-wait",
    .summary = "start, a task decided over HTTP, end",
    .documents = documents,
    .floor = {.requests = 2, .calls = 0, .turns = 2},
    .script = {.ask = ask, .hear = hear},
};
