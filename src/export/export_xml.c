/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_xml.c: text within XML 1.0, for XES and OCEL.
 *
 * Business data may hold what XML can't: a zero, an escape, a lone byte of a
 * damaged record.  Refusing it would hide a history, so each such character
 * is shown as U+FFFD.
 */
#include "export_priv.h"
#include "stated/xml.h"

#define REPLACEMENT "\xef\xbf\xbd"

void
export_xml_text(struct buf *out, struct str text)
{
	size_t at = 0;

	must(out != NULL);
	while (at < text.bytes) {
		struct str character = str_codepoint_at(text, at);
		size_t begin = 0;
		uint32_t c = 0;

		if (character.bytes > 0)
			c = str_next_codepoint(character, &begin);
		if (!xml_is_character(c))
			buf_add_cstr(out, REPLACEMENT);
		else if (xml_entity(c) != NULL)
			buf_add_cstr(out, xml_entity(c));
		else
			buf_add_str(out, character);
		at += character.bytes > 0 ? character.bytes : 1;
	}
}

void
export_xml_pair(struct buf *out, const char *element, const char *key,
    struct str value)
{
	must(element != NULL && key != NULL);
	buf_addf(out, "<%s key=\"%s\" value=\"", element, key);
	export_xml_text(out, value);
	buf_add_cstr(out, "\"/>\n");
}
