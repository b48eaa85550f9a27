/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_diff.c: tells two versions of a workflow apart, or of all that two files
 * have, by name.
 *
 * As of diff(1), 0 says that they are the same, 1 that they are not, and 2
 * that they could not be compared.
 */
#include "cli_priv.h"

#include "stated/diff.h"
#include "stated/library.h"

/* One of the two files, loaded with what it leans on. */
struct half {
	struct library *library;
	struct diag_list *diags;
	const struct definition **workflows;
	size_t count; /* 0: none can be had */
};

/* What there is of one name. */
struct pair {
	const struct definition *before; /* NULL: it is new */
	const struct definition *after;	 /* NULL: it is gone */
};

struct pairs {
	struct pair *items;
	size_t count;
	bool are_several; /* then each is told by its name */
};

static void
load(struct cli *cli, size_t index, struct half *half)
{
	half->diags = diag_list_new();
	half->library =
	    cli_library_load(cli, &cli->arguments[index], 1, half->diags);
	half->count = cli_library_choose_all(
	    cli, index, half->library, half->diags, &half->workflows);
}

static void
unload(struct half *half)
{
	diag_list_free(&half->diags);
	library_free(&half->library);
}

static const struct definition *
find(const struct half *half, struct str name)
{
	for (size_t i = 0; i < half->count; i++)
		if (str_equal(half->workflows[i]->name, name))
			return half->workflows[i];
	return NULL;
}

/* Where both files have one workflow it is the same one, whatever its name. */
static void
pair_up(struct cli *cli, const struct half *halves, struct pairs *pairs)
{
	const struct half *before = &halves[0], *after = &halves[1];

	pairs->items = ARENA_ARRAY(
	    cli->arena, before->count + after->count, struct pair);
	pairs->are_several = before->count > 1 || after->count > 1;
	if (!pairs->are_several) {
		pairs->items[pairs->count++] = (struct pair){
		    before->workflows[0], after->workflows[0]};
		return;
	}
	for (size_t i = 0; i < before->count; i++)
		pairs->items[pairs->count++] = (struct pair){
		    before->workflows[i],
		    find(after, before->workflows[i]->name)};
	for (size_t i = 0; i < after->count; i++)
		if (find(before, after->workflows[i]->name) == NULL)
			pairs->items[pairs->count++] =
			    (struct pair){NULL, after->workflows[i]};
}

/* ---- as text ---- */

static const struct {
	const char *sign;
	enum cli_colour colour;
} looks[] = {
    [DIFF_ADDED] = {"+", COLOUR_GREEN},
    [DIFF_REMOVED] = {"-", COLOUR_RED},
    [DIFF_CHANGED] = {"~", COLOUR_YELLOW},
    [DIFF_RENAMED] = {"~", COLOUR_BLUE},
};

static void
print_sign(struct cli *cli, enum diff_kind kind)
{
	cli_text_paint(cli->out, cli->colours_out, looks[kind].colour,
	    str_of(looks[kind].sign));
	fputc(' ', cli->out);
}

static void
print_text(struct cli *cli, struct str text)
{
	fprintf(cli->out, "%.*s", STR_ARG(cli_text_clean(cli->arena, text)));
}

static bool
is_about_state(const struct diff_change *change)
{
	return change->state.bytes > 0 && change->item.bytes == 0 &&
	       change->aspect.bytes == 0;
}

/* "+ state reviewing", or the name of the state that the next are about. */
static void
print_state(struct cli *cli, const struct diff_change *change)
{
	if (is_about_state(change) && change->kind != DIFF_CHANGED)
		print_sign(cli, change->kind);
	fputs("state ", cli->out);
	if (change->kind == DIFF_RENAMED) {
		print_text(cli, change->before);
		fputs(" → ", cli->out);
	}
	print_text(cli, change->state);
	fputc('\n', cli->out);
}

static void
print_words(struct cli *cli, const struct diff_change *change)
{
	const char *parting = "";

	if (change->before.at != NULL && change->before.bytes > 0) {
		fputs(": ", cli->out);
		print_text(cli, change->before);
		parting = change->after.at != NULL ? "  ⇒  " : "";
	} else if (change->after.bytes > 0) {
		parting = ": ";
	}
	fputs(parting, cli->out);
	if (change->after.at != NULL)
		print_text(cli, change->after);
}

static void
print_change(struct cli *cli, const struct diff_change *change)
{
	if (change->state.bytes > 0)
		fputs("  ", cli->out);
	print_sign(cli, change->kind);
	print_text(cli, change->item.bytes > 0 ? change->item : STR(""));
	if (change->item.bytes > 0 && change->aspect.bytes > 0)
		fputs(", ", cli->out);
	if (change->aspect.bytes > 0)
		print_text(cli, change->aspect);
	print_words(cli, change);
	fputc('\n', cli->out);
}

static void
report_text(struct cli *cli, const struct diff *diff)
{
	const struct diff_change *change;
	struct str state = STR("");

	for (size_t i = 0; (change = diff_at(diff, i)); i++) {
		if (!str_equal(change->state, state))
			print_state(cli, change);
		state = change->state;
		if (!is_about_state(change))
			print_change(cli, change);
		else if (change->kind == DIFF_CHANGED) {
			struct diff_change kind = *change;

			kind.item = STR("type");
			print_change(cli, &kind);
		}
	}
}

