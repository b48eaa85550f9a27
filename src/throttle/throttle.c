/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.c: the breaker, the way back, and what the endpoint asks for.
 *
 *              ill, often enough              its time is over
 *     CLOSED ────────────────────► OPEN ─────────────────────► HALF_OPEN
 *       ▲                            ▲                            │  │
 *       │                            └──────────── ill ───────────┘  │
 *       └──────────────────────── well, or refused ──────────────────┘
 *
 *   CLOSED -> OPEN          fail(): breaker_failures within their time
 *   OPEN -> HALF_OPEN       settle(): the time is over
 *   HALF_OPEN -> OPEN       fail(): the one that went to see is ill
 *   HALF_OPEN -> CLOSED     succeed(), refuse(): the endpoint answers
 *   any -> CLOSED           throttle_resume(); the breaker was taken away
 *
 * CLOSED     the way back may be going on: `window` is not 0
 * OPEN       `open_until_ms` is set; nothing is fresh
 * HALF_OPEN  at most one call is fresh
 *
 * The way back: in each step at most `window` calls begin, evenly over it, and
 * are under way.  With each that goes well the next step takes one more, so
 * that the window doubles at most; from the concurrency on it grows by an
 * eighth.  It is over where nobody waits any more.  What had waited a minute
 * for an endpoint falls upon it in a second no more than upon those who share
 * this machine with it.
 *
 * A move of the breaker, and a refusal, begin an epoch.  What the calls of an
 * earlier one say about the endpoint's health is old news and counts no more;
 * they still take their places.
 */
#include "throttle_priv.h"

#include <stdlib.h>

struct throttle {
	struct throttle_limits limits;
	struct throttle_rate rate;    /* as configured */
	struct throttle_rate learned; /* as the endpoint says */
	int64_t learned_until_ms;
	bool is_paused;
	bool has_backlog; /* somebody waits */
	int64_t active;
	uint64_t epoch;
	int64_t fresh; /* of the active: begun in this epoch */
	/* breaker */
	enum throttle_state state;
	struct throttle_rate failures; /* in a row: one fewer than open it */
	int64_t open_until_ms;
	/* the way back */
	int64_t window; /* 0: full use */
	int64_t begun;	/* in this step */
	int64_t well;	/* ended in this step */
	int64_t step_ms;
	/* what the endpoint asks for */
	int64_t wait_until_ms; /* 0: nothing */
	int64_t quota;
	int64_t quota_until_ms; /* 0: none */
};

const char *
throttle_state_name(enum throttle_state state)
{
	static const char *const names[] = {
#define X(symbol, name) name,
	    THROTTLE_STATES(X)
#undef X
	};

	return names[state];
}

const char *
throttle_bar_name(enum throttle_bar bar)
{
	static const char *const names[] = {
#define X(symbol, name) name,
	    THROTTLE_BARS(X)
#undef X
	};

	return names[bar];
}

/* ---- life ---- */

struct throttle *
throttle_new(void)
{
	struct throttle *throttle = calloc(1, sizeof(*throttle));

	must(throttle != NULL);
	throttle->limits.concurrency = 1;
	return throttle;
}

void
throttle_free(struct throttle **throttle)
{
	if (*throttle == NULL)
		return;
	throttle_rate_fini(&(*throttle)->rate);
	throttle_rate_fini(&(*throttle)->learned);
	throttle_rate_fini(&(*throttle)->failures);
	free(*throttle);
	*throttle = NULL;
}

static void
move(struct throttle *throttle, enum throttle_state state)
{
	throttle->state = state;
	throttle->epoch++;
	throttle->fresh = 0;
}

/* As the breaker moves, and with each that goes well. */
static void
end_row(struct throttle *throttle)
{
	throttle_rate_forget(&throttle->failures);
}

void
throttle_set_limits(
    struct throttle *throttle, const struct throttle_limits *limits)
{
	must(limits->concurrency > 0);
	throttle->limits = *limits;
	throttle_rate_set(
	    &throttle->rate, limits->rate_count, limits->rate_ms);
	if (limits->breaker_failures > 1)
		throttle_rate_set(&throttle->failures,
		    limits->breaker_failures - 1,
		    limits->breaker_within_ms + 1);
	if (limits->breaker_failures == 0 &&
	    throttle->state != THROTTLE_CLOSED)
		move(throttle, THROTTLE_CLOSED);
}

/* ---- time ---- */

/* Where the clock was set back, what lies farther ahead than it could have
 * been set is over. */
static bool
is_ahead(int64_t until_ms, int64_t span_ms, int64_t now_ms)
{
	return until_ms > now_ms && until_ms - now_ms <= span_ms;
}

