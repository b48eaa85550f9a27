/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case_check.c: what holds after every step of every case.
 *
 * A snapshot loses nothing; an instance wakes only where waking changes
 * something, and rests where nothing is due; what runs has something that
 * will move it on.
 */
#include "case.h"

#include "stated/json.h"

static struct chart *
copy_of(const struct play *play)
{
	struct buf bytes = {0};
	struct chart_identity identity = {.number = 1};
	struct chart *copy;

	chart_save(play->chart, &bytes);
	copy = chart_load(play->definition, identity, buf_str(&bytes));
	buf_fini(&bytes);
	return copy;
}

static bool
same_bytes(const struct chart *a, const struct chart *b)
{
	struct buf bytes_a = {0}, bytes_b = {0};
	bool same;

	chart_save(a, &bytes_a);
	chart_save(b, &bytes_b);
	same = str_equal(buf_str(&bytes_a), buf_str(&bytes_b));
	buf_fini(&bytes_a);
	buf_fini(&bytes_b);
	return same;
}

static bool
same_description(const struct play *play, const struct chart *copy)
{
	struct arena *arena = arena_new();
	struct buf a = {0}, b = {0};
	bool same;

	json_write(chart_describe(play->chart, arena), JSON_TYPED, &a);
	json_write(chart_describe(copy, arena), JSON_TYPED, &b);
	same = str_equal(buf_str(&a), buf_str(&b));
	buf_fini(&a);
	buf_fini(&b);
	arena_free(&arena);
	return same;
}

static void
check_snapshot(struct play *play)
{
	struct chart *copy = copy_of(play);

	if (copy == NULL) {
		trace_complain(play, "the snapshot can't be loaded");
		return;
	}
	if (!same_bytes(play->chart, copy))
		trace_complain(play, "the snapshot loses something");
	if (!same_description(play, copy))
		trace_complain(play, "the snapshot looks different");
	chart_free(&copy);
}

/* Whether EV_TIME_PASSED at that instant would change the instance. */
static bool
changes_at(struct play *play, int64_t at_ms)
{
	struct chart *copy = copy_of(play);
	struct chart_context context = play_context(play);
	struct chart_effects effects = {0};
	struct chart_event event = {.kind = EV_TIME_PASSED};
	struct rng_seeded rng = play->rng;
	bool changes;

	if (copy == NULL)
		return true; /* said already */
	context.now_ms = at_ms;
	context.rng = &rng.rng;
	chart_step(copy, &event, &context, &effects);
	changes = !same_bytes(play->chart, copy);
	chart_free(&copy);
	return changes;
}

static void
check_waking(struct play *play)
{
	int64_t due_ms = chart_due_ms(play->chart);

	if ((due_ms == 0 || due_ms > play->now_ms) &&
	    changes_at(play, play->now_ms))
		trace_complain(play, "it did not come to rest");
	if (due_ms != 0 && due_ms != INT64_MAX &&
	    !changes_at(play, due_ms > play->now_ms ? due_ms : play->now_ms))
		trace_complain(play, "it wakes and does nothing");
}

static void
check_liveness(struct play *play)
{
	enum chart_status status = chart_status(play->chart);

	if (status == CHART_RUNNING && !chart_is_busy(play->chart) &&
	    chart_due_ms(play->chart) == 0)
		trace_complain(play, "it runs, and nothing moves it");
	if (chart_status_is_end(status) != (chart_ended_ms(play->chart) != 0))
		trace_complain(play, "it ended without a time");
	if (chart_status_is_end(status) &&
	    chart_incident_count(play->chart) != 0)
		trace_complain(play, "it ended with an incident");
}

/* A call that waits to be sent is wanted, and no other. */
static void
check_calls(struct play *play)
{
	for (size_t i = 0; i < play->call_count; i++) {
		const struct case_call *call = &play->calls[i];

		for (size_t j = 0; j < i; j++)
			if (play->calls[j].serial == call->serial)
				trace_complain(play, "%.*s is asked for twice",
				    STR_ARG(call->target));
	}
}

/* ---- the rule on which money depends ---- */

static struct case_key *
doubt_of(struct play *play, const struct case_call *call)
{
	struct case_key *doubt = play->doubts;

	for (size_t i = 0; i < play->doubt_count; i++, doubt++)
		if (str_equal(doubt->key, call->key))
			return doubt;
	must(play->doubt_count < CASE_KEYS_MAX);
	play->doubt_count++;
	*doubt = (struct case_key){.key = arena_str(play->arena, call->key)};
	return doubt;
}

void
check_sent(struct play *play, const struct case_call *call)
{
	const struct def_operation *operation = call->operation;
	struct case_key *doubt = doubt_of(play, call);
	int64_t lifetime_ms = operation->idempotent_lifetime_ms;
	bool has_died = lifetime_ms != 0 &&
			play->now_ms >= doubt->first_ms + lifetime_ms;

	if (operation->safe)
		return;
	/* A key that the endpoint has forgotten is new to it. */
	if (doubt->first_ms == 0 || (has_died && !doubt->in_doubt))
		doubt->first_ms = play->now_ms;
	else if (doubt->in_doubt && (!operation->idempotent || has_died))
		trace_complain(
		    play, "%.*s is sent blindly", STR_ARG(call->target));
}

/* A question has the key of what it asks about. */
void
check_replied(
    struct play *play, const struct case_call *call, enum outcome_kind kind)
{
	struct case_key *doubt = doubt_of(play, call);

	if (kind == OUTCOME_DONE)
		doubt->in_doubt = false;
	else if (kind == OUTCOME_UNKNOWN && !call->operation->safe)
		doubt->in_doubt = true;
}

void
check_settled(struct play *play)
{
	play->doubt_count = 0;
}

void
check_all(struct play *play)
{
	if (play->chart == NULL)
		return;
	check_snapshot(play);
	check_waking(play);
	check_liveness(play);
	check_calls(play);
}
