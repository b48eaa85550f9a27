/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_step.c: what runs in entry, exit and do.
 *
 * The word that says what a step does picks the table of its keys.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct load_draft, field)

#define ROW_ID {"id", KIND_NAME, LOAD_MAY, IN(step.id), NULL, NULL, \
	"the step's name in histories"}
#define ROW_IF {"if", KIND_CONDITION, LOAD_MAY, IN(step.guard), NULL, NULL, \
	"the step is skipped when this is not true"}
#define ROW_OUTPUT {"output", KIND_VARIABLES, LOAD_MAY, IN(step.output), \
	NULL, NULL, "variables to set from the result"}

static void
load_decision_name(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;
	struct str name = load_name(load, node, "decide");
	const struct str *names;
	size_t count;

	draft->step.decision = library_find_decision(load->library, name);
	if (draft->step.decision || name.bytes == 0 ||
	    library_is_unread(load->library, DOCUMENT_DECISION, name))
		return;
	names = library_names(load->library, DOCUMENT_DECISION, &count);
	load_error(load, LOAD_UNKNOWN_DECISION, node->span,
	    "no decision `%.*s`", STR_ARG(name));
	load_suggest(load, name, names, count);
}

/* A code has to be a word: programs compare it. */
static void
load_code(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	draft->step.code = load_is_expression(node) ?
	    load_template(load, node) :
	    load_literal(load, value_of_str(load->arena,
	    load_name(load, node, "code")), node->span);
}

static void
load_until(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct load_key keys[] = {
		{"until", KIND_STRING, LOAD_MUST, IN(step.until), NULL, NULL,
		    "an expression that gives a date and time"},
	};
	static const struct load_table table = LOAD_TABLE("a wait", keys);
	struct load_draft *draft = into;

	if (node->kind == NODE_MAP)
		load_map(load, node, &table, draft);
	else
		draft->step.wait = load_span(load, node, "wait");
}

static void
load_published(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct load_key keys[] = {
		{"subject", KIND_STRING, LOAD_MAY, 0, NULL, NULL,
		    "what the event is about, for correlation"},
		{"data", KIND_VALUE, LOAD_MAY, 0, NULL, NULL,
		    "what the event carries"},
	};
	static const struct load_table table =
	    LOAD_TABLE("an event's `with`", keys);
	struct load_draft *draft = into;

	draft->step.with = load_template(load, node);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		struct str legal[] = {STR("subject"), STR("data")};

		if (load_find_key(&table, key->text))
			continue;
		load_error(load, LOAD_UNKNOWN_KEY, key->span,
		    "unknown key `%.*s` in %s", STR_ARG(key->text), table.what);
		load_suggest(load, key->text, legal, 2);
	}
}

