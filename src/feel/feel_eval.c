/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_eval.c: evaluates the tree: the driver, names, control and boxed
 * expressions.
 *
 * Every node costs a step of the budget.  Once the budget is used up, every
 * node is null at once, so that whatever is under way unwinds quickly without
 * each caller having to ask.
 */
#include "feel_priv.h"

#include <stdarg.h>
#include <stdio.h>

feel_eval_fn *const feel_evaluators[FEEL_OP_COUNT] = {
#define FEEL_OP_ROW(name, function) [FEEL_##name] = function,
	FEEL_OPS(FEEL_OP_ROW)
#undef FEEL_OP_ROW
};

/* How often the arena is looked at: every so many steps. */
#define BYTES_CHECK_STEPS 64
#define BYTES_PER_STEP 64
/* Entries are looked up while a context grows, where it has many. */
#define ENTRIES_FEW 16
#define ENTRY_STEPS 4

const struct value *
feel_null(struct feel_run *run, const struct feel_node *node,
    const char *format, ...)
{
	struct feel_env *env = run->env;
	char note[sizeof(env->note)];
	va_list args;

	if (!feel_is_told(run))
		return &value_null;
	va_start(args, format);
	str_vwrite(note, sizeof(note), format, args);
	va_end(args);
	if (env->trace != NULL)
		feel_trace_note(env->trace, node, str_of(note));
	if (env->note[0] != '\0')
		return &value_null;
	memcpy(env->note, note, sizeof(note));
	env->note_offset = node != NULL ? node->offset : 0;
	env->note_bytes = node != NULL ? node->bytes : 1;
	return &value_null;
}

bool
feel_exhaust(struct feel_run *run, const char *why)
{
	run->steps = 0;
	if (run->env->exhausted)
		return false;
	run->env->exhausted = true;
	run->env->note[0] = '\0'; /* this explains more than what came before */
	(void)feel_null(run, NULL, "%s", why);
	return false;
}

bool
feel_spend(struct feel_run *run, size_t steps)
{
	if (run->steps > 0 && steps < (size_t)run->steps) {
		run->steps -= (int64_t)steps;
		return true;
	}
	return feel_exhaust(run, "the expression took too many steps");
}

bool
feel_spend_bytes(struct feel_run *run, size_t bytes)
{
	return bytes < BYTES_PER_STEP ||
	    feel_spend(run, bytes / BYTES_PER_STEP);
}

bool
feel_afford(struct feel_run *run, size_t bytes)
{
	size_t used = arena_footprint(run->arena);

	if (used <= run->bytes_max && bytes <= run->bytes_max - used)
		return true;
	return feel_exhaust(run, FEEL_TOO_MUCH_MEMORY);
}

size_t
feel_text_bytes_max(struct feel_run *run)
{
	size_t used = arena_footprint(run->arena);

	/* A buffer's memory grows by doubling, and 0 is no bound for it. */
	return used + 4 <= run->bytes_max ? (run->bytes_max - used) / 4 : 1;
}

const struct value *
feel_text_take(struct feel_run *run, struct buf *text)
{
	const struct value *value = NULL;

	if (buf_is_over(text))
		(void)feel_exhaust(run, FEEL_TOO_MUCH_MEMORY);
	else if (feel_afford(run, text->bytes))
		value = value_copy_str(run->arena, buf_str(text));
	buf_fini(text);
	return value;
}

static bool
may_go_on(struct feel_run *run)
{
	if (run->depth >= FEEL_DEPTH_MAX)
		return feel_exhaust(run, "functions called too deep");
	if (run->steps % BYTES_CHECK_STEPS == 0 && !feel_afford(run, 0))
		return false;
	return feel_spend(run, 1);
}

const struct value *
feel_eval_node(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value;

	if (node->op == FEEL_CONSTANT)
		return node->as.constant;
	if (!may_go_on(run))
		return &value_null;
	run->depth++;
	value = run->evaluators[node->op](run, node);
	run->depth--;
	must(value != NULL);
	return value;
}

const struct value *
feel_fold(struct feel_env *env, const struct feel_node *node)
{
	struct feel_run run = {
		.evaluators = feel_evaluators,
		.env = env,
		.arena = env->arena,
		.steps = env->steps,
		.bytes_max = env->bytes_max,
	};
	const struct value *value = feel_eval_node(&run, node);

	env->steps = run.steps;
	return env->exhausted || value_is_null(value) ? NULL : value;
}

/* ------------------------------------------------------------------ making */

const struct value **
feel_items_new(struct feel_run *run, size_t count)
{
	if (!feel_spend(run, count) ||
	    !feel_afford(run, count * sizeof(struct value *)))
		return NULL;
	return ARENA_ARRAY(run->arena, count, const struct value *);
}

