/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed_log.c: pieces of a log, sealed and opened.
 *
 * A log has one key from its head on: it is made of the key that was given
 * and the head, which is new each time the log is begun anew.  That is long
 * before there are so many pieces that two random nonces could be alike.
 */
#include "sealed.h"

#include "stated/rng.h"

#include <endian.h>

/* A piece, and the number of its frame. */
#define PLACE_BYTES 9

struct cipher *
sealed_log_cipher(struct store_keys *keys, const struct sealed_head *head)
{
	struct cipher_key key;

	must(sealed_head_is(head, SEALED_LOG));
	if (!store_keys_find(keys, sealed_head_id(head), &key))
		return NULL;
	struct cipher_key derived = cipher_key_derive(&key,
	    (struct str){(const char *)head->bytes, sizeof(head->bytes)},
	    STR("stated log"));
	struct cipher *cipher = cipher_new(&derived);
	cipher_key_forget(&key);
	cipher_key_forget(&derived);
	return cipher;
}

static struct str
place_of(enum sealed_piece piece, uint64_t frame, uint8_t out[PLACE_BYTES])
{
	uint64_t big = htobe64(frame);

	out[0] = (uint8_t)piece;
	memcpy(out + 1, &big, sizeof(big));
	return (struct str){(const char *)out, PLACE_BYTES};
}

void
sealed_log_seal(struct cipher *cipher, enum sealed_piece piece, uint64_t frame,
    struct str plain, uint8_t *sealed)
{
	uint8_t place[PLACE_BYTES];
	uint8_t *text = sealed + CIPHER_NONCE_BYTES;

	rng_system()->fill(rng_system(), sealed, CIPHER_NONCE_BYTES);
	cipher_seal(cipher, sealed, place_of(piece, frame, place), plain,
	    text, text + plain.bytes);
}

bool
sealed_log_open(struct cipher *cipher, enum sealed_piece piece, uint64_t frame,
    const uint8_t *sealed, uint8_t *plain, size_t bytes)
{
	uint8_t place[PLACE_BYTES];
	const uint8_t *text = sealed + CIPHER_NONCE_BYTES;

	return cipher_open(cipher, sealed, place_of(piece, frame, place),
	    (struct str){(const char *)text, bytes}, text + bytes, plain);
}
