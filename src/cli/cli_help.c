/* SPDX-License-Identifier: Apache-2.0 */
/* cli_help.c: what --help shows, and how wrong usage is told. */
#include "cli_priv.h"

#include <stdarg.h>

#define HELP_COLUMN 28

void
cli_help_program(FILE *out)
{
	fprintf(out, "usage: stated COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		     "Durable workflows for finance.\n\n");
	for (const struct cmd *const *cmd = cli_commands(); *cmd != NULL; cmd++)
		fprintf(out, "  %-14s %s\n", (*cmd)->name, (*cmd)->summary);
	fprintf(out,
	    "\nstated COMMAND --help tells more.  Commands that talk to an "
	    "engine find it at\n$STATED_URL (http://127.0.0.1:8380 unless "
	    "set) and show it $STATED_TOKEN.\n");
}

static void
print_option(const struct cmd_option *option, void *arg)
{
	FILE *out = arg;
	int width = fprintf(out, "  --%s%s%s", option->name,
	    option->argument != NULL ? " " : "",
	    option->argument != NULL ? option->argument : "");

	if (width >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fprintf(out, "%*s", HELP_COLUMN - width, "");
	fprintf(out, "%s\n", option->help);
}

static void
print_group(FILE *out, const struct cmd *group, const char *path)
{
	fprintf(out,
	    "usage: stated %s COMMAND [OPTIONS] [ARGUMENTS]\n\n%s.\n\n", path,
	    group->summary);
	for (const struct cmd *const *cmd = group->commands; *cmd != NULL;
	     cmd++)
		fprintf(out, "  %-14s %s\n", (*cmd)->name, (*cmd)->summary);
	fprintf(out, "\nstated %s COMMAND --help tells more.\n", path);
}

void
cli_help_command(FILE *out, const struct cmd *cmd, const char *path)
{
	if (cmd->commands != NULL) {
		print_group(out, cmd, path);
		return;
	}
	fprintf(out, "usage: stated %s [OPTIONS]%s%s\n\n%s.\n", path,
	    cmd->arguments[0] != '\0' ? " " : "", cmd->arguments, cmd->summary);
	if (cmd->details != NULL)
		fprintf(out, "\n%s\n", cmd->details);
	fprintf(out, "\noptions:\n");
	cli_option_each(cmd, print_option, out);
	if (cmd->more != NULL)
		cmd->more(out);
}

static void PRINTF_LIKE(2, 0)
    complain(struct cli *cli, const char *format, va_list arguments)
{
	cli_text_paint(cli->err, cli->colours_err, COLOUR_RED, STR("stated: "));
	vfprintf(cli->err, format, arguments);
	fputc('\n', cli->err);
}

enum cli_status
cli_usage(struct cli *cli, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(cli, format, arguments);
	va_end(arguments);
	fprintf(cli->err, "stated %s%s--help tells more\n", cli->path,
	    cli->path[0] != '\0' ? " " : "");
	return CLI_USAGE;
}

enum cli_status
cli_fail(struct cli *cli, const char *format, ...)
{
	va_list arguments;

	fflush(cli->out);
	va_start(arguments, format);
	complain(cli, format, arguments);
	va_end(arguments);
	return CLI_FAILED;
}
