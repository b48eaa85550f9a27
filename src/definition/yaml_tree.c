/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree.c: libyaml's events of one document, built into a tree.
 *
 * The tree is bounded while it grows: depth, bytes, and what aliases bring
 * in.  A form that libyaml refuses ends the document at that place; all else
 * that is wrong (duplicate keys, tags, …) is noted and reading goes on.  One
 * mistake of form is mended: an expression that lacks quotes.  It is made
 * unreadable, and the document is read anew, so that the next one is told too.
 */
#include "yaml_priv.h"

#include <stdio.h>
#include <yaml.h>

#include "load_codes.h"
#include "stated/map.h"

#define ERRORS_MAX 1000
#define CUTS_MAX 32 /* each is a reading of the whole document */

/* An expression that YAML ends early, in bytes of the source. */
struct cut {
	size_t from;
	size_t to;
};

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct diag_list *diags;
	const struct yaml_source *source;
	struct str text;        /* the document's */
	size_t first_line;      /* of the document in its source, from 0 */
	struct map *anchors;    /* name -> node, or &open while it is built */
	size_t alias_nodes;
	struct cut *cuts;       /* those that were found, CUTS_MAX at most */
	size_t cut_count;
	/* The last mark that was turned into a byte: lines may be long. */
	size_t last_line;
	size_t last_column;
	size_t last_byte;
};

/* Stands for an anchor whose node isn't finished. */
static const struct yaml_node open_anchor;

struct complaint {
	const char *problem; /* libyaml's words */
	const char *message;
	const char *repair;
};

static const struct complaint complaints[] = {
    {"mapping values are not allowed in this context",
	"a second `:` stands in this line, or the line is indented deeper than "
	"it should be",
	"put the value in quotes, or begin the key in the same column as its "
	"siblings"},
    {"did not find expected key",
	"this is no key of the mapping that it stands in",
	"keys of one mapping begin in the same column; a text that begins with "
	"a quote ends with it"},
    {"could not find expected ':'", "a key without `:`",
	"write `key: value`, or indent the line to continue the one above"},
    {"did not find expected '-' indicator",
	"this is no item of the list that it stands in",
	"items of one list begin with `-` in the same column"},
    {"did not find expected ',' or ']'",
	"the list that `[` opens is not well formed here",
	"separate items by `,`, close the list by `]`, quote texts that hold [ "
	"] { } or `, `"},
    {"did not find expected ',' or '}'",
	"the mapping that `{` opens is not well formed here",
	"separate keys by `,`, close the mapping by `}`, quote texts that hold "
	"[ ] { } or `, `"},
    {"block sequence entries are not allowed in this context",
	"a list can't begin here", "begin the list in the line below its key"},
    {"mapping keys are not allowed in this context", "a key can't begin here",
	"put it into a line of its own"},
    {"found unexpected end of stream", "a quoted text is never closed",
	"add the closing quote"},
    {"found unexpected document indicator",
	"a quoted text is not closed before the document ends",
	"add the closing quote"},
    {"found unknown escape character", "no such escape in double quotes",
	"write `\\\\` for a backslash, or use single quotes"},
    {"found undefined tag handle", "a tag (`!`) has no meaning here",
	"put the text in quotes"},
    {"did not find expected alphabetic or numeric character",
	"`*` and `&` begin an alias and an anchor", "put the text in quotes"},
    {"found a tab character where an indentation space is expected",
	"a tab can't indent a line", "use spaces"},
    {"found a tab character that violates indentation",
	"a tab can't indent a line", "use spaces"},
    {"did not find expected node content", "a value is missing here",
	"close what `{` or `[` opens"},
    {"did not find expected <document start>",
	"the document has ended before this line",
	"indent the line as those above, or begin a new document by `---`"},
};

