/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_read.c: a document of XML as a value.
 *
 * An element with text only is that text; any other is a context of its
 * attributes ("_name"), its elements, and its text ("_").  An element that is
 * there more than once is a list, and one that is declared as a list is
 * always one.  Prefixes are dropped; the root's namespace is its "_xmlns".
 * What would make that ambiguous, an element whose name begins with "_" or
 * two attributes that differ in their prefixes only, is refused.
 *
 * libxml2 gives us events, so no tree of its own is built.  A document with a
 * DTD is refused at its first byte: no entity can then be declared, none be
 * fetched, none grow.  Depth and number of elements are bounded; the length
 * is bounded before us.
 */
#include "connector_priv.h"

#include "stated/map.h"

#include <libxml/parserInternals.h>

/* An element may be a context within a list. */
#define DEPTH_MAX (JSON_DEPTH_MAX / 2 - 1)
#define NODES_MAX (1000 * 1000)
#define SCHEMA_INSTANCE "http://www.w3.org/2001/XMLSchema-instance"

/* What stands under one name. */
struct xml_group {
	const struct value *only;   /* NULL: list */
	struct value_builder *list;
};

struct xml_frame {
	struct str name; /* the parser's */
	struct map *groups; /* made when first needed, used again */
	struct buf text;
	bool has_elements;
	bool is_nil;
};

struct xml_reader {
	struct arena *arena;
	const struct def_xml *rules;
	xmlParserCtxt *parser;
	struct xml_frame frames[DEPTH_MAX];
	size_t depth;
	size_t nodes;
	const struct value *document;
	const char *why; /* it is refused; NULL: it isn't */
};

static void
refuse(struct xml_reader *reader, const char *why)
{
	if (reader->why == NULL)
		reader->why = why;
	xmlStopParser(reader->parser);
}

static struct str
str_of_xml(const xmlChar *text)
{
	return str_of((const char *)text);
}

/* false where there are too many. */
static bool
count_node(struct xml_reader *reader)
{
	if (++reader->nodes <= NODES_MAX)
		return true;
	refuse(reader, "it has more than a million elements");
	return false;
}

/* ----------------------------------------------------------------- elements */

static void
begin_list(struct xml_reader *reader, struct xml_group *group)
{
	group->list = value_build_list(reader->arena);
	if (group->only != NULL)
		value_append(group->list, group->only);
	group->only = NULL;
}

static struct xml_group *
add_group(struct xml_reader *reader, struct xml_frame *frame, struct str name)
{
	struct xml_group *group = ARENA_NEW(reader->arena, struct xml_group);

	if (frame->groups == NULL)
		frame->groups = map_new();
	map_put(frame->groups, name, group);
	return group;
}

static struct xml_group *
find_group(const struct xml_frame *frame, struct str name)
{
	return frame->groups != NULL ? map_find(frame->groups, name) : NULL;
}

static void
add_element(struct xml_reader *reader, struct xml_frame *frame,
    struct str name, const struct value *value)
{
	struct xml_group *group = find_group(frame, name);

	if (group == NULL) {
		group = add_group(reader, frame, name);
		if (str_is_among(name, reader->rules->lists,
			reader->rules->list_count))
			begin_list(reader, group);
	} else if (group->list == NULL) {
		begin_list(reader, group);
	}
	if (group->list != NULL)
		value_append(group->list, value);
	else
		group->only = value;
}

static void
add_attribute(struct xml_reader *reader, struct xml_frame *frame,
    struct str name, struct str text)
{
	struct buf key = buf_in(reader->arena);

	if (!count_node(reader))
		return;
	buf_add_char(&key, '_');
	buf_add_str(&key, name);
	name = buf_keep(&key);
	if (find_group(frame, name) != NULL) {
		refuse(reader, "an element has two attributes of one name");
		return;
	}
	add_group(reader, frame, name)->only =
	    value_copy_str(reader->arena, text);
}

static const struct value *
context_of(struct xml_reader *reader, const struct xml_frame *frame)
{
	struct value_builder *context = value_build_context(reader->arena);
	struct str text = buf_str(&frame->text);
	size_t cursor = 0;
	struct str name;
	void *found;

	while (map_next(frame->groups, &cursor, &name, &found)) {
		struct xml_group *group = found;
		value_put(context, name, group->list != NULL
			? value_built(group->list) : group->only);
	}
	/* Between elements there are line ends and indents. */
	if (!frame->has_elements || str_trim(text).bytes > 0)
		value_put(context, STR("_"),
		    value_copy_str(reader->arena, text));
	return value_built(context);
}

static const struct value *
value_of_frame(struct xml_reader *reader, const struct xml_frame *frame)
{
	if (frame->is_nil)
		return &value_null;
	if (frame->groups == NULL || map_count(frame->groups) == 0)
		return value_copy_str(reader->arena, buf_str(&frame->text));
	return context_of(reader, frame);
}

/* ------------------------------------------------------------------- events */

