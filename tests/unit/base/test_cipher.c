/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cipher against published vectors, and against who changes what it has
 * sealed.
 */
#include "stated/cipher.h"

#include "stated/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
from_hex(const char *hex, uint8_t *out)
{
	struct str text = str_of(hex);

	for (size_t i = 0; i < text.bytes; i += 2) {
		int byte = str_hex_byte(text, i);

		assert_in_range(byte, 0, 255);
		out[i / 2] = (uint8_t)byte;
	}
}

static void
assert_hex(const uint8_t *bytes, size_t count, const char *expected)
{
	char out[512];

	assert_true(2 * count < sizeof(out));
	(void)digest_format_hex(
	    (struct str){(const char *)bytes, count}, out);
	assert_string_equal(out, expected);
}

static struct cipher_key
key_of(const char *hex)
{
	struct cipher_key key;

	assert_true(cipher_key_parse(str_of(hex), &key));
	return key;
}

/* ----------------------------------------------------------------- vectors */

/* Test cases 13 to 16 of the paper in which GCM was proposed to NIST, and one
 * of NIST's own (CAVP) for a key of 256 bits with nothing but `beside`. */
static const struct vector {
	const char *key, *nonce, *beside, *plain, *sealed, *tag;
} vectors[] = {
    {"00000000000000000000000000000000"
     "00000000000000000000000000000000",
	"000000000000000000000000", "", "", "",
	"530f8afbc74536b9a963b4f1c4cb738b"},
    {"00000000000000000000000000000000"
     "00000000000000000000000000000000",
	"000000000000000000000000", "",
	"00000000000000000000000000000000",
	"cea7403d4d606b6e074ec5d3baf39d18",
	"d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308"
     "feffe9928665731c6d6a8f9467308308",
	"cafebabefacedbaddecaf888", "",
	"d9313225f88406e5a55909c5aff5269a"
	"86a7a9531534f7da2e4c303d8a318a72"
	"1c3c0c95956809532fcf0e2449a6b525"
	"b16aedf5aa0de657ba637b391aafd255",
	"522dc1f099567d07f47f37a32a84427d"
	"643a8cdcbfe5c0c97598a2bd2555d1aa"
	"8cb08e48590dbb3da7b08b1056828838"
	"c5f61e6393ba7a0abcc9f662898015ad",
	"b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308"
     "feffe9928665731c6d6a8f9467308308",
	"cafebabefacedbaddecaf888",
	"feedfacedeadbeeffeedfacedeadbeefabaddad2",
	"d9313225f88406e5a55909c5aff5269a"
	"86a7a9531534f7da2e4c303d8a318a72"
	"1c3c0c95956809532fcf0e2449a6b525"
	"b16aedf5aa0de657ba637b39",
	"522dc1f099567d07f47f37a32a84427d"
	"643a8cdcbfe5c0c97598a2bd2555d1aa"
	"8cb08e48590dbb3da7b08b1056828838"
	"c5f61e6393ba7a0abcc9f662",
	"76fc6ece0f4e1768cddf8853bb2d551b"},
    {"78dc4e0aaf52d935c3c01eea57428f00"
     "ca1fd475f5da86a49c8dd73d68c8e223",
	"d79cf22d504cc793c3fb6c8a", "b96baa8c1c75a671bfb2d08d06be5f36", "",
	"", "3e5d486aa2e30b22e040b85723a06e76"},
};

struct sealed {
	struct cipher_key key;
	uint8_t nonce[CIPHER_NONCE_BYTES];
	uint8_t beside[64], plain[64], sealed[64], tag[CIPHER_TAG_BYTES];
	size_t beside_bytes, bytes;
};

static struct str
bytes_of(const uint8_t *at, size_t bytes)
{
	return (struct str){(const char *)at, bytes};
}

static struct sealed
seal_vector(const struct vector *vector)
{
	struct sealed s = {.key = key_of(vector->key),
	    .beside_bytes = strlen(vector->beside) / 2,
	    .bytes = strlen(vector->plain) / 2};
	struct cipher *cipher = cipher_new(&s.key);

	from_hex(vector->nonce, s.nonce);
	from_hex(vector->beside, s.beside);
	from_hex(vector->plain, s.plain);
	cipher_seal(cipher, s.nonce, bytes_of(s.beside, s.beside_bytes),
	    bytes_of(s.plain, s.bytes), s.sealed, s.tag);
	cipher_free(&cipher);
	assert_null(cipher);
	return s;
}

static bool
opens(const struct sealed *s)
{
	struct cipher *cipher = cipher_new(&s->key);
	uint8_t plain[64];
	bool is_open;

	memset(plain, 0xee, sizeof(plain));
	is_open = cipher_open(cipher, s->nonce,
	    bytes_of(s->beside, s->beside_bytes),
	    bytes_of(s->sealed, s->bytes), s->tag, plain);
	cipher_free(&cipher);
	for (size_t i = 0; i < s->bytes; i++)
		assert_int_equal(plain[i], is_open ? s->plain[i] : 0);
	return is_open;
}

