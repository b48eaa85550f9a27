/* SPDX-License-Identifier: Apache-2.0 */
#include "key_pair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const enum signature_algorithm algorithms[] = {
	SIGNATURE_RS256, SIGNATURE_RS512, SIGNATURE_PS256, SIGNATURE_PS512,
	SIGNATURE_ES256, SIGNATURE_ES384, SIGNATURE_EDDSA, SIGNATURE_HS256,
	SIGNATURE_HS512,
};
#define COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

static struct arena *arena;

static enum key_pair_kind
kind_for(enum signature_algorithm algorithm)
{
	switch (algorithm) {
	case SIGNATURE_ES256:
		return PAIR_P256;
	case SIGNATURE_ES384:
		return PAIR_P384;
	case SIGNATURE_EDDSA:
		return PAIR_ED25519;
	default:
		return PAIR_RSA;
	}
}

/* Both halves of one that fits. */
static void
keys_for(enum signature_algorithm algorithm, struct signature_key **private,
    struct signature_key **public)
{
	struct key_pair pair;

	if (algorithm == SIGNATURE_HS256 || algorithm == SIGNATURE_HS512) {
		*private = signature_key_of_secret(STR("hush"));
		*public = signature_key_of_secret(STR("hush"));
		return;
	}
	pair = key_pair_new(arena, kind_for(algorithm));
	*private = signature_key_read(pair.private);
	*public = signature_key_read(pair.public);
	assert_non_null(*private);
	assert_non_null(*public);
}

static void
test_each_algorithm_verifies_what_it_signed(void **state)
{
	struct signature_key *private, *public;
	struct str signature, text = STR("pay 250.10 to ACME");

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		keys_for(algorithms[i], &private, &public);
		assert_true(signature_make(arena, private, algorithms[i], text,
		    &signature));
		assert_true(signature_is_of(public, algorithms[i], text,
		    signature));
		assert_false(signature_is_of(public, algorithms[i],
		    STR("pay 950.10 to ACME"), signature));
		signature_key_free(&private);
		signature_key_free(&public);
	}
}

static void
test_each_bit_of_a_signature_counts(void **state)
{
	struct signature_key *private, *public;
	struct str signature, text = STR("pay");

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		keys_for(algorithms[i], &private, &public);
		assert_true(signature_make(arena, private, algorithms[i], text,
		    &signature));
		char *at = (char *)signature.at;
		for (size_t bit = 0; bit < 8 * signature.bytes; bit++) {
			at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
			assert_false(signature_is_of(public, algorithms[i],
			    text, signature));
			at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
		}
		signature.bytes--;
		assert_false(signature_is_of(public, algorithms[i], text,
		    signature));
		signature_key_free(&private);
		signature_key_free(&public);
	}
}

static void
test_key_fits_its_own_kind_only(void **state)
{
	struct signature_key *private, *public;
	struct str signature;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		keys_for(algorithms[i], &private, &public);
		for (size_t k = 0; k < COUNT; k++) {
			if (signature_key_fits(public, algorithms[k]))
				continue;
			assert_false(signature_make(arena, private,
			    algorithms[k], STR("x"), &signature));
			assert_false(signature_is_of(public, algorithms[k],
			    STR("x"), STR("x")));
		}
		assert_true(signature_key_fits(public, algorithms[i]));
		assert_false(signature_key_fits(public, SIGNATURE_NONE));
		signature_key_free(&private);
		signature_key_free(&public);
	}
}

static void
test_public_key_signs_nothing(void **state)
{
	struct signature_key *private, *public;
	struct str signature;

	(void)state;
	keys_for(SIGNATURE_PS256, &private, &public);
	assert_false(signature_make(arena, public, SIGNATURE_PS256, STR("x"),
	    &signature));
	signature_key_free(&private);
	signature_key_free(&public);
}

static void
test_certificate_has_its_key(void **state)
{
	struct key_pair pair = key_pair_new(arena, PAIR_RSA);
	struct signature_key *private = signature_key_read(pair.private);
	struct signature_key *certified = signature_key_read(pair.certificate);
	struct str signature;

	(void)state;
	assert_true(signature_make(arena, private, SIGNATURE_RS256, STR("x"),
	    &signature));
	assert_true(signature_is_of(certified, SIGNATURE_RS256, STR("x"),
	    signature));
	signature_key_free(&private);
	signature_key_free(&certified);
}

static void
test_what_is_no_key_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "hush", "-----BEGIN PRIVATE KEY-----\nAAAA\n"
		"-----END PRIVATE KEY-----\n",
	};
	struct key_pair weak = key_pair_new(arena, PAIR_RSA_WEAK);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(signature_key_read(str_of(texts[i])));
	assert_null(signature_key_read(weak.private));
	assert_null(signature_key_read(weak.public));
	assert_null(signature_key_of_secret(STR("")));
	assert_null(signature_key_of_rsa(STR(""), STR("\1\0\1")));
	assert_null(signature_key_of_point(STR("P-256"), STR("x"), STR("y")));
	assert_null(signature_key_of_point(STR("P-521"), STR("x"), STR("y")));
	/* A point that isn't on the curve. */
	assert_null(signature_key_of_point(STR("P-256"),
	    STR("12345678901234567890123456789012"),
	    STR("12345678901234567890123456789012")));
	assert_null(signature_key_of_ed25519(STR("short")));
}

static void
test_names_are_those_of_jose(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(signature_find(signature_name(algorithms[i])),
		    algorithms[i]);
	assert_int_equal(signature_find(STR("none")), SIGNATURE_NONE);
	assert_int_equal(signature_find(STR("ps256")), SIGNATURE_NONE);
	assert_int_equal(signature_find(STR("")), SIGNATURE_NONE);
}

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_algorithm_verifies_what_it_signed),
		cmocka_unit_test(test_each_bit_of_a_signature_counts),
		cmocka_unit_test(test_key_fits_its_own_kind_only),
		cmocka_unit_test(test_public_key_signs_nothing),
		cmocka_unit_test(test_certificate_has_its_key),
		cmocka_unit_test(test_what_is_no_key_is_refused),
		cmocka_unit_test(test_names_are_those_of_jose),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