static size_t
mark_byte(struct reader *reader, yaml_mark_t mark)
{
	const struct yaml_source *source = reader->source;
	struct str text = source->diag.text;
	size_t line = reader->first_line + mark.line;
	size_t column = 0;
	size_t byte;

	if (line >= source->line_count)
		return text.bytes;
	byte = source->lines[line];
	if (line == reader->first_line)
		byte = (size_t)(reader->text.at - text.at);
	if (line == reader->last_line && mark.column >= reader->last_column) {
		column = reader->last_column;
		byte = reader->last_byte;
	}
	for (; column < mark.column && byte < text.bytes; column++)
		(void)str_next_codepoint(text, &byte);
	reader->last_line = line;
	reader->last_column = column;
	reader->last_byte = byte;
	return byte;
}

/* The place of what was written from one byte to another; the first is where
 * the mark is.  Columns are taken from the mark: counting them anew for each
 * node of a long line would take as long as the line squared. */
static struct diag_span
mark_span(struct reader *reader, yaml_mark_t mark, size_t from, size_t to)
{
	struct str part = str_slice(reader->source->diag.text, from, to - from);
	size_t newline = str_find(part, STR("\n"));
	size_t line = reader->first_line + mark.line;
	size_t columns;

	if (newline != SIZE_MAX)
		part.bytes = newline;
	columns = str_count_codepoints(part);
	return (struct diag_span){
		.source = &reader->source->diag,
		.line = (uint32_t)line + 1,
		.column = (uint32_t)(mark.column + 1),
		.columns = columns > 0 ? (uint32_t)columns : 1,
	};
}

/* ---- what libyaml refuses ---- */

/* Where in the line, before `end`, a value begins that starts with "=". */
static bool
find_expression(struct str line, size_t end, size_t *from)
{
	for (size_t i = end < line.bytes ? end : line.bytes; i-- > 1;) {
		size_t before = i;

		if (line.at[i] != '=' || line.at[i - 1] != ' ')
			continue;
		while (before > 0 && line.at[before - 1] == ' ')
			before--;
		if (before == 0 || !memchr(":-[,{", line.at[before - 1], 5))
			continue;
		/* "a - = b" inside a text is no list item. */
		if (line.at[before - 1] == '-' &&
		    str_trim(str_slice(line, 0, before - 1)).bytes > 0)
			continue;
		*from = i;
		return true;
	}
	return false;
}

/* Where an expression ends that its author took for a whole: in {} and [] at
 * the comma or bracket that isn't its own, else with its line. */
static bool
find_end(struct str line, size_t from, bool is_flow, size_t *to)
{
	bool is_quoted = false;
	int depth = 0;

	for (*to = from; *to < line.bytes; (*to)++) {
		char c = line.at[*to];

		if (c == '"')
			is_quoted = !is_quoted;
		if (!is_flow || is_quoted)
			continue;
		if (depth == 0 && memchr(",]}", c, 3))
			return true;
		depth += (memchr("([{", c, 3) != NULL) -
		    (memchr(")]}", c, 3) != NULL);
	}
	return !is_flow;
}

/* Within {} or []; the scanner may have seen them closed already. */
static bool
is_in_flow(const yaml_parser_t *parser)
{
	return parser->flow_level > 0 || (parser->context &&
	    str_has_prefix(str_of(parser->context),
		STR("while parsing a flow")));
}

static void
note_cut(struct reader *reader, struct str line, size_t begin, size_t from)
{
	size_t to;

	if (reader->cut_count < CUTS_MAX &&
	    find_end(line, from, is_in_flow(&reader->parser), &to))
		reader->cuts[reader->cut_count++] =
		    (struct cut){begin + from, begin + to};
}

static bool
is_noted(const struct reader *reader, size_t byte)
{
	for (size_t i = 0; i < reader->cut_count; i++)
		if (byte >= reader->cuts[i].from && byte < reader->cuts[i].to)
			return true;
	return false;
}

/* Whether a quote is open at its end. */
static bool
is_quoted_at_end(struct str text)
{
	bool is_quoted = false;

	for (size_t i = 0; i < text.bytes; i++)
		is_quoted ^= text.at[i] == '"';
	return is_quoted;
}

/* In {} and [] what YAML took for a comment, amid a text of an expression,
 * hides the end of them: it is complained about lines below. */
