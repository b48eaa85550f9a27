/* SPDX-License-Identifier: Apache-2.0 */
/* api_delegation.c: people who act in another's role for a time. */
#include "api_priv.h"

void
api_delegation_list(struct api_call *call)
{
	api_item_list(call, ITEM_DELEGATION);
}

/* With how it stands. */
const struct value *
api_delegation_value(struct api_call *call, const struct value *body)
{
	struct str status = STR("active");
	int64_t until_ms = 0;

	(void)!clock_parse(
	    value_field_str(body, "until"), &until_ms);
	if (value_get_cstr(body, "revoked_at") != NULL)
		status = STR("revoked");
	else if (until_ms <= api_now_ms(call))
		status = STR("ended");
	return value_with(call->arena, body, STR("status"),
	    value_of_str(call->arena, status));
}

static void
done_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	api_problem_note(call, reply);
	if (call->request != NULL && !api_problem_of_engine(call, reply))
		api_reply_value(call,
		    reply->status == ENGINE_CREATED ? 201 : 200,
		    api_delegation_value(call, reply->view));
	api_call_unref(call);
}

/* ---- giving ---- */

/* Whose role it is, or who is to act in it; absent is told elsewhere. */
static void
check_name(struct api_call *call, struct str name, struct str pointer)
{
	if (name.at == NULL)
		return;
	if (!api_auth_is_name(name))
		api_body_fault(call, pointer, "minLength",
		    "a person's name: at most 200 bytes, and not blank");
	else if (chart_person_is_reserved(name))
		api_body_fault(call, pointer, "not",
		    "histories call so what nobody does, or nobody knows who: "
		    "a delegation is between two people, by their names");
}

static void
read_until(struct api_call *call, const struct value *body,
    struct engine_delegate *act)
{
	struct str until = api_body_text(call, body, "until");
	bool is_day = until.bytes == 10;

	/* A day is meant with all of its hours, wherever they are. */
	if (is_day)
		until = arena_strf(
		    call->arena, "%.*sT23:59:59Z", STR_ARG(until));
	if (until.at == NULL ||
	    !api_token_expiry(until, api_now_ms(call), &act->until_ms) ||
	    act->until_ms > api_now_ms(call) + ENGINE_DELEGATION_MS_MAX)
		api_body_fault(call, STR("/until"), "format",
		    "a day or an instant to come within a year, or a duration "
		    "such as 14d");
}

static bool
is_known(struct api_call *call, struct str workflow)
{
	if (workflow.at == NULL ||
	    (api_auth_reaches(call, workflow) &&
		library_find_workflow(
		    engine_library(call->api->options.engine), workflow, 0) !=
		    NULL))
		return true;
	api_problem_reply(call, PROBLEM_UNKNOWN_WORKFLOW,
	    "There is no workflow %.*s.", STR_ARG(workflow));
	return false;
}

void
api_delegation_post(struct api_call *call)
{
	static const char *const members[] = {
	    "role", "from?", "to", "until", "workflow", NULL};
	const struct value *body = api_body_object(call, members);
	struct engine_delegate act = {.actor = call->actor};

	if (body == NULL)
		return;
	act.role = api_body_text(call, body, "role");
	act.to = api_body_text(call, body, "to");
	act.from = api_body_text(call, body, "from");
	act.workflow = api_body_text(call, body, "workflow");
	if (act.from.at == NULL)
		act.from = call->actor.name;
	check_name(call, act.to, STR("/to"));
	check_name(call, act.from, STR("/from"));
	if (act.role.at == NULL)
		api_body_fault(call, STR("/role"), "required", "is missing");
	if (act.to.at == NULL)
		api_body_fault(call, STR("/to"), "required", "is missing");
	read_until(call, body, &act);
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY) ||
	    !is_known(call, act.workflow))
		return;
	api_call_ref(call);
	engine_delegate(call->api->options.engine, &act, done_cb, call);
}

/* ---- taking back ---- */

void
api_delegation_revoke(struct api_call *call)
{
	struct engine_delegate act = {.revokes = true, .actor = call->actor};
	const struct value *there;
	uint64_t number;

	if (!api_body_is_empty(call) ||
	    !api_instance_find_item(call, &number, &act.serial) ||
	    !api_item_find(call, ITEM_DELEGATION, number, act.serial, &there))
		return;
	api_call_ref(call);
	engine_delegate(call->api->options.engine, &act, done_cb, call);
}
