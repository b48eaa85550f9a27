/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_ocel.c: histories as an object-centric event log (OCEL 2.0), in its
 * JSON and its XML form.
 *
 * Objects are the instances, of a type that is called as their workflow, and
 * the people and systems that acted.  Events are the records, of a type that
 * is called as their kind.  The log wants all objects before the first event,
 * so the records are gone through twice.
 *
 * An event that names another instance, a parent or a child, is related to it
 * only where that one is told too: a log may not name objects that it hasn't.
 * What people and systems there are is kept in memory; all else is not.
 */
#include "export_priv.h"

#include "stated/clock.h"
#include "stated/map.h"

#define TYPE_PERSON "person"
#define TYPE_SYSTEM "system"
#define TYPE_OTHER "instance" /* of a workflow that isn't in the database */
#define KIND_OTHER "unknown"  /* of a record that can't be read */

static const char *const type_names[] = {
    [EXPORT_TEXT] = "string",
    [EXPORT_INTEGER] = "integer",
    [EXPORT_INSTANT] = "time",
};

static bool
is_xml(const struct export_telling *telling)
{
	return telling->options->format == EXPORT_OCEL_XML;
}

/* ------------------------------------------------------------ both forms */

/* Between items of a JSON list. */
static void
part(struct export_telling *telling, struct buf *out)
{
	if (!is_xml(telling) && telling->is_begun)
		buf_add_cstr(out, ",\n");
	telling->is_begun = true;
}

/* A text within a piece of either form, which brings its own quotes. */
static void
add_text(struct export_telling *telling, struct buf *out, struct str text)
{
	if (!is_xml(telling)) {
		buf_add_json_string(out, text);
		return;
	}
	buf_add_char(out, '"');
	export_xml_text(out, text);
	buf_add_char(out, '"');
}

static void
begin_list(struct export_telling *telling, struct buf *out, const char *json,
    const char *xml)
{
	if (is_xml(telling))
		buf_addf(out, "<%s>\n", xml);
	else
		buf_addf(out, "\"%s\":[\n", json);
	telling->is_begun = false;
}

static void
end_list(struct export_telling *telling, struct buf *out, const char *xml,
    bool is_last)
{
	if (is_xml(telling))
		buf_addf(out, "</%s>\n", xml);
	else
		buf_addf(out, "\n]%s\n", is_last ? "" : ",");
	telling->is_begun = false;
}

/* Attributes and relationships stand in a list of their own within an item. */
struct inner {
	struct export_telling *telling;
	struct buf *out;
	bool is_begun;
};

static void
part_inner(struct inner *inner)
{
	if (!is_xml(inner->telling) && inner->is_begun)
		buf_add_char(inner->out, ',');
	inner->is_begun = true;
}

/* ------------------------------------------------------------------- types */

static void
declare_attribute(struct inner *inner, struct str name, enum export_type type)
{
	part_inner(inner);
	buf_add_cstr(inner->out, is_xml(inner->telling) ? "<attribute name="
							: "{\"name\":");
	add_text(inner->telling, inner->out, name);
	buf_addf(inner->out,
	    is_xml(inner->telling) ? " type=\"%s\"/>" : ",\"type\":\"%s\"}",
	    type_names[type]);
}

static struct inner
begin_type(struct export_telling *telling, struct buf *out, const char *xml,
    struct str name)
{
	part(telling, out);
	if (is_xml(telling))
		buf_addf(out, "<%s name=", xml);
	else
		buf_add_cstr(out, "{\"name\":");
	add_text(telling, out, name);
	buf_add_cstr(out, is_xml(telling) ? "><attributes>"
					  : ",\"attributes\":[");
	return (struct inner){.telling = telling, .out = out};
}

static void
end_type(struct inner *inner, const char *xml)
{
	if (is_xml(inner->telling))
		buf_addf(inner->out, "</attributes></%s>\n", xml);
	else
		buf_add_cstr(inner->out, "]}");
}

static void
declare_object(
    struct export_telling *telling, struct buf *out, struct str name)
{
	static const struct export_field attributes[] = {
	    {STR_INIT("business_key"), EXPORT_TEXT},
	    {STR_INIT("version"), EXPORT_INTEGER},
	    {STR_INIT("status"), EXPORT_TEXT},
	    {STR_INIT("state"), EXPORT_TEXT},
	    {STR_INIT("started"), EXPORT_INSTANT},
	    {STR_INIT("ended"), EXPORT_INSTANT},
	};
	struct inner inner = begin_type(telling, out, "object-type", name);

