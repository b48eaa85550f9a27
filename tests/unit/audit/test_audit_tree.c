/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree is RFC 6962's, its proofs prove what they should, and nothing
 * else; a checkpoint is what was signed, and nothing else.
 */
#include "stated/audit_checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stated/clock.h"

#define LEAVES_MAX 70

/* What the RFC's definition says, in as few words. */
struct naive {
	struct digest leaves[LEAVES_MAX];
};

static struct digest
hash_two(struct digest left, struct digest right)
{
	char bytes[65] = {1};

	memcpy(bytes + 1, left.bytes, 32);
	memcpy(bytes + 33, right.bytes, 32);
	return digest_sha256((struct str){bytes, sizeof(bytes)});
}

static struct digest
naive_root(const struct naive *naive, uint64_t from, uint64_t to)
{
	uint64_t split = 1;

	if (from == to)
		return digest_sha256(STR(""));
	if (to - from == 1)
		return naive->leaves[from];
	while (2 * split < to - from)
		split *= 2;
	return hash_two(naive_root(naive, from, from + split),
	    naive_root(naive, from + split, to));
}

static bool
range_cb(void *arg, uint64_t from, uint64_t to, struct digest *root)
{
	*root = naive_root(arg, from, to);
	return true;
}

static void
fill(struct naive *naive)
{
	for (uint64_t i = 0; i < LEAVES_MAX; i++)
		naive->leaves[i] = digest_sha256(
		    (struct str){(const char *)&i, sizeof(i)});
}

/* ------------------------------------------------------------------- roots */

static void
assert_hex(struct digest digest, const char *expected)
{
	char hex[DIGEST_HEX_BYTES];

	assert_string_equal(digest_hex(digest, hex).at, expected);
}

/* The eight leaves and roots that implementations of Certificate Transparency
 * are held against. */
static void
test_roots_are_those_of_certificate_transparency(void **state)
{
	static const struct {
		size_t bytes;
		const char *leaf;
		const char *root;
	} cases[] = {
	    {0, "", "6e340b9cffb37a989ca544e6bb780a2c"
		    "78901d3fb33738768511a30617afa01d"},
	    {1, "\x00", "fac54203e7cc696cf0dfcb42c92a1d9d"
			"baf70ad9e621f4bd8d98662f00e3c125"},
	    {1, "\x10", "aeb6bcfe274b70a14fb067a5e5578264"
			"db0fa9b51af5e0ba159158f329e06e77"},
	    {2, "\x20\x21", "d37ee418976dd95753c1c73862b9398f"
			    "a2a2cf9b4ff0fdfe8b30cd95209614b7"},
	    {2, "\x30\x31", "4e3bbb1f7b478dcfe71fb631631519a3"
			    "bca12c9aefca1612bfce4c13a86264d4"},
	    {4, "\x40\x41\x42\x43", "76e67dadbcdf1e10e1b74ddc608abd2f"
				    "98dfb16fbce75277b5232a127f2087ef"},
	    {8, "\x50\x51\x52\x53\x54\x55\x56\x57",
		"ddb89be403809e325750d3d263cd7892"
		"9c2942b7942a34b77e122c9594a74c8c"},
	    {16, "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d"
		 "\x6e\x6f",
		"5dc9da79a70659a9ad559cb701ded9a2"
		"ab9d823aad2f4960cfe370eff4604328"},
	};
	struct audit_tree tree = {0};

	(void)state;
	assert_hex(audit_tree_root(&tree), "e3b0c44298fc1c149afbf4c8996fb924"
					   "27ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct str parts[] = {
		    {"\0", 1}, {cases[i].leaf, cases[i].bytes}};

		assert_true(audit_tree_add(&tree, 0,
		    digest_sha256_parts(parts, 2), NULL, NULL));
		assert_hex(audit_tree_root(&tree), cases[i].root);
	}
}

