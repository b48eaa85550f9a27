/* SPDX-License-Identifier: Apache-2.0 */
/* cli_value.c: values that the command line names or holds. */
#include "cli_priv.h"

#include <errno.h>

/* More than this is no argument of a person. */
#define FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)

bool
cli_value_file(struct cli *cli, const char *path, struct str *out)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? cli->in : fopen(path, "re");
	struct buf text = {0};
	bool is_read;

	if (file == NULL) {
		cli_fail(cli, "%s: %s", path, strerror(errno));
		return false;
	}
	is_read = buf_add_file(&text, file, FILE_BYTES_MAX) &&
	    text.bytes <= FILE_BYTES_MAX;
	if (!is_read)
		cli_fail(cli, "%s: %s", is_input ? "standard input" : path,
		    text.bytes > FILE_BYTES_MAX ? "too large"
						: strerror(errno));
	*out = arena_str(cli->arena, buf_str(&text));
	buf_fini(&text);
	if (!is_input)
		fclose(file);
	return is_read;
}

const struct value *
cli_value_of(struct cli *cli, const char *what, const char *text)
{
	struct json_error error;
	const struct value *value;
	struct str json = str_of(text);
	const char *where = what;

	if (text[0] == '@' || strcmp(text, "-") == 0) {
		where = text[0] == '@' ? text + 1 : "standard input";
		if (!cli_value_file(
			cli, text[0] == '@' ? text + 1 : text, &json))
			return NULL;
	}
	value = json_read(cli->arena, json, &error);
	if (value == NULL)
		cli_fail(cli, "%s:%u:%u: %s", where, error.line, error.column,
		    error.message);
	return value;
}

bool
cli_value_line(FILE *in, struct buf *line)
{
	int c;

	buf_clear(line);
	while ((c = getc_unlocked(in)) != EOF && c != '\n')
		buf_add_char(line, (char)c);
	return c != EOF || line->bytes > 0;
}

enum cli_status
cli_value_lines(struct cli *cli, cli_line_fn *answer, void *arg)
{
	struct arena *arena = arena_new();
	struct buf line = {0}, json = {0}, out = {0};
	bool is_written = true;

	while (is_written && cli_value_line(cli->in, &line)) {
		buf_clear(&json);
		buf_clear(&out);
		answer(arena, buf_str(&line), arg, &json);
		arena_reset(arena);
		cli_text_add_json(buf_str(&json), &out);
		if (out.bytes == 0)
			continue;
		buf_add_char(&out, '\n');
		is_written =
		    fwrite(out.at, 1, out.bytes, cli->out) == out.bytes &&
		    fflush(cli->out) == 0;
	}
	buf_fini(&line);
	buf_fini(&json);
	buf_fini(&out);
	arena_free(&arena);
	return is_written ? CLI_OK : CLI_FAILED;
}

void
cli_value_print(struct cli *cli, const struct value *value)
{
	struct buf json = {0}, text = {0};

	json_write_pretty(value, &json);
	cli_text_add_json(buf_str(&json), &text);
	if (text.bytes > 0)
		fwrite(text.at, 1, text.bytes, cli->out);
	if (text.bytes == 0 || text.at[text.bytes - 1] != '\n')
		fputc('\n', cli->out);
	buf_fini(&json);
	buf_fini(&text);
}
