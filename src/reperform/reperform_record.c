/* SPDX-License-Identifier: Apache-2.0 */
/* reperform_record.c: whose a record is. */
#include "reperform_priv.h"

#include <string.h>

#define STORE_DIGITS 16 /* of an identifier, its first eight bytes */

bool
record_identity(struct str text, struct chart_identity *identity)
{
	char hex[DIGEST_HEX_BYTES - 1];
	struct digest padded;
	size_t digits = 0;

	memset(hex, '0', sizeof(hex));
	for (size_t i = 0; i < text.bytes && digits < STORE_DIGITS; i++)
		if (text.at[i] != '-')
			hex[digits++] = text.at[i];
	if (digits != STORE_DIGITS ||
	    !digest_parse_hex((struct str){hex, sizeof(hex)}, &padded))
		return false;
	*identity = (struct chart_identity){.number = 0};
	memcpy(identity->store, padded.bytes, STORE_DIGITS / 2);
	return chart_id_parse(text, identity->store, &identity->number);
}
