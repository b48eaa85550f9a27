/* SPDX-License-Identifier: Apache-2.0 */
/* chart.c: making an instance, and looking at it. */
#include "chart_priv.h"

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

/* RFC 9562, version 8: bits 0-47 the store's, 48-51 the version, 64-65 the
 * variant, 66-127 the instance's number. */
struct str
chart_id_format(struct chart_identity identity, char out[CHART_ID_BYTES])
{
	const uint8_t *s = identity.store;
	uint64_t n = identity.number;

	must(n >> 62 == 0);
	snprintf(out, CHART_ID_BYTES,
	    "%02x%02x%02x%02x-%02x%02x-8%x%02x-%04x-%012llx", s[0], s[1], s[2],
	    s[3], s[4], s[5], s[6] & 15, s[7], (unsigned)(0x8000 | (n >> 48)),
	    (unsigned long long)(n & 0xffffffffffffu));
	return str_of(out);
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
	chart->leaf = SIZE_MAX;
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
	if (start->business_key.at != NULL)
		chart->business_key =
		    arena_str(chart->arena, start->business_key);
	if (start->trace.at != NULL)
		chart->trace = arena_str(chart->arena, start->trace);
	if (start->priority.at != NULL &&
	    def_priority_parse(start->priority, &chart->priority))
		chart->priority_given = true;
	chart->arena_bytes_live = arena_bytes(chart->arena);
	return chart;
}

/* Priority, first values and labels, as the definition says. */
void
chart_begin(struct run *run)
{
	struct chart *chart = run->chart;
	const struct definition *definition = chart->definition;
	struct value_builder *labels = value_build_context(run->context->arena);
	struct str priority;

	chart->started_ms = run->context->now_ms;
	if (run->actor != NULL && run->actor->name.at != NULL)
		chart->initiator = arena_str(chart->arena, run->actor->name);
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
	if (run->actor != NULL)
		chart_task_took(run, run->actor, PART_INITIATE);
}

bool
chart_business_key(const struct definition *definition,
    const struct value *input, struct chart_context *context, struct str *key)
{
	struct chart_start start = {.definition = definition, .input = input};
	struct chart *chart;
	struct run run = {.context = context};
	const struct value *value;

	*key = (struct str){NULL, 0};
	if (definition->business_key == NULL)
		return true;
	chart = chart_new(&start);
	run.chart = chart;
	value = chart_env_eval(&run, definition->business_key);
	if (value->type == VALUE_STRING || value->type == VALUE_NUMBER ||
	    value->type == VALUE_DATE)
		*key = arena_str(context->arena,
		    chart_env_text(
			&run, definition->business_key, (struct str){NULL, 0}));
	chart_free(&chart);
	return key->bytes > 0;
}

/* ---- timers ---- */

struct timer *
chart_timer_add(struct chart *chart, enum timer_kind kind, size_t index,
    uint64_t detail, int64_t due_ms)
{
	struct timer *timer = ARENA_NEW(chart->arena, struct timer);

	timer->kind = kind;
	timer->index = index;
	timer->detail = detail;
	timer->due_ms = due_ms;
	LIST_APPEND(chart->timers, timer);
	return timer;
}

void
chart_timer_remove(
    struct chart *chart, enum timer_kind kind, size_t index, uint64_t detail)
{
	for (struct timer **link = &chart->timers; *link != NULL;) {
		struct timer *timer = *link;

		if (timer->kind == kind && timer->index == index &&
		    timer->detail == detail)
			LIST_UNLINK(link);
		else
			link = &timer->next;
	}
}

/* Whether the timer can do anything now; one that can't must not wake us. */
static bool
timer_counts(const struct chart *chart, const struct timer *timer)
{
	const struct definition *definition = chart->definition;

	switch (timer->kind) {
	case TIMER_ESCALATION:
	case TIMER_INCIDENT:
		return true;
	case TIMER_LEAVING:
		return !chart_plan_is_busy(chart);
	case TIMER_AFTER:
		return !chart_plan_is_busy(chart) ||
		       (definition->transitions[timer->index]->interrupt &&
			   chart_step_is_idle(chart));
	}
	unreachable("every kind of timer is listed");
}