static void
begin_step(struct throttle *throttle, int64_t now_ms)
{
	throttle->begun = 0;
	throttle->well = 0;
	throttle->step_ms = now_ms;
}

static void
begin_way_back(struct throttle *throttle, int64_t window, int64_t now_ms)
{
	throttle->window = window;
	begin_step(throttle, now_ms);
}

static void
end_step(struct throttle *throttle, int64_t now_ms)
{
	int64_t window = throttle->window;
	bool is_full = window >= throttle->limits.concurrency;
	int64_t more = is_full ? window / 8 + 1 : window;

	if (more > throttle->well)
		more = throttle->well;
	begin_way_back(throttle, window + more, now_ms);
	if (throttle->window > throttle->limits.concurrency &&
	    !throttle->has_backlog)
		throttle->window = 0;
}

/* Does what time alone does. */
static void
settle(struct throttle *throttle, int64_t now_ms)
{
	if (throttle->state == THROTTLE_OPEN &&
	    !is_ahead(throttle->open_until_ms,
		throttle->limits.breaker_open_ms, now_ms))
		move(throttle, THROTTLE_HALF_OPEN);
	if (throttle->wait_until_ms != 0 &&
	    !is_ahead(throttle->wait_until_ms, THROTTLE_WAIT_MS_MAX, now_ms))
		throttle->wait_until_ms = 0;
	if (throttle->quota_until_ms != 0 &&
	    !is_ahead(throttle->quota_until_ms, THROTTLE_QUOTA_MS_MAX, now_ms))
		throttle->quota_until_ms = 0;
	if (throttle->learned.count != 0 &&
	    !is_ahead(throttle->learned_until_ms, THROTTLE_POLICY_MS, now_ms))
		throttle_rate_set(&throttle->learned, 0, 0);
	if (throttle->window != 0 &&
	    !is_ahead(throttle->step_ms + THROTTLE_STEP_MS, THROTTLE_STEP_MS,
		now_ms))
		end_step(throttle, now_ms);
}

/* ---- what is in the way ---- */

struct obstacle {
	enum throttle_bar bar;
	int64_t until_ms; /* 0: until something happens */
};

static struct obstacle
rate_obstacle(const struct throttle *throttle, int64_t now_ms)
{
	if (!throttle_rate_allows(&throttle->rate, now_ms))
		return (struct obstacle){THROTTLE_BAR_RATE,
		    throttle_rate_next_ms(&throttle->rate)};
	if (!throttle_rate_allows(&throttle->learned, now_ms))
		return (struct obstacle){THROTTLE_BAR_RATE,
		    throttle_rate_next_ms(&throttle->learned)};
	return (struct obstacle){THROTTLE_BAR_NONE, 0};
}

/* When the step lets the next one begin; where it has had all of its own, that
 * is the next step's first. */
static int64_t
next_in_step_ms(const struct throttle *throttle)
{
	int64_t window = throttle->window, begun = throttle->begun;

	if (begun > window)
		begun = window;
	return throttle->step_ms +
	       (begun * THROTTLE_STEP_MS + window - 1) / window;
}

static struct obstacle
find_obstacle(const struct throttle *throttle, int64_t now_ms)
{
	if (throttle->is_paused)
		return (struct obstacle){THROTTLE_BAR_PAUSE, 0};
	if (throttle->state == THROTTLE_OPEN)
		return (struct obstacle){
		    THROTTLE_BAR_BREAKER, throttle->open_until_ms};
	if (throttle->state == THROTTLE_HALF_OPEN && throttle->fresh > 0)
		return (struct obstacle){THROTTLE_BAR_BREAKER, 0};
	if (throttle->wait_until_ms != 0)
		return (struct obstacle){
		    THROTTLE_BAR_WAIT, throttle->wait_until_ms};
	if (throttle->active >= throttle->limits.concurrency)
		return (struct obstacle){THROTTLE_BAR_PLACES, 0};
	if (throttle->quota_until_ms != 0 && throttle->quota <= 0)
		return (struct obstacle){
		    THROTTLE_BAR_QUOTA, throttle->quota_until_ms};
	if (throttle->window != 0 && next_in_step_ms(throttle) > now_ms)
		return (struct obstacle){
		    THROTTLE_BAR_STEP, next_in_step_ms(throttle)};
	if (throttle->window != 0 && throttle->fresh >= throttle->window)
		return (struct obstacle){THROTTLE_BAR_STEP,
		    throttle->step_ms + THROTTLE_STEP_MS};
	return rate_obstacle(throttle, now_ms);
}

