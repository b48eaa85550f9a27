/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_infer.c: of which types the parts of an expression can be, and which
 * of them can't go together.
 *
 * What the surroundings hold is told by whoever asks; what nobody can know is
 * taken for any type, so that no warning is a guess.  null may be anywhere and
 * says nothing.  The height of a tree is bounded when it is parsed, so that
 * recursion is safe.
 */
#include "feel_priv.h"

#define BIT FEEL_TYPE_BIT
#define ANY FEEL_TYPES_ANY
#define PLAIN (BIT(VALUE_NUMBER) | BIT(VALUE_STRING) | BIT(VALUE_BOOLEAN))
#define DAYS (BIT(VALUE_DATE) | BIT(VALUE_DATE_TIME))
#define TEMPORAL                                                               \
	(DAYS | BIT(VALUE_TIME) | BIT(VALUE_DURATION) | BIT(VALUE_MONTHS))
#define ORDERED (BIT(VALUE_NUMBER) | BIT(VALUE_STRING) | TEMPORAL)
#define PATH_BYTES_MAX 500
/* What lies behind a path may have to be searched for: so often, and then
 * the rest of a very long text is taken as it comes. */
#define ASKED_MAX 1000

struct info {
	unsigned types;
	struct str path; /* where it comes from; absent: unknown */
};

struct infer {
	struct arena *arena;
	feel_types_fn *types; /* may be NULL */
	unsigned input;       /* of `?` */
	feel_doubt_fn *tell;  /* may be NULL */
	void *arg;
	struct info *slots;
	size_t slot_count; /* that are known; the others are any */
	size_t slot_capacity;
	size_t asked; /* how often `types` was */
};

static const struct info unknown = {.types = ANY};

static struct info infer(struct infer *in, const struct feel_node *node);

static struct info
of_types(unsigned types)
{
	return (struct info){.types = types};
}

static bool
is_known(unsigned types)
{
	return types != ANY && types != 0;
}

/* Whether both are known, and nothing can be both. */
static bool
are_apart(unsigned a, unsigned b)
{
	return is_known(a) && is_known(b) && (a & b) == 0;
}

/* ------------------------------------------------------------------ telling */

static struct feel_error
doubt_at(const struct feel_node *node)
{
	return (struct feel_error){
		.offset = node->offset,
		.bytes = node->bytes > 0 ? node->bytes : 1,
	};
}

/* "`number` or `string`" */
static struct str
name_types(struct infer *in, unsigned types)
{
	struct buf out = buf_in(in->arena);

	for (unsigned type = 0; type <= VALUE_FUNCTION; type++) {
		if ((types & BIT(type)) == 0)
			continue;
		buf_addf(&out, "%s`%.*s`", out.bytes > 0 ? " or " : "",
		    STR_ARG(value_type_name((enum value_type)type)));
	}
	return buf_keep(&out);
}

static void PRINTF_LIKE(4, 5)
tell(struct infer *in, const struct feel_node *node, const char *repair,
    const char *format, ...)
{
	struct feel_error doubt = doubt_at(node);
	va_list args;

	if (in->tell == NULL)
		return;
	va_start(args, format);
	str_vwrite(doubt.message, sizeof(doubt.message), format, args);
	va_end(args);
	if (repair != NULL)
		str_write(doubt.repair, sizeof(doubt.repair), "%s", repair);
	in->tell(&doubt, in->arg);
}

struct hint {
	unsigned a;
	unsigned b;
	const char *text;
};

/* What makes the one into the other. */
static const struct hint hints[] = {
	{BIT(VALUE_NUMBER), BIT(VALUE_STRING),
	    "a number has no quotes; `number(text)` and `string(n)` convert"},
	{BIT(VALUE_DATE), BIT(VALUE_STRING),
	    "`date(text)` makes a date of a text"},
	{BIT(VALUE_DATE_TIME), BIT(VALUE_STRING),
	    "`date and time(text)` makes a date and time of a text"},
	{BIT(VALUE_TIME), BIT(VALUE_STRING),
	    "`time(text)` makes a time of a text"},
	{BIT(VALUE_DURATION) | BIT(VALUE_MONTHS), BIT(VALUE_STRING),
	    "`duration(text)` makes a duration of a text"},
	{BIT(VALUE_DATE), BIT(VALUE_DATE_TIME),
	    "`date(…)` takes the day of a date and time"},
	{DAYS, BIT(VALUE_NUMBER),
	    "days are a duration, as `@\"P1D\"`"},
	{BIT(VALUE_DURATION) | BIT(VALUE_MONTHS), BIT(VALUE_NUMBER),
	    "a duration is `@\"P30D\"`; its `.days` are a number"},
	{BIT(VALUE_BOOLEAN), BIT(VALUE_STRING),
	    "`true` and `false` have no quotes"},
};

