/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_priv.h: shared inside src/feel only.
 *
 * A text becomes a tree of nodes in one pass.  Names become slots of a frame
 * while parsing, built-in functions become pointers into their table, and
 * what is constant is evaluated at once, so that evaluation neither searches
 * nor compares names but those of contexts.
 */
#ifndef STATED_FEEL_PRIV_H
#define STATED_FEEL_PRIV_H

#include "stated/feel.h"

/* Longest text, deepest nesting and highest tree: bounds on what a text can
 * make the parser and the C stack do. */
#define FEEL_TEXT_BYTES_MAX (256 * 1024)
#define FEEL_NESTING_MAX 200
#define FEEL_HEIGHT_MAX 500
/* Nested evaluations, over all function calls. */
#define FEEL_DEPTH_MAX 3000
/* Nesting of lists and contexts in a value that is compared or handed out. */
#define FEEL_VALUE_DEPTH_MAX 100

struct feel_run;
struct feel_node;
struct feel_builtin;

/*
 * Every kind of node and the function that evaluates it: the enum and the
 * evaluator's table are both made from these lists.
 */
#define FEEL_OPS_OWN(OP)                                                       \
	OP(CONSTANT, feel_eval_constant)                                       \
	OP(SLOT, feel_eval_slot)                                               \
	OP(FREE, feel_eval_free)                                               \
	OP(DYNAMIC, feel_eval_dynamic)                                         \
	OP(INPUT, feel_eval_input)                                             \
	OP(LIST, feel_eval_list)                                               \
	OP(CONTEXT, feel_eval_context)                                         \
	OP(RANGE, feel_eval_range)                                             \
	OP(IF, feel_eval_if)                                                   \
	OP(FOR, feel_loop_for)                                                 \
	OP(SOME, feel_loop_some)                                               \
	OP(EVERY, feel_loop_every)                                             \
	OP(OR, feel_eval_or)                                                   \
	OP(AND, feel_eval_and)                                                 \
	OP(BETWEEN, feel_compare_between)                                      \
	OP(IN, feel_test_in)                                                   \
	OP(TEST, feel_test_positive)                                           \
	OP(NOT_TEST, feel_test_negated)                                        \
	OP(COMPARE_TEST, feel_test_compare)                                    \
	OP(ANY_TEST, feel_test_any)                                            \
	OP(NEGATE, feel_arith_negate)                                          \
	OP(INSTANCE, feel_type_instance)                                       \
	OP(PATH, feel_access_path)                                             \
	OP(FILTER, feel_access_filter)                                         \
	OP(FUNCTION, feel_call_define)                                         \
	OP(CALL, feel_call_value)                                              \
	OP(CALL_BUILTIN, feel_call_builtin)                                    \
	OP(CALL_HOST, feel_call_host)                                          \
	OP(NEVER, feel_eval_never)

#define FEEL_OPS_COMPARE(OP)                                                   \
	OP(EQUAL, feel_compare_binary)                                         \
	OP(UNEQUAL, feel_compare_binary)                                       \
	OP(LESS, feel_compare_binary)                                          \
	OP(AT_MOST, feel_compare_binary)                                       \
	OP(GREATER, feel_compare_binary)                                       \
	OP(AT_LEAST, feel_compare_binary)

#define FEEL_OPS_ARITH(OP)                                                     \
	OP(ADD, feel_arith_binary)                                             \
	OP(SUBTRACT, feel_arith_binary)                                        \
	OP(MULTIPLY, feel_arith_binary)                                        \
	OP(DIVIDE, feel_arith_binary)                                          \
	OP(POWER, feel_arith_binary)

#define FEEL_OPS(OP) FEEL_OPS_OWN(OP) FEEL_OPS_COMPARE(OP) FEEL_OPS_ARITH(OP)

enum feel_op {
#define FEEL_OP_ENUM(name, function) FEEL_##name,
	FEEL_OPS(FEEL_OP_ENUM)
#undef FEEL_OP_ENUM
	FEEL_OP_COUNT
};

/* ------------------------------------------------------------------- types */

enum feel_type_kind {
	FEEL_TYPE_ANY,
	FEEL_TYPE_SCALAR, /* one value_type */
	FEEL_TYPE_LIST,
	FEEL_TYPE_CONTEXT,
	FEEL_TYPE_RANGE,
	FEEL_TYPE_FUNCTION,
};

