/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_instance_priv.h: what an instance is made of; private to src/chart.
 *
 * Everything is flat: arrays, and lists of plain structs that name states,
 * steps and each other by numbers, never by pointers between parts, so that
 * whoever walks an instance (to save it, to show it, to move it to another
 * definition) sees all there is.  What it holds lives in the instance's own
 * arena; replaced values become garbage there until chart_wants_compaction().
 */
#ifndef CHART_INSTANCE_PRIV_H
#define CHART_INSTANCE_PRIV_H

#include "stated/chart.h"

/* ---- configuration ---- */

/* An active state.  All of them stand in document order, so that ancestors
 * come before descendants, and what is within a state comes right after it. */
struct active {
	size_t state;
	uint64_t entry; /* value of chart->entries when it was entered */
	uint64_t exited; /* steps of `exit` that whoever leaves it has done */
	/* microstep by which it stayed after all, when some of them were done;
	 * 0: they never were in vain */
	uint64_t stayed;
	bool pending; /* it begins when entry steps around it are through */
	/* of a leaf that is not alone: what its own steps were done for */
	const struct value *event;
	/* of a region: what was met in it last, or led into it; older programs
	 * noted it of leaves */
	const struct value *error;
	const struct value *decision;
};

/* What was active in a history's parent when that was left last. */
struct memory {
	struct memory *next;
	size_t history; /* the pseudo-state */
	size_t *states;
	size_t count;
};

/* ---- strands: what is being done ---- */

enum plan_kind {
	PLAN_CLAIM,	 /* wait until what is left has stopped */
	PLAN_EXIT,	 /* steps of `exit` of the state */
	PLAN_DO,	 /* steps of the transition */
	PLAN_SWITCH,	 /* leave and enter */
	PLAN_CHECK,	 /* invariants */
	PLAN_COMPENSATE, /* undo: back to the entry of the state, or all */
	PLAN_ENTRY,	 /* steps of `entry` of the state */
	PLAN_FORK,	 /* the regions of the state begin */
	PLAN_SETTLE,	 /* entry of the leaf is through: task, done */
	PLAN_CANCEL,	 /* end as cancelled */
};
struct plan_item {
	enum plan_kind kind;
	size_t index; /* a state's or a transition's; SIZE_MAX: none */
};

/* One transition of a microstep; a start where neither number is given. */
struct taken {
	size_t transition; /* SIZE_MAX: none */
	size_t state;	   /* an escalation's; SIZE_MAX: none */
	size_t escalation;
	/* The innermost state that stays entered, or, where nothing is left,
	 * the source; SIZE_MAX: none, all states are concerned. */
	size_t scope;
	bool leaves;
	bool undoes; /* all, since it is taken for a cancel that asks for it */
};

/* What an iteration of `for` that is over has left. */
struct outcome_of_item {
	struct outcome_of_item *next;
	uint64_t position;
	struct str packed;
};

/* A `for` step under way.  Its iterations are strands; the items still to
 * come and the results so far are bytes, so that saving them is a copy. */
struct loop {
	struct str items;    /* packed, those that have not begun */
	uint64_t begun;	     /* how many iterations have */
	uint64_t count;	     /* of items in all */
	struct str results;  /* packed, of the first `result_count` */
	size_t results_size; /* room in `results` */
	uint64_t result_count;
	struct outcome_of_item *later; /* by position, after a gap */
	const struct value *error;     /* the first; NULL: none failed */
};

/*
 * Steps that are done one after another, and what they wait for now.  A
 * microstep is one strand up to its switch; then each region has its own.
 * An iteration of `for` is a strand under the one whose step it is.
 */
