/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_verify.c: checks that nobody has changed the past. */
#include "cli_priv.h"

#include "stated/export.h"

static const struct value *
report_value(struct cli *cli, const struct export_report *report)
{
	struct value_builder *built = value_build_context(cli->arena);
	bool is_sound = report->fault == AUDIT_SOUND;

	value_put(built, STR("sound"), value_of_boolean(is_sound));
	value_put_int(built, "instances", (int64_t)report->instances);
	value_put_int(built, "records", (int64_t)report->records);
	value_put_int(built, "broken", (int64_t)report->broken);
	value_put_int(built, "excerpts", (int64_t)report->excerpts);
	if (is_sound)
		return value_built(built);
	value_put_str(built, "fault", audit_fault_name(report->fault));
	value_put_str(built, "instance", str_of(report->instance));
	value_put_int(built, "seq", (int64_t)report->seq);
	if (report->line > 0)
		value_put_int(built, "line", (int64_t)report->line);
	value_put_str(built, "explanation", str_of(report->explanation));
	return value_built(built);
}

static void
print_break(struct cli *cli, const struct export_report *report)
{
	cli_text_paint(cli->out, cli->colours_out, COLOUR_RED, STR("BROKEN"));
	fprintf(cli->out, "  %.*s\n",
	    STR_ARG(cli_text_clean(cli->arena, str_of(report->explanation))));
	if (report->instance[0] != '\0')
		fprintf(cli->out, "  instance  %.*s\n",
		    STR_ARG(
			cli_text_clean(cli->arena, str_of(report->instance))));
	if (report->seq > 0)
		fprintf(cli->out, "  record    %llu\n",
		    (unsigned long long)report->seq);
	if (report->line > 0)
		fprintf(cli->out, "  line      %llu\n",
		    (unsigned long long)report->line);
	fprintf(cli->out, "  fault     %.*s\n",
	    STR_ARG(audit_fault_name(report->fault)));
	if (report->broken > 1)
		fprintf(cli->out, "  and %llu more\n",
		    (unsigned long long)(report->broken - 1));
}

static void
print(struct cli *cli, const struct export_report *report)
{
	if (cli->is_json) {
		cli_value_print(cli, report_value(cli, report));
		return;
	}
	if (report->fault != AUDIT_SOUND)
		print_break(cli, report);
	else
		cli_text_paint(
		    cli->out, cli->colours_out, COLOUR_GREEN, STR("sound\n"));
	fprintf(cli->out, "%llu records of %llu instance%s were checked\n",
	    (unsigned long long)report->records,
	    (unsigned long long)report->instances,
	    report->instances == 1 ? "" : "s");
	if (report->excerpts > 0)
		fprintf(cli->out,
		    "%llu of them are excerpts: what was before is not here to "
		    "be checked\n",
		    (unsigned long long)report->excerpts);
}

static enum cli_status
run(struct cli *cli)
{
	struct export_report report = {0};
	struct buf detail = {0};
	enum store_error error =
	    export_verify(cli_argument(cli, 0), cli->keys, &report, &detail);
	enum cli_status status = CLI_OK;

	if (error != STORE_OK) {
		status = cli_fail(cli, "%s: %.*s%s%.*s", cli->arguments[0],
		    STR_ARG(store_error_text(error)),
		    detail.bytes > 0 ? ": " : "", STR_ARG(buf_str(&detail)));
	} else {
		print(cli, &report);
		if (report.fault != AUDIT_SOUND)
			status = CLI_FAILED;
	}
	buf_fini(&detail);
	return status;
}

const struct cmd cmd_verify = {
    .name = "verify",
    .arguments = "DATABASE|FILE",
    .summary = "Check that nobody has changed the past",
    .details = "Checks every chain of records of a database, of an export in "
	       "JSON lines or of an\nevidence bundle (and every file in it), "
	       "without an engine, and names the first\nbreak.",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_DATABASE,
    .run = run,
};