void
feel_items_add(struct feel_run *run, struct feel_items *items,
    const struct value *value)
{
	if (items->count == items->capacity &&
	    !feel_afford(run, 2 * items->capacity * sizeof(*items->at)))
		return;
	items->at = arena_grow(run->arena, items->at, items->count,
	    &items->capacity, sizeof(*items->at));
	items->at[items->count++] = value;
}

const struct value *
feel_items_list(struct feel_run *run, struct feel_items *items)
{
	return feel_list_take(run, items->at, items->count);
}

const struct value *
feel_list_take(struct feel_run *run, const struct value **items, size_t count)
{
	struct value *list = ARENA_NEW(run->arena, struct value);

	must(items != NULL || count == 0);
	list->type = VALUE_LIST;
	list->as.list.items = items;
	list->as.list.count = count;
	return list;
}

const struct value *
feel_number_or_null(struct feel_run *run, const struct feel_node *node,
    enum number_error error, struct number n)
{
	switch (error) {
	case NUMBER_OK:
		return value_of_number(run->arena, n);
	case NUMBER_RANGE:
		return feel_null(run, node, "the number is too large");
	default:
		return feel_null(run, node, "the number is not defined");
	}
}

/* ------------------------------------------------------------------- names */

const struct value *
feel_eval_constant(struct feel_run *run, const struct feel_node *node)
{
	(void)run;
	return node->as.constant;
}

const struct value *
feel_eval_slot(struct feel_run *run, const struct feel_node *node)
{
	const struct value *value = run->slots[node->as.slot];

	return value != NULL ? value : &value_null;
}

static const struct value *
fail_name(struct feel_run *run, const struct feel_node *node)
{
	struct str name = node->as.free.name;
	const char *value = feel_value_meant(name);

	if (value == NULL)
		return feel_null(run, node, "there is no `%.*s`",
		    STR_ARG(name));
	return feel_null(run, node, "there is no `%.*s`: did you mean `%s`?",
	    STR_ARG(name), value);
}

const struct value *
feel_eval_free(struct feel_run *run, const struct feel_node *node)
{
	const struct value **cached = &run->free[node->as.free.index];
	struct feel_env *env = run->env;

	if (*cached != NULL)
		return *cached;
	if (env->lookup != NULL)
		*cached = env->lookup(env->arg, node->as.free.name);
	if (*cached == NULL)
		*cached = node->as.free.otherwise;
	return *cached != NULL ? *cached : fail_name(run, node);
}

const struct value *
feel_eval_dynamic(struct feel_run *run, const struct feel_node *node)
{
	for (uint32_t i = 0; i < node->as.dynamic.slot_count; i++) {
		const struct value *item =
		    run->slots[node->as.dynamic.slots[i]];
		const struct value *found = NULL;

		if (item != NULL)
			found = value_get(item, node->as.dynamic.name);
		if (found != NULL)
			return found;
	}
	return feel_eval_node(run, node->as.dynamic.otherwise);
}

const struct value *
feel_eval_input(struct feel_run *run, const struct feel_node *node)
{
	if (run->input == NULL)
		return feel_null(run, node, "`?` is known only in tests");
	return run->input;
}

const struct value *
feel_eval_never(struct feel_run *run, const struct feel_node *node)
{
	return feel_null(run, node, "%s", node->as.why);
}

/* ----------------------------------------------------------------- control */

const struct value *
feel_eval_if(struct feel_run *run, const struct feel_node *node)
{
	const struct value *condition = feel_eval_node(run, node->as.of.left);

	feel_look(run, (struct str){NULL, 0}, condition);
	if (condition->type != VALUE_BOOLEAN)
		(void)feel_null(run, node->as.of.left, "a `%.*s` is no"
		    " condition, and counts as false",
		    STR_ARG(value_type_name(condition->type)));
	return feel_eval_node(run, value_is_true(condition) ?
	    node->as.of.right : node->as.of.third);
}

static bool
is_boolean(const struct value *value, bool wanted)
{
	return value->type == VALUE_BOOLEAN && value->as.boolean == wanted;
}

/* `decisive` decides alone; two of the other kind give the other; anything
 * else is null (DMN 1.5, table 50). */
