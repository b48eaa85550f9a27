/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken out of records comes back byte for byte, and what is made up
 * to look like a lean text does no harm.
 */
#include "../../../src/store/store_lean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stated/json.h"
#include "stated/rng.h"

#define RECORDS_MAX 8

static struct rng *
begin_random(struct rng_seeded *seeded)
{
	rng_seeded_init(seeded, 20261122);
	return &seeded->rng;
}

struct fixture {
	struct arena *arena;
	struct audit_head head;
	struct digest prev; /* before the first record */
	struct audit_record records[RECORDS_MAX];
	size_t count;
	struct buf lean;
};

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	f->arena = arena_new();
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	buf_fini(&f->lean);
	arena_free(&f->arena);
	test_free(f);
	return 0;
}

/* Seals a record that is written as JSON. */
static void
seal(struct fixture *f, const char *text)
{
	struct json_error error;
	const struct value *record =
	    json_read(f->arena, str_of(text), &error);

	assert_non_null(record);
	assert_true(f->count < RECORDS_MAX);
	if (f->count == 0)
		f->prev = f->head.hash;
	f->records[f->count++] = audit_seal(f->arena, record, &f->head);
}

static void
begin_at(struct fixture *f, uint64_t seq)
{
	f->head = (struct audit_head){seq - 1, digest_sha256(STR("before"))};
}

static void
assert_back(struct fixture *f)
{
	struct store_lean lean;
	struct audit_record record;

	assert_true(store_lean_init(&lean, buf_str(&f->lean),
	    f->records[0].seq, f->prev));
	for (size_t i = 0; i < f->count; i++) {
		assert_true(store_lean_next(&lean, &record));
		assert_int_equal(record.seq, f->records[i].seq);
		assert_true(digest_equal(record.hash, f->records[i].hash));
		assert_true(str_equal(record.canonical,
		    f->records[i].canonical));
	}
	assert_int_equal(lean.rest.bytes, 0);
	assert_false(store_lean_next(&lean, &record));
	store_lean_fini(&lean);
}

static size_t
round_trip(struct fixture *f)
{
	buf_clear(&f->lean);
	assert_true(store_lean_add(&f->lean, f->records, f->count));
	assert_back(f);
	return f->lean.bytes;
}

#define INSTANCE "\"instance\":\"178384d2-d461-83b1-8000-0000000001f5\""
#define TIME "\"time\":\"2026-11-22T08:44:09.795Z\""

static void
test_turn_comes_back_and_its_place_is_not_in_the_text(void **state)
{
	struct fixture *f = *state;

	seal(f, "{\"kind\":\"started\"," INSTANCE "," TIME "}");
	seal(f, "{\"kind\":\"entered\"," INSTANCE "," TIME ",\"to\":\"a\"}");
	size_t bytes = round_trip(f);
	assert_true(bytes < 2 * 40 + 2 + 36 + 8);
	assert_int_equal(str_find(buf_str(&f->lean), STR("prev")), SIZE_MAX);
	assert_int_equal(str_find(buf_str(&f->lean), STR("seq")), SIZE_MAX);
}

static void
test_turn_far_into_a_history_comes_back(void **state)
{
	struct fixture *f = *state;

	begin_at(f, INT64_MAX - 2);
	seal(f, "{\"kind\":\"a\"," INSTANCE "," TIME "}");
	seal(f, "{\"kind\":\"b\"," INSTANCE "," TIME "}");
	(void)round_trip(f);
}

static void
test_values_that_look_like_members_come_back(void **state)
{
	struct fixture *f = *state;
	char input[1024], hex[DIGEST_HEX_BYTES];

	begin_at(f, 4);
	snprintf(input, sizeof(input), "{\"a\":{" INSTANCE ",\"prev\":\"%.*s\","
	    "\"seq\":4," TIME "},\"input\":{" INSTANCE ",\"prev\":\"%.*s\","
	    "\"seq\":42," TIME "}," INSTANCE ",\"reply\":{\"seq\":4,"
	    "\"time\":\"2026-11-22T08:44:09.796Z\"}," TIME ",\"z\":{\"prev\":"
	    "\"0000000000000000000000000000000000000000000000000000000000000000"
	    "\"," TIME "}}", STR_ARG(digest_hex(f->head.hash, hex)),
	    STR_ARG(str_of(hex)));
	seal(f, input);
	seal(f, input);
	(void)round_trip(f);
}

