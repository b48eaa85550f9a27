/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_priv.h: what the files of src/chart share; nobody else includes it.
 *
 * The instance is one flat struct.  What it holds lives in its own arena;
 * replaced values become garbage there until chart_wants_compaction().
 */
#ifndef CHART_PRIV_H
#define CHART_PRIV_H

#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/decision.h"

#define CHART_MICROSTEPS_MAX 1000
#define CHART_DEPTH_MAX 64

/* ---- the plan: what a transition still has to do ---- */

enum plan_kind {
	PLAN_EXIT,   /* steps of `exit` of the state */
	PLAN_DO,     /* steps of the transition */
	PLAN_SWITCH, /* leave and enter by the transition; PLAN_START: begin */
	PLAN_GOTO,   /* leave and enter by an escalation: index of its state */
	PLAN_CHECK,  /* invariants; index 1: entry is through */
	PLAN_COMPENSATE, /* undo the stack */
	PLAN_ENTRY,	 /* steps of `entry` of the state */
	PLAN_SETTLE,	 /* entry is through: task, done */
	PLAN_CANCEL,	 /* end as cancelled */
};
struct plan_item {
	enum plan_kind kind;
	size_t index;
	size_t detail; /* PLAN_GOTO: the escalation */
};
#define PLAN_START SIZE_MAX
#define PLAN_MAX (2 * CHART_DEPTH_MAX + 8)

/* ---- a call under way ---- */

/*
 * The life of a call:
 *
 *   (begin) -> WINDOW -> QUEUED -> SENT -> done | failed | DELAYED
 *                 ^________________|___________________|
 *   SENT -> ASKING_LATER -> ASKING -> done | DELAYED | ASKING_LATER | STUCK
 *
 * chart_call.c holds the table of transitions.
 */
#define CALL_STATES(X)                                                     \
	X(WINDOW, "window")   /* due_ms: when the window opens */          \
	X(QUEUED, "queued")   /* DO_CALL is out; not sent */               \
	X(SENT, "sent")	      /* the intent is recorded; no reply yet */   \
	X(DELAYED, "delayed") /* due_ms: when it is tried again */         \
	X(ASKING_LATER, "asking-later") /* due_ms: when verify is asked */ \
	X(ASKING, "asking")		/* verify's DO_CALL is out */      \
	X(STUCK, "stuck") /* an incident is open: a person decides */

enum call_state {
#define X(symbol, name) CALL_##symbol,
	CALL_STATES(X)
#undef X
};

enum call_purpose { FOR_STEP, FOR_UNDO, FOR_NOTICE };

struct call {
	struct call *next;
	uint64_t serial;
	enum call_purpose purpose;
	enum call_state state;
	const struct def_call *call;
	size_t step;	      /* FOR_STEP, FOR_UNDO: index of the step */
	size_t contact_state; /* FOR_NOTICE: state whose escalation it is */
	size_t contact_level; /* FOR_NOTICE: index of the escalation; SIZE_MAX:
				 incident */
	size_t contact_channel;
	const struct value *args;
	const struct value *verify_args; /* evaluated at the beginning */
	struct str key;
	int64_t attempt; /* of the call itself, from 1 */
	int64_t tries;	 /* attempts since a person last said: again */
	bool unknown;	 /* some attempt may have done it */
	int64_t asked;	 /* how often verify was asked since it was unknown */
	int64_t due_ms;
	int64_t first_sent_ms;	   /* 0: never */
	const struct value *error; /* of the last attempt; NULL: none */
};

/* ---- timers ---- */

enum timer_kind {
	TIMER_AFTER,	  /* a transition's deadline: index of the transition */
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
	int64_t since_ms; /* TIMER_ESCALATION: when its state was entered */
};

/* ---- what waits for people ---- */

struct vote {
	struct vote *next;
	struct str actor;
	struct str choice;
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
	size_t step;   /* SIZE_MAX: none */
	uint64_t call; /* serial of the stuck call; 0: none */
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

struct undo { /* the stack: latest first */
	struct undo *next;
	size_t step;
	const struct value *args;
	const struct value *verify_args;
	struct str key; /* fixed, like the arguments, when the step was done */
	int64_t done_ms;
};

struct part { /* who has held which part: for `separate` */
	struct part *next;
	struct str actor;
	unsigned parts;
};

struct internal {
	struct internal *next;
	struct str name;
	size_t state; /* only this state's transitions; SIZE_MAX: from the leaf
			 up */
	const struct value *event;
	uint64_t entries; /* counts only until another state is entered; 0:
			     longer */
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

	bool ended;
	enum def_ending ending;
	bool suspended;
	bool cancelling; /* an operator's cancel waits for a step boundary */
	bool cancel_compensates;
	enum def_priority priority;
	bool priority_given; /* by the caller; not saved: it is settled at the
				start */
	int64_t started_ms;
	int64_t ended_ms;
	uint64_t serial_last; /* of calls, tasks, incidents, escalations */
	uint64_t entries;     /* how often a configuration was entered */

