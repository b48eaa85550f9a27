/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h: SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), hex and Base64. */
#ifndef STATED_DIGEST_H
#define STATED_DIGEST_H

#include "stated/arena.h"

struct digest {
	uint8_t bytes[32];
};

#define DIGEST_HEX_BYTES 65 /* with the closing zero byte */

struct digest digest_sha256(struct str bytes);
/* Over the parts one after another. */
struct digest digest_sha256_parts(const struct str *parts, size_t count);
struct digest digest_hmac_sha256(struct str key, struct str bytes);
bool digest_equal(struct digest a, struct digest b); /* in constant time */
/* The same of two texts, whose lengths are no secret. */
bool digest_text_equal(struct str a, struct str b); /* empty: never */
/* 16 bytes as a UUID is written (RFC 9562, section 4): lower case, 36
 * characters; its version and variant are the caller's. */
#define DIGEST_UUID_BYTES 37
struct str digest_uuid(const uint8_t bytes[16], char out[DIGEST_UUID_BYTES]);
/* Two digits a byte, in lower case, and a zero byte. */
struct str digest_format_hex(struct str bytes, char *out);
/* The same of a digest. */
struct str digest_hex(struct digest digest, char out[DIGEST_HEX_BYTES]);
MUST_USE bool digest_parse_hex(struct str hex, struct digest *out);
/* RFC 4648 section 4; decoding also takes section 5's alphabet. */
struct str digest_base64(struct arena *arena, struct str bytes);
MUST_USE bool digest_parse_base64(struct arena *arena, struct str text,
    struct str *out);
/* RFC 4648 section 5 without padding, as JOSE has it, and nothing else. */
struct str digest_base64url(struct arena *arena, struct str bytes);
MUST_USE bool digest_parse_base64url(struct arena *arena, struct str text,
    struct str *out);

/* Streaming. */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_add(struct digest_stream *stream, struct str bytes);
/* Ends the stream and frees it. */
struct digest digest_stream_end(struct digest_stream **stream);

#endif
