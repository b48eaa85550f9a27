/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_checkpoint.h: what the tree over all turns was at a moment, signed,
 * so that nobody can change afterwards what was before it.
 *
 * A checkpoint is the canonical text (RFC 8785) of an object, and a document
 * that can be mailed or printed holds it with its signature:
 *
 *	{"checkpoint":TEXT,"key":"<16 digits>","signature":"<88 digits>"}
 *
 * The signature is Ed25519 (RFC 8032) over the bytes of TEXT, as they stand
 * there, in Base64; `key` begins the SHA-256 of the public key's DER.
 */
#ifndef STATED_AUDIT_CHECKPOINT_H
#define STATED_AUDIT_CHECKPOINT_H

#include "stated/audit_tree.h"
#include "stated/signature.h"

struct audit_checkpoint {
	uint64_t number; /* 1, 2, 3, … of this database */
	uint8_t origin[16]; /* the database's identity */
	uint64_t size; /* turns in the tree */
	struct digest root;
	int64_t time_ms;
	uint64_t instances; /* how many numbers had been given */
	struct audit_head journal; /* where the journal ended */
};

/* The document; absent where the key is none of Ed25519, or has no private
 * half. */
struct str audit_checkpoint_sign(struct arena *arena,
    const struct audit_checkpoint *checkpoint,
    const struct signature_key *key);

/* A document that was read; texts are the document's. */
struct audit_signed {
	struct audit_checkpoint checkpoint;
	struct str text; /* that is signed */
	struct str key;  /* the key's identifier */
	struct str signature; /* Base64 */
};
/* false where the text (without a line's end) is none: it must be just as it
 * would be written. */
MUST_USE bool audit_checkpoint_read(
    struct arena *arena, struct str document, struct audit_signed *out);
/* Whether that key's other half signed it. */
/* Whether a line that can't be read is the beginning of a document: the disk
 * was full, say.  What was changed is another matter. */
MUST_USE bool audit_checkpoint_is_cut(struct str line);
MUST_USE bool audit_checkpoint_is_of(
    const struct audit_signed *document, const struct signature_key *key);

#endif
