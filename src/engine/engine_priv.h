/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_priv.h: what the files of src/engine share; nobody else includes it.
 *
 * Everything that happens becomes a request in the inbox.  A turn drains
 * requests, steps instances into the store's open batch, and is submitted
 * when the batch before it is done.  What must not leave before the commit
 * (replies, calls, notices) hangs on the turn.
 */
#ifndef ENGINE_PRIV_H
#define ENGINE_PRIV_H

#include "stated/engine.h"
#include "stated/log.h"
#include "stated/map.h"
#include "stated/throttle.h"

struct engine;
struct turn;

/* ---- requests ---- */

enum request_kind {
	REQUEST_START,
	REQUEST_EVENT,
	REQUEST_ACT,
	REQUEST_REPLAY,
	REQUEST_LOOK,
	REQUEST_PUBLISH,
	REQUEST_MIGRATE,
	REQUEST_SWITCH,
	REQUEST_GIVE,
	REQUEST_HOLD,
	REQUEST_DISCLOSE,
	REQUEST_JUDGE,
	REQUEST_DELEGATE,
	REQUEST_JOURNAL, /* from inside too: then nobody waits for the reply */
	/* from inside: never refused, repeated after a failed commit */
	REQUEST_REPLY,	 /* an exchange ended */
	REQUEST_DUE,	 /* an instance's time has come */
	REQUEST_RELEASE, /* a queued call may go */
	REQUEST_RECOVER, /* an instance was busy when the engine stopped */
	REQUEST_EXPIRE,	 /* a held event has waited long enough */
	REQUEST_SCHEDULE, /* a planned instant has come */
	REQUEST_CHILD,	 /* an instance tells another, within its turn */
	REQUEST_POSTED,	 /* a broker has an event: its row goes */
};

struct request {
	struct request *next;
	enum request_kind kind;
	/* Owns everything that the request points to, but for `start`. */
	struct arena *arena;
	engine_reply_fn *reply; /* NULL: nobody waits */
	void *reply_arg;
	uint64_t number; /* of the instance; of the event: REPLAY */
	union { /* of the kind that it is named after */
		struct engine_start start;
		struct engine_publish publish;
		struct engine_migrate migrate;
		struct engine_switch act;
		struct engine_grant grant;
		struct engine_holding holding;
		struct engine_entry entry;
		struct engine_verdict verdict;
		struct engine_delegate delegate;
		struct store_event expired;
	};
	struct chart_event event; /* of many */
	bool emitted;		   /* by an instance of ours, within its turn */
	bool answers;		   /* it comes of an event that one emitted */
	struct exchange *exchange; /* RELEASE */
	struct outcome outcome;	   /* REPLY */
	uint64_t turn;		   /* REPLY: in which the call was offered */
};

struct inbox {
	struct request *first;
	struct request **end;
	size_t count;
};

/* ---- instances in memory ---- */

struct instance {
	struct instance *newer; /* list by last use */
	struct instance *older;
	uint64_t number;
	struct chart *chart;
	const struct library *library; /* of whose connections it knows */
	size_t bytes;		  /* as counted for the cache */
	uint64_t turn;		  /* serial of the last turn that changed it */
	uint64_t cause;		  /* what it was stepped for last … */
	unsigned microsteps;	  /* … and how many microsteps that took */
	struct str *correlations; /* chart_correlations() as subscribed; heap */
	size_t correlation_count;
};

/* ---- exchanges: calls on their way ---- */

/*
 *   (offered) -> QUEUED -> READY -> SENT -> (gone)
 *                   |______> RETIRED ______^
 *
 * QUEUED: in its line, waiting for a place, a token or the rate; there may be
 * a million of these, so what is sent is filled in once it has its place.
 * READY: the intent is in the turn's batch.  SENT: the client has it.
 */
enum exchange_state {
	EXCHANGE_QUEUED,
	EXCHANGE_READY,
	EXCHANGE_SENT,
	EXCHANGE_RETIRED, /* given up in a turn that is not durable yet */
};

/* What a 401 leads to, once. */
enum exchange_renewal {
	RENEWAL_NONE,
	RENEWAL_WANTED, /* goes out once more by another token */
	RENEWAL_MADE,	/* the request has another credential */
};

struct exchange {
	struct throttle_ticket ticket; /* QUEUED; comes first */
	struct throttle_pass pass;     /* otherwise: of its place */
	struct exchange *next;	       /* on the turn, or sent */
	struct exchange *previous;     /* SENT */
	enum exchange_state state;
	struct line *line;
	uint64_t number; /* of the instance */
	uint64_t serial; /* of the call */
	uint64_t turn;	 /* in which it was offered */
	bool released;	 /* READY by a REQUEST_RELEASE, which owns it */
	enum def_priority priority;
	int64_t deadline_ms; /* when it is of no more use; 0: none */
	bool is_repetition;  /* not the first attempt */
	bool is_for_others;  /* others wait for what becomes of it */
	bool is_put_off;     /* it may go out anew, but not now */
	bool is_question;	   /* the instance has not what is sent */
	enum exchange_renewal renewal;
	struct exchange *refused_next; /* SENT, and waits to go once more */
	struct outgoing *outgoing; /* NULL: the instance has it */
};
/* What is sent. */
struct outgoing {
	struct arena *arena; /* this itself lives there */
	struct connector_call call; /* sent: without what no reply needs */
	struct message_request request; /* READY and SENT */
};