static void
test_leaf_is_the_hash_of_the_text_that_is_documented(void **state)
{
	const struct audit_head end = {7, digest_sha256(STR("x"))};
	static const char text[] =
	    "\0{\"hash\":\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258"
	    "717921a4881\",\"instance\":\"00010203-0405-8607-8000-00000000000"
	    "9\",\"seq\":7}";
	static const uint8_t identity[16] = {0, 1, 2, 3, 4, 5, 6, 7};
	char id[AUDIT_ID_BYTES];

	(void)state;
	struct digest leaf =
	    audit_tree_leaf(audit_id_format(identity, 9, id), &end);
	struct digest expected =
	    digest_sha256((struct str){text, sizeof(text) - 1});
	assert_true(digest_equal(leaf, expected));
}

/* Every way to put a tree together gives the same one. */
static void
test_nodes_stand_for_their_leaves(void **state)
{
	struct naive naive;

	(void)state;
	fill(&naive);
	for (uint64_t size = 0; size <= LEAVES_MAX; size++)
		for (unsigned largest = 0; largest < 7; largest++) {
			struct audit_tree tree = {0};

			while (tree.size < size) {
				unsigned level = largest;

				while (tree.size % ((uint64_t)1 << level) ||
				    size - tree.size < (uint64_t)1 << level)
					level--;
				assert_true(audit_tree_add(&tree, level,
				    naive_root(&naive, tree.size, tree.size +
					((uint64_t)1 << level)), NULL, NULL));
			}
			assert_true(digest_equal(audit_tree_root(&tree),
			    naive_root(&naive, 0, size)));
		}
}

static void
test_node_where_none_can_stand_is_refused(void **state)
{
	struct audit_tree tree = {0};
	struct digest hash = digest_sha256(STR("x"));

	(void)state;
	assert_true(audit_tree_add(&tree, 0, hash, NULL, NULL));
	assert_false(audit_tree_add(&tree, 1, hash, NULL, NULL));
	tree.size = (uint64_t)1 << (AUDIT_TREE_LEVELS - 1);
	assert_false(audit_tree_add(&tree, 0, hash, NULL, NULL));
}

/* ------------------------------------------------------------------ proofs */

static void
change(struct audit_tree_proof *proof, size_t i)
{
	proof->hashes[i].bytes[i % 32] ^= 1;
}

static void
check_path(const struct naive *naive, uint64_t index, uint64_t size)
{
	const struct audit_tree_source source = {
	    range_cb, (void *)(uintptr_t)naive};
	struct digest root = naive_root(naive, 0, size);
	struct digest leaf = naive->leaves[index];
	struct audit_tree_proof proof;

	assert_true(audit_tree_path(&source, index, size, &proof));
	assert_true(audit_tree_has(leaf, index, size, &proof, root));
	assert_false(audit_tree_has(root, index, size, &proof, leaf) &&
	    size > 1);
	for (uint64_t other = 0; other < size; other++)
		if (other != index)
			assert_false(
			    audit_tree_has(leaf, other, size, &proof, root));
	assert_false(audit_tree_has(leaf, size, size, &proof, root));
	for (size_t i = 0; i < proof.count; i++) {
		change(&proof, i);
		assert_false(audit_tree_has(leaf, index, size, &proof, root));
		change(&proof, i);
	}
	if (proof.count > 0) {
		proof.count--;
		assert_false(audit_tree_has(leaf, index, size, &proof, root));
	}
}

static void
test_path_proves_its_leaf_and_no_other(void **state)
{
	struct naive naive;

	(void)state;
	fill(&naive);
	for (uint64_t size = 1; size <= LEAVES_MAX; size++)
		for (uint64_t index = 0; index < size; index++)
			check_path(&naive, index, size);
}

static void
check_consistency(const struct naive *naive, uint64_t first, uint64_t size)
{
	const struct audit_tree_source source = {
	    range_cb, (void *)(uintptr_t)naive};
	struct digest old = naive_root(naive, 0, first);
	struct digest root = naive_root(naive, 0, size);
	struct digest other = digest_sha256(STR("other"));
	struct audit_tree_proof proof;

	assert_true(audit_tree_consistency(&source, first, size, &proof));
	assert_true(audit_tree_extends(first, old, size, root, &proof));
	if (first == 0)
		return;
	assert_false(audit_tree_extends(first, other, size, root, &proof));
	assert_false(audit_tree_extends(first, old, size, other, &proof));
	for (size_t i = 0; i < proof.count; i++) {
		change(&proof, i);
		assert_false(
		    audit_tree_extends(first, old, size, root, &proof));
		change(&proof, i);
	}
	proof.hashes[proof.count++] = other;
	assert_false(audit_tree_extends(first, old, size, root, &proof));
}

