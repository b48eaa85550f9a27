/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_tree.h: a Merkle tree over all turns, in the order of their commits
 * (RFC 6962, section 2.1; RFC 9162 says the same).
 *
 * A leaf is a turn: the canonical text
 *
 *	{"hash":"<64 digits>","instance":"<identifier>","seq":<number>}
 *
 * of the turn's last record, whose hash stands for all of that instance's
 * records up to there.  A leaf's hash is SHA-256 over a zero byte and that
 * text, a node's over a one byte and the hashes of its two children.  Turns
 * are only ever added at the end, so of two trees the larger one begins with
 * the smaller, which few hashes prove.
 */
#ifndef STATED_AUDIT_TREE_H
#define STATED_AUDIT_TREE_H

#include "stated/audit.h"

/* Of a public identifier, with the closing zero byte. */
#define AUDIT_ID_BYTES DIGEST_UUID_BYTES
/* The identifier of a number within the database of that identity: RFC 9562,
 * version 8, bits 0-47 the identity's, 66-127 the number.  number < 2^62. */
struct str audit_id_format(
    const uint8_t identity[16], uint64_t number, char out[AUDIT_ID_BYTES]);

struct digest audit_tree_leaf(
    struct str instance, const struct audit_head *end);

#define AUDIT_TREE_LEVELS 63
/* So much of a tree as adding to it takes.  Zeroed, it has no leaf. */
struct audit_tree {
	uint64_t size; /* leaves */
	/* of the complete trees that it consists of: where the bit of that
	 * level is set in size */
	struct digest peaks[AUDIT_TREE_LEVELS];
};
/* Told of each node that became complete, leaves being of level 0. */
typedef void audit_tree_node_fn(
    unsigned level, uint64_t position, struct digest hash, void *arg);
/* A complete tree of 2^level leaves; size must be a multiple of as many, else
 * false.  fn may be NULL. */
MUST_USE bool audit_tree_add(struct audit_tree *tree, unsigned level,
    struct digest hash, audit_tree_node_fn *fn, void *arg);
/* Of no leaves, the SHA-256 of nothing. */
struct digest audit_tree_root(const struct audit_tree *tree);

/* ---- proofs ---- */

/* The root of the leaves [from, to); false where it can't be had. */
typedef bool audit_tree_range_fn(
    void *arg, uint64_t from, uint64_t to, struct digest *root);
struct audit_tree_source {
	audit_tree_range_fn *range;
	void *arg;
};
struct audit_tree_proof {
	size_t count;
	struct digest hashes[2 * AUDIT_TREE_LEVELS];
};
/* PATH(index, D[size]) and PROOF(first, D[size]) of the RFC.  false where the
 * source fails. */
MUST_USE bool audit_tree_path(const struct audit_tree_source *source,
    uint64_t index, uint64_t size, struct audit_tree_proof *proof);
MUST_USE bool audit_tree_consistency(const struct audit_tree_source *source,
    uint64_t first, uint64_t size, struct audit_tree_proof *proof);
/* Whether the leaf is that one of the tree with that root. */
MUST_USE bool audit_tree_has(struct digest leaf, uint64_t index, uint64_t size,
    const struct audit_tree_proof *proof, struct digest root);
/* Whether the tree of `size` leaves begins with the one of `first`. */
MUST_USE bool audit_tree_extends(uint64_t first, struct digest first_root,
    uint64_t size, struct digest root, const struct audit_tree_proof *proof);

#endif
