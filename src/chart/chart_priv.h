/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_priv.h: what the files of src/chart share; nobody else includes it.
 *
 * chart_instance_priv.h says what an instance is; here is what is done to it.
 */
#ifndef CHART_PRIV_H
#define CHART_PRIV_H

#include "chart_instance_priv.h"

#include "stated/clock.h"
#include "stated/decision.h"

#define CHART_MICROSTEPS_MAX 1000
#define CHART_RAISED_MAX 1000

/* One chart_step(): everything its functions need. */
struct run {
	struct chart *chart;
	struct chart_context *context;
	struct chart_effects *effects;
	const struct chart_actor *actor; /* NULL: the system */
	struct str proposed_by; /* what the actor confirmed; absent: nothing */
	struct strand *strand;	   /* whose steps are being done; NULL: none */
	const struct active *leaf; /* that transitions are looked for */
	/* Whose transition or escalation is looked at; NULL: none is. */
	const struct def_state *guarded;
	const struct signal *signal;  /* that they are looked for */
	const struct value *response; /* while an output is evaluated */
	const struct value *scope; /* what was so when it began; NULL: nothing */
	const struct value *results;  /* while that of a `for` is */
	const struct kept *arrived;   /* the event that came; NULL: none */
	size_t effects_first;	      /* how many effects were there before */
	unsigned microsteps;
	unsigned raised_most; /* that stood in the queue at a time */
	/* Why an expression was given up, until that is told of; absent: none
	 * was. */
	struct str given_up;
	/* Expressions that something went wrong in and that gave null, since
	 * the last record; the next one tells of them.  NULL: none. */
	struct value_builder *nulls;
	size_t null_count;
	/* What was read of the environment's settings since the last record,
	 * which nothing else would tell; NULL: nothing. */
	const struct value *settings;
	bool undoes;	     /* what stops now is left by what undoes */
	bool reads_settings; /* the expression that is evaluated does */
	/* It has looked into a value of which there is the digest only. */
	bool looked;
	bool ordered; /* the order of a context's members counts in it */
	bool by_calendar; /* the last instant was reckoned by the calendar */
	/* What all records of the run have; NULL: there is none yet. */
	const struct value *time;
	const struct value *instance;
};

/* Appends to the end of a singly linked list. */
#define LIST_APPEND(head, item)                        \
	do {                                           \
		__typeof__(head) *list_end = &(head);  \
		while (*list_end != NULL)              \
			list_end = &(*list_end)->next; \
		(item)->next = NULL;                   \
		*list_end = (item);                    \
	} while (0)

/* Unlinks the item that *link points to. */
#define LIST_UNLINK(link) (*(link) = (*(link))->next)

/* ---- chart_config.c: which states are active ---- */

/* States in document order, in the step's arena. */
struct state_set {
	struct arena *arena;
	const struct def_state **items;
	size_t count;
	size_t capacity;
};

bool chart_config_is_leaf(const struct def_state *state);
struct active *chart_config_find(
    const struct chart *chart, const struct def_state *state);
bool chart_config_is_active(
    const struct chart *chart, const struct def_state *state);
/* Whether it is active, and entry steps of a state around it come before it
 * begins. */
bool chart_config_is_pending(
    const struct chart *chart, const struct def_state *state);
/* Strictly. */
bool chart_config_is_within(
    const struct def_state *inner, const struct def_state *outer);
/* Whether one of them leaves the state. */
bool chart_config_is_left(const struct chart *chart, const struct taken *taken,
    size_t taken_count, const struct def_state *state);
/* The next leaf from position *at on, which it moves behind it; NULL: none. */
const struct active *chart_config_next_leaf(
    const struct chart *chart, size_t *at);
bool chart_config_has_one_leaf(const struct chart *chart);
/* The innermost region that the state is, or is in; NULL: none. */
const struct def_state *chart_config_region(const struct def_state *state);
/* The first active child; NULL: the top.  NULL where there is none. */
const struct def_state *chart_config_child(
    const struct chart *chart, const struct def_state *state);
/* Down from there (NULL: the top) to the leaf, or to the first parallel. */
const struct def_state *chart_config_trunk(
    const struct chart *chart, const struct def_state *state);
/* The leaves' names, separated by blanks. */
struct str chart_config_names(const struct chart *chart, struct arena *arena);
/* Whether every region is final, and the steps of its entry are through. */
bool chart_config_is_through(
    const struct chart *chart, const struct def_state *state);
/* SCXML's transition domain: the innermost compound state that stays entered;
 * NULL: the top. */
const struct def_state *chart_config_domain(const struct chart *chart,
    const struct def_state *source, struct def_targets targets, bool internal,
    struct arena *arena);
/* Leaves all within the scopes and enters the targets: gives what was left
 * (innermost first) and entered (outermost first).  What that means for
 * timers and tasks is the caller's. */
