/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_priv.h: private to src/cli: what commands are made of.
 *
 * A command is one `const struct cmd` in a file of its own.  Its options
 * stand in its table; parsing, --help and "did you mean" come from there, and
 * a test holds the manual page against them.
 */
#ifndef STATED_CLI_PRIV_H
#define STATED_CLI_PRIV_H

#include "stated/buf.h"
#include "stated/diag.h"
#include "stated/json.h"
#include "stated/store.h"

#include <stdio.h>

enum cli_status {
	CLI_OK = 0,
	CLI_FAILED = 1, /* the thing failed */
	CLI_USAGE = 2,	/* it was asked for wrongly */
};

struct cli;
typedef enum cli_status cmd_fn(struct cli *cli);

struct cmd_option {
	const char *name;     /* without the dashes */
	const char *argument; /* "JSON|@FILE"; NULL: a switch */
	const char *help;
	bool repeats; /* may be given often; others are told wrongly then */
};

/* Options that many commands share. */
enum cmd_shares {
	CMD_FORMAT = 1, /* --format text|json */
	CMD_CLIENT = 2, /* --as NAME */
	CMD_DATABASE = 4, /* --config FILE, for the keys of a database */
};

struct cmd {
	const char *name;
	const char *arguments; /* "ID CHOICE", as help shows them; "" none */
	const char *summary;   /* one line, no full stop */
	const char *details;   /* more of it; may be NULL */
	size_t least;	       /* arguments */
	size_t most;	       /* SIZE_MAX: any number */
	unsigned shares;       /* of enum cmd_shares */
	const struct cmd_option *options;  /* ends with an empty row */
	const struct cmd *const *commands; /* of a group; ends with NULL */
	cmd_fn *run;			   /* NULL: a group */
	void (*more)(FILE *out); /* at the end of --help; may be NULL */
};

extern const struct cmd cmd_check, cmd_eval, cmd_test, cmd_simulate, cmd_serve,
    cmd_start, cmd_list, cmd_show, cmd_history, cmd_journal, cmd_checkpoint,
    cmd_event, cmd_task,
    cmd_incident, cmd_escalation, cmd_dead_letter, cmd_schedule,
    cmd_connection, cmd_token, cmd_erase, cmd_hold, cmd_purge,
    cmd_proposal, cmd_delegate,
    cmd_suspend, cmd_resume, cmd_cancel, cmd_export, cmd_verify, cmd_version,
    cmd_help;
extern const struct cmd cmd_bench, cmd_draw, cmd_diff, cmd_publish, cmd_schema;
extern const struct cmd cmd_migrate;
extern const struct cmd cmd_backup, cmd_restore, cmd_rekey;
extern const struct cmd cmd_as_at, cmd_population, cmd_reperform, cmd_sample;

/* All commands in the order of help; ends with NULL. */
const struct cmd *const *cli_commands(void);

struct cli_given {
	const char *name;
	const char *value; /* "" of a switch */
};

/* One invocation. */
struct cli {
	const struct cmd *cmd;
	const char *path; /* "task decide" */
	struct arena *arena;
	const char **arguments;
	size_t argument_count;
	struct cli_given *given;
	size_t given_count;
	FILE *in;
	FILE *out;
	FILE *err;
	bool is_json;	  /* --format json */
	bool colours_out; /* standard output is a terminal and wants colour */
	bool colours_err;
	/* CMD_DATABASE, where there is --config: */
	struct store_keys *keys; /* NULL: it names none */
	struct str store;	 /* the path of the database */
};

/* ---- cli_option.c ---- */

/* Fills in cli from the words after the command's name. */
MUST_USE enum cli_status cli_option_parse(
    struct cli *cli, int word_count, const char *const *words);
/* The option's value; NULL: absent. */
const char *cli_option(const struct cli *cli, const char *name);
/* The value of its index'th occurrence, or NULL. */
const char *cli_option_at(
    const struct cli *cli, const char *name, size_t index);
