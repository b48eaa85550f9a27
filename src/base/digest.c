/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.c: SHA-256 and its relatives, by OpenSSL; hex and Base64 by hand.
 *
 * OpenSSL looks an algorithm up by name each time it is asked for, which costs
 * more than digesting a short record; so it is looked up once per process.
 * Decoders are strict: a text has one meaning, and one only is accepted.
 */
#include "stated/digest.h"

#include "stated/memory.h"
#include "stated/must.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>

struct digest_stream {
	EVP_MD_CTX *context;
};

/* Set once and constant from then on. */
static const EVP_MD *sha256_method;
static pthread_key_t context_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *
get_cb(size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_get(bytes);
}

static void *
resize_cb(void *at, size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_resize(at, bytes);
}

static void
free_cb(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	free(at);
}

static void
free_context_cb(void *context)
{
	EVP_MD_CTX_free(context);
}

static void
prepare_cb(void)
{
	/* Refused where another library has been at it before us. */
	(void)CRYPTO_set_mem_functions(get_cb, resize_cb, free_cb);
	sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(sha256_method != NULL);
	must(pthread_key_create(&context_key, free_context_cb) == 0);
}

static const EVP_MD *
sha256(void)
{
	must(pthread_once(&once, prepare_cb) == 0);
	return sha256_method;
}

static struct digest
end(EVP_MD_CTX *context)
{
	struct digest digest;
	unsigned int bytes = 0;

	must(EVP_DigestFinal_ex(context, digest.bytes, &bytes) == 1);
	must(bytes == sizeof(digest.bytes));
	return digest;
}

struct digest_stream *
digest_stream_new(void)
{
	const EVP_MD *method = sha256();
	struct digest_stream *stream = OPENSSL_zalloc(sizeof(*stream));

	must(stream != NULL);
	stream->context = EVP_MD_CTX_new();
	must(stream->context != NULL);
	must(EVP_DigestInit_ex2(stream->context, method, NULL) == 1);
	return stream;
}

void
digest_stream_add(struct digest_stream *stream, struct str bytes)
{
	must(EVP_DigestUpdate(stream->context, bytes.at, bytes.bytes) == 1);
}

struct digest
digest_stream_end(struct digest_stream **stream)
{
	struct digest digest;

	must(stream != NULL && *stream != NULL);
	digest = end((*stream)->context);
	EVP_MD_CTX_free((*stream)->context);
	OPENSSL_free(*stream);
	*stream = NULL;
	return digest;
}

/* The thread's own, made once: a context costs more than a short digest. */
static EVP_MD_CTX *
context_of_thread(void)
{
	must(pthread_once(&once, prepare_cb) == 0);
	EVP_MD_CTX *context = pthread_getspecific(context_key);
	if (context == NULL) {
		context = EVP_MD_CTX_new();
		must(context != NULL);
		must(pthread_setspecific(context_key, context) == 0);
	}
	return context;
}

struct digest
digest_sha256(struct str bytes)
{
	return digest_sha256_parts(&bytes, 1);
}

struct digest
digest_sha256_parts(const struct str *parts, size_t count)
{
	const EVP_MD *method = sha256();
	EVP_MD_CTX *context = context_of_thread();

	must(EVP_DigestInit_ex2(context, method, NULL) == 1);
	for (size_t i = 0; i < count; i++)
		must(EVP_DigestUpdate(context, parts[i].at, parts[i].bytes) ==
		    1);
	return end(context);
}

struct digest
digest_hmac_sha256(struct str key, struct str bytes)
{
	struct digest digest;
	unsigned int size = 0;

	must(key.bytes <= INT32_MAX);
	/* OpenSSL takes an absent key for "the one before". */
	const char *key_at = key.at != NULL ? key.at : "";
	const char *at = bytes.at != NULL ? bytes.at : "";
	must(HMAC(sha256(), key_at, (int)key.bytes, (const unsigned char *)at,
		bytes.bytes, digest.bytes, &size) != NULL);
	must(size == sizeof(digest.bytes));
	return digest;
}

