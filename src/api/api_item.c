/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_item.c: what waits for a person: tasks, incidents, escalations; and the
 * lists of what is stored like these: proposals and delegations.
 */
#include "api_priv.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define LOOKED_MAX 2000 /* rows, for a token that may not see all of them */

/* ---- lists ---- */

struct place {
	uint64_t instance;
	uint64_t serial;
};

struct items {
	struct api_page page;
	struct place last; /* on the page; where it is empty, looked at */
	size_t looked;
	size_t looked_max;
	bool more;
	enum store_error error;
	int active; /* of delegations: 1 those that hold, 0 the others */
};

static const struct value *
item_value(struct api_call *call, const struct store_item *row)
{
	struct arena *arena = call->arena;
	const struct value *body = api_reply_stored(call, row->body);
	char text[CLOCK_TEXT_BYTES];

	if (body->type != VALUE_CONTEXT)
		body = value_built(value_build_context(arena));
	if (row->kind == ITEM_DELEGATION)
		return api_delegation_value(call, body);
	body =
	    value_with(arena, body, STR("open"), value_of_boolean(row->open));
	return value_with(arena, body, STR("closed"),
	    row->closed_ms == 0
		? &value_null
		: value_copy_str(arena, clock_format(row->closed_ms, text)));
}

/* What is published may be long: whoever looks at one proposal sees it. */
static const struct value *
listed(struct api_call *call, const struct value *item)
{
	struct value_builder *built;

	if (value_get_cstr(item, "files") == NULL)
		return item;
	built = value_build_context(call->arena);
	for (size_t i = 0; i < item->as.context.count; i++)
		if (!str_equal(item->as.context.fields[i].key, STR("files")))
			value_put(built, item->as.context.fields[i].key,
			    item->as.context.fields[i].value);
	return value_built(built);
}

static bool
has_one(const struct api_call *call, const struct value *list,
    bool (*reaches)(const struct api_call *call, struct str text))
{
	if (list->type != VALUE_LIST)
		return reaches(call, (struct str){NULL, 0});
	for (size_t i = 0; i < list->as.list.count; i++)
		if (reaches(call, value_str(list->as.list.items[i])))
			return true;
	return false;
}

/* Of the installation's own: what is proposed concerns all of it, and so is
 * nobody's whose token is limited.  A delegation is of one workflow, of some,
 * or of all; what a limited token has given is of some entities as well.
 * Whether an instance is within reach its row tells. */
static bool
is_of_callers(const struct api_call *call, const struct store_item *row,
    const struct value *item)
{
	const struct value *limits = value_get_cstr(item, "limited_to");
	struct str workflow = value_field_str(item, "workflow");

	if (row->instance != STORE_JOURNAL || !api_auth_is_limited(call))
		return true;
	if (row->kind == ITEM_PROPOSAL)
		return false;
	if (limits == NULL)
		return api_auth_reaches(call, workflow);
	return (workflow.at != NULL
			? api_auth_reaches(call, workflow)
			: has_one(call,
			      value_field_or_null(limits, "workflows"),
			      api_auth_reaches)) &&
	       (value_get_cstr(limits, "entities") == NULL ||
		   has_one(call, value_field_or_null(limits, "entities"),
		       api_auth_reaches_entity));
}

/* A delegation ends by itself, without becoming another row. */
static bool
is_wanted(const struct items *items, const struct store_item *row,
    const struct value *item)
{
	struct str status = value_field_str(item, "status");

	return is_of_callers(items->page.call, row, item) &&
	       (items->active < 0 ||
		   str_equal(status, STR("active")) == items->active);
}

static bool
is_reached(struct items *items, const struct store_item *row,
    const struct value *item)
{
	struct api_call *call = items->page.call;
	struct str workflow = value_field_str(item, "workflow");
	bool reaches = false;

	if (row->instance == STORE_JOURNAL || workflow.at == NULL ||
	    api_auth_reaches(call, workflow))
		items->error =
		    api_auth_reaches_number(call, row->instance, &reaches);
	return reaches && items->error == STORE_OK;
}

