/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_token.c: give tokens, see them, take them back.
 *
 * An engine that asks for tokens has to be told of the first one otherwise:
 * with --store they are given in the database itself, while no engine has it.
 */
#include "cli_priv.h"

#include "stated/api.h"
#include "stated/clock.h"
#include "stated/rng.h"

#define WORDS_MAX 64

static const struct cli_column columns[] = {
    {"TOKEN", "id"},
    {"NAME", "name"},
    {"STATUS", "status"},
    {"ROLES", "roles"},
    {"WORKFLOWS", "workflows"},
    {"ENTITIES", "entities"},
    {"GIVEN", "given_at:age"},
    {"BY", "given_by"},
    {"EXPIRES", "expires_at"},
    {NULL, NULL},
};

/* ---- create ---- */

static const struct str *
words_of(struct cli *cli, const char *option, size_t *count)
{
	struct str *words = ARENA_ARRAY(cli->arena, WORDS_MAX, struct str);
	const char *word;

	*count = 0;
	while (*count < WORDS_MAX &&
	       (word = cli_option_at(cli, option, *count)) != NULL)
		words[(*count)++] = str_of(word);
	return words;
}

static enum cli_status
read_token(struct cli *cli, struct api_token *token)
{
	token->name = cli_option_str(cli, "name");
	token->roles = words_of(cli, "role", &token->role_count);
	token->workflows = words_of(cli, "workflow", &token->workflow_count);
	token->entities = words_of(cli, "entity", &token->entity_count);
	if (token->name.bytes == 0)
		return cli_usage(cli, "--name says whose token it is");
	if (token->role_count == 0)
		return cli_usage(cli, "--role says what the token may: a token "
				      "without one may do nothing");
	for (size_t i = 0; i < token->role_count; i++)
		if (!api_role_is_known(token->roles[i]))
			return cli_usage(cli, "--role is initiator, "
			    "approver:ROLE, operator, auditor, author, "
			    "publisher, events or admin, not `%.*s`",
			    STR_ARG(token->roles[i]));
	return CLI_OK;
}

/* What is given, and the text: by itself, so that it can be piped away. */
static void
show_given(struct cli *cli, const struct value *given)
{
	if (cli->is_json) {
		cli_value_print(cli, given);
		return;
	}
	fprintf(cli->out, "%.*s\n",
	    STR_ARG(value_field_str(given, "token")));
	fprintf(cli->err,
	    "This is shown once.  It is %.*s; `stated token revoke %.*s` takes "
	    "it back.\n",
	    STR_ARG(value_field_str(given, "id")),
	    STR_ARG(value_field_str(given, "id")));
}

static enum cli_status
ask_engine(struct cli *cli, const struct api_token *token)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct str expires = cli_option_str(cli, "expires");
	struct cli_reply reply;
	enum cli_status status;

	value_put_str(body, "name", token->name);
	value_put(body, STR("roles"),
	    value_of_strs(cli->arena, token->roles, token->role_count));
	value_put(body, STR("workflows"),
	    value_of_strs(cli->arena, token->workflows, token->workflow_count));
	value_put(body, STR("entities"),
	    value_of_strs(cli->arena, token->entities, token->entity_count));
	if (expires.at != NULL)
		value_put_str(body, "expires", expires);
	status = cli_client_post(
	    cli, STR("/v1/tokens"), value_built(body), &reply);
	if (status == CLI_OK)
		show_given(cli, reply.body);
	return status;
}

static void
tell_journal(struct store *store, const struct store_token *row)
{
	struct arena *arena = arena_new();
	struct value_builder *record = engine_journal_begin(
	    arena, store, JOURNAL_TOKEN_GIVEN, row->at_ms, row->actor);

	engine_journal_token(record, row);
	store_add_journal(store_batch(store), value_built(record));
	arena_free(&arena);
}

static enum store_error
write_row(const char *path, struct store_keys *keys,
    const struct store_token *row, struct buf *detail)
{
	struct store *store = NULL;
	enum store_error error = store_open(
	    (struct store_options){
		.path = str_of(path), .create = true, .keys = keys},
	    &store, detail);

	if (error != STORE_OK)
		return error;
	store_add_token(store_batch(store), row);
	tell_journal(store, row);
	error = store_commit_now(store, detail);
	store_close(&store);
	return error;
}

