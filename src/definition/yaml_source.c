/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_source.c: a text, its lines and its documents.
 *
 * Characters that make readers of YAML disagree about where a line ends (a
 * lone carriage return, U+0085, U+2028, U+2029) are refused here, so that
 * line numbers mean the same to us, to libyaml and to the user's editor.
 */
#include "yaml_priv.h"

#include "load_codes.h"

static size_t
find_bad_byte(struct str text)
{
	size_t at = 0;

	while (at < text.bytes) {
		size_t bytes = 1;

		while (bytes <= 4 && !str_is_utf8(str_slice(text, at, bytes)))
			bytes++;
		if (bytes > 4)
			return at;
		at += bytes;
	}
	return at;
}

static bool
is_refused(uint32_t c, uint32_t next)
{
	if (c == '\r')
		return next != '\n';
	if (c == '\t' || c == '\n')
		return false;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	    c == 0x2029 || c == 0xfffe || c == 0xffff || c == 0xfeff;
}

static bool
has_only_text(const struct yaml_source *source, struct diag_list *diags)
{
	struct str text = source->diag.text;
	size_t offset = 0;

	while (offset < text.bytes) {
		size_t at = offset;
		uint32_t c = str_next_codepoint(text, &offset);
		uint32_t next = offset < text.bytes ?
		    (unsigned char)text.at[offset] : 0;

		if (!is_refused(c, next) || (at == 0 && c == 0xfeff))
			continue;
		diag_add(diags, DIAG_ERROR, LOAD_BAD_TEXT,
		    yaml_source_span(source, at, 1),
		    "the character U+%04X can't stand in a definition", c);
		diag_repair(diags,
		    c == '\r' ? "end lines with a line feed"
			      : "remove it, or write it as \"\\u%04x\" in "
				"double quotes",
		    c);
		return false;
	}
	return true;
}

static void
find_lines(struct yaml_source *source, struct arena *arena)
{
	struct str text = source->diag.text;
	size_t *lines;
	size_t count = 1;

	for (size_t i = 0; i < text.bytes; i++)
		count += text.at[i] == '\n';
	lines = ARENA_ARRAY(arena, count, size_t);
	source->lines = lines;
	source->line_count = count;
	count = 1;
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.at[i] == '\n')
			lines[count++] = i + 1;
	}
	must(count == source->line_count);
}

bool
yaml_source_init(struct yaml_source *source, struct arena *arena,
    struct str file, struct str text, struct diag_list *diags)
{
	*source = (struct yaml_source){0};
	/* A byte order mark is nothing that an editor counts as a column. */
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		text = str_slice(text, 3, SIZE_MAX);
	source->diag.file = arena_str(arena, file);
	source->diag.text = arena_str(arena, text);
	if (text.bytes > YAML_SOURCE_BYTES_MAX) {
		source->diag.text = STR("");
		diag_add(diags, DIAG_ERROR, LOAD_TOO_LARGE,
		    (struct diag_span){.source = &source->diag},
		    "the file is larger than %d MiB",
		    YAML_SOURCE_BYTES_MAX / 1024 / 1024);
		return false;
	}
	find_lines(source, arena);
	if (!str_is_utf8(text)) {
		size_t bad = find_bad_byte(text);

		/* What follows a bad byte can't be shown as text. */
		source->diag.text = arena_str(arena, str_slice(text, 0, bad));
		diag_add(diags, DIAG_ERROR, LOAD_BAD_TEXT,
		    yaml_source_span(source, bad, 1),
		    "the byte 0x%02X is not UTF-8",
		    (unsigned char)text.at[bad]);
		diag_repair(diags, "save the file as UTF-8");
		return false;
	}
	return has_only_text(source, diags);
}

struct str
yaml_short(struct str text)
{
	struct str cut = str_slice(text, 0, 60);

	while (cut.bytes < text.bytes && !str_is_utf8(cut))
		cut.bytes--;
	return cut;
}

static size_t
line_of(const struct yaml_source *source, size_t byte)
{
	size_t low = 0;
	size_t high = source->line_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (source->lines[middle] <= byte)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct diag_span
yaml_source_span(const struct yaml_source *source, size_t from, size_t bytes)
{
	struct str text = source->diag.text;
	size_t line = line_of(source, from);
	size_t begin = source->lines[line];
	struct str before = str_slice(text, begin, from - begin);
	struct str part = str_slice(text, from, bytes);
	size_t newline = str_find(part, STR("\n"));
	size_t columns;

	if (newline != SIZE_MAX)
		part.bytes = newline;
	columns = str_count_codepoints(part);
	return (struct diag_span){
		.source = &source->diag,
		.line = (uint32_t)line + 1,
		.column = (uint32_t)str_count_codepoints(before) + 1,
		.columns = columns ? (uint32_t)columns : 1,
	};
}

/* A line that begins with "---" or "..." and then has a blank or ends. */
static bool
is_marker(struct str line, const char *marker)
{
	if (!str_has_prefix(line, str_of(marker)))
		return false;
	return line.bytes == 3 || line.at[3] == ' ' || line.at[3] == '\t' ||
	    line.at[3] == '\r';
}

static bool
has_content(struct str line)
{
	struct str rest = str_trim(line);

	if (is_marker(line, "---"))
		rest = str_trim(str_slice(line, 3, SIZE_MAX));
	return rest.bytes > 0 && rest.at[0] != '#' && line.at[0] != '%' &&
	    !is_marker(line, "...");
}

bool
yaml_source_next(const struct yaml_source *source, size_t *offset,
    struct str *out)
{
	struct str text = source->diag.text;
	size_t begin = *offset;
	size_t at = begin;
	bool any = false;

	while (at < text.bytes) {
		struct str rest = str_slice(text, at, text.bytes - at);
		size_t newline = str_find(rest, STR("\n"));
		size_t bytes = newline == SIZE_MAX ? rest.bytes : newline + 1;
		struct str line = str_slice(rest, 0,
		    newline == SIZE_MAX ? rest.bytes : newline);

		if (any && is_marker(line, "---"))
			break;
		any = any || has_content(line);
		at += bytes;
		if (is_marker(line, "...")) {
			if (any)
				break;
			begin = at;
		}
	}
	*offset = at;
	*out = str_slice(text, begin, at - begin);
	return any;
}
