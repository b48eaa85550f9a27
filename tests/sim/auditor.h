/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditor.h: the second, naive model: what must be true whatever happens.
 *
 * It knows nothing of charts, turns or batches.  It writes down what callers
 * were told and what endpoints really did, reads histories as an auditor from
 * outside would, and compares.  Of definitions it knows no more than how they
 * name things:
 *
 *  - an instance has a label `k`, by which it differs from all others;
 *  - a call to an endpoint carries who asks (`k`), the step (`at`), the number
 *    of the entry (`v`) and of the item (`i`): together, one thing to be done
 *    once;
 *  - put, brief and undo honour keys, brief only for a minute; once and
 *    unonce don't; find and findun tell whether once and unonce happened; ask
 *    changes nothing, and page is a notice;
 *  - what an endpoint did it gives a name, R17, and what undoes it names that;
 *  - a step whose name ends with `u` has an undo;
 *  - an instance that ends in `undone` has undone all;
 *  - one with a label `kept` is purged so many days after its end.
 */
#ifndef AUDITOR_H
#define AUDITOR_H

#include "stated/store.h"

struct auditor;

struct auditor_options {
	/* Something is not true; does not return. */
	void (*fail)(void *arg, const char *check, const char *text);
	/* Around what the auditor reads, which never fails. */
	void (*reads)(void *arg, bool begins);
	/* Each record, as it is read for the first time. */
	void (*sees)(void *arg, struct str k, struct str canonical);
	/* Whether the files have these bytes in them. */
	bool (*has_bytes)(void *arg, struct str bytes);
	/* Whether instances of that workflow have such an event. */
	bool (*has_event)(void *arg, struct str workflow, int64_t version,
	    struct str type);
	void *arg;
	const int64_t *now_ms;
};

struct auditor *auditor_new(const struct auditor_options *options);
void auditor_free(struct auditor **auditor);
/* The store that is read from now on; what was durable is durable still. */
void auditor_open(struct auditor *auditor, struct store *store);
/* Forgets what it needed for the last questions; not from within one. */
void auditor_tidy(struct auditor *auditor);
/* What was on its way is forgotten by the engine. */
void auditor_close(struct auditor *auditor);

/* ---- endpoints ---- */

enum auditor_operation {
	OPERATION_PUT,
	OPERATION_BRIEF,
	OPERATION_ONCE,
	OPERATION_UNDO,
	OPERATION_UNONCE,
	OPERATION_FIND,
	OPERATION_FINDUN,
	OPERATION_ASK,
	OPERATION_PAGE,
	OPERATION_TOKEN,
	OPERATION_COUNT
};

struct auditor_call {
	enum auditor_operation operation;
	struct str k;
	struct str at;
	int64_t v;
	int64_t i;
	struct str ref; /* of what is to be undone */
	struct str key;
};

enum auditor_word { SAID_DONE, SAID_NOT_DONE, SAID_NOTHING };

MUST_USE bool auditor_call_parse(struct arena *arena, struct str url,
    struct str body, struct auditor_call *call);
/* A request has left the engine. */
void auditor_sent(struct auditor *auditor, const struct auditor_call *call);
/* The endpoint does it, unless it has under that key. */
void auditor_do(struct auditor *auditor, const struct auditor_call *call);
/* The name that the endpoint has given it; "" where it has not done it. */
const char *auditor_ref(
    struct auditor *auditor, const struct auditor_call *call);
/* What FIND and FINDUN answer. */
bool auditor_is_done(
    struct auditor *auditor, const struct auditor_call *call);
/* The engine was told so. */
void auditor_told(struct auditor *auditor, const struct auditor_call *call,
    enum auditor_word word);

/* ---- callers ---- */

struct auditor_start {
	struct str k;
	int64_t items;
	int64_t under; /* number of the Idempotency-Key; 0: none */
	bool was_created; /* else it was there */
	uint64_t instance;
	int64_t version_min; /* the newest that was there when it was asked */
};
void auditor_start_acknowledged(
    struct auditor *auditor, const struct auditor_start *start);
