/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_lean.c: taking out of records what can be had from elsewhere, and
 * putting it back.
 *
 * The members are looked for in the order in which canonical text has them,
 * each behind the one before.  That finds the record's own ones; if it should
 * find the same text within another value, it is put back there just the same.
 * So reading needs no more than to look for the four bytes, once each, in that
 * order.
 */
#include "store_lean.h"

#include "stated/buf.h"

#define BYTE_COUNT 4
/* Instance and prev come early in a text, but after the input; seq and time
 * near its end. */
#define BYTES_IN_FRONT 2
#define TIME_MEMBER "\"time\":\""
/* How clock_format() writes an instant; its 17 digits are kept as a number. */
static const char time_form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
#define TIME_BYTES (sizeof(time_form) - 1)
#define TIME_DIGITS_MAX 99999999999999999

/* In order of their bytes, from 1 on. */
static void
list_members(const struct lean_members *members, struct str list[BYTE_COUNT])
{
	list[0] = members->instance;
	list[1] = members->prev;
	list[2] = members->seq;
	list[3] = members->time;
}

/* `"name":"value"` */
static struct str
put_member(char *out, struct str name, struct str value)
{
	memcpy(out, name.at, name.bytes);
	memcpy(out + name.bytes, value.at, value.bytes);
	out[name.bytes + value.bytes] = '"';
	return (struct str){out, name.bytes + value.bytes + 1};
}

static void
set_instance(struct lean_members *members, struct str value)
{
	must(value.bytes <= LEAN_INSTANCE_BYTES_MAX);
	if (value.bytes > 0)
		members->instance = put_member(members->instance_text,
		    STR("\"instance\":\""), value);
}

static void
set_time(struct lean_members *members, uint64_t digits)
{
	char text[TIME_BYTES];

	must(digits <= TIME_DIGITS_MAX);
	for (size_t i = TIME_BYTES; i-- > 0;) {
		text[i] = time_form[i];
		if (time_form[i] != 'd')
			continue;
		text[i] = (char)('0' + digits % 10);
		digits /= 10;
	}
	members->time = put_member(members->time_text, STR(TIME_MEMBER),
	    (struct str){text, TIME_BYTES});
}

static struct str
put_seq(char *out, size_t capacity, uint64_t seq)
{
	static const struct str name = STR_INIT(",\"seq\":");
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + seq % 10);
		seq /= 10;
	} while (seq > 0);
	size_t count = sizeof(digits) - at;
	must(name.bytes + count <= capacity);
	memcpy(out, name.at, name.bytes);
	memcpy(out + name.bytes, digits + at, count);
	return (struct str){out, name.bytes + count};
}

static void
set_place(struct lean_members *members, uint64_t seq, struct digest prev)
{
	char hex[DIGEST_HEX_BYTES];

	members->prev = put_member(members->prev_text, STR("\"prev\":\""),
	    digest_hex(prev, hex));
	members->seq = put_seq(members->seq_text, sizeof(members->seq_text),
	    seq);
}

/* --------------------------------------------------------------- taking out */

/* Members are longer than a word, and their first words are rare: comparing
 * those finds one faster than a search that prepares itself, in texts that are
 * as short as these. */
static uint64_t
word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static bool
is_at(struct str text, size_t at, struct str member)
{
	return memcmp(text.at + at, member.at, member.bytes) == 0;
}

static size_t
find_first(struct str text, struct str member)
{
	uint64_t word = word_at(member.at);

	must(member.bytes >= sizeof(word));
	for (size_t at = 0; at + member.bytes <= text.bytes; at++)
		if (word_at(text.at + at) == word && is_at(text, at, member))
			return at;
	return SIZE_MAX;
}

static size_t
find_last(struct str text, struct str member)
{
	uint64_t word = word_at(member.at);

	must(member.bytes >= sizeof(word));
	if (member.bytes > text.bytes)
		return SIZE_MAX;
	for (size_t at = text.bytes - member.bytes + 1; at-- > 0;)
		if (word_at(text.at + at) == word && is_at(text, at, member))
			return at;
	return SIZE_MAX;
}

/* The value of the record's own `instance`, if it is a plain string. */
static struct str
find_instance(struct str text)
{
	static const struct str member = STR_INIT("\"instance\":\"");
	size_t at = str_find(text, member);

	if (at == SIZE_MAX)
		return (struct str){NULL, 0};
	struct str value = str_slice(text, at + member.bytes,
	    LEAN_INSTANCE_BYTES_MAX + 1);
	const char *end = memchr(value.at, '"', value.bytes);
	if (end == NULL || memchr(value.at, '\\', (size_t)(end - value.at)))
		return (struct str){NULL, 0};
	return str_slice(value, 0, (size_t)(end - value.at));
}

