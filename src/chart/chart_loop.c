/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_loop.c: `for`: the same steps for every item, some at once.
 *
 * An iteration is a strand with variables of its own.  One that fails under
 * `on-error: stop` stays as it is, so that a person who says "again" has it
 * go on at the step that failed, and what it did before is not done twice.
 * Items to come and results so far are kept as bytes: an instance with ten
 * thousand of them is saved after every one.
 */
#include "chart_priv.h"

#include <string.h>

static const struct def_step *
step_of(const struct chart *chart, const struct strand *strand)
{
	const struct def_step *step = chart_run_current(chart, strand);

	must(step != NULL && step->kind == STEP_FOR);
	return step;
}

/* Whether so many are under way; iterations stand right behind their strand,
 * so that the first few are soon found. */
static bool
are_under_way(const struct strand *above, uint64_t wanted)
{
	for (const struct strand *strand = above->next;
	     strand != NULL && wanted > 0; strand = strand->next)
		if (strand->parent == above->serial && !strand->failed)
			wanted--;
	return wanted == 0;
}

static bool
has_iterations(const struct strand *above)
{
	for (const struct strand *strand = above->next; strand != NULL;
	     strand = strand->next)
		if (strand->parent == above->serial)
			return true;
	return false;
}

/* ---- beginning ---- */

static struct str
pack_items(struct arena *arena, const struct value *list)
{
	struct buf bytes = {0};
	struct str packed;

	for (size_t i = 0; i < list->as.list.count; i++)
		value_pack(list->as.list.items[i], &bytes);
	packed = arena_str(arena, buf_str(&bytes));
	buf_fini(&bytes);
	return packed;
}

enum step_result
chart_loop_begin(struct run *run, const struct def_step *step)
{
	struct chart *chart = run->chart;
	const struct value *list = chart_env_eval(run, step->in);
	struct loop *loop;

	if (chart_run_fail_given_up(run, step))
		return STEP_BLOCKED;
	if (list->type != VALUE_LIST) {
		chart_run_fail(run, step,
		    chart_run_error(run, STR("for.no-list"),
			STR("what `in` gives is no list"), step));
		return STEP_BLOCKED;
	}
	loop = ARENA_NEW(chart->arena, struct loop);
	loop->items = pack_items(chart->arena, list);
	loop->count = list->as.list.count;
	run->strand->loop = loop;
	return STEP_BLOCKED;
}

/* Behind the iterations that there are. */
static void
begin_next(struct run *run, struct strand *above)
{
	struct chart *chart = run->chart;
	struct loop *loop = above->loop;
	struct strand *after = above, *strand;

	for (strand = above->next; strand != NULL; strand = strand->next)
		if (strand->parent == above->serial)
			after = strand;
	strand = chart_strand_add(chart, after);
	strand->taking = above->taking;
	strand->parent = above->serial;
	strand->loop_step = step_of(chart, above)->index;
	strand->position = ++loop->begun;
	strand->item = value_unpack(chart->arena, &loop->items);
	must(strand->item != NULL);
	strand->vars = value_built(value_build_context(chart->arena));
}

/* ---- results ---- */

static void
append_result(struct arena *arena, struct loop *loop, struct str packed)
{
	char *grown;

	if (loop->results.bytes + packed.bytes > loop->results_size) {
		loop->results_size =
		    2 * (loop->results.bytes + packed.bytes) + 64;
		grown = arena_alloc(arena, loop->results_size);
		if (loop->results.bytes > 0)
			memcpy(grown, loop->results.at, loop->results.bytes);
		loop->results.at = grown;
	}
	memcpy((char *)(uintptr_t)loop->results.at + loop->results.bytes,
	    packed.at, packed.bytes);
	loop->results.bytes += packed.bytes;
	loop->result_count++;
}

/* What had to wait for one before it follows. */
static void
append_later(struct arena *arena, struct loop *loop)
{
	while (loop->later != NULL &&
	       loop->later->position == loop->result_count + 1) {
		append_result(arena, loop, loop->later->packed);
		loop->later = loop->later->next;
	}
}

static void
keep_for_later(struct arena *arena, struct loop *loop, uint64_t position,
    struct str packed)
{
	struct outcome_of_item *item = ARENA_NEW(arena, struct outcome_of_item);
	struct outcome_of_item **link = &loop->later;

	while (*link != NULL && (*link)->position < position)
		link = &(*link)->next;
	item->position = position;
	item->packed = arena_str(arena, packed);
	item->next = *link;
	*link = item;
}

