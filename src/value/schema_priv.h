/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_priv.h: a schema as compiled; for the files of schema alone.
 *
 * Every keyword is a row of one table: its name, how it is compiled and how
 * it is checked.  A schema holds one check for each keyword that it has, and
 * checks them in the table's order.
 */
#ifndef STATED_SCHEMA_PRIV_H
#define STATED_SCHEMA_PRIV_H

#include <stdarg.h>

#include "stated/map.h"
#include "stated/schema.h"

/*
 * X(keyword, name, compile, check).  Annotations have no check.  The
 * unevaluated ones come last, since they look at what the others have seen.
 */
#define SCHEMA_KEYWORDS(X)                                                     \
	X(DIALECT, "$schema", compile_dialect, NULL)                           \
	X(ID, "$id", compile_text, NULL)                                       \
	X(ANCHOR, "$anchor", compile_text, NULL)                               \
	X(COMMENT, "$comment", compile_text, NULL)                             \
	X(DEFS, "$defs", compile_schema_map, NULL)                             \
	X(TITLE, "title", compile_text, NULL)                                  \
	X(DESCRIPTION, "description", compile_text, NULL)                      \
	X(DEFAULT, "default", compile_anything, NULL)                          \
	X(EXAMPLES, "examples", compile_list, NULL)                            \
	X(DEPRECATED, "deprecated", compile_boolean, NULL)                     \
	X(READ_ONLY, "readOnly", compile_boolean, NULL)                        \
	X(WRITE_ONLY, "writeOnly", compile_boolean, NULL)                      \
	X(TYPE, "type", compile_type, schema_scalar_type)                      \
	X(ENUM, "enum", compile_list, schema_scalar_enum)                      \
	X(CONST, "const", compile_anything, schema_scalar_const)               \
	X(MULTIPLE_OF, "multipleOf", compile_divisor, schema_scalar_multiple)  \
	X(MAXIMUM, "maximum", compile_number, schema_scalar_maximum)           \
	X(EXCLUSIVE_MAXIMUM, "exclusiveMaximum", compile_number,               \
	    schema_scalar_below)                                               \
	X(MINIMUM, "minimum", compile_number, schema_scalar_minimum)           \
	X(EXCLUSIVE_MINIMUM, "exclusiveMinimum", compile_number,               \
	    schema_scalar_above)                                               \
	X(MAX_LENGTH, "maxLength", compile_limit, schema_scalar_max_length)    \
	X(MIN_LENGTH, "minLength", compile_limit, schema_scalar_min_length)    \
	X(PATTERN, "pattern", compile_pattern, schema_scalar_pattern)          \
	X(FORMAT, "format", compile_format, schema_scalar_format)              \
	X(MAX_ITEMS, "maxItems", compile_limit, schema_list_max_items)         \
	X(MIN_ITEMS, "minItems", compile_limit, schema_list_min_items)         \
	X(UNIQUE_ITEMS, "uniqueItems", compile_boolean, schema_list_unique)    \
	X(PREFIX_ITEMS, "prefixItems", compile_schema_list,                    \
	    schema_list_prefix)                                                \
	X(ITEMS, "items", compile_schema, schema_list_items)                   \
	X(MAX_CONTAINS, "maxContains", compile_limit, NULL)                    \
	X(MIN_CONTAINS, "minContains", compile_limit, NULL)                    \
	X(CONTAINS, "contains", compile_schema, schema_list_contains)          \
	X(MAX_PROPERTIES, "maxProperties", compile_limit,                      \
	    schema_object_max_properties)                                      \
	X(MIN_PROPERTIES, "minProperties", compile_limit,                      \
	    schema_object_min_properties)                                      \
	X(REQUIRED, "required", compile_names, schema_object_required)         \
	X(DEPENDENT_REQUIRED, "dependentRequired", compile_names_map,          \
	    schema_object_dependent_required)                                  \
	X(PROPERTY_NAMES, "propertyNames", compile_schema,                     \
	    schema_object_property_names)                                      \
	X(PROPERTIES, "properties", compile_schema_map,                        \
	    schema_object_properties)                                          \
	X(PATTERN_PROPERTIES, "patternProperties", compile_pattern_map,        \
	    schema_object_pattern_properties)                                  \
	X(ADDITIONAL_PROPERTIES, "additionalProperties", compile_schema,       \
	    schema_object_additional)                                          \
	X(REF, "$ref", compile_reference, schema_logic_ref)                    \
	X(ALL_OF, "allOf", compile_schema_list, schema_logic_all_of)           \
	X(ANY_OF, "anyOf", compile_schema_list, schema_logic_any_of)           \
	X(ONE_OF, "oneOf", compile_schema_list, schema_logic_one_of)           \
	X(NOT, "not", compile_schema, schema_logic_not)                        \
	X(THEN, "then", compile_schema, NULL)                                  \
	X(ELSE, "else", compile_schema, NULL)                                  \
	X(IF, "if", compile_schema, schema_logic_if)                           \
	X(DEPENDENT_SCHEMAS, "dependentSchemas", compile_schema_map,           \
	    schema_logic_dependent_schemas)                                    \
	X(UNEVALUATED_ITEMS, "unevaluatedItems", compile_schema,               \
	    schema_list_unevaluated)                                           \
	X(UNEVALUATED_PROPERTIES, "unevaluatedProperties", compile_schema,     \
	    schema_object_unevaluated)

