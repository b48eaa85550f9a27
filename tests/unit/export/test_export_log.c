/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_export_log.c: event logs that other programs read, held against what
 * IEEE 1849 and OCEL 2.0 ask for.  The schemas here are written after the
 * standards' rules and are stricter where we promise more.
 */
#include "stated/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include "../store/test_store_help.h"
#include "stated/clock.h"
#include "stated/json.h"
#include "stated/map.h"
#include "stated/schema.h"

/* ------------------------------------------------------------ the fixture */

struct fixture {
	struct help_dir dir;
	struct arena *arena;
	struct buf out;
};

/* 2026-11-01T00:00:00Z */
#define NOVEMBER_MS ((int64_t)1793491200000)
#define HOSTILE "<\"&'>\x01\x1b\t\n]]> \xef\xbf\xbe K-1"

static struct audit_record
record(struct fixture *f, struct store_instance *row, enum audit_kind kind,
    int day, const struct value_field *more, size_t count)
{
	struct value_builder *built = value_build_context(f->arena);
	char text[CLOCK_TEXT_BYTES];

	value_put_int(built, "instance", (int64_t)row->number);
	value_put_str(built, "kind", audit_kind_name(kind));
	value_put_str(built, "time",
	    clock_format(NOVEMBER_MS + (day - 1) * (int64_t)86400000, text));
	for (size_t i = 0; i < count; i++)
		value_put(built, more[i].key, more[i].value);
	return audit_seal(f->arena, value_built(built), &row->head);
}

static struct value_field
text(struct fixture *f, const char *key, const char *string)
{
	return (struct value_field){
	    str_of(key), value_of_str(f->arena, str_of(string))};
}

static struct store_instance
row_of(uint64_t number, const char *workflow)
{
	struct store_instance row = help_instance(number);

	row.head = (struct audit_head){0};
	row.workflow = str_of(workflow);
	row.started_ms = NOVEMBER_MS;
	row.changed_ms = NOVEMBER_MS + 1;
	return row;
}

/* Number 1, whose business key is hostile, has a child, 2; 3 is of a workflow
 * that isn't in the database. */