struct strand {
	struct strand *next;
	uint64_t serial; /* its name, never used again */
	uint64_t taking; /* the microstep's: what keys of `do` hang on */
	struct taken *taken;
	size_t taken_count; /* 0: it has switched, or is an iteration */
	size_t scope;	    /* then: the state it runs in; SIZE_MAX: all */
	struct plan_item *plan;
	size_t plan_count;
	size_t plan_next;     /* the item under way */
	size_t plan_capacity; /* not saved */
	size_t pc;	      /* the step within it */
	struct str cause;
	const struct value *event;
	const struct value *error;
	const struct value *decision;
	int64_t wait_due_ms; /* a `wait` step is under way; 0: none */
	uint64_t awaits;     /* serial of its call or child; 0: none */
	uint64_t undoes;     /* serial of what it undoes, or has last; 0: none */
	bool held;	     /* by an incident */
	bool stopping;	     /* it ends at the next boundary */
	bool gone;	     /* it is over; not saved */
	struct loop *loop;   /* of the step under way; NULL: none */
	/* an iteration */
	uint64_t parent;   /* serial; 0: it is none */
	size_t loop_step;  /* whose `do` it does; SIZE_MAX: none */
	uint64_t position; /* from 1 */
	bool failed;	   /* and waits for what becomes of the step */
	const struct value *item;
	const struct value *vars; /* what it has assigned */
};

/* ---- a call under way ---- */

/*
 * The life of a call:
 *
 *   (begin) -> WINDOW -> QUEUED -> SENT -> done | failed | DELAYED
 *                 ^________________|___________________|
 *   SENT -> ASKING_LATER -> ASKING -> ASKED -> done | DELAYED | STUCK
 *                ^__________________________|
 *
 * chart_call.c holds the table of transitions.
 */
#define CALL_STATES(X)                                                     \
	X(WINDOW, "window")   /* due_ms: when the window opens */          \
	X(QUEUED, "queued")   /* DO_CALL is out; not sent */               \
	X(SENT, "sent")	      /* the intent is recorded; no reply yet */   \
	X(DELAYED, "delayed") /* due_ms: when it is tried again */         \
	X(ASKING_LATER, "asking-later") /* due_ms: when verify is asked */ \
	X(ASKING, "asking") /* verify's DO_CALL is out; not sent */         \
	X(STUCK, "stuck")   /* an incident is open: a person decides */     \
	X(ASKED, "asked")   /* verify was sent; no reply yet */

enum call_state {
#define X(symbol, name) CALL_##symbol,
	CALL_STATES(X)
#undef X
};

enum call_purpose { FOR_STEP, FOR_UNDO, FOR_NOTICE };

/* Whether it happened, asked of what was so when the call was meant. */
struct question {
	const struct value *args;  /* NULL: no verify */
	const struct value *scope; /* of `happened`; NULL: as it is by then */
};

struct call {
	struct call *next;
	uint64_t serial;
	enum call_purpose purpose;
	enum call_state state;
	const struct def_call *call;
	/* FOR_STEP, FOR_UNDO: index of the step; FOR_NOTICE: of the `notify`
	 * step, else SIZE_MAX */
	size_t step;
	size_t contact_state; /* FOR_NOTICE: state whose escalation it is */
	size_t contact_level; /* FOR_NOTICE: index of the escalation; SIZE_MAX:
				 incident */
	size_t contact_channel;
	struct str target; /* FOR_NOTICE: what it is meant to go by; absent:
			      nobody has kept that */
	uint64_t undo; /* FOR_UNDO: serial of what is undone */
	const struct value *args;
	struct question question;
	struct str key;
	int64_t attempt; /* of the call itself, from 1 */
	int64_t tries;	 /* attempts since a person last said: again */
	bool unknown;	 /* some attempt may have done it */
	bool given_up;	 /* not sent once more: only asked about */
	int64_t asked;	 /* how often verify was asked since it was unknown */
	bool denied;	 /* one answer was no; the next one counts */
	int64_t due_ms;
	int64_t first_sent_ms;	   /* its key, by whatever call; 0: never */
	const struct value *error; /* of the last attempt; NULL: none */
};

/* A key that an endpoint still knows from a call that is over: how the digest
 * of the operation and it begins, since a long `for` has many of them. */
struct used_key {
	struct used_key *next;
	uint64_t digest;
	int64_t first_sent_ms;
	int64_t dies_ms;
};