/* Five pointers an attribute: local name, prefix, namespace, and where its
 * value begins and ends. */
static void
add_attributes(struct xml_reader *reader, struct xml_frame *frame, int count,
    const xmlChar **attributes)
{
	for (int i = 0; i < count && reader->why == NULL; i++) {
		const xmlChar **at = attributes + (ptrdiff_t)i * 5;
		struct str name = str_of_xml(at[0]);
		struct str space = str_of_xml(at[2]);
		struct str text = {
			(const char *)at[3], (size_t)(at[4] - at[3]),
		};

		if (str_equal(name, STR("xmlns")))
			refuse(reader, "an attribute is named xmlns");
		else if (!str_equal(space, STR(SCHEMA_INSTANCE)))
			add_attribute(reader, frame, name, text);
		else if (str_equal(name, STR("nil")))
			frame->is_nil = str_equal(text, STR("true")) ||
			    str_equal(text, STR("1"));
	}
}

static void
element_began_cb(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *space, int space_count, const xmlChar **spaces,
    int attribute_count, int defaulted_count, const xmlChar **attributes)
{
	struct xml_reader *reader = arg;
	struct xml_frame *frame;

	(void)prefix, (void)space_count, (void)spaces, (void)defaulted_count;
	if (reader->why != NULL || !count_node(reader))
		return;
	if (reader->depth == DEPTH_MAX) {
		refuse(reader, "its elements are nested too deep");
		return;
	}
	if (name[0] == '_') {
		refuse(reader, "an element's name begins with an underscore");
		return;
	}
	if (reader->depth > 0)
		reader->frames[reader->depth - 1].has_elements = true;
	frame = &reader->frames[reader->depth++];
	frame->name = str_of_xml(name);
	frame->has_elements = false;
	frame->is_nil = false;
	buf_clear(&frame->text);
	if (frame->groups != NULL)
		map_clear(frame->groups);
	if (reader->depth == 1 && space != NULL)
		add_attribute(reader, frame, STR("xmlns"), str_of_xml(space));
	add_attributes(reader, frame, attribute_count, attributes);
}

static void
element_ended_cb(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *space)
{
	struct xml_reader *reader = arg;
	struct value_builder *document;
	const struct xml_frame *frame;
	const struct value *value;

	(void)name, (void)prefix, (void)space;
	if (reader->why != NULL)
		return;
	must(reader->depth > 0);
	frame = &reader->frames[--reader->depth];
	value = value_of_frame(reader, frame);
	if (reader->depth > 0) {
		add_element(reader, &reader->frames[reader->depth - 1],
		    frame->name, value);
		return;
	}
	document = value_build_context(reader->arena);
	value_put(document, frame->name, value);
	reader->document = value_built(document);
}

static void
text_came_cb(void *arg, const xmlChar *text, int bytes)
{
	struct xml_reader *reader = arg;

	if (reader->why != NULL || reader->depth == 0)
		return;
	must(bytes >= 0);
	buf_add(&reader->frames[reader->depth - 1].text, text, (size_t)bytes);
}

static void
dtd_began_cb(void *arg, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	(void)name, (void)external, (void)system;
	refuse(arg, "it has a document type definition");
}

/* -------------------------------------------------------------------- whole */

static void
set_events(xmlSAXHandler *events)
{
	*events = (xmlSAXHandler){
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = dtd_began_cb,
		.startElementNs = element_began_cb,
		.endElementNs = element_ended_cb,
		.characters = text_came_cb,
		.ignorableWhitespace = text_came_cb,
		.cdataBlock = text_came_cb,
	};
}

static void
parse(struct xml_reader *reader)
{
	xmlParserCtxt *parser = reader->parser;

	set_events(parser->sax);
	parser->userData = reader;
	xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR |
	    XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
	(void)xmlParseDocument(parser);
	if (reader->why == NULL && (!parser->wellFormed ||
		!parser->nsWellFormed || reader->document == NULL))
		reader->why = "it is not well-formed";
	if (parser->myDoc != NULL)
		xmlFreeDoc(parser->myDoc);
	xmlFreeParserCtxt(parser);
}

const struct value *
xml_read(struct arena *arena, struct str text, const struct def_xml *rules,
    const char **why)
{
	struct xml_reader reader = {.arena = arena, .rules = rules};

	must(rules != NULL && why != NULL);
	text = xml_decode(arena, text);
	*why = "its encoding can't be read";
	if (text.at == NULL)
		return NULL;
	*why = "it is empty or too long";
	if (text.bytes == 0 || text.bytes > INT32_MAX)
		return NULL;
	reader.parser = xmlCreateMemoryParserCtxt(text.at, (int)text.bytes);
	must(reader.parser != NULL);
	parse(&reader);
	for (size_t i = 0; i < DEPTH_MAX; i++) {
		map_free(&reader.frames[i].groups);
		buf_fini(&reader.frames[i].text);
	}
	*why = reader.why;
	return reader.why == NULL ? reader.document : NULL;
}
