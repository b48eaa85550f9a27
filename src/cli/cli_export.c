/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_export.c: histories from an engine, or from a database file, which an
 * auditor may have without the engine, to a file or to standard output.
 */
#include "cli_priv.h"

#include "stated/api.h"
#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/export.h"
#include "stated/http.h"
#include "stated/reperform.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* An engine that goes on with an export has to make again what is there. */
#define SILENCE_MS (60 * 60 * 1000)
#define CHUNK_BYTES (64u * 1024)
#define DAY_BYTES (sizeof("2026-11-22") - 1)

struct target {
	struct cli *cli;
	cli_export_line_fn *line; /* NULL: as it comes */
	struct buf rest; /* of a line */
	FILE *file;
	const char *path; /* NULL: standard output */
	const char *partial; /* NULL: it is no file that could be replaced */
	struct cli_resume *resume;
	int error; /* of the first write that failed; 0: none did */
};

/* Nothing that is told of a database takes the place of one: neither of the
 * one that is read, nor of an engine's, nor of a backup; nor of what is beside
 * one. */
static bool
check_target(struct cli *cli, const char *path)
{
	static const char *const written[] = {"", ".partial", ".resume"};

	for (size_t i = 0; i < COUNT_OF(written); i++)
		if (!cli_copy_is_spared(cli,
			arena_strf(cli->arena, "%s%s", path, written[i]).at,
			"--output"))
			return false;
	return true;
}

/* Of a link the file that it leads to: the link stays. */
static enum cli_status
follow_link(struct cli *cli, const char **path)
{
	struct stat found;
	char *real;

	if (lstat(*path, &found) != 0 || !S_ISLNK(found.st_mode))
		return CLI_OK;
	real = realpath(*path, NULL);
	if (real == NULL)
		return cli_fail(cli, "%s is a link that leads nowhere: %s",
		    *path, strerror(errno));
	*path = arena_strf(cli->arena, "%s", real).at;
	free(real);
	return CLI_OK;
}

/* Where it is to be written.  A pipe or a device takes it as it comes: what is
 * no file is not replaced by one. */
static enum cli_status
find_target(struct cli *cli, struct target *target)
{
	const char *path = cli_option(cli, "output");
	struct stat found;

	*target = (struct target){.cli = cli, .file = cli->out};
	if (path == NULL || strcmp(path, "-") == 0)
		return CLI_OK;
	if (stat(path, &found) != 0 || S_ISREG(found.st_mode)) {
		enum cli_status status = follow_link(cli, &path);

		target->partial =
		    arena_strf(cli->arena, "%s.partial", path).at;
		target->path = path;
		return status;
	}
	target->path = path;
	return S_ISDIR(found.st_mode)
		   ? cli_fail(cli, "%s is a folder: give --output a file", path)
		   : CLI_OK;
}

/* What can be gone on with once it is broken off; NULL: nothing. */
static const char *
file_of(const struct target *target)
{
	return target->partial != NULL ? target->path : NULL;
}

/* A file gets its name only when it is whole. */
static bool
open_target(struct cli *cli, const struct cli_export *what,
    struct cli_resume *resume, struct target *target)
{
	const char *name =
	    target->partial != NULL ? target->partial : target->path;

	target->line = what->line;
	target->resume = resume;
	if (target->path == NULL)
		return true;
	if (target->partial != NULL && !check_target(cli, target->path))
		return false;
	target->file = fopen(name, resume->goes_on ? "ae" : "we");
	if (target->file == NULL)
		cli_fail(cli, "%s: %s", name, strerror(errno));
	return target->file != NULL;
}

static void
print_lines(struct target *target, struct str bytes)
{
	while (bytes.bytes > 0) {
		struct str rest, line = str_split(bytes, '\n', &rest);

		buf_add_str(&target->rest, line);
		if (rest.at == NULL)
			return;
		target->line(
		    target->cli, target->file, buf_str(&target->rest));
		buf_clear(&target->rest);
		bytes = rest;
	}
}

static bool
write_target(struct target *target, struct str bytes)
{
	if (target->line != NULL)
		print_lines(target, bytes);
	else
		(void)fwrite(bytes.at, 1, bytes.bytes, target->file);
	if (ferror(target->file) && target->error == 0)
		target->error = errno;
	return target->error == 0;
}

