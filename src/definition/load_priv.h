/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_priv.h: private to src/definition: from a tree of YAML to documents.
 *
 * What a mapping may hold stands in one table per kind of mapping
 * (struct load_table).  load_map() drives the loading by it: unknown keys,
 * missing keys and values of the wrong kind are found there, once for all,
 * and the documentation can be read from the same rows.
 *
 * Loading never stops: what is wrong is noted and a harmless value stands in
 * for it, so that no pointer that definition.h promises is NULL.
 */
#ifndef STATED_LOAD_PRIV_H
#define STATED_LOAD_PRIV_H

#include "load_codes.h"
#include "stated/json.h"
#include "stated/library.h"
#include "stated/map.h"
#include "yaml_priv.h"

/* ---- the state of a loading ---- */

struct load_scope;
struct load_build;
struct load_shared;

struct load {
	struct library *library;
	struct arena *arena;
	struct diag_list *diags;
	const struct yaml_document *document;
	struct load_scope *scope;        /* names that expressions may use */
	const struct calendar *calendar; /* the workflow's; may be NULL */
	/* one is named, but isn't there or can't be read: told at its name,
	 * and not again wherever it would be needed */
	bool is_calendar_amiss;
	bool is_stored; /* an earlier version, as the store has it */
	/* the definitions that it was stored with */
	const struct yaml_document **stored;
	size_t stored_count;
	size_t shared_nodes; /* that its schemas have brought in */
	struct load_build *build;        /* the workflow's; NULL elsewhere */
};

/* ---- tables of keys ---- */

enum load_kind {
	KIND_TEXT,	/* struct str */
	KIND_NAME,	/* struct str: letters, digits, "-", "_", "." */
	KIND_COUNT,	/* int64_t, 0 or more */
	KIND_POSITIVE,	/* int64_t, 1 or more */
	KIND_BOOLEAN,	/* bool */
	KIND_DURATION,	/* int64_t, ms; fixed */
	KIND_TERM,	/* struct def_span, no expression */
	KIND_SPAN,	/* struct def_span */
	KIND_VALUE,	/* const struct template *, any value */
	KIND_STRING,	/* the same, a text or an expression */
	KIND_NUMBER,	/* the same, a number or an expression */
	KIND_CONDITION, /* the same, an expression, true or false */
	KIND_VARIABLES, /* struct def_assigns: what expressions can read */
	KIND_FIELDS,	/* struct def_assigns: names of anything else */
	KIND_SCHEMA,	/* const struct schema * */
	KIND_MAP,	/* by the row's table, or its own function */
	KIND_LIST,	/* by the row's own function */
	KIND_OWN,	/* any kind of node; the row's own function judges */
};

enum load_need { LOAD_MAY, LOAD_MUST };

/* into: the struct that the table fills, moved by the row's offset. */
typedef void load_fn(
    struct load *load, const struct yaml_node *node, void *into);

struct load_table;
struct load_key {
	const char *name;
	enum load_kind kind;
	enum load_need need;
	size_t offset;                  /* of the field that it fills */
	load_fn *load;                  /* NULL: the kind's */
	const struct load_table *table; /* KIND_MAP, KIND_LIST, KIND_OWN */
	const char *help;               /* one line */
};

struct load_word {
	const char *name;
	int value;
};

/* A mapping that is one of several: by a key that it has, or, where a word is
 * given, by that key's value.  The last may have no key: it is all others. */
struct load_case {
	const char *key;
	const char *word;
	int value;
	const struct load_table *table;
};

/*
 * What a value may be.  The loader goes by tables of keys, cases and words;
 * all of it is read for the schema of the language (load_language.c), which
 * so can't know another language than the loader does.
 */
enum load_shape {
	SHAPE_KEYS,       /* a mapping by `keys` */
	SHAPE_CASES,      /* a mapping by the first of `cases` that it is */
	SHAPE_NAMED,      /* a mapping of names to `of` */
	SHAPE_LIST,       /* a list of `of` */
	SHAPE_SOME,       /* one of `of`, or a list */
	SHAPE_EITHER,     /* `of` or `other` */
	SHAPE_WORDS,      /* one of `words` */
	SHAPE_KIND,       /* as a row of that kind */
	SHAPE_PATTERN,    /* a text that fits the regular expression */
	SHAPE_EXPRESSION, /* after `=` */
	SHAPE_NOTHING,    /* null */
	SHAPE_SCALAR,     /* no list and no mapping */
};
struct load_table {
	const char *what; /* "a transition" */
	enum load_shape shape;
	const struct load_key *keys;
	size_t count;     /* of keys, cases or words */
	const struct load_case *cases;
	const struct load_word *words;
	const struct load_table *of;
	const struct load_table *other;
	enum load_kind kind;
	const char *pattern;
};
#define LOAD_TABLE(what_, keys_)                                               \
	{.what = (what_), .keys = (keys_), .count = COUNT_OF(keys_)}
