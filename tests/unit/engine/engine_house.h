/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_house.h: an engine with everything around it, for its tests: a real
 * loop and a real SQLite file, a clock that is set by hand, and a network that
 * answers what the test says.
 */
#ifndef ENGINE_HOUSE_H
#define ENGINE_HOUSE_H

#include "stated/engine.h"

struct house;
struct sqlite3;

/* What the network does with one request: fills in the response (its texts
 * may be literals), or returns false to leave it without an answer. */
typedef bool house_answer_fn(struct house *house,
    const struct message_request *request, struct message_response *response);

/* 200, and {"ok": true}. */
house_answer_fn house_answer_ok;
house_answer_fn house_answer_nothing;

struct house {
	struct event_base *base;
	struct store *store;
	struct sqlite3 *locker; /* while it is locked */
	struct library *library;
	struct library *libraries_before[8]; /* of reloads */
	struct engine *engine;
	struct clock_virtual clock;
	struct rng_seeded rng;
	struct http_port port;
	house_answer_fn *answer;
	int sent;	      /* requests that went out, over all engines */
	char bodies[64][256]; /* of the first 64 */
	char directory[64];
	char path[96];
	const char *secret;	     /* each one; NULL: "stated:secret" */
	struct engine_limits limits; /* of the next engine */
	/* what a crash does besides; NULL: nothing */
	void (*crash)(struct house *house);
	struct arena *arena;
	/* the last reply */
	int replies;
	enum engine_status status;
	uint64_t instance;
	char state[64];
	char state_status[32];
	char fate[32];
	char detail[1024];
	enum chart_refusal refusal;
};

/* A new house in a folder of its own; begins with an empty store. */
struct house *house_new(const char *definitions, house_answer_fn *answer);
void house_free(struct house **house);
/* The engine is gone, as after kill -9 between two commits, and begins again
 * on the same file. */
void house_crash(struct house *house);
void house_close_engine(struct house *house);
void house_open_engine(struct house *house);
/* The same, but it may fail: then there is no engine. */
bool house_try_engine(struct house *house);
/* The engine begins again with other files; where it may not, it is closed and
 * the files are those of before. */
bool house_try_start(struct house *house, const char *definitions);
/* Other definitions, as SIGHUP brings them. */
void house_reload(struct house *house, const char *definitions);
/* The same from within what the engine calls. */
void house_replace(struct house *house, const char *definitions);
/* The same, but it may be refused: then those of before stay. */
bool house_try_replace(struct house *house, const char *definitions);
/* Another program begins to write to the store and keeps everybody else from
 * it, until it ends. */
void house_lock(struct house *house);
void house_unlock(struct house *house);
/* Runs the loop until nothing is under way. */
void house_run(struct house *house);
/* Runs the loop for so long, really. */
void house_run_ms(struct house *house, int ms);
/* Moves the clock and runs. */
void house_advance(struct house *house, int64_t ms);
/* Starts and runs; the reply is in the house. */
void house_start(struct house *house, const char *workflow, const char *input);
void house_event(
    struct house *house, const char *type, const char *subject, const char *id);
void house_act(struct house *house, const struct chart_event *event);
/* Looks at an instance; its state is in house->state. */
void house_look(struct house *house, uint64_t instance);
/* How many history records of a kind the instance has. */
int house_count(struct house *house, uint64_t instance, const char *kind);
/* The chain of the instance's records is sound and reaches its head. */
bool house_chain_is_sound(struct house *house, uint64_t instance);
engine_reply_fn house_reply_cb;

#endif