static bool
find_time(struct str text, uint64_t *digits)
{
	size_t at = find_last(text, STR(TIME_MEMBER));

	if (at == SIZE_MAX)
		return false;
	text = str_slice(text, at + sizeof(TIME_MEMBER) - 1, TIME_BYTES);
	if (text.bytes < TIME_BYTES)
		return false;
	*digits = 0;
	for (size_t i = 0; i < TIME_BYTES; i++) {
		bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
		if (is_digit != (time_form[i] == 'd') ||
		    (!is_digit && text.at[i] != time_form[i]))
			return false;
		if (is_digit)
			*digits = *digits * 10 + (uint64_t)(text.at[i] - '0');
	}
	return true;
}

/* The first record tells what is looked for in all. */
static void
add_head(struct buf *lean, struct lean_members *members, struct str text)
{
	struct str instance = find_instance(text);
	size_t seq_at = find_last(text, members->seq);
	uint64_t digits;

	if (seq_at == SIZE_MAX)
		seq_at = 0;
	if (find_time(str_slice(text, seq_at, text.bytes), &digits)) {
		set_time(members, digits);
		buf_add_varint(lean, digits + 1);
	} else {
		buf_add_varint(lean, 0);
	}
	set_instance(members, instance);
	buf_add_varint(lean, instance.bytes);
	buf_add_str(lean, instance);
}

static void
add_record(
    struct buf *lean, const struct lean_members *members, struct str text)
{
	struct str list[BYTE_COUNT];

	list_members(members, list);
	for (size_t i = 0; i < BYTE_COUNT; i++) {
		if (list[i].at == NULL)
			continue;
		size_t at = i < BYTES_IN_FRONT ? find_first(text, list[i]) :
		    find_last(text, list[i]);
		if (at == SIZE_MAX)
			continue;
		buf_add_str(lean, str_slice(text, 0, at));
		buf_add_char(lean, (char)(i + 1));
		text = str_slice(text, at + list[i].bytes, text.bytes);
	}
	buf_add_str(lean, text);
	buf_add_char(lean, '\n');
}

static bool
has_lean_byte(struct str text)
{
	for (int byte = 1; byte <= BYTE_COUNT; byte++)
		if (memchr(text.at, byte, text.bytes) != NULL)
			return true;
	return false;
}

bool
store_lean_add(struct buf *lean, const struct audit_record *records,
    size_t count)
{
	struct lean_members members = {0};

	must(count > 0);
	for (size_t i = 0; i < count; i++) {
		must(records[i].seq == records[0].seq + i);
		if (i > 0 && memcmp(&records[i].prev, &records[i - 1].hash,
		    sizeof(struct digest)) != 0)
			return false;
		if (has_lean_byte(records[i].canonical))
			return false;
		set_place(&members, records[i].seq, records[i].prev);
		if (i == 0)
			add_head(lean, &members, records[0].canonical);
		add_record(lean, &members, records[i].canonical);
	}
	return true;
}

/* ------------------------------------------------------------- putting back */

bool
store_lean_init(struct store_lean *lean, struct str text, uint64_t first_seq,
    struct digest prev)
{
	uint64_t time, bytes;
	struct str instance;

	*lean = (struct store_lean){.seq = first_seq, .prev = prev};
	if (!buf_take_varint(&text, &time) || !buf_take_varint(&text, &bytes) ||
	    bytes > LEAN_INSTANCE_BYTES_MAX ||
	    !buf_take_bytes(&text, (size_t)bytes, &instance))
		return false;
	if (time > (uint64_t)TIME_DIGITS_MAX + 1)
		return false;
	set_instance(&lean->members, instance);
	if (time > 0)
		set_time(&lean->members, time - 1);
	lean->rest = text;
	return true;
}

void
store_lean_fini(struct store_lean *lean)
{
	buf_fini(&lean->text);
}

static void
restore(struct buf *out, const struct lean_members *members, struct str line)
{
	struct str list[BYTE_COUNT];

	list_members(members, list);
	for (size_t i = 0; i < BYTE_COUNT; i++) {
		const char *at = list[i].at != NULL && line.bytes > 0 ?
		    memchr(line.at, (int)i + 1, line.bytes) : NULL;
		if (at == NULL)
			continue;
		size_t before = (size_t)(at - line.at);
		buf_add_str(out, str_slice(line, 0, before));
		buf_add_str(out, list[i]);
		line = str_slice(line, before + 1, line.bytes);
	}
	buf_add_str(out, line);
}

bool
store_lean_next(struct store_lean *lean, struct audit_record *record)
{
	const char *end = lean->rest.bytes > 0 ?
	    memchr(lean->rest.at, '\n', lean->rest.bytes) : NULL;

	if (end == NULL)
		return false;
	set_place(&lean->members, lean->seq, lean->prev);
	buf_clear(&lean->text);
	restore(&lean->text, &lean->members,
	    str_split(lean->rest, '\n', &lean->rest));
	*record = (struct audit_record){
		.seq = lean->seq,
		.prev = lean->prev,
		.hash = digest_sha256(buf_str(&lean->text)),
		.canonical = buf_str(&lean->text),
	};
	lean->seq++;
	lean->prev = record->hash;
	return true;
}