#define LOAD_CASES(what_, cases_)                                              \
	{.what = (what_), .shape = SHAPE_CASES, .cases = (cases_),             \
	    .count = COUNT_OF(cases_)}
#define LOAD_WORDS(words_)                                                     \
	{.shape = SHAPE_WORDS, .words = (words_), .count = COUNT_OF(words_)}
#define LOAD_NAMED(of_) {.shape = SHAPE_NAMED, .of = (of_)}
#define LOAD_LIST(of_) {.shape = SHAPE_LIST, .of = (of_)}
#define LOAD_SOME(of_) {.shape = SHAPE_SOME, .of = (of_)}
#define LOAD_EITHER(of_, other_)                                               \
	{.shape = SHAPE_EITHER, .of = (of_), .other = (other_)}
#define LOAD_KIND(kind_) {.shape = SHAPE_KIND, .kind = (kind_)}
#define LOAD_PATTERN(pattern_)                                                 \
	{.shape = SHAPE_PATTERN, .pattern = (pattern_)}

/* load_form.c: forms that many keys have. */
extern const struct load_table load_form_name, load_form_names, load_form_text,
    load_form_texts, load_form_value, load_form_values, load_form_string,
    load_form_expression, load_form_nothing, load_form_scalar, load_form_span,
    load_form_schema,
    load_form_boolean, load_form_map, load_form_name_or_expression,
    load_form_map_or_expression, load_form_list_or_expression;

/* ---- load.c: the driver ---- */

void load_map(struct load *load, const struct yaml_node *node,
    const struct load_table *table, void *into);
/* The row of that key; NULL where the table has none. */
const struct load_key *load_find_key(
    const struct load_table *table, struct str name);
/* No more errors are taken: their places need not be looked for. */
bool load_is_full(const struct load *load);
void load_error(struct load *load, const char *code, struct diag_span span,
    const char *format, ...) PRINTF_LIKE(4, 5);
/* For the last error. */
void load_repair(struct load *load, const char *format, ...) PRINTF_LIKE(2, 3);
/* Room for legal words, as many of *count as would be looked at: none where no
 * more errors are told.  Else a document with as many mistakes as words would
 * take memory by the square of its length. */
struct str *load_candidates(const struct load *load, size_t *count);
/* "did you mean `x`?", or else the list of what is legal. */
void load_suggest(struct load *load, struct str word, const struct str *legal,
    size_t count);
/* false with an error: "`key` takes WANTED, not a list". */
bool load_is_kind(struct load *load, const struct yaml_node *node,
    enum yaml_node_kind kind, const char *key, const char *wanted);
/* "a list", "the number 12", "the text `x`". */
struct str load_describe(struct load *load, const struct yaml_node *node);
/* The word's value, or the first word's with an error. */
int load_choose(struct load *load, const struct yaml_node *node,
    const struct load_word *words, size_t count, const char *key);
#define LOAD_CHOOSE(load, node, words, key) load_choose((load), (node), \
	(words), sizeof(words) / sizeof((words)[0]), (key))
/* Whether a key is what YAML left of the expression before it, cut at a
 * comma within parentheses: that has been told already. */
bool load_is_rest(const struct yaml_node *map, size_t index);
struct diag_span load_key_span(const struct yaml_node *map, const char *key);

/* ---- load_field.c: values of one kind ---- */

/* By the row's kind, which is none of the last three. */
void load_field(struct load *load, const struct load_key *key,
    const struct yaml_node *node, void *field);
const char *load_kind_words(enum load_kind kind);
/* Nothing, or null. */
bool load_is_nothing(const struct yaml_node *node);
/* A literal text; the empty one with an error. */
struct str load_text(
    struct load *load, const struct yaml_node *node, const char *key);
struct str load_name(
    struct load *load, const struct yaml_node *node, const char *key);
struct def_span load_span(
    struct load *load, const struct yaml_node *node, const char *key);
int64_t load_duration(
    struct load *load, const struct yaml_node *node, const char *key);
