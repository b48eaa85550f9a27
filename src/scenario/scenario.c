/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario.c: a file of scenarios, read and held against its workflow.
 *
 * `test`, `version` and so on come first, for every later check needs the
 * definition that they name.
 */
#include "stated/scenario.h"

#include "scenario_priv.h"
#include "stated/clock.h"

static const char *const names[] = {"data", "input", "settings", "instance"};

bool
scenario_is_file(struct str path)
{
	return str_has_suffix(path, STR(".test.yaml")) ||
	       str_has_suffix(path, STR(".test.yml"));
}

const struct definition *
scenario_definition(const struct scenario_file *file)
{
	return file->definition;
}

size_t
scenario_count(const struct scenario_file *file)
{
	return file->count;
}

struct str
scenario_name(const struct scenario_file *file, size_t index)
{
	must(index < file->count);
	return file->items[index].name;
}

/* ---- single values ---- */

static void
check_priority(
    struct reader *reader, const struct value *value, struct str pointer)
{
	static const struct str legal[] = {
#define NAME(constant, name) STR_INIT(name),
	    DEF_PRIORITIES(NAME)
#undef NAME
	};
	enum def_priority priority;

	if (!def_priority_parse(value_str(value), &priority))
		form_unknown(reader, pointer, "priority", value_str(value),
		    legal, sizeof(legal) / sizeof(legal[0]));
}

static void
check_actor(
    struct reader *reader, const struct value *value, struct str pointer)
{
	static const struct form_key keys[] = {
	    {"name", FORM_TEXT, true, NULL},
	    {"roles", FORM_LIST, false, NULL},
	};
	static const struct form_table table = FORM_TABLE("an actor", keys);

	if (value->type == VALUE_CONTEXT)
		form_map(reader, value, pointer, &table);
}

/* ---- the two mappings ---- */

/* What may stand before all scenarios and in each of them. */
#define COMMON_KEYS                                                \
	{"start", FORM_MAP, false, NULL},                          \
	    {"actor", FORM_TEXT | FORM_MAP, false, check_actor},   \
	    {"priority", FORM_TEXT, false, check_priority},        \
	    {"settings", FORM_MAP, false, NULL},                   \
	    {"environment", FORM_TEXT, false, NULL},               \
	    {"now", FORM_TEXT, false, scenario_check_instant},     \
	{                                                          \
		"replies", FORM_MAP, false, scenario_check_replies \
	}

static const struct form_key file_keys[] = {
    {"test", FORM_TEXT, true, NULL},
    {"version", FORM_NUMBER, false, NULL},
    COMMON_KEYS,
    {"scenarios", FORM_LIST, true, NULL},
};
static const struct form_table file_table =
    FORM_TABLE("a file of scenarios", file_keys);

static const struct form_key scenario_keys[] = {
    {"name", FORM_TEXT, true, NULL},
    COMMON_KEYS,
    {"steps", FORM_LIST, true, NULL},
};
static const struct form_table scenario_table =
    FORM_TABLE("a scenario", scenario_keys);

static const struct template *
read_field(struct reader *reader, const struct value *map, struct str pointer,
    const char *key)
{
	const struct value *value = value_get_cstr(map, key);

	return value == NULL
		   ? NULL
		   : form_template(reader, value,
			 form_below(reader, pointer, str_of(key)), false);
}

static void
read_common(struct reader *reader, const struct value *map, struct str pointer,
    struct scenario *into)
{
	struct str now = value_field_str(map, "now");

	into->start = read_field(reader, map, pointer, "start");
	into->actor = read_field(reader, map, pointer, "actor");
	into->settings = read_field(reader, map, pointer, "settings");
	into->replies = read_field(reader, map, pointer, "replies");
	into->environment = value_field_str(map, "environment");
	into->priority = value_field_str(map, "priority");
	if (!clock_parse(now, &into->now_ms))
		into->now_ms = 0; /* its check has told it */
}

static void
read_steps(struct reader *reader, const struct value *list, struct str pointer,
    struct scenario *into)
{
	size_t count = list->type == VALUE_LIST ? list->as.list.count : 0;
	struct scenario_step *steps =
	    ARENA_ARRAY(reader->arena, count, struct scenario_step);

	for (size_t i = 0; i < count; i++)
		if (scenario_step_read(reader, list->as.list.items[i],
			form_item(reader, pointer, i),
			&steps[into->step_count]))
			into->step_count++;
	into->steps = steps;
}