void chart_config_leave(struct chart *chart, const struct taken *taken,
    size_t taken_count, struct state_set *left);
void chart_config_enter(struct chart *chart, const struct taken *taken,
    size_t taken_count, struct state_set *entered);
/* What would be entered, and nothing is. */
void chart_config_foresee(const struct chart *chart, const struct taken *taken,
    size_t taken_count, struct state_set *entered);
struct def_targets chart_taken_targets(
    const struct definition *definition, const struct taken *taken);

/* ---- chart_select.c: which transitions ---- */

enum select_mode {
	SELECT_FREE,	     /* busy regions take nothing */
	SELECT_INTERRUPTING, /* they take what interrupts, and something does */
	SELECT_ALL,	     /* busy or not */
};
enum selected {
	SELECTED_NONE,
	SELECTED_LATER, /* a busy region may want it, or is in the way */
	SELECTED_NOW,
};
/* The transitions of a microstep, in the step's arena. */
struct chosen {
	struct taken *items;
	size_t count;
	size_t capacity;
	const struct value *event; /* eventless: that of the first's leaf */
};
MUST_USE enum selected chart_select(struct run *run,
    const struct signal *signal, enum select_mode mode, struct chosen *chosen);
MUST_USE bool chart_select_eventless(struct run *run, struct chosen *chosen);
/* A deadline's transition; its guard is not looked at. */
void chart_select_this(struct run *run, const struct def_transition *transition,
    struct chosen *chosen);
void chart_select_escalation(struct run *run, const struct def_state *source,
    size_t escalation, struct chosen *chosen);
/* The first for an error, from the state up. */
bool chart_select_error(
    struct run *run, const struct def_state *from, struct chosen *chosen);
/* Whether a state that has begun has a transition of that name. */
bool chart_select_is_named(const struct chart *chart, struct str name);
/* Whether every leaf is busy. */
bool chart_select_is_busy(const struct chart *chart);
/* Whether no busy region hinders it. */
bool chart_select_timer_is_open(
    const struct chart *chart, const struct timer *timer);
/* Whether the transition, which interrupts, may do so now: see
 * chart_concern_may_cut_in(). */
bool chart_select_may_cut_in(
    const struct chart *chart, const struct def_transition *transition);

/* ---- chart_env.c: what expressions see ---- */
/* One that exceeds its budget gives null and sets run->given_up: whoever would
 * act on that null asks first. */
const struct value *chart_env_eval(
    struct run *run, const struct template *template);
bool chart_env_holds(
    struct run *run, const struct template *guard); /* NULL: true */
/* As a string: strings as they are, numbers and booleans by their text. */
struct str chart_env_text(
    struct run *run, const struct template *template, struct str otherwise);
struct str chart_env_text_of(struct arena *arena, const struct value *value);
const struct value *chart_env_keep(struct run *run, const struct value *value);
/* The present values of what the expression reads, for when it is evaluated
 * later as run->scope; NULL: it reads none that may change. */
const struct value *chart_env_scope(
    struct run *run, const struct template *template);
void chart_env_assign(
    struct run *run, struct def_assigns assigns, struct value_builder *told);
/* An instant from a span; false where the span gives none.  Both set
 * run->by_calendar. */
MUST_USE bool chart_env_due(struct run *run, const struct def_span *span,
    int64_t from_ms, int64_t *due_ms);
MUST_USE bool chart_env_instant(
    struct run *run, const struct template *at, int64_t *due_ms);

/* ---- chart_reads.c: settings that expressions read ---- */
/* The next record tells what those said that the template read; or all. */
void chart_reads_note(struct run *run, const struct template *template);
void chart_reads_note_all(struct run *run);

/* ---- chart_replay.c: what the records say instead ---- */
/* what: it is waited for, as records of waits say. */
int64_t chart_replay_delay(const struct run *run, struct str what,
    int64_t least_ms, int64_t most_ms);
/* Sets run->looked where a digest is looked into. */
feel_look_fn chart_replay_look_cb;
/* When something is due that hangs on a digest, written as `after`: what the
 * record of that deadline says, or never. */
int64_t chart_replay_due(
    struct run *run, const struct template *template, struct str after);
/* Tells of an expression that made a text of the value, or asked for the order
 * of members before. */
void chart_replay_text(struct run *run, const struct template *template,
    const struct value *value);
void chart_replay_ordered(const struct run *run, struct str expression);
/* The same of what was assigned, where no record says so. */
void chart_replay_kept(const struct run *run, const struct def_assign *assign);
/* Whether the instance is gone through again, and there is a digest in it. */
bool chart_replay_is_masked(const struct run *run, const struct value *value);
const struct value *chart_replay_assigned(
    const struct run *run, const struct def_assign *assign);
bool chart_replay_holds(
    const struct run *run, const struct template *guard, bool given);
void chart_replay_decided(const struct run *run, struct str decision,
    struct decision_result *result);