static void
find_comment(struct reader *reader, size_t *byte)
{
	struct str text = reader->source->diag.text;
	size_t begin, from;

	if (!is_in_flow(&reader->parser))
		return;
	begin = mark_byte(reader, reader->parser.context_mark);
	while (begin > 0 && text.at[begin - 1] != '\n')
		begin--;
	for (size_t at = begin; at < *byte; at++) {
		struct str line = str_slice(text, begin, at - begin);

		if (text.at[at] == '\n')
			begin = at + 1;
		else if (text.at[at] == '#' && at > begin &&
		    text.at[at - 1] == ' ' &&
		    find_expression(line, line.bytes, &from) &&
		    !is_noted(reader, begin + from) &&
		    is_quoted_at_end(str_slice(line, from, SIZE_MAX))) {
			*byte = at;
			return;
		}
	}
}

static void
add_cut(struct reader *reader, size_t from, size_t to)
{
	struct str text = reader->source->diag.text;
	struct str taken = str_slice(text, from, to - from);
	struct diag_span span =
	    yaml_source_span(reader->source, from, taken.bytes);

	if (str_has_prefix(str_slice(text, to, 1), STR("#")))
		diag_add(reader->diags, DIAG_ERROR, LOAD_CUT, span,
		    "YAML takes what follows this expression from ` #` on for "
		    "a comment");
	else
		diag_add(reader->diags, DIAG_ERROR, LOAD_CUT, span,
		    "YAML ends this expression before `%.*s`",
		    STR_ARG(str_trim(str_slice(text, to, 2))));
}

/* An expression that holds ": ", " #", "[", "{" … is cut there by YAML, which
 * then complains about the rest. */
static bool
report_cut(struct reader *reader, size_t byte)
{
	struct diag_span span = yaml_source_span(reader->source, byte, 1);
	size_t begin = reader->source->lines[span.line - 1];
	struct str line = str_slice(reader->source->diag.text, begin, SIZE_MAX);
	size_t newline = str_find(line, STR("\n"));
	size_t from;
	size_t colon;

	if (newline != SIZE_MAX)
		line.bytes = newline;
	if (!find_expression(line, byte - begin, &from) ||
	    is_noted(reader, begin + from))
		return false;
	/* What is complained about may come after what was taken for a value.
	 */
	colon = str_find(str_slice(line, from, byte - begin - from), STR(": "));
	if (colon != SIZE_MAX)
		byte = begin + from + colon;
	add_cut(reader, begin + from, byte);
	diag_repair(reader->diags,
	    "put the whole value in single quotes: '= ...'");
	note_cut(reader, line, begin, from);
	return true;
}

static const struct complaint *
find_complaint(const char *problem)
{
	size_t count = sizeof(complaints) / sizeof(complaints[0]);

	for (size_t i = 0; problem && i < count; i++) {
		if (strcmp(complaints[i].problem, problem) == 0)
			return &complaints[i];
	}
	return NULL;
}

static void
report_token(struct reader *reader, size_t byte)
{
	struct str text = reader->source->diag.text;
	char c = byte < text.bytes ? text.at[byte] : ' ';
	struct diag_span span = yaml_source_span(reader->source, byte, 1);

	if (c == '\t') {
		diag_add(reader->diags, DIAG_ERROR, LOAD_SYNTAX, span,
		    "a tab can't indent a line");
		diag_repair(reader->diags, "use spaces");
		return;
	}
	diag_add(reader->diags, DIAG_ERROR, LOAD_SYNTAX, span,
	    "a text can't begin with `%c`", c);
	diag_repair(reader->diags, "put the text in quotes");
}

static void
report_syntax(struct reader *reader)
{
	const char *problem = reader->parser.problem;
	const struct complaint *complaint = find_complaint(problem);
	size_t byte = mark_byte(reader, reader->parser.problem_mark);
	size_t text_end = (size_t)(reader->text.at + reader->text.bytes -
	    reader->source->diag.text.at);

	must(problem);
	/* What is open at the document's end is shown where it begins. */
	if (byte >= text_end)
		byte = reader->parser.context ?
		    mark_byte(reader, reader->parser.context_mark) : text_end;
	find_comment(reader, &byte);
	if (report_cut(reader, byte))
		return;
	if (strcmp(problem, "found character that cannot start any token") ==
	    0) {
		report_token(reader, byte);
		return;
	}
	diag_add(reader->diags, DIAG_ERROR, LOAD_SYNTAX,
	    yaml_source_span(reader->source, byte, 1), "%s",
	    complaint ? complaint->message : problem);
	if (complaint)
		diag_repair(reader->diags, "%s", complaint->repair);
}