static void
end_iteration(
    struct run *run, struct strand *strand, const struct value *result)
{
	struct chart *chart = run->chart;
	struct loop *loop = chart_strand_find(chart, strand->parent)->loop;
	struct buf packed = {0};

	must(loop != NULL && strand->position > loop->result_count);
	value_pack(result, &packed);
	if (strand->position == loop->result_count + 1) {
		append_result(chart->arena, loop, buf_str(&packed));
		append_later(chart->arena, loop);
	} else {
		keep_for_later(
		    chart->arena, loop, strand->position, buf_str(&packed));
	}
	buf_fini(&packed);
	chart_strand_end(run, strand);
}

void
chart_loop_through(struct run *run, struct strand *strand)
{
	end_iteration(run, strand, strand->vars);
}

void
chart_loop_failed(
    struct run *run, struct strand *strand, const struct value *error)
{
	struct chart *chart = run->chart;
	struct strand *above = chart_strand_find(chart, strand->parent);
	struct value_builder *result;

	must(above != NULL && above->loop != NULL);
	if (!step_of(chart, above)->goes_on) {
		strand->failed = true;
		if (above->loop->error == NULL)
			above->loop->error = error;
		return;
	}
	chart_loop_drop(run, strand);
	result = value_build_context(run->context->arena);
	value_put(result, STR("error"), error);
	end_iteration(run, strand, value_built(result));
}

/* ---- going on ---- */

/* No item is begun any more, but for one among the steps of leaving, which
 * whatever else leaves the state would have to do as well. */
static bool
is_broken_off(const struct chart *chart, const struct strand *strand)
{
	return strand->stopping && !chart_strand_is_leaving(chart, strand);
}

static bool
may_begin(const struct chart *chart, const struct strand *strand)
{
	const struct loop *loop = strand->loop;

	return loop->error == NULL && !is_broken_off(chart, strand) &&
	       loop->begun < loop->count &&
	       !are_under_way(
		   strand, (uint64_t)step_of(chart, strand)->parallel);
}

bool
chart_loop_can_go(const struct chart *chart, const struct strand *strand)
{
	if (is_broken_off(chart, strand))
		return !has_iterations(strand);
	return may_begin(chart, strand) || !are_under_way(strand, 1);
}

static const struct value *
results_of(struct run *run, const struct loop *loop)
{
	struct arena *arena = run->context->arena;
	struct value_builder *list = value_build_list(arena);
	struct str rest = loop->results;

	for (uint64_t i = 0; i < loop->result_count; i++) {
		const struct value *result = value_unpack(arena, &rest);

		must(result != NULL);
		value_append(list, result);
	}
	return value_built(list);
}

static void
finish(struct run *run, struct strand *strand)
{
	const struct def_step *step = step_of(run->chart, strand);
	const struct loop *loop = strand->loop;

	must(loop->result_count == loop->count && loop->later == NULL);
	strand->loop = NULL;
	run->results = results_of(run, loop);
	chart_run_done(run, step, NULL, step->output);
	run->results = NULL;
	chart_run_advance(run->chart, strand);
}

void
chart_loop_go(struct run *run, struct strand *strand)
{
	must(run->strand == strand);
	if (is_broken_off(run->chart, strand)) {
		strand->loop = NULL;
		strand->pc++; /* behind the step: a boundary */
		return;
	}
	if (may_begin(run->chart, strand))
		begin_next(run, strand);
	else if (strand->loop->error != NULL)
		chart_run_fail(
		    run, step_of(run->chart, strand), strand->loop->error);
	else
		finish(run, strand);
}

/* Each iteration that failed goes on at the step that did. */
void
chart_loop_retry(struct run *run, struct strand *strand)
{
	strand->loop->error = NULL;
	for (struct strand *one = run->chart->strands; one != NULL;
	     one = one->next) {
		if (one->parent != strand->serial || !one->failed)
			continue;
		one->failed = false;
		if (one->loop != NULL)
			chart_loop_retry(run, one);
	}
}

/* What is left of it when the step is over: nothing is under way any more. */
void
chart_loop_drop(struct run *run, struct strand *strand)
{
	if (strand->loop == NULL)
		return;
	for (struct strand *one = run->chart->strands, *next; one != NULL;
	     one = next) {
		next = one->next;
		if (one->gone || one->parent != strand->serial)
			continue;
		chart_loop_drop(run, one);
		chart_strand_end(run, one);
	}
	strand->loop = NULL;
}