/* The same as a view; absent where it was not given. */
struct str cli_option_str(const struct cli *cli, const char *name);
/* The argument as a view; absent where there is none. */
struct str cli_argument(const struct cli *cli, size_t index);
/* Calls fn for the command's own options, then the shared ones. */
typedef void cli_option_fn(const struct cmd_option *option, void *arg);
void cli_option_each(const struct cmd *cmd, cli_option_fn *fn, void *arg);

/* ---- cli_help.c ---- */

void cli_help_program(FILE *out);
void cli_help_command(FILE *out, const struct cmd *cmd, const char *path);
/* "stated: …", then how to get help; gives CLI_USAGE. */
enum cli_status cli_usage(struct cli *cli, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* "stated: …"; gives CLI_FAILED. */
enum cli_status cli_fail(struct cli *cli, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* ---- cli_text.c: for people ---- */

/* What a terminal must not obey is replaced, line feeds too. */
struct str cli_text_clean(struct arena *arena, struct str text);
/* The same of JSON, which stays the same value: what is not for a terminal is
 * written as \uXXXX. */
void cli_text_add_json(struct str json, struct buf *out);
/* A value in one line: strings bare, the rest as JSON. */
struct str cli_text_of(struct arena *arena, const struct value *value);
/* "2026-11-22 09:30:00" of an RFC 3339 instant, in the zone of the user. */
struct str cli_text_time(struct arena *arena, struct str instant);
/* "3m", "2h", "5d": how long ago, or until. */
struct str cli_text_age(struct arena *arena, struct str instant);
enum cli_colour {
	COLOUR_NONE,
	COLOUR_BOLD,
	COLOUR_DIM,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_BLUE
};
/* Prints the text in that colour where `colours` says so. */
void cli_text_paint(
    FILE *out, bool colours, enum cli_colour colour, struct str text);
/* The colour of an instance's status. */
enum cli_colour cli_text_status(struct str status);

struct cli_table;
/* headings end with NULL. */
struct cli_table *cli_table_new(
    struct arena *arena, const char *const *headings);
/* Cells from left to right, row after row. */
void cli_table_add(struct cli_table *table, struct str cell);
void cli_table_paint(
    struct cli_table *table, enum cli_colour colour); /* last cell */
void cli_table_print(const struct cli_table *table, FILE *out, bool colours);

/* ---- cli_progress.c: how far something is ---- */

/* On a terminal, once it has taken a second; one line, on standard error. */
struct cli_progress {
	struct cli *cli;
	const char *what; /* is done now: "copying" */
	int64_t began_ms; /* doing that */
	int64_t shown_ms; /* last */
	bool is_shown;
};
void cli_progress_begin(
    struct cli_progress *progress, struct cli *cli, const char *what);
/* all 0: nobody knows. */
void cli_progress_bytes(
    struct cli_progress *progress, uint64_t done, uint64_t all);
void cli_progress_count(
    struct cli_progress *progress, uint64_t done, const char *of_what);
/* Takes the line away. */
void cli_progress_end(struct cli_progress *progress);
/* "12.3 MiB" */
struct str cli_progress_size(struct arena *arena, uint64_t bytes);

/* ---- cli_pace.c: work that gives way to an engine beside it ---- */

struct cli_pace {
	int fd; /* of what the system counts of this thread; -1: nothing */
	int64_t ran_ns;  /* when it was looked at last */
	int64_t line_ns; /* stood in, for a processor; the same */
	int64_t company_until_ns;
};
void cli_pace_begin(struct cli_pace *pace);
/* To be called again and again: rests where others want the machine. */
void cli_pace_rest(struct cli_pace *pace);
/* What it decides by: the rest that is due now, after so much work and so long
 * a line. */
int64_t cli_pace_owed(struct cli_pace *pace, int64_t now_ns, int64_t ran_ns,
    int64_t line_ns);
void cli_pace_end(struct cli_pace *pace);

/* ---- cli_copy.c: databases that are copied and checked ---- */

struct store_copy_target;
struct export_report;
struct cli_copy {
	const char *from;
	struct store_keys *keys; /* NULL: none */
	const struct store_copy_target *target;
	const char *refused; /* what to do where `to` is taken */
	struct export_report *report; /* of the copy */
	uint64_t bytes;
	int64_t took_ms;
	struct str aside; /* name of what was replaced; "" none */
};
/* Copies, checks and keeps; or else tells why not, and leaves nothing. */
MUST_USE enum cli_status cli_copy_run(struct cli *cli, struct cli_copy *copy);
/* What a program may want to know. */
struct value_builder *cli_copy_value(
    struct cli *cli, const struct cli_copy *copy);
/* "3 instances, 12 records, 1.2 MiB in 0.1 s" */
struct str cli_copy_text(struct cli *cli, const struct cli_copy *copy);
/* The path of --store, with or without "sqlite:", or else that of the
 * configuration; absent: neither was given. */
struct str cli_copy_store(const struct cli *cli);
/* What a file begins with; not where the program has it open by SQLite. */
bool cli_copy_is_database(const char *path);
/* Whether it has the name of a part of a database that is there: its log, or
 * what a copy makes of it.  Nothing else takes such a name. */
bool cli_copy_is_beside(struct cli *cli, struct str path);
/* The same of one that the program has open: it is only asked for by name. */
bool cli_copy_is_part_of(
    struct cli *cli, const char *path, const char *database);
/* Neither is lost where that file is written; false with a message that asks
 * for another name by the option or the key that has this one. */
MUST_USE bool cli_copy_is_spared(
    struct cli *cli, const char *path, const char *key);

/* ---- cli_keys.c: the keys of a database ---- */

/* Fills in cli->keys and cli->store by --config; or else tells why not. */
MUST_USE enum cli_status cli_keys_read(struct cli *cli);

/* ---- cli_export.c: histories, from an engine or a database ---- */

/* A line of what is exported, for people. */
typedef void cli_export_line_fn(struct cli *cli, FILE *out, struct str line);
struct cli_export {
	struct str format; /* absent: jsonl */
	struct str to;	   /* of the period; may be absent */
	cli_export_line_fn *line; /* NULL: as it comes */
};
/* By the options workflow, instance, status, state and from, as far as the
 * command has them, to --output or standard output; of --database, or else of
 * an engine. */
enum cli_status cli_export_run(
    struct cli *cli, const struct cli_export *what);
/* A day or an instant; nothing where text is absent.  false with a message
 * which begins with `what`. */
MUST_USE bool cli_export_instant(struct cli *cli, const char *what,
    struct str text, int64_t *instant_ms);
/* The same of --from and of what --to says; false where it ends before it
 * begins, too. */
MUST_USE bool cli_export_period(
    struct cli *cli, struct str to, int64_t *from_ms, int64_t *to_ms);
/* --status; false with a message where no instance can have it. */
MUST_USE bool cli_export_status(struct cli *cli, struct str *status);
/* What a database did to us; gives CLI_FAILED. */
enum cli_status cli_export_fail(struct cli *cli, const char *path,
    enum store_error error, struct buf *detail);

/* ---- cli_value.c: values from the command line ---- */

/* The whole of a file, "-" being standard input; false with a message. */
MUST_USE bool cli_value_file(
    struct cli *cli, const char *path, struct str *out);
/* JSON, @FILE or - (standard input); NULL with a message. */
MUST_USE const struct value *cli_value_of(
    struct cli *cli, const char *what, const char *text);
/* A line of any length; false at the end.  Without its line feed. */
MUST_USE bool cli_value_line(FILE *in, struct buf *line);
/* Adds the answer to a line to `out`; none where it adds nothing. */
typedef void cli_line_fn(
    struct arena *arena, struct str line, void *arg, struct buf *out);
/* Answers standard input line by line, each answer at once: who talks through
 * a pipe waits for it.  The arena holds for one line. */
enum cli_status cli_value_lines(
    struct cli *cli, cli_line_fn *answer, void *arg);
void cli_value_print(
    struct cli *cli, const struct value *value); /* indented JSON */

/* ---- cli_library.c: documents ---- */

struct library;
/* The library of these paths, linked; a single file is helped out by what is
 * beside it.  diags has what is wrong in the paths themselves. */
MUST_USE struct library *cli_library_load(struct cli *cli,
    const char *const *paths, size_t count, struct diag_list *diags);
/* Whether the arguments name that file, or a folder around it: what only helps
 * them out is not named. */
MUST_USE bool cli_library_is_named(const struct cli *cli, struct str file);
/* As text on standard error, or as JSON on standard output. */
void cli_library_report(struct cli *cli, struct diag_list *diags, FILE *out);

struct definition;
/* The workflow that an argument, a file, defines: the one of --workflow where
 * it has several, the newest of its versions.  Reports what is wrong with the
 * documents; NULL with a message where there is none, or where they have
 * errors. */
MUST_USE const struct definition *cli_library_choose(struct cli *cli,
    size_t index, const struct library *library, struct diag_list *diags);
/* All of them in the order of the file, the newest version of each; 0 with a
 * message where there is none, or where the documents have errors. */
MUST_USE size_t cli_library_choose_all(struct cli *cli, size_t index,
    const struct library *library, struct diag_list *diags,
    const struct definition ***found);

/* ---- cli_talk.c: a simulation on a terminal ---- */

struct sim;
enum cli_status cli_talk(struct cli *cli, struct sim *sim);

/* ---- cli_client.c: an engine over HTTP ---- */

struct cli_reply {
	int status;
	const struct value *body; /* JSON; null where there is none */
	struct str text;	  /* as it came */
};
struct cli_request {
	const char *method;
	struct str path;	  /* with its query, encoded */
	const struct value *body; /* NULL: none */
	struct str content_type;  /* absent: application/json */
	struct str idempotency_key;
	bool wants_text; /* the answer is no JSON */
	int64_t patience_ms; /* 0: 30 s */
};
/* CLI_OK for 2xx; else what went wrong has been told. */
MUST_USE enum cli_status cli_client_send(struct cli *cli,
    const struct cli_request *request, struct cli_reply *reply);
/* The same for an answer of any length: what comes with 2xx goes to the sink,
 * which tells itself why it wants no more, and patience is for silence. */
struct http_sink;
MUST_USE enum cli_status cli_client_send_into(struct cli *cli,
    const struct cli_request *request, const struct http_sink *sink,
    struct cli_reply *reply);
MUST_USE enum cli_status cli_client_get(
    struct cli *cli, struct str path, struct cli_reply *reply);
MUST_USE enum cli_status cli_client_post(struct cli *cli, struct str path,
    const struct value *body, struct cli_reply *reply);
/*
 * The items of a list.  next NULL: of all its pages, one after another; else
 * of one page, and *next gets the cursor of the next, absent where there is
 * none.  cursor_key: the query's key for it, and the option that says where
 * the first page begins.
 */
MUST_USE enum cli_status cli_client_pages(struct cli *cli, struct str path,
    const char *cursor_key, const struct value **items, struct str *next);
/* GETs what takes long over many instances, asked for by the options of those
 * names, after which comes a NULL. */
MUST_USE enum cli_status cli_client_report(struct cli *cli, const char *path,
    const char *const *options, const struct value **report);
/* "/v1/instances/" and a name, percent-encoded, and what follows. */
struct str cli_client_path(
    struct cli *cli, const char *before, struct str name, const char *after);
/* The same of the instance that the first argument names, and the option that
 * tells it from others of that business key. */
#define CLI_OF_WORKFLOW                                                        \
	{"workflow", "NAME", "where several have that business key"}
struct str cli_client_instance(struct cli *cli, const char *after);
/* Adds "?key=value" or "&key=value"; nothing for an absent value. */
void cli_client_query(struct buf *path, const char *key, struct str value);

/* ---- cli_export_resume.c: an export that was broken off goes on ---- */

struct export;
struct export_options;
struct cli_resume {
	struct cli *cli;
	const char *path; /* of the note beside the file; NULL: none is kept */
	const char *partial;
	bool goes_on; /* what is written is added to what is there */
	bool is_noted;
	const struct value *note; /* of the one that was broken off */
	/* of a database: */
	struct export_options *options;
	struct export_progress *progress;
	/* from an engine: */
	struct str asked; /* path and query */
};
/* By --resume: fills in the options by what is there.  Else the export
 * begins.  output: the file that it becomes; NULL: what is no file. */
MUST_USE enum cli_status cli_resume_read(struct cli *cli,
    struct export_options *options, const char *output,
    struct cli_resume *resume);
/* The export is open: notes how it can be gone on with, before its first line
 * is written; or checks that it is the one that was broken off. */
MUST_USE enum cli_status cli_resume_begin(
    struct cli_resume *resume, const struct export *export);
/* The same of an engine, which is asked for *path: it becomes that of what is
 * missing. */
MUST_USE enum cli_status cli_resume_ask(struct cli *cli, bool is_lines,
    const char *output, struct str *path, struct cli_resume *resume);
/* Its answer begins.  location: where it can be asked for again; absent where
 * it can't be. */
MUST_USE bool cli_resume_answered(
    struct cli_resume *resume, struct str location);
/* true where what was written is kept, to go on with it.  resume may be
 * NULL. */
bool cli_resume_end(struct cli_resume *resume, enum cli_status status);

/* ---- cli_show.c: what an engine answers, for people ---- */

/* Tells, on standard error, that what was asked for waits for another person;
 * false where it doesn't. */
bool cli_show_proposed(struct cli *cli, const struct cli_reply *reply);
/* Prints the instance as text or as JSON. */
enum cli_status cli_show_reply(struct cli *cli, const struct cli_reply *reply);
/* Tasks, incidents, escalations, letters, instances: one line each; columns
 * are (heading, key) and end with NULL.  Keys: "started_at:age" tells how
 * long ago, "started_at:time" when; "proposal.act" goes down. */
struct cli_column {
	const char *heading;
	const char *key;
};
void cli_show_list(struct cli *cli, const struct value *items,
    const struct cli_column *columns);
/* The same of one item; or as JSON. */
void cli_show_item(struct cli *cli, const struct value *item,
    const struct cli_column *columns);
/* The same of a page of `kind`, which may go on at `next`; or as JSON. */
void cli_show_page(struct cli *cli, const char *kind,
    const struct value *items, const struct cli_column *columns,
    struct str next);

/* ---- cli_item.c: tasks, incidents, escalations ---- */

extern const struct cmd_option cli_item_options[]; /* of the lists */
/* Shows what the path gives, page by page, as --limit, --cursor and --all say. */
enum cli_status cli_item_pages(struct cli *cli, struct buf *path,
    const char *kind, const struct cli_column *columns);
/* Lists /v1/`kind`. */
enum cli_status cli_item_list(
    struct cli *cli, const char *kind, const struct cli_column *columns);
/* Acts on the item that the first argument names: INSTANCE.NUMBER, or an
 * instance by identifier or business key where it has just one. */
enum cli_status cli_item_act(struct cli *cli, const char *kind, const char *act,
    const struct value *body);
/* A body with `comment`, and `key` from the option of that name, as JSON;
 * NULL with a message. */
MUST_USE const struct value *cli_item_body(
    struct cli *cli, const char *option, const char *key);

/* The option of acts that history tells of, which cli_item_body() reads. */
#define CLI_COMMENT {"comment", "TEXT", "why; it stands in history"}
/* The option of acts that nobody does without a reason, which goes into the
 * body; CLI_USAGE with a message where there is none. */
#define CLI_REASON {"reason", "TEXT", "why; it is recorded with who did it"}
MUST_USE enum cli_status cli_item_reason(
    struct cli *cli, struct value_builder *body);

/* The option of acts that may want a second person, and the body with what it
 * says, where it was given. */
#define CLI_BREAK_GLASS                                                   \
	{                                                                 \
		"break-glass", "REASON",                                  \
		    "without the second person whom the workflow wants, " \
		    "and why"                                             \
	}
const struct value *cli_item_alone(
    struct cli *cli, const struct value *body);

/* ---- cli_story.c: history in words ---- */

void cli_story_print(struct cli *cli, const struct value *records);
/* The sentence with the fields of the context in the place of {name}; what
 * stands in brackets is left out where one of its fields is not there. */
struct str cli_story_fill(
    struct cli *cli, const struct value *fields, struct str sentence);
/* One record: when, and what happened. */
struct str cli_story_tell(struct cli *cli, const struct value *record);

#endif
