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

struct export_options {
	struct str path; /* of the database */
	struct store_keys *keys; /* NULL: it isn't encrypted */
	enum export_format format;
	/* Which instances; what is absent or 0 doesn't restrict. */
	uint64_t instance;
	struct str workflow;
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
};

struct export;
MUST_USE enum store_error export_open(const struct export_options *options,
    struct export **export, struct buf *detail);
/* Appends the next line to `out`, or nothing where it has looked for a while
 * and found none yet; *is_end tells that there is none. */
MUST_USE enum store_error export_next(struct export *export, struct buf *out,
    bool *is_end);
void export_close(struct export **export);
/* Told so far. */
uint64_t export_instances(const struct export *export);
uint64_t export_records(const struct export *export);

/* ---- verifying ---- */

/* What verifying found.  Needs no freeing. */
struct export_report {
	uint64_t instances; /* looked at */
	uint64_t records;
	uint64_t broken;    /* faults, one an instance at most */
	uint64_t excerpts;  /* chains that begin after their first record */
	bool is_closed;     /* a file with its closing line */
	/* The first fault: AUDIT_SOUND where there is none. */
	enum audit_fault fault;
	uint64_t line;      /* of a file; 0: a database */
	uint64_t number;    /* of the instance in a database; 0: a file */
	char instance[80];  /* as records name it; may be empty */
	uint64_t seq;       /* of the record; 0: the instance as a whole */
	char explanation[240];
};

/* A database: every chain from its first record to the head that the
 * instance's row knows, and numbers of instances without a gap but those
 * that a restore left out.  It may be of an older program, and encrypted
 * under `keys` (NULL: none). */
MUST_USE enum store_error export_verify_database(struct str path,
    struct store_keys *keys, struct export_report *report,
    struct buf *detail);
/* The same, telling now and then how far it is; false stops it with
 * STORE_STOPPED. */
typedef bool export_watch_fn(const struct export_report *report, void *arg);
MUST_USE enum store_error export_verify_watched(struct str path,
    struct store_keys *keys, export_watch_fn *watch, void *arg,
    struct export_report *report, struct buf *detail);
/* A JSONL export. */
MUST_USE enum store_error export_verify_file(struct str path,
    struct export_report *report, struct buf *detail);
/* An evidence bundle: its records and, by its manifest, every file. */
MUST_USE enum store_error export_verify_bundle(struct str path,
    struct export_report *report, struct buf *detail);
/* Any of them, by what is in it. */
MUST_USE enum store_error export_verify(struct str path,
    struct store_keys *keys, struct export_report *report,
    struct buf *detail);

#endif
