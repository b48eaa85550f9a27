/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load_export.c: export: the histories of finished instances are taken
 * away over HTTP, again and again.
 */
#include "bench_priv.h"

#include <curl/curl.h>

/* Of the time, for instances to export. */
#define FILLING_SHARE 2
#define PATIENCE_S 600L

struct taken {
	int64_t bytes;
	int64_t records;
	int64_t exports;
};

static size_t
take_cb(char *bytes, size_t size, size_t count, void *arg)
{
	struct taken *taken = arg;
	struct str rest = {bytes, size * count};

	taken->bytes += (int64_t)rest.bytes;
	while (rest.at != NULL) {
		(void)str_split(rest, '\n', &rest);
		taken->records += rest.at != NULL;
	}
	return size * count;
}

static bool
take_export(CURL *easy, struct taken *taken)
{
	long status = 0;

	if (curl_easy_perform(easy) != CURLE_OK)
		return false;
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	taken->exports++;
	return status == 200;
}

/* At least one, however long it takes. */
static bool
take_exports(struct round *round, struct taken *taken, int64_t *us)
{
	struct bench *bench = round->bench;
	int64_t began_us = clock_monotonic_us();
	CURL *easy = curl_easy_init();
	char url[80];
	bool is_good;

	must(easy != NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/v1/export",
	    round->engine.port);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, PATIENCE_S);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_cb);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, taken);
	do {
		is_good = take_export(easy, taken);
		bench_pause(bench, 0);
		*us = clock_monotonic_us() - began_us;
	} while (is_good && !bench->interrupted &&
		 *us < bench->options->ms * 1000);
	curl_easy_cleanup(easy);
	if (!is_good)
		buf_add_cstr(bench->detail, "the export breaks off");
	return is_good;
}

static const struct value *
export_report(struct arena *arena, const struct taken *taken, int64_t us)
{
	struct value_builder *built = value_build_context(arena);

	value_put_int(built, "exports", taken->exports);
	value_put_int(built, "records", taken->records);
	value_put_int(built, "bytes", taken->bytes);
	value_put_int(built, "us", us);
	value_put_int(
	    built, "records_per_second", taken->records * 1000000 / us);
	value_put_int(built, "bytes_per_second", taken->bytes * 1000000 / us);
	return value_built(built);
}

static const struct value *
run(struct bench *bench, const struct load *load)
{
	struct round *round = ARENA_NEW(bench->arena, struct round);
	struct value_builder *report;
	struct taken taken = {0};
	int64_t us = 1;
	bool is_run;

	if (!round_begin(round, bench, load))
		return NULL;
	is_run = round_drive(round, load,
	    bench->options->ms / FILLING_SHARE + 1, NULL);
	round_edge(round, false);
	is_run = is_run && take_exports(round, &taken, &us);
	round_edge(round, true);
	round_end(round);
	if (!is_run)
		return NULL;
	round->unit = "records";
	round->units = taken.records;
	report = round_report(round);
	value_put(report, STR("export"),
	    export_report(bench->arena, &taken, us));
	return value_built(report);
}

const struct load load_export = {
    .name = "export",
    .summary = "histories of three-calls, taken away as JSON lines",
    .documents = load_calls_documents,
    .script = {.ask = load_calls_ask, .hear = load_calls_hear},
    .run = run,
};
