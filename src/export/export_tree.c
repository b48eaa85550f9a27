/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_tree.c: roots of ranges of the log, by stored nodes and turns.
 *
 * A range that a proof asks for begins at a multiple of a power of two that
 * is not smaller than it, so that within it nodes stand where they stand in
 * the whole.
 */
#include "export_tree.h"

struct digest
export_tree_leaf(const struct store *store, const struct store_turn *turn)
{
	struct store_identity identity = store_identity(store);
	const struct audit_head end = {turn->seq, turn->hash};
	char id[AUDIT_ID_BYTES];

	return audit_tree_leaf(
	    audit_id_format(identity.bytes, turn->instance, id), &end);
}

struct growing {
	struct store *store;
	struct audit_tree *tree;
	uint64_t next; /* index */
};

static bool
add_turn_cb(const struct store_turn *turn, void *arg)
{
	struct growing *growing = arg;

	if (turn->index != growing->next)
		return false;
	growing->next++;
	return audit_tree_add(growing->tree, 0,
	    export_tree_leaf(growing->store, turn), NULL, NULL);
}

/* The highest node that begins here, ends before `to` and is stored; level 0:
 * there is none. */
static enum store_error
find_node(struct store *store, uint64_t from, uint64_t to, unsigned *level,
    struct digest *hash)
{
	enum store_error error = STORE_ABSENT;

	*level = 0;
	for (unsigned at = EXPORT_TREE_STEP * 5; at > 0 && error ==
		STORE_ABSENT; at -= EXPORT_TREE_STEP) {
		uint64_t leaves = (uint64_t)1 << at;

		if (from % leaves != 0 || to - from < leaves)
			continue;
		error = store_find_node(store, at, from >> at, hash);
		if (error == STORE_OK)
			*level = at;
	}
	return error == STORE_ABSENT ? STORE_OK : error;
}

/* The leaves [at, to) join the tree, whose first leaf is the log's `from`. */
static enum store_error
grow(struct store *store, struct audit_tree *tree, uint64_t from, uint64_t to)
{
	enum store_error error = STORE_OK;

	while (error == STORE_OK && from + tree->size < to) {
		uint64_t at = from + tree->size;
		uint64_t end = (at | ((1u << EXPORT_TREE_STEP) - 1)) + 1;
		struct growing growing = {store, tree, at};
		struct digest hash;
		unsigned level;

		error = find_node(store, at, to, &level, &hash);
		if (error != STORE_OK)
			break;
		if (level > 0) {
			if (!audit_tree_add(tree, level, hash, NULL, NULL))
				error = STORE_CORRUPT;
			continue;
		}
		if (end > to)
			end = to;
		error = store_each_turn(store, at, (size_t)(end - at),
		    add_turn_cb, &growing);
		if (error == STORE_OK && growing.next != end)
			error = STORE_CORRUPT;
	}
	return error;
}

enum store_error
export_tree_grow(struct store *store, struct audit_tree *tree, uint64_t to)
{
	return grow(store, tree, 0, to);
}

bool
export_tree_range_cb(
    void *arg, uint64_t from, uint64_t to, struct digest *root)
{
	struct export_tree_reader *reader = arg;
	struct audit_tree tree = {0};

	must(from < to);
	reader->error = grow(reader->store, &tree, from, to);
	*root = audit_tree_root(&tree);
	return reader->error == STORE_OK;
}
