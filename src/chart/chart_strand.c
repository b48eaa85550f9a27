/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_strand.c: what is being done, where, and how it is made to stop.
 *
 * A strand says which leaves are busy: until its switch those within the
 * scopes of what it has taken, afterwards those within its own.  One that is
 * told to stop ends at its next boundary between steps; the outcome of a call
 * under way is waited for, since it may have to be undone.
 */
#include "chart_priv.h"

struct strand *
chart_strand_add(struct chart *chart, struct strand *after)
{
	struct strand *strand = ARENA_NEW(chart->arena, struct strand);

	strand->serial = ++chart->strand_last;
	strand->scope = SIZE_MAX;
	strand->loop_step = SIZE_MAX;
	if (after == NULL) {
		LIST_APPEND(chart->strands, strand);
	} else {
		strand->next = after->next;
		after->next = strand;
	}
	return strand;
}

void
chart_strand_plan(struct chart *chart, struct strand *strand,
    enum plan_kind kind, size_t index)
{
	strand->plan = arena_grow(chart->arena, strand->plan,
	    strand->plan_count, &strand->plan_capacity, sizeof(*strand->plan));
	strand->plan[strand->plan_count++] =
	    (struct plan_item){.kind = kind, .index = index};
}

struct strand *
chart_strand_find(const struct chart *chart, uint64_t serial)
{
	struct strand *strand = chart->strands;

	while (strand != NULL && strand->serial != serial)
		strand = strand->next;
	return strand;
}

struct strand *
chart_strand_awaiting(const struct chart *chart, uint64_t serial)
{
	struct strand *strand = chart->strands;

	must(serial != 0);
	while (strand != NULL && strand->awaits != serial)
		strand = strand->next;
	return strand;
}

struct strand *
chart_strand_root(const struct chart *chart, struct strand *strand)
{
	while (strand->parent != 0) {
		strand = chart_strand_find(chart, strand->parent);
		must(strand != NULL);
	}
	return strand;
}

/* ---- what it is busy with ---- */

bool
chart_scope_covers(
    const struct chart *chart, size_t scope, const struct def_state *leaf)
{
	return scope == SIZE_MAX ||
	       def_state_contains(chart->definition->states[scope], leaf);
}

/* Whether it is busy with the leaf; not with what stays in a state around it
 * that those leave alone. */
static bool
is_busy_with(const struct chart *chart, const struct strand *strand,
    const struct def_state *leaf, const struct chosen *chosen)
{
	for (size_t i = 0; i < strand->taken_count; i++) {
		const struct taken *taken = &strand->taken[i];

		if (chart_scope_covers(chart, taken->scope, leaf) &&
		    (taken->leaves ||
			chart_concern_leaves_source(chart, chosen, taken)))
			return true;
	}
	return strand->taken_count == 0 &&
	       chart_scope_covers(chart, strand->scope, leaf);
}

bool
chart_strand_covers(const struct chart *chart, const struct strand *strand,
    const struct def_state *leaf)
{
	const struct chosen all = {.count = 0};

	/* Else the one above it does. */
	return strand->parent == 0 && is_busy_with(chart, strand, leaf, &all);
}

bool
chart_strand_reaches(const struct chart *chart, const struct strand *strand,
    const struct def_state *state)
{
	const struct active *leaf;
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *inner =
		    chart->definition->states[leaf->state];

		if (def_state_contains(state, inner) &&
		    chart_strand_covers(chart, strand, inner))
			return true;
	}
	return false;
}

bool
chart_strand_is_busy(const struct chart *chart, const struct def_state *leaf)
{
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (chart_strand_covers(chart, strand, leaf))
			return true;
	return false;
}

bool
chart_strand_is_arriving(
    const struct chart *chart, const struct def_state *leaf)
{
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (strand->taken_count == 0 &&
		    chart_strand_covers(chart, strand, leaf))
			return true;
	return false;
}

/* One that does nothing itself, and was made to stand for the instance. */
static bool
stands_for_all(const struct strand *strand)
{
	return strand->parent == 0 && strand->taken_count == 0 &&
	       strand->plan_count == 0;
}

bool
chart_strand_is_held(const struct chart *chart, const struct strand *strand)
{
	const struct strand *other = chart->strands;

	if (strand->held || stands_for_all(strand) || chart->incidents == NULL)
		return strand->held;
	while (other != NULL && !(other->held && stands_for_all(other)))
		other = other->next;
	return other != NULL;
}