/* Whether the record that comes next says that an event of that type was
 * ignored for that reason, of which nothing else can tell. */
bool chart_replay_ignored(
    const struct run *run, struct str type, const char *reason);

/* Evaluates a decision table over the variables or the step's `with`. */
struct decision_result chart_env_decide(
    struct run *run, const struct def_step *step);

/* ---- chart_mask.c: what is sensitive ---- */
#define CHART_SALTED "hmac-sha256:"
#define CHART_UNSALTED "sha256:"
struct mask;
/* NULL: nothing in the instance is.  has_digests: where it is gone through
 * again, a digest stands for itself. */
const struct mask *chart_mask_of(struct chart *chart, bool has_digests);
struct str chart_mask_text(
    const struct mask *mask, struct arena *arena, struct str text);
const struct value *chart_mask_value(
    const struct mask *mask, struct arena *arena, const struct value *value);
/* The same of the instance's input ("input"), or of a context of its variables
 * (absent), in which paths lead to what is sensitive however short it is. */
const struct value *chart_mask_root(const struct chart *chart,
    const struct mask *mask, struct arena *arena, struct str root,
    const struct value *value);
/* The text that stands for the value. */
struct str chart_mask_digest(
    const struct mask *mask, struct arena *arena, struct str text);
void chart_mask_free(struct mask **mask);

/* ---- chart_record.c: history ---- */
#define CHART_NULLS_MAX 5
/* Has the next record tell why an expression gave null.  More than the first
 * few are left out, and so is what is null because it just isn't there. */
template_null_fn chart_record_null_cb;
/* The same of a value that a time was to be made of; null tells itself. */
void chart_record_no_time(struct run *run, const struct template *template,
    const struct value *value);
/* Which calendar fixed the last instant, if one did. */
void chart_record_calendar(struct run *run, struct value_builder *record);
struct value_builder *chart_record_begin(struct run *run, enum audit_kind kind);
void chart_record_end(struct run *run, struct value_builder *record);
void chart_record_value(
    struct value_builder *record, const char *key, const struct value *value);
void chart_record_state(struct run *run, struct value_builder *record,
    const char *key, size_t state);
/* NULL: the strand is of no `for`, and undoes nothing of one. */
const struct value *chart_record_item(const struct chart *chart,
    const struct strand *strand, struct arena *arena);
void chart_record_step(
    struct run *run, struct value_builder *record, size_t step);
/* The same where it is not of the strand at hand; NULL: none that there is. */
void chart_record_step_of(struct run *run, struct value_builder *record,
    size_t step, const struct strand *strand);
/* The text as logs may have it. */
struct str chart_record_mask(struct run *run, struct str text);
struct chart_effect *chart_effect_add(
    struct run *run, enum chart_effect_kind kind);
void chart_effect_remove(struct run *run, size_t index);

/* ---- chart_strand.c ---- */
/* Behind that one; NULL: at the end. */
struct strand *chart_strand_add(struct chart *chart, struct strand *after);
void chart_strand_plan(
    struct chart *chart, struct strand *strand, enum plan_kind kind, size_t i);
struct strand *chart_strand_find(const struct chart *chart, uint64_t serial);
/* The one that waits for that call or child; NULL: none. */
struct strand *chart_strand_awaiting(
    const struct chart *chart, uint64_t serial);
struct strand *chart_strand_root(
    const struct chart *chart, struct strand *strand);
/* The state that what it does now stands in; NULL: all. */
const struct def_state *chart_strand_place(
    const struct chart *chart, const struct strand *strand);
/* What steps meet, and later ones see. */
struct met {
	const struct value *error;    /* NULL: none */
	const struct value *decision; /* NULL: none */
};
void chart_strand_meet(
    struct chart *chart, struct strand *strand, struct met met);
/* It is over; its regions keep what they were entered with. */
void chart_strand_end(struct run *run, struct strand *strand);
/* Before its time: history is told of an event that nothing has come of. */
void chart_strand_give_up(struct run *run, struct strand *strand);
void chart_strand_end_all(struct run *run);
/* scope: a state, whose leaves are meant, or SIZE_MAX: all. */
bool chart_scope_covers(
    const struct chart *chart, size_t scope, const struct def_state *leaf);
bool chart_strand_covers(const struct chart *chart, const struct strand *strand,
    const struct def_state *leaf);
/* Whether it does something for a leaf within the state. */
bool chart_strand_reaches(const struct chart *chart,
    const struct strand *strand, const struct def_state *state);
/* Whether a strand does something for that leaf. */
bool chart_strand_is_busy(
    const struct chart *chart, const struct def_state *leaf);
/* Whether one does what belongs to its entry. */
bool chart_strand_is_arriving(
    const struct chart *chart, const struct def_state *leaf);
/* An incident holds it, or the instance as a whole. */
bool chart_strand_is_held(
    const struct chart *chart, const struct strand *strand);
