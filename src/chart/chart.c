/* SPDX-License-Identifier: Apache-2.0 */
/* chart.c: making an instance, and looking at it. */
#include "chart_priv.h"

#include "stated/audit_tree.h"

#include <stdio.h>
#include <stdlib.h>

/* Below this an arena is not worth compacting. */
#define COMPACT_BYTES_MIN (64 * 1024)

static const struct str status_names[] = {
    [CHART_RUNNING] = STR_INIT("running"),
    [CHART_WAITING] = STR_INIT("waiting"),
    [CHART_SUSPENDED] = STR_INIT("suspended"),
    [CHART_COMPLETED] = STR_INIT("completed"),
    [CHART_CANCELLED] = STR_INIT("cancelled"),
    [CHART_FAULTED] = STR_INIT("faulted"),
};

struct str
chart_status_name(enum chart_status status)
{
	return status_names[status];
}

bool
chart_status_is_end(enum chart_status status)
{
	return status >= CHART_COMPLETED;
}

static const struct str refusal_names[] = {
    [REFUSED_NOT] = STR_INIT("not-refused"),
    [REFUSED_ENDED] = STR_INIT("ended"),
    [REFUSED_ABSENT] = STR_INIT("absent"),
    [REFUSED_ROLE] = STR_INIT("role"),
    [REFUSED_EXCLUDED] = STR_INIT("excluded"),
    [REFUSED_TWICE] = STR_INIT("twice"),
    [REFUSED_CHOICE] = STR_INIT("choice"),
    [REFUSED_FORM] = STR_INIT("form"),
    [REFUSED_STATE] = STR_INIT("state"),
    [REFUSED_STRANDED] = STR_INIT("stranded"),
};

struct str
chart_refusal_name(enum chart_refusal refusal)
{
	return refusal_names[refusal];
}

/* "approver:*" holds every approver role, "admin" every role. */
bool
chart_actor_has(const struct chart_actor *actor, struct str role)
{
	if (!actor->roles_checked)
		return true;
	for (size_t i = 0; i < actor->role_count; i++)
		if (str_equal(actor->roles[i], role) ||
		    str_equal(actor->roles[i], STR("admin")) ||
		    (str_equal(actor->roles[i], STR("approver:*")) &&
			str_has_prefix(role, STR("approver:"))))
			return true;
	return false;
}

/* ---- identifiers ---- */

struct str
chart_id_format(struct chart_identity identity, char out[CHART_ID_BYTES])
{
	return audit_id_format(identity.store, identity.number, out);
}

static bool
parse_hex(struct str text, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.at[i];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = n;
	return true;
}

bool
chart_id_parse(struct str text, const uint8_t store[16], uint64_t *number)
{
	struct chart_identity identity = {.number = 0};
	char expected[CHART_ID_BYTES];
	uint64_t high, low;

	if (text.bytes != CHART_ID_BYTES - 1 ||
	    !parse_hex(str_slice(text, 19, 4), &high) ||
	    !parse_hex(str_slice(text, 24, 12), &low) || high < 0x8000 ||
	    high > 0xbfff)
		return false;
	memcpy(identity.store, store, sizeof(identity.store));
	identity.number = (high & 0x3fff) << 48 | low;
	if (!str_equal(chart_id_format(identity, expected), text))
		return false;
	*number = identity.number;
	return true;
}

/* ---- making ---- */

struct chart *
chart_alloc(const struct definition *definition, struct chart_identity identity)
{
	struct chart *chart = calloc(1, sizeof(*chart));

	must(chart != NULL);
	chart->magic = CHART_MAGIC;
	chart->arena = arena_new();
	chart->definition = definition;
	chart->identity = identity;
	chart->packed = calloc(CHART_PACKED, sizeof(*chart->packed));
	must(chart->packed != NULL);
	chart_id_format(identity, chart->id);
	return chart;
}

void
chart_free(struct chart **chart)
{
	if (*chart == NULL)
		return;
	must((*chart)->magic == CHART_MAGIC);
	(*chart)->magic = 0;
	arena_free(&(*chart)->arena);
	for (size_t i = 0; i < CHART_PACKED; i++)
		buf_fini(&(*chart)->packed[i].bytes);
	free((*chart)->packed);
	chart_mask_free(&(*chart)->mask);
	free(*chart);
	*chart = NULL;
}

void
chart_swap(struct chart *a, struct chart *b)
{
	struct chart swapped = *a;

	*a = *b;
	*b = swapped;
}

