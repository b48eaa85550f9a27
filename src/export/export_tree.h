/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_tree.h: the tree over a database's log; private to src/export.
 */
#ifndef EXPORT_TREE_H
#define EXPORT_TREE_H

#include "stated/audit_tree.h"
#include "stated/store.h"

/* Every so many levels a node is stored. */
#define EXPORT_TREE_STEP 8

struct digest export_tree_leaf(
    const struct store *store, const struct store_turn *turn);
/* Adds the leaves [tree->size, to): by stored nodes where there are any.
 * STORE_CORRUPT where a turn is missing. */
MUST_USE enum store_error export_tree_grow(
    struct store *store, struct audit_tree *tree, uint64_t to);

/* A source for proofs; arg is a struct export_tree_reader. */
struct export_tree_reader {
	struct store *store;
	enum store_error error; /* why it failed */
};
bool export_tree_range_cb(
    void *arg, uint64_t from, uint64_t to, struct digest *root);

#endif
