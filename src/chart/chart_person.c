/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_person.c: when two names are one person's.
 *
 * A person may come by several tokens, given at different times and from
 * different sources, whose names were typed by hand.  What would only be
 * another way of writing a name must not make two people of one.
 */
#include "chart_priv.h"

#include "stated/feel.h"

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* In small letters, with one blank between words and none around them.  Bytes
 * that are no text have no letters: whatever brought them, they stay. */
static void
write_key(struct str name, struct buf *key)
{
	struct buf words = {0};
	bool gap = false;

	for (size_t i = 0; i < name.bytes; i++) {
		if (is_blank(name.at[i])) {
			gap = true;
			continue;
		}
		if (gap && words.bytes > 0)
			buf_add_char(&words, ' ');
		gap = false;
		buf_add_char(&words, name.at[i]);
	}
	if (str_is_utf8(buf_str(&words)))
		feel_case_lower(buf_str(&words), key);
	else
		buf_add_str(key, buf_str(&words));
	buf_fini(&words);
}

bool
chart_person_is_known(struct str name)
{
	return name.at != NULL && !chart_person_is(name, STR(CHART_ANONYMOUS));
}

bool
chart_person_is_machine(struct str name)
{
	return chart_person_is(name, STR(CHART_ENGINE)) ||
	       chart_person_is(name, STR(CHART_SCHEDULE));
}

bool
chart_person_is_reserved(struct str name)
{
	return chart_person_is_machine(name) ||
	       chart_person_is(name, STR(CHART_ANONYMOUS));
}

bool
chart_person_is(struct str a, struct str b)
{
	struct buf left = {0}, right = {0};
	bool is_same;

	if (a.at == NULL || b.at == NULL)
		return false;
	if (str_equal(a, b))
		return true;
	write_key(a, &left);
	write_key(b, &right);
	is_same = str_equal(buf_str(&left), buf_str(&right));
	buf_fini(&left);
	buf_fini(&right);
	return is_same;
}
