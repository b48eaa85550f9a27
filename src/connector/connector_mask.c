/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_mask.c: an answer without the secrets that it was asked with.
 *
 * Endpoints repeat what they were told: error pages with all headers, "invalid
 * key sk_live_…".  What they answer goes into histories and errors, so it is
 * cleaned before anything reads it.  Short ones are left: "admin" in an answer
 * is most likely a user's name, and business data must not be changed.  An
 * answer's cookies are credentials, whatever was asked.
 *
 * JSON may write one character in many ways ("/", "\/", "\u002F"), and so may
 * addresses ("%2f", "%2F").  So that no way is overlooked, secrets are looked
 * for in the answer as it is and in what it stands for, and what was found
 * there is traced back to where it stands.
 */
#include "connector_priv.h"

#include <stdlib.h>

#define SECRET_BYTES_MIN 8

static const struct str mask = STR_INIT("***");

struct masking {
	struct arena *arena;
	const struct str *secrets;
	size_t count;
};

/* ----------------------------------------------------------- what is secret */

static void
add(struct call_scope *scope, struct str text)
{
	if (text.bytes < SECRET_BYTES_MIN ||
	    str_is_among(text, scope->secrets, scope->secret_count))
		return;
	scope->secrets = arena_grow(scope->arena, scope->secrets,
	    scope->secret_count, &scope->secret_capacity,
	    sizeof(*scope->secrets));
	scope->secrets[scope->secret_count++] =
	    arena_str(scope->arena, text);
}

/* An endpoint sees of its address what comes after the host; what is secret
 * about that is mostly its end. */
static void
add_target(struct call_scope *scope, struct str address)
{
	struct str rest = str_slice(address,
	    str_find(address, STR("://")) + 3, address.bytes);

	(void)str_split(rest, '/', &rest);
	add(scope, rest);
	while (rest.at != NULL) {
		struct str last = str_split(rest, '/', &rest);

		if (rest.at == NULL)
			add(scope, last);
	}
}

void
connector_mask_add(struct call_scope *scope, struct str secret)
{
	/* A private key is never sent. */
	if (str_has_prefix(secret, STR("-----BEGIN")))
		return;
	add(scope, secret);
	if (str_find(secret, STR("://")) != SIZE_MAX)
		add_target(scope, secret);
}

/* "Bearer abc": the scheme is none. */
static void
add_headers(struct call_scope *scope, const struct message_request *request)
{
	for (size_t i = 0; i < request->header_count; i++) {
		struct str value = request->headers[i].value;
		struct str rest;

		if (!request->headers[i].secret)
			continue;
		(void)str_split(value, ' ', &rest);
		connector_mask_add(scope, rest.bytes > 0 ? rest : value);
	}
}

void
connector_mask_keep(struct call_scope *scope, struct message_request *request)
{
	add_headers(scope, request);
	request->secrets = scope->secrets;
	request->secret_count = scope->secret_count;
}

/* ------------------------------------------------- ways of writing a text */

/* A character stands for itself, or is written as what begins with the mark. */
struct coding {
	char mark;
	/* One that is written so, of 1 to 4 bytes; returns how many bytes stand
	 * for it.  What is no writing of a character is the mark itself. */
	size_t (*read)(struct str text, char out[4], size_t *out_bytes);
};

static size_t
read_mark(struct str text, char out[4], size_t *out_bytes)
{
	out[0] = text.at[0];
	*out_bytes = 1;
	return 1;
}

static size_t
read_percent(struct str text, char out[4], size_t *out_bytes)
{
	int byte = str_hex_byte(text, 1);

	if (byte < 0)
		return read_mark(text, out, out_bytes);
	out[0] = (char)byte;
	*out_bytes = 1;
	return 3;
}

