/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_csv.c: one record a row, for spreadsheets (RFC 4180, UTF-8).
 *
 * A cell that a spreadsheet would take for a formula gets an apostrophe in
 * front: a business key of "=HYPERLINK(…)" must not run on an auditor's desk.
 * The column `record` holds the canonical text unchanged, so nothing is lost
 * by that, and its hash can be checked from the row alone.
 */
#include "export_priv.h"

#include "stated/json.h"

/* Columns that are fields of the record, in their order. */
static const char *const field_columns[] = {
	"time", "kind", "actor", "from", "to", "step", "attempt", "outcome",
};
#define FIELD_COLUMN_COUNT (COUNT_OF(field_columns))

static bool
has_any(struct str text, const char *bytes)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] != '\0' && strchr(bytes, text.at[i]) != NULL)
			return true;
	return false;
}

/* What a spreadsheet may run, or splits its cells by before it looks. */
static bool
is_formula(struct str text)
{
	return text.bytes > 0 && text.at[0] != '\0' &&
	    strchr("=+-@\t\r\n|%", text.at[0]) != NULL;
}

/* A cell as it is, quoted where it has to be. */
static void
add_plain(struct buf *out, struct str text)
{
	if (!has_any(text, ",\"\r\n ;\t")) {
		buf_add_str(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.at[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, text.at[i]);
	}
	buf_add_char(out, '"');
}

/* A cell of text from outside. */
static void
add_text(struct buf *out, struct str text)
{
	struct buf guarded = {0};

	if (is_formula(text))
		buf_add_char(&guarded, '\'');
	buf_add_str(&guarded, text);
	add_plain(out, buf_str(&guarded));
	buf_fini(&guarded);
}

void
export_csv_cell(struct buf *out, const struct value *value)
{
	struct buf text = {0};

	export_record_text(&text, value);
	/* A negative number is no formula. */
	if (value->type == VALUE_NUMBER)
		add_plain(out, buf_str(&text));
	else
		add_text(out, buf_str(&text));
	buf_fini(&text);
}

static enum store_error
begin(struct export_telling *telling, struct buf *out)
{
	(void)telling;
	buf_add_cstr(out, "instance,workflow,business_key,seq");
	for (size_t i = 0; i < FIELD_COLUMN_COUNT; i++)
		buf_addf(out, ",%s", field_columns[i]);
	buf_add_cstr(out, ",record,hash\r\n");
	return STORE_OK;
}

static void
add(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	/* What can't be read still has its columns `record` and `hash`. */
	const struct value *record =
	    export_record_read_or_empty(telling->scratch, row);
	char hex[DIGEST_HEX_BYTES];

	add_text(out, export_record_instance(telling->scratch, record));
	buf_add_char(out, ',');
	add_text(out, row->instance->workflow);
	buf_add_char(out, ',');
	add_text(out, row->instance->business_key);
	buf_addf(out, ",%llu", (unsigned long long)row->record.seq);
	for (size_t i = 0; i < FIELD_COLUMN_COUNT; i++) {
		buf_add_char(out, ',');
		export_csv_cell(
		    out, value_field_or_null(record, field_columns[i]));
	}
	buf_add_char(out, ',');
	add_text(out, row->record.canonical);
	buf_addf(out, ",%.*s\r\n",
	    STR_ARG(digest_hex(row->record.hash, hex)));
}

const struct export_format_functions export_format_csv = {
    .begin = begin,
    .add = add,
};
