/* SPDX-License-Identifier: Apache-2.0 */
/* test_yaml_tree.c: documents as trees, what texts mean, and where they are. */
#include "../../../src/definition/yaml_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct tree {
	struct arena *arena;
	struct diag_list *diags;
	struct yaml_source source;
	const struct yaml_node *root;
};

static void
tree_init(struct tree *tree, const char *text)
{
	size_t offset = 0;
	struct str part;
	const struct yaml_document *document;

	tree->arena = arena_new();
	tree->diags = diag_list_new();
	assert_true(yaml_source_init(&tree->source, tree->arena, STR("t.yaml"),
	    str_of(text), tree->diags));
	assert_true(yaml_source_next(&tree->source, &offset, &part));
	document = yaml_tree_read(tree->arena, &tree->source, part,
	    tree->diags);
	assert_non_null(document);
	tree->root = document->root;
}

static void
tree_fini(struct tree *tree)
{
	diag_list_free(&tree->diags);
	arena_free(&tree->arena);
}

/* What the value of `a` is under the core schema. */
static enum yaml_scalar
scalar_of(const char *text, struct number *number)
{
	struct tree tree;
	bool boolean;
	const char *error;
	enum yaml_scalar scalar;

	tree_init(&tree, text);
	scalar = yaml_scalar_read(yaml_tree_find(tree.root, "a"), &boolean,
	    number, &error);
	tree_fini(&tree);
	return scalar;
}

static void
test_core_schema_tells_texts_from_other_scalars(void **state)
{
	static const struct {
		const char *text;
		enum yaml_scalar scalar;
	} rows[] = {
		{"a: yes", SCALAR_STRING}, {"a: on", SCALAR_STRING},
		{"a: True", SCALAR_BOOLEAN}, {"a: FALSE", SCALAR_BOOLEAN},
		{"a: tRUE", SCALAR_STRING}, {"a: 'true'", SCALAR_STRING},
		{"a:", SCALAR_NULL}, {"a: ~", SCALAR_NULL},
		{"a: Null", SCALAR_NULL}, {"a: ''", SCALAR_STRING},
		{"a: 012", SCALAR_NUMBER}, {"a: 0o17", SCALAR_NUMBER},
		{"a: 0xfF", SCALAR_NUMBER}, {"a: 0x", SCALAR_STRING},
		{"a: 1_000", SCALAR_STRING}, {"a: +1.", SCALAR_NUMBER},
		{"a: .5e-3", SCALAR_NUMBER}, {"a: .", SCALAR_STRING},
		{"a: 1e", SCALAR_STRING}, {"a: 12:30", SCALAR_STRING},
		{"a: 2026-11-22", SCALAR_STRING}, {"a: .inf", SCALAR_BAD},
		{"a: .NaN", SCALAR_BAD}, {"a: 1e999999", SCALAR_BAD},
		{"a: 0xffffffffffffffffff", SCALAR_BAD},
	};
	struct number number;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (scalar_of(rows[i].text, &number) != rows[i].scalar)
			fail_msg("%s is read as something else", rows[i].text);
	}
}

static void
test_numbers_keep_their_digits(void **state)
{
	char text[NUMBER_TEXT_BYTES];
	struct number number;

	(void)state;
	assert_int_equal(scalar_of("a: 1234.10", &number), SCALAR_NUMBER);
	assert_true(str_equal(number_format(number, text), STR("1234.10")));
	assert_int_equal(scalar_of("a: 12.", &number), SCALAR_NUMBER);
	assert_true(number_equal(number, number_of_int(12)));
	assert_int_equal(scalar_of("a: 0x1F", &number), SCALAR_NUMBER);
	assert_true(number_equal(number, number_of_int(31)));
}

