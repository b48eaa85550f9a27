/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_env.c: what the expressions of a workflow see.
 *
 * Names are looked up when they are met, variables first, so that nothing is
 * built that no expression asks for.  Results live in the step's arena until
 * chart_env_keep() moves them into the instance's.
 */
#include "chart_priv.h"

#include "stated/json.h"

static const struct value *
instance_of(
    const struct chart *chart, struct arena *arena, struct str environment)
{
	struct value_builder *built = value_build_context(arena);
	struct str state = chart->active_count == 0
			       ? (struct str){NULL, 0}
			       : chart_config_names(chart, arena);

	value_put_str(built, "id", str_of(chart->id));
	value_put_str(built, "business_key", chart->business_key);
	value_put_str(built, "workflow", chart->definition->name);
	value_put_int(built, "version", chart->definition->version);
	value_put_str(built, "state", state);
	value_put(built, STR("started_at"),
	    value_of_instant(arena, chart->started_ms));
	value_put_str(built, "initiator", chart->initiator);
	value_put_str(built, "priority", def_priority_name(chart->priority));
	value_put_str(built, "environment", environment);
	return value_built(built);
}

static const struct value *
or_null(const struct value *value)
{
	return value != NULL ? value : &value_null;
}

static const struct strand *
above(const struct run *run, const struct strand *strand)
{
	return strand->parent == 0
		   ? NULL
		   : chart_strand_find(run->chart, strand->parent);
}

/* What an event, an error or a decision is seen by: a selection looks for
 * transitions of its own event, a strand's steps see what it was taken for and
 * what they have met, others of a region what has been met in there, and
 * whoever is alone, or in no region, sees the last one. */
static const struct value *
lookup_event(const struct run *run)
{
	const struct strand *strand = run->strand;

	if (run->signal != NULL)
		return or_null(run->signal->event);
	if (strand != NULL)
		return or_null(
		    chart_strand_root(run->chart, run->strand)->event);
	if (run->leaf != NULL && run->leaf->event != NULL)
		return run->leaf->event;
	return or_null(run->chart->event);
}

/* The state that what is evaluated stands in; NULL: none, or all. */
static const struct def_state *
place_of(const struct run *run)
{
	if (run->guarded != NULL || run->strand == NULL)
		return run->guarded;
	return chart_strand_place(
	    run->chart, chart_strand_root(run->chart, run->strand));
}

/* A region's own comes after that of a leaf, which is an older one. */
static struct met
met_before(const struct run *run)
{
	const struct chart *chart = run->chart;
	const struct def_state *state = place_of(run);
	const struct def_state *region = chart_config_region(state);
	struct met met = {NULL, NULL};

	if (region == NULL || chart_config_has_one_leaf(chart))
		return (struct met){chart->error, chart->decision};
	for (; state != region->parent; state = state->parent) {
		const struct active *active = chart_config_find(chart, state);

		if (active != NULL && active->error != NULL)
			met.error = active->error;
		if (active != NULL && active->decision != NULL)
			met.decision = active->decision;
	}
	return met;
}

static const struct value *
lookup_error(const struct run *run)
{
	for (const struct strand *s = run->strand; s != NULL; s = above(run, s))
		if (s->error != NULL)
			return s->error;
	return or_null(met_before(run).error);
}

static const struct value *
lookup_decision(const struct run *run)
{
	for (const struct strand *s = run->strand; s != NULL; s = above(run, s))
		if (s->decision != NULL)
			return s->decision;
	return or_null(met_before(run).decision);
}

/* The built-in names; NULL where it is none of them. */
static const struct value *
lookup_builtin(struct run *run, struct str name)
{
	const struct chart *chart = run->chart;

	if (str_equal(name, STR("input")))
		return chart->input;
	if (str_equal(name, STR("event")))
		return lookup_event(run);
	if (str_equal(name, STR("response")))
		return or_null(run->response);
	if (str_equal(name, STR("results")))
		return or_null(run->results);
	if (str_equal(name, STR("error")))
		return lookup_error(run);
	if (str_equal(name, STR("decision")))
		return lookup_decision(run);
	if (str_equal(name, STR("settings"))) {
		run->reads_settings = true;
		return run->context->settings;
	}
	if (str_equal(name, STR("instance")))
		return instance_of(
		    chart, run->context->arena, run->context->environment);
	return NULL;
}