struct feel_type_field {
	struct str name; /* empty in function types */
	const struct feel_type *type;
};

struct feel_type {
	enum feel_type_kind kind;
	enum value_type scalar;
	const struct feel_type *item; /* list, range; result of a function;
				       * NULL: Any */
	const struct feel_type_field *fields; /* context, parameters */
	size_t field_count;
};

/* ------------------------------------------------------------------- nodes */

struct feel_entry {
	struct str key;
	const struct feel_node *node;
	uint32_t slot;
};

struct feel_iterator {
	uint32_t slot;
	const struct feel_node *from;
	const struct feel_node *to; /* NULL: `from` is a list */
};

struct feel_param {
	struct str name;
	const struct feel_type *type; /* NULL: Any */
};

struct feel_lambda {
	const struct feel_param *params;
	size_t param_count;
	const struct feel_node *body; /* NULL: external */
	uint32_t captured;   /* slots taken along from where it is defined */
	uint32_t slot_count; /* with parameters, which follow the captured */
};

/* One argument: where it was named, its name. */
struct feel_arg {
	struct str name; /* absent: by position */
	const struct feel_node *node;
};

struct feel_node {
	enum feel_op op;
	enum feel_op from; /* of what a constant was reckoned, if of any */
	uint16_t height;
	bool has_input; /* `?` is somewhere below */
	bool varies;    /* something below is no constant */
	uint32_t offset;
	uint32_t bytes;
	union {
		const struct value *constant;
		uint32_t slot;
		struct {
			struct str name;
			uint32_t index;
			/* The built-in function of that name, where nothing
			 * else is found; or NULL. */
			const struct value *otherwise;
		} free;
		struct {
			/* An item's field comes first, then what surrounds. */
			struct str name;
			const uint32_t *slots; /* innermost filter first */
			uint32_t slot_count;
			const struct feel_node *otherwise;
		} dynamic;
		struct {
			const struct feel_node *left;
			const struct feel_node *right;
			const struct feel_node *third; /* if, between */
		} of;
		struct {
			const struct feel_node *const *items;
			size_t count;
		} list; /* also tests */
		struct {
			const struct feel_entry *entries;
			size_t count;
		} context;
		struct {
			const struct feel_node *low; /* NULL: open */
			const struct feel_node *high;
			bool low_closed;
			bool high_closed;
		} range;
		struct {
			const struct feel_node *object;
			struct str name;
		} path;
		struct {
			const struct feel_node *list;
			const struct feel_node *condition;
			uint32_t slot;
			bool uses_item;
		} filter;
		struct {
			const struct feel_iterator *iterators;
			const struct feel_node *body;
			uint32_t count;
			uint32_t partial_slot;
			bool uses_partial;
		} loop;
		const struct feel_lambda *lambda;
		struct {
			const struct feel_node *callee;
			const struct feel_arg *args;
			size_t count;
		} call;
		struct {
			const struct feel_builtin *builtin;
			/* NULL: left out */
			const struct feel_node *const *args;
			size_t count;
			const void *prepared; /* a compiled pattern */
		} builtin;
		struct {
			struct str name;
			const struct feel_node *const *args;
			size_t count;
		} host;
		struct {
			const struct feel_node *operand;
			const struct feel_type *type;
		} instance;
		struct {
			const struct feel_node *value;
			const struct feel_node *test;
		} in;
		struct {
			const struct feel_node *operand;
			enum feel_op op;
		} compare;
		const char *why; /* NEVER */
	} as;
};

struct feel_free_name {
	struct str name;
	size_t offset;
	bool is_sure; /* not just in a filter, where it may be a field */
};

struct feel {
	struct str text;
	const struct feel_node *root;
	uint32_t slot_count;
	const struct feel_free_name *free_names;
	size_t free_name_count;
	const struct feel_error *doubts;
	size_t doubt_count;
};

/* --------------------------------------------------------------- functions */

struct value_function {
	const struct feel_builtin *builtin; /* or: */
	const struct feel_lambda *lambda;
	const struct value **captured;
	const struct feel *home; /* the expression that defined it */
};

#define FEEL_PARAMS_MAX 4

