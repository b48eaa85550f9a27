/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_delegation.c: a person acts in another's role, until a given instant.
 *
 * Whoever holds a role by their own right lets another person act in it; what
 * was delegated can't be delegated further.  A delegation is an item of the
 * installation, and ends by itself.  It holds once it is durable; one that is
 * taken back doesn't hold from that moment on.
 */
#include "engine_priv.h"

#define DELEGATIONS_MAX 10000 /* that hold at a time */

struct delegation {
	struct standing standing;
	struct str role;
	struct str from;
	struct str to;
	struct str workflow; /* absent: any */
	/* Of the token that it was given with; NULL: none. */
	const struct chart_limits *limits;
	struct str given_by;
	struct str revoked_by;
};

static const struct delegation *
delegation_of(const struct standing *item)
{
	return (const struct delegation *)(const void *)item;
}

/* ---- as a row ---- */

static const struct value *
body_of(const struct engine *engine, const struct delegation *delegation,
    struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "id",
	    engine_item_id(engine, 0, delegation->standing.serial, arena));
	value_put_str(built, "role", delegation->role);
	value_put_str(built, "from", delegation->from);
	value_put_str(built, "to", delegation->to);
	value_put_str(built, "workflow", delegation->workflow);
	if (delegation->limits != NULL)
		value_put(built, STR("limited_to"),
		    engine_limits_value(delegation->limits, arena));
	value_put_str(built, "given_by", delegation->given_by);
	value_put_instant(built, "given_at", delegation->standing.created_ms);
	value_put_instant(built, "until", delegation->standing.until_ms);
	if (delegation->standing.ended != 0) {
		value_put_str(built, "revoked_by", delegation->revoked_by);
		value_put_instant(built, "revoked_at", engine_now_ms(engine));
	}
	return value_built(built);
}

static void
read_delegation(struct engine *engine, const struct store_item *row,
    const struct value *body)
{
	struct delegation *delegation;
	struct arena *arena;
	int64_t until_ms;

	if (!clock_parse(value_field_str(body, "until"), &until_ms) ||
	    until_ms <= engine_now_ms(engine))
		return;
	delegation =
	    standing_read(&engine->delegations, row, sizeof(*delegation));
	arena = delegation->standing.arena;
	delegation->standing.until_ms = until_ms;
	delegation->role = arena_str(arena, value_field_str(body, "role"));
	delegation->from = arena_str(arena, value_field_str(body, "from"));
	delegation->to = arena_str(arena, value_field_str(body, "to"));
	delegation->workflow =
	    arena_str(arena, value_field_str(body, "workflow"));
	delegation->limits = limits_read(
	    value_field_or_null(body, "limited_to"), arena);
	delegation->given_by =
	    arena_str(arena, value_field_str(body, "given_by"));
}

enum store_error
delegation_init(struct engine *engine)
{
	return standing_load(engine, &engine->delegations, ITEM_DELEGATION,
	    read_delegation);
}

/* ---- whom it lets act ---- */

void
delegation_give(struct engine *engine, struct turn *turn,
    const struct chart *chart, struct chart_actor *actor)
{
	struct str workflow = chart_definition(chart)->name;
	struct chart_mandate *mandates = NULL;
	size_t count = 0, capacity = 0;

	for (const struct standing *item = engine->delegations.first;
	     item != NULL; item = item->next) {
		const struct delegation *delegation = delegation_of(item);

		if (!turn_is_durable(engine, item->turn) ||
		    !standing_is_open(engine, item) ||
		    !chart_person_is(delegation->to, actor->name) ||
		    (delegation->workflow.at != NULL &&
			!str_equal(delegation->workflow, workflow)) ||
		    !chart_is_within(chart, delegation->limits))
			continue;
		mandates = arena_grow(turn->arena, mandates, count, &capacity,
		    sizeof(*mandates));
		mandates[count++] = (struct chart_mandate){
		    .role = arena_str(turn->arena, delegation->role),
		    .from = arena_str(turn->arena, delegation->from),
		};
	}
	actor->mandates = mandates;
	actor->mandate_count = count;
}

/* ---- giving and taking back ---- */

static bool
is_role(struct str role)
{
	struct str name;

	if (!str_has_prefix(role, STR(DEF_APPROVER)))
		return false;
	name = str_slice(role, sizeof(DEF_APPROVER) - 1, SIZE_MAX);
	return name.bytes > 0 && !str_equal(name, STR("*"));
}

static bool
refuse(struct turn *turn, const struct request *request,
    enum chart_refusal refusal, const char *detail)
{
	struct engine_reply *reply = turn_reply(turn, request, ENGINE_REFUSED);

	if (reply != NULL) {
		reply->refusal = refusal;
		reply->detail = str_of(detail);
	}
	return false;
}

/* Whether the actor's token reaches all that the delegation is for. */
static bool
is_covered(const struct chart_actor *actor, struct str workflow,
    const struct chart_limits *limits)
{
	struct chart_limits inner = {.workflows = NULL};

	if (limits != NULL)
		inner = *limits;
	if (workflow.at != NULL) {
		inner.workflows = &workflow;
		inner.workflow_count = 1;
	}
	return limits_cover(actor->limits, &inner);
}

