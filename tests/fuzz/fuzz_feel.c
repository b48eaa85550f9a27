/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_feel.c: any bytes are either refused with a place and a reason, or
 * evaluate within the budget to a value that can be written, as an
 * expression and as unary tests.  The value is of a type that the expression
 * was said to have, and the same where all parts are looked at.  The byte 255,
 * which no text has, begins another one, so that one file can hold many.
 */
#include "stated/feel.h"

#include "stated/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GAP '\xff'
#define STEPS 20000

static const struct value *
lookup(void *arg, struct str name)
{
	return value_get(arg, name);
}

static const struct value *
make_context(struct arena *arena)
{
	struct value_builder *context = value_build_context(arena);
	const struct value *x = value_of_int(arena, 7);
	const struct value *items[] = {x, &value_true, &value_null};

	value_put(context, STR("x"), x);
	value_put_str(context, "s", STR("abc äöü"));
	value_put(context, STR("l"), value_of_list(arena, items, 3));
	value_put(context, STR("a-b c"), x);
	value_put(context, STR("c"), value_of_list(arena, items, 0));
	return value_built(context);
}

static const struct feel *
check_error(const struct feel *feel, const struct feel_error *error,
    struct str text)
{
	if (feel != NULL)
		return feel;
	must(error->message[0] != '\0');
	must(error->offset <= text.bytes && error->bytes >= 1);
	must(!str_is_utf8(text) || (str_is_utf8(str_of(error->message)) &&
				       str_is_utf8(str_of(error->repair))));
	return NULL;
}

static void
write_value(const struct value *value)
{
	struct buf text = {0};

	json_write(value, JSON_TYPED, &text);
	must(str_is_utf8(buf_str(&text)));
	buf_clear(&text);
	json_write(value, JSON_PLAIN, &text);
	must(str_is_utf8(buf_str(&text)));
	buf_fini(&text);
}

/* "l" is a list of this and that; the rest of the context as it is. */
static unsigned
types_of(struct str path, void *arg)
{
	const struct value *value = value_get(arg, path);

	return value != NULL ? FEEL_TYPE_BIT(value->type) : FEEL_TYPES_ANY;
}

static void
check_type(struct arena *arena, const struct feel *feel,
    const struct value *context, const struct value *value)
{
	unsigned types = feel_infer(feel, &(struct feel_inference){
	    .arena = arena, .types = types_of,
	    .arg = (void *)(uintptr_t)context});

	must(value_is_null(value) || (types & FEEL_TYPE_BIT(value->type)) != 0);
}

static void
check_note(const struct feel_part *part, void *arg)
{
	const struct str *text = arg;

	must(part->note_bytes >= 1 && part->note_offset <= text->bytes);
	must(str_is_utf8(part->note));
}

/* Nothing is reckoned ahead here, so that the budget may be used up. */
static void
check_parts(struct feel_env env, struct str text,
    const struct feel_names *names, const struct value *value)
{
	struct feel_error error;
	const struct feel *feel =
	    feel_parse_parts(env.arena, text, names, &error);
	const struct value *again;

	must(feel != NULL);
	env.trace = feel_trace_new(env.arena);
	again = feel_eval(feel, &env);
	feel_trace_each_note(env.trace, check_note, &text);
	must(env.exhausted || again->type == value->type);
}

static void
check_text(struct str text)
{
	struct arena *arena = arena_new();
	struct feel_names *names = feel_names_new(arena);
	struct feel_error error;
	const struct feel *feel;
	struct feel_env env = {
		.arena = arena,
		.lookup = lookup,
		.now_ms = 1700000000000,
		.steps = STEPS,
	};

	env.arg = (void *)(uintptr_t)make_context(arena);
	feel_names_add_value(names, env.arg);
	feel = feel_parse(arena, text, names, &error);
	if (check_error(feel, &error, text) != NULL) {
		const struct value *value = feel_eval(feel, &env);

		write_value(value);
		env.steps = STEPS;
		if (!env.exhausted) {
			check_type(arena, feel, env.arg, value);
			check_parts(env, text, names, value);
		}
	}
	env.steps = STEPS;
	feel = feel_parse_unary_tests(arena, text, NULL, &error);
	if (check_error(feel, &error, text) != NULL) {
		const struct value *verdict = feel_test(feel,
		    value_get(env.arg, STR("x")), &env);

		write_value(verdict);
		check_type(arena, feel, env.arg, verdict);
	}
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size};

	while (rest.at != NULL)
		check_text(str_split(rest, GAP, &rest));
	return 0;
}