/* Places that lines share: of the network, or of threads for others. */
struct pool {
	size_t max;
	size_t active;
};
enum { POOL_CALLS, POOL_MAILS, POOL_FILES, POOL_COUNT };

#define LINE_TROUBLE_BYTES 256

/* What its calls are shown with, where it needs that. */
struct token {
	char *text;	  /* NULL: none */
	int64_t until_ms; /* 0: until it is refused */
	int64_t renew_ms; /* from then on; 0: never */
	bool is_fetching;
	const struct def_connection *asked; /* whose token is fetched */
	struct arena *arena; /* of the fetching */
	struct message_request request;
	int failures; /* in a row */
	int64_t retry_ms; /* not before; 0: at once */
	int64_t delay_ms; /* so long, counted from the failure */
	struct exchange *refused; /* that wait for another one, or the rate */
};

/* A connection's way out: its limits, its queue, its token. */
struct line {
	struct str name;
	const struct def_connection *connection; /* of the newest library */
	struct engine *engine;
	struct pool *pool;
	size_t active; /* places taken: being released, READY, SENT */
	struct throttle *throttle;
	struct throttle_queue *queue;
	enum throttle_state told; /* in the log */
	struct token token;
	/* so far */
	uint64_t sent;
	uint64_t repeated; /* of the sent */
	uint64_t outcomes[ENGINE_OUTCOMES];
	/* the last time that the endpoint failed, or refused */
	char trouble[LINE_TROUBLE_BYTES];
	int64_t trouble_ms; /* 0: never */
};

/* ---- the turn ---- */

struct pending_reply {
	struct pending_reply *next;
	engine_reply_fn *fn;
	void *arg;
	struct engine_reply reply;
};

struct pending_log {
	struct pending_log *next;
	enum log_level level;
	struct str message;
};

/* An instance that a turn changed; it stays until the turn is durable. */
struct touched {
	uint64_t number;
	struct instance *instance;
};

/* An operator's word about a connection. */
struct switching {
	struct switching *next;
	struct store_switch row;
};

/* An admin's word about a token. */
struct granting {
	struct granting *next;
	struct store_token row;
};

/* What a turn has done to the outbox of a connection. */
struct posting {
	struct posting *next;
	struct str connection;
	uint64_t removed; /* that row; 0: it has one more */
};

/* A hold that was released. */
struct holding {
	struct holding *next;
	struct store_hold row;
};

struct turn {
	uint64_t serial;
	struct arena *arena;
	size_t stepped;
	struct pending_reply *replies;
	struct pending_reply **replies_end;
	struct pending_log *logs;
	struct pending_log **logs_end;
	struct exchange *ready; /* to send once durable */
	struct exchange **ready_end;
	struct switching *switches; /* in force once durable */
	struct switching **switches_end;
	struct granting *grants; /* the same */
	struct granting **grants_end;
	struct posting *postings; /* the same */
	struct posting **postings_end;
	struct holding *holdings; /* the same */
	struct holding **holdings_end;
	struct inbox done;   /* requests it consists of */
	struct touched *touched; /* each once */
	size_t touched_count;
	size_t touched_capacity;
	int64_t retained_ms; /* until when what ended in it is kept, of the
			      * first; 0: nothing did */
	bool expiries_changed; /* it holds events, or buries them */
	size_t bulk;	    /* of its requests: deadlines and recoveries */
	uint64_t recovered; /* up to this number: see struct recovery */
	size_t depth; /* of instances that run one another, right now */
};

/* ---- items of the installation: delegations, proposals ---- */

/* The first member of what stands. */
struct standing {
	struct standing *next;
	struct arena *arena; /* all of it lives there */
	uint64_t serial;
	int64_t created_ms;
	int64_t until_ms; /* INT64_MAX: until somebody ends it */
	uint64_t turn;	  /* in whose batch it is or was; 0: stored */
	uint64_t ended;	  /* the same of its end; 0: none */
};
struct standing_list {
	struct standing *first; /* the newest */
	uint64_t serial_last;	/* that was ever given */
};

/* ---- timers ---- */

struct due {
	int64_t due_ms;
	uint64_t number;
};
struct timers {
	struct due *heap;
	size_t count;
	size_t capacity;
	struct map *armed; /* number -> struct armed *: its earliest entry */
	int64_t window_end_ms; /* what is due up to here is in the heap */
	/* The window was ended before its time, or it would hold too many: the
	 * next one begins after this row. */
	bool is_cut_short;
	int64_t last_ms;
	uint64_t last_number;
	size_t loaded;	    /* rows of the last window */
	struct inbox fired; /* REQUEST_DUE, in order */
};

/*
 * What was under way when the last engine stopped, in order of number, a few
 * at a time.  `durable` <= `done` <= `last`.  An instance above `done` that is
 * stepped for another reason is recovered then, and noted in `ahead`: when its
 * turn comes, what it is busy with is of this engine's making.
 */