	for (size_t i = 0; i < COUNT_OF(attributes); i++)
		declare_attribute(
		    &inner, attributes[i].name, attributes[i].type);
	end_type(&inner, "object-type");
}

static void
declare_actor(struct export_telling *telling, struct buf *out, const char *name)
{
	struct inner inner =
	    begin_type(telling, out, "object-type", str_of(name));

	declare_attribute(&inner, STR("name"), EXPORT_TEXT);
	end_type(&inner, "object-type");
}

static void
declare_event(struct export_telling *telling, struct buf *out, struct str name,
    struct str fields)
{
	struct inner inner = begin_type(telling, out, "event-type", name);
	struct export_field field;

	declare_attribute(&inner, STR("activity"), EXPORT_TEXT);
	declare_attribute(&inner, STR("seq"), EXPORT_INTEGER);
	declare_attribute(&inner, STR("hash"), EXPORT_TEXT);
	while (export_kind_next(&fields, &field))
		declare_attribute(&inner, field.name, field.type);
	end_type(&inner, "event-type");
}

/* ---- of workflows ---- */

struct declaring {
	struct export_telling *telling;
	struct buf *out;
};

static bool
is_reserved(struct str name)
{
	return str_equal(name, STR(TYPE_PERSON)) ||
	    str_equal(name, STR(TYPE_SYSTEM)) ||
	    str_equal(name, STR(TYPE_OTHER));
}

/* The type of a workflow's instances; what can't be told from other types of
 * ours is told apart. */
static struct str
type_of(struct export_telling *telling, struct str workflow)
{
	if (!is_reserved(workflow))
		return workflow;
	return arena_strf(
	    telling->scratch, "workflow %.*s", STR_ARG(workflow));
}

/* Keys of telling->seen begin with the word that tells what they are. */
static bool
see(struct export_telling *telling, const char *what, struct str name)
{
	struct str key =
	    arena_strf(telling->scratch, "%s:%.*s", what, STR_ARG(name));

	if (map_find(telling->seen, key) != NULL)
		return false;
	map_put(telling->seen, arena_str(telling->arena, key), telling);
	return true;
}

static void
declare_workflow_cb(const struct store_definition *row, void *arg)
{
	struct declaring *declaring = arg;
	struct export_telling *telling = declaring->telling;
	struct str chosen = telling->options->workflow;

	if ((chosen.at == NULL || str_equal(chosen, row->name)) &&
	    see(telling, "workflow", row->name))
		declare_object(telling, declaring->out,
		    type_of(telling, row->name));
}

static enum store_error
begin(struct export_telling *telling, struct buf *out)
{
	struct declaring declaring = {telling, out};
	enum store_error error;

	telling->seen = map_new();
	buf_add_cstr(out, is_xml(telling)
		? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log>\n"
		: "{\n");
	begin_list(telling, out, "objectTypes", "object-types");
	error = store_each_definition(
	    telling->store, declare_workflow_cb, &declaring);
	declare_object(telling, out, STR(TYPE_OTHER));
	declare_actor(telling, out, TYPE_PERSON);
	declare_actor(telling, out, TYPE_SYSTEM);
	end_list(telling, out, "object-types", false);
	begin_list(telling, out, "eventTypes", "event-types");
	for (enum audit_kind kind = 0; kind < AUDIT_KIND_COUNT; kind++)
		declare_event(telling, out, audit_kind_name(kind),
		    export_kind_fields(kind));
	declare_event(telling, out, STR(KIND_OTHER), (struct str){NULL, 0});
	end_list(telling, out, "event-types", false);
	begin_list(telling, out, "objects", "objects");
	return error;
}

/* ------------------------------------------------------------------- items */

/* An attribute of an event, or of an object from an instant on. */
struct attribute {
	struct str name;
	enum export_type type;
	struct str text;
	int64_t since_ms; /* of an object */
	bool has_since;
};

static void
add_attribute(struct inner *inner, const struct attribute *attribute)
{
	struct export_telling *telling = inner->telling;
	struct buf *out = inner->out;
	bool is_bare = attribute->type == EXPORT_INTEGER;
	char since[CLOCK_TEXT_BYTES];

	part_inner(inner);
	buf_add_cstr(out, is_xml(telling) ? "<attribute name=" : "{\"name\":");
	add_text(telling, out, attribute->name);
	if (attribute->has_since)
		buf_addf(out,
		    is_xml(telling) ? " time=\"%.*s\"" : ",\"time\":\"%.*s\"",
		    STR_ARG(clock_format(attribute->since_ms, since)));
	if (is_xml(telling)) {
		buf_add_char(out, '>');
		export_xml_text(out, attribute->text);
		buf_add_cstr(out, "</attribute>");
		return;
	}
	buf_add_cstr(out, ",\"value\":");
	if (is_bare)
		buf_add_str(out, attribute->text);
	else
		buf_add_json_string(out, attribute->text);
	buf_add_char(out, '}');
}