static const char *
hint_of(unsigned a, unsigned b)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		const struct hint *hint = &hints[i];

		if (((a & hint->a) != 0 && (b & hint->b) != 0) ||
		    ((b & hint->a) != 0 && (a & hint->b) != 0))
			return hint->text;
	}
	return NULL;
}

static void
tell_apart(struct infer *in, const struct feel_node *node, unsigned a,
    unsigned b, const char *what)
{
	/* What is constant was told when it was parsed. */
	if (!node->varies)
		return;
	tell(in, node, hint_of(a, b), "always null: %.*s and %.*s cannot be"
	    " %s", STR_ARG(name_types(in, a)), STR_ARG(name_types(in, b)),
	    what);
}

/* ------------------------------------------------------------------- names */

static struct info
ask(struct infer *in, struct str path)
{
	struct info info = {.types = ANY, .path = path};

	if (in->types == NULL || path.bytes > PATH_BYTES_MAX ||
	    in->asked == ASKED_MAX)
		return unknown;
	in->asked++;
	info.types = in->types(path, in->arg);
	/* A schema of null alone says nothing of what may come. */
	if (info.types == 0)
		info.types = ANY;
	return info;
}

static struct info
ask_item(struct infer *in, struct info list)
{
	if (list.types != BIT(VALUE_LIST) || list.path.at == NULL)
		return unknown;
	return ask(in, arena_strf(in->arena, "%.*s[]", STR_ARG(list.path)));
}

static struct info
ask_field(struct infer *in, struct info object, struct str name)
{
	if (object.types != BIT(VALUE_CONTEXT) || object.path.at == NULL)
		return unknown;
	return ask(in, arena_strf(in->arena, "%.*s.%.*s",
	    STR_ARG(object.path), STR_ARG(name)));
}

static void
set_slot(struct infer *in, uint32_t slot, struct info info)
{
	while (in->slot_count <= slot) {
		in->slots = arena_grow(in->arena, in->slots, in->slot_count,
		    &in->slot_capacity, sizeof(*in->slots));
		in->slots[in->slot_count++] = unknown;
	}
	in->slots[slot] = info;
}

static struct info
infer_slot(const struct infer *in, uint32_t slot)
{
	return slot < in->slot_count ? in->slots[slot] : unknown;
}

/* A field of a filter's item, where its schema names it. */
static struct info
infer_dynamic(struct infer *in, const struct feel_node *node)
{
	for (uint32_t i = 0; i < node->as.dynamic.slot_count; i++) {
		struct info field = ask_field(in,
		    infer_slot(in, node->as.dynamic.slots[i]),
		    node->as.dynamic.name);

		if (field.types != ANY)
			return field;
		/* The item may have the field all the same. */
		if (infer_slot(in, node->as.dynamic.slots[i]).types == ANY)
			return unknown;
	}
	return unknown;
}

static bool
is_counted(struct str name)
{
	static const struct str names[] = {
		STR_INIT("year"), STR_INIT("month"), STR_INIT("day"),
		STR_INIT("weekday"), STR_INIT("hour"), STR_INIT("minute"),
		STR_INIT("second"), STR_INIT("years"), STR_INIT("months"),
		STR_INIT("days"), STR_INIT("hours"), STR_INIT("minutes"),
		STR_INIT("seconds"),
	};

	return str_is_among(name, names, COUNT_OF(names));
}

