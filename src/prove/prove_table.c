/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_table.c: no two rules of a decision contradict each other, and there
 * is one for every input.
 *
 * What an input can be comes from the table's own `allowed`, and from the
 * schema of the workflow's input where the table reads it.  A cell that asks
 * for more than how the input compares with constants is in nobody's way: it
 * fills every gap and overlaps with nothing.
 */
#include "prove_table.h"

#include "prove_facts.h"

/* Steps of the search for a gap: beyond them nothing is told. */
#define STEPS_MAX 1000000
#define WORD_BITS 64

typedef uint64_t *bits;

struct table {
	const struct def_decision *decision;
	struct arena *arena;
	struct diag_list *diags;
	struct axis *axes;
	size_t words;      /* of a set of rules */
	bits **takes;      /* [axis][region]: the rules that take it */
	bool **is_unclear; /* [axis][rule] */
	bool *overlaps;    /* [rule]: told already */
	bool has_gap;      /* told already */
};

static bool
has_bit(const uint64_t *set, size_t bit)
{
	return set[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

static void
add_bit(uint64_t *set, size_t bit)
{
	set[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
}

/* ---- what inputs can be ---- */

/* A part of a schema by the names of properties, or NULL. */
static const struct value *
find_property(const struct value *schema, struct str path)
{
	struct str rest;
	struct str name = str_split(path, '.', &rest);
	const struct value *property =
	    value_get(value_get_cstr(schema, "properties"), name);

	if (!property || !rest.at)
		return property;
	return find_property(property, rest);
}

static bool
has_text(const struct value *list, struct str text)
{
	for (size_t i = 0; list && list->type == VALUE_LIST &&
	     i < list->as.list.count; i++)
		if (str_equal(value_str(list->as.list.items[i]), text))
			return true;
	return false;
}

/* Whether each of the names is required of what stands before it. */
static bool
is_required(const struct value *schema, struct str path)
{
	struct str rest;
	struct str name = str_split(path, '.', &rest);

	if (!has_text(value_get_cstr(schema, "required"), name) ||
	    !str_equal(value_field_str(schema, "type"), STR("object")))
		return false;
	return !rest.at || is_required(value_get(
	    value_get_cstr(schema, "properties"), name), rest);
}

/* What the table's name stands for where the step gives it by `with`. */
static struct str
given_path(
    const struct template *with, struct str path, struct arena *arena)
{
	struct str rest;
	struct str name = str_split(path, '.', &rest);

	for (size_t i = 0; with->kind == TEMPLATE_CONTEXT && i < with->count;
	     i++) {
		const struct template *value = with->fields[i].value;
		const struct feel_shape *shape;

		if (!str_equal(with->fields[i].key, name) ||
		    value->kind != TEMPLATE_FEEL)
			continue;
		shape = feel_shape(value->feel, arena);
		if (shape->kind != SHAPE_PATH)
			break;
		return rest.at ? arena_strf(arena, "%.*s.%.*s",
		    STR_ARG(shape->path), STR_ARG(rest)) : shape->path;
	}
	return (struct str){NULL, 0};
}

/* The path that the step gives to the table; the absent string where it is
 * none. */
static struct str
path_of(const struct decision_input *input, const struct def_step *step,
    struct arena *arena)
{
	const struct feel_shape *shape = feel_shape(input->feel, arena);

	if (shape->kind != SHAPE_PATH)
		return (struct str){NULL, 0};
	return step->with ? given_path(step->with, shape->path, arena) :
	    shape->path;
}

static const struct value *
schema_of(const struct definition *definition, struct str path, bool *is_there)
{
	if (!definition->input_schema || !path.at ||
	    !str_has_prefix(path, STR("input.")))
		return NULL;
	path = str_slice(path, 6, path.bytes);
	*is_there = is_required(definition->input_schema, path);
	return find_property(definition->input_schema, path);
}

/*
 * Whether a condition may keep null away from the step: its own, or any other
 * that reads the input.  Which of them stand before the step, and what they
 * leave of the input, is not looked at.
 */
static bool
may_be_kept_away(const struct definition *definition,
    const struct def_step *step, struct str path, struct arena *arena)
{
	if (!flow_guard_always(step->guard))
		return true;
	for (size_t i = 0; path.at && i < definition->transition_count; i++)
		if (names_reads_path(
		    definition->transitions[i]->guard, path, arena))
			return true;
	for (size_t i = 0; path.at && i < definition->step_count; i++)
		if (names_reads_path(
		    definition->steps[i]->guard, path, arena) ||
		    names_reads_path(definition->steps[i]->that, path, arena))
			return true;
	return false;
}

/* ---- regions and boxes ---- */

static void
cut_axis(struct table *table, size_t at, const struct definition *definition,
    const struct def_step *step)
{
	const struct decision_input *input = &table->decision->inputs[at];
	struct axis *axis = &table->axes[at];
	struct str path = definition ? path_of(input, step, table->arena) :
	    (struct str){NULL, 0};
	bool is_there = false;
	const struct value *schema =
	    definition ? schema_of(definition, path, &is_there) : NULL;

	*axis = (struct axis){.arena = table->arena, .is_there = is_there};
	if (axis_add_tests(axis, input->allowed))
		axis->allowed = input->allowed;
	if (schema)
		axis_add_schema(axis, schema);
	/* What a cell asks for is not yet expected. */
	axis->expects_null = axis_has_null(axis) && (!definition ||
	    !may_be_kept_away(definition, step, path, table->arena));
	table->is_unclear[at] =
	    ARENA_ARRAY(table->arena, table->decision->rule_count, bool);
	for (size_t i = 0; i < table->decision->rule_count; i++)
		table->is_unclear[at][i] = !axis_add_tests(
		    axis, table->decision->rules[i].when[at]);
	axis_cut(axis);
}

static void
fill_axis(struct table *table, size_t at)
{
	struct axis *axis = &table->axes[at];
	struct feel_env env = {.arena = table->arena};

	table->takes[at] =
	    ARENA_ARRAY(table->arena, axis->region_count, uint64_t *);
	for (size_t i = 0; i < axis->region_count; i++) {
		bits rules = ARENA_ARRAY(table->arena, table->words, uint64_t);

		for (size_t k = 0; k < table->decision->rule_count; k++) {
			const struct feel *cell =
			    table->decision->rules[k].when[at];

			if (table->is_unclear[at][k] || !cell ||
			    value_is_true(
				feel_test(cell, axis->regions[i], &env)))
				add_bit(rules, k);
		}
		table->takes[at][i] = rules;
	}
}

static bool
is_clear(const struct table *table, size_t rule)
{
	for (size_t i = 0; i < table->decision->input_count; i++)
		if (table->is_unclear[i][rule])
			return false;
	return true;
}

/* ---- telling ---- */

static void
add_value(struct buf *text, const struct value *value)
{
	switch (value->type) {
	case VALUE_NUMBER:
		number_format_plain(value->as.number, text);
		return;
	case VALUE_STRING:
		buf_add_json_string(text, value->as.string);
		return;
	case VALUE_DATE:
		date_format(value->as.date, text);
		return;
	case VALUE_BOOLEAN:
		buf_add_cstr(text, value->as.boolean ? "true" : "false");
		return;
	default:
		buf_add_cstr(text, "null");
		return;
	}
}

/* "amount = 1000, currency = "EUR"" of a region for each axis. */
static struct str
witness_text(const struct table *table, const size_t *regions)
{
	struct buf text = {0};
	struct str copy;

	for (size_t i = 0; i < table->decision->input_count; i++) {
		if (table->axes[i].is_anything)
			continue;
		if (text.bytes > 0)
			buf_add_cstr(&text, ", ");
		buf_add_str(&text, table->decision->inputs[i].label);
		buf_add_cstr(&text, " = ");
		add_value(&text, table->axes[i].regions[regions[i]]);
	}
	if (text.bytes == 0)
		buf_add_cstr(&text, "any input");
	copy = arena_str(table->arena, buf_str(&text));
	buf_fini(&text);
	return copy;
}

/* ---- P111 ---- */

/* A region of each axis that both rules take. */
static bool
find_common(const struct table *table, size_t a, size_t b, size_t *regions)
{
	for (size_t i = 0; i < table->decision->input_count; i++) {
		size_t at = 0;

		while (at < table->axes[i].region_count &&
		    !(has_bit(table->takes[i][at], a) &&
			has_bit(table->takes[i][at], b)))
			at++;
		if (at == table->axes[i].region_count)
			return false;
		regions[i] = at;
	}
	return true;
}

/* Whether both say something fixed, and not the same. */
static bool
differ(const struct table *table, size_t a, size_t b)
{
	for (size_t i = 0; i < table->decision->output_count; i++) {
		const struct template *one = table->decision->rules[a].then[i];
		const struct template *two = table->decision->rules[b].then[i];

		if (one->kind == TEMPLATE_LITERAL &&
		    two->kind == TEMPLATE_LITERAL &&
		    !value_equal(one->literal, two->literal))
			return true;
	}
	return false;
}

static void
tell_overlap(struct table *table, size_t a, size_t b, const size_t *regions)
{
	bool is_unique = table->decision->hit_policy == HIT_UNIQUE;

	diag_add(table->diags, DIAG_WARNING, PROVE_OVERLAP,
	    table->decision->rules[b].span, "%.*s matches rules %zu and %zu%s",
	    STR_ARG(witness_text(table, regions)), a + 1, b + 1,
	    is_unique ? "" : ", which differ");
	diag_repair(table->diags, is_unique ?
	    "let one of them begin where the other ends, or choose another "
	    "hit-policy" :
	    "under `any`, rules that match together must decide the same");
}

static void
prove_overlaps(struct table *table)
{
	const struct def_decision *decision = table->decision;
	size_t *regions =
	    ARENA_ARRAY(table->arena, decision->input_count, size_t);

	if (decision->hit_policy != HIT_UNIQUE &&
	    decision->hit_policy != HIT_ANY)
		return;
	for (size_t b = 1; b < decision->rule_count; b++)
		for (size_t a = 0; a < b && !table->overlaps[b]; a++) {
			if (!is_clear(table, a) || !is_clear(table, b) ||
			    !find_common(table, a, b, regions) ||
			    (decision->hit_policy == HIT_ANY &&
				!differ(table, a, b)))
				continue;
			tell_overlap(table, a, b, regions);
			table->overlaps[b] = true;
		}
}

/* ---- what no rule takes ---- */

struct search {
	const struct table *table;
	size_t within;   /* only what that rule takes; SIZE_MAX: all */
	size_t *regions; /* where the search is */
	bits **left;     /* [axis][…]: what was tried, and is left of rules */
	bits *full;      /* [axis]: rules that take all from that axis on */
	size_t steps;
};

static bool
is_in_search(const struct search *search, size_t axis, size_t region)
{
	const struct axis *at = &search->table->axes[axis];

	if (search->within != SIZE_MAX)
		return has_bit(search->table->takes[axis][region],
		    search->within);
	return at->null_at != region + 1 || at->is_anything ||
	    at->expects_null;
}

static bool
share(const struct search *search, const uint64_t *a, const uint64_t *b)
{
	for (size_t i = 0; i < search->table->words; i++)
		if (a[i] & b[i])
			return true;
	return false;
}

static bool
is_tried(const struct search *search, uint64_t *const *tried, size_t count,
    const uint64_t *rules)
{
	size_t bytes = search->table->words * sizeof(uint64_t);

	for (size_t i = 0; i < count; i++)
		if (memcmp(tried[i], rules, bytes) == 0)
			return true;
	return false;
}

/*
 * Regions that the same rules take give the same answer, so that one of them
 * is tried; a rule that takes all of what follows leaves no gap.
 */
static bool
find_gap(struct search *search, size_t axis, const uint64_t *rules)
{
	const struct table *table = search->table;
	size_t count = 0;

	must(axis <= table->decision->input_count);
	if (share(search, rules, search->full[axis]))
		return false;
	if (axis == table->decision->input_count)
		return true;
	for (size_t i = 0; i < table->axes[axis].region_count; i++) {
		bits left = search->left[axis][count];

		if (!is_in_search(search, axis, i) ||
		    ++search->steps > STEPS_MAX)
			continue;
		for (size_t k = 0; k < table->words; k++)
			left[k] = rules[k] & table->takes[axis][i][k];
		if (is_tried(search, search->left[axis], count, left))
			continue;
		search->regions[axis] = i;
		if (find_gap(search, axis + 1, left))
			return true;
		count++;
	}
	return false;
}

static void
fill_full(struct search *search, size_t axis)
{
	const struct table *table = search->table;
	bits full = search->full[axis];

	memcpy(full, search->full[axis + 1], table->words * sizeof(*full));
	for (size_t i = 0; i < table->axes[axis].region_count; i++)
		for (size_t k = 0; is_in_search(search, axis, i) &&
		     k < table->words; k++)
			full[k] &= table->takes[axis][i][k];
}

static struct search
search_new(const struct table *table, size_t within)
{
	size_t axes = table->decision->input_count;
	struct arena *arena = table->arena;
	struct search search = {
	    .table = table,
	    .within = within,
	    .regions = ARENA_ARRAY(arena, axes, size_t),
	    .left = ARENA_ARRAY(arena, axes, bits *),
	    .full = ARENA_ARRAY(arena, axes + 1, bits),
	};

	search.full[axes] = ARENA_ARRAY(arena, table->words, uint64_t);
	memset(search.full[axes], 0xff, table->words * sizeof(uint64_t));
	for (size_t i = axes; i-- > 0;) {
		size_t regions = table->axes[i].region_count;

		search.left[i] = ARENA_ARRAY(arena, regions, bits);
		for (size_t k = 0; k < regions; k++)
			search.left[i][k] =
			    ARENA_ARRAY(arena, table->words, uint64_t);
		search.full[i] = ARENA_ARRAY(arena, table->words, uint64_t);
		fill_full(&search, i);
	}
	return search;
}

/* ---- P112 ---- */

static bool
may_have_gaps(const struct def_decision *decision)
{
	for (size_t i = 0; i < decision->output_count; i++)
		if (decision->outputs[i].fallback)
			return true;
	return decision->hit_policy == HIT_COLLECT ||
	    decision->hit_policy == HIT_RULE_ORDER ||
	    decision->hit_policy == HIT_OUTPUT_ORDER;
}

static void
prove_gaps(struct table *table)
{
	struct search search = search_new(table, SIZE_MAX);
	bits rules = ARENA_ARRAY(table->arena, table->words, uint64_t);

	if (table->has_gap || may_have_gaps(table->decision))
		return;
	for (size_t i = 0; i < table->decision->rule_count; i++)
		add_bit(rules, i);
	if (!find_gap(&search, 0, rules))
		return;
	table->has_gap = true;
	diag_add(table->diags, DIAG_WARNING, PROVE_GAP, table->decision->span,
	    "no rule of `%.*s` matches %.*s", STR_ARG(table->decision->name),
	    STR_ARG(witness_text(table, search.regions)));
	diag_repair(table->diags,
	    "add a rule for it, a last rule of `-`, or a `default` of the "
	    "outputs; `allowed` of an input says what it can be");
}

/* ---- P118 ---- */

static void
prove_decides(struct table *table, size_t rule)
{
	struct search search = search_new(table, rule);
	bits earlier = ARENA_ARRAY(table->arena, table->words, uint64_t);
	bool is_first = table->decision->hit_policy == HIT_FIRST;

	for (size_t i = 0; i < rule && is_first; i++)
		if (is_clear(table, i))
			add_bit(earlier, i);
	if (find_gap(&search, 0, earlier) || search.steps > STEPS_MAX)
		return;
	diag_add(table->diags, DIAG_WARNING, PROVE_NEVER_MATCHES,
	    table->decision->rules[rule].span, "rule %zu never decides",
	    rule + 1);
	diag_repair(table->diags, is_first && rule > 0 ?
	    "what it matches, the rules before it match already" :
	    "no input that there can be matches it");
}

static bool
matches_nothing(const struct table *table, size_t rule)
{
	for (size_t i = 0; i < table->decision->input_count; i++) {
		size_t at = 0;

		while (at < table->axes[i].region_count &&
		    !has_bit(table->takes[i][at], rule))
			at++;
		if (at == table->axes[i].region_count)
			return true;
	}
	return false;
}

/* ---- a table in one of its uses ---- */

static void
cut(struct table *table, const struct definition *definition,
    const struct def_step *step)
{
	for (size_t i = 0; i < table->decision->input_count; i++) {
		cut_axis(table, i, definition, step);
		fill_axis(table, i);
	}
}

static void
prove_use(struct table *table, const struct definition *definition,
    const struct def_step *step)
{
	cut(table, definition, step);
	prove_overlaps(table);
	prove_gaps(table);
}

/* Whatever a workflow may give it: a table may be ready for more than it is
 * used for today. */
static void
prove_rules(struct table *table)
{
	const struct def_decision *decision = table->decision;

	cut(table, NULL, NULL);
	for (size_t i = 0; i < decision->rule_count; i++)
		if (is_clear(table, i) && (matches_nothing(table, i) ||
		    decision->hit_policy == HIT_FIRST))
			prove_decides(table, i);
}

static size_t
prove_uses(struct table *table, const struct library *library)
{
	const struct definition *definition;
	size_t count = 0;

	for (size_t i = 0; library &&
	     (definition = library_workflow_at(library, i)); i++)
		for (size_t k = 0; k < definition->step_count; k++) {
			const struct def_step *step = definition->steps[k];

			if (step->kind != STEP_DECIDE ||
			    step->decision != table->decision)
				continue;
			prove_use(table, definition, step);
			count++;
		}
	return count;
}

/* Two inputs of one expression are no two axes. */
static bool
has_twins(const struct def_decision *decision)
{
	for (size_t i = 0; i < decision->input_count; i++)
		for (size_t k = 0; k < i; k++)
			if (str_equal(decision->inputs[i].label,
			    decision->inputs[k].label))
				return true;
	return false;
}

void
prove_decision(const struct def_decision *decision,
    const struct library *library, struct arena *arena, struct diag_list *diags)
{
	struct table table = {
	    .decision = decision,
	    .arena = arena,
	    .diags = diags,
	    .axes = ARENA_ARRAY(arena, decision->input_count, struct axis),
	    .words = (decision->rule_count + WORD_BITS - 1) / WORD_BITS,
	    .takes = ARENA_ARRAY(arena, decision->input_count, bits *),
	    .is_unclear = ARENA_ARRAY(arena, decision->input_count, bool *),
	    .overlaps = ARENA_ARRAY(arena, decision->rule_count, bool),
	};

	if (has_twins(decision))
		return;
	prove_rules(&table);
	if (prove_uses(&table, library) == 0)
		prove_use(&table, NULL, NULL);
}
