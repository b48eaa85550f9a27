/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_option.c: options and arguments of a command.
 *
 * Options may stand anywhere, as `--name value` or `--name=value`; what
 * follows `--` is an argument whatever it looks like, and so is `-`.  Only a
 * TEXT may be empty.
 */
#include "cli_priv.h"

#define OPTIONS_MAX 64

static const struct {
	unsigned share;
	struct cmd_option option;
} shared[] = {
    {CMD_CLIENT,
	{"as", "NAME", "who acts, where the engine asks for no proof of it"}},
    {CMD_DATABASE,
	{"config", "FILE", "the configuration, for the keys of the database"}},
    {CMD_FORMAT, {"format", "text|json", "for people, or for programs"}},
    {~0u, {"help", NULL, "show this"}},
};

void
cli_option_each(const struct cmd *cmd, cli_option_fn *fn, void *arg)
{
	const struct cmd_option *option = cmd->options;

	for (; option != NULL && option->name != NULL; option++)
		fn(option, arg);
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (shared[i].share == ~0u || (cmd->shares & shared[i].share))
			fn(&shared[i].option, arg);
}

struct gathered {
	const struct cmd_option *options[OPTIONS_MAX];
	struct str names[OPTIONS_MAX];
	size_t count;
};

static void
gather(const struct cmd_option *option, void *arg)
{
	struct gathered *gathered = arg;

	must(gathered->count < OPTIONS_MAX);
	gathered->options[gathered->count] = option;
	gathered->names[gathered->count++] = str_of(option->name);
}

static const struct cmd_option *
find(const struct gathered *known, struct str name)
{
	for (size_t i = 0; i < known->count; i++)
		if (str_equal(known->names[i], name))
			return known->options[i];
	return NULL;
}

static enum cli_status
unknown(struct cli *cli, const struct gathered *known, struct str name)
{
	struct str near = str_nearest(name, known->names, known->count);

	if (near.at == NULL)
		return cli_usage(
		    cli, "`%s` has no option --%.*s", cli->path, STR_ARG(name));
	return cli_usage(cli, "`%s` has no option --%.*s; did you mean --%.*s?",
	    cli->path, STR_ARG(name), STR_ARG(near));
}

/* One option, which may take the word after it; *index moves past that. */
static enum cli_status
parse_option(struct cli *cli, const struct gathered *known, int *index,
    int count, const char *const *words)
{
	struct str rest;
	struct str name = str_split(str_of(words[*index] + 2), '=', &rest);
	const struct cmd_option *option = find(known, name);
	struct cli_given *given = &cli->given[cli->given_count];

	if (option == NULL)
		return unknown(cli, known, name);
	/* Of two the first would be taken for what was asked for, too. */
	if (option->argument != NULL && !option->repeats &&
	    cli_option(cli, option->name) != NULL)
		return cli_usage(
		    cli, "--%s is given twice; it takes one %s", option->name,
		    option->argument);
	*given = (struct cli_given){option->name, ""};
	cli->given_count++;
	if (option->argument == NULL) {
		if (rest.at == NULL)
			return CLI_OK;
		return cli_usage(cli, "--%s takes no value", option->name);
	}
	given->value = rest.at;
	if (rest.at == NULL && *index + 1 < count)
		given->value = words[++*index];
	if (given->value == NULL)
		return cli_usage(
		    cli, "--%s needs %s", option->name, option->argument);
	return CLI_OK;
}

/* Nothing is named by an empty word: a script's variable was not set. */
static enum cli_status
check_empty(struct cli *cli, const struct gathered *known)
{
	for (size_t i = 0; i < cli->argument_count; i++)
		if (cli->arguments[i][0] == '\0')
			return cli_usage(cli,
			    "`%s` takes %s, and an empty one is none",
			    cli->path, cli->cmd->arguments);
	for (size_t i = 0; i < cli->given_count; i++) {
		const char *name = cli->given[i].name;
		const char *argument = find(known, str_of(name))->argument;

		if (argument != NULL && strcmp(argument, "TEXT") != 0 &&
		    cli->given[i].value[0] == '\0')
			return cli_usage(cli,
			    "--%s needs %s, and an empty one is none", name,
			    argument);
	}
	return CLI_OK;
}

static enum cli_status
check_format(struct cli *cli)
{
	const char *format = cli_option(cli, "format");

	if (!(cli->cmd->shares & CMD_FORMAT) || format == NULL)
		return CLI_OK;
	cli->is_json = strcmp(format, "json") == 0;
	if (!cli->is_json && strcmp(format, "text") != 0)
		return cli_usage(
		    cli, "--format is text or json, not `%s`", format);
	return CLI_OK;
}

static enum cli_status
check_count(struct cli *cli)
{
	const struct cmd *cmd = cli->cmd;

	if (cli->argument_count >= cmd->least &&
	    cli->argument_count <= cmd->most)
		return CLI_OK;
	if (cmd->most == 0)
		return cli_usage(cli, "`%s` takes no arguments, not `%s`",
		    cli->path, cli->arguments[0]);
	return cli_usage(cli, "`%s` takes %s", cli->path, cmd->arguments);
}

/* "-" is standard input; "-5 + x" is an expression. */
static bool
is_argument(const char *word)
{
	return word[0] != '-' ||
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-",
		   word[1]) == NULL ||
	       word[1] == '\0';
}

enum cli_status
cli_option_parse(struct cli *cli, int count, const char *const *words)
{
	struct gathered known = {.count = 0};
	bool is_over = false; /* after "--" */

	cli_option_each(cli->cmd, gather, &known);
	cli->argument_count = cli->given_count = 0;
	cli->arguments =
	    ARENA_ARRAY(cli->arena, (size_t)count + 1, const char *);
	cli->given =
	    ARENA_ARRAY(cli->arena, (size_t)count + 1, struct cli_given);
	for (int i = 0; i < count; i++) {
		const char *word = words[i];
		enum cli_status status = CLI_OK;

		if (is_over || is_argument(word))
			cli->arguments[cli->argument_count++] = word;
		else if (strcmp(word, "--") == 0)
			is_over = true;
		else if (word[1] != '-')
			status = cli_usage(cli,
			    "options begin with two dashes, not `%s`; an "
			    "argument like that comes after --",
			    word);
		else
			status = parse_option(cli, &known, &i, count, words);
		if (status != CLI_OK)
			return status;
	}
	if (check_format(cli) != CLI_OK || check_count(cli) != CLI_OK)
		return CLI_USAGE;
	return check_empty(cli, &known);
}

const char *
cli_option_at(const struct cli *cli, const char *name, size_t index)
{
	for (size_t i = 0; i < cli->given_count; i++)
		if (strcmp(cli->given[i].name, name) == 0 && index-- == 0)
			return cli->given[i].value;
	return NULL;
}

const char *
cli_option(const struct cli *cli, const char *name)
{
	for (size_t i = cli->given_count; i-- > 0;)
		if (strcmp(cli->given[i].name, name) == 0)
			return cli->given[i].value;
	return NULL;
}

struct str
cli_option_str(const struct cli *cli, const char *name)
{
	return str_of(cli_option(cli, name));
}

struct str
cli_argument(const struct cli *cli, size_t index)
{
	return index < cli->argument_count ? str_of(cli->arguments[index])
					   : (struct str){NULL, 0};
}
