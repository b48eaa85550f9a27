/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_tree.c: the tree's hashes, growing it, proofs and their checks.
 *
 * Growing keeps the complete trees of which the whole consists, one for each
 * bit of its size, as in a binary counter: adding a leaf is a carry.  Proofs
 * are made as the RFC defines them, by recursion, from a source that knows
 * the roots of ranges.  Checking one goes from the leaf upwards and needs
 * nothing but the proof.
 */
#include "stated/audit_tree.h"

static struct digest
hash_node(struct digest left, struct digest right)
{
	const struct str parts[] = {
		{"\001", 1}, {(const char *)left.bytes, sizeof(left.bytes)},
		{(const char *)right.bytes, sizeof(right.bytes)}};

	return digest_sha256_parts(parts, 3);
}

struct str
audit_id_format(
    const uint8_t identity[16], uint64_t number, char out[AUDIT_ID_BYTES])
{
	uint8_t id[16];

	must(number >> 62 == 0);
	memcpy(id, identity, 8);
	id[6] = (uint8_t)(0x80 | (id[6] & 15));
	for (int i = 0; i < 8; i++)
		id[8 + i] = (uint8_t)(number >> (56 - 8 * i));
	id[8] |= 0x80;
	return digest_uuid(id, out);
}

struct digest
audit_tree_leaf(struct str instance, const struct audit_head *end)
{
	char hex[DIGEST_HEX_BYTES], number[24];

	str_write(number, sizeof(number), "%llu",
	    (unsigned long long)end->seq);
	const struct str parts[] = {
		{"\000", 1}, STR("{\"hash\":\""), digest_hex(end->hash, hex),
		STR("\",\"instance\":\""), instance, STR("\",\"seq\":"),
		str_of(number), STR("}"),
	};


	return digest_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]));
}

/* ---------------------------------------------------------------- growing */

bool
audit_tree_add(struct audit_tree *tree, unsigned level, struct digest hash,
    audit_tree_node_fn *fn, void *arg)
{
	uint64_t leaves = (uint64_t)1 << level;

	must(level < AUDIT_TREE_LEVELS);
	if (tree->size % leaves != 0 ||
	    tree->size > ((uint64_t)1 << (AUDIT_TREE_LEVELS - 1)) - leaves)
		return false;
	if (fn != NULL)
		fn(level, tree->size >> level, hash, arg);
	for (unsigned at = level;; at++) {
		if (!(tree->size >> at & 1)) {
			tree->peaks[at] = hash;
			break;
		}
		hash = hash_node(tree->peaks[at], hash);
		if (fn != NULL)
			fn(at + 1, tree->size >> (at + 1), hash, arg);
	}
	tree->size += leaves;
	return true;
}

struct digest
audit_tree_root(const struct audit_tree *tree)
{
	struct digest root = digest_sha256(STR(""));
	bool is_first = true;

	/* The last trees are the smallest: from the right to the left. */
	for (unsigned at = 0; at < AUDIT_TREE_LEVELS; at++) {
		if (!(tree->size >> at & 1))
			continue;
		root = is_first ? tree->peaks[at] :
		    hash_node(tree->peaks[at], root);
		is_first = false;
	}
	return root;
}

/* ----------------------------------------------------------------- making */

/* The largest power of two that is smaller. */
static uint64_t
split_of(uint64_t size)
{
	uint64_t split = 1;

	must(size > 1);
	while (split < size - split)
		split *= 2;
	return split;
}

/* The range's root joins the proof. */
static bool
put(const struct audit_tree_source *source, uint64_t from, uint64_t to,
    struct audit_tree_proof *proof)
{
	must(proof->count < sizeof(proof->hashes) / sizeof(proof->hashes[0]));
	return source->range(source->arg, from, to,
	    &proof->hashes[proof->count++]);
}

/* What was put on the way down comes last. */
static void
reverse(struct audit_tree_proof *proof)
{
	for (size_t i = 0, j = proof->count; i + 1 < j; i++) {
		struct digest swapped = proof->hashes[i];

		proof->hashes[i] = proof->hashes[--j];
		proof->hashes[j] = swapped;
	}
}

/* One level down, to the side where the leaf is; the other joins the proof. */
static bool
descend(const struct audit_tree_source *source, uint64_t leaf, uint64_t *from,
    uint64_t *to, struct audit_tree_proof *proof)
{
	uint64_t split = *from + split_of(*to - *from);
	bool is_left = leaf < split;
	uint64_t other_from = is_left ? split : *from;
	uint64_t other_to = is_left ? *to : split;

	*(is_left ? to : from) = split;
	return put(source, other_from, other_to, proof);
}

bool
audit_tree_path(const struct audit_tree_source *source, uint64_t index,
    uint64_t size, struct audit_tree_proof *proof)
{
	uint64_t from = 0, to = size;

	must(index < size);
	proof->count = 0;
	while (to - from > 1)
		if (!descend(source, index, &from, &to, proof))
			return false;
	reverse(proof);
	return true;
}

bool
audit_tree_consistency(const struct audit_tree_source *source, uint64_t first,
    uint64_t size, struct audit_tree_proof *proof)
{
	uint64_t from = 0, to = size;

	must(first <= size);
	proof->count = 0;
	if (first == 0 || first == size)
		return true;
	while (first < to)
		if (!descend(source, first - 1, &from, &to, proof))
			return false;
	/* A tree that is the first one whole is known to who asks. */
	if (from > 0 && !put(source, from, to, proof))
		return false;
	reverse(proof);
	return true;
}

/* --------------------------------------------------------------- checking */

/*
 * From a node up to the root, along the proof's hashes from `next` on: *whole
 * becomes the root of the tree, *left that of the leaves that end with the
 * node's.  false where the proof has too few hashes, or too many.
 */
static bool
climb(const struct audit_tree_proof *proof, size_t next, uint64_t index,
    uint64_t last, struct digest *whole, struct digest *left)
{
	for (; next < proof->count; next++) {
		if (last == 0)
			return false;
		if (index % 2 == 1 || index == last) {
			*left = hash_node(proof->hashes[next], *left);
			*whole = hash_node(proof->hashes[next], *whole);
			/* At the edge there is nothing beside it for a
			 * while. */
			while (index % 2 == 0 && index != 0) {
				index /= 2;
				last /= 2;
			}
		} else {
			*whole = hash_node(*whole, proof->hashes[next]);
		}
		index /= 2;
		last /= 2;
	}
	return last == 0;
}

bool
audit_tree_has(struct digest leaf, uint64_t index, uint64_t size,
    const struct audit_tree_proof *proof, struct digest root)
{
	struct digest whole = leaf, left = leaf;

	return index < size &&
	    climb(proof, 0, index, size - 1, &whole, &left) &&
	    digest_equal(whole, root);
}

bool
audit_tree_extends(uint64_t first, struct digest first_root, uint64_t size,
    struct digest root, const struct audit_tree_proof *proof)
{
	uint64_t at = first - 1, last = size - 1;
	size_t next = 0;
	struct digest whole, left;

	if (first > size)
		return false;
	if (first == 0 || first == size)
		return proof->count == 0 &&
		    (first == 0 || digest_equal(first_root, root));
	if (proof->count == 0)
		return false;
	while (at % 2 == 1) {
		at /= 2;
		last /= 2;
	}
	/* Where the first tree is complete it is its own beginning. */
	whole = left = at == 0 ? first_root : proof->hashes[next++];
	return climb(proof, next, at, last, &whole, &left) &&
	    digest_equal(left, first_root) && digest_equal(whole, root);
}