struct recovery {
	uint64_t last;	  /* the highest number when the engine began */
	uint64_t done;	  /* up to here; perhaps by turns not durable yet */
	uint64_t durable; /* up to here, durably */
	struct map *ahead; /* number -> of the turn, as a pointer */
	uint64_t *numbers; /* read from the store, to be recovered next */
	size_t first;
	size_t count;
};

/*
 * What is purged next.  Up to (after_ms, after_number) all that is left is
 * held.
 */
struct retention {
	int64_t next_ms; /* when to look for more; 0: there is none */
	int64_t after_ms;
	uint64_t after_number;
	uint64_t turn; /* the last one that wrote something of this */
	bool has_purged;  /* and the log still has to be emptied for it */
	uint64_t scrub_turn; /* in whose batch that was asked for last */
	uint64_t unswept; /* as the store says; perhaps not durable yet */
	int64_t sweep_ms; /* not before */
	int64_t scrub_ms; /* when to empty the log; 0: it need not be */
};

struct watch {
	struct watch *next; /* for the same instance */
	uint64_t handle;
	engine_reply_fn *reply;
	void *arg;
};

struct addition;  /* engine_publish.c: documents published while we run */
struct loop;	  /* engine_loop.c: libevent's side */
struct schedules; /* engine_schedule.c: starts by time */
struct holds;     /* engine_hold.c: what must not be purged */

struct engine {
	struct engine_options options;
	struct arena *arena; /* of the engine's life: settings, names */
	struct arena_pool *arenas; /* of requests and calls */
	struct arena *scratch;	   /* of what a request's steps make */
	struct library *library;
	struct addition *additions; /* what was published since it began */
	struct store *store;
	uint8_t store_bytes[16];
	struct inbox inbox;
	struct inbox emitted;  /* by the step under way: routed in its turn */
	bool answering;	       /* what is being performed is or answers one */
	size_t widest; /* of one cause: most events that one step emitted, or
			* most instances that one event reached */
	struct map *instances; /* number -> struct instance * */
	size_t instance_bytes; /* of all in memory */
	struct instance *newest;
	struct instance *oldest;
	struct map *keys;      /* connection's name -> struct keys * */
	struct map *lines;     /* connection's name -> struct line * */
	struct pool pools[POOL_COUNT];
	/* connection's name -> struct switched *: what operators said last,
	 * whether there is such a connection now or not */
	struct map *switched;
	struct trial *trials; /* under way */
	struct map *outboxes; /* connection's name -> struct outbox * */
	size_t posts;	      /* rows in all of them */
	struct intake *intakes; /* queues of brokers, all there ever were */
	struct arena *token_arena;
	struct map *tokens;       /* digest -> struct engine_token * */
	struct map *tokens_by_id; /* id -> the same */
	struct engine_token **token_order;
	size_t token_count;
	size_t token_capacity;
	struct holds *holds;
	struct retention retention;
	struct exchange *sent; /* the client has them */
	struct timers timers;
	struct recovery recovery;
	struct map *watches; /* number -> struct watch *: the latest first */
	uint64_t watch_last;
	uint64_t cause; /* counts what is performed, but for what follows */
	struct turn *spare; /* its memory only; NULL: none */
	int64_t turn_ms; /* now, within engine_turn(); else 0 */
	struct turn *building;
	struct turn *committing; /* NULL: none under way */
	uint64_t turn_last;
	/* Serial of the last turn that was committed.  When a commit fails,
	 * all that belongs to later turns is forgotten at once, so that a
	 * number above this one always means: not durable yet. */
	uint64_t durable_turn;
	struct map *published; /* digest -> struct published * */
	struct standing_list delegations;
	struct standing_list wishes;
	struct map *documents; /* "kind name" -> struct kept_document * */
	bool documents_are_kept; /* those of the library, in some batch */
	struct schedules *schedules;
	uint64_t number_last;
	size_t calls_active;
	size_t calls_queued;
	/* trouble with the store */
	enum store_error unread; /* the turn being built rests on an answer
				  * that the store failed to give */
	bool stalled;
	enum store_error stall_error;
	unsigned damages; /* that stalled it since the last commit */
	int64_t stall_delay_ms;
	struct buf stall_detail;
	bool probing;
	int64_t expiry_ms; /* when the next held event expires */
	int64_t cleaned_ms;
	struct map *refusals;	   /* within the window: struct refusal * */
	int64_t refusals_until_ms; /* its end; 0: none was refused */
	/* stopping */
	bool stopping;
	bool is_stop_told; /* to the journal */
	void (*drained)(void *arg);
	void *drained_arg;
	int64_t drain_left_us;
	int64_t drain_looked_us;
	unsigned stuck_looks; /* in which only the store was waited for */
	struct loop *loop;
	size_t calm; /* commits in a row that were small and quick */
	uint64_t commits;
	uint64_t stepped;
	uint64_t batches[ENGINE_BATCH_CLASSES]; /* of the commits */
};

