/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_load_schema.c: definitions that documents share, and what a stored
 * version keeps of them.
 */
#include "stated/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stated/json.h"

struct loaded {
	struct library *library;
	struct diag_list *diags;
};

static const char workflow[] =
    "workflow: paying\n"
    "version: 1\n"
    "input: {$ref: 'canonical#/$defs/payment'}\n"
    "business-key: = input.reference\n"
    "events: {paid: {data: {$ref: 'parties#/$defs/party'}}}\n"
    "initial: start\n"
    "states:\n"
    "  start:\n"
    "    user-task: {title: Go?, form: {$ref: 'parties#/$defs/party'}}\n"
    "    on: {approved: end, rejected: end}\n"
    "  end: {type: final}\n";

/* The least amount, and what nobody refers to, differ. */
#define SHARED(least, unused)                                          \
	"schema: canonical\n"                                          \
	"$defs:\n"                                                     \
	"  amount: {type: number, minimum: " least "}\n"               \
	"  unused: {const: " unused "}\n"                              \
	"  payment:\n"                                                 \
	"    type: object\n"                                           \
	"    required: [amount, to]\n"                                 \
	"    properties:\n"                                            \
	"      amount: {$ref: '#/$defs/amount'}\n"                     \
	"      to: {$ref: 'parties#/$defs/party'}\n"                   \
	"---\n"                                                        \
	"schema: parties\n"                                            \
	"$defs:\n"                                                     \
	"  party: {type: object, required: [name], properties: {next: " \
	"{$ref: '#/$defs/party'}}}\n"

static const char shared[] = SHARED("10", "a");
static const char stricter[] = SHARED("20.50", "a");
static const char elsewhere[] = SHARED("10", "b");

static void
load(struct loaded *loaded, const char *one, const char *other)
{
	struct buf out = {0};
	bool ok;

	loaded->library = library_new();
	loaded->diags = diag_list_new();
	if (one)
		library_add_text(loaded->library, STR("workflow.yaml"),
		    str_of(one), loaded->diags);
	if (other)
		library_add_text(loaded->library, STR("shared.yaml"),
		    str_of(other), loaded->diags);
	ok = library_link(loaded->library, loaded->diags);
	diag_format(loaded->diags, &out, false);
	if (!ok || out.bytes > 0)
		fail_msg("%s", buf_cstr(&out));
}

static void
unload(struct loaded *loaded)
{
	diag_list_free(&loaded->diags);
	library_free(&loaded->library);
}

static const struct definition *
paying(const struct loaded *loaded)
{
	return library_find_workflow(loaded->library, STR("paying"), 0);
}

static bool
takes(const struct schema *schema, const char *text)
{
	struct arena *arena = arena_new();
	struct json_error error;
	struct schema_errors errors = {.arena = arena};
	const struct value *value = json_read(arena, str_of(text), &error);
	bool ok;

	assert_non_null(value);
	ok = schema_validate(schema, value, &errors);
	arena_free(&arena);
	return ok;
}

static struct digest
digest_with(const char *other)
{
	struct loaded loaded;
	struct digest digest;

	load(&loaded, workflow, other);
	digest = paying(&loaded)->digest;
	unload(&loaded);
	return digest;
}

static void
test_what_is_shared_is_checked_wherever_it_is_used(void **state)
{
	struct loaded loaded;
	const struct definition *definition;

	(void)state;
	load(&loaded, workflow, shared);
	definition = paying(&loaded);
	assert_true(takes(definition->input,
	    "{\"amount\": 10, \"to\": {\"name\": \"A\"}}"));
	assert_false(takes(definition->input,
	    "{\"amount\": 9.99, \"to\": {\"name\": \"A\"}}"));
	assert_false(takes(definition->input, "{\"amount\": 10, \"to\": {}}"));
	assert_false(takes(definition->input,
	    "{\"amount\": 10, \"to\": {\"name\": \"A\", \"next\": {}}}"));
	assert_false(takes(definition->events[0].data, "{}"));
	assert_true(takes(definition->events[0].data, "{\"name\": 1}"));
	assert_false(takes(definition->states[0]->task->form, "{}"));
	unload(&loaded);
}

static void
test_input_is_shown_with_all_that_it_needs(void **state)
{
	struct loaded loaded;
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	struct buf text = {0};

	(void)state;
	load(&loaded, workflow, shared);
	json_write(paying(&loaded)->input_schema, JSON_PLAIN, &text);
	assert_non_null(strstr(buf_cstr(&text), "\"$id\":\"canonical\""));
	assert_non_null(strstr(buf_cstr(&text), "\"$id\":\"parties\""));
	assert_null(strstr(buf_cstr(&text), "unused"));
	assert_non_null(schema_compile(arena, paying(&loaded)->input_schema,
	    &errors));
	unload(&loaded);
	buf_fini(&text);
	arena_free(&arena);
}