/* Nothing of what it waits for is happening: it waits for a time, or for a
 * place in a queue. */
bool chart_strand_is_idle(
    const struct chart *chart, const struct strand *strand);
/* Whether it, or what it is an iteration of, does steps of `exit`: whatever
 * else left the state would have to do them as well. */
bool chart_strand_is_leaving(
    const struct chart *chart, const struct strand *strand);
/* Whether an interrupting transition may be taken before what is next. */
bool chart_strand_is_at_boundary(
    const struct chart *chart, const struct strand *strand);
bool chart_strand_is_blocked(
    const struct chart *chart, const struct strand *strand);

enum stop_mode {
	STOP_LEFT,   /* its region is left: people still settle what is open */
	STOP_CANCEL, /* the same, undoing is broken off */
	STOP_SURE,   /* what is open and surely not done is given up */
	STOP_NOW,    /* an operator gives up whatever is open */
};
/* Undoing has begun, or will as soon as the entered state is checked. */
bool chart_strand_owes_undoing(const struct strand *strand);
/* Ends the strand and its iterations as soon as nothing of them is under way;
 * true where they have ended. */
bool chart_strand_stop(
    struct run *run, struct strand *strand, enum stop_mode mode);
/* Stops all that do something within what the microstep leaves; true where
 * none is left. */
bool chart_strand_stop_others(
    struct run *run, const struct strand *strand, enum stop_mode mode);

/* ---- chart_concern.c: what leaving means for what is being done ---- */
enum concern {
	CONCERNS_NOTHING,
	CONCERNS_PART, /* and regions that aren't left */
	CONCERNS_ALL,
};
/* Whether the state whose transition stays in it is left. */
bool chart_concern_leaves_source(const struct chart *chart,
    const struct chosen *chosen, const struct taken *staying);
/* No transitions: all is left. */
enum concern chart_concern(const struct chart *chart,
    const struct chosen *chosen, const struct strand *strand);
/* Whether the one was to leave several regions, and they don't leave them all:
 * what was stopped for it there would stand still for good. */
bool chart_concern_strands(const struct chart *chart,
    const struct chosen *chosen, const struct taken *taken);
/* Whether nothing that is done for regions that aren't left would be lost. */
bool chart_concern_may_cut_in(
    const struct chart *chart, const struct chosen *chosen);
/* That becomes strands of its own, wherever it can be told apart. */
void chart_concern_spare(struct run *run, const struct chosen *chosen);

/* ---- chart_begin.c ---- */
/* A state was entered: it begins, or is pending. */
void chart_begin_entered(struct run *run, const struct def_state *state);
/* Those begin for which no entry steps around them are ahead any more; true
 * where there were any. */
bool chart_begin_pending(struct run *run);
/* Whether states have yet to begin of what the strand is busy with. */
bool chart_begin_is_awaited(
    const struct chart *chart, const struct strand *strand);
/* The deadline counts from now on; false where it gives no time. */
MUST_USE bool chart_begin_deadline(
    struct run *run, const struct def_transition *transition);

/* ---- chart_plan.c: microsteps ---- */
/* Takes the transitions, in place of that strand (NULL: of none). */
void chart_plan_take(struct run *run, const struct chosen *chosen,
    struct strand *instead, struct str cause, const struct value *event);
void chart_plan_start(struct run *run);
/* A step of the strand's microstep has failed, and that is taken instead: the
 * transitions of other regions, which it doesn't leave, become a strand of
 * their own. */
void chart_plan_part(struct run *run, struct strand *strand,
    const struct chosen *instead);
/* Whether they may be taken instead of the one whose step has failed: see
 * chart_concern_strands(). */
bool chart_plan_may_replace(const struct chart *chart,
    const struct strand *strand, const struct chosen *instead);
/* Those of its transitions that go, and those that don't, become two strands;
 * no check and no undoing is under way, which is done for all of them. */
void chart_plan_divide(struct run *run, struct strand *strand, bool *goes);
/* Whether what goes on is to leave the state. */
bool chart_plan_leaves(
    const struct chart *chart, const struct def_state *state);
/* Whether something is undone when they are taken. */
bool chart_plan_undoes(struct run *run, const struct chosen *chosen);
enum item_result {
	ITEM_THROUGH,
	ITEM_BLOCKED, /* it is come back to */
	ITEM_MOVED,   /* the plan is another one now, or the strand is over */
};
/* Does the one item that is no list of steps. */
enum item_result chart_plan_perform(
    struct run *run, struct strand *strand, struct plan_item item);

/* ---- chart_cancel.c ---- */
/* Goes on with an operator's cancel: true where it has found its place. */
MUST_USE bool chart_cancel_try(struct run *run, enum stop_mode mode);
/* Undoing was asked for by a cancel, and is through. */
enum item_result chart_cancel_finish(struct run *run);
void chart_cancel_asked(struct run *run, const struct chart_event *event);
/* Cancels, whoever asked for it. */
void chart_cancel_begin(struct run *run, const struct chart_event *event);
/* Whether a transition that takes `cancel`, or the end if none does, leaves no
 * steps under way. */