static void
test_documents_are_cut_at_their_marks(void **state)
{
	struct arena *arena = arena_new();
	struct diag_list *diags = diag_list_new();
	struct yaml_source source;
	struct str part;
	size_t offset = 0;

	(void)state;
	assert_true(yaml_source_init(&source, arena, STR("t"),
	    STR("# head\n---\na: 1\n---\n\n--- b\n--- # c\nd: |\n ---\n...\n"
	    "%YAML 1.2\n---\ne\n"), diags));
	assert_true(yaml_source_next(&source, &offset, &part));
	assert_true(str_equal(part, STR("# head\n---\na: 1\n")));
	assert_true(yaml_source_next(&source, &offset, &part));
	assert_true(str_equal(part, STR("---\n\n--- b\n")));
	assert_true(yaml_source_next(&source, &offset, &part));
	assert_true(str_equal(part, STR("--- # c\nd: |\n ---\n...\n")));
	assert_true(yaml_source_next(&source, &offset, &part));
	assert_true(str_equal(part, STR("%YAML 1.2\n---\ne\n")));
	assert_false(yaml_source_next(&source, &offset, &part));
	diag_list_free(&diags);
	arena_free(&arena);
}

/* Checks that the text's part beginning with X is found where X stands in
 * the source: at that line and column. */
static void
check_place(const char *text, uint32_t line, uint32_t column)
{
	struct tree tree;
	const struct yaml_node *node;
	struct diag_span span;
	size_t offset;

	tree_init(&tree, text);
	node = yaml_tree_find(tree.root, "a");
	offset = str_find(node->text, STR("X"));
	assert_int_not_equal(offset, SIZE_MAX);
	span = yaml_locate_span(&tree.source, node, offset, 1);
	if (span.line != line || span.column != column) {
		fail_msg("%s: found at %u:%u, not at %u:%u", text, span.line,
		    span.column, line, column);
	}
	tree_fini(&tree);
}

static void
test_places_are_found_in_all_styles(void **state)
{
	(void)state;
	check_place("a: 12 X", 1, 7);
	check_place("a: 'it''s X'", 1, 11);
	check_place("a: '\xc3\xa9\xc3\xa9 X'", 1, 8);
	check_place("a: \"\\\"\\x41\\u00e9\\U0001F600\\t X\"", 1, 30);
	check_place("a: \"\\N\\_\\L\\P X\"", 1, 14);
	check_place("a: one\n  two X", 2, 7);
	check_place("a: one\n\n\n  two X", 4, 7);
	check_place("a: 'one  \n\n   two X'", 3, 8);
	check_place("a: \"one \\\n   two X\"", 2, 8);
	check_place("a: \"one\n\n   two X\"", 3, 8);
	check_place("a: |\n  one\n  two X", 3, 7);
	check_place("a: |2-\n    one\n\n   X", 4, 4);
	check_place("a: >\n  one\n  two\n\n  X", 5, 3);
	check_place("a: &name X", 1, 10);
}

static void
test_an_alias_is_the_same_node(void **state)
{
	struct tree tree;

	(void)state;
	tree_init(&tree, "a: &x [1, 2]\nb: *x\n");
	assert_ptr_equal(yaml_tree_find(tree.root, "a"),
	    yaml_tree_find(tree.root, "b"));
	assert_int_equal(tree.root->weight, 9);
	tree_fini(&tree);
}

static void
test_a_pointer_leads_to_its_node_or_above(void **state)
{
	struct tree tree;
	const struct yaml_node *node;

	(void)state;
	tree_init(&tree, "a: {b: [c, {d: e}]}");
	node = yaml_tree_follow(tree.root, STR("/a/b/1/d"));
	assert_true(str_equal(node->text, STR("e")));
	node = yaml_tree_follow(tree.root, STR("/a/b/7/d"));
	assert_int_equal(node->kind, NODE_LIST);
	assert_ptr_equal(yaml_tree_follow(tree.root, STR("")), tree.root);
	tree_fini(&tree);
	/* An empty list has not even a first item. */
	tree_init(&tree, "[]");
	assert_ptr_equal(yaml_tree_follow(tree.root, STR("/0")), tree.root);
	tree_fini(&tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_core_schema_tells_texts_from_other_scalars),
		cmocka_unit_test(test_numbers_keep_their_digits),
		cmocka_unit_test(test_documents_are_cut_at_their_marks),
		cmocka_unit_test(test_places_are_found_in_all_styles),
		cmocka_unit_test(test_an_alias_is_the_same_node),
		cmocka_unit_test(test_a_pointer_leads_to_its_node_or_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