	const struct value *input;
	const struct value *data;
	const struct value *labels;   /* NULL: none */
	const struct value *output;   /* of the final state; NULL: none */
	const struct value *event;    /* of the transition under way; NULL */
	const struct value *error;    /* the last one; NULL */
	const struct value *decision; /* the last outcome; NULL */

	size_t leaf;	  /* active atomic or final state; SIZE_MAX: none */
	struct str cause; /* of the transition under way */
	struct plan_item plan[PLAN_MAX];
	size_t plan_count;
	uint64_t plan_serial; /* grows with every new plan */
	size_t plan_next;     /* the item under way */
	size_t pc;	      /* the step within it */
	int64_t wait_due_ms;  /* a `wait` step is under way; 0: none */
	bool held;	      /* an incident holds the plan */
	uint64_t step_call;   /* serial of the call the plan waits for; 0 */

	struct call *calls;
	struct timer *timers;
	struct task *tasks;
	struct incident *incidents;
	struct escalated *escalations;
	struct kept *kept;
	struct passed *passed;
	struct undo *undos;
	struct part *parts;
	struct internal *internals; /* raised, and not looked at yet */
};

#define CHART_MAGIC 0x43484152u

/* One chart_step(): everything its functions need. */
struct run {
	struct chart *chart;
	struct chart_context *context;
	struct chart_effects *effects;
	const struct chart_actor *actor; /* NULL: the system */
	const struct value *response;	 /* while an output is evaluated */
	const struct kept *arrived;	 /* the event that came; NULL: none */
	uint64_t plan_first;		 /* plan_serial as it began */
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

/* ---- chart_env.c: what expressions see ---- */
const struct value *chart_env_eval(
    struct run *run, const struct template *template);
bool chart_env_holds(
    struct run *run, const struct template *guard); /* NULL: true */
/* As a string: strings as they are, numbers and booleans by their text. */
struct str chart_env_text(
    struct run *run, const struct template *template, struct str otherwise);
struct str chart_env_text_of(struct arena *arena, const struct value *value);
const struct value *chart_env_keep(struct run *run, const struct value *value);
void chart_env_assign(
    struct run *run, struct def_assigns assigns, struct value_builder *told);
const struct value *chart_env_instance(
    const struct chart *chart, struct arena *arena, struct str environment);
/* An instant from a span; false with a reason where the span gives none. */
MUST_USE bool chart_env_due(struct run *run, const struct def_span *span,
    int64_t from_ms, int64_t *due_ms);
MUST_USE bool chart_env_instant(
    struct run *run, const struct template *at, int64_t *due_ms);

/* Evaluates a decision table over the variables or the step's `with`. */
struct decision_result chart_env_decide(
    struct run *run, const struct def_step *step);

/* ---- chart_record.c: history ---- */
struct value_builder *chart_record_begin(struct run *run, enum audit_kind kind);
void chart_record_end(struct run *run, struct value_builder *record);
void chart_record_value(
    struct value_builder *record, const char *key, const struct value *value);
void chart_record_state(struct run *run, struct value_builder *record,
    const char *key, size_t state);
void chart_record_step(
    struct run *run, struct value_builder *record, size_t step);
/* An instant as text; nothing where it is 0. */
void chart_record_instant(
    struct run *run, struct value_builder *record, const char *key, int64_t ms);
/* The text as logs may have it. */
struct str chart_record_mask(struct run *run, struct str text);
struct chart_effect *chart_effect_add(
    struct run *run, enum chart_effect_kind kind);

/* ---- chart_plan.c: configurations ---- */
void chart_plan_take(struct run *run, const struct def_transition *transition);
void chart_plan_start(struct run *run);
void chart_plan_goto(
    struct run *run, const struct def_state *source, size_t escalation);
void chart_plan_cancel(struct run *run, bool compensate);
void chart_plan_cancelled(struct run *run);
bool chart_plan_is_at_boundary(const struct chart *chart);
/* Runs the one item that is no list of steps; false where it blocks. */
MUST_USE bool chart_plan_perform(struct run *run, const struct plan_item *item);
void chart_plan_clear(struct chart *chart);
bool chart_plan_is_active(
    const struct chart *chart, const struct def_state *state);
bool chart_plan_is_busy(const struct chart *chart);
const struct def_state *chart_leaf(const struct chart *chart);

/* ---- chart_step.c ---- */
/* What is said of the present states only: a decision, the end of undoing. */
void chart_step_raise_here(
    struct run *run, struct str name, const struct value *event);
void chart_step_raise(
    struct run *run, struct str name, size_t state, const struct value *event);
/* The first enabled transition for a name, innermost state first; state
 * SIZE_MAX: from the leaf up, else only that state's. */
const struct def_transition *chart_step_select(
    struct run *run, struct str name, size_t state, bool interrupting);
/* Takes an interrupting transition for what waits, at a step boundary; true
 * where it did. */
bool chart_step_interrupt(struct run *run);
/* Whether a wait is under way in which nothing is happening. */
bool chart_step_is_idle(const struct chart *chart);
void chart_step_refuse(struct run *run, enum chart_refusal refusal,
    const char *format, ...) PRINTF_LIKE(3, 4);
void chart_step_end(struct run *run, enum def_ending ending);
/* Stops an instance that goes round in a circle; true where it did. */
bool chart_step_circles(struct run *run);

/* ---- chart_run.c: steps ---- */
/* Runs the plan until it is through or blocked. */
void chart_run_plan(struct run *run);
/* The call of a step ended: done with its output, or failed with an error. */
void chart_run_call_done(struct run *run, struct call *call,
    const struct value *response, struct def_assigns output);
void chart_run_call_failed(
    struct run *run, struct call *call, const struct value *error);
/* A person gives the result of the step that failed. */
void chart_run_supply(
    struct run *run, const struct def_step *step, const struct value *data);
void chart_run_fail(
    struct run *run, const struct def_step *step, const struct value *error);
const struct def_step *chart_run_current(const struct chart *chart);
void chart_run_advance(struct chart *chart);
void chart_run_waited(struct run *run);
void chart_run_undone(struct run *run, size_t step, struct str by);
/* Starts the next undo; true where the stack is empty. */
MUST_USE bool chart_run_undo(struct run *run);
const struct value *chart_run_error(struct run *run, struct str code,
    struct str message, const struct def_step *step);

/* ---- chart_call.c ---- */
struct str chart_call_key(struct run *run, enum call_purpose purpose,
    const struct def_call *definition, size_t step);
struct call *chart_call_begin(struct run *run, enum call_purpose purpose,
    const struct def_call *call, size_t step, const struct value *args);
void chart_call_start(struct run *run, struct call *call);
void chart_call_reply(
    struct run *run, struct call *call, const struct chart_event *event);
void chart_call_due(struct run *run, struct call *call);
void chart_call_suspend(struct run *run, struct call *call);
void chart_call_cancel(struct run *run, struct call *call);
void chart_call_recover(struct run *run, struct call *call);
void chart_call_remove(struct chart *chart, struct call *call);
struct call *chart_call_find(const struct chart *chart, uint64_t serial);
/* Nothing of it is under way or unknown: it may be dropped. */
bool chart_call_is_idle(const struct call *call);

/* ---- retry.c ---- */
int64_t retry_delay_ms(
    const struct def_retry *retry, int64_t attempt, struct rng *rng);

/* ---- chart_task.c ---- */
bool chart_task_open(struct run *run, const struct def_state *state);
void chart_task_close(struct run *run, size_t state);
void chart_task_decide(struct run *run, const struct chart_event *event);
const struct value *chart_task_body(
    const struct chart *chart, const struct task *task, struct arena *arena);
/* Whether the actor may take the part; refuses where not. */
bool chart_task_may(
    struct run *run, const struct chart_actor *actor, enum def_part part);
void chart_task_took(
    struct run *run, const struct chart_actor *actor, enum def_part part);

/* ---- chart_escalation.c ---- */
void chart_escalation_arm(struct run *run, const struct def_state *state);
void chart_escalation_disarm(struct run *run, const struct def_state *state);
void chart_escalation_fire(struct run *run, struct timer timer);
/* By its target, once no steps run. */
void chart_escalation_leave(struct run *run, struct timer timer);
void chart_escalation_acknowledge(
    struct run *run, const struct chart_event *event);
/* Whom a notice is for. */
struct str chart_escalation_contact(
    const struct chart *chart, const struct call *notice);
void chart_escalation_notify(struct run *run, const struct def_contact *contact,
    struct str message, struct str severity, size_t state, size_t level);

/* ---- chart_incident.c ---- */
struct incident *chart_incident_open(struct run *run, enum incident_kind kind,
    size_t step, uint64_t call, const struct value *error, const char *format,
    ...) PRINTF_LIKE(6, 7);
void chart_incident_settle(struct run *run, const struct chart_event *event);
void chart_incident_age(struct run *run, struct timer timer);
void chart_incident_close_all(struct run *run, const char *how);
struct str chart_incident_kind_name(enum incident_kind kind);
const struct value *chart_incident_body(const struct chart *chart,
    const struct incident *incident, struct arena *arena);

/* ---- chart.c ---- */
struct chart *chart_alloc(
    const struct definition *definition, struct chart_identity identity);
void chart_swap(struct chart *a, struct chart *b);
void chart_begin(struct run *run);
struct str chart_correlation_of(struct run *run, const struct def_event *event);
/* chart_snapshot.c: moves what is still in use to a new arena. */
void chart_compact(struct chart *chart);
/* Whether so much has been replaced that this pays. */
bool chart_wants_compaction(const struct chart *chart);
/* Timers in the list, by kind and index. */
struct timer *chart_timer_add(struct chart *chart, enum timer_kind kind,
    size_t index, uint64_t detail, int64_t due_ms);
void chart_timer_remove(
    struct chart *chart, enum timer_kind kind, size_t index, uint64_t detail);

#endif
