/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal_marks.c: checkpoints as marks that a tree has to go through.
 *
 * A tree grows from its first leaf; whenever it has as many as a checkpoint
 * saw, its root must be that one's.  The first mark that isn't met tells
 * where to look: behind the last one that was.
 */
#include "export_priv.h"

#include <stdlib.h>

#include "stated/clock.h"

void
seal_marks_init(struct seal_marks *marks, const struct export_against *against,
    struct export_report *report)
{
	*marks = (struct seal_marks){
	    .against = against, .report = report, .arena = arena_new()};
}

void
seal_marks_fini(struct seal_marks *marks)
{
	arena_free(&marks->arena);
}

static void
fail(struct seal_marks *marks, enum audit_fault fault, const char *text)
{
	const struct export_report first = {
	    .fault = fault, .line = marks->line};

	export_report_fault(marks->report, &first, "%s", text);
	marks->is_broken = true;
}

/* ------------------------------------------------------------- signatures */

static bool
is_signed(const struct export_against *against, const struct audit_signed *read)
{
	for (size_t i = 0; i < against->key_count; i++)
		if (audit_checkpoint_is_of(read, against->keys[i]))
			return true;
	return false;
}

static bool
check_signature(struct seal_marks *marks, const struct audit_signed *read)
{
	char text[160];

	if (marks->against == NULL || marks->against->key_count == 0)
		return true;
	if (is_signed(marks->against, read)) {
		marks->report->is_signed = true;
		return true;
	}
	str_write(text, sizeof(text), "checkpoint %llu is not signed by "
	    "the key that was given, but, it says, by %.*s",
	    (unsigned long long)read->checkpoint.number, STR_ARG(read->key));
	fail(marks, AUDIT_CHANGED, text);
	return false;
}

bool
seal_marks_read(
    struct seal_marks *marks, struct str document, struct audit_signed *read)
{
	if (!audit_checkpoint_read(marks->arena, document, read)) {
		fail(marks, AUDIT_MALFORMED,
		    "a checkpoint is not written as one");
		return false;
	}
	return check_signature(marks, read);
}

bool
seal_marks_is_kept(
    const struct seal_marks *marks, const struct audit_signed *read)
{
	const struct export_against *against = marks->against;

	if (against == NULL || against->checkpoint_count == 0)
		return true;
	for (size_t i = 0; i < against->checkpoint_count; i++)
		if (str_equal(against->checkpoints[i].text, read->text))
			return true;
	return false;
}

/* ------------------------------------------------------------------ marks */

static void
add(struct seal_marks *marks, const struct audit_checkpoint *checkpoint,
    bool is_kept)
{
	marks->items = arena_grow(marks->arena, marks->items, marks->count,
	    &marks->capacity, sizeof(*marks->items));
	marks->items[marks->count++] = (struct seal_mark){
		.number = checkpoint->number,
		.size = checkpoint->size,
		.root = checkpoint->root,
		.time_ms = checkpoint->time_ms,
		.is_kept = is_kept,
	};
}

void
seal_marks_add(
    struct seal_marks *marks, const struct audit_checkpoint *checkpoint)
{
	add(marks, checkpoint, false);
}

void
seal_marks_add_kept(struct seal_marks *marks, const uint8_t origin[16])
{
	const struct export_against *against = marks->against;

	for (size_t i = 0; against != NULL && i < against->checkpoint_count;
	     i++) {
		const struct audit_signed *kept = &against->checkpoints[i];

		if (!check_signature(marks, kept))
			continue;
		if (memcmp(kept->checkpoint.origin, origin, 16) != 0)
			fail(marks, AUDIT_CHANGED, "the checkpoint that was "
			    "kept is of another database");
		else
			add(marks, &kept->checkpoint, true);
	}
}

static int
compare_cb(const void *a, const void *b)
{
	const struct seal_mark *left = a, *right = b;

	return (left->size > right->size) - (left->size < right->size);
}

void
seal_marks_sort(struct seal_marks *marks)
{
	size_t count = 0;

	if (marks->count > 0)
		qsort(marks->items, marks->count, sizeof(*marks->items),
		    compare_cb);
	/* One may be stored and have been kept, too. */
	for (size_t i = 0; i < marks->count; i++) {
		const struct seal_mark *mark = &marks->items[i];

		if (count == 0 || mark->size != marks->items[count - 1].size ||
		    !digest_equal(
			mark->root, marks->items[count - 1].root))
			marks->items[count++] = *mark;
		else if (mark->is_kept)
			marks->items[count - 1].is_kept = true;
	}
	marks->count = count;
}

/* Where one that was kept isn't met, the database's own are of whatever was
 * put in its place, and say nothing of what was there. */
static void
fail_mark(struct seal_marks *marks, const struct seal_mark *mark,
    enum audit_fault fault, const char *what)
{
	char text[240], time[CLOCK_TEXT_BYTES];
	uint64_t good = mark->is_kept ? marks->kept_good : marks->good;

	str_write(text, sizeof(text), "checkpoint %llu of %.*s saw %llu turns: "
	    "%s; turns up to %llu are as they were%s",
	    (unsigned long long)mark->number,
	    STR_ARG(clock_format(mark->time_ms, time)),
	    (unsigned long long)mark->size, what, (unsigned long long)good,
	    mark->is_kept && marks->good > good
		? ", by checkpoints that were kept" : "");
	fail(marks, fault, text);
}

void
seal_marks_look(struct seal_marks *marks, const struct audit_tree *tree)
{
	while (marks->next < marks->count && !marks->is_broken) {
		const struct seal_mark *mark = &marks->items[marks->next];

		if (mark->size != tree->size)
			break;
		marks->next++;
		if (digest_equal(mark->root, audit_tree_root(tree))) {
			marks->good = mark->size;
			if (mark->is_kept)
				marks->kept_good = mark->size;
			marks->report->checkpoints++;
		} else {
			fail_mark(marks, mark, AUDIT_CHANGED,
			    "those that are here do not give its root");
		}
	}
}

void
seal_marks_end(struct seal_marks *marks, const struct audit_tree *tree)
{
	if (marks->next == marks->count || marks->is_broken)
		return;
	fail_mark(marks, &marks->items[marks->next],
	    tree->size < marks->items[marks->next].size ? AUDIT_CUT :
							  AUDIT_MISSING,
	    tree->size < marks->items[marks->next].size ?
		"there are fewer" :
		"this file can't be compared with it (`stated checkpoint "
		"consistency` can)");
}
