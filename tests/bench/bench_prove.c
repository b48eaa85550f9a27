/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_prove.c: how long the proofs of a definition take.
 *
 *	bench_prove [STATES...]
 *
 * Makes definitions of so many states (200, 1000 and 5000 unless told) in
 * some shapes, loads them and proves them, and prints a line for each: the
 * milliseconds of both and how many findings there were.  A document may have
 * 1 MiB, which bounds how much a state of a large one can say.
 */
#include "stated/clock.h"
#include "stated/prove.h"

#include <stdio.h>
#include <stdlib.h>

static double
now_ms(void)
{
	return (double)clock_monotonic_us() / 1e3;
}

static const char surroundings[] =
    "contact: desk\nnotify: [{log: warning}]\n---\n"
    "connection: bank\nkind: http\nurl: http://bank.test\noperations:\n"
    "  pay: {request: {post: /pay, body: {n: = n, key: = idempotency_key}}, "
    "idempotent: true}\n"
    "  cancel: {request: {delete: = \"/pay/\" + n}}\n---\n"
    "workflow: bench\nversion: 1\n"
    "incident: {owner: desk, max-age: 4h}\n";

/* ---- shapes ---- */

static void
add_ends(struct buf *text)
{
	buf_add_cstr(text,
	    "  end: {type: final}\n"
	    "  failed: {type: final, outcome: failure, compensate: all}\n");
}

/* Calls, decisions of people and variables in turn, with ways back. */
static void
make_chain(struct buf *text, size_t states)
{
	buf_add_cstr(text, "data: {v: 0}\ninitial: s0\nstates:\n");
	for (size_t i = 0; i < states; i++) {
		size_t next = i + 1 < states ? i + 1 : i;

		if (i % 3 == 0)
			buf_addf(text,
			    "  s%zu:\n    entry: [{call: bank.pay, with: {n: %zu}, "
			    "output: {v%zu: = response.v}, "
			    "compensate: {call: bank.cancel, with: {n: %zu}}}]\n"
			    "    on: {done: s%zu, error: failed}\n",
			    i, i, i, i, next);
		else if (i % 3 == 1)
			buf_addf(text,
			    "  s%zu:\n    user-task: {title: '= \"t\" + v%zu'}\n"
			    "    on: {approved: s%zu, rejected: {target: s%zu, "
			    "compensate: all}}\n    after: {2d: failed}\n",
			    i, i - 1, next, i - 1);
		else
			buf_addf(text,
			    "  s%zu:\n    entry: [{set: {w%zu: = v%zu}}]\n"
			    "    on: {done: [{if: = w%zu > 1, target: end}, s%zu]}\n",
			    i, i, i - 2, i, i + 1 < states ? next : 0);
	}
	add_ends(text);
}

/* Everything is wrong: each call can't be undone and may happen again, each
 * variable may not be set, and nobody is told. */
static void
make_wrong(struct buf *text, size_t states)
{
	buf_add_cstr(text, "initial: s0\nstates:\n");
	for (size_t i = 0; i < states; i++)
		buf_addf(text,
		    "  s%zu:\n    entry: [{call: bank.pay, with: {n: %zu}, "
		    "output: {v%zu: = response.v + v%zu}}]\n"
		    "    on: {done: [{if: = v%zu > 1, target: s%zu}], "
		    "error: failed}\n",
		    i, i, i, (i + 1) % states, i, (i + 1) % states);
	add_ends(text);
}

/* All leads to all that is near, by events that the outside sends. */
static void
make_dense(struct buf *text, size_t states)
{
	buf_add_cstr(text, "business-key: = input.k\nevents: {a: {}, b: {}, "
			   "c: {}, d: {}}\ninitial: s0\nstates:\n");
	for (size_t i = 0; i < states; i++)
		buf_addf(text,
		    "  s%zu:\n    on: {a: s%zu, b: s%zu, c: s%zu, d: end}\n"
		    "    escalate: [{after: 1d, to: desk}]\n",
		    i, (i + 1) % states, (i * 7 + 3) % states,
		    (i * 31 + 11) % states);
	add_ends(text);
}