/* "workflow payment", or "+ workflow payment". */
static void
print_workflow(struct cli *cli, const struct pair *pair)
{
	if (pair->before == NULL)
		print_sign(cli, DIFF_ADDED);
	else if (pair->after == NULL)
		print_sign(cli, DIFF_REMOVED);
	fputs("workflow ", cli->out);
	print_text(cli, pair->before != NULL ? pair->before->name
					     : pair->after->name);
	fputc('\n', cli->out);
}

/* ---- as JSON ---- */

static const struct value *
version_of(struct cli *cli, const struct definition *definition)
{
	struct value_builder *built = value_build_context(cli->arena);
	char hex[DIGEST_HEX_BYTES];

	if (definition == NULL)
		return &value_null;
	value_put_str(built, "workflow", definition->name);
	value_put_int(built, "version", definition->version);
	value_put_str(built, "digest", digest_hex(definition->digest, hex));
	value_put_str(built, "file", definition->file);
	return value_built(built);
}

static void
put_text(struct value_builder *built, const char *key, struct str text)
{
	if (text.bytes > 0)
		value_put_kept_str(built, str_of(key), text);
}

static const struct value *
change_of(struct cli *cli, const struct diff_change *change)
{
	struct value_builder *built = value_build_context(cli->arena);

	value_put_str(built, "change", diff_kind_name(change->kind));
	put_text(built, "state", change->state);
	put_text(built, "item", change->item);
	put_text(built, "aspect", change->aspect);
	if (change->before.at != NULL)
		value_put_str(built, "before", change->before);
	if (change->after.at != NULL)
		value_put_str(built, "after", change->after);
	return value_built(built);
}

/* diff: NULL where one side has none. */
static const struct value *
pair_of(struct cli *cli, const struct pair *pair, const struct diff *diff)
{
	struct value_builder *built = value_build_context(cli->arena);
	struct value_builder *changes = value_build_list(cli->arena);
	const struct diff_change *change;

	for (size_t i = 0; diff != NULL && (change = diff_at(diff, i)); i++)
		value_append(changes, change_of(cli, change));
	value_put(built, STR("before"), version_of(cli, pair->before));
	value_put(built, STR("after"), version_of(cli, pair->after));
	value_put(built, STR("equal"),
	    value_of_boolean(diff != NULL && diff_is_empty(diff)));
	value_put(built, STR("changes"), value_built(changes));
	return value_built(built);
}

static void
report_json(struct cli *cli, const struct pairs *pairs, bool is_equal,
    const struct value *told)
{
	struct value_builder *built = value_build_context(cli->arena);

	value_put(built, STR("equal"), value_of_boolean(is_equal));
	value_put(built, STR("workflows"), told);
	cli_value_print(cli, pairs->are_several ? value_built(built)
						: told->as.list.items[0]);
}

/* ---- comparing ---- */

/* Whether both sides say the same. */
static bool
compare(struct cli *cli, const struct pairs *pairs, const struct pair *pair,
    struct value_builder *told)
{
	bool has_both = pair->before != NULL && pair->after != NULL;
	struct diff *diff =
	    has_both ? diff_new(pair->before, pair->after) : NULL;
	bool is_equal = has_both && diff_is_empty(diff);

	if (cli->is_json)
		value_append(told, pair_of(cli, pair, diff));
	else if (pairs->are_several && !is_equal)
		print_workflow(cli, pair);
	if (!cli->is_json && has_both)
		report_text(cli, diff);
	if (has_both)
		diff_free(&diff);
	return is_equal;
}

static enum cli_status
compare_all(struct cli *cli, const struct half *halves)
{
	struct value_builder *told = value_build_list(cli->arena);
	struct pairs pairs = {0};
	bool is_equal = true;

	pair_up(cli, halves, &pairs);
	for (size_t i = 0; i < pairs.count; i++)
		is_equal &= compare(cli, &pairs, &pairs.items[i], told);
	if (cli->is_json)
		report_json(cli, &pairs, is_equal, value_built(told));
	return is_equal ? CLI_OK : CLI_FAILED;
}

static enum cli_status
run(struct cli *cli)
{
	struct half halves[2];
	enum cli_status status = CLI_USAGE;

	load(cli, 0, &halves[0]);
	load(cli, 1, &halves[1]);
	if (halves[0].count > 0 && halves[1].count > 0)
		status = compare_all(cli, halves);
	unload(&halves[0]);
	unload(&halves[1]);
	return status;
}

static const struct cmd_option options[] = {
    {"workflow", "NAME", "only this one, where the files have several"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_diff = {
    .name = "diff",
    .arguments = "OLD NEW",
    .summary = "Tell two versions of a workflow apart",
    .details =
	"In terms of states, transitions, deadlines, calls and what they do.  "
	"The order of\nkeys, comments and the versions' numbers make no "
	"difference.  Of files with several\nworkflows all are compared, by "
	"name.  The exit status is 0 where both say the same,\n1 where they "
	"don't, 2 where they can't be compared.",
    .least = 2,
    .most = 2,
    .shares = CMD_FORMAT,
    .options = options,
    .run = run,
};
