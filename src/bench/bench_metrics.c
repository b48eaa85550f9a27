/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_metrics.c: the engine's own counters, as any monitor reads them.
 */
#include "bench_priv.h"

#include "stated/http.h"

#include <stdio.h>

#define PATIENCE_MS 10000

/* The value of the line that begins with `name` and a blank; 0: none does. */
static int64_t
find_metric(struct str text, const char *name)
{
	char start[96];
	struct str line, rest;
	int64_t value;
	size_t at;

	snprintf(start, sizeof(start), "\n%s ", name);
	at = str_find(text, str_of(start));
	if (at == SIZE_MAX)
		return 0;
	rest = str_slice(text, at + strlen(start), text.bytes);
	line = str_split(rest, '\n', &rest);
	return str_parse_int(line, 0, INT64_MAX, &value) ? value : 0;
}

static void
take(struct metrics *metrics, struct str text)
{
	int64_t below = 0;

	metrics->commits = find_metric(text, "stated_engine_commits_total");
	metrics->steps = find_metric(text, "stated_engine_steps_total");
	/* A bucket counts those of the buckets before it, too. */
	for (unsigned i = 0; i < METRICS_BATCHES; i++) {
		char name[64];
		int64_t all;

		snprintf(name, sizeof(name),
		    "stated_engine_batch_steps_bucket{le=\"%u\"}", 1u << i);
		all = find_metric(text, name);
		metrics->batches[i] = all > below ? all - below : 0;
		below = all > below ? all : below;
	}
}

bool
metrics_read(struct metrics *metrics, uint16_t port)
{
	struct arena *arena = arena_new();
	struct message_request request = {
	    .method = STR("GET"),
	    .url = arena_strf(arena, "http://127.0.0.1:%u/metrics", port),
	    .timeout_ms = PATIENCE_MS,
	};
	struct message_response response = http_exchange(arena, &request);
	bool is_read =
	    response.failure == MESSAGE_OK && response.status == 200;

	*metrics = (struct metrics){0};
	if (is_read)
		take(metrics, response.body);
	arena_free(&arena);
	return is_read;
}

/* The size that `per_mille` of the batches are not above, as far as classes
 * that double tell. */
static int64_t
quantile(const struct metrics *before, const struct metrics *after,
    unsigned per_mille)
{
	int64_t all = 0, seen = 0;

	for (size_t i = 0; i < METRICS_BATCHES; i++)
		all += after->batches[i] - before->batches[i];
	for (size_t i = 0; i < METRICS_BATCHES; i++) {
		seen += after->batches[i] - before->batches[i];
		if (all > 0 && seen * 1000 >= all * per_mille)
			return (int64_t)1 << i;
	}
	return 0;
}

const struct value *
metrics_report(struct arena *arena, const struct metrics *before,
    const struct metrics *after)
{
	struct value_builder *built = value_build_context(arena);
	int64_t commits = after->commits - before->commits;
	int64_t steps = after->steps - before->steps;

	value_put_int(built, "commits", commits);
	value_put_int(built, "steps", steps);
	if (commits > 0)
		value_put_int(
		    built, "mean_per_mille", steps * 1000 / commits);
	value_put_int(built, "p50", quantile(before, after, 500));
	value_put_int(built, "p95", quantile(before, after, 950));
	value_put_int(built, "p100", quantile(before, after, 1000));
	return value_built(built);
}
