/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_form.c: mappings held against their tables, values made templates.
 *
 * Reading never stops at a mistake: all that is wrong in a file is told in one
 * run.
 */
#include "scenario_priv.h"

/* So many words of help are read; more are not. */
#define LEGAL_MAX 12

struct form_word {
	enum form form;
	const char *words;
};

static const struct form_word form_words[] = {
    {FORM_TEXT, "a text"},
    {FORM_NUMBER, "a number"},
    {FORM_FLAG, "true or false"},
    {FORM_MAP, "a mapping"},
    {FORM_LIST, "a list"},
    {FORM_NOTHING, "nothing"},
};

struct str
form_below(struct reader *reader, struct str pointer, struct str key)
{
	return arena_strf(
	    reader->arena, "%.*s/%.*s", STR_ARG(pointer), STR_ARG(key));
}

struct str
form_item(struct reader *reader, struct str pointer, size_t index)
{
	return arena_strf(reader->arena, "%.*s/%zu", STR_ARG(pointer), index);
}

void
form_error(struct reader *reader, const char *code, struct str pointer,
    const char *format, ...)
{
	struct buf text = {0};
	va_list arguments;

	va_start(arguments, format);
	buf_addv(&text, format, arguments);
	va_end(arguments);
	diag_add(reader->diags, DIAG_ERROR, code,
	    yaml_place(reader->places, pointer), "%s", buf_cstr(&text));
	buf_fini(&text);
}

void
form_suggest(struct reader *reader, struct str word, const struct str *legal,
    size_t count)
{
	struct str near = str_nearest(word, legal, count);
	struct buf text = {0};

	if (near.at != NULL) {
		diag_repair(
		    reader->diags, "did you mean `%.*s`?", STR_ARG(near));
		return;
	}
	if (count == 0 || count > LEGAL_MAX)
		return;
	for (size_t i = 0; i < count; i++)
		buf_addf(&text, "%s%.*s", i > 0 ? ", " : "", STR_ARG(legal[i]));
	diag_repair(reader->diags, "expected one of: %s", buf_cstr(&text));
	buf_fini(&text);
}

void
form_unknown(struct reader *reader, struct str pointer, const char *what,
    struct str word, const struct str *legal, size_t count)
{
	form_error(reader, SCENARIO_UNKNOWN_NAME, pointer, "no %s `%.*s`", what,
	    STR_ARG(word));
	form_suggest(reader, word, legal, count);
}

/* ---- kinds of values ---- */

static enum form
form_of(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return FORM_NOTHING;
	case VALUE_BOOLEAN:
		return FORM_FLAG;
	case VALUE_NUMBER:
		return FORM_NUMBER;
	case VALUE_LIST:
		return FORM_LIST;
	case VALUE_CONTEXT:
		return FORM_MAP;
	default:
		return FORM_TEXT;
	}
}

static struct str
words_of(struct reader *reader, unsigned forms)
{
	struct buf text = {0};
	struct str words;

	for (size_t i = 0; i < sizeof(form_words) / sizeof(form_words[0]); i++)
		if (forms & form_words[i].form)
			buf_addf(&text, "%s%s", text.bytes > 0 ? " or " : "",
			    form_words[i].words);
	words = arena_str(reader->arena, buf_str(&text));
	buf_fini(&text);
	return words;
}

bool
form_is(struct reader *reader, const struct value *value, struct str pointer,
    const char *what, unsigned forms)
{
	enum form form = form_of(value);

	if (forms & form || form_is_expression(value))
		return true;
	form_error(reader, SCENARIO_WRONG_KIND, pointer,
	    "`%s` takes %.*s, not %.*s", what, STR_ARG(words_of(reader, forms)),
	    STR_ARG(words_of(reader, form)));
	return false;
}

/* ---- mappings ---- */

static const struct form_key *
find_key(const struct form_table *table, struct str name)
{
	for (size_t i = 0; i < table->count; i++)
		if (str_equal(str_of(table->keys[i].name), name))
			return &table->keys[i];
	return NULL;
}

static void
report_unknown(struct reader *reader, struct str pointer, struct str key,
    const struct form_table *table)
{
	struct str *legal =
	    ARENA_ARRAY(reader->arena, table->count, struct str);

	for (size_t i = 0; i < table->count; i++)
		legal[i] = str_of(table->keys[i].name);
	diag_add(reader->diags, DIAG_ERROR, SCENARIO_UNKNOWN_KEY,
	    yaml_place_of_key(reader->places, pointer),
	    "unknown key `%.*s` in %s", STR_ARG(key), table->what);
	form_suggest(reader, key, legal, table->count);
}

