/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer.h: OpenID providers: where their keys are, and whether an access
 * token is one of theirs.
 *
 * Discovery is OpenID Connect Discovery 1.0, tokens are JWTs (RFC 7519) as
 * RFC 9068 has them, read with the caution of RFC 8725: what a token's header
 * says chooses among what is taken here and adds nothing to it; keys that come
 * along (jwk, jku, x5c, x5u) are never looked at.  Nothing here does I/O.
 */
#ifndef STATED_ISSUER_H
#define STATED_ISSUER_H

#include "stated/message.h"
#include "stated/outcome.h"
#include "stated/value.h"

/* A provider, as the configuration knows it. */
struct issuer {
	struct str url;      /* as tokens say it, byte for byte */
	struct str audience; /* that we are called by */
	struct str ca;       /* who signed its certificate; absent: system's */
	uint32_t algorithms; /* bits by enum signature_algorithm; 0: all of
				key pairs, none of shared secrets */
	int64_t skew_ms;     /* that its clock may be off */
	bool is_strict;      /* only what calls itself at+jwt (RFC 9068) */
};

/* Whether it may be asked: https, or http to this machine. */
bool issuer_is_url(struct str url);

/* A provider's own description, and its JWK set at the place which that
 * gives.  Texts of the request are in the arena. */
void issuer_discovery_prepare(struct arena *arena,
    const struct issuer *issuer, struct message_request *request);
MUST_USE bool issuer_discovery_interpret(struct arena *arena,
    const struct issuer *issuer, const struct message_response *response,
    struct str *keys_url, struct outcome *failure);
void issuer_keys_prepare(struct arena *arena, const struct issuer *issuer,
    struct str keys_url, struct message_request *request);

/* Symbol, what to tell the caller. */
#define ISSUER_VERDICTS(X)                                                     \
	X(GENUINE, "The token is genuine.")                                    \
	X(TOO_LARGE, "The token is too large.")                                \
	X(ENCRYPTED, "The token is encrypted; send a signed one.")             \
	X(MALFORMED, "The token is no JWT.")                                   \
	X(ALGORITHM, "The token's algorithm is not taken here.")               \
	X(EXTENDED, "The token's header has what is not understood here.")     \
	X(OTHER_TYPE, "The token is no access token.")                         \
	X(UNKNOWN_KEY, "The token's key is none of its issuer's.")             \
	X(FORGED, "The token's signature does not hold.")                      \
	X(NO_CLAIMS, "The token has no claims.")                               \
	X(UNTIMED, "The token does not say when it expires.")                  \
	X(EXPIRED, "The token has expired; ask its issuer for a new one.")     \
	X(EARLY, "The token is not valid yet; compare the clocks.")            \
	X(OTHER_ISSUER, "The token is of another issuer.")                     \
	X(OTHER_AUDIENCE, "The token is meant for another audience.")

enum issuer_verdict {
#define X(symbol, text) ISSUER_##symbol,
	ISSUER_VERDICTS(X)
#undef X
};
struct str issuer_verdict_text(enum issuer_verdict verdict);

#define ISSUER_TOKEN_BYTES_MAX (16 * 1024)

/* keys: the JWK set's text.  *claims is set where it is genuine. */
MUST_USE enum issuer_verdict issuer_verify(struct arena *arena,
    const struct issuer *issuer, struct str keys, struct str token,
    int64_t now_ms, const struct value **claims);

/* The same of a token whose signature is known to hold, by those keys: that
 * alone isn't looked at again. */
MUST_USE enum issuer_verdict issuer_verify_again(struct arena *arena,
    const struct issuer *issuer, struct str token, int64_t now_ms,
    const struct value **claims);

/* A claim by its name, or by a path with dots ("realm_access.roles") where
 * there is none of that name; NULL where there is neither. */
const struct value *issuer_claim(const struct value *claims, struct str path);
/* The texts of such a claim: a list's, or a text's words (as in `scope`). */
const struct str *issuer_claim_texts(struct arena *arena,
    const struct value *claims, struct str path, size_t *count);

#endif
