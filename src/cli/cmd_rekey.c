/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_rekey.c: a database is encrypted, gets another key, or is decrypted. */
#include "cli_priv.h"

#include "stated/clock.h"
#include "stated/export.h"
#include "stated/store_copy.h"
#include "stated/store_keys.h"

/* ---- status ---- */

struct status {
	struct cli *cli;
	struct cli_table *table;
	struct value_builder *keys;
	uint64_t left;	  /* pages and frames not under the first key */
	uint64_t unknown; /* under keys that were not given */
};

static void
add_use_cb(const struct store_key_use *use, void *arg)
{
	struct status *status = arg;
	struct arena *arena = status->cli->arena;
	struct value_builder *built = value_build_context(arena);
	const char *role = use->is_first ? "writes" : "reads";

	if (use->name[0] == '\0')
		role = "not given";
	else
		value_put_str(built, "name", str_of(use->name));
	value_put_str(built, "key", str_of(use->id));
	value_put_str(built, "role", str_of(role));
	value_put_int(built, "pages", (int64_t)use->pages);
	value_put_int(built, "frames", (int64_t)use->frames);
	value_append(status->keys, value_built(built));
	cli_table_add(status->table, arena_str(arena, str_of(use->id)));
	cli_table_add(status->table, arena_str(arena, str_of(use->name)));
	cli_table_add(status->table, str_of(role));
	cli_table_add(status->table,
	    arena_strf(arena, "%llu", (unsigned long long)use->pages));
	cli_table_add(status->table,
	    arena_strf(arena, "%llu", (unsigned long long)use->frames));
	if (!use->is_first)
		status->left += use->pages + use->frames;
	if (use->name[0] == '\0')
		status->unknown += use->pages + use->frames;
}

static void
tell_status(struct status *status)
{
	struct cli *cli = status->cli;
	struct value_builder *built = value_build_context(cli->arena);

	if (cli->is_json) {
		value_put(built, STR("encrypted"), value_of_boolean(true));
		value_put(built, STR("keys"), value_built(status->keys));
		cli_value_print(cli, value_built(built));
		return;
	}
	cli_table_print(status->table, cli->out, cli->colours_out);
	if (status->unknown > 0)
		fprintf(cli->out, "\nNot all of it can be read: a key that is "
		    "needed was not given.\n");
	else if (status->left > 0)
		fprintf(cli->out, "\nKeys that pages are under must be kept; "
		    "`stated rekey` brings all of them under\nthe first.\n");
	else
		fprintf(cli->out, "\nEverything is under the first key; "
		    "no other is needed for this database.\n");
}

static enum cli_status
show_status(struct cli *cli, struct str path)
{
	static const char *const headings[] = {
	    "KEY", "NAME", "ROLE", "PAGES", "IN THE LOG", NULL};
	struct status status = {
	    .cli = cli,
	    .table = cli_table_new(cli->arena, headings),
	    .keys = value_build_list(cli->arena),
	};
	struct value_builder *built = value_build_context(cli->arena);
	struct buf detail = {0};
	enum store_error error = store_keys_each_use(
	    cli->keys, path, add_use_cb, &status, &detail);
	enum cli_status done = CLI_OK;

	value_put(built, STR("encrypted"), value_of_boolean(false));
	if (error == STORE_OK)
		tell_status(&status);
	else if (error == STORE_UNSEALED && cli->is_json)
		cli_value_print(cli, value_built(built));
	else if (error == STORE_UNSEALED)
		fprintf(cli->out, "%.*s is not encrypted\n", STR_ARG(path));
	else
		done = cli_export_fail(
		    cli, arena_cstr(cli->arena, path), error, &detail);
	buf_fini(&detail);
	return done;
}

/* ---- changing it ---- */

static void
print(struct cli *cli, const struct cli_copy *copy)
{
	bool is_plain = copy->target->unseals;

	fprintf(cli->out, "%.*s: %.*s, verified, %s\n",
	    STR_ARG(copy->target->to), STR_ARG(cli_copy_text(cli, copy)),
	    is_plain ? "not encrypted any more"
		     : "all of it under the first key");
	if (is_plain)
		fprintf(cli->out, "`encryption` has to leave the configuration "
		    "before the engine starts\n");
	fprintf(cli->out,
	    "what was there is kept as %.*s\n\nOnce the engine runs well on "
	    "the new one, destroy the old one, and every backup\nthat is to be "
	    "unreadable: shred -u %.*s*\n",
	    STR_ARG(copy->aside), STR_ARG(copy->aside));
}

