/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_retention.c: what is sensitive, shown and erased; legal holds; what was
 * purged, and what will be.
 */
#include "api_priv.h"

#include "stated/rng.h"

#define ID_BYTES 8
#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define REASON_BYTES_MAX 2000

/* ---- reading ---- */

/* Whoever holds, releases or erases has to say why. */
static struct str
read_reason(struct api_call *call, const struct value *body)
{
	struct str reason = api_body_text(call, body, "reason");

	if (reason.bytes == 0 || reason.bytes > REASON_BYTES_MAX)
		api_body_fault(call, STR("/reason"), "minLength",
		    "why it is done, in at most 2000 bytes: it is kept with "
		    "who did it");
	return reason;
}

/* ---- what is sensitive ---- */

static void
view_cb(const struct engine_reply *reply, void *arg)
{
	struct api_call *call = api_call_of(arg);

	if (call->request != NULL && !api_problem_of_engine(call, reply)) {
		api_reply_header(call, "Cache-Control", STR("no-store"));
		api_reply_value(call, 200, reply->view);
	}
	api_call_unref(call);
}

void
api_retention_disclose(struct api_call *call)
{
	uint64_t number;

	if (!api_instance_find(call, call->params[0], &number))
		return;
	api_call_ref(call);
	engine_disclose(call->api->options.engine, number, &call->actor,
	    view_cb, call);
}

void
api_retention_erase(struct api_call *call)
{
	static const char *const members[] = {"reason?", NULL};
	const struct value *body = api_body_object(call, members);
	struct chart_event event = {.kind = EV_ERASED};
	uint64_t number;

	if (body == NULL)
		return;
	event.comment = read_reason(call, body);
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY) ||
	    !api_instance_find(call, call->params[0], &number))
		return;
	api_instance_act(call, number, &event);
}

/* ---- holds ---- */

static const struct value *
hold_value(struct api_call *call, const struct engine_hold *hold)
{
	struct value_builder *built = value_build_context(call->arena);

	value_put_str(built, "id", hold->id);
	value_put_str(built, "scope", engine_hold_scope_name(hold->scope));
	value_put_str(built, "label", hold->label);
	value_put_str(built, "value", hold->value);
	value_put_str(
	    built, "status", hold->released_ms ? STR("released") : STR("held"));
	value_put_str(built, "reason", hold->reason);
	api_reply_instant(built, "set_at", hold->set_ms);
	value_put_str(built, "set_by", hold->set_by);
	api_reply_instant(built, "released_at", hold->released_ms);
	value_put_str(built, "released_by", hold->released_by);
	value_put_str(built, "release_reason", hold->release_reason);
	return value_built(built);
}

static void
hold_cb(const struct engine_hold *hold, void *arg)
{
	struct api_page *page = arg;

	json_write(hold_value(page->call, hold), JSON_PLAIN,
	    api_page_item(page));
}

void
api_retention_holds(struct api_call *call)
{
	struct api_page page;

	api_page_begin(&page, call, SIZE_MAX);
	engine_each_hold(call->api->options.engine, hold_cb, &page);
	api_page_end(&page, "cursor", (struct str){NULL, 0});
}

struct holding {
	struct api_call *call;
	struct str id;
	int status;
};

static void
held_cb(const struct engine_reply *reply, void *arg)
{
	struct holding *holding = arg;
	struct api_call *call = holding->call;
	const struct engine_hold *hold;

	if (call->request != NULL && !api_problem_of_engine(call, reply)) {
		hold = engine_find_hold(
		    call->api->options.engine, holding->id);
		must(hold != NULL);
		api_reply_value(
		    call, holding->status, hold_value(call, hold));
	}
	api_call_unref(call);
}

static void
submit(struct api_call *call, struct engine_holding act)
{
	struct holding *holding = ARENA_NEW(call->arena, struct holding);

	holding->call = call;
	holding->id = act.id;
	holding->status = act.releases ? 200 : 201;
	act.actor = call->actor;
	api_call_ref(call);
	engine_hold(call->api->options.engine, &act, held_cb, holding);
}

static bool
read_one(struct api_call *call, const struct value *body, const char *member,
    enum engine_hold_scope scope, struct engine_holding *act)
{
	struct str text = api_body_text(call, body, member);

	if (text.bytes == 0)
		return false;
	act->scope = scope;
	act->value = text;
	return true;
}

/* {"entity": "DE01"}: one label, by name and value. */
static bool
read_label(struct api_call *call, const struct value *body,
    struct engine_holding *act)
{
	const struct value *label = value_field_or_null(body, "label");

	if (label->type == VALUE_NULL)
		return false;
	if (label->type != VALUE_CONTEXT || label->as.context.count != 1 ||
	    label->as.context.fields[0].value->type != VALUE_STRING) {
		api_body_fault(call, STR("/label"), "type",
		    "one label and its value: {\"entity\": \"DE01\"}");
		return false;
	}
	act->scope = HOLD_LABEL;
	act->label = label->as.context.fields[0].key;
	act->value = label->as.context.fields[0].value->as.string;
	return true;
}

static void
read_scope(struct api_call *call, const struct value *body,
    struct engine_holding *act)
{
	struct engine *engine = call->api->options.engine;
	int count = 0;
	uint64_t number;

