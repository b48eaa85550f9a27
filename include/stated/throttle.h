/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h: how many calls an endpoint gets, when, and which of those that
 * wait comes next.
 *
 * One throttle stands before one endpoint.  It bounds how many calls are under
 * way, and how many go out in any stretch of time; it heeds what the endpoint
 * says about its own limits; it has a breaker; and where the endpoint comes
 * back, it lets the calls out by and by.  No I/O, no clock: who uses it says
 * what time it is.
 *
 * Nothing in it is durable.  A process that begins anew begins with what is
 * configured: at worst it finds out once more, by a handful of refused or
 * failed calls, what the endpoint had told the one before.
 */
#ifndef STATED_THROTTLE_H
#define STATED_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct throttle_limits {
	int64_t concurrency; /* calls under way */
	int64_t rate_count; /* calls in any stretch of rate_ms; 0: no bound */
	int64_t rate_ms;
	int64_t breaker_failures; /* in a row; 0: no breaker */
	int64_t breaker_within_ms;
	int64_t breaker_open_ms;
};

/* What an answer says about how much more the endpoint will take. */
struct throttle_advice {
	bool has_wait; /* it turned the call away, and says for how long */
	int64_t wait_ms;
	bool has_quota; /* so many more until so long from now */
	int64_t quota;
	int64_t quota_ms;
	int64_t policy_count; /* in any stretch of policy_ms; 0: not said */
	int64_t policy_ms;
};
/* A wait is taken for no more than this: an endpoint that means years is asked
 * again after this time, with one call. */
#define THROTTLE_WAIT_MS_MAX (15LL * 60 * 1000)
/* How long what is left, and be it nothing, is heeded at most. */
#define THROTTLE_QUOTA_MS_MAX (24LL * 60 * 60 * 1000)
/* How long a policy is heeded that isn't told again. */
#define THROTTLE_POLICY_MS (60LL * 60 * 1000)
/* Policies beyond these bounds are slips. */
#define THROTTLE_POLICY_COUNT_MAX 1000000
#define THROTTLE_POLICY_WINDOW_MS_MAX (60LL * 60 * 1000)
/* One step of the way back to full use. */
#define THROTTLE_STEP_MS 500

#define THROTTLE_STATES(X)                                               \
	X(CLOSED, "closed")	  /* calls go out */                     \
	X(OPEN, "open")		  /* none does, until the time is over */ \
	X(HALF_OPEN, "half-open") /* one call goes to see */

enum throttle_state {
#define X(symbol, name) THROTTLE_##symbol,
	THROTTLE_STATES(X)
#undef X
};
const char *throttle_state_name(enum throttle_state state);

/* What a call that would begin now waits for. */
#define THROTTLE_BARS(X)                                            \
	X(NONE, "none")						    \
	X(PAUSE, "pause")     /* an operator */			    \
	X(BREAKER, "breaker") /* its time, or the one that went to see */ \
	X(WAIT, "wait")	      /* what the endpoint asked for */	    \
	X(PLACES, "places")   /* one under way to end */	    \
	X(QUOTA, "quota")     /* the endpoint's next period */	    \
	X(STEP, "step")	      /* the next step back to full use */   \
	X(RATE, "rate")

enum throttle_bar {
#define X(symbol, name) THROTTLE_BAR_##symbol,
	THROTTLE_BARS(X)
#undef X
};
const char *throttle_bar_name(enum throttle_bar bar);

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle **throttle);
/* What was learned stays. */
void throttle_set_limits(
    struct throttle *throttle, const struct throttle_limits *limits);

bool throttle_may_begin(struct throttle *throttle, int64_t now_ms);
/* When that may turn true although nothing else happens; 0: it doesn't. */
int64_t throttle_next_ms(struct throttle *throttle, int64_t now_ms);

/* What a call begins with and ends with: what is said by a call that began
 * before the breaker's last move is about an endpoint that was. */
struct throttle_pass {
	uint64_t epoch;
	bool is_trial; /* it goes to see whether the endpoint is back */
	bool is_sent;
};
struct throttle_pass throttle_begin(
    struct throttle *throttle, int64_t now_ms);
