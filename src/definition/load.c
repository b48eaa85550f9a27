/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: a mapping loaded by its table, and how errors are told. */
#include "load_priv.h"

#include <stdarg.h>
#include <stdio.h>

/* A document with more errors than this is not what it was taken for. */
#define ERRORS_MAX 1000
/* So many legal words are listed, no more. */
#define SUGGESTIONS_MAX 24
/* So many are compared with a word that is none of them. */
#define CANDIDATES_MAX 2000

bool
load_is_full(const struct load *load)
{
	return diag_count(load->diags, DIAG_ERROR) > ERRORS_MAX;
}

void
load_error(struct load *load, const char *code, struct diag_span span,
    const char *format, ...)
{
	char message[512];
	va_list args;
	size_t count = diag_count(load->diags, DIAG_ERROR);

	if (count > ERRORS_MAX)
		return;
	if (count == ERRORS_MAX) {
		diag_add(load->diags, DIAG_ERROR, LOAD_TOO_MANY, span,
		    "more than %d errors: the rest is left out", ERRORS_MAX);
		return;
	}
	va_start(args, format);
	str_vwrite(message, sizeof(message), format, args);
	va_end(args);
	diag_add(load->diags, DIAG_ERROR, code, span, "%s", message);
}

void
load_repair(struct load *load, const char *format, ...)
{
	char message[1024];
	va_list args;

	if (diag_count(load->diags, DIAG_ERROR) > ERRORS_MAX)
		return;
	va_start(args, format);
	str_vwrite(message, sizeof(message), format, args);
	va_end(args);
	diag_repair(load->diags, "%s", message);
}

struct str *
load_candidates(const struct load *load, size_t *count)
{
	if (load_is_full(load))
		*count = 0;
	else if (*count > CANDIDATES_MAX)
		*count = CANDIDATES_MAX;
	return ARENA_ARRAY(load->arena, *count, struct str);
}

void
load_suggest(struct load *load, struct str word, const struct str *legal,
    size_t count)
{
	struct str nearest = str_nearest(word, legal,
	    count < CANDIDATES_MAX ? count : CANDIDATES_MAX);
	struct buf list = {0};

	if (nearest.at) {
		load_repair(load, "did you mean `%.*s`?", STR_ARG(nearest));
		return;
	}
	if (count == 0 || count > SUGGESTIONS_MAX)
		return;
	for (size_t i = 0; i < count; i++) {
		buf_addf(
		    &list, "%s%.*s", i == 0 ? "" : ", ", STR_ARG(legal[i]));
	}
	load_repair(load, "expected %s%s", count == 1 ? "" : "one of: ",
	    buf_cstr(&list));
	buf_fini(&list);
}

struct str
load_describe(struct load *load, const struct yaml_node *node)
{
	bool boolean;
	struct number number;
	const char *error;
	struct str text;

	if (node->kind == NODE_LIST)
		return STR("a list");
	if (node->kind == NODE_MAP)
		return STR("a mapping");
	text = yaml_short(node->text);
	switch (yaml_scalar_read(node, &boolean, &number, &error)) {
	case SCALAR_NULL:
		return node->text.bytes ? STR("null") : STR("nothing");
	case SCALAR_BOOLEAN:
		return boolean ? STR("true") : STR("false");
	case SCALAR_NUMBER:
	case SCALAR_BAD:
		return arena_strf(
		    load->arena, "the number %.*s", STR_ARG(text));
	case SCALAR_STRING:
		break;
	}
	if (load_is_expression(node))
		return STR("an expression");
	return arena_strf(load->arena, "the text `%.*s`", STR_ARG(text));
}

bool
load_is_kind(struct load *load, const struct yaml_node *node,
    enum yaml_node_kind kind, const char *key, const char *wanted)
{
	struct str found;

	if (node->kind == kind)
		return true;
	found = load_describe(load, node);
	load_error(load, LOAD_WRONG_KIND, node->span, "`%s` takes %s, not %.*s",
	    key, wanted, STR_ARG(found));
	return false;
}

int
load_choose(struct load *load, const struct yaml_node *node,
    const struct load_word *words, size_t count, const char *key)
{
	struct str legal[16];

	must(count <= 16 && count > 0);
	if (!load_is_kind(load, node, NODE_TEXT, key, "a word"))
		return words[0].value;
	for (size_t i = 0; i < count; i++) {
		legal[i] = str_of(words[i].name);
		if (str_equal(legal[i], node->text))
			return words[i].value;
	}
	load_error(load, LOAD_WRONG_WORD, node->span, "`%s` can't be `%.*s`",
	    key, STR_ARG(yaml_short(node->text)));
	load_suggest(load, node->text, legal, count);
	return words[0].value;
}

