/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_help.c: help on a command, or on all. */
#include "cli_priv.h"

static const struct cmd *
find(const struct cmd *const *from, const char *name)
{
	for (; from != NULL && *from != NULL; from++)
		if (strcmp((*from)->name, name) == 0)
			return *from;
	return NULL;
}

static enum cli_status
run(struct cli *cli)
{
	const struct cmd *const *from = cli_commands();
	const struct cmd *cmd = NULL;
	const char *path = "";

	for (size_t i = 0; i < cli->argument_count; i++) {
		cmd = find(from, cli->arguments[i]);
		if (cmd == NULL)
			return cli_usage(
			    cli, "there is no command `%s`", cli->arguments[i]);
		from = cmd->commands;
		path = arena_cstr(
		    cli->arena, arena_strf(cli->arena, "%s%s%s", path,
				    i > 0 ? " " : "", cmd->name));
	}
	if (cmd == NULL)
		cli_help_program(cli->out);
	else
		cli_help_command(cli->out, cmd, path);
	return CLI_OK;
}

const struct cmd cmd_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "Tell how a command is used",
    .most = 2,
    .run = run,
};