#define STALL_DELAY_MS_MAX 2000
#define DAMAGES_MAX 4 /* and it is given up; see await_probe() */
#define CALM_US_MAX 2000 /* a commit of a calm time takes no longer */
#define HOLD_DEFAULT_MS (7LL * 86400 * 1000)
#define IDEMPOTENCY_MS (24LL * 3600 * 1000)
#define TIMER_WINDOW_MS (10LL * 60 * 1000)
#define CLEANING_MS (60LL * 1000)
/* How long the identity of a delivered event is remembered. */
#define EVENT_MEMORY_MS (90LL * 86400 * 1000)

/* Within a turn it stands still: what happens together has one time. */
static inline int64_t
engine_now_ms(const struct engine *engine)
{
	return engine->turn_ms != 0 ? engine->turn_ms
				    : clock_now_ms(engine->options.clock);
}

/* Whether what was put off by `span_ms` at most has to wait.  Where the clock
 * was set back, what lies farther ahead than it could have been set is over. */
static inline bool
engine_is_ahead(int64_t until_ms, int64_t span_ms, int64_t now_ms)
{
	return until_ms > now_ms && until_ms - now_ms <= span_ms;
}

/* The machine's clock: for what concerns the process, not the business. */
static inline int64_t
engine_now_real_ms(void)
{
	return clock_now_ms(clock_system());
}

/* ---- engine_inbox.c ---- */
void inbox_init(struct inbox *inbox);
void inbox_add(struct inbox *inbox, struct request *request);
/* Puts a list of requests before all others, in their order. */
void inbox_add_front(struct inbox *inbox, struct request *first);
struct request *inbox_take(struct inbox *inbox);
/* Frees what is in it. */
void inbox_free_all(struct inbox *inbox);
struct request *request_new(enum request_kind kind);
/* Takes an arena that holds what it is about. */
struct request *request_new_in(
    struct arena *arena_take, enum request_kind kind);
void request_free(struct request **request);
/* Queues a request from outside, or answers at once why not. */
void engine_submit(struct engine *engine, struct request *request);
/* Queues a request from inside. */
void engine_add(struct engine *engine, struct request *request);

/* ---- engine_turn.c ---- */
void engine_turn(struct engine *engine);
/* Whether there is such a row.  Where the store can't tell, the turn is given
 * up as if its commit had failed: never taken for a row that is not there. */
MUST_USE bool engine_found(struct engine *engine, enum store_error error);
/* The batch under way is done. */
void engine_committed(struct engine *engine);
/* Time to try whether the store can write again. */
void engine_probe(struct engine *engine);
struct turn *turn_new(struct engine *engine);
void turn_free(struct turn **turn);
/* Frees the exchanges that were given up in it. */
void turn_free_retired(struct turn *turn);
/* What an instance is asked with, outside of turns. */
struct chart_context engine_chart_context(
    const struct engine *engine, struct arena *arena);
struct chart_context turn_context(struct engine *engine, struct turn *turn);
/* The same for a step of that instance: what it makes is gone when the request
 * is done, and what goes round in a circle within one cause, through calls that
 * can't be made and children that end at once, is found as if it were one
 * step. */
struct chart_context turn_context_of(
    struct engine *engine, struct turn *turn, struct instance *instance);
struct engine_reply *turn_reply(struct turn *turn,
    const struct request *request, enum engine_status status);
void turn_log(struct turn *turn, enum log_level level, struct str message);
bool turn_is_durable(const struct engine *engine, uint64_t serial);
void turn_touch(struct turn *turn, struct instance *instance);
/* So many things came of one: so many may be answered. */
static inline void
turn_note_width(struct engine *engine, size_t width)
{
	if (width > engine->widest)
		engine->widest = width;
}
bool turn_has_touched(const struct turn *turn, uint64_t number);

/* ---- engine_instance.c ---- */
/* NULL where there is none, or it can't be loaded (then logged). */
struct instance *instance_find(struct engine *engine, uint64_t number);
struct instance *instance_add(
    struct engine *engine, struct chart *chart, uint64_t number);
void instance_drop(struct engine *engine, uint64_t number);
/* Forgets those that ended in the turn: nobody will step them again. */
void instance_forget_ended(struct engine *engine, const struct turn *turn);
/* Gives it a salt, where it has none and the definition calls something
 * sensitive. */
void instance_give_salt(struct engine *engine, struct instance *instance,
    const struct definition *definition);
/* Forgets the least used ones that nothing depends on. */
void instance_trim(struct engine *engine);
void instance_free_all(struct engine *engine);
/* Whether it holds changes that are not durable. */
bool instance_is_dirty(
    const struct engine *engine, const struct instance *instance);
/* Steps it and writes what came of it into the open batch. */
void instance_step(struct engine *engine, struct turn *turn,
    struct instance *instance, const struct chart_event *event,
    struct chart_effects *effects);
/* Puts the row of one that has not begun: it is known from now on. */
void instance_save_new(
    struct engine *engine, struct turn *turn, struct instance *instance);
static inline bool
instance_has_begun(const struct instance *instance)
{
	return chart_started_ms(instance->chart) != 0;
}
/* Made in a turn that was too long to begin it: begins it; whether it did. */
bool instance_begin_if_new(
    struct engine *engine, struct turn *turn, struct instance *instance);