/* An instance that a `run` step has started. */
struct child {
	struct child *next;
	uint64_t serial; /* of DO_RUN */
	size_t step;
	uint64_t number; /* 0: it is not there yet */
	struct str id;
	bool cancelled; /* it was told to end */
	bool undoes;	/* and to undo first */
	bool found;	/* somebody else has begun it */
};

/* ---- timers ---- */

enum timer_kind {
	TIMER_AFTER,	  /* a deadline: index of one of its transitions */
	TIMER_ESCALATION, /* index: state; detail: escalation */
	TIMER_INCIDENT,	  /* detail: incident's serial: it is too old */
	TIMER_LEAVING, /* like TIMER_ESCALATION, told already: its target waits
			  for the steps */
};
struct timer {
	struct timer *next;
	enum timer_kind kind;
	size_t index;
	uint64_t detail;
	int64_t due_ms;
	/* TIMER_ESCALATION: when its state was entered; TIMER_AFTER: since when
	 * it is asked for in vain, 0: it is not */
	int64_t since_ms;
};

/* ---- what waits for people ---- */

struct vote {
	struct vote *next;
	struct str actor;
	struct str choice;
	struct str from; /* whose role the actor acted in; absent: their own */
};

struct task {
	struct task *next;
	uint64_t serial;
	size_t state;
	bool open;
	int64_t created_ms;
	struct str title;
	struct str description;
	struct str role;
	int64_t approvals;
	int64_t due_ms;
	struct vote *votes; /* kept for `exclude` after it is closed */
};

enum incident_kind {
	INCIDENT_FAILED,  /* a step failed and no `error` transition took it */
	INCIDENT_UNKNOWN, /* nobody knows whether a call happened */
	INCIDENT_UNDO,	  /* an undo failed for good */
	INCIDENT_INVARIANT,
	INCIDENT_TASK,	     /* a task can't be opened */
	INCIDENT_DEFINITION, /* an endless loop, a deadline without a time, … */
};
struct incident {
	struct incident *next;
	uint64_t serial;
	enum incident_kind kind;
	uint64_t strand; /* the one that it holds */
	size_t step;	 /* SIZE_MAX: none */
	uint64_t call;	 /* serial of the stuck call; 0: none */
	uint64_t undo;	 /* INCIDENT_UNDO: of what failed to be undone */
	int64_t created_ms;
	int64_t ages; /* how often max-age has passed */
	struct str message;
	const struct value *error;
};

struct escalated {
	struct escalated *next;
	uint64_t serial;
	size_t state;
	size_t level;
	int64_t created_ms;
	int64_t fired; /* how often */
	bool acknowledged;
	const struct value *body;
};

/* ---- what has come, and what was done ---- */

/* An event that has come and is not taken yet. */
struct kept {
	struct kept *next;
	struct str type;
	struct str subject;
	int64_t received_ms;
	bool told;		   /* history knows that it is kept */
	const struct value *event; /* what expressions see */
};

struct passed { /* an event type that a later one has overtaken */
	struct passed *next;
	struct str type;
	struct str subject;
};

/* The stack: latest first, whichever region's it is. */
struct undo {
	struct undo *next;
	uint64_t serial;
	size_t step;
	const struct value *args; /* NULL: they could not be reckoned */
	/* Whose step it was, as records say; NULL: it was in no `for`, or nobody
	 * noted it. */
	const struct value *item;
	struct question question;
	struct str key; /* fixed, like the arguments, when the step was done */
	int64_t done_ms;
};

/* How far the stack had grown when a state was last entered: `compensate: to`
 * it goes back to there. */
struct mark {
	struct mark *next;
	size_t state;
	uint64_t undo; /* serial of the latest then */
};
/* In its place: it has not been, so nothing has come since. */
#define MARK_NOT_ENTERED UINT64_MAX
/* Whether it has been is to be read from history, see chart_past.c. */
#define MARK_UNKNOWN (UINT64_MAX - 1)

