/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_compile.c: a schema's document, keyword by keyword.
 *
 * All that is wrong is told in one run.  A keyword that we don't know is
 * wrong too: whoever wrote "maxLenght" believes that something is checked.
 */
#include "stated/schema.h"

#include "schema_priv.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

/* ---------------------------------------------------------------- errors */

static void PRINTF_LIKE(4, 0)
add_refusal(struct schema_compiler *compiler, struct str pointer,
    struct str keyword, const char *format, va_list args)
{
	compiler->error_count++;
	if (compiler->errors->count < SCHEMA_ERRORS_MAX)
		schema_error_add(compiler->errors, pointer, keyword, format,
		    args);
}

void
schema_compile_refuse(struct schema_compiler *compiler, struct str pointer,
    struct str keyword, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_refusal(compiler, pointer, keyword, format, args);
	va_end(args);
}

static void PRINTF_LIKE(4, 5)
refuse(struct schema_compiler *compiler, const struct schema_check *check,
    const struct schema_place *place, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_refusal(compiler, schema_error_pointer(compiler->arena, place),
	    schema_rows[check->keyword].name, format, args);
	va_end(args);
}

/* A place where there is no schema. */
static void PRINTF_LIKE(3, 4)
refuse_schema(struct schema_compiler *compiler,
    const struct schema_place *place, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_refusal(compiler, schema_error_pointer(compiler->arena, place),
	    STR(""), format, args);
	va_end(args);
}

/* ----------------------------------------------- what keywords may hold */

static void
compile_anything(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	(void)compiler;
	(void)place;
	must(check->value);
}

static void
compile_text(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	if (check->value->type != VALUE_STRING)
		refuse(compiler, check, place, "must be a string");
}

static void
compile_dialect(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	struct str dialect = value_str(check->value);
	if (!str_equal(dialect, STR(DIALECT)) &&
	    !str_equal(dialect, STR(DIALECT "#")))
		refuse(compiler, check, place, "must be \"" DIALECT "\"");
}

static void
compile_boolean(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	if (check->value->type != VALUE_BOOLEAN)
		refuse(compiler, check, place, "must be true or false");
}

static void
compile_list(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	if (check->value->type != VALUE_LIST)
		refuse(compiler, check, place, "must be a list");
}

static void
compile_number(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	if (check->value->type == VALUE_NUMBER)
		check->number = check->value->as.number;
	else
		refuse(compiler, check, place, "must be a number");
}

static void
compile_divisor(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	compile_number(compiler, check, place);
	if (check->value->type == VALUE_NUMBER &&
	    (number_is_zero(check->number) ||
		number_is_negative(check->number)))
		refuse(compiler, check, place, "must be greater than 0");
}

static void
compile_limit(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	int64_t limit;
	if (check->value->type == VALUE_NUMBER &&
	    number_to_int(check->value->as.number, &limit) && limit >= 0)
		check->limit = (uint64_t)limit;
	else
		refuse(compiler, check, place,
		    "must be a whole number from 0 on");
}

static unsigned
find_type(struct str name)
{
	for (unsigned i = 0; i < SCHEMA_TYPE_COUNT; i++)
		if (str_equal(name, schema_type_names[i]))
			return 1U << i;
	return 0;
}

static void
add_type(struct schema_compiler *compiler, struct schema_check *check,
    const struct value *name, const struct schema_place *place)
{
	unsigned type = find_type(value_str(name));
	if (!type)
		refuse(compiler, check, place, "a type is one of null, "
		    "boolean, integer, number, string, array, object");
	else if (check->types & type)
		refuse(compiler, check, place, "\"%.*s\" is there twice",
		    STR_ARG(name->as.string));
	check->types |= type;
}

static void
compile_type(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	const struct value *value = check->value;
	if (value->type != VALUE_LIST) {
		add_type(compiler, check, value, place);
		return;
	}
	if (value->as.list.count == 0)
		refuse(compiler, check, place, "must name a type");
	for (size_t i = 0; i < value->as.list.count; i++)
		add_type(compiler, check, value->as.list.items[i], place);
}

