/* SPDX-License-Identifier: Apache-2.0 */
/* world_network.c: endpoints, and the many ways in which they answer. */
#include "world_priv.h"

#include <stdio.h>

struct manner {
	const char *word;
	bool does; /* what it was asked for */
	enum message_failure failure;
	int status;
	bool names_a_time; /* Retry-After */
	enum auditor_word said;
};

static const struct manner manners[] = {
    {"ok", true, MESSAGE_OK, 200, false, SAID_DONE},
    {"timeout", false, MESSAGE_TIMEOUT, 0, false, SAID_NOTHING},
    {"timeout-done", true, MESSAGE_TIMEOUT, 0, false, SAID_NOTHING},
    {"500", false, MESSAGE_OK, 500, false, SAID_NOTHING},
    {"500-done", true, MESSAGE_OK, 500, false, SAID_NOTHING},
    {"cut-done", true, MESSAGE_TRUNCATED, 0, false, SAID_NOTHING},
    {"reset", false, MESSAGE_RESET, 0, false, SAID_NOTHING},
    {"reset-done", true, MESSAGE_RESET, 0, false, SAID_NOTHING},
    {"garbled", true, MESSAGE_GARBLED, 0, false, SAID_NOTHING},
    {"garbage-done", true, MESSAGE_OK, 200, false, SAID_NOTHING},
    {"unreachable", false, MESSAGE_UNREACHABLE, 0, false, SAID_NOT_DONE},
    {"busy", false, MESSAGE_OK, 429, true, SAID_NOT_DONE},
    {"away", false, MESSAGE_OK, 503, true, SAID_NOT_DONE},
    {"unauthorized", false, MESSAGE_OK, 401, false, SAID_NOT_DONE},
    {"refused", false, MESSAGE_OK, 400, false, SAID_NOT_DONE},
};

static const struct manner *
find_manner(const char *word)
{
	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++)
		if (strcmp(manners[i].word, word) == 0)
			return &manners[i];
	return &manners[0];
}

static bool
is_question(const struct auditor_call *call)
{
	return call->operation == OPERATION_FIND ||
	       call->operation == OPERATION_FINDUN;
}

static bool
has_effect(const struct auditor_call *call)
{
	return call->operation <= OPERATION_UNONCE;
}

/* ---- asking ---- */

static struct auditor_call
copy_call(struct arena *arena, const struct auditor_call *call)
{
	struct auditor_call copy = *call;

	copy.k = arena_str(arena, call->k);
	copy.at = arena_str(arena, call->at);
	copy.ref = arena_str(arena, call->ref);
	copy.key = arena_str(arena, call->key);
	return copy;
}

void
world_send_cb(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	struct world *world =
	    (void *)((char *)port - offsetof(struct world, port));
	struct waiting *waiting = &world->waiting[world->waiting_count++];
	struct auditor_call call;
	struct arena *arena = arena_new();

	must(world->waiting_count < WAITING_MAX);
	if (!auditor_call_parse(arena, request->url, request->body, &call))
		world_fail(world, "strange call",
		    arena_cstr(world->arena, request->body));
	world->result->calls++;
	world_tell(world, "  call %.*s %.*s v=%lld i=%lld %.*s",
	    STR_ARG(request->url), STR_ARG(call.at), (long long)call.v,
	    (long long)call.i, STR_ARG(call.k));
	auditor_sent(world->auditor, &call);
	*waiting = (struct waiting){
	    .call = copy_call(world->arena, &call),
	    .done = done,
	    .arg = arg,
	};
	arena_free(&arena);
}

/* ---- answering ---- */

static struct str
honest_body(struct world *world, const struct auditor_call *call)
{
	if (call->operation == OPERATION_TOKEN)
		return STR("{\"access_token\": \"t\", \"expires_in\": 60}");
	if (is_question(call))
		return arena_strf(world->arena,
		    "{\"found\": %s, \"ref\": \"%s\"}",
		    auditor_is_done(world->auditor, call) ? "true" : "false",
		    auditor_ref(world->auditor, call));
	if (has_effect(call))
		return arena_strf(world->arena, "{\"ref\": \"%s\"}",
		    auditor_ref(world->auditor, call));
	return STR("{\"ref\": \"asked\"}");
}

static void
tell_auditor(struct world *world, const struct auditor_call *call,
    const struct manner *manner)
{
	enum auditor_word said = manner->said;

	if (is_question(call)) {
		if (said != SAID_DONE)
			return; /* the question was not answered */
		if (!auditor_is_done(world->auditor, call))
			said = SAID_NOT_DONE;
	}
	if (call->operation != OPERATION_TOKEN &&
	    call->operation != OPERATION_PAGE)
		auditor_told(world->auditor, call, said);
}

static void
respond(struct world *world, size_t at, const struct manner *manner,
    int64_t after)
{
	const struct waiting waiting = world->waiting[at];
	char seconds[24];
	struct message_header headers[] = {
	    {.name = STR("content-type"), .value = STR("application/json")},
	    {.name = STR("retry-after")},
	};
	struct message_response response = {
	    .failure = manner->failure,
	    .status = manner->status,
	    .headers = headers,
	    .header_count = manner->names_a_time ? 2 : 1,
	};

	memmove(&world->waiting[at], &world->waiting[at + 1],
	    (--world->waiting_count - at) * sizeof(waiting));
	(void)snprintf(seconds, sizeof(seconds), "%lld", (long long)after);
	headers[1].value = str_of(seconds);
	if (manner->does && has_effect(&waiting.call))
		auditor_do(world->auditor, &waiting.call);
	if (manner->status == 200)
		response.body = manner->said == SAID_DONE
				    ? honest_body(world, &waiting.call)
				    : STR("<p>All is well.</p>");
	tell_auditor(world, &waiting.call, manner);
	waiting.done(&response, waiting.arg);
}

void
world_answer(struct world *world, const struct happening *happening)
{
	if (world->waiting_count > 0)
		respond(world,
		    (size_t)happening->numbers[0] % world->waiting_count,
		    find_manner(happening->word), happening->numbers[1]);
}

void
world_answer_honestly(struct world *world)
{
	must(world->waiting_count > 0);
	respond(world, 0, find_manner("ok"), 0);
}

void
world_lose_answers(struct world *world, struct rng *rng)
{
	for (size_t i = 0; i < world->waiting_count; i++)
		if (has_effect(&world->waiting[i].call) &&
		    rng_below(rng, 2) == 0)
			auditor_do(world->auditor, &world->waiting[i].call);
	world->waiting_count = 0;
}