/* low, normal, high or critical. */
extern const struct load_table load_form_level, load_form_level_value;
enum def_priority load_level(
    struct load *load, const struct yaml_node *node, const char *key);
/* The same, or an expression that gives one. */
const struct template *load_level_value(
    struct load *load, const struct yaml_node *node, const char *key);
/* A list of literal texts, or one. */
const struct str *load_texts(struct load *load, const struct yaml_node *node,
    const char *key, size_t *count);
/* An error where the text can't be the name of a variable. */
void load_check_variable(struct load *load, const struct yaml_node *name);

/* ---- load_schema.c: JSON Schemas ---- */

/* NULL with an error.  *document is the compound one. */
const struct schema *load_schema(struct load *load,
    const struct yaml_node *node, const struct value **document);
/* Visits the schema, and each shared definition that it leads to. */
typedef void load_part_fn(const struct yaml_node *schema, void *arg);
void load_schema_reach(struct load *load, const struct yaml_node *schema,
    load_part_fn *fn, void *arg);
/* Visits the schema, and what it surely is besides: the parts of its allOf,
 * and the shared definition that each refers to. */
void load_schema_parts(struct load *load, const struct yaml_node *schema,
    load_part_fn *fn, void *arg);
/* When the workflow is loaded: its text, and that of the definitions that it
 * refers to; and what its digest is made of. */
struct str load_schema_source(struct load *load);
const struct value *load_schema_identity(
    struct load *load, const struct value *document);

/* ---- load_expression.c: templates ---- */

bool load_is_expression(const struct yaml_node *node);
/* Tells where YAML has ended a plain text in the middle, as at a comma in a
 * list: false where it has not. */
bool load_report_cut(struct load *load, const struct yaml_node *node);
/* Never NULL. */
const struct template *load_template(
    struct load *load, const struct yaml_node *node);
/* `with`: a mapping of values, or an expression that gives one, for a
 * const struct template *.  Earlier programs took any value for most steps:
 * what the store has keeps it. */
load_fn load_mapping;
/* An error where it holds one; template may be NULL. */
void load_refuse_secret(struct load *load, const struct template *template);
const struct template *load_literal(
    struct load *load, const struct value *value, struct diag_span span);
/* NULL with an error. */
const struct feel *load_feel_tests(
    struct load *load, const struct yaml_node *node);

/* ---- load_doubt.c: warnings of what is hardly meant ---- */

/* A name of an expression, at its offset in the node's text, and what is read
 * of it. */
void load_doubt_member(struct load *load, const struct yaml_node *node,
    struct str name, size_t offset);
/* What an expression reads of the `response` of that operation. */
void load_doubt_reply(struct load *load, const struct yaml_node *node,
    const struct template *template, const struct def_operation *operation);
/* The states that active() asks for in a workflow's expression. */
void load_doubt_active(struct load *load, const struct yaml_node *node);
/* A literal text where an expression may stand. */
void load_doubt_text(struct load *load, const struct yaml_node *node);
/* template may be NULL. */
void load_doubt_secret(struct load *load, const struct template *template);

/* What an expression, which begins at that offset of the node's text, is
 * doubted for. */
void load_doubt(struct load *load, const struct yaml_node *node,
    size_t offset, const struct feel_error *doubt);

/* ---- load_types.c: what the input's schema says of types ---- */

/* Warns of what can't be compared or reckoned with. */
void load_types_check(struct load *load, const struct yaml_node *node,
    size_t offset, const struct feel *feel);
/* Warns of a table's cells that can't hold for what a step gives it: all the
 * step sees, where `with` is NULL. */
void load_types_check_table(struct load *load, struct diag_span span,
    const struct def_decision *decision, const struct template *with);
/* Warns of a condition that is no boolean. */
void load_types_check_condition(struct load *load,
    const struct yaml_node *node, const struct feel *feel);

/* ---- load_scope.c: names in scope ---- */

/* Names that a workflow's expressions may always read. */
const struct str *load_scope_builtins(size_t *count);
struct load_scope *load_scope_new(struct arena *arena);
/* The names that it gathered stay. */
void load_scope_free(struct load_scope **scope);
void load_scope_add(struct load_scope *scope, struct str name);
/* Every key of `properties` in a JSON Schema, at any depth: a key that
 * is no plain word can then be read after a point. */
void load_scope_add_schema(
    struct load_scope *scope, const struct yaml_node *schema);
