/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_pack.c: packing and unpacking against a base, by LZ4.
 *
 * LZ4 takes a base as the text that stands before what it packs, in one piece.
 * So the packer keeps a buffer that begins with the dictionary it used last:
 * most turns of a moment are of the same definition.  Taking a base in costs
 * more than packing a short text, and a stream is 16 KiB: so it is kept as it
 * was before the first text that was packed against it, with and without what
 * follows the dictionary, and only the last text that leans has it itself.
 *
 * Whoever can write to the file can write anything into a packed form.  What
 * it claims to unpack to is held against what LZ4 can make of so many bytes,
 * before memory is taken for it.
 */
#include "store_pack.h"

#include <endian.h>
#include <lz4.h>
#include <stdlib.h>

/* A byte of LZ4's makes 255 at the most. */
#define LZ4_RATIO_MAX 255
#define LEANS 1u

struct store_packer {
	LZ4_stream_t alone; /* has the dictionary, and has packed nothing yet */
	LZ4_stream_t whole; /* the same with what follows it */
	LZ4_stream_t copy;
	uint64_t dictionary_id; /* which the base begins with; 0: none */
	size_t dictionary_bytes;
	struct buf base; /* without what follows where `whole` has packed */
	struct buf out;
};

struct store_packer *
store_packer_new(void)
{
	struct store_packer *packer = calloc(1, sizeof(*packer));

	must(packer != NULL);
	must(LZ4_initStream(&packer->alone, sizeof(packer->alone)) != NULL);
	must(LZ4_initStream(&packer->whole, sizeof(packer->whole)) != NULL);
	/* LZ4 keeps pointers into it. */
	buf_reserve(&packer->base,
	    PACK_DICTIONARY_BYTES_MAX + PACK_FIRST_BYTES_MAX);
	return packer;
}

void
store_packer_free(struct store_packer **packer)
{
	must(packer != NULL);
	if (*packer == NULL)
		return;
	buf_fini(&(*packer)->base);
	buf_fini(&(*packer)->out);
	free(*packer);
	*packer = NULL;
}

void
store_packer_forget(struct store_packer *packer)
{
	packer->dictionary_id = 0;
}

static void
load_dictionary(struct store_packer *packer, const struct pack_base *base)
{
	struct buf *whole = &packer->base;

	must(base->dictionary_id > 0);
	must(base->dictionary.bytes <= PACK_DICTIONARY_BYTES_MAX);
	buf_clear(whole);
	buf_add_str(whole, base->dictionary);
	packer->dictionary_id = base->dictionary_id;
	packer->dictionary_bytes = whole->bytes;
	(void)LZ4_loadDict(&packer->alone, whole->at, (int)whole->bytes);
}

static void
load_first(struct store_packer *packer, const struct pack_base *base)
{
	struct buf *whole = &packer->base;

	must(base->first.bytes <= PACK_FIRST_BYTES_MAX);
	whole->bytes = packer->dictionary_bytes;
	buf_add_str(whole, base->first);
	(void)LZ4_loadDict(&packer->whole, whole->at, (int)whole->bytes);
}

/* What nothing was packed by yet, and one text may be. */
static LZ4_stream_t *
take_stream(struct store_packer *packer, const struct pack_base *base)
{
	if (packer->dictionary_id != base->dictionary_id)
		load_dictionary(packer, base);
	if (base->first.at == NULL) {
		packer->copy = packer->alone;
		return &packer->copy;
	}
	must(base->first.bytes > 0);
	if (!str_equal(str_slice(buf_str(&packer->base),
	    packer->dictionary_bytes, SIZE_MAX), base->first))
		load_first(packer, base);
	if (base->is_last) {
		packer->base.bytes = packer->dictionary_bytes;
		return &packer->whole;
	}
	packer->copy = packer->whole;
	return &packer->copy;
}

struct str
store_pack(struct store_packer *packer, const struct pack_base *base,
    struct str bytes)
{
	struct buf *out = &packer->out;
	bool leans = base->first.at != NULL;

	must(bytes.bytes > 0 && bytes.bytes <= PACK_BYTES_MAX);
	LZ4_stream_t *stream = take_stream(packer, base);
	buf_clear(out);
	buf_add_varint(out, base->dictionary_id);
	buf_add_varint(out, bytes.bytes << 1 | (leans ? LEANS : 0));
	int bound = LZ4_compressBound((int)bytes.bytes);
	int packed = LZ4_compress_fast_continue(stream, bytes.at,
	    buf_reserve(out, (size_t)bound), (int)bytes.bytes, bound, 1);
	must(packed > 0);
	out->bytes += (size_t)packed;
	return buf_str(out);
}

/* --------------------------------------------------------------- unpacking */

bool
store_pack_read_head(struct str form, struct pack_head *head)
{
	uint64_t size;

	if (!buf_take_varint(&form, &head->dictionary_id) ||
	    !buf_take_varint(&form, &size))
		return false;
	if (head->dictionary_id == 0 || size >> 1 == 0 ||
	    size >> 1 > PACK_BYTES_MAX ||
	    (size >> 1) / LZ4_RATIO_MAX > form.bytes)
		return false;
	head->leans = (size & LEANS) != 0;
	head->bytes = (size_t)(size >> 1);
	head->packed = form;
	return true;
}

static bool
unpack(const struct pack_head *head, struct str base, struct buf *out)
{
	int bytes = LZ4_decompress_safe_usingDict(head->packed.at,
	    buf_reserve(out, head->bytes), (int)head->packed.bytes,
	    (int)head->bytes, base.at, (int)base.bytes);

	if (bytes < 0 || (size_t)bytes != head->bytes)
		return false;
	out->bytes += head->bytes;
	return true;
}

bool
store_unpack(const struct pack_head *head, struct str dictionary,
    struct str first, struct buf *out)
{
	struct buf base = {0};

	must(head->leans || first.bytes == 0);
	must(dictionary.bytes + first.bytes <= INT32_MAX);
	if (head->packed.bytes > INT32_MAX)
		return false;
	if (first.bytes == 0)
		return unpack(head, dictionary, out);
	buf_add_str(&base, dictionary);
	buf_add_str(&base, first);
	bool is_whole = unpack(head, buf_str(&base), out);
	buf_fini(&base);
	return is_whole;
}

struct str
store_pack_first(struct str lean)
{
	return str_slice(lean, 0, PACK_FIRST_BYTES_MAX);
}

/* -------------------------------------------------------------------- sums */

/* No two sums become one, so that what differs in one word stays apart. */
static uint64_t
mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 32;
}

uint64_t
store_pack_sum(struct str bytes)
{
	uint64_t sum = bytes.bytes, word;

	for (; bytes.bytes >= sizeof(word);
	     bytes = str_slice(bytes, sizeof(word), bytes.bytes)) {
		memcpy(&word, bytes.at, sizeof(word));
		sum = mix(sum, le64toh(word));
	}
	word = 0;
	if (bytes.bytes > 0)
		memcpy(&word, bytes.at, bytes.bytes);
	sum = mix(mix(sum, le64toh(word)), 0) >> (64 - PACK_SUM_BITS);
	return sum == 0 ? 1 : sum;
}
