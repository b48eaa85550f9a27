/* SPDX-License-Identifier: Apache-2.0 */
/* reperform_priv.h: shared inside src/reperform only. */
#ifndef REPERFORM_PRIV_H
#define REPERFORM_PRIV_H

#include "stated/audit_masked.h"
#include "stated/chart.h"
#include "stated/reperform.h"

/* ---- an instance that is gone through again ---- */

/* A call that the interpreter asked for. */
struct asked_call {
	uint64_t serial;
	/* NULL: documents have changed since, so that it is looked up by the
	 * names */
	const struct def_operation *operation;
	struct str connection;
	struct str name;
	int64_t at_ms;
	const struct value *args;
	struct str key;
	int64_t attempt;
};

/* Conditions of one step that nobody can evaluate: each has two ways, and so
 * many are tried. */
#define CONDITIONS_MAX 6
struct condition {
	struct str expression; /* the definition's own text */
	bool holds;
};

/* What can't be known, and whether for the order of members. */
struct unknown {
	struct str expression; /* absent: all can */
	bool is_order;
};

struct replay {
	const struct reperform_world *world;
	struct reperform_finding *finding;
	struct arena *arena; /* of the instance */
	struct arena *turn;  /* of one attempt at a step */
	const struct value *const *records;
	/* The same, with the values that digests in them stand for where those
	 * are known: what came from outside is taken from here. */
	const struct value *const *inputs;
	size_t count;
	size_t at; /* the next to be explained */
	struct chart *chart;
	struct chart_identity identity;
	struct digest definition; /* that it runs on */
	struct str environment;
	struct str alarm; /* told of what is done alone; absent: nobody is */
	struct str salt;  /* of its digests; absent: not at hand */
	const struct value *settings;
	size_t settings_at; /* the next record that tells of them */
	struct chart_replay seam;
	size_t step_at; /* where the attempt under way begins */
	size_t told;	/* how many records it has told so far, */
	size_t told_at; /* and which one comes in the place of the next */
	struct asked_call *calls;
	size_t call_count;
	size_t call_capacity;
	/* Expressions that looked into digests, the first of each: of the
	 * attempt under way; of it, where that may have led it astray; of
	 * those attempts that agreed; and what left a variable unknown. */
	struct str doubt;
	struct unknown disturbed;
	struct str doubted;
	struct unknown unknown;
	/* Conditions of the attempt that are in doubt, and bits: which of them
	 * give the opposite of what they gave before. */
	struct condition conditions[CONDITIONS_MAX];
	unsigned condition_count;
	unsigned turned;
	struct condition *answers; /* that agreed, the latest last */
	size_t answer_count;
	size_t answer_capacity;
};

/* The text is an identifier of any database; else false. */
MUST_USE bool record_identity(
    struct str text, struct chart_identity *identity);

/* 0 where it is none. */
int64_t replay_instant(const struct value *of, const char *key);
int64_t replay_time(const struct value *record);
bool replay_is(const struct value *record, enum audit_kind kind);
/* A member that is always a text; absent where there is none.  Where it was a
 * digest of a number, that stands there now. */
struct str replay_text(
    const struct replay *replay, const struct value *of, const char *key);
/* The definition as it was at that instant; NULL: *why says. */
const struct definition *replay_find(struct replay *replay,
    struct digest digest, int64_t at_ms, struct str *why);
const struct asked_call *replay_find_call(
    const struct replay *replay, uint64_t serial);
/* NULL where there is no such operation. */
const struct def_operation *replay_operation(
    struct replay *replay, const struct asked_call *call, int64_t at_ms);

/* The attempt at a step begins with that record. */
void replay_begin_step(struct replay *replay, size_t at);
/* What it gave when it was last taken for right, or gives now. */
bool replay_last_answer(
    const struct replay *replay, struct str expression, bool given);
/* The same, in the instance's arena. */
struct unknown replay_kept(
    const struct replay *replay, struct unknown unknown);

/* ---- reperform_input.c: what may have brought a record about ---- */

enum act_kind { ACT_EVENT, ACT_SENT, ACT_CHILD };
/* One thing that is done to the instance. */
struct act {
	enum act_kind kind;
	int64_t at_ms;
	struct chart_event event;
	struct outcome outcome; /* event.outcome points here */
	struct chart_migration migration;
	struct chart_mandate mandate; /* event.actor may point here */
	uint64_t serial;
	const struct value *request;
	struct chart_child_start child;
};
/* The nth way in which the record may have come about by something from
 * outside, as the instance is now; false: there are no more. */