static void
test_stored_version_is_not_changed_by_what_is_shared(void **state)
{
	const char *const others[] = {NULL, stricter, shared};
	struct loaded first;

	(void)state;
	load(&first, workflow, shared);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const struct definition *again;
		struct loaded later;

		load(&later, NULL, others[i]);
		again = library_add_version(later.library, STR("stored"),
		    paying(&first)->source, later.diags);
		assert_non_null(again);
		assert_true(digest_equal(again->digest,
		    paying(&first)->digest));
		assert_true(str_equal(again->source, paying(&first)->source));
		assert_true(takes(again->input,
		    "{\"amount\": 10, \"to\": {\"name\": \"A\"}}"));
		assert_false(takes(again->input,
		    "{\"amount\": 9, \"to\": {\"name\": \"A\"}}"));
		unload(&later);
	}
	unload(&first);
}

static void
test_digest_takes_in_what_is_referred_to_and_nothing_else(void **state)
{
	(void)state;
	assert_false(digest_equal(digest_with(shared), digest_with(stricter)));
	assert_true(digest_equal(digest_with(shared), digest_with(elsewhere)));
}

static void
test_source_without_references_is_the_text_itself(void **state)
{
	static const char text[] = "workflow: a\nversion: 1\ninitial: b\n"
				   "states: {b: {type: final}}\n";
	struct loaded loaded;

	(void)state;
	load(&loaded, text, shared);
	assert_true(str_equal(
	    library_find_workflow(loaded.library, STR("a"), 0)->source,
	    str_of(text)));
	unload(&loaded);
}

static void
test_numbers_are_stored_digit_for_digit(void **state)
{
	struct loaded loaded;

	(void)state;
	load(&loaded, workflow, stricter);
	assert_true(str_find(paying(&loaded)->source,
			STR("\"minimum\":20.50")) != SIZE_MAX);
	unload(&loaded);
}

static void
test_workflow_that_comes_later_finds_what_is_shared(void **state)
{
	struct loaded base;
	struct library *later;

	(void)state;
	load(&base, NULL, shared);
	later = library_new_over(base.library);
	library_add_text(later, STR("later.yaml"), str_of(workflow),
	    base.diags);
	assert_true(library_link(later, base.diags));
	assert_true(digest_equal(library_find_workflow(later, STR("paying"),
	    0)->digest, digest_with(shared)));
	library_free(&later);
	unload(&base);
}

static void
test_more_than_anybody_needs_is_refused(void **state)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	struct buf text = {0};
	size_t count;

	(void)state;
	buf_add_cstr(&text, "schema: s\n$defs:\n  long: {enum: [");
	for (int i = 0; i < 2000; i++)
		buf_addf(&text, "%d,", i);
	buf_add_cstr(&text, "]}\n---\nworkflow: w\nversion: 1\n"
			    "business-key: = input.k\nevents:\n");
	for (int i = 0; i < 600; i++)
		buf_addf(&text, "  e%d: {data: {$ref: 's#/$defs/long'}}\n", i);
	buf_add_cstr(&text, "initial: a\nstates: {a: {type: final}}\n");
	library_add_text(library, STR("w.yaml"), buf_str(&text), diags);
	assert_false(library_link(library, diags));
	assert_string_equal(diag_sorted(diags, &count)[0].code, "D322");
	assert_int_equal(count, 1);
	buf_fini(&text);
	diag_list_free(&diags);
	library_free(&library);
}

static void
test_stored_text_with_anything_else_is_refused(void **state)
{
	struct loaded loaded;
	struct buf text = {0};

	(void)state;
	load(&loaded, NULL, shared);
	buf_addf(&text, "%s---\ncontact: x\nnotify: [{log: info}]\n",
	    workflow);
	assert_null(library_add_version(loaded.library, STR("stored"),
	    buf_str(&text), loaded.diags));
	buf_fini(&text);
	unload(&loaded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_what_is_shared_is_checked_wherever_it_is_used),
	    cmocka_unit_test(test_input_is_shown_with_all_that_it_needs),
	    cmocka_unit_test(
		test_stored_version_is_not_changed_by_what_is_shared),
	    cmocka_unit_test(
		test_digest_takes_in_what_is_referred_to_and_nothing_else),
	    cmocka_unit_test(test_source_without_references_is_the_text_itself),
	    cmocka_unit_test(test_numbers_are_stored_digit_for_digit),
	    cmocka_unit_test(
		test_workflow_that_comes_later_finds_what_is_shared),
	    cmocka_unit_test(test_more_than_anybody_needs_is_refused),
	    cmocka_unit_test(test_stored_text_with_anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