static enum cli_status
close_target(struct target *target, enum cli_status status)
{
	struct cli *cli = target->cli;
	bool is_written = fflush(target->file) == 0 && !ferror(target->file);

	buf_fini(&target->rest);
	if (target->partial != NULL)
		is_written = is_written && fsync(fileno(target->file)) == 0;
	if (target->path != NULL)
		is_written = fclose(target->file) == 0 && is_written;
	if (!is_written)
		status = cli_fail(cli, "can't write the export: %s",
		    strerror(target->error != 0 ? target->error : errno));
	if (target->partial == NULL)
		return status;
	if (status == CLI_OK && rename(target->partial, target->path) != 0)
		status = cli_fail(cli, "%s: %s", target->path, strerror(errno));
	if (!cli_resume_end(target->resume, status) && status != CLI_OK)
		(void)unlink(target->partial);
	return status;
}

/* ---- from an engine ---- */

struct fetching {
	struct target *target;
	struct cli_progress progress;
	uint64_t bytes;
};

static bool
begin_cb(const struct message_response *head, void *arg)
{
	struct fetching *fetching = arg;
	struct str location = message_find_header(
	    head->headers, head->header_count, STR("Content-Location"));

	return cli_resume_answered(fetching->target->resume, location);
}

/* What can't be written is told at the end. */
static bool
take_cb(struct str bytes, void *arg)
{
	struct fetching *fetching = arg;

	fetching->bytes += bytes.bytes;
	if (fetching->target->path != NULL)
		cli_progress_count(
		    &fetching->progress, fetching->bytes >> 20, "MiB");
	return write_target(fetching->target, bytes);
}

static struct str
path_of(struct cli *cli, const struct cli_export *what)
{
	static const char *const filters[] = {
	    "workflow", "instance", "status", "state", "from"};
	struct buf path = buf_in(cli->arena);

	buf_add_cstr(&path, "/v1/export");
	cli_client_query(&path, "format", what->format);
	cli_client_query(&path, "to", what->to);
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		cli_client_query(
		    &path, filters[i], cli_option_str(cli, filters[i]));
	return buf_keep(&path);
}

static enum cli_status
fetch(struct cli *cli, struct str path, struct target *target)
{
	struct fetching fetching = {.target = target};
	struct cli_request request = {
	    .method = "GET", .path = path, .patience_ms = SILENCE_MS};
	const struct http_sink sink = {begin_cb, take_cb, &fetching};
	struct cli_reply reply;
	enum cli_status status;

	cli_progress_begin(&fetching.progress, cli, "exporting");
	status = cli_client_send_into(cli, &request, &sink, &reply);
	cli_progress_end(&fetching.progress);
	return status;
}

/* ---- from a database ---- */

bool
cli_export_instant(struct cli *cli, const char *what, struct str text,
    int64_t *instant_ms)
{
	struct str day = text;

	if (text.at == NULL)
		return true;
	if (text.bytes == DAY_BYTES)
		day = arena_strf(cli->arena, "%.*sT00:00:00Z", STR_ARG(text));
	if (clock_parse(day, instant_ms))
		return true;
	cli_usage(cli, "%s takes a day (2026-11-22, UTC) or an instant "
	    "(2026-11-22T09:30:00Z)", what);
	return false;
}

bool
cli_export_period(
    struct cli *cli, struct str to, int64_t *from_ms, int64_t *to_ms)
{
	if (!cli_export_instant(
		cli, "--from", cli_option_str(cli, "from"), from_ms) ||
	    !cli_export_instant(cli, "--to", to, to_ms))
		return false;
	if (*to_ms == 0 || *from_ms <= *to_ms)
		return true;
	cli_usage(cli, "--from is after --to");
	return false;
}

bool
cli_export_status(struct cli *cli, struct str *status)
{
	*status = cli_option_str(cli, "status");
	if (status->at == NULL || api_status_is_known(*status))
		return true;
	cli_usage(cli, "--status is " API_STATUSES ", not `%.*s`",
	    STR_ARG(*status));
	return false;
}

enum cli_status
cli_export_fail(struct cli *cli, const char *path, enum store_error error,
    struct buf *detail)
{
	return cli_fail(cli, "%s: %.*s%s%.*s", path,
	    STR_ARG(store_error_text(error)), detail->bytes > 0 ? ": " : "",
	    STR_ARG(buf_str(detail)));
}

/* The number of the instance that an identifier or a business key names. */
static enum cli_status
find_instance(
    struct cli *cli, const char *path, struct str name, uint64_t *number)
{
	struct store_options options = {
	    .path = str_of(path), .read_only = true, .keys = cli->keys};
	struct buf detail = {0};
	struct store *store = NULL;
	enum store_error error = store_open(options, &store, &detail);
	enum cli_status status = CLI_OK;

	if (error == STORE_OK) {
		error = reperform_find(
		    store, cli_option_str(cli, "workflow"), name, number);
		store_close(&store);
	}
	if (error == STORE_ABSENT)
		status = cli_fail(cli,
		    "%s: no instance has the identifier or "
		    "business key %.*s",
		    path, STR_ARG(name));
	else if (error != STORE_OK)
		status = cli_export_fail(cli, path, error, &detail);
	buf_fini(&detail);
	return status;
}