/* The item, its position, and what the iterations have assigned, from the
 * inside out; NULL where it is none of these. */
static const struct value *
lookup_iteration(const struct run *run, struct str name)
{
	for (const struct strand *s = run->strand; s != NULL && s->parent != 0;
	     s = above(run, s)) {
		const struct def_step *step =
		    run->chart->definition->steps[s->loop_step];
		const struct value *value = value_get(s->vars, name);

		if (value != NULL)
			return value;
		if (str_equal(name, step->each))
			return s->item;
		if (step->at.at != NULL && str_equal(name, step->at))
			return value_of_int(
			    run->context->arena, (int64_t)s->position);
	}
	return NULL;
}

/* NULL where it is none. */
static const struct value *
lookup_variable(const struct run *run, struct str name)
{
	const struct value *value = lookup_iteration(run, name);

	return value != NULL ? value : value_get(run->chart->data, name);
}

static const struct value *
lookup_cb(void *arg, struct str name)
{
	struct run *run = arg;
	const struct value *value = NULL;

	if (run->scope != NULL)
		value = value_get(run->scope, name);
	if (value == NULL)
		value = lookup_variable(run, name);
	return value != NULL ? value : lookup_builtin(run, name);
}

/* active("state"): whether that state is active. */
static const struct value *
host_cb(void *arg, struct str function, const struct value *const *args,
    size_t count)
{
	struct run *run = arg;
	const struct chart *chart = run->chart;
	const struct def_state *state;

	if (!str_equal(function, STR("active")) || count != 1)
		return NULL;
	state = definition_find_state(chart->definition, value_str(args[0]));
	if (state == NULL)
		return NULL;
	return value_of_boolean(chart_config_is_active(chart, state));
}

static struct feel_env
env_of(struct run *run)
{
	const struct calendar *calendar = run->chart->definition->calendar;

	return (struct feel_env){
	    .arena = run->context->arena,
	    .lookup = lookup_cb,
	    .host = host_cb,
	    .look = run->context->replay != NULL ? chart_replay_look_cb : NULL,
	    .arg = run,
	    .now_ms = run->context->now_ms,
	    .zone = calendar ? calendar->zone : NULL,
	};
}

/* What is written as one value is one evaluation, with one budget. */
const struct value *
chart_env_eval(struct run *run, const struct template *template)
{
	struct feel_env env = env_of(run);
	const struct value *value;

	run->looked = false;
	run->ordered = false;
	if (template == NULL)
		return &value_null;
	feel_env_share(&env);
	value = template_eval_telling(
	    template, &env, chart_record_null_cb, run);
	if (run->ordered)
		chart_replay_ordered(
		    run, template->text.at != NULL ? template->text
						   : STR("an expression"));
	if (run->reads_settings)
		chart_reads_note(run, template);
	if (env.steps > 0)
		return value;
	if (run->given_up.at == NULL)
		run->given_up = arena_str(env.arena, str_of(env.note));
	return &value_null;
}

/* What comes of the value can't be known: an expression has looked into a
 * digest, or it is one. */
static bool
is_in_doubt(const struct run *run, const struct value *value)
{
	return run->looked || chart_replay_is_masked(run, value);
}

bool
chart_env_holds(struct run *run, const struct template *guard)
{
	const struct value *value;

	if (guard == NULL)
		return true;
	value = chart_env_eval(run, guard);
	return is_in_doubt(run, value)
		   ? chart_replay_holds(run, guard, value_is_true(value))
		   : value_is_true(value);
}

/* Strings as they are, dates and times without JSON's quotes; the absent
 * string for null. */
