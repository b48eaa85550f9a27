/* SPDX-License-Identifier: Apache-2.0 */
#include "shrink.h"

#define ROUNDS_MAX 6

struct shrinking {
	struct script *script;
	shrink_fails_fn *fails;
	void *arg;
	bool has_shrunk; /* in this round */
};

/* Keeps the candidate, which is consumed, if it fails still. */
static bool
keep_if_fails(struct shrinking *shrinking, struct script *candidate)
{
	bool fails = shrinking->fails(candidate, shrinking->arg);

	if (fails) {
		script_fini(shrinking->script);
		*shrinking->script = *candidate;
		shrinking->has_shrunk = true;
	} else {
		script_fini(candidate);
	}
	return fails;
}

/* ---- happenings ---- */

static bool
try_without(struct shrinking *shrinking, size_t from, size_t count)
{
	struct script candidate;

	script_copy(&candidate, shrinking->script);
	script_cut(&candidate, from, count);
	return keep_if_fails(shrinking, &candidate);
}

static void
shrink_happenings(struct shrinking *shrinking)
{
	size_t size = shrinking->script->count;

	for (; size > 0; size /= 2)
		/* From the end: what comes late hangs on what was before. */
		for (size_t end = shrinking->script->count; end > 0;) {
			size_t from = end > size ? end - size : 0;

			(void)try_without(shrinking, from, end - from);
			end = from;
		}
}

static bool
is_plain(const struct happening *happening)
{
	switch (happening->kind) {
	case HAPPENING_ANSWER:
		return strcmp(happening->word, "ok") == 0;
	case HAPPENING_CRASH:
		return strcmp(happening->word, "killed") == 0;
	case HAPPENING_START:
		return happening->numbers[2] == 0;
	default:
		return true;
	}
}

static void
make_plain(struct happening *happening)
{
	switch (happening->kind) {
	case HAPPENING_ANSWER:
		(void)strcpy(happening->word, "ok");
		return;
	case HAPPENING_CRASH:
		(void)strcpy(happening->word, "killed");
		return;
	default:
		happening->numbers[2] = 0;
		return;
	}
}

static void
simplify_happenings(struct shrinking *shrinking)
{
	for (size_t i = 0; i < shrinking->script->count; i++) {
		struct script candidate;

		if (is_plain(&shrinking->script->happenings[i]))
			continue;
		script_copy(&candidate, shrinking->script);
		make_plain(&candidate.happenings[i]);
		(void)keep_if_fails(shrinking, &candidate);
	}
}

/* ---- definitions ---- */

static size_t
line_end(struct str text, size_t at)
{
	while (at < text.bytes && text.at[at] != '\n')
		at++;
	return at < text.bytes ? at + 1 : at;
}

static size_t
indentation(struct str text, size_t at)
{
	size_t blanks = 0;

	while (at + blanks < text.bytes && text.at[at + blanks] == ' ')
		blanks++;
	return blanks;
}

/* The line and all that is indented deeper below it. */
static size_t
block_end(struct str text, size_t from)
{
	size_t depth = indentation(text, from);
	size_t at = line_end(text, from);

	while (at < text.bytes && indentation(text, at) > depth)
		at = line_end(text, at);
	return at;
}

static size_t
document_end(struct str text, size_t from)
{
	size_t at = from;

	while (at < text.bytes) {
		bool is_separator = str_equal(
		    str_slice(text, at, line_end(text, at) - at), STR("---\n"));

		at = line_end(text, at);
		if (is_separator)
			break;
	}
	return at;
}

/* What the auditor knows things by is taken out together with them only. */
static bool
is_needed(struct str text, size_t at)
{
	static const char *const words[] = {
	    "id:", "with:", "labels:", "output:", "- set: {v", "events:",
	    "compensate:"};
	struct str line =
	    str_trim(str_slice(text, at, line_end(text, at) - at));

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_has_prefix(line, str_of(words[i])))
			return true;
	return false;
}

/* Goes through all parts, as `end_of` cuts them; where one is taken out the
 * next one stands in its place. */
static void
shrink_definitions(
    struct shrinking *shrinking, size_t (*end_of)(struct str text, size_t from),
    size_t (*next_of)(struct str text, size_t from))
{
	for (size_t at = 0;;) {
		struct str text = buf_str(&shrinking->script->definitions);
		struct script candidate;
		size_t end;

		if (at >= text.bytes)
			return;
		if (end_of == block_end && is_needed(text, at)) {
			at = next_of(text, at);
			continue;
		}
		end = end_of(text, at);
		script_copy(&candidate, shrinking->script);
		buf_clear(&candidate.definitions);
		buf_add_str(&candidate.definitions, str_slice(text, 0, at));
		buf_add_str(&candidate.definitions,
		    str_slice(text, end, text.bytes - end));
		if (!keep_if_fails(shrinking, &candidate))
			at = next_of(text, at);
	}
}

void
shrink(struct script *script, shrink_fails_fn *fails, void *arg)
{
	struct shrinking shrinking = {
	    .script = script, .fails = fails, .arg = arg};

	for (int i = 0; i < ROUNDS_MAX; i++) {
		shrinking.has_shrunk = false;
		shrink_happenings(&shrinking);
		shrink_definitions(&shrinking, document_end, document_end);
		shrink_definitions(&shrinking, block_end, line_end);
		simplify_happenings(&shrinking);
		if (!shrinking.has_shrunk)
			break;
	}
}
