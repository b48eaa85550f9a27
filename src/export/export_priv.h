/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_priv.h: shared inside src/export only.
 */
#ifndef EXPORT_PRIV_H
#define EXPORT_PRIV_H

#include <stdio.h>

#include "stated/export.h"
#include "stated/map.h"

/* What an export keeps of an instance's row. */
struct export_instance {
	uint64_t number;
	struct str workflow;
	int64_t version;
	struct str business_key; /* absent: none */
	struct str status;
	struct str state;
	int64_t started_ms;
	int64_t changed_ms;
	int64_t ended_ms; /* 0: not ended */
	struct audit_head head;
};
/* Its history is gone: it has no records to be told. */
bool export_is_purged(const struct export_instance *instance);

/* A record about to be written. */
struct export_row {
	const struct export_instance *instance;
	struct audit_record record;
	bool is_first; /* that is told of the instance, in this pass */
};

/* What formats need to know, and keep from one piece to the next. */
struct export_telling {
	const struct export_options *options;
	struct store *store;
	struct arena *scratch; /* of one record */
	struct arena *arena;   /* as long as the export */
	unsigned pass;         /* from 0 */
	uint64_t purged; /* instances that the pass before had nothing of */
	/* As its records name the instance that is told. */
	struct buf name;
	bool is_begun;    /* one item of a list was written */
	struct map *seen; /* people and systems, each once; NULL: none yet */
	struct arena *own; /* of the instance that is told */
	struct export_standing *standing; /* it; known to export_as_at.c */
	struct buf states; /* its active states, by spaces */
	struct export_bundle *bundle; /* known to export_bundle.c */
	struct export_seal *seal; /* known to export_seal.c; NULL: none */
};

/* A format is told the beginning, every record, pass after pass, and the end.
 * What is NULL is left out. */
struct export_format_functions {
	unsigned passes; /* 0 is 1 */
	/* Of a purged instance a record without a text is told, its last. */
	bool tells_purged;
	enum store_error (*begin)(
	    struct export_telling *telling, struct buf *out);
	/* Before an instance's first record, and after its last. */
	void (*open)(struct export_telling *telling, struct buf *out,
	    const struct export_row *row);
	void (*shut)(struct export_telling *telling, struct buf *out);
	void (*add)(struct export_telling *telling, struct buf *out,
	    const struct export_row *row);
	/* Before all passes but the first; telling->pass is the new one. */
	void (*turn)(struct export_telling *telling, struct buf *out);
	enum store_error (*end)(
	    struct export_telling *telling, struct buf *out);
};

extern const struct export_format_functions export_format_jsonl,
    export_format_csv, export_format_xes, export_format_ocel,
    export_format_ocel_xml, export_format_as_at, export_format_as_at_csv,
    export_format_bundle;

/* ---- export.c ---- */

/* Whether an export by these options tells anything of that instance. */
MUST_USE enum store_error export_tells(
    struct export_telling *telling, uint64_t number, bool *tells);

/* ---- export_record.c: reading what records say ---- */

/* The record's fields with their types, or NULL where it can't be read. */
const struct value *export_record_read(
    struct arena *arena, struct str canonical);
/* The same of a row; what can't be read has no fields. */
const struct value *export_record_read_or_empty(
    struct arena *arena, const struct export_row *row);
/* telling->name becomes what the row's record calls its instance; a number
 * where it can't be read. */
void export_record_name(
    struct export_telling *telling, const struct export_row *row);
/* false where the record carries no time. */
MUST_USE bool export_record_time(const struct value *record, int64_t *time_ms);
int64_t export_record_time_or_zero(const struct value *record);
/* Of a number that counts something; false where it is none. */
MUST_USE bool export_record_uint(const struct value *value, uint64_t *out);
/* The `instance` that it names, as text; absent where it names none. */
struct str export_record_instance(
    struct arena *arena, const struct value *record);
/* The number within a public identifier (a UUID, see chart.h) is its last 62
 * bits; false where the name is of another kind. */
MUST_USE bool export_record_number(struct str name, uint64_t *number);
/* Whether it is the journal's identifier. */
MUST_USE bool export_record_is_journal(struct str name);
/* A field for a cell or an attribute: texts without quotes, names of states
 * by spaces, all else as JSON; nothing of null. */
void export_record_text(struct buf *out, const struct value *value);

/* ---- export_kind.c: what kinds of records tell ---- */

enum export_type { EXPORT_TEXT, EXPORT_INTEGER, EXPORT_INSTANT };
struct export_field {
	struct str name; /* as in the record */
	enum export_type type;
};
/* Goes through the fields that records of that kind may have, beyond those
 * that all have: start with *rest as export_kind_fields() gives it. */
struct str export_kind_fields(enum audit_kind kind);
MUST_USE bool export_kind_next(struct str *rest, struct export_field *field);
/* The record's field, or NULL where it has none that is of the type. */
const struct value *export_kind_value(
    const struct value *record, const struct export_field *field);