/* "\u" and four digits; false where there is none at that place. */
static bool
read_unit(struct str text, size_t at, uint32_t *unit)
{
	int high = str_hex_byte(text, at + 2);
	int low = str_hex_byte(text, at + 4);

	if (!str_equal(str_slice(text, at, 2), STR("\\u")) || high < 0 ||
	    low < 0)
		return false;
	*unit = (uint32_t)high << 8 | (uint32_t)low;
	return true;
}

static size_t
read_unicode(struct str text, char out[4], size_t *out_bytes)
{
	uint32_t unit, low;
	size_t bytes = 6;

	if (!read_unit(text, 0, &unit))
		return read_mark(text, out, out_bytes);
	if (unit >= 0xd800 && unit <= 0xdbff && read_unit(text, 6, &low) &&
	    low >= 0xdc00 && low <= 0xdfff) {
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		bytes = 12;
	}
	if (unit >= 0xd800 && unit <= 0xdfff)
		return read_mark(text, out, out_bytes);
	*out_bytes = str_put_codepoint(out, unit);
	return bytes;
}

static size_t
read_escape(struct str text, char out[4], size_t *out_bytes)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	char name = text.bytes > 1 ? text.at[1] : '\0';
	const char *found = name != '\0' ? strchr(names, name) : NULL;

	if (found == NULL)
		return read_unicode(text, out, out_bytes);
	out[0] = bytes[found - names];
	*out_bytes = 1;
	return 2;
}

static const struct coding percent_coding = {'%', read_percent};
static const struct coding json_coding = {'\\', read_escape};
/* JSON that is repeated within JSON is quoted twice. */
#define NESTED_MAX 2

/* A text, and what it is the meaning of. */
struct layer {
	struct str text;
	const struct layer *below; /* NULL: the answer itself */
	const struct coding *coding; /* in which that one writes this one */
};

/* How many bytes come before the next mark. */
static size_t
run_before(struct str text, size_t at, char mark)
{
	const char *found = memchr(text.at + at, mark, text.bytes - at);

	return found != NULL ? (size_t)(found - text.at) - at
			     : text.bytes - at;
}

static bool
is_written_by(const struct coding *coding, struct str text)
{
	return run_before(text, 0, coding->mark) < text.bytes;
}

static void
decode(struct str text, const struct coding *coding, struct buf *out)
{
	char bytes[4];
	size_t count;

	for (size_t at = 0; at < text.bytes;) {
		size_t run = run_before(text, at, coding->mark);

		buf_add(out, text.at + at, run);
		at += run;
		if (at == text.bytes)
			return;
		at += coding->read(
		    str_slice(text, at, SIZE_MAX), bytes, &count);
		buf_add(out, bytes, count);
	}
}

/* Offsets in what the text stands for, in order, become offsets in it. */
static void
trace_back(struct str text, const struct coding *coding, size_t *offsets,
    size_t count)
{
	size_t at = 0, passed = 0, bytes;
	char ignored[4];

	for (size_t i = 0; i < count;) {
		size_t run = run_before(text, at, coding->mark);

		for (; i < count && offsets[i] <= passed + run; i++)
			offsets[i] = at + (offsets[i] - passed);
		at += run;
		passed += run;
		if (at == text.bytes)
			break;
		at += coding->read(
		    str_slice(text, at, SIZE_MAX), ignored, &bytes);
		passed += bytes;
		for (; i < count && offsets[i] < passed; i++)
			offsets[i] = at; /* inside of a character */
	}
}

/* ------------------------------------------------------------------ answers */

/* Where secrets stand: beginnings and ends by turns. */
struct found {
	struct arena *arena;
	size_t *offsets;
	size_t count;
	size_t capacity;
};

static void
add_offset(struct found *found, size_t offset)
{
	found->offsets = arena_grow(found->arena, found->offsets, found->count,
	    &found->capacity, sizeof(*found->offsets));
	found->offsets[found->count++] = offset;
}

