/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_schedule.c: instances that are started by time.
 *
 * A literal input is held against the workflow's own schema, so that a start
 * at night doesn't find out what could be known when the text was written.
 */
#include "load_priv.h"

#include "stated/cron.h"

#define IN(field) offsetof(struct def_schedule, field)

static void
load_cron(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_schedule *schedule = into;
	struct str why = {0};

	schedule->text = load_text(load, node, "cron");
	if (schedule->text.bytes == 0 || cron_parse(load->arena,
	    schedule->text, &schedule->cron, &why))
		return;
	load_error(load, LOAD_BAD_FORM, node->span, "`cron`: %.*s",
	    STR_ARG(why));
	load_repair(load, "write minute, hour, day of the month, month and "
	    "day of the week: '0 7 * * mon-fri'");
}

static void
load_timezone(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_schedule *schedule = into;
	const struct zone *zone = load_zone(load, node);

	if (zone)
		schedule->timezone = zone_name(zone);
}

static void
load_days(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_schedule *schedule = into;

	if (load_name(load, node, "calendar").bytes > 0)
		schedule->calendar = load_find_calendar(load, node);
}

static const struct load_word overlap_words[] = {
	{"skip", OVERLAP_SKIP},
	{"queue", OVERLAP_QUEUE},
	{"allow", OVERLAP_ALLOW},
};
static const struct load_table overlap_form = LOAD_WORDS(overlap_words);

static void
load_overlap(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_schedule *schedule = into;

	schedule->overlap = (enum def_overlap)LOAD_CHOOSE(load, node,
	    overlap_words, "overlap");
}

static const struct load_word catch_up_words[] = {
	{"last", CATCH_UP_LAST},
	{"all", CATCH_UP_ALL},
	{"none", CATCH_UP_NONE},
};
static const struct load_table catch_up_form = LOAD_WORDS(catch_up_words);

static void
load_catch_up(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_schedule *schedule = into;

	schedule->catch_up = (enum def_catch_up)LOAD_CHOOSE(load, node,
	    catch_up_words, "catch-up");
}

static const struct load_key schedule_keys[] = {
	{"cron", KIND_OWN, LOAD_MUST, 0, load_cron, &load_form_text,
	    "minute, hour, day of the month, month and day of the week: "
	    "'0 7 * * mon-fri'"},
	{"timezone", KIND_OWN, LOAD_MAY, 0, load_timezone, &load_form_text,
	    "whose clock: a name of the IANA database; the calendar's, else "
	    "UTC, unless told"},
	{"calendar", KIND_OWN, LOAD_MAY, 0, load_days, &load_form_name,
	    "starts on the business days of that calendar only"},
	{"input", KIND_VALUE, LOAD_MAY, IN(input), NULL, NULL,
	    "what an instance is started with; `at` is the time planned"},
	{"overlap", KIND_OWN, LOAD_MAY, 0, load_overlap, &overlap_form,
	    "while an earlier one runs: skip, queue or allow; skip unless "
	    "told"},
	{"catch-up", KIND_OWN, LOAD_MAY, 0, load_catch_up, &catch_up_form,
	    "after a stop of the engine: last, all or none; last unless told"},
};
const struct load_table load_schedule_table =
    LOAD_TABLE("a schedule", schedule_keys);
const struct load_table load_schedules_form = LOAD_SOME(&load_schedule_table);

/* Nothing of an instance is there yet: only the time, and the settings. */
static struct load_scope *
schedule_scope(struct load *load)
{
	struct load_scope *scope = load_scope_new(load->arena);

	load_scope_add(scope, STR("at"));
	load_scope_add(scope, STR("settings"));
	return scope;
}

static void
load_schedule(struct load *load, const struct yaml_node *node,
    struct def_schedule *schedule)
{
	struct load_scope *outer = load->scope;

	schedule->span = node->span;
	load->scope = schedule_scope(load);
	load_map(load, node, &load_schedule_table, schedule);
	load_scope_free(&load->scope);
	load->scope = outer;
	if (!schedule->input)
		schedule->input = load_literal(load, value_built(
		    value_build_context(load->arena)), node->span);
	if (schedule->timezone.bytes > 0)
		return;
	if (schedule->calendar)
		schedule->timezone = zone_name(schedule->calendar->zone);
	else if (load->calendar)
		schedule->timezone = zone_name(load->calendar->zone);
	else
		schedule->timezone = STR("UTC");
}

void
load_schedules(struct load *load, const struct yaml_node *node, void *into)
{
	struct definition *definition = into;
	bool is_list = node->kind == NODE_LIST;
	size_t count = is_list ? node->count : 1;
	struct def_schedule *items = ARENA_ARRAY(load->arena, count,
	    struct def_schedule);

	for (size_t i = 0; i < count; i++)
		load_schedule(load, is_list ? node->items[i] : node, &items[i]);
	definition->schedules = items;
	definition->schedule_count = count;
}

/* ---- the input against its schema ---- */

static void
check_input(struct load *load, const struct yaml_node *node,
    const struct def_schedule *schedule)
{
	const struct yaml_node *input = yaml_tree_find(node, "input");
	const struct schema *schema = load->build->definition->input;
	struct schema_errors errors = {.arena = load->arena};

	if (!schema || schedule->input->kind != TEMPLATE_LITERAL ||
	    schema_validate(schema, schedule->input->literal, &errors))
		return;
	for (size_t i = 0; i < errors.count; i++) {
		const struct schema_error *error = &errors.items[i];
		struct diag_span span = input ?
		    yaml_tree_follow(input, error->pointer)->span : node->span;

		load_error(load, LOAD_BAD_INPUT, span,
		    "the workflow doesn't take this input: %.*s",
		    STR_ARG(error->message));
	}
}

void
load_check_schedules(struct load *load)
{
	const struct definition *definition = load->build->definition;
	const struct yaml_node *node =
	    yaml_tree_find(load->document->root, "schedule");

	for (size_t i = 0; i < definition->schedule_count; i++) {
		const struct yaml_node *item =
		    node->kind == NODE_LIST ? node->items[i] : node;

		if (item->kind == NODE_MAP)
			check_input(load, item, &definition->schedules[i]);
	}
}