static void
test_sealing_agrees_with_published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct sealed s = seal_vector(&vectors[i]);

		assert_hex(s.sealed, s.bytes, vectors[i].sealed);
		assert_hex(s.tag, sizeof(s.tag), vectors[i].tag);
		assert_true(opens(&s));
	}
}

static void
refuse_each_bit(struct sealed *s, uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < 8 * bytes; i++) {
		at[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(opens(s));
		at[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_true(opens(s));
}

static void
test_whatever_is_changed_is_refused(void **state)
{
	struct sealed s = seal_vector(&vectors[3]);

	(void)state;
	refuse_each_bit(&s, s.sealed, s.bytes);
	refuse_each_bit(&s, s.beside, s.beside_bytes);
	refuse_each_bit(&s, s.tag, sizeof(s.tag));
	refuse_each_bit(&s, s.nonce, sizeof(s.nonce));
	refuse_each_bit(&s, s.key.bytes, sizeof(s.key.bytes));
	s.bytes--;
	assert_false(opens(&s));
	s.bytes++;
	s.beside_bytes--;
	assert_false(opens(&s));
}

static void
test_one_context_seals_and_opens_in_turns(void **state)
{
	struct cipher_key keys[2] = {
	    key_of(vectors[0].key), key_of(vectors[2].key)};
	struct cipher *cipher = cipher_new(&keys[0]);
	static const uint8_t nonce[CIPHER_NONCE_BYTES] = {7};
	uint8_t sealed[2][5], tags[2][CIPHER_TAG_BYTES], plain[5];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		cipher_set_key(cipher, &keys[i]);
		cipher_seal(cipher, nonce, STR("x"), STR("hello"), sealed[i],
		    tags[i]);
		assert_true(cipher_open(cipher, nonce, STR("x"),
		    bytes_of(sealed[i], 5), tags[i], plain));
		assert_memory_equal(plain, "hello", 5);
	}
	assert_memory_not_equal(sealed[0], sealed[1], 5);
	assert_false(cipher_open(cipher, nonce, STR("x"),
	    bytes_of(sealed[0], 5), tags[0], plain));
	cipher_free(&cipher);
}

/* -------------------------------------------------------------------- keys */

/* RFC 5869 has inputs of other lengths than keys have; with a key's length
 * the same is had of HMACs that test_digest.c holds against RFC 4231. */
static void
test_derived_keys_are_those_of_hkdf(void **state)
{
	struct cipher_key key = key_of(vectors[2].key);
	struct digest extracted = digest_hmac_sha256(STR("salt"),
	    bytes_of(key.bytes, sizeof(key.bytes)));
	struct digest expanded = digest_hmac_sha256(
	    bytes_of(extracted.bytes, sizeof(extracted.bytes)),
	    STR("info\001"));
	struct cipher_key derived =
	    cipher_key_derive(&key, STR("salt"), STR("info"));

	(void)state;
	assert_memory_equal(derived.bytes, expanded.bytes, 32);
	derived = cipher_key_derive(&key, STR("other"), STR("info"));
	assert_memory_not_equal(derived.bytes, expanded.bytes, 32);
	derived = cipher_key_derive(&key, STR("salt"), STR("other"));
	assert_memory_not_equal(derived.bytes, expanded.bytes, 32);
	cipher_key_forget(&derived);
	assert_hex(derived.bytes, 4, "00000000");
}

static void
test_keys_are_32_bytes_in_hex_or_base64(void **state)
{
	static const char hex[] = "000102030405060708090a0b0c0d0e0f"
				  "101112131415161718191a1b1c1d1e1f";
	struct cipher_key key = {{0}};

	(void)state;
	assert_true(cipher_key_parse(STR(
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), &key));
	assert_hex(key.bytes, 32, hex);
	memset(&key, 0xff, sizeof(key));
	assert_true(cipher_key_parse(str_of(hex), &key));
	assert_hex(key.bytes, 32, hex);
	assert_false(cipher_key_parse(STR(""), &key));
	assert_false(cipher_key_parse(STR("correct horse"), &key));
	assert_false(cipher_key_parse((struct str){hex, 62}, &key));
	assert_false(cipher_key_parse(STR("AAECAwQFBgcICQoLDA0ODw=="), &key));
	assert_false(cipher_key_parse((struct str){NULL, 0}, &key));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sealing_agrees_with_published_vectors),
	    cmocka_unit_test(test_whatever_is_changed_is_refused),
	    cmocka_unit_test(test_one_context_seals_and_opens_in_turns),
	    cmocka_unit_test(test_derived_keys_are_those_of_hkdf),
	    cmocka_unit_test(test_keys_are_32_bytes_in_hex_or_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