static enum cli_status
read_options(struct cli *cli, const struct cli_export *what,
    struct export_options *options)
{
	const char *path = cli_option(cli, "database");
	struct str instance = cli_option_str(cli, "instance");

	*options = (struct export_options){
	    .path = str_of(path),
	    .keys = cli->keys,
	    .format = options->format,
	    .workflow = cli_option_str(cli, "workflow"),
	    .state = cli_option_str(cli, "state"),
	};
	options->closing_line = options->format == EXPORT_JSONL;
	if (!cli_export_status(cli, &options->status) ||
	    !cli_export_period(
		cli, what->to, &options->from_ms, &options->to_ms))
		return CLI_USAGE;
	return instance.at != NULL
		   ? find_instance(cli, path, instance, &options->instance)
		   : CLI_OK;
}

static enum cli_status
copy(struct cli *cli, const struct export_options *options,
    struct target *target)
{
	struct buf lines = {0}, detail = {0};
	struct export *export = NULL;
	enum store_error error = export_open(options, &export, &detail);
	enum cli_status status = CLI_OK;
	struct cli_progress progress = {0};
	struct cli_pace pace;
	bool is_end = false, is_looked = false;

	cli_pace_begin(&pace);
	while (error == STORE_OK && !is_looked)
		error = export_look(export, &is_looked, &detail);
	if (error == STORE_OK)
		status = cli_resume_begin(target->resume, export);
	cli_progress_begin(&progress, cli, "exporting");
	while (error == STORE_OK && !is_end && status == CLI_OK) {
		error = export_next(export, &lines, &is_end);
		if (lines.bytes < CHUNK_BYTES && !is_end)
			continue;
		if (!write_target(target, buf_str(&lines)))
			status = CLI_FAILED;
		buf_clear(&lines);
		if (target->path != NULL)
			cli_progress_count(
			    &progress, export_records(export), "records");
		cli_pace_rest(&pace);
	}
	cli_pace_end(&pace);
	cli_progress_end(&progress);
	if (error == STORE_ABSENT && target->resume->goes_on)
		status = cli_fail(cli, "%s: %.*s", options->path.at,
		    STR_ARG(buf_str(&detail)));
	else if (error != STORE_OK)
		status = cli_export_fail(
		    cli, options->path.at, error, &detail);
	else if (status == CLI_OK && target->path != NULL)
		fprintf(cli->err, "%llu records of %llu instances\n",
		    (unsigned long long)export_records(export),
		    (unsigned long long)export_instances(export));
	if (error == STORE_OK && status == CLI_OK && export_purged(export) > 0)
		fprintf(cli->err, "%llu more that fit were purged: of their "
		    "histories nothing is left\n",
		    (unsigned long long)export_purged(export));
	export_close(&export);
	buf_fini(&lines);
	buf_fini(&detail);
	return status;
}

static enum cli_status
export_from_database(struct cli *cli, const struct cli_export *what,
    struct export_options *options)
{
	struct cli_resume resume = {0};
	struct target target;
	enum cli_status status = read_options(cli, what, options);

	if (status == CLI_OK)
		status = find_target(cli, &target);
	if (status == CLI_OK)
		status = cli_resume_read(
		    cli, options, file_of(&target), &resume);
	if (status != CLI_OK)
		return status;
	if (open_target(cli, what, &resume, &target))
		status = close_target(&target, copy(cli, options, &target));
	else
		status = CLI_FAILED;
	if (resume.progress != NULL)
		export_progress_fini(resume.progress);
	return status;
}

static enum cli_status
export_from_engine(struct cli *cli, const struct cli_export *what,
    const struct export_options *options)
{
	struct cli_resume resume;
	struct target target;
	struct str path = path_of(cli, what);
	enum cli_status status = find_target(cli, &target);

	if (status == CLI_OK)
		status = cli_resume_ask(cli, options->format == EXPORT_JSONL,
		    file_of(&target), &path, &resume);
	if (status != CLI_OK)
		return status;
	if (!open_target(cli, what, &resume, &target))
		return CLI_FAILED;
	return close_target(&target, fetch(cli, path, &target));
}

enum cli_status
cli_export_run(struct cli *cli, const struct cli_export *what)
{
	struct export_options options = {.format = EXPORT_JSONL};

	if (what->format.at != NULL &&
	    !export_format_parse(what->format, &options.format))
		return cli_usage(cli, "--format is jsonl, bundle, csv, xes, "
				      "ocel or ocel-xml");
	return cli_option(cli, "database") != NULL
		   ? export_from_database(cli, what, &options)
		   : export_from_engine(cli, what, &options);
}
