/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_hostile.c: how long expressions take that are made to take long.
 *
 *	bench_hostile [MS]
 *
 * Reads and evaluates each some times and prints the least milliseconds of
 * CPU that it took, and what came of it.  One that took more than MS (50
 * unless told) is marked, and the exit status is 1.
 */
#include "feel_hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 3

static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static const struct value *
lookup(void *arg, struct str name)
{
	return value_get(arg, name);
}

/* Milliseconds; `outcome` gets what came of it. */
static double
run_once(const struct feel_hostile *hostile, char *outcome, size_t bytes)
{
	struct arena *given = arena_new();
	const struct value *context = feel_hostile_context(given);
	struct str text = feel_hostile_text(hostile, given);
	struct arena *arena = arena_new();
	struct feel_env env = {
		.arena = arena,
		.lookup = lookup,
		.arg = (void *)(uintptr_t)context,
	};
	struct feel_error error;
	const struct feel *feel;
	double begun = cpu_ms();

	feel = feel_parse(arena, text, NULL, &error);
	if (feel != NULL)
		(void)feel_eval(feel, &env);
	str_write(outcome, bytes, "%s", feel == NULL ? error.message :
	    env.exhausted ? env.note : "an answer");
	arena_free(&arena);
	begun = cpu_ms() - begun;
	arena_free(&given);
	return begun;
}

int
main(int argc, char **argv)
{
	double most = argc > 1 ? atof(argv[1]) : 50;
	unsigned slow = 0;

	for (size_t i = 0; i < feel_hostile_count; i++) {
		const struct feel_hostile *hostile = &feel_hostile_cases[i];
		char outcome[200];
		double least = run_once(hostile, outcome, sizeof(outcome));

		for (unsigned round = 1; round < ROUNDS; round++) {
			double ms = run_once(hostile, outcome, sizeof(outcome));

			least = ms < least ? ms : least;
		}
		slow += least > most;
		printf("%6.1f ms%s %s: %s\n", least, least > most ? " SLOW" : "",
		    hostile->name, outcome);
	}
	printf("%u of %zu took more than %g ms\n", slow, feel_hostile_count,
	    most);
	return slow > 0;
}