static struct info
infer_path(struct infer *in, const struct feel_node *node)
{
	struct info object = infer(in, node->as.path.object);
	struct str name = node->as.path.name;

	if (object.types == BIT(VALUE_CONTEXT))
		return ask_field(in, object, name);
	if (object.types == BIT(VALUE_LIST))
		return of_types(BIT(VALUE_LIST));
	if (!is_known(object.types) || (object.types & ~TEMPORAL & ~PLAIN) != 0)
		return unknown;
	if ((object.types & TEMPORAL) == 0) {
		tell(in, node, is_counted(name) ?
		    hint_of(object.types, DAYS) : NULL,
		    "always null: %.*s has no `%.*s`",
		    STR_ARG(name_types(in, object.types)), STR_ARG(name));
		return unknown;
	}
	return is_counted(name) ? of_types(BIT(VALUE_NUMBER)) : unknown;
}

/* --------------------------------------------------------------- operators */

static struct info
infer_compare(struct infer *in, const struct feel_node *node)
{
	bool has_order = node->op != FEEL_EQUAL && node->op != FEEL_UNEQUAL;
	unsigned left = infer(in, node->as.of.left).types;
	unsigned right = infer(in, node->as.of.right).types;

	if (are_apart(left, right))
		tell_apart(in, node, left, right, "compared");
	else if (has_order && (are_apart(left, ORDERED) ||
	    are_apart(right, ORDERED)))
		tell_apart(in, node, left, right, "put in order");
	return of_types(BIT(VALUE_BOOLEAN));
}

static struct info
infer_between(struct infer *in, const struct feel_node *node)
{
	unsigned value = infer(in, node->as.of.left).types;
	unsigned low = infer(in, node->as.of.right).types;
	unsigned high = infer(in, node->as.of.third).types;

	if (are_apart(value, low))
		tell_apart(in, node, value, low, "compared");
	else if (are_apart(value, high))
		tell_apart(in, node, value, high, "compared");
	return of_types(BIT(VALUE_BOOLEAN));
}

/* What the operator gives over all pairs of types; 0 where none of them has
 * a meaning. */
static unsigned
arith_types(enum feel_op op, unsigned left, unsigned right)
{
	unsigned types = 0;

	for (unsigned a = 0; a <= VALUE_FUNCTION; a++) {
		for (unsigned b = 0; b <= VALUE_FUNCTION; b++) {
			if ((left & BIT(a)) != 0 && (right & BIT(b)) != 0)
				types |= feel_arith_types(op,
				    (enum value_type)a, (enum value_type)b);
		}
	}
	return types;
}

static struct info
infer_arith(struct infer *in, const struct feel_node *node)
{
	static const char *const done[] = {
		[FEEL_ADD - FEEL_ADD] = "added",
		[FEEL_SUBTRACT - FEEL_ADD] = "subtracted",
		[FEEL_MULTIPLY - FEEL_ADD] = "multiplied",
		[FEEL_DIVIDE - FEEL_ADD] = "divided",
		[FEEL_POWER - FEEL_ADD] = "raised to a power",
	};
	unsigned left = infer(in, node->as.of.left).types;
	unsigned right = infer(in, node->as.of.right).types;
	unsigned types;

	if (!is_known(left) || !is_known(right))
		return unknown;
	types = arith_types(node->op, left, right);
	if (types != 0)
		return of_types(types);
	tell_apart(in, node, left, right, done[node->op - FEEL_ADD]);
	return unknown;
}

static void
need_boolean(struct infer *in, const struct feel_node *node, const char *what)
{
	unsigned types = infer(in, node).types;

	if (are_apart(types, BIT(VALUE_BOOLEAN)))
		tell(in, node, NULL, "%s has to be true or false, and this is"
		    " %.*s", what, STR_ARG(name_types(in, types)));
}

static struct info
infer_if(struct infer *in, const struct feel_node *node)
{
	struct info yes;
	struct info no;

	need_boolean(in, node->as.of.left, "a condition");
	yes = infer(in, node->as.of.right);
	no = infer(in, node->as.of.third);
	return of_types(yes.types | no.types);
}

/* ------------------------------------------------------------------- tests */

static unsigned
types_of_constant(const struct value *value)
{
	unsigned types = 0;

	if (value->type == VALUE_NULL)
		return ANY;
	if (value->type == VALUE_RANGE) {
		const struct value_range *range = value->as.range;
		const struct value *end =
		    range->low != NULL ? range->low : range->high;

		return end != NULL ? types_of_constant(end) : ANY;
	}
	if (value->type != VALUE_LIST)
		return BIT(value->type);
	for (size_t i = 0; i < value->as.list.count; i++)
		types |= types_of_constant(value->as.list.items[i]);
	return types != 0 ? types : ANY;
}

