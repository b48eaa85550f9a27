/* SPDX-License-Identifier: Apache-2.0 */
/* load_field.c: one value of a kind that many keys have. */
#include "load_priv.h"

#define COUNT_MAX 1000000000

const char *
load_kind_words(enum load_kind kind)
{
	static const char *const words[] = {
		[KIND_TEXT] = "a text",
		[KIND_NAME] = "a name",
		[KIND_COUNT] = "a whole number from 0",
		[KIND_POSITIVE] = "a whole number from 1",
		[KIND_BOOLEAN] = "true or false",
		[KIND_DURATION] = "a duration such as 30s, 15m or 4h",
		[KIND_TERM] = "a duration such as 4h, 7d or 3 business days",
		[KIND_SPAN] = "a duration such as 15m, 4h or 3 business days",
		[KIND_VALUE] = "a value",
		[KIND_STRING] = "a text or an expression",
		[KIND_NUMBER] = "a number or an expression",
		[KIND_CONDITION] = "a condition after `=`",
		[KIND_VARIABLES] = "a mapping of variables to values",
		[KIND_FIELDS] = "a mapping of names to values",
		[KIND_SCHEMA] = "a JSON Schema",
		[KIND_MAP] = "a mapping",
		[KIND_LIST] = "a list",
		[KIND_OWN] = "a value",
	};

	return words[kind];
}

static void
report_kind(struct load *load, const struct yaml_node *node, const char *key,
    enum load_kind kind)
{
	struct str found = load_describe(load, node);

	load_error(load, LOAD_WRONG_KIND, node->span, "`%s` takes %s, not %.*s",
	    key, load_kind_words(kind), STR_ARG(found));
}

bool
load_is_nothing(const struct yaml_node *node)
{
	bool boolean;
	struct number number;
	const char *error;

	return node->kind == NODE_TEXT && yaml_scalar_read(node, &boolean,
	    &number, &error) == SCALAR_NULL;
}

/* ---- texts and names ---- */

