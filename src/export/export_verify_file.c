/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_verify_file.c: proving that an exported file is whole.
 *
 * The chains of a file may stand in any order among one another; each must be
 * in order in itself.  One that begins after its first record is an excerpt:
 * its first record's `prev` is then taken as given.  The closing line tells
 * whether excerpts are expected, and that the file's end is its end.
 */
#include "export_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "stated/json.h"
#include "stated/map.h"

#define PORTION_LINES 1024 /* between two looks at who waits */

struct chain {
	struct audit_head head;
	bool is_broken; /* told once; the rest of it is not looked at */
	bool is_journal;
};

struct reading {
	struct export_report *report;
	const struct export_against *against; /* may be NULL */
	FILE *file;
	struct map *chains; /* by the instance's name */
	struct arena *arena; /* of the chains */
	struct arena *scratch; /* of one line */
	struct digest_stream *hash; /* of the lines so far */
	struct seal_leaves *leaves; /* what proves them */
	uint64_t line;
	bool is_over; /* the closing line was read */
	/* The first chain that begins late. */
	struct export_report first_excerpt;
};

static void
set_name(struct export_report *first, struct str name)
{
	size_t bytes = name.bytes;

	if (bytes >= sizeof(first->instance))
		bytes = sizeof(first->instance) - 1;
	if (bytes > 0)
		memcpy(first->instance, name.at, bytes);
}

/* ----------------------------------------------------------------- records */

/* Where a record says that it stands; false where it doesn't. */
static bool
read_place(const struct value *record, struct audit_head *before)
{
	const struct value *seq = value_field_or_null(record, "seq");
	int64_t n;

	if (!value_to_int(seq, &n) || n < 1)
		return false;
	before->seq = (uint64_t)n - 1;
	return digest_parse_hex(value_field_str(record, "prev"),
	    &before->hash);
}

/* A chain of which the file has no record yet. */
static struct chain *
start_chain(struct reading *reading, struct str name,
    const struct value *record)
{
	struct chain *chain = ARENA_NEW(reading->arena, struct chain);
	struct audit_head before = {0};

	map_put(reading->chains, name, chain);
	chain->is_journal = export_record_is_journal(name);
	reading->report->instances += !chain->is_journal;
	/* Where it can't be read verifying says so in a moment. */
	if (!read_place(record, &before) || before.seq == 0)
		return chain;
	chain->head = before;
	reading->report->excerpts++;
	if (reading->first_excerpt.fault == AUDIT_SOUND) {
		reading->first_excerpt = (struct export_report){
			.fault = AUDIT_MISSING,
			.line = reading->line,
			.seq = 1,
		};
		set_name(&reading->first_excerpt, name);
	}
	return chain;
}

static const char *
explain(enum audit_fault fault)
{
	switch (fault) {
	case AUDIT_MALFORMED:
		return "the line is not canonical JSON";
	case AUDIT_CHANGED:
		return "the line's text does not give its hash";
	case AUDIT_MISSING:
		return "a record before this one is missing";
	case AUDIT_REORDERED:
		return "the record stands here a second time, or after a "
		       "later one";
	case AUDIT_UNLINKED:
		return "the record was not sealed after the one before it";
	case AUDIT_CUT:
	case AUDIT_SOUND:
		break;
	}
	unreachable("one record can't be at fault so");
}

static void
fail_line(struct reading *reading, enum audit_fault fault, uint64_t seq,
    struct str name, const char *why)
{
	struct export_report first = {
		.fault = fault,
		.line = reading->line,
		.seq = seq,
	};

	set_name(&first, name);
	export_report_fault(reading->report, &first, "%s", why);
}

static void
check_record(struct reading *reading, struct str canonical, struct digest hash)
{
	const struct value *record;
	struct audit_head place;
	enum audit_fault fault = audit_verify_text(
	    reading->scratch, canonical, hash, &place, &record);
	struct str name = {NULL, 0};

	if (record != NULL)
		name = export_record_instance(reading->scratch, record);
	if (name.at == NULL) {
		fail_line(reading, AUDIT_MALFORMED, 0, name,
		    "the line is no record of an instance");
		return;
	}
	struct chain *chain = map_find(reading->chains, name);
	if (chain == NULL)
		chain = start_chain(reading, name, record);
	reading->report->journal += chain->is_journal;
	if (chain->is_broken)
		return;
	uint64_t expected = chain->head.seq + 1;
	if (fault == AUDIT_SOUND)
		fault = audit_verify_place(&chain->head, &place, hash);
	chain->is_broken = fault != AUDIT_SOUND;
	if (chain->is_broken)
		fail_line(reading, fault, expected, name, explain(fault));
	else
		seal_leaves_note(reading->leaves, name, &chain->head);
}

/* ------------------------------------------------------------ closing line */

static void
check_closing(struct reading *reading, const struct export_closing *closing)
{
	struct str nobody = {NULL, 0};
	struct digest hash = digest_stream_end(&reading->hash);

	reading->is_over = true;
	reading->report->is_closed = true;
	if (closing->records != reading->report->records ||
	    closing->instances != reading->report->instances)
		fail_line(reading, AUDIT_CUT, 0, nobody,
		    "the closing line counts other records than there are");
	else if (!digest_equal(closing->hash, hash))
		fail_line(reading, AUDIT_CHANGED, 0, nobody,
		    "the lines do not give the closing line's hash");
	else if (!closing->is_excerpt && reading->report->excerpts > 0)
		export_report_fault(reading->report, &reading->first_excerpt,
		    "records at the beginning are missing, and the file is "
		    "not an excerpt by time");
}

