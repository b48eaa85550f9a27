/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_search.c: how a record may have come about.
 *
 * Some things happen without a word: a delay is over and the call stands in a
 * queue again, the engine begins anew.  Where a record can't be explained from
 * the instance as it is, these are tried before it; and where two calls look
 * the same in a record, one after the other.  A way that doesn't lead to the
 * record is gone back.
 *
 * A way may explain its record and be wrong: what happened without a word shows
 * much later, if at all.  So where none leads to a record, those before it are
 * explained in other ways, the latest first.  What no way leads to is a
 * difference.
 */
#include "reperform_priv.h"

#include <stdlib.h>
#include <sys/queue.h>

/* Equal calls that are tried, each in two ways; a `for` tells its items apart. */
#define WAYS_MAX 128
/* That were over, one after the other, before anything came of them. */
#define DELAYS_MAX 4
/* Of the records that were explained last the ways that are left are known: of
 * so many, whose snapshots have so many bytes; and so many ways are tried until
 * one leads farther. */
#define TRAIL_MAX 256
#define TRAIL_BYTES_MAX (16u << 20)
#define TRIES_MAX 5000

/* ---- what happens without a word ---- */

enum silence {
	NOTHING,
	TIME_WAS_DUE,
	TIME_IS_NOW,
	BEGUN_ANEW,
	DELAYS_WERE_OVER, /* one; the next: two, one after the other, … */
	/* These again, after the engine has begun anew. */
	BEGUN_BEFORE = DELAYS_WERE_OVER + DELAYS_MAX,
	SILENCES = 2 * BEGUN_BEFORE
};

static bool
is_silent(struct replay *replay, enum chart_event_kind kind, int64_t at_ms)
{
	const struct act act = {
	    .kind = ACT_EVENT, .at_ms = at_ms, .event = {.kind = kind}};
	struct chart_effects effects = {0};

	replay_perform(replay, &act, &effects);
	return effects.record_count == 0;
}

/* Also where they were still to be so: the clock was set back since. */
static bool
delays_were_over(struct replay *replay, size_t delays, int64_t now_ms)
{
	int64_t due_ms = 0;

	for (size_t i = 0; i < delays; i++) {
		due_ms = chart_due_ms(replay->chart);
		if (due_ms == 0 || !is_silent(replay, EV_TIME_PASSED, due_ms))
			return false;
	}
	return delays > 1 || due_ms > now_ms;
}

static bool
has_begun_anew(struct replay *replay, int64_t now_ms)
{
	return chart_is_busy(replay->chart) &&
	       is_silent(replay, EV_RECOVERED, now_ms);
}

static bool
time_passed(struct replay *replay, enum silence silence, int64_t now_ms)
{
	int64_t due_ms = chart_due_ms(replay->chart);

	switch (silence) {
	case TIME_WAS_DUE:
		return due_ms != 0 && due_ms < now_ms &&
		       is_silent(replay, EV_TIME_PASSED, due_ms);
	case TIME_IS_NOW:
		return due_ms != 0 && due_ms <= now_ms &&
		       is_silent(replay, EV_TIME_PASSED, now_ms);
	default:
		return delays_were_over(
		    replay, silence - DELAYS_WERE_OVER + 1, now_ms);
	}
}

/* false where it would not be silent, or the same as one before it. */
static bool
be_silent(struct replay *replay, unsigned silence, int64_t now_ms)
{
	bool is_after = silence >= BEGUN_BEFORE;
	enum silence what = is_after ? silence - BEGUN_BEFORE : silence;

	if ((is_after || what == BEGUN_ANEW) &&
	    !has_begun_anew(replay, now_ms))
		return false;
	if (what == NOTHING || what == BEGUN_ANEW)
		return !is_after;
	return time_passed(replay, what, now_ms);
}

/* ---- one way to explain what comes next ---- */

struct attempt {
	size_t matched;
	const struct value *computed; /* the first that differs; NULL: none */
};

