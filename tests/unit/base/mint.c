/* SPDX-License-Identifier: Apache-2.0 */
#include "mint.h"

#include "stated/digest.h"

struct str
mint_token(struct arena *arena, struct str private,
    enum signature_algorithm algorithm, struct str header, struct str claims)
{
	struct str first = digest_base64url(arena, header);
	struct str second = digest_base64url(arena, claims);
	struct str text = arena_strf(
	    arena, "%.*s.%.*s", STR_ARG(first), STR_ARG(second));
	struct str signature = STR("");
	struct signature_key *key = NULL;

	if (algorithm == SIGNATURE_HS256 || algorithm == SIGNATURE_HS512)
		key = signature_key_of_secret(private);
	else if (algorithm != SIGNATURE_NONE)
		key = signature_key_read(private);
	if (key != NULL)
		must(signature_make(arena, key, algorithm, text, &signature));
	signature_key_free(&key);
	signature = digest_base64url(arena, signature);
	return arena_strf(
	    arena, "%.*s.%.*s", STR_ARG(text), STR_ARG(signature));
}

struct str
mint_keys(struct arena *arena, const struct key_pair *pair, const char *id,
    const char *more)
{
	struct str known = STR("\"kid\":\"k1\",");
	size_t at = str_find(pair->jwk, known);
	struct str before, after;

	must(at != SIZE_MAX);
	before = str_slice(pair->jwk, 0, at);
	at += known.bytes;
	after = str_slice(pair->jwk, at, pair->jwk.bytes - at - 1);
	return arena_strf(arena,
	    "{\"keys\":[%.*s\"kid\":\"%s\",%.*s%s}]}", STR_ARG(before), id,
	    STR_ARG(after), more);
}
