/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_library.c: definitions with what they leaned on at an instant.
 *
 * Decisions, calendars and connections may have changed while an instance
 * lived.  From each such moment on there is a library of its own, and so there
 * is for each contact that was told of what was done alone: it is made when it
 * is asked for, and the few that were used last are kept.
 */
#include "reperform_priv.h"

#include "stated/library.h"
#include "stated/map.h"

#include <stdlib.h>

#define LIBRARIES_MAX 8

struct past_definition {
	struct digest digest;
	struct str source;
};

/* What was in force from one moment to the next. */
struct age {
	struct library *library; /* NULL: this place is free */
	int64_t since_ms;
	struct str alarm; /* its contact's name; absent: none */
	uint64_t used;
	struct str trouble; /* why nothing can be linked; absent: all is well */
};

struct shelf_of_past {
	struct arena *arena;
	struct past_definition *definitions;
	size_t definition_count;
	size_t definition_capacity;
	struct store_document *documents;
	size_t document_count;
	size_t document_capacity;
	struct age ages[LIBRARIES_MAX];
	uint64_t uses;
};

struct shelf_of_past *
past_new(void)
{
	struct shelf_of_past *past = calloc(1, sizeof(*past));

	must(past != NULL);
	past->arena = arena_new();
	return past;
}

void
past_free(struct shelf_of_past **past)
{
	if (*past == NULL)
		return;
	for (size_t i = 0; i < LIBRARIES_MAX; i++)
		library_free(&(*past)->ages[i].library);
	arena_free(&(*past)->arena);
	free(*past);
	*past = NULL;
}

void
past_add_definition(
    struct shelf_of_past *past, struct digest digest, struct str source)
{
	past->definitions = arena_grow(past->arena, past->definitions,
	    past->definition_count, &past->definition_capacity,
	    sizeof(*past->definitions));
	past->definitions[past->definition_count++] = (struct past_definition){
	    .digest = digest, .source = arena_str(past->arena, source)};
}

void
past_add_document(
    struct shelf_of_past *past, const struct store_document *row)
{
	struct store_document *added;

	past->documents = arena_grow(past->arena, past->documents,
	    past->document_count, &past->document_capacity,
	    sizeof(*past->documents));
	added = &past->documents[past->document_count++];
	*added = *row;
	added->kind = arena_str(past->arena, row->kind);
	added->name = arena_str(past->arena, row->name);
	added->source = arena_str(past->arena, row->source);
}

/* ---- an age ---- */

/* The last change that was made by then; what was there first has always been
 * there, as far as anybody knows. */
static int64_t
age_of(const struct shelf_of_past *past, int64_t at_ms)
{
	int64_t since_ms = 0;

	for (size_t i = 0; i < past->document_count; i++)
		if (past->documents[i].since_ms <= at_ms &&
		    past->documents[i].since_ms > since_ms)
			since_ms = past->documents[i].since_ms;
	return since_ms;
}

/* Of each name the latest of those, or else the first. */
static void
add_documents(struct shelf_of_past *past, struct age *age,
    struct diag_list *diags)
{
	struct map *chosen = map_new();
	size_t cursor = 0;
	struct str name;
	void *value;

	for (size_t i = 0; i < past->document_count; i++) {
		struct store_document *row = &past->documents[i];
		struct buf key = {0};

		buf_addf(&key, "%.*s %.*s", STR_ARG(row->kind),
		    STR_ARG(row->name));
		if (row->since_ms <= age->since_ms ||
		    map_find(chosen, buf_str(&key)) == NULL)
			(void)map_put(chosen, buf_str(&key), row);
		buf_fini(&key);
	}
	while (map_next(chosen, &cursor, &name, &value)) {
		const struct store_document *row = value;

		library_add_text(age->library, name, row->source, diags);
	}
	map_free(&chosen);
}

static struct str
first_message(struct arena *arena, struct diag_list *diags)
{
	size_t count;
	const struct diag *sorted = diag_sorted(diags, &count);

	for (size_t i = 0; i < count; i++)
		if (sorted[i].level == DIAG_ERROR)
			return arena_str(arena, sorted[i].message);
	return STR("it can't be loaded");
}

static void
begin_age(struct shelf_of_past *past, struct age *age, int64_t since_ms,
    struct str alarm)
{
	struct diag_list *diags = diag_list_new();

	library_free(&age->library);
	*age = (struct age){
	    .library = library_new(),
	    .since_ms = since_ms,
	    .alarm = arena_str(past->arena, alarm),
	};
	if (alarm.at != NULL)
		library_set_alarm(age->library, alarm);
	add_documents(past, age, diags);
	if (!library_link(age->library, diags))
		age->trouble = first_message(past->arena, diags);
	diag_list_free(&diags);
}

static struct age *
find_age(struct shelf_of_past *past, int64_t since_ms, struct str alarm)
{
	struct age *oldest = &past->ages[0];

	for (size_t i = 0; i < LIBRARIES_MAX; i++) {
		struct age *age = &past->ages[i];

		if (age->library != NULL && age->since_ms == since_ms &&
		    str_equal(age->alarm, alarm)) {
			age->used = ++past->uses;
			return age;
		}
		if (age->used < oldest->used)
			oldest = age;
	}
	begin_age(past, oldest, since_ms, alarm);
	oldest->used = ++past->uses;
	return oldest;
}

/* ---- finding ---- */

static const struct past_definition *
find_text(const struct shelf_of_past *past, struct digest digest)
{
	for (size_t i = 0; i < past->definition_count; i++)
		if (digest_equal(past->definitions[i].digest, digest))
			return &past->definitions[i];
	return NULL;
}

static const struct definition *
add_version(struct age *age, const struct past_definition *text,
    struct arena *arena, struct str *why)
{
	struct diag_list *diags = diag_list_new();
	const struct definition *definition = library_add_version(
	    age->library, STR("definition"), text->source, diags);

	if (definition == NULL)
		*why = arena_strf(arena,
		    "its definition can't be loaded with what it leans on: "
		    "%.*s",
		    STR_ARG(first_message(arena, diags)));
	diag_list_free(&diags);
	return definition;
}

const struct definition *
past_find(void *arg, const struct reperform_wanted *wanted,
    struct arena *arena, struct str *why)
{
	struct shelf_of_past *past = arg;
	struct age *age = find_age(
	    past, age_of(past, wanted->at_ms), wanted->alarm);
	const struct definition *found =
	    library_find_digest(age->library, wanted->digest);
	const struct past_definition *text =
	    find_text(past, wanted->digest);

	if (found != NULL)
		return found;
	if (age->trouble.at != NULL) {
		*why = arena_strf(arena,
		    "what its definition leans on can't be loaded: %.*s",
		    STR_ARG(age->trouble));
		return NULL;
	}
	if (text == NULL) {
		*why = STR("the definition that it ran on isn't here");
		return NULL;
	}
	found = add_version(age, text, arena, why);
	if (found == NULL || digest_equal(found->digest, wanted->digest))
		return found;
	*why = STR("what is here as its definition is another one");
	return NULL;
}

const struct def_operation *
past_find_operation(void *arg, const struct reperform_wanted *wanted,
    struct str connection, struct str operation)
{
	struct shelf_of_past *past = arg;
	const struct age *age = find_age(
	    past, age_of(past, wanted->at_ms), wanted->alarm);
	const struct def_connection *found =
	    library_find_connection(age->library, connection);

	if (found == NULL)
		return NULL;
	if (found->notice != NULL && str_equal(found->notice->name, operation))
		return found->notice;
	return def_connection_find(found, operation);
}
