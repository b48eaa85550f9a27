/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_call.c: calls of operations: of a step, of its verify, of its
 * compensation, and of a contact's channel.
 *
 * All fill one struct load_draft, each by a table of its own: what a key
 * means is the same everywhere, only which keys there are differs.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct load_draft, field)
#define IN_RETRY(field) offsetof(struct def_retry, field)

/* ---- retry ---- */

static const struct def_retry retry_default = {
	.limit = 5, .delay_ms = 1000, .backoff = BACKOFF_EXPONENTIAL,
	.max_delay_ms = 60 * 1000, .jitter_percent = 20,
};

static const struct load_word backoff_words[] = {
	{"exponential", BACKOFF_EXPONENTIAL},
	{"linear", BACKOFF_LINEAR},
	{"constant", BACKOFF_CONSTANT},
};
static const struct load_table backoff_form = LOAD_WORDS(backoff_words);

static void
load_backoff(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_retry *retry = into;

	retry->backoff = (enum def_backoff)LOAD_CHOOSE(load, node,
	    backoff_words, "backoff");
}

static void
load_jitter(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_retry *retry = into;
	int64_t percent;

	if (node->kind == NODE_TEXT && str_has_suffix(node->text, STR("%")) &&
	    str_parse_int(str_slice(node->text, 0, node->text.bytes - 1), 0,
	    100, &percent)) {
		retry->jitter_percent = (int)percent;
		return;
	}
	load_error(load, LOAD_BAD_FORM, node->span,
	    "`jitter` takes a share from 0%% to 100%%");
}

static const struct load_table jitter_form = LOAD_PATTERN("^[0-9]{1,3}%$");

static const struct load_key retry_keys[] = {
	{"limit", KIND_COUNT, LOAD_MAY, IN_RETRY(limit), NULL, NULL,
	    "how many further attempts after the first; 5 unless told"},
	{"delay", KIND_DURATION, LOAD_MAY, IN_RETRY(delay_ms), NULL, NULL,
	    "the wait before the first retry; 1s unless told"},
	{"backoff", KIND_OWN, LOAD_MAY, 0, load_backoff, &backoff_form,
	    "how the wait grows: exponential, linear or constant"},
	{"max-delay", KIND_DURATION, LOAD_MAY, IN_RETRY(max_delay_ms), NULL,
	    NULL,
	    "the longest wait; 1m unless told"},
	{"jitter", KIND_OWN, LOAD_MAY, 0, load_jitter, &jitter_form,
	    "how much of the wait is left to chance; 20% unless told"},
};
const struct load_table load_retry_table = LOAD_TABLE("a retry", retry_keys);

/* ---- the operation ---- */

static void
suggest_connections(struct load *load, struct str name)
{
	size_t count;
	const struct str *names = library_names(load->library,
	    DOCUMENT_CONNECTION, &count);

	load_suggest(load, name, names, count);
}

static void
suggest_operations(struct load *load, const struct def_connection *connection,
    struct str name)
{
	size_t count = connection->operation_count;
	struct str *names = load_candidates(load, &count);

	for (size_t i = 0; i < count; i++)
		names[i] = connection->operations[i]->name;
	load_suggest(load, name, names, count);
}

static void
load_target(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;
	struct def_call *call = &draft->call;
	struct str operation;
	struct str connection;

	call->target = load_name(load, node, "call");
	connection = str_split(call->target, '.', &operation);
	if (call->target.bytes == 0)
		return;
	if (operation.bytes == 0) {
		load_error(load, LOAD_BAD_FORM, node->span,
		    "`call` takes CONNECTION.OPERATION");
		return;
	}
	call->connection = library_find_connection(load->library, connection);
	if (!call->connection && library_is_unread(load->library,
	    DOCUMENT_CONNECTION, connection))
		return;
	if (!call->connection) {
		load_error(load, LOAD_UNKNOWN_CONNECTION, yaml_locate_span(
		    load->document->source, node, 0, connection.bytes),
		    "no connection `%.*s`", STR_ARG(connection));
		suggest_connections(load, connection);
		return;
	}
	call->operation = def_connection_find(call->connection, operation);
	if (call->operation)
		return;
	load_error(load, LOAD_UNKNOWN_OPERATION, yaml_locate_span(
	    load->document->source, node, connection.bytes + 1,
	    operation.bytes), "connection `%.*s` has no operation `%.*s`",
	    STR_ARG(connection), STR_ARG(operation));
	suggest_operations(load, call->connection, operation);
}