static enum cli_status
write_store(struct cli *cli, const char *path, const struct api_token *token)
{
	struct api_new_token made = api_token_make(cli->arena, rng_system());
	struct value_builder *given = value_build_context(cli->arena);
	struct store_token row = {
	    .id = made.id,
	    .at_ms = clock_now_ms(clock_system()),
	    .actor = STR("stated token"),
	    .name = token->name,
	    .sha256 = made.sha256,
	    .grant = api_token_grant(cli->arena, token),
	};
	struct str expires = cli_option_str(cli, "expires");
	struct buf detail = {0};
	enum store_error error;
	enum cli_status status = CLI_OK;

	if (expires.at != NULL &&
	    !api_token_expiry(expires, row.at_ms, &row.expires_ms))
		return cli_usage(cli, "--expires takes an instant to come, or "
				      "a duration such as 90d");
	error = write_row(path, cli->keys, &row, &detail);
	if (error != STORE_OK)
		status = cli_fail(cli, "%s: %.*s%s%.*s", path,
		    STR_ARG(store_error_text(error)),
		    detail.bytes > 0 ? ": " : "", STR_ARG(buf_str(&detail)));
	buf_fini(&detail);
	if (status != CLI_OK)
		return status;
	value_put_str(given, "id", made.id);
	value_put_str(given, "name", token->name);
	value_put_str(given, "token", made.text);
	show_given(cli, value_built(given));
	return CLI_OK;
}

static enum cli_status
run_create(struct cli *cli)
{
	const char *store = cli_option(cli, "store");
	struct api_token token = {.expires_ms = 0};
	enum cli_status status = read_token(cli, &token);

	if (status != CLI_OK)
		return status;
	return store != NULL ? write_store(cli, store, &token)
			     : ask_engine(cli, &token);
}

/* ---- list and revoke ---- */

static enum cli_status
run_list(struct cli *cli)
{
	return cli_item_list(cli, "tokens", columns);
}

static enum cli_status
run_revoke(struct cli *cli)
{
	struct value_builder *body = value_build_context(cli->arena);
	struct cli_reply reply;
	enum cli_status status = cli_client_post(cli,
	    cli_client_path(cli, "/v1/tokens/", cli_argument(cli, 0),
		"/revoke"),
	    value_built(body), &reply);

	if (status == CLI_OK)
		cli_show_item(cli, reply.body, columns);
	return status;
}

/* ---- commands ---- */

static const struct cmd_option create_options[] = {
    {"name", "WHO", "whom it makes of its owner: the actor in histories"},
    {"role", "ROLE", "what it may; as often as there are roles", true},
    {"workflow", "NAME", "only this workflow; as often as there are some",
	true},
    {"entity", "NAME", "only instances with this label `entity`; as often as "
		       "there are some", true},
    {"expires", "SPAN|INSTANT", "90d, or 2027-01-31T00:00:00Z; never unless "
				"told"},
    {"store", "PATH", "give it in this database, which no engine has open"},
    {NULL, NULL, NULL},
};

static const struct cmd token_create = {
    .name = "create",
    .arguments = "--name WHO --role ROLE",
    .summary = "Give somebody a token, which is shown once",
    .details =
	"Roles: initiator, approver:ROLE, operator, auditor, author, "
	"publisher, events,\nadmin.  Only a digest of the token is kept.  The "
	"first token of an engine that\nasks for one is given with --store, "
	"before it is started.",
    .shares = CMD_FORMAT | CMD_CLIENT | CMD_DATABASE,
    .options = create_options,
    .run = run_create,
};
static const struct cmd token_list = {
    .name = "list",
    .arguments = "",
    .summary = "List the tokens that were given, and taken back",
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_list,
};
static const struct cmd token_revoke = {
    .name = "revoke",
    .arguments = "ID",
    .summary = "Take a token back, at once",
    .least = 1,
    .most = 1,
    .shares = CMD_FORMAT | CMD_CLIENT,
    .run = run_revoke,
};

static const struct cmd *const commands[] = {
    &token_create,
    &token_list,
    &token_revoke,
    NULL,
};

const struct cmd cmd_token = {
    .name = "token",
    .arguments = "create|list|revoke",
    .summary = "Give tokens, see them, take them back",
    .commands = commands,
};
