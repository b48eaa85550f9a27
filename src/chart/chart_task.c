/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_task.c: what people decide, and who may.
 *
 * Four eyes are kept here and not in a page: `exclude` names who may not
 * decide this task, `separate` (chart_duty.c) what no one person may do
 * together in one instance.  Every refusal is a record.
 */
#include "chart_priv.h"

#include <stdio.h>

static struct task *
find_open(const struct chart *chart, uint64_t serial)
{
	for (struct task *task = chart->tasks; task != NULL; task = task->next)
		if (task->open && task->serial == serial)
			return task;
	return NULL;
}

static const struct def_task *
definition_of(const struct chart *chart, const struct task *task)
{
	return chart->definition->states[task->state]->task;
}

static const struct value *
votes_value(const struct task *task, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (const struct vote *vote = task->votes; vote != NULL;
	     vote = vote->next) {
		struct value_builder *built = value_build_context(arena);

		value_put_str(built, "actor", vote->actor);
		value_put_str(built, "choice", vote->choice);
		if (vote->from.at != NULL)
			value_put_str(built, "on_behalf_of", vote->from);
		value_append(list, value_built(built));
	}
	return value_built(list);
}

const struct value *
chart_task_body(
    const struct chart *chart, const struct task *task, struct arena *arena)
{
	const struct def_task *definition = definition_of(chart, task);
	struct value_builder *built = value_build_context(arena);

	value_put(built, STR("id"),
	    value_of_str(arena, arena_strf(arena, "%s.%llu", chart->id,
				    (unsigned long long)task->serial)));
	value_put_str(built, "instance", str_of(chart->id));
	value_put_str(built, "workflow", chart->definition->name);
	value_put_str(built, "business_key", chart->business_key);
	value_put_str(
	    built, "state", chart->definition->states[task->state]->name);
	value_put_str(built, "title", task->title);
	value_put_str(built, "description", task->description);
	value_put_str(built, "role", task->role);
	value_put_int(built, "approvals", task->approvals);
	value_put(built, STR("choices"),
	    value_of_strs(
		arena, definition->choices, definition->choice_count));
	value_put(built, STR("decisions"), votes_value(task, arena));
	value_put_instant(built, "created", task->created_ms);
	value_put_instant(built, "due", task->due_ms);
	value_put_str(
	    built, "status", task->open ? STR("open") : STR("closed"));
	return value_built(built);
}

static void
put_item(struct run *run, const struct task *task)
{
	struct chart_effect *effect = chart_effect_add(run, DO_PUT_ITEM);

	effect->item = CHART_TASK;
	effect->serial = task->serial;
	effect->open = task->open;
	effect->created_ms = task->created_ms;
	effect->closed_ms = task->open ? 0 : run->context->now_ms;
	effect->owner = task->role;
	effect->body = chart_task_body(run->chart, task, run->context->arena);
}

static bool
approvals_of(
    struct run *run, const struct def_task *definition, int64_t *approvals)
{
	const struct value *value;

	*approvals = 1;
	if (definition->approvals == NULL)
		return true;
	value = chart_env_eval(run, definition->approvals);
	return value_to_int(value, approvals) && *approvals >= 1;
}

static struct str
kept_text(struct run *run, const struct template *template)
{
	return arena_str(run->chart->arena,
	    chart_env_text(run, template, (struct str){NULL, 0}));
}

/* Whose task it is; absent: anybody's.  false where that was not said by
 * leaving `role` out: a null on the way must not open it to everybody. */
static bool
role_wanted(
    struct run *run, const struct def_task *definition, struct str *role)
{
	*role = kept_text(run, definition->role);
	return definition->role == NULL || role->bytes > 0;
}

/* 0: at no time. */
static int64_t
due_of(struct run *run, const struct def_task *definition, int64_t created_ms)
{
	int64_t due_ms;

	return definition->due.kind != SPAN_NONE &&
		       chart_env_due(run, &definition->due, created_ms, &due_ms)
		   ? due_ms
		   : 0;
}

static void
open_incident(struct run *run, const struct def_state *state, const char *why)
{
	chart_incident_open(run, INCIDENT_TASK, SIZE_MAX, 0, NULL,
	    "the task of state `%.*s` can't be opened: %s",
	    STR_ARG(state->name), why);
}

/* The task of a state, if it has one; false where an incident stands in the
 * way. */
