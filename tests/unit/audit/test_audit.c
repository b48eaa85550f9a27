/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stated/json.h"

#define CHAIN_LENGTH 4

/* A chain of four records, as the engine would seal them. */
struct chain {
	struct arena *arena;
	struct audit_head head;
	struct audit_record records[CHAIN_LENGTH];
};

static const struct value *
make_record(struct arena *arena, int64_t n)
{
	struct value_builder *record = value_build_context(arena);

	value_put_str(record, "kind", audit_kind_name(AUDIT_ENTERED));
	value_put_str(record, "instance", STR("a-1"));
	value_put_str(record, "time", STR("2026-11-22T09:30:00.000Z"));
	value_put_int(record, "step", n);
	return value_built(record);
}

static int
set_up(void **state)
{
	struct chain *chain = test_calloc(1, sizeof(*chain));

	chain->arena = arena_new();
	for (int i = 0; i < CHAIN_LENGTH; i++)
		chain->records[i] = audit_seal(chain->arena,
		    make_record(chain->arena, i), &chain->head);
	*state = chain;
	return 0;
}

static int
tear_down(void **state)
{
	struct chain *chain = *state;

	arena_free(&chain->arena);
	test_free(chain);
	return 0;
}

static enum audit_fault
verify_record(struct audit_head *head, const struct audit_record *record)
{
	return audit_verify_next(head, record->canonical, record->hash);
}

/* Seals any text as if it were canonical: what a forger would do. */
static enum audit_fault
verify_forged(struct audit_head *head, struct str text)
{
	return audit_verify_next(head, text, digest_sha256(text));
}

static void
test_chain_as_sealed_is_sound(void **state)
{
	struct chain *chain = *state;
	struct audit_head head = {0};

	for (int i = 0; i < CHAIN_LENGTH; i++)
		assert_int_equal(verify_record(&head, &chain->records[i]),
		    AUDIT_SOUND);
	assert_int_equal(head.seq, CHAIN_LENGTH);
	assert_true(digest_equal(head.hash, chain->head.hash));
}

static void
test_first_record_is_number_one_after_zeros(void **state)
{
	struct chain *chain = *state;
	struct str text = chain->records[0].canonical;

	assert_int_equal(chain->records[0].seq, 1);
	assert_true(str_equal(text,
	    STR("{\"instance\":\"a-1\",\"kind\":\"entered\",\"prev\":\""
		"00000000000000000000000000000000"
		"00000000000000000000000000000000\",\"seq\":1,\"step\":0,"
		"\"time\":\"2026-11-22T09:30:00.000Z\"}")));
	assert_true(digest_equal(chain->records[0].hash, digest_sha256(text)));
}

static void
test_next_record_carries_the_hash_before_it(void **state)
{
	struct chain *chain = *state;
	char hex[DIGEST_HEX_BYTES];
	struct str before = digest_hex(chain->records[1].hash, hex);

	assert_true(
	    str_find(chain->records[2].canonical, before) != SIZE_MAX);
}

/* {"n": …} is what a number looks like, so that history wraps each level. */
static void
test_record_as_deep_as_values_go_is_sound(void **state)
{
	struct chain *chain = *state;
	struct audit_head sealing = {0}, verifying = {0};
	const struct value *deep = value_of_int(chain->arena, 1);
	struct value_builder *record = value_build_context(chain->arena);

	for (int i = 0; i < 164; i++) {
		struct value_builder *outer =
		    value_build_context(chain->arena);

		value_put(outer, STR("n"), deep);
		deep = value_built(outer);
	}
	value_put_str(record, "kind", audit_kind_name(AUDIT_ENTERED));
	value_put(record, STR("set"), deep);
	struct audit_record sealed = audit_seal(chain->arena,
	    value_built(record), &sealing);
	assert_int_equal(verify_record(&verifying, &sealed), AUDIT_SOUND);
}

static void
test_changed_byte_is_found(void **state)
{
	struct chain *chain = *state;
	struct audit_head head = {0};
	char *text = (char *)arena_str(chain->arena,
	    chain->records[0].canonical).at;

	text[str_find(str_of(text), STR("entered"))] = 'X';
	assert_int_equal(audit_verify_next(&head, str_of(text),
	    chain->records[0].hash), AUDIT_CHANGED);
	assert_int_equal(head.seq, 0);
}

static void
test_changed_hash_is_found(void **state)
{
	struct chain *chain = *state;
	struct audit_head head = {0};

	chain->records[0].hash.bytes[31] ^= 1;
	assert_int_equal(verify_record(&head, &chain->records[0]),
	    AUDIT_CHANGED);
}

