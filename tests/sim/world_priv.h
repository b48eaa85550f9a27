/* SPDX-License-Identifier: Apache-2.0 */
/* world_priv.h: what the world's files share; nobody else includes it. */
#ifndef WORLD_PRIV_H
#define WORLD_PRIV_H

#include "auditor.h"
#include "disk.h"
#include "stated/engine.h"
#include "world.h"

/* A request that has left the engine and has no answer yet. */
struct waiting {
	struct auditor_call call;
	http_done_fn *done;
	void *arg;
};

#define WAITING_MAX 1024

/* A library that was replaced: instances may run on what is in it. */
struct older {
	struct older *next;
	struct library *library;
};

struct world {
	struct world_result *result;
	void (*failed)(void);
	struct arena *arena;
	struct clock clock;
	int64_t now_ms;
	struct rng_seeded rng;	/* of the engine */
	struct rng_seeded luck; /* of an honest world */
	struct http_port port;
	struct engine_limits limits;
	struct disk *disk;
	struct library *library;
	struct event_base *base;
	struct store *store;
	struct engine *engine;
	struct auditor *auditor;
	struct waiting waiting[WAITING_MAX];
	size_t waiting_count;
	struct digest_stream *seen;
	bool traces;
	int people;
	int64_t held; /* happenings whose commits wait */
	bool fails;   /* the next commit, as said in: */
	struct happening failure;
	bool is_unreadable; /* what the engine reads, from now on */
	int reads;	    /* of ours, one within another */
	const struct script *script;
	bool keeps;	 /* histories are purged */
	bool is_stale;	 /* the library has more in it than its files */
	struct older *older; /* libraries, from before it was read again */
	int holds;	 /* so far */
	int64_t resumes; /* of the connection */
	bool must_resume; /* the last one asked for was not taken */
};

/* Told to who watches, and part of the play's digest. */
void world_tell(struct world *world, const char *format, ...)
    PRINTF_LIKE(2, 3);
_Noreturn void world_fail(
    struct world *world, const char *check, const char *text);

/* ---- world.c ---- */
/* What is read between its beginning and its end is read for sure: it is not
 * the engine who asks. */
void world_reads_cb(void *world, bool begins);
/* The engine does what there is to be done, and commits it. */
void world_go_on(struct world *world);
bool world_is_quiet(struct world *world);
/* What the script's definitions say; NULL: they can't be loaded. */
struct library *world_load(struct world *world);
/* Who acts is somebody new each time. */
struct str world_person(struct world *world);

/* ---- world_network.c ---- */
void world_send_cb(struct http_port *port,
    const struct message_request *request, http_done_fn *done, void *arg);
void world_answer(struct world *world, const struct happening *happening);
void world_answer_honestly(struct world *world);
/* The engine is gone; by luck, what was on its way arrives. */
void world_lose_answers(struct world *world, struct rng *rng);

/* ---- world_people.c: callers, operators, who decides and who settles ---- */
void world_start(struct world *world, const struct happening *happening);
void world_event(struct world *world, const struct happening *happening);
void world_news(struct world *world, const struct happening *happening);
void world_decide(struct world *world, const struct happening *happening);
void world_settle(struct world *world, const struct happening *happening);
void world_acknowledge(
    struct world *world, const struct happening *happening);
void world_operate(struct world *world, const struct happening *happening);
void world_replay(struct world *world, const struct happening *happening);
/* All that people are asked for they do; how many things that were. */
size_t world_do_all(struct world *world);
/* An operator ends whatever has not ended. */
void world_cancel_all(struct world *world);
size_t world_count_open(struct world *world);

void world_act(struct world *world, uint64_t instance,
    struct chart_event *event, const char *record);
void world_migrate(struct world *world, const struct happening *happening);
struct str world_k(struct world *world, const char *workflow, int64_t key);

/* ---- world_office.c: the installation: what is kept, who may call, and what
 * there is to be started ---- */
void world_keep(struct world *world, const struct happening *happening);
void world_let_go(struct world *world, const struct happening *happening);
void world_erase(struct world *world, const struct happening *happening);
void world_switch(struct world *world, bool pauses);
void world_publish(struct world *world, const struct happening *happening);
void world_reload(struct world *world);
/* Of all holds that the engine knows, one; false: there is none. */
bool world_release_any(struct world *world);

/* ---- world_proof.c ---- */
/* No engine has it open.  Histories are whole: what was purged has none. */
void world_prove(
    struct world *world, struct str path, struct store_keys *keys);

/* ---- world_end.c ---- */
void world_grow_honest(struct world *world);

#endif
