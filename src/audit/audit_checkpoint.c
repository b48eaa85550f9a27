/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_checkpoint.c: checkpoints as documents, and back.
 *
 * A document has one form: what is read is written again and compared, so
 * that what was signed and what was understood can't be two things.
 */
#include "stated/audit_checkpoint.h"

#include "stated/clock.h"
#include "stated/json.h"

#define TYPE "stated checkpoint 1"
#define BEGINNING "{\"checkpoint\":"
#define BEFORE_KEY ",\"key\":\""
#define BEFORE_SIGNATURE "\",\"signature\":\""
#define END "\"}"
#define KEY_BYTES 16
#define SIGNATURE_BYTES 88 /* 64 in Base64 */
/* Numbers that any reader of JSON takes for what they are. */
#define COUNT_MAX (((int64_t)1 << 53) - 1)

static struct str
key_id(const struct signature_key *key, char out[KEY_BYTES + 1])
{
	struct arena *arena = arena_new();
	struct digest digest = digest_sha256(signature_key_der(arena, key));

	arena_free(&arena);
	return digest_format_hex(
	    (struct str){(const char *)digest.bytes, KEY_BYTES / 2}, out);
}

/* ---------------------------------------------------------------- writing */

static struct str
write_text(struct arena *arena, const struct audit_checkpoint *checkpoint)
{
	struct value_builder *journal = value_build_context(arena);
	struct value_builder *built = value_build_context(arena);
	struct buf text = buf_in(arena);
	char hex[DIGEST_HEX_BYTES], time[CLOCK_TEXT_BYTES];
	struct str origin = {(const char *)checkpoint->origin,
		sizeof(checkpoint->origin)};

	value_put_str(journal, "hash",
	    digest_hex(checkpoint->journal.hash, hex));
	value_put_int(journal, "seq", (int64_t)checkpoint->journal.seq);
	value_put_int(built, "instances", (int64_t)checkpoint->instances);
	value_put(built, STR("journal"), value_built(journal));
	value_put_int(built, "number", (int64_t)checkpoint->number);
	value_put_str(built, "origin", digest_format_hex(origin, hex));
	value_put_str(built, "root", digest_hex(checkpoint->root, hex));
	value_put_int(built, "size", (int64_t)checkpoint->size);
	value_put_str(built, "time", clock_format(checkpoint->time_ms, time));
	value_put_str(built, "type", STR(TYPE));
	json_write(value_built(built), JSON_CANONICAL, &text);
	return buf_keep(&text);
}

struct str
audit_checkpoint_sign(struct arena *arena,
    const struct audit_checkpoint *checkpoint, const struct signature_key *key)
{
	struct str text = write_text(arena, checkpoint), signature;
	char id[KEY_BYTES + 1];

	if (!signature_key_fits(key, SIGNATURE_EDDSA) ||
	    !signature_make(arena, key, SIGNATURE_EDDSA, text, &signature))
		return (struct str){NULL, 0};
	signature = digest_base64(arena, signature);
	must(signature.bytes == SIGNATURE_BYTES);
	return arena_strf(arena,
	    BEGINNING "%.*s" BEFORE_KEY "%.*s" BEFORE_SIGNATURE "%.*s" END,
	    STR_ARG(text), STR_ARG(key_id(key, id)),
	    STR_ARG(signature));
}

/* ---------------------------------------------------------------- reading */

/* Takes that many bytes off the end, and what stands before them. */
static bool
take_end(struct str *rest, struct str before, size_t bytes, struct str *out)
{
	size_t all = before.bytes + bytes;

	if (rest->bytes < all)
		return false;
	*out = str_slice(*rest, rest->bytes - bytes, bytes);
	rest->bytes -= all;
	return str_has_prefix(
	    (struct str){rest->at + rest->bytes, all}, before);
}