/* The scope is a workflow's, and this the schema of its input; NULL: none. */
void load_scope_set_input(
    struct load_scope *scope, const struct yaml_node *schema);
/* Whether it is known what the names of the language have in them. */
bool load_scope_has_members(const struct load_scope *scope);
/* The schema of a workflow's input, or NULL. */
const struct yaml_node *load_scope_schema(const struct load_scope *scope);
/* The properties of the input where there can be no others, or NULL. */
const struct yaml_node *load_scope_input(const struct load_scope *scope);
/* The properties of a schema that lets no others be; NULL: it does. */
const struct yaml_node *load_scope_closed(const struct yaml_node *schema);
/* Any name may be read; those that aren't known are gathered. */
void load_scope_open(struct load_scope *scope);
void load_scope_allow_secrets(struct load_scope *scope);
bool load_scope_has_secrets(const struct load_scope *scope);
const struct feel_names *load_scope_names(const struct load_scope *scope);
bool load_scope_knows(const struct load_scope *scope, struct str name);
/* Gathers a name of an open scope; false where the scope isn't open. */
bool load_scope_gather(struct load_scope *scope, struct str name);
const struct str *load_scope_known(
    const struct load_scope *scope, size_t *count);
const struct str *load_scope_gathered(
    const struct load_scope *scope, size_t *count);
/* A scope with the names of this one, and more to come. */
struct load_scope *load_scope_within(const struct load_scope *outer);
/* The names that `set` and `output` give values to, at any depth but that of
 * the steps of a `for`, whose variables are their own. */
void load_scope_add_targets(
    struct load_scope *scope, const struct yaml_node *node);

/* ---- workflows ---- */

struct load_bundle; /* shared definitions that schemas refer to */

/* What grows while a workflow is loaded. */
struct load_build {
	struct definition *definition;
	struct def_state **states;
	const struct yaml_node **state_nodes;
	size_t state_capacity;
	const struct def_transition **transitions;
	size_t transition_capacity;
	const struct def_step **steps;
	size_t step_capacity;
	struct load_bundle *bundle;    /* NULL: no schema refers to any */
	const struct def_step *around; /* the `for` being loaded; or NULL */
	const struct def_call **calls;
	size_t call_capacity;
	struct map *state_names; /* -> struct def_state */
	struct map *step_ids;    /* -> struct def_step */
	struct str *events;      /* that a transition may wait for */
	size_t event_count;
	size_t event_capacity;
};

struct load_operation; /* a def_operation with what its calls must give */

/* What a step's keys fill; the parts that its kind needs are kept. */
struct load_draft {
	struct def_step step;
	struct def_call call;
	struct def_verify verify;
	const char *word; /* "call", "set", … */
};

struct definition *load_workflow(struct load *load);

/* load_state.c, load_transition.c, load_task.c */
/* First the states' names, then what is in them. */
void load_states(struct load *load, const struct yaml_node *states);
void load_state_contents(
    struct load *load, const struct yaml_node *states, void *unused);
extern const struct load_table load_state_table, load_final_table,
    load_history_table, load_states_form;
void load_on(struct load *load, const struct yaml_node *node, void *state);
void load_always(struct load *load, const struct yaml_node *node, void *state);
void load_after(struct load *load, const struct yaml_node *node, void *state);
extern const struct load_table load_transition_table;
/* A state's name, a transition, or a list; and such by event or span. */
extern const struct load_table load_form_transitions, load_form_by_event;
void load_task(struct load *load, const struct yaml_node *node, void *state);
void load_escalations(
    struct load *load, const struct yaml_node *node, void *state);
extern const struct load_table load_task_table, load_escalation_table,
    load_escalations_form;

/* load_target.c: NULL, none, with an error where there is no such state. */
const struct def_state *load_find_target(
    struct load *load, const struct yaml_node *name);
/* One that can be active: no history. */
const struct def_state *load_find_state(
    struct load *load, const struct yaml_node *name, const char *key);
/* A name or a list; what comes back can be entered together. */
struct def_targets load_targets(
    struct load *load, const struct yaml_node *node, const char *key);
/* "all" or "to STATE" */
extern const struct load_table load_form_compensate;
void load_compensate(struct load *load, const struct yaml_node *node,
    enum def_compensate *kind, const struct def_state **to);

/* load_separate.c: when the states are known by name. */
extern const struct load_table load_separate_form;
void load_separate(
    struct load *load, const struct yaml_node *node, void *definition);

/* load_circle.c: when all states are loaded. */
void load_check_circles(struct load *load);