static void
fill(struct fixture *f)
{
	struct store *store = help_open(&f->dir);
	struct store_batch *batch = store_batch(store);
	struct store_instance rows[] = {
	    row_of(1, "payment"), row_of(2, "refund"), row_of(3, "forgotten")};
	struct audit_record records[4];
	struct store_definition definitions[] = {
	    {.digest = digest_sha256(STR("1")), .name = STR("payment"),
		.version = 1, .source = STR("x"), .published_ms = 1,
		.published_by = STR("engine")},
	    {.digest = digest_sha256(STR("2")), .name = STR("payment"),
		.version = 2, .source = STR("x"), .published_ms = 1,
		.published_by = STR("engine")},
	    {.digest = digest_sha256(STR("3")), .name = STR("refund"),
		.version = 1, .source = STR("x"), .published_ms = 1,
		.published_by = STR("engine")},
	};

	for (size_t i = 0; i < 3; i++)
		store_put_definition(batch, &definitions[i]);
	rows[0].business_key = STR(HOSTILE);
	records[0] = record(f, &rows[0], AUDIT_STARTED, 1,
	    (struct value_field[]){text(f, "actor", "ida"),
		text(f, "workflow", "payment"),
		{STR("version"), value_of_int(f->arena, 3)}}, 3);
	records[1] = record(f, &rows[0], AUDIT_CHILD_STARTED, 1,
	    (struct value_field[]){text(f, "workflow", "refund"),
		text(f, "step", "pay-back"), text(f, "child", "2")}, 3);
	records[2] = record(f, &rows[0], AUDIT_CALL_SENT, 2,
	    (struct value_field[]){text(f, "operation", "bank.submit"),
		{STR("attempt"), value_of_int(f->arena, 1)}}, 2);
	records[3] = record(f, &rows[0], AUDIT_TASK_DECIDED, 3,
	    (struct value_field[]){text(f, "actor", "corp/f:1:max <m>"),
		text(f, "state", "approve"), text(f, "choice", HOSTILE),
		{STR("approvals"), value_of_str(f->arena, STR("no number"))}},
	    4);
	store_add_history(batch, 1, records, 4);
	records[0] = record(f, &rows[1], AUDIT_STARTED, 1,
	    (struct value_field[]){text(f, "actor", "/hooks/bank"),
		text(f, "parent", "1")}, 2);
	store_add_history(batch, 2, records, 1);
	records[0] = record(f, &rows[2], AUDIT_STARTED, 9,
	    (struct value_field[]){text(f, "actor", "ida"),
		text(f, "time", "yesterday")}, 2);
	store_add_history(batch, 3, records, 1);
	for (size_t i = 0; i < 3; i++)
		store_put_instance(batch, &rows[i]);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
}

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	help_dir_make(&f->dir);
	f->arena = arena_new();
	fill(f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	buf_fini(&f->out);
	arena_free(&f->arena);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

/* Puts the whole export into f->out. */
static struct str
tell(struct fixture *f, struct export_options options)
{
	struct export *export = NULL;
	bool is_end = false;

	options.path = str_of(f->dir.database);
	buf_clear(&f->out);
	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(
		    export_next(export, &f->out, &is_end), STORE_OK);
	export_close(&export);
	return buf_str(&f->out);
}

static size_t
count(struct str in, const char *what)
{
	size_t found = 0, at;

	while ((at = str_find(in, str_of(what))) != SIZE_MAX) {
		found++;
		in = str_slice(in, at + strlen(what), SIZE_MAX);
	}
	return found;
}

/* -------------------------------------------------------------------- XML */

/* Reads the document, which must be well-formed and fit the schema. */
static xmlDoc *
read_valid(struct str document, const char *schema)
{
	xmlDoc *doc = xmlReadMemory(document.at, (int)document.bytes,
	    "export.xml", NULL, XML_PARSE_NONET);
	xmlSchemaParserCtxt *parser =
	    xmlSchemaNewMemParserCtxt(schema, (int)strlen(schema));
	xmlSchema *read;
	xmlSchemaValidCtxt *valid;

	assert_non_null(doc);
	assert_non_null(parser);
	read = xmlSchemaParse(parser);
	assert_non_null(read);
	valid = xmlSchemaNewValidCtxt(read);
	assert_non_null(valid);
	assert_int_equal(xmlSchemaValidateDoc(valid, doc), 0);
	xmlSchemaFreeValidCtxt(valid);
	xmlSchemaFree(read);
	xmlSchemaFreeParserCtxt(parser);
	return doc;
}

static const char xes_schema[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
    "<xs:group name='attributes'><xs:choice>"
    "<xs:element name='string'><xs:complexType>"
    "<xs:attribute name='key' type='xs:Name' use='required'/>"
    "<xs:attribute name='value' type='xs:string' use='required'/>"
    "</xs:complexType></xs:element>"
    "<xs:element name='date'><xs:complexType>"
    "<xs:attribute name='key' type='xs:Name' use='required'/>"
    "<xs:attribute name='value' type='xs:dateTime' use='required'/>"
    "</xs:complexType></xs:element>"
    "<xs:element name='int'><xs:complexType>"
    "<xs:attribute name='key' type='xs:Name' use='required'/>"
    "<xs:attribute name='value' type='xs:long' use='required'/>"
    "</xs:complexType></xs:element>"
    "</xs:choice></xs:group>"
    "<xs:element name='log'><xs:complexType><xs:sequence>"
    "<xs:element name='extension' maxOccurs='unbounded'><xs:complexType>"
    "<xs:attribute name='name' type='xs:NCName' use='required'/>"
    "<xs:attribute name='prefix' type='xs:NCName' use='required'/>"
    "<xs:attribute name='uri' type='xs:anyURI' use='required'/>"
    "</xs:complexType></xs:element>"
    "<xs:element name='global' minOccurs='2' maxOccurs='2'><xs:complexType>"
    "<xs:group ref='attributes' maxOccurs='unbounded'/>"
    "<xs:attribute name='scope' type='xs:NCName' use='required'/>"
    "</xs:complexType></xs:element>"
    "<xs:element name='classifier' maxOccurs='unbounded'><xs:complexType>"
    "<xs:attribute name='name' type='xs:NCName' use='required'/>"
    "<xs:attribute name='scope' type='xs:NCName'/>"
    "<xs:attribute name='keys' type='xs:token' use='required'/>"
    "</xs:complexType></xs:element>"
    "<xs:group ref='attributes' minOccurs='0' maxOccurs='unbounded'/>"
    "<xs:element name='trace' minOccurs='0' maxOccurs='unbounded'>"
    "<xs:complexType><xs:sequence>"
    "<xs:group ref='attributes' maxOccurs='unbounded'/>"
    "<xs:element name='event' maxOccurs='unbounded'><xs:complexType>"
    "<xs:group ref='attributes' maxOccurs='unbounded'/>"
    "</xs:complexType></xs:element>"
    "</xs:sequence></xs:complexType></xs:element>"
    "</xs:sequence>"
    "<xs:attribute name='xes.version' type='xs:decimal' use='required'/>"
    "<xs:attribute name='xes.features' type='xs:token'/>"
    "</xs:complexType></xs:element></xs:schema>";

/* The value of the element's child with that key, or NULL; to be freed. */
static xmlChar *
value_at(xmlNode *parent, const char *key)
{
	for (xmlNode *node = parent->children; node; node = node->next) {
		xmlChar *found = xmlGetProp(node, BAD_CAST "key");
		bool is_it = found && strcmp((char *)found, key) == 0;

		xmlFree(found);
		if (is_it)
			return xmlGetProp(node, BAD_CAST "value");
	}
	return NULL;
}

static void
has_at(xmlNode *parent, const char *key, const char *value)
{
	xmlChar *found = value_at(parent, key);

	assert_non_null(found);
	assert_string_equal((char *)found, value);
	xmlFree(found);
}

static xmlNode *
child_of(xmlNode *parent, const char *name, int index)
{
	for (xmlNode *node = parent->children; node; node = node->next)
		if (strcmp((const char *)node->name, name) == 0 &&
		    index-- == 0)
			return node;
	fail_msg("there is no such %s", name);
	return NULL;
}

static void
test_xes_fits_its_schema_and_declares_what_it_uses(void **state)
{
	struct fixture *f = *state;
	struct str told =
	    tell(f, (struct export_options){.format = EXPORT_XES});
	xmlDoc *doc = read_valid(told, xes_schema);
	static const char *const used[] = {"concept:name", "time:timestamp",
	    "lifecycle:transition", "seq", "hash"};
	xmlNode *log = xmlDocGetRootElement(doc);

	assert_int_equal(count(told, "<trace>"), 3);
	assert_int_equal(count(told, "<event>"), 6);
	for (xmlNode *trace = log->children; trace; trace = trace->next) {
		if (strcmp((const char *)trace->name, "trace") != 0)
			continue;
		for (xmlNode *event = trace->children; event;
		     event = event->next)
			for (size_t i = 0; i < 5 &&
			     strcmp((const char *)event->name, "event") == 0;
			     i++) {
				xmlChar *value = value_at(event, used[i]);
				assert_non_null(value);
				xmlFree(value);
			}
	}
	xmlFreeDoc(doc);
}

static void
test_xes_tells_who_did_what_and_when(void **state)
{
	struct fixture *f = *state;
	xmlDoc *doc = read_valid(
	    tell(f, (struct export_options){.format = EXPORT_XES}),
	    xes_schema);
	xmlNode *trace = child_of(xmlDocGetRootElement(doc), "trace", 0);
	xmlNode *event = child_of(trace, "event", 2);

	has_at(trace, "id", "1");
	has_at(trace, "workflow", "payment");
	has_at(trace, "status", "waiting");
	has_at(event, "concept:name", "call bank.submit");
	has_at(event, "lifecycle:transition", "start");
	has_at(event, "attempt", "1");
	has_at(event, "time:timestamp", "2026-11-02T00:00:00.000Z");
	event = child_of(trace, "event", 3);
	has_at(event, "concept:name", "task approve");
	has_at(event, "org:resource", "corp/f:1:max <m>");
	/* What is not of its type is left out. */
	assert_null(value_at(event, "approvals"));
	xmlFreeDoc(doc);
}

static void
test_xml_shows_what_it_cannot_hold_as_replaced(void **state)
{
	struct fixture *f = *state;
	xmlDoc *doc = read_valid(
	    tell(f, (struct export_options){.format = EXPORT_XES}),
	    xes_schema);
	xmlNode *trace = child_of(xmlDocGetRootElement(doc), "trace", 0);

	has_at(trace, "concept:name",
	    "<\"&'>\xef\xbf\xbd\xef\xbf\xbd\t\n]]> \xef\xbf\xbd K-1");
	xmlFreeDoc(doc);
}

static void
test_event_whose_time_is_unreadable_happened_in_1970(void **state)
{
	struct fixture *f = *state;
	xmlDoc *doc = read_valid(tell(f, (struct export_options){
	    .format = EXPORT_XES, .instance = 3}), xes_schema);
	xmlNode *trace = child_of(xmlDocGetRootElement(doc), "trace", 0);

	has_at(child_of(trace, "event", 0), "time:timestamp",
	    "1970-01-01T00:00:00.000Z");
	xmlFreeDoc(doc);
}

static void
test_xes_of_nothing_is_a_log_all_the_same(void **state)
{
	struct fixture *f = *state;
	struct str told = tell(f, (struct export_options){
	    .format = EXPORT_XES, .workflow = STR("none")});

	assert_int_equal(count(told, "<trace>"), 0);
	xmlFreeDoc(read_valid(told, xes_schema));
}

/* ------------------------------------------------------------------- OCEL */

static const char ocel_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,"
    "\"required\":[\"objectTypes\",\"eventTypes\",\"objects\",\"events\"],"
    "\"$defs\":{"
    "\"types\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"name\",\"attributes\"],\"properties\":{"
    "\"name\":{\"type\":\"string\",\"minLength\":1},"
    "\"attributes\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"name\",\"type\"],\"properties\":{"
    "\"name\":{\"type\":\"string\"},\"type\":{\"enum\":"
    "[\"string\",\"time\",\"integer\",\"float\",\"boolean\"]}}}}}}},"
    "\"relations\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"objectId\",\"qualifier\"],"
    "\"properties\":{\"objectId\":{\"type\":\"string\"},"
    "\"qualifier\":{\"type\":\"string\"}}}}},"
    "\"properties\":{\"objectTypes\":{\"$ref\":\"#/$defs/types\"},"
    "\"eventTypes\":{\"$ref\":\"#/$defs/types\"},"
    "\"objects\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"id\",\"type\",\"attributes\",\"relationships\"],"
    "\"properties\":{\"id\":{\"type\":\"string\"},"
    "\"type\":{\"type\":\"string\"},"
    "\"attributes\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"name\",\"time\",\"value\"]}},"
    "\"relationships\":{\"$ref\":\"#/$defs/relations\"}}}},"
    "\"events\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"id\",\"type\",\"time\",\"attributes\","
    "\"relationships\"],\"properties\":{\"id\":{\"type\":\"string\"},"
    "\"type\":{\"type\":\"string\"},"
    "\"time\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"attributes\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"name\",\"value\"]}},"
    "\"relationships\":{\"$ref\":\"#/$defs/relations\"}}}}}}";

struct names {
	struct map *map;
	struct arena *arena;
};

/* "Type/attribute" to its type, and every "Type" to itself. */
static void
gather_types(struct names *names, const struct value *types)
{
	for (size_t i = 0; i < types->as.list.count; i++) {
		const struct value *type = types->as.list.items[i];
		struct str name = value_field_str(type, "name");
		const struct value *attributes =
		    value_get_cstr(type, "attributes");

		assert_null(map_put(names->map, name, names));
		for (size_t j = 0; j < attributes->as.list.count; j++) {
			const struct value *attribute =
			    attributes->as.list.items[j];
			struct str key = arena_strf(names->arena, "%.*s/%.*s",
			    STR_ARG(name),
			    STR_ARG(value_field_str(attribute, "name")));
			assert_null(map_put(names->map, key,
			    (void *)value_get_cstr(attribute, "type")));
		}
	}
}

static void
check_attributes(struct names *names, const struct value *item)
{
	struct str type = value_field_str(item, "type");
	const struct value *attributes = value_get_cstr(item, "attributes");
	int64_t n;

	assert_non_null(map_find(names->map, type));
	for (size_t i = 0; i < attributes->as.list.count; i++) {
		const struct value *attribute = attributes->as.list.items[i];
		const struct value *value = value_get_cstr(attribute, "value");
		struct str key = arena_strf(names->arena, "%.*s/%.*s",
		    STR_ARG(type),
		    STR_ARG(value_field_str(attribute, "name")));
		const struct value *wanted = map_find(names->map, key);

		assert_non_null(wanted);
		if (str_equal(wanted->as.string, STR("integer")))
			assert_int_equal(value->type, VALUE_NUMBER);
		else
			assert_int_equal(value->type, VALUE_STRING);
		if (str_equal(wanted->as.string, STR("time")))
			assert_true(clock_parse(value->as.string, &n));
	}
}

static const struct value *
read_ocel(struct fixture *f, struct export_options options)
{
	struct schema_errors errors = {.arena = f->arena};
	struct json_error error;
	const struct schema *schema = schema_compile(f->arena,
	    json_read(f->arena, str_of(ocel_schema), &error), &errors);
	const struct value *log;

	assert_non_null(schema);
	options.format = EXPORT_OCEL;
	log = json_read(f->arena, tell(f, options), &error);
	if (log == NULL)
		fail_msg("line %u: %s", error.line, error.message);
	assert_true(schema_validate(schema, log, &errors));
	return log;
}

/* Ids differ, types are declared, attributes are of their types, and what is
 * named is there. */
static void
check_ocel(struct fixture *f, const struct value *log)
{
	struct names objects = {map_new(), f->arena};
	struct names events = {map_new(), f->arena};
	struct map *ids = map_new();
	const struct value *list = value_get_cstr(log, "objects");

	gather_types(&objects, value_get_cstr(log, "objectTypes"));
	gather_types(&events, value_get_cstr(log, "eventTypes"));
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];
		assert_null(map_put(ids,
		    value_field_str(item, "id"), f));
		check_attributes(&objects, item);
	}
	list = value_get_cstr(log, "events");
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];
		const struct value *named =
		    value_get_cstr(item, "relationships");
		check_attributes(&events, item);
		assert_true(named->as.list.count > 0);
		for (size_t j = 0; j < named->as.list.count; j++)
			assert_non_null(map_find(ids, value_field_str(
			    named->as.list.items[j], "objectId")));
		assert_null(map_put(ids,
		    value_field_str(item, "id"), f));
	}
	map_free(&ids);
	map_free(&objects.map);
	map_free(&events.map);
}