const struct load_key *
load_find_key(const struct load_table *table, struct str name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (str_equal(str_of(table->keys[i].name), name))
			return &table->keys[i];
	}
	return NULL;
}

struct diag_span
load_key_span(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
		if (str_equal(map->pairs[i].key->text, str_of(key)))
			return map->pairs[i].key->span;
	}
	return map->span;
}

static const struct str *
legal_keys(struct load *load, const struct load_table *table)
{
	struct str *legal = ARENA_ARRAY(load->arena, table->count, struct str);

	for (size_t i = 0; i < table->count; i++)
		legal[i] = str_of(table->keys[i].name);
	return legal;
}

static void
report_unknown_key(struct load *load, const struct load_table *table,
    const struct yaml_node *key)
{
	load_error(load, LOAD_UNKNOWN_KEY, key->span,
	    "unknown key `%.*s` in %s", STR_ARG(yaml_short(key->text)),
	    table->what);
	load_suggest(
	    load, key->text, legal_keys(load, table), table->count);
}

/* A document whose first line follows another document's without a line
 * between them: all from here on is no part of this one. */
static bool
is_next_document(const struct yaml_node *map, size_t index)
{
	const struct yaml_node *key = map->pairs[index].key;

	return index > 0 && key->span.column == 1 &&
	    library_is_kind(key->text);
}

static void
report_next_document(struct load *load, const struct yaml_node *key)
{
	load_error(load, LOAD_UNKNOWN_KEY, key->span,
	    "`%.*s` begins a document of its own", STR_ARG(key->text));
	load_repair(load, "put a line with only --- before it");
}

static void
load_row(struct load *load, const struct load_key *row,
    const struct yaml_pair *pair, void *into)
{
	void *field = (char *)into + row->offset;

	if (row->kind == KIND_MAP && !load_is_kind(load, pair->value,
	    NODE_MAP, row->name, load_kind_words(KIND_MAP)))
		return;
	if (row->kind == KIND_LIST && !load_is_kind(load, pair->value,
	    NODE_LIST, row->name, load_kind_words(KIND_LIST)))
		return;
	if (row->load)
		row->load(load, pair->value, field);
	else if (row->table)
		load_map(load, pair->value, row->table, field);
	else
		load_field(load, row, pair->value, field);
}

/* A key that was only misspelt is not missing as well. */
static bool
is_misspelt(struct load *load, const struct yaml_node *node,
    const struct load_table *table, const char *name)
{
	const struct str *legal = legal_keys(load, table);

	for (size_t i = 0; i < node->count; i++) {
		struct str key = node->pairs[i].key->text;

		if (!load_find_key(table, key) && str_equal(
		    str_nearest(key, legal, table->count), str_of(name)))
			return true;
	}
	return false;
}

static void
check_missing(struct load *load, const struct yaml_node *node,
    const struct load_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct load_key *row = &table->keys[i];

		if (row->need != LOAD_MUST ||
		    yaml_tree_find(node, row->name) ||
		    is_misspelt(load, node, table, row->name))
			continue;
		load_error(load, LOAD_MISSING_KEY, node->span,
		    "%s needs `%s`", table->what, row->name);
		load_repair(load, "%s: %s", row->name, row->help);
	}
}

bool
load_is_rest(const struct yaml_node *map, size_t index)
{
	const struct yaml_node *value = map->pairs[index].value;
	const struct yaml_node *before;
	size_t opened = 0;

	if (index == 0 || value->from != value->to)
		return false;
	before = map->pairs[index - 1].value;
	if (before->from == before->to)
		return load_is_rest(map, index - 1);
	for (size_t i = 0; before->kind == NODE_TEXT &&
	    i < before->text.bytes; i++) {
		opened += before->text.at[i] == '(';
		opened -= before->text.at[i] == ')' && opened > 0;
	}
	return opened > 0 && load_is_expression(before);
}

void
load_map(struct load *load, const struct yaml_node *node,
    const struct load_table *table, void *into)
{
	struct str found;

	if (node->kind != NODE_MAP) {
		found = load_describe(load, node);
		load_error(load, LOAD_WRONG_KIND, node->span,
		    "%s is a mapping, not %.*s", table->what, STR_ARG(found));
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct load_key *row =
		    load_find_key(table, node->pairs[i].key->text);

		if (row) {
			load_row(load, row, &node->pairs[i], into);
		} else if (is_next_document(node, i)) {
			report_next_document(load, node->pairs[i].key);
			break;
		} else if (!load_is_rest(node, i)) {
			report_unknown_key(load, table, node->pairs[i].key);
		}
	}
	check_missing(load, node, table);
}
