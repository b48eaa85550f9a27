/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.h: taking histories away, and proving that they are whole.
 *
 * An export has a reading connection of its own and shows the database as it
 * was when the export began, however long it takes and whatever is written
 * meanwhile.  It is told line by line and needs the same little memory for
 * ten instances and for ten million.  docs/audit.md tells auditors what is in
 * the files and how to check them without this program.
 */
#ifndef STATED_EXPORT_H
#define STATED_EXPORT_H

#include "stated/audit_checkpoint.h"
#include "stated/store.h"

/* Every format: symbol, name, how its files' names end, media type. */
#define EXPORT_FORMATS(X)                                                      \
	X(JSONL, "jsonl", "jsonl", "application/jsonl")                        \
	X(CSV, "csv", "csv", "text/csv; charset=utf-8; header=present")        \
	X(XES, "xes", "xes", "application/xml")                                \
	X(OCEL, "ocel", "json", "application/json")                            \
	X(OCEL_XML, "ocel-xml", "xml", "application/xml")                      \
	X(AS_AT, "as-at", "jsonl", "application/jsonl")                        \
	X(AS_AT_CSV, "as-at-csv", "csv",                                       \
	    "text/csv; charset=utf-8; header=present")                         \
	X(BUNDLE, "bundle", "tar", "application/x-tar")

enum export_format {
#define X(symbol, name, suffix, media_type) EXPORT_##symbol,
	EXPORT_FORMATS(X)
#undef X
	EXPORT_FORMAT_COUNT
};
/* What to say where a name is none. */
#define EXPORT_FORMAT_NAMES                                                    \
	"jsonl, csv, xes, ocel, ocel-xml, as-at, as-at-csv or bundle"
struct str export_format_name(enum export_format format);
/* Without the dot. */
struct str export_format_suffix(enum export_format format);
struct str export_format_media_type(enum export_format format);
MUST_USE bool export_format_parse(struct str name, enum export_format *format);

/* What an export shows is what the database held when it began. */
struct export_moment {
	int64_t began_ms; /* 0: it is yet to begin */
	uint64_t history_place; /* see store_history_last() */
	struct digest turn; /* the hash of the turn there; zeros: none */
	uint64_t checkpoint; /* the newest one's number; 0: there was none */
};
/* As text that goes through a URL, and back; false where it is none. */
#define EXPORT_MOMENT_BYTES 128
struct str export_moment_format(
    const struct export_moment *moment, char text[EXPORT_MOMENT_BYTES]);
MUST_USE bool export_moment_parse(
    struct str text, struct export_moment *moment);
struct export_progress;

struct export_options {
	struct str path; /* of the database */
	struct store_keys *keys; /* NULL: it isn't encrypted */
	enum export_format format;
	/* Which instances; what is absent or 0 doesn't restrict. */
	uint64_t instance;
	struct str workflow;
	/* of one of these by their label `entity`; none: of any */
	const struct str *entities;
	size_t entity_count;
	struct str status;
	struct str state; /* active now */
	int64_t started_from_ms;
	int64_t started_to_ms; /* excluded */
	/* Which of their records, by the time they carry. */
	int64_t from_ms;
	int64_t to_ms; /* excluded */
	/* JSONL only: a last line with totals and the SHA-256 of all lines
	 * before it, so that a file cut short is told from a whole one. */
	bool closing_line;
	/* JSONL only, without status and state, which change: tells what the
	 * export did that began then, byte for byte, from the beginning or
	 * after what it told so far.  Zeros and NULL: begins now. */
	struct export_moment moment;
	struct export_progress *after;
};

/* How far an export in lines has come, without what it told of the last
 * instance: of that one all is told again. */
struct export_progress {
	uint64_t bytes; /* of the lines that count */
	uint64_t instances;
	uint64_t records;
	uint64_t number; /* of the instance to go on with; 0: from the start */
	struct buf leaves; /* uint64_t each: turns told (audit_tree.h) */
	struct digest_stream *hash; /* of the lines; export_open() takes it */
};
/* By what is in the file; STORE_CORRUPT with detail where a line is no record
 * of ours. */
MUST_USE enum store_error export_progress_read(struct str path,
    struct export_progress *progress, struct buf *detail);