/* load_schedule.c; the check is for when the input's schema is loaded. */
void load_schedules(
    struct load *load, const struct yaml_node *node, void *definition);
void load_check_schedules(struct load *load);
extern const struct load_table load_schedule_table, load_schedules_form;

/* load_step.c: `where` begins the steps' made ids: "checking.entry". */
extern const struct load_table load_form_steps;
struct def_steps load_steps(struct load *load, const struct yaml_node *node,
    struct str where);
/* load_call.c */
extern const struct load_table load_call_table, load_verify_table,
    load_compensate_table, load_retry_table, load_channel_call_table;
/* Keeps the draft's call: index, calls, checks of its arguments. */
const struct def_call *load_call_keep(
    struct load *load, struct load_draft *draft, const struct yaml_node *node);
void load_call_init(struct load_draft *draft, struct diag_span span);
const struct def_contact *load_find_contact(struct load *load,
    const struct yaml_node *node, const char *key);

/* ---- the other documents ---- */

struct def_connection *load_connection(struct load *load);
/* One that nobody wrote, with the defaults of all. */
struct def_connection *load_connection_made(struct load *load,
    enum def_connection_kind kind, struct str name, struct diag_span span);
extern const struct load_table load_form_connection_kind;
void load_connection_kind(
    struct load *load, const struct yaml_node *node, void *connection);
extern const struct load_table load_limits_table, load_breaker_table,
    load_tls_table, load_smtp_auth_table, load_smtp_table, load_sftp_table,
    load_sftp_auth_table, load_amqp_table, load_amqp_auth_table;
void load_connection_errors(
    struct load *load, const struct yaml_node *node, void *connection);
/* The rows that connections of every kind have: which it is, how much it is
 * asked, and what its answers mean. */
#define LOAD_ROWS_CONNECTION(kind_told) \
	{"connection", KIND_NAME, LOAD_MUST, \
	    offsetof(struct def_connection, name), NULL, NULL, \
	    "the name under which calls refer to it"}, \
	{"description", KIND_TEXT, LOAD_MAY, \
	    offsetof(struct def_connection, description), NULL, NULL, \
	    "what it leads to"}, \
	{"kind", KIND_OWN, LOAD_MUST, 0, load_connection_kind, \
	    &load_form_connection_kind, kind_told}
#define LOAD_ROWS_CONNECTION_LIMITS(timeout_told) \
	{"limits", KIND_MAP, LOAD_MAY, 0, NULL, &load_limits_table, \
	    "how much it is asked at most"}, \
	{"breaker", KIND_MAP, LOAD_MAY, 0, NULL, &load_breaker_table, \
	    "when it is left alone for a while"}, \
	{"timeout", KIND_DURATION, LOAD_MAY, \
	    offsetof(struct def_connection, timeout_ms), NULL, NULL, \
	    timeout_told}
#define LOAD_ROW_CONNECTION_ERRORS \
	{"errors", KIND_LIST, LOAD_MAY, 0, load_connection_errors, \
	    &load_form_error_rules, \
	    "what answers mean, after an operation's own"}
void load_sftp_auth(
    struct load *load, const struct yaml_node *node, void *auth);
void load_amqp_auth(
    struct load *load, const struct yaml_node *node, void *auth);
/* load_amqp.c: when the connection is loaded. */
void load_amqp_check(
    struct load *load, const struct def_connection *connection);
/* load_mail.c: what connections of kind smtp can be asked to do. */
void load_mail_operations(
    struct load *load, struct def_connection *connection);
/* An expression of our own, over these names. */
const struct template *load_made(struct load *load, const char *text,
    const struct str *names, size_t count, struct diag_span span);
/* load_auth.c: fills a struct def_auth. */
extern const struct load_table load_auth_table;
void load_auth(struct load *load, const struct yaml_node *node, void *auth);
/* load_signature.c: adds the algorithm's bit to a uint32_t. */
extern const struct load_table load_form_algorithm;
void load_signature_algorithm(
    struct load *load, const struct yaml_node *node, void *algorithms);
/* Fills a struct def_signature. */
extern const struct load_table load_signature_verify_table;
void load_signature_verify(
    struct load *load, const struct yaml_node *node, void *signature);
extern const struct load_table load_signature_sign_table,
    load_signature_answer_table;
void load_signature_sign(
    struct load *load, const struct yaml_node *node, void *signature);
void load_signature_answer(
    struct load *load, const struct yaml_node *node, void *signature);
