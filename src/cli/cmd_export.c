/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_export.c: takes histories away: from an engine, or from a database
 * file, which an auditor may have without the engine.
 */
#include "cli_priv.h"

#include "stated/chart.h"
#include "stated/clock.h"
#include "stated/export.h"

#include <errno.h>
#include <unistd.h>

/* What one answer over HTTP may hold; a database file has no such bound. */
#define PATIENCE_MS (60 * 60 * 1000)
#define CHUNK_BYTES (64u * 1024)

struct target {
	struct cli *cli;
	FILE *file;
	const char *path; /* NULL: standard output */
	const char *partial;
};

/* A file gets its name only when it is whole. */
static bool
open_target(struct cli *cli, struct target *target)
{
	*target = (struct target){
	    .cli = cli, .file = cli->out, .path = cli_option(cli, "output")};
	if (target->path == NULL || strcmp(target->path, "-") == 0) {
		target->path = NULL;
		return true;
	}
	target->partial = arena_strf(cli->arena, "%s.partial", target->path).at;
	target->file = fopen(target->partial, "we");
	if (target->file == NULL)
		cli_fail(cli, "%s: %s", target->partial, strerror(errno));
	return target->file != NULL;
}

static bool
write_target(struct target *target, struct str bytes)
{
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
	if (status != CLI_OK)
		(void)unlink(target->partial);
	return status;
}

/* ---- from an engine ---- */

static enum cli_status
fetch(struct cli *cli, struct target *target)
{
	static const char *const filters[] = {
	    "format", "workflow", "instance", "status", "state", "from", "to"};
	struct buf path = {0};
	struct cli_request request = {
	    .method = "GET", .patience_ms = PATIENCE_MS};
	struct cli_reply reply;
	enum cli_status status;

	buf_add_cstr(&path, "/v1/export");
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
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

static bool
parse_instant(struct cli *cli, const char *name, int64_t *instant_ms)
{
	struct str text = cli_option_str(cli, name);

	if (text.at == NULL || clock_parse(text, instant_ms))
		return true;
	cli_usage(
	    cli, "--%s takes an instant such as 2026-11-22T00:00:00Z", name);
	return false;
}

static enum cli_status
fail_store(struct cli *cli, const char *path, enum store_error error,
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
	    .path = str_of(path), .read_only = true};
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
		status = fail_store(cli, path, error, &detail);
	buf_fini(&detail);
	return status;
}

static enum cli_status
read_options(struct cli *cli, const char *path, struct export_options *options)
{
	struct str format = cli_option_str(cli, "format");
	struct str instance = cli_option_str(cli, "instance");

	*options = (struct export_options){
	    .path = str_of(path),
	    .format = EXPORT_JSONL,
	    .workflow = cli_option_str(cli, "workflow"),
	    .status = cli_option_str(cli, "status"),
	    .state = cli_option_str(cli, "state"),
	};
	if (format.at != NULL && !export_format_parse(format, &options->format))
		return cli_usage(cli, "--format is " EXPORT_FORMAT_NAMES);
	options->closing_line = options->format == EXPORT_JSONL;
	if (!parse_instant(cli, "from", &options->from_ms) ||
	    !parse_instant(cli, "to", &options->to_ms))
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
	bool is_end = false;

	while (error == STORE_OK && !is_end && status == CLI_OK) {
		error = export_next(export, &lines, &is_end);
		if (lines.bytes < CHUNK_BYTES && !is_end)
			continue;
		if (!write_target(target, buf_str(&lines)))
			status = CLI_FAILED;
		buf_clear(&lines);
	}
	if (error != STORE_OK)
		status = fail_store(cli, options->path.at, error, &detail);
	else if (status == CLI_OK && target->path != NULL)
		fprintf(cli->err, "%llu records of %llu instances\n",
		    (unsigned long long)export_records(export),
		    (unsigned long long)export_instances(export));
	export_close(&export);
	buf_fini(&lines);
	buf_fini(&detail);
	return status;
}

static enum cli_status
run(struct cli *cli)
{
	const char *database = cli_option(cli, "database");
	struct export_options options;
	struct target target;
	enum cli_status status = CLI_OK;

	if (database != NULL)
		status = read_options(cli, database, &options);
	if (status != CLI_OK)
		return status;
	if (!open_target(cli, &target))
		return CLI_FAILED;
	status = database != NULL ? copy(cli, &options, &target)
				  : fetch(cli, &target);
	return close_target(&target, status);
}

static const struct cmd_option cmd_options[] = {
    {"format", "FORMAT", "jsonl (which can be verified), csv, xes, ocel, "
	"ocel-xml"},
    {"workflow", "NAME", "instances of that workflow"},
    {"instance", "ID|KEY", "one instance"},
    {"status", "STATUS", "instances with that status now"},
    {"state", "STATE", "instances in that state now"},
    {"from", "INSTANT", "records of then or later"},
    {"to", "INSTANT", "records before then"},
    {"output", "FILE", "write there; standard output unless told"},
    {"database", "FILE", "read a database instead of asking an engine"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_export = {
    .name = "export",
    .arguments = "",
    .summary = "Take histories away",
    .details =
	"`stated verify` checks what is written as JSON lines.  A large "
	"export is best read\nfrom the database; it may be open meanwhile.",
    .shares = CMD_CLIENT,
    .options = cmd_options,
    .run = run,
};