bool chart_cancel_stops_all(struct run *run);

/* ---- chart_migrate.c ---- */
void chart_migrate_asked(struct run *run, const struct chart_event *event);

/* ---- chart_erase.c ---- */
void chart_erase(struct run *run, const struct chart_event *event);

/* ---- chart_invariant.c ---- */
/* Adds the names of those that don't hold. */
void chart_invariant_find(struct run *run, struct buf *broken);
/* true where all hold that can be looked at; else an incident is open. */
MUST_USE bool chart_invariant_check(struct run *run);

/* ---- chart_step.c ---- */
/* How many raised events wait. */
size_t chart_step_raised(const struct chart *chart);
/* Whether it has gone round in a circle, as far as anybody can tell. */
bool chart_step_circles(const struct run *run);
/* What is said of the state as it is entered now only. */
void chart_step_raise(struct run *run, struct signal signal);
void chart_step_done(struct run *run, const struct def_state *state);
/* Takes an interrupting transition in place of the strand, at a step
 * boundary; true where it did. */
bool chart_step_interrupt(struct run *run, struct strand *strand);
/* The same where the strand only waits for a time, and what is left ends: true
 * where it doesn't go on. */
bool chart_step_cut(struct run *run, struct strand *strand);
void chart_step_refuse(struct run *run, enum chart_refusal refusal,
    const char *format, ...) PRINTF_LIKE(3, 4);
void chart_step_end(struct run *run, enum def_ending ending);
/* Goes on after something has happened, until the instance waits. */
void chart_step_go_on(struct run *run);

/* ---- chart_kept.c: events from outside ---- */
void chart_kept_receive(struct run *run, const struct chart_event *event);
/* The first that can be taken, from that one on; NULL: none. */
struct kept **chart_kept_find(struct run *run, struct kept **from,
    enum select_mode mode, struct chosen *chosen);
void chart_kept_take(struct run *run, struct kept **link,
    const struct chosen *chosen, struct strand *instead);
void chart_kept_tell(struct run *run);
void chart_kept_end(struct run *run);
void chart_kept_overtaken(struct run *run, const struct value *event);

/* ---- chart_time.c: what falls due ---- */
enum timer_choice {
	TIMERS_ALL,	     /* that can do something */
	TIMERS_INTERRUPTING, /* at a boundary between steps */
	TIMERS_TELLING,	     /* that tell people, whatever runs */
};
/* strand: TIMERS_INTERRUPTING: the one at the boundary. */
struct timer *chart_time_find(const struct run *run, enum timer_choice choice,
    const struct strand *strand);
/* Whether a deadline that interrupts is due. */
bool chart_time_may_interrupt(const struct run *run);
void chart_time_take(
    struct run *run, struct timer timer, struct strand *instead);
void chart_time_passed(struct run *run, const struct chart_event *event);
/* The first of those under the same key of `after` in that state; one timer is
 * for all of them.  NULL: there is no such key. */
const struct def_transition *chart_time_first_of_key(
    const struct def_state *state, const struct def_transition *like);
struct timer *chart_timer_add(struct chart *chart, enum timer_kind kind,
    size_t index, uint64_t detail, int64_t due_ms);
void chart_timer_remove(
    struct chart *chart, enum timer_kind kind, size_t index, uint64_t detail);

/* ---- chart_run.c: steps ---- */
/* Runs all strands until each is through or blocked. */
void chart_run_strands(struct run *run);
/* The call of a step ended: done with its output, or failed with an error. */
void chart_run_call_done(struct run *run, struct call *call,
    const struct value *response, struct def_assigns output);
void chart_run_call_failed(
    struct run *run, struct call *call, const struct value *error);
/* A person gives the result of the step that failed. */
void chart_run_supply(
    struct run *run, const struct def_step *step, const struct value *data);
/* Whether what the step does outside is left as it is, whatever becomes of the
 * instance: there is nothing that would undo it. */
bool chart_run_leaves(const struct def_step *step);
/* The step is through with that response. */
void chart_run_done(struct run *run, const struct def_step *step,
    const struct value *response, struct def_assigns output);
/* All of these speak of run->strand. */
/* Fails the step where an expression was given up; false where none was. */
MUST_USE bool chart_run_fail_given_up(
    struct run *run, const struct def_step *step);
void chart_run_fail(
    struct run *run, const struct def_step *step, const struct value *error);
void chart_run_decided(struct run *run, const struct value *outcome);
void chart_run_waited(struct run *run);
void chart_run_advance(const struct chart *chart, struct strand *strand);
/* Of the list of `exit` that it is at the rest is not done any more, by no
 * transition; or, not all: the step that it is at. */
