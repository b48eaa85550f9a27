/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header_list.c: a request's headers while they are put together.
 *
 * A value that comes from outside could end its line and begin another
 * header; what can't stand in a header is therefore refused, never repaired.
 */
#include "connector_priv.h"

static bool
is_name(struct str name)
{
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.at[i];
		bool is_alnum = (c >= '0' && c <= '9') ||
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!is_alnum && (c == '\0' ||
		    strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return name.bytes > 0;
}

static bool
is_value(struct str value)
{
	for (size_t i = 0; i < value.bytes; i++) {
		unsigned char c = (unsigned char)value.at[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct message_header *
find(const struct header_list *list, struct str name)
{
	for (size_t i = 0; i < list->count; i++)
		if (message_name_equal(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

bool
header_list_set(struct header_list *list, struct message_header header)
{
	struct message_header *there = find(list, header.name);

	if (!is_name(header.name) || !is_value(header.value))
		return false;
	header.value = str_trim(header.value);
	if (there != NULL) {
		*there = header;
		return true;
	}
	list->items = arena_grow(list->arena, list->items, list->count,
	    &list->capacity, sizeof(list->items[0]));
	list->items[list->count++] = header;
	return true;
}

struct str
header_list_find(const struct header_list *list, struct str name)
{
	const struct message_header *found = find(list, name);

	return found != NULL ? found->value : (struct str){NULL, 0};
}
