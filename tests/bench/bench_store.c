/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_store.c: how many turns of instances a second become durable.
 *
 *	bench_store [DIRECTORY [BATCH [SECONDS [TURNS [encrypted]]]]]
 *
 * A batch holds one turn each of BATCH instances; an instance has TURNS turns
 * (4 unless told: a start and three replies), none of which may be in the
 * same batch.  A turn writes a snapshot of some 700 bytes and two records of
 * history of some 500, with the names and numbers of a payment, which are
 * others in each.  They are sealed while the batch before is under way, as the
 * engine does it; the time for that is counted.  One line of JSON tells what
 * came out.  A last word encrypts the database, for what that costs.
 */
#include "stated/clock.h"
#include "stated/json.h"
#include "stated/store_keys.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTANCES_AT_A_TIME 4096
#define RECORDS_A_TURN 2
#define LATENCIES_MAX 4000000

struct bench {
	struct store *store;
	char path[256];
	size_t batch;
	size_t turns;
	double seconds;
	struct arena *arena; /* of the turn at hand */
	/* of the instances of the batch, by number */
	struct audit_head heads[INSTANCES_AT_A_TIME];
	double *latencies; /* of batches, from submission to the end */
	size_t count;
	double submitted;
};

static double
now(void)
{
	return (double)clock_monotonic_us() / 1e6;
}

static double
cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ------------------------------------------------------------------- work */

/* What an instance was given. */
static struct str
payment(struct bench *bench, uint64_t number)
{
	unsigned long long mixed = number * 0x9e3779b97f4a7c15;

	return arena_strf(bench->arena,
	    "{\"amount\":%llu.25,\"creditor\":{\"address\":\"Am Speicher "
	    "%llu, Hamburg\",\"bic\":\"BYLADEM1001\",\"iban\":\"DE%020llu\","
	    "\"name\":\"Papier %llu GmbH\"},\"currency\":\"EUR\",\"debtor\":"
	    "{\"iban\":\"FR76%020llu\",\"name\":\"Atelier %llu SARL\"},"
	    "\"reference\":\"INV-%016llx\",\"remittance\":\"Invoice %llu, "
	    "delivery note %llu\"}", mixed % 100000, mixed % 100, mixed,
	    mixed % 7919, ~mixed, mixed % 6007, mixed, mixed % 99991,
	    mixed % 9973);
}

static struct audit_record
seal(struct bench *bench, uint64_t number, const char *kind,
    struct audit_head *head)
{
	struct value_builder *record = value_build_context(bench->arena);
	struct json_error error;

	value_put_str(record, "instance", arena_strf(bench->arena,
	    "178384d2-d461-83b1-8000-%012llx", (unsigned long long)number));
	value_put_str(record, "kind", str_of(kind));
	value_put_str(record, "time", STR("2026-11-22T09:30:00.000Z"));
	value_put(record, STR("input"), json_read(bench->arena,
	    payment(bench, number), &error));
	return audit_seal(bench->arena, value_built(record), head);
}

static void
add_turn(struct bench *bench, uint64_t number, size_t turn)
{
	struct audit_head *head = &bench->heads[number % INSTANCES_AT_A_TIME];
	struct audit_record records[RECORDS_A_TURN];
	bool is_last = turn + 1 == bench->turns;
	char key[24];

	arena_reset(bench->arena);
	if (turn == 0)
		*head = (struct audit_head){0};
	snprintf(key, sizeof(key), "INV-%016llx",
	    (unsigned long long)(number * 0x9e3779b97f4a7c15));
	for (size_t i = 0; i < RECORDS_A_TURN; i++)
		records[i] = seal(bench, number,
		    i == 0 ? "call-replied" : "call-sent", head);
	struct store_instance row = {
		.number = number,
		.workflow = STR("payment"),
		.version = 1,
		.business_key = str_of(key),
		.status = is_last ? STR("completed") : STR("running"),
		.state = is_last ? STR("done") : STR("submitting"),
		.initiator = STR("bench"),
		.priority = STR("normal"),
		.started_ms = 1000,
		.changed_ms = 1000 + (int64_t)turn,
		.ended_ms = is_last ? 1004 : 0,
		.due_ms = is_last ? 0 : 60000 + (int64_t)number,
		.busy = !is_last,
		.head = *head,
		.snapshot = payment(bench, number),
	};
	store_add_history(store_batch(bench->store), number, records,
	    RECORDS_A_TURN);
	store_put_instance(store_batch(bench->store), &row);
}

