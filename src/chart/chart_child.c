/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_child.c: `run`: instances that this one starts, and that wait for it.
 *
 * A child is started and told of in the same turn, and so in the same commit:
 * there is no moment at which a child is there and its parent doesn't know,
 * or the other way round.
 */
#include "chart_priv.h"

struct child *
chart_child_find(const struct chart *chart, uint64_t serial)
{
	struct child *child = chart->children;

	while (child != NULL && child->serial != serial)
		child = child->next;
	return child;
}

bool
chart_awaiter_next(
    const struct chart *chart, const void **cursor, uint64_t *number)
{
	const struct waiter *before = *cursor;
	const struct waiter *waiter =
	    before != NULL ? before->next : chart->waiters;

	*cursor = waiter;
	if (waiter != NULL)
		*number = waiter->awaiter.number;
	return waiter != NULL;
}

bool
chart_awaited_next(
    const struct chart *chart, const void **cursor, uint64_t *number)
{
	const struct child *before = *cursor;
	const struct child *child =
	    before != NULL ? before->next : chart->children;

	while (child != NULL && child->number == 0)
		child = child->next;
	*cursor = child;
	if (child != NULL)
		*number = child->number;
	return child != NULL;
}

struct str
chart_child_id(
    const struct chart *chart, uint64_t number, char out[CHART_ID_BYTES])
{
	struct chart_identity identity = chart->identity;

	identity.number = number;
	return chart_id_format(identity, out);
}

static void
remove_child(struct chart *chart, struct child *child)
{
	struct child **link = &chart->children;

	while (*link != child)
		link = &(*link)->next;
	LIST_UNLINK(link);
}

/* ---- beginning ---- */

static enum def_priority
priority_of(struct run *run, const struct def_step *step)
{
	enum def_priority priority = run->chart->priority, given;

	if (step->priority != NULL &&
	    def_priority_parse(chart_env_text(run, step->priority,
				   def_priority_name(priority)),
		&given))
		return given;
	return priority;
}

enum step_result
chart_child_begin(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;
	const struct value *input =
	    step->with != NULL
		? chart_env_eval(run, step->with)
		: value_built(value_build_context(run->context->arena));
	enum def_priority priority = priority_of(run, step);
	struct chart_effect *effect;
	struct child *child;

	if (chart_run_fail_given_up(run, step))
		return STEP_BLOCKED;
	child = ARENA_NEW(chart->arena, struct child);
	child->serial = ++chart->serial_last;
	child->step = step->index;
	LIST_APPEND(chart->children, child);
	run->strand->awaits = child->serial;

	effect = chart_effect_add(run, DO_RUN);
	effect->serial = child->serial;
	effect->workflow = step->workflow;
	effect->data = input;
	effect->priority = priority;
	effect->waits = step->waits;
	return STEP_BLOCKED;
}

static const struct value *
started_response(struct run *run, const struct child *child)
{
	struct value_builder *built = value_build_context(run->context->arena);

	value_put_str(built, "id", child->id);
	return value_built(built);
}

/* Nobody has waited for it since it was asked for. */
static void
cancel_unwanted(struct run *run, uint64_t number)
{
	struct chart_effect *effect = chart_effect_add(run, DO_CANCEL_RUN);

	effect->child = number;
}

static void
note_started(struct run *run, struct child *child,
    const struct chart_child_start *start)
{
	const struct def_step *step =
	    run->chart->definition->steps[child->step];
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_CHILD_STARTED);

	child->number = start->number;
	child->id = arena_str(run->chart->arena, start->id);
	child->found = start->is_found;
	chart_record_step(run, record, step->index);
	value_put_str(record, "workflow", step->workflow);
	value_put_str(record, "child", child->id);
	if (child->found)
		value_put(record, STR("found"), &value_true);
	chart_record_end(run, record);
}

void
chart_run_started(struct chart *chart, const struct chart_child_start *start,
    struct chart_context *context, struct chart_effects *effects)
{
	struct run run = {
	    .chart = chart,
	    .context = context,
	    .effects = effects,
	    .effects_first = effects->count,
	};
	struct child *child = chart_child_find(chart, start->serial);
	const struct def_step *step;

	must(chart->magic == CHART_MAGIC);
	if (child == NULL) {
		if (!start->is_found)
			cancel_unwanted(&run, start->number);
		return;
	}
	must(child->number == 0 && start->number != 0);
	run.strand = chart_strand_awaiting(chart, start->serial);
	must(run.strand != NULL);
	note_started(&run, child, start);
	step = chart->definition->steps[child->step];
	if (step->waits)
		return;
	chart_run_done(&run, step, started_response(&run, child), step->output);
	remove_child(chart, child);
	chart_run_advance(chart, run.strand);
	chart_step_go_on(&run);
}

/* ---- its end ---- */

static const struct value *
output_or_null(const struct chart_child_end *end)
{
	return end->output != NULL ? end->output : &value_null;
}

static struct str
outcome_of(enum chart_status status)
{
	switch (status) {
	case CHART_COMPLETED:
		return def_ending_name(ENDING_SUCCESS);
	case CHART_FAULTED:
		return def_ending_name(ENDING_FAILURE);
	case CHART_CANCELLED:
		return def_ending_name(ENDING_CANCELLED);
	default:
		return chart_status_name(status);
	}
}

static const struct value *
ended_response(struct run *run, const struct chart_child_end *end)
{
	struct value_builder *built = value_build_context(run->context->arena);

	value_put_str(built, "id", end->id);
	value_put_str(built, "status", chart_status_name(end->status));
	value_put_str(built, "state", end->state);
	value_put_str(built, "outcome", outcome_of(end->status));
	value_put(built, STR("output"), output_or_null(end));
	return value_built(built);
}