bool
throttle_may_begin(struct throttle *throttle, int64_t now_ms)
{
	settle(throttle, now_ms);
	return find_obstacle(throttle, now_ms).bar == THROTTLE_BAR_NONE;
}

int64_t
throttle_next_ms(struct throttle *throttle, int64_t now_ms)
{
	settle(throttle, now_ms);
	return find_obstacle(throttle, now_ms).until_ms;
}

/* ---- a call ---- */

struct throttle_pass
throttle_begin(struct throttle *throttle, int64_t now_ms)
{
	settle(throttle, now_ms);
	throttle->active++;
	throttle->fresh++;
	throttle->begun++;
	if (throttle->quota_until_ms != 0)
		throttle->quota--;
	throttle_rate_begin(&throttle->rate);
	throttle_rate_begin(&throttle->learned);
	return (struct throttle_pass){
	    .epoch = throttle->epoch,
	    .is_trial = throttle->state == THROTTLE_HALF_OPEN,
	};
}

void
throttle_sent(
    struct throttle *throttle, struct throttle_pass *pass, int64_t now_ms)
{
	must(!pass->is_sent);
	pass->is_sent = true;
	throttle_rate_sent(&throttle->rate, now_ms);
	throttle_rate_sent(&throttle->learned, now_ms);
}

bool
throttle_may_repeat(struct throttle *throttle, int64_t now_ms)
{
	settle(throttle, now_ms);
	return rate_obstacle(throttle, now_ms).bar == THROTTLE_BAR_NONE;
}

int64_t
throttle_repeat_ms(struct throttle *throttle, int64_t now_ms)
{
	settle(throttle, now_ms);
	return rate_obstacle(throttle, now_ms).until_ms;
}

void
throttle_repeated(struct throttle *throttle, int64_t now_ms)
{
	must(throttle->active > 0);
	if (throttle->quota_until_ms != 0)
		throttle->quota--;
	throttle_rate_begin(&throttle->rate);
	throttle_rate_begin(&throttle->learned);
	throttle_rate_sent(&throttle->rate, now_ms);
	throttle_rate_sent(&throttle->learned, now_ms);
}

/* Whether it began in this epoch. */
static bool
leave(struct throttle *throttle, const struct throttle_pass *pass)
{
	bool is_fresh = pass->epoch == throttle->epoch;

	must(throttle->active > 0);
	throttle->active--;
	if (is_fresh) {
		must(throttle->fresh > 0);
		throttle->fresh--;
	}
	return is_fresh;
}

void
throttle_give_back(
    struct throttle *throttle, const struct throttle_pass *pass)
{
	must(!pass->is_sent);
	throttle_rate_give_back(&throttle->rate);
	throttle_rate_give_back(&throttle->learned);
	if (leave(throttle, pass) && throttle->begun > 0)
		throttle->begun--;
	if (throttle->quota_until_ms != 0)
		throttle->quota++;
}

/* ---- how it ended ---- */

static void
succeed(struct throttle *throttle, int64_t now_ms)
{
	end_row(throttle);
	throttle->well++;
	if (throttle->state != THROTTLE_HALF_OPEN)
		return;
	move(throttle, THROTTLE_CLOSED);
	begin_way_back(throttle, 1, now_ms);
}

/* One too many in any stretch of time as long as `within`, or the one that
 * went to see. */
static bool
is_too_much(const struct throttle *throttle, int64_t now_ms)
{
	return throttle->state == THROTTLE_HALF_OPEN ||
	       throttle->limits.breaker_failures == 1 ||
	       !throttle_rate_allows(&throttle->failures, now_ms);
}

/* Opens the breaker where it was one too many. */
static void
count_failure(struct throttle *throttle, int64_t now_ms)
{
	if (throttle->limits.breaker_failures == 0)
		return;
	if (!is_too_much(throttle, now_ms)) {
		throttle_rate_begin(&throttle->failures);
		throttle_rate_sent(&throttle->failures, now_ms);
		return;
	}
	move(throttle, THROTTLE_OPEN);
	end_row(throttle);
	throttle->open_until_ms = now_ms + throttle->limits.breaker_open_ms;
	throttle->window = 0;
}

static void
fail(struct throttle *throttle, int64_t now_ms)
{
	if (throttle->window > 1)
		throttle->window /= 2;
	count_failure(throttle, now_ms);
}

/* It is asked for half as much from now on, and for more by and by.  Who says
 * no without saying for how long is as good as ill, too. */
static void
refuse(struct throttle *throttle, bool has_wait, int64_t now_ms)
{
	int64_t used = throttle->window != 0 ? throttle->window
					     : throttle->fresh + 1;

	if (!has_wait && throttle->state == THROTTLE_HALF_OPEN) {
		count_failure(throttle, now_ms);
		return;
	}
	move(throttle, THROTTLE_CLOSED);
	begin_way_back(throttle, used > 1 ? used / 2 : 1, now_ms);
	if (has_wait)
		end_row(throttle);
	else
		count_failure(throttle, now_ms);
}

