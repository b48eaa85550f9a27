/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_step.c: what runs in entry, exit and do.
 *
 * The word that says what a step does picks the table of its keys.  The steps
 * of a `for` are loaded when all its other keys are: they may read its item,
 * wherever in the mapping that is named.
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
	const struct str *names;
	struct str name;
	size_t count;

	if (node->kind == NODE_MAP)
		return; /* see finish_decide() */
	name = load_name(load, node, "decide");
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

static const struct load_key until_keys[] = {
	{"until", KIND_STRING, LOAD_MUST, IN(step.until), NULL, NULL,
	    "an expression that gives a date and time"},
};
static const struct load_table until_table =
    LOAD_TABLE("a wait for an instant", until_keys);
static const struct load_table wait_form =
    LOAD_EITHER(&load_form_span, &until_table);

static void
load_until(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	if (node->kind == NODE_MAP)
		load_map(load, node, &until_table, draft);
	else
		draft->step.wait = load_span(load, node, "wait");
}

static const struct load_table number_form = LOAD_KIND(KIND_NUMBER);
static const struct load_table subject_form =
    LOAD_EITHER(&load_form_text, &number_form);

static bool
may_be_subject(const struct yaml_node *node)
{
	bool boolean;
	struct number number;
	const char *error;

	if (node->kind != NODE_TEXT)
		return false;
	switch (yaml_scalar_read(node, &boolean, &number, &error)) {
	case SCALAR_NULL:
	case SCALAR_BOOLEAN:
		return false;
	case SCALAR_NUMBER:
	case SCALAR_STRING:
	case SCALAR_BAD: /* and told so */
		return true;
	}
	unreachable("every kind of scalar is above");
}

/* Its value is in that of `with`. */
static void
check_subject(struct load *load, const struct yaml_node *node, void *into)
{
	struct str found;

	(void)into;
	if (load->is_stored || may_be_subject(node))
		return;
	found = load_describe(load, node);
	load_error(load, LOAD_WRONG_KIND, node->span,
	    "`subject` takes a text, a number or an expression, not %.*s",
	    STR_ARG(found));
}

static const struct load_key published_keys[] = {
	{"subject", KIND_OWN, LOAD_MAY, 0, check_subject, &subject_form,
	    "what the event is about, for correlation"},
	{"data", KIND_VALUE, LOAD_MAY, 0, NULL, NULL,
	    "what the event carries"},
};
static const struct load_table published_table =
    LOAD_TABLE("an event's `with`", published_keys);
static const struct load_table published_form =
    LOAD_EITHER(&published_table, &load_form_expression);

static void
load_published(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	load_mapping(load, node, &draft->step.with);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct load_key *row =
		    load_find_key(&published_table, key->text);
		struct str legal[] = {STR("subject"), STR("data")};

		if (row && row->load)
			row->load(load, node->pairs[i].value, draft);
		if (row)
			continue;
		load_error(load, LOAD_UNKNOWN_KEY, key->span,
		    "unknown key `%.*s` in %s", STR_ARG(key->text),
		    published_table.what);
		load_suggest(load, key->text, legal, 2);
	}
}

/* ---- run, notify, attest ---- */

static void
load_child(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;
	struct str name = load_name(load, node, "run");
	size_t count;
	const struct str *names =
	    library_names(load->library, DOCUMENT_WORKFLOW, &count);

	draft->step.workflow = name;
	if (str_is_among(name, names, count))
		return;
	/* Of workflows that only run to their end, the store has the text. */
	if (name.bytes == 0 || load->is_stored || library_is_unread(
	    load->library, DOCUMENT_WORKFLOW, name))
		return;
	load_error(load, LOAD_UNKNOWN_WORKFLOW, node->span,
	    "no workflow `%.*s`", STR_ARG(name));
	load_suggest(load, name, names, count);
}

static void
load_child_priority(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	draft->step.priority = load_level_value(load, node, "priority");
}

static void
load_contact_name(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	draft->step.contact = load_find_contact(load, node, "notify");
}

static void
load_severity(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	draft->step.severity =
	    def_priority_name(load_level(load, node, "severity"));
}

/* ---- for ---- */