static const struct value *
join(struct feel_run *run, const struct feel_node *node, bool decisive)
{
	const struct value *left = feel_eval_node(run, node->as.of.left);
	const struct value *right;

	feel_look(run, (struct str){NULL, 0}, left);
	if (is_boolean(left, decisive))
		return value_of_boolean(decisive);
	right = feel_eval_node(run, node->as.of.right);
	feel_look(run, (struct str){NULL, 0}, right);
	if (is_boolean(right, decisive))
		return value_of_boolean(decisive);
	if (is_boolean(left, !decisive) && is_boolean(right, !decisive))
		return value_of_boolean(!decisive);
	return feel_null(run, node, "`%.*s` and `%.*s` cannot be joined by"
	    " `%s`", STR_ARG(value_type_name(left->type)),
	    STR_ARG(value_type_name(right->type)), decisive ? "or" : "and");
}

const struct value *
feel_eval_or(struct feel_run *run, const struct feel_node *node)
{
	return join(run, node, true);
}

const struct value *
feel_eval_and(struct feel_run *run, const struct feel_node *node)
{
	return join(run, node, false);
}

/* ------------------------------------------------------------------- boxed */

const struct value *
feel_eval_list(struct feel_run *run, const struct feel_node *node)
{
	size_t count = node->as.list.count;
	const struct value **items = feel_items_new(run, count);

	if (items == NULL)
		return &value_null;
	for (size_t i = 0; i < count; i++)
		items[i] = feel_eval_node(run, node->as.list.items[i]);
	return feel_list_take(run, items, count);
}

/* A function that an entry defines can call itself by the entry's name. */
static void
tie_recursion(const struct feel_entry *entry, const struct value *value)
{
	const struct value_function *function;

	if (entry->node->op != FEEL_FUNCTION || value->type != VALUE_FUNCTION)
		return;
	function = value->as.function;
	must(entry->slot < function->lambda->captured);
	function->captured[entry->slot] = value;
}

const struct value *
feel_eval_context(struct feel_run *run, const struct feel_node *node)
{
	size_t count = node->as.context.count;
	struct value_field *fields;
	const struct value *value;

	if (!feel_spend(run,
	    count < ENTRIES_FEW ? count : ENTRY_STEPS * count) ||
	    !feel_afford(run, count * sizeof(*fields)))
		return &value_null;
	fields = ARENA_ARRAY(run->arena, count, struct value_field);
	for (size_t i = 0; i < count; i++) {
		const struct feel_entry *entry = &node->as.context.entries[i];

		value = feel_eval_node(run, entry->node);
		tie_recursion(entry, value);
		run->slots[entry->slot] = value;
		fields[i] = (struct value_field){entry->key, value};
	}
	return value_of_fields(run->arena, fields, count);
}

static bool
has_range_type(const struct value *end)
{
	switch (end->type) {
	case VALUE_NULL:
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
		return true;
	default:
		return false;
	}
}

static const struct value *
copy_end(struct feel_run *run, const struct value *end)
{
	struct value *copy = ARENA_NEW(run->arena, struct value);

	*copy = *end;
	return copy;
}

/* Both ends are values of one type, the first not after the second. */
static const struct value *
check_ends(struct feel_run *run, const struct feel_node *node,
    const struct value_range *range)
{
	int order;

	if (value_is_null(range->low) || value_is_null(range->high))
		return NULL;
	if (range->low->type != range->high->type)
		return feel_null(run, node,
		    "the ends of the range are of different types");
	if (!feel_order(run, range->low, range->high, &order))
		return feel_null(run, node, "a range needs ends with an order");
	if (order > 0)
		return feel_null(run, node,
		    "the range ends before it begins");
	return NULL;
}

const struct value *
feel_eval_range(struct feel_run *run, const struct feel_node *node)
{
	struct value_range range = {
		.low_closed = node->as.range.low_closed,
		.high_closed = node->as.range.high_closed,
	};
	const struct value *wrong;

	if (node->as.range.low != NULL)
		range.low = feel_eval_node(run, node->as.range.low);
	/* "= x" has one end, which is both. */
	if (node->as.range.high == node->as.range.low) {
		if (!value_may_end_range(range.low))
			return feel_null(
			    run, node, "a range can't hold ranges of ranges");
		range.high = range.low;
		return value_of_range(run->arena, range);
	}
	if (node->as.range.high != NULL)
		range.high = feel_eval_node(run, node->as.range.high);
	feel_look(run, (struct str){NULL, 0}, range.low);
	feel_look(run, (struct str){NULL, 0}, range.high);
	if ((range.low != NULL && !has_range_type(range.low)) ||
	    (range.high != NULL && !has_range_type(range.high)))
		return feel_null(run, node, "a range needs ends with an order");
	if (range.low != NULL && range.high != NULL) {
		wrong = check_ends(run, node, &range);
		if (wrong != NULL)
			return wrong;
		/* One value for both would be "= x". */
		if (range.low == range.high)
			range.high = copy_end(run, range.high);
	}
	return value_of_range(run->arena, range);
}
