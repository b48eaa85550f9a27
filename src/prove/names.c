/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.c: which names a template reads, and which a step assigns.
 */
#include "prove_facts.h"

#include "stated/map.h"

/* ---- what is read ---- */

struct reading {
	const struct template *template;
	names_fn *fn;
	void *arg;
};

static void
read_cb(struct str name, size_t offset, void *arg)
{
	struct reading *reading = arg;

	(void)offset;
	reading->fn(reading->template, name, reading->arg);
}

void
names_each(const struct template *template, names_fn *fn, void *arg)
{
	struct reading reading = {template, fn, arg};

	if (!template)
		return;
	if (template->kind == TEMPLATE_FEEL)
		feel_each_free_name(template->feel, read_cb, &reading);
	for (size_t i = 0; i < template->count; i++)
		names_each(template->kind == TEMPLATE_LIST ?
		    template->items[i] : template->fields[i].value, fn, arg);
}

struct looking {
	struct str name;
	bool found;
};

static void
look_cb(const struct template *template, struct str name, void *arg)
{
	struct looking *looking = arg;

	(void)template;
	looking->found |= str_equal(name, looking->name);
}

bool
names_has(const struct template *template, struct str name)
{
	struct looking looking = {.name = name};

	names_each(template, look_cb, &looking);
	return looking.found;
}

struct decision_reading {
	names_of_feel_fn *fn;
	void *arg;
};

static void
decision_cb(struct str name, size_t offset, void *arg)
{
	struct decision_reading *reading = arg;

	(void)offset;
	reading->fn(name, reading->arg);
}

static void
decision_output_cb(const struct template *template, struct str name, void *arg)
{
	(void)template;
	decision_cb(name, 0, arg);
}

static void
decision_feel(const struct feel *feel, struct decision_reading *reading)
{
	if (feel)
		feel_each_free_name(feel, decision_cb, reading);
}

void
names_each_of_decision(
    const struct def_decision *decision, names_of_feel_fn *fn, void *arg)
{
	struct decision_reading reading = {fn, arg};

	for (size_t i = 0; i < decision->input_count; i++) {
		decision_feel(decision->inputs[i].feel, &reading);
		decision_feel(decision->inputs[i].allowed, &reading);
	}
	for (size_t i = 0; i < decision->output_count; i++) {
		const struct decision_output *output = &decision->outputs[i];

		decision_feel(output->allowed, &reading);
		if (output->fallback)
			names_each(output->fallback, decision_output_cb,
			    &reading);
	}
	for (size_t i = 0; i < decision->rule_count; i++) {
		const struct decision_rule *rule = &decision->rules[i];

		for (size_t k = 0; k < decision->input_count; k++)
			decision_feel(rule->when[k], &reading);
		for (size_t k = 0; k < decision->output_count; k++)
			names_each(
			    rule->then[k], decision_output_cb, &reading);
	}
}

/* ---- null ---- */

static bool
is_null(const struct feel_shape *shape)
{
	return shape->kind == SHAPE_CONSTANT && value_is_null(shape->constant);
}

static struct str
head_of(const struct feel_shape *shape)
{
	struct str rest;

	return shape->kind == SHAPE_PATH ? str_split(shape->path, '.', &rest) :
	    (struct str){NULL, 0};
}

/* What is compared with null: the absent string where nothing is. */
static struct str
compared_with_null(const struct feel_shape *shape)
{
	if ((shape->kind != SHAPE_EQUAL && shape->kind != SHAPE_UNEQUAL) ||
	    !shape->parts[0] || !shape->parts[1])
		return (struct str){NULL, 0};
	return is_null(shape->parts[1]) ? head_of(shape->parts[0]) :
	    is_null(shape->parts[0]) ? head_of(shape->parts[1]) :
	    (struct str){NULL, 0};
}

static bool
asks_null(const struct feel_shape *shape, struct str name)
{
	struct str compared = compared_with_null(shape);

	if (compared.at && str_equal(compared, name))
		return true;
	for (size_t i = 0; i < shape->count; i++)
		if (shape->parts[i] && asks_null(shape->parts[i], name))
			return true;
	return false;
}

bool
names_asks_null(
    const struct template *template, struct str name, struct arena *arena)
{
	return template->kind == TEMPLATE_FEEL &&
	    asks_null(feel_shape(template->feel, arena), name);
}

static bool
is_at_or_above(struct str path, struct str at)
{
	return str_has_prefix(path, at) &&
	    (path.bytes == at.bytes || path.at[at.bytes] == '.');
}

static bool
reads_path(const struct feel_shape *shape, struct str path)
{
	if (shape->kind == SHAPE_PATH && is_at_or_above(path, shape->path))
		return true;
	for (size_t i = 0; i < shape->count; i++)
		if (shape->parts[i] && reads_path(shape->parts[i], path))
			return true;
	return false;
}

bool
names_reads_path(
    const struct template *template, struct str path, struct arena *arena)
{
	return template && template->kind == TEMPLATE_FEEL &&
	    reads_path(feel_shape(template->feel, arena), path);
}

static void
each_not_null(const struct feel_shape *shape, names_of_feel_fn *fn, void *arg)
{
	struct str compared = compared_with_null(shape);

	if (shape->kind == SHAPE_AND) {
		each_not_null(shape->parts[0], fn, arg);
		each_not_null(shape->parts[1], fn, arg);
	} else if (shape->kind == SHAPE_UNEQUAL && compared.at) {
		fn(compared, arg);
	}
}

void
names_each_not_null(const struct template *guard, struct arena *arena,
    names_of_feel_fn *fn, void *arg)
{
	if (guard && guard->kind == TEMPLATE_FEEL)
		each_not_null(feel_shape(guard->feel, arena), fn, arg);
}

/* ---- what is assigned ---- */

static bool
assigns(struct def_assigns assigns, struct str name)
{
	for (size_t i = 0; i < assigns.count; i++)
		if (str_equal(assigns.items[i].name, name))
			return true;
	return false;
}

/* A call that is done by its verify has that one's output, if it has any. */
void
names_each_assigned(
    const struct def_step *step, names_of_feel_fn *fn, void *arg)
{
	const struct def_verify *verify =
	    step->call ? step->call->verify : NULL;
	bool has_two = verify && verify->output.count > 0;

	for (size_t i = 0; i < step->set.count; i++)
		fn(step->set.items[i].name, arg);
	for (size_t i = 0; i < step->output.count; i++)
		if (!has_two ||
		    assigns(verify->output, step->output.items[i].name))
			fn(step->output.items[i].name, arg);
}

/* ---- numbers ---- */

struct name_table
name_table_new(struct arena *arena)
{
	return (struct name_table){.index = map_new(), .arena = arena};
}

void
name_table_free(struct name_table *table)
{
	map_free(&table->index);
}

size_t
name_table_find(const struct name_table *table, struct str name)
{
	uintptr_t found = (uintptr_t)map_find(table->index, name);

	return found ? found - 1 : SIZE_MAX;
}

size_t
name_table_add(struct name_table *table, struct str name)
{
	size_t found = name_table_find(table, name);

	must(name.bytes > 0);
	if (found != SIZE_MAX)
		return found;
	table->names = arena_grow(table->arena, table->names, table->count,
	    &table->capacity, sizeof(*table->names));
	table->names[table->count] = name;
	(void)map_put(table->index, name, (void *)(uintptr_t)++table->count);
	return table->count - 1;
}