static void
test_record_changed_and_hashed_anew_breaks_the_next(void **state)
{
	struct chain *chain = *state;
	struct audit_head head = {0}, forged_head = {0};
	struct audit_record forged = audit_seal(chain->arena,
	    make_record(chain->arena, 666), &forged_head);

	assert_int_equal(verify_record(&head, &forged), AUDIT_SOUND);
	assert_int_equal(verify_record(&head, &chain->records[1]),
	    AUDIT_UNLINKED);
}

static void
test_missing_record_is_found(void **state)
{
	struct chain *chain = *state;
	struct audit_head head = {0};

	assert_int_equal(verify_record(&head, &chain->records[0]),
	    AUDIT_SOUND);
	assert_int_equal(verify_record(&head, &chain->records[2]),
	    AUDIT_MISSING);
	assert_int_equal(head.seq, 1);
}

static void
test_missing_beginning_is_found(void **state)
{
	struct chain *chain = *state;
	struct audit_head head = {0};

	assert_int_equal(verify_record(&head, &chain->records[1]),
	    AUDIT_MISSING);
}

static void
test_repeated_record_is_found(void **state)
{
	struct chain *chain = *state;
	struct audit_head head = {0};

	assert_int_equal(verify_record(&head, &chain->records[0]),
	    AUDIT_SOUND);
	assert_int_equal(verify_record(&head, &chain->records[0]),
	    AUDIT_REORDERED);
}

static void
test_text_that_is_not_canonical_is_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"not JSON",
		"[]",
		"{\"seq\":1}",
		"{\"prev\":\"0000\",\"seq\":1}",
#define ZEROS                                                                  \
	"\"00000000000000000000000000000000"                                   \
	"00000000000000000000000000000000\""
		"{\"seq\":1,\"prev\":" ZEROS "}",
		"{\"prev\":" ZEROS ", \"seq\":1}",
		"{\"prev\":" ZEROS ",\"seq\":1.0}",
		"{\"prev\":" ZEROS ",\"seq\":0}",
		"{\"prev\":" ZEROS ",\"seq\":-1}",
		"{\"prev\":" ZEROS ",\"seq\":\"1\"}",
		"{\"prev\":1,\"seq\":1}",
		"{\"prev\":" ZEROS ",\"seq\":1,\"seq\":1}",
	};
	struct audit_head head = {0};
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(verify_forged(&head, str_of(texts[i])),
		    AUDIT_MALFORMED);
	assert_int_equal(verify_forged(&head,
	    STR("{\"prev\":" ZEROS ",\"seq\":1}")), AUDIT_SOUND);
}

static void
test_amounts_and_dates_survive_in_canonical_form(void **state)
{
	struct chain *chain = *state;
	struct value_builder *record = value_build_context(chain->arena);
	struct audit_head sealing = {0}, verifying = {0};
	struct number amount;
	struct date date = {2026, 11, 22};

	assert_int_equal(number_parse_json(STR("1234.10"), &amount),
	    NUMBER_OK);
	value_put(record, STR("amount"),
	    value_of_number(chain->arena, amount));
	value_put(record, STR("date"), value_of_date(chain->arena, date));
	struct audit_record sealed = audit_seal(chain->arena,
	    value_built(record), &sealing);
	assert_true(str_find(sealed.canonical, STR("\"1234.10\"")) !=
	    SIZE_MAX);
	assert_int_equal(verify_record(&verifying, &sealed), AUDIT_SOUND);
}

static void
test_every_kind_and_fault_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < AUDIT_KIND_COUNT; i++)
		for (int j = 0; j < i; j++)
			assert_false(str_equal(audit_kind_name(i),
			    audit_kind_name(j)));
	for (int i = AUDIT_SOUND; i <= AUDIT_CUT; i++)
		assert_true(audit_fault_name(i).bytes > 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_chain_as_sealed_is_sound),
		TEST(test_first_record_is_number_one_after_zeros),
		TEST(test_next_record_carries_the_hash_before_it),
		TEST(test_record_as_deep_as_values_go_is_sound),
		TEST(test_changed_byte_is_found),
		TEST(test_changed_hash_is_found),
		TEST(test_record_changed_and_hashed_anew_breaks_the_next),
		TEST(test_missing_record_is_found),
		TEST(test_missing_beginning_is_found),
		TEST(test_repeated_record_is_found),
		TEST(test_text_that_is_not_canonical_is_malformed),
		TEST(test_amounts_and_dates_survive_in_canonical_form),
		TEST(test_every_kind_and_fault_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
