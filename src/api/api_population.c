/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_population.c: what was open, started and ended in a period.
 *
 * Counting ten million instances takes a while.  It is done a slice at a time
 * between other requests, over a reading connection of its own, and given up
 * where the caller has hung up.
 */
#include "api_priv.h"

#include "stated/population.h"

#include <stdlib.h>

#define COUNTS_MAX 4
#define SLICE_US 5000

struct api_count {
	struct api_count *next; /* of all that are under way */
	struct population *population;
};

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
		error = population_step(count->population, &is_end);
	if (error == STORE_OK && !is_end) {
		api_call_wait(call, 0, go_on);
		return;
	}
	if (error == STORE_OK)
		api_reply_value(call, 200,
		    population_report(count->population, call->arena));
	else
		api_problem_store(call, error);
	finish(call);
}

static bool
read_options(struct api_call *call, struct population_options *options)
{
	struct str workflow = api_query_text(call, "workflow");

	*options = (struct population_options){
	    .path = call->api->options.database,
	    .keys = call->api->options.keys,
	    .workflow = workflow,
	    .from_ms = api_query_instant(call, "from"),
	    .to_ms = api_query_instant(call, "to"),
	    .amount = api_query_text(call, "amount"),
	    .currency = api_query_text(call, "currency"),
	};
	/* The end is excluded, and this millisecond has begun. */
	if (options->to_ms == 0)
		options->to_ms = api_now_ms(call) + 1;
	if (options->from_ms > options->to_ms)
		api_query_fault(call, "from", "must not be after `to`");
	if (call->token != NULL) {
		options->entities = call->token->entities;
		options->entity_count = call->token->entity_count;
	}
	return api_query_is_sound(call) &&
	    ((workflow.at != NULL && api_auth_reaches(call, workflow)) ||
		api_auth_has_all_workflows(call));
}

void
api_population_get(struct api_call *call)
{
	struct population_options options;
	struct population *population = NULL;
	struct buf detail = {0};
	struct api_count *count;
	enum store_error error;

	if (!read_options(call, &options))
		return;
	if (call->api->count_count >= COUNTS_MAX) {
		api_reply_header(call, "Retry-After", STR("10"));
		api_problem_reply(call, PROBLEM_BUSY,
		    "%d counts are under way; try again when one has ended.",
		    COUNTS_MAX);
		return;
	}
	error = population_open(&options, &population, &detail);
	if (error != STORE_OK)
		log_error("population", "%.*s", STR_ARG(buf_str(&detail)));
	buf_fini(&detail);
	if (error != STORE_OK) {
		api_problem_store(call, error);
		return;
	}
	count = calloc(1, sizeof(*count));
	must(count != NULL);
	*count = (struct api_count){call->api->counts, population};
	call->api->counts = count;
	call->api->count_count++;
	call->state = count;
	api_call_ref(call); /* until it is answered */
	go_on(call);
}