/* When it wants to be stepped; 0: it doesn't. */
int64_t instance_due_ms(
    const struct engine *engine, const struct instance *instance);
/* The turn is about to be committed: packs what it changed. */
void instance_seal(struct engine *engine, struct turn *turn);
/* The same after chart_call_sent(): records only. */
void instance_save(struct engine *engine, struct turn *turn,
    struct instance *instance, struct chart_effects *effects);

/* ---- engine_request.c: one function a kind of request ---- */
void request_perform(
    struct engine *engine, struct turn *turn, struct request *request);

/* ---- engine_start.c ---- */

struct start_wish {
	struct str workflow;
	int64_t version; /* 0: the newest */
	const struct value *input;
	struct str priority;
	struct str trace;
	struct chart_awaiter awaiter; /* of a child */
	struct str initiator;	      /* absent: the actor who begins it */
	const struct str *entities;   /* it may be of; none: of any */
	size_t entity_count;
};

enum start_fate {
	START_CREATED,	  /* its row is in the batch; start_begin() steps it */
	START_FOUND,	  /* the same key and input */
	START_UNKNOWN,	  /* no such workflow */
	START_INVALID,	  /* the input fails the schema: see errors */
	START_KEYLESS,	  /* the input gives no business key */
	START_FOREIGN,	  /* it would be of another entity */
	START_CONFLICT,	  /* the key is taken by another input */
	START_UNREADABLE, /* the instance with that key can't be loaded */
	START_PURGED,	  /* the instance with that key was purged */
	START_UNREAD,	  /* the store can't tell: the turn is given up */
};

struct start_result {
	enum start_fate fate;
	struct instance *instance; /* CREATED, FOUND, CONFLICT */
	struct schema_errors errors;
};
struct start_result start_prepare(
    struct engine *engine, struct turn *turn, const struct start_wish *wish);
/* Whether that entity is one of those wished for. */
bool start_reaches(const struct start_wish *wish, struct str entity);
/* An input that expressions gave, as a caller would have sent it: dates are
 * text, so that a workflow reads the same whoever starts it. */
const struct value *start_plain(struct turn *turn, const struct value *input);
/* parent: its number, of one that another instance runs; else 0. */
void start_begin(struct engine *engine, struct turn *turn,
    struct instance *instance, const struct chart_actor *actor,
    uint64_t parent);
/* Why there is none, for people. */
struct str start_detail(const struct engine *engine, struct turn *turn,
    const struct start_wish *wish, const struct start_result *result);

/* ---- engine_child.c: what parents and children do to each other ---- */
void child_run(struct engine *engine, struct turn *turn,
    struct instance *parent, const struct chart_effect *effect,
    struct chart_effects *effects);
void child_cancel(struct engine *engine, const struct instance *parent,
    const struct chart_effect *effect);
void child_report(struct engine *engine, const struct chart_effect *effect);
void child_tell(
    struct engine *engine, struct turn *turn, struct request *request);

/* ---- engine_event.c ---- */
void event_route(
    struct engine *engine, struct turn *turn, struct request *request);
void event_replay(
    struct engine *engine, struct turn *turn, struct request *request);
/* Whether the event of that number still waits for an instance. */
bool event_is_undelivered(
    struct engine *engine, struct turn *turn, uint64_t number);
/* What another person has confirmed; answers only where it gives false: it
 * can't be done. */
MUST_USE bool event_replay_confirmed(
    struct engine *engine, struct turn *turn, struct request *request);
void event_expire(
    struct engine *engine, struct turn *turn, struct request *request);
/* Delivers what has been held for values that it has just begun to wait for. */
void event_deliver_held(struct engine *engine, struct turn *turn,
    struct instance *instance, struct str correlation);
/* The source of what the instance emits. */
struct str event_source_of(
    const struct instance *instance, struct arena *arena);
void event_publish(struct engine *engine, struct turn *turn,
    const struct instance *instance, const struct chart_effect *effect);
/* Emitted by instances that answer each other without end: a dead letter. */
void event_bury(
    struct engine *engine, struct turn *turn, struct request *request);
/* Queues the held events that have expired. */
void event_check_expiry(struct engine *engine);
/* Finds out when the next one expires, of those that are durable. */
void event_note_expiry(struct engine *engine);

/* ---- engine_outbox.c ---- */
/* Finds out how much there is from before. */
MUST_USE enum store_error outbox_init(struct engine *engine);
void outbox_fini(struct engine *engine);
/* Emitted in this turn: one row for each connection that publishes it. */
void outbox_put(struct engine *engine, struct turn *turn, uint64_t instance,
    const struct chart_event *event);
/* REQUEST_POSTED; its event's type is the connection's name. */
void outbox_remove(
    struct engine *engine, struct turn *turn, struct request *request);
/* The turn is durable. */
void outbox_note(struct engine *engine, const struct turn *turn);
/* Lets out what may go. */
void outbox_check_all(struct engine *engine);
/* When that is to be looked at again; 0: not. */
int64_t outbox_next_ms(const struct engine *engine);
/* An operator's word is in force: it is tried at once. */
void outbox_switch(struct engine *engine, struct str name);
/* Nothing is on its way to a broker. */
bool outbox_is_quiet(const struct engine *engine);
void outbox_tell(
    const struct engine *engine, struct engine_connection *connection);

