/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal_leaves.c: the tree of an export, by what export_seal.c wrote.
 *
 * Lines of turns follow the records of their instance, so that the hashes of
 * one instance at a time are kept.  Leaves come in the order of instances and
 * are put in that of the log when all are there; nodes come in the log's
 * order.  Together they must be the checkpoint's tree, each leaf once.
 */
#include "export_priv.h"

#include <stdlib.h>

#include "stated/json.h"

struct leaf {
	uint64_t index;
	struct digest hash;
};

struct node {
	uint64_t first; /* leaf */
	unsigned level;
	struct digest hash;
};

struct seal_leaves {
	const struct export_against *against;
	struct export_report *report;
	struct arena *scratch; /* of a line */
	struct arena *own;     /* of the checkpoint */
	/* The instance at hand: */
	struct buf instance;
	uint64_t first_seq;
	struct buf hashes; /* of its records, one after another */
	uint64_t proved; /* seq of the last record that a turn ends with */
	/* All of the file: */
	struct buf leaves; /* struct leaf */
	struct buf nodes;  /* struct node */
	struct str checkpoint; /* absent: none so far */
	uint64_t line;
	bool is_broken;
};

struct seal_leaves *
seal_leaves_new(
    const struct export_against *against, struct export_report *report)
{
	struct seal_leaves *leaves = calloc(1, sizeof(*leaves));

	must(leaves != NULL);
	leaves->against = against;
	leaves->report = report;
	leaves->scratch = arena_new();
	leaves->own = arena_new();
	return leaves;
}

void
seal_leaves_free(struct seal_leaves **freed)
{
	struct seal_leaves *leaves = *freed;

	arena_free(&leaves->scratch);
	arena_free(&leaves->own);
	buf_fini(&leaves->instance);
	buf_fini(&leaves->hashes);
	buf_fini(&leaves->leaves);
	buf_fini(&leaves->nodes);
	free(leaves);
	*freed = NULL;
}

static void
fail(struct seal_leaves *leaves, enum audit_fault fault, const char *why)
{
	const struct export_report first = {
		.fault = fault, .line = leaves->line};

	if (!leaves->is_broken)
		export_report_fault(leaves->report, &first, "%s", why);
	leaves->is_broken = true;
}

/* ---------------------------------------------------------------- records */

static uint64_t
last_seq(const struct seal_leaves *leaves)
{
	return leaves->first_seq +
	    leaves->hashes.bytes / sizeof(struct digest) - 1;
}

/* What no turn ends with or comes after is not proved. */
static void
count_unproved(struct seal_leaves *leaves)
{
	uint64_t from = leaves->proved + 1;

	if (leaves->hashes.bytes == 0)
		return;
	if (from < leaves->first_seq)
		from = leaves->first_seq;
	leaves->report->unproved += last_seq(leaves) + 1 - from;
}

void
seal_leaves_note(struct seal_leaves *leaves, struct str instance,
    const struct audit_head *end)
{
	if (!str_equal(buf_str(&leaves->instance), instance) ||
	    end->seq != last_seq(leaves) + 1) {
		count_unproved(leaves);
		buf_clear(&leaves->instance);
		buf_clear(&leaves->hashes);
		buf_add_str(&leaves->instance, instance);
		leaves->first_seq = end->seq;
		leaves->proved = 0;
	}
	buf_add(&leaves->hashes, &end->hash, sizeof(end->hash));
}

/* ------------------------------------------------------------------ lines */

static bool
is_tuple(const struct value *value, size_t count)
{
	return value->type == VALUE_LIST && value->as.list.count == count;
}

