/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_explain.c: where an expression went wrong, and the value of every part.
 *
 * A short expression is shown with its parts below it, each under the place
 * where it stands; a long one as a tree.  A part stands above those that it is
 * made of, so that who looks for a wrong value reads down from the result.
 */
#include "cli_explain.h"

/* The text and the value of a part, as long as they are shown. */
#define ALIGNED_COLUMNS_MAX 64
#define TEXT_COLUMNS_MAX 60
#define VALUE_BYTES_MAX 100

struct cli_expression
cli_explain_begin(
    struct cli *cli, struct str text, const struct value *context)
{
	return (struct cli_expression){
		.cli = cli,
		.source = {STR("expression"), text},
		.context = context,
		.diags = diag_list_new(),
	};
}

void
cli_explain_end(struct cli_expression *expression)
{
	struct cli *cli = expression->cli;
	struct buf out = {0};

	diag_format(expression->diags, &out, cli->colours_err);
	fprintf(cli->err, "%s", buf_cstr(&out));
	buf_fini(&out);
	diag_list_free(&expression->diags);
}

/* ------------------------------------------------------------------ places */

static size_t
columns_of(struct str text, size_t offset, size_t bytes)
{
	return str_count_codepoints(str_slice(text, offset, bytes));
}

static struct diag_span
span_of(const struct cli_expression *expression, size_t offset, size_t bytes)
{
	struct str text = expression->source.text;
	struct str before = str_slice(text, 0, offset);
	uint32_t line = 1;
	size_t newline;

	while ((newline = str_find(before, STR("\n"))) != SIZE_MAX) {
		before = str_slice(before, newline + 1, before.bytes);
		line++;
	}
	return (struct diag_span){
		.source = &expression->source,
		.line = line,
		.column = (uint32_t)str_count_codepoints(before) + 1,
		.columns = (uint32_t)columns_of(text, offset, bytes),
	};
}

void
cli_explain_error(
    struct cli_expression *expression, const struct feel_error *error)
{
	diag_add(expression->diags, DIAG_ERROR, "D201",
	    span_of(expression, error->offset, error->bytes), "%s",
	    error->message);
	if (error->repair[0] != '\0')
		diag_repair(expression->diags, "%s", error->repair);
}

/* ------------------------------------------------------------------- notes */

/* A name that the data doesn't have: the nearest one that it has. */
static void
suggest_name(struct cli_expression *expression, struct str name)
{
	const struct value *context = expression->context;
	size_t count = context->as.context.count;
	struct str *names;
	struct str near;

	if (value_get(context, name) != NULL)
		return;
	names = ARENA_ARRAY(expression->cli->arena, count, struct str);
	for (size_t i = 0; i < count; i++)
		names[i] = context->as.context.fields[i].key;
	near = str_nearest(name, names, count);
	if (near.at != NULL)
		diag_repair(expression->diags, "did you mean `%.*s`?",
		    STR_ARG(near));
}

/* A loop finds the same thing at every turn. */
static bool
is_told(struct cli_expression *expression, const struct feel_part *part)
{
	size_t i = 0;

	while (i < expression->told_count &&
	    (expression->told[i]->note_offset != part->note_offset ||
		!str_equal(expression->told[i]->note, part->note)))
		i++;
	if (i < expression->told_count || i == CLI_NOTES_MAX)
		return true;
	expression->told[expression->told_count++] = part;
	return false;
}

static void
add_note_cb(const struct feel_part *part, void *arg)
{
	struct cli_expression *expression = arg;
	struct str text = str_slice(expression->source.text,
	    part->note_offset, part->note_bytes);

	if (is_told(expression, part))
		return;
	diag_add(expression->diags, DIAG_WARNING, "D902",
	    span_of(expression, part->note_offset, part->note_bytes), "%.*s",
	    STR_ARG(part->note));
	if (str_has_suffix(part->note, STR("`")) &&
	    str_has_prefix(part->note, STR("there is no `")))
		suggest_name(expression, text);
}

void
cli_explain_notes(
    struct cli_expression *expression, const struct feel_trace *trace)
{
	feel_trace_each_note(trace, add_note_cb, expression);
}

/* -------------------------------------------------------------------- text */

/* How the parts are laid out. */
struct layout {
	struct cli *cli;
	struct str text;  /* of the expression */
	bool is_aligned;
	size_t columns;   /* of what stands before the values */
};

/* In one line: a line's end counts as a blank, or in a tree all white space
 * as one. */
static struct str
flatten(struct arena *arena, struct str text, bool is_aligned)
{
	struct buf out = buf_in(arena);

	for (size_t i = 0; i < text.bytes; i++) {
		bool is_blank = strchr(" \t\r\n", text.at[i]) != NULL &&
		    text.at[i] != '\0';

		if (!is_blank)
			buf_add_char(&out, text.at[i]);
		else if (is_aligned || out.bytes == 0 ||
		    out.at[out.bytes - 1] != ' ')
			buf_add_char(&out, ' ');
	}
	return buf_keep(&out);
}