static bool
next_event(struct reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event))
		return true;
	report_syntax(reader);
	return false;
}

/* ---- nodes ---- */

static const struct yaml_node *read_node(struct reader *reader,
    yaml_event_t *event, size_t depth);

static struct yaml_node *
new_node(struct reader *reader, enum yaml_node_kind kind,
    const yaml_event_t *event)
{
	struct yaml_node *node = ARENA_NEW(reader->arena, struct yaml_node);

	node->kind = kind;
	node->from = mark_byte(reader, event->start_mark);
	node->to = mark_byte(reader, event->end_mark);
	node->span = mark_span(reader, event->start_mark, node->from,
	    kind == NODE_TEXT ? node->to : node->from);
	node->weight = 1;
	node->height = 1;
	return node;
}

/* Whether there is room for one more error: what is made to be refused
 * should not be able to fill the memory with complaints. */
static bool
has_room(const struct reader *reader)
{
	return diag_count(reader->diags, DIAG_ERROR) < ERRORS_MAX;
}

static void
note_tag(struct reader *reader, const yaml_event_t *event,
    const yaml_char_t *tag)
{
	static const struct str core = STR_INIT("tag:yaml.org,2002:");
	struct str name = str_of((const char *)tag);
	bool is_core = str_has_prefix(name, core);

	if (!tag || !has_room(reader))
		return;
	if (is_core)
		name = str_slice(name, core.bytes, name.bytes);
	diag_add(reader->diags, DIAG_ERROR, LOAD_TAG,
	    mark_span(reader, event->start_mark, 0, 0),
	    "the tag `%s%.*s` has no meaning here", is_core ? "!!" : "",
	    STR_ARG(name));
	diag_repair(reader->diags,
	    "remove it; put the value in quotes to make it a text");
}

static void
set_anchor(struct reader *reader, const char *anchor,
    const struct yaml_node *node)
{
	if (anchor)
		(void)map_put(reader->anchors, str_of(anchor), (void *)node);
}

static enum yaml_style
style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return STYLE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return STYLE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return STYLE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return STYLE_FOLDED;
	case YAML_ANY_SCALAR_STYLE:
	case YAML_PLAIN_SCALAR_STYLE:
		break;
	}
	return STYLE_PLAIN;
}

/* Where an anchor or a tag goes before it, the text begins after that. */
static void
skip_properties(struct reader *reader, struct yaml_node *node)
{
	struct str source = reader->source->diag.text;
	size_t begin = node->from;
	struct str skipped;
	uint32_t columns;

	while (node->from < node->to && (source.at[node->from] == '&' ||
	    source.at[node->from] == '!')) {
		while (node->from < node->to && source.at[node->from] != ' ' &&
		    source.at[node->from] != '\n')
			node->from++;
		while (node->from < node->to && (source.at[node->from] == ' ' ||
		    source.at[node->from] == '\n'))
			node->from++;
	}
	skipped = str_slice(source, begin, node->from - begin);
	if (str_find(skipped, STR("\n")) != SIZE_MAX) {
		node->span = yaml_source_span(reader->source, node->from,
		    node->to - node->from);
		return;
	}
	columns = (uint32_t)str_count_codepoints(skipped);
	node->span.column += columns;
	node->span.columns -= columns < node->span.columns ? columns : 0;
}

/* Stands for an expression that was cut: one that nobody complains about. */
static void
replace_cut(const struct reader *reader, struct yaml_node *node)
{
	for (size_t i = 0; i < reader->cut_count; i++) {
		if (node->from != reader->cuts[i].from)
			continue;
		node->style = STYLE_SINGLE;
		node->text = STR("= now()");
	}
}

