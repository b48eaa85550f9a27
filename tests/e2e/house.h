/* SPDX-License-Identifier: Apache-2.0 */
/*
 * house.h: an engine, a sandbox and a folder, as their users have them.
 *
 * The tests here know nothing of the programs but their command lines, their
 * sockets and their files.  Whatever can't go on fails the test.  A house
 * ends the programs that it started, and no others.
 */
#ifndef HOUSE_H
#define HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>
#include <jansson.h>

#define HOUSE_PATH_BYTES 512

/* ---- programs ---- */

struct program {
	pid_t pid; /* 0: none runs */
	char log[HOUSE_PATH_BYTES]; /* where its output goes */
};

/* arguments[0] is the path. */
void program_start(struct program *program, const char *const *arguments);
/* Asks by SIGTERM; it must leave by itself, with 0. */
void program_stop(struct program *program);
/* The same, with another status. */
void program_stop_with(struct program *program, int status);
/* SIGKILL, and waits. */
void program_kill(struct program *program);
bool program_is_alive(struct program *program);
/* Prints its last words. */
void program_tell_log(const struct program *program);

/* What the system says of it. */
struct usage {
	int64_t cpu_ms;
	int64_t resident_kb;
	int64_t resident_kb_max;
	int descriptors;
};
struct usage program_usage(const struct program *program);
/* So many descriptors, and no more, from now on; 0: what it had at first. */
void program_limit_descriptors(struct program *program, int descriptors);

/* One that is waited for: what it wrote to both outputs, and its status. */
struct run {
	int status;
	char *text;
};
/* environment: "NAME=value" texts that are added, ended by NULL; or NULL. */
struct run program_run(const char *directory, const char *const *environment,
    const char *const *arguments, const char *input);
void run_fini(struct run *run);
/* It left with that status and said that, among other things; its end. */
void assert_run(struct run run, int status, const char *says);

/* ---- houses ---- */

struct house {
	struct house *next; /* of those that are open */
	char directory[HOUSE_PATH_BYTES]; /* workflows/, stated.yaml, disk/ */
	struct program engine;
	struct program sandbox;
	int port; /* of the engine; reserved while the house stands */
	int reserve;
	int sandbox_port;
	char url[64];
	char sandbox_url[64];
	const struct house_options *options;
	const char *shim; /* library that engines begin with, as built; or NULL */
	bool is_told; /* the sandbox knows where webhooks go */
	bool is_mounted; /* at `disk` */
	struct reply *replies; /* all that came, until the end */
};

/* A private key for the secret `seal`, by which checkpoints are signed. */
#define HOUSE_SEAL_PEM                                                                \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"   \
	"-----END PRIVATE KEY-----\n"

struct house_options {
	const char *clock;   /* "7200x"; NULL: as time passes */
	const char *config;  /* more of stated.yaml */
	const char *sandbox[10]; /* more of the sandbox's options */
	bool quiet_bank;     /* its webhooks wait */
	bool journal;        /* the sandbox keeps journal.jsonl */
	bool small_disk;     /* a file system of its own for the database */
};

/* A copy of the shipped workflows whose calendar is always open, a sandbox, an
 * engine.  options may be NULL and must live as long as the house. */
struct house *house_open(const struct house_options *options);
/* The same, with one more file of definitions, as "workflows/wire.yaml". */
struct house *house_open_with(const struct house_options *options,
    const char *name, const char *definitions);
/* As house_open(), but the engine isn't started yet.  NULL where a small disk
 * is asked for and can't be had. */
struct house *house_build(const struct house_options *options);
void house_close(struct house **house);
/* Ends what a test left that failed. */
int house_clear(void **state);
#define HOUSE_TEST(test) cmocka_unit_test_teardown(test, house_clear)

/* Another one, with the ledger of the one before, and else nothing. */
void house_start_sandbox(struct house *house);
/* On the same port each time. */
void house_start_engine(struct house *house);
/* Up to now it may be killed at any instant. */
void house_spawn_engine(struct house *house);
void house_await_engine(struct house *house);

/* A path in the house's directory. */
const char *house_path(const struct house *house, const char *name);
void house_write(const struct house *house, const char *name, const char *text);
/* Memory that is a file of so many bytes, all 0 at first, which that variable
 * of the environment names to shims; to be unmapped. */
void *house_share(
    const struct house *house, const char *variable, size_t bytes);
/* Whole contents, to be freed. */
char *house_read(const char *path);
/* Puts `with` where `what` stands, which must be there. */
void house_edit(const struct house *house, const char *name, const char *what,
    const char *with);