static struct str
cut(struct arena *arena, struct str text)
{
	size_t at = 0;

	if (str_count_codepoints(text) <= TEXT_COLUMNS_MAX)
		return text;
	for (int i = 0; i < TEXT_COLUMNS_MAX - 1; i++)
		(void)str_next_codepoint(text, &at);
	return arena_strf(arena, "%.*s…", (int)at, text.at);
}

static void
pad(FILE *out, size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		putc(' ', out);
}

static void
print_part(
    const struct layout *layout, const struct feel_part *part, size_t depth)
{
	struct cli *cli = layout->cli;
	struct str text = flatten(cli->arena, str_slice(layout->text,
	    part->offset, part->bytes), layout->is_aligned);
	struct str value = feel_text(cli->arena, part->value, VALUE_BYTES_MAX);
	size_t indent = 2 * depth;

	if (layout->is_aligned)
		indent = columns_of(layout->text, 0, part->offset);
	else
		text = cut(cli->arena, text);
	pad(cli->out, indent);
	fprintf(cli->out, "%.*s", STR_ARG(cli_text_clean(cli->arena, text)));
	indent += str_count_codepoints(text);
	pad(cli->out, indent < layout->columns ? layout->columns - indent : 0);
	fprintf(cli->out, "  = %.*s",
	    STR_ARG(cli_text_clean(cli->arena, value)));
	if (part->turn > 0)
		fprintf(cli->out, "  (turn %zu)", part->turn);
	if (part->note.at != NULL)
		cli_text_paint(cli->out, cli->colours_out, COLOUR_RED,
		    arena_strf(cli->arena, "  ! %.*s", STR_ARG(part->note)));
	putc('\n', cli->out);
}

static void
print_tree(
    const struct layout *layout, const struct feel_part *part, size_t depth)
{
	print_part(layout, part, depth);
	for (const struct feel_part *child = part->first; child != NULL;
	     child = child->next)
		print_tree(layout, child, depth + 1);
	if (part->left_out == 0)
		return;
	pad(layout->cli->out, layout->is_aligned ?
	    columns_of(layout->text, 0, part->offset) : 2 * depth + 2);
	fprintf(layout->cli->out, "… and %zu more\n", part->left_out);
}

static void
print_text(const struct cli_expression *expression,
    const struct feel_part *root)
{
	struct str text = expression->source.text;
	size_t columns = columns_of(text, 0, root->offset + root->bytes);
	struct layout layout = {
		.cli = expression->cli,
		.text = text,
		.is_aligned = columns <= ALIGNED_COLUMNS_MAX,
	};

	layout.columns = layout.is_aligned ? columns : 0;
	print_tree(&layout, root, 0);
}

/* -------------------------------------------------------------------- JSON */

static void
add_place(struct buf *out, struct str text, size_t offset, size_t bytes)
{
	size_t start = columns_of(text, 0, offset) + 1;

	buf_addf(out, "\"start\":%zu,\"end\":%zu", start,
	    start + columns_of(text, offset, bytes));
}

static void
add_part(struct buf *out, struct str text, const struct feel_part *part)
{
	buf_add_cstr(out, "{\"text\":");
	buf_add_json_string(out, str_slice(text, part->offset, part->bytes));
	buf_add_char(out, ',');
	add_place(out, text, part->offset, part->bytes);
	buf_add_cstr(out, ",\"value\":");
	json_write(part->value, JSON_TYPED, out);
	if (part->turn > 0)
		buf_addf(out, ",\"turn\":%zu", part->turn);
	if (part->left_out > 0)
		buf_addf(out, ",\"left_out\":%zu", part->left_out);
	buf_add_cstr(out, ",\"diagnostics\":[");
	if (part->note.at != NULL) {
		buf_add_cstr(out, "{\"message\":");
		buf_add_json_string(out, part->note);
		buf_add_char(out, ',');
		add_place(out, text, part->note_offset, part->note_bytes);
		buf_add_char(out, '}');
	}
	buf_add_cstr(out, "],\"parts\":[");
	for (const struct feel_part *child = part->first; child != NULL;
	     child = child->next) {
		if (child != part->first)
			buf_add_char(out, ',');
		add_part(out, text, child);
	}
	buf_add_cstr(out, "]}");
}

void
cli_explain_print(struct cli_expression *expression,
    const struct value *value, const struct feel_trace *trace)
{
	struct str text = expression->source.text;
	/* A literal has no parts, and still is the answer. */
	const struct feel_part whole = {.bytes = text.bytes, .value = value};
	const struct feel_part *root = feel_trace_root(trace);
	struct buf out = {0};

	if (root == NULL)
		root = &whole;
	if (!expression->cli->is_json) {
		print_text(expression, root);
		return;
	}
	add_part(&out, text, root);
	fprintf(expression->cli->out, "%s\n", buf_cstr(&out));
	buf_fini(&out);
}
