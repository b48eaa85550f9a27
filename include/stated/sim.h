/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h: one instance, stepped by hand on a virtual clock.
 *
 * No network, no store, no waiting: calls are answered by scripted replies,
 * and time passes when it is told to.  The interpreter is the engine's own,
 * so what happens here is what happens there.
 *
 * A reply waits for its call, or the call for its reply: either may come
 * first.  Each operation has a queue of its own.
 */
#ifndef STATED_SIM_H
#define STATED_SIM_H

#include "stated/chart.h"
#include "stated/library.h"

struct sim;

/* A Monday, ten o'clock in Berlin: banks are open. */
#define SIM_NOW_MS INT64_C(1795424400000)

struct sim_options {
	const struct definition *definition;
	/* where children are looked for, and their inputs tried; NULL: they are
	 * taken as they come */
	const struct library *library;
	const struct value *settings; /* a context; NULL: none */
	struct str environment;	      /* absent: "simulation" */
	int64_t now_ms;		      /* 0: SIM_NOW_MS */
	uint64_t seed;		      /* of the jitter of retries */
	/* told of every transition as it is taken; may be NULL */
	void (*took)(void *arg, const struct def_transition *transition);
	void *took_arg;
};
struct sim *sim_new(const struct sim_options *options);
void sim_free(struct sim **sim);

/*
 * One thing happens, as one line of `stated simulate` tells it:
 *
 *     {"start": {…}}                        the input; "actor" may stand beside
 *     {"event": {"type": …, "subject": …, "data": {…}}}
 *                                           no subject: the one it waits for
 *     {"reply": {"bank.submit-payment": {…}}}
 *     {"reply": {"bank.submit-payment": {"error": {"code": …, "message": …,
 *         "outcome": "not-done", "transient": true, "status": 503}}}}
 *     {"reply": {"bank.submit-payment": "timeout"}}    or "reset", …
 *     {"reply": {…}, "times": 3}, {"reply": {…}, "always": true}
 *     {"advance": "31m"}                    deadlines fall due in order
 *     {"advance": {"to": "2026-11-23T17:00:00+01:00"}}
 *     {"decide": {"choice": …, "actor": …, "comment": …, "data": {…}}}
 *     {"settle": {"how": "retry", "actor": …, "data": {…}}}
 *     {"acknowledge": {"actor": …}}         the latest escalation
 *     {"cancel": {"compensate": true}}, {"suspend": {}}, {"resume": {}}
 *     {"child": {"payment": {"outcome": "success", "state": …, "output": …}}}
 *     {"child": {"payment": {"refused": "no such supplier"}}}
 *
 * A child's end waits for the child, as a reply does for its call.  One that
 * the instance cancels ends as cancelled unless its end is told.
 *
 * An actor is a name, or {"name": …, "roles": […]}; a name alone holds every
 * role.  Where several tasks, incidents or escalations are open, the latest
 * is meant, or the latest of those whose "state" (of an incident, "step" too)
 * is given.  Replies that are given `always` come after all others.
 *
 * false with *why where it can't be done, or was refused; the instance is
 * then as it was (history of a refusal apart).
 */
MUST_USE bool sim_act(
    struct sim *sim, const struct value *act, struct buf *why);

/*
 * {"states", "status", "data", "effects", "now"}, and "tasks", "incidents",
 * "calls" (operations that wait for a reply) and "children" (workflows whose
 * end is waited for) where there are any, and
 * after an event its "fate": taken, kept, ignored or duplicate.  Effects are
 * those since it was last asked, in order:
 *
 *     {"call": "bank.submit-payment", "args": {…}, "key": …, "attempt": 1}
 *     {"notice": {"to": …, "by": "log", "message": …}}
 *     {"event": {"type": …, "subject": …, "data": {…}}}
 *     {"escalation": {"to": …, "level": 1, "severity": …, "state": …}}
 *     {"run": "payment", "input": {…}}
 *     {"cancel-run": "payment", "compensate": true}
 *     {"timer": {"kind": "deadline", "state": …, "due": …}}
 *
 * Before the start there are no states, and the status is null.
 */
const struct value *sim_report(struct sim *sim, struct arena *arena);

const struct definition *sim_definition(const struct sim *sim);
/* NULL before the start. */
const struct chart *sim_chart(const struct sim *sim);
int64_t sim_now_ms(const struct sim *sim);
/* The operations that the workflow may call: its own calls, what verifies and
 * undoes them, and the channels of the contacts that it tells. */
const struct str *sim_operations(const struct definition *definition,
    struct arena *arena, size_t *count);
/* The contacts that it tells of anything. */
const struct str *sim_contacts(const struct definition *definition,
    struct arena *arena, size_t *count);
/* The subject that an event of that type has to carry to be taken by this
 * instance; absent where none would do. */
struct str sim_subject(struct sim *sim, struct str type, struct arena *arena);
/* The records so far, oldest first: what history would show. */
const struct value *sim_history(const struct sim *sim, struct arena *arena);

#endif
