/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_export.c: histories from an engine, or from a database file, which an
 * auditor may have without the engine, to a file or to standard output.
 */
#include "cli_priv.h"

#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/export.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* What one answer over HTTP may hold; a database file has no such bound. */
#define PATIENCE_MS (60 * 60 * 1000)
#define CHUNK_BYTES (64u * 1024)
#define DAY_BYTES (sizeof("2026-11-22") - 1)

struct target {
	struct cli *cli;
	cli_export_line_fn *line; /* NULL: as it comes */
	struct buf rest; /* of a line */
	FILE *file;
	const char *path; /* NULL: standard output */
	const char *partial;
	struct cli_resume *resume; /* NULL: what is broken off is lost */
};

/* A file gets its name only when it is whole. */
static bool
open_target(struct cli *cli, const struct cli_export *what,
    struct cli_resume *resume, struct target *target)
{
	*target = (struct target){.cli = cli, .line = what->line,
	    .resume = resume, .file = cli->out,
	    .path = cli_option(cli, "output")};
	if (target->path == NULL || strcmp(target->path, "-") == 0) {
		target->path = NULL;
		return true;
	}
	target->partial = arena_strf(cli->arena, "%s.partial", target->path).at;
	target->file = fopen(target->partial,
	    resume != NULL && resume->goes_on ? "ae" : "we");
	if (target->file == NULL)
		cli_fail(cli, "%s: %s", target->partial, strerror(errno));
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
	if (target->line != NULL) {
		print_lines(target, bytes);
		return !ferror(target->file);
	}
	return bytes.bytes == 0 ||
	       fwrite(bytes.at, 1, bytes.bytes, target->file) == bytes.bytes;
}

static enum cli_status
close_target(struct target *target, enum cli_status status)
{
	struct cli *cli = target->cli;
	bool is_written = fflush(target->file) == 0 && !ferror(target->file);

	if (target->path != NULL) {
		is_written = is_written && fsync(fileno(target->file)) == 0;
		is_written = fclose(target->file) == 0 && is_written;
	}
	if (status == CLI_OK && !is_written)
		status = cli_fail(
		    cli, "can't write the export: %s", strerror(errno));
	if (target->path == NULL)
		return status;
	if (status == CLI_OK && rename(target->partial, target->path) != 0)
		status = cli_fail(cli, "%s: %s", target->path, strerror(errno));
	if (!cli_resume_end(target->resume, status) && status != CLI_OK)
		(void)unlink(target->partial);
	return status;
}

/* ---- from an engine ---- */

static enum cli_status
fetch(struct cli *cli, const struct cli_export *what, struct target *target)
{
	static const char *const filters[] = {
	    "workflow", "instance", "status", "state", "from"};
	struct buf path = {0};
	struct cli_request request = {
	    .method = "GET", .patience_ms = PATIENCE_MS};
	struct cli_reply reply;
	enum cli_status status;

	buf_add_cstr(&path, "/v1/export");
	cli_client_query(&path, "format", what->format);
	cli_client_query(&path, "to", what->to);
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		cli_client_query(
		    &path, filters[i], cli_option_str(cli, filters[i]));
	request.path = arena_str(cli->arena, buf_str(&path));
	buf_fini(&path);
	status = cli_client_send(cli, &request, &reply);
	if (status == CLI_OK && !write_target(target, reply.text))
		status = CLI_FAILED;
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
	struct store_identity identity;
	enum cli_status status = CLI_OK;

	if (error == STORE_OK) {
		identity = store_identity(store);
		if (!chart_id_parse(name, identity.bytes, number))
			error = store_find_key(store,
			    cli_option_str(cli, "workflow"), name, number);
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
	    .format = EXPORT_JSONL,
	    .workflow = cli_option_str(cli, "workflow"),
	    .status = cli_option_str(cli, "status"),
	    .state = cli_option_str(cli, "state"),
	};
	if (what->format.at != NULL &&
	    !export_format_parse(what->format, &options->format))
		return cli_usage(cli, "--format is " EXPORT_FORMAT_NAMES);
	options->closing_line = options->format == EXPORT_JSONL;
	if (!cli_export_instant(cli, "--from", cli_option_str(cli, "from"),
		&options->from_ms) ||
	    !cli_export_instant(cli, "--to", what->to, &options->to_ms))
		return CLI_USAGE;
	return instance.at != NULL
		   ? find_instance(cli, path, instance, &options->instance)
		   : CLI_OK;
}

/* An engine beside us has the processors first. */
static void
stand_back(void)
{
	(void)setpriority(PRIO_PROCESS, 0, 19);
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
	bool is_end = false;

	stand_back();
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
	}
	cli_progress_end(&progress);
	if (error != STORE_OK)
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

enum cli_status
cli_export_run(struct cli *cli, const struct cli_export *what)
{
	bool is_offline = cli_option(cli, "database") != NULL;
	struct export_options options;
	struct cli_resume resume = {0};
	struct target target;
	enum cli_status status = CLI_OK;

	if (!is_offline && cli_option(cli, "resume") != NULL)
		status = cli_usage(cli, "--resume needs --database: an engine "
		    "doesn't know what it has told");
	if (is_offline)
		status = read_options(cli, what, &options);
	if (status == CLI_OK && is_offline)
		status = cli_resume_read(cli, &options, &resume);
	if (status != CLI_OK)
		return status;
	if (open_target(cli, what, is_offline ? &resume : NULL, &target)) {
		status = is_offline ? copy(cli, &options, &target)
				    : fetch(cli, what, &target);
		buf_fini(&target.rest);
		status = close_target(&target, status);
	} else {
		status = CLI_FAILED;
	}
	if (resume.progress != NULL)
		export_progress_fini(resume.progress);
	return status;
}