/* A list of strings, none twice. */
static void
check_names(struct schema_compiler *compiler, struct schema_check *check,
    const struct value *names, const struct schema_place *place)
{
	if (names->type != VALUE_LIST) {
		refuse(compiler, check, place, "must be a list of names");
		return;
	}
	struct value_builder *known = value_build_context(compiler->arena);
	for (size_t i = 0; i < names->as.list.count; i++) {
		struct str name = value_str(names->as.list.items[i]);
		if (!name.at) {
			refuse(compiler, check, place, "must be a list of "
			    "names");
			return;
		}
		if (value_has(known, name))
			refuse(compiler, check, place,
			    "\"%.*s\" is there twice", STR_ARG(name));
		value_put(known, name, &value_true);
	}
}

static void
compile_names(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	check_names(compiler, check, check->value, place);
}

static void
compile_format(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	compile_text(compiler, check, place);
	struct str name = value_str(check->value);
	if (!name.at)
		return;
	check->format = schema_format_find(name);
	if (check->format)
		return;
	struct str nearest = schema_format_nearest(name);
	if (nearest.at)
		refuse(compiler, check, place, "unknown format \"%.*s\", did "
		    "you mean \"%.*s\"?", STR_ARG(name), STR_ARG(nearest));
	else
		refuse(compiler, check, place, "unknown format \"%.*s\"",
		    STR_ARG(name));
}

static const struct schema_pattern *
compile_expression(struct schema_compiler *compiler,
    const struct schema_check *check, struct str expression,
    const struct schema_place *place)
{
	char message[SCHEMA_PATTERN_MESSAGE_BYTES];
	const struct schema_pattern *pattern =
	    schema_pattern_new(compiler->arena, expression, message);
	if (!pattern)
		refuse(compiler, check, place, "%s", message);
	return pattern;
}

static void
compile_pattern(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	compile_text(compiler, check, place);
	struct str expression = value_str(check->value);
	if (expression.at)
		check->pattern =
		    compile_expression(compiler, check, expression, place);
}

static void
compile_reference(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	compile_text(compiler, check, place);
	if (check->value->type == VALUE_STRING)
		schema_reference_add(compiler, check, place);
}

static void
compile_schema(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	struct schema_place inner = {
	    .outer = place, .key = schema_rows[check->keyword].name};
	check->schema = schema_compile_at(compiler, check->value, &inner);
}

static void
compile_schema_list(struct schema_compiler *compiler,
    struct schema_check *check, const struct schema_place *place)
{
	const struct value *list = check->value;
	if (list->type != VALUE_LIST || list->as.list.count == 0) {
		refuse(compiler, check, place,
		    "must be a list of at least one schema");
		return;
	}
	struct schema_place of_list = {
	    .outer = place, .key = schema_rows[check->keyword].name};
	check->count = list->as.list.count;
	check->members =
	    ARENA_ARRAY(compiler->arena, check->count, struct schema_member);
	for (size_t i = 0; i < check->count; i++) {
		struct schema_place inner = {.outer = &of_list, .index = i};
		check->members[i].schema = schema_compile_at(compiler,
		    list->as.list.items[i], &inner);
	}
}

/* Gives the check one member for each field of its context; false where it
 * is none. */
static bool
add_members(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	const struct value *context = check->value;
	if (context->type != VALUE_CONTEXT) {
		refuse(compiler, check, place, "must be an object");
		return false;
	}
	check->count = context->as.context.count;
	check->members =
	    ARENA_ARRAY(compiler->arena, check->count, struct schema_member);
	for (size_t i = 0; i < check->count; i++)
		check->members[i].name = context->as.context.fields[i].key;
	return true;
}

static void
compile_schema_map(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	if (!add_members(compiler, check, place))
		return;
	struct schema_place of_map = {
	    .outer = place, .key = schema_rows[check->keyword].name};
	for (size_t i = 0; i < check->count; i++) {
		const struct value_field *field =
		    &check->value->as.context.fields[i];
		struct schema_place inner = {
		    .outer = &of_map, .key = field->key};
		check->members[i].schema =
		    schema_compile_at(compiler, field->value, &inner);
	}
}

static void
compile_pattern_map(struct schema_compiler *compiler,
    struct schema_check *check, const struct schema_place *place)
{
	compile_schema_map(compiler, check, place);
	for (size_t i = 0; i < check->count; i++)
		check->members[i].pattern = compile_expression(compiler, check,
		    check->members[i].name, place);
}

static void
compile_names_map(struct schema_compiler *compiler, struct schema_check *check,
    const struct schema_place *place)
{
	if (!add_members(compiler, check, place))
		return;
	for (size_t i = 0; i < check->count; i++) {
		const struct value *names =
		    check->value->as.context.fields[i].value;
		check->members[i].names = names;
		check_names(compiler, check, names, place);
	}
}