struct held { /* a task that was decided, by its state; or "approver:ROLE" */
	struct held *next;
	struct str name;
};
struct part { /* who has held which part: for `separate` */
	struct part *next;
	struct str actor;
	unsigned parts;
	struct held *names;
};

/* A correction that waits for another person; or one that was done without,
 * and that another person has to look at. */
struct proposal {
	struct proposal *next;
	uint64_t serial;
	uint64_t incident; /* serial; 0: it is of the instance as a whole */
	bool is_replay;	   /* of an event; else what has no incident cancels */
	enum chart_settlement settlement;
	bool compensate; /* a cancel's */
	bool is_done;
	struct str by;
	struct str comment; /* may be absent */
	struct str reason;  /* why it was done without; absent: it was not */
	const struct value *data; /* a supplied result; NULL: none */
	int64_t created_ms;
	uint64_t entries; /* of a cancel: those of the instance by then */
};

/* An event as transitions see it. */
struct signal {
	struct str name;
	const struct value *event;
	size_t only;	/* this state's transitions only; SIZE_MAX: any */
	size_t from;	/* from the leaves of this state up; SIZE_MAX: all */
	uint64_t entry; /* void once that state is entered anew; 0: never */
};
struct internal { /* raised, and not taken yet */
	struct internal *next;
	struct signal signal;
};

/* Who is told of the end. */
struct waiter {
	struct waiter *next;
	struct chart_awaiter awaiter;
};

/* A value that changes seldom, and its bytes. */
struct packed {
	const struct value *of; /* NULL: none yet */
	struct buf bytes;
};

struct chart {
	unsigned magic;
	struct arena *arena;
	size_t arena_bytes_live; /* after the last compaction */
	const struct definition *definition;
	struct chart_identity identity;
	char id[CHART_ID_BYTES];
	struct str business_key;
	struct str initiator;
	struct str trace;
	struct audit_head head;
	/* of digests that stand for what is sensitive; not saved, like head */
	uint8_t salt[CHART_SALT_BYTES];
	bool is_salted;

	bool ended;
	enum def_ending ending;
	bool suspended;
	bool cancelling; /* an operator's cancel waits for step boundaries */
	bool cancel_compensates;
	bool cancel_ends; /* whatever transition would take it */
	bool stands; /* something was done outside that nothing here undoes */
	enum def_priority priority;
	bool priority_given; /* by the caller; not saved: it is settled at the
				start */
	int64_t started_ms;
	int64_t ended_ms;
	uint64_t serial_last; /* of calls, tasks, incidents, escalations */
	/* How many of these numbers went to calls that had been withdrawn from
	 * a queue: no record tells of that, so no key may hang on it. */
	uint64_t withdrawn;
	uint64_t strand_last;
	uint64_t undo_last;
	uint64_t taking;  /* how many microsteps there were */
	uint64_t entries; /* how many of them entered something */

	const struct value *input;
	const struct value *data;
	const struct value *labels;   /* NULL: none */
	const struct value *output;   /* of the final state; NULL: none */
	const struct value *event;    /* of the last transition; NULL */
	/* The last one and the last outcome, no iteration's; NULL */
	const struct value *error;
	const struct value *decision;

	struct active *active;
	size_t active_count;
	size_t active_capacity; /* not saved */
	struct memory *memories;
	struct strand *strands;
	struct call *calls;
	struct call *lost; /* notices whose channel is gone: to be told of */
	struct used_key *keys;
	struct child *children;
	struct timer *timers;
	struct task *tasks;
	struct incident *incidents;
	struct escalated *escalations;
	struct kept *kept;
	struct passed *passed;
	struct undo *undos;
	struct mark *marks;
	struct part *parts;
	struct proposal *proposals;
	struct internal *internals;
	struct waiter *waiters;

	struct packed *packed; /* of input and data; not saved as such */
	struct mask *mask;     /* NULL: not gathered yet; not saved */
};
#define CHART_PACKED 2

#define CHART_MAGIC 0x43484152u

#endif