void chart_run_give_up_leaving(
    const struct chart *chart, const struct strand *strand, bool all);
const struct def_step *chart_run_current(
    const struct chart *chart, const struct strand *strand);
const struct value *chart_run_error(struct run *run, struct str code,
    struct str message, const struct def_step *step);
void chart_run_record(struct run *run, enum audit_kind kind,
    const struct def_step *step, const char *key, const struct value *value);

/* ---- chart_kinds.c: one function a kind of step ---- */
enum step_result {
	STEP_THROUGH,
	STEP_BLOCKED, /* or failed: then another strand may be in its place */
};
enum step_result chart_kinds_run(struct run *run, const struct def_step *step);

/* ---- chart_loop.c: for ---- */
enum step_result chart_loop_begin(struct run *run, const struct def_step *step);
/* Whether iterations can begin, or the step can end. */
bool chart_loop_can_go(const struct chart *chart, const struct strand *strand);
void chart_loop_go(struct run *run, struct strand *strand);
/* An iteration is through, or failed. */
void chart_loop_through(struct run *run, struct strand *strand);
void chart_loop_failed(
    struct run *run, struct strand *strand, const struct value *error);
/* A person says: again. */
void chart_loop_retry(struct run *run, struct strand *strand);
void chart_loop_drop(struct run *run, struct strand *strand);

/* ---- chart_child.c: run ---- */
enum step_result chart_child_begin(
    struct run *run, const struct def_step *step);
void chart_child_ended(struct run *run, const struct chart_event *event);
void chart_child_awaited(struct run *run, const struct chart_event *event);
void chart_child_report(struct run *run);
/* The identifier of another instance of the same store. */
struct str chart_child_id(
    const struct chart *chart, uint64_t number, char out[CHART_ID_BYTES]);
struct child *chart_child_find(const struct chart *chart, uint64_t serial);
/* It is told to end; true where there is nothing to wait for. */
bool chart_child_stop(struct run *run, struct child *child);

/* ---- chart_undo.c: the stack ---- */
void chart_undo_push(struct run *run, const struct def_step *step);
/* What was done from now on is undone by `compensate: to` the state. */
void chart_undo_mark(struct chart *chart, const struct def_state *state);
/* Nothing is, until it is entered. */
void chart_undo_mark_not_entered(
    struct chart *chart, const struct def_state *state);
bool chart_undo_was_entered(struct chart *chart, size_t state);
/* An older program didn't note it; and what history says of that. */
void chart_undo_mark_unknown(
    struct chart *chart, const struct def_state *state);
void chart_undo_learn(struct chart *chart, size_t state, bool was_entered);
/* Starts the next undo, back to the entry of that state (SIZE_MAX: all); true
 * where there is none. */
MUST_USE bool chart_undo_next(struct run *run, size_t to);
/* By its call, or as a person says. */
void chart_undo_done(struct run *run, uint64_t serial, struct str by);
struct undo *chart_undo_find(const struct chart *chart, uint64_t serial);
void chart_undo_drop(struct run *run, uint64_t serial);

/* ---- chart_call.c ---- */
struct str chart_call_key(struct run *run, enum call_purpose purpose,
    const struct def_call *definition, size_t step);
struct call *chart_call_begin(struct run *run, enum call_purpose purpose,
    const struct def_call *call, size_t step, const struct value *args);
/* With what verify asks about the call that is meant now, and by what it
 * judges the answer. */
struct question chart_call_question(
    struct run *run, const struct def_call *definition);
void chart_call_start(struct run *run, struct call *call);
void chart_call_due(struct run *run, struct call *call);
/* A person says that what is stuck did not happen. */
void chart_call_retry(struct run *run, struct call *call);
void chart_call_suspend(struct run *run, struct call *call);
/* Its outcome counts, but nobody wants it done any more. */
void chart_call_give_up(struct run *run, struct call *call);
/* Acts on those that are meant (NULL: all) as it begins: what an act does may
 * remove calls, and ask for others. */
typedef bool call_is_fn(const struct run *run, const struct call *call);
typedef void call_fn(struct run *run, struct call *call);
void chart_call_each(struct run *run, call_is_fn *is_meant, call_fn *act);
void chart_call_remove(struct chart *chart, struct call *call);
/* The same of one that nobody has settled: what may have happened stands. */
void chart_call_forget(struct chart *chart, struct call *call);
/* The same; a DO_CALL of this very step is taken back. */
void chart_call_drop(struct run *run, struct call *call);
struct call *chart_call_find(const struct chart *chart, uint64_t serial);
struct str chart_call_state_name(enum call_state state);
/* Whether verify is being asked. */
bool chart_call_is_asking(const struct call *call);
/* Nothing of it is under way or unknown: it may be dropped. */
bool chart_call_is_idle(const struct call *call);
/* It stands in a queue and may not be sent any more: its time is over, or its
 * connection or its calendar has been given anew. */
