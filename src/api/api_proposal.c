/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_proposal.c: what waits for a second person, and what was done without.
 *
 * A proposal is an instance's, and then settled by an act on that, or the
 * installation's, of number 0.
 */
#include "api_priv.h"

void
api_proposal_list(struct api_call *call)
{
	api_item_list(call, ITEM_PROPOSAL);
}

/* The one that the path names, with all that it holds; false where answered. */
static bool
find(struct api_call *call, uint64_t *number, uint64_t *serial,
    const struct value **value)
{
	return api_instance_find_item(call, number, serial) &&
	       api_item_find(call, ITEM_PROPOSAL, *number, *serial, value);
}

void
api_proposal_get(struct api_call *call)
{
	uint64_t number, serial;
	const struct value *value;

	if (find(call, &number, &serial, &value))
		api_reply_value(call, 200, value);
}

void
api_proposal_reply(struct api_call *call, const struct engine_reply *reply)
{
	struct str id = engine_item_id(call->api->options.engine,
	    reply->instance, reply->proposal, call->arena);

	must(reply->status == ENGINE_PROPOSED);
	api_reply_header(call, "Location",
	    arena_strf(call->arena, "/v1/proposals/%.*s", STR_ARG(id)));
	api_reply_value(call, 202, reply->view);
}

/* ---- confirming and rejecting ---- */

static void
judged_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	api_problem_note(call, reply);
	if (call->request != NULL && !api_publish_findings(call, reply) &&
	    !api_problem_of_engine(call, reply))
		api_reply_value(call, 200, reply->view);
	api_call_unref(call);
}

static void
judge(struct api_call *call, uint64_t serial, bool confirms,
    struct str comment)
{
	api_call_ref(call);
	engine_judge(call->api->options.engine,
	    &(struct engine_verdict){
		.serial = serial,
		.confirms = confirms,
		.comment = comment,
		.actor = call->actor,
	    },
	    judged_cb, call);
}

/* An instance's is an operator's; the engine knows whose the others are. */
static bool
may_act(struct api_call *call, uint64_t number)
{
	if (number == 0 || chart_actor_has(&call->actor, STR("operator")))
		return true;
	api_problem_refuse_role(call,
	    "What was proposed for an instance takes the role `operator`.");
	return false;
}

static void
act(struct api_call *call, enum chart_event_kind kind)
{
	static const char *const members[] = {"comment?", NULL};
	const struct value *body = api_body_object(call, members), *there;
	struct chart_event event = {.kind = kind};
	uint64_t number;

	if (body == NULL)
		return;
	event.comment = api_body_text(call, body, "comment");
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY) ||
	    !find(call, &number, &event.serial, &there) ||
	    !may_act(call, number))
		return;
	if (number != 0)
		api_instance_act(call, number, &event);
	else if (kind == EV_GLASS_ACKNOWLEDGED)
		api_problem_reply(call, PROBLEM_WRONG_STATE,
		    "This waits to be confirmed or rejected; nobody did it "
		    "alone.");
	else
		judge(call, event.serial, kind == EV_PROPOSAL_CONFIRMED,
		    event.comment);
}

struct str
api_proposal_alone(struct api_call *call, const struct value *body)
{
	struct str reason = api_body_text(call, body, "break_glass");

	if (reason.at != NULL && str_trim(reason).bytes == 0)
		api_body_fault(call, STR("/break_glass"), "minLength",
		    "why it can't wait for another person, who will read it; "
		    "leave it out where it can");
	return reason;
}

void
api_proposal_confirm(struct api_call *call)
{
	act(call, EV_PROPOSAL_CONFIRMED);
}

void
api_proposal_reject(struct api_call *call)
{
	act(call, EV_PROPOSAL_REJECTED);
}

void
api_proposal_acknowledge(struct api_call *call)
{
	act(call, EV_GLASS_ACKNOWLEDGED);
}