bool
chart_strand_is_leaving(const struct chart *chart, const struct strand *strand)
{
	while (strand->parent != 0) {
		strand = chart_strand_find(chart, strand->parent);
		must(strand != NULL);
	}
	return strand->plan_next < strand->plan_count &&
	       strand->plan[strand->plan_next].kind == PLAN_EXIT;
}

bool
chart_strand_is_idle(const struct chart *chart, const struct strand *strand)
{
	const struct call *call;
	const struct child *child;

	if (chart_strand_is_held(chart, strand) || chart->ended ||
	    chart->suspended || chart_strand_is_leaving(chart, strand))
		return false;
	if (strand->awaits == 0)
		return strand->wait_due_ms != 0;
	child = chart_child_find(chart, strand->awaits);
	if (child != NULL)
		return !child->cancelled;
	call = chart_call_find(chart, strand->awaits);
	return call != NULL && call->purpose == FOR_STEP &&
	       chart_call_is_idle(call);
}

/* ---- what it waits for ---- */

static enum plan_kind
kind_under_way(const struct strand *strand)
{
	must(strand->plan_next < strand->plan_count);
	return strand->plan[strand->plan_next].kind;
}

/* The stack is undone by one strand at a time. */
static bool
another_undoes(const struct chart *chart, const struct strand *strand)
{
	for (const struct strand *other = chart->strands; other != NULL;
	     other = other->next)
		if (other != strand && other->parent == 0 &&
		    other->plan_next < other->plan_count &&
		    kind_under_way(other) == PLAN_COMPENSATE &&
		    (other->awaits != 0 || other->held))
			return true;
	return false;
}

static bool
waits_behind(const struct strand *strand, const struct strand *other)
{
	return other->plan_next < other->plan_count &&
	       kind_under_way(other) == PLAN_CLAIM &&
	       other->serial > strand->serial;
}

/* Whether the other does something that the strand's microstep ends. */
static bool
is_in_the_way(const struct chart *chart, const struct strand *strand,
    const struct strand *other)
{
	const struct chosen chosen = {
	    .items = strand->taken, .count = strand->taken_count};
	const struct active *leaf;
	size_t at = 0;

	if (other == strand || other->parent != 0 ||
	    waits_behind(strand, other))
		return false;
	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *state =
		    chart->definition->states[leaf->state];

		if (!is_busy_with(chart, other, state, &chosen))
			continue;
		for (size_t i = 0; i < strand->taken_count; i++)
			if ((strand->taken[i].leaves || other->stopping) &&
			    chart_scope_covers(
				chart, strand->taken[i].scope, state))
				return true;
	}
	return false;
}

static bool
has_claims(const struct chart *chart, const struct strand *strand)
{
	for (const struct strand *other = chart->strands; other != NULL;
	     other = other->next)
		if (is_in_the_way(chart, strand, other))
			return true;
	return false;
}

bool
chart_strand_is_blocked(const struct chart *chart, const struct strand *strand)
{
	if (chart_strand_is_held(chart, strand) || strand->awaits != 0 ||
	    strand->wait_due_ms != 0 || strand->failed)
		return true;
	if (strand->loop != NULL)
		return !chart_loop_can_go(chart, strand);
	if (strand->parent != 0 || strand->plan_next >= strand->plan_count)
		return false;
	switch (kind_under_way(strand)) {
	case PLAN_CLAIM:
		return has_claims(chart, strand);
	case PLAN_COMPENSATE:
		return another_undoes(chart, strand);
	default:
		return false;
	}
}

/* ---- stopping ---- */

/* The event goes on in another region. */
static bool
shares_event(const struct chart *chart, const struct strand *strand)
{
	for (const struct strand *other = chart->strands; other != NULL;
	     other = other->next)
		if (other != strand && other->parent == 0 &&
		    other->taking == strand->taking)
			return true;
	return false;
}

/*
 * A transition that has done no step yet is instantaneous, or the event that
 * it took would be lost; checks and undoing are not cut short.
 */
static bool
item_is_at_boundary(const struct chart *chart, const struct strand *strand)
{
	switch (kind_under_way(strand)) {
	case PLAN_DO:
		return strand->plan_next > 0 || strand->pc > 0 ||
		       shares_event(chart, strand);
	case PLAN_SWITCH:
		return strand->plan_next > 0 || shares_event(chart, strand);
	case PLAN_ENTRY:
	case PLAN_FORK:
	case PLAN_SETTLE:
		return true;
	case PLAN_CLAIM:
	case PLAN_EXIT: /* whatever leaves the state has to do it as well */
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
	case PLAN_CANCEL:
		return false;
	}
	unreachable("every kind of item is listed");
}