struct chart *
chart_new(const struct chart_start *start)
{
	struct chart *chart = chart_alloc(start->definition, start->identity);

	chart->input = value_copy(chart->arena, start->input);
	chart->data = value_built(value_build_context(chart->arena));
	chart->priority = PRIORITY_NORMAL;
	chart->business_key = arena_str(chart->arena, start->business_key);
	chart->trace = arena_str(chart->arena, start->trace);
	if (start->priority.at != NULL &&
	    def_priority_parse(start->priority, &chart->priority))
		chart->priority_given = true;
	chart->initiator = arena_str(chart->arena, start->initiator);
	if (start->awaiter.number != 0) {
		chart->waiters = ARENA_NEW(chart->arena, struct waiter);
		chart->waiters->awaiter = start->awaiter;
	}
	chart->arena_bytes_live = arena_bytes(chart->arena);
	return chart;
}

/* Priority, first values and labels, as the definition says. */
void
chart_begin(struct run *run)
{
	struct chart *chart = run->chart;
	const struct definition *definition = chart->definition;
	struct chart_actor initiator = {.roles = NULL};
	struct value_builder *labels = value_build_context(run->context->arena);
	struct str priority;

	chart->started_ms = run->context->now_ms;
	if (chart->initiator.at != NULL)
		initiator.name = chart->initiator;
	else if (run->actor != NULL && run->actor->name.at != NULL)
		initiator.name = run->actor->name;
	if (chart->initiator.at == NULL)
		chart->initiator = arena_str(chart->arena, initiator.name);
	if (!chart->priority_given) {
		priority =
		    chart_env_text(run, definition->priority, STR("normal"));
		if (!def_priority_parse(priority, &chart->priority))
			chart->priority = PRIORITY_NORMAL;
	}
	chart_env_assign(run, definition->data, NULL);
	for (size_t i = 0; i < definition->labels.count; i++)
		value_put(labels, definition->labels.items[i].name,
		    chart_env_eval(run, definition->labels.items[i].value));
	if (definition->labels.count > 0)
		chart->labels = chart_env_keep(run, value_built(labels));
	chart_duty_take(run, &initiator, PART_INITIATE);
}

static struct chart_handle
handle_of(struct arena *arena, const struct value *value)
{
	struct chart_handle handle = {
	    .written = chart_env_text_of(arena, value),
	    .is_number = value->type == VALUE_NUMBER,
	};

	if (!value_key_text(arena, value, &handle.text))
		handle.text = handle.written;
	return handle;
}

/* What an expression of the key sees; the input stays the caller's. */
static struct chart *
unkeyed(const struct definition *definition, const struct value *input)
{
	struct chart *chart =
	    chart_alloc(definition, (struct chart_identity){.number = 0});

	chart->input = input;
	chart->data = value_built(value_build_context(chart->arena));
	chart->priority = PRIORITY_NORMAL;
	return chart;
}

bool
chart_business_key(const struct definition *definition,
    const struct value *input, struct chart_context *context,
    struct chart_handle *key)
{
	struct chart *chart;
	struct run run = {.context = context};
	const struct value *value;

	*key = (struct chart_handle){.text = {NULL, 0}};
	if (definition->business_key == NULL)
		return true;
	chart = unkeyed(definition, input);
	run.chart = chart;
	value = chart_env_eval(&run, definition->business_key);
	if (value->type == VALUE_STRING || value->type == VALUE_NUMBER ||
	    value->type == VALUE_DATE)
		*key = handle_of(context->arena, value);
	key->text = arena_str(context->arena, key->text);
	key->written = arena_str(context->arena, key->written);
	chart_free(&chart);
	return key->text.bytes > 0;
}

bool
chart_number_key(struct str written, struct buf *key)
{
	struct number number;

	if (number_parse_json(written, &number) != NUMBER_OK)
		return false;
	number_format_key(number, key);
	return true;
}

bool
chart_has_number_key(const struct chart *chart, struct chart_context *context,
    struct str written)
{
	char text[NUMBER_TEXT_BYTES];
	struct chart_handle key;
	struct number number;

	return number_parse_json(written, &number) == NUMBER_OK &&
	       chart_business_key(
		   chart->definition, chart->input, context, &key) &&
	       key.is_number &&
	       str_equal(key.written, number_format(number, text));
}

struct str
chart_label(const struct definition *definition, const struct value *input,
    struct chart_context *context, struct str name)
{
	struct chart_start start = {.definition = definition, .input = input};
	const struct value *value;
	struct chart *chart;
	struct run run = {.context = context};
	struct str text = {NULL, 0};