static void
load_window(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;
	const struct calendar *calendar = load->calendar;
	struct str *names;
	size_t count;

	draft->call.window = load_name(load, node, "window");
	if (!calendar && load->is_calendar_amiss)
		return;
	if (!calendar) {
		load_error(load, LOAD_NO_CALENDAR, node->span,
		    "a window needs a calendar");
		load_repair(load, "add `calendar: NAME` to the workflow");
		return;
	}
	draft->call.window_hours = calendar_find_window(calendar,
	    draft->call.window);
	if (draft->call.window_hours)
		return;
	count = calendar->window_count;
	names = load_candidates(load, &count);
	for (size_t i = 0; i < count; i++)
		names[i] = calendar->windows[i].name;
	load_error(load, LOAD_UNKNOWN_WINDOW, node->span,
	    "calendar `%.*s` has no window `%.*s`", STR_ARG(calendar->name),
	    STR_ARG(draft->call.window));
	load_suggest(load, draft->call.window, names, count);
}

/* ---- verify and compensate ---- */

static void
load_verify(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;
	struct load_draft inner;
	struct def_verify *verify = ARENA_NEW(load->arena, struct def_verify);

	load_call_init(&inner, node->span);
	load_map(load, node, &load_verify_table, &inner);
	*verify = inner.verify;
	verify->call = load_call_keep(load, &inner, node);
	draft->call.verify = verify;
}

static void
load_compensation(struct load *load, const struct yaml_node *node, void *into)
{
	struct load_draft *draft = into;
	struct load_draft inner;

	load_call_init(&inner, node->span);
	load_map(load, node, &load_compensate_table, &inner);
	draft->call.compensate = load_call_keep(load, &inner, node);
}

/* ---- tables ---- */

static const struct load_table target_form =
    LOAD_PATTERN("^[A-Za-z0-9_-]+[.][A-Za-z0-9._-]+$");

#define ROW_CALL {"call", KIND_OWN, LOAD_MUST, 0, load_target, \
	&target_form, \
	"what to call: CONNECTION.OPERATION"}
#define ROW_WITH {"with", KIND_OWN, LOAD_MAY, IN(call.with), load_mapping, \
	&load_form_map_or_expression, \
	"the operation's arguments"}
#define ROW_TIMEOUT {"timeout", KIND_DURATION, LOAD_MAY, IN(call.timeout_ms), \
	NULL, NULL, "how long to wait for the answer"}
#define ROW_RETRY {"retry", KIND_MAP, LOAD_MAY, IN(call.retry), NULL, \
	&load_retry_table, "how often and when it is tried again"}
#define ROW_WINDOW {"window", KIND_OWN, LOAD_MAY, 0, load_window, \
	&load_form_name, \
	"a window of the calendar: the call waits until it is open"}
#define ROW_KEY {"idempotency-key", KIND_VALUE, LOAD_MAY, \
	IN(call.idempotency_key), NULL, NULL, \
	"the key under which the endpoint does it once; made unless told"}
#define ROW_VERIFY {"verify", KIND_MAP, LOAD_MAY, 0, load_verify, \
	&load_verify_table, "what to ask when nobody knows whether it happened"}
#define ROW_OUTPUT(field) {"output", KIND_VARIABLES, LOAD_MAY, IN(field), \
	NULL, NULL, "variables to set from the result"}

