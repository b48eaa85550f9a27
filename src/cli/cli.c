/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c: finds the command and runs it. */
#include "stated/cli.h"

#include "cli_priv.h"
#include "stated/store_keys.h"

#include <stdlib.h>
#include <unistd.h>

#define COMMANDS_MAX 64

static const struct cmd *const commands[] = {
    &cmd_check,
    &cmd_eval,
    &cmd_test,
    &cmd_simulate,
    &cmd_draw,
    &cmd_diff,
    &cmd_publish,
    &cmd_migrate,
    &cmd_serve,
    &cmd_start,
    &cmd_list,
    &cmd_show,
    &cmd_history,
    &cmd_journal,
    &cmd_checkpoint,
    &cmd_event,
    &cmd_task,
    &cmd_incident,
    &cmd_escalation,
    &cmd_dead_letter,
    &cmd_schedule,
    &cmd_connection,
    &cmd_token,
    &cmd_proposal,
    &cmd_delegate,
    &cmd_suspend,
    &cmd_resume,
    &cmd_cancel,
    &cmd_erase,
    &cmd_hold,
    &cmd_purge,
    &cmd_export,
    &cmd_verify,
    &cmd_reperform,
    &cmd_population,
    &cmd_as_at,
    &cmd_sample,
    &cmd_backup,
    &cmd_restore,
    &cmd_rekey,
    &cmd_bench,
    &cmd_schema,
    &cmd_version,
    &cmd_help,
    NULL,
};

const struct cmd *const *
cli_commands(void)
{
	return commands;
}

static const struct cmd *
find(const struct cmd *const *from, const char *name)
{
	for (; *from != NULL; from++)
		if (strcmp((*from)->name, name) == 0)
			return *from;
	return NULL;
}

static enum cli_status
unknown(struct cli *cli, const struct cmd *const *from, const char *name)
{
	struct str names[COMMANDS_MAX];
	struct str near;
	size_t count = 0;
	const char *space = cli->path[0] != '\0' ? " " : "";

	for (; count < COMMANDS_MAX && from[count] != NULL; count++)
		names[count] = str_of(from[count]->name);
	near = str_nearest(str_of(name), names, count);
	if (near.at == NULL)
		return cli_usage(cli, "there is no command `%s%s%s`", cli->path,
		    space, name);
	return cli_usage(cli,
	    "there is no command `%s%s%s`; did you mean `%s%s%.*s`?", cli->path,
	    space, name, cli->path, space, STR_ARG(near));
}

static bool
asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Descends from group to command; runs it with the words that are left. */
static enum cli_status
run(struct cli *cli, const struct cmd *const *from, int count,
    const char *const *words)
{
	if (count == 0 && cli->cmd != NULL) {
		cli_help_command(cli->err, cli->cmd, cli->path);
		return CLI_USAGE;
	}
	if (asks_for_help(words[0]) && cli->cmd != NULL) {
		cli_help_command(cli->out, cli->cmd, cli->path);
		return CLI_OK;
	}
	cli->cmd = find(from, words[0]);
	if (cli->cmd == NULL)
		return unknown(cli, from, words[0]);
	cli->path = arena_cstr(
	    cli->arena, arena_strf(cli->arena, "%s%s%s", cli->path,
			    cli->path[0] != '\0' ? " " : "", cli->cmd->name));
	if (cli->cmd->commands != NULL)
		return run(cli, cli->cmd->commands, count - 1, words + 1);

	for (int i = 1; i < count && strcmp(words[i], "--") != 0; i++)
		if (asks_for_help(words[i])) {
			cli_help_command(cli->out, cli->cmd, cli->path);
			return CLI_OK;
		}
	enum cli_status status = cli_option_parse(cli, count - 1, words + 1);
	if (status == CLI_OK && (cli->cmd->shares & CMD_DATABASE))
		status = cli_keys_read(cli);
	return status == CLI_OK ? cli->cmd->run(cli) : status;
}

/* https://no-color.org */
static bool
wants_colour(FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (no_color == NULL || no_color[0] == '\0') &&
	       (term == NULL || strcmp(term, "dumb") != 0) &&
	       isatty(fileno(file));
}

static enum cli_status
dispatch(struct cli *cli, int count, const char *const *words)
{
	if (count == 0) {
		cli_help_program(cli->err);
		return CLI_USAGE;
	}
	if (asks_for_help(words[0])) {
		cli_help_program(cli->out);
		return CLI_OK;
	}
	if (strcmp(words[0], "--version") == 0) {
		cli->cmd = &cmd_version;
		return cmd_version.run(cli);
	}
	if (words[0][0] == '-')
		return cli_usage(
		    cli, "a command comes first, not `%s`", words[0]);
	return run(cli, commands, count, words);
}

int
cli_main(int argc, char **argv)
{
	struct cli cli = {
	    .path = "",
	    .arena = arena_new(),
	    .in = stdin,
	    .out = stdout,
	    .err = stderr,
	    .colours_out = wants_colour(stdout),
	    .colours_err = wants_colour(stderr),
	};
	enum cli_status status = dispatch(
	    &cli, argc > 0 ? argc - 1 : 0, (const char *const *)argv + 1);

	if ((fflush(cli.out) != 0 || ferror(cli.out)) && status != CLI_USAGE)
		status = cli_fail(&cli, "can't write the output");
	store_keys_free(&cli.keys);
	arena_free(&cli.arena);
	return (int)status;
}
