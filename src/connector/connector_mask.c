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
 * XML ("&amp;", "&#38;") and addresses ("%2f", "%2F").  So that no way is
 * overlooked, secrets are looked for in the answer as it is and in what it
 * stands for, and what was found there is traced back to where it stands.
 */
#include "connector_priv.h"

#include "stated/escape.h"

#include <stdlib.h>

#define SECRET_BYTES_MIN 8
/* An address within an address, or a document within a document, is escaped
 * twice, and once more where it stands in another. */
#define NESTED_MAX 3

static const struct str mask = STR_INIT("***");

struct masking {
	struct arena *arena;
	const struct str *secrets;
	size_t count;
	struct escape_bytes bytes; /* that the secrets consist of */
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

/* ------------------------------------------------------------------ answers */

static const enum escape forms[] = {
    ESCAPE_JSON, ESCAPE_XML, ESCAPE_PERCENT, ESCAPE_FORM};

/* Where secrets stand in the answer. */
struct found {
	struct arena *arena;
	struct str *places;
	size_t count;
	size_t capacity;
};

static void
add_place(struct found *found, struct str place)
{
	found->places = arena_grow(found->arena, found->places, found->count,
	    &found->capacity, sizeof(*found->places));
	found->places[found->count++] = place;
}

static void
find_one(const struct meant *meant, struct str secret, struct found *found)
{
	size_t from = 0;
	struct str rest = meant->text;

	for (size_t at; (at = str_find(rest, secret)) != SIZE_MAX;) {
		from += at;
		/* Else it has been found where the text is escaped less. */
		if (meant->of == NULL ||
		    escape_is_in(meant, from, secret.bytes))
			add_place(found,
			    escape_source(meant, from, secret.bytes));
		from += secret.bytes;
		rest = str_slice(meant->text, from, SIZE_MAX);
	}
}

static void
find_secrets(const struct masking *masking, const struct meant *meant,
    struct found *found)
{
	for (size_t i = 0; i < masking->count; i++)
		find_one(meant, masking->secrets[i], found);
}

/* depth: of how many forms it may still be, one within another.  The last of
 * them has to be of what a secret has. */
static void
find_all(const struct masking *masking, const struct meant *of, unsigned depth,
    struct found *found)
{
	const struct escape_bytes *wanted =
	    depth == 1 ? &masking->bytes : NULL;
	struct meant meant;

	find_secrets(masking, of, found);
	for (size_t i = 0; depth > 0 && i < COUNT_OF(forms); i++) {
		/* But for blanks, a form is what an address is. */
		if (forms[i] == ESCAPE_FORM && !masking->bytes.has[' '])
			continue;
		if (!escape_undo(of, forms[i], wanted, &meant))
			continue;
		find_all(masking, &meant, depth - 1, found);
		escape_free(&meant);
	}
}

static int
compare_places_cb(const void *a, const void *b)
{
	const struct str *left = a, *right = b;

	return left->at < right->at ? -1 : left->at > right->at;
}

static struct str
mask_places(struct arena *arena, struct str text, const struct found *found)
{
	struct buf out = buf_in(arena);
	size_t done = 0;

	qsort(found->places, found->count, sizeof(*found->places),
	    compare_places_cb);
	for (size_t i = 0; i < found->count; i++) {
		size_t begin = (size_t)(found->places[i].at - text.at);
		size_t end = begin + found->places[i].bytes;

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
	const struct meant answer = {.text = text};

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

static struct masking
masking_of(struct arena *arena, const struct message_request *request)
{
	struct masking masking = {
		.arena = arena,
		.secrets = request->secrets,
		.count = request->secret_count,
	};

	for (size_t i = 0; i < masking.count; i++)
		for (size_t k = 0; k < masking.secrets[i].bytes; k++)
			masking.bytes.has[(uint8_t)masking.secrets[i].at[k]] =
			    true;
	return masking;
}

struct message_response
connector_mask(struct arena *arena, const struct message_request *request,
    const struct message_response *response)
{
	const struct masking masking = masking_of(arena, request);
	struct message_response masked = *response;

	masked.headers = mask_headers(&masking, response);
	masked.body = mask_text(&masking, response->body);
	masked.detail = mask_text(&masking, response->detail);
	return masked;
}
