/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_expressions.c: how often a second expressions and tables are
 * evaluated.
 *
 *	bench_expressions SECONDS FILE
 *
 * FILE has a line of JSON each: {name, expr or table, context}; a table is in
 * the form of the conformance suite.  Each is read once, evaluated again and
 * again for so many seconds of CPU, and answered by a line of JSON: {name,
 * value, rate, parse_rate}.  parse_rate is of reading the text, once more for
 * each evaluation.
 */
#include "stated/decision.h"
#include "stated/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Evaluations between two looks at the clock. */
#define BATCH 100

struct subject {
	struct arena *arena;
	const struct value *line;
	const struct value *context;
	const struct feel_names *names;
	const struct feel *feel; /* or: */
	const struct def_decision *decision;
};

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct value *
lookup(void *arg, struct str name)
{
	return value_get(arg, name);
}

/* In the arena; false where it can't be read. */
static bool
read_text(struct subject *subject, struct arena *arena)
{
	const struct value *table =
	    value_field_or_null(subject->line, "table");
	struct feel_error error;

	if (value_is_null(table))
		subject->feel = feel_parse(arena,
		    value_field_str(subject->line, "expr"),
		    subject->names, &error);
	else
		subject->decision = decision_of_value(
		    arena, table, subject->names, &error);
	if (subject->feel == NULL && subject->decision == NULL)
		fprintf(stderr, "%s\n", error.message);
	return subject->feel != NULL || subject->decision != NULL;
}

static const struct value *
evaluate(const struct subject *subject, struct arena *arena)
{
	struct feel_env env = {
		.arena = arena,
		.lookup = lookup,
		.arg = (void *)(uintptr_t)subject->context,
		.now_ms = 1763769600000,
	};

	return subject->feel != NULL ? feel_eval(subject->feel, &env) :
	    decision_eval(subject->decision, &env).outcome;
}

/* Evaluations a second of CPU. */
static double
measure(struct subject *subject, double seconds, bool parses)
{
	struct arena *arena = arena_new();
	double begun = cpu_seconds();
	double taken = 0;
	size_t done = 0;

	while (taken < seconds) {
		for (unsigned i = 0; i < BATCH; i++) {
			if (parses)
				must(read_text(subject, arena));
			(void)evaluate(subject, arena);
			arena_reset(arena);
		}
		done += BATCH;
		taken = cpu_seconds() - begun;
	}
	arena_free(&arena);
	return (double)done / taken;
}

static bool
run_line(struct str text, double seconds)
{
	struct subject subject = {.arena = arena_new()};
	struct feel_names *names = feel_names_new(subject.arena);
	struct buf out = {0};
	struct json_error error;
	double rate;

	subject.line = json_read(subject.arena, text, &error);
	must(subject.line != NULL);
	subject.context = value_field_or_null(subject.line, "context");
	feel_names_add_value(names, subject.context);
	subject.names = names;
	if (!read_text(&subject, subject.arena)) {
		arena_free(&subject.arena);
		return false;
	}
	json_write(evaluate(&subject, subject.arena), JSON_PLAIN, &out);
	rate = measure(&subject, seconds, false);
	printf("{\"name\": \"%.*s\", \"value\": %s, \"rate\": %.0f, ",
	    STR_ARG(value_field_str(subject.line, "name")),
	    buf_cstr(&out), rate);
	printf("\"parse_rate\": %.0f}\n", measure(&subject, seconds, true));
	buf_fini(&out);
	arena_free(&subject.arena);
	return true;
}

int
main(int argc, char **argv)
{
	struct buf text = {0};
	struct str rest;
	bool fine = true;
	FILE *file;

	if (argc != 3 || (file = fopen(argv[2], "re")) == NULL) {
		fprintf(stderr, "usage: %s SECONDS FILE\n", argv[0]);
		return 2;
	}
	must(buf_add_file(&text, file, SIZE_MAX));
	fclose(file);
	rest = buf_str(&text);
	while (rest.bytes > 0) {
		struct str line = str_split(rest, '\n', &rest);

		fine = run_line(line, atof(argv[1])) && fine;
	}
	buf_fini(&text);
	return fine ? 0 : 1;
}