/* ---- engine_intake.c ---- */
/* The library is another, or the first. */
void intake_reload(struct engine *engine);
/* An operator's word is in force. */
void intake_switch(struct engine *engine, struct str name);
/* No more is taken in. */
void intake_stop(struct engine *engine);
void intake_check_all(struct engine *engine);
int64_t intake_next_ms(const struct engine *engine);
void intake_fini(struct engine *engine);
void intake_tell(
    const struct engine *engine, struct engine_connection *connection);

/* ---- engine_switch.c ---- */
MUST_USE enum store_error switch_init(struct engine *engine);
void switch_fini(struct engine *engine);
bool switch_is_paused(const struct engine *engine, struct str connection);
/* Fills in who switched it last. */
void switch_tell(
    const struct engine *engine, struct engine_connection *connection);
/* REQUEST_SWITCH. */
void switch_perform(
    struct engine *engine, struct turn *turn, struct request *request);
/* The turn is durable. */
void switch_apply(struct engine *engine, const struct turn *turn);

/* ---- engine_grant.c ---- */
MUST_USE enum store_error grant_init(struct engine *engine);
/* REQUEST_GIVE. */
void grant_perform(
    struct engine *engine, struct turn *turn, struct request *request);
/* The turn is durable. */
void grant_apply(struct engine *engine, const struct turn *turn);

/* ---- engine_limits.c: what tokens are limited to ---- */
/* What engine_limits_value() gave; NULL: no context. */
const struct chart_limits *limits_read(
    const struct value *value, struct arena *arena);
/* Each once and in one order, whatever the token's is. */
const struct chart_limits *limits_sorted(
    const struct chart_limits *limits, struct arena *arena);
const struct chart_limits *limits_copy(
    const struct chart_limits *limits, struct arena *arena);
/* Whether all that the inner ones let be reached is within the others, of
 * which NULL leaves everything. */
bool limits_cover(
    const struct chart_limits *limits, const struct chart_limits *inner);

/* ---- engine_standing.c: items of the installation, in memory ---- */
/* Zeros behind the standing, which is the first member.  Of a row, for
 * standing_load(); and a new one, of that turn. */
void *standing_read(struct standing_list *list, const struct store_item *row,
    size_t bytes);
void *standing_make(struct engine *engine, struct turn *turn,
    struct standing_list *list, size_t bytes);
void standing_fini(struct standing_list *list);
/* Of each that is open; the body lives as long as the call. */
typedef void standing_read_fn(struct engine *engine,
    const struct store_item *row, const struct value *body);
MUST_USE enum store_error standing_load(struct engine *engine,
    struct standing_list *list, enum store_item_kind kind,
    standing_read_fn *read);
/* Its row as it is now; `row` has the kind, and the owner if it has one. */
void standing_put(struct engine *engine, struct turn *turn,
    const struct standing *item, struct store_item row,
    const struct value *body);
/* A commit has failed: what was not durable has not happened. */
void standing_revoke(struct engine *engine, struct standing_list *list);
/* Nobody has ended it, and its time isn't over. */
bool standing_is_open(
    const struct engine *engine, const struct standing *item);
/* Frees those that are over for good; gives how many are left. */
size_t standing_forget(struct engine *engine, struct standing_list *list);
/* NULL where none of that serial is open. */
void *standing_find(const struct engine *engine,
    const struct standing_list *list, uint64_t serial);

/* ---- engine_delegation.c ---- */
MUST_USE enum store_error delegation_init(struct engine *engine);
/* Lets the actor act, in that instance, for those who said so. */
void delegation_give(struct engine *engine, struct turn *turn,
    const struct chart *chart, struct chart_actor *actor);
/* REQUEST_DELEGATE. */
void delegation_perform(
    struct engine *engine, struct turn *turn, struct request *request);

/* ---- engine_proposal.c ---- */
MUST_USE enum store_error proposal_init(struct engine *engine);
/* Each answers the request.  items: what would be published. */
void proposal_publish(struct engine *engine, struct turn *turn,
    struct request *request, const struct value *items);
/* subject: the event's, without what is sensitive. */
void proposal_replay(struct engine *engine, struct turn *turn,
    struct request *request, const struct chart_event *event,
    struct str subject);
/* REQUEST_JUDGE. */
void proposal_perform(
    struct engine *engine, struct turn *turn, struct request *request);

/* ---- engine_journal.c ---- */
/* A record of the journal, to which its own fields are put … */
struct value_builder *journal_begin(struct engine *engine, struct turn *turn,
    enum journal_kind kind, struct str actor);
/* … and which goes into the open batch; gives its seq. */
uint64_t journal_add(struct engine *engine, struct value_builder *record);
/* REQUEST_JOURNAL. */
void journal_perform(
    struct engine *engine, struct turn *turn, struct request *request);
void journal_started(struct engine *engine);
/* Once nothing is under way any more. */
void journal_stopping(struct engine *engine);

