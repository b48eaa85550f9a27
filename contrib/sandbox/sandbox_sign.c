/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_sign.c: a table of schemes, one function each. */
#include "sandbox_sign.h"

#include "stated/buf.h"
#include "stated/digest.h"
#include "stated/signature.h"

#include <time.h>

/* The number that PayPal's webhooks have here. */
#define WEBHOOK_ID "WH-SANDBOX"

struct signing {
	struct arena *arena;
	const struct sandbox_sign_letter *letter;
	struct sandbox_sign_header *headers;
	size_t count;
};
typedef void sign_fn(struct signing *signing);

static void
add(struct signing *signing, const char *name, struct str value)
{
	must(signing->count < SANDBOX_SIGN_HEADERS_MAX);
	signing->headers[signing->count++] = (struct sandbox_sign_header){
	    .name = name, .value = arena_cstr(signing->arena, value)};
}

static struct digest
hmac(struct signing *signing, struct str key, struct str before,
    struct str after)
{
	struct buf text = buf_in(signing->arena);

	buf_add_str(&text, before);
	buf_add_str(&text, signing->letter->body);
	buf_add_str(&text, after);
	return digest_hmac_sha256(key, buf_str(&text));
}

static struct str
hex(struct signing *signing, struct digest digest)
{
	char text[DIGEST_HEX_BYTES];

	return arena_str(signing->arena, digest_hex(digest, text));
}

static struct str
base64(struct signing *signing, struct digest digest)
{
	return digest_base64(signing->arena,
	    (struct str){(const char *)digest.bytes, sizeof(digest)});
}

static struct str
seconds(struct signing *signing)
{
	return arena_strf(signing->arena, "%lld",
	    (long long)(signing->letter->now_ms / 1000));
}

static struct str
key_of(struct signing *signing)
{
	return str_of(signing->letter->secret);
}

static void
sign_bank(struct signing *signing)
{
	add(signing, "x-bank-signature", hex(signing,
	    hmac(signing, key_of(signing), STR(""), STR(""))));
}

static void
sign_stripe(struct signing *signing)
{
	struct str time = seconds(signing);
	struct str told = hex(signing, hmac(signing, key_of(signing),
	    arena_strf(signing->arena, "%.*s.", STR_ARG(time)), STR("")));

	add(signing, "Stripe-Signature", arena_strf(signing->arena,
	    "t=%.*s,v1=%.*s", STR_ARG(time), STR_ARG(told)));
}

static void
sign_github(struct signing *signing)
{
	struct str told = hex(signing,
	    hmac(signing, key_of(signing), STR(""), STR("")));

	add(signing, "X-GitHub-Delivery", str_of(signing->letter->id));
	add(signing, "X-Hub-Signature-256",
	    arena_strf(signing->arena, "sha256=%.*s", STR_ARG(told)));
}

static void
sign_standard(struct signing *signing)
{
	struct str time = seconds(signing), key = key_of(signing), told;

	if (str_has_prefix(key, STR("whsec_")))
		key = str_slice(key, 6, key.bytes);
	if (!digest_parse_base64(signing->arena, key, &key))
		key = STR("");
	told = base64(signing, hmac(signing, key,
	    arena_strf(signing->arena, "%s.%.*s.", signing->letter->id,
		STR_ARG(time)),
	    STR("")));
	add(signing, "webhook-id", str_of(signing->letter->id));
	add(signing, "webhook-timestamp", time);
	add(signing, "webhook-signature",
	    arena_strf(signing->arena, "v1,%.*s", STR_ARG(told)));
}

static void
sign_hubspot(struct signing *signing)
{
	struct str time = arena_strf(signing->arena, "%lld",
	    (long long)signing->letter->now_ms);

	add(signing, "X-HubSpot-Request-Timestamp", time);
	add(signing, "X-HubSpot-Signature-v3", base64(signing,
	    hmac(signing, key_of(signing),
		arena_strf(signing->arena, "POST%s", signing->letter->url),
		time)));
}

static struct str
by_private_key(struct signing *signing, enum signature_algorithm algorithm,
    struct str text)
{
	struct signature_key *key = signature_key_read(key_of(signing));
	struct str made = STR("");

	if (key == NULL ||
	    !signature_make(signing->arena, key, algorithm, text, &made))
		made = STR("no key");
	signature_key_free(&key);
	return made;
}

static uint32_t
crc32_of(struct str bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < 8 * bytes.bytes; i++) {
		uint32_t bit = (uint32_t)(unsigned char)bytes.at[i / 8] >>
			       i % 8;

		crc = crc >> 1 ^ ((crc ^ bit) & 1 ? 0xedb88320u : 0u);
	}
	return ~crc;
}

static void
sign_paypal(struct signing *signing)
{
	time_t now = (time_t)(signing->letter->now_ms / 1000);
	struct tm utc;
	char time[32];
	struct str told;

	gmtime_r(&now, &utc);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &utc);
	told = by_private_key(signing, SIGNATURE_RS256,
	    arena_strf(signing->arena, "%s|%s|" WEBHOOK_ID "|%u",
		signing->letter->id, time, crc32_of(signing->letter->body)));
	add(signing, "PayPal-Transmission-Id", str_of(signing->letter->id));
	add(signing, "PayPal-Transmission-Time", str_of(time));
	add(signing, "PayPal-Auth-Algo", STR("SHA256withRSA"));
	add(signing, "PayPal-Transmission-Sig",
	    digest_base64(signing->arena, told));
}

static void
sign_jws(struct signing *signing)
{
	struct str header = digest_base64url(signing->arena,
	    STR("{\"alg\":\"PS256\",\"kid\":\"sandbox\"}"));
	struct str body =
	    digest_base64url(signing->arena, signing->letter->body);
	struct str told = by_private_key(signing, SIGNATURE_PS256,
	    arena_strf(signing->arena, "%.*s.%.*s", STR_ARG(header),
		STR_ARG(body)));

	told = digest_base64url(signing->arena, told);
	add(signing, "x-jws-signature", arena_strf(signing->arena,
	    "%.*s..%.*s", STR_ARG(header), STR_ARG(told)));
}

static const struct {
	const char *name;
	sign_fn *sign;
} schemes[] = {
    {"bank", sign_bank},
    {"stripe", sign_stripe},
    {"github", sign_github},
    {"standard-webhooks", sign_standard},
    {"hubspot", sign_hubspot},
    {"paypal", sign_paypal},
    {"jws", sign_jws},
};
#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

static sign_fn *
find(const char *scheme)
{
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		if (strcmp(schemes[i].name, scheme) == 0)
			return schemes[i].sign;
	return NULL;
}

bool
sandbox_sign_knows(const char *scheme)
{
	return find(scheme) != NULL;
}

size_t
sandbox_sign(struct arena *arena, const char *scheme,
    const struct sandbox_sign_letter *letter,
    struct sandbox_sign_header headers[SANDBOX_SIGN_HEADERS_MAX])
{
	struct signing signing = {arena, letter, headers, 0};
	sign_fn *sign = find(scheme);

	must(sign != NULL);
	sign(&signing);
	return signing.count;
}