static const struct load_key set_keys[] = {
	{"set", KIND_VARIABLES, LOAD_MUST, IN(step.set), NULL, NULL,
	    "variables and their new values"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key decide_keys[] = {
	{"decide", KIND_OWN, LOAD_MUST, 0, load_decision_name, NULL,
	    "the name of a decision table"},
	{"with", KIND_VALUE, LOAD_MAY, IN(step.with), NULL, NULL,
	    "what the table reads; the variables unless told"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key require_keys[] = {
	{"require", KIND_CONDITION, LOAD_MUST, IN(step.that), NULL, NULL,
	    "a rule that has to hold"},
	{"code", KIND_OWN, LOAD_MAY, 0, load_code, NULL,
	    "the error's code where it does not"},
	{"message", KIND_STRING, LOAD_MAY, IN(step.message), NULL, NULL,
	    "the error's message"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key raise_keys[] = {
	{"raise", KIND_NAME, LOAD_MUST, IN(step.event), NULL, NULL,
	    "an event of this instance"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key emit_keys[] = {
	{"emit", KIND_NAME, LOAD_MUST, IN(step.event), NULL, NULL,
	    "the type of the event to publish"},
	{"with", KIND_OWN, LOAD_MAY, 0, load_published, NULL,
	    "its subject and data"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key wait_keys[] = {
	{"wait", KIND_OWN, LOAD_MUST, 0, load_until, NULL,
	    "how long, or {until: = an instant}"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key fail_keys[] = {
	{"fail", KIND_OWN, LOAD_MUST, 0, load_code, NULL,
	    "the error's code"},
	{"message", KIND_STRING, LOAD_MAY, IN(step.message), NULL, NULL,
	    "the error's message"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};

static const struct load_table set_table = LOAD_TABLE("a set", set_keys);
static const struct load_table decide_table =
    LOAD_TABLE("a decide", decide_keys);
static const struct load_table require_table =
    LOAD_TABLE("a require", require_keys);
static const struct load_table raise_table = LOAD_TABLE("a raise", raise_keys);
static const struct load_table emit_table = LOAD_TABLE("an emit", emit_keys);
static const struct load_table wait_table = LOAD_TABLE("a wait", wait_keys);
static const struct load_table fail_table = LOAD_TABLE("a fail", fail_keys);

struct step_word {
	const char *name;
	enum def_step_kind kind;
	const struct load_table *table; /* NULL: not in this version */
};

static const struct step_word step_words[] = {
	{"call", STEP_CALL, &load_call_table},
	{"set", STEP_SET, &set_table},
	{"decide", STEP_DECIDE, &decide_table},
	{"require", STEP_REQUIRE, &require_table},
	{"raise", STEP_RAISE, &raise_table},
	{"emit", STEP_EMIT, &emit_table},
	{"wait", STEP_WAIT, &wait_table},
	{"fail", STEP_FAIL, &fail_table},
	{"notify", STEP_CALL, NULL},
	{"run", STEP_CALL, NULL},
	{"for", STEP_CALL, NULL},
	{"attest", STEP_CALL, NULL},
};
#define STEP_WORD_COUNT (sizeof(step_words) / sizeof(step_words[0]))

static const struct step_word *
find_word(struct str name)
{
	for (size_t i = 0; i < STEP_WORD_COUNT; i++) {
		if (str_equal(str_of(step_words[i].name), name))
			return &step_words[i];
	}
	return NULL;
}

static void
report_no_word(struct load *load, const struct yaml_node *node)
{
	struct str legal[STEP_WORD_COUNT];
	struct str nearest = {0};
	const struct yaml_node *key = NULL;
	size_t count = 0;

	for (size_t i = 0; i < STEP_WORD_COUNT; i++) {
		if (step_words[i].table)
			legal[count++] = str_of(step_words[i].name);
	}
	for (size_t i = 0; !nearest.at && i < node->count; i++) {
		key = node->pairs[i].key;
		nearest = str_nearest(key->text, legal, count);
	}
	load_error(load, LOAD_MISSING_KEY, nearest.at ? key->span : node->span,
	    "the step doesn't say what it does");
	load_suggest(load, nearest.at ? key->text : STR(""), legal, count);
}

/* The one word that says what the step does; NULL with an error. */
static const struct step_word *
choose_word(struct load *load, const struct yaml_node *node)
{
	const struct step_word *word = NULL;

	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct step_word *found = find_word(key->text);

		if (found && !found->table) {
			load_not_yet(load, key->span, found->name,
			    (struct str){0});
			return NULL;
		}
		if (found && word) {
			load_error(load, LOAD_EXCLUSIVE, key->span,
			    "a step does one thing: `%s` or `%s`", word->name,
			    found->name);
			load_repair(load, "make it two steps of the list");
			return NULL;
		}
		word = found ? found : word;
	}
	if (!word)
		report_no_word(load, node);
	return word;
}

static void
give_id(struct load *load, struct def_step *step, struct str where, size_t nth)
{
	struct def_step *first;

	if (!step->id.at || step->id.bytes == 0)
		step->id =
		    arena_strf(load->arena, "%.*s.%zu", STR_ARG(where), nth);
	first = map_find(load->build->step_ids, step->id);
	if (first) {
		load_error(load, LOAD_DUPLICATE_NAME, step->span,
		    "the step id `%.*s` is given twice", STR_ARG(step->id));
		load_repair(load, "the first is in line %u", first->span.line);
		return;
	}
	(void)map_put(load->build->step_ids, step->id, step);
}

/* Without inputs of its own a table reads the workflow's variables. */
static void
check_decision(struct load *load, const struct load_draft *draft,
    const struct yaml_node *node)
{
	const struct yaml_node *with = yaml_tree_find(node, "with");
	const struct def_decision *decision = draft->step.decision;
	const struct str *reads;
	size_t count;

	if (!decision || (with && with->kind != NODE_MAP))
		return;
	reads = load_decision_reads(decision, &count);
	for (size_t i = 0; i < count; i++) {
		const char *name = arena_cstr(load->arena, reads[i]);

		if (with ? yaml_tree_find(with, name) != NULL :
		    load_scope_knows(load->scope, reads[i]))
			continue;
		load_error(load, LOAD_UNKNOWN_NAME,
		    load_key_span(node, with ? "with" : "decide"),
		    "decision `%.*s` reads `%s`, which %s",
		    STR_ARG(decision->name), name,
		    with ? "is not given here" : "nothing sets");
	}
}

static void
finish_step(struct load *load, struct load_draft *draft,
    const struct yaml_node *node)
{
	struct def_step *step = &draft->step;

	if (step->kind == STEP_CALL)
		step->call = load_call_keep(load, draft, node);
	if (step->kind == STEP_DECIDE)
		check_decision(load, draft, node);
	if (step->kind == STEP_REQUIRE && !step->code) {
		step->code = load_literal(load, value_of_str(load->arena,
		    STR("requirement-not-met")), step->span);
	}
	if (step->kind == STEP_EMIT && !step->with)
		step->with = load_literal(load, value_built(
		    value_build_context(load->arena)), step->span);
}

static const struct def_step *
load_step(struct load *load, const struct yaml_node *node, struct str where,
    size_t nth)
{
	struct load_build *build = load->build;
	struct definition *definition = build->definition;
	const struct step_word *word;
	struct load_draft draft;
	struct def_step *step;

	if (node->kind != NODE_MAP) {
		load_error(load, LOAD_WRONG_KIND, node->span,
		    "a step is a mapping such as {call: bank.pay}");
		return NULL;
	}
	word = choose_word(load, node);
	if (!word)
		return NULL;
	load_call_init(&draft, node->span);
	draft.step.kind = word->kind;
	load_map(load, node, word->table, &draft);
	finish_step(load, &draft, node);
	step = ARENA_NEW(load->arena, struct def_step);
	*step = draft.step;
	give_id(load, step, where, nth);
	build->steps = arena_grow(load->arena, build->steps,
	    definition->step_count, &build->step_capacity, sizeof(step));
	step->index = definition->step_count++;
	build->steps[step->index] = step;
	return step;
}

struct def_steps
load_steps(struct load *load, const struct yaml_node *node, struct str where)
{
	const struct def_step **items;
	struct def_steps steps = {0};

	if (!load_is_kind(load, node, NODE_LIST, "entry, exit and do",
	    "a list of steps"))
		return steps;
	items = ARENA_ARRAY(load->arena, node->count, const struct def_step *);
	for (size_t i = 0; i < node->count; i++) {
		const struct def_step *step = load_step(load, node->items[i],
		    where, i + 1);

		if (step)
			items[steps.count++] = step;
	}
	steps.items = items;
	return steps;
}
