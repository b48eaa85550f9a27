/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_priv.h: private to src/bench.
 *
 *	generator ──HTTP──► engine (child) ──HTTP──► stub (child)
 *	 (this process)        database
 *
 * The stub and the generator speak just enough HTTP for one another and for
 * the engine, over sockets and buffers: what they cost is taken from the same
 * cores, so they must cost little.
 */
#ifndef BENCH_PRIV_H
#define BENCH_PRIV_H

#include "stated/bench.h"
#include "stated/clock.h"
#include "stated/store_keys.h"

#include <signal.h>
#include <sys/types.h>

struct event_base;

/* ---- bench_clock.c ---- */

int64_t bench_clock_wall_us(void); /* since 1970 */
int64_t bench_clock_cpu_us(void);  /* of this thread */

/* ---- bench_histogram.c: counts by value, within 1 % ---- */

#define HISTOGRAM_CELLS 4608
struct histogram {
	uint64_t count;
	uint64_t max;
	uint64_t cells[HISTOGRAM_CELLS];
};
/* What is below 0, by a clock that was set, counts as 0. */
void histogram_add(struct histogram *histogram, int64_t value);
/* The value that `per_mille` of all are not above; 0 where there is none. */
uint64_t histogram_quantile(
    const struct histogram *histogram, unsigned per_mille);
/* {p50, p95, p99, max} */
const struct value *histogram_report(
    struct arena *arena, const struct histogram *histogram);

/* ---- bench_wire.c: HTTP on a socket ---- */

struct wire;
/* A whole message, valid during the call. */
struct wire_message {
	struct str start; /* the first line */
	int status;	  /* of an answer; of a request 0 */
	struct str body;
};
typedef void wire_heard_fn(
    struct wire *wire, const struct wire_message *message, void *arg);
/* The other side hung up, or spoke no HTTP: close it, or leave it. */
typedef void wire_lost_fn(struct wire *wire, void *arg);

/* Takes the socket. */
struct wire *wire_new(struct event_base *base, int fd, wire_heard_fn *heard,
    wire_lost_fn *lost, void *arg);
void wire_free(struct wire **wire);
/* false: it did not go. */
MUST_USE bool wire_send(struct wire *wire, struct str bytes);
/* A socket on loopback, listening; *port is what the kernel picked. */
int wire_listen(uint16_t *port);
/* -1 where nobody listens. */
int wire_connect(uint16_t port);
/* A request, or a part of one, for keeping the connection. */
void wire_put_post(struct buf *out, const char *path, struct str body);

/* ---- bench_child.c: processes ---- */

/* A child runs body() and ends; it is told to when we end, however that is. */
typedef void child_fn(void *arg);
pid_t child_fork(child_fn *body, void *arg);
/* Asks it to end, and insists after a while.  Nothing where *pid is 0. */
void child_stop(pid_t *pid);
/* Whether it has ended by itself; then *pid is 0. */
bool child_has_ended(pid_t *pid);

/* What stands for other machines gives way to what is measured on this one:
 * it takes its share of a processor, and interrupts nobody.  Gives how it was
 * before; children begin as their parent is. */
int child_give_way(void);
void child_give_way_no_more(int before);

/* ---- bench_usage.c: what processes use ---- */

#define USAGE_THREADS 32
struct usage_thread {
	pid_t id;
	char name[16];
	int64_t cpu_us;
};
struct usage {
	int64_t cpu_us; /* of all threads, those that have ended too */
	struct usage_thread threads[USAGE_THREADS];
	size_t thread_count;
};
void usage_read(struct usage *usage, pid_t pid);
/* {cpu_us, cpu_ns_per_unit, threads: [{name, cpu_us, …}]} */
const struct value *usage_report(struct arena *arena,
    const struct usage *before, const struct usage *after, int64_t units);
int64_t usage_memory(pid_t pid);      /* resident, in bytes */
int64_t usage_memory_peak(pid_t pid);
int64_t usage_written(pid_t pid);     /* handed to the disk, in bytes */

/* ---- bench_stub.c: the endpoints ---- */

/* Shared between the stub and us. */
struct stub_tally {
	uint64_t requests;
	struct histogram lateness_us; /* of calls to /late/INSTANT */
};
struct stub {
	pid_t pid;
	uint16_t port;
	struct stub_tally *tally;
};
void stub_start(struct stub *stub);
void stub_stop(struct stub *stub);

/* ---- bench_engine.c: the engine as a child ---- */

