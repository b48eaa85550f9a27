/* SPDX-License-Identifier: Apache-2.0 */
/* engine_request.c: what each kind of request does within a turn. */
#include "engine_priv.h"

#include "stated/json.h"

static void
reply_with(struct turn *turn, const struct request *request,
    enum engine_status status, struct str detail)
{
	struct engine_reply *reply = turn_reply(turn, request, status);

	if (reply != NULL)
		reply->detail = detail;
}

static void
reply_view(struct turn *turn, const struct request *request,
    enum engine_status status, const struct instance *instance)
{
	struct engine_reply *reply = turn_reply(turn, request, status);

	if (reply == NULL)
		return;
	reply->instance = instance->number;
	reply->view = chart_describe(instance->chart, turn->arena);
}

/* ---- start ---- */

/* The reply that the same Idempotency-Key got before; false where it is new. */
static bool
repeat_reply(
    struct engine *engine, struct turn *turn, const struct request *request)
{
	const struct engine_start *start = &request->start;
	struct store_idempotency row;
	struct engine_reply *reply;
	struct json_error error;

	if (start->idempotency_key.at == NULL ||
	    !engine_found(engine,
		store_find_idempotency(engine->store, turn->arena,
		    start->idempotency_key, &row)) ||
	    row.expires_ms <= engine_now_ms(engine))
		return false;
	if (!digest_equal(row.request, start->request_digest)) {
		reply_with(turn, request, ENGINE_KEY_REUSED,
		    STR("this Idempotency-Key came with another request "
			"before; "
			"use a new key for a new request"));
		return true;
	}
	reply = turn_reply(turn, request, (enum engine_status)row.status);
	if (reply != NULL) {
		reply->view = json_read(turn->arena, row.response, &error);
		if (reply->view == NULL ||
		    !engine_id_parse(engine,
			value_str(value_field_or_null(reply->view, "id")),
			&reply->instance))
			reply->status = ENGINE_UNKNOWN_INSTANCE;
	}
	return true;
}

static void
keep_reply(struct engine *engine, const struct request *request,
    enum engine_status status, const struct value *view)
{
	struct buf body = {0};
	struct store_idempotency row = {
	    .key = request->start.idempotency_key,
	    .request = request->start.request_digest,
	    .status = (int)status,
	    .expires_ms = engine_now_ms(engine) + IDEMPOTENCY_MS,
	};

	if (row.key.at == NULL)
		return;
	json_write(view, JSON_PLAIN, &body);
	row.response = buf_str(&body);
	store_put_idempotency(store_batch(engine->store), &row);
	buf_fini(&body);
}

/* The instance is there, new or from before. */
static void
answer_start(struct engine *engine, struct turn *turn,
    const struct request *request, enum engine_status status,
    const struct instance *instance)
{
	const struct value *view =
	    chart_describe(instance->chart, turn->arena);
	struct engine_reply *reply = turn_reply(turn, request, status);

	if (reply != NULL) {
		reply->instance = instance->number;
		reply->view = view;
	}
	keep_reply(engine, request, status, view);
}

static bool
input_is_valid(struct turn *turn, const struct request *request,
    const struct definition *definition)
{
	struct schema_errors errors = {.arena = turn->arena};
	struct engine_reply *reply;

	if (definition->input == NULL ||
	    schema_validate(definition->input, request->start.input, &errors))
		return true;
	reply = turn_reply(turn, request, ENGINE_INVALID);
	if (reply != NULL) {
		reply->errors = errors;
		reply->detail =
		    STR("the input does not fit the workflow's schema; "
			"nothing was started");
	}
	return false;
}

/* One instance a key: the same input finds it, another is a conflict. */
static bool
exists(struct engine *engine, struct turn *turn, const struct request *request,
    const struct definition *definition, struct str key)
{
	struct instance *instance;
	uint64_t number;

	if (key.at == NULL ||
	    !engine_found(engine,
		store_find_key(
		    engine->store, definition->name, key, &number)))
		return false;
	instance = instance_find(engine, number);
	if (instance == NULL) {
		reply_with(turn, request, ENGINE_CONFLICT,
		    STR("an instance with this business key exists and can't "
			"be read"));
	} else if (value_equal(
		       chart_input(instance->chart), request->start.input)) {
		answer_start(engine, turn, request, ENGINE_OK, instance);
	} else {
		reply_view(turn, request, ENGINE_CONFLICT, instance);
	}
	return true;
}