static void
test_consistency_proves_that_one_tree_begins_with_another(void **state)
{
	struct naive naive;

	(void)state;
	fill(&naive);
	for (uint64_t size = 1; size <= LEAVES_MAX; size++)
		for (uint64_t first = 0; first <= size; first++)
			check_consistency(&naive, first, size);
}

/* ------------------------------------------------------------- checkpoints */

static const char private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

static struct audit_checkpoint
example(void)
{
	return (struct audit_checkpoint){
	    .number = 3,
	    .origin = {1, 2, 3, 0xff},
	    .size = 4711,
	    .root = digest_sha256(STR("root")),
	    .time_ms = 1793491200123,
	    .instances = 812,
	    .journal = {17, digest_sha256(STR("journal"))},
	};
}

static void
test_checkpoint_is_read_as_it_was_signed(void **state)
{
	struct arena *arena = arena_new();
	struct signature_key *key = signature_key_read(str_of(private_pem));
	struct audit_checkpoint made = example();
	struct audit_signed read;

	(void)state;
	assert_non_null(key);
	struct signature_key *public =
	    signature_key_read(signature_key_pem(arena, key));
	struct str document = audit_checkpoint_sign(arena, &made, key);
	assert_true(audit_checkpoint_read(arena, document, &read));
	assert_true(audit_checkpoint_is_of(&read, public));
	assert_int_equal(read.checkpoint.number, 3);
	assert_int_equal(read.checkpoint.size, 4711);
	assert_int_equal(read.checkpoint.instances, 812);
	assert_int_equal(read.checkpoint.time_ms, 1793491200123);
	assert_int_equal(read.checkpoint.journal.seq, 17);
	assert_memory_equal(read.checkpoint.origin, made.origin, 16);
	assert_true(digest_equal(read.checkpoint.root, made.root));
	/* Who can only verify can't sign. */
	assert_null(audit_checkpoint_sign(arena, &made, public).at);
	signature_key_free(&public);
	signature_key_free(&key);
	arena_free(&arena);
}

static void
test_every_change_of_a_checkpoint_is_found(void **state)
{
	struct arena *arena = arena_new();
	struct signature_key *key = signature_key_read(str_of(private_pem));
	struct audit_checkpoint made = example();
	struct audit_signed read;

	(void)state;
	struct str document = audit_checkpoint_sign(arena, &made, key);
	char *bytes = arena_alloc(arena, document.bytes + 1);
	memcpy(bytes, document.at, document.bytes);
	for (size_t i = 0; i < document.bytes; i++)
		for (int bit = 1; bit < 256; bit *= 2) {
			bytes[i] = (char)(document.at[i] ^ bit);
			assert_false(
			    audit_checkpoint_read(arena,
				(struct str){bytes, document.bytes}, &read) &&
			    audit_checkpoint_is_of(&read, key));
			bytes[i] = document.at[i];
		}
	for (size_t length = 0; length < document.bytes; length++)
		assert_false(audit_checkpoint_read(
		    arena, str_slice(document, 0, length), &read));
	signature_key_free(&key);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_roots_are_those_of_certificate_transparency),
	    cmocka_unit_test(
		test_leaf_is_the_hash_of_the_text_that_is_documented),
	    cmocka_unit_test(test_nodes_stand_for_their_leaves),
	    cmocka_unit_test(test_node_where_none_can_stand_is_refused),
	    cmocka_unit_test(test_path_proves_its_leaf_and_no_other),
	    cmocka_unit_test(
		test_consistency_proves_that_one_tree_begins_with_another),
	    cmocka_unit_test(test_checkpoint_is_read_as_it_was_signed),
	    cmocka_unit_test(test_every_change_of_a_checkpoint_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