struct engine_child {
	pid_t pid;
	uint16_t port;
	int64_t bytes_at_start; /* of the database */
	int64_t forked_us;
};
struct engine_place {
	const char *program;
	const char *directory;
	const char *store;
	const char *documents; /* YAML */
	uint16_t stub_port;
	const struct cipher_key *key; /* of the store; NULL: none */
};
MUST_USE bool engine_child_start(struct engine_child *child,
    const struct engine_place *place, struct buf *detail);
/* Lets it drain and close its database. */
void engine_child_stop(struct engine_child *child);
/* Of the database, with its log. */
int64_t engine_child_disk(const char *store);
void engine_child_remove(const char *store);

/* ---- bench_metrics.c: what the engine says of itself ---- */

#define METRICS_BATCHES 16
struct metrics {
	int64_t commits;
	int64_t steps;
	/* batches of at most 1, 2, 4, … instances */
	int64_t batches[METRICS_BATCHES];
};
MUST_USE bool metrics_read(struct metrics *metrics, uint16_t port);
/* {commits, steps, mean, p50, p95, max}: sizes of batches. */
const struct value *metrics_report(struct arena *arena,
    const struct metrics *before, const struct metrics *after);

/* ---- bench_generator.c: callers ---- */

/* One instance's life from outside: one or more requests, one after another. */
struct operation {
	uint64_t number; /* from 1 */
	unsigned step;
	int64_t begun_us; /* when it was asked, or should have been */
	int64_t age_us;	  /* of the run, at that time */
	int64_t first_ms; /* what whoever runs it says */
	char name[96]; /* what an answer gave and a later step needs */
};
enum verdict { OPERATION_GOES_ON, OPERATION_ENDED, OPERATION_FAILED };
/* Where a start is all that there is to it. */
enum verdict operation_hear_created(
    struct operation *operation, const struct wire_message *answer);
struct script {
	/* The request of this step. */
	void (*ask)(const struct operation *operation, struct buf *out);
	enum verdict (*hear)(struct operation *operation,
	    const struct wire_message *answer);
};
struct generator_options {
	struct event_base *base;
	uint16_t port;
	size_t callers;
	int64_t warm_ms; /* before the window */
	int64_t ms;	 /* of the window */
	/* Operations begun a second; 0: as many as are answered. */
	int64_t rate;
	int64_t first_ms; /* for the script */
	const struct script *script;
	/* Called at both edges of the window. */
	void (*edge)(void *arg, bool is_end);
	void *arg;
};
struct generated {
	uint64_t begun;
	uint64_t ended;
	uint64_t failed;
	uint64_t counted;   /* ended within the window */
	int64_t counted_us; /* how long the window was */
	struct histogram latency_us; /* of those */
	struct histogram first_us;   /* until their first answer */
	char failure[256];  /* the first one's answer */
};
/* false where nobody listens there. */
MUST_USE bool generator_run(
    const struct generator_options *options, struct generated *generated);

/* ---- bench_floor.c and its parts: the same by bare libraries ---- */

/* What an instance needs at the least. */
struct floor_parts {
	unsigned requests; /* that the engine answers */
	unsigned calls;	   /* that it makes */
	unsigned turns;	   /* that must be durable one after another */
};

/* CPU of one where many are under way, in nanoseconds; 0: not measured. */
int64_t floor_curl(struct event_base *base, uint16_t port, int64_t ms);
int64_t floor_evhttp(struct event_base *base, int64_t ms);
/* A turn: an instance's row written and a row of history appended, in
 * transactions of `batch` such turns; an instance has `turns` of them. */
int64_t floor_sqlite(
    const char *path, size_t batch, unsigned turns, int64_t ms);

/* How long all the parts take one after another, in microseconds, at the
 * median; instances are begun at the rate, 0: when the last one has ended. */
struct floor_place {
	const char *store;
	uint16_t stub_port;
};
int64_t floor_alone(struct event_base *base, const struct floor_place *place,
    const struct floor_parts *parts, int64_t rate, int64_t ms);

/* What they are made of. */
struct bare_calls; /* to the stub */
typedef void bare_called_fn(bool is_done, void *arg);
struct bare_calls *bare_calls_new(struct event_base *base, uint16_t port);
void bare_calls_free(struct bare_calls **calls);
void bare_calls_make(
    struct bare_calls *calls, bare_called_fn *called, void *arg);
