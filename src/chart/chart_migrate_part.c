/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_migrate_part.c: what hangs on states and steps, moved with them.
 *
 * Deadlines and escalations are known by what is written of them: the second
 * of two escalations that are written alike is the second there, too.
 */
#include "chart_migrate_priv.h"

/* ---- known by what is written ---- */

/* One timer is for all transitions under one key. */
static const struct def_transition *
find_deadline(const struct def_state *in, const struct def_transition *like)
{
	return in != NULL ? chart_time_first_of_key(in, like) : NULL;
}

static struct str
text_of_at(const struct def_escalation *escalation)
{
	return escalation->at == NULL ? (struct str){NULL, 0}
				      : escalation->at->text;
}

static bool
is_alike(const struct def_escalation *a, const struct def_escalation *b)
{
	return str_equal(a->after.text, b->after.text) &&
	       str_equal(text_of_at(a), text_of_at(b)) &&
	       str_equal(a->to->name, b->to->name);
}

static size_t
rank_of_escalation(const struct def_state *state, size_t level)
{
	size_t rank = 0;

	for (size_t i = 0; i < level; i++)
		rank += is_alike(
		    &state->escalations[i], &state->escalations[level]);
	return rank;
}

/* The level in the other state; SIZE_MAX: none. */
static size_t
find_level(
    const struct def_state *in, const struct def_state *state, size_t level)
{
	size_t rank = rank_of_escalation(state, level);

	for (size_t i = 0; in != NULL && i < in->escalation_count; i++)
		if (is_alike(&in->escalations[i], &state->escalations[level]) &&
		    rank-- == 0)
			return i;
	return SIZE_MAX;
}

/* The new state of an old one that stays active; NULL: none. */
static const struct def_state *
active_state(const struct move *move, size_t old)
{
	const struct def_state *after = chart_migrate_state(move, old);

	for (size_t i = 0; i < move->active_count; i++)
		if (move->active[i].after == after)
			return after;
	return NULL;
}

/* ---- escalations that have fired ---- */

static const struct value *
body_of(struct arena *arena, const struct escalated *fired, struct str state)
{
	const struct value *body = value_with(
	    arena, fired->body, STR("state"), value_of_str(arena, state));

	return value_with(arena, body, STR("level"),
	    value_of_int(arena, (int64_t)fired->level + 1));
}

void
chart_migrate_escalations(struct move *move)
{
	struct chart *chart = move->run->chart;

	for (struct escalated **link = &chart->escalations; *link != NULL;) {
		struct escalated *fired = *link;
		const struct def_state *before =
		    move->from->states[fired->state];
		const struct def_state *after =
		    active_state(move, fired->state);
		size_t level = find_level(after, before, fired->level);

		if (level == SIZE_MAX) {
			chart_escalation_close(move->run, fired);
			LIST_UNLINK(link);
			continue;
		}
		fired->state = after->index;
		fired->level = level;
		fired->body = chart_env_keep(move->run,
		    body_of(move->run->context->arena, fired, after->name));
		link = &fired->next;
	}
}

/* ---- timers ---- */

/* false: it has no place any more. */
static bool
move_timer(const struct move *move, struct timer *timer)
{
	const struct def_transition *deadline;
	const struct def_state *before, *after;

	if (timer->kind == TIMER_AFTER) {
		before = move->from->transitions[timer->index]->source;
		deadline = find_deadline(active_state(move, before->index),
		    move->from->transitions[timer->index]);
		if (deadline != NULL)
			timer->index = deadline->index;
		return deadline != NULL;
	}
	must(timer->kind == TIMER_ESCALATION || timer->kind == TIMER_LEAVING);
	before = move->from->states[timer->index];
	after = active_state(move, timer->index);
	timer->detail = find_level(after, before, (size_t)timer->detail);
	if (timer->detail != SIZE_MAX)
		timer->index = after->index;
	return timer->detail != SIZE_MAX;
}

void
chart_migrate_timers(struct move *move)
{
	for (struct timer **link = &move->run->chart->timers; *link != NULL;)
		if (move_timer(move, *link))
			link = &(*link)->next;
		else
			LIST_UNLINK(link);
}

static void
arm_state(struct move *move, const struct moved_state *state)
{
	const struct def_state *after = state->after;

	for (size_t i = 0; i < after->after.count; i++)
		if (find_deadline(after, after->after.items[i]) ==
			after->after.items[i] &&
		    (state->before == NULL ||
			find_deadline(state->before, after->after.items[i]) ==
			    NULL) &&
		    !chart_begin_deadline(move->run, after->after.items[i]))
			chart_migrate_reason(move,
			    "the deadline `%.*s` of state `%.*s` gives no time",
			    STR_ARG(after->after.items[i]->after.text),
			    STR_ARG(after->name));
	for (size_t i = 0; i < after->escalation_count; i++)
		if ((state->before == NULL ||
			find_level(state->before, after, i) == SIZE_MAX) &&
		    !chart_escalation_arm_level(move->run, after, i))
			chart_migrate_reason(move,
			    "escalation %zu of state `%.*s` gives no time",
			    i + 1, STR_ARG(after->name));
}

