/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal_proofs.c: a file of checkpoints and proofs (export_proof.h), a line
 * each.
 */
#include "export_priv.h"

#include <stdlib.h>

#include "stated/json.h"

struct checking {
	struct export_report *report;
	struct seal_marks marks; /* for signatures */
	struct arena *arena; /* of a line */
};

#define BEGINNING_BYTES 32

static bool
is_of_proofs(struct str beginning)
{
	return str_has_prefix(beginning, STR("{\"checkpoint\":")) ||
	    str_has_prefix(beginning, STR("{\"inclusion\":")) ||
	    str_has_prefix(beginning, STR("{\"consistency\":"));
}

/* The first line tells, but where it is empty, or was cut before it did. */
bool
seal_proofs_is_one(FILE *file)
{
	char text[BEGINNING_BYTES];
	struct str beginning = {text, 0};
	int c;

	while (beginning.bytes < sizeof(text) && (c = getc(file)) != EOF) {
		if (c != '\n')
			text[beginning.bytes++] = (char)c;
		else if (!is_of_proofs(beginning) &&
		    audit_checkpoint_is_cut(beginning))
			beginning.bytes = 0;
		else
			break;
	}
	rewind(file);
	return is_of_proofs(beginning);
}

static void
fail(struct checking *checking, enum audit_fault fault, struct str instance,
    const char *why)
{
	struct export_report first = {
	    .fault = fault, .line = checking->marks.line};
	size_t bytes = instance.bytes;

	if (bytes >= sizeof(first.instance))
		bytes = sizeof(first.instance) - 1;
	if (bytes > 0)
		memcpy(first.instance, instance.at, bytes);
	export_report_fault(checking->report, &first, "%s", why);
}

/* A checkpoint within a proof: written again as it was. */
static bool
read_checkpoint(struct checking *checking, const struct value *from,
    const char *name, struct audit_signed *out)
{
	const struct value *inner = value_field_or_null(from, name);
	struct buf text = buf_in(checking->marks.arena);

	json_write(inner, JSON_CANONICAL, &text);
	return seal_marks_read(&checking->marks, buf_keep(&text), out);
}

static bool
read_path(const struct value *list, struct audit_tree_proof *proof)
{
	proof->count = 0;
	if (list->type != VALUE_LIST ||
	    list->as.list.count > COUNT_OF(proof->hashes))
		return false;
	for (size_t i = 0; i < list->as.list.count; i++)
		if (!digest_parse_hex(value_str(list->as.list.items[i]),
			&proof->hashes[proof->count++]))
			return false;
	return true;
}

static bool
read_uint(const struct value *from, const char *name, uint64_t *out)
{
	return export_record_uint(value_field_or_null(from, name), out);
}

/* -------------------------------------------------------------- inclusion */

/* How many members each has: what else stood there would be proved by
 * nothing. */
#define INCLUSION_MEMBERS 3
#define TURN_MEMBERS 4
#define CONSISTENCY_MEMBERS 3

static bool
has_turn(const struct audit_checkpoint *checkpoint, struct str instance,
    const struct value *turn)
{
	struct audit_tree_proof proof;
	struct audit_head end;
	uint64_t index;

	return turn->type == VALUE_CONTEXT &&
	    turn->as.context.count == TURN_MEMBERS &&
	    read_uint(turn, "seq", &end.seq) &&
	    read_uint(turn, "index", &index) &&
	    digest_parse_hex(
		value_field_str(turn, "hash"), &end.hash) &&
	    read_path(value_field_or_null(turn, "path"), &proof) &&
	    audit_tree_has(audit_tree_leaf(instance, &end), index,
		checkpoint->size, &proof, checkpoint->root);
}

/* Else one turn could be counted for many. */
static bool
comes_after(const struct value *turn, uint64_t *seq)
{
	uint64_t before = *seq;

	return turn->type == VALUE_CONTEXT && read_uint(turn, "seq", seq) &&
	    *seq > before;
}

static void
check_inclusion(struct checking *checking, const struct value *inclusion)
{
	const struct value *turns = value_field_or_null(inclusion, "turns");
	struct str instance =
	    value_field_str(inclusion, "instance");
	struct audit_signed read;
	uint64_t seq = 0;

	if (!read_checkpoint(checking, inclusion, "checkpoint", &read))
		return;
	if (!seal_marks_is_kept(&checking->marks, &read)) {
		fail(checking, AUDIT_CHANGED, instance,
		    "the proof is by another checkpoint than was kept");
		return;
	}
	checking->report->checkpoints++;
	if (turns->type != VALUE_LIST || turns->as.list.count == 0 ||
	    instance.bytes == 0) {
		fail(checking, AUDIT_MALFORMED, instance,
		    "the proof has no turns");
		return;
	}
	for (size_t i = 0; i < turns->as.list.count; i++) {
		const struct value *turn = turns->as.list.items[i];

		if (!comes_after(turn, &seq)) {
			fail(checking, AUDIT_REORDERED, instance,
			    "a turn stands in the proof a second time, or "
			    "after a later one");
			return;
		}
		if (!has_turn(&read.checkpoint, instance, turn)) {
			fail(checking, AUDIT_CHANGED, instance, "a turn is not "
			    "in the checkpoint's tree as the proof says");
			return;
		}
		checking->report->turns++;
	}
}

