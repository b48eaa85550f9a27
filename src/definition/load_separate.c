/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_separate.c: what no person may hold together in one instance.
 *
 * A set names parts, tasks by their states' names, and roles whose tasks are
 * one part.  What one act takes all at once can't be kept apart: no person
 * could do it.
 */
#include "load_priv.h"

#define PART_WORD(constant, name, bit) {name, constant},
static const struct load_word part_words[] = {DEF_PARTS(PART_WORD)};
#define PART_COUNT COUNT_OF(part_words)

static const struct load_table words_form = LOAD_WORDS(part_words);
static const struct load_table part_form =
    LOAD_EITHER(&words_form, &load_form_text);
static const struct load_table parts_form = LOAD_LIST(&part_form);
const struct load_table load_separate_form = LOAD_LIST(&parts_form);

static unsigned
part_of(struct str text)
{
	for (size_t i = 0; i < PART_COUNT; i++)
		if (str_equal(str_of(part_words[i].name), text))
			return (unsigned)part_words[i].value;
	return 0;
}

static bool
is_task(struct load *load, struct str name)
{
	const struct load_build *build = load->build;

	for (size_t i = 0; i < build->definition->state_count; i++)
		if (str_equal(build->states[i]->name, name))
			return yaml_tree_find(build->state_nodes[i],
				   "user-task") != NULL;
	return false;
}

/* The parts, the tasks, and how a role is written. */
static const struct str *
legal_names(struct load *load, size_t *count)
{
	const struct load_build *build = load->build;
	size_t states = build->definition->state_count;
	struct str *names =
	    ARENA_ARRAY(load->arena, states + PART_COUNT + 1, struct str);

	*count = 0;
	for (size_t i = 0; i < PART_COUNT; i++)
		names[(*count)++] = str_of(part_words[i].name);
	names[(*count)++] = STR(DEF_APPROVER "ROLE");
	for (size_t i = 0; i < states; i++)
		if (is_task(load, build->states[i]->name))
			names[(*count)++] = build->states[i]->name;
	return names;
}

/* A task or a role, behind those that the set has. */
static void
load_name_of_set(struct load *load, const struct yaml_node *node,
    struct def_separate *set, struct str *names, struct str name)
{
	bool is_role = str_has_prefix(name, STR(DEF_APPROVER)) &&
		       name.bytes > sizeof(DEF_APPROVER) - 1;
	const struct str *legal;
	size_t count;

	if (!is_role && !is_task(load, name)) {
		load_error(load, LOAD_WRONG_WORD, node->span,
		    "`separate` can't be `%.*s`", STR_ARG(name));
		legal = legal_names(load, &count);
		load_suggest(load, name, legal, count);
		return;
	}
	if (str_is_among(name, set->names, set->name_count))
		load_error(load, LOAD_DUPLICATE_NAME, node->span,
		    "`%.*s` stands here twice", STR_ARG(name));
	names[set->name_count++] = name;
	set->names = names;
}

static void
check_set(struct load *load, const struct yaml_node *node,
    const struct def_separate *set)
{
	if (node->count < 2)
		load_error(load, LOAD_BAD_FORM, node->span,
		    "at least two parts have to be kept apart");
	if ((set->parts & PART_APPROVE) && set->name_count > 0) {
		load_error(load, LOAD_EXCLUSIVE, node->span,
		    "whoever decides `%.*s` approves: nobody could keep these "
		    "apart",
		    STR_ARG(set->names[0]));
		load_repair(load, "name the tasks or roles alone, or `approve` "
				  "for all of them");
	}
	if ((set->parts & PART_CONFIRM) && !(set->parts & PART_CORRECT)) {
		load_error(load, LOAD_MISSING_KEY, node->span,
		    "`confirm` has to stand beside `correct`: it is a "
		    "correction that another person confirms");
		load_repair(load, "write [correct, confirm]");
	}
}

static void
load_set(struct load *load, const struct yaml_node *node,
    struct def_separate *set)
{
	struct str *names;

	set->span = node->span;
	if (!load_is_kind(load, node, NODE_LIST, "separate",
	    "lists such as [[initiate, approve]]"))
		return;
	names = ARENA_ARRAY(load->arena, node->count, struct str);
	for (size_t i = 0; i < node->count; i++) {
		struct str text =
		    load_text(load, node->items[i], "separate");
		unsigned part = part_of(text);

		if (text.bytes == 0)
			continue;
		if (part != 0)
			set->parts |= part;
		else
			load_name_of_set(
			    load, node->items[i], set, names, text);
	}
	check_set(load, node, set);
}

void
load_separate(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;
	struct def_separate *sets =
	    ARENA_ARRAY(load->arena, node->count, struct def_separate);

	for (size_t i = 0; i < node->count; i++) {
		load_set(load, node->items[i], &sets[i]);
		if (sets[i].parts & PART_CONFIRM)
			definition->second_person = true;
	}
	definition->separate = sets;
	definition->separate_count = node->count;
}