#define SCHEMA_ENUM(keyword, name, compile, check) SCHEMA_##keyword,
enum schema_keyword { SCHEMA_KEYWORDS(SCHEMA_ENUM) SCHEMA_KEYWORD_COUNT };
#undef SCHEMA_ENUM

struct schema_pattern; /* a compiled regular expression */
typedef bool schema_format_fn(struct str text);

/* One entry of a keyword that holds several: "properties", "allOf", …. */
struct schema_member {
	struct str name; /* absent in lists */
	struct schema *schema;
	const struct schema_pattern *pattern; /* patternProperties */
	const struct value *names;            /* dependentRequired */
};

/* A keyword of a schema, ready to be checked; what is used depends on it. */
struct schema_check {
	enum schema_keyword keyword;
	const struct value *value; /* as it is written */
	struct number number;
	uint64_t limit;
	unsigned types; /* a bit for each enum schema_type */
	struct schema *schema;
	struct schema_member *members;
	size_t count;
	const struct schema_pattern *pattern;
	schema_format_fn *format;
};

struct schema {
	/* false: the schema `false`, which nothing satisfies. */
	bool possible;
	bool tracks; /* has an unevaluated keyword */
	const struct value *document;
	/* While compiling: what a "#" in it means, and the search for loops. */
	const struct value *resource;
	enum { SCHEMA_UNVISITED, SCHEMA_OPEN, SCHEMA_DONE } visit;
	struct schema_check *checks[SCHEMA_KEYWORD_COUNT];
};

/* Where we are, as a list from the inside out; kept on the stack. */
struct schema_place {
	const struct schema_place *outer;
	struct str key; /* absent: the index counts */
	size_t index;
};

/* The JSON Pointer of a place; NULL is the root. */
struct str schema_error_pointer(struct arena *arena,
    const struct schema_place *place);
#define SCHEMA_ERRORS_MAX 100
/* There must be fewer than SCHEMA_ERRORS_MAX so far. */
void schema_error_add(struct schema_errors *errors, struct str pointer,
    struct str keyword, const char *format, va_list args) PRINTF_LIKE(4, 0);

/* ------------------------------------------------------------- compiling */

#define SCHEMA_DEPTH_MAX 256

struct schema_compiler {
	struct arena *arena;
	const struct value *document;
	struct schema_errors *errors;
	size_t error_count; /* also those that were not kept */
	int depth;
	const struct value *resource; /* the nearest schema with an $id */
	struct map *schemas;          /* struct value * → struct schema * */
	struct map *resources;        /* $id → struct value * */
	struct map *anchors;          /* resource, name → struct value * */
	struct schema_reference *references; /* not resolved yet */
	size_t reference_count;
	size_t reference_capacity;
};

struct schema_reference {
	struct schema_check *check;
	struct str pointer; /* of the schema that has it */
	const struct value *resource;
};

typedef void schema_compile_fn(struct schema_compiler *compiler,
    struct schema_check *check, const struct schema_place *place);

/* Compiles a schema at a place, or finds it where that was done before. */
struct schema *schema_compile_at(struct schema_compiler *compiler,
    const struct value *document, const struct schema_place *place);
void schema_compile_refuse(struct schema_compiler *compiler, struct str pointer,
    struct str keyword, const char *format, ...) PRINTF_LIKE(4, 5);
/* Notes the reference; it is resolved when all else is compiled. */
void schema_reference_add(struct schema_compiler *compiler,
    struct schema_check *check, const struct schema_place *place);