static const struct yaml_node *
read_text(struct reader *reader, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(reader, NODE_TEXT, event);

	note_tag(reader, event, event->data.scalar.tag);
	node->style = style_of(event->data.scalar.style);
	node->text = arena_str(reader->arena, (struct str){
	    (const char *)event->data.scalar.value, event->data.scalar.length});
	if (event->data.scalar.anchor || event->data.scalar.tag)
		skip_properties(reader, node);
	replace_cut(reader, node);
	set_anchor(reader, (const char *)event->data.scalar.anchor, node);
	return node;
}

static const struct yaml_node *
read_alias(struct reader *reader, const yaml_event_t *event, size_t depth)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct yaml_node *node = map_find(reader->anchors, str_of(name));
	size_t from = mark_byte(reader, event->start_mark);
	struct diag_span span = mark_span(reader, event->start_mark, from,
	    from + 1 + strlen(name));

	if (!node || node == &open_anchor) {
		diag_add(reader->diags, DIAG_ERROR, LOAD_ALIAS, span,
		    node ? "`*%s` would hold itself" :
		    "no anchor `&%s` stands before this alias", name);
		return NULL;
	}
	reader->alias_nodes += node->weight;
	if (reader->alias_nodes > YAML_ALIAS_NODES_MAX) {
		diag_add(reader->diags, DIAG_ERROR, LOAD_ALIAS, span,
		    "aliases bring in more than %d values",
		    YAML_ALIAS_NODES_MAX);
		return NULL;
	}
	if (depth + node->height > YAML_DEPTH_MAX) {
		diag_add(reader->diags, DIAG_ERROR, LOAD_TOO_DEEP, span,
		    "nested deeper than %d levels by this alias",
		    YAML_DEPTH_MAX);
		return NULL;
	}
	return node;
}

static void
grow_node(struct yaml_node *node, const struct yaml_node *child)
{
	node->weight += child->weight;
	if (node->height <= child->height)
		node->height = child->height + 1;
}

static const struct yaml_node *
read_list(struct reader *reader, const yaml_event_t *start, size_t depth)
{
	struct yaml_node *node = new_node(reader, NODE_LIST, start);
	const char *anchor = (const char *)start->data.sequence_start.anchor;
	const struct yaml_node **items = NULL;
	size_t capacity = 0;
	yaml_event_t event;

	note_tag(reader, start, start->data.sequence_start.tag);
	set_anchor(reader, anchor, &open_anchor);
	for (;;) {
		const struct yaml_node *item;

		if (!next_event(reader, &event))
			return NULL;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			break;
		item = read_node(reader, &event, depth + 1);
		if (!item)
			return NULL;
		items = arena_grow(reader->arena, items, node->count, &capacity,
		    sizeof(struct yaml_node *));
		items[node->count++] = item;
		grow_node(node, item);
	}
	node->to = mark_byte(reader, event.end_mark);
	yaml_event_delete(&event);
	node->items = items;
	set_anchor(reader, anchor, node);
	return node;
}

/* ---- keys ---- */

static bool
check_key(struct reader *reader, const struct yaml_node *key)
{
	if (key->kind == NODE_TEXT && key->text.bytes > 0)
		return true;
	if (!has_room(reader))
		return false;
	diag_add(reader->diags, DIAG_ERROR, LOAD_BAD_KEY, key->span,
	    key->kind == NODE_TEXT ? "an empty key" : "a key has to be a word");
	if (key->kind == NODE_MAP) {
		diag_repair(reader->diags,
		    "put a text that begins with `{` in quotes");
	}
	return false;
}

/* true where the key is new; seen is made when a mapping grows large. */
static bool
is_new_key(struct reader *reader, const struct yaml_node *node,
    const struct yaml_node *key, struct map **seen)
{
	const struct yaml_node *first = NULL;

	if (node->count == 16 && !*seen) {
		*seen = map_new();
		for (size_t i = 0; i < node->count; i++) {
			(void)map_put(*seen, node->pairs[i].key->text,
			    (void *)node->pairs[i].key);
		}
	}
	for (size_t i = 0; !*seen && !first && i < node->count; i++) {
		if (str_equal(node->pairs[i].key->text, key->text))
			first = node->pairs[i].key;
	}
	if (*seen)
		first = map_find(*seen, key->text);
	if (first && !has_room(reader))
		return false;
	if (first) {
		diag_add(reader->diags, DIAG_ERROR, LOAD_DUPLICATE_KEY,
		    key->span, "the key `%.*s` stands here twice",
		    STR_ARG(key->text));
		diag_repair(reader->diags, "the first is in line %u",
		    first->span.line);
		return false;
	}
	if (*seen)
		(void)map_put(*seen, key->text, (void *)key);
	return true;
}

