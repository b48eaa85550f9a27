/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is packed comes back, and a packed form that somebody made up takes no
 * more memory than it may.
 */
#include "../../../src/store/store_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stated/rng.h"

static const struct str dictionary =
    STR_INIT("{\"kind\":\"call-sent\",\"operation\":\"bank.transfer\"}");
static const struct str first =
    STR_INIT("{\"kind\":\"started\",\"creditor\":\"Hansa Papier GmbH\"}");
static const struct str text = STR_INIT(
    "{\"kind\":\"call-sent\",\"operation\":\"bank.transfer\","
    "\"creditor\":\"Hansa Papier GmbH\"}");

static struct rng *
begin_random(struct rng_seeded *seeded)
{
	rng_seeded_init(seeded, 20261122);
	return &seeded->rng;
}

struct fixture {
	struct store_packer *packer;
	struct buf out;
};

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	f->packer = store_packer_new();
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	buf_fini(&f->out);
	store_packer_free(&f->packer);
	test_free(f);
	return 0;
}

static bool
unpack(struct fixture *f, struct str form, struct str lean_on)
{
	struct pack_head head;

	buf_clear(&f->out);
	return store_pack_read_head(form, &head) &&
	    store_unpack(&head, dictionary,
	    head.leans ? lean_on : (struct str){NULL, 0}, &f->out);
}

static size_t
round_trip(struct fixture *f, struct str lean_on, struct str bytes)
{
	struct pack_base base = {7, dictionary, lean_on};
	struct str form = store_pack(f->packer, &base, bytes);
	struct pack_head head;

	assert_true(store_pack_read_head(form, &head));
	assert_int_equal(head.dictionary_id, 7);
	assert_int_equal(head.leans, lean_on.at != NULL);
	assert_int_equal(head.bytes, bytes.bytes);
	assert_true(unpack(f, form, lean_on));
	assert_true(str_equal(buf_str(&f->out), bytes));
	return form.bytes;
}

static void
test_bytes_come_back_and_the_base_saves_most_of_them(void **state)
{
	struct fixture *f = *state;
	size_t alone = round_trip(f, (struct str){NULL, 0}, text);
	size_t leaning = round_trip(f, first, text);

	assert_true(alone < text.bytes * 3 / 4);
	assert_true(leaning < alone - 10);
	assert_int_equal(round_trip(f, (struct str){NULL, 0}, text), alone);
	(void)round_trip(f, (struct str){NULL, 0}, STR("x"));
}

static void
test_dictionary_of_another_number_is_taken_up(void **state)
{
	struct fixture *f = *state;
	struct pack_base other = {8, text, {NULL, 0}};
	struct str form = store_pack(f->packer, &other, text);

	assert_true(form.bytes < 16);
	assert_false(unpack(f, form, first) &&
	    str_equal(buf_str(&f->out), text));
	(void)round_trip(f, first, text);
}

/* A packer keeps what it took in; it must make what a new one makes. */
static void
test_the_base_of_before_leaves_no_trace(void **state)
{
	struct fixture *f = *state;
	const struct str firsts[] = {{NULL, 0}, first, STR("{\"kind\":\"x\"}")};
	const struct pack_base dictionaries[] = {
		{.dictionary_id = 7, .dictionary = dictionary},
		{.dictionary_id = 8, .dictionary = STR("Hansa Papier GmbH")},
	};
	struct rng_seeded seeded;
	struct rng *rng = begin_random(&seeded);

	for (int i = 0; i < 1000; i++) {
		struct store_packer *fresh = store_packer_new();
		struct pack_base base = dictionaries[rng_below(rng, 2)];
		base.first = firsts[rng_below(rng, 3)];
		base.is_last = rng_below(rng, 2) == 0;
		assert_true(str_equal(store_pack(f->packer, &base, text),
		    store_pack(fresh, &base, text)));
		store_packer_free(&fresh);
	}
}

static void
test_megabytes_come_back(void **state)
{
	struct fixture *f = *state;
	struct rng_seeded seeded;
	struct rng *rng = begin_random(&seeded);
	size_t bytes = 3 * 1024 * 1024;
	char *random = malloc(bytes);
	char *zeros = calloc(1, bytes);

	assert_non_null(random);
	assert_non_null(zeros);
	rng->fill(rng, random, bytes);
	assert_true(round_trip(f, first, (struct str){random, bytes}) > bytes);
	assert_true(round_trip(f, first, (struct str){zeros, bytes}) <
	    bytes / 200);
	free(random);
	free(zeros);
}

static void
test_claims_that_cannot_be_true_are_refused(void **state)
{
	struct fixture *f = *state;
	struct pack_head head;
	struct buf form = {0};

	assert_false(store_pack_read_head(STR(""), &head));
	assert_false(store_pack_read_head(STR("\007"), &head));
	assert_false(store_pack_read_head((struct str){"\0\4\0\0", 4}, &head));
	buf_add_varint(&form, 7);
	buf_add_varint(&form, (uint64_t)PACK_BYTES_MAX << 1);
	buf_add_cstr(&form, "a few bytes");
	assert_false(store_pack_read_head(buf_str(&form), &head));
	buf_clear(&form);
	buf_add_varint(&form, 7);
	buf_add_varint(&form, UINT64_MAX);
	buf_add_cstr(&form, "a few bytes");
	assert_false(store_pack_read_head(buf_str(&form), &head));
	/* What LZ4 could make of so few, and doesn't. */
	buf_clear(&form);
	buf_add_varint(&form, 7);
	buf_add_varint(&form, 2000 << 1);
	buf_add_cstr(&form, "a few bytes");
	assert_false(unpack(f, buf_str(&form), first));
	assert_int_equal(f->out.bytes, 0);
	buf_fini(&form);
}

static void
test_damaged_forms_are_unpacked_without_harm(void **state)
{
	struct fixture *f = *state;
	struct pack_base base = {7, dictionary, first};
	struct rng_seeded seeded;
	struct rng *rng = begin_random(&seeded);
	struct str form = store_pack(f->packer, &base, text);
	/* Of its own size, so that reading past it is seen. */
	char *copy = malloc(form.bytes);

	assert_non_null(copy);
	for (int i = 0; i < 50000; i++) {
		size_t bytes = form.bytes;
		memcpy(copy, form.at, bytes);
		for (uint64_t n = rng_below(rng, 4); n > 0; n--)
			copy[rng_below(rng, bytes)] =
			    (char)rng_below(rng, 256);
		if (i % 3 == 0)
			bytes = rng_below(rng, bytes);
		(void)unpack(f, (struct str){copy, bytes}, first);
		assert_true(f->out.bytes <= bytes * 255);
	}
	free(copy);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_come_back_and_the_base_saves_most_of_them),
		TEST(test_dictionary_of_another_number_is_taken_up),
		TEST(test_the_base_of_before_leaves_no_trace),
		TEST(test_megabytes_come_back),
		TEST(test_claims_that_cannot_be_true_are_refused),
		TEST(test_damaged_forms_are_unpacked_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