bool
digest_equal(struct digest a, struct digest b)
{
	return CRYPTO_memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

bool
digest_text_equal(struct str a, struct str b)
{
	return a.bytes == b.bytes && a.bytes > 0 &&
	    CRYPTO_memcmp(a.at, b.at, a.bytes) == 0;
}

/* -------------------------------------------------------------------- hex */

static char *
put_hex(char *at, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	at[0] = digits[byte >> 4];
	at[1] = digits[byte & 15];
	return at + 2;
}

/* Four bytes as eight digits, side by side in a word: the first byte is the
 * lowest one, and so is the first digit. */
static uint64_t
hex_of(uint32_t bytes)
{
	uint64_t word = bytes;

	word = (word | word << 16) & 0x0000ffff0000ffff;
	word = (word | word << 8) & 0x00ff00ff00ff00ff;
	word = (word >> 4 & 0x000f000f000f000f) |
	    (word & 0x000f000f000f000f) << 8;
	/* Ten and more reach the next digit where six are added. */
	uint64_t letters =
	    (word + 0x0606060606060606) >> 4 & 0x0101010101010101;
	return word + 0x3030303030303030 + letters * ('a' - '0' - 10);
}

static char *
put_hex_of_four(char *at, const char *from)
{
	uint32_t bytes;

	memcpy(&bytes, from, sizeof(bytes));
	uint64_t digits = htole64(hex_of(le32toh(bytes)));
	memcpy(at, &digits, sizeof(digits));
	return at + sizeof(digits);
}

struct str
digest_format_hex(struct str bytes, char *out)
{
	char *at = out;
	size_t i = 0;

	for (; bytes.bytes - i >= 4; i += 4)
		at = put_hex_of_four(at, bytes.at + i);
	for (; i < bytes.bytes; i++)
		at = put_hex(at, (uint8_t)bytes.at[i]);
	*at = '\0';
	return (struct str){out, 2 * bytes.bytes};
}

struct str
digest_hex(struct digest digest, char out[DIGEST_HEX_BYTES])
{
	struct str bytes = {(const char *)digest.bytes, sizeof(digest.bytes)};

	return digest_format_hex(bytes, out);
}

struct str
digest_uuid(const uint8_t bytes[16], char out[DIGEST_UUID_BYTES])
{
	char *at = out;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at = put_hex(at, bytes[i]);
	}
	*at = '\0';
	return (struct str){out, DIGEST_UUID_BYTES - 1};
}

bool
digest_parse_hex(struct str hex, struct digest *out)
{
	struct digest digest;

	if (hex.bytes != 2 * sizeof(digest.bytes))
		return false;
	for (size_t i = 0; i < sizeof(digest.bytes); i++) {
		int byte = str_hex_byte(hex, 2 * i);
		if (byte < 0)
			return false;
		digest.bytes[i] = (uint8_t)byte;
	}
	*out = digest;
	return true;
}

/* ----------------------------------------------------------------- Base64 */

struct str
digest_base64(struct arena *arena, struct str bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789+/";

	must(bytes.bytes < SIZE_MAX / 2);
	size_t groups = (bytes.bytes + 2) / 3;
	char *out = arena_alloc(arena, groups * 4 + 1);
	const unsigned char *in = (const unsigned char *)bytes.at;
	for (size_t i = 0; i < groups; i++) {
		size_t left = bytes.bytes - i * 3;
		uint32_t bits = (uint32_t)in[i * 3] << 16;
		if (left > 1)
			bits |= (uint32_t)in[i * 3 + 1] << 8;
		if (left > 2)
			bits |= in[i * 3 + 2];
		out[i * 4] = alphabet[bits >> 18];
		out[i * 4 + 1] = alphabet[bits >> 12 & 63];
		out[i * 4 + 2] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		out[i * 4 + 3] = left > 2 ? alphabet[bits & 63] : '=';
	}
	return (struct str){out, groups * 4};
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

/* Takes the padding off; false where there is not as much as there must be.
 * None at all is right as well, since JOSE leaves it out. */
static bool
take_padding(struct str *text)
{
	size_t padding = 0;

	while (padding < text->bytes &&
	    text->at[text->bytes - 1 - padding] == '=')
		padding++;
	bool is_whole = text->bytes % 4 == 0;
	text->bytes -= padding;
	if (text->bytes % 4 == 1)
		return false;
	return padding == 0 || (is_whole && padding <= 2);
}

bool
digest_parse_base64(struct arena *arena, struct str text, struct str *out)
{
	if (!take_padding(&text))
		return false;
	unsigned char *at = arena_alloc(arena, text.bytes / 4 * 3 + 3);
	size_t bytes = 0;
	uint32_t bits = 0;
	unsigned bit_count = 0;
	for (size_t i = 0; i < text.bytes; i++) {
		int value = base64_value(text.at[i]);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			at[bytes++] = (unsigned char)(bits >> bit_count);
			bits &= (1u << bit_count) - 1;
		}
	}
	/* Bits that are left over belong to no byte and must be zero. */
	if (bits != 0)
		return false;
	*out = (struct str){(char *)at, bytes};
	return true;
}

struct str
digest_base64url(struct arena *arena, struct str bytes)
{
	struct str text = digest_base64(arena, bytes);
	char *at = (char *)text.at;

	for (size_t i = 0; i < text.bytes; i++) {
		if (at[i] == '+')
			at[i] = '-';
		if (at[i] == '/')
			at[i] = '_';
	}
	while (text.bytes > 0 && at[text.bytes - 1] == '=')
		text.bytes--;
	return text;
}

bool
digest_parse_base64url(struct arena *arena, struct str text, struct str *out)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] == '+' || text.at[i] == '/' ||
		    text.at[i] == '=')
			return false;
	return digest_parse_base64(arena, text, out);
}