static void
load_each(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	draft->step.each = load_text(load, node, "each");
	if (draft->step.each.bytes > 0)
		load_check_variable(load, node);
}

static void
load_position(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	draft->step.at = load_text(load, node, "at");
	if (draft->step.at.bytes > 0)
		load_check_variable(load, node);
}

static void
load_items(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	if (load_is_expression(node) || load_is_kind(load, node, NODE_LIST,
	    "in", "a list, or an expression that gives one"))
		draft->step.in = load_template(load, node);
}

static const struct load_key loop_keys[] = {
	{"each", KIND_OWN, LOAD_MUST, 0, load_each, &load_form_text,
	    "the name under which its steps read the item"},
	{"in", KIND_OWN, LOAD_MUST, 0, load_items,
	    &load_form_list_or_expression,
	    "the items: a list, or an expression that gives one"},
	{"at", KIND_OWN, LOAD_MAY, 0, load_position, &load_form_text,
	    "the name under which its steps read the item's position, from 1"},
};
static const struct load_table loop_table = LOAD_TABLE("`for`", loop_keys);

static void
load_loop(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	load_map(load, node, &loop_table, draft);
	if (draft->step.each.bytes == 0 ||
	    !str_equal(draft->step.each, draft->step.at))
		return;
	load_error(load, LOAD_DUPLICATE_NAME, load_key_span(node, "at"),
	    "the item and its position are both named `%.*s`",
	    STR_ARG(draft->step.at));
}

/* They are loaded when all else is: see load_body(). */
static void
skip_body(struct load *load, const struct yaml_node *node, void *into)
{
	(void)into;
	if (node->count == 0)
		load_error(
		    load, LOAD_MISSING_KEY, node->span, "`do` is empty");
}

static const struct load_word on_error_words[] = {
	{"stop", false}, {"continue", true},
};
static const struct load_table on_error_form = LOAD_WORDS(on_error_words);

static void
load_on_error(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;

	draft->step.goes_on =
	    LOAD_CHOOSE(load, node, on_error_words, "on-error") != 0;
}

/* ---- tables ---- */

