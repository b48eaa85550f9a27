/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_cancel.c: an operator's cancel finds its place.
 *
 * By the transitions that take it, or to the end.  What it leaves stops
 * first: the outcome of a call under way counts, since it may have to be
 * undone.  Undoing that has begun goes on, asked for or not: half of it is
 * worth nothing.
 */
#include "chart_priv.h"

static const struct signal cancel_signal = {
    .name = STR_INIT("cancel"), .only = SIZE_MAX, .from = SIZE_MAX};

/* ---- what it concerns ---- */

/* What is broken off and goes on with the cancel. */
static bool
owes_undoing(const struct chart *chart, const struct chosen *chosen)
{
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (chart_strand_owes_undoing(strand) &&
		    chart_concern(chart, chosen, strand) == CONCERNS_ALL)
			return true;
	return false;
}

static bool
stop_all(struct run *run, const struct chosen *chosen, enum stop_mode mode)
{
	bool all = true;

	for (struct strand *strand = run->chart->strands, *next; strand;
	     strand = next) {
		next = strand->next;
		if (!strand->gone &&
		    chart_concern(run->chart, chosen, strand) ==
			CONCERNS_ALL &&
		    !chart_strand_stop(run, strand, mode))
			all = false;
	}
	return all;
}

bool
chart_cancel_stops_all(struct run *run)
{
	const struct chart *chart = run->chart;
	struct chosen chosen = {0};

	if (chart_select(run, &cancel_signal, SELECT_ALL, &chosen) !=
	    SELECTED_NOW)
		return true;
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (!strand->gone && strand->parent == 0 &&
		    chart_concern(chart, &chosen, strand) != CONCERNS_ALL)
			return false;
	return true;
}

/* Steps are cut short that states within wait for, and these stay. */
static bool
strands_pending(const struct chart *chart, const struct chosen *chosen)
{
	if (chosen->items[0].leaves)
		return false;
	for (const struct strand *strand = chart->strands; strand != NULL;
	     strand = strand->next)
		if (chart_concern(chart, chosen, strand) == CONCERNS_ALL &&
		    chart_begin_is_awaited(chart, strand))
			return true;
	return false;
}

/* ---- how it finds its place ---- */

/* Undo first where that is asked for, then end. */
static void
end_cancelled(struct run *run, bool compensate)
{
	struct chart *chart = run->chart;
	struct strand *strand = chart_strand_add(chart, NULL);

	run->microsteps++;
	strand->taking = ++chart->taking;
	strand->cause = cancel_signal.name;
	chart->event = NULL;
	if (compensate)
		chart_strand_plan(chart, strand, PLAN_COMPENSATE, SIZE_MAX);
	chart_strand_plan(chart, strand, PLAN_CANCEL, SIZE_MAX);
}

bool
chart_cancel_try(struct run *run, enum stop_mode mode)
{
	struct chart *chart = run->chart;
	struct chosen chosen = {0};
	bool taken, compensate, stopped;

	must(chart->cancelling);
	taken = !chart->cancel_ends && chart_select(run, &cancel_signal,
					   SELECT_ALL, &chosen) == SELECTED_NOW;
	/* Without the steps that it shares another region would stand still
	 * for good. */
	if (taken && (!chart_concern_may_cut_in(chart, &chosen) ||
			 strands_pending(chart, &chosen))) {
		chart->cancel_ends = true;
		taken = false;
		chosen = (struct chosen){0};
	}
	if (taken)
		chart_concern_spare(run, &chosen);
	run->undoes = chart->cancel_compensates ||
		      owes_undoing(chart, &chosen) ||
		      (taken && chart_plan_undoes(run, &chosen));
	stopped = stop_all(run, &chosen, mode);
	run->undoes = false;
	if (!stopped)
		return false;
	compensate = chart->cancel_compensates;
	chart->cancelling = false;
	chart->cancel_compensates = false;
	chart->cancel_ends = false;
	if (taken) {
		chosen.items[0].undoes = compensate;
		chart_plan_take(run, &chosen, NULL, cancel_signal.name, NULL);
	} else {
		end_cancelled(run, compensate);
	}
	return true;
}

/* Undoing gave a state the word `compensated`: if one takes it, the cancel
 * that asked for the undoing has found its place. */
enum item_result
chart_cancel_finish(struct run *run)
{
	struct chart *chart = run->chart;
	struct strand *strand = run->strand;

	for (struct internal *raised = chart->internals; raised;
	     raised = raised->next) {
		struct chosen chosen;

		if (!str_equal(raised->signal.name, STR("compensated")) ||
		    chart_select(run, &raised->signal, SELECT_ALL, &chosen) !=
			SELECTED_NOW)
			continue;
		chart->internals = NULL;
		chart_strand_end(run, strand);
		chart_plan_take(run, &chosen, NULL, STR("compensated"), NULL);
		return ITEM_MOVED;
	}
	chart_step_end(run, ENDING_CANCELLED);
	return ITEM_MOVED;
}

static void
record_cancelled(struct run *run, const struct chart_event *event)
{
	struct value_builder *record = chart_record_begin(run, AUDIT_CANCELLED);

	char id[CHART_ID_BYTES];

	if (event->comment.at != NULL)
		value_put_str(record, "comment", event->comment);
	if (event->compensate)
		value_put(record, STR("compensate"), &value_true);
	if (event->awaiter.number != 0)
		value_put_str(record, "parent",
		    chart_child_id(run->chart, event->awaiter.number, id));
	chart_record_end(run, record);
}

/*
 * What may have happened is given up by an operator who asks for no undoing,
 * and then only: else it waits until a person has settled it, since nobody
 * knows whether it is to be undone.  So does a suspension end: whoever was in
 * doubt says when what is left with the parent goes on.
 */
void
chart_cancel_begin(struct run *run, const struct chart_event *event)
{
	struct chart *chart = run->chart;
	bool gives_up_all = event->awaiter.number == 0 && !event->compensate;

	record_cancelled(run, event);
	if (event->awaiter.number == 0)
		chart->suspended = false;
	chart->cancel_compensates =
	    event->compensate ||
	    (chart->cancelling && chart->cancel_compensates);
	chart->cancelling = true;
	if (chart->suspended)
		return; /* until somebody resumes it */
	if (!chart_cancel_try(run, gives_up_all ? STOP_NOW : STOP_SURE))
		return; /* outcomes are waited for */
}

/* Where the instance that waits for this one was cancelled, nobody's rights
 * are looked at. */
void
chart_cancel_asked(struct run *run, const struct chart_event *event)
{
	if (event->awaiter.number == 0) {
		if (!chart_duty_may(run, &event->actor, PART_CORRECT) ||
		    !chart_proposal_pass(run, NULL, event))
			return;
		chart_duty_take(run, &event->actor, PART_CORRECT);
	}
	chart_cancel_begin(run, event);
}
