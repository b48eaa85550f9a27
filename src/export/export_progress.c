/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_progress.c: how far an export has come that was broken off.
 *
 * A file ends where the disk was full or the program was killed, most likely
 * in the middle of a line, and before all was told of its last instance.  So
 * that one is told again: what counts is what stands before it.  Of the lines
 * nothing is assumed but what they say.
 */
#include "export_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "stated/json.h"

struct scan {
	struct export_progress *progress;
	struct arena *arena; /* of one line */
	struct buf *detail;
	uint64_t bytes; /* of the lines so far, */
	uint64_t lines;
	uint64_t instances; /* and what they tell */
	uint64_t records;
	struct buf name;   /* of the last instance */
	struct buf leaves; /* its turns', as in the progress */
};

static bool
complain(struct scan *scan, const char *what)
{
	if (scan->detail != NULL)
		buf_addf(scan->detail, "its line %llu %s",
		    (unsigned long long)scan->lines + 1, what);
	return false;
}

/* ---- lines ---- */

/* What was told of the one before is whole. */
static void
begin_instance(struct scan *scan, struct str name, uint64_t number)
{
	struct export_progress *progress = scan->progress;

	progress->number = number;
	progress->bytes = scan->bytes;
	progress->instances = scan->instances;
	progress->records = scan->records;
	buf_add_str(&progress->leaves, buf_str(&scan->leaves));
	buf_clear(&scan->leaves);
	buf_clear(&scan->name);
	buf_add_str(&scan->name, name);
	scan->instances += number != STORE_JOURNAL;
}

static bool
take_record(struct scan *scan, struct str line)
{
	const struct value *record = export_record_read(scan->arena, line);
	struct str name = record != NULL
			      ? export_record_instance(scan->arena, record)
			      : (struct str){NULL, 0};
	uint64_t number;

	if (name.at == NULL || !export_record_number(name, &number))
		return complain(scan, "is no record");
	if (!str_equal(name, buf_str(&scan->name)))
		begin_instance(scan, name, number);
	scan->records++;
	return true;
}

/* {"turns":{"instance":"…","leaves":[[seq,index],…]}} */
static bool
take_turns(struct scan *scan, struct str line)
{
	struct json_error error;
	const struct value *read = json_read(scan->arena, line, &error);
	const struct value *list = value_field_or_null(
	    value_field_or_null(read, "turns"), "leaves");

	if (list->type != VALUE_LIST)
		return complain(scan, "tells of no turns");
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *turn = list->as.list.items[i];
		uint64_t index;

		if (turn->type != VALUE_LIST || turn->as.list.count != 2 ||
		    !export_record_uint(turn->as.list.items[1], &index))
			return complain(scan, "tells of no turns");
		buf_add(&scan->leaves, &index, sizeof(index));
	}
	return true;
}

/* A line with its newline. */
static bool
take_line(struct scan *scan, struct str line)
{
	struct export_closing closing;
	struct str text = str_slice(line, 0, line.bytes - 1);
	bool is_right = true;

	arena_reset(scan->arena);
	if (str_has_prefix(text, STR("{\"turns\":")))
		is_right = take_turns(scan, text);
	else if (!str_has_prefix(text, STR("{\"checkpoint\":{")) &&
		 !str_has_prefix(text, STR("{\"nodes\":[")) &&
		 !export_jsonl_read_closing(scan->arena, text, &closing))
		is_right = take_record(scan, line);
	scan->bytes += line.bytes;
	scan->lines++;
	return is_right;
}

static enum store_error
take_file(struct scan *scan, FILE *file)
{
	enum store_error error = STORE_OK;
	char *line = NULL;
	size_t size = 0;
	ssize_t bytes;

	while (error == STORE_OK &&
	       (bytes = getline(&line, &size, file)) > 0) {
		if (line[bytes - 1] != '\n')
			break; /* cut off */
		if (!take_line(scan, (struct str){line, (size_t)bytes}))
			error = STORE_CORRUPT;
	}
	if (error == STORE_OK && ferror(file))
		error = STORE_IO;
	free(line);
	return error;
}

/* ---- what counts of them ---- */

static enum store_error
hash_file(struct export_progress *progress, FILE *file)
{
	uint64_t left = progress->bytes;
	char chunk[65536];
	size_t got = 1;

	rewind(file);
	while (left > 0 && got > 0) {
		got = fread(chunk, 1,
		    left < sizeof(chunk) ? (size_t)left : sizeof(chunk), file);
		digest_stream_add(progress->hash, (struct str){chunk, got});
		left -= got;
	}
	return left == 0 ? STORE_OK : STORE_IO;
}

void
export_progress_fini(struct export_progress *progress)
{
	if (progress->hash != NULL)
		(void)digest_stream_end(&progress->hash);
	buf_fini(&progress->leaves);
}

enum store_error
export_progress_read(struct str path, struct export_progress *progress,
    struct buf *detail)
{
	struct buf name = {0};
	struct scan scan = {
	    .progress = progress, .arena = arena_new(), .detail = detail};
	enum store_error error = STORE_IO;
	FILE *file;

	*progress = (struct export_progress){.hash = digest_stream_new()};
	buf_add_str(&name, path);
	file = fopen(buf_cstr(&name), "re");
	if (file != NULL)
		error = take_file(&scan, file);
	else if (detail != NULL)
		buf_addf(detail, "%s", strerrordesc_np(errno));
	if (error == STORE_OK)
		error = hash_file(progress, file);
	if (file != NULL)
		(void)fclose(file);
	if (error != STORE_OK)
		export_progress_fini(progress);
	buf_fini(&scan.name);
	buf_fini(&scan.leaves);
	buf_fini(&name);
	arena_free(&scan.arena);
	return error;
}
