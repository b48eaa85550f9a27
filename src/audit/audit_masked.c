/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_masked.c: a text that history has without what is sensitive, and one
 * that may be the same.
 *
 * Who does a history again has from outside what history has: digests.  But
 * what the definition itself says (an account number in a decision table)
 * comes in full, or as a digest without the salt.  With the salt it can be told
 * whether it is the same; without it anything may stand for a digest, and the
 * text around it still has to agree.
 *
 * What is sensitive and short has a digest only where it stands alone, so what
 * is made of that has the digest where history has the value.
 */
#include "stated/audit_masked.h"

#include "stated/digest.h"
#include "stated/escape.h"
#include "stated/number.h"

#include <string.h>

#define UNSALTED STR("sha256:")
#define SALTED STR("hmac-sha256:")
#define HEX_BYTES (DIGEST_HEX_BYTES - 1)
/* Where a value begins and ends that stands for a digest is tried so often. */
#define TRIES_MAX 4096
/* Longer ones are masked in the midst of a text, too. */
#define SHORT_BYTES_MAX 3
/* As deep as chart_mask.c looks, and in texts of names' length. */
#define ESCAPED_MAX 2
#define ESCAPED_BYTES_MAX 1024
#define DIGITS_MAX 34 /* of a number */

/* A digest in a text. */
struct stand_in {
	struct str text; /* all of it */
	struct digest digest;
	bool is_salted;
};

/* false where the text doesn't begin with one. */
static bool
read_digest(struct str text, struct stand_in *found)
{
	size_t word;

	found->is_salted = str_has_prefix(text, SALTED);
	if (!found->is_salted && !str_has_prefix(text, UNSALTED))
		return false;
	word = found->is_salted ? SALTED.bytes : UNSALTED.bytes;
	found->text = str_slice(text, 0, word + HEX_BYTES);
	return digest_parse_hex(
	    str_slice(text, word, HEX_BYTES), &found->digest);
}

/* The text up to the first digest in it; found->text is absent: there is
 * none. */
static struct str
before_digest(struct str text, struct stand_in *found)
{
	for (size_t at = 0; at < text.bytes; at++) {
		char c = text.at[at];

		if ((c == 'h' || c == 's') &&
		    read_digest(str_slice(text, at, text.bytes - at), found))
			return str_slice(text, 0, at);
	}
	*found = (struct stand_in){.is_salted = false};
	return text;
}

struct str
audit_masked_before(struct str text, struct str *digest)
{
	struct stand_in found;
	struct str before = before_digest(text, &found);

	*digest = found.text;
	return before;
}

bool
audit_masked_is_digest(struct str text)
{
	struct stand_in digest;

	return read_digest(text, &digest) &&
	       digest.text.bytes == text.bytes;
}

static struct str
after(struct str text, size_t bytes)
{
	must(bytes <= text.bytes);
	return str_slice(text, bytes, text.bytes - bytes);
}

/* ---- what a digest stands for ---- */

static bool
is_digest_of(const struct stand_in *digest, struct str value, struct str salt)
{
	return digest_equal(digest->digest, digest->is_salted
		? digest_hmac_sha256(salt, value)
		: digest_sha256(value));
}

/* The digest is that of one spelling: 7.1 may stand for that of 7.10. */
static bool
is_digest_of_number(
    const struct stand_in *digest, struct str written, struct str salt)
{
	struct number number, spelled;
	char out[NUMBER_TEXT_BYTES];

	if (number_parse_plain(written, &number) != NUMBER_OK)
		return false;
	/* Beyond the digits there are no other spellings worth a try. */
	if (is_digest_of(digest,
		number_format(number_reduce(number), out), salt))
		return true;
	for (int scale = -DIGITS_MAX; scale <= DIGITS_MAX; scale++)
		if (number_round(number, scale, NUMBER_DOWN, &spelled) ==
			NUMBER_OK &&
		    number_equal(number, spelled) &&
		    is_digest_of(digest, number_format(spelled, out), salt))
			return true;
	return false;
}

/* And that of the value as it is, however it is escaped in the text. */
static bool
is_digest_of_escaped(const struct stand_in *digest, const struct meant *of,
    struct str salt, unsigned depth)
{
	bool is_it = false;