void
form_map(struct reader *reader, const struct value *map, struct str pointer,
    const struct form_table *table)
{
	for (size_t i = 0; i < map->as.context.count; i++) {
		const struct value_field *field = &map->as.context.fields[i];
		const struct form_key *key = find_key(table, field->key);
		struct str at = form_below(reader, pointer, field->key);

		if (key == NULL)
			report_unknown(reader, at, field->key, table);
		else if (form_is(
			     reader, field->value, at, key->name, key->forms) &&
			 key->check != NULL &&
			 !form_is_expression(field->value))
			key->check(reader, field->value, at);
	}
	for (size_t i = 0; i < table->count; i++)
		if (table->keys[i].is_required &&
		    value_get_cstr(map, table->keys[i].name) == NULL)
			form_error(reader, SCENARIO_MISSING_KEY, pointer,
			    "%s needs `%s`", table->what, table->keys[i].name);
}

/* ---- templates ---- */

bool
form_is_expression(const struct value *value)
{
	return value->type == VALUE_STRING && value->as.string.bytes > 0 &&
	       value->as.string.at[0] == '=';
}

/* `text` begins behind its "=". */
static void
read_expression(struct reader *reader, struct str text, struct str pointer,
    bool tests, struct template *into)
{
	struct feel_error error;
	const struct feel *feel =
	    tests ? feel_parse_unary_tests(
			reader->arena, text, reader->names, &error)
		  : feel_parse(reader->arena, text, reader->names, &error);

	if (feel != NULL) {
		into->kind = TEMPLATE_FEEL;
		into->feel = feel;
		into->text = text;
		return;
	}
	diag_add(reader->diags, DIAG_ERROR, SCENARIO_BAD_EXPRESSION,
	    yaml_place_within(reader->places, pointer, 1 + error.offset,
		error.bytes), "%s", error.message);
	if (error.repair[0] != '\0')
		diag_repair(reader->diags, "%s", error.repair);
}

static void
read_list(struct reader *reader, const struct value *value, struct str pointer,
    bool tests, struct template *into)
{
	size_t count = value->as.list.count;
	const struct template **items =
	    ARENA_ARRAY(reader->arena, count, const struct template *);

	for (size_t i = 0; i < count; i++)
		items[i] = form_template(reader, value->as.list.items[i],
		    form_item(reader, pointer, i), tests);
	into->kind = TEMPLATE_LIST;
	into->items = items;
	into->count = count;
}

static void
read_context(struct reader *reader, const struct value *value,
    struct str pointer, bool tests, struct template *into)
{
	size_t count = value->as.context.count;
	struct template_field *fields =
	    ARENA_ARRAY(reader->arena, count, struct template_field);

	for (size_t i = 0; i < count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		fields[i].key = field->key;
		fields[i].value = form_template(reader, field->value,
		    form_below(reader, pointer, field->key), tests);
	}
	into->kind = TEMPLATE_CONTEXT;
	into->fields = fields;
	into->count = count;
}

const struct template *
form_template(struct reader *reader, const struct value *value,
    struct str pointer, bool tests)
{
	struct template *into = ARENA_NEW(reader->arena, struct template);

	into->span = yaml_place(reader->places, pointer);
	into->kind = TEMPLATE_LITERAL;
	into->literal = value;
	if (form_is_expression(value))
		read_expression(reader,
		    str_slice(value->as.string, 1, SIZE_MAX), pointer, tests,
		    into);
	else if (value->type == VALUE_LIST)
		read_list(reader, value, pointer, tests, into);
	else if (value->type == VALUE_CONTEXT)
		read_context(reader, value, pointer, tests, into);
	return into;
}

const struct template *
form_field(const struct template *map, const char *key)
{
	if (map == NULL || map->kind != TEMPLATE_CONTEXT)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (str_equal(map->fields[i].key, str_of(key)))
			return map->fields[i].value;
	return NULL;
}

struct str
form_text(const struct template *template)
{
	if (template == NULL || template->kind != TEMPLATE_LITERAL)
		return (struct str){NULL, 0};
	return value_str(template->literal);
}