/* With which types a test can hold. */
static unsigned
types_tested(struct infer *in, const struct feel_node *node)
{
	const struct feel_node *end;
	unsigned types;

	switch (node->op) {
	case FEEL_CONSTANT:
		return types_of_constant(node->as.constant);
	case FEEL_COMPARE_TEST:
		return infer(in, node->as.compare.operand).types;
	case FEEL_RANGE:
		end = node->as.range.low;
		if (end == NULL)
			end = node->as.range.high;
		types = infer(in, end).types;
		return types;
	default:
		types = infer(in, node).types;
		/* A boolean says by itself whether it holds. */
		return (types & ~PLAIN & ~TEMPORAL) != 0 ||
		    (types & BIT(VALUE_BOOLEAN)) != 0 ? ANY : types;
	}
}

/* The tests of a value of these types. */
static void
infer_tests(struct infer *in, const struct feel_node *tests, unsigned value)
{
	must(tests->op == FEEL_TEST);
	for (size_t i = 0; i < tests->as.list.count; i++) {
		const struct feel_node *test = tests->as.list.items[i];
		unsigned tested = types_tested(in, test);

		if ((value & BIT(VALUE_LIST)) == 0 && are_apart(value, tested))
			tell(in, test, hint_of(value, tested), "never true:"
			    " %.*s and %.*s cannot be compared",
			    STR_ARG(name_types(in, value)),
			    STR_ARG(name_types(in, tested)));
	}
}

static struct info
infer_in(struct infer *in, const struct feel_node *node)
{
	unsigned around = in->input;
	unsigned value = infer(in, node->as.in.value).types;

	in->input = value;
	(void)infer(in, node->as.in.test);
	in->input = around;
	return of_types(BIT(VALUE_BOOLEAN));
}

/* ------------------------------------------------------------------- loops */

static void
infer_iterators(struct infer *in, const struct feel_node *node)
{
	for (uint32_t i = 0; i < node->as.loop.count; i++) {
		const struct feel_iterator *iterator =
		    &node->as.loop.iterators[i];
		struct info from = infer(in, iterator->from);

		if (iterator->to == NULL) {
			set_slot(in, iterator->slot, ask_item(in, from));
			continue;
		}
		(void)infer(in, iterator->to);
		set_slot(in, iterator->slot, of_types(from.types));
	}
}

static struct info
infer_for(struct infer *in, const struct feel_node *node)
{
	infer_iterators(in, node);
	set_slot(in, node->as.loop.partial_slot, unknown);
	(void)infer(in, node->as.loop.body);
	return of_types(BIT(VALUE_LIST));
}

static struct info
infer_quantified(struct infer *in, const struct feel_node *node)
{
	infer_iterators(in, node);
	need_boolean(in, node->as.loop.body, "what `satisfies` asks for");
	return of_types(BIT(VALUE_BOOLEAN));
}

static struct info
infer_filter(struct infer *in, const struct feel_node *node)
{
	struct info list = infer(in, node->as.filter.list);
	struct info item = ask_item(in, list);
	unsigned condition;

	set_slot(in, node->as.filter.slot, item);
	condition = infer(in, node->as.filter.condition).types;
	if (condition == BIT(VALUE_NUMBER))
		return item;
	if (condition == BIT(VALUE_BOOLEAN) && list.types == BIT(VALUE_LIST))
		return list;
	return unknown;
}

/* ------------------------------------------------------------------- calls */

static unsigned
types_of_kind(enum feel_kind kind)
{
	switch (kind) {
	case FEEL_KIND_NUMBER:
		return BIT(VALUE_NUMBER);
	case FEEL_KIND_STRING:
		return BIT(VALUE_STRING);
	case FEEL_KIND_BOOLEAN:
		return BIT(VALUE_BOOLEAN);
	case FEEL_KIND_CONTEXT:
		return BIT(VALUE_CONTEXT);
	case FEEL_KIND_DATE:
		return DAYS;
	case FEEL_KIND_FUNCTION:
		return BIT(VALUE_FUNCTION);
	default:
		return ANY;
	}
}

