/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_priv.h: private to src/scenario.
 *
 * What a mapping may hold stands in one table per kind of mapping, and what a
 * step may be in the table of steps; reading is driven by them.  Values become
 * templates, so that expressions are parsed once and every part knows where it
 * stands.
 */
#ifndef STATED_SCENARIO_PRIV_H
#define STATED_SCENARIO_PRIV_H

#include "stated/json.h"
#include "stated/scenario.h"
#include "stated/sim.h"
#include "stated/yaml.h"

/* One list, from which the codes and the documentation come. */
#define SCENARIO_CODES(X)                                                      \
	X(SCENARIO_UNKNOWN_KEY, "S101", "a key that the mapping doesn't know") \
	X(SCENARIO_MISSING_KEY, "S102", "a required key is missing")           \
	X(SCENARIO_WRONG_KIND, "S103", "a value of the wrong kind")            \
	X(SCENARIO_NO_STEP, "S104", "a step that says nothing, or two things") \
	X(SCENARIO_BAD_FORM, "S105", "a text that isn't in the form expected") \
	X(SCENARIO_DUPLICATE, "S106", "two scenarios of one name")             \
	X(SCENARIO_BAD_EXPRESSION, "S201",                                     \
	    "an expression that can't be parsed")                              \
	X(SCENARIO_UNKNOWN_NAME, "S301",                                       \
	    "a name that leads to nothing in the workflow")

#define SCENARIO_CODE_NAME(name, code, meaning) \
	static const char name[] __attribute__((unused)) = code;
SCENARIO_CODES(SCENARIO_CODE_NAME)
#undef SCENARIO_CODE_NAME

/* ---- what has been read ---- */

struct scenario_step {
	const struct step_row *row;
	struct diag_span span;
	const struct template *map;  /* the whole step */
	const struct template *what; /* what stands after its key */
};

struct scenario {
	struct str name;
	struct diag_span span;
	const struct template *start; /* NULL: the file's */
	const struct template *actor; /* the same of the next four */
	const struct template *settings;
	const struct template *replies;
	struct str environment;
	struct str priority; /* absent: by the definition */
	int64_t now_ms;	     /* 0: the file's */
	const struct scenario_step *steps;
	size_t step_count;
};

struct scenario_file {
	const struct library *library;
	const struct definition *definition;
	struct scenario all; /* what holds for every scenario */
	const struct scenario *items;
	size_t count;
};

/* ---- scenario_form.c: mappings by tables, values as templates ---- */

struct reader {
	struct arena *arena;
	struct diag_list *diags;
	const struct yaml_places *places;
	const struct library *library;
	const struct definition *definition; /* NULL until it is known */
	struct feel_names *names;	     /* that expressions may read */
};

enum form {
	FORM_TEXT = 1,
	FORM_NUMBER = 2,
	FORM_FLAG = 4,
	FORM_MAP = 8,
	FORM_LIST = 16,
	FORM_NOTHING = 32, /* null */
	FORM_ANY = 63,
};

/* Checks what stands after a key; pointer says where that is. */
typedef void form_fn(
    struct reader *reader, const struct value *value, struct str pointer);

struct form_key {
	const char *name;
	unsigned forms; /* of enum form */
	bool is_required;
	form_fn *check; /* may be NULL */
};
struct form_table {
	const char *what; /* "a scenario" */
	const struct form_key *keys;
	size_t count;
};
#define FORM_TABLE(what, keys)                               \
	{                                                    \
		what, keys, sizeof(keys) / sizeof((keys)[0]) \
	}

/* Where a key's or an item's value stands. */
struct str form_below(
    struct reader *reader, struct str pointer, struct str key);
struct str form_item(struct reader *reader, struct str pointer, size_t index);
void form_error(struct reader *reader, const char *code, struct str pointer,
    const char *format, ...) PRINTF_LIKE(4, 5);
/* For the last error: "did you mean `x`?", or what there is. */
void form_suggest(struct reader *reader, struct str word,
    const struct str *legal, size_t count);