struct bare_rows; /* of a new database; NULL where none could be made */
struct bare_rows *bare_rows_open(const char *path);
void bare_rows_close(struct bare_rows **rows);
/* Turn `turn`, from 0, of `batch` instances from `first` on, durably. */
MUST_USE bool bare_rows_write(
    struct bare_rows *rows, uint64_t first, size_t batch, unsigned turn);

struct floor {
	int64_t call_ns;
	int64_t request_ns;
	int64_t turn_ns;
	int64_t alone_us;
};
/* Calls and requests: before a load of so long and after it, of which the mean
 * counts, since machines have better and worse minutes. */
void floor_measure(struct floor *floor, struct event_base *base,
    uint16_t stub_port, int64_t load_ms);
/* The parts and their sum, added to the report; the sum, in nanoseconds. */
int64_t floor_report(struct value_builder *report, const struct floor *floor,
    const struct floor_parts *parts);

/* ---- bench_fill.c: databases with many instances in them ---- */

struct bench;
struct fill {
	const char *documents;
	const char *workflow;
	uint64_t count;
	/* The deadlines of their inputs: evenly from `first_ms` on. */
	int64_t first_ms;
	int64_t span_ms;
	bool is_killed; /* who fills it does not close it */
};
/* false with bench->detail. */
MUST_USE bool fill_run(struct bench *bench, const struct fill *fill);
/* As many as the options ask for, which wait for an event or a month. */
MUST_USE bool fill_waiting(struct bench *bench);

/* ---- bench_load.c: the loads ---- */

struct bench {
	struct arena *arena;
	const struct bench_options *options;
	struct event_base *base;
	struct stub stub;
	struct floor floor;
	const char *directory; /* ours */
	const char *store;
	struct cipher_key key; /* of the database */
	struct store_keys *keys; /* with that one; NULL: it isn't encrypted */
	uint64_t waiting; /* instances that the database holds */
	bool interrupted;
	struct buf *detail;
};
struct load {
	const char *name;
	const char *summary;
	const char *documents;
	struct floor_parts floor;
	struct script script;
	size_t callers_max; /* 0: any number */
	/* It makes those that wait itself: there is no run without them. */
	bool sleepers;
	/* NULL: instances for as long as it takes. */
	const struct value *(*run)(
	    struct bench *bench, const struct load *load);
};
extern const struct load load_three_calls, load_sign_and_wait, load_fan_out,
    load_timers, load_wake, load_sleep, load_recover,
    load_events, load_export;
/* Lets the time pass, and hears of signals. */
void bench_pause(struct bench *bench, int64_t ms);
/* NULL after the last. */
const struct load *load_at(size_t index);
/* As three-calls, for loads that need instances. */
extern const char load_calls_documents[];
void load_calls_ask(const struct operation *operation, struct buf *out);
enum verdict load_calls_hear(
    struct operation *operation, const struct wire_message *answer);
/* Waits until so many deadlines have been told to the stub, or none is any
 * more; gives the time of the last. */
int64_t load_timers_wait(struct bench *bench, uint64_t wanted);
/* NULL with bench->detail. */
MUST_USE const struct value *load_run(
    struct bench *bench, const struct load *load);

/* ---- bench_round.c: one load's run, measured ---- */

struct round {
	struct bench *bench;
	const struct load *load;
	struct engine_child engine;
	struct generated generated;
	struct usage engine_usage[2]; /* at both edges of the window */
	struct usage stub_usage[2];
	struct usage own_usage[2];
	/* What CPU is told for a thousand of, and how many there were between
	 * the edges; 0: the instances that the generator counted. */
	const char *unit;
	int64_t units;
	int64_t rate;	  /* instances begun a second; 0: as many as go */
	int64_t first_ms; /* when the first deadline comes, since 1970 */
	struct metrics metrics[2];
	int64_t written[2];
	int64_t start_us; /* until the engine had answered first */
	int64_t memory_start;
	int64_t memory_peak;
	int64_t disk_bytes;
};
MUST_USE bool round_begin(
    struct round *round, struct bench *bench, const struct load *load);
/* Marks what all processes have used up to now. */
void round_edge(void *round, bool is_end);
/* Instances by that load's script, for so long.  edge: round_edge, or NULL
 * where the caller marks the edges. */
MUST_USE bool round_drive(struct round *round, const struct load *load,
    int64_t ms, void (*edge)(void *arg, bool is_end));
/* Ends the engine. */
void round_end(struct round *round);
/* The report as far as all loads share it. */
struct value_builder *round_report(const struct round *round);
/* And the generator's rate and latencies. */
void round_report_rate(
    const struct round *round, struct value_builder *report);

#endif