/* load_webhook.c: fills the connection. */
extern const struct load_table load_webhooks_table;
/* Rules that make events of messages, each by the table. */
struct def_webhook_event *load_webhook_rules(struct load *load,
    const struct yaml_node *node, const struct load_table *table);
/* The rows that all such tables have. */
#define LOAD_ROWS_WEBHOOK_EVENT \
	{"if", KIND_CONDITION, LOAD_MAY, \
	    offsetof(struct def_webhook_event, guard), NULL, NULL, \
	    "which messages it is about; the first that holds counts"}, \
	{"type", KIND_STRING, LOAD_MUST, \
	    offsetof(struct def_webhook_event, type), NULL, NULL, \
	    "the event's type, as workflows declare it"}, \
	{"subject", KIND_STRING, LOAD_MAY, \
	    offsetof(struct def_webhook_event, subject), NULL, NULL, \
	    "what it is about, for correlation"}, \
	{"data", KIND_VALUE, LOAD_MAY, \
	    offsetof(struct def_webhook_event, data), NULL, NULL, \
	    "what it carries; the body unless told"}, \
	{"time", KIND_STRING, LOAD_MAY, \
	    offsetof(struct def_webhook_event, time), NULL, NULL, \
	    "when it happened"}
void load_operations(
    struct load *load, const struct yaml_node *node, void *connection);
void load_error_rules(struct load *load, const struct yaml_node *node,
    const struct def_error_rule **rules, size_t *count);
extern const struct load_table load_operation_table, load_odoo_operation_table,
    load_form_operations, load_form_file_operations,
    load_form_amqp_operations, load_form_error_rules;
/* settings, status, headers, body and idempotency_key; secrets too. */
struct load_scope *load_connection_scope(struct load *load);
/* The arguments that an operation takes; the first `required` of them are
 * those that it can't do without. */
const struct str *load_operation_arguments(
    const struct def_operation *operation, size_t *count, size_t *required);

/* One that nobody wrote; the arguments are kept, not copied. */
struct def_operation *load_operation_made(struct load *load,
    const struct def_connection *connection, struct str name,
    const struct str *arguments, size_t count, size_t required);

struct def_decision *load_decision(struct load *load);
/* The table that stands in a step's `decide`; `given` is the step's `with`,
 * or NULL where the table reads the workflow's variables. */
struct def_decision *load_decision_inline(struct load *load,
    const struct yaml_node *node, struct str name,
    const struct yaml_node *given);
/* The names that the table's expressions read, beyond those that were checked
 * when it was loaded. */
const struct str *load_decision_reads(
    const struct def_decision *decision, size_t *count);
struct load_shared *load_shared(struct load *load);
struct calendar *load_calendar(struct load *load);
/* A name of the IANA database; NULL with an error. */
const struct zone *load_zone(struct load *load, const struct yaml_node *node);
/* NULL with an error, unless there is one that can't be read. */
const struct calendar *load_find_calendar(
    struct load *load, const struct yaml_node *name);
struct def_contact *load_contact(struct load *load);
extern const struct load_table load_workflow_table, load_connection_table,
    load_decision_table, load_decision_inline_table, load_calendar_table,
    load_contact_table,
    load_shared_table, load_connection_cases_table;

/* ---- library.c ---- */

/* By their kinds, in order of loading. */
extern const struct load_table load_document_table;

/* All names of a kind of document, for "did you mean". */
enum load_document {
	DOCUMENT_SCHEMA, DOCUMENT_CALENDAR, DOCUMENT_CONNECTION,
	DOCUMENT_DECISION, DOCUMENT_CONTACT, DOCUMENT_WORKFLOW, DOCUMENT_KINDS,
};
const struct str *library_names(
    struct library *library, enum load_document kind, size_t *count);
/* Whether a document of that name is there, but can't be read. */
bool library_is_unread(
    const struct library *library, enum load_document kind, struct str name);
/* Its text as a tree, loaded or not; NULL where there is none. */
const struct yaml_node *library_find_document(
    const struct library *library, enum load_document kind, struct str name);
/* NULL: none is told. */
const struct def_contact *library_alarm(const struct library *library);
/* Two texts have the same digest when they say the same. */
struct digest library_digest_value(const struct value *said);
/* Whether any document of that kind can't be read. */
bool library_has_unread(
    const struct library *library, enum load_document kind);
/* Whether a document begins with that key: `workflow`, `connection`, … */
bool library_is_kind(struct str key);

#endif
