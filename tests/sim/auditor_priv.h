/* SPDX-License-Identifier: Apache-2.0 */
/* auditor_priv.h: what the auditor's files share; nobody else includes it. */
#ifndef AUDITOR_PRIV_H
#define AUDITOR_PRIV_H

#include "auditor.h"
#include "stated/json.h"
#include "stated/map.h"

/* What is known of one side of a thing: doing it, or undoing it. */
struct side {
	int times; /* it has really happened */
	enum {
		SIDE_CLEAR,    /* surely not done: may be asked for */
		SIDE_IN_DOUBT, /* asked for, and nothing trustworthy was said */
		SIDE_DONE,     /* the engine was told so */
	} known;
	bool was_in_doubt; /* before the attempt under way */
	int64_t doubted_ms; /* the intent of the first attempt in doubt */
	struct str key;
};

enum { DOING, UNDOING };

/* One thing that a step asks for. */
struct effect {
	struct str k;
	struct str at;
	int64_t v;
	int64_t i;
	char ref[24]; /* "" until it is done */
	struct side sides[2];
};

/* Something on the stack of what can be undone. */
struct done {
	struct effect *effect;
	bool undoing;
};

struct opened {
	struct opened *next;
	struct str kind;
	struct str step;
	struct str message;
	int64_t item;		/* 0: none */
	struct effect *undoing; /* what was being undone then */
};

/* What has been seen of one instance. */
struct life {
	uint64_t number;
	struct str k;
	struct audit_head head;
	bool began;
	int64_t began_ms;
	int64_t ended_ms; /* 0: not ended */
	struct str status;
	struct str state; /* where it ended */
	struct map *intents; /* name of a call -> struct count */
	struct done *stack;
	size_t depth;
	size_t capacity;
	struct map *events;  /* id -> struct count: 1 received, 2 settled */
	struct map *dues;    /* a deadline -> struct count: set, not reached */
	struct map *fired;   /* an escalation, a pause -> struct count */
	struct map *acts;    /* kind and actor -> struct count */
	struct map *children; /* id -> struct count: 1 begun, 2 ended */
	size_t children_open; /* that it waits for */
	struct map *leavings; /* a step of `exit` -> struct leaving */
	int64_t moves;	      /* what may have let it leave a state again */
	struct str child_ended; /* the last one */
	struct opened *opened; /* incidents, oldest first */
	struct str news;
	bool is_to_be_undone; /* the last cancel asked for it */
	bool is_given_up;     /* somebody settled an incident by an end */
	/* as its first record, and the last move, have it */
	struct str id;
	struct str workflow;
	struct str business_key;
	int64_t version;
	int64_t kept_ms; /* after its end; 0: for ever */
	struct str salt; /* of its digests; absent: none has been seen */
	int64_t erased_ms; /* 0: it is not */
	bool is_purged;
};

struct count {
	int n;
	int64_t at_ms; /* of an intent: when it was recorded */
};

/* The latest for which a step of `exit` was asked for. */
struct leaving {
	int64_t nth;
	int64_t moves; /* of its life by then */
};

struct start {
	int64_t items;
	bool is_acknowledged;
	uint64_t instance;
};

struct under {
	struct str k;
	int64_t items;
	bool was_created;
	uint64_t instance;
	int64_t asked_ms;
	bool is_acknowledged;
};

struct told_event {
	struct str type;
	struct str subject;
	struct str id;
	int64_t told_ms; /* the first time */
	bool is_acknowledged;
	int64_t held_until_ms; /* as it was said to be; 0: it was not */
};

struct hold {
	struct auditor_hold what;
	struct hold *next;
	bool is_acknowledged;
	bool is_released; /* that was asked for */
};

/* What a certificate says of an instance. */
struct certified {
	int64_t records;
	struct str hash;
};

struct versions {
	int64_t asked; /* the newest */
	int64_t published;
};

struct auditor {
	struct auditor_options options;
	struct arena *arena;
	struct arena *scratch; /* of one look */
	struct store *store;
	uint64_t number_last; /* up to here they are known */
	size_t nameless;      /* of these, have no name so far */
	struct map *lives;    /* number -> struct life */
	struct map *lives_of; /* k -> struct life */
	struct map *ids;      /* its identifier -> struct life */
	bool has_calls_waiting;
	struct map *effects;  /* name -> struct effect */
	struct map *latest;   /* k, at, i -> struct effect: highest v */
	struct map *refs;     /* ref -> struct effect */
	struct map *keys;     /* key -> struct effect, or what else has it */
	struct map *starts;   /* k -> struct start */
	struct map *unders;   /* number -> struct under */
	struct map *events;   /* id -> struct told_event */
	struct map *news;     /* ref -> struct life that waited for it */
	int ref_last;
	struct hold *holds; /* that were ever asked for */
	struct audit_head journal;
	struct map *certified; /* identifier -> struct certified */
	struct digest *turns;  /* of the log: hashes of their last records */
	size_t turn_count;
	size_t turn_capacity;
	bool is_paused;
	int64_t paused_ms;
	int64_t latest_ms; /* before the clock was set back */
	struct map *versions; /* workflow -> struct versions */
};

#define FAIL(auditor, check, ...) auditor_fail(auditor, check, __VA_ARGS__)
#define CHECK(auditor, holds, check, ...)                                      \
	do {                                                                   \
		if (!(holds))                                                  \
			FAIL(auditor, check, __VA_ARGS__);                     \
	} while (0)

void auditor_fail(struct auditor *auditor, const char *check,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* The counter of that name, made where there is none. */
struct count *auditor_count(
    struct auditor *auditor, struct map *map, struct str name);
void auditor_reading(struct auditor *auditor, bool begins);

/* ---- auditor_history.c ---- */
/* NULL where there is none; its history is read up to what is durable. */
struct life *auditor_life(struct auditor *auditor, uint64_t number);
struct life *auditor_life_of(struct auditor *auditor, struct str k);
/* All that have come since the last look are known from now on. */
void auditor_meet(struct auditor *auditor);
void auditor_read(struct auditor *auditor, struct life *life);
void auditor_life_free(struct life *life);

/* ---- auditor_office.c ---- */
/* Whether a hold that was acknowledged is over it; is_sure: or else whether
 * one may be. */
bool auditor_is_held(
    const struct auditor *auditor, const struct life *life, bool is_sure);
/* After a crash: what was there is there. */
void auditor_look_again(struct auditor *auditor);

/* ---- auditor_effect.c ---- */
struct str auditor_call_name(
    struct arena *arena, const struct auditor_call *call);
/* The names of operations, as histories and addresses have them. */
MUST_USE bool auditor_operation_parse(
    struct str name, enum auditor_operation *operation);
/* A whole number, from 0 on. */
MUST_USE bool auditor_take_int(
    const struct value *body, const char *name, int64_t *out);
bool auditor_body_parse(
    struct arena *arena, const struct value *body, struct auditor_call *call);
/* Made where there is none. */
struct effect *auditor_effect_of(
    struct auditor *auditor, const struct auditor_call *call);
struct effect *auditor_latest(
    struct auditor *auditor, struct str k, struct str at, int64_t i);

#endif