	for (size_t i = 0; i < definition->labels.count; i++) {
		if (!str_equal(definition->labels.items[i].name, name))
			continue;
		chart = chart_new(&start);
		run.chart = chart;
		chart->started_ms = context->now_ms;
		chart_env_assign(&run, definition->data, NULL);
		value =
		    chart_env_eval(&run, definition->labels.items[i].value);
		text = value_text(context->arena, value, &text)
		    ? arena_str(context->arena, text)
		    : (struct str){NULL, 0};
		chart_free(&chart);
	}
	return text;
}

/* ---- looking ---- */

const struct definition *
chart_definition(const struct chart *chart)
{
	return chart->definition;
}

uint64_t
chart_number(const struct chart *chart)
{
	return chart->identity.number;
}

static enum chart_status
ended_status(enum def_ending ending)
{
	switch (ending) {
	case ENDING_SUCCESS:
		return CHART_COMPLETED;
	case ENDING_FAILURE:
		return CHART_FAULTED;
	case ENDING_CANCELLED:
		return CHART_CANCELLED;
	}
	unreachable("every ending is listed");
}

/* It has a call under way, or one that is tried again before long. */
static bool
is_running(const struct chart *chart, const struct strand *strand)
{
	const struct call *call = chart_call_find(chart, strand->awaits);

	return !strand->held && call != NULL && call->state != CALL_WINDOW &&
	       !chart_call_stands_still(chart, call);
}

enum chart_status
chart_status(const struct chart *chart)
{
	if (chart->ended)
		return ended_status(chart->ending);
	if (chart->suspended)
		return CHART_SUSPENDED;
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (is_running(chart, strand))
			return CHART_RUNNING;
	return CHART_WAITING;
}

enum def_priority
chart_priority(const struct chart *chart)
{
	return chart->priority;
}

struct str
chart_key(const struct chart *chart)
{
	return chart->business_key;
}

struct str
chart_initiator(const struct chart *chart)
{
	return chart->initiator;
}

struct str
chart_trace(const struct chart *chart)
{
	return chart->trace;
}

const struct value *
chart_input(const struct chart *chart)
{
	return chart->input;
}

const struct value *
chart_data(const struct chart *chart)
{
	return chart->data;
}

int64_t
chart_started_ms(const struct chart *chart)
{
	return chart->started_ms;
}

int64_t
chart_ended_ms(const struct chart *chart)
{
	return chart->ended_ms;
}

bool
chart_is_busy(const struct chart *chart)
{
	for (const struct call *call = chart->calls; call != NULL;
	     call = call->next)
		if (call->state == CALL_QUEUED || call->state == CALL_SENT ||
		    chart_call_is_asking(call))
			return true;
	return chart->lost != NULL;
}

size_t
chart_incident_count(const struct chart *chart)
{
	size_t count = 0;

	for (const struct incident *incident = chart->incidents; incident;
	     incident = incident->next)
		count++;
	return count;
}

struct str
chart_state_names(const struct chart *chart, struct arena *arena)
{
	return chart_config_names(chart, arena);
}

const struct value *
chart_labels(const struct chart *chart)
{
	return chart->labels ? chart->labels : &value_null;
}

struct audit_head *
chart_head(struct chart *chart)
{
	return &chart->head;
}

struct str
chart_salt(const struct chart *chart)
{
	if (!chart->is_salted)
		return (struct str){NULL, 0};
	return (struct str){(const char *)chart->salt, sizeof(chart->salt)};
}

void
chart_set_salt(struct chart *chart, struct str salt)
{
	must(salt.at == NULL || salt.bytes == sizeof(chart->salt));
	chart->is_salted = salt.at != NULL;
	memset(chart->salt, 0, sizeof(chart->salt));
	if (chart->is_salted)
		memcpy(chart->salt, salt.at, sizeof(chart->salt));
	chart_mask_free(&chart->mask);
}

void
chart_take_beside(struct chart *copy, const struct chart *chart)
{
	copy->head = chart->head;
	chart_set_salt(copy, chart_salt(chart));
}

int64_t
chart_retained_until(struct chart *chart, struct chart_context *context)
{
	struct run run = {.chart = chart, .context = context};
	const struct def_span *retention = &chart->definition->retention;
	int64_t until_ms;

	must(chart->ended);
	if (chart_proposal_waits(chart))
		return 0;
	if (retention->kind == SPAN_NONE ||
	    !chart_env_due(&run, retention, chart->ended_ms, &until_ms) ||
	    until_ms <= 0)
		return 0;
	return until_ms;
}

/* ---- correlation ---- */

/* By what it goes itself. */
static struct str
own_text(const struct chart *chart)
{
	return chart->business_key.at != NULL ? chart->business_key
					      : str_of(chart->id);
}

