/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_mask.c: an answer without the secrets that it was asked with.
 *
 * Endpoints repeat what they were told: error pages with all headers, "invalid
 * key sk_live_…".  What they answer goes into histories and errors, so it is
 * cleaned before anything reads it.  Secrets are looked for as they are, and
 * as addresses and JSON write them.  Short ones are left: "admin" in an answer
 * is most likely a user's name, and business data must not be changed.
 */
#include "connector_priv.h"

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
	if (str_is_among(text, scope->secrets, scope->secret_count))
		return;
	scope->secrets = arena_grow(scope->arena, scope->secrets,
	    scope->secret_count, &scope->secret_capacity,
	    sizeof(*scope->secrets));
	scope->secrets[scope->secret_count++] =
	    arena_str(scope->arena, text);
}

/* As it stands within a text of JSON. */
static struct str
quoted(struct arena *arena, struct str text)
{
	struct buf out = buf_in(arena);

	buf_add_json_string(&out, text);
	return str_slice(buf_str(&out), 1, out.bytes - 2);
}

/* JSON that is repeated within JSON is quoted twice. */
static void
add_forms(struct call_scope *scope, struct str secret)
{
	struct buf encoded = buf_in(scope->arena);
	struct str once;

	if (secret.bytes < SECRET_BYTES_MIN)
		return;
	add(scope, secret);
	message_encode(secret, &encoded);
	add(scope, buf_str(&encoded));
	once = quoted(scope->arena, secret);
	add(scope, once);
	add(scope, quoted(scope->arena, once));
}

/* An endpoint sees of its address what comes after the host; what is secret
 * about that is mostly its end. */
static void
add_target(struct call_scope *scope, struct str address)
{
	struct str rest = str_slice(address,
	    str_find(address, STR("://")) + 3, address.bytes);

	(void)str_split(rest, '/', &rest);
	add_forms(scope, rest);
	while (rest.at != NULL) {
		struct str last = str_split(rest, '/', &rest);

		if (rest.at == NULL)
			add_forms(scope, last);
	}
}

void
connector_mask_add(struct call_scope *scope, struct str secret)
{
	/* A private key is never sent. */
	if (str_has_prefix(secret, STR("-----BEGIN")))
		return;
	add_forms(scope, secret);
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

static struct str
mask_one(struct arena *arena, struct str text, struct str secret)
{
	size_t at = str_find(text, secret);
	struct buf out;

	if (at == SIZE_MAX)
		return text;
	out = buf_in(arena);
	while (at != SIZE_MAX) {
		buf_add(&out, text.at, at);
		buf_add_str(&out, mask);
		text = str_slice(text, at + secret.bytes, text.bytes);
		at = str_find(text, secret);
	}
	buf_add_str(&out, text);
	return buf_keep(&out);
}

static struct str
mask_text(const struct masking *masking, struct str text)
{
	for (size_t i = 0; i < masking->count; i++)
		text = mask_one(masking->arena, text, masking->secrets[i]);
	return text;
}

static const struct message_header *
mask_headers(const struct masking *masking,
    const struct message_response *response)
{
	struct message_header *headers = NULL;

	for (size_t i = 0; i < response->header_count; i++) {
		const struct message_header *header = &response->headers[i];
		struct str value = mask_text(masking, header->value);

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
