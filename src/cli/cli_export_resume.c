/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_export_resume.c: an export that was broken off goes on.
 *
 * Beside FILE.partial stands FILE.resume, a note of what was asked for and up
 * to which commit history was to be told.  Nothing that was recorded then has
 * changed since, so that the file becomes what it would have been without a
 * break, byte for byte.  Status and state of an instance do change: an export
 * that chooses by them can't go on.
 *
 * Of a database all is told again after the last whole instance of the file.
 * An engine is asked for the same once more, without the bytes that are there:
 * where is what it said itself, in the answer's Content-Location.
 */
#include "cli_priv.h"

#include "stated/export.h"
#include "stated/json.h"

#include <errno.h>
#include <sys/stat.h>
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
	char text[EXPORT_MOMENT_BYTES];

	digest_format_hex(
	    (struct str){(const char *)store.bytes, sizeof(store.bytes)}, hex);
	value_put_str(built, "store", str_of(hex));
	value_put_str(built, "moment", export_moment_format(&moment, text));
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
	int error;

	json_write_pretty(note, &text);
	buf_add_char(&text, '\n');
	is_written = file != NULL &&
		     fwrite(text.at, 1, text.bytes, file) == text.bytes &&
		     fflush(file) == 0 && fsync(fileno(file)) == 0;
	error = errno;
	if (file != NULL && fclose(file) != 0 && is_written) {
		is_written = false;
		error = errno;
	}
	buf_fini(&text);
	errno = error;
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

/* Whether it can go on once it is broken off, and shall go on now. */
static enum cli_status
look(struct cli *cli, bool is_lines, const char *output,
    struct cli_resume *resume)
{
	bool is_file = output != NULL;
	bool is_asked = cli_option(cli, "resume") != NULL;
	bool is_changing = cli_option(cli, "status") != NULL ||
			   cli_option(cli, "state") != NULL;

	if (is_asked && (!is_file || !is_lines))
		return cli_usage(cli,
		    "--resume goes on with a file of JSON lines: it needs "
		    "--output, and no other --format");
	if (is_asked && is_changing)
		return cli_usage(cli,
		    "an export by --status or --state can't go on: they may "
		    "be others now");
	if (!is_file || !is_lines || is_changing)
		return CLI_OK;
	resume->path = arena_strf(cli->arena, "%s.resume", output).at;
	resume->partial = arena_strf(cli->arena, "%s.partial", output).at;
	if (!is_asked)
		return CLI_OK;
	resume->note = read_note(cli, resume->path);
	if (resume->note == NULL)
		return cli_fail(cli,
		    "there is no export to go on with: %s isn't there, or "
		    "can't be read; begin it without --resume",
		    resume->path);
	resume->goes_on = true;
	return CLI_OK;
}

static enum cli_status
tell_another(const struct cli_resume *resume)
{
	return cli_fail(resume->cli,
	    "%s was begun on another database, or asked for other records: "
	    "go on with the same options",
	    resume->partial);
}

static enum cli_status
keep_note(struct cli_resume *resume, const struct value *note)
{
	int error;

	resume->is_noted = write_note(resume, note);
	if (resume->is_noted)
		return CLI_OK;
	error = errno;
	(void)unlink(resume->path);
	return cli_fail(resume->cli, "%s: %s\nnothing was written; begin again",
	    resume->path, strerror(error));
}

/* ---- from a database ---- */

static enum cli_status
go_on(struct cli *cli, struct cli_resume *resume)
{
	struct buf detail = {0};
	struct export_progress *progress =
	    ARENA_NEW(cli->arena, struct export_progress);
	enum store_error error;
	enum cli_status status = CLI_OK;

	if (!export_moment_parse(value_field_str(resume->note, "moment"),
		&resume->options->moment))
		return tell_another(resume);
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
	resume->progress = progress;
	resume->options->after = progress;
	return CLI_OK;
}

enum cli_status
cli_resume_read(struct cli *cli, struct export_options *options,
    const char *output, struct cli_resume *resume)
{
	enum cli_status status;

	*resume = (struct cli_resume){.cli = cli, .options = options};
	status = look(cli, options->format == EXPORT_JSONL, output, resume);
	if (status == CLI_OK && resume->goes_on)
		status = go_on(cli, resume);
	return status;
}

enum cli_status
cli_resume_begin(struct cli_resume *resume, const struct export *export)
{
	const struct value *note;

	if (resume->path == NULL)
		return CLI_OK;
	note = make_note(resume->cli, resume->options, export);
	if (!resume->goes_on)
		return keep_note(resume, note);
	resume->is_noted = true;
	return value_equal(note, resume->note) ? CLI_OK : tell_another(resume);
}

/* ---- from an engine ---- */

enum cli_status
cli_resume_ask(struct cli *cli, bool is_lines, const char *output,
    struct str *path, struct cli_resume *resume)
{
	struct str location;
	struct stat partial;
	enum cli_status status;

	*resume = (struct cli_resume){.cli = cli, .asked = *path};
	status = look(cli, is_lines, output, resume);
	if (status != CLI_OK || !resume->goes_on)
		return status;
	location = value_field_str(resume->note, "location");
	if (location.at == NULL ||
	    !str_equal(value_field_str(resume->note, "asked"), *path))
		return tell_another(resume);
	if (stat(resume->partial, &partial) != 0)
		return cli_fail(
		    cli, "%s: %s", resume->partial, strerror(errno));
	*path = arena_strf(cli->arena, "%.*s&skip=%lld", STR_ARG(location),
	    (long long)partial.st_size);
	return CLI_OK;
}

bool
cli_resume_answered(struct cli_resume *resume, struct str location)
{
	struct value_builder *built;

	resume->is_noted = resume->goes_on;
	if (resume->path == NULL || resume->goes_on ||
	    !str_has_prefix(location, STR("/v1/export?")))
		return true;
	built = value_build_context(resume->cli->arena);
	value_put_str(built, "asked", resume->asked);
	value_put_str(built, "location", location);
	return keep_note(resume, value_built(built)) == CLI_OK;
}

/* ---- the end ---- */

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