void export_progress_fini(struct export_progress *progress);

struct export;
/* Where a moment was given and the database is another, or an older backup of
 * it: STORE_ABSENT with detail. */
MUST_USE enum store_error export_open(const struct export_options *options,
    struct export **export, struct buf *detail);
/* Before the first line, until *is_done: looks for a while whether all that
 * is to be told is still there.  STORE_ABSENT with detail where histories
 * were purged since the moment that was given. */
MUST_USE enum store_error export_look(
    struct export *export, bool *is_done, struct buf *detail);
/* Appends the next line to `out`, or nothing where it has looked for a while
 * and found none yet; *is_end tells that there is none. */
MUST_USE enum store_error export_next(struct export *export, struct buf *out,
    bool *is_end);
void export_close(struct export **export);
/* By which another export tells the same, of the same database. */
struct export_moment export_moment(const struct export *export);
struct store_identity export_identity(const struct export *export);
/* Told so far. */
uint64_t export_instances(const struct export *export);
uint64_t export_records(const struct export *export);
/* Of those that fit, the instances whose histories were purged: nothing of
 * them is told. */
uint64_t export_purged(const struct export *export);

/* ---- verifying ---- */

enum export_source {
	EXPORT_FROM_LINES,
	EXPORT_FROM_BUNDLE,
	EXPORT_FROM_DATABASE,
};

/* What verifying found.  Needs no freeing. */
struct export_report {
	enum export_source source; /* as export_verify() has found it */
	uint64_t instances; /* looked at */
	uint64_t records;
	uint64_t journal;   /* of the records: the journal's */
	uint64_t broken;    /* faults, one an instance at most */
	uint64_t purged;    /* of the instances: their histories are gone */
	uint64_t excerpts;  /* chains that begin after their first record */
	bool is_closed;     /* a file with its closing line */
	uint64_t turns;     /* that a checkpoint proves, or proofs speak of */
	uint64_t unproved;  /* records of a file with a checkpoint that are
			     * younger, or that it says nothing of */
	uint64_t checkpoints; /* that fit */
	uint64_t cut;	    /* checkpoints of a file of them that were cut */
	uint64_t cut_line;  /* the first of these */
	bool is_signed;     /* keys were given, and all signatures hold */
	/* The first fault: AUDIT_SOUND where there is none. */
	enum audit_fault fault;
	uint64_t line;      /* of a file; 0: a database */
	uint64_t number;    /* of the instance in a database; 0: a file */
	char instance[80];  /* as records name it; may be empty */
	uint64_t seq;       /* of the record; 0: the instance as a whole */
	char explanation[240];
};

/* Told now and then how far verifying is; false stops it with
 * STORE_STOPPED. */
typedef bool export_watch_fn(const struct export_report *report, void *arg);

/* What who verifies has from elsewhere. */
struct export_against {
	/* Public keys: each checkpoint must be signed by one of them.  None:
	 * signatures are not checked. */
	const struct signature_key *const *keys;
	size_t key_count;
	/* Checkpoints that were kept where nobody could change them. */
	const struct audit_signed *checkpoints;
	size_t checkpoint_count;
	/* What a database is encrypted under; NULL: nothing. */
	struct store_keys *store_keys;
	export_watch_fn *watch; /* NULL: nobody waits for it */
	void *watch_arg;
};

/*
 * Verifies what is in the file; against may be NULL:
 *
 * a database: every chain from its first record to the head that the
 * instance's row knows, or, of one that was purged, the certificate in the
  * journal, that itself, numbers of instances without a gap but
 * those that a restore left out, and the log against all checkpoints.  It may
 * be of an older program;
 *
 * a JSONL export, against the checkpoint that it carries;
 *
 * an evidence bundle: its records and, by its manifest, every file;
 *
 * checkpoints or proofs (export_proof.h), a line each.
 */
MUST_USE enum store_error export_verify_against(struct str path,
    const struct export_against *against, struct export_report *report,
    struct buf *detail);
/* The same against nothing; keys as in struct export_against. */
MUST_USE enum store_error export_verify(struct str path,
    struct store_keys *keys, struct export_report *report,
    struct buf *detail);

#endif
