/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case.h: cases of the chart: a transcript that is played and compared.
 *
 * A case is a text file.  Lines that begin with "> " are what happens to an
 * instance; the lines under each, four blanks in, are what comes of it:
 *
 *	. kind field=value   a record of history
 *	-> call, publish, …  an effect
 *	= waiting in state   where the instance stands then, and when it wants
 *	                     to be woken
 *	! text               what may never be, whatever the file says
 *
 * All times are UTC.  Keys are K1, K2, … in the order in which they first
 * appear, the instance's own identifier is ID.
 */
#ifndef CASE_H
#define CASE_H

#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/library.h"

#define CASE_CALLS_MAX 500
#define CASE_ITEMS_MAX 500
#define CASE_KEYS_MAX 500
#define CASE_ROLES_MAX 16
#define CASE_WORDS_MAX 32

struct case_call {
	uint64_t serial;
	struct str target;
	struct str key;
	const struct def_operation *operation;
	bool sent;
};

/* What a naive observer knows of all that went out under one key. */
struct case_key {
	struct str key;
	bool in_doubt; /* it may have happened, and nobody has said since */
	int64_t first_ms;
};

struct case_item {
	enum chart_item_kind kind;
	uint64_t serial;
	bool open;
	int64_t level; /* of an escalation */
};

/* An instance that a `run` step waits for. */
struct case_child {
	uint64_t serial;
	struct str workflow;
	struct str id;
};

/* What one actor may do. */
struct case_roles {
	struct str actor;
	struct str roles[CASE_ROLES_MAX];
	size_t count;
	struct chart_mandate mandates[CASE_ROLES_MAX];
	size_t mandate_count;
};

struct play {
	struct arena *arena;
	struct buf *out; /* the transcript */
	size_t complaints;
	struct library *library;
	const struct definition *definition;
	struct chart *chart; /* NULL before the start */
	struct rng_seeded rng;
	int64_t now_ms;
	const struct value **records; /* its history, if it were sealed */
	size_t record_count;
	size_t record_capacity;
	const struct value *settings;
	struct case_call calls[CASE_CALLS_MAX]; /* queued or sent */
	size_t call_count;
	struct case_key doubts[CASE_KEYS_MAX];
	size_t doubt_count;
	bool holds_calls; /* they stay in the queue until "send" */
	struct case_child children[CASE_ITEMS_MAX];
	size_t child_count;
	uint64_t child_last;   /* number of the last one that was started */
	struct str refused;    /* a workflow that can't be started */
	struct str found;      /* one that somebody else has started */
	struct case_item items[CASE_ITEMS_MAX];
	size_t item_count;
	struct str keys[CASE_KEYS_MAX];
	size_t key_count;
	struct case_roles roles[CASE_ROLES_MAX];
	size_t role_count;
	struct str hidden[CASE_ROLES_MAX]; /* kinds that are not printed */
	size_t hidden_count;
};

/* ---- case_play.c: what happens ---- */
void play_init(struct play *play, struct arena *arena, struct buf *out);
void play_fini(struct play *play);
/* One line, without "> ". */
void play_line(struct play *play, struct str line);
struct chart_context play_context(struct play *play);

/* A line as words, and what follows them from the first "{" on. */
struct command {
	struct str words[CASE_WORDS_MAX];
	size_t count;
	struct str json; /* absent: none */
};
struct str play_word(const struct command *command, size_t i);
bool play_has_word(const struct command *command, const char *word);
struct str play_word_after(const struct command *command, const char *word);
const struct value *play_json(
    struct play *play, const struct command *command);
void play_step(struct play *play, const struct chart_event *event);
void play_perform(struct play *play, const struct chart_effects *effects);

/* ---- case_child.c: instances that others wait for ---- */
void child_begin(struct play *play, const struct chart_effect *effect);
void child_ends(struct play *play, const struct command *command);
void child_is_refused(struct play *play, const struct command *command);
void child_is_found(struct play *play, const struct command *command);
void child_awaited(struct play *play, const struct command *command);
struct chart_awaiter child_awaiter(
    struct play *play, const struct command *command);

/* ---- case_trace.c: what comes of it ---- */
void trace_effects(struct play *play, const struct chart_effects *effects);
void trace_status(struct play *play);
void trace_show(struct play *play, struct str field);
void trace_instant(struct buf *out, int64_t ms);
void trace_line(struct play *play, const char *format, ...) PRINTF_LIKE(2, 3);
/* A line that fails the case. */
void trace_complain(struct play *play, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* ---- case_check.c: what holds after every step ---- */
/* Nothing goes out blindly while it may have happened. */
void check_sent(struct play *play, const struct case_call *call);
void check_replied(
    struct play *play, const struct case_call *call, enum outcome_kind kind);
void check_settled(struct play *play); /* a person has looked */
void check_all(struct play *play);

#endif