/* What isn't within reach takes no place on a page, and a page that is full has
 * a next one only where something is left that is: else they would tell of it
 * all the same. */
static bool
item_cb(const struct store_item *row, void *arg)
{
	struct items *items = arg;
	struct api_call *call = items->page.call;
	const struct value *value;
	bool is_shown;

	if (items->looked == items->looked_max) {
		items->more = true;
		return false;
	}
	items->looked++;
	value = item_value(call, row);
	is_shown =
	    is_wanted(items, row, value) && is_reached(items, row, value);
	if (is_shown && items->page.count == items->page.limit) {
		items->more = true;
		return false;
	}
	if (is_shown || items->page.count == 0)
		items->last = (struct place){row->instance, row->serial};
	if (is_shown)
		json_write(listed(call, value), JSON_PLAIN,
		    api_page_item(&items->page));
	return items->error == STORE_OK;
}

static struct str
cursor_of(struct api_call *call, struct place last)
{
	char id[CHART_ID_BYTES];

	return arena_strf(call->arena, "%.*s.%llu",
	    STR_ARG(engine_id_format(
		call->api->options.engine, last.instance, id)),
	    (unsigned long long)last.serial);
}

static void
read_cursor(struct api_call *call, struct store_item_filter *filter)
{
	struct str cursor = api_query_text(call, "cursor");
	struct str digits;
	struct str id = str_split(cursor, '.', &digits);
	int64_t serial;

	if (cursor.at == NULL)
		return;
	if (engine_id_parse(
		call->api->options.engine, id, &filter->after_instance) &&
	    str_parse_int(digits, 0, INT64_MAX, &serial))
		filter->after_serial = (uint64_t)serial;
	else
		api_query_fault(call, "cursor",
		    "must be what `next` of the page before it said");
}

/* A role is asked for by its name, with or without "approver:". */
static struct str
owner_of(const struct api_call *call)
{
	struct str owner = api_query_text(call, "owner");
	struct str role = api_query_text(call, "role");
	struct str prefix = STR("approver:");

	if (role.at == NULL)
		return owner;
	return str_has_prefix(role, prefix)
		   ? str_slice(role, prefix.bytes, role.bytes)
		   : role;
}