struct str
load_text(struct load *load, const struct yaml_node *node, const char *key)
{
	if (load_is_expression(node)) {
		load_error(load, LOAD_NO_EXPRESSION, node->span,
		    "`%s` takes a text, not an expression", key);
		return STR("");
	}
	if (yaml_scalar_is_string(node))
		return node->text;
	report_kind(load, node, key, KIND_TEXT);
	if (node->kind == NODE_TEXT && !load_is_nothing(node))
		load_repair(load, "put it in quotes to make it a text");
	return STR("");
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

struct str
load_name(struct load *load, const struct yaml_node *node, const char *key)
{
	struct str name = load_text(load, node, key);

	for (size_t i = 0; i < name.bytes; i++) {
		if (is_name_byte(name.at[i]))
			continue;
		load_error(load, LOAD_BAD_NAME, node->span,
		    "`%.*s` is not a name", STR_ARG(yaml_short(name)));
		load_repair(load,
		    "a name has letters, digits, `-`, `_` and `.` only");
		break;
	}
	if (name.bytes == 0 && node->kind == NODE_TEXT &&
	    node->style != STYLE_PLAIN)
		load_error(load, LOAD_BAD_NAME, node->span, "an empty name");
	return name;
}

const struct str *
load_texts(struct load *load, const struct yaml_node *node, const char *key,
    size_t *count)
{
	struct str *texts;

	if (node->kind == NODE_TEXT) {
		texts = ARENA_ARRAY(load->arena, 1, struct str);
		texts[0] = load_text(load, node, key);
		*count = 1;
		return texts;
	}
	*count = 0;
	if (node->kind == NODE_MAP) {
		report_kind(load, node, key, KIND_LIST);
		return NULL;
	}
	texts = ARENA_ARRAY(load->arena, node->count, struct str);
	for (size_t i = 0; i < node->count; i++)
		texts[i] = load_text(load, node->items[i], key);
	*count = node->count;
	return texts;
}

/* ---- priorities and severities ---- */

/* The first stands in for a wrong one. */
static const struct load_word level_words[] = {
	{"normal", PRIORITY_NORMAL},
	{"low", PRIORITY_LOW},
	{"high", PRIORITY_HIGH},
	{"critical", PRIORITY_CRITICAL},
};
const struct load_table load_form_level = LOAD_WORDS(level_words);
const struct load_table load_form_level_value =
    LOAD_EITHER(&load_form_level, &load_form_expression);

enum def_priority
load_level(struct load *load, const struct yaml_node *node, const char *key)
{
	return (enum def_priority)LOAD_CHOOSE(load, node, level_words, key);
}

const struct template *
load_level_value(struct load *load, const struct yaml_node *node,
    const char *key)
{
	if (!load_is_expression(node))
		(void)load_level(load, node, key);
	return load_template(load, node);
}

/* ---- numbers ---- */

static void
load_count(struct load *load, const struct load_key *key,
    const struct yaml_node *node, int64_t *out)
{
	int64_t least = key->kind == KIND_POSITIVE;
	int64_t n = least;
	bool boolean;
	struct number number;
	const char *error;

	if (node->kind != NODE_TEXT || yaml_scalar_read(node, &boolean, &number,
	    &error) != SCALAR_NUMBER) {
		report_kind(load, node, key->name, key->kind);
		return;
	}
	if (!number_to_int(number, &n) || n < least || n > COUNT_MAX) {
		load_error(load, LOAD_RANGE, node->span,
		    "`%s` has to be a whole number from %d to %d", key->name,
		    (int)least, COUNT_MAX);
		return;
	}
	*out = n;
}

static void
load_boolean(struct load *load, const struct load_key *key,
    const struct yaml_node *node, bool *out)
{
	struct number number;
	const char *error;

	if (node->kind == NODE_TEXT && yaml_scalar_read(node, out, &number,
	    &error) == SCALAR_BOOLEAN)
		return;
	*out = false;
	report_kind(load, node, key->name, key->kind);
	if (node->kind == NODE_TEXT && (str_equal(node->text, STR("yes")) ||
	    str_equal(node->text, STR("on"))))
		load_repair(load, "write true");
}

/* ---- spans of time ---- */

/* What is not for one instance, whose values an expression could read. */
static struct def_span
load_term(struct load *load, const struct yaml_node *node, const char *key)
{
	struct def_span span = {.span = node->span};
	struct str found;

	if (!yaml_scalar_is_string(node) || load_is_expression(node) ||
	    !def_span_parse(node->text, &span)) {
		found = load_describe(load, node);
		load_error(load, LOAD_BAD_SPAN, node->span,
		    "`%s` takes a duration, not %.*s", key, STR_ARG(found));
		load_repair(load,
		    "write 30s, 15m, 4h, 2d, 1w, PT4H or 3 business days");
		span = (struct def_span){.kind = SPAN_FIXED, .fixed_ms = 1};
	}
	if (span.kind == SPAN_BUSINESS_DAYS && !load->calendar &&
	    !load->is_calendar_amiss) {
		load_error(load, LOAD_NO_CALENDAR, node->span,
		    "business days need a calendar");
		load_repair(load, "add `calendar: NAME` to the workflow");
	}
	span.text = node->kind == NODE_TEXT ? node->text : STR("");
	span.span = node->span;
	return span;
}

struct def_span
load_span(struct load *load, const struct yaml_node *node, const char *key)
{
	if (!load_is_expression(node))
		return load_term(load, node, key);
	return (struct def_span){
	    .kind = SPAN_FEEL,
	    .text = node->text,
	    .feel = load_template(load, node),
	    .span = node->span,
	};
}

int64_t
load_duration(struct load *load, const struct yaml_node *node, const char *key)
{
	struct def_span span = {0};
	struct str found;

	if (yaml_scalar_is_string(node) && !load_is_expression(node) &&
	    def_span_parse(node->text, &span) && span.kind == SPAN_FIXED)
		return span.fixed_ms;
	found = load_describe(load, node);
	load_error(load, LOAD_BAD_SPAN, node->span,
	    "`%s` takes a fixed duration, not %.*s", key, STR_ARG(found));
	load_repair(load, "write 30s, 15m, 4h, 2d, 1w or PT4H");
	return 1;
}

/* ---- templates of a certain kind ---- */

static bool
is_literal_of(const struct template *template, enum value_type type)
{
	return template->kind == TEMPLATE_LITERAL &&
	    template->literal->type == type;
}

static void
load_value(struct load *load, const struct load_key *key,
    const struct yaml_node *node, const struct template **out)
{
	const struct template *template = load_template(load, node);
	bool fits = template->kind == TEMPLATE_FEEL ||
	    load_is_expression(node) || key->kind == KIND_VALUE;

	*out = template;
	if (key->kind == KIND_STRING)
		fits = fits || template->kind == TEMPLATE_SECRET ||
		    is_literal_of(template, VALUE_STRING);
	if (key->kind == KIND_NUMBER)
		fits = fits || is_literal_of(template, VALUE_NUMBER);
	if (key->kind == KIND_CONDITION)
		fits = fits || is_literal_of(template, VALUE_BOOLEAN);
	if (key->kind == KIND_CONDITION && template->kind == TEMPLATE_FEEL)
		load_types_check_condition(load, node, template->feel);
	if (fits)
		return;
	report_kind(load, node, key->name, key->kind);
	if (key->kind == KIND_CONDITION && node->kind == NODE_TEXT) {
		load_repair(load, "write `= %.*s`",
		    STR_ARG(yaml_short(node->text)));
	}
}

/* ---- assignments ---- */

static bool
is_word(struct str name)
{
	bool is_start = true;
	size_t at = 0;

	while (at < name.bytes) {
		uint32_t c = str_next_codepoint(name, &at);
		bool letter = c == '_' || c >= 0x80 ||
		    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

		if (!letter && (is_start || c < '0' || c > '9'))
			return false;
		is_start = false;
	}
	return name.bytes > 0;
}

static bool
is_feel_word(struct str name)
{
	static const char *const words[] = {
		"if", "then", "else", "for", "in", "return", "some", "every",
		"satisfies", "and", "or", "not", "true", "false", "null",
		"between", "instance", "of", "function", "external", "item",
		"active",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal(name, str_of(words[i])))
			return true;
	}
	return false;
}