	if (depth == ESCAPED_MAX || of->text.bytes > ESCAPED_BYTES_MAX)
		return false;
	for (enum escape form = 0; form < ESCAPES && !is_it; form++) {
		struct meant meant;

		if (!escape_undo(of, form, NULL, &meant))
			continue;
		is_it = is_digest_of(digest, meant.text, salt) ||
			is_digest_of_escaped(digest, &meant, salt, depth + 1);
		escape_free(&meant);
	}
	return is_it;
}

/* Whether the value may be what the digest stands for. */
static bool
stands_for(const struct stand_in *digest, struct str value, struct str salt)
{
	const struct meant written = {.text = value};

	return (digest->is_salted && salt.at == NULL) ||
	       is_digest_of(digest, value, salt) ||
	       is_digest_of_number(digest, value, salt) ||
	       is_digest_of_escaped(digest, &written, salt, 0);
}

/* ---- one text beside the other ---- */

/* A text from here on, and where its next digest is. */
struct cut {
	struct str all;
	struct str text; /* before the digest, or all of it */
	struct stand_in digest; /* .text is absent: there is none */
};

static struct cut
cut_of(struct str all)
{
	struct cut cut = {.all = all};

	cut.text = before_digest(all, &cut.digest);
	return cut;
}

static bool
has_digest(const struct cut *cut)
{
	return cut->digest.text.at != NULL;
}

static bool
is_at_digest(const struct cut *cut)
{
	return cut->text.bytes == 0 && has_digest(cut);
}

static void
skip(struct cut *cut, size_t bytes)
{
	if (bytes > cut->text.bytes) {
		*cut = cut_of(after(cut->all, bytes));
		return;
	}
	cut->all = after(cut->all, bytes);
	cut->text = after(cut->text, bytes);
}

static void
skip_digest(struct cut *cut)
{
	must(is_at_digest(cut));
	*cut = cut_of(after(cut->all, cut->digest.text.bytes));
}

/* Whether the digest stands for what ends there.  Of two values that overlap
 * each has its digest, so the later one may begin so many bytes before. */
static bool
stands_for_end(const struct stand_in *digest, struct str value, size_t before,
    struct str salt, size_t *tried)
{
	for (size_t back = 0; back <= before && *tried < TRIES_MAX; back++) {
		struct str whole = {value.at - back, value.bytes + back};

		(*tried)++;
		if (stands_for(digest, whole, salt))
			return true;
	}
	return false;
}

/* The value that stands for the digest is as short as it can be: the text
 * that follows comes right after it.  0: none does. */
static size_t
value_bytes(const struct stand_in *digest, struct str other, size_t before,
    const struct cut *next, struct str salt)
{
	size_t tried = 0;
	size_t first = !has_digest(next) && other.bytes > next->text.bytes
	    ? other.bytes - next->text.bytes : 1;

	for (size_t end = first; end + next->text.bytes <= other.bytes &&
	     tried < TRIES_MAX; end++)
		if (str_has_prefix(after(other, end), next->text) &&
		    stands_for_end(digest, str_slice(other, 0, end), before,
			salt, &tried))
			return end;
	return 0;
}

/* A digest that comes again is one that history has as well, so a salted one
 * is the same, and one without a salt was made of what isn't masked there. */
static bool
same_digest(const struct stand_in *recorded, const struct stand_in *other,
    struct str salt)
{
	if (recorded->is_salted && !other->is_salted)
		return salt.at == NULL;
	return str_equal(recorded->text, other->text);
}

/* Over the record's digest, and what stands for it.  passed: the bytes of a
 * value right before it. */
static bool
pass_digest(struct cut *recorded, struct cut *other, struct str salt,
    size_t *passed)
{
	const struct stand_in digest = recorded->digest;
	size_t bytes;

	skip_digest(recorded);
	if (is_at_digest(other)) {
		bool is_same = same_digest(&digest, &other->digest, salt);

		skip_digest(other);
		*passed = 0;
		return is_same;
	}
	bytes = value_bytes(&digest, other->all, *passed, recorded, salt);
	skip(other, bytes);
	*passed += bytes;
	return bytes > 0;
}

/* ---- what is too short ---- */

static bool
is_too_short(struct str value)
{
	return value.bytes <= SHORT_BYTES_MAX ||
	       str_equal(value, STR("true")) || str_equal(value, STR("false"));
}