static struct attempt
attempt_of(struct replay *replay, const struct chart_effects *effects)
{
	size_t at = replay->at, told = 0;

	for (; at < replay->count; at++)
		if (told < effects->record_count &&
		    compare_agrees(
			replay, replay->records[at], effects->records[told]))
			told++;
		else if (at == replay->at || !compare_is_repeated(replay, at))
			break;
	return (struct attempt){
	    .matched = at - replay->at,
	    .computed = told < effects->record_count ? effects->records[told]
						     : NULL,
	};
}

/* The nth way after that silence; false where there is no such way. */
static bool
try_way(struct replay *replay, unsigned silence, size_t nth,
    struct attempt *attempt)
{
	const struct value *record = replay->inputs[replay->at];
	int64_t now_ms = replay_time(record);
	struct chart_effects effects = {0};
	struct act act;

	replay_begin_step(replay, replay->at);
	if (!be_silent(replay, silence, now_ms) ||
	    !replay_input(replay, record, nth, &act))
		return false;
	replay_perform(replay, &act, &effects);
	*attempt = attempt_of(replay, &effects);
	return true;
}

static bool
explains(const struct attempt *attempt)
{
	return attempt->matched > 0 && attempt->computed == NULL;
}

struct best {
	bool is_there;
	size_t matched;
	const struct value *computed; /* in the instance's arena */
	struct unknown disturbed;
};

/* The way that led the farthest is the one to talk about. */
static void
keep_best(struct replay *replay, const struct attempt *attempt,
    struct best *best)
{
	if (best->is_there && attempt->matched <= best->matched)
		return;
	best->is_there = true;
	best->matched = attempt->matched;
	best->computed =
	    attempt->computed != NULL
		? value_copy(replay->arena, attempt->computed)
		: NULL;
	best->disturbed = replay_kept(replay, replay->disturbed);
}

/* ---- from record to record ---- */

static void
count(struct replay *replay, size_t matched)
{
	for (size_t i = 0; i < matched; i++) {
		const struct value *record = replay->records[replay->at + i];

		replay->finding->records++;
		if (replay_is(record, AUDIT_DECIDED))
			replay->finding->decisions++;
		if (replay_is(record, AUDIT_ENTERED))
			replay->finding->transitions++;
	}
	replay->at += matched;
}

static void
keep_answers(struct replay *replay)
{
	for (unsigned i = 0; i < replay->condition_count; i++) {
		const struct condition *condition = &replay->conditions[i];

		if (replay_last_answer(replay, condition->expression,
			!condition->holds) == condition->holds)
			continue;
		replay->answers = arena_grow(replay->arena, replay->answers,
		    replay->answer_count, &replay->answer_capacity,
		    sizeof(*replay->answers));
		replay->answers[replay->answer_count++] = *condition;
	}
}

static void
accept(struct replay *replay, size_t matched)
{
	if (replay->doubt.at != NULL && replay->doubted.at == NULL)
		replay->doubted = arena_str(replay->arena, replay->doubt);
	replay->definition = chart_definition(replay->chart)->digest;
	keep_answers(replay);
	count(replay, matched);
}

static void
could_not_from(
    struct replay *replay, size_t seq, const struct unknown *unknown)
{
	replay->finding->result = REPERFORM_COULD_NOT;
	replay->finding->explanation = arena_strf(replay->arena,
	    "from record %zu on it can't be known: `%.*s` %s", seq,
	    STR_ARG(unknown->expression),
	    unknown->is_order
		? "hangs on the order of members, which came in one way and "
		  "stand sorted in history"
		: "looks into a sensitive value, of which history has the "
		  "digest only");
}

static void
differ(struct replay *replay, const struct best *best)
{
	size_t at = replay->at + best->matched;
	const struct value *recorded =
	    at < replay->count ? replay->records[at] : NULL;

	count(replay, best->matched);
	replay->finding->result = REPERFORM_DIFFERS;
	replay->finding->seq = at + 1;
	compare_explain(replay, recorded, best->computed);
	if (best->disturbed.expression.at != NULL)
		could_not_from(replay, at + 1, &best->disturbed);
	else if (replay->unknown.expression.at != NULL)
		could_not_from(replay, at + 1, &replay->unknown);
}