static void
read_scenario(struct reader *reader, const struct value *map,
    struct str pointer, struct scenario *into)
{
	if (!form_is(reader, map, pointer, "scenarios", FORM_MAP) ||
	    map->type != VALUE_CONTEXT)
		return;
	form_map(reader, map, pointer, &scenario_table);
	into->name = value_field_str(map, "name");
	into->span = yaml_place(
	    reader->places, form_below(reader, pointer, STR("name")));
	read_common(reader, map, pointer, into);
	read_steps(reader, value_field_or_null(map, "steps"),
	    form_below(reader, pointer, STR("steps")), into);
}

static void
check_names(struct reader *reader, const struct scenario_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		for (size_t j = 0; j < i; j++) {
			if (!str_equal(
				file->items[i].name, file->items[j].name))
				continue;
			diag_add(reader->diags, DIAG_ERROR, SCENARIO_DUPLICATE,
			    file->items[i].span,
			    "a second scenario of this name");
			diag_repair(reader->diags,
			    "the first stands at line %u",
			    file->items[j].span.line);
		}
}

/* ---- the file ---- */

static void
report_no_workflow(struct reader *reader, struct str name, int64_t version)
{
	struct str *legal = NULL;
	size_t count = 0, capacity = 0;
	const struct definition *definition;

	if (version != 0 &&
	    library_find_workflow(reader->library, name, 0) != NULL) {
		form_error(reader, SCENARIO_UNKNOWN_NAME, STR("/version"),
		    "no version %lld of workflow `%.*s`", (long long)version,
		    STR_ARG(name));
		return;
	}
	for (size_t i = 0;
	     (definition = library_workflow_at(reader->library, i)); i++) {
		legal = arena_grow(
		    reader->arena, legal, count, &capacity, sizeof(*legal));
		legal[count++] = definition->name;
	}
	form_unknown(reader, STR("/test"), "workflow", name, legal, count);
}

static bool
find_definition(struct reader *reader, const struct value *root)
{
	const struct value *test = value_get_cstr(root, "test");
	const struct value *number = value_get_cstr(root, "version");
	int64_t version = 0;

	if (test == NULL) {
		form_error(reader, SCENARIO_MISSING_KEY, STR(""),
		    "a file of scenarios begins with `test: WORKFLOW`");
		return false;
	}
	if (test->type != VALUE_STRING) {
		form_error(reader, SCENARIO_WRONG_KIND, STR("/test"),
		    "`test` takes the name of a workflow");
		return false;
	}
	if (number != NULL && number->type == VALUE_NUMBER &&
	    !number_to_int(number->as.number, &version))
		version = -1;
	reader->definition =
	    library_find_workflow(reader->library, value_str(test), version);
	if (reader->definition == NULL)
		report_no_workflow(reader, value_str(test), version);
	return reader->definition != NULL;
}

/* Names that expressions may read: a name with a space or a dash has to be
 * known to be read as one. */
static void
gather_names(struct reader *reader)
{
	const struct def_assigns *data = &reader->definition->data;

	reader->names = feel_names_new(reader->arena);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		feel_names_add(reader->names, str_of(names[i]));
	for (size_t i = 0; i < data->count; i++)
		feel_names_add(reader->names, data->items[i].name);
}

static void
read_file(
    struct reader *reader, const struct value *root, struct scenario_file *file)
{
	const struct value *list = value_field_or_null(root, "scenarios");
	size_t count = list->type == VALUE_LIST ? list->as.list.count : 0;
	struct scenario *items =
	    ARENA_ARRAY(reader->arena, count, struct scenario);

	if (!find_definition(reader, root))
		return;
	gather_names(reader);
	file->definition = reader->definition;
	form_map(reader, root, STR(""), &file_table);
	read_common(reader, root, STR(""), &file->all);
	for (size_t i = 0; i < count; i++)
		read_scenario(reader, list->as.list.items[i],
		    form_item(reader, STR("/scenarios"), i), &items[i]);
	file->items = items;
	file->count = count;
	check_names(reader, file);
}

const struct scenario_file *
scenario_read(struct arena *arena, const struct library *library,
    struct str name, struct str text, struct diag_list *diags)
{
	struct scenario_file *file = ARENA_NEW(arena, struct scenario_file);
	struct reader reader = {
	    .arena = arena, .diags = diags, .library = library};
	size_t errors = diag_count(diags, DIAG_ERROR);
	const struct value *root =
	    yaml_read(arena, name, text, diags, &reader.places);

	if (root == NULL)
		return NULL;
	file->library = library;
	if (root->type != VALUE_CONTEXT)
		form_error(&reader, SCENARIO_WRONG_KIND, STR(""),
		    "a file of scenarios is a mapping that begins with "
		    "`test: WORKFLOW`");
	else
		read_file(&reader, root, file);
	return diag_count(diags, DIAG_ERROR) == errors ? file : NULL;
}