static bool
is_followed_by(struct str text, const struct cut *recorded,
    const struct cut *next)
{
	size_t bytes = text.bytes < next->text.bytes
	    ? text.bytes : next->text.bytes;

	if (!has_digest(recorded) &&
	    (has_digest(next) ? bytes < next->text.bytes
			      : text.bytes != next->text.bytes))
		return false;
	return str_equal(
	    str_slice(text, 0, bytes), str_slice(next->text, 0, bytes));
}

#define LENGTHS (sizeof("false"))

/* Over a digest that the record lacks: how long what it stands for may be
 * there. */
static size_t
pass_short(const struct cut *recorded, struct cut *other, struct str salt,
    size_t lengths[LENGTHS])
{
	const struct stand_in digest = other->digest;
	size_t count = 0;

	skip_digest(other);
	for (size_t bytes = 0;
	     bytes < LENGTHS && bytes <= recorded->text.bytes; bytes++) {
		struct str value = str_slice(recorded->text, 0, bytes);

		if (is_too_short(value) &&
		    is_followed_by(
			after(recorded->text, bytes), recorded, other) &&
		    stands_for(&digest, value, salt))
			lengths[count++] = bytes;
	}
	return count;
}

static bool
agrees(struct cut recorded, struct cut other, struct str salt, size_t *tried);

/* Where it has one of those lengths but the last.  With the salt there is only
 * one. */
static bool
agrees_by_any(const struct cut *recorded, const struct cut *other,
    struct str salt, const size_t *lengths, size_t count, size_t *tried)
{
	for (size_t i = 0; i + 1 < count && *tried < TRIES_MAX; i++) {
		struct cut behind = *recorded;

		(*tried)++;
		skip(&behind, lengths[i]);
		if (agrees(behind, *other, salt, tried))
			return true;
	}
	return false;
}

static void
skip_same(struct cut *recorded, struct cut *other, size_t *passed)
{
	size_t bytes = 0;

	while (bytes < recorded->text.bytes && bytes < other->text.bytes &&
	       recorded->text.at[bytes] == other->text.at[bytes])
		bytes++;
	skip(recorded, bytes);
	skip(other, bytes);
	if (bytes > 0)
		*passed = 0;
}

static bool
agrees(struct cut recorded, struct cut other, struct str salt, size_t *tried)
{
	size_t lengths[LENGTHS], count, passed = 0;

	for (;;) {
		skip_same(&recorded, &other, &passed);
		if (is_at_digest(&recorded)) {
			if (!pass_digest(&recorded, &other, salt, &passed))
				return false;
			continue;
		}
		if (!is_at_digest(&other))
			return recorded.all.bytes == 0 && other.all.bytes == 0;
		count = pass_short(&recorded, &other, salt, lengths);
		if (count == 0)
			return false;
		if (agrees_by_any(
			&recorded, &other, salt, lengths, count, tried))
			return true;
		skip(&recorded, lengths[count - 1]);
		passed = 0;
	}
}

bool
audit_masked_agrees(struct str recorded, struct str other, struct str salt)
{
	size_t tried = 0;

	return agrees(cut_of(recorded), cut_of(other), salt, &tried);
}

/* ---- a text in full ---- */

/* Over the record's digest.  One without a salt may be from before the instance
 * got one. */
static bool
pass_in_full(struct cut *recorded, struct cut *shown, struct str salt,
    size_t *passed)
{
	const struct stand_in digest = recorded->digest;

	if (str_has_prefix(shown->all, digest.text)) {
		skip_digest(recorded);
		skip(shown, digest.text.bytes);
		*passed = 0;
		return true;
	}
	return (!digest.is_salted || salt.at != NULL) &&
	       pass_digest(recorded, shown, salt, passed);
}

bool
audit_masked_is_of(struct str recorded, struct str shown, struct str salt)
{
	struct cut said = cut_of(recorded);
	/* What looks like a digest is a text like any other. */
	struct cut full = {.all = shown, .text = shown};
	size_t passed = 0;

	for (;;) {
		skip_same(&said, &full, &passed);
		if (!is_at_digest(&said))
			return said.all.bytes == 0 && full.all.bytes == 0;
		if (!pass_in_full(&said, &full, salt, &passed))
			return false;
	}
}