MUST_USE bool replay_input(struct replay *replay, const struct value *record,
    size_t nth, struct act *act);

/* ---- reperform_replay.c, the rest ---- */

/* How the first record says that it was started. */
void replay_start(struct replay *replay, const struct value *record,
    struct chart_start *start, struct chart_event *event);
void replay_perform(struct replay *replay, const struct act *act,
    struct chart_effects *effects);

/* ---- reperform_search.c ---- */

/* How the records of an instance were explained so far. */
struct trail;
struct trail *trail_new(void);
void trail_free(struct trail **trail);
/* The next record, if need be by explaining those before it in other ways;
 * false where no way leads to it: then the finding says so. */
MUST_USE bool trail_explain(struct trail *trail, struct replay *replay);
/* The first one. */
MUST_USE bool search_start(
    struct replay *replay, const struct definition *definition);

/* ---- reperform_reply.c ---- */

/* What came of a call, by the reply if history has the whole of it.  An engine
 * that goes on takes the operation as it was when it was asked for; one that
 * starts again asks again, of what there is now. */
void replay_outcome(struct replay *replay, const struct value *record,
    const struct asked_call *call, bool is_asked_again,
    struct outcome *outcome);

/* ---- reperform_disclosed.c: what digests stand for ---- */

struct disclosed;
/* The arena keeps what is made; the values that are added are kept as they
 * are. */
struct disclosed *disclosed_new(struct arena *arena, struct str salt);
void disclosed_free(struct disclosed **disclosed);
/* What is to be added of an instance as it is shown. */
const struct value *disclosed_values(
    struct arena *arena, const struct value *instance);
/* Whatever is in it, at any depth.  NULL: nothing. */
void disclosed_add(struct disclosed *disclosed, const struct value *value);
/* With the values in the place of their digests. */
const struct value *disclosed_record(
    const struct disclosed *disclosed, const struct value *record);

/* ---- reperform_compare.c ---- */

/* Whether what comes of it is what the record says. */
bool compare_agrees(const struct replay *replay, const struct value *recorded,
    const struct value *computed);
/* Whether the record only says once more what the one before it says, as those
 * of older programs do: they told of a deadline for each transition under it.
 */
bool compare_is_repeated(const struct replay *replay, size_t index);
/* What tells them apart; either may be NULL: there is none. */
void compare_explain(struct replay *replay, const struct value *recorded,
    const struct value *computed);

/* ---- reperform_library.c: the definitions of a file ---- */

struct shelf_of_past;
struct shelf_of_past *past_new(void);
void past_free(struct shelf_of_past **past);
void past_add_definition(
    struct shelf_of_past *past, struct digest digest, struct str source);
/* In the order in which they came. */
void past_add_document(
    struct shelf_of_past *past, const struct store_document *row);
/* A reperform_world's find and find_operation. */
const struct def_operation *past_find_operation(void *arg,
    const struct reperform_wanted *wanted, struct str connection,
    struct str operation);
const struct definition *past_find(void *arg,
    const struct reperform_wanted *wanted, struct arena *arena,
    struct str *why);

/* ---- reperform_lines.c: records by lines, instance by instance ---- */

struct lines {
	const struct reperform_options *options;
	struct reperform_world world;
	reperform_fn *fn;
	void *arg;
	struct arena *arena; /* of the instance whose records come now */
	struct str instance;
	const struct value **records;
	size_t count;
	size_t capacity;
	uint64_t told; /* instances */
	/* Those that were purged are told of by the journal's certificates, and
	 * by nothing else. */
	bool tells_purged;
};
void lines_init(struct lines *lines);
/* That there is nothing of it any more. */
void lines_add_purged(struct lines *lines, struct str instance,
    struct str workflow, struct str business_key);
/* A line of JSON; the journal's, and others than records, are no instance's. */
void lines_add(struct lines *lines, struct str line);
/* There are no more. */
void lines_end(struct lines *lines);

/* ---- reperform_bundle.c ---- */

MUST_USE enum store_error bundle_reperform(
    const struct reperform_options *options, reperform_fn *fn, void *arg,
    struct buf *detail);

#endif