static void
test_ocel_keeps_the_rules_of_its_schema(void **state)
{
	struct fixture *f = *state;

	check_ocel(f, read_ocel(f, (struct export_options){0}));
	assert_int_equal(count(buf_str(&f->out), "\"qualifier\":\"child\""), 1);
	assert_int_equal(
	    count(buf_str(&f->out), "\"qualifier\":\"parent\""), 1);
	assert_int_equal(count(buf_str(&f->out),
	    "{\"id\":\"person:ida\",\"type\":\"person\""), 1);
	assert_int_equal(count(buf_str(&f->out),
	    "{\"id\":\"person:corp/f:1:max <m>\",\"type\":\"person\""), 1);
	assert_int_equal(count(buf_str(&f->out),
	    "{\"id\":\"system:/hooks/bank\",\"type\":\"system\""), 1);
	assert_int_equal(count(buf_str(&f->out),
	    "\"type\":\"system\",\"attributes\":[{"), 1);
	assert_int_equal(count(buf_str(&f->out),
	    "{\"id\":\"3\",\"type\":\"instance\""), 1);
}

static void
test_ocel_names_no_object_that_was_not_chosen(void **state)
{
	struct fixture *f = *state;

	check_ocel(f, read_ocel(f, (struct export_options){
	    .workflow = STR("payment")}));
	assert_int_equal(count(buf_str(&f->out), "\"qualifier\":\"child\""), 0);
	assert_int_equal(count(buf_str(&f->out), "{\"name\":\"refund\""), 0);
	/* On the second day nothing happened to the child. */
	check_ocel(f, read_ocel(f, (struct export_options){
	    .from_ms = NOVEMBER_MS + 86400000}));
	assert_int_equal(count(buf_str(&f->out), "{\"id\":\"2\""), 0);
	check_ocel(f, read_ocel(f, (struct export_options){
	    .workflow = STR("none")}));
}