/* ------------------------------------------------------------- keywords */

#define ROW(keyword, name, compile, check)                                     \
	[SCHEMA_##keyword] = {STR_INIT(name), compile, check},
const struct schema_row schema_rows[SCHEMA_KEYWORD_COUNT] = {
    SCHEMA_KEYWORDS(ROW)};

const struct str schema_type_names[SCHEMA_TYPE_COUNT] = {
    STR_INIT("null"), STR_INIT("boolean"), STR_INIT("integer"),
    STR_INIT("number"), STR_INIT("string"), STR_INIT("array"),
    STR_INIT("object")};

/* Words of other drafts, which spelling alone would not lead back. */
static const struct replaced {
	struct str old;
	const char *advice;
} replaced[] = {
    {STR_INIT("definitions"), "it is called $defs since draft 2019-09"},
    {STR_INIT("dependencies"),
	"use dependentRequired or dependentSchemas instead"},
    {STR_INIT("additionalItems"), "use items, and prefixItems before it"},
    {STR_INIT("id"), "it is called $id since draft 6"},
    {STR_INIT("$recursiveRef"), "use $ref instead"},
    {STR_INIT("$dynamicRef"), "references are static here: use $ref"},
    {STR_INIT("$dynamicAnchor"), "references are static here: use $anchor"},
    {STR_INIT("$vocabulary"), "the vocabulary is fixed here"},
    {STR_INIT("contentEncoding"), "contents of strings are not checked here"},
    {STR_INIT("contentMediaType"), "contents of strings are not checked here"},
    {STR_INIT("contentSchema"), "contents of strings are not checked here"},
};

static void
refuse_keyword(struct schema_compiler *compiler, struct str name,
    const struct schema_place *place)
{
	struct str pointer = schema_error_pointer(compiler->arena, place);
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++) {
		if (!str_equal(name, replaced[i].old))
			continue;
		schema_compile_refuse(compiler, pointer, name,
		    "unknown keyword \"%.*s\": %s", STR_ARG(name),
		    replaced[i].advice);
		return;
	}
	struct str names[SCHEMA_KEYWORD_COUNT];
	for (int i = 0; i < SCHEMA_KEYWORD_COUNT; i++)
		names[i] = schema_rows[i].name;
	struct str nearest = str_nearest(name, names, SCHEMA_KEYWORD_COUNT);
	if (nearest.at)
		schema_compile_refuse(compiler, pointer, name,
		    "unknown keyword \"%.*s\", did you mean \"%.*s\"?",
		    STR_ARG(name), STR_ARG(nearest));
	else
		schema_compile_refuse(compiler, pointer, name,
		    "unknown keyword \"%.*s\"", STR_ARG(name));
}

static bool
is_keyword(struct str name)
{
	for (int i = 0; i < SCHEMA_KEYWORD_COUNT; i++)
		if (str_equal(name, schema_rows[i].name))
			return true;
	return false;
}

static void
refuse_unknown_keywords(struct schema_compiler *compiler,
    const struct value *document, const struct schema_place *place)
{
	for (size_t i = 0; i < document->as.context.count; i++) {
		struct str name = document->as.context.fields[i].key;
		if (!is_keyword(name))
			refuse_keyword(compiler, name, place);
	}
}

static void
compile_keyword(struct schema_compiler *compiler, struct schema *schema,
    enum schema_keyword keyword, const struct value *value,
    const struct schema_place *place)
{
	struct schema_check *check =
	    ARENA_NEW(compiler->arena, struct schema_check);
	check->keyword = keyword;
	check->value = value;
	schema->checks[keyword] = check;
	schema_rows[keyword].compile(compiler, check, place);
}

/* What only makes sense beside another keyword is most likely a mistake. */
static void
refuse_orphans(struct schema_compiler *compiler, const struct schema *schema,
    const struct schema_place *place)
{
	static const struct {
		enum schema_keyword keyword;
		enum schema_keyword needs;
	} orphans[] = {
	    {SCHEMA_THEN, SCHEMA_IF},
	    {SCHEMA_ELSE, SCHEMA_IF},
	    {SCHEMA_MAX_CONTAINS, SCHEMA_CONTAINS},
	    {SCHEMA_MIN_CONTAINS, SCHEMA_CONTAINS},
	};
	for (size_t i = 0; i < sizeof(orphans) / sizeof(orphans[0]); i++) {
		const struct schema_check *check =
		    schema->checks[orphans[i].keyword];
		if (check && !schema->checks[orphans[i].needs])
			refuse(compiler, check, place,
			    "does nothing without \"%.*s\"",
			    STR_ARG(schema_rows[orphans[i].needs].name));
	}
}