static bool
take_apart(struct str document, struct audit_signed *out)
{
	struct str beginning = STR(BEGINNING), end = STR(END);

	if (!str_has_prefix(document, beginning) ||
	    !str_has_suffix(document, end))
		return false;
	document.bytes -= end.bytes;
	if (!take_end(&document, STR(BEFORE_SIGNATURE), SIGNATURE_BYTES,
		&out->signature) ||
	    !take_end(&document, STR(BEFORE_KEY), KEY_BYTES, &out->key))
		return false;
	out->text = str_slice(document, beginning.bytes, document.bytes);
	return document.bytes > beginning.bytes;
}

static bool
read_count(const struct value *read, const char *name, uint64_t *count)
{
	const struct value *value = value_field_or_null(read, name);
	int64_t n;

	if (!value_to_int(value, &n) || n < 0 || n > COUNT_MAX)
		return false;
	*count = (uint64_t)n;
	return true;
}

static bool
read_hash(const struct value *read, const char *name, struct digest *hash)
{
	return digest_parse_hex(
	    value_field_str(read, name), hash);
}

static bool
read_origin(const struct value *read, uint8_t origin[16])
{
	struct str hex = value_field_str(read, "origin");

	if (hex.bytes != 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		int byte = str_hex_byte(hex, 2 * i);

		if (byte < 0)
			return false;
		origin[i] = (uint8_t)byte;
	}
	return true;
}

static bool
read_text(
    struct arena *arena, struct str text, struct audit_checkpoint *checkpoint)
{
	struct json_error error;
	const struct value *read = json_read(arena, text, &error);
	const struct value *journal;

	if (read == NULL || read->type != VALUE_CONTEXT)
		return false;
	journal = value_field_or_null(read, "journal");
	return journal->type == VALUE_CONTEXT &&
	    read_count(journal, "seq", &checkpoint->journal.seq) &&
	    read_hash(journal, "hash", &checkpoint->journal.hash) &&
	    read_count(read, "instances", &checkpoint->instances) &&
	    read_count(read, "number", &checkpoint->number) &&
	    read_count(read, "size", &checkpoint->size) &&
	    read_hash(read, "root", &checkpoint->root) &&
	    read_origin(read, checkpoint->origin) &&
	    clock_parse(value_field_str(read, "time"),
		&checkpoint->time_ms) &&
	    str_equal(write_text(arena, checkpoint), text);
}

bool
audit_checkpoint_read(
    struct arena *arena, struct str document, struct audit_signed *out)
{
	struct str bytes;

	*out = (struct audit_signed){.checkpoint.number = 0};
	return take_apart(document, out) &&
	    digest_parse_base64(arena, out->signature, &bytes) &&
	    str_equal(digest_base64(arena, bytes), out->signature) &&
	    read_text(arena, out->text, &out->checkpoint);
}

/* Its text ends as a document does, and is told by its type. */
static bool
has_end(struct str line)
{
	return str_has_suffix(line, STR(END)) &&
	       !str_has_suffix(line, STR(TYPE END));
}

bool
audit_checkpoint_is_cut(struct str line)
{
	const struct str before = STR(BEFORE_SIGNATURE);
	size_t at = str_find(line, before);

	if (str_has_prefix(STR(BEGINNING), line))
		return true;
	if (!str_has_prefix(line, STR(BEGINNING)) || has_end(line))
		return false;
	return at == SIZE_MAX ||
	       line.bytes < at + before.bytes + SIGNATURE_BYTES + strlen(END);
}

bool
audit_checkpoint_is_of(
    const struct audit_signed *document, const struct signature_key *key)
{
	struct arena *arena = arena_new();
	struct str signature;
	char id[KEY_BYTES + 1];
	bool is_of = signature_key_fits(key, SIGNATURE_EDDSA) &&
	    str_equal(key_id(key, id), document->key) &&
	    digest_parse_base64(arena, document->signature, &signature) &&
	    signature_is_of(key, SIGNATURE_EDDSA, document->text, signature);

	arena_free(&arena);
	return is_of;
}
