/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_fact.c: all that a definition says, as facts that can be compared.
 *
 * The order of facts is that of the document.  A list of transitions for one
 * event is one fact, since which of them is taken depends on all before it.
 */
#include "diff_priv.h"

#include "stated/decision.h"
#include "stated/json.h"
#include "stated/map.h"

static struct str
name_of(const struct diff_facts *facts, const struct def_state *state)
{
	return facts->names != NULL ? facts->names[state->index] : state->name;
}

void
diff_fact_add(struct diff_facts *facts, struct diff_fact fact)
{
	facts->items = arena_grow(facts->arena, facts->items, facts->count,
	    &facts->capacity, sizeof(*facts->items));
	facts->items[facts->count++] = fact;
}

/* Absent texts say nothing. */
static void
say(struct diff_facts *facts, struct str state, struct str item,
    const char *aspect, struct str text)
{
	if (text.at != NULL)
		diff_fact_add(facts,
		    (struct diff_fact){state, item, str_of(aspect), text});
}

static struct str
targets_text(const struct diff_facts *facts, const struct def_targets *targets)
{
	struct str *names =
	    ARENA_ARRAY(facts->arena, targets->count + 1, struct str);

	for (size_t i = 0; i < targets->count; i++)
		names[i] = name_of(facts, targets->items[i]);
	return diff_text_names(facts->arena, names, targets->count);
}

static struct str
compensate_text(const struct diff_facts *facts, enum def_compensate compensate,
    const struct def_state *to)
{
	if (compensate == COMPENSATE_NONE)
		return (struct str){NULL, 0};
	if (compensate == COMPENSATE_ALL)
		return STR("all");
	return arena_strf(
	    facts->arena, "to %.*s", STR_ARG(name_of(facts, to)));
}

/* ---- transitions ---- */

static struct str
transition_text(
    const struct diff_facts *facts, const struct def_transition *transition)
{
	struct arena *arena = facts->arena;
	struct str undo = compensate_text(
	    facts, transition->compensate, transition->compensate_to);
	struct buf text = {0};
	struct str kept;

	if (transition->guard != NULL)
		buf_addf(&text, "if %.*s ",
		    STR_ARG(diff_text_of(arena, transition->guard)));
	if (transition->targets.count > 0)
		buf_addf(&text, "→ %.*s",
		    STR_ARG(targets_text(facts, &transition->targets)));
	else
		buf_add_cstr(&text, "stays");
	if (undo.at != NULL)
		buf_addf(&text, ", compensate %.*s", STR_ARG(undo));
	if (transition->interrupt)
		buf_add_cstr(&text, ", interrupts");
	if (transition->internal)
		buf_add_cstr(&text, ", internal");
	kept = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return kept;
}

static struct str
trigger_of(struct arena *arena, const struct def_transition *transition)
{
	if (transition->after.kind != SPAN_NONE)
		return arena_strf(arena, "after %.*s",
		    STR_ARG(diff_text_span(arena, &transition->after)));
	if (transition->event.bytes > 0)
		return arena_strf(arena, "on %.*s", STR_ARG(transition->event));
	return STR("always");
}

static bool
is_first(struct arena *arena, const struct def_transitions *transitions,
    size_t index, struct str trigger)
{
	for (size_t i = 0; i < index; i++)
		if (str_equal(
			trigger_of(arena, transitions->items[i]), trigger))
			return false;
	return true;
}

/* Whose steps they are is told by the transition's number: the second does
 * what the first does in another case. */
static void
say_trigger_steps(struct diff_facts *facts, struct str state,
    const struct def_transitions *transitions, size_t from)
{
	struct arena *arena = facts->arena;
	struct str trigger = trigger_of(arena, transitions->items[from]);
	struct str where = trigger;
	size_t nth = 0;

	for (size_t i = from; i < transitions->count; i++) {
		const struct def_transition *transition =
		    transitions->items[i];

		if (!str_equal(trigger_of(arena, transition), trigger))
			continue;
		if (++nth > 1)
			where = arena_strf(
			    arena, "%.*s (%zu)", STR_ARG(trigger), nth);
		diff_step_gather(facts, state, where, &transition->steps);
	}
}