static void
compile_keywords(struct schema_compiler *compiler, struct schema *schema,
    const struct value *document, const struct schema_place *place)
{
	refuse_unknown_keywords(compiler, document, place);
	for (int i = 0; i < SCHEMA_KEYWORD_COUNT; i++) {
		const struct value *value =
		    value_get(document, schema_rows[i].name);
		if (value)
			compile_keyword(compiler, schema,
			    (enum schema_keyword)i, value, place);
	}
	schema->tracks = schema->checks[SCHEMA_UNEVALUATED_ITEMS] ||
	    schema->checks[SCHEMA_UNEVALUATED_PROPERTIES];
	refuse_orphans(compiler, schema, place);
}

static void
refuse_twice(struct schema_compiler *compiler, enum schema_keyword keyword,
    struct str name, const struct schema_place *place)
{
	schema_compile_refuse(compiler,
	    schema_error_pointer(compiler->arena, place),
	    schema_rows[keyword].name, "\"%.*s\" is there twice",
	    STR_ARG(name));
}

/* Makes the schema's $id and $anchor known. */
static void
register_names(struct schema_compiler *compiler, const struct value *document,
    const struct schema_place *place)
{
	struct str id = value_field_str(document, "$id");
	if (id.at) {
		compiler->resource = document;
		/* map_put() wants a pointer to what may change. */
		if (map_put(compiler->resources, id,
			(void *)(uintptr_t)document))
			refuse_twice(compiler, SCHEMA_ID, id, place);
	}
	struct str anchor = value_field_str(document, "$anchor");
	if (anchor.at &&
	    !schema_reference_add_anchor(compiler, document, anchor))
		refuse_twice(compiler, SCHEMA_ANCHOR, anchor, place);
}

static void
compile_object(struct schema_compiler *compiler, struct schema *schema,
    const struct value *document, const struct schema_place *place)
{
	const struct value *outer = compiler->resource;
	(void)map_put(compiler->schemas, MAP_KEY_OF(&document), schema);
	register_names(compiler, document, place);
	schema->resource = compiler->resource;
	compiler->depth++;
	compile_keywords(compiler, schema, document, place);
	compiler->depth--;
	compiler->resource = outer;
}

struct schema *
schema_compile_at(struct schema_compiler *compiler,
    const struct value *document, const struct schema_place *place)
{
	struct schema *schema =
	    map_find(compiler->schemas, MAP_KEY_OF(&document));
	if (schema)
		return schema;
	schema = ARENA_NEW(compiler->arena, struct schema);
	schema->possible = true;
	schema->document = document;
	if (compiler->depth == SCHEMA_DEPTH_MAX)
		refuse_schema(compiler, place, "nested deeper than %d schemas",
		    SCHEMA_DEPTH_MAX);
	else if (document->type == VALUE_BOOLEAN)
		schema->possible = document->as.boolean;
	else if (document->type == VALUE_CONTEXT)
		compile_object(compiler, schema, document, place);
	else
		refuse_schema(compiler, place,
		    "a schema is an object, true or false");
	return schema;
}

const struct schema *
schema_compile(struct arena *arena, const struct value *document,
    struct schema_errors *errors)
{
	must(arena && document);
	must(errors && errors->arena);
	struct schema_compiler compiler = {
	    .arena = arena,
	    .document = document,
	    .errors = errors,
	    .resource = document,
	    .schemas = map_new(),
	    .resources = map_new(),
	    .anchors = map_new(),
	};
	struct schema *root = schema_compile_at(&compiler, document, NULL);
	schema_reference_resolve_all(&compiler);
	if (compiler.error_count == 0)
		schema_reference_refuse_loops(&compiler, root);
	map_free(&compiler.schemas);
	map_free(&compiler.resources);
	map_free(&compiler.anchors);
	return compiler.error_count == 0 ? root : NULL;
}

const struct value *
schema_document(const struct schema *schema)
{
	must(schema->document);
	return schema->document;
}