/* ---- engine_refusal.c ---- */
void refusal_init(struct engine *engine);
void refusal_fini(struct engine *engine);
/* Tells what was counted where the window is over; or at once. */
void refusal_check(struct engine *engine);
void refusal_tell(struct engine *engine);

/* ---- engine_hold.c ---- */
MUST_USE enum store_error hold_init(struct engine *engine);
void hold_fini(struct engine *engine);
/* Turns did not happen: what they set is forgotten. */
void hold_revoke(struct engine *engine);
/* REQUEST_HOLD. */
void hold_perform(
    struct engine *engine, struct turn *turn, struct request *request);
/* The turn is durable. */
void hold_apply(struct engine *engine, const struct turn *turn);

/* ---- engine_retention.c ---- */
MUST_USE enum store_error retention_init(struct engine *engine);
void retention_revoke(struct engine *engine);
/* An instance that has ended is about to be written. */
void retention_put(
    struct engine *engine, struct turn *turn, struct instance *instance);
/* The turn is durable. */
void retention_note(struct engine *engine, const struct turn *turn);
/* At what was passed by, too. */
void retention_look_again(struct engine *engine);
/* Something is erased in this turn: the log has to be emptied. */
void retention_erased(struct engine *engine);
/* Purges a few, where it is time. */
void retention_check(struct engine *engine);
int64_t retention_next_ms(const struct engine *engine);

/* ---- engine_try.c ---- */
void try_free_all(struct engine *engine);

/* ---- engine_line.c ---- */
void line_init(struct engine *engine);
void line_free_all(struct engine *engine);
/* The library is another: what waits is looked at anew, too. */
void line_reload(struct engine *engine);
struct line *line_of(
    struct engine *engine, const struct def_connection *connection);
/* An operator's word is in force. */
void line_switch(struct engine *engine, struct str name, bool pauses);
/* Whether a call that comes now may go. */
bool line_has_place(struct line *line);
void line_take_place(struct line *line, struct exchange *exchange);
/* It was not sent. */
void line_give_place_back(struct exchange *exchange);
void line_note_sent(struct exchange *exchange);
/* What came back, which ends its place. */
void line_note_end(struct exchange *exchange, const struct outcome *outcome,
    const struct message_response *response);
/* What an operator is shown as its last error. */
void line_note_trouble(struct line *line, const struct outcome *outcome);
void line_push(struct line *line, struct exchange *exchange);
/* Who comes next; NULL: nobody waits. */
struct exchange *line_pop(struct line *line);
static inline size_t
line_queued(const struct line *line)
{
	return throttle_queue_count(line->queue);
}
/* Turns did not happen: forgets what was queued in them. */
void line_revoke_all(struct engine *engine);

/* ---- engine_keys.c ---- */
void keys_init(struct engine *engine);
void keys_fini(struct engine *engine);

/* ---- engine_token.c ---- */
bool token_is_at_hand(const struct line *line);
/* Sees to it that there will be one. */
void token_want(struct line *line);
/* When to look again; 0: not for its sake. */
int64_t token_retry_ms(const struct line *line);
/* What was refused goes out once more, as far as it may, or, with a failure,
 * has failed. */
void token_settle_refused(struct line *line, const struct outcome *failure);
/* It goes out once more as soon as it may. */
void token_wait(struct exchange *exchange);
/* false where a call that was refused has failed; else it is sent again as
 * soon as there is another token. */
MUST_USE bool token_was_refused(struct exchange *exchange);
/* A credential was refused: true where another one may come. */
bool token_doubt_secrets(struct engine *engine);
void token_drop(struct line *line);
void token_free(struct line *line);

/* ---- engine_call.c ---- */
struct connector_context engine_connector_context(
    struct engine *engine, struct arena *arena);
/* Ends all that waits in the line; where it is transient, only who comes next:
 * the others wait on, for it may be over before their turn. */
void exchange_fail_queue(struct line *line, const struct outcome *outcome);
/* A call that was refused: once more, or, with a failure, not. */
void exchange_end_waiting(
    struct exchange *exchange, const struct outcome *failure);
/* Lets out of the line what may go. */
void line_check(struct line *line);
/* A call wants to go out: at once in this turn, or through the queue.  false
 * where it can't be made; *failure says why. */
MUST_USE bool exchange_offer(struct engine *engine, struct turn *turn,
    struct instance *instance, const struct chart_effect *effect,
    struct chart_effects *effects, struct outcome *failure);
/* REQUEST_RELEASE. */
void exchange_release(
    struct engine *engine, struct turn *turn, struct request *request);
/* After the commit. */
void exchange_send(struct engine *engine, struct exchange *exchange);
/* The turn that a REQUEST_RELEASE was in did not happen: it is as before, or
 * false where the call was offered in a turn that did not happen either. */
MUST_USE bool exchange_take_back(
    struct engine *engine, struct request *request);
/* A READY exchange that was offered in a turn that did not happen. */
void exchange_drop(struct exchange **exchange);
/* The engine ends. */
void exchange_free(struct exchange **exchange);
/* Looks whether anything queued may go now. */
void line_check_all(struct engine *engine);
/* When a line wants to be looked at again; 0: not. */
int64_t line_next_ms(const struct engine *engine);