bool chart_call_is_barred(
    const struct chart *chart, const struct call *call, int64_t now_ms);
/* It goes on when the instance does. */
bool chart_call_is_suspended(
    const struct chart *chart, const struct call *call);
/* It waits for a time, and stays as it is although that may have come. */
bool chart_call_stands_still(
    const struct chart *chart, const struct call *call);

/* ---- chart_call.c, for chart_call_reply.c ---- */
void chart_call_move(struct call *call, enum call_state next);
/* NULL: that of a notice. */
struct strand *chart_call_strand(
    const struct chart *chart, const struct call *call);
/* Of notices alone: steps are told apart by themselves and their item. */
void chart_call_record_key(
    struct value_builder *record, const struct call *call);
void chart_call_record_waiting(
    struct run *run, const struct call *call, const char *why);
void chart_call_emit_question(struct run *run, const struct call *call,
    const struct def_call *verify, const struct value *args);
bool chart_call_key_lives_at(const struct call *call, int64_t at_ms);
bool chart_call_is_given_up(const struct call *call);
bool chart_call_is_too_late(
    const struct chart *chart, const struct call *call, int64_t now_ms);

/* ---- chart_call_reply.c ---- */
void chart_call_reply(
    struct run *run, struct call *call, const struct chart_event *event);
void chart_call_recover(struct run *run, struct call *call);
/* For chart_call.c: the outcome is unknown and the same key can't answer it. */
void chart_call_in_doubt(struct run *run, struct call *call);
/* Whether it happened. */
void chart_call_ask(struct run *run, struct call *call);

/* ---- chart_key.c: how old keys are ---- */
/* When the endpoint forgets the call's key; 0: never, or it has not seen it. */
int64_t chart_key_dies_ms(const struct call *call);
/* Since when it knows the key, if that is sent now. */
int64_t chart_key_since(
    struct chart *chart, const struct call *call, int64_t now_ms);
/* The call is over, and its key may come again. */
void chart_key_keep(struct chart *chart, const struct call *call);

/* ---- retry.c ---- */
/* What jitter leaves open, as records have it: once it came on top of
 * `max-delay`. */
void retry_delay_range(const struct def_retry *retry, int64_t attempt,
    int64_t *least_ms, int64_t *most_ms);
int64_t retry_delay_ms(
    const struct def_retry *retry, int64_t attempt, struct rng *rng);

/* ---- chart_task.c ---- */
bool chart_task_open(struct run *run, const struct def_state *state);
/* Whether its `approvals` give a number, above that of the decisions for any
 * one choice that an open one has. */
bool chart_task_can_open(struct run *run, const struct def_state *state);
/* Whether its `role` gives one, or is left out. */
bool chart_task_has_role(struct run *run, const struct def_state *state);
/* The definition is another: asks anew, and keeps the decisions; false where
 * none is open. */
bool chart_task_renew(struct run *run, const struct def_state *state);
void chart_task_close(struct run *run, size_t state);
void chart_task_decide(struct run *run, const struct chart_event *event);
/* Whether the person may leave out the task of a state, which the strand could
 * not open: whoever may not decide it may not, the role aside. */
struct objection chart_task_judge_left_out(struct run *run,
    struct strand *strand, const struct def_state *state, struct str person);
/* The person has, and holds what a decider would. */
void chart_task_left_out(struct run *run, struct strand *strand,
    const struct def_state *state, struct str person);
const struct value *chart_task_body(
    const struct chart *chart, const struct task *task, struct arena *arena);

/* ---- chart_describe.c ---- */

/* chart_describe() with what the instance has, and no copies of it. */
const struct value *chart_describe_lent(
    const struct chart *chart, struct arena *arena);

