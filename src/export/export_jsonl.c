/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_jsonl.c: one record a line: its canonical text, with its hash as
 * one member more at the end.
 *
 * The text is not written anew: a line without `,"hash":"…"` is byte for byte
 * what was hashed, so a verifier needs no JSON library of ours.
 */
#include "export_priv.h"

#include "stated/json.h"

#define HASH_KEY ",\"hash\":\""
#define HASH_END "\"}"
/* Of the member and the brace that ends the line. */
#define HASH_MEMBER_BYTES                                                      \
	(sizeof(HASH_KEY) - 1 + DIGEST_HEX_BYTES - 1 + sizeof(HASH_END) - 1)

static void
add(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	struct str text = row->record.canonical;
	char hex[DIGEST_HEX_BYTES];

	(void)telling;
	/* Without its last brace, which follows the hash.  A text that was
	 * damaged is exported as it is, so that verifying finds it. */
	if (str_has_suffix(text, STR("}")))
		text.bytes--;
	buf_add_str(out, text);
	buf_add_cstr(out, HASH_KEY);
	buf_add_str(out, digest_hex(row->record.hash, hex));
	buf_add_cstr(out, HASH_END "\n");
}

const struct export_format_functions export_format_jsonl = {.add = add};

bool
export_jsonl_split(struct str line, struct buf *out, struct digest *hash)
{
	must(out != NULL);
	if (line.bytes < HASH_MEMBER_BYTES)
		return false;
	size_t bytes = line.bytes - HASH_MEMBER_BYTES;
	struct str member = str_slice(line, bytes, HASH_MEMBER_BYTES);
	struct str hex = str_slice(member, sizeof(HASH_KEY) - 1,
	    DIGEST_HEX_BYTES - 1);
	if (!str_has_prefix(member, STR(HASH_KEY)) ||
	    !str_has_suffix(member, STR(HASH_END)) ||
	    !digest_parse_hex(hex, hash))
		return false;
	buf_add_str(out, str_slice(line, 0, bytes));
	buf_add_char(out, '}');
	return true;
}

/* ------------------------------------------------------------ closing line */

void
export_jsonl_close(struct buf *out, const struct export_closing *closing)
{
	char hex[DIGEST_HEX_BYTES];

	must(closing->instances <= closing->records);
	buf_addf(out, "{\"export\":{\"excerpt\":%s,\"instances\":%llu,",
	    closing->is_excerpt ? "true" : "false",
	    (unsigned long long)closing->instances);
	if (closing->purged > 0)
		buf_addf(out, "\"purged\":%llu,",
		    (unsigned long long)closing->purged);
	buf_addf(out, "\"records\":%llu,\"sha256\":\"%.*s\"}}\n",
	    (unsigned long long)closing->records,
	    STR_ARG(digest_hex(closing->hash, hex)));
}

static bool
read_count(const struct value *totals, const char *key, uint64_t *count)
{
	return export_record_uint(value_field_or_null(totals, key), count);
}

/* There is one way to write it. */
static bool
is_written_so(const struct export_closing *closing, struct str line)
{
	struct buf again = {0};

	if (closing->instances > closing->records)
		return false;
	export_jsonl_close(&again, closing);
	bool is_same = again.bytes == line.bytes + 1 &&
	    str_has_prefix(buf_str(&again), line);
	buf_fini(&again);
	return is_same;
}

bool
export_jsonl_read_closing(struct arena *arena, struct str line,
    struct export_closing *closing)
{
	struct json_error error;

	must(closing != NULL);
	if (!str_has_prefix(line, STR("{\"export\":")))
		return false;
	const struct value *read = json_read(arena, line, &error);
	if (read == NULL || read->type != VALUE_CONTEXT)
		return false;
	const struct value *totals = value_field_or_null(read, "export");
	if (totals->type != VALUE_CONTEXT)
		return false;
	closing->is_excerpt =
	    value_is_true(value_field_or_null(totals, "excerpt"));
	closing->purged = 0;
	if (value_get_cstr(totals, "purged") != NULL &&
	    !read_count(totals, "purged", &closing->purged))
		return false;
	return read_count(totals, "instances", &closing->instances) &&
	    read_count(totals, "records", &closing->records) &&
	    digest_parse_hex(value_field_str(totals, "sha256"),
		&closing->hash) &&
	    is_written_so(closing, line);
}
