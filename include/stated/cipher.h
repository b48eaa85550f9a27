/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cipher.h: AES-256-GCM (NIST SP 800-38D), and keys made of keys (HKDF,
 * RFC 5869).
 *
 * What is sealed can be read by who has the key only, and whoever changes it,
 * or what goes along with it in plain (`beside`), is found out when it is
 * opened.  A key must never seal two texts with the same nonce.  With random
 * nonces of 96 bits it may seal 2^32 of them (SP 800-38D, 8.3): who seals
 * more makes a new key now and then.
 */
#ifndef STATED_CIPHER_H
#define STATED_CIPHER_H

#include "stated/must.h"
#include "stated/str.h"

#define CIPHER_KEY_BYTES 32
#define CIPHER_NONCE_BYTES 12
#define CIPHER_TAG_BYTES 16

struct cipher_key {
	uint8_t bytes[CIPHER_KEY_BYTES];
};

/* Of 64 hexadecimal digits, or of Base64 (RFC 4648, section 4) of 32 bytes.
 * false where the text is neither. */
MUST_USE bool cipher_key_parse(struct str text, struct cipher_key *key);
/* Another key, from which this one can't be learnt: HKDF with SHA-256, its
 * output as long as a key.  Other salts and other words give other keys. */
struct cipher_key cipher_key_derive(
    const struct cipher_key *key, struct str salt, struct str info);
/* Its bytes are in memory no more. */
void cipher_key_forget(struct cipher_key *key);

/* Ready to seal and to open; of one thread at a time. */
struct cipher;
struct cipher *cipher_new(const struct cipher_key *key);
void cipher_free(struct cipher **cipher);
/* From here on it is another one. */
void cipher_set_key(struct cipher *cipher, const struct cipher_key *key);

/* `sealed` gets as many bytes as `plain` has, and may not overlap it. */
void cipher_seal(struct cipher *cipher,
    const uint8_t nonce[CIPHER_NONCE_BYTES], struct str beside,
    struct str plain, uint8_t *sealed, uint8_t tag[CIPHER_TAG_BYTES]);
/* false where anything isn't as it was sealed; `plain` is zeros then. */
MUST_USE bool cipher_open(struct cipher *cipher,
    const uint8_t nonce[CIPHER_NONCE_BYTES], struct str beside,
    struct str sealed, const uint8_t tag[CIPHER_TAG_BYTES], uint8_t *plain);

#endif
