/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_as_at.c: where everything stood at an instant, by history. */
#include "cli_priv.h"

#include "stated/clock.h"

static struct str
shown(struct arena *arena, const struct value *line, const char *key)
{
	return cli_text_clean(arena, value_field_str(line, key));
}

/* "ID  payment  P-1  running  approve" */
static void
print_line(struct cli *cli, FILE *out, struct str text)
{
	struct arena *arena = arena_new();
	struct json_error error;
	const struct value *line = json_read_written(arena, text, &error);

	if (line != NULL && line->type == VALUE_CONTEXT)
		fprintf(out, "%.*s  %-20.*s  %-24.*s  %-9.*s  %.*s\n",
		    STR_ARG(shown(arena, line, "instance")),
		    STR_ARG(shown(arena, line, "workflow")),
		    STR_ARG(shown(arena, line, "business_key")),
		    STR_ARG(shown(arena, line, "status")),
		    STR_ARG(shown(arena, line, "state")));
	arena_free(&arena);
	(void)cli;
}

static enum cli_status
run(struct cli *cli)
{
	const char *format = cli_option(cli, "format");
	struct cli_export what = {.format = STR("as-at"), .line = print_line};
	char text[CLOCK_TEXT_BYTES];
	int64_t instant_ms;

	if (!cli_export_instant(
		cli, "as-at", cli_argument(cli, 0), &instant_ms))
		return CLI_USAGE;
	/* Records of that very millisecond belong to it. */
	what.to = arena_str(cli->arena, clock_format(instant_ms + 1, text));
	if (format != NULL && strcmp(format, "json") == 0)
		what.line = NULL;
	else if (format != NULL && strcmp(format, "csv") == 0)
		what = (struct cli_export){
		    .format = STR("as-at-csv"), .to = what.to};
	else if (format != NULL && strcmp(format, "text") != 0)
		return cli_usage(cli, "--format is text, json or csv");
	return cli_export_run(cli, &what);
}

static const struct cmd_option options[] = {
    {"format", "text|json|csv", "for people, JSON lines, or CSV"},
    {"workflow", "NAME", "instances of that workflow"},
    {"instance", "ID|KEY", "one instance"},
    {"output", "FILE", "write there; standard output unless told"},
    {"database", "FILE", "read a database instead of asking an engine"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_as_at = {
    .name = "as-at",
    .arguments = "TIME",
    .summary = "Tell where everything stood at an instant",
    .details = "By the records up to TIME, a day (its beginning, UTC) or an "
	       "instant, that one\nincluded.  Each line has the hash of the "
	       "last record that it is made of.",
    .least = 1,
    .most = 1,
    .shares = CMD_CLIENT | CMD_DATABASE,
    .options = options,
    .run = run,
};
