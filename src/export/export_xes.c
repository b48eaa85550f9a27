/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_xes.c: histories as an event log (IEEE 1849-2016).
 *
 * A trace an instance, an event a record.  What the log declares of all events
 * all events have: a record that can't be read is an event called "unknown",
 * and one whose time can't be read happened in 1970.
 */
#include "export_priv.h"

#include "stated/clock.h"

static const char beginning[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<log xes.version=\"1849.2016\" xes.features=\"\">\n"
    "<extension name=\"Concept\" prefix=\"concept\""
    " uri=\"http://www.xes-standard.org/concept.xesext\"/>\n"
    "<extension name=\"Time\" prefix=\"time\""
    " uri=\"http://www.xes-standard.org/time.xesext\"/>\n"
    "<extension name=\"Organizational\" prefix=\"org\""
    " uri=\"http://www.xes-standard.org/org.xesext\"/>\n"
    "<extension name=\"Lifecycle\" prefix=\"lifecycle\""
    " uri=\"http://www.xes-standard.org/lifecycle.xesext\"/>\n"
    "<global scope=\"trace\">\n"
    "<string key=\"concept:name\" value=\"\"/>\n"
    "<string key=\"id\" value=\"\"/>\n"
    "<string key=\"workflow\" value=\"\"/>\n"
    "<int key=\"version\" value=\"0\"/>\n"
    "<string key=\"status\" value=\"\"/>\n"
    "</global>\n"
    "<global scope=\"event\">\n"
    "<string key=\"concept:name\" value=\"unknown\"/>\n"
    "<date key=\"time:timestamp\" value=\"1970-01-01T00:00:00.000Z\"/>\n"
    "<string key=\"lifecycle:transition\" value=\"complete\"/>\n"
    "<int key=\"seq\" value=\"0\"/>\n"
    "<string key=\"hash\" value=\"\"/>\n"
    "</global>\n"
    "<classifier name=\"Activity\" scope=\"event\" keys=\"concept:name\"/>\n"
    "<classifier name=\"Transition\" scope=\"event\""
    " keys=\"concept:name lifecycle:transition\"/>\n"
    "<string key=\"lifecycle:model\" value=\"standard\"/>\n";

static enum store_error
begin(struct export_telling *telling, struct buf *out)
{
	(void)telling;
	buf_add_cstr(out, beginning);
	return STORE_OK;
}

static void
add_integer(struct buf *out, const char *key, int64_t n)
{
	buf_addf(out, "<int key=\"%s\" value=\"%lld\"/>\n", key, (long long)n);
}

static void
add_instant(struct buf *out, const char *key, int64_t instant_ms)
{
	char text[CLOCK_TEXT_BYTES];

	export_xml_pair(out, "date", key, clock_format(instant_ms, text));
}

static void
open(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	const struct export_instance *instance = row->instance;
	struct str id;

	export_record_name(telling, row);
	id = buf_str(&telling->name);
	buf_add_cstr(out, "<trace>\n");
	export_xml_pair(out, "string", "concept:name",
	    instance->business_key.bytes > 0 ? instance->business_key : id);
	export_xml_pair(out, "string", "id", id);
	export_xml_pair(out, "string", "workflow", instance->workflow);
	add_integer(out, "version", instance->version);
	export_xml_pair(out, "string", "status", instance->status);
	if (instance->state.bytes > 0)
		export_xml_pair(out, "string", "state", instance->state);
	add_instant(out, "started", instance->started_ms);
	if (instance->ended_ms != 0)
		add_instant(out, "ended", instance->ended_ms);
}

static void
shut(struct export_telling *telling, struct buf *out)
{
	(void)telling;
	buf_add_cstr(out, "</trace>\n");
}

/* ------------------------------------------------------------------ events */

static void
add_field(struct buf *out, const struct value *record,
    const struct export_field *field)
{
	static const char *const elements[] = {
	    [EXPORT_TEXT] = "string",
	    [EXPORT_INTEGER] = "int",
	    [EXPORT_INSTANT] = "date",
	};
	const struct value *value = export_kind_value(record, field);
	struct buf text = {0}, key = {0};

	if (value == NULL)
		return;
	buf_add_str(&key, field->name);
	export_record_text(&text, value);
	export_xml_pair(
	    out, elements[field->type], buf_cstr(&key), buf_str(&text));
	buf_fini(&key);
	buf_fini(&text);
}

static void
add(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	const struct value *record =
	    export_record_read_or_empty(telling->scratch, row);
	enum audit_kind kind = export_kind_of(record);
	struct str actor = value_field_str(record, "actor");
	struct str rest = export_kind_fields(kind);
	struct export_field field;
	struct buf activity = {0};
	char hex[DIGEST_HEX_BYTES];

	export_kind_activity(&activity, kind, record);
	buf_add_cstr(out, "<event>\n");
	export_xml_pair(out, "string", "concept:name", buf_str(&activity));
	buf_fini(&activity);
	add_instant(out, "time:timestamp",
	    export_record_time_or_zero(record));
	if (actor.bytes > 0)
		export_xml_pair(out, "string", "org:resource", actor);
	export_xml_pair(out, "string", "lifecycle:transition",
	    str_of(export_kind_transition(kind)));
	add_integer(out, "seq", (int64_t)row->record.seq);
	export_xml_pair(
	    out, "string", "hash", digest_hex(row->record.hash, hex));
	export_xml_pair(out, "string", "kind",
	    value_field_str(record, "kind"));
	while (export_kind_next(&rest, &field))
		add_field(out, record, &field);
	buf_add_cstr(out, "</event>\n");
}

static enum store_error
end(struct export_telling *telling, struct buf *out)
{
	(void)telling;
	buf_add_cstr(out, "</log>\n");
	return STORE_OK;
}

const struct export_format_functions export_format_xes = {
    .begin = begin,
    .open = open,
    .shut = shut,
    .add = add,
    .end = end,
};