/* Of the functions that rules compare the result of. */
static unsigned
types_of_result(struct str name)
{
	static const struct {
		struct str name;
		unsigned types;
	} results[] = {
		{STR_INIT("date"), BIT(VALUE_DATE)},
		{STR_INIT("today"), BIT(VALUE_DATE)},
		{STR_INIT("now"), BIT(VALUE_DATE_TIME)},
		{STR_INIT("date and time"), BIT(VALUE_DATE_TIME)},
		{STR_INIT("time"), BIT(VALUE_TIME)},
		{STR_INIT("duration"),
		    BIT(VALUE_DURATION) | BIT(VALUE_MONTHS)},
		{STR_INIT("years and months duration"), BIT(VALUE_MONTHS)},
		{STR_INIT("number"), BIT(VALUE_NUMBER)},
		{STR_INIT("string"), BIT(VALUE_STRING)},
		{STR_INIT("not"), BIT(VALUE_BOOLEAN)},
		{STR_INIT("substring"), BIT(VALUE_STRING)},
		{STR_INIT("string length"), BIT(VALUE_NUMBER)},
		{STR_INIT("upper case"), BIT(VALUE_STRING)},
		{STR_INIT("lower case"), BIT(VALUE_STRING)},
		{STR_INIT("contains"), BIT(VALUE_BOOLEAN)},
		{STR_INIT("starts with"), BIT(VALUE_BOOLEAN)},
		{STR_INIT("ends with"), BIT(VALUE_BOOLEAN)},
		{STR_INIT("matches"), BIT(VALUE_BOOLEAN)},
		{STR_INIT("list contains"), BIT(VALUE_BOOLEAN)},
		{STR_INIT("count"), BIT(VALUE_NUMBER)},
		{STR_INIT("decimal"), BIT(VALUE_NUMBER)},
		{STR_INIT("floor"), BIT(VALUE_NUMBER)},
		{STR_INIT("ceiling"), BIT(VALUE_NUMBER)},
		{STR_INIT("round up"), BIT(VALUE_NUMBER)},
		{STR_INIT("round down"), BIT(VALUE_NUMBER)},
		{STR_INIT("round half up"), BIT(VALUE_NUMBER)},
		{STR_INIT("round half down"), BIT(VALUE_NUMBER)},
		{STR_INIT("modulo"), BIT(VALUE_NUMBER)},
		{STR_INIT("day of year"), BIT(VALUE_NUMBER)},
		{STR_INIT("day of week"), BIT(VALUE_STRING)},
		{STR_INIT("month of year"), BIT(VALUE_STRING)},
		{STR_INIT("week of year"), BIT(VALUE_NUMBER)},
	};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (str_equal(results[i].name, name))
			return results[i].types;
	}
	return ANY;
}

static struct info
infer_builtin(struct infer *in, const struct feel_node *node)
{
	const struct feel_builtin *builtin = node->as.builtin.builtin;

	for (size_t i = 0; i < node->as.builtin.count; i++) {
		const struct feel_node *arg = node->as.builtin.args[i];
		unsigned given = arg != NULL ? infer(in, arg).types : ANY;

		/* A list of one item stands for the item. */
		if (i >= builtin->count || builtin->variadic ||
		    (given & BIT(VALUE_LIST)) != 0 ||
		    !are_apart(given, types_of_kind(builtin->params[i].kind)))
			continue;
		tell(in, arg, hint_of(given,
		    types_of_kind(builtin->params[i].kind)),
		    "always null: `%.*s` of %.*s() cannot be a %.*s",
		    STR_ARG(builtin->params[i].name), STR_ARG(builtin->name),
		    STR_ARG(name_types(in, given)));
	}
	return of_types(types_of_result(builtin->name));
}

/* ------------------------------------------------------------------- others */