struct str
chart_env_text_of(struct arena *arena, const struct value *value)
{
	struct buf json = {0};
	struct str text;

	if (value->type == VALUE_NULL)
		return (struct str){NULL, 0};
	if (value->type == VALUE_STRING)
		return value->as.string;
	json_write(value, JSON_PLAIN, &json);
	text = buf_str(&json);
	if (str_has_prefix(text, STR("\"")))
		text = str_slice(text, 1, text.bytes - 2);
	text = arena_str(arena, text);
	buf_fini(&json);
	return text;
}

struct str
chart_env_text(
    struct run *run, const struct template *template, struct str otherwise)
{
	const struct value *value = chart_env_eval(run, template);
	struct str text = chart_env_text_of(run->context->arena, value);

	chart_replay_text(run, template, value);
	return text.at != NULL ? text : otherwise;
}

/* ---- what is evaluated later ---- */

struct keeping {
	struct run *run;
	struct value_builder *built; /* NULL: there is nothing yet */
};

/* What changes, but for the answer that it is evaluated for. */
static void
keep_cb(struct str name, size_t offset, void *arg)
{
	static const struct str passing[] = {
	    STR_INIT("event"), STR_INIT("error"), STR_INIT("decision")};
	struct keeping *keeping = arg;
	struct run *run = keeping->run;
	const struct value *value = lookup_variable(run, name);

	(void)offset;
	if (value == NULL && str_is_among(name, passing, COUNT_OF(passing)))
		value = lookup_builtin(run, name);
	if (value == NULL)
		return;
	if (keeping->built == NULL)
		keeping->built = value_build_context(run->context->arena);
	value_put(keeping->built, name, value);
}

const struct value *
chart_env_scope(struct run *run, const struct template *template)
{
	struct keeping keeping = {.run = run};

	if (template == NULL || template->kind != TEMPLATE_FEEL)
		return NULL;
	feel_each_free_name(template->feel, keep_cb, &keeping);
	return keeping.built == NULL
		   ? NULL
		   : chart_env_keep(run, value_built(keeping.built));
}

const struct value *
chart_env_keep(struct run *run, const struct value *value)
{
	return value_keep(run->chart->arena, value);
}

/*
 * Assigns one after another, so that a later expression sees what an earlier
 * one has set; to the variables of the iteration, where the steps are in one.
 * `told` (may be NULL) gets what was assigned, for history.
 */
void
chart_env_assign(
    struct run *run, struct def_assigns assigns, struct value_builder *told)
{
	struct chart *chart = run->chart;
	const struct value **into =
	    run->strand != NULL && run->strand->parent != 0 ? &run->strand->vars
							    : &chart->data;

	for (size_t i = 0; i < assigns.count; i++) {
		const struct def_assign *assign = &assigns.items[i];
		const struct value *value =
		    chart_env_eval(run, assign->value);

		if (run->given_up.at != NULL)
			return;
		if (run->ordered)
			chart_replay_kept(run, assign);
		if (run->looked)
			value = chart_replay_assigned(run, assign);
		value = chart_env_keep(run, value);
		*into = value_with(chart->arena, *into, assign->name, value);
		if (told != NULL)
			value_put(told, assign->name, value);
	}
}

/* A table's own inputs. */
struct given {
	struct run *run;
	const struct value *inputs;
};

static const struct value *
lookup_given_cb(void *arg, struct str name)
{
	const struct given *given = arg;

	return value_get(given->inputs, name);
}

static void
look_given_cb(void *arg, struct str function, const struct value *value)
{
	const struct given *given = arg;

	chart_replay_look_cb(given->run, function, value);
}

/* With `with`, a table sees its own inputs only. */
struct decision_result
chart_env_decide(struct run *run, const struct def_step *step)
{
	struct feel_env env = env_of(run);
	struct given given = {.run = run};
	struct decision_result result;

	run->looked = false;
	run->ordered = false;
	if (step->with != NULL) {
		env.lookup = lookup_given_cb;
		given.inputs = chart_env_eval(run, step->with);
		env.arg = &given;
		if (env.look != NULL)
			env.look = look_given_cb;
		env.host = NULL;
	}
	result = decision_eval(step->decision, &env);
	if (run->reads_settings)
		chart_reads_note_all(run);
	if (run->ordered)
		chart_replay_ordered(run, step->decision->name);
	if (run->looked)
		chart_replay_decided(run, step->decision->name, &result);
	if (run->given_up.at != NULL)
		result.failure = run->given_up;
	run->given_up = (struct str){NULL, 0};
	return result;
}