static const struct load_key call_keys[] = {
	ROW_CALL, ROW_WITH, ROW_TIMEOUT, ROW_RETRY, ROW_WINDOW, ROW_KEY,
	ROW_VERIFY,
	{"compensate", KIND_MAP, LOAD_MAY, 0, load_compensation,
	    &load_compensate_table, "how the call is undone"},
	{"irreversible", KIND_TEXT, LOAD_MAY, IN(call.irreversible), NULL, NULL,
	    "why the call can't be undone"},
	{"id", KIND_NAME, LOAD_MAY, IN(step.id), NULL, NULL,
	    "the step's name in histories"},
	{"if", KIND_CONDITION, LOAD_MAY, IN(step.guard), NULL, NULL,
	    "the step is skipped when this is not true"},
	ROW_OUTPUT(step.output),
};
const struct load_table load_call_table = LOAD_TABLE("a call", call_keys);

static const struct load_key verify_keys[] = {
	ROW_CALL, ROW_WITH, ROW_TIMEOUT, ROW_RETRY,
	{"after", KIND_SPAN, LOAD_MAY, IN(verify.after), NULL, NULL,
	    "how long to let the endpoint settle before asking"},
	{"confirm", KIND_SPAN, LOAD_MAY, IN(verify.confirm), NULL, NULL,
	    "how long after a no to ask once more, before it counts"},
	{"happened", KIND_CONDITION, LOAD_MUST, IN(verify.happened), NULL, NULL,
	    "true when the answer shows that it was done"},
	ROW_OUTPUT(verify.output),
};
const struct load_table load_verify_table = LOAD_TABLE("a verify", verify_keys);

static const struct load_key compensate_keys[] = {
	ROW_CALL, ROW_WITH, ROW_TIMEOUT, ROW_RETRY, ROW_WINDOW, ROW_KEY,
	ROW_VERIFY,
};
const struct load_table load_compensate_table =
    LOAD_TABLE("a compensation", compensate_keys);

static const struct load_key channel_keys[] = {
	ROW_CALL, ROW_WITH, ROW_TIMEOUT, ROW_RETRY,
};
const struct load_table load_channel_call_table =
    LOAD_TABLE("a contact's call", channel_keys);

/* ---- arguments ---- */

/* Arguments that every call of a contact's channel is given. */
static bool
is_given_by_engine(const struct load *load, struct str name)
{
	static const char *const names[] = {
		"message", "severity", "instance", "workflow", "business_key",
		"state",
	};

	for (size_t i = 0; !load->build &&
	    i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_equal(name, str_of(names[i])))
			return true;
	}
	return false;
}

static void
check_given(struct load *load, const struct load_draft *draft,
    const struct yaml_node *with)
{
	size_t count;
	size_t required;
	const struct str *names = load_operation_arguments(
	    draft->call.operation, &count, &required);

	for (size_t i = 0; i < with->count; i++) {
		const struct yaml_node *key = with->pairs[i].key;
		bool known = false;

		for (size_t k = 0; k < count; k++)
			known = known || str_equal(names[k], key->text);
		if (known)
			continue;
		load_error(load, LOAD_UNKNOWN_KEY, key->span,
		    "`%.*s` takes no argument `%.*s`",
		    STR_ARG(draft->call.target), STR_ARG(key->text));
		load_suggest(load, key->text, names, count);
	}
}

/* Whether a key that is no argument was meant to be this one. */
static bool
is_misspelt(const struct yaml_node *with, const struct str *names,
    size_t count, struct str name)
{
	for (size_t i = 0; i < with->count; i++) {
		struct str key = with->pairs[i].key->text;

		if (!str_equal(key, name) &&
		    str_equal(str_nearest(key, names, count), name))
			return true;
	}
	return false;
}

