/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_random.c: things happen in any order, and what must always hold does.
 *
 * Each seed plays workflows/payment.yaml, and one that has something of
 * everything, with lines such as case_play.c takes; case_check.c judges after
 * every one.  A seed that fails is printed with its transcript.
 *
 *	chart_random [FIRST [COUNT]]
 */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES 60
#define FLIPS 4 /* after each */

static const char *const replies[] = {
    "done {\"result\": \"clear\"}",
    "done {\"result\": \"clear\", \"id\": 3, \"found\": true}",
    "done {\"payment_id\": \"bp_1\", \"id\": 9, \"found\": true}",
    "done {\"result\": \"hit\"}",
    "done {\"payment_id\": \"bp_1\", \"id\": 7, \"found\": true}",
    "done {\"payment_id\": \"bp_2\", \"id\": null, \"found\": false}",
    "done {}",
    "not-done bank.insufficient-funds",
    "not-done http.429 transient",
    "not-done http.503 transient retry-after 3h",
    "unknown http.timeout",
    "unknown http.reset",
    "done-with-error bank.no",
};

static const char *const payment_lines[] = {
    "event bank.payment.accepted for bp_1 {}",
    "event bank.payment.settling for bp_1 {}",
    "event bank.payment.settled for bp_1 {}",
    "event bank.payment.rejected for bp_1 {}",
    "event bank.payment.returned for bp_1 {}",
    "event bank.payment.settled for bp_2 {}",
    "event bank.statement.matched for P-1 {}",
    "decide approved by bea",
    "decide approved by cyd",
    "decide rejected by bea",
    "decide release by bea",
    "decide cancel by bea",
    "decide found by bea",
    "decide lost by bea",
};

static const char *const anything_lines[] = {
    "event go for A {}",
    "event next for A {}",
    "event back for A {}",
    "event now for A {}",
    "event abort for A {}",
    "event late for A {}",
    "decide yes by bea",
    "decide no by bea",
    "decide again by bea",
    "decide enough by bea",
    "child child success in good",
    "child child success in good",
    "child child success in good",
    "child child failure in bad",
    "child child cancelled in gone",
    "refuse child",
};

/* What may happen to any instance. */
static const char *const lines[] = {
    "settle retry by bob",
    "settle supply by bob {\"payment_id\": \"bp_1\", \"id\": 7}",
    "settle skip by bob",
    "settle compensate by bob",
    "settle cancel by bob",
    "acknowledge by bob",
    "cancel by olga",
    "cancel undoing by olga",
    "suspend by olga",
    "resume by olga",
    "advance 1s",
    "advance 10m",
    "advance 5h",
    "advance 3d",
    "sleep 26h",
    "crash",
    "crash",
    "hold calls",
    "hold nothing",
};

static const struct story {
	const char *workflow;
	const char *paths[2];
	const char *const *lines;
	size_t count;
} stories[] = {
    {"payment", {"workflows"}, payment_lines, COUNT_OF(payment_lines)},
    {"anything",
	{"tests/cases/chart/common.yaml", "tests/cases/chart/random.yaml"},
	anything_lines, COUNT_OF(anything_lines)},
};

static void
load(struct play *play, const struct story *story)
{
	const char *root = getenv("srcdir");
	struct diag_list *diags = diag_list_new();

	for (size_t i = 0; i < COUNT_OF(story->paths); i++)
		if (story->paths[i] != NULL)
			library_add_path(play->library,
			    arena_strf(play->arena, "%s/%s", root ? root : ".",
				story->paths[i]),
			    diags);
	must(library_link(play->library, diags));
	diag_list_free(&diags);
	play->definition =
	    library_find_workflow(play->library, str_of(story->workflow), 0);
	must(play->definition != NULL);
}

static const char *
amount_of(uint64_t n)
{
	static const char *const amounts[] = {"10", "2000", "70000"};

	return amounts[n % COUNT_OF(amounts)];
}

static void
play_start(struct play *play, struct rng *rng)
{
	play_line(
	    play, arena_strf(play->arena,
		      "start by ann {\"key\": \"A\", \"reference\": \"P-1\", "
		      "\"entity\": \"DE01\", \"invoice_id\": 7, "
		      "\"amount\": %s, \"currency\": \"EUR\", "
		      "\"creditor\": {\"name\": \"ACME\", "
		      "\"iban\": \"DE89370400440532013000\"}}",
		      amount_of(rng_below(rng, 3))));
}