/* Whether an honest caller may ask under that key still, which lives for a
 * day. */
bool auditor_may_ask_under(
    struct auditor *auditor, int64_t under, struct str k);
void auditor_start_refused(struct auditor *auditor, struct str k,
    int64_t items, int64_t under, const char *how);

struct auditor_event {
	struct str type;
	struct str subject;
	int64_t id;
};
/* Whether it can be told to be the same still: events are remembered for 90
 * days. */
bool auditor_may_tell(
    struct auditor *auditor, const struct auditor_event *event);
void auditor_event_acknowledged(struct auditor *auditor,
    const struct auditor_event *event, struct str fate);
/* An act of a person whose name is used once; kind is that of its record. */
struct auditor_act {
	const char *kind;
	struct str actor;
	bool undoes; /* it asks for all to be undone first */
};
void auditor_act_acknowledged(struct auditor *auditor, uint64_t instance,
    const struct auditor_act *act);

/* ---- the installation ---- */

/* What is sensitive of that instance. */
struct str auditor_secret(struct arena *arena, struct str k);
/* Reads what has become durable.  Before anything after which more may be
 * purged or erased: what is seen later is judged by what holds then. */
void auditor_look(struct auditor *auditor);

struct auditor_hold {
	struct str id;
	struct str scope; /* instance, key, workflow, label */
	struct str value;
};
/* From when it is asked for until its end something may be held; from when it
 * is acknowledged until its release is asked for it is. */
void auditor_hold_asked(
    struct auditor *auditor, const struct auditor_hold *hold);
void auditor_hold_acknowledged(struct auditor *auditor, struct str id);
void auditor_release_asked(struct auditor *auditor, struct str id);
/* One of those whose release was not asked for, counted round; absent: there
 * is none. */
struct str auditor_hold_at(struct auditor *auditor, size_t at);

/* No call leaves between these two. */
void auditor_pause_acknowledged(struct auditor *auditor);
void auditor_resume_asked(struct auditor *auditor);
/* The clock is about to be: what is acknowledged then was recorded before. */
void auditor_set_back(struct auditor *auditor);

void auditor_publish_asked(
    struct auditor *auditor, struct str workflow, int64_t version);
void auditor_published(
    struct auditor *auditor, struct str workflow, int64_t version);
/* The newest that is known to be published. */
int64_t auditor_version(struct auditor *auditor, struct str workflow);
/* That an instance is on, as its history says; 0: there is none. */
int64_t auditor_version_of(struct auditor *auditor, uint64_t instance);

/* ---- people who look ---- */

/* 0: there is none. */
uint64_t auditor_find(struct auditor *auditor, struct str k);
/* What the first call of that instance has given; absent: nothing. */
struct str auditor_news(struct auditor *auditor, struct str k);

struct auditor_incident {
	uint64_t instance;
	struct str kind;
	struct str step;
	struct str message;
	size_t rank; /* among the open ones of that instance, kind and step */
};
enum auditor_advice {
	ADVICE_RETRY, /* nothing was done */
	ADVICE_SUPPLY, /* it was done */
	ADVICE_SKIP,
};
enum auditor_advice auditor_advise(struct auditor *auditor,
    const struct auditor_incident *incident, struct str *ref);
/* The person has said that it was not done. */
void auditor_let_repeat(
    struct auditor *auditor, const struct auditor_incident *incident);

/* ---- checks ---- */

/* Nothing is under way, all calls have been answered but for those that wait
 * in the engine, and the engine has looked at the clock. */
void auditor_check_rest(struct auditor *auditor, bool has_calls_waiting);
/* The same when all has come to its end. */
void auditor_check_end(struct auditor *auditor);
/* Nothing is held any more, and the time of all that ended is over. */
void auditor_check_purged(struct auditor *auditor);
/* Sum of the lives of instances so far, in virtual time, and their number. */
int64_t auditor_lived_ms(const struct auditor *auditor);
size_t auditor_instances(const struct auditor *auditor);
/* Where all histories stand. */
void auditor_add_heads(struct auditor *auditor, struct buf *out);

#endif