/* ---- engine_timer.c ---- */
void timer_init(struct engine *engine);
void timer_arm(struct engine *engine, uint64_t number, int64_t due_ms);
/* The turn is durable: its instances' deadlines count from now on. */
void timer_arm_touched(struct engine *engine, const struct turn *turn);
/* A REQUEST_DUE of the instance is being performed. */
void timer_taken(struct engine *engine, uint64_t number);
/* Makes REQUEST_DUE of those whose time has come, a turn's worth. */
void timer_fire(struct engine *engine);
/* The next one of these; NULL: none. */
struct request *timer_take(struct engine *engine);
bool timer_has_fired(const struct engine *engine);
/* The next instant at which timer_fire() has something to do; 0: none. */
int64_t timer_next_ms(const struct engine *engine);
void timer_fini(struct engine *engine);

/* ---- engine_recover.c ---- */
MUST_USE enum store_error recover_init(struct engine *engine);
void recover_fini(struct engine *engine);
/* Whether all that was under way has been recovered. */
bool recover_is_over(const struct engine *engine);
/* The next REQUEST_RECOVER; NULL: none, or the store can't tell. */
struct request *recover_take(struct engine *engine);
void recover_perform(
    struct engine *engine, struct turn *turn, struct request *request);
/* The instance is about to be stepped, perhaps before its turn has come. */
void recover_ahead(
    struct engine *engine, struct turn *turn, struct instance *instance);
/* The turn is durable. */
void recover_note(struct engine *engine, const struct turn *turn);
/* Turns did not happen. */
void recover_revoke(struct engine *engine);

/* ---- engine_schedule.c ---- */
/* Reads where the schedules stand; what is new is put into the open batch. */
MUST_USE enum store_error schedule_init(struct engine *engine);
void schedule_fini(struct engine *engine);
/* The library is another. */
void schedule_reload(struct engine *engine);
/* Turns did not happen: the rows are read again. */
void schedule_revoke(struct engine *engine);
/* Queues a REQUEST_SCHEDULE where a planned instant has come. */
void schedule_check(struct engine *engine);
void schedule_perform(
    struct engine *engine, struct turn *turn, struct request *request);
/* The turn is durable: instances that others wait for may have ended. */
void schedule_note_touched(struct engine *engine, const struct turn *turn);
int64_t schedule_next_ms(const struct engine *engine);
void schedule_count(
    const struct engine *engine, uint64_t *started, uint64_t *failed);

/* ---- engine_lost.c: versions that can't be loaded any more ---- */
struct lost {
	struct arena *arena;
	struct lost_version *first;
	struct lost_version **end;
};
void lost_init(struct lost *lost);
void lost_fini(struct lost *lost);
/* A stored version, with what was said of its text.  engine->library is that
 * of before. */
void lost_add(struct lost *lost, const struct engine *engine,
    const struct store_definition *row, struct diag_list *diags);
/* *detail gets those on which open instances run: they must not be lost. */
MUST_USE enum store_error lost_check(
    const struct lost *lost, const struct engine *engine, struct buf *detail);
/* Logs the others. */
void lost_tell(const struct lost *lost);
/* What its row tells of an instance that ended on one. */
const struct value *lost_describe(const struct engine *engine,
    struct arena *arena, const struct store_instance *row);

/* ---- engine_publish.c ---- */
/* Checks the library against what is stored, adds the versions that only the
 * store has, and puts what is new into the open batch. */
MUST_USE bool publish_library(
    struct engine *engine, struct library *library, struct buf *detail);
/* Puts the definition into the open batch unless it is stored: an instance
 * and the text that it runs on are durable together. */
void publish_definition(struct engine *engine, struct turn *turn,
    const struct definition *definition);
/* REQUEST_PUBLISH. */
void publish_perform(
    struct engine *engine, struct turn *turn, struct request *request);
/* The same as event_replay_confirmed(). */
MUST_USE bool publish_confirmed(
    struct engine *engine, struct turn *turn, struct request *request);
/* Turns did not happen: what they put is to be put again. */
void publish_revoke(struct engine *engine);
void publish_fini(struct engine *engine);

/* ---- engine.c ---- */
void engine_check_drained(struct engine *engine);

/* ---- engine_watch.c ---- */
/* The turn is durable; NULL: turns did not happen, and who waited for one of
 * them may have nothing to wait for. */
void watch_fire(struct engine *engine, const struct turn *turn);
void watch_free_all(struct engine *engine);

/* ---- engine_loop.c: the one file that knows libevent ---- */
struct loop *loop_new(struct engine *engine);
void loop_free(struct loop **loop);
/* A turn is wanted soon. */
void loop_wake(struct loop *loop);
/* Wakes the loop at an instant of the engine's clock. */
void loop_wake_at(struct loop *loop, int64_t instant_ms);
/* The batch under way has ended, and no other thread will tell. */
void loop_committed(struct loop *loop);
void loop_probe_in(struct loop *loop, int64_t delay_ms);
void loop_drain_in(struct loop *loop, int64_t delay_ms);

#endif
