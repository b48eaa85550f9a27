/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed.h: what an encrypted database looks like on the disk; private to
 * src/store.
 *
 * A database and its log are each a head of 64 bytes in plain, and what
 * SQLite would have written, piece by piece, each piece sealed with a tag of
 * its own (decision 20):
 *
 *   head          magic(16) kind(1) 0(3) page size(4) key id(8) random(32)
 *   page          sealed(page size) key id(8) span(16) nonce(12) tag(16)
 *   log's head    head, then nonce(12) sealed(32) tag(16) 0(4)
 *   log's frame   nonce(12) sealed(24) tag(16), then
 *                 nonce(12) sealed(page size) tag(16)
 *
 * Numbers are big-endian.  A database's head has zeros for a key id: its pages
 * tell theirs.  What is sealed is tied to its place (the number of the page or
 * the frame) by what is authenticated beside it, and to its file by the key,
 * which is made of the key that was given and all of the head.
 *
 * A key must not seal two pieces with one nonce.  Nonces are random, so a key
 * seals a bounded number of pieces: of a database as many as there are in a
 * `span`, whose random name is part of what its key is made of, and of a log
 * what is written until it is begun anew with another head.
 */
#ifndef SEALED_H
#define SEALED_H

#include "stated/store_keys.h"

#define SEALED_ID_BYTES 8
#define SEALED_SPAN_BYTES 16
#define SEALED_PAGE_MORE                                                \
	(SEALED_ID_BYTES + SEALED_SPAN_BYTES + CIPHER_NONCE_BYTES +            \
	    CIPHER_TAG_BYTES)

/* As SQLite has them (file format, 4.1), and places in them. */
#define LOG_HEAD_BYTES 32
#define LOG_HEAD_PAGE_BYTES_AT 8
#define LOG_HEAD_SALTS_AT 16
#define LOG_HEAD_SUMS_AT 24
#define LOG_FRAME_BYTES 24
#define LOG_FRAME_PAGES_AT 4 /* of a commit: not 0 */
#define LOG_FRAME_SALTS_AT 8
#define LOG_SALTS_BYTES 8
/* Whether the frame is of the log that begins so. */
static inline bool
log_has_frame(const uint8_t *head, const uint8_t *frame)
{
	return memcmp(head + LOG_HEAD_SALTS_AT, frame + LOG_FRAME_SALTS_AT,
		   LOG_SALTS_BYTES) == 0;
}
#define SEALED_LOG_MORE (CIPHER_NONCE_BYTES + CIPHER_TAG_BYTES)
#define SEALED_LOG_HEAD_BYTES 128

enum sealed_result {
	SEALED_OK,
	SEALED_UNKNOWN, /* under a key that was not given */
	SEALED_BROKEN,  /* not as it was sealed, or not where */
};

/* ---- store_keys.c: the ring ---- */

/* false where it is none of them. */
MUST_USE bool store_keys_find(struct store_keys *keys,
    const uint8_t id[SEALED_ID_BYTES], struct cipher_key *key);
/* The one for writing; there must be one.  The number becomes another when
 * the key does. */
uint64_t store_keys_first(struct store_keys *keys,
    uint8_t id[SEALED_ID_BYTES], struct cipher_key *key);
uint64_t store_keys_turn(struct store_keys *keys); /* that number */
/* The nth of them, in order; false where there are not so many. */
MUST_USE bool store_keys_at(struct store_keys *keys, size_t index,
    uint8_t id[SEALED_ID_BYTES], char name[STORE_KEY_NAME_BYTES]);
/* "a (0123456789abcdef), b (…)": for people. */
void store_keys_list(struct store_keys *keys, struct buf *out);

/* ---- sealed_head.c ---- */

#define SEALED_HEAD_BYTES 64
enum sealed_kind { SEALED_PAGES = 'D', SEALED_LOG = 'L' };
struct sealed_head {
	uint8_t bytes[SEALED_HEAD_BYTES];
};

/* With new randomness; id NULL: zeros. */
void sealed_head_make(struct sealed_head *head, enum sealed_kind kind,
    uint32_t page_bytes, const uint8_t *id);
/* Whether these bytes can be the head of such a file. */
MUST_USE bool sealed_head_is(
    const struct sealed_head *head, enum sealed_kind kind);
uint32_t sealed_head_page_bytes(const struct sealed_head *head);
const uint8_t *sealed_head_id(const struct sealed_head *head);
/* Zeros are the id of no key. */
bool sealed_head_is_no_id(const uint8_t id[SEALED_ID_BYTES]);
/* Whether a file that begins like this is an encrypted database; 16 bytes are
 * enough. */
MUST_USE bool sealed_head_is_beginning(struct str bytes);

/* ---- sealed_pages.c: pages of a database ---- */

struct sealed_pages;
/* `keys` may be NULL: then all are unknown. */
struct sealed_pages *sealed_pages_new(
    struct store_keys *keys, const struct sealed_head *head);
void sealed_pages_free(struct sealed_pages **pages);
/* Pages are counted from 1; slot has page size + SEALED_PAGE_MORE bytes. */
void sealed_pages_seal(struct sealed_pages *pages, uint32_t number,
    const uint8_t *plain, uint8_t *slot);
MUST_USE enum sealed_result sealed_pages_open(struct sealed_pages *pages,
    uint32_t number, const uint8_t *slot, uint8_t *plain);
/* Of a slot. */
const uint8_t *sealed_pages_id(
    const struct sealed_pages *pages, const uint8_t *slot);

/* ---- sealed_log.c: pieces of a log ---- */

enum sealed_piece {
	SEALED_LOG_HEAD = 'H',
	SEALED_FRAME = 'F',
	SEALED_FRAME_PAGE = 'P'
};
/* NULL where the head's key is unknown. */
struct cipher *sealed_log_cipher(
    struct store_keys *keys, const struct sealed_head *head);
/* sealed: plain's bytes and SEALED_LOG_MORE; frames are counted from 0. */
void sealed_log_seal(struct cipher *cipher, enum sealed_piece piece,
    uint64_t frame, struct str plain, uint8_t *sealed);
MUST_USE bool sealed_log_open(struct cipher *cipher, enum sealed_piece piece,
    uint64_t frame, const uint8_t *sealed, uint8_t *plain, size_t bytes);

#endif