bool
chart_task_open(struct run *run, const struct def_state *state)
{
	struct chart *chart = run->chart;
	const struct def_task *definition = state->task;
	struct value_builder *record;
	struct task *task;
	struct str role;
	int64_t approvals;

	if (definition == NULL)
		return true;
	if (!approvals_of(run, definition, &approvals)) {
		open_incident(run, state,
		    "`approvals` gives no number of at least 1");
		return false;
	}
	if (!role_wanted(run, definition, &role)) {
		open_incident(run, state,
		    "`role` gives no role; where anybody may decide, leave it "
		    "out");
		return false;
	}
	task = ARENA_NEW(chart->arena, struct task);
	task->serial = ++chart->serial_last;
	task->state = state->index;
	task->open = true;
	task->created_ms = run->context->now_ms;
	task->title = kept_text(run, definition->title);
	task->description = kept_text(run, definition->description);
	task->role = role;
	task->approvals = approvals;
	task->due_ms = due_of(run, definition, task->created_ms);
	LIST_APPEND(chart->tasks, task);
	put_item(run, task);
	record = chart_record_begin(run, AUDIT_TASK_OPENED);
	chart_record_state(run, record, "state", state->index);
	value_put_str(record, "title", task->title);
	value_put_str(record, "role", task->role);
	value_put_int(record, "approvals", approvals);
	chart_record_end(run, record);
	return true;
}

static struct task *
find_open_in(const struct chart *chart, const struct def_state *state)
{
	struct task *task = chart->tasks;

	while (task != NULL && (!task->open || task->state != state->index))
		task = task->next;
	return task;
}

static int64_t
count_votes(const struct task *task, struct str choice)
{
	int64_t count = 0;

	for (const struct vote *vote = task->votes; vote != NULL;
	     vote = vote->next)
		if (str_equal(vote->choice, choice))
			count++;
	return count;
}

/* Of the choice that has most. */
static int64_t
most_votes(const struct task *task)
{
	int64_t most = 0;

	for (const struct vote *vote = task->votes; vote; vote = vote->next) {
		int64_t count = count_votes(task, vote->choice);

		most = count > most ? count : most;
	}
	return most;
}

bool
chart_task_can_open(struct run *run, const struct def_state *state)
{
	const struct task *task = find_open_in(run->chart, state);
	int64_t approvals;

	return approvals_of(run, state->task, &approvals) &&
	       (task == NULL || approvals > most_votes(task));
}

bool
chart_task_has_role(struct run *run, const struct def_state *state)
{
	struct str role;

	return role_wanted(run, state->task, &role);
}

bool
chart_task_renew(struct run *run, const struct def_state *state)
{
	struct task *task = find_open_in(run->chart, state);

	if (task == NULL)
		return false;
	task->title = kept_text(run, state->task->title);
	task->description = kept_text(run, state->task->description);
	must(role_wanted(run, state->task, &task->role));
	must(approvals_of(run, state->task, &task->approvals));
	task->due_ms = due_of(run, state->task, task->created_ms);
	put_item(run, task);
	return true;
}

void
chart_task_close(struct run *run, size_t state)
{
	for (struct task *task = run->chart->tasks; task != NULL;
	     task = task->next) {
		struct value_builder *record;

		if (!task->open || task->state != state)
			continue;
		task->open = false;
		put_item(run, task);
		record = chart_record_begin(run, AUDIT_TASK_CLOSED);
		chart_record_state(run, record, "state", state);
		chart_record_end(run, record);
	}
}

/* ---- who may ---- */

/* Who decides, and in whose role. */
struct decider {
	struct str actor;
	struct str from; /* absent: their own */
};

static bool
has_voted(const struct task *task, struct str person)
{
	for (const struct vote *vote = task->votes; vote != NULL;
	     vote = vote->next)
		if (chart_person_is(vote->actor, person) ||
		    chart_person_is(vote->from, person))
			return true;
	return false;
}

static bool
is_excluded_by(const struct chart *chart, struct str word, struct str person)
{
	if (str_equal(word, STR("initiator")))
		return chart_person_is(chart->initiator, person);
	for (const struct task *task = chart->tasks; task != NULL;
	     task = task->next)
		if (str_equal(
			chart->definition->states[task->state]->name, word) &&
		    has_voted(task, person))
			return true;
	return false;
}

static bool
is_named_by(const struct def_task *definition, struct str name)
{
	return definition != NULL &&
	       str_is_among(
		   name, definition->exclude, definition->exclude_count);
}

/* Some `exclude` speaks of it: its own, or that of a task for which it counts
 * who decided this one. */
static bool
is_spoken_of(const struct chart *chart, const struct def_state *state)
{
	const struct definition *definition = chart->definition;

	for (size_t i = 0; i < definition->state_count; i++)
		if (is_named_by(definition->states[i]->task, state->name))
			return true;
	return state->task->exclude_count > 0;
}

static struct str
word_of(const struct run *run, struct str role)
{
	return role.at == NULL
		   ? role
		   : arena_strf(run->context->arena, DEF_APPROVER "%.*s",
			 STR_ARG(role));
}

