/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal_log.c: a database's log against its checkpoints, and those kept
 * elsewhere.
 *
 * The tree is made from the turns themselves: nodes that are stored prove
 * nothing.
 */
#include "export_priv.h"

#include "export_tree.h"

#define PORTION 4096

struct checking {
	struct store *store;
	const struct export_against *against;
	struct seal_marks marks;
	struct audit_tree tree;
	const struct export_numbers *numbers;
	uint64_t sealed;
	uint64_t orphan; /* a number that has turns and no row; 0: none */
	bool is_missing;
	uint64_t last; /* number of the checkpoint before */
};

static bool
read_stored_cb(const struct store_checkpoint *row, void *arg)
{
	struct checking *checking = arg;
	struct seal_marks *marks = &checking->marks;
	struct store_identity identity = store_identity(checking->store);
	struct export_report first = {.fault = AUDIT_CHANGED};
	struct audit_signed read;

	if (!seal_marks_read(
		marks, arena_str(marks->arena, row->document), &read))
		return false;
	if (row->number == checking->last + 1 &&
	    read.checkpoint.number == row->number &&
	    read.checkpoint.size == row->size &&
	    read.checkpoint.time_ms == row->at_ms &&
	    memcmp(read.checkpoint.origin, identity.bytes, 16) == 0) {
		checking->last = row->number;
		seal_marks_add(marks, &read.checkpoint);
		return true;
	}
	export_report_fault(marks->report, &first,
	    "checkpoint %llu stands where another should",
	    (unsigned long long)read.checkpoint.number);
	marks->is_broken = true;
	return false;
}

static bool
add_turn_cb(const struct store_turn *turn, void *arg)
{
	struct checking *checking = arg;

	if (turn->index != checking->tree.size ||
	    !audit_tree_add(&checking->tree, 0,
		export_tree_leaf(checking->store, turn), NULL, NULL)) {
		checking->is_missing = true;
		return false;
	}
	if (checking->orphan == 0 && turn->instance != STORE_JOURNAL &&
	    !export_numbers_has(checking->numbers, turn->instance))
		checking->orphan = turn->instance;
	seal_marks_look(&checking->marks, &checking->tree);
	return !checking->marks.is_broken;
}

static enum store_error
grow(struct checking *checking)
{
	enum store_error error = STORE_OK;
	uint64_t before;
	bool goes_on;

	seal_marks_look(&checking->marks, &checking->tree);
	do {
		before = checking->tree.size;
		error = store_each_turn(checking->store, before, PORTION,
		    add_turn_cb, checking);
		goes_on = export_verify_tell(
		    checking->against, checking->marks.report);
	} while (error == STORE_OK && goes_on && !checking->is_missing &&
	    !checking->marks.is_broken &&
	    checking->tree.size == before + PORTION);
	return error == STORE_OK && !goes_on ? STORE_STOPPED : error;
}

/* Those that stand there have no gap; their end is told by the journal. */
static void
check_last(const struct checking *checking)
{
	struct export_report first = {.fault = AUDIT_CUT};

	if (checking->last < checking->sealed && !checking->marks.is_broken)
		export_report_fault(checking->marks.report, &first,
		    "the journal tells of checkpoint %llu, which is not there",
		    (unsigned long long)checking->sealed);
}

static enum store_error
check(struct checking *checking)
{
	struct seal_marks *marks = &checking->marks;
	struct store_identity identity = store_identity(checking->store);
	struct export_report first = {.fault = AUDIT_MISSING};
	enum store_error error = store_each_checkpoint(
	    checking->store, 0, SIZE_MAX, read_stored_cb, checking);

	if (error == STORE_OK)
		check_last(checking);
	seal_marks_add_kept(marks, identity.bytes);
	seal_marks_sort(marks);
	if (error == STORE_OK)
		error = grow(checking);
	if (error == STORE_CORRUPT) {
		checking->is_missing = true;
		error = STORE_OK;
	}
	if (error != STORE_OK)
		return error;
	if (checking->orphan != 0) {
		first.number = checking->orphan;
		export_report_fault(marks->report, &first,
		    "the log has turns of number %llu, which has no row",
		    (unsigned long long)checking->orphan);
		first.number = 0;
	}
	if (checking->is_missing)
		export_report_fault(marks->report, &first,
		    "the log has no turn %llu: they are numbered without gaps",
		    (unsigned long long)checking->tree.size + 1);
	else
		seal_marks_end(marks, &checking->tree);
	marks->report->turns = marks->good;
	return STORE_OK;
}

enum store_error
seal_log_verify(struct store *store, const struct export_against *against,
    const struct export_numbers *numbers, uint64_t sealed,
    struct export_report *report)
{
	struct checking checking = {.store = store, .against = against,
		.numbers = numbers, .sealed = sealed};

	seal_marks_init(&checking.marks, against, report);
	enum store_error error = check(&checking);
	seal_marks_fini(&checking.marks);
	return error;
}
