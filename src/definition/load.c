/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: a mapping loaded by its table, and how errors are told. */
#include "load_priv.h"

#include <stdarg.h>
#include <stdio.h>

/* A document with more errors than this is not what it was taken for. */
#define ERRORS_MAX 1000
/* So many legal words are listed, no more. */
#define SUGGESTIONS_MAX 24

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
	(void)vsnprintf(message, sizeof(message), format, args);
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
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	diag_repair(load->diags, "%s", message);
}

void
load_suggest(struct load *load, struct str word, const struct str *legal,
    size_t count)
{
	struct str nearest = str_nearest(word, legal, count);
	struct buf list = {0};

	if (nearest.at) {
		load_repair(load, "did you mean `%.*s`?", STR_ARG(nearest));
		return;
	}
	if (count == 0 || count > SUGGESTIONS_MAX)
		return;
	for (size_t i = 0; i < count; i++) {
		buf_addf(&list, "%s%.*s", i == 0 ? "" : ", ", STR_ARG(legal[i]));
	}
	load_repair(load, "expected %s%s", count == 1 ? "" : "one of: ",
	    buf_cstr(&list));
	buf_fini(&list);
}

void
load_not_yet(struct load *load, struct diag_span span, const char *what,
    struct str word)
{
	load_error(load, LOAD_LATER, span,
	    "%s `%.*s` is not available in this version", what, STR_ARG(word));
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
	text = str_slice(node->text, 0, 40);
	switch (yaml_scalar_read(node, &boolean, &number, &error)) {
	case SCALAR_NULL:
		return node->text.bytes ? STR("null") : STR("nothing");
	case SCALAR_BOOLEAN:
		return boolean ? STR("true") : STR("false");
	case SCALAR_NUMBER:
	case SCALAR_BAD:
		return arena_strf(load->arena, "the number %.*s", STR_ARG(text));
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
	load_error(load, LOAD_WRONG_KIND, node->span, "%s takes %s, not %.*s",
	    key, wanted, STR_ARG(found));
	return false;
}

int
load_choose(struct load *load, const struct yaml_node *node,
    const struct load_word *words, size_t count, const char *what)
{
	struct str legal[16];
	size_t legal_count = 0;

	must(count <= 16 && count > 0);
	if (!load_is_kind(load, node, NODE_TEXT, what, "a word"))
		return words[0].value;
	for (size_t i = 0; i < count; i++) {
		if (!str_equal(str_of(words[i].name), node->text)) {
			if (!words[i].not_yet)
				legal[legal_count++] = str_of(words[i].name);
			continue;
		}
		if (words[i].not_yet)
			load_not_yet(load, node->span, what, node->text);
		return words[i].value;
	}
	load_error(load, LOAD_WRONG_WORD, node->span, "%s can't be `%.*s`",
	    what, STR_ARG(str_slice(node->text, 0, 60)));
	load_suggest(load, node->text, legal, legal_count);
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

static void
report_unknown_key(struct load *load, const struct load_table *table,
    const struct yaml_node *key)
{
	struct str *legal = ARENA_ARRAY(load->arena, table->count, struct str);
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++) {
		if (table->keys[i].need != LOAD_NOT_YET)
			legal[count++] = str_of(table->keys[i].name);
	}
	load_error(load, LOAD_UNKNOWN_KEY, key->span,
	    "unknown key `%.*s` in %s", STR_ARG(str_slice(key->text, 0, 60)),
	    table->what);
	load_suggest(load, key->text, legal, count);
}

static void
load_row(struct load *load, const struct load_key *row,
    const struct yaml_pair *pair, void *into)
{
	void *field = (char *)into + row->offset;
	const char *words;

	if (row->need == LOAD_NOT_YET) {
		load_not_yet(load, pair->key->span, "the key", pair->key->text);
		return;
	}
	words = (const char *)arena_strf(load->arena, "`%s`", row->name).at;
	if (row->kind == KIND_MAP && !load_is_kind(load, pair->value, NODE_MAP,
	    words, load_kind_words(KIND_MAP)))
		return;
	if (row->kind == KIND_LIST && !load_is_kind(load, pair->value, NODE_LIST,
	    words, load_kind_words(KIND_LIST)))
		return;
	if (row->load)
		row->load(load, pair->value, field);
	else if (row->table)
		load_map(load, pair->value, row->table, field);
	else
		load_field(load, row, pair->value, field);
}

void
load_map(struct load *load, const struct yaml_node *node,
    const struct load_table *table, void *into)
{
	if (!load_is_kind(load, node, NODE_MAP, table->what, "a mapping"))
		return;
	for (size_t i = 0; i < node->count; i++) {
		const struct load_key *row =
		    load_find_key(table, node->pairs[i].key->text);

		if (row)
			load_row(load, row, &node->pairs[i], into);
		else
			report_unknown_key(load, table, node->pairs[i].key);
	}
	for (size_t i = 0; i < table->count; i++) {
		if (table->keys[i].need != LOAD_MUST ||
		    yaml_tree_find(node, table->keys[i].name))
			continue;
		load_error(load, LOAD_MISSING_KEY, node->span,
		    "%s needs `%s`", table->what, table->keys[i].name);
		load_repair(load, "%s: %s", table->keys[i].name,
		    table->keys[i].help);
	}
}
