/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json.c: any bytes are either refused with a place and a reason, or
 * are a value that survives every form in which it can be written.
 */
#include "stated/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct value *
read_form(struct arena *arena, const struct value *value, enum json_form form)
{
	struct buf text = {0};
	struct json_error error;
	json_write(value, form, &text);
	const struct value *read = form == JSON_PLAIN
	    ? json_read(arena, buf_str(&text), &error)
	    : json_read_typed(arena, buf_str(&text), &error);
	buf_fini(&text);
	must(read);
	return read;
}

static void
check_forms(struct arena *arena, const struct value *value)
{
	static const enum json_form forms[] = {
	    JSON_PLAIN, JSON_TYPED, JSON_CANONICAL};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		must(value_equal(value, read_form(arena, value, forms[i])));
	}
}

static void
check_packing(struct arena *arena, const struct value *value)
{
	struct buf packed = {0};
	value_pack(value, &packed);
	struct str in = buf_str(&packed);
	const struct value *unpacked = value_unpack(arena, &in);
	must(unpacked && in.bytes == 0);
	must(value_equal(value, unpacked));
	buf_fini(&packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	struct json_error error;
	const struct value *value = json_read(arena, text, &error);
	if (value) {
		check_forms(arena, value);
		check_packing(arena, value);
		const struct value *untyped = json_untype(arena, value);
		must(!untyped || untyped->type <= VALUE_RANGE);
	} else {
		must(error.offset <= size);
		must(error.line > 0 && error.column > 0);
		must(error.message[0] != '\0');
		must(!str_is_utf8(text) || str_is_utf8(str_of(error.message)));
	}
	arena_free(&arena);
	return 0;
}