static bool
read_pair(struct reader *reader, yaml_event_t *event, size_t depth,
    struct yaml_pair *out)
{
	yaml_event_t next;

	out->key = read_node(reader, event, depth);
	if (!out->key || !next_event(reader, &next))
		return false;
	out->value = read_node(reader, &next, depth);
	return out->value != NULL;
}

static bool
read_pairs(struct reader *reader, struct yaml_node *node, size_t depth,
    struct map **seen)
{
	struct yaml_pair *pairs = NULL;
	size_t capacity = 0;
	yaml_event_t event;

	for (;;) {
		struct yaml_pair pair;

		if (!next_event(reader, &event))
			return false;
		if (event.type == YAML_MAPPING_END_EVENT)
			break;
		if (!read_pair(reader, &event, depth + 1, &pair))
			return false;
		grow_node(node, pair.key);
		grow_node(node, pair.value);
		if (!check_key(reader, pair.key) ||
		    !is_new_key(reader, node, pair.key, seen))
			continue;
		pairs = arena_grow(reader->arena, pairs, node->count, &capacity,
		    sizeof(struct yaml_pair));
		pairs[node->count++] = pair;
		node->pairs = pairs;
	}
	node->to = mark_byte(reader, event.end_mark);
	yaml_event_delete(&event);
	return true;
}

static const struct yaml_node *
read_map(struct reader *reader, const yaml_event_t *start, size_t depth)
{
	struct yaml_node *node = new_node(reader, NODE_MAP, start);
	const char *anchor = (const char *)start->data.mapping_start.anchor;
	struct map *seen = NULL;
	bool whole;

	note_tag(reader, start, start->data.mapping_start.tag);
	set_anchor(reader, anchor, &open_anchor);
	whole = read_pairs(reader, node, depth, &seen);
	map_free(&seen);
	if (!whole)
		return NULL;
	set_anchor(reader, anchor, node);
	return node;
}

/* Takes the event.  NULL where the document can't be read on. */
static const struct yaml_node *
read_node(struct reader *reader, yaml_event_t *event, size_t depth)
{
	const struct yaml_node *node = NULL;

	if (depth > YAML_DEPTH_MAX) {
		diag_add(reader->diags, DIAG_ERROR, LOAD_TOO_DEEP,
		    mark_span(reader, event->start_mark, 0, 0),
		    "nested deeper than %d levels", YAML_DEPTH_MAX);
	} else if (event->type == YAML_SCALAR_EVENT) {
		node = read_text(reader, event);
	} else if (event->type == YAML_ALIAS_EVENT) {
		node = read_alias(reader, event, depth - 1);
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		node = read_list(reader, event, depth);
	} else {
		must(event->type == YAML_MAPPING_START_EVENT);
		node = read_map(reader, event, depth);
	}
	yaml_event_delete(event);
	return node;
}

/* Passes over the events of the stream's and the document's start. */
static const struct yaml_node *
read_root(struct reader *reader)
{
	const struct yaml_node *root;
	yaml_event_t event;

	do {
		if (!next_event(reader, &event))
			return NULL;
		if (event.type == YAML_STREAM_START_EVENT ||
		    event.type == YAML_DOCUMENT_START_EVENT)
			yaml_event_delete(&event);
		else
			break;
	} while (true);
	/* yaml_source_next() gives no part without content. */
	must(event.type != YAML_STREAM_END_EVENT);
	root = read_node(reader, &event, 1);
	if (!root)
		return NULL;
	do {
		yaml_event_type_t type;

		if (!next_event(reader, &event))
			return NULL;
		type = event.type;
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT)
			return root;
	} while (true);
}

