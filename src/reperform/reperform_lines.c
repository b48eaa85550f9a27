/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_lines.c: records line by line; an instance is gone through when
 * all of its records are there, so that no more than one is in memory.
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
is_wanted(const struct lines *lines)
{
	const struct reperform_options *options = lines->options;
	const struct value *first = lines->records[0];

	return (options->workflow.at == NULL ||
		   str_equal(replay_text(first, "workflow"),
		       options->workflow)) &&
	       (options->instance.at == NULL ||
		   str_equal(lines->instance, options->instance) ||
		   str_equal(replay_text(first, "business_key"),
		       options->instance));
}

static void
go_through(struct lines *lines)
{
	struct reperform_finding finding;

	if (lines->count > 0 && is_wanted(lines)) {
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

void
lines_add(struct lines *lines, struct str line)
{
	struct json_error error;
	const struct value *record =
	    json_read_typed(lines->arena, line, &error);
	struct str instance;

	if (record == NULL || record->type != VALUE_CONTEXT)
		return;
	instance = replay_text(record, "instance");
	if (instance.at == NULL)
		return; /* the closing line */
	if (lines->count > 0 && !str_equal(instance, lines->instance)) {
		go_through(lines);
		record = json_read_typed(lines->arena, line, &error);
		must(record != NULL);
		instance = replay_text(record, "instance");
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
