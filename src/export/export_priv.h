/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_priv.h: shared inside src/export only.
 */
#ifndef EXPORT_PRIV_H
#define EXPORT_PRIV_H

#include "stated/export.h"

/* A record about to be written. */
struct export_row {
	struct str workflow;
	struct str business_key;
	struct audit_record record;
};

/* ---- export_record.c: reading what records say ---- */

/* The record's fields with their types, or NULL where it can't be read. */
const struct value *export_record_read(
    struct arena *arena, struct str canonical);
/* false where the record carries no time. */
MUST_USE bool export_record_time(const struct value *record, int64_t *time_ms);
/* The `instance` that it names, as text; absent where it names none. */
struct str export_record_instance(
    struct arena *arena, const struct value *record);

/* ---- one file a format ---- */

void export_jsonl_add(
    struct buf *out, struct arena *scratch, const struct export_row *row);
void export_csv_begin(struct buf *out);
void export_csv_add(
    struct buf *out, struct arena *scratch, const struct export_row *row);

/* The closing line of a JSONL file. */
struct export_closing {
	uint64_t instances;
	uint64_t records;
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

/* ---- export_verify.c ---- */

/* Counts a broken chain and keeps the first. */
void export_report_fault(struct export_report *report,
    const struct export_report *first, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