static struct inner
begin_item(struct export_telling *telling, struct buf *out, const char *xml,
    struct str id, struct str type)
{
	part(telling, out);
	if (is_xml(telling))
		buf_addf(out, "<%s id=", xml);
	else
		buf_add_cstr(out, "{\"id\":");
	add_text(telling, out, id);
	buf_add_cstr(out, is_xml(telling) ? " type=" : ",\"type\":");
	add_text(telling, out, type);
	return (struct inner){.telling = telling, .out = out};
}

static void
begin_attributes(struct inner *inner)
{
	buf_add_cstr(inner->out, is_xml(inner->telling) ? "><attributes>"
							: ",\"attributes\":[");
}

/* From attributes to relationships. */
static void
turn_inner(struct inner *inner)
{
	buf_add_cstr(inner->out, is_xml(inner->telling)
		? "</attributes><objects>" : "],\"relationships\":[");
	inner->is_begun = false;
}

static void
end_item(struct inner *inner, const char *xml)
{
	if (is_xml(inner->telling))
		buf_addf(inner->out, "</objects></%s>\n", xml);
	else
		buf_add_cstr(inner->out, "]}");
}

static void
add_relationship(struct inner *inner, struct str id, const char *qualifier)
{
	struct buf *out = inner->out;

	part_inner(inner);
	buf_add_cstr(out, is_xml(inner->telling)
		? "<relationship object-id=" : "{\"objectId\":");
	add_text(inner->telling, out, id);
	buf_addf(out,
	    is_xml(inner->telling) ? " qualifier=\"%s\"/>"
				   : ",\"qualifier\":\"%s\"}",
	    qualifier);
}

/* ----------------------------------------------------------------- objects */

/* People have any names, also such as `corp/alice` and `f:1234:bob`.  What we
 * name ourselves is ourselves, and the doors that nobody signs in at. */
static const char *
actor_type(const struct value *record)
{
	struct str name = value_field_str(record, "actor");
	bool is_signed_in = value_get_cstr(record, "issuer") != NULL;
	bool is_system = str_equal(name, STR("engine")) ||
	    str_equal(name, STR("schedule")) ||
	    str_has_prefix(name, STR("/hooks/")) ||
	    str_has_prefix(name, STR("/queues/"));

	return is_system && !is_signed_in ? TYPE_SYSTEM : TYPE_PERSON;
}

static struct str
actor_id(struct export_telling *telling, const struct value *record)
{
	return arena_strf(telling->scratch, "%s:%.*s", actor_type(record),
	    STR_ARG(value_field_str(record, "actor")));
}

static void
tell_actor(struct export_telling *telling, struct buf *out,
    const struct value *record)
{
	struct str name = value_field_str(record, "actor");
	const char *type = actor_type(record);
	struct inner inner;

	if (name.bytes == 0 || !see(telling, type, name))
		return;
	inner = begin_item(telling, out, "object", actor_id(telling, record),
	    str_of(type));
	begin_attributes(&inner);
	add_attribute(&inner, &(struct attribute){
	    .name = STR("name"), .text = name, .has_since = true});
	turn_inner(&inner);
	end_item(&inner, "object");
}

static void
add_since(struct inner *inner, struct str name, struct str text,
    int64_t since_ms)
{
	if (text.bytes > 0)
		add_attribute(inner, &(struct attribute){.name = name,
		    .text = text, .since_ms = since_ms, .has_since = true});
}

static void
tell_instance(struct export_telling *telling, struct buf *out,
    const struct export_instance *instance)
{
	struct str key =
	    arena_strf(telling->scratch, "workflow:%.*s",
		STR_ARG(instance->workflow));
	bool is_known = map_find(telling->seen, key) != NULL;
	struct inner inner = begin_item(telling, out, "object",
	    buf_str(&telling->name), is_known
		? type_of(telling, instance->workflow) : STR(TYPE_OTHER));
	char text[CLOCK_TEXT_BYTES];

	begin_attributes(&inner);
	add_since(&inner, STR("business_key"), instance->business_key,
	    instance->started_ms);
	add_attribute(&inner, &(struct attribute){.name = STR("version"),
	    .type = EXPORT_INTEGER,
	    .text = arena_strf(telling->scratch, "%lld",
		(long long)instance->version),
	    .since_ms = instance->started_ms, .has_since = true});
	add_since(&inner, STR("status"), instance->status,
	    instance->changed_ms);
	add_since(&inner, STR("state"), instance->state, instance->changed_ms);
	add_since(&inner, STR("started"),
	    clock_format(instance->started_ms, text), instance->started_ms);
	if (instance->ended_ms != 0)
		add_since(&inner, STR("ended"),
		    clock_format(instance->ended_ms, text),
		    instance->ended_ms);
	turn_inner(&inner);
	end_item(&inner, "object");
}

