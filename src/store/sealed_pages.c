/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed_pages.c: pages of a database, sealed and opened.
 *
 * A span is what one connection writes, or a bounded part of it: its key is
 * made of the key that was given, the file's head and the span's random name.
 * Making a key takes longer than opening a page, so those of the last spans
 * that were read are kept.
 */
#include "sealed.h"

#include "stated/rng.h"

#include <endian.h>
#include <stdlib.h>

/* With so many random nonces of 96 bits two are alike with a probability of
 * 2^-49; SP 800-38D would allow 2^32 of them. */
#define SPAN_PAGES_MAX ((uint64_t)1 << 24)
#define SPANS_KEPT 16

struct span {
	uint8_t name[SEALED_ID_BYTES + SEALED_SPAN_BYTES]; /* key id first */
	struct cipher *cipher; /* NULL: none */
};

struct sealed_pages {
	struct store_keys *keys;
	struct sealed_head head;
	size_t page_bytes;
	struct span read[SPANS_KEPT];
	size_t next; /* to be replaced */
	struct span written;
	uint64_t sealed; /* in it */
	uint64_t turn;	 /* of the keys when it was begun */
};

struct sealed_pages *
sealed_pages_new(struct store_keys *keys, const struct sealed_head *head)
{
	struct sealed_pages *pages = calloc(1, sizeof(*pages));

	must(pages != NULL);
	must(sealed_head_is(head, SEALED_PAGES));
	pages->keys = keys;
	pages->head = *head;
	pages->page_bytes = sealed_head_page_bytes(head);
	return pages;
}

void
sealed_pages_free(struct sealed_pages **freed)
{
	struct sealed_pages *pages = *freed;

	if (pages == NULL)
		return;
	for (size_t i = 0; i < SPANS_KEPT; i++)
		cipher_free(&pages->read[i].cipher);
	cipher_free(&pages->written.cipher);
	free(pages);
	*freed = NULL;
}

static struct str
str_of_bytes(const void *at, size_t bytes)
{
	return (struct str){at, bytes};
}

/* -------------------------------------------------------------------- spans */

static void
key_span(const struct sealed_pages *pages, struct span *span,
    const struct cipher_key *key)
{
	uint8_t salt[SEALED_HEAD_BYTES + SEALED_SPAN_BYTES];

	memcpy(salt, pages->head.bytes, SEALED_HEAD_BYTES);
	memcpy(salt + SEALED_HEAD_BYTES, span->name + SEALED_ID_BYTES,
	    SEALED_SPAN_BYTES);
	struct cipher_key derived = cipher_key_derive(
	    key, str_of_bytes(salt, sizeof(salt)), STR("stated pages"));
	if (span->cipher == NULL)
		span->cipher = cipher_new(&derived);
	else
		cipher_set_key(span->cipher, &derived);
	cipher_key_forget(&derived);
}

/* NULL where its key was not given. */
static const struct span *
find_span(struct sealed_pages *pages, const uint8_t *name)
{
	struct span *span;
	struct cipher_key key;

	for (size_t i = 0; i < SPANS_KEPT; i++) {
		span = &pages->read[i];
		if (span->cipher != NULL &&
		    memcmp(span->name, name, sizeof(span->name)) == 0)
			return span;
	}
	if (pages->keys == NULL || !store_keys_find(pages->keys, name, &key))
		return NULL;
	span = &pages->read[pages->next];
	pages->next = (pages->next + 1) % SPANS_KEPT;
	memcpy(span->name, name, sizeof(span->name));
	key_span(pages, span, &key);
	cipher_key_forget(&key);
	return span;
}

static void
begin_span(struct sealed_pages *pages)
{
	struct span *span = &pages->written;
	struct cipher_key key;

	pages->turn = store_keys_first(pages->keys, span->name, &key);
	rng_system()->fill(
	    rng_system(), span->name + SEALED_ID_BYTES, SEALED_SPAN_BYTES);
	key_span(pages, span, &key);
	cipher_key_forget(&key);
	pages->sealed = 0;
}

/* -------------------------------------------------------------------- pages */

void
sealed_pages_seal(struct sealed_pages *pages, uint32_t number,
    const uint8_t *plain, uint8_t *slot)
{
	struct span *span = &pages->written;
	uint32_t place = htobe32(number);
	uint8_t *more = slot + pages->page_bytes;
	uint8_t *nonce = more + sizeof(span->name);

	must(number > 0);
	must(pages->keys != NULL);
	if (span->cipher == NULL || pages->sealed >= SPAN_PAGES_MAX ||
	    pages->turn != store_keys_turn(pages->keys))
		begin_span(pages);
	pages->sealed++;
	memcpy(more, span->name, sizeof(span->name));
	rng_system()->fill(rng_system(), nonce, CIPHER_NONCE_BYTES);
	cipher_seal(span->cipher, nonce,
	    str_of_bytes(&place, sizeof(place)),
	    str_of_bytes(plain, pages->page_bytes), slot,
	    nonce + CIPHER_NONCE_BYTES);
}

enum sealed_result
sealed_pages_open(struct sealed_pages *pages, uint32_t number,
    const uint8_t *slot, uint8_t *plain)
{
	const uint8_t *more = sealed_pages_id(pages, slot);
	const struct span *span = find_span(pages, more);
	const uint8_t *nonce = more + sizeof(span->name);
	uint32_t place = htobe32(number);

	must(number > 0);
	/* A page that was never written has none, and is missing. */
	if (span == NULL)
		return sealed_head_is_no_id(more) ? SEALED_BROKEN
						  : SEALED_UNKNOWN;
	return cipher_open(span->cipher, nonce,
		   str_of_bytes(&place, sizeof(place)),
		   str_of_bytes(slot, pages->page_bytes),
		   nonce + CIPHER_NONCE_BYTES, plain)
		   ? SEALED_OK
		   : SEALED_BROKEN;
}

const uint8_t *
sealed_pages_id(const struct sealed_pages *pages, const uint8_t *slot)
{
	return slot + pages->page_bytes;
}
