/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_draw.c: a workflow as a picture. */
#include "cli_priv.h"

#include "stated/draw.h"
#include "stated/library.h"

#include <errno.h>

enum format { FORMAT_SVG, FORMAT_DOT, FORMAT_MERMAID, FORMAT_COUNT };
static const char *const formats[FORMAT_COUNT] = {
    [FORMAT_SVG] = "svg",
    [FORMAT_DOT] = "dot",
    [FORMAT_MERMAID] = "mermaid",
};

/* FORMAT_COUNT with a message where it is none of ours. */
static enum format
choose_format(struct cli *cli)
{
	struct str name = cli_option_str(cli, "format");

	if (name.at == NULL)
		return FORMAT_SVG;
	for (enum format format = FORMAT_SVG; format < FORMAT_COUNT; format++)
		if (str_equal(name, str_of(formats[format])))
			return format;
	cli_usage(cli, "--format takes svg, dot or mermaid, not `%.*s`",
	    STR_ARG(name));
	return FORMAT_COUNT;
}

static enum cli_status
check_active(struct cli *cli, const struct definition *definition)
{
	const char *name;

	for (size_t i = 0; (name = cli_option_at(cli, "active", i)); i++)
		if (definition_find_state(definition, str_of(name)) == NULL)
			return cli_fail(cli,
			    "%.*s has no state `%s` that could be active",
			    STR_ARG(definition->name), name);
	return CLI_OK;
}

static enum cli_status
draw_to(struct cli *cli, struct draw *draw, enum format format, struct buf *out)
{
	struct draw_marks marks = {NULL, 0};
	struct str *active = NULL;
	size_t capacity = 0;
	const char *name;
	struct buf why = {0};

	for (size_t i = 0; (name = cli_option_at(cli, "active", i)); i++) {
		active = arena_grow(
		    cli->arena, active, i, &capacity, sizeof(*active));
		active[marks.active_count++] = str_of(name);
	}
	marks.active = active;
	if (format == FORMAT_DOT) {
		draw_dot(draw, out);
	} else if (format == FORMAT_MERMAID) {
		draw_mermaid(draw, out);
	} else if (draw_place(draw, &why)) {
		draw_svg(draw, &marks, out);
	} else {
		cli_fail(cli, "%s", buf_cstr(&why));
		buf_fini(&why);
		return CLI_FAILED;
	}
	return CLI_OK;
}

static enum cli_status
put_out(struct cli *cli, const struct buf *text)
{
	const char *path = cli_option(cli, "output");
	FILE *file = cli->out;
	bool is_written;

	if (path != NULL && !cli_copy_is_spared(cli, path, "--output"))
		return CLI_FAILED;
	if (path != NULL)
		file = fopen(path, "we");
	if (file == NULL)
		return cli_fail(cli, "%s: %s", path, strerror(errno));
	is_written = fwrite(text->at, 1, text->bytes, file) == text->bytes;
	if (path == NULL)
		return is_written ? CLI_OK : CLI_FAILED;
	if (fclose(file) != 0 || !is_written)
		return cli_fail(cli, "%s: %s", path, strerror(errno));
	return CLI_OK;
}

static enum cli_status
run(struct cli *cli)
{
	enum format format = choose_format(cli);
	struct diag_list *diags;
	struct library *library;
	const struct definition *definition;
	enum cli_status status = CLI_FAILED;
	struct buf text = {0};

	if (format == FORMAT_COUNT)
		return CLI_USAGE;
	diags = diag_list_new();
	library = cli_library_load(cli, cli->arguments, 1, diags);
	definition = cli_library_choose(cli, 0, library, diags);
	if (definition != NULL)
		status = check_active(cli, definition);
	if (definition != NULL && status == CLI_OK) {
		struct draw *draw = draw_new(definition);

		status = draw_to(cli, draw, format, &text);
		draw_free(&draw);
	}
	if (status == CLI_OK)
		status = put_out(cli, &text);
	buf_fini(&text);
	diag_list_free(&diags);
	library_free(&library);
	return status;
}

static const struct cmd_option options[] = {
    {"workflow", "NAME", "which workflow, where FILE has several"},
    {"format", "svg|dot|mermaid", "svg unless told"},
    {"active", "STATE", "mark this state; may be given often (svg)", true},
    {"output", "FILE", "where to; standard output unless told"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_draw = {
    .name = "draw",
    .arguments = "FILE",
    .summary = "Draw a workflow",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