/* A task that is open is asked for as the new version asks, and keeps its
 * decisions; one that the state has only now is opened. */
static void
arm_task(struct move *move, const struct def_state *state)
{
	if (state->task == NULL)
		return;
	if (!chart_task_can_open(move->run, state))
		chart_migrate_reason(move,
		    "the `approvals` of state `%.*s` give no number above "
		    "that of the decisions for one choice so far",
		    STR_ARG(state->name));
	else if (!chart_task_has_role(move->run, state))
		chart_migrate_reason(move,
		    "the `role` of state `%.*s` gives no role",
		    STR_ARG(state->name));
	else if (!chart_task_renew(move->run, state))
		must(chart_task_open(move->run, state));
}

void
chart_migrate_arm(struct move *move)
{
	for (size_t i = 0; i < move->active_count; i++) {
		arm_state(move, &move->active[i]);
		arm_task(move, move->active[i].after);
	}
	chart_escalation_renew(move->run);
}

/* ---- tasks ---- */

/* Who holds a task holds it under its new name. */
static void
rename_held(struct move *move)
{
	struct chart_rename *renames = ARENA_ARRAY(move->run->context->arena,
	    move->from->state_count + 1, struct chart_rename);
	size_t count = 0;

	for (size_t i = 0; i < move->from->state_count; i++) {
		const struct def_state *before = move->from->states[i];
		const struct def_state *after = chart_migrate_state(move, i);

		if (before->task != NULL && after != NULL &&
		    after->task != NULL &&
		    !str_equal(before->name, after->name))
			renames[count++] = (struct chart_rename){
			    before->name, after->name};
	}
	chart_duty_rename(move->run->chart, move->to, renames, count);
}

/* A task that is closed is kept for who decided it, as long as there is a
 * task that can be meant. */
void
chart_migrate_tasks(struct move *move)
{
	for (struct task **link = &move->run->chart->tasks; *link != NULL;) {
		struct task *task = *link;
		const struct def_state *after =
		    chart_migrate_state(move, task->state);
		bool has_place = after != NULL && after->task != NULL;

		if (task->open && !has_place)
			chart_migrate_reason(move,
			    "a task is open in `%.*s`, which has none in "
			    "version %lld",
			    STR_ARG(move->from->states[task->state]->name),
			    (long long)move->to->version);
		if (!has_place) {
			LIST_UNLINK(link);
			continue;
		}
		task->state = after->index;
		link = &task->next;
	}
	rename_held(move);
}

/* ---- what can be undone ---- */

/* Steps that have no name of their own are called after their state: what the
 * step is called where the state has another name. */
static struct str
new_id(const struct move *move, struct str id)
{
	for (size_t i = 0; i < move->migration->rename_count; i++) {
		struct chart_rename rename = move->migration->renames[i];

		if (str_has_prefix(id, rename.from) &&
		    id.bytes > rename.from.bytes &&
		    id.at[rename.from.bytes] == '.')
			return arena_strf(move->run->context->arena, "%.*s%.*s",
			    STR_ARG(rename.to),
			    STR_ARG(
				str_slice(id, rename.from.bytes, SIZE_MAX)));
	}
	return id;
}

static bool
is_written_alike(const struct template *a, const struct template *b)
{
	if (a->kind != TEMPLATE_FEEL || b->kind != TEMPLATE_FEEL)
		return a->kind == TEMPLATE_LITERAL &&
		       b->kind == TEMPLATE_LITERAL &&
		       value_equal(a->literal, b->literal);
	return str_equal(a->text, b->text);
}

/* What is asked with, and what `happened` reads, was fixed when the step was
 * done: to another question it would give a wrong answer. */
static bool
asks_the_same(const struct def_verify *a, const struct def_verify *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return str_equal(a->call->target, b->call->target) &&
	       is_written_alike(a->happened, b->happened);
}

/* The same call, undone by the same call. */
static bool
is_undone_alike(const struct def_step *a, const struct def_step *b)
{
	return b->kind == STEP_CALL && b->call->compensate != NULL &&
	       str_equal(a->call->target, b->call->target) &&
	       str_equal(
		   a->call->compensate->target, b->call->compensate->target);
}

static bool
does_the_same(const struct def_step *a, const struct def_step *b)
{
	return is_undone_alike(a, b) &&
	       asks_the_same(
		   a->call->compensate->verify, b->call->compensate->verify);
}

/* By its name, or else the only one; NULL: none. */
static const struct def_step *
find_step(const struct move *move, const struct def_step *step)
{
	const struct def_step *found =
	    definition_find_step(move->to, new_id(move, step->id));
	size_t count = 0;

	if (found != NULL && does_the_same(step, found))
		return found;
	for (size_t i = 0; i < move->to->step_count; i++)
		if (does_the_same(step, move->to->steps[i])) {
			found = move->to->steps[i];
			count++;
		}
	return count == 1 ? found : NULL;
}

