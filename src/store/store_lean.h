/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_lean.h: a turn's records without what their place tells; private to
 * src/store.
 *
 * Four members of a record can be had from elsewhere: the instance and the
 * time are most often the same in all of a turn, seq is counted, and prev is
 * the hash of the record before.  In a lean text a single byte stands for each
 * (1: instance, 2: prev, 3: seq with the comma before it, 4: time), which no
 * canonical text holds.
 *
 *	lean = varint (digits of the time + 1, or 0: no byte stands for one)
 *	       varint (length of the instance's value) the value
 *	       { a record's canonical text with those bytes, newline }
 *
 * Nothing is lost: a byte stands for a text only where it is the very text
 * that the reader puts back.
 */
#ifndef STORE_LEAN_H
#define STORE_LEAN_H

#include "stated/audit.h"

#define LEAN_INSTANCE_BYTES_MAX 64

/* The texts that bytes stand for; absent: that one stands for none. */
struct lean_members {
	struct str instance;
	struct str prev;
	struct str seq;
	struct str time;
	char instance_text[LEAN_INSTANCE_BYTES_MAX + 16];
	char prev_text[DIGEST_HEX_BYTES + 16];
	char seq_text[32];
	char time_text[48];
};

/* Adds the lean text; false where the records are not of the kind that can be
 * put back: one has such a byte itself, or does not follow the one before. */
MUST_USE bool store_lean_add(
    struct buf *lean, const struct audit_record *records, size_t count);

/* Putting records back, one by one. */
struct store_lean {
	struct str rest; /* of the lean text */
	uint64_t seq;    /* of the next record */
	struct digest prev;
	struct lean_members members;
	struct buf text; /* of the last record */
};
/* false where the text is none.  `prev` is the hash of the record before. */
MUST_USE bool store_lean_init(struct store_lean *lean, struct str text,
    uint64_t first_seq, struct digest prev);
void store_lean_fini(struct store_lean *lean);
/* The next record, valid until the one after it; false where there is none,
 * or the text is cut. */
MUST_USE bool store_lean_next(
    struct store_lean *lean, struct audit_record *record);

#endif