bool
chart_strand_is_at_boundary(
    const struct chart *chart, const struct strand *strand)
{
	if (strand->parent == 0)
		return item_is_at_boundary(chart, strand);
	if (chart_strand_is_leaving(chart, strand))
		return false;
	return strand->pc > 0 || strand->position > 1 ||
	       chart_strand_is_at_boundary(
		   chart, chart_strand_find(chart, strand->parent));
}

/* Whether it may end where it stands, and not only after what it does. */
static bool
may_end_here(struct run *run, const struct strand *strand, enum stop_mode mode)
{
	if (strand->parent != 0 || strand->plan_next >= strand->plan_count ||
	    mode != STOP_LEFT)
		return true;
	switch (kind_under_way(strand)) {
	case PLAN_CLAIM:
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
	case PLAN_CANCEL:
		return false;
	default:
		return strand->held || strand->failed || strand->loop != NULL ||
		       chart_strand_is_idle(run->chart, strand) ||
		       item_is_at_boundary(run->chart, strand);
	}
}

/* What surely is not happening, or what a person now gives up. */
static bool
may_drop(const struct call *call, enum stop_mode mode)
{
	if (call->purpose != FOR_STEP)
		return false;
	return chart_call_is_idle(call) ||
	       (call->state == CALL_STUCK && mode == STOP_NOW);
}

/* Nothing of what it waits for goes on; true where that is so now. */
static bool
stop_waiting(struct run *run, struct strand *strand, enum stop_mode mode)
{
	struct chart *chart = run->chart;
	struct call *call = chart_call_find(chart, strand->awaits);
	struct child *child = chart_child_find(chart, strand->awaits);

	if (call != NULL && !may_drop(call, mode)) {
		chart_call_give_up(run, call);
		return false;
	}
	if (child != NULL && !chart_child_stop(run, child))
		return false;
	if (strand->held && mode == STOP_CANCEL)
		return false; /* opened since: for a person to settle */
	if (strand->held && call != NULL && mode == STOP_LEFT)
		return false;
	if (child != NULL || (call != NULL && !chart_call_is_idle(call)))
		chart_run_give_up_leaving(chart, strand, false);
	if (call != NULL)
		chart_call_drop(run, call);
	strand->awaits = 0;
	chart_incident_close_all(
	    run, strand->serial, mode == STOP_LEFT ? "left" : "cancelled");
	return true;
}

/* It took an event that nothing has come of yet: history would tell that the
 * event came, and no more. */
static bool
owes_event(const struct chart *chart, const struct strand *strand)
{
	if (strand->taken_count == 0 || strand->event == NULL ||
	    shares_event(chart, strand))
		return false;
	for (size_t i = strand->plan_next; i < strand->plan_count; i++)
		switch (strand->plan[i].kind) {
		case PLAN_CLAIM:
		case PLAN_SWITCH:
			return true;
		case PLAN_DO:
			if (i > strand->plan_next || strand->pc == 0)
				return true;
			break;
		default:
			break;
		}
	return false;
}

bool
chart_strand_owes_undoing(const struct strand *strand)
{
	bool owes = false;

	for (size_t i = strand->plan_next; i < strand->plan_count; i++) {
		if (strand->plan[i].kind == PLAN_SWITCH)
			return false; /* not there yet */
		if (strand->plan[i].kind == PLAN_COMPENSATE)
			owes = true;
	}
	return owes;
}

/* One that ends on the way still leads on to those behind it. */
static bool
stop_iterations(struct run *run, struct strand *above, enum stop_mode mode)
{
	bool all = true;

	for (struct strand *strand = run->chart->strands, *next; strand;
	     strand = next) {
		next = strand->next;
		if (!strand->gone && strand->parent == above->serial &&
		    !chart_strand_stop(run, strand, mode))
			all = false;
	}
	return all;
}

/* Its steps of `exit` go on: whatever leaves the state has to do them too. */
static bool
is_leaving_itself(const struct chart *chart, const struct strand *strand)
{
	return strand->parent == 0 && !strand->held && !strand->failed &&
	       chart_strand_is_leaving(chart, strand);
}

