/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_export_resume.c: an export of a database that was broken off goes on.
 *
 * Beside FILE.partial stands FILE.resume, a note of what was asked for and up
 * to which commit history was to be told.  Nothing that was recorded then has
 * changed since, so that the file becomes what it would have been without a
 * break, byte for byte.  Status and state of an instance do change: an export
 * that chooses by them can't go on.
 */
#include "cli_priv.h"

#include "stated/export.h"
#include "stated/json.h"

#include <errno.h>
#include <unistd.h>

#define NOTE_BYTES_MAX 65536

/* ---- the note ---- */

static const struct value *
make_note(struct cli *cli, const struct export_options *options,
    const struct export *export)
{
	struct value_builder *built = value_build_context(cli->arena);
	struct store_identity store = export_identity(export);
	struct export_moment moment = export_moment(export);
	char hex[2 * sizeof(store.bytes) + 1];

	digest_format_hex(
	    (struct str){(const char *)store.bytes, sizeof(store.bytes)}, hex);
	value_put_str(built, "store", str_of(hex));
	value_put_int(built, "place", (int64_t)moment.history_place);
	value_put_int(built, "began_ms", moment.began_ms);
	value_put_int(built, "checkpoint", (int64_t)moment.checkpoint);
	value_put_str(built, "workflow", options->workflow);
	value_put_int(built, "instance", (int64_t)options->instance);
	value_put_int(built, "from_ms", options->from_ms);
	value_put_int(built, "to_ms", options->to_ms);
	return value_copy(cli->arena, value_built(built));
}

static bool
write_note(const struct cli_resume *resume, const struct value *note)
{
	FILE *file = fopen(resume->path, "we");
	struct buf text = {0};
	bool is_written;

	json_write_pretty(note, &text);
	buf_add_char(&text, '\n');
	is_written = file != NULL &&
		     fwrite(text.at, 1, text.bytes, file) == text.bytes &&
		     fflush(file) == 0 && fsync(fileno(file)) == 0;
	if (file != NULL && fclose(file) != 0)
		is_written = false;
	buf_fini(&text);
	return is_written;
}

static const struct value *
read_note(struct cli *cli, const char *path)
{
	FILE *file = fopen(path, "re");
	struct buf text = {0};
	struct json_error error;
	const struct value *note = NULL;

	if (file != NULL && buf_add_file(&text, file, NOTE_BYTES_MAX))
		note = json_read(cli->arena, buf_str(&text), &error);
	if (file != NULL)
		(void)fclose(file);
	buf_fini(&text);
	return note;
}

static int64_t
number_of(const struct value *note, const char *key)
{
	const struct value *number = value_field_or_null(note, key);
	int64_t n = 0;

	return number->type == VALUE_NUMBER &&
		       number_to_int(number->as.number, &n)
		   ? n
		   : 0;
}

/* ---- going on ---- */

static enum cli_status
go_on(struct cli *cli, struct cli_resume *resume)
{
	struct buf detail = {0};
	struct export_progress *progress =
	    ARENA_NEW(cli->arena, struct export_progress);
	enum store_error error;
	enum cli_status status = CLI_OK;

	resume->note = read_note(cli, resume->path);
	if (resume->note == NULL)
		return cli_fail(cli,
		    "there is no export to go on with: %s isn't there, or "
		    "can't be read; begin it without --resume",
		    resume->path);
	error = export_progress_read(
	    str_of(resume->partial), progress, &detail);
	if (error != STORE_OK)
		status = cli_fail(cli, "%s: %.*s; begin without --resume",
		    resume->partial, STR_ARG(buf_str(&detail)));
	else if (truncate(resume->partial, (off_t)progress->bytes) != 0)
		status = cli_fail(
		    cli, "%s: %s", resume->partial, strerror(errno));
	buf_fini(&detail);
	if (status != CLI_OK) {
		export_progress_fini(progress);
		return status;
	}
	resume->goes_on = true;
	resume->progress = progress;
	resume->options->after = progress;
	resume->options->moment = (struct export_moment){
	    .began_ms = number_of(resume->note, "began_ms"),
	    .history_place = (uint64_t)number_of(resume->note, "place"),
	    .checkpoint = (uint64_t)number_of(resume->note, "checkpoint"),
	};
	return CLI_OK;
}

enum cli_status
cli_resume_read(struct cli *cli, struct export_options *options,
    struct cli_resume *resume)
{
	const char *output = cli_option(cli, "output");
	bool is_file = output != NULL && strcmp(output, "-") != 0;
	bool is_asked = cli_option(cli, "resume") != NULL;

	*resume = (struct cli_resume){.cli = cli, .options = options};
	if (is_asked && (!is_file || options->format != EXPORT_JSONL))
		return cli_usage(cli,
		    "--resume goes on with a file of JSON lines: it needs "
		    "--output, and no other --format");
	if (is_asked && (options->status.at != NULL ||
			    options->state.at != NULL))
		return cli_usage(cli,
		    "an export by --status or --state can't go on: they may "
		    "be others now");
	if (!is_file || options->format != EXPORT_JSONL ||
	    options->status.at != NULL || options->state.at != NULL)
		return CLI_OK;
	resume->path = arena_strf(cli->arena, "%s.resume", output).at;
	resume->partial = arena_strf(cli->arena, "%s.partial", output).at;
	return is_asked ? go_on(cli, resume) : CLI_OK;
}

enum cli_status
cli_resume_begin(struct cli_resume *resume, const struct export *export)
{
	const struct value *note;

	if (resume->path == NULL)
		return CLI_OK;
	note = make_note(resume->cli, resume->options, export);
	resume->is_noted = true;
	if (!resume->goes_on) {
		if (!write_note(resume, note))
			return cli_fail(resume->cli, "%s: %s", resume->path,
			    strerror(errno));
		return CLI_OK;
	}
	if (value_equal(note, resume->note))
		return CLI_OK;
	return cli_fail(resume->cli,
	    "%s was begun on another database, or asked for other records: "
	    "go on with the same options",
	    resume->partial);
}

bool
cli_resume_end(struct cli_resume *resume, enum cli_status status)
{
	if (resume == NULL || resume->path == NULL)
		return false;
	if (status == CLI_OK)
		(void)unlink(resume->path);
	else if (resume->is_noted)
		fprintf(resume->cli->err,
		    "what was written is kept in %s; the same command with "
		    "--resume goes on\n",
		    resume->partial);
	return resume->is_noted || resume->goes_on;
}
