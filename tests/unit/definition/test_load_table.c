/* SPDX-License-Identifier: Apache-2.0 */
/* test_load_table.c: the tables of keys and codes are whole and documented. */
#include "../../../src/definition/load_priv.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct load_table *const tables[] = {
	&load_workflow_table, &load_connection_table, &load_decision_table,
	&load_calendar_table, &load_contact_table, &load_state_table,
	&load_final_table, &load_history_table, &load_transition_table,
	&load_task_table, &load_escalation_table, &load_call_table,
	&load_verify_table, &load_compensate_table, &load_retry_table,
	&load_channel_call_table,
	&load_operation_table, &load_odoo_operation_table,
	&load_webhooks_table, &load_schedule_table,
	&load_shared_table, &load_smtp_table,
};
#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

static const struct {
	const char *name;
	const char *code;
	const char *meaning;
} codes[] = {
#define CODE_ROW(name, code, meaning) {#name, code, meaning},
	LOAD_CODES(CODE_ROW)
#undef CODE_ROW
};
#define CODE_COUNT (sizeof(codes) / sizeof(codes[0]))

static void
check_row(const struct load_table *table, const struct load_key *row)
{
	bool needs_form = row->kind == KIND_LIST || row->kind == KIND_OWN;

	if (!row->help || row->help[0] == '\0')
		fail_msg("%s: %s has no help", table->what, row->name);
	for (const char *c = row->name; *c; c++)
		assert_true(islower(*c) || isdigit(*c) || *c == '-' ||
		    *c == '$');
	if (needs_form && !row->load)
		fail_msg("%s: nothing loads %s", table->what, row->name);
	if (needs_form && !row->table)
		fail_msg("%s: %s has no form", table->what, row->name);
	if (row->kind == KIND_MAP)
		assert_non_null(row->table);
	else if (!needs_form)
		assert_null(row->table);
}

static void check_table(const struct load_table *table, unsigned depth);

static void
check_keys(const struct load_table *table, unsigned depth)
{
	assert_true(table->count > 0);
	for (size_t i = 0; i < table->count; i++) {
		const struct load_key *row = &table->keys[i];

		check_row(table, row);
		assert_ptr_equal(load_find_key(table, str_of(row->name)), row);
		if (row->table)
			check_table(row->table, depth + 1);
	}
}

static void
check_table(const struct load_table *table, unsigned depth)
{
	/* A state holds states: the circle is walked a few times only. */
	if (depth > 8)
		return;
	if (table->shape == SHAPE_KEYS)
		check_keys(table, depth);
	for (size_t i = 0; table->shape == SHAPE_CASES && i < table->count; i++)
		check_table(table->cases[i].table, depth + 1);
	if (table->of)
		check_table(table->of, depth + 1);
	if (table->other)
		check_table(table->other, depth + 1);
}

static void
test_every_key_has_a_loader_and_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < TABLE_COUNT; i++)
		check_table(tables[i], 0);
}

static void
test_codes_are_given_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODE_COUNT; i++) {
		assert_int_equal(strlen(codes[i].code), 4);
		assert_int_equal(codes[i].code[0], 'D');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(codes[i].code, codes[k].code);
	}
}

static void
test_codes_are_documented(void **state)
{
	const char *srcdir = getenv("srcdir");
	char path[512];
	char chunk[4096];
	struct buf text = {0};
	FILE *file;
	size_t got;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/docs/diagnostics.md",
	    srcdir ? srcdir : ".");
	file = fopen(path, "re");
	assert_non_null(file);
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(&text, chunk, got);
	(void)fclose(file);
	for (size_t i = 0; i < CODE_COUNT; i++) {
		char row[256];

		(void)snprintf(row, sizeof(row), "| %s | %s |", codes[i].code,
		    codes[i].meaning);
		if (str_find(buf_str(&text), str_of(row)) == SIZE_MAX)
			fail_msg("docs/diagnostics.md lacks %s", row);
	}
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_has_a_loader_and_help),
		cmocka_unit_test(test_codes_are_given_once),
		cmocka_unit_test(test_codes_are_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
