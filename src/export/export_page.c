/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_page.c: histories as a page that a person can read without us.
 *
 * One file, no scripts, nothing from elsewhere: it must look the same in ten
 * years and on a machine that is cut off.  All that comes from outside is
 * text, never markup.  What it shows stands in records.jsonl beside it, which
 * is what can be proved.
 */
#include "export_priv.h"

#include "stated/clock.h"
#include "stated/json.h"

static const char beginning[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\""
    " content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\""
    " content=\"width=device-width, initial-scale=1\">\n"
    "<title>Evidence</title>\n<style>\n"
    "body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 76em;"
    " padding: 0 1em; color: #1b1b1b; background: #fff; }\n"
    "h2 { margin-top: 2.5em; border-bottom: 1px solid #999; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { text-align: left; vertical-align: top; padding: .3em .8em;"
    " border-bottom: 1px solid #ddd; }\n"
    "td.time { white-space: nowrap; }\n"
    "td.hash { font: 11px monospace; word-break: break-all;"
    " max-width: 12em; }\n"
    "dl { margin: 0; display: grid; grid-template-columns: max-content 1fr;"
    " gap: 0 1em; }\n"
    "dt { color: #555; }\ndd { margin: 0; }\n"
    "pre { margin: 0; white-space: pre-wrap; word-break: break-word; }\n"
    "tr.enter td, tr.end td, tr.start td { background: #eef4fb; }\n"
    "tr.task td { background: #eef8ee; }\n"
    "tr.bad td { background: #fdeeee; }\n"
    "</style>\n</head>\n<body>\n<h1>Evidence</h1>\n"
    "<p>Every record of the instances below, in order. "
    "<code>records.jsonl</code> beside this page holds the same records in "
    "the form that is proved: each has the hash of the one before it. "
    "<code>manifest.json</code> has the SHA-256 of every file here, "
    "<code>definitions/</code> the workflows that the instances ran on. "
    "<code>stated verify</code> checks them all; how it is done without that "
    "program is told in its documentation for auditors.</p>\n";

void
export_page_begin(struct buf *out)
{
	buf_add_cstr(out, beginning);
}

void
export_page_end(struct buf *out)
{
	buf_add_cstr(out, "</body>\n</html>\n");
}

static void
add_term(struct buf *out, const char *name, struct str text)
{
	if (text.bytes == 0)
		return;
	buf_addf(out, "<dt>%s</dt><dd>", name);
	export_xml_text(out, text);
	buf_add_cstr(out, "</dd>\n");
}

static void
add_heading(const struct export_telling *telling, struct buf *out,
    const struct export_instance *instance)
{
	char number[24], text[CLOCK_TEXT_BYTES];

	str_write(number, sizeof(number), "%lld",
	    (long long)instance->version);
	buf_add_cstr(out, "<h2>");
	export_xml_text(out, instance->workflow);
	buf_add_char(out, ' ');
	export_xml_text(out, instance->business_key);
	buf_add_cstr(out, "</h2>\n<dl>\n");
	add_term(out, "instance", buf_str(&telling->name));
	add_term(out, "version", str_of(number));
	add_term(out, "status", instance->status);
	add_term(out, "state", instance->state);
	add_term(out, "started", clock_format(instance->started_ms, text));
	if (instance->ended_ms != 0)
		add_term(out, "ended", clock_format(instance->ended_ms, text));
	buf_add_cstr(out, "</dl>\n");
}

void
export_page_open(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	if (row->instance->number == STORE_JOURNAL)
		buf_add_cstr(out, "<h2>Journal of the installation</h2>\n");
	else
		add_heading(telling, out, row->instance);
	buf_add_cstr(out, "<table>\n<thead><tr><th>no.</th>"
	    "<th>when (UTC)</th><th>what</th><th>who</th><th>details</th>"
	    "<th>hash</th></tr></thead>\n<tbody>\n");
}

void
export_page_shut(struct buf *out)
{
	buf_add_cstr(out, "</tbody>\n</table>\n");
}

/* ------------------------------------------------------------------ records */

/* What its place or another column tells. */
static bool
is_elsewhere(struct str key)
{
	static const char *const keys[] = {
	    "actor", "instance", "prev", "seq", "time", "trace"};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (str_equal(key, str_of(keys[i])))
			return true;
	return false;
}

static void
add_value(struct buf *out, const struct value *value)
{
	struct buf text = {0};
	bool is_deep =
	    value->type == VALUE_LIST || value->type == VALUE_CONTEXT;

	if (is_deep)
		json_write_pretty(value, &text);
	else
		export_record_text(&text, value);
	buf_add_cstr(out, is_deep ? "<pre>" : "");
	export_xml_text(out, buf_str(&text));
	buf_add_cstr(out, is_deep ? "</pre>" : "");
	buf_fini(&text);
}

static void
add_details(struct buf *out, const struct value *record)
{
	buf_add_cstr(out, "<dl>");
	for (size_t i = 0; i < record->as.context.count; i++) {
		const struct value_field *field = &record->as.context.fields[i];

		if (is_elsewhere(field->key))
			continue;
		buf_add_cstr(out, "<dt>");
		export_xml_text(out, field->key);
		buf_add_cstr(out, "</dt><dd>");
		add_value(out, field->value);
		buf_add_cstr(out, "</dd>");
	}
	buf_add_cstr(out, "</dl>");
}

static const char *
class_of(enum audit_kind kind)
{
	switch (kind) {
	case AUDIT_STARTED:
		return "start";
	case AUDIT_ENTERED:
		return "enter";
	case AUDIT_ENDED:
	case AUDIT_CANCELLED:
		return "end";
	case AUDIT_TASK_OPENED:
	case AUDIT_TASK_DECIDED:
		return "task";
	case AUDIT_REFUSED:
	case AUDIT_STEP_FAILED:
	case AUDIT_INCIDENT_OPENED:
	case AUDIT_ESCALATED:
		return "bad";
	default:
		return "other";
	}
}

void
export_page_add(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	const struct value *record =
	    export_record_read_or_empty(telling->scratch, row);
	enum audit_kind kind = export_kind_of(record);
	struct buf activity = {0};
	char hex[DIGEST_HEX_BYTES];

	if (kind == AUDIT_KIND_COUNT)
		export_record_text(
		    &activity, value_field_or_null(record, "kind"));
	else
		export_kind_activity(&activity, kind, record);
	buf_addf(out, "<tr class=\"%s\"><td>%llu</td><td class=\"time\">",
	    class_of(kind), (unsigned long long)row->record.seq);
	export_xml_text(out, value_field_str(record, "time"));
	buf_add_cstr(out, "</td><td>");
	export_xml_text(out, buf_str(&activity));
	buf_add_cstr(out, "</td><td>");
	export_xml_text(out, value_field_str(record, "actor"));
	buf_add_cstr(out, "</td><td>");
	add_details(out, record);
	buf_addf(out, "</td><td class=\"hash\">%.*s</td></tr>\n",
	    STR_ARG(digest_hex(row->record.hash, hex)));
	buf_fini(&activity);
}