/* What a parameter of a built-in function takes. */
enum feel_kind {
	FEEL_KIND_ANY,
	FEEL_KIND_NUMBER,
	FEEL_KIND_STRING,
	FEEL_KIND_BOOLEAN,
	FEEL_KIND_LIST, /* one value counts as a list of it */
	FEEL_KIND_CONTEXT,
	FEEL_KIND_DATE, /* a date and time counts as its date */
	FEEL_KIND_FUNCTION,
};

struct feel_call {
	struct feel_run *run;
	const struct feel_node *node; /* where, for notes */
	const struct feel_builtin *builtin;
	/* Checked against the parameters; what was left out is NULL. */
	const struct value **args;
	const void *prepared;
};

typedef const struct value *feel_builtin_fn(struct feel_call *call);
/* Does while parsing what depends on constant arguments only. */
typedef const void *feel_prepare_fn(struct arena *arena,
    const struct feel_node *const *args, size_t count);

struct feel_builtin {
	struct str name;
	feel_builtin_fn *fn;
	uint8_t needed;   /* parameters that must be given */
	uint8_t count;    /* parameters */
	bool variadic;    /* the last takes the list of all further arguments */
	bool lenient;     /* called by name, what is left out is null */
	bool varies;      /* never evaluated while parsing */
	feel_prepare_fn *prepare; /* may be NULL */
	struct {
		struct str name;
		enum feel_kind kind;
		bool nullable;
	} params[FEEL_PARAMS_MAX];
};

/* The table, in feel_builtin.c.  Overloads follow one another. */
const struct feel_builtin *feel_builtin_find(struct str name);
/* The overload that takes these arguments, or NULL.  order[i] gets the index
 * of the argument that parameter i takes, or SIZE_MAX. */
const struct feel_builtin *feel_builtin_choose(
    const struct feel_builtin *first, const struct feel_arg *args,
    size_t count, size_t order[FEEL_PARAMS_MAX]);
/* Whether an overload takes that many arguments. */
bool feel_builtin_takes(const struct feel_builtin *first, size_t count);
/* The longest function name with spaces that begins at `at`; its end, or 0. */
size_t feel_builtin_match(struct str text, size_t at,
    const struct feel_builtin **found);
struct str feel_builtin_nearest(struct str name);
/* The one whose name differs in case and gaps only; or absent. */
struct str feel_builtin_alike(struct str name);
/* "substring(string, start position, length?)", over all overloads. */
struct str feel_builtin_signature(
    struct arena *arena, const struct feel_builtin *first);
/* What to write for a function that other languages have; false where none
 * of those known has it. */
bool feel_habit_known(struct str name, char *out, size_t bytes);
/* The same, or else the nearest name. */
bool feel_habit_function(struct str name, char *out, size_t bytes);

/* -------------------------------------------------------------- evaluation */

typedef const struct value *feel_eval_fn(struct feel_run *run,
    const struct feel_node *node);

struct feel_run {
	feel_eval_fn *const *evaluators; /* by op: plain, or those that tell */
	struct feel_env *env;
	struct arena *arena;
	int64_t steps;
	size_t bytes_max; /* of the arena's footprint */
	unsigned depth;
	const struct value **slots;
	const struct value **free; /* NULL: not looked up yet */
	const struct feel *home;   /* whose names those are */
	const struct value *input; /* what `?` is, or NULL */
	void *match; /* scratch of the regular expressions */
};

const struct value *feel_eval_node(struct feel_run *run,
    const struct feel_node *node);
/* null, with a note of why at the node's place. */
const struct value *feel_null(struct feel_run *run,
    const struct feel_node *node, const char *format, ...) PRINTF_LIKE(3, 4);
/* Whether a note would be kept: only then it is worth looking for words. */
static inline bool
feel_is_told(const struct feel_run *run)
{
	return run->env->note[0] == '\0' || run->env->trace != NULL;
}
/* For who wants to know what is looked into (see feel_env). */
static inline void
feel_look(struct feel_run *run, struct str function, const struct value *value)
{
	if (run->env->look != NULL && value != NULL)
		run->env->look(run->env->arg, function, value);
}
#define FEEL_TOO_MUCH_MEMORY "the expression took too much memory"
/* Ends the evaluation: false, always. */
bool feel_exhaust(struct feel_run *run, const char *why);
/* Takes `steps` off the budget; false where it is used up, and then whoever
 * loops stops: what he would make is null. */