static void
begin_attempt(struct replay *replay, unsigned turned)
{
	arena_reset(replay->turn);
	replay->doubt = (struct str){NULL, 0};
	replay->disturbed = (struct unknown){.is_order = false};
	replay->condition_count = 0;
	replay->turned = turned;
}

/* A record that is explained in one way of several, and from where. */
struct search {
	TAILQ_ENTRY(search) link;
	struct replay before;
	struct reperform_finding finding; /* so far */
	const struct definition *definition;
	struct buf snapshot;
	bool is_moved; /* from there */
	/* the next way */
	unsigned silence; /* below SILENCES */
	size_t nth;
	unsigned turned;
	unsigned conditions; /* how many are in doubt */
	struct buf dead_ends; /* digests of snapshots */
	struct best best;
};

static struct search *
search_new(struct replay *replay)
{
	struct search *search = calloc(1, sizeof(*search));

	must(search != NULL);
	search->before = *replay;
	search->finding = *replay->finding;
	search->definition = chart_definition(replay->chart);
	chart_save(replay->chart, &search->snapshot);
	return search;
}

static void
search_free(struct search *search)
{
	buf_fini(&search->snapshot);
	buf_fini(&search->dead_ends);
	free(search);
}

static void
go_back(struct replay *replay, const struct search *search)
{
	chart_free(&replay->chart);
	*replay = search->before;
	*replay->finding = search->finding;
	replay->chart = chart_load(search->definition, replay->identity,
	    buf_str(&search->snapshot));
	must(replay->chart != NULL); /* it has just been saved */
	chart_set_salt(replay->chart, replay->salt);
}

/* Another way has led there, and it goes no farther from there. */
static void
note_dead_end(struct search *search, const struct buf *snapshot)
{
	struct digest digest = digest_sha256(buf_str(snapshot));

	buf_add(&search->dead_ends, (const char *)&digest, sizeof(digest));
}

static bool
is_dead_end(const struct search *search, const struct replay *replay)
{
	struct str known = buf_str(&search->dead_ends);
	struct buf snapshot = {0};
	struct digest digest;
	bool is_known = false;

	if (known.bytes == 0)
		return false;
	chart_save(replay->chart, &snapshot);
	digest = digest_sha256(buf_str(&snapshot));
	buf_fini(&snapshot);
	for (size_t i = 0; i < known.bytes && !is_known; i += sizeof(digest))
		is_known = memcmp(known.at + i, &digest, sizeof(digest)) == 0;
	return is_known;
}

enum way { WAY_NONE, WAY_WRONG, WAY_RIGHT };

/* The next one: with the conditions that are in doubt turned one way, then the
 * other. */
static enum way
search_way(struct replay *replay, struct search *search)
{
	struct attempt attempt = {0};

	if (search->is_moved)
		go_back(replay, search);
	search->is_moved = true;
	begin_attempt(replay, search->turned);
	if (!try_way(replay, search->silence, search->nth, &attempt))
		return WAY_NONE;
	search->turned++;
	if (replay->condition_count > search->conditions)
		search->conditions = replay->condition_count;
	if (explains(&attempt)) {
		accept(replay, attempt.matched);
		return is_dead_end(search, replay) ? WAY_WRONG : WAY_RIGHT;
	}
	keep_best(replay, &attempt, &search->best);
	return WAY_WRONG;
}

static void
next_way(struct search *search, enum way last)
{
	if (last != WAY_NONE && search->turned < 1u << search->conditions)
		return;
	search->turned = search->conditions = 0;
	if (last != WAY_NONE && ++search->nth < WAYS_MAX)
		return;
	search->nth = 0;
	search->silence++;
}

