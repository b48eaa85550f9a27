/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit_masked.c: digests in texts, with their salt and without. */
#include "stated/audit_masked.h"

#include "stated/arena.h"
#include "stated/buf.h"
#include "stated/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct str salt = STR_INIT("0123456789abcdef");
static const struct str none = {NULL, 0};

#define HMAC "hmac-sha256:"

/* What capital letters stand for the digests of. */
static const struct {
	char letter;
	const char *value;
} values[] = {
    {'H', "secret"},
    {'A', "Li"},
    {'B', "a b"},
    {'C', ""},
    {'D', "2026.00"},
    {'E', "M\xc3\xbcller & co"},
    {'F', "retail"}, /* it begins within a secret */
    {'G', "1.25E+60"},
    {'T', "true"},
};

static void
add_salted(struct buf *built, struct str key, const char *value)
{
	char hex[DIGEST_HEX_BYTES];

	buf_addf(built, HMAC "%s",
	    digest_hex(digest_hmac_sha256(key, str_of(value)), hex).at);
}

/* And S for the bare digest of "secret", O for one with another salt. */
static struct str
text(struct arena *arena, const char *pattern)
{
	struct buf built = buf_in(arena);
	char hex[DIGEST_HEX_BYTES];

	for (; *pattern != '\0'; pattern++) {
		const char *value = NULL;

		for (size_t i = 0; i < COUNT_OF(values); i++)
			if (values[i].letter == *pattern)
				value = values[i].value;
		if (value != NULL)
			add_salted(&built, salt, value);
		else if (*pattern == 'S')
			buf_addf(&built, "sha256:%s",
			    digest_hex(digest_sha256(STR("secret")), hex).at);
		else if (*pattern == 'O')
			add_salted(&built, STR("another"), "other");
		else
			buf_add_char(&built, *pattern);
	}
	return buf_keep(&built);
}

struct row {
	const char *recorded;
	const char *other;
	bool with; /* the salt */
	bool without;
};

static void
check_rows(bool (*holds)(struct str recorded, struct str other, struct str by),
    const struct row *rows, size_t count)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < count; i++) {
		struct str recorded = text(arena, rows[i].recorded);
		struct str other = text(arena, rows[i].other);

		if (holds(recorded, other, salt) != rows[i].with ||
		    holds(recorded, other, none) != rows[i].without)
			fail_msg("%s, %s", rows[i].recorded, rows[i].other);
	}
	arena_free(&arena);
}

static void
test_texts_agree_where_digests_do(void **state)
{
	static const struct row rows[] = {
	    {"", "", true, true},
	    {"a", "a", true, true},
	    {"a", "b", false, false},
	    {"a", "ab", false, false},
	    {"H", "H", true, true},
	    {"H", "O", false, false},
	    {"H", "", false, false},
	    {"H", "secret", true, true},
	    {"H", "public", false, true},
	    {"H", "S", false, true},
	    {"S", "S", true, true},
	    {"S", "secret", true, true},
	    {"S", "public", false, false},
	    {"S", "H", false, false},
	    {"to H!", "to secret!", true, true},
	    {"to H!", "to secret", false, false},
	    {"to H!", "on secret!", false, false},
	    {"to H!", "to !", false, false},
	    {"to H!", "to a!b!", false, true},
	    {"to H, H.", "to secret, H.", true, true},
	    {"to H, H.", "to H, secret.", true, true},
	    {"to H, H.", "to secret, secret.", true, true},
	    {"to H, O.", "to secret, H.", false, false},
	    {"HH", "secretsecret", true, true},
	    {"secret", "H", false, false},
	    /* the value may be spelled or escaped otherwise */
	    {"p-D-x", "p-2026.0-x", true, true},
	    {"p-D-x", "p-2026.1-x", false, true},
	    {"p-E-x", "p-M%c3%bcller%20%26%20co-x", true, true},
	    {"p-E-x", "p-M%c3%bcller%2520%2526%2520co-x", true, true},
	    {"p-E-x", "p-M%c3%bcller%20%26%20ko-x", false, true},
	    /* of two that overlap each has its digest */
	    {"to HF!", "to secretail!", true, true},
	    {"to HF!", "to secretal!", false, true},
	    /* what is short is there in full */
	    {"Li", "A", true, true},
	    {"Lu", "A", false, true},
	    {"Pay Li?", "Pay A?", true, true},
	    {"Pay Lu?", "Pay A?", false, true},
	    {"Pay Lina?", "Pay A?", false, false},
	    {"Pay Li", "Pay A?", false, false},
	    {"Pay ?", "Pay C?", true, true},
	    {"Pay ", "Pay C", true, true},
	    {"Pay ?", "Pay A?", false, true},
	    {"LiLi", "AA", true, true},
	    {"a bLi", "BA", true, true},
	    {"a b Li", "B A", true, true},
	    {"a b a b", "B B", true, true},
	    {"a b a b!", "B B", false, false},
	    {"LiLiLiLiLiLi", "AAAAAA", true, true},
	    {"it is true", "it is T", true, true},
	    {"it is false", "it is T", false, true},
	    {"to H, Li", "to H, A", true, true},
	    {"Li to H", "A to secret", true, true},
	    {"Lu to H", "A to secret", false, true},
	    {HMAC "ab", HMAC "ab", true, true},
	    {HMAC "ab", "secret", false, false},
	};

	(void)state;
	check_rows(audit_masked_agrees, rows, COUNT_OF(rows));
}

/* Nothing is taken on trust, and a digest in it is text. */
static void
test_text_in_full_is_of_the_record(void **state)
{
	static const struct row rows[] = {
	    {"", "", true, true},
	    {"a", "a", true, true},
	    {"a", "b", false, false},
	    {"a", "", false, false},
	    {"to H!", "to secret!", true, false},
	    {"to H!", "to public!", false, false},
	    {"to H!", "to secret", false, false},
	    {"to H!", "to !", false, false},
	    {"to H!", "to H!", true, true},
	    {"to H!", "to O!", false, false},
	    {"to H!", "H", false, false},
	    {"to H, O.", "to secret, O.", true, false},
	    {"p-D-x", "p-2026.0-x", true, false},
	    {"p-G-x",
		"p-1250000000000000000000000000000000000000000000000000000000000"
		"-x", true, false},
	    {"p-G-x",
		"p-1250000000000000000000000000000000000000000000000000000000001"
		"-x", false, false},
	    {"p-E-x", "p-M%c3%bcller%20%26%20co-x", true, false},
	    {"to HF!", "to secretail!", true, false},
	    /* older programs had no salts */
	    {"S", "secret", true, true},
	    {"S", "public", false, false},
	    {"S", "S", true, true},
	    {"secret", "S", false, false},
	    {"secret", "H", false, false},
	    {"Li", "A", false, false},
	    {"Pay Li", "Pay A", false, false},
	    {"Pay", "PayC", false, false},
	    {"it is true", "it is T", false, false},
	};

	(void)state;
	check_rows(audit_masked_is_of, rows, COUNT_OF(rows));
}

static void
test_digest_is_told_from_text(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_true(audit_masked_is_digest(text(arena, "H")));
	assert_true(audit_masked_is_digest(text(arena, "S")));
	assert_false(audit_masked_is_digest(text(arena, "H!")));
	assert_false(audit_masked_is_digest(text(arena, " H")));
	assert_false(audit_masked_is_digest(STR("12")));
	assert_false(audit_masked_is_digest(none));
	arena_free(&arena);
}


int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts_agree_where_digests_do),
	    cmocka_unit_test(test_text_in_full_is_of_the_record),
	    cmocka_unit_test(test_digest_is_told_from_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
