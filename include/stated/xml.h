/* SPDX-License-Identifier: Apache-2.0 */
/* xml.h: what XML 1.0 (fifth edition) can hold of a text, and how. */
#ifndef STATED_XML_H
#define STATED_XML_H

#include <stdbool.h>
#include <stdint.h>

/* Production 2.  What isn't can't be written, not even as a reference. */
bool xml_is_character(uint32_t c);
/* What stands for a character that XML gives a meaning, or that its readers
 * change in an attribute; NULL: itself. */
const char *xml_entity(uint32_t c);

#endif
