/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_language.c: the language as a JSON Schema, for editors.
 *
 * Everything is read from the tables that documents are loaded by: a key that
 * is added there is offered by editors as well.  Only keywords are used that
 * mean the same in draft 7 and in 2020-12, since editors differ.  What a
 * mapping is goes by if and then, so that a mistake is told of the mapping
 * that was meant, and not that it is none of many.
 */
#include "load_priv.h"

#define NAME_PATTERN "^[A-Za-z0-9._-]+$"

/* A table of keys or cases under `$defs`. */
struct language_def {
	const struct load_table *table;
	struct str name;
};
struct language {
	struct arena *arena;
	struct language_def *defs; /* grows while they are written */
	size_t count;
	size_t capacity;
};

static const struct value *write_form(struct language *language,
    const struct load_table *form);

/* ---- small parts ---- */

static struct value_builder *
object(const struct language *language)
{
	return value_build_context(language->arena);
}

static const struct value *
list_of(const struct language *language, const struct value *const *items,
    size_t count)
{
	struct value_builder *list = value_build_list(language->arena);

	for (size_t i = 0; i < count; i++)
		value_append(list, items[i]);
	return value_built(list);
}

/* {"key": value} */
static const struct value *
pair(const struct language *language, const char *key,
    const struct value *value)
{
	struct value_builder *built = object(language);

	value_put(built, str_of(key), value);
	return value_built(built);
}

static const struct value *
text(const struct language *language, const char *value)
{
	return value_of_str(language->arena, str_of(value));
}

static const struct value *
either(const struct language *language, const struct value *one,
    const struct value *other)
{
	const struct value *both[] = {one, other};

	return pair(language, "anyOf", list_of(language, both, 2));
}

static const struct value *
pattern(const struct language *language, const char *expression)
{
	struct value_builder *built = object(language);

	value_put_str(built, "type", STR("string"));
	value_put_str(built, "pattern", str_of(expression));
	return value_built(built);
}

static const struct value *
typed(const struct language *language, const char *type)
{
	return pair(language, "type", text(language, type));
}

static const struct value *
expression(const struct language *language)
{
	return pattern(language, "^=");
}

/* ---- kinds ---- */

static const struct value *
count_from(const struct language *language, int64_t least)
{
	struct value_builder *built = object(language);

	value_put_str(built, "type", STR("integer"));
	value_put_int(built, "minimum", least);
	return value_built(built);
}

static const struct value *
variables(const struct language *language)
{
	struct value_builder *built = object(language);

	value_put_str(built, "type", STR("object"));
	value_put(built, STR("propertyNames"), pair(language, "pattern",
	    text(language, "^[^0-9 .-][^ .-]*$")));
	return value_built(built);
}

static const struct value *
schema_of_schemas(const struct language *language)
{
	return either(language, typed(language, "object"),
	    typed(language, "boolean"));
}

static const struct value *
secret(const struct language *language)
{
	struct value_builder *built = object(language);
	const struct value *required[] = {text(language, "secret")};

	value_put_str(built, "type", STR("object"));
	value_put(built, STR("properties"), pair(language, "secret",
	    typed(language, "string")));
	value_put(built, STR("required"), list_of(language, required, 1));
	value_put(built, STR("additionalProperties"), &value_false);
	return value_built(built);
}

static const struct value *
scalar(const struct language *language)
{
	const struct value *types[] = {
		text(language, "string"), text(language, "number"),
		text(language, "boolean"), text(language, "null"),
	};

	return pair(language, "type",
	    list_of(language, types, COUNT_OF(types)));
}

#define DURATION "[0-9]+(ms|s|m|h|d|w|y)|P.+"

static const struct value *
write_kind(const struct language *language, enum load_kind kind)
{
	switch (kind) {
	case KIND_TEXT:
		return pattern(language, "^([^=]|$)");
	case KIND_NAME:
		return pattern(language, NAME_PATTERN);
	case KIND_COUNT:
		return count_from(language, 0);
	case KIND_POSITIVE:
		return count_from(language, 1);
	case KIND_BOOLEAN:
		return typed(language, "boolean");
	case KIND_DURATION:
		return pattern(language, "^(" DURATION ")$");
	case KIND_TERM:
		return pattern(
		    language, "^(" DURATION "|[0-9]+ business days?)$");
	case KIND_SPAN:
		return pattern(language,
		    "^(" DURATION "|[0-9]+ business days?|=(.|\\n)*)$");
	case KIND_VALUE:
		return value_built(object(language));
	case KIND_STRING:
		return either(language, typed(language, "string"),
		    secret(language));
	case KIND_NUMBER:
		return either(language, typed(language, "number"),
		    expression(language));
	case KIND_CONDITION:
		return either(language, expression(language),
		    typed(language, "boolean"));
	case KIND_VARIABLES:
		return variables(language);
	case KIND_FIELDS:
		return typed(language, "object");
	case KIND_SCHEMA:
		return schema_of_schemas(language);
	case KIND_MAP:
	case KIND_LIST:
	case KIND_OWN:
		break;
	}
	unreachable("such a row has a form of its own");
}

