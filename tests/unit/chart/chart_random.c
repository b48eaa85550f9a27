/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_random.c: things happen in any order, and what must always hold does.
 *
 * Each seed plays workflows/payment.yaml with lines such as case_play.c takes;
 * case_check.c judges after
 * every one.  A seed that fails is printed with its transcript.
 *
 *	chart_random [FIRST [COUNT]]
 */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES 60

static const char *const replies[] = {
    "done {\"result\": \"clear\"}",
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

static const char *const lines[] = {
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

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void
load(struct play *play)
{
	const char *root = getenv("srcdir");
	struct diag_list *diags = diag_list_new();

	library_add_path(play->library,
	    arena_strf(play->arena, "%s/workflows", root ? root : "."), diags);
	must(library_link(play->library, diags));
	diag_list_free(&diags);
	play->definition =
	    library_find_workflow(play->library, STR("payment"), 0);
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
	play_line(play,
	    arena_strf(play->arena,
		"start by ann {\"reference\": \"P-1\", \"entity\": \"DE01\", "
		"\"invoice_id\": 7, \"amount\": %s, \"currency\": \"EUR\", "
		"\"creditor\": {\"name\": \"ACME\", \"iban\": \"DE89370400440532013000\"}}",
		amount_of(rng_below(rng, 3))));
}

/* Replies come often, or nothing gets far. */
static struct str
pick_line(struct play *play, struct rng *rng)
{
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
	return str_of(lines[rng_below(rng, COUNT_OF(lines))]);
}

static bool
play_seed(uint64_t seed)
{
	struct arena *arena = arena_new();
	struct buf out = {0};
	struct rng_seeded rng;
	struct play play;
	bool sound;

	rng_seeded_init(&rng, seed);
	play_init(&play, arena, &out);
	load(&play);
	play.now_ms = INT64_C(1795165200000);
	play_start(&play, &rng.rng);
	for (int i = 0; i < LINES && play.complaints == 0; i++) {
		struct str line = pick_line(&play, &rng.rng);

		buf_addf(&out, "> %.*s\n", STR_ARG(line));
		play_line(&play, line);
	}
	sound = play.complaints == 0;
	if (!sound)
		printf("seed %llu:\n%s\n", (unsigned long long)seed,
		    buf_cstr(&out));
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
		if (!play_seed(seed))
			return 1;
	printf("%llu seeds\n", (unsigned long long)count);
	return 0;
}