	count += read_one(call, body, "instance", HOLD_INSTANCE, act);
	if (count > 0 && !engine_id_parse(engine, act->value, &number))
		api_body_fault(call, STR("/instance"), "format",
		    "an identifier, as lists show it; `key` takes a business "
		    "key");
	count += read_one(call, body, "key", HOLD_KEY, act);
	count += read_one(call, body, "workflow", HOLD_WORKFLOW, act);
	count += read_label(call, body, act);
	if (count != 1)
		api_body_fault(call, STR(""), "oneOf",
		    "say what is held by one of instance, key, workflow and "
		    "label");
}

void
api_retention_hold(struct api_call *call)
{
	static const char *const members[] = {
	    "instance", "key", "workflow", "label", "reason", NULL};
	const struct value *body = api_body_object(call, members);
	struct engine_holding act = {.releases = false};
	struct rng *rng = rng_system();
	char random[ID_BYTES], hex[2 * ID_BYTES + 1];

	if (body == NULL)
		return;
	read_scope(call, body, &act);
	act.reason = read_reason(call, body);
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return;
	rng->fill(rng, random, sizeof(random));
	digest_format_hex((struct str){random, sizeof(random)}, hex);
	act.id = arena_strf(call->arena, "hold_%s", hex);
	submit(call, act);
}

void
api_retention_release(struct api_call *call)
{
	static const char *const members[] = {"reason?", NULL};
	const struct value *body = api_body_object(call, members);
	struct engine_holding act = {.releases = true};

	if (body == NULL)
		return;
	act.id = call->params[0];
	act.reason = read_reason(call, body);
	if (!api_body_is_sound(call, PROBLEM_INVALID_BODY))
		return;
	submit(call, act);
}

/* ---- what will be purged ---- */

struct plan {
	struct api_page page;
	int64_t now_ms;
	/* of the last on the page */
	int64_t until_ms;
	uint64_t number;
	size_t seen;
	bool more;
	enum store_error error;
};

struct planned {
	struct plan *plan;
	uint64_t number;
	int64_t until_ms;
};

static bool
planned_cb(const struct store_instance *row, void *arg)
{
	const struct planned *planned = arg;
	struct plan *plan = planned->plan;
	struct api_call *call = plan->page.call;
	struct engine *engine = call->api->options.engine;
	struct value_builder *built = value_build_context(call->arena);
	const struct engine_hold *hold = engine_held_by(engine, row);
	char id[CHART_ID_BYTES];

	if (row->number != planned->number ||
	    str_equal(row->status, STR(STORE_PURGED)) ||
	    !api_auth_reaches_row(call, row))
		return false;
	value_put_str(
	    built, "id", engine_id_format(engine, row->number, id));
	value_put_str(built, "workflow", row->workflow);
	value_put_int(built, "version", row->version);
	value_put_str(built, "business_key", row->business_key);
	value_put_str(built, "status", row->status);
	value_put_int(built, "records", (int64_t)row->head.seq);
	api_reply_instant(built, "ended_at", row->ended_ms);
	api_reply_instant(built, "kept_until", planned->until_ms);
	value_put(built, STR("due"),
	    value_of_boolean(planned->until_ms <= plan->now_ms));
	value_put_str(built, "held_by",
	    hold != NULL ? hold->id : (struct str){NULL, 0});
	json_write(value_built(built), JSON_PLAIN,
	    api_page_item(&plan->page));
	return false;
}

static void
due_cb(uint64_t number, int64_t until_ms, void *arg)
{
	struct plan *plan = arg;
	struct planned planned = {plan, number, until_ms};
	struct store_instance_filter filter = {
	    .has_incident = -1,
	    .after = number - 1,
	    .limit = 1,
	    .looked_max = 1,
	};

	if (plan->seen == plan->page.limit) {
		plan->more = true;
		return;
	}
	plan->seen++;
	plan->until_ms = until_ms;
	plan->number = number;
	if (plan->error == STORE_OK)
		plan->error = store_list_instances(
		    engine_store(plan->page.call->api->options.engine),
		    &filter, planned_cb, &planned);
}

static void
read_cursor(struct api_call *call, struct store_due_range *range)
{
	struct str cursor = api_query_text(call, "cursor");
	struct str number;
	struct str ms = str_split(cursor, '.', &number);
	int64_t n;

	if (cursor.at == NULL)
		return;
	if (str_parse_int(ms, 0, INT64_MAX, &range->after_ms) &&
	    str_parse_int(number, 0, INT64_MAX, &n))
		range->after_number = (uint64_t)n;
	else
		api_query_fault(call, "cursor",
		    "must be what `next` of the page before it said");
}

void
api_retention_plan(struct api_call *call)
{
	struct plan plan = {.now_ms = api_now_ms(call)};
	size_t limit =
	    (size_t)api_query_int(call, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	struct store_due_range range = {
	    .until_ms = api_query_instant(call, "until"),
	    .limit = limit + 1,
	};
	enum store_error error;
	struct str next = {NULL, 0};

	read_cursor(call, &range);
	if (!api_query_is_sound(call))
		return;
	if (range.until_ms == 0)
		range.until_ms = plan.now_ms;
	api_page_begin(&plan.page, call, limit);
	error = store_each_retained(engine_store(call->api->options.engine),
	    &range, due_cb, &plan);
	if (error == STORE_OK)
		error = plan.error;
	if (error != STORE_OK) {
		buf_fini(&plan.page.out);
		api_problem_store(call, error);
		return;
	}
	if (plan.more)
		next = arena_strf(call->arena, "%lld.%llu",
		    (long long)plan.until_ms, (unsigned long long)plan.number);
	api_page_end(&plan.page, "cursor", next);
}