/* Replies come often, or nothing gets far. */
static struct str
pick_line(struct play *play, const struct story *story, struct rng *rng)
{
	size_t line;

	if (play->call_count > 0 && rng_below(rng, 5) < 3) {
		const struct case_call *call =
		    &play->calls[rng_below(rng, play->call_count)];

		if (!call->sent)
			return arena_strf(
			    play->arena, "send %.*s", STR_ARG(call->target));
		return arena_strf(play->arena, "reply %.*s %s",
		    STR_ARG(call->target),
		    replies[rng_below(rng, COUNT_OF(replies))]);
	}
	line = (size_t)rng_below(rng, story->count + COUNT_OF(lines));
	return str_of(line < story->count ? story->lines[line]
					  : lines[line - story->count]);
}

static bool
has_open(const struct play *play, enum chart_item_kind kind)
{
	for (size_t i = 0; i < play->item_count; i++)
		if (play->items[i].kind == kind && play->items[i].open)
			return true;
	return false;
}

/* What would be refused, or end all too soon, is left out mostly. */
static bool
is_worth_it(const struct play *play, struct str line, struct rng *rng)
{
	if (str_has_prefix(line, STR("child ")))
		return play->child_count > 0;
	if (str_has_prefix(line, STR("decide ")))
		return has_open(play, CHART_TASK) || rng_below(rng, 9) == 0;
	if (str_has_prefix(line, STR("settle ")))
		return has_open(play, CHART_INCIDENT) || rng_below(rng, 9) == 0;
	if (str_has_prefix(line, STR("acknowledge ")))
		return has_open(play, CHART_ESCALATION) ||
		       rng_below(rng, 9) == 0;
	if (str_has_prefix(line, STR("resume ")))
		return chart_status(play->chart) == CHART_SUSPENDED;
	if (str_has_prefix(line, STR("cancel ")) ||
	    str_has_prefix(line, STR("suspend ")))
		return rng_below(rng, 9) == 0;
	return true;
}

/* A snapshot with a bit turned over is refused, or can be looked at. */
static void
damage(struct play *play, struct rng *rng)
{
	struct buf bytes = {0};
	struct chart *chart;

	chart_save(play->chart, &bytes);
	for (int i = 0; i < FLIPS; i++) {
		size_t at = (size_t)rng_below(rng, bytes.bytes);
		char bit = (char)(1 << rng_below(rng, 8));

		bytes.at[at] ^= bit;
		chart = chart_load(play->definition,
		    (struct chart_identity){.number = 1}, buf_str(&bytes));
		bytes.at[at] ^= bit;
		if (chart == NULL)
			continue;
		must(chart_describe(chart, play->arena) != NULL);
		(void)chart_due_ms(chart);
		chart_free(&chart);
	}
	buf_fini(&bytes);
}

static bool
play_seed(const struct story *story, uint64_t seed)
{
	struct arena *arena = arena_new();
	struct buf out = {0};
	struct rng_seeded rng;
	struct play play;
	bool sound;

	rng_seeded_init(&rng, seed);
	play_init(&play, arena, &out);
	load(&play, story);
	play.now_ms = INT64_C(1795165200000);
	play_start(&play, &rng.rng);
	for (int i = 0; i < LINES && play.complaints == 0 &&
			!chart_status_is_end(chart_status(play.chart));) {
		struct str line = pick_line(&play, story, &rng.rng);

		if (!is_worth_it(&play, line, &rng.rng))
			continue;
		i++;
		buf_addf(&out, "> %.*s\n", STR_ARG(line));
		play_line(&play, line);
		damage(&play, &rng.rng);
	}
	sound = play.complaints == 0;
	if (!sound)
		printf("%s, seed %llu:\n%s\n", story->workflow,
		    (unsigned long long)seed, buf_cstr(&out));
	play_fini(&play);
	arena_free(&arena);
	buf_fini(&out);
	return sound;
}

int
main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;

	for (uint64_t seed = first; seed < first + count; seed++)
		for (size_t i = 0; i < COUNT_OF(stories); i++)
			if (!play_seed(&stories[i], seed))
				return 1;
	printf("%llu seeds\n", (unsigned long long)count);
	return 0;
}
