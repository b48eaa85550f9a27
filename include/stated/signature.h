/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.h: keys, and signatures by them, under the names that JOSE gives
 * them (RFC 7518, RFC 8037).
 *
 * An algorithm is never taken from what is verified alone: the caller names
 * those that it takes, and a key fits the algorithms of its own kind only, so
 * that a public key is never the secret of an HMAC.
 */
#ifndef STATED_SIGNATURE_H
#define STATED_SIGNATURE_H

#include "stated/arena.h"

enum signature_algorithm {
	SIGNATURE_NONE, /* none that we know; nothing is signed by it */
	SIGNATURE_HS256,
	SIGNATURE_HS512,
	SIGNATURE_RS256,
	SIGNATURE_RS512,
	SIGNATURE_PS256,
	SIGNATURE_PS512,
	SIGNATURE_ES256,
	SIGNATURE_ES384,
	SIGNATURE_EDDSA, /* Ed25519 */
};
#define SIGNATURE_COUNT (SIGNATURE_EDDSA + 1)

/* "PS256"; SIGNATURE_NONE where there is none of that name. */
enum signature_algorithm signature_find(struct str name);
struct str signature_name(enum signature_algorithm algorithm);

struct signature_key;

/* Of a private key, a public key or a certificate in PEM; NULL where the text
 * has none, or one that asks for a passphrase. */
struct signature_key *signature_key_read(struct str pem);
/* NULL where the secret is empty. */
struct signature_key *signature_key_of_secret(struct str secret);
/* Public keys by their numbers, as a JWK has them (RFC 7518, section 6);
 * big-endian.  NULL where they make no key. */
struct signature_key *signature_key_of_rsa(struct str n, struct str e);
/* curve: P-256 or P-384. */
struct signature_key *signature_key_of_point(
    struct str curve, struct str x, struct str y);
struct signature_key *signature_key_of_ed25519(struct str x);
/* *key may be NULL. */
void signature_key_free(struct signature_key **key);

/* The public half (SubjectPublicKeyInfo), as PEM and as DER; absent of a
 * secret. */
struct str signature_key_pem(
    struct arena *arena, const struct signature_key *key);
struct str signature_key_der(
    struct arena *arena, const struct signature_key *key);

/* RSA keys of less than 2048 bits fit nothing. */
bool signature_key_fits(
    const struct signature_key *key, enum signature_algorithm algorithm);

/* The lowest of these bits, or the key's default where there is none. */
enum signature_algorithm signature_algorithm_of(
    uint32_t bits, const struct signature_key *key);

/* false where the key doesn't fit, or is a public one. */
MUST_USE bool signature_make(struct arena *arena,
    const struct signature_key *key, enum signature_algorithm algorithm,
    struct str text, struct str *signature);
/* Of HMACs in constant time. */
MUST_USE bool signature_is_of(const struct signature_key *key,
    enum signature_algorithm algorithm, struct str text, struct str signature);

#endif
