/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_input.h"

#include "stated/json.h"

#include <stdio.h>

struct str
fuzz_take_line(struct str *rest)
{
	if (rest->bytes == 0)
		*rest = (struct str){NULL, 0};
	return str_split(*rest, '\n', rest);
}

const struct message_header *
fuzz_take_headers(struct arena *arena, struct str *rest, size_t *count)
{
	struct message_header *headers = NULL;
	size_t capacity = 0;
	struct str line, value;

	*count = 0;
	while ((line = fuzz_take_line(rest)).bytes > 0) {
		struct str name = str_split(line, ':', &value);

		headers = arena_grow(
		    arena, headers, *count, &capacity, sizeof(*headers));
		headers[(*count)++] = (struct message_header){
		    .name = name,
		    .value = value.at != NULL ? str_trim(value) : STR(""),
		};
	}
	return headers;
}

void
fuzz_check_value(const struct value *value)
{
	struct arena *arena = arena_new();
	struct buf text = {0};
	struct json_error error;

	must(value != NULL);
	json_write(value, JSON_CANONICAL, &text);
	must(str_is_utf8(buf_str(&text)));
	must(json_read_typed(arena, buf_str(&text), &error) != NULL);
	buf_fini(&text);
	arena_free(&arena);
}

void
fuzz_check_text(struct str text)
{
	must(text.at != NULL);
	must(str_is_utf8(text));
}