static const char ocel_xml_schema[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
    "<xs:complexType name='types-attributes'><xs:sequence>"
    "<xs:element name='attribute' minOccurs='0' maxOccurs='unbounded'>"
    "<xs:complexType><xs:attribute name='name' use='required'/>"
    "<xs:attribute name='type' use='required'><xs:simpleType>"
    "<xs:restriction base='xs:string'><xs:enumeration value='string'/>"
    "<xs:enumeration value='time'/><xs:enumeration value='integer'/>"
    "</xs:restriction></xs:simpleType></xs:attribute>"
    "</xs:complexType></xs:element></xs:sequence></xs:complexType>"
    "<xs:complexType name='attributes'><xs:sequence>"
    "<xs:element name='attribute' minOccurs='0' maxOccurs='unbounded'>"
    "<xs:complexType><xs:simpleContent><xs:extension base='xs:string'>"
    "<xs:attribute name='name' use='required'/>"
    "<xs:attribute name='time' type='xs:dateTime'/>"
    "</xs:extension></xs:simpleContent></xs:complexType></xs:element>"
    "</xs:sequence></xs:complexType>"
    "<xs:complexType name='relations'><xs:sequence>"
    "<xs:element name='relationship' minOccurs='0' maxOccurs='unbounded'>"
    "<xs:complexType><xs:attribute name='object-id' use='required'/>"
    "<xs:attribute name='qualifier' use='required'/>"
    "</xs:complexType></xs:element></xs:sequence></xs:complexType>"
    "<xs:element name='log'><xs:complexType><xs:sequence>"
    "<xs:element name='object-types'><xs:complexType><xs:sequence>"
    "<xs:element name='object-type' maxOccurs='unbounded'><xs:complexType>"
    "<xs:sequence><xs:element name='attributes' type='types-attributes'/>"
    "</xs:sequence><xs:attribute name='name' use='required'/>"
    "</xs:complexType></xs:element></xs:sequence></xs:complexType>"
    "</xs:element>"
    "<xs:element name='event-types'><xs:complexType><xs:sequence>"
    "<xs:element name='event-type' maxOccurs='unbounded'><xs:complexType>"
    "<xs:sequence><xs:element name='attributes' type='types-attributes'/>"
    "</xs:sequence><xs:attribute name='name' use='required'/>"
    "</xs:complexType></xs:element></xs:sequence></xs:complexType>"
    "</xs:element>"
    "<xs:element name='objects'><xs:complexType><xs:sequence>"
    "<xs:element name='object' minOccurs='0' maxOccurs='unbounded'>"
    "<xs:complexType><xs:sequence>"
    "<xs:element name='attributes' type='attributes'/>"
    "<xs:element name='objects' type='relations'/></xs:sequence>"
    "<xs:attribute name='id' use='required'/>"
    "<xs:attribute name='type' use='required'/></xs:complexType>"
    "</xs:element></xs:sequence></xs:complexType></xs:element>"
    "<xs:element name='events'><xs:complexType><xs:sequence>"
    "<xs:element name='event' minOccurs='0' maxOccurs='unbounded'>"
    "<xs:complexType><xs:sequence>"
    "<xs:element name='attributes' type='attributes'/>"
    "<xs:element name='objects' type='relations'/></xs:sequence>"
    "<xs:attribute name='id' use='required'/>"
    "<xs:attribute name='type' use='required'/>"
    "<xs:attribute name='time' type='xs:dateTime' use='required'/>"
    "</xs:complexType></xs:element></xs:sequence></xs:complexType>"
    "</xs:element></xs:sequence></xs:complexType>"
    "<xs:key name='object'><xs:selector xpath='objects/object'/>"
    "<xs:field xpath='@id'/></xs:key>"
    "<xs:key name='event'><xs:selector xpath='events/event'/>"
    "<xs:field xpath='@id'/></xs:key>"
    "<xs:key name='object-type'>"
    "<xs:selector xpath='object-types/object-type'/>"
    "<xs:field xpath='@name'/></xs:key>"
    "<xs:key name='event-type'>"
    "<xs:selector xpath='event-types/event-type'/>"
    "<xs:field xpath='@name'/></xs:key>"
    "<xs:keyref name='object-type-of' refer='object-type'>"
    "<xs:selector xpath='objects/object'/><xs:field xpath='@type'/>"
    "</xs:keyref>"
    "<xs:keyref name='event-type-of' refer='event-type'>"
    "<xs:selector xpath='events/event'/><xs:field xpath='@type'/>"
    "</xs:keyref>"
    "<xs:keyref name='object-of' refer='object'>"
    "<xs:selector xpath='events/event/objects/relationship'/>"
    "<xs:field xpath='@object-id'/></xs:keyref>"
    "</xs:element></xs:schema>";

static void
test_ocel_in_xml_says_the_same_by_its_schema(void **state)
{
	struct fixture *f = *state;
	struct str told =
	    tell(f, (struct export_options){.format = EXPORT_OCEL_XML});

	xmlFreeDoc(read_valid(told, ocel_xml_schema));
	assert_int_equal(count(told, "<event id="), 6);
	assert_int_equal(count(told, "<object id="), 6);
	assert_int_equal(count(told, "qualifier=\"child\""), 1);
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_xes_fits_its_schema_and_declares_what_it_uses),
	    TEST(test_xes_tells_who_did_what_and_when),
	    TEST(test_xml_shows_what_it_cannot_hold_as_replaced),
	    TEST(test_event_whose_time_is_unreadable_happened_in_1970),
	    TEST(test_xes_of_nothing_is_a_log_all_the_same),
	    TEST(test_ocel_keeps_the_rules_of_its_schema),
	    TEST(test_ocel_names_no_object_that_was_not_chosen),
	    TEST(test_ocel_in_xml_says_the_same_by_its_schema),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	xmlCleanupParser();
	return failed;
}
