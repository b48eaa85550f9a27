/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <stdlib.h>

#define SEPARATOR "=== happenings"

static const struct {
	const char *word;
	const char *about;
	const char *names[HAPPENING_NUMBERS];
} kinds[HAPPENING_COUNT] = {
#define X(symbol, word, about, ...) {word, about, {__VA_ARGS__}},
    HAPPENINGS(X)
#undef X
};

void
script_init(struct script *script)
{
	*script = (struct script){.count = 0};
}

void
script_fini(struct script *script)
{
	buf_fini(&script->definitions);
	free(script->happenings);
	script_init(script);
}

struct happening *
script_add(struct script *script, enum happening_kind kind)
{
	struct happening *happening;

	if (script->count == script->capacity) {
		script->capacity = script->capacity * 2 + 64;
		script->happenings = reallocarray(script->happenings,
		    script->capacity, sizeof(*script->happenings));
		must(script->happenings != NULL);
	}
	happening = &script->happenings[script->count++];
	*happening = (struct happening){.kind = kind};
	return happening;
}

void
script_cut(struct script *script, size_t from, size_t count)
{
	must(from + count <= script->count);
	memmove(&script->happenings[from], &script->happenings[from + count],
	    (script->count - from - count) * sizeof(*script->happenings));
	script->count -= count;
}

void
script_copy(struct script *to, const struct script *from)
{
	script_init(to);
	buf_add_str(&to->definitions, buf_str(&from->definitions));
	for (size_t i = 0; i < from->count; i++)
		*script_add(to, from->happenings[i].kind) =
		    from->happenings[i];
}

/* ---- as a text ---- */

void
happening_format(const struct happening *happening, struct buf *out)
{
	const char *about = kinds[happening->kind].about;

	buf_add_cstr(out, kinds[happening->kind].word);
	if (about[0] != 0)
		buf_addf(out, " %s", happening->word);
	if (strchr(about, ' ') != NULL)
		buf_addf(out, " %s", happening->workflow);
	for (size_t i = 0; i < HAPPENING_NUMBERS; i++)
		if (kinds[happening->kind].names[i][0] != 0)
			buf_addf(out, " %s=%lld",
			    kinds[happening->kind].names[i],
			    (long long)happening->numbers[i]);
	buf_add_char(out, '\n');
}

void
script_format(const struct script *script, struct buf *out)
{
	buf_add_str(out, buf_str(&script->definitions));
	buf_add_cstr(out, SEPARATOR "\n");
	for (size_t i = 0; i < script->count; i++)
		happening_format(&script->happenings[i], out);
}

static bool
find_kind(struct str word, enum happening_kind *kind)
{
	for (int i = 0; i < HAPPENING_COUNT; i++)
		if (str_equal(word, str_of(kinds[i].word))) {
			*kind = (enum happening_kind)i;
			return true;
		}
	return false;
}

static bool
take_word(struct str *rest, char *out, size_t bytes)
{
	struct str word = str_split(*rest, ' ', rest);

	if (word.bytes == 0 || word.bytes >= bytes)
		return false;
	memcpy(out, word.at, word.bytes);
	out[word.bytes] = 0;
	return true;
}

/* A number that isn't there is 0. */
static bool
take_number(struct happening *happening, struct str text)
{
	struct str value, name = str_split(text, '=', &value);

	for (size_t i = 0; i < HAPPENING_NUMBERS; i++)
		if (name.bytes > 0 &&
		    str_equal(name, str_of(kinds[happening->kind].names[i])))
			return str_parse_int(value, 0, INT64_MAX,
			    &happening->numbers[i]);
	return false;
}

static bool
parse_line(struct script *script, struct str line)
{
	enum happening_kind kind;
	struct happening *happening;
	struct str rest;
	const char *about;

	if (!find_kind(str_split(line, ' ', &rest), &kind))
		return false;
	happening = script_add(script, kind);
	about = kinds[kind].about;
	if (about[0] != 0 &&
	    !take_word(&rest, happening->word, sizeof(happening->word)))
		return false;
	if (strchr(about, ' ') != NULL &&
	    !take_word(
		&rest, happening->workflow, sizeof(happening->workflow)))
		return false;
	while (rest.bytes > 0)
		if (!take_number(happening, str_split(rest, ' ', &rest)))
			return false;
	return true;
}

bool
script_parse(struct script *script, struct str text, size_t *line)
{
	bool has_begun = false;

	for (*line = 1; text.bytes > 0; ++*line) {
		struct str one = str_split(text, '\n', &text);

		if (!has_begun && !str_equal(one, STR(SEPARATOR))) {
			buf_add_str(&script->definitions, one);
			buf_add_char(&script->definitions, '\n');
		} else if (!has_begun) {
			has_begun = true;
		} else if (one.bytes > 0 && one.at[0] != '#' &&
			   !parse_line(script, one)) {
			return false;
		}
	}
	return has_begun;
}
