/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pack.c: any bytes are either refused as damaged, or a packed value of
 * any type, which can be written, copied, packed and unpacked again.
 */
#include "fuzz_input.h"

#include "stated/json.h"

static void
check_again(struct arena *arena, const struct value *value)
{
	struct buf packed = {0};
	const struct value *again;
	struct str in;

	value_pack(value, &packed);
	in = buf_str(&packed);
	again = value_unpack(arena, &in);
	must(again != NULL);
	must(in.bytes == 0);
	must(value_equal(value, again));
	must(value_equal(value, value_copy(arena, value)));
	buf_fini(&packed);
}

static void
check_forms(const struct value *value)
{
	static const enum json_form forms[] = {
	    JSON_PLAIN, JSON_TYPED, JSON_CANONICAL};
	struct buf text = {0};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		buf_clear(&text);
		json_write(value, forms[i], &text);
		must(str_is_utf8(buf_str(&text)));
	}
	buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str in = {(const char *)data, size};
	const struct value *value = value_unpack(arena, &in);

	if (value != NULL) {
		must(in.bytes < size);
		check_again(arena, value);
		check_forms(value);
	}
	arena_free(&arena);
	return 0;
}