bool feel_spend(struct feel_run *run, size_t steps);
/* The same for reading or writing so many bytes. */
bool feel_spend_bytes(struct feel_run *run, size_t bytes);
/* Whether `bytes` more may be allocated; if not the budget is used up. */
bool feel_afford(struct feel_run *run, size_t bytes);
/* How long a text may be that is first written elsewhere and then copied: so
 * that both together stay within what may still be allocated. */
size_t feel_text_bytes_max(struct feel_run *run);
/* Such a text as a value; NULL, and the budget used up, where it is too long.
 * Frees the buffer. */
const struct value *feel_text_take(struct feel_run *run, struct buf *text);
/* A list that takes over the array. */
const struct value *feel_list_take(struct feel_run *run,
    const struct value **items, size_t count);
/* Room for so many, all paid for; NULL where the budget is used up. */
const struct value **feel_items_new(struct feel_run *run, size_t count);
struct feel_items {
	const struct value **at;
	size_t count;
	size_t capacity;
};
/* Appends; drops the item where the budget is used up. */
void feel_items_add(struct feel_run *run, struct feel_items *items,
    const struct value *value);
const struct value *feel_items_list(struct feel_run *run,
    struct feel_items *items);
const struct value *feel_number_or_null(struct feel_run *run,
    const struct feel_node *node, enum number_error error, struct number n);
/* Evaluates what has no names, within env's budget; used while parsing.  NULL
 * where it is null, and then env->note may say why. */
const struct value *feel_fold(struct feel_env *env,
    const struct feel_node *node);

/* Applies an operator (ADD … POWER) to two values. */
const struct value *feel_arith_apply(struct feel_run *run,
    const struct feel_node *node, enum feel_op op, const struct value *left,
    const struct value *right);

/* The types, as bits, that the operator gives of values of these types; 0
 * where it has no meaning for them. */
unsigned feel_arith_types(
    enum feel_op op, enum value_type left, enum value_type right);

/* <0, 0, >0 by *order; false where the two have no order.  Long texts are
 * paid for, as in all that follows, where there is a run. */
bool feel_order(struct feel_run *run, const struct value *a,
    const struct value *b, int *order);
/* FEEL's "=" that spends steps. */
const struct value *feel_equal_run(struct feel_run *run, const struct value *a,
    const struct value *b);
/* Whether the point lies in the range: true, false or null. */
const struct value *feel_range_has(struct feel_run *run,
    const struct value_range *range, const struct value *point);
/* null, because the two can't be compared. */
const struct value *feel_compare_fail(struct feel_run *run,
    const struct feel_node *node, const struct value *a,
    const struct value *b);
const struct value *feel_compare_apply(struct feel_run *run, enum feel_op op,
    const struct value *a, const struct value *b);

bool feel_type_has(struct feel_run *run, const struct feel_type *type,
    const struct value *value);
/* The value as a parameter of that type takes it, or NULL. */
const struct value *feel_type_coerce(struct feel_run *run,
    struct arena *arena, const struct feel_type *type,
    const struct value *value);

/* Calls a function value by position. */
const struct value *feel_call_function(struct feel_run *run,
    const struct feel_node *node, const struct value *function,
    const struct value **args, size_t count);

/* string(value): NULL where it is too large. */
const struct value *feel_text_of(struct feel_run *run,
    const struct value *value);

extern feel_eval_fn *const feel_evaluators[FEEL_OP_COUNT];
/* feel_trace.c: the same, each with its result noted down. */
extern feel_eval_fn *const feel_trace_evaluators[FEEL_OP_COUNT];
void feel_trace_begin(struct feel_trace *trace, const struct feel *feel);
void feel_trace_note(struct feel_trace *trace, const struct feel_node *node,
    struct str text);

#define FEEL_OP_PROTOTYPE(name, function) extern feel_eval_fn function;
FEEL_OPS_OWN(FEEL_OP_PROTOTYPE)
#undef FEEL_OP_PROTOTYPE
extern feel_eval_fn feel_compare_binary;
extern feel_eval_fn feel_arith_binary;

#endif
