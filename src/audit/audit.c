/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c: sealing records into a chain, and checking a chain.
 *
 * What is hashed is the canonical text itself, `seq` and `prev` within it,
 * so that anybody with SHA-256 and the text can check a chain without
 * knowing anything of us.  The hash is not part of the text that it covers.
 */
#include "stated/audit.h"

#include "stated/json.h"

/* Most records are no longer. */
#define RECORD_BYTES_USUAL 1024

struct str
audit_kind_name(enum audit_kind kind)
{
	static const struct str names[AUDIT_KIND_COUNT] = {
#define X(symbol, name, tells) [AUDIT_##symbol] = STR_INIT(name),
		AUDIT_KINDS(X)
#undef X
	};

	must(kind < AUDIT_KIND_COUNT);
	return names[kind];
}

struct str
audit_journal_name(enum journal_kind kind)
{
	static const struct str names[JOURNAL_KIND_COUNT] = {
#define X(symbol, name, tells) [JOURNAL_##symbol] = STR_INIT(name),
		JOURNAL_KINDS(X)
#undef X
	};

	must(kind < JOURNAL_KIND_COUNT);
	return names[kind];
}

struct str
audit_fault_name(enum audit_fault fault)
{
	static const struct str names[] = {
		[AUDIT_SOUND] = STR_INIT("sound"),
		[AUDIT_MALFORMED] = STR_INIT("malformed"),
		[AUDIT_CHANGED] = STR_INIT("changed"),
		[AUDIT_MISSING] = STR_INIT("missing"),
		[AUDIT_REORDERED] = STR_INIT("reordered"),
		[AUDIT_UNLINKED] = STR_INIT("unlinked"),
		[AUDIT_CUT] = STR_INIT("cut"),
	};

	must(fault < sizeof(names) / sizeof(names[0]));
	return names[fault];
}

/* ---------------------------------------------------------------- sealing */

/* The record's text with its place in the chain, which only the chain may
 * give. */
static struct str
write_record(struct arena *arena, const struct value *record,
    const struct audit_head *place)
{
	struct buf text = buf_in(arena);
	char hex[DIGEST_HEX_BYTES];
	const struct value seq = {
		.type = VALUE_NUMBER,
		.as.number = number_of_int((int64_t)place->seq),
	};
	const struct value prev = {
		.type = VALUE_STRING,
		.as.string = digest_hex(place->hash, hex),
	};
	const struct value_field fields[] = {
		{STR("seq"), &seq},
		{STR("prev"), &prev},
	};

	must(value_get(record, STR("hash")) == NULL);
	buf_reserve(&text, RECORD_BYTES_USUAL);
	json_write_canonical_with(record, fields, 2, &text);
	return buf_keep(&text);
}

struct audit_record
audit_seal(struct arena *arena, const struct value *record,
    struct audit_head *head)
{
	struct audit_head place = {head->seq + 1, head->hash};
	struct audit_record sealed = {.seq = place.seq, .prev = place.hash};

	must(head->seq < INT64_MAX);
	sealed.canonical = write_record(arena, record, &place);
	sealed.hash = digest_sha256(sealed.canonical);
	*head = (struct audit_head){sealed.seq, sealed.hash};
	return sealed;
}

/* -------------------------------------------------------------- verifying */

/* Whether writing the record again gives the same bytes: a text that says
 * the same in another way was not written by us. */
static bool
is_canonical(const struct value *record, struct str text)
{
	struct buf again = {0};

	buf_reserve(&again, text.bytes);
	json_write(record, JSON_CANONICAL, &again);
	bool is_same = str_equal(buf_str(&again), text);
	buf_fini(&again);
	return is_same;
}

/* The record's own account of its place; false where it has none. */
static bool
read_place(const struct value *record, struct audit_head *place)
{
	const struct value *number = value_field_or_null(record, "seq");
	int64_t seq;

	if (!value_to_int(number, &seq) || seq < 1)
		return false;
	place->seq = (uint64_t)seq;
	return digest_parse_hex(
	    value_field_str(record, "prev"), &place->hash);
}

enum audit_fault
audit_verify_text(struct arena *arena, struct str canonical,
    struct digest hash, struct audit_head *place, const struct value **record)
{
	struct json_error error;

	*record = json_read_typed(arena, canonical, &error);
	if (*record != NULL && (*record)->type != VALUE_CONTEXT)
		*record = NULL;
	/* The hash comes first: where bytes were changed, what they say now
	 * about themselves means nothing. */
	if (!digest_equal(digest_sha256(canonical), hash))
		return AUDIT_CHANGED;
	if (*record == NULL || !read_place(*record, place) ||
	    !is_canonical(*record, canonical))
		return AUDIT_MALFORMED;
	return AUDIT_SOUND;
}

static enum audit_fault
compare_place(const struct audit_head *head, const struct audit_head *place)
{
	if (place->seq > head->seq + 1)
		return AUDIT_MISSING;
	if (place->seq <= head->seq)
		return AUDIT_REORDERED;
	if (!digest_equal(place->hash, head->hash))
		return AUDIT_UNLINKED;
	return AUDIT_SOUND;
}

enum audit_fault
audit_verify_place(struct audit_head *head, const struct audit_head *place,
    struct digest hash)
{
	enum audit_fault fault = compare_place(head, place);

	if (fault != AUDIT_SOUND)
		return fault;
	must(place->seq == head->seq + 1);
	head->seq = place->seq;
	head->hash = hash;
	return AUDIT_SOUND;
}

enum audit_fault
audit_verify_next(struct audit_head *head, struct str canonical,
    struct digest hash)
{
	struct arena *arena = arena_new();
	const struct value *record;
	struct audit_head place;
	enum audit_fault fault =
	    audit_verify_text(arena, canonical, hash, &place, &record);

	arena_free(&arena);
	return fault == AUDIT_SOUND ? audit_verify_place(head, &place, hash)
				    : fault;
}