static const struct load_key set_keys[] = {
	{"set", KIND_VARIABLES, LOAD_MUST, IN(step.set), NULL, NULL,
	    "variables and their new values"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_table decision_form =
    LOAD_EITHER(&load_form_name, &load_decision_inline_table);
static const struct load_key decide_keys[] = {
	{"decide", KIND_OWN, LOAD_MUST, 0, load_decision_name, &decision_form,
	    "the name of a decision table, or a table"},
	{"with", KIND_OWN, LOAD_MAY, IN(step.with), load_mapping,
	    &load_form_map_or_expression,
	    "what the table reads; the variables unless told"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key require_keys[] = {
	{"require", KIND_CONDITION, LOAD_MUST, IN(step.that), NULL, NULL,
	    "a rule that has to hold"},
	{"code", KIND_OWN, LOAD_MAY, 0, load_code,
	    &load_form_name_or_expression,
	    "the error's code where it does not"},
	{"message", KIND_STRING, LOAD_MAY, IN(step.message), NULL, NULL,
	    "the error's message, for people"},
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
	{"with", KIND_OWN, LOAD_MAY, 0, load_published, &published_form,
	    "its subject and data: {subject, data}"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key wait_keys[] = {
	{"wait", KIND_OWN, LOAD_MUST, 0, load_until, &wait_form,
	    "how long, or {until: = an instant}"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key fail_keys[] = {
	{"fail", KIND_OWN, LOAD_MUST, 0, load_code,
	    &load_form_name_or_expression,
	    "the error's code, a word that conditions compare"},
	{"message", KIND_STRING, LOAD_MAY, IN(step.message), NULL, NULL,
	    "the error's message, for people"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key for_keys[] = {
	{"for", KIND_MAP, LOAD_MUST, 0, load_loop, &loop_table,
	    "the items, and how its steps call one"},
	{"do", KIND_LIST, LOAD_MUST, 0, skip_body, &load_form_steps,
	    "the steps to run for every item"},
	{"parallel", KIND_POSITIVE, LOAD_MAY, IN(step.parallel), NULL, NULL,
	    "how many items are worked on at once; 1 unless told"},
	{"on-error", KIND_OWN, LOAD_MAY, 0, load_on_error, &on_error_form,
	    "stop: no further item is begun; continue: the others go on; stop "
	    "unless told"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key run_keys[] = {
	{"run", KIND_OWN, LOAD_MUST, 0, load_child, &load_form_name,
	    "the name of the workflow to start"},
	{"with", KIND_OWN, LOAD_MAY, IN(step.with), load_mapping,
	    &load_form_map_or_expression,
	    "what it is started with; nothing unless told"},
	{"priority", KIND_OWN, LOAD_MAY, 0, load_child_priority,
	    &load_form_level_value,
	    "low, normal, high or critical, or an expression; as its parent "
	    "unless told"},
	{"wait", KIND_BOOLEAN, LOAD_MAY, IN(step.waits), NULL, NULL,
	    "false: goes on at once; waits for its end unless told"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key notify_keys[] = {
	{"notify", KIND_OWN, LOAD_MUST, 0, load_contact_name, &load_form_name,
	    "the name of the contact to tell"},
	{"message", KIND_STRING, LOAD_MAY, IN(step.message), NULL, NULL,
	    "what the contact is told"},
	{"severity", KIND_OWN, LOAD_MAY, 0, load_severity, &load_form_level,
	    "low, normal, high or critical; normal unless told"},
	ROW_ID, ROW_IF, ROW_OUTPUT,
};
static const struct load_key attest_keys[] = {
	{"attest", KIND_STRING, LOAD_MUST, IN(step.message), NULL, NULL,
	    "what is certain, in words, for the history"},
	{"with", KIND_OWN, LOAD_MAY, IN(step.with), load_mapping,
	    &load_form_map_or_expression,
	    "the evidence, such as document and digest"},
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
static const struct load_table for_table = LOAD_TABLE("a for", for_keys);
static const struct load_table run_table = LOAD_TABLE("a run", run_keys);
static const struct load_table notify_table =
    LOAD_TABLE("a notify", notify_keys);
static const struct load_table attest_table =
    LOAD_TABLE("an attest", attest_keys);

static const struct load_case step_words[] = {
	{"call", NULL, STEP_CALL, &load_call_table},
	{"set", NULL, STEP_SET, &set_table},
	{"decide", NULL, STEP_DECIDE, &decide_table},
	{"require", NULL, STEP_REQUIRE, &require_table},
	{"raise", NULL, STEP_RAISE, &raise_table},
	{"emit", NULL, STEP_EMIT, &emit_table},
	{"wait", NULL, STEP_WAIT, &wait_table},
	{"fail", NULL, STEP_FAIL, &fail_table},
	{"for", NULL, STEP_FOR, &for_table},
	{"run", NULL, STEP_RUN, &run_table},
	{"notify", NULL, STEP_NOTIFY, &notify_table},
	{"attest", NULL, STEP_ATTEST, &attest_table},
};
static const struct load_table step_form = LOAD_CASES("a step", step_words);
const struct load_table load_form_steps = LOAD_LIST(&step_form);
#define STEP_WORD_COUNT COUNT_OF(step_words)

static const struct load_case *
find_word(struct str name)
{
	for (size_t i = 0; i < STEP_WORD_COUNT; i++) {
		if (str_equal(str_of(step_words[i].key), name))
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

	for (size_t i = 0; i < STEP_WORD_COUNT; i++)
		legal[i] = str_of(step_words[i].key);
	for (size_t i = 0; !nearest.at && i < node->count; i++) {
		key = node->pairs[i].key;
		nearest = str_nearest(key->text, legal, STEP_WORD_COUNT);
	}
	load_error(load, LOAD_MISSING_KEY, nearest.at ? key->span : node->span,
	    "the step doesn't say what it does");
	load_suggest(load, nearest.at ? key->text : STR(""), legal,
	    STEP_WORD_COUNT);
}

/* Whether the other word is a key of what this one does: a run may `wait`. */
static bool
takes(const struct load_case *word, const struct load_case *other)
{
	return load_find_key(word->table, str_of(other->key)) != NULL;
}

/* The one word that says what the step does; NULL with an error. */
static const struct load_case *
choose_word(struct load *load, const struct yaml_node *node)
{
	const struct load_case *word = NULL;

	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct load_case *found = find_word(key->text);

		if (found && word && takes(word, found))
			continue;
		if (found && word && !takes(found, word)) {
			load_error(load, LOAD_EXCLUSIVE, key->span,
			    "a step does one thing: `%s` or `%s`", word->key,
			    found->key);
			load_repair(load, "make it two steps of the list");
			return NULL;
		}
		word = found ? found : word;
	}
	if (!word)
		report_no_word(load, node);
	return word;
}

/* Its place is taken before the steps within it take theirs. */
static struct def_step *
add_step(struct load *load, struct diag_span span)
{
	struct load_build *build = load->build;
	struct definition *definition = build->definition;
	struct def_step *step = ARENA_NEW(load->arena, struct def_step);

	build->steps = arena_grow(load->arena, build->steps,
	    definition->step_count, &build->step_capacity, sizeof(step));
	step->index = definition->step_count++;
	step->around = build->around;
	step->span = span;
	build->steps[step->index] = step;
	return step;
}

static void
give_id(struct load *load, struct def_step *step, struct str where, size_t nth)
{
	struct def_step *first;

	step->is_named = step->id.bytes > 0;
	if (!step->is_named)
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
check_decision(struct load *load, const struct def_decision *decision,
    const struct yaml_node *node)
{
	const struct yaml_node *with = yaml_tree_find(node, "with");
	const struct str *reads;
	size_t count;

	if (with && with->kind != NODE_MAP)
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
	if (step->kind == STEP_REQUIRE && !step->code) {
		step->code = load_literal(load, value_of_str(load->arena,
		    STR("requirement-not-met")), step->span);
	}
	if (step->kind == STEP_FOR && !step->in)
		step->in = load_literal(load,
		    value_of_list(load->arena, NULL, 0), step->span);
	if (step->kind == STEP_ATTEST && !step->message)
		step->message = load_literal(load, &value_null, step->span);
	if ((step->kind == STEP_EMIT || step->kind == STEP_RUN) && !step->with)
		step->with = load_literal(load, value_built(
		    value_build_context(load->arena)), step->span);
}

/* A table of the step's own is called as the step is. */
static void
finish_decide(struct load *load, struct def_step *step,
    const struct yaml_node *node)
{
	const struct yaml_node *table = yaml_tree_find(node, "decide");

	if (table && table->kind == NODE_MAP)
		step->decision = load_decision_inline(load, table, step->id,
		    yaml_tree_find(node, "with"));
	if (!step->decision)
		return;
	check_decision(load, step->decision, node);
	load_types_check_table(load, load_key_span(node, "decide"),
	    step->decision, step->with);
}

/* What an iteration sets is its own: no step outside can read it. */
static void
load_body(struct load *load, const struct yaml_node *node,
    struct def_step *step)
{
	const struct yaml_node *body = yaml_tree_find(node, "do");
	const struct def_step *around = load->build->around;
	struct load_scope *outer = load->scope;

	if (!body || body->kind != NODE_LIST)
		return;
	load->build->around = step;
	load->scope = load_scope_within(outer);
	if (step->each.bytes > 0)
		load_scope_add(load->scope, step->each);
	if (step->at.bytes > 0)
		load_scope_add(load->scope, step->at);
	load_scope_add_targets(load->scope, body);
	step->body = load_steps(load, body, step->id);
	load_scope_free(&load->scope);
	load->scope = outer;
	load->build->around = around;
}

static const struct def_step *
load_step(struct load *load, const struct yaml_node *node, struct str where,
    size_t nth)
{
	const struct load_case *word;
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
	step = add_step(load, node->span);
	load_call_init(&draft, node->span);
	draft.step = *step;
	draft.step.kind = (enum def_step_kind)word->value;
	draft.step.severity = def_priority_name(PRIORITY_NORMAL);
	draft.step.parallel = 1;
	draft.step.waits = true;
	load_map(load, node, word->table, &draft);
	finish_step(load, &draft, node);
	*step = draft.step;
	give_id(load, step, where, nth);
	if (step->kind == STEP_DECIDE)
		finish_decide(load, step, node);
	if (step->kind == STEP_FOR)
		load_body(load, node, step);
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