/* All transitions of one trigger, in order. */
static void
say_trigger(struct diff_facts *facts, struct str state,
    const struct def_transitions *transitions, size_t from)
{
	struct arena *arena = facts->arena;
	struct str trigger = trigger_of(arena, transitions->items[from]);
	struct buf text = {0};

	for (size_t i = from; i < transitions->count; i++)
		if (str_equal(
			trigger_of(arena, transitions->items[i]), trigger))
			buf_addf(&text, "%s%.*s", i > from ? "; " : "",
			    STR_ARG(
				transition_text(facts, transitions->items[i])));
	say(facts, state, trigger, "", arena_str(arena, buf_str(&text)));
	buf_fini(&text);
	say_trigger_steps(facts, state, transitions, from);
}

static void
say_transitions(struct diff_facts *facts, struct str state,
    const struct def_transitions *transitions)
{
	for (size_t i = 0; i < transitions->count; i++)
		if (is_first(facts->arena, transitions, i,
			trigger_of(facts->arena, transitions->items[i])))
			say_trigger(facts, state, transitions, i);
}

/* ---- schemas ---- */

/* Contexts are told leaf by leaf, so that one member that has changed does not
 * repeat all the others.  The aspect is the path. */
static void
say_value(
    struct diff_facts *facts, struct diff_fact fact, const struct value *value)
{
	struct str path = fact.aspect;
	struct buf text = {0};

	if (value->type != VALUE_CONTEXT || value->as.context.count == 0) {
		json_write(value, JSON_PLAIN, &text);
		fact.text = arena_str(facts->arena, buf_str(&text));
		diff_fact_add(facts, fact);
		buf_fini(&text);
		return;
	}
	for (size_t i = 0; i < value->as.context.count; i++) {
		fact.aspect = arena_strf(facts->arena, "%.*s%s%.*s",
		    STR_ARG(path), path.bytes > 0 ? "." : "",
		    STR_ARG(value->as.context.fields[i].key));
		say_value(facts, fact, value->as.context.fields[i].value);
	}
}

static void
say_schema(struct diff_facts *facts, struct str state, struct str item,
    const char *aspect, const struct schema *schema)
{
	struct diff_fact fact = {
	    .state = state, .item = item, .aspect = str_of(aspect)};

	if (schema != NULL)
		say_value(facts, fact, schema_document(schema));
}

/* ---- states ---- */

static void
say_task(
    struct diff_facts *facts, struct str state, const struct def_task *task)
{
	struct arena *arena = facts->arena;
	struct str item = STR("user-task");

	say(facts, state, item, "", STR(""));
	say(facts, state, item, "title", diff_text_of(arena, task->title));
	say(facts, state, item, "description",
	    diff_text_of(arena, task->description));
	say(facts, state, item, "role", diff_text_of(arena, task->role));
	say(facts, state, item, "approvals",
	    diff_text_of(arena, task->approvals));
	say(facts, state, item, "exclude",
	    diff_text_names(arena, task->exclude, task->exclude_count));
	say(facts, state, item, "choices",
	    diff_text_names(arena, task->choices, task->choice_count));
	say(facts, state, item, "due", diff_text_span(arena, &task->due));
	say_schema(facts, state, item, "form", task->form);
}

static void
say_escalation(struct diff_facts *facts, struct str state,
    const struct def_escalation *escalation)
{
	struct arena *arena = facts->arena;
	struct str item =
	    arena_strf(arena, "escalation %zu", escalation->index + 1);
	struct str when =
	    escalation->at != NULL
		? arena_strf(arena, "at %.*s",
		      STR_ARG(diff_text_of(arena, escalation->at)))
		: arena_strf(arena, "after %.*s",
		      STR_ARG(diff_text_span(arena, &escalation->after)));

	say(facts, state, item, "",
	    escalation->to != NULL
		? arena_strf(arena, "%.*s to %.*s", STR_ARG(when),
		      STR_ARG(escalation->to->name))
		: when);
	say(facts, state, item, "message",
	    diff_text_of(arena, escalation->message));
	say(facts, state, item, "severity", escalation->severity);
	say(facts, state, item, "every",
	    diff_text_span(arena, &escalation->every));
	say(facts, state, item, "if", diff_text_of(arena, escalation->guard));
	if (escalation->target != NULL)
		say(facts, state, item, "target",
		    name_of(facts, escalation->target));
}