/* Regions of a few states each, in groups; the whole can be abandoned. */
static void
make_regions(struct buf *text, size_t states)
{
	size_t regions = states / 5;

	buf_add_cstr(text,
	    "business-key: = input.k\nevents: {stop: {}}\ninitial: all\n"
	    "states:\n  all:\n    type: parallel\n    on: {done: end, stop: "
	    "failed}\n    escalate: [{after: 1d, to: desk}]\n    states:\n");
	for (size_t i = 0; i < regions; i++)
		buf_addf(text,
		    "      r%zu:\n        initial: a%zu\n        states:\n"
		    "          a%zu: {entry: [{set: {v%zu: 1}}], on: {done: b%zu}}\n"
		    "          b%zu: {user-task: {title: '= \"t\" + v%zu'}, on: "
		    "{approved: c%zu, rejected: failed}}\n"
		    "          c%zu: {type: final}\n",
		    i, i, i, i, i, i, i, i, i);
	add_ends(text);
}

/* Ten levels deep, with an event that each level takes. */
static void
make_nested(struct buf *text, size_t states)
{
	buf_add_cstr(text, "business-key: = input.k\nevents: {go: {}, up: {}}\n"
			   "initial: t0\nstates:\n");
	for (size_t i = 0; i * 11 < states; i++) {
		char blanks[64] = "  ";

		buf_addf(text, "  t%zu:\n", i);
		for (size_t level = 0; level < 9; level++) {
			size_t width = 4 + 4 * level;

			(void)snprintf(blanks, sizeof(blanks), "%*s",
			    (int)width, "");
			buf_addf(text,
			    "%sinitial: t%zu-%zu\n%son: {go: t%zu}\n%sescalate: "
			    "[{after: 1d, to: desk}]\n%sstates:\n%s  t%zu-%zu:\n",
			    blanks, i, level, blanks,
			    (i + 1) * 11 < states ? i + 1 : 0, blanks, blanks,
			    blanks, i, level);
		}
		buf_addf(text, "%s    on: {up: end}\n", blanks);
	}
	add_ends(text);
}

/* ---- measuring ---- */

static void
measure(const char *name, size_t states,
    void (*make)(struct buf *text, size_t states))
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	struct diag_list *findings = diag_list_new();
	struct buf text = {0};
	double begun, loaded, proved;
	bool ok;

	buf_add_cstr(&text, surroundings);
	make(&text, states);
	begun = now_ms();
	library_add_text(library, STR("bench.yaml"), buf_str(&text), diags);
	ok = library_link(library, diags);
	loaded = now_ms();
	if (ok)
		prove_library(library, findings);
	proved = now_ms();
	if (!ok) {
		struct buf out = {0};

		diag_format(diags, &out, false);
		printf("%.*s", (int)(out.bytes < 600 ? out.bytes : 600),
		    buf_cstr(&out));
		buf_fini(&out);
	}
	printf("{\"shape\":\"%s\",\"states\":%zu,\"bytes\":%zu,"
	       "\"load_ms\":%.1f,\"prove_ms\":%.1f,\"findings\":%zu}\n",
	    name, states, text.bytes, loaded - begun, proved - loaded,
	    diag_count(findings, DIAG_WARNING));
	buf_fini(&text);
	diag_list_free(&findings);
	diag_list_free(&diags);
	library_free(&library);
}

int
main(int argc, char **argv)
{
	static const char *const usual[] = {"200", "1000", "5000"};
	const char *const *sizes = argc > 1 ?
	    (const char *const *)argv + 1 : usual;
	int count = argc > 1 ? argc - 1 : 3;

	for (int i = 0; i < count; i++) {
		size_t states = strtoul(sizes[i], NULL, 10);

		measure("chain", states, make_chain);
		measure("dense", states, make_dense);
		measure("regions", states, make_regions);
		measure("nested", states, make_nested);
		measure("wrong", states, make_wrong);
	}
	return 0;
}
