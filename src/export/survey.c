/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey.c: going through all instances with the first record of each, a page
 * at a time, for who counts them or chooses of them.
 */
#include "export_priv.h"

#define PAGE_INSTANCES 256
#define PAGE_LOOKED 20000

enum store_error
survey_open(struct survey *survey, struct str path, struct store_keys *keys,
    struct buf *detail)
{
	*survey = (struct survey){0};
	enum store_error error = store_open((struct store_options){
	    .path = path, .read_only = true, .keys = keys}, &survey->store,
	    detail);
	if (error == STORE_OK)
		error = store_freeze(survey->store);
	if (error != STORE_OK) {
		store_close(&survey->store);
		return error;
	}
	survey->page_arena = arena_new();
	survey->scratch = arena_new();
	return STORE_OK;
}

void
survey_close(struct survey *survey)
{
	must(survey->store != NULL);
	store_thaw(survey->store);
	store_close(&survey->store);
	arena_free(&survey->page_arena);
	arena_free(&survey->scratch);
}

static bool
add_cb(const struct store_instance *row, void *arg)
{
	struct survey *survey = arg;
	struct store_instance *added = &survey->page[survey->page_count++];

	must(survey->page_count <= PAGE_INSTANCES);
	*added = *row;
	added->workflow = arena_str(survey->page_arena, row->workflow);
	added->business_key = arena_str(survey->page_arena, row->business_key);
	added->status = arena_str(survey->page_arena, row->status);
	added->state = arena_str(survey->page_arena, row->state);
	added->labels = arena_str(survey->page_arena, row->labels);
	return true;
}

enum store_error
survey_step(struct survey *survey, struct store_instance_filter filter,
    survey_fn *fn, void *arg, bool *is_end)
{
	uint64_t resume = 0;

	filter.has_incident = -1;
	filter.after = survey->after;
	filter.limit = PAGE_INSTANCES;
	filter.looked_max = PAGE_LOOKED;
	filter.resume_after = &resume;
	arena_reset(survey->page_arena);
	survey->page = ARENA_ARRAY(
	    survey->page_arena, PAGE_INSTANCES, struct store_instance);
	survey->page_count = 0;
	enum store_error error =
	    store_list_instances(survey->store, &filter, add_cb, survey);
	for (size_t i = 0; i < survey->page_count && error == STORE_OK; i++) {
		arena_reset(survey->scratch);
		error = fn(&survey->page[i], arg);
		survey->looked++;
	}
	survey->after = resume;
	*is_end = resume == 0;
	return error;
}

static bool
read_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct survey *survey = arg;

	(void)instance;
	survey->first = record->seq == 1
		? export_record_read(survey->scratch, record->canonical) : NULL;
	return false;
}

enum store_error
survey_first(
    struct survey *survey, uint64_t number, const struct value **first)
{
	survey->first = NULL;
	enum store_error error =
	    store_each_record(survey->store, number, 1, read_cb, survey);
	*first = survey->first;
	return error;
}