static struct info
infer_boxed(struct infer *in, const struct feel_node *node)
{
	switch (node->op) {
	case FEEL_LIST:
		for (size_t i = 0; i < node->as.list.count; i++)
			(void)infer(in, node->as.list.items[i]);
		return of_types(BIT(VALUE_LIST));
	case FEEL_CONTEXT:
		for (size_t i = 0; i < node->as.context.count; i++)
			set_slot(in, node->as.context.entries[i].slot,
			    infer(in, node->as.context.entries[i].node));
		return of_types(BIT(VALUE_CONTEXT));
	case FEEL_FUNCTION:
		/* Its frame is another: slots mean something else there. */
		return of_types(BIT(VALUE_FUNCTION));
	case FEEL_CALL:
		for (size_t i = 0; i < node->as.call.count; i++)
			(void)infer(in, node->as.call.args[i].node);
		return unknown;
	default:
		for (size_t i = 0; i < node->as.host.count; i++)
			(void)infer(in, node->as.host.args[i]);
		return unknown;
	}
}

static struct info
infer_logic(struct infer *in, const struct feel_node *node)
{
	const char *what = node->op == FEEL_AND ? "what `and` joins" :
	    "what `or` joins";

	need_boolean(in, node->as.of.left, what);
	need_boolean(in, node->as.of.right, what);
	return of_types(BIT(VALUE_BOOLEAN));
}

static struct info
infer_negation(struct infer *in, const struct feel_node *node)
{
	unsigned types = infer(in, node->as.of.left).types;

	if (are_apart(types, BIT(VALUE_NUMBER) | BIT(VALUE_DURATION) |
	    BIT(VALUE_MONTHS)))
		tell(in, node, NULL, "always null: %.*s has no negative",
		    STR_ARG(name_types(in, types)));
	return of_types(types);
}

static struct info
infer(struct infer *in, const struct feel_node *node)
{
	switch (node->op) {
	case FEEL_CONSTANT:
		return of_types(value_is_null(node->as.constant) ? ANY :
		    BIT(node->as.constant->type));
	case FEEL_SLOT:
		return infer_slot(in, node->as.slot);
	case FEEL_FREE:
		return ask(in, node->as.free.name);
	case FEEL_DYNAMIC:
		return infer_dynamic(in, node);
	case FEEL_PATH:
		return infer_path(in, node);
	case FEEL_FILTER:
		return infer_filter(in, node);
	case FEEL_IF:
		return infer_if(in, node);
	case FEEL_FOR:
		return infer_for(in, node);
	case FEEL_SOME:
	case FEEL_EVERY:
		return infer_quantified(in, node);
	case FEEL_AND:
	case FEEL_OR:
		return infer_logic(in, node);
	case FEEL_EQUAL:
	case FEEL_UNEQUAL:
	case FEEL_LESS:
	case FEEL_AT_MOST:
	case FEEL_GREATER:
	case FEEL_AT_LEAST:
		return infer_compare(in, node);
	case FEEL_ADD:
	case FEEL_SUBTRACT:
	case FEEL_MULTIPLY:
	case FEEL_DIVIDE:
	case FEEL_POWER:
		return infer_arith(in, node);
	case FEEL_NEGATE:
		return infer_negation(in, node);
	case FEEL_BETWEEN:
		return infer_between(in, node);
	case FEEL_IN:
		return infer_in(in, node);
	case FEEL_INPUT:
		return of_types(in->input);
	case FEEL_TEST:
		infer_tests(in, node, in->input);
		return of_types(BIT(VALUE_BOOLEAN));
	case FEEL_NOT_TEST:
		return infer(in, node->as.of.left);
	case FEEL_CALL_BUILTIN:
		return infer_builtin(in, node);
	case FEEL_LIST:
	case FEEL_CONTEXT:
	case FEEL_FUNCTION:
	case FEEL_CALL:
	case FEEL_CALL_HOST:
		return infer_boxed(in, node);
	case FEEL_INSTANCE:
		(void)infer(in, node->as.instance.operand);
		return of_types(BIT(VALUE_BOOLEAN));
	default:
		return unknown;
	}
}

unsigned
feel_infer(const struct feel *feel, const struct feel_inference *inference)
{
	struct infer in = {
		.arena = inference->arena,
		.types = inference->types,
		.input = inference->input != 0 ? inference->input : ANY,
		.tell = inference->tell,
		.arg = inference->arg,
	};

	must(feel->root != NULL && in.arena != NULL);
	return infer(&in, feel->root).types;
}
