/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.c: a sample that anybody can draw again.
 *
 * An instance's lot is the SHA-256 of the seed, a colon and its identifier;
 * the sample is the instances with the smallest lots, in their order.  It
 * depends on nothing else: not on the order of rows, nor on this program.
 *
 * The lots kept are a heap whose root is the largest, the first to go.
 */
#include "stated/population.h"

#include <stdlib.h>

#include "export_priv.h"
#include "stated/audit_tree.h"
#include "stated/clock.h"

/* So many are told of at a time. */
#define STEP_LOTS 64

struct lot {
	struct digest digest;
	uint64_t number;
};

struct sample {
	struct survey survey;
	struct arena *arena;
	struct sample_options options;
	struct lot *lots; /* a heap */
	size_t count;
	uint64_t population;
	struct value_builder *items; /* NULL: not all have been looked at */
	size_t told;
};

enum store_error
sample_open(const struct sample_options *options, struct sample **opened,
    struct buf *detail)
{
	struct sample *sample = calloc(1, sizeof(*sample));

	must(sample != NULL);
	must(options->size > 0 && options->size <= SAMPLE_SIZE_MAX);
	enum store_error error = survey_open(
	    &sample->survey, options->path, options->keys, detail);
	if (error != STORE_OK) {
		free(sample);
		return error;
	}
	sample->arena = arena_new();
	sample->options = *options;
	sample->options.path = (struct str){NULL, 0};
	sample->options.workflow = arena_str(sample->arena, options->workflow);
	sample->options.status = arena_str(sample->arena, options->status);
	sample->options.seed = arena_str(sample->arena, options->seed);
	sample->options.entities = arena_strs(sample->arena, options->entities,
	    options->entity_count);
	sample->lots = ARENA_ARRAY(sample->arena, options->size, struct lot);
	*opened = sample;
	return STORE_OK;
}

void
sample_close(struct sample **closed)
{
	struct sample *sample = *closed;

	if (sample == NULL)
		return;
	survey_close(&sample->survey);
	arena_free(&sample->arena);
	free(sample);
	*closed = NULL;
}

uint64_t
sample_looked(const struct sample *sample)
{
	return sample->survey.looked;
}

/* -------------------------------------------------------------------- lots */

static int
compare_lots(const void *a, const void *b)
{
	const struct lot *left = a, *right = b;

	return memcmp(left->digest.bytes, right->digest.bytes,
	    sizeof(left->digest.bytes));
}

static void
swap(struct lot *a, struct lot *b)
{
	struct lot kept = *a;

	*a = *b;
	*b = kept;
}

static void
sift_up(struct lot *lots, size_t at)
{
	for (; at > 0 && compare_lots(&lots[at], &lots[(at - 1) / 2]) > 0;
	     at = (at - 1) / 2)
		swap(&lots[at], &lots[(at - 1) / 2]);
}

static void
sift_down(struct lot *lots, size_t count)
{
	size_t at = 0;

	for (;;) {
		size_t largest = at;
		for (size_t i = 2 * at + 1; i <= 2 * at + 2 && i < count; i++)
			if (compare_lots(&lots[i], &lots[largest]) > 0)
				largest = i;
		if (largest == at)
			return;
		swap(&lots[at], &lots[largest]);
		at = largest;
	}
}

static void
keep_lot(struct sample *sample, struct lot lot)
{
	if (sample->count < sample->options.size) {
		sample->lots[sample->count] = lot;
		sift_up(sample->lots, sample->count++);
	} else if (compare_lots(&lot, &sample->lots[0]) < 0) {
		sample->lots[0] = lot;
		sift_down(sample->lots, sample->count);
	}
}

/* What its records call it, where the first can be read, or would have. */
static struct str
name_of(struct sample *sample, uint64_t number, const struct value *first)
{
	struct arena *scratch = sample->survey.scratch;
	struct str name = {NULL, 0};
	char id[AUDIT_ID_BYTES];

	if (first != NULL)
		name = export_record_instance(scratch, first);
	if (name.at != NULL)
		return name;
	return arena_str(scratch, audit_id_format(
	    store_identity(sample->survey.store).bytes, number, id));
}

static enum store_error
look_cb(const struct store_instance *row, void *arg)
{
	struct sample *sample = arg;
	const struct value *first;
	struct str parts[3] = {sample->options.seed, STR(":")};

	if (sample->options.entity_count > 0 &&
	    !store_has_label(row, STR("entity"), sample->options.entities,
		sample->options.entity_count))
		return STORE_OK;
	enum store_error error =
	    survey_first(&sample->survey, row->number, &first);
	if (error != STORE_OK)
		return error;
	parts[2] = name_of(sample, row->number, first);
	keep_lot(sample, (struct lot){
	    digest_sha256_parts(parts, 3), row->number});
	sample->population++;
	return STORE_OK;
}

static enum store_error
look(struct sample *sample, bool *is_end)
{
	const struct sample_options *options = &sample->options;

	return survey_step(&sample->survey, (struct store_instance_filter){
	    .workflow = options->workflow, .status = options->status,
	    .started_from_ms = options->from_ms,
	    .started_to_ms = options->to_ms}, look_cb, sample, is_end);
}

/* ------------------------------------------------------------- what it says */

static enum store_error
tell_lot(struct sample *sample, const struct lot *lot)
{
	struct value_builder *built = value_build_context(sample->arena);
	struct store_instance row;
	const struct value *first = NULL;
	char hex[DIGEST_HEX_BYTES];
	enum store_error error;

	arena_reset(sample->survey.scratch);
	error = store_find_instance(sample->survey.store,
	    sample->survey.scratch, lot->number, &row);
	if (error == STORE_OK)
		error = survey_first(&sample->survey, lot->number, &first);
	if (error != STORE_OK)
		return error == STORE_ABSENT ? STORE_CORRUPT : error;
	value_put_str(built, "instance", name_of(sample, lot->number, first));
	value_put_str(built, "workflow", row.workflow);
	value_put_str(built, "business_key", row.business_key);
	value_put_str(built, "status", row.status);
	value_put_instant(built, "started_at", row.started_ms);
	value_put_str(built, "lot", digest_hex(lot->digest, hex));
	value_append(sample->items, value_built(built));
	return STORE_OK;
}

static enum store_error
tell(struct sample *sample, bool *is_end)
{
	enum store_error error = STORE_OK;

	for (size_t i = 0; error == STORE_OK && i < STEP_LOTS &&
	     sample->told < sample->count; i++)
		error = tell_lot(sample, &sample->lots[sample->told++]);
	*is_end = sample->told == sample->count;
	return error;
}

enum store_error
sample_step(struct sample *sample, bool *is_end)
{
	if (sample->items != NULL)
		return tell(sample, is_end);
	enum store_error error = look(sample, is_end);
	if (error != STORE_OK || !*is_end)
		return error;
	qsort(sample->lots, sample->count, sizeof(*sample->lots),
	    compare_lots);
	sample->items = value_build_list(sample->arena);
	*is_end = false;
	return STORE_OK;
}

const struct value *
sample_report(const struct sample *sample, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);

	must(sample->items != NULL && sample->told == sample->count);
	value_put_str(built, "seed", sample->options.seed);
	value_put_int(built, "size", (int64_t)sample->count);
	value_put_int(built, "population", (int64_t)sample->population);
	value_put(built, STR("items"), value_built(sample->items));
	return value_built(built);
}