/* ------------------------------------------------------------ consistency */

static void
check_consistency(struct checking *checking, const struct value *consistency)
{
	const struct str nobody = {NULL, 0};
	struct audit_signed first, second;
	struct audit_tree_proof proof;

	if (!read_checkpoint(checking, consistency, "first", &first) ||
	    !read_checkpoint(checking, consistency, "second", &second))
		return;
	checking->report->checkpoints += 2;
	if (!seal_marks_is_kept(&checking->marks, &first) &&
	    !seal_marks_is_kept(&checking->marks, &second)) {
		fail(checking, AUDIT_CHANGED, nobody,
		    "the proof is of other checkpoints than was kept");
		return;
	}
	if (memcmp(first.checkpoint.origin, second.checkpoint.origin, 16) !=
	    0)
		fail(checking, AUDIT_CHANGED, nobody,
		    "the two checkpoints are of two databases");
	else if (!read_path(
		     value_field_or_null(consistency, "path"), &proof) ||
	    !audit_tree_extends(first.checkpoint.size, first.checkpoint.root,
		second.checkpoint.size, second.checkpoint.root, &proof))
		fail(checking, AUDIT_CHANGED, nobody, "it is not proved that "
		    "the second checkpoint has all that the first one saw");
	else
		checking->report->turns += first.checkpoint.size;
}

/* ------------------------------------------------------------------ lines */

static void
check_document(struct checking *checking, struct str line)
{
	struct json_error error;
	const struct value *read = json_read_written(checking->arena, line, &error);
	const struct value *inclusion, *consistency;
	const struct str nobody = {NULL, 0};
	struct buf again = buf_in(checking->arena);

	if (read == NULL || read->type != VALUE_CONTEXT) {
		fail(checking, AUDIT_MALFORMED, nobody, "the line is no proof");
		return;
	}
	/* There is one way to write it. */
	json_write(read, JSON_CANONICAL, &again);
	inclusion = value_field_or_null(read, "inclusion");
	consistency = value_field_or_null(read, "consistency");
	if (read->as.context.count != 1 ||
	    !str_equal(buf_keep(&again), line))
		fail(checking, AUDIT_MALFORMED, nobody,
		    "the line is not written as a proof is");
	else if (inclusion->type == VALUE_CONTEXT &&
	    inclusion->as.context.count == INCLUSION_MEMBERS)
		check_inclusion(checking, inclusion);
	else if (consistency->type == VALUE_CONTEXT &&
	    consistency->as.context.count == CONSISTENCY_MEMBERS)
		check_consistency(checking, consistency);
	else
		fail(checking, AUDIT_MALFORMED, nobody, "the line is no proof");
}

/* It takes nothing from the others: the next one says all that it did. */
static void
note_cut(struct checking *checking)
{
	struct export_report *report = checking->report;

	if (report->cut++ == 0)
		report->cut_line = checking->marks.line;
}

static void
check_line(struct checking *checking, struct str line)
{
	struct audit_signed read;

	checking->marks.line++;
	arena_reset(checking->arena);
	if (line.bytes == 0)
		return;
	if (audit_checkpoint_is_cut(line))
		note_cut(checking);
	else if (!str_has_prefix(line, STR("{\"checkpoint\":")))
		check_document(checking, line);
	else if (seal_marks_read(&checking->marks,
		     arena_str(checking->marks.arena, line), &read))
		checking->report->checkpoints++;
}

enum store_error
seal_proofs_verify(FILE *file, const struct export_against *against,
    struct export_report *report)
{
	struct checking checking = {.report = report, .arena = arena_new()};
	char *text = NULL;
	size_t capacity = 0;
	ssize_t bytes;

	*report = (struct export_report){0};
	seal_marks_init(&checking.marks, against, report);
	while ((bytes = getline(&text, &capacity, file)) > 0) {
		struct str line = {text, (size_t)bytes};

		if (str_has_suffix(line, STR("\n")))
			line.bytes--;
		check_line(&checking, line);
	}
	free(text);
	if (report->cut > 0 && report->checkpoints == 0)
		fail(&checking, AUDIT_CUT, (struct str){NULL, 0},
		    "a checkpoint was cut, and there is no other");
	seal_marks_fini(&checking.marks);
	arena_free(&checking.arena);
	return ferror(file) ? STORE_IO : STORE_OK;
}