/* Whether the actor may delegate it so; else the request is answered. */
static bool
may_give(struct engine *engine, struct turn *turn,
    const struct request *request, const struct engine_delegate *act)
{
	bool is_own = chart_person_is(act->actor.name, act->from);
	size_t count = standing_forget(engine, &engine->delegations);

	if (!is_role(act->role))
		return refuse(turn, request, REFUSED_CHOICE,
		    "what can be delegated is one role, `approver:ROLE`");
	if (is_own ? !chart_actor_has(&act->actor, act->role)
		   : !chart_actor_has(&act->actor, STR("admin")))
		return refuse(turn, request, REFUSED_ROLE,
		    is_own ? "only a role that you hold yourself can be "
			     "delegated, and none that was delegated to you"
			   : "to delegate another person's role takes the role "
			     "`admin`");
	if (!is_covered(&act->actor, act->workflow, act->actor.limits))
		return refuse(turn, request, REFUSED_ROLE,
		    "the token is limited to other workflows than this");
	if (chart_person_is(act->from, act->to))
		return refuse(turn, request, REFUSED_CHOICE,
		    "nobody needs to delegate to themselves");
	if (act->until_ms <= engine_now_ms(engine) ||
	    act->until_ms > engine_now_ms(engine) + ENGINE_DELEGATION_MS_MAX)
		return refuse(turn, request, REFUSED_CHOICE,
		    "a delegation ends at an instant to come, within a year");
	if (count >= DELEGATIONS_MAX)
		return refuse(turn, request, REFUSED_STATE,
		    "there are too many delegations: revoke some first");
	return true;
}

static void
tell_journal(struct engine *engine, struct turn *turn,
    const struct delegation *delegation, struct str actor)
{
	struct value_builder *record = journal_begin(engine, turn,
	    delegation->standing.ended != 0 ? JOURNAL_DELEGATION_REVOKED
				     : JOURNAL_DELEGATION_GIVEN,
	    actor);

	value_put_int(
	    record, "delegation", (int64_t)delegation->standing.serial);
	value_put_str(record, "role", delegation->role);
	value_put_str(record, "from", delegation->from);
	value_put_str(record, "to", delegation->to);
	if (delegation->workflow.at != NULL)
		value_put_str(record, "workflow", delegation->workflow);
	if (delegation->limits != NULL)
		value_put(record, STR("limited_to"),
		    engine_limits_value(delegation->limits, turn->arena));
	value_put_instant(record, "until", delegation->standing.until_ms);
	journal_add(engine, record);
}

static void
answer(struct engine *engine, struct turn *turn, const struct request *request,
    const struct delegation *delegation, struct str actor)
{
	const struct value *body = body_of(engine, delegation, turn->arena);
	struct engine_reply *reply;

	standing_put(engine, turn, &delegation->standing,
	    (struct store_item){
		.kind = ITEM_DELEGATION, .owner = delegation->to},
	    body);
	tell_journal(engine, turn, delegation, actor);
	reply = turn_reply(turn, request,
	    delegation->standing.ended != 0 ? ENGINE_OK : ENGINE_CREATED);
	if (reply != NULL)
		reply->view = body;
}

static void
give(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_delegate *act = &request->delegate;
	struct delegation *delegation;
	struct arena *arena;

	if (!may_give(engine, turn, request, act))
		return;
	delegation = standing_make(
	    engine, turn, &engine->delegations, sizeof(*delegation));
	arena = delegation->standing.arena;
	delegation->standing.until_ms = act->until_ms;
	delegation->role = arena_str(arena, act->role);
	delegation->from = arena_str(arena, act->from);
	delegation->to = arena_str(arena, act->to);
	delegation->workflow = arena_str(arena, act->workflow);
	delegation->limits = limits_copy(act->actor.limits, arena);
	delegation->given_by = arena_str(arena, act->actor.name);
	answer(engine, turn, request, delegation, act->actor.name);
}

static void
take_back(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_delegate *act = &request->delegate;
	struct delegation *delegation =
	    standing_find(engine, &engine->delegations, act->serial);

	if (delegation == NULL) {
		refuse(turn, request, REFUSED_ABSENT,
		    "there is no such delegation, or it is over");
		return;
	}
	if (!chart_person_is(act->actor.name, delegation->from) &&
	    !chart_person_is(act->actor.name, delegation->to) &&
	    !chart_actor_has(&act->actor, STR("admin"))) {
		refuse(turn, request, REFUSED_ROLE,
		    "a delegation is taken back by the one who gave it, the "
		    "one who has it, or an `admin`");
		return;
	}
	if (!is_covered(
		&act->actor, delegation->workflow, delegation->limits)) {
		refuse(turn, request, REFUSED_ROLE,
		    "the delegation reaches further than the token, which is "
		    "limited to some workflows or entities");
		return;
	}
	delegation->standing.ended = turn->serial;
	delegation->revoked_by =
	    arena_str(delegation->standing.arena, act->actor.name);
	answer(engine, turn, request, delegation, act->actor.name);
}

void
delegation_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	if (request->delegate.revokes)
		take_back(engine, turn, request);
	else
		give(engine, turn, request);
}