/* The text without what was cut: as many lines and columns, one word each. */
static struct str
mask_cuts(const struct reader *reader, struct arena *arena)
{
	struct str text = arena_str(arena, reader->text);
	size_t begin = (size_t)(reader->text.at - reader->source->diag.text.at);
	char *at = (char *)text.at;

	for (size_t i = 0; i < reader->cut_count; i++)
		for (size_t j = reader->cuts[i].from; j < reader->cuts[i].to;
		     j++)
			if (!(at[j - begin] & 0x80))
				at[j - begin] = 'x';
	return text;
}

/* Reads it once; NULL where its form is wrong. */
static const struct yaml_node *
read_once(struct reader *reader, struct arena *scratch)
{
	struct str text = mask_cuts(reader, scratch);
	const struct yaml_node *root;

	if (!yaml_parser_initialize(&reader->parser))
		unreachable("libyaml has no memory");
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser,
	    (const unsigned char *)text.at, text.bytes);
	reader->anchors = map_new();
	reader->alias_nodes = 0;
	reader->last_line = SIZE_MAX;
	root = read_root(reader);
	map_free(&reader->anchors);
	yaml_parser_delete(&reader->parser);
	return root;
}

static void
copy_diags(struct diag_list *to, struct diag_list *from, bool only_cuts)
{
	size_t count;
	const struct diag *diags = diag_sorted(from, &count);

	for (size_t i = 0; i < count; i++)
		if (!only_cuts || strcmp(diags[i].code, LOAD_CUT) == 0)
			diag_copy(to, &diags[i], diags[i].level);
}

/* What each reading says but for the last is said by the next again, except
 * for the cut that ended it. */
static const struct yaml_node *
read_all(struct reader *reader, struct diag_list *diags)
{
	struct arena *scratch = arena_new();
	const struct yaml_node *root;
	size_t cuts;

	do {
		cuts = reader->cut_count;
		reader->diags = diag_list_new();
		root = read_once(reader, scratch);
		copy_diags(diags, reader->diags, reader->cut_count > cuts);
		diag_list_free(&reader->diags);
	} while (reader->cut_count > cuts);
	arena_free(&scratch);
	return root;
}

const struct yaml_document *
yaml_tree_read(struct arena *arena, const struct yaml_source *source,
    struct str text, struct diag_list *diags)
{
	size_t begin = (size_t)(text.at - source->diag.text.at);
	struct cut cuts[CUTS_MAX];
	struct reader reader = {
		.arena = arena, .source = source, .text = text, .cuts = cuts,
		.first_line = yaml_source_span(source, begin, 1).line - 1,
	};
	struct yaml_document *document = NULL;
	const struct yaml_node *root;

	if (text.bytes > YAML_BYTES_MAX) {
		diag_add(diags, DIAG_ERROR, LOAD_TOO_LARGE,
		    yaml_source_span(source, begin, 1),
		    "the document is larger than 1 MiB");
		return NULL;
	}
	root = read_all(&reader, diags);
	if (root) {
		document = ARENA_NEW(arena, struct yaml_document);
		*document = (struct yaml_document){source, text, root};
	}
	return document;
}

/* ---- looking around ---- */

const struct yaml_node *
yaml_tree_find(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
		if (str_equal(map->pairs[i].key->text, str_of(key)))
			return map->pairs[i].value;
	}
	return NULL;
}

static const struct yaml_node *
follow_one(const struct yaml_node *node, struct str token)
{
	int64_t index;

	if (node->kind == NODE_LIST && node->count > 0 &&
	    str_parse_int(token, 0, (int64_t)node->count - 1, &index))
		return node->items[index];
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		if (str_equal(node->pairs[i].key->text, token))
			return node->pairs[i].value;
	}
	return NULL;
}

const struct yaml_node *
yaml_tree_follow(const struct yaml_node *node, struct str pointer)
{
	struct str rest = pointer;

	if (pointer.bytes == 0 || pointer.at[0] != '/')
		return node;
	rest = str_slice(rest, 1, SIZE_MAX);
	while (rest.at) {
		struct str token = str_split(rest, '/', &rest);
		const struct yaml_node *next = follow_one(node, token);

		if (!next)
			break;
		node = next;
	}
	return node;
}