static void
check_required(struct load *load, const struct load_draft *draft,
    const struct yaml_node *node, const struct yaml_node *with)
{
	size_t count;
	size_t required;
	const struct str *names = load_operation_arguments(
	    draft->call.operation, &count, &required);

	for (size_t i = 0; i < required; i++) {
		const char *name = arena_cstr(load->arena, names[i]);

		if ((with && (yaml_tree_find(with, name) ||
		    is_misspelt(with, names, count, names[i]))) ||
		    is_given_by_engine(load, names[i]))
			continue;
		load_error(load, LOAD_MISSING_ARGUMENT,
		    load_key_span(node, with ? "with" : "call"),
		    "`%.*s` needs the argument `%s`",
		    STR_ARG(draft->call.target), name);
	}
}

static void
check_arguments(struct load *load, const struct load_draft *draft,
    const struct yaml_node *node)
{
	const struct yaml_node *with = yaml_tree_find(node, "with");

	/* What an expression gives is known at run time only. */
	if (!draft->call.operation || (with && with->kind != NODE_MAP))
		return;
	if (with)
		check_given(load, draft, with);
	check_required(load, draft, node, with);
}

/* What is read of the answer is something that the operation gives. */
static void
check_reply(struct load *load, const struct load_draft *draft,
    const struct yaml_node *node)
{
	const struct def_operation *operation = draft->call.operation;
	const struct yaml_node *happened = yaml_tree_find(node, "happened");
	const struct yaml_node *output = yaml_tree_find(node, "output");
	const struct def_assigns *assigns =
	    happened ? &draft->verify.output : &draft->step.output;

	if (happened)
		load_doubt_reply(
		    load, happened, draft->verify.happened, operation);
	for (size_t i = 0; output && output->kind == NODE_MAP &&
	     i < assigns->count; i++) {
		const struct def_assign *assign = &assigns->items[i];
		struct str name = assign->name;

		for (size_t k = 0; k < output->count; k++)
			if (str_equal(output->pairs[k].key->text, name))
				load_doubt_reply(load, output->pairs[k].value,
				    assign->value, operation);
	}
}

/* Who writes how a wait grows wants it to. */
static void
check_growth(struct load *load, const struct def_retry *retry,
    const struct yaml_node *node)
{
	const struct yaml_node *written = yaml_tree_find(node, "retry");
	const struct yaml_node *backoff =
	    written ? yaml_tree_find(written, "backoff") : NULL;

	if (!backoff || retry->backoff == BACKOFF_CONSTANT ||
	    retry->limit < 2 || retry->max_delay_ms == 0 ||
	    retry->delay_ms < retry->max_delay_ms)
		return;
	diag_add(load->diags, DIAG_WARNING, LOAD_NO_GROWTH, backoff->span,
	    "the wait never grows: `delay` is not below `max-delay`%s",
	    yaml_tree_find(written, "max-delay") ? "" :
	    ", which is 1m unless told");
	diag_repair(load->diags,
	    "write a longer `max-delay`, or `backoff: constant`");
}

void
load_call_init(struct load_draft *draft, struct diag_span span)
{
	*draft = (struct load_draft){0};
	draft->step.span = span;
	draft->call.span = span;
	draft->call.retry = retry_default;
	draft->call.index = SIZE_MAX;
}

const struct def_call *
load_call_keep(struct load *load, struct load_draft *draft,
    const struct yaml_node *node)
{
	struct load_build *build = load->build;
	struct def_call *call = ARENA_NEW(load->arena, struct def_call);
	struct definition *definition;

	check_arguments(load, draft, node);
	check_reply(load, draft, node);
	check_growth(load, &draft->call.retry, node);
	*call = draft->call;
	if (!build)
		return call;
	definition = build->definition;
	build->calls = arena_grow(load->arena, build->calls,
	    definition->call_count, &build->call_capacity, sizeof(call));
	call->index = definition->call_count++;
	build->calls[call->index] = call;
	return call;
}
