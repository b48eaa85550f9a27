/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_population.c: what was open, started and ended in a period, and samples
 * of it.
 *
 * Looking at ten million instances takes a while.  It is done a slice at a
 * time between other requests, over a reading connection of its own, and given
 * up where the caller has hung up.
 */
#include "api_priv.h"

#include "stated/population.h"

#include <stdlib.h>

#define COUNTS_MAX 4
#define SLICE_US 5000

struct api_count {
	struct api_count *next; /* of all that are under way */
	/* one of these */
	struct population *population;
	struct sample *sample;
};

static enum store_error
look(struct api_count *count, bool *is_end)
{
	return count->sample != NULL
		   ? sample_step(count->sample, is_end)
		   : population_step(count->population, is_end);
}

static const struct value *
report(struct api_count *count, struct arena *arena)
{
	return count->sample != NULL
		   ? sample_report(count->sample, arena)
		   : population_report(count->population, arena);
}

static void
end_count(struct api *api, struct api_count *count)
{
	struct api_count **link = &api->counts;

	while (*link != count) {
		must(*link != NULL);
		link = &(*link)->next;
	}
	*link = count->next;
	api->count_count--;
	population_close(&count->population);
	sample_close(&count->sample);
	free(count);
}

void
api_population_drop(struct api *api)
{
	while (api->counts != NULL)
		end_count(api, api->counts);
	must(api->count_count == 0);
}

/* It is answered. */
static void
finish(struct api_call *call)
{
	end_count(call->api, call->state);
	api_call_unref(call);
}

static void
go_on(struct api_call *call)
{
	struct api_count *count = call->state;
	int64_t until_us = clock_monotonic_us() + SLICE_US;
	enum store_error error = STORE_OK;
	bool is_end = false;

	if (api_call_is_gone(call)) {
		api_problem_reply(call, PROBLEM_UNAVAILABLE,
		    "The caller has not waited for the end.");
		finish(call);
		return;
	}
	while (error == STORE_OK && !is_end && clock_monotonic_us() < until_us)
		error = look(count, &is_end);
	if (error == STORE_OK && !is_end) {
		api_call_wait(call, 0, go_on);
		return;
	}
	if (error == STORE_OK)
		api_reply_value(call, 200, report(count, call->arena));
	else
		api_problem_store(call, error);
	finish(call);
}

/* ---- beginning ---- */

static bool
has_room(struct api_call *call)
{
	if (call->api->count_count < COUNTS_MAX)
		return true;
	api_reply_header(call, "Retry-After", STR("10"));
	api_problem_reply(call, PROBLEM_BUSY,
	    "%d counts are under way; try again when one has ended.",
	    COUNTS_MAX);
	return false;
}

/* error: of opening it. */
static void
begin(struct api_call *call, struct api_count looked, enum store_error error,
    struct buf *detail)
{
	struct api_count *count;

	if (error != STORE_OK)
		log_error("population", "%.*s", STR_ARG(buf_str(detail)));
	buf_fini(detail);
	if (error != STORE_OK) {
		api_problem_store(call, error);
		return;
	}
	count = calloc(1, sizeof(*count));
	must(count != NULL);
	*count = looked;
	count->next = call->api->counts;
	call->api->counts = count;
	call->api->count_count++;
	call->state = count;
	api_call_ref(call); /* until it is answered */
	go_on(call);
}

/* Of one workflow, or of all by who may see all. */
static bool
reaches(struct api_call *call, struct str workflow)
{
	return api_query_is_sound(call) &&
	    ((workflow.at != NULL && api_auth_reaches(call, workflow)) ||
		api_auth_has_all_workflows(call));
}

static bool
read_options(struct api_call *call, struct population_options *options)
{
	*options = (struct population_options){
	    .path = call->api->options.database,
	    .keys = call->api->options.keys,
	    .workflow = api_query_text(call, "workflow"),
	    .amount = api_query_text(call, "amount"),
	    .currency = api_query_text(call, "currency"),
	};
	/* The end is excluded, and this millisecond has begun. */
	api_query_period(call, api_now_ms(call) + 1, &options->from_ms,
	    &options->to_ms);
	options->entities = api_auth_entities(call, &options->entity_count);
	return reaches(call, options->workflow);
}

void
api_population_get(struct api_call *call)
{
	struct population_options options;
	struct api_count count = {0};
	struct buf detail = {0};
	enum store_error error;

	if (!read_options(call, &options) || !has_room(call))
		return;
	error = population_open(&options, &count.population, &detail);
	begin(call, count, error, &detail);
}

static bool
read_sample(struct api_call *call, struct sample_options *options)
{
	*options = (struct sample_options){
	    .path = call->api->options.database,
	    .keys = call->api->options.keys,
	    .workflow = api_query_text(call, "workflow"),
	    .status = api_query_status(call),
	    .seed = api_query_text(call, "seed"),
	};
	api_query_period(call, 0, &options->from_ms, &options->to_ms);
	if (options->seed.bytes == 0)
		api_query_fault(call, "seed", "says which sample it is");
	options->size = (size_t)api_query_int(
	    call, "size", 1, SAMPLE_SIZE_MAX, SAMPLE_SIZE_USUAL);
	options->entities = api_auth_entities(call, &options->entity_count);
	return reaches(call, options->workflow);
}

void
api_sample_get(struct api_call *call)
{
	struct sample_options options;
	struct api_count count = {0};
	struct buf detail = {0};
	enum store_error error;

	if (!read_sample(call, &options) || !has_room(call))
		return;
	error = sample_open(&options, &count.sample, &detail);
	begin(call, count, error, &detail);
}
