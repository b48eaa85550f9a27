/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_pack.h: bytes in fewer bytes; private to src/store.
 *
 * What a row packs (LZ4's block format) is packed against texts that the
 * reader has too, its base: the dictionary of the instance's definition and,
 * where it leans, what the instance's first turn told.  A packed form begins
 * with the number of the dictionary, and with how many bytes it unpacks to.
 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "stated/buf.h"

/* More is not packed; who reads refuses what claims to be more. */
#define PACK_BYTES_MAX (64 * 1024 * 1024)
/* Of a base what stands further back is out of LZ4's reach. */
#define PACK_DICTIONARY_BYTES_MAX 8192
#define PACK_FIRST_BYTES_MAX 4096

struct store_packer;
struct store_packer *store_packer_new(void);
void store_packer_free(struct store_packer **packer);
/* From here on a number may be another dictionary's. */
void store_packer_forget(struct store_packer *packer);

/* What both sides know. */
struct pack_base {
	uint64_t dictionary_id; /* the same number is the same text */
	struct str dictionary;
	struct str first; /* absent: does not lean */
	bool is_last;     /* likely nothing more will lean on `first` at once */
};

/* Valid until the packer is used again. */
struct str store_pack(struct store_packer *packer,
    const struct pack_base *base, struct str bytes);

/* What a packed form says of itself. */
struct pack_head {
	uint64_t dictionary_id;
	bool leans;
	size_t bytes;      /* unpacked */
	struct str packed; /* what follows */
};
/* false where that can't be one. */
MUST_USE bool store_pack_read_head(struct str form, struct pack_head *head);
/* Adds the bytes to `out`; false where they can't be had. */
MUST_USE bool store_unpack(const struct pack_head *head, struct str dictionary,
    struct str first, struct buf *out);
/* Of bytes that are packed, for who unpacks them: tells whether a disk has
 * turned a bit of them, or of what they lean on; not whether somebody has
 * written others.  Never 0. */
#define PACK_SUM_BITS 45
uint64_t store_pack_sum(struct str bytes);
/* What later forms lean on, of what the first turn told. */
struct str store_pack_first(struct str lean);

#endif
