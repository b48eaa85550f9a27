/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel.h: FEEL (DMN 1.5, chapter 10): parse once, evaluate often.
 *
 * An expression has no side effects, always ends (a budget of steps), and
 * what goes wrong in it gives null with a note, as the standard says.
 */
#ifndef STATED_FEEL_H
#define STATED_FEEL_H

#include "stated/value.h"

/*
 * Names in scope when parsing.  FEEL names may hold spaces and operators
 * ("Monthly Salary"), so the parser has to know them.  A name may carry the
 * names inside it (of a context or of the items of a list).
 */
struct feel_names;
struct feel_names *feel_names_new(struct arena *arena);
/* Those of `outer`, and what is added to it alone. */
struct feel_names *feel_names_within(const struct feel_names *outer);
void feel_names_add(struct feel_names *names, struct str name);
/* Not all names are known: words that stand together, and that none of the
 * known ones begins, are one name, up to a keyword or a sign.  A built-in
 * function's name is one of them where it is not called, and the function
 * only where evaluation finds none of that name. */
void feel_names_open(struct feel_names *names);
/* Adds the keys of a context as names, deeply. */
void feel_names_add_value(
    struct feel_names *names, const struct value *context);

struct feel; /* a parsed expression; lives in its arena */

struct feel_error {
	size_t offset; /* in the text, bytes */
	size_t bytes;  /* how much is meant; at least 1 */
	char message[200];
	char repair[120]; /* may be empty */
};

/* NULL with *error filled in. */
MUST_USE const struct feel *feel_parse(struct arena *arena, struct str text,
    const struct feel_names *names, struct feel_error *error);
/* Unary tests (grammar rule 17): "-", "< 5, [10..20)", "not(\"a\")"; the tested
 * value is `?`. */
MUST_USE const struct feel *feel_parse_unary_tests(struct arena *arena,
    struct str text, const struct feel_names *names, struct feel_error *error);

/* A type as FEEL writes it: "list<number>", "context<a: date>". */
struct feel_type;
MUST_USE const struct feel_type *feel_type_parse(struct arena *arena,
    struct str text, struct feel_error *error);
/* The value as a variable of that type takes it, with DMN's implicit
 * conversions (10.3.2.9.4): one item and the list of it stand for one
 * another, a date is its midnight in UTC; null where it doesn't conform. */
const struct value *feel_type_convert(const struct feel_type *type,
    const struct value *value, struct arena *arena);

/* As feel_parse(), but nothing is reckoned ahead, so that a trace sees every
 * part. */
MUST_USE const struct feel *feel_parse_parts(struct arena *arena,
    struct str text, const struct feel_names *names, struct feel_error *error);

/* The text that was parsed. */
struct str feel_source(const struct feel *feel);
/* Free names of an expression: what it reads from its surroundings. */
typedef void feel_name_fn(struct str name, size_t offset, void *arg);
void feel_each_free_name(const struct feel *feel, feel_name_fn *fn, void *arg);
/*
 * What surely gives null once it is evaluated: a call of a function that is
 * neither built in nor among the names (the host's functions belong there),
 * or with arguments that it doesn't take.  The standard takes such a text;
 * who checks definitions should not.
 */
typedef void feel_doubt_fn(const struct feel_error *doubt, void *arg);
void feel_each_doubt(const struct feel *feel, feel_doubt_fn *fn, void *arg);
/* What FEEL calls a value that has that name elsewhere ("None"), or NULL. */
const char *feel_value_meant(struct str name);
/* The built-in functions by name, each with what it takes: "floor(n, scale?)",
 * or several of that, one after another. */
typedef void feel_function_fn(struct str name, struct str takes, void *arg);
void feel_each_function(
    struct arena *arena, feel_function_fn *fn, void *arg);
/*
 * Types, as bits: what a name's value can be beside null.  `path` is
 * "input.lines[].net", where "[]" means any item.
 */
#define FEEL_TYPE_BIT(type) (1u << (type))
#define FEEL_TYPES_ANY (~0u)
typedef unsigned feel_types_fn(struct str path, void *arg);
struct feel_inference {
	struct arena *arena;  /* for what is written on the way */
	feel_types_fn *types; /* may be NULL: nothing is known */
	unsigned input;       /* types of `?`, of tests; 0: any */
	feel_doubt_fn *tell;  /* what can't go together; may be NULL */
	void *arg;            /* for both */
};
/* What the expression can give beside null. */
unsigned feel_infer(
    const struct feel *feel, const struct feel_inference *inference);
/* The value where the expression is one constant literal, else NULL. */
const struct value *feel_constant(const struct feel *feel);

/*
 * What an expression is made of, as far as who judges expressions without
 * evaluating them can use it; all the rest is SHAPE_OTHER.
 */