void schema_reference_resolve_all(struct schema_compiler *compiler);
/* False where the resource has it already. */
bool schema_reference_add_anchor(struct schema_compiler *compiler,
    const struct value *schema, struct str name);
/* Refuses schemas that come back to themselves at the same value. */
void schema_reference_refuse_loops(struct schema_compiler *compiler,
    struct schema *root);

/* NULL with a message where the expression is malformed. */
#define SCHEMA_PATTERN_MESSAGE_BYTES 160
const struct schema_pattern *schema_pattern_new(struct arena *arena,
    struct str expression, char message[SCHEMA_PATTERN_MESSAGE_BYTES]);
/* 1: it matches somewhere; 0: nowhere; -1: looking took too long. */
int schema_pattern_match(const struct schema_pattern *pattern, struct str text);

/* NULL where there is no such format. */
schema_format_fn *schema_format_find(struct str name);
struct str schema_format_nearest(struct str name);

/* ------------------------------------------------------------ validating */

/* Which items or fields of a value some keyword has looked at. */
struct schema_seen {
	uint64_t *bits;
	size_t count;
};

struct schema_run {
	struct arena *arena; /* for the run only */
	struct schema_errors *errors;
	int quiet; /* > 0: alternatives are tried, findings are not kept */
	int depth;
	int64_t steps;
	bool stopped; /* enough findings, or too many steps */
};

/* A schema applied to a value. */
struct schema_at {
	struct schema_run *run;
	const struct schema *schema;
	const struct value *value;
	const struct schema_place *place;
	struct schema_seen *seen; /* NULL: nobody asks */
};

typedef bool schema_check_fn(struct schema_at *at,
    const struct schema_check *check);

/* Notes a finding at a place, and returns false. */
bool schema_validate_fail(struct schema_at *at, enum schema_keyword keyword,
    const struct schema_place *place, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Notes it even where findings are not kept, and ends the run: the answer is
 * no, but not for the reason that alternatives are tried for. */
void schema_validate_stop(struct schema_run *run,
    const struct schema_place *place, enum schema_keyword keyword,
    const char *format, ...) PRINTF_LIKE(4, 5);
/* Another schema on the same value: what it has seen counts, if valid. */
bool schema_validate_also(struct schema_at *at, const struct schema *schema);
/* The same without findings. */
bool schema_validate_quietly(struct schema_at *at, const struct schema *schema);
/* A schema on an item or a field. */
bool schema_validate_child(struct schema_at *at, const struct schema *schema,
    const struct value *value, const struct schema_place *place);
void schema_validate_see(struct schema_at *at, size_t index);
bool schema_validate_has_seen(const struct schema_at *at, size_t index);

/* ------------------------------------------------------------- the table */

struct schema_row {
	struct str name;
	schema_compile_fn *compile;
	schema_check_fn *check;
};
extern const struct schema_row schema_rows[SCHEMA_KEYWORD_COUNT];

/* The checks, by file. */
schema_check_fn schema_scalar_type, schema_scalar_enum, schema_scalar_const,
    schema_scalar_multiple, schema_scalar_maximum, schema_scalar_below,
    schema_scalar_minimum, schema_scalar_above, schema_scalar_max_length,
    schema_scalar_min_length, schema_scalar_pattern, schema_scalar_format;
schema_check_fn schema_list_max_items, schema_list_min_items,
    schema_list_unique, schema_list_prefix, schema_list_items,
    schema_list_contains, schema_list_unevaluated;
schema_check_fn schema_object_max_properties, schema_object_min_properties,
    schema_object_required, schema_object_dependent_required,
    schema_object_property_names, schema_object_properties,
    schema_object_pattern_properties, schema_object_additional,
    schema_object_unevaluated;
schema_check_fn schema_logic_ref, schema_logic_all_of, schema_logic_any_of,
    schema_logic_one_of, schema_logic_not, schema_logic_if,
    schema_logic_dependent_schemas;

/* The types of JSON Schema, as bits of schema_check.types. */
enum schema_type {
	SCHEMA_TYPE_NULL = 1,
	SCHEMA_TYPE_BOOLEAN = 2,
	SCHEMA_TYPE_INTEGER = 4,
	SCHEMA_TYPE_NUMBER = 8,
	SCHEMA_TYPE_STRING = 16,
	SCHEMA_TYPE_ARRAY = 32,
	SCHEMA_TYPE_OBJECT = 64,
};
#define SCHEMA_TYPE_COUNT 7
extern const struct str schema_type_names[SCHEMA_TYPE_COUNT];

#endif