/* AUDIT_KIND_COUNT where the record's kind is not known. */
enum audit_kind export_kind_of(const struct value *record);
/* "call bank.submit-payment": the same of a call that is sent and of one that
 * is answered, so that both are one activity. */
void export_kind_activity(
    struct buf *out, enum audit_kind kind, const struct value *record);
/* Of XES' standard model: "start", "complete", … */
const char *export_kind_transition(enum audit_kind kind);

/* ---- export_xml.c ---- */

/* Text for between quotes or tags.  What XML 1.0 can't hold becomes U+FFFD. */
void export_xml_text(struct buf *out, struct str text);
/* <element key="…" value="…"/>, on a line of its own. */
void export_xml_pair(struct buf *out, const char *element, const char *key,
    struct str value);

/* ---- export_csv.c ---- */

/* A cell, quoted where it has to be; never a formula. */
void export_csv_cell(struct buf *out, const struct value *value);

/* ---- export_seal.c: by which JSON lines are proved ---- */

/* By that checkpoint, UINT64_MAX: the newest; *number becomes its own.  Where
 * it is 0 there is none, and nothing of this does anything.  leaves: those told
 * already, as in struct export_progress; may be NULL. */
MUST_USE enum store_error export_seal_begin(struct export_telling *telling,
    uint64_t *number, const struct buf *leaves);
void export_seal_free(struct export_telling *telling);
/* Of an instance: its first record is about to be told, a record is told,
 * its last one was. */
void export_seal_open(struct export_telling *telling);
void export_seal_note(struct export_telling *telling, uint64_t seq);
MUST_USE enum store_error export_seal_shut(
    struct export_telling *telling, struct buf *out, uint64_t instance);
/* When all were told: the next lines, until *is_end. */
MUST_USE enum store_error export_seal_end(
    struct export_telling *telling, struct buf *out, bool *is_end);
/* The same lines once more. */
void export_seal_again(struct export_telling *telling);

/* ---- export_jsonl.c ---- */

/* The closing line of a JSONL file. */
struct export_closing {
	uint64_t instances;
	uint64_t records;
	uint64_t purged;  /* instances that nothing is left of */
	bool is_excerpt; /* records were chosen by time */
	struct digest hash; /* of all bytes before it */
};
void export_jsonl_close(struct buf *out, const struct export_closing *closing);
/* Whether the line is a closing line. */
MUST_USE bool export_jsonl_read_closing(struct arena *arena, struct str line,
    struct export_closing *closing);
/* Takes a line apart; the canonical text is put into `out`.  false where it
 * doesn't end in a hash. */
MUST_USE bool export_jsonl_split(
    struct str line, struct buf *out, struct digest *hash);

/* ---- export_page.c: for a person's eyes ---- */

void export_page_begin(struct buf *out);
void export_page_end(struct buf *out);
/* An instance, from telling->name and its row. */
void export_page_open(struct export_telling *telling, struct buf *out,
    const struct export_row *row);
void export_page_shut(struct buf *out);
void export_page_add(struct export_telling *telling, struct buf *out,
    const struct export_row *row);

/* ---- export_leant.c ---- */

/* Calls fn for what the definitions lean on whose digests (as hexadecimal
 * text) are among the keys, in every version that the store has; and for the
 * contacts that are ("contact pager"). */
#define EXPORT_CONTACT "contact "
MUST_USE enum store_error export_leant_each(struct store *store,
    const struct map *named, store_document_fn *fn, void *arg);

/* ---- export_bundle.c ---- */

#define EXPORT_MANIFEST "manifest.json"
#define EXPORT_RECORDS "records.jsonl"
#define EXPORT_DEFINITIONS "definitions/"
void export_bundle_free(struct export_telling *telling);

/* ---- survey.c: all instances, with the first record of each ---- */

struct survey {
	struct store *store; /* frozen */
	struct arena *page_arena;
	struct arena *scratch; /* of one instance */
	struct store_instance *page;
	size_t page_count;
	uint64_t after;
	uint64_t looked;
	const struct value *first;
};
MUST_USE enum store_error survey_open(struct survey *survey, struct str path,
    struct store_keys *keys, struct buf *detail);
void survey_close(struct survey *survey);
/* Calls fn for the next instances that fit; an error ends it. */
typedef enum store_error survey_fn(
    const struct store_instance *row, void *arg);
MUST_USE enum store_error survey_step(struct survey *survey,
    struct store_instance_filter filter, survey_fn *fn, void *arg,
    bool *is_end);
/* What an instance's first record says; NULL where it can't be read. */
MUST_USE enum store_error survey_first(
    struct survey *survey, uint64_t number, const struct value **first);

/* ---- export_moment.c ---- */

/* The present one where began_ms is 0 (its checkpoint then is UINT64_MAX: the
 * newest); else STORE_ABSENT with detail where the database never held what is
 * told of it. */
MUST_USE enum store_error export_moment_find(
    struct store *store, struct export_moment *moment, struct buf *detail);