enum feel_shape_kind {
	SHAPE_OTHER,      /* parts: what it is made of, where that is simple */
	SHAPE_CONSTANT,   /* constant */
	SHAPE_PATH,       /* path: "a", "a.b.c" */
	SHAPE_INPUT,      /* `?` */
	SHAPE_AND,        /* parts[0] and parts[1], as for the next ones */
	SHAPE_OR,
	SHAPE_EQUAL,
	SHAPE_UNEQUAL,
	SHAPE_ORDERED,    /* <, <=, >, >= */
	SHAPE_NOT,        /* parts[0]; of tests as well */
	SHAPE_IN,         /* parts[0]; of parts[1], which are tests */
	SHAPE_RANGE,      /* parts[0] to parts[1]; NULL: open */
	SHAPE_TESTS,      /* any of the parts */
	SHAPE_ANY,        /* "-" */
	SHAPE_TEST_EQUAL, /* "= x" as a test: parts[0] */
	SHAPE_TEST_UNEQUAL,
	SHAPE_TEST_ORDERED,
};
struct feel_shape {
	enum feel_shape_kind kind;
	const struct value *constant;
	struct str path;
	const struct feel_shape *const *parts;
	size_t count;
};
/* Made in the arena; constants are the expression's own. */
const struct feel_shape *feel_shape(
    const struct feel *feel, struct arena *arena);

/* A name's value, or NULL where there is none of that name. */
typedef const struct value *feel_lookup_fn(void *arg, struct str name);
/* active("state") and its like: functions of the host; NULL for null. */
typedef const struct value *feel_host_fn(void *arg, struct str function,
    const struct value *const *args, size_t count);

/* An operator or a function (else the absent string) is about to do more with
 * the value than hand it on. */
typedef void feel_look_fn(
    void *arg, struct str function, const struct value *value);

struct feel_env {
	struct arena *arena;    /* where results are made */
	feel_lookup_fn *lookup; /* may be NULL: no names */
	feel_host_fn *host;     /* may be NULL */
	feel_look_fn *look;     /* may be NULL: nobody asks */
	void *arg;              /* for all of them */
	int64_t now_ms;         /* now() and today() */
	const struct zone *zone; /* of now() and today(); NULL: UTC */
	/* The budget.  0: FEEL_STEPS and FEEL_BYTES_MAX, anew each time; else
	 * what is left, which several evaluations may share: steps are negative
	 * once they are used up, and bytes are what the arena may hold. */
	int64_t steps;
	size_t bytes_max;
	bool exhausted; /* set when the budget ran out: the result is null */
	char note[200];         /* the first thing that gave null, if any */
	size_t note_offset;     /* where in the text that is */
	size_t note_bytes;      /* how much of it is meant; at least 1 */
	struct feel_trace *trace; /* gets the parts' values; NULL: none */
};
/* A step is a node that is evaluated, an item that is looked at or 64 bytes
 * that are read; so many take some milliseconds. */
#define FEEL_STEPS 500000
#define FEEL_BYTES_MAX (32 * 1024 * 1024) /* what one evaluation may allocate */
/* Begins one budget for all that is evaluated with env from now on, where it
 * has none yet. */
void feel_env_share(struct feel_env *env);

/* Never NULL. */
const struct value *feel_eval(const struct feel *feel, struct feel_env *env);
/* Unary tests against `input`: true, false or null. */
const struct value *feel_test(
    const struct feel *tests, const struct value *input, struct feel_env *env);

/*
 * What became of the parts of an expression, in the order in which they were
 * ready: for whoever asks why it gave what it gave.  Of what is done again and
 * again (`for`, filters) the first turns are kept, of everything together
 * FEEL_PARTS_MAX parts.  Literals are no parts.
 */
#define FEEL_PARTS_MAX 2000
#define FEEL_TURNS_MAX 10
struct feel_part {
	size_t offset; /* in the text, bytes */
	size_t bytes;
	const struct value *value;
	const struct feel_part *first; /* of the parts that it is made of */
	const struct feel_part *next;  /* beside it */
	size_t turn;     /* of what is done several times, from 1; else 0 */
	size_t left_out; /* parts that were not kept */
	struct str note; /* what went wrong in it; absent: nothing */
	size_t note_offset; /* of a part that was left out, or its own */
	size_t note_bytes;
};
struct feel_trace *feel_trace_new(struct arena *arena);
/* The whole expression that was evaluated last; NULL: none, or a literal. */
const struct feel_part *feel_trace_root(const struct feel_trace *trace);
/* Visits the parts whose notes are no mere consequence of another one. */
typedef void feel_part_fn(const struct feel_part *part, void *arg);
void feel_trace_each_note(
    const struct feel_trace *trace, feel_part_fn *fn, void *arg);

/* A value as FEEL writes it: "a", 1.10, @"2026-11-22".  What is longer than
 * bytes_max is cut off, and ends with "…". */
struct str feel_text(
    struct arena *arena, const struct value *value, size_t bytes_max);

/* FEEL's "=" in three-valued logic, for those who compare outside. */
const struct value *feel_equal(const struct value *a, const struct value *b);

/* Adds the text in small letters, by Unicode's mappings; it is UTF-8. */
void feel_case_lower(struct str text, struct buf *out);

#endif
