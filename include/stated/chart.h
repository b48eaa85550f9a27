/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart.h: the pure interpreter: one instance of a workflow.
 *
 * chart_step() takes what happened (an event, a reply, a deadline, an
 * operator's act) and gives the instance as it is afterwards, the effects to
 * be let out, and the history records: nothing else.  It reads no clock,
 * touches no socket and no database.  The caller makes instance and records
 * durable before it lets an effect out; where that fails, it drops the
 * instance and loads it anew.
 *
 * The algorithm is SCXML's (W3C Recommendation, appendix D) with durable
 * steps: while the steps of an entry, an exit or a transition run, their
 * region takes no events; the others do.
 */
#ifndef STATED_CHART_H
#define STATED_CHART_H

#include "stated/audit.h"
#include "stated/definition.h"
#include "stated/outcome.h"
#include "stated/rng.h"
#include "stated/schema.h"

struct chart; /* an instance in memory */

enum chart_status {
	CHART_RUNNING,   /* steps are under way */
	CHART_WAITING,   /* for an event, a person or a time */
	CHART_SUSPENDED, /* by an operator */
	CHART_COMPLETED, /* a final state with outcome success */
	CHART_CANCELLED, /* outcome cancelled, or an operator's cancel */
	CHART_FAULTED,   /* outcome failure */
};
struct str chart_status_name(enum chart_status status);
bool chart_status_is_end(enum chart_status status);

/* An instance's public identifier is a UUID (RFC 9562, version 8): the first
 * 48 bits are the store's, the last 62 the instance's number, so that it is
 * unique over all databases and leads back to its row. */
struct chart_identity {
	uint8_t store[16];
	uint64_t number;
};
#define CHART_ID_BYTES 37 /* with the closing zero byte */
struct str chart_id_format(
    struct chart_identity identity, char out[CHART_ID_BYTES]);
/* false where the text is no identifier of that store. */
MUST_USE bool chart_id_parse(
    struct str text, const uint8_t store[16], uint64_t *number);

/* That a person may act in another's role, since that one said so. */
struct chart_mandate {
	/* approver:ROLE; absent, where it is gone through again by a history
	 * that doesn't tell: the one that is asked for */
	struct str role;
	struct str from; /* whose it is */
};

/* What somebody's token is limited to: instances of those workflows (none: of
 * any), whose label `entity` is one of those (none: whatever it is). */
struct chart_limits {
	const struct str *workflows;
	size_t workflow_count;
	const struct str *entities;
	size_t entity_count;
};

/* NULL limits nothing. */
bool chart_limits_reach_workflow(
    const struct chart_limits *limits, struct str workflow);
bool chart_limits_reach_entity(
    const struct chart_limits *limits, struct str entity);

/* Who acts.  Where roles_checked is false (no authentication configured)
 * everybody holds every role. */
struct chart_actor {
	struct str name; /* absent: the system itself */
	/* the OpenID provider that has vouched for the name; absent: none */
	struct str issuer;
	const struct str *roles;
	size_t role_count;
	bool roles_checked;
	/* For roles that the actor doesn't hold; those that hold now. */
	const struct chart_mandate *mandates;
	size_t mandate_count;
	/* What the token is limited to, which routes see to; of an event and
	 * of a delegation it is the engine's to. */
	const struct chart_limits *limits;
};
/* Whether two names are one person's: capitals, and blanks more or fewer,
 * make no other person of anybody.  An absent name is nobody's. */
bool chart_person_is(struct str a, struct str b);
/* What is recorded of callers who don't say who they are, where they needn't:
 * anybody's word, and so nobody's name. */
#define CHART_ANONYMOUS "anonymous"
/* Whether it is the name of one person, who can be told from others. */
bool chart_person_is_known(struct str name);
/* What is recorded of what no caller does: the engine, and the time. */
#define CHART_ENGINE "engine"
#define CHART_SCHEDULE "schedule"
/* Whether records have the name for what no caller does. */
bool chart_person_is_machine(struct str name);
/* Whether nobody may be given it for a name: that, or CHART_ANONYMOUS. */
bool chart_person_is_reserved(struct str name);
/* Why, said to whoever asks for one. */
#define CHART_RESERVED_WHY                                                 \
	"histories have `engine`, `schedule` and `anonymous` for what no " \
	"known caller did"
bool chart_actor_has(const struct chart_actor *actor, struct str role);

/* ---- what happens to an instance ---- */

enum chart_event_kind {
	EV_STARTED,        /* the first one */
	EV_EVENT_RECEIVED, /* a CloudEvent that chart_takes() */
	EV_REPLY_ARRIVED,  /* an attempt of a call ended */
	EV_TIME_PASSED,    /* chart_due_ms() is reached */
	EV_TASK_DECIDED,
	EV_INCIDENT_SETTLED,
	EV_ESCALATION_ACKNOWLEDGED,
	EV_CANCELLED,
	EV_SUSPENDED,
	EV_RESUMED,
	EV_MIGRATED, /* to another version */
	EV_RECOVERED, /* the engine begins: what was under way is unknown */
	EV_CHILD_ENDED, /* an instance that a `run` step waits for */
	EV_AWAITED,     /* another `run` step waits for this one's end, too */
	EV_ERASED, /* what is sensitive goes; only once it has ended */
	/* of what another person proposed */
	EV_PROPOSAL_CONFIRMED,
	EV_PROPOSAL_REJECTED,
	EV_GLASS_ACKNOWLEDGED, /* of what another did alone */
};

enum chart_settlement {
	SETTLE_RETRY,
	SETTLE_SUPPLY,
	SETTLE_SKIP,
	SETTLE_COMPENSATE,
	SETTLE_CANCEL,
};
MUST_USE bool chart_settlement_parse(
    struct str text, enum chart_settlement *out);

/* A `run` step that is told of an instance's end. */
struct chart_awaiter {
	uint64_t number; /* of its instance; 0: nobody */
	uint64_t serial; /* of its DO_RUN */
};

/* How a child ended, or why there is none. */
struct chart_child_end {
	struct str id;
	enum chart_status status;
	struct str state;
	const struct value *output; /* NULL: none */
	struct str refusal; /* why it could not be started; absent: it ran */
};

struct chart_rename {
	struct str from; /* a state of the version it leaves */
	struct str to;
};
struct chart_migration {
	const struct definition *to;
	/* States that aren't here keep their names. */
	const struct chart_rename *renames;
	size_t rename_count;
};

struct chart_event {
	enum chart_event_kind kind;
	struct chart_actor actor;
	struct str comment; /* of a decision or an operator; may be absent */
	/* EV_EVENT_RECEIVED (CloudEvents 1.0) */
	struct str type;
	struct str subject;
	struct str id;
	struct str former_id;      /* of earlier versions; may be absent */
	struct str source;
	struct str time;           /* may be absent */
	/* also: form of a decision, supplied result */
	const struct value *data;
	int64_t received_ms;
	/* EV_REPLY_ARRIVED; serial also names a task, an incident, an
	 * escalation, a proposal */
	uint64_t serial;
	const struct outcome *outcome;
	const struct value *reply; /* as history shows it; may be NULL */
	/* It went to see whether the endpoint is back, for others who wait: as
	 * long as it may be tried again, that attempt isn't counted. */
	bool is_for_others;
	/* It was refused, and what was sent may go again by another proof of
	 * who we are, but not while the instance is suspended. */
	bool is_put_off;
	/* EV_TASK_DECIDED */
	struct str choice;
	/* EV_INCIDENT_SETTLED */
	enum chart_settlement settlement;
	struct str held; /* EV_ERASED: why it must not be; absent: it may */
	/* EV_ERASED: the business key as its first record has it, since a
	 * variable in it may have had another value then; absent: it is masked
	 * by what there is */
	struct str key;
	/* EV_CANCELLED: undo what was done first */
	bool compensate;
	/* EV_INCIDENT_SETTLED, EV_CANCELLED: why it can't wait for the second
	 * person whom the workflow asks for; absent: it can */
	struct str break_glass;
	/* EV_EVENT_RECEIVED: who proposed to deliver it again, which the actor
	 * has confirmed; absent: it needed no proposal */
	struct str proposed_by;
	const struct chart_migration *migration; /* EV_MIGRATED */
	/* EV_AWAITED; EV_STARTED: who runs it; EV_CANCELLED: whose end takes
	 * this one along, and then nobody's rights are looked at */
	struct chart_awaiter awaiter;
	/* EV_CHILD_ENDED, with the serial of DO_RUN */
	struct chart_child_end child;
};

/* Why an act was refused; history has a record of it all the same. */
enum chart_refusal {
	REFUSED_NOT,
	REFUSED_ENDED,     /* the instance is over */
	REFUSED_ABSENT,    /* no such task, incident or escalation (any more) */
	REFUSED_ROLE,      /* the actor doesn't hold the role */
	REFUSED_EXCLUDED,  /* four eyes: `exclude` or `separate` */
	REFUSED_TWICE,     /* the same person again */
	REFUSED_CHOICE,    /* no such choice, or not for this incident */
	REFUSED_FORM,      /* data fails the schema */
	REFUSED_STATE,     /* suspended already, not suspended, … */
	REFUSED_STRANDED,  /* it can't move: detail says why */
};
struct str chart_refusal_name(enum chart_refusal refusal);

/* ---- what comes of it ---- */

enum chart_effect_kind {
	DO_CALL,     /* prepare and queue an exchange */
	DO_PUBLISH,  /* a CloudEvent for other instances and subscribers */
	DO_PUT_ITEM, /* a task, incident, … was opened or closed */
	DO_LOG,      /* a contact's log channel */
	/* In the same turn, and so in the same commit: */
	DO_RUN,        /* start a child; answered by chart_run_started() or, if
			* it is refused, by EV_CHILD_ENDED */
	DO_CANCEL_RUN, /* EV_CANCELLED to the child */
	DO_REPORT,     /* EV_CHILD_ENDED to the awaiter: this one has ended */
	/* Of an instance that is erased: what is kept of events of that type
	 * and subject, which were for it, goes. */
	DO_FORGET,
};
enum chart_item_kind {
	CHART_TASK,
	CHART_INCIDENT,
	CHART_ESCALATION,
	CHART_PROPOSAL,
};

struct chart_effect {
	enum chart_effect_kind kind;
	/* DO_CALL; serial also of DO_PUT_ITEM */
	uint64_t serial;
	/* the step's, its verify's or its undo's */
	const struct def_call *call;
	const struct value *args;
	struct str key;     /* idempotency key */
	int64_t attempt;    /* from 1 */
	int64_t timeout_ms; /* 0: the operation's */
	enum def_priority priority;
	/* When it is of no more use, or not to be made any more: the nearest
	 * of its window's cut-off, its key's death and the instance's own
	 * deadlines; 0: none.  Who makes it wait lets the earliest go first. */
	int64_t deadline_ms;
	/* DO_PUBLISH, the first two also of DO_FORGET */
	struct str type;
	struct str subject;
	struct str id;
	const struct value *data;
	/* DO_PUT_ITEM */
	enum chart_item_kind item;
	bool open;
	int64_t created_ms;
	int64_t closed_ms;
	struct str owner;
	const struct value *body;
	/* DO_LOG */
	struct str level;
	struct str message;
	/* DO_RUN, with serial, priority, and data: its input */
	struct str workflow;
	bool waits; /* for its end, else for its start only */
	/* DO_CANCEL_RUN */
	uint64_t child;
	bool compensate;
	/* DO_REPORT */
	struct chart_awaiter awaiter;
	struct chart_child_end end;
};

/* Grows in the step's arena. */
struct chart_effects {
	struct chart_effect *items;
	size_t count;
	size_t capacity;
	const struct value **records; /* fields without seq and prev */
	size_t record_count;
	size_t record_capacity;
	enum chart_refusal refusal; /* of the act, if it was one */
	struct str refusal_detail;
	struct schema_errors refusal_errors; /* REFUSED_FORM: all of them */
	/* The act waits for another person, under that serial; 0: it is done.
	 */
	uint64_t proposal;
	/* EV_EVENT_RECEIVED: taken, kept, ignored; refused: too many kept */
	struct str event_fate;
};

enum chart_doubt {
	DOUBT_CONDITION, /* no record says what it gave */
	DOUBT_TOLD,	 /* the record that comes next does */
	DOUBT_UNTOLD,	 /* no record does: what it gave is unknown from now on */
	/* The order of members counted, and history has them sorted: it gives
	 * what it gave, or something else. */
	DOUBT_ORDER,
	DOUBT_ORDER_UNTOLD, /* and no record says what it gave */
};
/* Stands in what comes of it for a value of which nothing is known: the digest
 * of nothing that anybody knows. */
#define CHART_UNKNOWN                                                          \
	"sha256:"                                                              \
	"0000000000000000000000000000000000000000000000000000000000000000"
/*
 * Where an instance is gone through again by its records.  Sensitive values
 * are digests in all that it is told, and stay as they are in what it tells.
 * What an expression gives that looks into such a digest is what the record
 * says that it gave.
 */
struct chart_replay {
	/* What history has where the step's next record goes, of which so many
	 * have been made; NULL: it ends there. */
	const struct value *(*next)(void *arg, size_t record_count);
	/* Told of such an expression.  Of a condition the answer counts; given
	 * is what it gives with the digest. */
	bool (*doubt)(void *arg, struct str expression, enum chart_doubt kind,
	    bool given);
	void *arg;
	/* A version that it has run on calls something sensitive: else what
	 * looks like a digest is a text like any other. */
	bool has_digests;
	/* As in older programs, calls that were withdrawn from a queue count in
	 * the numbers from which keys are made: no record tells of them. */
	bool counts_withdrawn;
};

struct chart_context {
	int64_t now_ms;
	struct arena *arena;          /* of the step, or longer */
	struct rng *rng;              /* jitter */
	const struct value *settings; /* a context */
	struct str environment;
	/* How many microsteps there have been for one and the same cause; the
	 * bound that stops an instance which goes round in a circle holds for
	 * all steps that share it.  NULL: each step counts for itself. */
	unsigned *microsteps;
	/* Told of every transition as it is taken, for those who count what a
	 * test has reached; NULL: nobody asks. */
	void (*took)(void *arg, const struct def_transition *transition);
	void *took_arg;
	const struct chart_replay *replay; /* NULL: it happens now */
};

/* What a start gives. */
struct chart_start {
	const struct definition *definition;
	struct chart_identity identity;
	const struct value *input;
	/* chart_business_key()'s text, or as it is written where that is how
	 * it began; may be absent */
	struct str business_key;
	/* asked for by the caller; absent: by definition */
	struct str priority;
	struct str trace;        /* traceparent; may be absent */
	/* of a child: who is told of its end, and who began it all */
	struct chart_awaiter awaiter;
	struct str initiator; /* absent: the actor of EV_STARTED */
};

/* A value that something is found by.  Equal numbers have one text, however
 * they are written; engines of before took what was written, and that is what
 * their instances are found by. */
struct chart_handle {
	struct str text;    /* may be absent */
	struct str written; /* as the value is: the same, but of some numbers */
	bool is_number;
};

/* The business key of an input; false where the definition has a key and the
 * input gives none (null, or no scalar).  Absent where there is no key. */
MUST_USE bool chart_business_key(const struct definition *definition,
    const struct value *input, struct chart_context *context,
    struct chart_handle *key);
/* The text of a key that is that number; false where it is none. */
MUST_USE bool chart_number_key(struct str written, struct buf *key);
/* Whether its key is a number that the input has in that spelling, but for how
 * an exponent is written (7E0 is 7); false of a text that reads so. */
MUST_USE bool chart_has_number_key(const struct chart *chart,
    struct chart_context *context, struct str written);
/* The label by which tokens may be limited. */
#define CHART_ENTITY "entity"
/* What a label of an instance with that input will be, as text; absent where
 * it has none, or one that is no text and no number. */
struct str chart_label(const struct definition *definition,
    const struct value *input, struct chart_context *context, struct str name);

struct chart *chart_new(const struct chart_start *start);
void chart_free(struct chart **chart);
/* The instance must not be used further where the result can't be committed.
 * effects must be {0}-initialised. */
void chart_step(struct chart *chart, const struct chart_event *event,
    struct chart_context *context, struct chart_effects *effects);
/* Whether EV_MIGRATED would be taken; else *why says, in the step's arena, all
 * that stands in its way.  Nothing is changed. */
MUST_USE bool chart_can_migrate(const struct chart *chart,
    const struct chart_event *event, struct chart_context *context,
    struct str *why);
/* The intent: the request is about to go out.  Call it for a DO_CALL in the
 * turn whose commit it goes out after; request is as history shows it. */
void chart_call_sent(struct chart *chart, uint64_t serial,
    const struct value *request, struct chart_context *context,
    struct chart_effects *effects);

/* The child of a DO_RUN. */
struct chart_child_start {
	uint64_t serial; /* of DO_RUN */
	uint64_t number;
	struct str id;
	bool is_found; /* it was there, by its business key and input */
};
/* It is there: a new one, or one that was found, which somebody else began:
 * that one is only waited for, and never told to end.  In the turn of DO_RUN,
 * before anything else is stepped.  A step that does not wait for the child's
 * end is through by this, and the instance goes on: the effects that are added
 * have to be performed too. */
void chart_run_started(struct chart *chart,
    const struct chart_child_start *start, struct chart_context *context,
    struct chart_effects *effects);

/* Whether a DO_CALL of that serial is still to be sent: not where it has been
 * withdrawn, nor where the key under which it could be repeated is dead. */
bool chart_call_is_wanted(
    const struct chart *chart, uint64_t serial, int64_t now_ms);
/* Whether one that is still to be sent may be: not where its connection or its
 * calendar, which may have been given anew while it waited, say no.  Then the
 * chart wants EV_TIME_PASSED. */
bool chart_call_may_be_sent(
    const struct chart *chart, uint64_t serial, int64_t now_ms);
/* Whether one that was sent, and was refused for what it was shown with, may
 * be sent once more: not where it has been cancelled meanwhile, or its key has
 * died, or its window closed; nor while the instance is suspended. */
bool chart_call_may_go_again(
    const struct chart *chart, uint64_t serial, int64_t now_ms);
/* What a question of that serial, which is to be sent, is asked with. */
const struct def_operation *chart_call_asks_with(
    const struct chart *chart, uint64_t serial);
/* The DO_CALL of that serial as it was, as long as it is to be sent: what it
 * points to is the instance's.  For who keeps no more of it than the serial
 * while it waits.  false where it asks about another call: what that says
 * nobody else keeps. */
bool chart_call_again(
    const struct chart *chart, uint64_t serial, struct chart_effect *effect);

/* The call, task, incident, escalation, proposal or child that a record of what
 * happened next tells of, by the serial that events name it by.  Several may fit a
 * record; nth chooses among them, from 0.  0: there are no more. */
uint64_t chart_serial_of(const struct chart *chart, const struct value *record,
    size_t nth, struct arena *arena);

/* ---- looking at an instance ---- */

const struct definition *chart_definition(const struct chart *chart);
uint64_t chart_number(const struct chart *chart);
enum chart_status chart_status(const struct chart *chart);
enum def_priority chart_priority(const struct chart *chart);
/* business key; may be absent */
struct str chart_key(const struct chart *chart);
struct str chart_initiator(const struct chart *chart);
struct str chart_trace(const struct chart *chart);
const struct value *chart_input(const struct chart *chart);
const struct value *chart_data(const struct chart *chart);
int64_t chart_started_ms(const struct chart *chart);
int64_t chart_ended_ms(const struct chart *chart); /* 0: not ended */
/* When it wants EV_TIME_PASSED; 0: it doesn't. */
int64_t chart_due_ms(const struct chart *chart);
/* Whether it does then: also where a call may not be sent any more. */
bool chart_is_due(const struct chart *chart, int64_t now_ms);
/* A call is queued or sent: recovery has to look at it. */
bool chart_is_busy(const struct chart *chart);
size_t chart_incident_count(const struct chart *chart);
/* The next of those who wait for its end; *cursor is NULL before the first.
 * false where there are no more. */
MUST_USE bool chart_awaiter_next(
    const struct chart *chart, const void **cursor, uint64_t *number);
/* The same of those for whose end it waits. */
MUST_USE bool chart_awaited_next(
    const struct chart *chart, const void **cursor, uint64_t *number);
/* Active atomic states in document order, separated by blanks. */
struct str chart_state_names(const struct chart *chart, struct arena *arena);
/* The definition's labels, evaluated at the start; a context or null. */
const struct value *chart_labels(const struct chart *chart);
/* The values that events are matched by, or were when it ended: one for every
 * event that the definition declares, in its order; then, in the same order,
 * as they are written where that is another text; empty where there is
 * none. */
size_t chart_subjects(const struct chart *chart, struct chart_context *context,
    struct str **subjects);
/* Those that it waits for; an instance that has ended has none at all. */
size_t chart_correlations(const struct chart *chart,
    struct chart_context *context, struct str **correlations);
/* Whether an event of that type and subject is for this instance. */
bool chart_takes(const struct chart *chart, struct str type, struct str subject,
    struct chart_context *context);
/* Whether the limits let it be reached; NULL: there are none. */
bool chart_is_within(
    const struct chart *chart, const struct chart_limits *limits);
/* Whether a correction of it waits for a second person. */
bool chart_wants_second(const struct chart *chart);
/* Whether the person may take that part in it, by what they hold already. */
bool chart_allows(
    const struct chart *chart, struct str person, enum def_part part);
/* The instance as interfaces show it: id, workflow, version, status, states,
 * input, data, tasks, incidents, deadlines, …  It may outlive the instance in
 * memory. */
const struct value *chart_describe(
    const struct chart *chart, struct arena *arena);
/* The memory that it takes, more or less. */
size_t chart_bytes(const struct chart *chart);
/* The audit head travels with the instance. */
struct audit_head *chart_head(struct chart *chart);

/* ---- what is sensitive ---- */

/*
 * In history the digest of a sensitive value stands in its place:
 * "hmac-sha256:" and the HMAC-SHA-256 (RFC 2104) of its text in hexadecimal
 * digits, keyed with the instance's salt.  So nobody finds the value by trying
 * all that it may be, as an account's number can be found from a bare digest.
 * The salt travels with the instance as its head does, and is kept apart from
 * history.  An instance without one (it began under an older program, or is
 * only simulated) has "sha256:" and the SHA-256.
 */
#define CHART_SALT_BYTES 16
struct str chart_salt(const struct chart *chart); /* absent: none */
/* Of CHART_SALT_BYTES bytes, or absent. */
void chart_set_salt(struct chart *chart, struct str salt);
/* chart_describe() for eyes: digests stand for what is sensitive. */
const struct value *chart_describe_masked(
    struct chart *chart, struct arena *arena);
/* The same for who looks at it before the instance is stepped or freed: what
 * the instance has is not copied. */
const struct value *chart_describe_masked_lent(
    struct chart *chart, struct arena *arena);
/* What a text or a label says without what is sensitive. */
const struct value *chart_masked(
    struct chart *chart, struct arena *arena, const struct value *value);
/* And what an item's body says. */
const struct value *chart_masked_item(
    struct chart *chart, struct arena *arena, const struct value *body);
/* The same of an instance that is gone through again, in which digests are
 * values, and stay. */
const struct value *chart_masked_again(
    struct chart *chart, struct arena *arena, const struct value *value);
/* Whether a digest stands in the text for a sensitive value. */
bool chart_mask_is_in(struct str text);
/* Whether the label, as it is shown, has surely nothing sensitive in it, nor
 * the digest of that.  definition: that it was made by; NULL where that isn't
 * known. */
bool chart_label_is_plain(const struct definition *definition,
    struct str name, struct str shown);
/* The text of a value whose digest stands for it: of texts, numbers, booleans,
 * dates, times, durations and ranges, as JSON_PLAIN has them, without quotes.
 * false of what has none: lists and contexts, whose items have, and null, which
 * is shown as it is. */
MUST_USE bool chart_sensitive_text(
    struct arena *arena, const struct value *value, struct str *text);
/* Adds that text's digest.  salt: of CHART_SALT_BYTES bytes, or absent. */
void chart_sensitive_digest(struct str salt, struct str text, struct buf *out);
/* What was masked, for who may see it: {salt, values: [{path, value, digest}]}
 * of every value that the instance has at a sensitive path now. */
const struct value *chart_disclose(struct chart *chart, struct arena *arena);

/* When the history of an instance that has ended may be purged, by the
 * definition's `retention`; 0: never, or not as long as something that was done
 * alone waits to be acknowledged. */
int64_t chart_retained_until(
    struct chart *chart, struct chart_context *context);

/* ---- snapshots ---- */

void chart_save(const struct chart *chart, struct buf *out);
/* NULL where the bytes are damaged or don't fit the definition. */
MUST_USE struct chart *chart_load(const struct definition *definition,
    struct chart_identity identity, struct str snapshot);
/* Whether an older program left open which states it has entered: then it is
 * told its history before it goes on, or it might undo what it must not. */
bool chart_lacks_past(const struct chart *chart);
/* By its digest; NULL: it isn't there. */
typedef const struct definition *chart_definition_fn(
    struct digest digest, void *arg);
/* All records of the kinds `started`, `entered` and `migrated`, in order; the
 * others don't matter.  false: what they say can't be understood. */
MUST_USE bool chart_tell_past(struct chart *chart,
    const struct value *const *records, size_t count,
    chart_definition_fn *find, void *arg);

#endif
