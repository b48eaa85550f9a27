/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_schema.c: a list of a schema and a value; whatever they are, there is
 * an answer, and a "no" has its reasons.
 */
#include "stated/json.h"
#include "stated/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct arena *arena, const struct value *document,
    const struct value *value)
{
	struct schema_errors errors = {.arena = arena};
	const struct schema *schema = schema_compile(arena, document, &errors);
	must((schema == NULL) == (errors.count > 0));
	if (!schema)
		return;
	bool valid = schema_validate(schema, value, &errors);
	must(valid == (errors.count == 0));
	for (size_t i = 0; i < errors.count; i++)
		must(str_is_utf8(errors.items[i].message));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	struct json_error error;
	const struct value *pair = json_read(arena, text, &error);
	if (pair && pair->type == VALUE_LIST && pair->as.list.count == 2)
		check(arena, pair->as.list.items[0], pair->as.list.items[1]);
	arena_free(&arena);
	return 0;
}
