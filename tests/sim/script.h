/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.h: all that one play of the simulator depends on, as a text.
 *
 * Definitions as users write them, and after a line "=== happenings" one
 * happening a line, with what belongs to it:
 *
 *	start w1 key=3 items=2 under=7
 *	answer timeout at=0
 *
 * The lines of a script may be taken out one by one, and what is left is a
 * script still: a happening that has nothing to happen to does nothing.  So a
 * long one is made short by trying (shrink.h).
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "stated/buf.h"

/* symbol, word, what it is about, names of its numbers */
#define HAPPENINGS(X)                                                          \
	/* of the engine: its bounds, 0 for its own; and the jitter's seed */  \
	X(ENGINE, "engine", "", "cache", "batch", "window")                    \
	X(RANDOM, "random", "", "seed", "", "")                                \
	/* a caller starts an instance; under an Idempotency-Key, or none */   \
	X(START, "start", "WORKFLOW", "key", "items", "under")                 \
	/* an event for who has that key, by the name of its workflow */       \
	X(EVENT, "event", "TYPE WORKFLOW", "key", "id", "")                    \
	/* an event about what an endpoint gave to who has that key */         \
	X(NEWS, "news", "TYPE WORKFLOW", "key", "id", "")                      \
	/* an endpoint answers the call that stands there in the line */       \
	X(ANSWER, "answer", "MANNER", "at", "after", "")                       \
	X(DECIDE, "decide", "CHOICE", "at", "", "")                            \
	X(SETTLE, "settle", "", "at", "luck", "")                              \
	X(ACKNOWLEDGE, "acknowledge", "", "at", "", "")                        \
	X(CANCEL, "cancel", "WORKFLOW", "key", "undo", "")                     \
	X(SUSPEND, "suspend", "WORKFLOW", "key", "", "")                       \
	X(RESUME, "resume", "WORKFLOW", "key", "", "")                         \
	X(REPLAY, "replay", "", "at", "", "")                                  \
	X(PASS, "pass", "", "ms", "", "")                                      \
	X(BACK, "back", "", "ms", "", "")                                      \
	/* the commits of the next ones wait */                                \
	X(HOLD, "hold", "", "count", "", "")                                   \
	/* the next commit fails after so many steps: the database's own, or   \
	 * those of the disk: MANNER is stop, write, sync or full */           \
	X(FAIL, "fail", "MANNER", "steps", "", "")                             \
	/* what the engine reads in the next one fails */                      \
	X(UNREADABLE, "unreadable", "", "", "", "")                            \
	/* the engine is gone: MANNER is killed or power */                    \
	X(CRASH, "crash", "MANNER", "luck", "", "")                            \
	/* of the installation: a legal hold over who has that key, by SCOPE:  \
	 * instance, key, label, or the whole workflow; and its release */     \
	X(KEEP, "keep", "SCOPE WORKFLOW", "key", "", "")                       \
	X(LET_GO, "let-go", "", "at", "", "")                                  \
	X(ERASE, "erase", "WORKFLOW", "key", "", "")                           \
	/* of the connection that all calls go by */                           \
	X(PAUSE, "pause", "", "", "", "")                                      \
	X(UNPAUSE, "unpause", "", "", "", "")                                  \
	X(PUBLISH, "publish", "WORKFLOW", "version", "", "")                   \
	X(MIGRATE, "migrate", "WORKFLOW", "key", "to", "")                     \
	/* the files are read again: they say what they said */                \
	X(RELOAD, "reload", "", "", "", "")

enum happening_kind {
#define X(symbol, ...) HAPPENING_##symbol,
	HAPPENINGS(X)
#undef X
	HAPPENING_COUNT
};

#define HAPPENING_NUMBERS 3

struct happening {
	enum happening_kind kind;
	char word[24];
	char workflow[8];
	int64_t numbers[HAPPENING_NUMBERS];
};

struct script {
	struct buf definitions;
	struct happening *happenings;
	size_t count;
	size_t capacity;
};

void script_init(struct script *script);
void script_fini(struct script *script);
void script_copy(struct script *to, const struct script *from);
/* A new last one, all zeros. */
struct happening *script_add(struct script *script, enum happening_kind kind);
/* Takes out so many from there on. */
void script_cut(struct script *script, size_t from, size_t count);
void script_format(const struct script *script, struct buf *out);
void happening_format(const struct happening *happening, struct buf *out);
/* false with *line of what can't be read. */
MUST_USE bool script_parse(
    struct script *script, struct str text, size_t *line);

#endif