static void
least(int64_t *due_ms, int64_t other_ms)
{
	if (other_ms != 0 && (*due_ms == 0 || other_ms < *due_ms))
		*due_ms = other_ms;
}

int64_t
chart_due_ms(const struct chart *chart)
{
	int64_t due_ms = 0;

	for (const struct call *call = chart->calls; call != NULL;
	     call = call->next)
		if (call->purpose == FOR_NOTICE || !chart->suspended)
			least(&due_ms, call->due_ms);
	if (chart->ended || chart->suspended)
		return due_ms;
	if (!chart->held)
		least(&due_ms, chart->wait_due_ms);
	for (const struct timer *timer = chart->timers; timer != NULL;
	     timer = timer->next)
		if (timer_counts(chart, timer))
			least(&due_ms, timer->due_ms);
	return due_ms;
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

enum chart_status
chart_status(const struct chart *chart)
{
	const struct call *call = chart_call_find(chart, chart->step_call);

	if (chart->ended)
		return ended_status(chart->ending);
	if (chart->suspended)
		return CHART_SUSPENDED;
	if (chart->held || chart->wait_due_ms != 0 ||
	    !chart_plan_is_busy(chart) ||
	    (call != NULL && call->state == CALL_WINDOW))
		return CHART_WAITING;
	return CHART_RUNNING;
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
		    call->state == CALL_ASKING)
			return true;
	return false;
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
	const struct def_state *leaf = chart_leaf(chart);

	(void)arena;
	return leaf ? leaf->name : STR("");
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

/* ---- correlation ---- */

/* The value that events of that type are matched by; absent: none yet. */
struct str
chart_correlation_of(struct run *run, const struct def_event *event)
{
	const struct value *value;

	if (event->correlate == NULL)
		return run->chart->business_key;
	value = chart_env_eval(run, event->correlate);
	if (value->type != VALUE_STRING && value->type != VALUE_NUMBER)
		return (struct str){NULL, 0};
	return chart_env_text(run, event->correlate, (struct str){NULL, 0});
}

size_t
chart_correlations(const struct chart *chart, struct chart_context *context,
    struct str **correlations)
{
	struct run run = {
	    .chart = (struct chart *)(uintptr_t)chart, .context = context};
	size_t count = chart->ended ? 0 : chart->definition->event_count;

	*correlations = ARENA_ARRAY(context->arena, count, struct str);
	for (size_t i = 0; i < count; i++)
		(*correlations)[i] =
		    chart_correlation_of(&run, &chart->definition->events[i]);
	return count;
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
	       str_equal(chart_correlation_of(&run, event), subject);
}

/* ---- as interfaces show it ---- */

static void
put_instant(struct value_builder *built, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (ms != 0)
		value_put_str(built, key, clock_format(ms, text));
}

/* The description may outlive the instance in memory. */
static void
put_copy(struct value_builder *built, struct arena *arena, const char *key,
    const struct value *value)
{
	value_put(built, str_of(key), value_copy(arena, value));
}

static const struct value *
describe_states(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	if (chart_leaf(chart) != NULL)
		value_append(
		    list, value_of_str(arena, chart_leaf(chart)->name));
	return value_built(list);
}

static const struct value *
describe_tasks(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct task *task = chart->tasks; task != NULL;
	     task = task->next)
		if (task->open)
			value_append(list, chart_task_body(chart, task, arena));
	return value_built(list);
}

static const struct value *
describe_incidents(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct incident *incident = chart->incidents; incident;
	     incident = incident->next)
		value_append(list, chart_incident_body(chart, incident, arena));
	return value_built(list);
}

static const struct value *
describe_escalations(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct escalated *fired = chart->escalations; fired;
	     fired = fired->next)
		value_append(list, value_copy(arena, fired->body));
	return value_built(list);
}

static const struct value *
describe_wait(const struct chart *chart, struct arena *arena)
{
	const struct def_step *step = chart_run_current(chart);
	struct value_builder *built = value_build_context(arena);

	must(step != NULL);
	value_put_str(built, "kind", STR("wait"));
	value_put_str(built, "step", step->id);
	put_instant(built, "due", chart->wait_due_ms);
	return value_built(built);
}

