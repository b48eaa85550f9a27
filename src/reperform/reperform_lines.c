/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_lines.c: records line by line; an instance is gone through when
 * all of its records are there, so that no more than one is in memory.  Of
 * the journal, which stands before all instances, nothing is kept.
 */
#include "reperform_priv.h"

#include "stated/json.h"

void
lines_init(struct lines *lines)
{
	must(lines->fn != NULL);
	lines->arena = arena_new();
}

static bool
is_wanted(const struct reperform_options *options, struct str instance,
    struct str workflow, struct str business_key)
{
	return (options->workflow.at == NULL ||
		   str_equal(workflow, options->workflow)) &&
	       (options->instance.at == NULL ||
		   str_equal(instance, options->instance) ||
		   str_equal(business_key, options->instance));
}

static bool
are_wanted(const struct lines *lines)
{
	const struct value *first = lines->records[0];

	return is_wanted(lines->options, lines->instance,
	    value_field_str(first, "workflow"),
	    value_field_str(first, "business_key"));
}

static void
go_through(struct lines *lines)
{
	struct reperform_finding finding;

	if (lines->count > 0 && are_wanted(lines)) {
		reperform_instance(&lines->world, lines->records,
		    lines->count, lines->arena, &finding);
		lines->told++;
		lines->fn(&finding, lines->arg);
	}
	arena_reset(lines->arena);
	lines->records = NULL;
	lines->count = 0;
	lines->capacity = 0;
	lines->instance = (struct str){NULL, 0};
}

static void
add_record(struct lines *lines, const struct value *record)
{
	lines->records = arena_grow(lines->arena, lines->records,
	    lines->count, &lines->capacity, sizeof(*lines->records));
	lines->records[lines->count++] = record;
}

/* ---- what is no instance's history ---- */

void
lines_add_purged(struct lines *lines, struct str instance,
    struct str workflow, struct str business_key)
{
	const struct reperform_finding finding = {
	    .result = REPERFORM_COULD_NOT,
	    .instance = instance,
	    .workflow = workflow,
	    .explanation =
		STR("its history was purged, since its retention was over: "
		    "the journal's certificate has the number of its records "
		    "and the hash of the last one"),
	};

	if (!is_wanted(lines->options, instance, workflow, business_key))
		return;
	lines->told++;
	lines->fn(&finding, lines->arg);
}

static bool
is_journal(struct str instance)
{
	struct chart_identity identity;

	return record_identity(instance, &identity) &&
	       identity.number == STORE_JOURNAL;
}

static void
add_certified(struct lines *lines, const struct value *record)
{
	const struct value *list = value_get_cstr(record, "instances");

	if (!str_equal(value_field_str(record, "kind"),
		audit_journal_name(JOURNAL_PURGED)) ||
	    list == NULL || list->type != VALUE_LIST)
		return;
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *purged = list->as.list.items[i];

		lines_add_purged(lines, value_field_str(purged, "instance"),
		    value_field_str(purged, "workflow"), (struct str){NULL, 0});
	}
}

static void
add_journal(struct lines *lines, const struct value *record)
{
	if (lines->tells_purged)
		add_certified(lines, record);
	if (lines->count == 0)
		arena_reset(lines->arena);
}

/* ---- line by line ---- */

void
lines_add(struct lines *lines, struct str line)
{
	struct json_error error;
	const struct value *record =
	    json_read_typed(lines->arena, line, &error);
	struct str instance;

	if (record == NULL || record->type != VALUE_CONTEXT)
		return;
	instance = value_field_str(record, "instance");
	if (instance.at == NULL)
		return; /* the closing line */
	if (is_journal(instance)) {
		add_journal(lines, record);
		return;
	}
	if (lines->count > 0 && !str_equal(instance, lines->instance)) {
		go_through(lines);
		record = json_read_typed(lines->arena, line, &error);
		must(record != NULL);
		instance = value_field_str(record, "instance");
	}
	lines->instance = instance;
	add_record(lines, record);
}

void
lines_end(struct lines *lines)
{
	go_through(lines);
	arena_free(&lines->arena);
}
