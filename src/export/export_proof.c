/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_proof.c: making checkpoints, and proofs as documents.
 *
 * Documents are canonical JSON in one line.  The checkpoint within is the
 * very text that was signed.
 */
#include "stated/export_proof.h"

#include <stdlib.h>

#include "export_tree.h"
#include "stated/buf.h"

/* ------------------------------------------------------------- checkpoints */

struct export_maker {
	struct store *store;
	struct store_log log;
	struct store_checkpoint newest; /* number 0: none; without document */
	struct audit_tree tree;
	uint64_t next; /* index of the turn that is to come */
	struct store_node *nodes;
	size_t node_count;
	size_t node_capacity;
	struct arena *arena;
};

enum store_error
export_maker_begin(struct store *store, struct export_maker **begun)
{
	struct export_maker *maker = calloc(1, sizeof(*maker));
	uint64_t whole;

	must(maker != NULL);
	maker->store = store;
	maker->arena = arena_new();
	enum store_error error = store_find_log(store, &maker->log);
	if (error == STORE_OK)
		error = store_find_checkpoint(
		    store, maker->arena, 0, &maker->newest);
	if (error == STORE_ABSENT)
		error = STORE_OK;
	/* Up to the last node that is stored nothing need be read again. */
	whole = maker->newest.size >> EXPORT_TREE_STEP << EXPORT_TREE_STEP;
	if (error == STORE_OK && whole > maker->log.size)
		error = STORE_CORRUPT;
	if (error == STORE_OK)
		error = export_tree_grow(store, &maker->tree, whole);
	maker->next = maker->tree.size;
	if (error != STORE_OK)
		export_maker_free(&maker);
	*begun = maker;
	return error;
}

void
export_maker_free(struct export_maker **maker)
{
	if (*maker == NULL)
		return;
	arena_free(&(*maker)->arena);
	free(*maker);
	*maker = NULL;
}

static void
note_node(unsigned level, uint64_t position, struct digest hash, void *arg)
{
	struct export_maker *maker = arg;

	if (level == 0 || level % EXPORT_TREE_STEP != 0)
		return;
	maker->nodes = arena_grow(maker->arena, maker->nodes,
	    maker->node_count, &maker->node_capacity, sizeof(*maker->nodes));
	maker->nodes[maker->node_count++] =
	    (struct store_node){level, position, hash};
}

static bool
take_turn_cb(const struct store_turn *turn, void *arg)
{
	struct export_maker *maker = arg;

	if (turn->index != maker->next)
		return false;
	maker->next++;
	return audit_tree_add(&maker->tree, 0,
	    export_tree_leaf(maker->store, turn), note_node, maker);
}

enum store_error
export_maker_step(struct export_maker *maker, size_t turns, bool *is_done)
{
	uint64_t left = maker->log.size - maker->tree.size;
	uint64_t before = maker->tree.size;

	if (turns > left)
		turns = (size_t)left;
	enum store_error error = store_each_turn(
	    maker->store, maker->tree.size, turns, take_turn_cb, maker);
	if (error == STORE_OK && maker->tree.size - before != turns)
		error = STORE_CORRUPT;
	*is_done = error == STORE_OK && maker->tree.size == maker->log.size;
	return error;
}

bool
export_maker_has_news(const struct export_maker *maker)
{
	return maker->log.size > maker->newest.size + 1 ||
	    maker->newest.number == 0;
}

struct audit_checkpoint
export_maker_checkpoint(const struct export_maker *maker)
{
	struct store_identity identity = store_identity(maker->store);
	struct audit_checkpoint made = {
		.number = maker->newest.number + 1,
		.size = maker->tree.size,
		.root = audit_tree_root(&maker->tree),
		.instances = maker->log.instances,
		.journal = maker->log.journal,
	};

	must(maker->tree.size == maker->log.size);
	memcpy(made.origin, identity.bytes, sizeof(made.origin));
	return made;
}

const struct store_node *
export_maker_nodes(const struct export_maker *maker, size_t *count)
{
	*count = maker->node_count;
	return maker->nodes;
}

/* ------------------------------------------------------------------ proofs */

static void
add_hashes(struct buf *out, const struct audit_tree_proof *proof)
{
	char hex[DIGEST_HEX_BYTES];

	buf_add_char(out, '[');
	for (size_t i = 0; i < proof->count; i++)
		buf_addf(out, "%s\"%.*s\"", i > 0 ? "," : "",
		    STR_ARG(digest_hex(proof->hashes[i], hex)));
	buf_add_char(out, ']');
}

struct proving {
	struct store *store;
	struct export_tree_reader reader;
	uint64_t size; /* of the tree */
	struct buf *out;
	uint64_t count;
	bool is_failed;
};

static bool
prove_turn_cb(const struct store_turn *turn, void *arg)
{
	struct proving *proving = arg;
	const struct audit_tree_source source = {
		export_tree_range_cb, &proving->reader};
	struct audit_tree_proof proof;
	char hex[DIGEST_HEX_BYTES];

	if (turn->index >= proving->size)
		return false;
	proving->is_failed = !audit_tree_path(
	    &source, turn->index, proving->size, &proof);
	if (proving->is_failed)
		return false;
	buf_addf(proving->out, "%s{\"hash\":\"%.*s\",\"index\":%llu,\"path\":",
	    proving->count++ > 0 ? "," : "",
	    STR_ARG(digest_hex(turn->hash, hex)),
	    (unsigned long long)turn->index);
	add_hashes(proving->out, &proof);
	buf_addf(proving->out, ",\"seq\":%llu}",
	    (unsigned long long)turn->seq);
	return true;
}

enum store_error
export_prove_instance(struct store *store,
    const struct store_checkpoint *checkpoint, uint64_t instance,
    struct buf *out)
{
	struct store_identity identity = store_identity(store);
	struct proving proving = {
		.store = store,
		.reader.store = store,
		.size = checkpoint->size,
		.out = out,
	};
	char id[AUDIT_ID_BYTES];

	buf_addf(out, "{\"inclusion\":{\"checkpoint\":%.*s,"
	    "\"instance\":\"%.*s\",\"turns\":[",
	    STR_ARG(checkpoint->document),
	    STR_ARG(audit_id_format(identity.bytes, instance, id)));
	enum store_error error = store_each_turn_of(
	    store, instance, 0, prove_turn_cb, &proving);
	buf_add_cstr(out, "]}}\n");
	if (error == STORE_OK && proving.is_failed)
		error = proving.reader.error;
	if (error == STORE_OK && proving.count == 0)
		error = STORE_ABSENT;
	return error;
}

enum store_error
export_prove_consistency(struct store *store,
    const struct store_checkpoint *first,
    const struct store_checkpoint *second, struct buf *out)
{
	struct export_tree_reader reader = {.store = store};
	const struct audit_tree_source source = {
		export_tree_range_cb, &reader};
	struct audit_tree_proof proof;

	must(first->size <= second->size);
	if (!audit_tree_consistency(
		&source, first->size, second->size, &proof))
		return reader.error;
	buf_addf(out, "{\"consistency\":{\"first\":%.*s,\"path\":",
	    STR_ARG(first->document));
	add_hashes(out, &proof);
	buf_addf(out, ",\"second\":%.*s}}\n", STR_ARG(second->document));
	return STORE_OK;
}