/* ------------------------------------------------------------------ events */

static void
add_field(struct inner *inner, const struct value *record,
    const struct export_field *field)
{
	const struct value *value = export_kind_value(record, field);
	struct buf text = {0};

	if (value == NULL)
		return;
	export_record_text(&text, value);
	add_attribute(inner, &(struct attribute){.name = field->name,
	    .type = field->type, .text = buf_str(&text)});
	buf_fini(&text);
}

static void
add_attributes(struct inner *inner, const struct export_row *row,
    const struct value *record)
{
	enum audit_kind kind = export_kind_of(record);
	struct str rest = export_kind_fields(kind);
	struct export_field field;
	struct buf activity = {0};
	char hex[DIGEST_HEX_BYTES];

	export_kind_activity(&activity, kind, record);
	add_attribute(inner, &(struct attribute){
	    .name = STR("activity"), .text = buf_str(&activity)});
	buf_fini(&activity);
	add_attribute(inner, &(struct attribute){.name = STR("seq"),
	    .type = EXPORT_INTEGER,
	    .text = arena_strf(inner->telling->scratch, "%llu",
		(unsigned long long)row->record.seq)});
	add_attribute(inner, &(struct attribute){.name = STR("hash"),
	    .text = digest_hex(row->record.hash, hex)});
	while (export_kind_next(&rest, &field))
		add_field(inner, record, &field);
}

/* Another instance, where it is told too.  What can't be read is as good as
 * not there: the export itself fails by it when it comes there. */
static void
add_other(struct inner *inner, const struct value *record, const char *field)
{
	struct str name = value_field_str(record, field);
	uint64_t number;
	bool tells = false;

	if (name.bytes > 0 && export_record_number(name, &number) &&
	    number > 0 &&
	    export_tells(inner->telling, number, &tells) == STORE_OK && tells)
		add_relationship(inner, name, field);
}

static void
tell_event(struct export_telling *telling, struct buf *out,
    const struct export_row *row, const struct value *record)
{
	enum audit_kind kind = export_kind_of(record);
	struct str actor = value_field_str(record, "actor");
	struct str id = arena_strf(telling->scratch, "%.*s/%llu",
	    STR_ARG(buf_str(&telling->name)),
	    (unsigned long long)row->record.seq);
	struct inner inner = begin_item(telling, out, "event", id,
	    kind < AUDIT_KIND_COUNT ? audit_kind_name(kind) : STR(KIND_OTHER));
	char text[CLOCK_TEXT_BYTES];

	buf_addf(out, is_xml(telling) ? " time=\"%.*s\"" : ",\"time\":\"%.*s\"",
	    STR_ARG(clock_format(export_record_time_or_zero(record), text)));
	begin_attributes(&inner);
	add_attributes(&inner, row, record);
	turn_inner(&inner);
	add_relationship(&inner, buf_str(&telling->name), "instance");
	if (actor.bytes > 0)
		add_relationship(&inner, actor_id(telling, record), "actor");
	add_other(&inner, record, "parent");
	add_other(&inner, record, "child");
	end_item(&inner, "event");
}

/* ------------------------------------------------------------- the format */

static void
open(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	export_record_name(telling, row);
	if (telling->pass == 0)
		tell_instance(telling, out, row->instance);
}

static void
add(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	const struct value *record =
	    export_record_read_or_empty(telling->scratch, row);

	if (telling->pass == 1)
		tell_event(telling, out, row, record);
	else
		tell_actor(telling, out, record);
}

static void
turn(struct export_telling *telling, struct buf *out)
{
	must(telling->pass == 1);
	end_list(telling, out, "objects", false);
	begin_list(telling, out, "events", "events");
}

static enum store_error
end(struct export_telling *telling, struct buf *out)
{
	end_list(telling, out, "events", true);
	buf_add_cstr(out, is_xml(telling) ? "</log>\n" : "}\n");
	return STORE_OK;
}

#define FUNCTIONS                                                          \
	{.passes = 2, .begin = begin, .open = open, .add = add,            \
	    .turn = turn, .end = end}
const struct export_format_functions export_format_ocel = FUNCTIONS;
const struct export_format_functions export_format_ocel_xml = FUNCTIONS;