static struct str
role_of(const struct run *run, const struct task *task)
{
	return word_of(run, task->role);
}

static struct duty
duty_of(const struct run *run, const struct task *task)
{
	return (struct duty){
	    .part = PART_APPROVE,
	    .task = run->chart->definition->states[task->state]->name,
	    .role = role_of(run, task),
	};
}

static struct objection
judge_excluded(
    struct run *run, const struct def_task *definition, struct str person)
{
	for (size_t i = 0; i < definition->exclude_count; i++)
		if (is_excluded_by(run->chart, definition->exclude[i], person))
			return chart_duty_object(run, REFUSED_EXCLUDED,
			    "%.*s may not decide this task: `exclude` names "
			    "%.*s",
			    STR_ARG(person), STR_ARG(definition->exclude[i]));
	return (struct objection){REFUSED_NOT, {NULL, 0}};
}

/* Whether the person may decide, the role aside. */
static struct objection
judge_person(struct run *run, const struct task *task, struct str person)
{
	struct duty duty = duty_of(run, task);
	struct objection objection =
	    judge_excluded(run, definition_of(run->chart, task), person);

	if (objection.refusal != REFUSED_NOT)
		return objection;
	if (has_voted(task, person))
		return chart_duty_object(run, REFUSED_TWICE,
		    "%.*s has decided this task already: another person is "
		    "needed",
		    STR_ARG(person));
	return chart_duty_judge(run, person, &duty);
}

static struct objection
ask_for_name(struct run *run)
{
	return chart_duty_object(run, REFUSED_EXCLUDED,
	    "say who you are: this task is not for everybody");
}

static struct objection
judge_decider(
    struct run *run, const struct task *task, const struct decider *decider)
{
	const struct def_state *state =
	    run->chart->definition->states[task->state];
	struct objection objection;

	if (!chart_person_is_known(decider->actor) &&
	    (is_spoken_of(run->chart, state) || task->approvals > 1))
		return ask_for_name(run);
	objection = judge_person(run, task, decider->actor);
	if (objection.refusal == REFUSED_NOT && decider->from.at != NULL)
		objection = judge_person(run, task, decider->from);
	return objection;
}

/* ---- who may leave one out ---- */

/* As the strand sees it that it could not be opened in; absent: there is none,
 * as has been told with the incident. */
static struct str
role_left_out(struct run *run, struct strand *strand,
    const struct def_task *definition)
{
	struct run asking = *run;
	struct str role;

	asking.strand = strand;
	asking.nulls = NULL;
	asking.null_count = 0;
	role = chart_env_text(&asking, definition->role, (struct str){NULL, 0});
	run->settings = asking.settings;
	return role.bytes > 0 ? role : (struct str){NULL, 0};
}

static struct duty
duty_left_out(
    struct run *run, struct strand *strand, const struct def_state *state)
{
	return (struct duty){
	    .part = PART_APPROVE,
	    .task = state->name,
	    .role = word_of(run, role_left_out(run, strand, state->task)),
	};
}

struct objection
chart_task_judge_left_out(struct run *run, struct strand *strand,
    const struct def_state *state, struct str person)
{
	struct duty duty = duty_left_out(run, strand, state);
	struct objection objection;

	if (!chart_person_is_known(person) && is_spoken_of(run->chart, state))
		return ask_for_name(run);
	objection = judge_excluded(run, state->task, person);
	if (objection.refusal != REFUSED_NOT)
		return objection;
	return chart_duty_judge(run, person, &duty);
}

void
chart_task_left_out(struct run *run, struct strand *strand,
    const struct def_state *state, struct str person)
{
	struct duty duty = duty_left_out(run, strand, state);

	chart_duty_took(run, person, &duty);
}

/* ---- who may decide one ---- */

/* History tells whose the role was that somebody decided in, and not which: it
 * is the task's. */
static bool
is_mandate_for(const struct run *run, const struct chart_mandate *mandate,
    struct str role)
{
	if (mandate->role.at == NULL)
		return run->context->replay != NULL;
	return str_equal(mandate->role, role);
}

/* By the role that the actor holds, or else by the first delegation of it that
 * nothing is to be said against: neither against the one nor the other. */
static bool
find_decider(struct run *run, const struct task *task,
    const struct chart_actor *actor, struct decider *decider)
{
	struct str role = role_of(run, task);
	struct objection objection;

	*decider = (struct decider){.actor = actor->name};
	if (role.at == NULL || chart_actor_has(actor, role)) {
		objection = judge_decider(run, task, decider);
	} else {
		objection = chart_duty_object(run, REFUSED_ROLE,
		    "this task is for the role `%.*s`", STR_ARG(role));
		for (size_t i = 0; i < actor->mandate_count &&
				   objection.refusal != REFUSED_NOT;
		     i++) {
			if (!is_mandate_for(run, &actor->mandates[i], role))
				continue;
			decider->from = actor->mandates[i].from;
			objection = judge_decider(run, task, decider);
		}
	}
	if (objection.refusal == REFUSED_NOT)
		return true;
	chart_step_refuse(
	    run, objection.refusal, "%.*s", STR_ARG(objection.detail));
	return false;
}

