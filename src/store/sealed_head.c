/* SPDX-License-Identifier: Apache-2.0 */
/* sealed_head.c: how an encrypted file begins. */
#include "sealed.h"

#include "stated/rng.h"

#include <endian.h>

#define KIND_AT 16
#define PAGE_BYTES_AT 20
#define ID_AT 24
#define RANDOM_AT 32
#define PAGE_BYTES_MIN 512
#define PAGE_BYTES_MAX 65536

static const uint8_t magic[16] = "stated cipher 1\n";

void
sealed_head_make(struct sealed_head *head, enum sealed_kind kind,
    uint32_t page_bytes, const uint8_t *id)
{
	uint32_t big = htobe32(page_bytes);

	*head = (struct sealed_head){0};
	memcpy(head->bytes, magic, sizeof(magic));
	head->bytes[KIND_AT] = (uint8_t)kind;
	memcpy(head->bytes + PAGE_BYTES_AT, &big, sizeof(big));
	if (id != NULL)
		memcpy(head->bytes + ID_AT, id, SEALED_ID_BYTES);
	rng_system()->fill(rng_system(), head->bytes + RANDOM_AT,
	    SEALED_HEAD_BYTES - RANDOM_AT);
	must(sealed_head_is(head, kind));
}

bool
sealed_head_is(const struct sealed_head *head, enum sealed_kind kind)
{
	uint32_t bytes = sealed_head_page_bytes(head);

	return memcmp(head->bytes, magic, sizeof(magic)) == 0 &&
	    head->bytes[KIND_AT] == (uint8_t)kind &&
	    bytes >= PAGE_BYTES_MIN && bytes <= PAGE_BYTES_MAX &&
	    (bytes & (bytes - 1)) == 0;
}

uint32_t
sealed_head_page_bytes(const struct sealed_head *head)
{
	uint32_t big;

	memcpy(&big, head->bytes + PAGE_BYTES_AT, sizeof(big));
	return be32toh(big);
}

const uint8_t *
sealed_head_id(const struct sealed_head *head)
{
	return head->bytes + ID_AT;
}

bool
sealed_head_is_no_id(const uint8_t id[SEALED_ID_BYTES])
{
	static const uint8_t none[SEALED_ID_BYTES];

	return memcmp(id, none, sizeof(none)) == 0;
}

bool
sealed_head_is_beginning(struct str bytes)
{
	return bytes.bytes >= sizeof(magic) &&
	    memcmp(bytes.at, magic, sizeof(magic)) == 0;
}