static void
create(struct engine *engine, struct turn *turn, const struct request *request,
    const struct definition *definition, struct str key)
{
	struct chart_start start = {
	    .definition = definition,
	    .identity = {.number = ++engine->number_last},
	    .input = request->start.input,
	    .business_key = key,
	    .priority = request->start.priority,
	    .trace = request->start.trace,
	};
	struct chart_event event = {
	    .kind = EV_STARTED,
	    .actor = request->start.actor,
	};
	struct chart_effects effects = {0};
	struct instance *instance;

	memcpy(start.identity.store, engine->store_bytes,
	    sizeof(start.identity.store));
	publish_definition(engine, turn, definition);
	instance =
	    instance_add(engine, chart_new(&start), start.identity.number);
	instance_step(engine, turn, instance, &event, &effects);
	answer_start(engine, turn, request, ENGINE_CREATED, instance);
}

static void
perform_start(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_start *start = &request->start;
	const struct definition *definition = library_find_workflow(
	    engine->library, start->workflow, start->version);
	struct chart_context context = turn_context(engine, turn);
	struct str key;

	if (repeat_reply(engine, turn, request))
		return;
	if (definition == NULL) {
		reply_with(turn, request, ENGINE_UNKNOWN_WORKFLOW,
		    STR("there is no workflow of that name and version here"));
		return;
	}
	if (!input_is_valid(turn, request, definition))
		return;
	if (!chart_business_key(definition, start->input, &context, &key)) {
		reply_with(turn, request, ENGINE_INVALID,
		    STR("the workflow's business-key gives no text for this "
			"input"));
		return;
	}
	if (!exists(engine, turn, request, definition, key) &&
	    engine->unread == STORE_OK)
		create(engine, turn, request, definition, key);
}

/* ---- acts and looks ---- */

static struct instance *
find_or_reply(
    struct engine *engine, struct turn *turn, const struct request *request)
{
	struct instance *instance = instance_find(engine, request->number);

	if (instance == NULL && engine->unread != STORE_OK)
		reply_with(turn, request, ENGINE_UNAVAILABLE,
		    store_error_text(engine->unread));
	else if (instance == NULL)
		reply_with(turn, request, ENGINE_UNKNOWN_INSTANCE,
		    STR("there is no such instance"));
	return instance;
}

static void
perform_act(struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance = find_or_reply(engine, turn, request);
	struct chart_effects effects = {0};
	struct engine_reply *reply;

	if (instance == NULL)
		return;
	instance_step(engine, turn, instance, &request->event, &effects);
	if (effects.refusal == REFUSED_NOT) {
		reply_view(turn, request, ENGINE_OK, instance);
		return;
	}
	reply = turn_reply(turn, request, ENGINE_REFUSED);
	if (reply != NULL) {
		reply->instance = instance->number;
		reply->refusal = effects.refusal;
		reply->detail = effects.refusal_detail;
	}
}

static void
perform_look(struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance = find_or_reply(engine, turn, request);

	if (instance != NULL)
		reply_view(turn, request, ENGINE_OK, instance);
}

/* ---- from inside ---- */

static void
step(struct engine *engine, struct turn *turn, struct request *request,
    enum chart_event_kind kind)
{
	struct instance *instance = instance_find(engine, request->number);
	struct chart_effects effects = {0};

	if (instance == NULL)
		return; /* logged where it could not be loaded */
	request->event.kind = kind;
	instance_step(engine, turn, instance, &request->event, &effects);
}

static void
perform_reply(struct engine *engine, struct turn *turn, struct request *request)
{
	step(engine, turn, request, EV_REPLY_ARRIVED);
}

/* The heap may be behind: only an instance that is due is stepped. */
static void
perform_due(struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance = instance_find(engine, request->number);
	int64_t due_ms = instance ? chart_due_ms(instance->chart) : 0;

	timer_taken(engine, request->number);
	if (due_ms == 0)
		return;
	if (due_ms > engine_now_ms(engine))
		timer_arm(engine, request->number, due_ms);
	else
		step(engine, turn, request, EV_TIME_PASSED);
}

static void
perform_recover(
    struct engine *engine, struct turn *turn, struct request *request)
{
	step(engine, turn, request, EV_RECOVERED);
}

static void
perform_release(
    struct engine *engine, struct turn *turn, struct request *request)
{
	if (request->exchange != NULL)
		exchange_release(engine, turn, request);
}

typedef void perform_fn(
    struct engine *engine, struct turn *turn, struct request *request);
static perform_fn *const kinds[] = {
    [REQUEST_START] = perform_start,
    [REQUEST_EVENT] = event_route,
    [REQUEST_ACT] = perform_act,
    [REQUEST_REPLAY] = event_replay,
    [REQUEST_LOOK] = perform_look,
    [REQUEST_REPLY] = perform_reply,
    [REQUEST_DUE] = perform_due,
    [REQUEST_RELEASE] = perform_release,
    [REQUEST_RECOVER] = perform_recover,
    [REQUEST_EXPIRE] = event_expire,
};

void
request_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	kinds[request->kind](engine, turn, request);
}