/* false with an error. */
bool form_is(struct reader *reader, const struct value *value,
    struct str pointer, const char *what, unsigned forms);
void form_map(struct reader *reader, const struct value *map,
    struct str pointer, const struct form_table *table);
bool form_is_expression(const struct value *value);
/* An unknown word, with what is near. */
void form_unknown(struct reader *reader, struct str pointer, const char *what,
    struct str word, const struct str *legal, size_t count);
/* Expressions are unary tests where `tests` says so.  Never NULL. */
const struct template *form_template(struct reader *reader,
    const struct value *value, struct str pointer, bool tests);
/* The field of a TEMPLATE_CONTEXT; NULL where there is none. */
const struct template *form_field(const struct template *map, const char *key);
/* The literal text; absent where it is none. */
struct str form_text(const struct template *template);

/* ---- scenario_check.c: single values against the workflow ---- */

form_fn scenario_check_children, scenario_check_condition,
    scenario_check_contact, scenario_check_event, scenario_check_how,
    scenario_check_instant, scenario_check_operation, scenario_check_operations,
    scenario_check_records, scenario_check_replies, scenario_check_run,
    scenario_check_span, scenario_check_state, scenario_check_states;

/* ---- scenario_match.c: what is against what was expected ---- */

struct match {
	struct arena *arena;
	struct feel_env *env;
	struct str *differences;
	size_t count;
	size_t capacity;
};
/* Contexts may hold more than was expected, lists may not; expressions are
 * unary tests of what is.  actual may be NULL: it is absent.  path names the
 * place, "" the whole. */
bool scenario_match(struct match *match, struct str path,
    const struct template *expected, const struct value *actual);
void scenario_match_tell(struct match *match, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* Short enough for a line. */
struct str scenario_match_text(struct arena *arena, const struct value *value);

/* ---- scenario_play.c: one scenario ---- */

/* Something that the instance let out. */
struct happening {
	struct str kind;	   /* "call", "escalation", … */
	const struct value *value; /* by the names that expectations use */
	bool is_expected;	   /* it has met its expectation */
};

struct play {
	const struct scenario_file *file;
	const struct scenario *scenario;
	struct scenario_coverage *coverage; /* may be NULL */
	struct arena *arena;
	struct sim *sim;
	const struct value *settings;
	const struct value *report; /* after the last act */
	const struct value *view;   /* the instance, or null */
	struct happening *happenings;
	size_t happening_count;
	size_t happening_capacity;
	struct feel_env env;
	struct match match; /* differences of the step under way */
	struct scenario_outcome *outcome;
};

/* false: the scenario fails here. */
typedef bool step_fn(struct play *play, const struct scenario_step *step);

MUST_USE bool scenario_play_act(
    struct play *play, const struct scenario_step *step);
/* Fails at the place; gives false. */
bool scenario_play_fail(struct play *play, struct diag_span span,
    const char *format, ...) PRINTF_LIKE(3, 4);

/* ---- scenario_expect.c ---- */

step_fn scenario_expect_instance, scenario_expect_happening,
    scenario_expect_no_happening, scenario_expect_item, scenario_expect_no_item,
    scenario_expect_compensation, scenario_expect_history;

/* ---- scenario_step.c: the table of steps ---- */

struct step_row {
	struct str name;
	unsigned forms;
	const struct form_table *table; /* of a mapping; NULL: any */
	form_fn *check;			/* may be NULL */
	bool is_test;			/* expressions are tests of what is */
	step_fn *play;
	/* of expectations: what they look at, and which of its fields a text
	 * alone means */
	struct str kind;
	const char *main;
};
/* All rows, for those who hold the documentation against them. */
const struct step_row *scenario_step_rows(size_t *count);
/* Reads one step; false with an error. */
MUST_USE bool scenario_step_read(struct reader *reader,
    const struct value *value, struct str pointer, struct scenario_step *step);

/* ---- scenario_coverage.c ---- */

void scenario_coverage_took(
    void *coverage, const struct def_transition *transition);
/* Every state that the records have entered. */
void scenario_coverage_add(
    struct scenario_coverage *coverage, const struct value *records);

#endif