static void
find_one(const struct layer *layer, struct str secret, struct found *found)
{
	size_t first = found->count, from = 0;
	struct str rest = layer->text;

	for (size_t at; (at = str_find(rest, secret)) != SIZE_MAX;) {
		add_offset(found, from + at);
		from += at + secret.bytes;
		add_offset(found, from);
		rest = str_slice(layer->text, from, SIZE_MAX);
	}
	for (; found->count > first && layer->below != NULL;
	     layer = layer->below)
		trace_back(layer->below->text, layer->coding,
		    found->offsets + first, found->count - first);
}

static void find_all(const struct masking *masking, const struct layer *layer,
    int depth, struct found *found);

/* In what the text stands for. */
static void
find_meant(const struct masking *masking, const struct layer *layer,
    const struct coding *coding, int depth, struct found *found)
{
	struct buf meant = {0};
	struct layer above = {.below = layer, .coding = coding};

	if (!is_written_by(coding, layer->text))
		return;
	decode(layer->text, coding, &meant);
	above.text = buf_str(&meant);
	find_all(masking, &above, depth, found);
	buf_fini(&meant);
}

/* depth: how many times it may still be JSON within something. */
static void
find_all(const struct masking *masking, const struct layer *layer, int depth,
    struct found *found)
{
	for (size_t i = 0; i < masking->count; i++)
		find_one(layer, masking->secrets[i], found);
	if (layer->coding == &percent_coding)
		return;
	find_meant(masking, layer, &percent_coding, depth, found);
	if (depth > 0)
		find_meant(masking, layer, &json_coding, depth - 1, found);
}

static int
compare_places_cb(const void *a, const void *b)
{
	const size_t *left = a, *right = b;

	return left[0] < right[0] ? -1 : left[0] > right[0];
}

static struct str
mask_places(struct arena *arena, struct str text, const struct found *found)
{
	struct buf out = buf_in(arena);
	size_t done = 0;

	qsort(found->offsets, found->count / 2, 2 * sizeof(*found->offsets),
	    compare_places_cb);
	for (size_t i = 0; i < found->count; i += 2) {
		size_t begin = found->offsets[i], end = found->offsets[i + 1];

		if (i == 0 || begin >= done) {
			buf_add(&out, text.at + done, begin - done);
			buf_add_str(&out, mask);
		}
		if (end > done)
			done = end;
	}
	buf_add(&out, text.at + done, text.bytes - done);
	return buf_keep(&out);
}

static struct str
mask_text(const struct masking *masking, struct str text)
{
	struct found found = {.arena = masking->arena};
	const struct layer answer = {.text = text};

	if (masking->count == 0 || text.bytes == 0)
		return text;
	find_all(masking, &answer, NESTED_MAX, &found);
	return found.count > 0 ? mask_places(masking->arena, text, &found)
			       : text;
}

static const struct message_header *
mask_headers(const struct masking *masking,
    const struct message_response *response)
{
	struct message_header *headers = NULL;

	for (size_t i = 0; i < response->header_count; i++) {
		const struct message_header *header = &response->headers[i];
		struct str value = connector_is_credential(header)
		    ? mask
		    : mask_text(masking, header->value);

		if (value.at == header->value.at)
			continue;
		if (headers == NULL) {
			headers = ARENA_ARRAY(masking->arena,
			    response->header_count, struct message_header);
			memcpy(headers, response->headers,
			    response->header_count * sizeof(*headers));
		}
		headers[i].value = value;
	}
	return headers != NULL ? headers : response->headers;
}

struct message_response
connector_mask(struct arena *arena, const struct message_request *request,
    const struct message_response *response)
{
	const struct masking masking = {
		.arena = arena,
		.secrets = request->secrets,
		.count = request->secret_count,
	};
	struct message_response masked = *response;

	masked.headers = mask_headers(&masking, response);
	masked.body = mask_text(&masking, response->body);
	masked.detail = mask_text(&masking, response->detail);
	return masked;
}
