/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_string.c: functions of text without patterns (DMN 1.5, table 74).
 *
 * Positions count characters, that is code points, from 1.
 */
#include "feel_builtin.h"

#include "feel_case.h"

/* The byte where character `index` (from 0) begins. */
static size_t
byte_of(struct str s, size_t index)
{
	size_t at = 0;

	while (index-- > 0 && at < s.bytes)
		(void)str_next_codepoint(s, &at);
	return at;
}

/* From which character (from 0); false where there is none. */
static bool
find_start(int64_t position, size_t count, size_t *start)
{
	if (position == 0 || position < -(int64_t)count)
		return false;
	*start = (size_t)(position > 0 ? position - 1 :
	    (int64_t)count + position);
	return true;
}

const struct value *
feel_string_substring(struct feel_call *call)
{
	struct str string = feel_builtin_str(call, 0);
	int64_t position;
	int64_t length = INT64_MAX;
	size_t start;
	size_t from;

	if (!feel_spend(call->run, string.bytes / 16))
		return &value_null;
	if (!feel_builtin_int(call, 1, &position) ||
	    !find_start(position, str_count_codepoints(string), &start))
		return feel_builtin_null(call,
		    "the text has no such start position");
	if (feel_builtin_has(call, 2) &&
	    (!feel_builtin_int(call, 2, &length) || length < 0))
		return feel_builtin_null(call, "the length is negative");
	from = byte_of(string, start);
	string = str_slice(string, from, SIZE_MAX);
	return value_of_str(call->run->arena,
	    str_slice(string, 0, byte_of(string, (size_t)length)));
}

const struct value *
feel_string_length(struct feel_call *call)
{
	struct str string = feel_builtin_str(call, 0);

	if (!feel_spend(call->run, string.bytes / 16))
		return &value_null;
	return value_of_int(call->run->arena,
	    (int64_t)str_count_codepoints(string));
}

/* -------------------------------------------------------------------- case */

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.bytes; i++) {
		if ((unsigned char)s.at[i] >= 0x80)
			return false;
	}
	return true;
}

typedef void case_fn(struct str string, struct buf *out);

static const struct value *
change_any(struct feel_call *call, struct str string, case_fn *change)
{
	const struct value *changed;
	struct buf out;

	if (!feel_spend(call->run, string.bytes / 4))
		return &value_null;
	buf_init(&out, feel_text_bytes_max(call->run));
	change(string, &out);
	changed = feel_text_take(call->run, &out);
	return changed != NULL ? changed : &value_null;
}

/* Letters from `first` on to those of the other case. */
static const struct value *
change_case(struct feel_call *call, char first, case_fn *change)
{
	struct str string = feel_builtin_str(call, 0);
	char *bytes;

	if (!feel_spend(call->run, string.bytes / 16) ||
	    !feel_afford(call->run, string.bytes))
		return &value_null;
	if (!is_ascii(string))
		return change_any(call, string, change);
	bytes = arena_alloc(call->run->arena, string.bytes + 1);
	for (size_t i = 0; i < string.bytes; i++) {
		bool changes = string.at[i] >= first &&
		    string.at[i] < first + 26;

		bytes[i] = (char)(changes ? string.at[i] ^ 32 : string.at[i]);
	}
	return value_of_str(call->run->arena,
	    (struct str){bytes, string.bytes});
}

const struct value *
feel_string_upper(struct feel_call *call)
{
	return change_case(call, 'a', feel_case_upper);
}

const struct value *
feel_string_lower(struct feel_call *call)
{
	return change_case(call, 'A', feel_case_lower);
}

/* --------------------------------------------------------------- searching */

/* Where the second argument stands in the first, or SIZE_MAX; searching is
 * paid for, since it may take the product of both lengths. */
static size_t
find_match(struct feel_call *call)
{
	struct str string = feel_builtin_str(call, 0);
	struct str match = feel_builtin_str(call, 1);

	if (!feel_spend(call->run,
	    string.bytes / 64 * (1 + match.bytes / 64)))
		return SIZE_MAX;
	return str_find(string, match);
}

const struct value *
feel_string_before(struct feel_call *call)
{
	size_t at = find_match(call);

	return value_of_str(call->run->arena,
	    str_slice(feel_builtin_str(call, 0), 0, at == SIZE_MAX ? 0 : at));
}

const struct value *
feel_string_after(struct feel_call *call)
{
	size_t at = find_match(call);

	if (at == SIZE_MAX)
		return value_of_str(call->run->arena, STR(""));
	return value_of_str(call->run->arena, str_slice(
	    feel_builtin_str(call, 0), at + feel_builtin_str(call, 1).bytes,
	    SIZE_MAX));
}

const struct value *
feel_string_contains(struct feel_call *call)
{
	return value_of_boolean(find_match(call) != SIZE_MAX);
}

const struct value *
feel_string_starts(struct feel_call *call)
{
	return value_of_boolean(str_has_prefix(feel_builtin_str(call, 0),
	    feel_builtin_str(call, 1)));
}

const struct value *
feel_string_ends(struct feel_call *call)
{
	return value_of_boolean(str_has_suffix(feel_builtin_str(call, 0),
	    feel_builtin_str(call, 1)));
}

/* ----------------------------------------------------------------- joining */

/* The bytes of all items and the delimiters between them; false where an
 * item is no text. */
static bool
measure_join(const struct value *list, size_t delimiter_bytes, size_t *bytes)
{
	size_t count = 0;

	*bytes = 0;
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];

		if (value_is_null(item))
			continue;
		if (item->type != VALUE_STRING)
			return false;
		*bytes += item->as.string.bytes +
		    (count++ > 0 ? delimiter_bytes : 0);
	}
	return true;
}

static size_t
add_bytes(char *to, size_t at, struct str s)
{
	if (s.bytes > 0)
		memcpy(to + at, s.at, s.bytes);
	return at + s.bytes;
}

/* Nulls are left out. */
const struct value *
feel_string_join(struct feel_call *call)
{
	const struct value *list = call->args[0];
	struct str delimiter = STR("");
	char *bytes;
	size_t total;
	size_t at = 0;
	bool is_first = true;

	if (feel_builtin_has(call, 1))
		delimiter = feel_builtin_str(call, 1);
	if (!feel_spend(call->run, list->as.list.count))
		return &value_null;
	if (!measure_join(list, delimiter.bytes, &total))
		return feel_builtin_null(call, "an item is no text");
	if (!feel_afford(call->run, total))
		return &value_null;
	bytes = arena_alloc(call->run->arena, total + 1);
	for (size_t i = 0; i < list->as.list.count; i++) {
		if (value_is_null(list->as.list.items[i]))
			continue;
		if (!is_first)
			at = add_bytes(bytes, at, delimiter);
		at = add_bytes(bytes, at, list->as.list.items[i]->as.string);
		is_first = false;
	}
	must(at == total);
	return value_of_str(call->run->arena, (struct str){bytes, at});
}