void
api_item_list(struct api_call *call, enum store_item_kind kind)
{
	struct store *store = engine_store(call->api->options.engine);
	struct str instance = api_query_text(call, "instance");
	size_t limit =
	    (size_t)api_query_int(call, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	int open = api_query_flag(call, "open");
	struct store_item_filter filter = {
	    .kind = kind,
	    .open = open < 0 ? 1 : open,
	    .owner = owner_of(call),
	};
	struct items items = {.active = -1};
	enum store_error error;
	struct str next = {NULL, 0};

	if (kind == ITEM_DELEGATION) {
		items.active = filter.open;
		filter.open = -1;
	}
	read_cursor(call, &filter);
	if (!api_query_is_sound(call))
		return;
	if (instance.at != NULL &&
	    !api_instance_find(call, instance, &filter.instance))
		return;
	items.looked_max = api_auth_is_limited(call) ? LOOKED_MAX : limit;
	filter.limit = items.looked_max + 1;
	api_page_begin(&items.page, call, limit);
	error = store_list_items(store, &filter, item_cb, &items);
	if (error == STORE_OK)
		error = items.error;
	if (error != STORE_OK) {
		buf_fini(&items.page.out);
		api_problem_store(call, error);
		return;
	}
	if (items.more)
		next = cursor_of(call, items.last);
	api_page_end(&items.page, "cursor", next);
}

void
api_item_tasks(struct api_call *call)
{
	api_item_list(call, ITEM_TASK);
}

void
api_item_incidents(struct api_call *call)
{
	api_item_list(call, ITEM_INCIDENT);
}

void
api_item_escalations(struct api_call *call)
{
	api_item_list(call, ITEM_ESCALATION);
}

/* ---- acts ---- */

struct wanted {
	struct api_call *call;
	uint64_t instance;
	uint64_t serial;
	const struct value *value; /* NULL: there is none */
};

static bool
wanted_cb(const struct store_item *row, void *arg)
{
	struct wanted *wanted = arg;
	const struct value *value;

	if (row->instance != wanted->instance ||
	    row->serial != wanted->serial)
		return false;
	value = item_value(wanted->call, row);
	if (is_of_callers(wanted->call, row, value))
		wanted->value = value;
	return false;
}

/* Whether there ever was one: that it is closed is the engine's to say. */
bool
api_item_find(struct api_call *call, enum store_item_kind kind,
    uint64_t number, uint64_t serial, const struct value **value)
{
	static const char *const names[] = {
	    [ITEM_TASK] = "task",
	    [ITEM_INCIDENT] = "incident",
	    [ITEM_ESCALATION] = "escalation",
	    [ITEM_PROPOSAL] = "proposal",
	    [ITEM_DELEGATION] = "delegation",
	};
	struct store_item_filter filter = {
	    .kind = kind,
	    .open = -1,
	    .instance = number,
	    .after_instance = number,
	    .after_serial = serial - 1,
	    .limit = 1,
	};
	struct wanted wanted = {
	    .call = call, .instance = number, .serial = serial};
	enum store_error error =
	    store_list_items(engine_store(call->api->options.engine), &filter,
		wanted_cb, &wanted);

	*value = wanted.value;
	if (error != STORE_OK)
		api_problem_store(call, error);
	else if (wanted.value == NULL)
		api_problem_reply(call, PROBLEM_UNKNOWN_ITEM,
		    "There is no %s %.*s.", names[kind],
		    STR_ARG(call->params[0]));
	return error == STORE_OK && wanted.value != NULL;
}

static void
act(struct api_call *call, enum store_item_kind kind, struct chart_event *event)
{
	const struct value *there;
	uint64_t number;

	if (api_body_is_sound(call, PROBLEM_INVALID_BODY) &&
	    api_instance_find_item(call, &number, &event->serial) &&
	    api_item_find(call, kind, number, event->serial, &there))
		api_instance_act(call, number, event);
}

void
api_item_decide(struct api_call *call)
{
	static const char *const members[] = {
	    "choice", "comment?", "data?", NULL};
	const struct value *body = api_body_object(call, members);
	struct chart_event event = {.kind = EV_TASK_DECIDED};

	if (body == NULL)
		return;
	event.choice = api_body_text(call, body, "choice");
	event.comment = api_body_text(call, body, "comment");
	event.data = value_get_cstr(body, "data");
	if (event.choice.at == NULL)
		api_body_fault(call, STR("/choice"), "required", "is missing");
	act(call, ITEM_TASK, &event);
}

/* The last part of the path names the settlement. */
static enum chart_settlement
settlement_of(const struct api_route *route)
{
	enum chart_settlement settlement;

	must(chart_settlement_parse(
	    str_of(strrchr(route->pattern, '/') + 1), &settlement));
	return settlement;
}

void
api_item_settle(struct api_call *call)
{
	static const char *const members[] = {
	    "comment?", "break_glass?", NULL};
	static const char *const supply_members[] = {
	    "comment?", "break_glass?", "result?", NULL};
	struct chart_event event = {
	    .kind = EV_INCIDENT_SETTLED,
	    .settlement = settlement_of(call->route),
	};
	bool supplies = event.settlement == SETTLE_SUPPLY;
	const struct value *body =
	    api_body_object(call, supplies ? supply_members : members);

	if (body == NULL)
		return;
	event.comment = api_body_text(call, body, "comment");
	event.break_glass = api_proposal_alone(call, body);
	event.data = value_get_cstr(body, "result");
	if (event.data == NULL && supplies)
		api_body_fault(call, STR("/result"), "required", "is missing");
	act(call, ITEM_INCIDENT, &event);
}

void
api_item_acknowledge(struct api_call *call)
{
	static const char *const members[] = {"comment?", NULL};
	const struct value *body = api_body_object(call, members);
	struct chart_event event = {.kind = EV_ESCALATION_ACKNOWLEDGED};

	if (body == NULL)
		return;
	event.comment = api_body_text(call, body, "comment");
	act(call, ITEM_ESCALATION, &event);
}
