/* SPDX-License-Identifier: Apache-2.0 */
/* schema_error.c: findings, and the places that they name. */
#include "stated/schema.h"

#include <stdio.h>

#include "schema_priv.h"

#define MESSAGE_BYTES 300

static void
add_token(struct buf *pointer, struct str token)
{
	buf_add_char(pointer, '/');
	for (size_t i = 0; i < token.bytes; i++) {
		char c = token.at[i];
		if (c == '~')
			buf_add_cstr(pointer, "~0");
		else if (c == '/')
			buf_add_cstr(pointer, "~1");
		else
			buf_add_char(pointer, c);
	}
}

static void
add_place(struct buf *pointer, const struct schema_place *place)
{
	if (!place)
		return;
	add_place(pointer, place->outer);
	if (place->key.at)
		add_token(pointer, place->key);
	else
		buf_addf(pointer, "/%zu", place->index);
}

struct str
schema_error_pointer(struct arena *arena, const struct schema_place *place)
{
	struct buf pointer = {0};
	add_place(&pointer, place);
	struct str text = buf_str(&pointer);
	struct str copy = arena_str(arena, text.at ? text : STR(""));
	buf_fini(&pointer);
	return copy;
}

void
schema_error_add(struct schema_errors *errors, struct str pointer,
    struct str keyword, const char *format, va_list args)
{
	must(errors->count < SCHEMA_ERRORS_MAX);
	char message[MESSAGE_BYTES];
	str_vwrite(message, sizeof(message), format, args);
	errors->items = arena_grow(errors->arena, errors->items, errors->count,
	    &errors->capacity, sizeof(*errors->items));
	errors->items[errors->count++] = (struct schema_error){
	    .pointer = arena_str(errors->arena, pointer),
	    .keyword = arena_str(errors->arena, keyword),
	    .message = arena_str(errors->arena, str_of(message)),
	};
}