static struct str
kind_text(struct arena *arena, const struct def_state *state)
{
	switch (state->kind) {
	case STATE_ATOMIC:
		return STR("atomic");
	case STATE_COMPOUND:
		return STR("compound");
	case STATE_PARALLEL:
		return STR("parallel");
	case STATE_HISTORY:
		return state->deep ? STR("deep history") : STR("history");
	case STATE_FINAL:
		return arena_strf(arena, "final, %.*s",
		    STR_ARG(def_ending_name(state->outcome)));
	}
	unreachable("every kind of state is above");
}

static void
say_state(struct diff_facts *facts, const struct def_state *state)
{
	struct arena *arena = facts->arena;
	struct str name = name_of(facts, state), none = STR("");

	say(facts, name, none, "", kind_text(arena, state));
	if (state->parent != NULL)
		say(facts, name, none, "parent",
		    name_of(facts, state->parent));
	say(facts, name, none, "title", state->title);
	say(facts, name, none, "description", state->description);
	say(facts, name, none, "initial", targets_text(facts, &state->initial));
	say(facts, name, none, "compensate",
	    compensate_text(facts, state->compensate, state->compensate_to));
	say(facts, name, none, "output",
	    diff_text_assigns(arena, &state->output));
	diff_step_gather(facts, name, STR("entry"), &state->entry);
	if (state->task != NULL)
		say_task(facts, name, state->task);
	say_transitions(facts, name, &state->on);
	say_transitions(facts, name, &state->always);
	say_transitions(facts, name, &state->after);
	for (size_t i = 0; i < state->escalation_count; i++)
		say_escalation(facts, name, &state->escalations[i]);
	diff_step_gather(facts, name, STR("exit"), &state->exit);
}

/* ---- the whole ---- */

static void
say_events(struct diff_facts *facts)
{
	const struct definition *definition = facts->definition;
	struct arena *arena = facts->arena;
	struct str whole = STR("");

	for (size_t i = 0; i < definition->event_count; i++) {
		const struct def_event *event = &definition->events[i];
		struct str item =
		    arena_strf(arena, "event %.*s", STR_ARG(event->type));

		say(facts, whole, item, "", STR(""));
		say(facts, whole, item, "correlate",
		    diff_text_of(arena, event->correlate));
		say(facts, whole, item, "supersedes",
		    diff_text_names(
			arena, event->supersedes, event->supersedes_count));
		say(facts, whole, item, "keep",
		    event->keep ? STR("true") : STR("false"));
		say_schema(facts, whole, item, "data", event->data);
	}
}

static void
say_variables(struct diff_facts *facts)
{
	const struct definition *definition = facts->definition;
	struct arena *arena = facts->arena;

	for (size_t i = 0; i < definition->data.count; i++)
		say(facts, STR(""),
		    arena_strf(arena, "data %.*s",
			STR_ARG(definition->data.items[i].name)),
		    "",
		    diff_text_value(arena, definition->data.items[i].value));
	for (size_t i = 0; i < definition->labels.count; i++)
		say(facts, STR(""),
		    arena_strf(arena, "label %.*s",
			STR_ARG(definition->labels.items[i].name)),
		    "",
		    diff_text_value(arena, definition->labels.items[i].value));
}

static void
say_invariants(struct diff_facts *facts)
{
	const struct definition *definition = facts->definition;
	struct arena *arena = facts->arena;

	for (size_t i = 0; i < definition->invariant_count; i++) {
		const struct def_invariant *invariant =
		    &definition->invariants[i];
		struct str item = arena_strf(
		    arena, "invariant %.*s", STR_ARG(invariant->name));
		struct def_targets in = {invariant->in, invariant->in_count};

		say(facts, STR(""), item, "",
		    diff_text_of(arena, invariant->that));
		say(facts, STR(""), item, "in", targets_text(facts, &in));
	}
}

static struct str
parts_text(struct arena *arena, const struct def_separate *set)
{
	struct str *names =
	    ARENA_ARRAY(arena, set->name_count + PARTS_ALL, struct str);
	size_t count = 0;

	for (unsigned bit = 1; bit <= set->parts; bit <<= 1)
		if (set->parts & bit)
			names[count++] = def_part_name((enum def_part)bit);
	for (size_t i = 0; i < set->name_count; i++)
		names[count++] = set->names[i];
	return diff_text_names(arena, names, count);
}

