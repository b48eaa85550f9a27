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
	reply->view = chart_describe_masked(instance->chart, turn->arena);
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
		reply->view = json_read_written(turn->arena, row.response, &error);
		if (reply->view == NULL ||
		    !engine_id_parse(engine,
			value_field_str(reply->view, "id"),
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
	const struct engine_start *start = &request->start;
	struct engine_reply *reply = turn_reply(turn, request, status);

	must(reply != NULL);
	reply->instance = instance->number;
	if (start->watches && start->idempotency_key.at == NULL)
		return;
	reply->view = chart_describe_masked(instance->chart, turn->arena);
	keep_reply(engine, request, status, reply->view);
}

/* What is wrong with the input, by JSON Pointer. */
static void
answer_invalid(struct turn *turn, const struct request *request,
    struct schema_errors errors, struct str detail)
{
	struct engine_reply *reply = turn_reply(turn, request, ENGINE_INVALID);

	if (reply == NULL)
		return;
	reply->errors = errors;
	reply->detail = detail;
}

/* The whole of it, since any part may be what lacks. */
static void
answer_keyless(struct turn *turn, const struct request *request)
{
	struct schema_error *error = ARENA_NEW(turn->arena, struct schema_error);

	*error = (struct schema_error){
	    .pointer = STR(""),
	    .keyword = STR("business-key"),
	    .message = STR("the workflow's business-key gives no text for it"),
	};
	answer_invalid(turn, request,
	    (struct schema_errors){
		.arena = turn->arena, .items = error, .count = 1},
	    STR("the workflow's business-key gives no text for this input; "
		"nothing was started"));
}

/* Which instance has the key is told to those who may see it. */
static void
answer_conflict(struct turn *turn, const struct request *request,
    const struct start_wish *wish, const struct instance *instance)
{
	struct str entity;

	if (!value_text(turn->arena,
		value_field_or_null(
		    chart_labels(instance->chart), CHART_ENTITY),
		&entity))
		entity = (struct str){NULL, 0};
	if (start_reaches(wish, entity))
		reply_view(turn, request, ENGINE_CONFLICT, instance);
	else
		reply_with(turn, request, ENGINE_CONFLICT,
		    STR("the business key is taken by another input; use "
			"another key for another business case"));
}

static void
perform_start(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_start *start = &request->start;
	const struct start_wish wish = {
	    .workflow = start->workflow,
	    .version = start->version,
	    .input = start->input,
	    .priority = start->priority,
	    .trace = start->trace,
	    .entities = start->entities,
	    .entity_count = start->entity_count,
	};
	struct start_result result;

	if (repeat_reply(engine, turn, request))
		return;
	result = start_prepare(engine, turn, &wish);
	switch (result.fate) {
	case START_CREATED:
		start_begin(engine, turn, result.instance, &start->actor, 0);
		answer_start(
		    engine, turn, request, ENGINE_CREATED, result.instance);
		return;
	case START_FOUND:
		answer_start(engine, turn, request, ENGINE_OK, result.instance);
		return;
	case START_UNKNOWN:
		reply_with(turn, request, ENGINE_UNKNOWN_WORKFLOW,
		    STR("there is no workflow of that name and version here"));
		return;
	case START_INVALID:
		answer_invalid(turn, request, result.errors,
		    STR("the input does not fit the workflow's schema; "
			"nothing was started"));
		return;
	case START_KEYLESS:
		answer_keyless(turn, request);
		return;
	case START_FOREIGN:
		reply_with(turn, request, ENGINE_FOREIGN,
		    start_detail(engine, turn, &wish, &result));
		return;
	case START_CONFLICT:
		answer_conflict(turn, request, &wish, result.instance);
		return;
	case START_UNREADABLE:
	case START_PURGED:
		reply_with(turn, request, ENGINE_CONFLICT,
		    start_detail(engine, turn, &wish, &result));
		return;
	case START_UNREAD:
		return; /* the turn is given up, and the caller told so */
	}
}

/* ---- acts and looks ---- */

static bool
is_purged(const struct store_instance *row)
{
	return str_equal(row->status, STR(STORE_PURGED));
}

static struct str
why_unloaded(struct turn *turn, const struct store_instance *row)
{
	char text[CLOCK_TEXT_BYTES];

	if (is_purged(row))
		return arena_strf(turn->arena,
		    "the instance ended, and its history was purged on %.*s",
		    STR_ARG(clock_format(row->changed_ms, text)));
	return arena_strf(turn->arena,
	    "the instance ended, and its version %lld of `%.*s` can't be "
	    "loaded any more: its history can be read, and the server's log "
	    "says what is missing",
	    (long long)row->version, STR_ARG(row->workflow));
}

/* One that has ended can be looked at without its definition, and no more. */
static void
reply_unloaded(struct engine *engine, struct turn *turn,
    const struct request *request, const struct store_instance *row)
{
	bool purged = is_purged(row);
	bool looks = request->kind == REQUEST_LOOK ||
	    (request->kind == REQUEST_DISCLOSE && purged);
	struct engine_reply *reply =
	    turn_reply(turn, request, looks ? ENGINE_OK : ENGINE_REFUSED);

	if (reply == NULL)
		return;
	reply->instance = row->number;
	reply->view = purged ? engine_describe_purged(engine, turn->arena, row)
			     : lost_describe(engine, turn->arena, row);
	if (!looks)
		reply->refusal = purged ? REFUSED_ENDED : REFUSED_STATE;
	reply->detail = why_unloaded(turn, row);
}

static void
reply_without(
    struct engine *engine, struct turn *turn, const struct request *request)
{
	struct store_instance row;
	bool is_there = engine->unread == STORE_OK &&
	    engine_found(engine, store_find_instance(engine->store,
		turn->arena, request->number, &row));

	if (engine->unread != STORE_OK)
		reply_with(turn, request, ENGINE_UNAVAILABLE,
		    store_error_text(engine->unread));
	else if (!is_there)
		reply_with(turn, request, ENGINE_UNKNOWN_INSTANCE,
		    STR("there is no such instance"));
	else if (row.ended_ms != 0)
		reply_unloaded(engine, turn, request, &row);
	else
		reply_with(turn, request, ENGINE_UNAVAILABLE,
		    STR("the instance is there and can't be loaded: the "
			"server's log says why; its history can be read"));
}

static struct instance *
find_or_reply(
    struct engine *engine, struct turn *turn, const struct request *request)
{
	struct instance *instance = instance_find(engine, request->number);

	if (instance == NULL)
		reply_without(engine, turn, request);
	return instance;
}

/* ---- erasing ---- */

/* By which the events are known that it has emitted. */
static struct store_forgotten
emitted_by(struct engine *engine, struct turn *turn,
    const struct instance *instance)
{
	char id[CHART_ID_BYTES];

	return (struct store_forgotten){
	    .source = event_source_of(instance, turn->arena),
	    .id_prefix = arena_strf(turn->arena, "%.*s/",
		STR_ARG(engine_id_format(engine, instance->number, id))),
	};
}

struct awaited {
	struct str type;
	bool is_held;
};

static void
awaited_cb(const struct store_event *row, void *arg)
{
	struct awaited *awaited = arg;

	if (str_equal(row->type, awaited->type))
		awaited->is_held = true;
}

/* An event that was for it, and that another instance may take yet. */
static bool
has_held_for(struct engine *engine, struct turn *turn,
    const struct instance *instance)
{
	struct chart_context context = turn_context(engine, turn);
	const struct definition *definition =
	    chart_definition(instance->chart);
	struct str *subjects;
	size_t count = chart_subjects(instance->chart, &context, &subjects);
	struct awaited awaited = {.is_held = false};

	for (size_t i = 0; i < count; i++) {
		awaited.type =
		    definition->events[i % definition->event_count].type;
		if (subjects[i].bytes > 0 &&
		    engine_found(engine,
			store_each_held_event(engine->store, turn->arena,
			    subjects[i], awaited_cb, &awaited)) &&
		    awaited.is_held)
			return true;
	}
	return false;
}

/* Why it must not be erased; absent: it may. */
static struct str
find_hold(struct engine *engine, struct turn *turn,
    const struct instance *instance)
{
	struct store_forgotten emitted = emitted_by(engine, turn, instance);
	uint64_t number = instance->number;
	const struct engine_hold *hold;
	struct store_instance row;

	if (engine_found(
		engine, store_find_post_of(engine->store, number)))
		return STR("an event that it emitted, with what is in it, "
			   "still waits to be published: `stated connection "
			   "list` tells what it waits for");
	if (engine_found(engine,
		store_find_held_from(
		    engine->store, emitted.source, emitted.id_prefix)))
		return STR("an event that it emitted, with what is in it, "
			   "still waits for an instance that takes it: "
			   "`stated dead-letter list --status held` shows it "
			   "and until when");
	if (has_held_for(engine, turn, instance))
		return STR("an event that it came too late for is held, and "
			   "another instance may take it yet: `stated "
			   "dead-letter list --status held` shows it and until "
			   "when");
	if (!engine_found(engine, store_find_instance(
		engine->store, turn->arena, number, &row)))
		return (struct str){NULL, 0};
	hold = engine_held_by(engine, &row);
	if (hold == NULL)
		return (struct str){NULL, 0};
	return arena_strf(turn->arena, "the instance is under the legal hold "
	    "%.*s (%.*s): nothing of it is erased before that is released",
	    STR_ARG(hold->id), STR_ARG(hold->reason));
}

struct recorded_key {
	struct arena *arena;
	struct str key;
};

static bool
recorded_key_cb(
    uint64_t number, const struct audit_record *record, void *arg)
{
	struct recorded_key *recorded = arg;
	struct audit_head place;
	const struct value *read;

	(void)number;
	if (record->canonical.bytes > 0 &&
	    audit_verify_text(recorded->arena, record->canonical, record->hash,
		&place, &read) == AUDIT_SOUND)
		recorded->key = value_field_str(read, "business_key");
	return false;
}

/* As its first record has it; absent where that can't tell. */
static struct str
find_recorded_key(
    struct engine *engine, struct turn *turn, uint64_t instance)
{
	struct recorded_key recorded = {.arena = turn->arena};

	if (!engine_found(engine,
		store_each_record(engine->store, instance, 1, recorded_key_cb,
		    &recorded)))
		return (struct str){NULL, 0};
	return recorded.key;
}

static void
erase(struct engine *engine, struct turn *turn, const struct request *request,
    const struct instance *instance)
{
	const struct definition *definition =
	    chart_definition(instance->chart);
	struct value_builder *record = journal_begin(
	    engine, turn, JOURNAL_ERASED, request->event.actor.name);
	struct store_forgotten emitted = emitted_by(engine, turn, instance);
	char id[CHART_ID_BYTES];

	value_put_str(record, "erased",
	    engine_id_format(engine, instance->number, id));
	value_put_str(record, "workflow", definition->name);
	value_put(record, STR("fields"),
	    value_of_strs(turn->arena, definition->sensitive,
		definition->sensitive_count));
	value_put_str(record, "reason", request->event.comment);
	(void)journal_add(engine, record);
	store_add_erasure(store_batch(engine->store), instance->number);
	store_forget_events(store_batch(engine->store), &emitted);
	retention_erased(engine);
}

static void
reply_done(struct turn *turn, const struct request *request,
    const struct instance *instance, uint64_t proposal)
{
	struct engine_reply *reply = turn_reply(
	    turn, request, proposal != 0 ? ENGINE_PROPOSED : ENGINE_OK);

	if (reply == NULL)
		return;
	reply->instance = instance->number;
	reply->proposal = proposal;
	/* Who may act has not asked to see what is sensitive. */
	reply->view = chart_describe_masked(instance->chart, turn->arena);
}

static struct schema_errors
copy_errors(struct arena *arena, const struct schema_errors *errors)
{
	struct schema_errors copied = {
	    .arena = arena,
	    .items = ARENA_ARRAY(arena, errors->count, struct schema_error),
	    .count = errors->count,
	};

	for (size_t i = 0; i < errors->count; i++) {
		const struct schema_error *error = &errors->items[i];

		copied.items[i] = (struct schema_error){
		    .pointer = arena_str(arena, error->pointer),
		    .keyword = arena_str(arena, error->keyword),
		    .message = arena_str(arena, error->message),
		};
	}
	return copied;
}

static void
perform_act(struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance = find_or_reply(engine, turn, request);
	struct chart_effects effects = {0};
	struct engine_reply *reply;

	if (instance == NULL)
		return;
	instance_begin_if_new(engine, turn, instance);
	if (request->event.kind == EV_ERASED) {
		/* It may say what goes, and the journal stays. */
		if (request->event.comment.at != NULL)
			request->event.comment = value_str(chart_masked(
			    instance->chart, turn->arena,
			    value_of_str(
				turn->arena, request->event.comment)));
		request->event.held = find_hold(engine, turn, instance);
		request->event.key =
		    find_recorded_key(engine, turn, instance->number);
	}
	if (request->event.kind == EV_TASK_DECIDED)
		delegation_give(engine, turn, instance->chart,
		    &request->event.actor);
	instance_step(engine, turn, instance, &request->event, &effects);
	if (effects.refusal == REFUSED_NOT) {
		if (request->event.kind == EV_ERASED)
			erase(engine, turn, request, instance);
		reply_done(turn, request, instance, effects.proposal);
		return;
	}
	reply = turn_reply(turn, request, ENGINE_REFUSED);
	if (reply != NULL) {
		reply->instance = instance->number;
		reply->refusal = effects.refusal;
		/* The step's memory goes with the request. */
		reply->detail = arena_str(turn->arena, effects.refusal_detail);
		reply->errors =
		    copy_errors(turn->arena, &effects.refusal_errors);
	}
}

/* ---- moving to another version ---- */

static void
refuse_move(struct turn *turn, const struct request *request, struct str why)
{
	struct engine_reply *reply =
	    turn_reply(turn, request, ENGINE_REFUSED);

	if (reply == NULL)
		return;
	reply->instance = request->number;
	reply->refusal = REFUSED_STRANDED;
	reply->detail = why;
}

/* Where it may be from: else it was moved before, or never was there. */
static bool
is_on(const struct instance *instance, const struct engine_migrate *migrate)
{
	const struct definition *definition =
	    chart_definition(instance->chart);

	return str_equal(definition->name, migrate->workflow) &&
	       definition->version == migrate->from;
}

static void
look_ahead(struct engine *engine, struct turn *turn, struct request *request,
    const struct instance *instance)
{
	struct chart_context context = turn_context(engine, turn);
	struct str why;

	if (chart_can_migrate(
		instance->chart, &request->event, &context, &why))
		reply_view(turn, request, ENGINE_OK, instance);
	else
		refuse_move(turn, request, why);
}

static void
perform_migrate(
    struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_migrate *migrate = &request->migrate;
	struct instance *instance = find_or_reply(engine, turn, request);
	const struct chart_migration migration = {
	    .to = library_find_workflow(
		engine->library, migrate->workflow, migrate->to),
	    .renames = migrate->renames,
	    .rename_count = migrate->rename_count,
	};

	if (instance == NULL)
		return;
	if (migration.to == NULL) {
		reply_with(turn, request, ENGINE_UNKNOWN_WORKFLOW,
		    STR("there is no workflow of that name and version here"));
		return;
	}
	if (!is_on(instance, migrate)) {
		refuse_move(turn, request,
		    arena_strf(turn->arena,
			"it is not on version %lld of `%.*s`",
			(long long)migrate->from, STR_ARG(migrate->workflow)));
		return;
	}
	request->event = (struct chart_event){
	    .kind = EV_MIGRATED,
	    .actor = migrate->actor,
	    .comment = migrate->comment,
	    .migration = &migration,
	};
	if (migrate->dry_run) {
		look_ahead(engine, turn, request, instance);
	} else {
		publish_definition(engine, turn, migration.to);
		instance_give_salt(engine, instance, migration.to);
		perform_act(engine, turn, request);
	}
	request->event.migration = NULL; /* it ends here */
}

static void
perform_look(struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance = find_or_reply(engine, turn, request);

	if (instance != NULL)
		reply_view(turn, request, ENGINE_OK, instance);
}

/* In plain, and told to the journal: whoever asks has to answer for it. */
static void
perform_disclose(
    struct engine *engine, struct turn *turn, struct request *request)
{
	struct instance *instance = find_or_reply(engine, turn, request);
	struct arena *arena = turn->arena;
	struct value_builder *record, *view;
	const struct value *whole;
	struct engine_reply *reply;
	char id[CHART_ID_BYTES];

	if (instance == NULL)
		return;
	record = journal_begin(
	    engine, turn, JOURNAL_DISCLOSED, request->event.actor.name);
	value_put_str(record, "disclosed",
	    engine_id_format(engine, instance->number, id));
	value_put_str(
	    record, "workflow", chart_definition(instance->chart)->name);
	(void)journal_add(engine, record);
	reply = turn_reply(turn, request, ENGINE_OK);
	if (reply == NULL)
		return;
	whole = chart_describe(instance->chart, arena);
	view = value_build_context(arena);
	for (size_t i = 0; i < whole->as.context.count; i++)
		value_put(view, whole->as.context.fields[i].key,
		    whole->as.context.fields[i].value);
	value_put(view, STR("sensitive"),
	    chart_disclose(instance->chart, arena));
	reply->instance = instance->number;
	reply->view = value_built(view);
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
	instance_begin_if_new(engine, turn, instance);
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

	timer_taken(engine, request->number);
	if (instance == NULL || instance_begin_if_new(engine, turn, instance))
		return;
	if (chart_is_due(instance->chart, engine_now_ms(engine)))
		step(engine, turn, request, EV_TIME_PASSED);
	else
		timer_arm(engine, request->number,
		    instance_due_ms(engine, instance));
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
    [REQUEST_PUBLISH] = publish_perform,
    [REQUEST_MIGRATE] = perform_migrate,
    [REQUEST_SWITCH] = switch_perform,
    [REQUEST_GIVE] = grant_perform,
    [REQUEST_HOLD] = hold_perform,
    [REQUEST_DISCLOSE] = perform_disclose,
    [REQUEST_JUDGE] = proposal_perform,
    [REQUEST_DELEGATE] = delegation_perform,
    [REQUEST_JOURNAL] = journal_perform,
    [REQUEST_REPLY] = perform_reply,
    [REQUEST_DUE] = perform_due,
    [REQUEST_RELEASE] = perform_release,
    [REQUEST_RECOVER] = recover_perform,
    [REQUEST_EXPIRE] = event_expire,
    [REQUEST_SCHEDULE] = schedule_perform,
    [REQUEST_CHILD] = child_tell,
    [REQUEST_POSTED] = outbox_remove,
};

void
request_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	kinds[request->kind](engine, turn, request);
}