static void
test_members_of_other_kinds_stay_as_they_are(void **state)
{
	static const char *const texts[] = {
		"{\"kind\":\"none of them\"}",
		"{\"instance\":1,\"time\":5}",
		"{\"instance\":\"\",\"time\":\"\"}",
		"{\"instance\":\"a \\\" quote\"," TIME "}",
		"{\"instance\":\"" "0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789" "\"}",
		"{" INSTANCE ",\"time\":\"2026-11-22T08:44:09Z\"}",
		"{" INSTANCE ",\"time\":\"2026-11-22T08:44:09.795+01:00\"}",
		"{" INSTANCE ",\"time\":\"1969-11-22T08:44:09.795Z\"}",
		"{" INSTANCE ",\"time\":\"9999-12-31T23:59:59.999Z\"}",
		"{" INSTANCE ",\"time\":\"not a time at all, my d\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fixture *f = *state;

		f->count = 0;
		f->head = (struct audit_head){0};
		seal(f, texts[i]);
		seal(f, "{" INSTANCE "," TIME "}");
		seal(f, texts[i]);
		(void)round_trip(f);
	}
}

static void
test_record_with_another_time_keeps_it(void **state)
{
	struct fixture *f = *state;

	seal(f, "{" INSTANCE "," TIME "}");
	seal(f, "{" INSTANCE ",\"time\":\"2026-11-22T08:44:09.796Z\"}");
	(void)round_trip(f);
}

static void
test_records_that_could_not_be_put_back_are_refused(void **state)
{
	struct fixture *f = *state;
	struct audit_record odd = {.seq = 1, .canonical = STR("{\"\002\":1}")};

	assert_false(store_lean_add(&f->lean, &odd, 1));
	seal(f, "{" INSTANCE "}");
	seal(f, "{" INSTANCE "}");
	f->records[1].prev.bytes[0] ^= 1;
	buf_clear(&f->lean);
	assert_false(store_lean_add(&f->lean, f->records, 2));
}

/* ------------------------------------------------------------------ damage */

/* Reads all that can be read of a text. */
static void
read_all(struct str text)
{
	struct store_lean lean;
	struct audit_record record;
	size_t bytes = 0;

	if (store_lean_init(&lean, text, 1, digest_sha256(STR("before"))))
		while (store_lean_next(&lean, &record))
			bytes += record.canonical.bytes;
	/* Each of a record's four members is put back once at the most. */
	assert_true(bytes <= text.bytes * 200);
	store_lean_fini(&lean);
}

static void
test_damaged_texts_are_read_without_harm(void **state)
{
	struct fixture *f = *state;
	struct rng_seeded seeded;
	struct rng *rng = begin_random(&seeded);

	seal(f, "{\"kind\":\"started\"," INSTANCE "," TIME "}");
	seal(f, "{\"kind\":\"entered\"," INSTANCE "," TIME "}");
	(void)round_trip(f);
	for (size_t bytes = 0; bytes < f->lean.bytes; bytes++)
		read_all(str_slice(buf_str(&f->lean), 0, bytes));
	for (int i = 0; i < 20000; i++) {
		char *at = &f->lean.at[rng_below(rng, f->lean.bytes)];
		char before = *at;
		*at = (char)rng_below(rng, 256);
		read_all(buf_str(&f->lean));
		if (i % 8 != 0)
			*at = before;
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_turn_comes_back_and_its_place_is_not_in_the_text),
		TEST(test_turn_far_into_a_history_comes_back),
		TEST(test_values_that_look_like_members_come_back),
		TEST(test_members_of_other_kinds_stay_as_they_are),
		TEST(test_record_with_another_time_keeps_it),
		TEST(test_records_that_could_not_be_put_back_are_refused),
		TEST(test_damaged_texts_are_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