/* A key that reads as a number may be one, and only the input tells, and tells
 * how that is written.  It is asked as things are now: where it gives another
 * key than at the start, that one stays as it is. */
static struct chart_handle
own_handle(const struct run *run)
{
	const struct chart *chart = run->chart;
	struct chart_handle own = {
	    .text = own_text(chart), .written = own_text(chart)};
	struct chart_context context = *run->context;
	struct chart_handle again;
	struct number number;

	/* What a replay doubts of a key it has doubted at the start. */
	context.replay = NULL;
	if (chart->business_key.at == NULL ||
	    number_parse(chart->business_key, &number) != NUMBER_OK ||
	    !chart_business_key(
		chart->definition, chart->input, &context, &again))
		return own;
	return str_equal(again.text, own.text) ||
		str_equal(again.written, own.text)
	    ? again
	    : own;
}

/* The value that events of that type are matched by; absent: none yet. */
static struct chart_handle
correlation_of(struct run *run, const struct def_event *event)
{
	const struct value *value;
	struct str text;

	if (event->correlate == NULL)
		return own_handle(run);
	value = chart_env_eval(run, event->correlate);
	if (value_is_null(value) ||
	    !value_text(run->context->arena, value, &text))
		return (struct chart_handle){.text = {NULL, 0}};
	return handle_of(run->context->arena, value);
}

bool
chart_is_matched(
    struct run *run, const struct def_event *event, struct str subject)
{
	struct chart_handle handle;

	if (event->correlate == NULL &&
	    str_equal(own_text(run->chart), subject))
		return true;
	handle = correlation_of(run, event);
	return str_equal(handle.text, subject) ||
	       str_equal(handle.written, subject);
}

size_t
chart_subjects(const struct chart *chart, struct chart_context *context,
    struct str **subjects)
{
	struct run run = {
	    .chart = (struct chart *)(uintptr_t)chart, .context = context};
	size_t count = chart->definition->event_count;
	struct chart_handle own = {.text = {NULL, 0}};

	*subjects = ARENA_ARRAY(context->arena, 2 * count, struct str);
	for (size_t i = 0; i < count; i++) {
		const struct def_event *event = &chart->definition->events[i];
		bool is_own = event->correlate == NULL;
		struct chart_handle handle = is_own && own.text.at != NULL
		    ? own
		    : correlation_of(&run, event);

		if (is_own)
			own = handle;
		(*subjects)[i] = handle.text;
		(*subjects)[count + i] =
		    str_equal(handle.text, handle.written)
			? (struct str){NULL, 0}
			: handle.written;
	}
	return 2 * count;
}

size_t
chart_correlations(const struct chart *chart, struct chart_context *context,
    struct str **correlations)
{
	return chart->ended ? 0
			    : chart_subjects(chart, context, correlations);
}

bool
chart_takes(const struct chart *chart, struct str type, struct str subject,
    struct chart_context *context)
{
	struct run run = {
	    .chart = (struct chart *)(uintptr_t)chart, .context = context};
	const struct def_event *event =
	    definition_find_event(chart->definition, type);

	return event != NULL && !chart->ended && subject.bytes > 0 &&
	       chart_is_matched(&run, event, subject);
}

bool
chart_limits_reach_workflow(
    const struct chart_limits *limits, struct str workflow)
{
	return limits == NULL || limits->workflow_count == 0 ||
	    str_is_among(workflow, limits->workflows, limits->workflow_count);
}

bool
chart_limits_reach_entity(
    const struct chart_limits *limits, struct str entity)
{
	return limits == NULL || limits->entity_count == 0 ||
	    str_is_among(entity, limits->entities, limits->entity_count);
}

bool
chart_is_within(const struct chart *chart, const struct chart_limits *limits)
{
	struct arena *arena;
	struct str entity;
	bool is_own;

	if (!chart_limits_reach_workflow(limits, chart->definition->name))
		return false;
	if (limits == NULL || limits->entity_count == 0)
		return true;
	arena = arena_new();
	is_own = value_text(arena,
		     value_field_or_null(chart_labels(chart), CHART_ENTITY),
		     &entity) &&
		 chart_limits_reach_entity(limits, entity);
	arena_free(&arena);
	return is_own;
}

size_t
chart_bytes(const struct chart *chart)
{
	return arena_footprint(chart->arena);
}

bool
chart_wants_compaction(const struct chart *chart)
{
	return arena_bytes(chart->arena) > COMPACT_BYTES_MIN &&
	       arena_bytes(chart->arena) > 4 * chart->arena_bytes_live;
}