bool
chart_strand_stop(struct run *run, struct strand *strand, enum stop_mode mode)
{
	must(!strand->gone);
	/* The first that it hears of a cancel that came while the instance was
	 * suspended: it goes as it would have gone then. */
	if (mode == STOP_CANCEL && !strand->stopping)
		mode = STOP_SURE;
	strand->stopping = true;
	if (mode == STOP_LEFT && is_leaving_itself(run->chart, strand))
		return false;
	if (strand->loop != NULL && !stop_iterations(run, strand, mode))
		return false;
	if (!may_end_here(run, strand, mode) ||
	    !stop_waiting(run, strand, mode))
		return false;
	if (mode != STOP_LEFT && chart_strand_owes_undoing(strand))
		run->chart->cancel_compensates = true;
	chart_strand_give_up(run, strand);
	return true;
}

bool
chart_strand_stop_others(
    struct run *run, const struct strand *strand, enum stop_mode mode)
{
	bool all = true;

	for (struct strand *other = run->chart->strands, *next; other;
	     other = next) {
		next = other->next;
		if (!other->gone && is_in_the_way(run->chart, strand, other) &&
		    !chart_strand_stop(run, other, mode))
			all = false;
	}
	return all;
}

/* ---- the end ---- */

const struct def_state *
chart_strand_place(const struct chart *chart, const struct strand *strand)
{
	const struct definition *definition = chart->definition;
	struct plan_item item = {.kind = PLAN_CHECK};
	size_t scope =
	    strand->taken_count > 0 ? strand->taken[0].scope : strand->scope;

	if (strand->plan_next < strand->plan_count)
		item = strand->plan[strand->plan_next];
	if (item.kind == PLAN_DO)
		return definition->transitions[item.index]->source;
	if (item.kind == PLAN_EXIT)
		return definition->states[item.index];
	return scope == SIZE_MAX ? NULL : definition->states[scope];
}

/* An iteration's is nobody else's, and a region's no other one's. */
void
chart_strand_meet(struct chart *chart, struct strand *strand, struct met met)
{
	const struct def_state *region;

	if (met.error != NULL)
		strand->error = met.error;
	if (met.decision != NULL)
		strand->decision = met.decision;
	if (strand->parent != 0)
		return;
	if (met.error != NULL)
		chart->error = met.error;
	if (met.decision != NULL)
		chart->decision = met.decision;
	region = chart_config_region(chart_strand_place(chart, strand));
	for (; region != NULL; region = chart_config_region(region->parent)) {
		struct active *active = chart_config_find(chart, region);

		if (active != NULL && met.error != NULL)
			active->error = met.error;
		if (active != NULL && met.decision != NULL)
			active->decision = met.decision;
	}
}

/* What regions have met themselves is known, and comes after what led there. */
static void
note_inherited(struct chart *chart, const struct strand *strand,
    const struct def_state *leaf)
{
	const struct def_state *region = chart_config_region(leaf);

	for (; region != NULL; region = chart_config_region(region->parent)) {
		struct active *active = chart_config_find(chart, region);

		must(active != NULL);
		if (active->error == NULL)
			active->error = strand->error;
		if (active->decision == NULL)
			active->decision = strand->decision;
	}
}

static void
leave_behind(struct chart *chart, const struct strand *strand)
{
	bool is_alone = chart_config_has_one_leaf(chart);
	const struct active *leaf;
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(chart, &at)) != NULL) {
		const struct def_state *state =
		    chart->definition->states[leaf->state];

		if (!chart_strand_covers(chart, strand, state))
			continue;
		if (!is_alone)
			chart->active[at - 1].event = strand->event;
		if (strand->taken_count == 0) /* else nothing was entered */
			note_inherited(chart, strand, state);
	}
}

void
chart_strand_end(struct run *run, struct strand *strand)
{
	struct chart *chart = run->chart;
	struct strand **link = &chart->strands;

	if (strand->parent == 0)
		leave_behind(chart, strand);
	if (strand->loop != NULL)
		chart_run_give_up_leaving(chart, strand, false);
	while (*link != strand)
		link = &(*link)->next;
	LIST_UNLINK(link);
	strand->gone = true;
}

void
chart_strand_give_up(struct run *run, struct strand *strand)
{
	if (owes_event(run->chart, strand))
		chart_kept_overtaken(run, strand->event);
	chart_strand_end(run, strand);
}

void
chart_strand_end_all(struct run *run)
{
	while (run->chart->strands != NULL)
		chart_strand_give_up(run, run->chart->strands);
}