static enum cli_status
tell_finished(struct cli *cli, struct str path, struct str aside)
{
	struct value_builder *built = value_build_context(cli->arena);

	value_put_str(built, "file", path);
	value_put_str(built, "kept", aside);
	if (cli->is_json)
		cli_value_print(cli, value_built(built));
	else
		fprintf(cli->out,
		    "%.*s: a rekey that was cut short is done now; what was "
		    "there is kept as %.*s\n`stated rekey --status` tells which "
		    "keys it is under\n",
		    STR_ARG(path), STR_ARG(aside));
	return CLI_OK;
}

static void
add_left_cb(const struct store_key_use *use, void *arg)
{
	uint64_t *left = arg;

	if (!use->is_first)
		*left += use->pages + use->frames;
}

/* Nothing is left to be done: the rekey that was cut short was this one. */
static bool
is_as_asked(struct cli *cli, struct str path, bool is_plain)
{
	uint64_t left = 0;
	struct buf detail = {0}; /* who writes it anew meets it again */
	enum store_error error = store_keys_each_use(
	    cli->keys, path, add_left_cb, &left, &detail);

	buf_fini(&detail);
	return is_plain ? error == STORE_UNSEALED
			: error == STORE_OK && left == 0;
}

/* Where a rekey was cut short between its renames, what it had written and
 * verified is put in place.  false where the database is still to be written
 * anew: there was none, or it was another one. */
static bool
finish(struct cli *cli, const struct store_copy_target *target,
    enum cli_status *status)
{
	struct buf aside = {0}, detail = {0};
	struct str path = target->to;
	enum store_error error = store_copy_finish(path, &aside, &detail);
	struct str kept = arena_str(cli->arena, buf_str(&aside));
	bool is_over = error != STORE_ABSENT;

	if (error == STORE_OK && is_as_asked(cli, path, target->unseals)) {
		*status = tell_finished(cli, path, kept);
	} else if (error == STORE_OK) {
		fprintf(cli->err,
		    "%.*s: another rekey that was cut short is done now; what "
		    "was there is kept as %.*s\n",
		    STR_ARG(path), STR_ARG(kept));
		is_over = false;
	} else if (is_over) {
		*status = cli_export_fail(
		    cli, arena_cstr(cli->arena, path), error, &detail);
	}
	buf_fini(&aside);
	buf_fini(&detail);
	return is_over;
}

static enum cli_status
change(struct cli *cli, struct str path)
{
	struct store_copy_target target = {
	    .to = path,
	    .kind = COPY_REKEY,
	    .replaces = true,
	    .unseals = cli_option(cli, "plain") != NULL,
	    .now_ms = clock_now_ms(clock_system()),
	};
	struct export_report report = {0};
	enum cli_status status;
	struct cli_copy copy = {
	    .from = arena_cstr(cli->arena, path),
	    .keys = cli->keys,
	    .target = &target,
	    .refused = "its name is taken",
	    .report = &report,
	};

	if (cli->keys == NULL)
		return cli_usage(cli, "the configuration has no "
		    "`encryption.keys`: name the keys there, the new one "
		    "first");
	if (finish(cli, &target, &status))
		return status;
	if (cli_copy_run(cli, &copy) != CLI_OK)
		return CLI_FAILED;
	if (cli->is_json) {
		struct value_builder *built = cli_copy_value(cli, &copy);

		value_put_str(built, "kept", copy.aside);
		cli_value_print(cli, value_built(built));
	} else {
		print(cli, &copy);
	}
	return CLI_OK;
}

static enum cli_status
run(struct cli *cli)
{
	struct str path = cli_copy_store(cli);

	if (cli_option(cli, "config") == NULL)
		return cli_usage(cli, "--config says which keys there are");
	if (path.bytes == 0)
		return cli_usage(cli, "a database needs a name");
	return cli_option(cli, "status") != NULL ? show_status(cli, path)
						 : change(cli, path);
}

static const struct cmd_option options[] = {
    {"store", "PATH", "the database; that of the configuration unless told"},
    {"status", NULL, "tell how much of it is under which key, no more"},
    {"plain", NULL, "take the encryption away"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_rekey = {
    .name = "rekey",
    .arguments = "",
    .summary = "Encrypt the database, or change its key",
    .details =
	"All of it is written anew under the first of `encryption.keys` in "
	"the configuration,\nbeside the old one, verified, and put in its "
	"place; the old one stays under another\nname.  An engine that holds "
	"the database has to be stopped first, but not for\n--status.",
    .shares = CMD_FORMAT | CMD_DATABASE,
    .options = options,
    .run = run,
};
