/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_progress.c: how far an export has come that was broken off.
 *
 * A file ends where the disk was full or the program was killed, most likely
 * in the middle of a line.  All whole lines count; of them nothing is assumed
 * but what they say.
 */
#include "export_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct scan {
	struct export_progress *progress;
	struct arena *arena; /* of one line */
	struct buf name;     /* of the last instance */
	struct buf *detail;
};

static void
complain(struct scan *scan, const char *what)
{
	if (scan->detail != NULL)
		buf_addf(scan->detail, "its line %llu %s",
		    (unsigned long long)scan->progress->records + 1, what);
}

static bool
read_seq(const struct value *record, uint64_t *seq)
{
	const struct value *number = value_field_or_null(record, "seq");
	int64_t n;

	if (number->type != VALUE_NUMBER ||
	    !number_to_int(number->as.number, &n) || n < 1)
		return false;
	*seq = (uint64_t)n;
	return true;
}

/* false where the line is no record. */
static bool
take_record(struct scan *scan, const struct value *record)
{
	struct export_progress *progress = scan->progress;
	struct str name = record != NULL
			      ? export_record_instance(scan->arena, record)
			      : (struct str){NULL, 0};

	if (name.at == NULL || !export_record_number(name, &progress->number) ||
	    !read_seq(record, &progress->seq))
		return false;
	if (!str_equal(name, buf_str(&scan->name))) {
		progress->instances++;
		buf_clear(&scan->name);
		buf_add_str(&scan->name, name);
	}
	progress->records++;
	return true;
}

/* A line with its newline. */
static bool
take_line(struct scan *scan, struct str line)
{
	struct export_progress *progress = scan->progress;
	struct export_closing closing;

	arena_reset(scan->arena);
	if (progress->is_closed) {
		complain(scan, "stands behind the closing line");
		return false;
	}
	if (export_jsonl_read_closing(scan->arena,
		str_slice(line, 0, line.bytes - 1), &closing)) {
		progress->is_closed = true;
	} else if (!take_record(
		       scan, export_record_read(scan->arena, line))) {
		complain(scan, "is no record");
		return false;
	}
	if (progress->is_closed) /* it is written again */
		return true;
	digest_stream_add(progress->hash, line);
	progress->bytes += line.bytes;
	return true;
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
			break; /* cut off: it is told again */
		if (!take_line(scan, (struct str){line, (size_t)bytes}))
			error = STORE_CORRUPT;
	}
	if (error == STORE_OK && ferror(file))
		error = STORE_IO;
	free(line);
	return error;
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
	if (file != NULL)
		(void)fclose(file);
	if (error != STORE_OK)
		(void)digest_stream_end(&progress->hash);
	buf_fini(&scan.name);
	buf_fini(&name);
	arena_free(&scan.arena);
	return error;
}