/* ------------------------------------------------------------------- lines */

static void
check_line(struct reading *reading, struct str line)
{
	struct export_closing closing;
	struct buf canonical = {0};
	struct digest hash;

	arena_reset(reading->scratch);
	reading->line++;
	if (reading->is_over) {
		fail_line(reading, AUDIT_REORDERED, 0, (struct str){NULL, 0},
		    "the file goes on after its closing line");
		return;
	}
	if (export_jsonl_read_closing(reading->scratch, line, &closing)) {
		check_closing(reading, &closing);
		return;
	}
	digest_stream_add(reading->hash, line);
	digest_stream_add(reading->hash, STR("\n"));
	if (export_jsonl_split(line, &canonical, &hash)) {
		reading->report->records++;
		check_record(reading, buf_str(&canonical), hash);
	} else if (!seal_leaves_take(
		       reading->leaves, line, reading->line)) {
		reading->report->records++;
		fail_line(reading, AUDIT_MALFORMED, 0, (struct str){NULL, 0},
		    "the line does not end in a hash");
	}
	buf_fini(&canonical);
}

static enum store_error
read_lines(struct reading *reading)
{
	char *text = NULL;
	size_t capacity = 0;
	ssize_t bytes;
	bool goes_on = true;

	while (goes_on &&
	    (bytes = getline(&text, &capacity, reading->file)) > 0) {
		struct str line = {text, (size_t)bytes};
		bool is_whole = str_has_suffix(line, STR("\n"));
		if (is_whole)
			line.bytes--;
		if (is_whole) {
			check_line(reading, line);
			if (reading->line % PORTION_LINES == 0)
				goes_on = export_verify_tell(
				    reading->against, reading->report);
			continue;
		}
		reading->line++;
		fail_line(reading, AUDIT_CUT, 0, (struct str){NULL, 0},
		    "the file ends in the middle of a line");
	}
	free(text);
	if (!goes_on)
		return STORE_STOPPED;
	return ferror(reading->file) ? STORE_IO : STORE_OK;
}

enum store_error
export_verify_lines(FILE *file, const struct export_against *against,
    struct export_report *report)
{
	struct reading reading = {
	    .report = report, .against = against, .file = file};

	reading.chains = map_new();
	reading.arena = arena_new();
	reading.scratch = arena_new();
	reading.hash = digest_stream_new();
	reading.leaves = seal_leaves_new(against, report);
	enum store_error error = read_lines(&reading);
	if (error == STORE_OK)
		seal_leaves_end(
		    reading.leaves, reading.chains, reading.is_over);
	seal_leaves_free(&reading.leaves);
	if (reading.hash != NULL)
		(void)digest_stream_end(&reading.hash);
	arena_free(&reading.arena);
	arena_free(&reading.scratch);
	map_free(&reading.chains);
	return error;
}

/* Whether it is what `as-at` lists: an instance a line, and no record. */
static bool
is_listing(FILE *file)
{
	struct arena *arena = arena_new();
	char *text = NULL;
	size_t capacity = 0;
	ssize_t bytes = getline(&text, &capacity, file);
	struct json_error error;
	const struct value *line = bytes > 0
	    ? json_read_written(arena, (struct str){text, (size_t)bytes}, &error)
	    : NULL;
	bool is_one = line != NULL && line->type == VALUE_CONTEXT &&
	    value_field_str(line, "instance").at != NULL &&
	    value_field_str(line, "status").at != NULL &&
	    value_get_cstr(line, "kind") == NULL &&
	    value_get_cstr(line, "prev") == NULL;

	free(text);
	arena_free(&arena);
	rewind(file);
	return is_one;
}

/* Of lines of records, however damaged, one begins as they do; and there may be
 * none at all. */
static bool
is_history(FILE *file)
{
	char *text = NULL;
	size_t capacity = 0;
	ssize_t bytes;
	bool is_empty = true, is_found = false;

	while (!is_found && (bytes = getline(&text, &capacity, file)) > 0) {
		is_found = text[0] == '{';
		is_empty = false;
	}
	free(text);
	rewind(file);
	return is_found || is_empty;
}

enum store_error
export_verify_file(struct str path, const struct export_against *against,
    struct export_report *report, struct buf *detail)
{
	struct buf name = {0};

	must(path.at != NULL);
	*report = (struct export_report){0};
	buf_add_str(&name, path);
	FILE *file = fopen(buf_cstr(&name), "re");
	int code = errno;
	if (file == NULL && detail != NULL)
		buf_addf(detail, "%s: %s", buf_cstr(&name),
		    strerrordesc_np(code));
	buf_fini(&name);
	if (file == NULL)
		return code == ENOENT ? STORE_ABSENT : STORE_IO;
	enum store_error error;
	if (seal_proofs_is_one(file)) {
		error = seal_proofs_verify(file, against, report);
	} else if (is_listing(file)) {
		error = STORE_FOREIGN;
		if (detail != NULL)
			buf_addf(detail, "it lists where instances stood, as "
			    "`stated as-at` tells it, and has no chain: verify "
			    "the histories that it was made of");
	} else if (!is_history(file)) {
		error = STORE_FOREIGN;
		if (detail != NULL)
			buf_addf(detail, "no line of it is a record, as "
			    "`stated export` writes them in JSON lines");
	} else {
		error = export_verify_lines(file, against, report);
	}
	fclose(file);
	return error;
}