/* Within {}, what a number with a comma becomes: the key "19" without a value,
 * behind a value "1". */
static bool
is_behind_comma(const struct load *load, const struct yaml_node *key)
{
	struct str text = load->document->source->diag.text;

	return key->style == STYLE_PLAIN && key->text.bytes > 0 &&
	    key->text.at[0] >= '0' && key->text.at[0] <= '9' &&
	    key->from > 0 && text.at[key->from - 1] == ',';
}

void
load_check_variable(struct load *load, const struct yaml_node *key)
{
	size_t count;
	const struct str *builtins = load_scope_builtins(&count);

	if (is_behind_comma(load, key)) {
		load_error(load, LOAD_CUT, key->span,
		    "YAML ends the value before this at the `,`");
		load_repair(load, "write numbers with a point, and put a value "
		    "that has a comma in single quotes: '= ...'");
		return;
	}
	if (!is_word(key->text)) {
		load_error(load, LOAD_BAD_NAME, key->span,
		    "`%.*s` can't be the name of a variable",
		    STR_ARG(yaml_short(key->text)));
		load_repair(load, "use letters, digits and `_` only");
		return;
	}
	if (str_is_among(key->text, builtins, count)) {
		load_error(load, LOAD_BAD_NAME, key->span,
		    "`%.*s` is a name of the language and can't be set",
		    STR_ARG(key->text));
		return;
	}
	if (is_feel_word(key->text)) {
		load_error(load, LOAD_BAD_NAME, key->span,
		    "`%.*s` is a word of expressions and can't be set",
		    STR_ARG(key->text));
	}
}

static struct def_assigns
load_assigns(struct load *load, const struct yaml_node *node, const char *key,
    bool are_variables)
{
	struct def_assign *items;

	if (node->kind != NODE_MAP) {
		report_kind(load, node, key, are_variables ? KIND_VARIABLES :
		    KIND_FIELDS);
		return (struct def_assigns){0};
	}
	items = ARENA_ARRAY(load->arena, node->count, struct def_assign);
	for (size_t i = 0; i < node->count; i++) {
		if (are_variables && !load_is_rest(node, i))
			load_check_variable(load, node->pairs[i].key);
		items[i].name = node->pairs[i].key->text;
		items[i].value = load_template(load, node->pairs[i].value);
	}
	return (struct def_assigns){items, node->count};
}

/* ---- by kind ---- */

void
load_field(struct load *load, const struct load_key *key,
    const struct yaml_node *node, void *field)
{
	const struct value *unused;

	switch (key->kind) {
	case KIND_TEXT:
		*(struct str *)field = load_text(load, node, key->name);
		return;
	case KIND_NAME:
		*(struct str *)field = load_name(load, node, key->name);
		return;
	case KIND_COUNT:
	case KIND_POSITIVE:
		load_count(load, key, node, field);
		return;
	case KIND_BOOLEAN:
		load_boolean(load, key, node, field);
		return;
	case KIND_DURATION:
		*(int64_t *)field = load_duration(load, node, key->name);
		return;
	case KIND_TERM:
		/* Earlier programs took an expression, and what stands where
		 * nothing is written counted. */
		if (load->is_stored && load_is_expression(node))
			return;
		*(struct def_span *)field = load_term(load, node, key->name);
		return;
	case KIND_SPAN:
		*(struct def_span *)field = load_span(load, node, key->name);
		return;
	case KIND_VALUE:
	case KIND_STRING:
	case KIND_NUMBER:
	case KIND_CONDITION:
		load_value(load, key, node, field);
		return;
	case KIND_VARIABLES:
	case KIND_FIELDS:
		*(struct def_assigns *)field = load_assigns(load, node,
		    key->name, key->kind == KIND_VARIABLES);
		return;
	case KIND_SCHEMA:
		*(const struct schema **)field =
		    load_schema(load, node, &unused);
		return;
	case KIND_MAP:
	case KIND_LIST:
	case KIND_OWN:
		break;
	}
	unreachable("such a row has a table or a function of its own");
}