/* [seq,index] */
static bool
take_turn(struct seal_leaves *leaves, const struct value *turn)
{
	struct audit_head end;
	struct leaf leaf;

	if (!is_tuple(turn, 2) ||
	    !export_record_uint(turn->as.list.items[0], &end.seq) ||
	    !export_record_uint(turn->as.list.items[1], &leaf.index) ||
	    leaves->hashes.bytes == 0 || end.seq < leaves->first_seq ||
	    end.seq > last_seq(leaves) || end.seq <= leaves->proved)
		return false;
	memcpy(&end.hash, leaves->hashes.at +
	    (end.seq - leaves->first_seq) * sizeof(end.hash),
	    sizeof(end.hash));
	leaf.hash = audit_tree_leaf(buf_str(&leaves->instance), &end);
	buf_add(&leaves->leaves, &leaf, sizeof(leaf));
	leaves->proved = end.seq;
	leaves->report->turns++;
	return true;
}

static void
take_turns(struct seal_leaves *leaves, const struct value *turns)
{
	const struct value *list = value_field_or_null(turns, "leaves");
	struct str instance =
	    value_field_str(turns, "instance");
	bool is_right = list->type == VALUE_LIST &&
	    str_equal(instance, buf_str(&leaves->instance));

	for (size_t i = 0; is_right && i < list->as.list.count; i++)
		is_right = take_turn(leaves, list->as.list.items[i]);
	if (!is_right)
		fail(leaves, AUDIT_MISSING, "the line tells of turns whose "
		    "records do not stand before it");
}

/* [level,position,"hash"] */
static bool
take_node(struct seal_leaves *leaves, const struct value *tuple)
{
	struct node node;
	uint64_t level, position;

	if (!is_tuple(tuple, 3) ||
	    !export_record_uint(tuple->as.list.items[0], &level) ||
	    !export_record_uint(tuple->as.list.items[1], &position) ||
	    level >= AUDIT_TREE_LEVELS ||
	    position > UINT64_MAX >> (level + 1) ||
	    !digest_parse_hex(
		value_str(tuple->as.list.items[2]), &node.hash))
		return false;
	node.level = (unsigned)level;
	node.first = position << level;
	buf_add(&leaves->nodes, &node, sizeof(node));
	return true;
}

static void
take_nodes(struct seal_leaves *leaves, const struct value *list)
{
	for (size_t i = 0; i < list->as.list.count; i++)
		if (!take_node(leaves, list->as.list.items[i])) {
			fail(leaves, AUDIT_MALFORMED,
			    "the line has what is no node of a tree");
			return;
		}
}

static void
take_checkpoint(struct seal_leaves *leaves, struct str line)
{
	if (leaves->checkpoint.at != NULL)
		fail(leaves, AUDIT_REORDERED,
		    "the file has more than one checkpoint");
	leaves->checkpoint = arena_str(leaves->own, line);
}

bool
seal_leaves_take(struct seal_leaves *leaves, struct str line, uint64_t number)
{
	const struct value *read, *turns, *nodes;
	struct json_error error;

	leaves->line = number;
	if (str_has_prefix(line, STR("{\"checkpoint\":"))) {
		take_checkpoint(leaves, line);
		return true;
	}
	arena_reset(leaves->scratch);
	read = json_read_written(leaves->scratch, line, &error);
	if (read == NULL || read->type != VALUE_CONTEXT ||
	    read->as.context.count != 1)
		return false;
	turns = value_field_or_null(read, "turns");
	nodes = value_field_or_null(read, "nodes");
	if (turns->type == VALUE_CONTEXT)
		take_turns(leaves, turns);
	else if (nodes->type == VALUE_LIST)
		take_nodes(leaves, nodes);
	else
		return false;
	return true;
}

/* --------------------------------------------------------------- the tree */

static int
compare_cb(const void *a, const void *b)
{
	const struct leaf *left = a, *right = b;

	return (left->index > right->index) - (left->index < right->index);
}

/* Where leaves and nodes have got to. */
struct growth {
	struct audit_tree tree;
	const struct leaf *leaf;
	const struct leaf *leaf_end;
	const struct node *node;
	const struct node *node_end;
};