/* Only that keeps a step from being found. */
static bool
is_asked_otherwise(const struct move *move, const struct def_step *step)
{
	bool is_there = false;

	for (size_t i = 0; i < move->to->step_count; i++) {
		if (does_the_same(step, move->to->steps[i]))
			return false;
		is_there |= is_undone_alike(step, move->to->steps[i]);
	}
	return is_there;
}

/* `compensate: to` a state goes back to where it was entered; of a state that
 * nobody could go back to, nobody has noted that. */
static void
check_marks(struct move *move)
{
	for (size_t i = 0; i < move->to->state_count; i++) {
		const struct def_state *state = move->to->states[i];
		bool is_noted = !state->is_undone_to;

		for (size_t j = 0; j < move->from->state_count; j++)
			if (move->states[j] == i &&
			    move->from->states[j]->is_undone_to)
				is_noted = true;
		if (!is_noted)
			chart_migrate_reason(move,
			    "version %lld undoes back to `%.*s`, and nobody "
			    "has noted what was done since",
			    (long long)move->to->version, STR_ARG(state->name));
	}
}

/* Under another name, or as the group that it becomes by the move. */
static bool
was_entered(struct move *move, const struct def_state *after)
{
	for (size_t i = 0; i < move->from->state_count; i++)
		if (move->states[i] == after->index &&
		    chart_undo_was_entered(move->run->chart, i))
			return true;
	for (size_t i = 0; i < move->active_count; i++)
		if (move->active[i].after == after)
			return true;
	return false;
}

static void
move_marks(struct move *move)
{
	bool *entered = ARENA_ARRAY(
	    move->run->context->arena, move->to->state_count, bool);

	for (size_t i = 0; i < move->to->state_count; i++)
		entered[i] = was_entered(move, move->to->states[i]);
	for (struct mark **link = &move->run->chart->marks; *link != NULL;) {
		const struct def_state *after =
		    chart_migrate_state(move, (*link)->state);

		if (after == NULL || (*link)->undo == MARK_NOT_ENTERED) {
			LIST_UNLINK(link);
			continue;
		}
		(*link)->state = after->index;
		link = &(*link)->next;
	}
	for (size_t i = 0; i < move->to->state_count; i++)
		if (!entered[i])
			chart_undo_mark_not_entered(
			    move->run->chart, move->to->states[i]);
}

void
chart_migrate_undos(struct move *move)
{
	struct chart *chart = move->run->chart;

	for (struct undo *undo = chart->undos; undo; undo = undo->next) {
		const struct def_step *before = move->from->steps[undo->step];
		const struct def_step *after = find_step(move, before);

		if (after == NULL)
			chart_migrate_reason(move,
			    "what step `%.*s` did (%.*s) can't be undone by a "
			    "step of version %lld%s",
			    STR_ARG(before->id), STR_ARG(before->call->target),
			    (long long)move->to->version,
			    is_asked_otherwise(move, before)
				? ", which asks otherwise whether it was: keep "
				  "`call` and `happened` of its `verify`"
				: "");
		else
			undo->step = after->index;
	}
	if (chart->undos != NULL)
		check_marks(move);
	move_marks(move);
}

/* ---- histories ---- */

/* Both are within one state. */
static bool
can_be_together(const struct def_state *a, const struct def_state *b)
{
	const struct def_state *around = a;

	while (!def_state_contains(around, b))
		around = around->parent;
	return a == b || around->kind == STATE_PARALLEL;
}

/* What was remembered is entered together, and may be within one region of
 * the new version, which has one state active. */
static bool
fit_together(const struct move *move, const struct memory *memory)
{
	const struct def_state *const *states = move->to->states;

	for (size_t i = 0; i < memory->count; i++)
		for (size_t j = 0; j < i; j++)
			if (!can_be_together(states[memory->states[i]],
				states[memory->states[j]]))
				return false;
	return true;
}

/* A history that can't be carried over begins as on the first time. */
static bool
move_memory(const struct move *move, struct memory *memory)
{
	const struct def_state *history =
	    chart_migrate_state(move, memory->history);

	if (history == NULL || history->kind != STATE_HISTORY)
		return false;
	for (size_t i = 0; i < memory->count; i++) {
		const struct def_state *state =
		    chart_migrate_state(move, memory->states[i]);

		if (state == NULL || state == history->parent ||
		    state->kind == STATE_HISTORY ||
		    !def_state_contains(history->parent, state) ||
		    (history->deep ? !chart_config_is_leaf(state)
				   : state->parent != history->parent))
			return false;
		memory->states[i] = state->index;
	}
	memory->history = history->index;
	return fit_together(move, memory);
}

void
chart_migrate_memories(struct move *move)
{
	for (struct memory **link = &move->run->chart->memories; *link != NULL;)
		if (move_memory(move, *link))
			link = &(*link)->next;
		else
			LIST_UNLINK(link);
}