static const struct value *
describe_deadlines(const struct chart *chart, struct arena *arena)
{
	const struct definition *definition = chart->definition;
	struct value_builder *list = value_build_list(arena);

	for (const struct timer *timer = chart->timers; timer != NULL;
	     timer = timer->next) {
		struct value_builder *built = value_build_context(arena);

		if (timer->kind == TIMER_INCIDENT ||
		    timer->kind == TIMER_LEAVING)
			continue;
		if (timer->kind == TIMER_AFTER) {
			const struct def_transition *transition =
			    definition->transitions[timer->index];

			value_put_str(built, "kind", STR("deadline"));
			value_put_str(built, "state", transition->source->name);
			if (transition->targets.count > 0)
				value_put_str(
				    built, "target", transition->targets.items[0]->name);
		} else {
			const struct def_state *state =
			    definition->states[timer->index];

			value_put_str(built, "kind", STR("escalation"));
			value_put_str(built, "state", state->name);
			value_put_int(
			    built, "level", (int64_t)timer->detail + 1);
			value_put_str(built, "to",
			    state->escalations[timer->detail].to->name);
		}
		put_instant(built, "due", timer->due_ms);
		value_append(list, value_built(built));
	}
	if (chart->wait_due_ms != 0)
		value_append(list, describe_wait(chart, arena));
	return value_built(list);
}

static const struct str call_state_names[] = {
#define X(symbol, name) [CALL_##symbol] = STR_INIT(name),
    CALL_STATES(X)
#undef X
};

static const struct value *
describe_calls(const struct chart *chart, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct call *call = chart->calls; call != NULL;
	     call = call->next) {
		struct value_builder *built = value_build_context(arena);

		value_put_str(built, "operation", call->call->target);
		if (call->step != SIZE_MAX)
			value_put_str(built, "step",
			    chart->definition->steps[call->step]->id);
		value_put_str(built, "state", call_state_names[call->state]);
		value_put_int(built, "attempt", call->attempt);
		put_instant(built, "due", call->due_ms);
		value_append(list, value_built(built));
	}
	return value_built(list);
}

static void
describe_progress(
    const struct chart *chart, struct arena *arena, struct value_builder *built)
{
	value_put(built, STR("tasks"), describe_tasks(chart, arena));
	value_put(built, STR("incidents"), describe_incidents(chart, arena));
	value_put(
	    built, STR("escalations"), describe_escalations(chart, arena));
	value_put(built, STR("deadlines"), describe_deadlines(chart, arena));
	value_put(built, STR("calls"), describe_calls(chart, arena));
}

const struct value *
chart_describe(const struct chart *chart, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);
	char hex[DIGEST_HEX_BYTES];

	value_put_str(built, "id", str_of(chart->id));
	value_put_str(built, "workflow", chart->definition->name);
	value_put_int(built, "version", chart->definition->version);
	value_put_str(
	    built, "definition", digest_hex(chart->definition->digest, hex));
	value_put_str(built, "business_key", chart->business_key);
	value_put_str(built, "status", chart_status_name(chart_status(chart)));
	value_put_str(built, "state", chart_state_names(chart, arena));
	value_put(built, STR("states"), describe_states(chart, arena));
	if (chart->ended)
		value_put_str(built, "outcome", def_ending_name(chart->ending));
	value_put_str(built, "priority", def_priority_name(chart->priority));
	value_put_str(built, "initiator", chart->initiator);
	put_instant(built, "started_at", chart->started_ms);
	put_instant(built, "ended_at", chart->ended_ms);
	put_copy(built, arena, "labels", chart_labels(chart));
	put_copy(built, arena, "input", chart->input);
	put_copy(built, arena, "data", chart->data);
	if (chart->output != NULL)
		put_copy(built, arena, "output", chart->output);
	if (chart->error != NULL)
		put_copy(built, arena, "error", chart->error);
	describe_progress(chart, arena, built);
	return value_built(built);
}

bool
chart_wants_compaction(const struct chart *chart)
{
	return arena_bytes(chart->arena) > COMPACT_BYTES_MIN &&
	       arena_bytes(chart->arena) > 4 * chart->arena_bytes_live;
}