/* Whatever comes next in the log; false where that is not here. */
static bool
grow(struct growth *growth)
{
	uint64_t at = growth->tree.size;

	if (growth->leaf < growth->leaf_end && growth->leaf->index == at)
		return audit_tree_add(
		    &growth->tree, 0, growth->leaf++->hash, NULL, NULL);
	if (growth->node < growth->node_end && growth->node->first == at) {
		const struct node *node = growth->node++;

		return audit_tree_add(
		    &growth->tree, node->level, node->hash, NULL, NULL);
	}
	return false;
}

static struct growth
begin_growth(struct seal_leaves *leaves)
{
	size_t count = leaves->leaves.bytes / sizeof(struct leaf);
	struct leaf *first = (struct leaf *)(void *)leaves->leaves.at;
	const struct node *node = (struct node *)(void *)leaves->nodes.at;
	struct growth growth = {.leaf = first, .node = node};

	if (count > 0) {
		qsort(first, count, sizeof(*first), compare_cb);
		growth.leaf_end = first + count;
	}
	if (leaves->nodes.bytes > 0)
		growth.node_end = node +
		    leaves->nodes.bytes / sizeof(struct node);
	return growth;
}

static void
check_tree(struct seal_leaves *leaves, struct seal_marks *marks,
    const struct audit_checkpoint *checkpoint)
{
	struct growth growth = begin_growth(leaves);

	seal_marks_add(marks, checkpoint);
	seal_marks_add_kept(marks, checkpoint->origin);
	seal_marks_sort(marks);
	seal_marks_look(marks, &growth.tree);
	while (growth.tree.size < checkpoint->size && !marks->is_broken &&
	    grow(&growth))
		seal_marks_look(marks, &growth.tree);
	if (marks->is_broken)
		return;
	if (growth.tree.size != checkpoint->size ||
	    growth.leaf != growth.leaf_end || growth.node != growth.node_end)
		fail(leaves, AUDIT_MISSING, "the turns and nodes of the file "
		    "are not the checkpoint's tree, each leaf once");
	else
		seal_marks_end(marks, &growth.tree);
}

/* An identifier is made of its database's identity and its number. */
static bool
is_of(struct str instance, const uint8_t origin[16])
{
	char id[AUDIT_ID_BYTES];
	uint64_t number;

	return instance.bytes == AUDIT_ID_BYTES - 1 &&
	    export_record_number(instance, &number) &&
	    str_equal(instance, audit_id_format(origin, number, id));
}

/* What no turn proves would else stand beside what is proved. */
static bool
are_of(const struct map *chains, const uint8_t origin[16])
{
	size_t cursor = 0;
	struct str instance;
	void *chain;

	while (map_next(chains, &cursor, &instance, &chain))
		if (!is_of(instance, origin))
			return false;
	return true;
}

void
seal_leaves_end(struct seal_leaves *leaves, const struct map *chains,
    bool is_closed)
{
	struct seal_marks marks;
	struct audit_signed read;

	count_unproved(leaves);
	if (leaves->is_broken)
		return;
	if (leaves->checkpoint.at != NULL && !is_closed) {
		fail(leaves, AUDIT_CUT, "the file has a checkpoint and ends "
		    "without its closing line");
		return;
	}
	seal_marks_init(&marks, leaves->against, leaves->report);
	if (leaves->checkpoint.at == NULL) {
		leaves->report->unproved = 0; /* nobody said it would be */
		if (leaves->leaves.bytes > 0 || leaves->nodes.bytes > 0 ||
		    (leaves->against != NULL &&
			leaves->against->checkpoint_count > 0))
			fail(leaves, AUDIT_MISSING, "the file has no "
			    "checkpoint: what it holds can't be compared");
	} else if (seal_marks_read(&marks, leaves->checkpoint, &read)) {
		if (!are_of(chains, read.checkpoint.origin))
			fail(leaves, AUDIT_CHANGED, "the file's checkpoint is "
			    "of another database than an instance in it");
		else
			check_tree(leaves, &marks, &read.checkpoint);
	}
	seal_marks_fini(&marks);
}