/* Ends the batch under way, if there is one. */
static void
finish(struct bench *bench)
{
	struct pollfd watched = {store_fd(bench->store), POLLIN, 0};
	struct buf detail = {0};
	enum store_error error = STORE_OK;

	if (!store_is_committing(bench->store))
		return;
	while (!store_finished(bench->store, &error, &detail))
		poll(&watched, 1, -1);
	if (error != STORE_OK) {
		fprintf(stderr, "%.*s: %s\n", STR_ARG(store_error_text(error)),
		    buf_cstr(&detail));
		exit(1);
	}
	buf_fini(&detail);
	if (bench->count < LATENCIES_MAX)
		bench->latencies[bench->count++] = now() - bench->submitted;
}

static uint64_t
run(struct bench *bench)
{
	uint64_t first = 1, turns_done = 0;
	double end = now() + bench->seconds;

	while (now() < end) {
		for (size_t turn = 0; turn < bench->turns; turn++) {
			for (size_t i = 0; i < bench->batch; i++)
				add_turn(bench, first + i, turn);
			finish(bench);
			bench->submitted = now();
			store_submit(bench->store);
			turns_done += bench->batch;
		}
		first += bench->batch;
	}
	finish(bench);
	return turns_done;
}

/* ----------------------------------------------------------------- report */

static long
file_bytes(const char *path, const char *suffix)
{
	char name[300];
	struct stat status;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &status) == 0 ? (long)status.st_size : 0;
}

static void
remove_files(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
	char name[300];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
}

static void
report(struct bench *bench, uint64_t turns, double elapsed, double cpu)
{
	long log_bytes = file_bytes(bench->path, "-wal");

	qsort(bench->latencies, bench->count, sizeof(double), by_size);
	store_close(&bench->store);
	printf("{\"batch\":%zu,\"turns_per_s\":%.0f,\"commits_per_s\":%.0f,"
	    "\"commit_p50_us\":%.0f,\"commit_p99_us\":%.0f,"
	    "\"cpu_us_per_turn\":%.2f,\"bytes_per_turn\":%.0f,"
	    "\"log_mib\":%.1f}\n",
	    bench->batch, (double)turns / elapsed,
	    (double)bench->count / elapsed,
	    bench->latencies[bench->count / 2] * 1e6,
	    bench->latencies[bench->count * 99 / 100] * 1e6,
	    cpu * 1e6 / (double)turns,
	    (double)file_bytes(bench->path, "") / (double)turns,
	    (double)log_bytes / 1048576);
}

int
main(int argc, char **argv)
{
	struct bench bench = {
		.batch = argc > 2 ? (size_t)atol(argv[2]) : 64,
		.seconds = argc > 3 ? atof(argv[3]) : 3,
		.turns = argc > 4 ? (size_t)atol(argv[4]) : 4,
		.arena = arena_new(),
		.latencies = calloc(LATENCIES_MAX, sizeof(double)),
	};
	static const struct cipher_key key = {"a key of 32 bytes, as it is made"};
	struct store_keys *keys = argc > 5 ? store_keys_new() : NULL;
	struct buf detail = {0};

	must(keys == NULL || store_keys_add(keys, STR("bench"), &key));
	must(bench.latencies != NULL);
	must(bench.batch <= INSTANCES_AT_A_TIME);
	snprintf(bench.path, sizeof(bench.path), "%s/bench_store.%ld.db",
	    argc > 1 ? argv[1] : "/tmp", (long)getpid());
	enum store_error error = store_open((struct store_options){
	    .path = str_of(bench.path), .create = true, .keys = keys},
	    &bench.store, &detail);
	if (error != STORE_OK) {
		fprintf(stderr, "%.*s: %s\n", STR_ARG(store_error_text(error)),
		    buf_cstr(&detail));
		return 1;
	}
	double begun = now(), cpu = cpu_seconds();
	uint64_t turns = run(&bench);
	report(&bench, turns, now() - begun, cpu_seconds() - cpu);
	remove_files(bench.path);
	store_keys_free(&keys);
	free(bench.latencies);
	arena_free(&bench.arena);
	buf_fini(&detail);
	return 0;
}
