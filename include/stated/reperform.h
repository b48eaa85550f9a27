/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform.h: what history says was done, done once more.
 *
 * Guards, decisions, assignments and transitions are evaluated again by the
 * interpreter that the engine has, from nothing but what came from outside:
 * the input, events, replies, what people decided, and when.  What comes of
 * it is held against the records, member by member.  Nothing is sent, and
 * nothing but the file is read.  docs/audit.md says what is taken from the
 * records as given.
 */
#ifndef STATED_REPERFORM_H
#define STATED_REPERFORM_H

#include "stated/definition.h"
#include "stated/store.h"

enum reperform_result {
	REPERFORM_AGREES,
	REPERFORM_DIFFERS,
	/* Something that it takes isn't there: a definition, the beginning of
	 * the history, a sensitive value, or all of it: it was purged. */
	REPERFORM_COULD_NOT,
};
struct str reperform_result_name(enum reperform_result result);

/* Of one instance.  Texts live as long as the call that tells of it. */
struct reperform_finding {
	enum reperform_result result;
	struct str instance; /* as its records name it */
	struct str workflow;
	/* that agree: all, those that a decision was recorded in, and those
	 * that a transition was */
	uint64_t records;
	uint64_t decisions;
	uint64_t transitions;
	uint64_t seq; /* of the first that doesn't; 0: none */
	struct str explanation; /* one sentence, no full stop; absent: agrees */
	struct str recorded;    /* that record; absent: there is none */
	struct str computed;    /* what comes there; absent: nothing */
};

/* ---- one instance ---- */

/* A definition that an instance ran on. */
struct reperform_wanted {
	struct digest digest;
	int64_t at_ms; /* with the decisions, calendars, … of that instant */
	/* The contact that was told of what was done without a second person,
	 * see library_set_alarm(); absent: nobody had to be. */
	struct str alarm;
};
/* What is known of an instance's sensitive values. */
struct reperform_disclosure {
	struct str salt; /* of CHART_SALT_BYTES; absent: not known, or none */
	/* Whatever the instance had, in contexts and lists: of which of it a
	 * digest is made is found out.  NULL: not known. */
	const struct value *values;
};
/* The definitions that were in force. */
struct reperform_world {
	/* It stays there until the instance is done.  NULL: *why says, in the
	 * arena. */
	const struct definition *(*find)(void *arg,
	    const struct reperform_wanted *wanted, struct arena *arena,
	    struct str *why);
	/* What a connection of that name had to call at that instant, for calls
	 * that were under way when documents changed; it stays there as long.
	 * The digest counts for nothing.  NULL: there was none. */
	const struct def_operation *(*find_operation)(void *arg,
	    const struct reperform_wanted *wanted, struct str connection,
	    struct str operation);
	void *arg;
	/* Made in the arena; NULL: nothing is known of any. */
	struct reperform_disclosure (*disclose)(
	    void *arg, struct str instance, struct arena *arena);
	void *disclose_arg;
	/* The database's, by which keys were made; NULL: not known. */
	const struct store_identity *store;
};
/* records: all of the instance, in order, as values; the finding's texts are
 * made in the arena. */
void reperform_instance(const struct reperform_world *world,
    const struct value *const *records, size_t count, struct arena *arena,
    struct reperform_finding *finding);

/* ---- one of a database ---- */

/* Which instance of the database an identifier or a business key names, which
 * may be a number as its input has it.  workflow may be absent: any.
 * STORE_ABSENT where there is none. */
MUST_USE enum store_error reperform_find(struct store *store,
    struct str workflow, struct str name, uint64_t *number);

/* ---- all of a file ---- */

typedef void reperform_fn(const struct reperform_finding *finding, void *arg);
struct reperform_options {
	struct str path;     /* an evidence bundle or a database */
	/* What was disclosed of instances, by their `id`, as GET
	 * /v1/instances/{id}/sensitive answers; NULL: nothing.  A database
	 * discloses what it has by itself. */
	const struct value *const *disclosed;
	size_t disclosed_count;
	struct store_keys *keys; /* it is encrypted under; NULL: it isn't */
	struct str instance; /* identifier or business key; absent: all */
	struct str workflow; /* absent: all */
};
/* Calls fn for each instance, those that were purged first, then in the file's
 * order; the journal is none.  STORE_CORRUPT where a
 * database's own proofs don't hold; STORE_FOREIGN where a bundle's don't, or
 * the file has no definitions, as an export in lines has none, and then what is
 * added to detail, if anything, tells it all; STORE_ABSENT where there is no
 * such instance. */
MUST_USE enum store_error reperform_file(
    const struct reperform_options *options, reperform_fn *fn, void *arg,
    struct buf *detail);

#endif