/* What the step failed with; NULL: it did not. */
static const struct value *
error_of(struct run *run, const struct def_step *step,
    const struct chart_child_end *end)
{
	struct arena *arena = run->context->arena;
	struct value_builder *error;
	struct str code = STR("run.refused"), message = end->refusal;

	if (end->refusal.at == NULL && end->status == CHART_COMPLETED)
		return NULL;
	error = value_build_context(arena);
	if (end->refusal.at == NULL) {
		code = end->status == CHART_CANCELLED ? STR("run.cancelled")
						      : STR("run.failed");
		message = arena_strf(arena, "%.*s %.*s ended as %.*s in %.*s",
		    STR_ARG(step->workflow), STR_ARG(end->id),
		    STR_ARG(chart_status_name(end->status)),
		    STR_ARG(end->state));
	}
	value_put_str(error, "code", code);
	value_put_str(error, "message", message);
	value_put_str(error, "step", step->id);
	value_put(error, STR("body"), output_or_null(end));
	value_put_str(error, "outcome",
	    outcome_name(end->refusal.at != NULL ? OUTCOME_NOT_DONE
						 : OUTCOME_DONE_WITH_ERROR));
	return value_built(error);
}

static void
record_ended(struct run *run, const struct def_step *step,
    const struct chart_child_end *end)
{
	struct value_builder *record =
	    chart_record_begin(run, AUDIT_CHILD_ENDED);

	chart_record_step(run, record, step->index);
	value_put_str(record, "workflow", step->workflow);
	if (end->refusal.at != NULL) {
		value_put_str(record, "refused", end->refusal);
	} else {
		value_put_str(record, "child", end->id);
		value_put_str(record, "outcome", outcome_of(end->status));
		value_put_str(record, "state", end->state);
		chart_record_value(record, "output", end->output);
	}
	chart_record_end(run, record);
}

void
chart_child_ended(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	struct child *child = chart_child_find(chart, event->serial);
	const struct value *error;
	const struct def_step *step;

	if (child == NULL)
		return; /* nobody waits for it any more */
	run->strand = chart_strand_awaiting(chart, child->serial);
	must(run->strand != NULL);
	step = chart->definition->steps[child->step];
	record_ended(run, step, &event->child);
	error = error_of(run, step, &event->child);
	remove_child(chart, child);
	run->strand->awaits = 0;
	if (event->child.refusal.at == NULL)
		chart->stands = true; /* also of what it did before it failed */
	if (error != NULL) {
		chart_run_fail(run, step, error);
		return;
	}
	chart_run_done(
	    run, step, ended_response(run, &event->child), step->output);
	chart_run_advance(chart, run->strand);
}

/* Whether a DO_RUN of this very step could be taken back. */
static bool
take_back(struct run *run, uint64_t serial)
{
	struct chart_effects *effects = run->effects;

	for (size_t i = run->effects_first; i < effects->count; i++) {
		if (effects->items[i].kind != DO_RUN ||
		    effects->items[i].serial != serial)
			continue;
		chart_effect_remove(run, i);
		return true;
	}
	return false;
}

static void
record_stopped(
    struct run *run, enum audit_kind kind, const struct child *child)
{
	struct value_builder *record = chart_record_begin(run, kind);

	chart_record_step(run, record, child->step);
	value_put_str(record, "child", child->id);
	chart_record_end(run, record);
}

/* Told so already; one that was told just to end may yet be told to undo. */
static bool
knows_its_end(const struct run *run, const struct child *child)
{
	return child->cancelled && (child->undoes || !run->undoes);
}

/* What somebody else has begun is theirs: it is only waited for no more. */
bool
chart_child_stop(struct run *run, struct child *child)
{
	struct chart_effect *effect;

	if (child->number == 0) {
		(void)take_back(run, child->serial);
		remove_child(run->chart, child);
		return true;
	}
	if (child->found) {
		record_stopped(run, AUDIT_CHILD_LEFT, child);
		remove_child(run->chart, child);
		return true;
	}
	if (knows_its_end(run, child))
		return false;
	child->cancelled = true;
	child->undoes = run->undoes;
	effect = chart_effect_add(run, DO_CANCEL_RUN);
	effect->serial = child->serial;
	effect->child = child->number;
	effect->compensate = run->undoes;
	record_stopped(run, AUDIT_CHILD_CANCELLED, child);
	return false;
}

/* ---- those who wait for this instance ---- */

static void
report_to(struct run *run, struct chart_awaiter awaiter)
{
	struct chart *chart = run->chart;
	struct chart_effect *effect = chart_effect_add(run, DO_REPORT);

	must(chart->ended);
	effect->awaiter = awaiter;
	effect->end = (struct chart_child_end){
	    .id = str_of(chart->id),
	    .status = chart_status(chart),
	    .state = chart_config_names(chart, run->context->arena),
	    .output = chart->output,
	};
}

void
chart_child_report(struct run *run)
{
	for (const struct waiter *waiter = run->chart->waiters; waiter != NULL;
	     waiter = waiter->next)
		report_to(run, waiter->awaiter);
	run->chart->waiters = NULL;
}

void
chart_child_awaited(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	struct waiter *waiter;

	must(event->awaiter.number != 0);
	if (chart->ended) {
		report_to(run, event->awaiter);
		return;
	}
	waiter = ARENA_NEW(chart->arena, struct waiter);
	waiter->awaiter = event->awaiter;
	LIST_APPEND(chart->waiters, waiter);
}
