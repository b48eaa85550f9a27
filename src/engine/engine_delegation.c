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

#include "stated/json.h"

#include <stdlib.h>

#define LENGTH_MS_MAX (366LL * 86400 * 1000)
#define DELEGATIONS_MAX 10000 /* that hold at a time */

struct delegation {
	struct delegation *next;
	struct arena *arena; /* this itself lives there */
	uint64_t serial;
	struct str role;
	struct str from;
	struct str to;
	struct str workflow; /* absent: any */
	/* Of the token that it was given with; NULL: none. */
	const struct chart_limits *limits;
	struct str given_by;
	int64_t given_ms;
	int64_t until_ms;
	uint64_t turn;	  /* in whose batch it is or was; 0: stored */
	uint64_t revoked; /* the same of its end; 0: none */
	struct str revoked_by;
};

static struct delegation *
delegation_new(struct engine *engine, uint64_t serial)
{
	struct arena *arena = arena_new();
	struct delegation *delegation = ARENA_NEW(arena, struct delegation);

	delegation->arena = arena;
	delegation->serial = serial;
	delegation->next = engine->delegations;
	engine->delegations = delegation;
	if (serial > engine->delegation_last)
		engine->delegation_last = serial;
	return delegation;
}

/* Takes it off the list and frees it. */
static void
drop(struct delegation **link)
{
	struct delegation *delegation = *link;
	struct arena *arena = delegation->arena;

	*link = delegation->next;
	arena_free(&arena);
}

/* ---- as a row ---- */

static const struct value *
body_of(const struct engine *engine, const struct delegation *delegation,
    struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "id",
	    engine_item_id(engine, 0, delegation->serial, arena));
	value_put_str(built, "role", delegation->role);
	value_put_str(built, "from", delegation->from);
	value_put_str(built, "to", delegation->to);
	value_put_str(built, "workflow", delegation->workflow);
	if (delegation->limits != NULL)
		value_put(built, STR("limited_to"),
		    engine_limits_value(delegation->limits, arena));
	value_put_str(built, "given_by", delegation->given_by);
	value_put_instant(built, "given_at", delegation->given_ms);
	value_put_instant(built, "until", delegation->until_ms);
	if (delegation->revoked != 0) {
		value_put_str(built, "revoked_by", delegation->revoked_by);
		value_put_instant(built, "revoked_at", engine_now_ms(engine));
	}
	return value_built(built);
}

static const struct value *
put(struct engine *engine, struct turn *turn,
    const struct delegation *delegation)
{
	const struct value *body = body_of(engine, delegation, turn->arena);
	struct buf text = buf_in(turn->arena);
	struct store_item item = {
	    .kind = ITEM_DELEGATION,
	    .serial = delegation->serial,
	    .open = delegation->revoked == 0,
	    .created_ms = delegation->given_ms,
	    .closed_ms =
		delegation->revoked == 0 ? 0 : engine_now_ms(engine),
	    .owner = delegation->to,
	};

	json_write(body, JSON_PLAIN, &text);
	item.body = buf_keep(&text);
	store_put_item(store_batch(engine->store), &item);
	return body;
}

static struct str
text_of(struct arena *arena, const struct value *body, const char *key)
{
	struct str text = value_str(value_field_or_null(body, key));

	return text.at == NULL ? text : arena_str(arena, text);
}

static bool
row_cb(const struct store_item *row, void *arg)
{
	struct engine *engine = arg;
	struct arena *arena = arena_new();
	struct json_error error;
	const struct value *body = json_read(arena, row->body, &error);
	struct delegation *delegation;
	int64_t until_ms = 0;

	if (row->instance != 0)
		goto out; /* those of the installation come first */
	if (row->serial > engine->delegation_last)
		engine->delegation_last = row->serial;
	if (body == NULL ||
	    !clock_parse(value_str(value_field_or_null(body, "until")),
		&until_ms) ||
	    until_ms <= engine_now_ms(engine) || !row->open)
		goto out;
	delegation = delegation_new(engine, row->serial);
	delegation->role = text_of(delegation->arena, body, "role");
	delegation->from = text_of(delegation->arena, body, "from");
	delegation->to = text_of(delegation->arena, body, "to");
	delegation->workflow = text_of(delegation->arena, body, "workflow");
	delegation->limits = limits_read(
	    value_field_or_null(body, "limited_to"), delegation->arena);
	delegation->given_by = text_of(delegation->arena, body, "given_by");
	delegation->given_ms = row->created_ms;
	delegation->until_ms = until_ms;
out:
	arena_free(&arena);
	return row->instance == 0;
}

