/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_duty.c: what no one person may do together in one instance.
 *
 * The instance remembers who has held which part: the bits of `separate`, the
 * tasks that they decided and the roles that these were for.  Whoever is about
 * to take one is held against every set that names it.
 */
#include "chart_priv.h"

#include <stdarg.h>

struct objection
chart_duty_object(
    struct run *run, enum chart_refusal refusal, const char *format, ...)
{
	struct objection objection = {.refusal = refusal};
	char text[300];
	va_list args;

	va_start(args, format);
	str_vwrite(text, sizeof(text), format, args);
	va_end(args);
	objection.detail = arena_str(run->context->arena, str_of(text));
	return objection;
}

/* ---- what is held ---- */

static struct part *
find_part(const struct chart *chart, struct str person)
{
	for (struct part *part = chart->parts; part != NULL; part = part->next)
		if (chart_person_is(part->actor, person))
			return part;
	return NULL;
}

static bool
has_name(const struct part *part, struct str name)
{
	for (const struct held *held = part->names; held != NULL;
	     held = held->next)
		if (str_equal(held->name, name))
			return true;
	return false;
}

static void
add_name(struct chart *chart, struct part *part, struct str name)
{
	struct held *held;

	if (name.at == NULL || has_name(part, name))
		return;
	held = ARENA_NEW(chart->arena, struct held);
	held->name = arena_str(chart->arena, name);
	LIST_APPEND(part->names, held);
}

void
chart_duty_took(
    struct run *run, struct str person, const struct duty *duty)
{
	struct chart *chart = run->chart;
	struct part *part;

	if (person.at == NULL)
		return;
	part = find_part(chart, person);
	if (part == NULL) {
		part = ARENA_NEW(chart->arena, struct part);
		part->actor = arena_str(chart->arena, person);
		LIST_APPEND(chart->parts, part);
	}
	part->parts |= duty->part;
	add_name(chart, part, duty->task);
	add_name(chart, part, duty->role);
}

/* Absent: it is called as before. */
static struct str
new_name(const struct chart_rename *renames, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(renames[i].from, name))
			return renames[i].to;
	return (struct str){NULL, 0};
}

/* All from the old names: a new one may be another task's old one.  What was
 * held stays, unless its name is another task's now. */
void
chart_duty_rename(struct chart *chart, const struct definition *to,
    const struct chart_rename *renames, size_t count)
{
	for (struct part *part = chart->parts; part; part = part->next) {
		const struct held *held = part->names;

		part->names = NULL;
		for (; held != NULL; held = held->next) {
			struct str name = new_name(renames, count, held->name);

			add_name(chart, part, name);
			if (name.at == NULL ||
			    definition_find_state(to, held->name) == NULL)
				add_name(chart, part, held->name);
		}
	}
}

/* ---- sets ---- */

static bool
names(const struct def_separate *set, struct str name)
{
	return name.at != NULL &&
	    str_is_among(name, set->names, set->name_count);
}

static bool
concerns(const struct def_separate *set, const struct duty *duty)
{
	return (set->parts & duty->part) || names(set, duty->task) ||
	       names(set, duty->role);
}

/* Whether the person holds something of the set that is not what they are
 * about to take. */
static bool
holds_other(const struct def_separate *set, const struct part *part,
    const struct duty *duty)
{
	if (part->parts & set->parts & ~(unsigned)duty->part)
		return true;
	for (const struct held *held = part->names; held != NULL;
	     held = held->next)
		if (names(set, held->name) &&
		    !str_equal(held->name, duty->task) &&
		    !str_equal(held->name, duty->role))
			return true;
	return false;
}

/* The first set that keeps the person from it; NULL: none does. */
static const struct def_separate *
find_set(
    const struct chart *chart, struct str person, const struct duty *duty)
{
	const struct definition *definition = chart->definition;
	const struct part *part = find_part(chart, person);

	for (size_t i = 0; i < definition->separate_count; i++) {
		const struct def_separate *set = &definition->separate[i];

		if (concerns(set, duty) &&
		    (!chart_person_is_known(person) ||
			(part != NULL && holds_other(set, part, duty))))
			return set;
	}
	return NULL;
}

/*
 * A person that no name is known of can't be told from another: such a one
 * may take a part only where nothing is to be kept separate.
 */
struct objection
chart_duty_judge(struct run *run, struct str person, const struct duty *duty)
{
	if (find_set(run->chart, person, duty) == NULL)
		return (struct objection){REFUSED_NOT, {NULL, 0}};
	if (!chart_person_is_known(person))
		return chart_duty_object(run, REFUSED_EXCLUDED,
		    "say who you are: this workflow keeps parts separate");
	return chart_duty_object(run, REFUSED_EXCLUDED,
	    "%.*s has another part in this instance: another person must %.*s",
	    STR_ARG(person), STR_ARG(def_part_name(duty->part)));
}

bool
chart_allows(const struct chart *chart, struct str person, enum def_part part)
{
	return find_set(chart, person, &(struct duty){.part = part}) == NULL;
}

/* ---- parts that are no task's ---- */

bool
chart_duty_may(
    struct run *run, const struct chart_actor *actor, enum def_part part)
{
	struct objection objection = chart_duty_judge(
	    run, actor->name, &(struct duty){.part = part});

	if (objection.refusal == REFUSED_NOT)
		return true;
	chart_step_refuse(
	    run, objection.refusal, "%.*s", STR_ARG(objection.detail));
	return false;
}

void
chart_duty_take(
    struct run *run, const struct chart_actor *actor, enum def_part part)
{
	chart_duty_took(run, actor->name, &(struct duty){.part = part});
}