/* As value, or text that says it; a date is its midnight. */
static bool
date_time_of_value(const struct value *value, struct date_time *out)
{
	*out = (struct date_time){.time.offset_kind = OFFSET_NONE};
	switch (value->type) {
	case VALUE_DATE_TIME:
		*out = *value->as.date_time;
		return true;
	case VALUE_DATE:
		out->date = value->as.date;
		return true;
	case VALUE_STRING:
		return date_parse(value->as.string, &out->date) ||
		       date_time_parse(value->as.string, out);
	default:
		return false;
	}
}

/* An instant that an expression gave: a date and time, or a date.  What names
 * neither an offset nor a zone is meant by the calendar's clock. */
static bool
instant_of_value(struct run *run, const struct value *value, int64_t *ms)
{
	const struct calendar *calendar = run->chart->definition->calendar;
	struct date_time date_time;

	if (!date_time_of_value(value, &date_time))
		return false;
	if (date_time.time.offset_kind == OFFSET_NONE && calendar != NULL) {
		run->by_calendar = true;
		date_time.time.offset_kind = OFFSET_ZONE;
		date_time.time.zone = calendar->zone;
	}
	return date_time_to_instant(&date_time, ms);
}

static int64_t
add_clamped(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t
duration_ms(struct duration duration)
{
	int64_t ms;

	if (__builtin_mul_overflow(duration.seconds, (int64_t)1000, &ms) ||
	    __builtin_add_overflow(ms, duration.nanoseconds / 1000000, &ms))
		return duration.seconds < 0 ? 0 : INT64_MAX;
	return ms;
}

static bool
due_of_value(struct run *run, const struct value *value, int64_t from_ms,
    int64_t *due_ms)
{
	struct def_span span;
	int64_t ms;

	if (value->type == VALUE_DURATION) {
		*due_ms = add_clamped(from_ms, duration_ms(value->as.duration));
		return true;
	}
	if (value->type == VALUE_MONTHS) {
		if (!def_span_of_months(value->as.months, &ms))
			return false;
		*due_ms = add_clamped(from_ms, ms);
		return true;
	}
	if (value->type == VALUE_STRING &&
	    def_span_parse(value->as.string, &span) && span.kind != SPAN_FEEL)
		return chart_env_due(run, &span, from_ms, due_ms);
	return instant_of_value(run, value, due_ms);
}

bool
chart_env_due(struct run *run, const struct def_span *span, int64_t from_ms,
    int64_t *due_ms)
{
	const struct calendar *calendar = run->chart->definition->calendar;
	const struct value *value;

	run->by_calendar = span->kind == SPAN_BUSINESS_DAYS;
	switch (span->kind) {
	case SPAN_NONE:
		*due_ms = from_ms;
		return true;
	case SPAN_FIXED:
		*due_ms = add_clamped(from_ms, span->fixed_ms);
		return true;
	case SPAN_BUSINESS_DAYS:
		if (calendar == NULL)
			return false;
		*due_ms = calendar_add_business_days(
		    calendar, from_ms, span->business_days);
		return true;
	case SPAN_FEEL:
		value = chart_env_eval(run, span->feel);
		if (is_in_doubt(run, value)) {
			*due_ms = chart_replay_due(run, span->feel, span->text);
			return true;
		}
		if (due_of_value(run, value, from_ms, due_ms))
			return true;
		chart_record_no_time(run, span->feel, value);
		return false;
	}
	unreachable("every kind of span is listed");
}

bool
chart_env_instant(struct run *run, const struct template *at, int64_t *due_ms)
{
	const struct value *value = chart_env_eval(run, at);

	run->by_calendar = false;
	if (is_in_doubt(run, value)) {
		*due_ms =
		    chart_replay_due(run, at, (struct str){NULL, 0});
		return true;
	}
	if (instant_of_value(run, value, due_ms))
		return true;
	chart_record_no_time(run, at, value);
	return false;
}