static void
refuse_choice(
    struct run *run, const struct def_task *definition, struct str choice)
{
	struct buf words = {0};

	for (size_t i = 0; i < definition->choice_count; i++)
		buf_addf(&words, "%s%.*s", i ? ", " : "",
		    STR_ARG(definition->choices[i]));
	chart_step_refuse(run, REFUSED_CHOICE,
	    "`%.*s` is no choice here; the choices are %s", STR_ARG(choice),
	    buf_cstr(&words));
	buf_fini(&words);
}

static bool
check_choice(
    struct run *run, const struct task *task, const struct chart_event *event)
{
	const struct def_task *definition = definition_of(run->chart, task);
	struct schema_errors errors = {.arena = run->context->arena};

	if (!str_is_among(event->choice, definition->choices,
		definition->choice_count)) {
		refuse_choice(run, definition, event->choice);
		return false;
	}
	if (definition->form != NULL && run->context->replay == NULL &&
	    !schema_validate(definition->form,
		event->data ? event->data : &value_null, &errors)) {
		chart_step_refuse(run, REFUSED_FORM, "the form%s%.*s: %.*s",
		    errors.items[0].pointer.bytes > 0 ? ", at " : "",
		    STR_ARG(errors.items[0].pointer),
		    STR_ARG(errors.items[0].message));
		run->effects->refusal_errors = errors;
		return false;
	}
	return true;
}

/* ---- deciding ---- */

static void
record_decided(struct run *run, const struct task *task,
    const struct chart_event *event, const struct decider *decider)
{
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_TASK_DECIDED);

	chart_record_state(run, record, "state", task->state);
	value_put_str(record, "choice", event->choice);
	if (decider->from.at != NULL)
		value_put_str(record, "on_behalf_of", decider->from);
	if (event->comment.at != NULL)
		value_put_str(record, "comment", event->comment);
	chart_record_value(record, "data", event->data);
	value_put_int(record, "decisions", count_votes(task, event->choice));
	value_put_int(record, "approvals", task->approvals);
	chart_record_end(run, record);
}

static const struct value *
decided_event(struct run *run, const struct chart_event *event)
{
	struct value_builder *built = value_build_context(run->chart->arena);

	value_put_str(built, "type", event->choice);
	value_put_str(built, "actor", event->actor.name);
	value_put_str(built, "comment", event->comment);
	value_put(built, STR("data"),
	    event->data != NULL ? chart_env_keep(run, event->data)
				: &value_null);
	return value_built(built);
}

/* For the task's state and those around it, as it is entered now. */
static void
raise_decided(
    struct run *run, const struct task *task, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	const struct active *active =
	    chart_config_find(chart, chart->definition->states[task->state]);

	must(active != NULL);
	chart_step_raise(run, (struct signal){
				  .name = event->choice,
				  .event = decided_event(run, event),
				  .only = SIZE_MAX,
				  .from = task->state,
				  .entry = active->entry,
			      });
}

static void
add_vote(struct run *run, struct task *task, const struct chart_event *event,
    const struct decider *decider)
{
	struct arena *arena = run->chart->arena;
	struct vote *vote = ARENA_NEW(arena, struct vote);
	struct duty duty = duty_of(run, task);

	vote->actor = arena_str(arena, decider->actor);
	vote->from = arena_str(arena, decider->from);
	vote->choice = arena_str(arena, event->choice);
	LIST_APPEND(task->votes, vote);
	chart_duty_took(run, decider->actor, &duty);
	chart_duty_took(run, decider->from, &duty);
}

void
chart_task_decide(struct run *run, const struct chart_event *event)
{
	struct task *task = find_open(run->chart, event->serial);
	struct decider decider;

	if (task == NULL) {
		chart_step_refuse(
		    run, REFUSED_ABSENT, "there is no such open task");
		return;
	}
	if (!find_decider(run, task, &event->actor, &decider) ||
	    !check_choice(run, task, event))
		return;
	add_vote(run, task, event, &decider);
	record_decided(run, task, event, &decider);
	if (count_votes(task, event->choice) >= task->approvals ||
	    str_equal(event->choice, STR("rejected"))) {
		chart_task_close(run, task->state);
		raise_decided(run, task, event);
	} else {
		put_item(run, task);
	}
}
