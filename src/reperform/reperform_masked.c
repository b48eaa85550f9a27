/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_masked.c: a text that history has without what is sensitive, and
 * what comes there when it is done again.
 *
 * What came from outside comes as its digest again.  But what the definition
 * itself says (an account number in a decision table) comes in full, or as a
 * digest without the salt.  With the salt it can be told whether it is the
 * same; without it anything may stand for a digest, and the text around it
 * still has to agree.
 */
#include "reperform_priv.h"

#include <string.h>

#define UNSALTED STR("sha256:")
#define SALTED STR("hmac-sha256:")
#define HEX_BYTES (DIGEST_HEX_BYTES - 1)
/* Where a value ends that stands for a digest is tried so often. */
#define ENDS_MAX 4096

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
masked_before_digest(struct str text, struct str *digest)
{
	struct stand_in found;
	struct str before = before_digest(text, &found);

	*digest = found.text;
	return before;
}

static struct str
after(struct str text, size_t bytes)
{
	must(bytes <= text.bytes);
	return str_slice(text, bytes, text.bytes - bytes);
}

/* Whether the value may be what the digest stands for. */
static bool
stands_for(const struct stand_in *digest, struct str value, struct str salt)
{
	if (!digest->is_salted)
		return digest_equal(digest->digest, digest_sha256(value));
	return salt.at == NULL ||
	       digest_equal(
		   digest->digest, digest_hmac_sha256(salt, value));
}

/* The value that stands for the digest is as short as it can be: the text
 * that follows comes right after it.  0: none does. */
static size_t
value_bytes(const struct stand_in *digest, struct str computed,
    struct str next, bool is_last, struct str salt)
{
	size_t tried = 0;
	size_t first = is_last && computed.bytes > next.bytes
	    ? computed.bytes - next.bytes : 1;

	for (size_t end = first; end + next.bytes <= computed.bytes &&
	     tried < ENDS_MAX; end++) {
		if (!str_has_prefix(after(computed, end), next))
			continue;
		tried++;
		if (stands_for(digest, str_slice(computed, 0, end), salt))
			return end;
	}
	return 0;
}

/* A digest that comes again is one that history has as well, so a salted one
 * is the same, and one without a salt was made of what isn't masked there. */
static bool
same_digest(const struct stand_in *recorded, const struct stand_in *computed,
    struct str salt)
{
	if (recorded->is_salted && !computed->is_salted)
		return salt.at == NULL;
	return str_equal(recorded->text, computed->text);
}

bool
masked_is_digest(struct str text)
{
	struct stand_in digest;

	return read_digest(text, &digest) &&
	       digest.text.bytes == text.bytes;
}

bool
masked_agrees(struct str recorded, struct str computed, struct str salt)
{
	struct stand_in digest, next, made;
	struct str text = before_digest(recorded, &digest);

	while (digest.text.at != NULL) {
		size_t bytes;

		if (!str_has_prefix(computed, text))
			return false;
		recorded = after(recorded, text.bytes + digest.text.bytes);
		computed = after(computed, text.bytes);
		text = before_digest(recorded, &next);
		if (read_digest(computed, &made)) {
			if (!same_digest(&digest, &made, salt))
				return false;
			bytes = made.text.bytes;
		} else {
			bytes = value_bytes(&digest, computed, text,
			    next.text.at == NULL, salt);
			if (bytes == 0)
				return false;
		}
		computed = after(computed, bytes);
		digest = next;
	}
	return str_equal(text, computed);
}