/* `stated …`, as this house's client. */
struct run house_run(const struct house *house, const char *const *arguments);
const char *house_program(void);
/* How often the engine's log says this. */
size_t house_logged(const struct house *house, const char *text);

/* ---- HTTP ---- */

struct reply {
	struct reply *next;
	int status; /* 0: no answer came */
	char *body; /* never NULL; ends with a zero byte */
	char *headers;
	json_t *json; /* NULL where the body is none */
};

struct ask {
	const char *method; /* NULL: GET, or POST where there is a body */
	const char *path;
	const char *body;
	size_t body_bytes; /* 0: up to the zero byte */
	const char *headers[6];
	const char *url;   /* of the server; NULL: the engine */
	long timeout_ms;   /* 10 s where 0 */
};

/* Without a house, so that threads may use it; to be freed. */
struct reply *ask_once(const struct ask *ask);
void reply_free(struct reply *reply);

/* What follows keeps the reply in the house. */
struct reply *house_ask(struct house *house, const struct ask *ask);
struct reply *house_get(struct house *house, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct reply *house_post(struct house *house, const char *path,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* As somebody: X-Stated-Actor. */
struct reply *house_post_as(struct house *house, const char *who,
    const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* An event without data, which the engine must take; for one of that type and
 * subject always the same. */
void house_post_event(
    struct house *house, const char *type, const char *subject);
/* To the sandbox. */
struct reply *house_control(struct house *house, const char *path,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A connection of one's own; threads may use it, too. */
int house_connect(const struct house *house);
/* The value of a header, "" where it is absent; the next call's end. */
const char *reply_header(const struct reply *reply, const char *name);

void assert_status(const struct reply *reply, int status);
/* application/problem+json with that status, a type of ours, a title and a
 * detail. */
void assert_problem(const struct reply *reply, int status, const char *name);

/* ---- endpoints ---- */

/* Answers a whole request.  Runs on a thread of the connection's own. */
typedef void endpoint_fn(int fd, const char *request, void *arg);
struct endpoint {
	char url[64];
	atomic_int requests; /* whole ones */
	endpoint_fn *answer;
	void *arg;
	struct endpoint_inside *inside;
};
void endpoint_open(struct endpoint *endpoint, endpoint_fn *answer, void *arg);
void endpoint_close(struct endpoint *endpoint);
/* All of it, unless the caller has gone. */
void endpoint_say(int fd, const char *text, size_t bytes);
/* A whole answer: 200, and {}. */
void endpoint_say_ok(int fd);

/* ---- JSON ---- */

/* "data.approval.role", "items.0.id"; NULL where it is absent. */
json_t *json_at(json_t *json, const char *path);
/* "" where it is absent or no text. */
const char *text_at(json_t *json, const char *path);
/* -1 where it is absent. */
long long integer_at(json_t *json, const char *path);
/* A member of a list whose field has that text; NULL where there is none. */
json_t *json_with(json_t *list, const char *path, const char *text);
size_t json_count_with(json_t *list, const char *path, const char *text);

/* ---- payments ---- */

/* Starts one and gives its identifier, which must be new. */
const char *payment_start(struct house *house, const char *reference,
    const char *amount, const char *name);
/* The JSON of a start; static, until the next call in this thread. */
const char *payment_body(const char *reference, const char *amount,
    const char *name);
json_t *payment_show(struct house *house, const char *reference);
/* All its records. */
json_t *payment_history(struct house *house, const char *reference);
/* Waits until it is in that state (at most 10 s). */
json_t *payment_await(struct house *house, const char *reference,
    const char *state);
/* The same for its end: what was done may have to be undone first. */
json_t *payment_await_end(struct house *house, const char *reference,
    const char *state);
/* Stays there for so long. */
void payment_stays(struct house *house, const char *reference,
    const char *state, int milliseconds);
/* What the sandbox really did for it. */
json_t *payment_ledger(struct house *house, const char *reference);
/* Its open task's id. */
const char *payment_task(struct house *house, const char *reference);
/* A webhook of the bank as it would send it. */
struct reply *payment_webhook(struct house *house, const char *id,
    const char *type, const char *payment_id, const char *reference);
/* Statements on its database, beside whoever has it open; how many rows the
 * last one changed. */
int house_sql(const struct house *house, const char *sql);
/* The same on another database of the house. */
int house_sql_of(const struct house *house, const char *name, const char *sql);
/* The database is whole, according to `stated verify`, and what it says comes
 * of it again, according to `stated reperform`. */
void house_verify(struct house *house);
/* The first alone: also of a database of an older program. */
void house_verify_chains(struct house *house);

/* ---- time ---- */

int64_t time_us(void);
int64_t time_ms(void);
void time_sleep(int milliseconds);

#endif