/* All that are left, the likeliest first; false where none is right. */
static bool
search_on(struct replay *replay, struct search *search, unsigned *tries)
{
	enum way way = WAY_WRONG;

	while (way != WAY_RIGHT && search->silence < SILENCES && *tries > 0) {
		(*tries)--;
		way = search_way(replay, search);
		next_way(search, way);
	}
	return way == WAY_RIGHT;
}

/* ---- all of it ---- */

TAILQ_HEAD(searches, search);

struct trail {
	struct searches searches; /* the latest first */
	size_t count;
	size_t bytes;
	unsigned tries; /* that are left */
	size_t farthest; /* record that was ever reached, from 0 */
	struct reperform_finding finding; /* of the farthest that wasn't */
};

struct trail *
trail_new(void)
{
	struct trail *trail = calloc(1, sizeof(*trail));

	must(trail != NULL);
	TAILQ_INIT(&trail->searches);
	trail->tries = TRIES_MAX;
	return trail;
}

static void
trail_drop(struct trail *trail, struct search *search)
{
	TAILQ_REMOVE(&trail->searches, search, link);
	trail->count--;
	trail->bytes -= search->snapshot.bytes;
	search_free(search);
}

void
trail_free(struct trail **trail_take)
{
	struct trail *trail = *trail_take;

	while (!TAILQ_EMPTY(&trail->searches))
		trail_drop(trail, TAILQ_FIRST(&trail->searches));
	free(trail);
	*trail_take = NULL;
}

static void
trail_add(struct trail *trail, struct replay *replay)
{
	struct search *search = search_new(replay);

	TAILQ_INSERT_HEAD(&trail->searches, search, link);
	trail->count++;
	trail->bytes += search->snapshot.bytes;
	while (trail->count > 1 && (trail->count > TRAIL_MAX ||
		   trail->bytes > TRAIL_BYTES_MAX))
		trail_drop(trail, TAILQ_LAST(&trail->searches, searches));
	if (replay->at > trail->farthest) {
		trail->farthest = replay->at;
		trail->tries = TRIES_MAX;
	}
}

/* What is told is where the farthest way ended. */
static void
trail_fail(struct trail *trail, struct replay *replay,
    const struct search *search)
{
	go_back(replay, search);
	differ(replay, &search->best);
	if (replay->finding->seq > trail->finding.seq)
		trail->finding = *replay->finding;
}

bool
trail_explain(struct trail *trail, struct replay *replay)
{
	struct search *search, *earlier;

	trail_add(trail, replay);
	while ((search = TAILQ_FIRST(&trail->searches)) != NULL) {
		if (search_on(replay, search, &trail->tries))
			return true;
		if (search->before.at == trail->farthest)
			trail_fail(trail, replay, search);
		earlier = TAILQ_NEXT(search, link);
		if (earlier != NULL)
			note_dead_end(earlier, &search->snapshot);
		trail_drop(trail, search);
	}
	*replay->finding = trail->finding;
	return false;
}

/* The instance as it was, and what it told; with the conditions that are in
 * doubt turned one way and the other. */
bool
search_start(struct replay *replay, const struct definition *definition)
{
	const struct value *record = replay->inputs[0];
	struct best best = {0};
	unsigned turned = 0, conditions = 0;

	do {
		struct act act = {
		    .kind = ACT_EVENT, .at_ms = replay_time(record)};
		struct chart_effects effects = {0};
		struct chart_start start = {.definition = definition};
		struct attempt attempt;

		begin_attempt(replay, turned);
		replay_start(replay, record, &start, &act.event);
		chart_free(&replay->chart);
		replay->chart = chart_new(&start);
		chart_set_salt(replay->chart, replay->salt);
		replay->call_count = 0;
		replay_begin_step(replay, 0);
		replay_perform(replay, &act, &effects);
		attempt = attempt_of(replay, &effects);
		if (explains(&attempt)) {
			accept(replay, attempt.matched);
			return true;
		}
		keep_best(replay, &attempt, &best);
		if (replay->condition_count > conditions)
			conditions = replay->condition_count;
	} while (++turned < 1u << conditions);
	differ(replay, &best);
	return false;
}