static void
say_schedules(struct diff_facts *facts)
{
	const struct definition *definition = facts->definition;
	static const char *const overlaps[] = {
	    [OVERLAP_SKIP] = "skip",
	    [OVERLAP_QUEUE] = "queue",
	    [OVERLAP_ALLOW] = "allow",
	};
	static const char *const catch_ups[] = {
	    [CATCH_UP_LAST] = "last",
	    [CATCH_UP_ALL] = "all",
	    [CATCH_UP_NONE] = "none",
	};
	struct str whole = STR("");

	for (size_t i = 0; i < definition->schedule_count; i++) {
		const struct def_schedule *schedule = &definition->schedules[i];
		struct str item =
		    arena_strf(facts->arena, "schedule %zu", i + 1);

		say(facts, whole, item, "", schedule->text);
		say(facts, whole, item, "timezone", schedule->timezone);
		if (schedule->calendar != NULL)
			say(facts, whole, item, "calendar",
			    schedule->calendar->name);
		say(facts, whole, item, "input",
		    diff_text_of(facts->arena, schedule->input));
		say(facts, whole, item, "overlap",
		    str_of(overlaps[schedule->overlap]));
		say(facts, whole, item, "catch-up",
		    str_of(catch_ups[schedule->catch_up]));
	}
}

static void
say_words(struct diff_facts *facts)
{
	const struct definition *definition = facts->definition;
	struct arena *arena = facts->arena;
	struct str whole = STR("");

	say(facts, whole, STR("title"), "", definition->title);
	say(facts, whole, STR("description"), "", definition->description);
	if (definition->owner != NULL)
		say(facts, whole, STR("owner"), "", definition->owner->name);
	if (definition->calendar != NULL)
		say(facts, whole, STR("calendar"), "",
		    definition->calendar->name);
	say(facts, whole, STR("priority"), "",
	    diff_text_of(arena, definition->priority));
	say(facts, whole, STR("retention"), "",
	    diff_text_span(arena, &definition->retention));
	say(facts, whole, STR("hold"), "",
	    diff_text_span(arena, &definition->hold));
	for (size_t i = 0; i < definition->separate_count; i++)
		say(facts, whole, arena_strf(arena, "separate %zu", i + 1), "",
		    parts_text(arena, &definition->separate[i]));
	say(facts, whole, STR("sensitive"), "",
	    diff_text_names(
		arena, definition->sensitive, definition->sensitive_count));
	say(facts, whole, STR("business-key"), "",
	    diff_text_of(arena, definition->business_key));
	if (definition->incident_owner != NULL)
		say(facts, whole, STR("incident"), "owner",
		    definition->incident_owner->name);
	say(facts, whole, STR("incident"), "max-age",
	    diff_text_span(arena, &definition->incident_max_age));
	say(facts, whole, STR("incident"), "runbook", definition->runbook);
	say(facts, whole, STR("initial"), "",
	    targets_text(facts, &definition->initial));
}

/* ---- decision tables that it uses ---- */

/* No cell can have it but in quotes; a comma parts the tests of one cell. */
static void
add_separator(struct buf *text, size_t index)
{
	if (index > 0)
		buf_add_cstr(text, " | ");
}

static struct str
keep(const struct diff_facts *facts, struct buf *text)
{
	struct str kept = arena_str(facts->arena, buf_str(text));

	buf_fini(text);
	return kept;
}

static void
add_tests(struct buf *text, const char *before, const struct feel *tests)
{
	if (tests != NULL)
		buf_addf(text, "%s%.*s", before,
		    STR_ARG(str_trim(feel_source(tests))));
}

/* The label is the expression where it has none of its own. */
static void
add_input(struct buf *text, const struct decision_input *input)
{
	struct str label = str_trim(input->label);
	struct str expression = str_trim(feel_source(input->feel));

	buf_add_str(text, label);
	if (!str_equal(label, expression))
		buf_addf(text, " = %.*s", STR_ARG(expression));
	add_tests(text, " in ", input->allowed);
}

static struct str
inputs_text(
    const struct diff_facts *facts, const struct def_decision *decision)
{
	struct buf text = {0};

	for (size_t i = 0; i < decision->input_count; i++) {
		add_separator(&text, i);
		add_input(&text, &decision->inputs[i]);
	}
	return keep(facts, &text);
}