/* ---- chart_duty.c: what one person may not do together ---- */
/* What somebody is about to do. */
struct duty {
	enum def_part part;
	struct str task; /* the state's name; absent: it is no task's */
	struct str role; /* that the task is for; absent: anybody */
};
/* Why somebody may not. */
struct objection {
	enum chart_refusal refusal; /* REFUSED_NOT: they may */
	struct str detail;
};
struct objection chart_duty_object(struct run *run, enum chart_refusal refusal,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* Whether `separate` keeps the person from it. */
struct objection chart_duty_judge(
    struct run *run, struct str person, const struct duty *duty);
void chart_duty_took(
    struct run *run, struct str person, const struct duty *duty);
/* The same of a part that is no task's: refuses, or has it taken. */
MUST_USE bool chart_duty_may(
    struct run *run, const struct chart_actor *actor, enum def_part part);
void chart_duty_take(
    struct run *run, const struct chart_actor *actor, enum def_part part);
/* The definition is another: tasks are called otherwise. */
void chart_duty_rename(struct chart *chart, const struct definition *to,
    const struct chart_rename *renames, size_t count);

/* ---- chart_proposal.c: corrections that want a second person ---- */
/*
 * Whether the act, which the actor may do, is to be done now.  Else it has
 * become a proposal, or is refused.  incident NULL: a cancel of the instance.
 */
MUST_USE bool chart_proposal_pass(struct run *run,
    const struct incident *incident, const struct chart_event *event);
/* Tells of what is done without the second person, which is allowed. */
void chart_proposal_alone(struct run *run, const struct incident *incident,
    const struct chart_event *event);
void chart_proposal_confirm(struct run *run, const struct chart_event *event);
void chart_proposal_reject(struct run *run, const struct chart_event *event);
void chart_proposal_acknowledge(
    struct run *run, const struct chart_event *event);
/* Something was done alone, and nobody else has looked at it. */
bool chart_proposal_waits(const struct chart *chart);
/* Those whose reason is gone lapse. */
void chart_proposal_sweep(struct run *run);
void chart_proposal_erase(struct run *run, const struct mask *mask);
/* The one that is open for it; NULL: none.  incident 0: the cancel's. */
const struct proposal *chart_proposal_of(
    const struct chart *chart, uint64_t incident);
struct str chart_proposal_act(const struct proposal *proposal);
const struct value *chart_proposal_body(const struct chart *chart,
    const struct proposal *proposal, struct arena *arena);

/* ---- chart_escalation.c ---- */
void chart_escalation_arm(struct run *run, const struct def_state *state);
void chart_escalation_disarm(struct run *run, const struct def_state *state);
/* One of them; false where it gives no time. */
MUST_USE bool chart_escalation_arm_level(
    struct run *run, const struct def_state *state, size_t level);
/* The definition is another, and so is what lists show of those that fired. */
void chart_escalation_renew(struct run *run);
/* It is over for those who were told; the caller takes it off the list. */
void chart_escalation_close(struct run *run, const struct escalated *fired);
void chart_escalation_fire(struct run *run, struct timer timer);
/* By its target, once no steps run there. */
void chart_escalation_leave(struct run *run, struct timer timer);
void chart_escalation_acknowledge(
    struct run *run, const struct chart_event *event);
/* Whom a notice is for; NULL where the contact is there no more. */
const struct def_contact *chart_escalation_contact(
    const struct definition *definition, const struct call *notice);
/* Of what a notice tells; all SIZE_MAX: of an incident.  A level, but no
 * state: of what was done without a second person. */
#define NOTICE_ALARM 0
struct notice {
	const struct def_contact *to;
	struct str message;
	struct str severity;
	size_t state; /* and level: an escalation */
	size_t level;
	size_t step; /* a `notify` step */
};
void chart_escalation_notify(struct run *run, const struct notice *notice);
/* Those that were lost go by what their contacts have now. */
void chart_escalation_tell_lost(struct run *run);

/* ---- chart_incident.c ---- */
/* It holds run->strand. */
struct incident *chart_incident_open(struct run *run, enum incident_kind kind,
    size_t step, uint64_t call, const struct value *error, const char *format,
    ...) PRINTF_LIKE(6, 7);
void chart_incident_settle(struct run *run, const struct chart_event *event);
/* Whether it can be settled so now, and the person may confirm it; refuses
 * where not. */
MUST_USE bool chart_incident_may_confirm(
    struct run *run, const struct proposal *proposal, struct str person);
/* Settles it, whoever asked for that. */
void chart_incident_perform(struct run *run, const struct chart_event *event);
/* Lists show it as it is now; where there is none, nothing is done. */
void chart_incident_renew(struct run *run, uint64_t serial);
struct str chart_incident_settlement_name(enum chart_settlement settlement);
void chart_incident_age(struct run *run, struct timer timer);
/* What held the one strand holds the other. */
void chart_incident_move(
    struct chart *chart, uint64_t from, struct strand *strand);
/* Those of the strand; 0: all. */
void chart_incident_close_all(
    struct run *run, uint64_t strand, const char *how);
struct str chart_incident_kind_name(enum incident_kind kind);
const struct value *chart_incident_body(const struct chart *chart,
    const struct incident *incident, struct arena *arena);

/* ---- chart.c ---- */
struct chart *chart_alloc(
    const struct definition *definition, struct chart_identity identity);
void chart_swap(struct chart *a, struct chart *b);
/* What travels with an instance and isn't in its snapshot. */
void chart_take_beside(struct chart *copy, const struct chart *chart);
void chart_begin(struct run *run);
/* Whether events of that type and subject are for it now. */
bool chart_is_matched(
    struct run *run, const struct def_event *event, struct str subject);
/* chart_snapshot.c: moves what is still in use to a new arena. */
void chart_compact(struct chart *chart);
/* Whether so much has been replaced that this pays. */
bool chart_wants_compaction(const struct chart *chart);
#endif