static int64_t
at_most(int64_t ms, int64_t most_ms)
{
	return ms < most_ms ? ms : most_ms;
}

static void
heed_policy(struct throttle *throttle, const struct throttle_advice *advice,
    int64_t now_ms)
{
	if (advice->policy_count <= 0 || advice->policy_ms <= 0 ||
	    advice->policy_count > THROTTLE_POLICY_COUNT_MAX ||
	    advice->policy_ms > THROTTLE_POLICY_WINDOW_MS_MAX)
		return;
	throttle_rate_set(
	    &throttle->learned, advice->policy_count, advice->policy_ms);
	throttle->learned_until_ms = now_ms + THROTTLE_POLICY_MS;
}

/* Of the quota, those under way take their part: perhaps they are counted
 * already, which only makes us wait for what they bring. */
static void
heed(struct throttle *throttle, const struct throttle_advice *advice,
    int64_t now_ms)
{
	int64_t until_ms =
	    now_ms + at_most(advice->wait_ms, THROTTLE_WAIT_MS_MAX);

	if (advice->has_wait && until_ms > throttle->wait_until_ms)
		throttle->wait_until_ms = until_ms;
	if (advice->has_quota && advice->quota_ms > 0) {
		int64_t left = advice->quota - throttle->active;

		throttle->quota = left > 0 ? left : 0;
		throttle->quota_until_ms =
		    now_ms + at_most(advice->quota_ms, THROTTLE_QUOTA_MS_MAX);
	}
	heed_policy(throttle, advice, now_ms);
}

void
throttle_end(struct throttle *throttle, const struct throttle_pass *pass,
    enum throttle_result result, const struct throttle_advice *advice,
    int64_t now_ms)
{
	bool has_wait = advice->has_wait && advice->wait_ms > 0;

	must(pass->is_sent);
	if (leave(throttle, pass)) {
		switch (result) {
		case THROTTLE_WELL:
			succeed(throttle, now_ms);
			break;
		case THROTTLE_ILL:
			fail(throttle, now_ms);
			break;
		case THROTTLE_REFUSED:
			refuse(throttle, has_wait, now_ms);
			break;
		}
	}
	heed(throttle, advice, now_ms);
}

void
throttle_set_backlog(struct throttle *throttle, bool has_backlog)
{
	throttle->has_backlog = has_backlog;
}

/* ---- operators ---- */

void
throttle_pause(struct throttle *throttle)
{
	throttle->is_paused = true;
}

void
throttle_resume(struct throttle *throttle, int64_t now_ms)
{
	throttle->is_paused = false;
	move(throttle, THROTTLE_CLOSED);
	end_row(throttle);
	throttle->wait_until_ms = 0;
	throttle->quota_until_ms = 0;
	begin_way_back(throttle, 1, now_ms);
}

/* ---- looking ---- */

static int64_t
places_of(const struct throttle *throttle)
{
	if (throttle->is_paused || throttle->state == THROTTLE_OPEN)
		return 0;
	if (throttle->state == THROTTLE_HALF_OPEN)
		return 1;
	if (throttle->window != 0 &&
	    throttle->window < throttle->limits.concurrency)
		return throttle->window;
	return throttle->limits.concurrency;
}

/* Whether a allows fewer calls in the long run than b; none allows all. */
static bool
is_stricter(const struct throttle_rate *a, const struct throttle_rate *b)
{
	if (a->count == 0 || b->count == 0)
		return a->count != 0;
	return a->count * b->window_ms < b->count * a->window_ms;
}

struct throttle_view
throttle_look(struct throttle *throttle, int64_t now_ms)
{
	bool is_learned;
	const struct throttle_rate *rate;

	settle(throttle, now_ms);
	is_learned = is_stricter(&throttle->learned, &throttle->rate);
	rate = is_learned ? &throttle->learned : &throttle->rate;
	return (struct throttle_view){
	    .state = throttle->state,
	    .bar = find_obstacle(throttle, now_ms).bar,
	    .is_paused = throttle->is_paused,
	    .active = throttle->active,
	    .places = places_of(throttle),
	    .rate_count = rate->count,
	    .rate_ms = rate->window_ms,
	    .is_rate_learned = is_learned,
	    .open_until_ms = throttle->state == THROTTLE_OPEN
				 ? throttle->open_until_ms
				 : 0,
	    .wait_until_ms = throttle->wait_until_ms,
	};
}