/* ---- references ---- */

/* "a webhook's `verify`" is "webhook-s-verify". */
static struct str
def_name(const struct language *language, const char *what)
{
	struct str words = str_of(what);
	struct buf name = {0};
	struct str kept;

	if (str_has_prefix(words, STR("a ")) ||
	    str_has_prefix(words, STR("an ")))
		(void)str_split(words, ' ', &words);
	for (size_t i = 0; i < words.bytes; i++) {
		bool is_letter = words.at[i] >= 'a' && words.at[i] <= 'z';

		if (is_letter)
			buf_add_char(&name, words.at[i]);
		else if (name.bytes > 0 && name.at[name.bytes - 1] != '-')
			buf_add_char(&name, '-');
	}
	kept = arena_str(language->arena, buf_str(&name));
	buf_fini(&name);
	if (str_has_suffix(kept, STR("-")))
		kept.bytes--;
	for (size_t i = 0; i < language->count; i++) {
		if (str_equal(language->defs[i].name, kept))
			kept = arena_strf(language->arena, "%.*s-part",
			    STR_ARG(kept));
	}
	return kept;
}

static struct str
name_def(struct language *language, const struct load_table *table)
{
	for (size_t i = 0; i < language->count; i++) {
		if (language->defs[i].table == table)
			return language->defs[i].name;
	}
	language->defs = arena_grow(language->arena, language->defs,
	    language->count, &language->capacity, sizeof(*language->defs));
	language->defs[language->count].name =
	    def_name(language, table->what);
	language->defs[language->count].table = table;
	return language->defs[language->count++].name;
}

static const struct value *
reference(struct language *language, const struct load_table *table)
{
	struct str name = name_def(language, table);

	return pair(language, "$ref", value_of_str(language->arena,
	    arena_strf(language->arena, "#/$defs/%.*s", STR_ARG(name))));
}

/* ---- forms ---- */

static const struct value *
write_words(const struct language *language, const struct load_table *form)
{
	struct value_builder *words = value_build_list(language->arena);

	for (size_t i = 0; i < form->count; i++)
		value_append(words, text(language, form->words[i].name));
	return pair(language, "enum", value_built(words));
}

static const struct value *
write_list(struct language *language, const struct load_table *of)
{
	struct value_builder *built = object(language);

	value_put_str(built, "type", STR("array"));
	value_put(built, STR("items"), write_form(language, of));
	return value_built(built);
}

static const struct value *
write_named(struct language *language, const struct load_table *of)
{
	struct value_builder *built = object(language);

	value_put_str(built, "type", STR("object"));
	value_put(built, STR("additionalProperties"),
	    write_form(language, of));
	return value_built(built);
}

static const struct value *
write_form(struct language *language, const struct load_table *form)
{
	switch (form->shape) {
	case SHAPE_KEYS:
	case SHAPE_CASES:
		return reference(language, form);
	case SHAPE_NAMED:
		return write_named(language, form->of);
	case SHAPE_LIST:
		return write_list(language, form->of);
	case SHAPE_SOME:
		return either(language, write_form(language, form->of),
		    write_list(language, form->of));
	case SHAPE_EITHER:
		return either(language, write_form(language, form->of),
		    write_form(language, form->other));
	case SHAPE_WORDS:
		return write_words(language, form);
	case SHAPE_KIND:
		return write_kind(language, form->kind);
	case SHAPE_PATTERN:
		return pattern(language, form->pattern);
	case SHAPE_EXPRESSION:
		return expression(language);
	case SHAPE_NOTHING:
		return typed(language, "null");
	case SHAPE_SCALAR:
		return scalar(language);
	}
	unreachable("all shapes are handled");
}

/* ---- mappings ---- */

/* How spans and conditions are written is what people look up. */
static bool
is_told_by_kind(enum load_kind kind)
{
	return kind == KIND_DURATION || kind == KIND_TERM ||
	    kind == KIND_SPAN || kind == KIND_CONDITION;
}

static const struct value *
write_row(struct language *language, const struct load_key *row)
{
	struct value_builder *built = object(language);
	const struct value *form = row->table ?
	    write_form(language, row->table) : write_kind(language, row->kind);

	value_put_str(built, "description", is_told_by_kind(row->kind) ?
	    arena_strf(language->arena, "%s (%s)", row->help,
	    load_kind_words(row->kind)) : str_of(row->help));
	for (size_t i = 0; i < form->as.context.count; i++)
		value_put(built, form->as.context.fields[i].key,
		    form->as.context.fields[i].value);
	return value_built(built);
}