/* STORE_ABSENT, and why in the detail, which may be NULL. */
enum store_error export_moment_refuse(struct buf *detail, const char *why);

/* ---- export_verify.c ---- */

/* Counts a broken chain and keeps the first. */
void export_report_fault(struct export_report *report,
    const struct export_report *first, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* ---- seal_marks.c: checkpoints, and a tree that grows through them ---- */

/* A checkpoint that the tree has to go through. */
struct seal_mark {
	uint64_t number;
	uint64_t size;
	struct digest root;
	int64_t time_ms;
	bool is_kept; /* elsewhere */
};
struct seal_marks {
	const struct export_against *against; /* may be NULL */
	struct export_report *report;
	struct arena *arena;
	struct seal_mark *items;
	size_t count;
	size_t capacity;
	size_t next;   /* mark that is to come, once they are in order */
	uint64_t good; /* leaves up to which all were right */
	uint64_t kept_good; /* and up to which a mark says so that was kept */
	uint64_t line; /* of the file, where marks are read from one; 0 */
	bool is_broken;
};
void seal_marks_init(struct seal_marks *marks,
    const struct export_against *against, struct export_report *report);
void seal_marks_fini(struct seal_marks *marks);
/* Of a document; a fault is reported where it is none, or is not signed as it
 * has to be.  What is given as `read` stays the document's. */
bool seal_marks_read(
    struct seal_marks *marks, struct str document, struct audit_signed *read);
/* Whether it is one of those that were kept elsewhere; or there are none. */
bool seal_marks_is_kept(
    const struct seal_marks *marks, const struct audit_signed *read);
void seal_marks_add(
    struct seal_marks *marks, const struct audit_checkpoint *checkpoint);
/* Adds those that were kept elsewhere; `origin` is the database that the
 * others are of. */
void seal_marks_add_kept(struct seal_marks *marks, const uint8_t origin[16]);
/* All are there: puts them in order. */
void seal_marks_sort(struct seal_marks *marks);
/* The tree has grown: compares the roots of that size. */
void seal_marks_look(struct seal_marks *marks, const struct audit_tree *tree);
/* It grows no more: what was not compared is missing. */
void seal_marks_end(struct seal_marks *marks, const struct audit_tree *tree);

/* ---- export_numbers.c: which numbers there are ---- */

struct export_span {
	uint64_t first, last;
};
struct export_numbers {
	struct export_span *spans; /* in order, with gaps between them */
	size_t count;
	size_t capacity;
};
/* From first to last, all greater than those so far. */
void export_numbers_add(
    struct export_numbers *numbers, uint64_t first, uint64_t last);
bool export_numbers_has(const struct export_numbers *numbers, uint64_t number);
void export_numbers_fini(struct export_numbers *numbers);

/* ---- seal_log.c: the log of a database ---- */

/* `numbers`: of the instances that have a row.  `sealed`: the last checkpoint
 * that the journal tells of; 0: of none. */
MUST_USE enum store_error seal_log_verify(struct store *store,
    const struct export_against *against, const struct export_numbers *numbers,
    uint64_t sealed, struct export_report *report);

/* ---- seal_leaves.c: the tree of a file of lines ---- */

struct seal_leaves;
struct seal_leaves *seal_leaves_new(
    const struct export_against *against, struct export_report *report);
void seal_leaves_free(struct seal_leaves **leaves);
/* A record was found right; those of an instance come together. */
void seal_leaves_note(struct seal_leaves *leaves, struct str instance,
    const struct audit_head *end);
/* Takes a line that is no record: false where it is none of these. */
MUST_USE bool seal_leaves_take(
    struct seal_leaves *leaves, struct str line, uint64_t number);
/* There are no more lines; is_closed: the last one was the closing line. */
void seal_leaves_end(struct seal_leaves *leaves, const struct map *chains,
    bool is_closed);

/* ---- seal_proofs.c: a file of checkpoints and proofs ---- */

/* The file is read from its beginning afterwards. */
bool seal_proofs_is_one(FILE *file);
MUST_USE enum store_error seal_proofs_verify(FILE *file,
    const struct export_against *against, struct export_report *report);

/* ---- export_verify.c ---- */

/* Tells who waits; false: it shall stop.  against may be NULL. */
bool export_verify_tell(const struct export_against *against,
    const struct export_report *report);

/* ---- export_verify_file.c ---- */

MUST_USE enum store_error export_verify_file(struct str path,
    const struct export_against *against, struct export_report *report,
    struct buf *detail);
/* What is left of a file of JSON lines, which stays the caller's. */
MUST_USE enum store_error export_verify_lines(FILE *file,
    const struct export_against *against, struct export_report *report);

/* ---- export_verify_bundle.c ---- */

MUST_USE enum store_error export_verify_bundle(struct str path,
    const struct export_against *against, struct export_report *report,
    struct buf *detail);
/* Whether a file that begins so is a bundle. */
#define EXPORT_BUNDLE_BYTES 512
bool export_is_bundle(struct str beginning);

#endif