enum store_error
delegation_init(struct engine *engine)
{
	return store_list_items(engine->store,
	    &(struct store_item_filter){
		.kind = ITEM_DELEGATION, .open = -1, .limit = SIZE_MAX},
	    row_cb, engine);
}

void
delegation_fini(struct engine *engine)
{
	while (engine->delegations != NULL)
		drop(&engine->delegations);
}

void
delegation_revoke(struct engine *engine)
{
	struct delegation **link = &engine->delegations;

	while (*link != NULL) {
		if ((*link)->turn != 0 &&
		    !turn_is_durable(engine, (*link)->turn)) {
			drop(link);
			continue;
		}
		if (!turn_is_durable(engine, (*link)->revoked))
			(*link)->revoked = 0;
		link = &(*link)->next;
	}
}

/* What is over for good needs no memory; *count gets how many are left. */
static void
forget_ended(struct engine *engine, size_t *count)
{
	struct delegation **link = &engine->delegations;

	*count = 0;
	while (*link != NULL) {
		bool is_over = (*link)->until_ms <= engine_now_ms(engine) ||
			       ((*link)->revoked != 0 &&
				   turn_is_durable(engine, (*link)->revoked));

		if (is_over && turn_is_durable(engine, (*link)->turn)) {
			drop(link);
			continue;
		}
		++*count;
		link = &(*link)->next;
	}
}

/* ---- whom it lets act ---- */

static bool
holds(const struct engine *engine, const struct delegation *delegation)
{
	return turn_is_durable(engine, delegation->turn) &&
	       delegation->revoked == 0 &&
	       delegation->until_ms > engine_now_ms(engine);
}

void
delegation_give(struct engine *engine, struct turn *turn,
    const struct chart *chart, struct chart_actor *actor)
{
	struct str workflow = chart_definition(chart)->name;
	struct chart_mandate *mandates = NULL;
	size_t count = 0, capacity = 0;

	for (const struct delegation *delegation = engine->delegations;
	     delegation != NULL; delegation = delegation->next) {
		if (!holds(engine, delegation) ||
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
	size_t count;

	forget_ended(engine, &count);
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
	    act->until_ms > engine_now_ms(engine) + LENGTH_MS_MAX)
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
	    delegation->revoked != 0 ? JOURNAL_DELEGATION_REVOKED
				     : JOURNAL_DELEGATION_GIVEN,
	    actor);

	value_put_int(record, "delegation", (int64_t)delegation->serial);
	value_put_str(record, "role", delegation->role);
	value_put_str(record, "from", delegation->from);
	value_put_str(record, "to", delegation->to);
	if (delegation->workflow.at != NULL)
		value_put_str(record, "workflow", delegation->workflow);
	if (delegation->limits != NULL)
		value_put(record, STR("limited_to"),
		    engine_limits_value(delegation->limits, turn->arena));
	value_put_instant(record, "until", delegation->until_ms);
	journal_add(engine, record);
}

static void
answer(struct engine *engine, struct turn *turn, const struct request *request,
    const struct delegation *delegation, struct str actor)
{
	const struct value *body = put(engine, turn, delegation);
	struct engine_reply *reply;

	tell_journal(engine, turn, delegation, actor);
	reply = turn_reply(turn, request,
	    delegation->revoked != 0 ? ENGINE_OK : ENGINE_CREATED);
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
	delegation = delegation_new(engine, engine->delegation_last + 1);
	arena = delegation->arena;
	delegation->role = arena_str(arena, act->role);
	delegation->from = arena_str(arena, act->from);
	delegation->to = arena_str(arena, act->to);
	if (act->workflow.at != NULL)
		delegation->workflow = arena_str(arena, act->workflow);
	delegation->limits = limits_copy(act->actor.limits, arena);
	delegation->given_by = arena_str(arena, act->actor.name);
	delegation->given_ms = engine_now_ms(engine);
	delegation->until_ms = act->until_ms;
	delegation->turn = turn->serial;
	answer(engine, turn, request, delegation, act->actor.name);
}

static void
take_back(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_delegate *act = &request->delegate;
	struct delegation *delegation = engine->delegations;

	while (delegation != NULL &&
	       (delegation->serial != act->serial || delegation->revoked != 0 ||
		   delegation->until_ms <= engine_now_ms(engine)))
		delegation = delegation->next;
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
	delegation->revoked = turn->serial;
	delegation->revoked_by =
	    arena_str(delegation->arena, act->actor.name);
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