static const struct value *
write_keys(struct language *language, const struct load_table *table)
{
	struct value_builder *built = object(language);
	struct value_builder *properties = object(language);
	struct value_builder *required = value_build_list(language->arena);
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct load_key *row = &table->keys[i];

		value_put(properties, str_of(row->name),
		    write_row(language, row));
		if (row->need != LOAD_MUST)
			continue;
		value_append(required, text(language, row->name));
		count++;
	}
	value_put_str(built, "type", STR("object"));
	value_put(built, STR("properties"), value_built(properties));
	if (count > 0)
		value_put(built, STR("required"), value_built(required));
	value_put(built, STR("additionalProperties"), &value_false);
	return value_built(built);
}

/* ---- cases ---- */

static const struct load_key *
find_row(const struct load_table *table, const char *key)
{
	const struct load_key *row = NULL;

	if (table->shape == SHAPE_KEYS)
		return load_find_key(table, str_of(key));
	for (size_t i = 0; !row && i < table->count; i++)
		row = find_row(table->cases[i].table, key);
	return row;
}

static const struct value *
requires(const struct language *language, const char *key)
{
	const struct value *keys[] = {text(language, key)};

	return pair(language, "required", list_of(language, keys, 1));
}

/* By its key, unless another case has that too and is meant: a run may
 * `wait`. */
static const struct value *
condition_of(const struct language *language, const struct load_table *form,
    const struct load_case *one)
{
	struct value_builder *built = object(language);
	struct value_builder *others = value_build_list(language->arena);
	const struct value *keys[] = {text(language, one->key)};
	size_t count = 0;

	for (size_t i = 0; !one->word && i < form->count; i++) {
		const struct load_case *other = &form->cases[i];

		if (other == one || !other->key || other->word ||
		    !find_row(other->table, one->key))
			continue;
		value_append(others, requires(language, other->key));
		count++;
	}
	value_put(built, STR("required"), list_of(language, keys, 1));
	if (one->word)
		value_put(built, STR("properties"), pair(language, one->key,
		    pair(language, "const", text(language, one->word))));
	if (count > 0)
		value_put(built, STR("not"), pair(language, "anyOf",
		    value_built(others)));
	return value_built(built);
}

static const struct value *
branch(const struct language *language, const struct value *condition,
    const struct value *then)
{
	struct value_builder *built = object(language);

	value_put(built, STR("if"), condition);
	value_put(built, STR("then"), then);
	return value_built(built);
}

static const struct value *
write_cases(struct language *language, const struct load_table *form)
{
	struct value_builder *built = object(language);
	struct value_builder *branches = value_build_list(language->arena);
	struct value_builder *all = value_build_list(language->arena);
	struct value_builder *keys = object(language);
	bool is_open = false;

	for (size_t i = 0; i < form->count; i++) {
		const struct load_case *one = &form->cases[i];
		const struct value *then = write_form(language, one->table);
		const struct value *condition = one->key ?
		    condition_of(language, form, one) :
		    pair(language, "not", pair(language, "anyOf",
		    value_built(all)));

		value_append(branches, branch(language, condition, then));
		is_open = is_open || !one->key;
		if (!one->key)
			break;
		value_append(all, one->word ? condition :
		    requires(language, one->key));
		if (!one->word)
			value_put(keys, str_of(one->key), pair(language,
			    "description", text(language,
			    find_row(one->table, one->key)->help)));
	}
	value_put_str(built, "type", STR("object"));
	if (!is_open) {
		value_put(built, STR("properties"), value_built(keys));
		value_put(built, STR("anyOf"), value_built(all));
	}
	value_put(built, STR("allOf"), value_built(branches));
	return value_built(built);
}

/* ---- the whole ---- */

void
library_schema(struct buf *out)
{
	struct language language = {.arena = arena_new()};
	struct value_builder *whole = object(&language);
	struct value_builder *defs = object(&language);
	const struct value *document =
	    write_cases(&language, &load_document_table);

	value_put_str(whole, "title", STR("stated"));
	value_put_str(whole, "description",
	    STR("A document of the workflow language; its first key says what "
	    "it is. A text that begins with = is an expression (FEEL)."));
	value_put_str(whole, "$comment",
	    STR("The same in draft 7 and in 2020-12; made by `stated "
	    "schema`."));
	for (size_t i = 0; i < document->as.context.count; i++)
		value_put(whole, document->as.context.fields[i].key,
		    document->as.context.fields[i].value);
	for (size_t i = 0; i < language.count; i++) {
		const struct load_table *table = language.defs[i].table;

		value_put(defs, language.defs[i].name,
		    table->shape == SHAPE_KEYS ?
		    write_keys(&language, table) :
		    write_cases(&language, table));
	}
	value_put(whole, STR("$defs"), value_built(defs));
	json_write_pretty(value_built(whole), out);
	buf_add_char(out, '\n');
	arena_free(&language.arena);
}