/* The request leaves: from here the rate counts. */
void throttle_sent(struct throttle *throttle, struct throttle_pass *pass,
    int64_t now_ms);
/* One that has been sent leaves once more, by another credential: it has its
 * place, and only the rate is in its way. */
bool throttle_may_repeat(struct throttle *throttle, int64_t now_ms);
/* When that may turn true although nothing else happens; 0: it doesn't. */
int64_t throttle_repeat_ms(struct throttle *throttle, int64_t now_ms);
void throttle_repeated(struct throttle *throttle, int64_t now_ms);
/* It did not leave. */
void throttle_give_back(
    struct throttle *throttle, const struct throttle_pass *pass);

enum throttle_result {
	THROTTLE_WELL,	 /* the endpoint works, whatever it said */
	THROTTLE_ILL,	 /* it doesn't */
	THROTTLE_REFUSED /* it works, and takes no more */
};
void throttle_end(struct throttle *throttle, const struct throttle_pass *pass,
    enum throttle_result result, const struct throttle_advice *advice,
    int64_t now_ms);

/* Whether anybody waits: the way back lasts as long. */
void throttle_set_backlog(struct throttle *throttle, bool has_backlog);

/* An operator's: nothing begins any more; it goes on, by and by, whatever had
 * been found out before. */
void throttle_pause(struct throttle *throttle);
void throttle_resume(struct throttle *throttle, int64_t now_ms);

struct throttle_view {
	enum throttle_state state;
	enum throttle_bar bar;
	bool is_paused;
	int64_t active;	 /* under way */
	int64_t places;	 /* for calls under way, as things stand */
	int64_t rate_count; /* the stricter of what is configured and learned */
	int64_t rate_ms;
	bool is_rate_learned;
	int64_t open_until_ms; /* OPEN; else 0 */
	int64_t wait_until_ms; /* what the endpoint asked for; 0: nothing */
};
struct throttle_view throttle_look(
    struct throttle *throttle, int64_t now_ms);

/* ---- who waits ---- */

/*
 * A queue of four classes, the lowest first.  Within a class the earliest
 * deadline comes first, then who came first.  Who has none is taken for one
 * who has THROTTLE_PATIENCE_MS, and nobody for one who has more than
 * THROTTLE_AGE_MS: after that time nobody is overtaken any more by those who
 * come then.  Among the classes each that has somebody waiting gets its share,
 * by weight: before the next of a class of weight w there come, of a class of
 * weight v, at most v / w + 1.  So the most important need hardly wait, and
 * the least important wait for THROTTLE_OTHERS_MAX others at most between two
 * of theirs.
 */
#define THROTTLE_CLASSES 4
#define THROTTLE_WEIGHTS {1, 4, 16, 64}
#define THROTTLE_OTHERS_MAX (64 + 16 + 4 + 3)
#define THROTTLE_PATIENCE_MS (60LL * 60 * 1000)
#define THROTTLE_AGE_MS (24LL * 60 * 60 * 1000)

/* Part of what waits. */
struct throttle_ticket {
	struct throttle_ticket *earlier; /* by arrival */
	struct throttle_ticket *later;
	int64_t key_ms;
	uint64_t order;
	int64_t since_ms;
	unsigned class;
};

struct throttle_queue;

struct throttle_queue *throttle_queue_new(void);
/* Who waits is forgotten. */
void throttle_queue_free(struct throttle_queue **queue);
/* deadline_ms: when it is of no more use; 0: none.  The ticket stays where it
 * is until it is taken. */
void throttle_queue_add(struct throttle_queue *queue,
    struct throttle_ticket *ticket, unsigned class, int64_t deadline_ms,
    int64_t now_ms);
/* NULL: nobody waits. */
struct throttle_ticket *throttle_queue_take(struct throttle_queue *queue);
/* Forgets those that it says true for, which may free them. */
typedef bool throttle_drop_fn(struct throttle_ticket *ticket, void *arg);
void throttle_queue_drop(
    struct throttle_queue *queue, throttle_drop_fn *is_dropped, void *arg);
size_t throttle_queue_count(const struct throttle_queue *queue);
/* Since when the one who has waited longest waits; 0: nobody does. */
int64_t throttle_queue_since_ms(const struct throttle_queue *queue);

#endif