static void
add_output(const struct diff_facts *facts, struct buf *text,
    const struct decision_output *output)
{
	buf_add_str(text, output->name);
	if (output->values != NULL) {
		buf_add_cstr(text, " of ");
		json_write(output->values, JSON_PLAIN, text);
	}
	add_tests(text, " in ", output->allowed);
	if (output->fallback != NULL)
		buf_addf(text, ", else %.*s",
		    STR_ARG(diff_text_value(facts->arena, output->fallback)));
}

static struct str
outputs_text(
    const struct diff_facts *facts, const struct def_decision *decision)
{
	struct buf text = {0};

	for (size_t i = 0; i < decision->output_count; i++) {
		add_separator(&text, i);
		add_output(facts, &text, &decision->outputs[i]);
	}
	return keep(facts, &text);
}

static struct str
rule_text(const struct diff_facts *facts, const struct def_decision *decision,
    const struct decision_rule *rule)
{
	struct buf text = {0};

	for (size_t i = 0; i < decision->input_count; i++) {
		add_separator(&text, i);
		if (rule->when[i] == NULL)
			buf_add_char(&text, '-');
		add_tests(&text, "", rule->when[i]);
	}
	buf_add_cstr(&text, " → ");
	for (size_t i = 0; i < decision->output_count; i++) {
		add_separator(&text, i);
		buf_add_str(&text,
		    diff_text_value(facts->arena, rule->then[i]));
	}
	return keep(facts, &text);
}

/* A rule is known by what it says, so that a new one before it leaves it alone;
 * one that says the same as one before it is told apart. */
static void
say_rules(struct diff_facts *facts, struct str item,
    const struct def_decision *decision)
{
	struct map *told = map_new();

	for (size_t i = 0; i < decision->rule_count; i++) {
		struct str rule =
		    rule_text(facts, decision, &decision->rules[i]);
		size_t *times = map_find(told, rule);

		if (times == NULL) {
			times = ARENA_NEW(facts->arena, size_t);
			(void)map_put(told, rule, times);
		}
		if (++*times > 1)
			rule = arena_strf(facts->arena, "%.*s (%zu)",
			    STR_ARG(rule), *times);
		diff_fact_add(facts,
		    (struct diff_fact){STR(""), item, rule, rule});
	}
	map_free(&told);
}

static struct str
hit_policy_text(
    const struct diff_facts *facts, const struct def_decision *decision)
{
	static const char *const policies[] = {
#define X(constant, name, dmn_name) [constant] = name,
		HIT_POLICIES(X)
#undef X
	};
	static const char *const aggregations[] = {
#define X(constant, name, dmn_name) [constant] = name,
		HIT_AGGREGATIONS(X)
#undef X
	};

	return str_trim(arena_strf(facts->arena, "%s %s",
	    policies[decision->hit_policy],
	    aggregations[decision->aggregation]));
}

static void
say_table(struct diff_facts *facts, const struct def_decision *decision)
{
	struct str item =
	    arena_strf(facts->arena, DIFF_DECISION "%.*s",
		STR_ARG(decision->name));

	diff_fact_add(
	    facts, (struct diff_fact){STR(""), item, STR(""), STR("")});
	say(facts, STR(""), item, "description", decision->description);
	say(facts, STR(""), item, "hit-policy",
	    hit_policy_text(facts, decision));
	say(facts, STR(""), item, "inputs", inputs_text(facts, decision));
	say(facts, STR(""), item, "outputs", outputs_text(facts, decision));
	say_rules(facts, item, decision);
}

static void
say_tables(struct diff_facts *facts)
{
	const struct definition *definition = facts->definition;

	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_decision *decision =
		    definition->steps[i]->decision;
		bool is_told = decision == NULL;

		for (size_t j = 0; j < i && !is_told; j++)
			is_told = definition->steps[j]->decision == decision;
		if (!is_told)
			say_table(facts, decision);
	}
}

void
diff_fact_gather(struct diff_facts *facts)
{
	const struct definition *definition = facts->definition;

	say_words(facts);
	say_schema(facts, STR(""), STR("input"), "", definition->input);
	say_variables(facts);
	say_events(facts);
	say_invariants(facts);
	say_schedules(facts);
	say_tables(facts);
	for (size_t i = 0; i < definition->state_count; i++)
		say_state(facts, definition->states[i]);
}
