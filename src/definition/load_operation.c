/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_operation.c: what a connection can be asked to do.
 *
 * An operation's arguments are the names that its input's schema speaks of;
 * without a schema, they are the names that its expressions read.  Calls are
 * checked against them, so that a forgotten argument is a load error.
 */
#include "load_priv.h"

#define IN(field) offsetof(struct def_operation, field)
#define IN_RULE(field) offsetof(struct def_error_rule, field)

struct load_operation {
	struct def_operation def; /* first: other modules hold this */
	const struct yaml_node *input; /* NULL: not written */
	bool has_properties; /* the schema names what there may be */
	const struct str *arguments; /* the required ones first */
	size_t argument_count;
	size_t required_count;
};

const struct str *
load_operation_arguments(const struct def_operation *operation, size_t *count,
    size_t *required)
{
	const struct load_operation *whole =
	    (const struct load_operation *)operation;

	*count = whole->argument_count;
	*required = whole->required_count;
	return whole->arguments;
}

/* ---- errors ---- */

static const struct load_word outcome_words[] = {
	{"not-done", OUTCOME_NOT_DONE},
	{"unknown", OUTCOME_UNKNOWN},
	{"done-with-error", OUTCOME_DONE_WITH_ERROR},
};
static const struct load_table outcome_form = LOAD_WORDS(outcome_words);

static void
load_outcome(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_error_rule *rule = into;

	rule->outcome = (enum outcome_kind)LOAD_CHOOSE(load, node,
	    outcome_words, "outcome");
}

static const struct load_key rule_keys[] = {
	{"if", KIND_CONDITION, LOAD_MUST, IN_RULE(guard), NULL, NULL,
	    "which answers it is about"},
	{"code", KIND_NAME, LOAD_MUST, IN_RULE(code), NULL, NULL,
	    "the error's code, a word that conditions compare"},
	{"message", KIND_STRING, LOAD_MAY, IN_RULE(message), NULL, NULL,
	    "the error's message, for people"},
	{"outcome", KIND_OWN, LOAD_MAY, 0, load_outcome, &outcome_form,
	    "not-done, unknown or done-with-error; not-done unless told"},
	{"transient", KIND_BOOLEAN, LOAD_MAY, IN_RULE(transient), NULL, NULL,
	    "true: may be different the next time"},
};
static const struct load_table rule_table =
    LOAD_TABLE("an error rule", rule_keys);
const struct load_table load_form_error_rules = LOAD_LIST(&rule_table);

void
load_error_rules(struct load *load, const struct yaml_node *node,
    const struct def_error_rule **rules, size_t *count)
{
	struct def_error_rule *items = ARENA_ARRAY(load->arena, node->count,
	    struct def_error_rule);

	for (size_t i = 0; i < node->count; i++) {
		items[i].outcome = OUTCOME_NOT_DONE;
		load_map(load, node->items[i], &rule_table, &items[i]);
		load_refuse_secret(load, items[i].message);
		if (!items[i].guard)
			items[i].guard = load_literal(load, &value_false,
			    node->items[i]->span);
	}
	*rules = items;
	*count = node->count;
}

static void
load_errors(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_operation *operation = into;

	load_error_rules(load, node, &operation->errors,
	    &operation->error_count);
}

/* ---- what expressions may read ---- */

/* Before there is an answer, and after. */
static const char *const request_names[] = {"settings", "idempotency_key"};
static const char *const reply_names[] = {"status", "headers", "body",
	"result"};

static struct load_scope *
request_scope(struct load *load)
{
	struct load_scope *scope = load_scope_new(load->arena);

	for (size_t i = 0; i < 2; i++)
		load_scope_add(scope, str_of(request_names[i]));
	load_scope_allow_secrets(scope);
	return scope;
}

struct load_scope *
load_connection_scope(struct load *load)
{
	struct load_scope *scope = request_scope(load);

	for (size_t i = 0; i < 4; i++)
		load_scope_add(scope, str_of(reply_names[i]));
	return scope;
}

static void
add_schema_cb(const struct yaml_node *schema, void *arg)
{
	load_scope_add_schema(arg, schema);
}

static void
add_arguments(struct load *load, struct load_scope *scope,
    const struct load_operation *operation)
{
	for (size_t i = 0; i < operation->argument_count; i++)
		load_scope_add(scope, operation->arguments[i]);
	if (operation->input)
		load_schema_reach(load, operation->input, add_schema_cb,
		    scope);
	if (!operation->has_properties)
		load_scope_open(scope);
}

/*
 * A request is made before there is an answer: what it reads as `body` or
 * `status` is an argument of that name.
 */
static void
load_for_request(struct load *load, const struct yaml_node *node,
    const struct load_table *table, void *into)
{
	struct load_scope *outer = load->scope;
	const struct str *gathered;
	size_t count;

	load->scope = request_scope(load);
	add_arguments(load, load->scope, into);
	load_map(load, node, table, into);
	gathered = load_scope_gathered(load->scope, &count);
	for (size_t i = 0; i < count; i++)
		(void)load_scope_gather(outer, gathered[i]);
	load_scope_free(&load->scope);
	load->scope = outer;
}

/* ---- requests ---- */

static const struct {
	const char *key;
	enum def_method method;
} methods[] = {
	{"get", METHOD_GET}, {"head", METHOD_HEAD}, {"post", METHOD_POST},
	{"put", METHOD_PUT}, {"patch", METHOD_PATCH}, {"delete", METHOD_DELETE},
};
#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

static const struct load_table path_form =
    LOAD_EITHER(&load_form_string, &load_form_values);

static void
load_path(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct load_key text = {
		"path", KIND_STRING, LOAD_MUST, 0, NULL, NULL, "",
	};
	static const struct load_key segments = {
		"path", KIND_VALUE, LOAD_MUST, 0, NULL, NULL, "",
	};
	struct def_operation *operation = into;

	load_field(load, node->kind == NODE_LIST ? &segments : &text, node,
	    &operation->path);
}

#define ROW_METHOD(name) {name, KIND_OWN, LOAD_MAY, 0, load_path, &path_form, \
	"the path, from the connection's url on: a text, or its segments"}
static const struct load_key request_keys[] = {
	ROW_METHOD("get"), ROW_METHOD("head"), ROW_METHOD("post"),
	ROW_METHOD("put"), ROW_METHOD("patch"), ROW_METHOD("delete"),
	{"query", KIND_VALUE, LOAD_MAY, IN(query), NULL, NULL,
	    "what goes after the path's `?`"},
	{"headers", KIND_VALUE, LOAD_MAY, IN(headers), NULL, NULL,
	    "header fields"},
	{"body", KIND_VALUE, LOAD_MAY, IN(body), NULL, NULL,
	    "what is sent: JSON, unless content-type says otherwise"},
};
static const struct load_table request_table =
    LOAD_TABLE("a request", request_keys);

static void
check_path(struct load *load, const struct yaml_node *path)
{
	if (!yaml_scalar_is_string(path) || load_is_expression(path) ||
	    (path->text.bytes > 0 && path->text.at[0] == '/'))
		return;
	load_error(load, LOAD_BAD_FORM, path->span, "a path begins with `/`");
}

/* An expression may give what is none: its call is refused. */
static void
check_query(struct load *load, const struct yaml_node *node,
    const struct template *query)
{
	if (query == NULL || query->kind == TEMPLATE_CONTEXT ||
	    query->kind == TEMPLATE_FEEL ||
	    (query->kind == TEMPLATE_LITERAL &&
		(query->literal->type == VALUE_CONTEXT ||
		    query->literal->type == VALUE_NULL)))
		return;
	load_error(load, LOAD_BAD_FORM, load_key_span(node, "query"),
	    "the query is no context: every call would be refused");
	load_repair(load, "write names and values: query: {status: open}");
}

static void
load_request(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_operation *operation = into;
	size_t found = 0;

	load_for_request(load, node, &request_table, operation);
	for (size_t i = 0; i < METHOD_COUNT; i++) {
		const struct yaml_node *path =
		    yaml_tree_find(node, methods[i].key);

		if (!path)
			continue;
		operation->method = methods[i].method;
		check_path(load, path);
		found++;
	}
	check_query(load, node, operation->query);
	if (found == 1)
		return;
	load_error(load, LOAD_EXCLUSIVE, node->span, found == 0 ?
	    "the request doesn't say what it asks for" :
	    "a request has one method");
	load_repair(
	    load, "write get, head, post, put, patch or delete with a path");
}

/* ---- requests for files ---- */

static const struct {
	const char *key;
	enum message_file_verb verb;
} file_verbs[] = {
	{"put", FILE_PUT}, {"get", FILE_GET}, {"list", FILE_LIST},
	{"stat", FILE_STAT}, {"rename", FILE_RENAME}, {"remove", FILE_REMOVE},
};

#define ROW_FILE(name, help) \
	{name, KIND_STRING, LOAD_MAY, IN(path), NULL, NULL, help}
static const struct load_key file_request_keys[] = {
	ROW_FILE("put", "the name that the body gets, once all of it is there"),
	ROW_FILE("get", "the file that is read"),
	ROW_FILE("list", "the folder that is looked into"),
	ROW_FILE("stat", "the file that is looked at"),
	ROW_FILE("rename", "the file that gets the name `to`"),
	ROW_FILE("remove", "the file that is removed"),
	{"to", KIND_STRING, LOAD_MAY, IN(to), NULL, NULL,
	    "its new name, which no other file has"},
	{"content-type", KIND_TEXT, LOAD_MAY, IN(content_type), NULL, NULL,
	    "in which form the body is written; a text as it is unless told"},
	{"body", KIND_VALUE, LOAD_MAY, IN(body), NULL, NULL,
	    "what is put"},
};
static const struct load_table file_request_table =
    LOAD_TABLE("a request", file_request_keys);

static void
check_file_parts(struct load *load, const struct yaml_node *node,
    const struct def_operation *operation)
{
	bool is_put = operation->file_verb == FILE_PUT;
	bool is_rename = operation->file_verb == FILE_RENAME;

	if (is_put != (operation->body != NULL))
		load_error(load, LOAD_MISSING_KEY, node->span, is_put ?
		    "`put` needs a `body`" : "only `put` has a `body`");
	if (is_rename != (operation->to != NULL))
		load_error(load, LOAD_MISSING_KEY, node->span, is_rename ?
		    "`rename` needs `to`" : "only `rename` has `to`");
}

static void
load_file_request(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_operation *operation = into;
	size_t found = 0;

	load_for_request(load, node, &file_request_table, operation);
	for (size_t i = 0; i < COUNT_OF(file_verbs); i++) {
		if (!yaml_tree_find(node, file_verbs[i].key))
			continue;
		operation->file_verb = file_verbs[i].verb;
		found++;
	}
	if (found == 1) {
		check_file_parts(load, node, operation);
		return;
	}
	load_error(load, LOAD_EXCLUSIVE, node->span, found == 0 ?
	    "the request doesn't say what it asks for" :
	    "a request asks for one thing");
	load_repair(
	    load, "write put, get, list, stat, rename or remove with a path");
}

/* ---- requests for a broker ---- */

static const struct load_key amqp_request_keys[] = {
	{"publish", KIND_STRING, LOAD_MUST, IN(exchange), NULL, NULL,
	    "the exchange that gets the message; \"\" leads to the queue "
	    "that the routing key names"},
	{"routing-key", KIND_STRING, LOAD_MAY, IN(routing_key), NULL, NULL,
	    "by which the exchange finds queues"},
	{"headers", KIND_VALUE, LOAD_MAY, IN(headers), NULL, NULL,
	    "the message's own headers"},
	{"content-type", KIND_TEXT, LOAD_MAY, IN(content_type), NULL, NULL,
	    "in which form the body is written; JSON unless told"},
	{"body", KIND_VALUE, LOAD_MUST, IN(body), NULL, NULL,
	    "what is sent"},
	{"message-id", KIND_STRING, LOAD_MAY, IN(message_id), NULL, NULL,
	    "by which receivers know it again; the idempotency key unless "
	    "told"},
	{"mandatory", KIND_BOOLEAN, LOAD_MAY, IN(is_mandatory), NULL, NULL,
	    "false: nobody has to get it; else it is an error where no queue "
	    "does"},
};
static const struct load_table amqp_request_table =
    LOAD_TABLE("a request", amqp_request_keys);

static void
load_amqp_request(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_operation *operation = into;

	operation->is_mandatory = true;
	load_for_request(load, node, &amqp_request_table, operation);
	if (!operation->exchange)
		operation->exchange =
		    load_literal(load, &value_null, node->span);
	if (!operation->body)
		operation->body = load_literal(load, &value_null, node->span);
}

/* ---- answers in XML ---- */

static void
load_lists(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_xml *xml = into;

	xml->lists = load_texts(load, node, "lists", &xml->list_count);
}

static const struct load_key xml_keys[] = {
	{"lists", KIND_OWN, LOAD_MAY, 0, load_lists, &load_form_texts,
	    "elements that are always lists, even of one"},
};
static const struct load_table xml_table = LOAD_TABLE("`xml`", xml_keys);

static void
load_xml(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_operation *operation = into;
	struct def_xml *xml = ARENA_NEW(load->arena, struct def_xml);

	load_map(load, node, &xml_table, xml);
	operation->xml = xml;
}

/* ---- repetition ---- */

static const struct load_key idempotent_keys[] = {
	{"lifetime", KIND_DURATION, LOAD_MUST, IN(idempotent_lifetime_ms), NULL,
	    NULL, "how long the endpoint knows the key"},
};
static const struct load_table idempotent_table =
    LOAD_TABLE("`idempotent`", idempotent_keys);
static const struct load_table idempotent_form =
    LOAD_EITHER(&load_form_boolean, &idempotent_table);

static void
load_idempotent(struct load *load, const struct yaml_node *node, void *into)
{
	static const struct load_key plain = {
		"idempotent", KIND_BOOLEAN, LOAD_MAY, 0, NULL, NULL, "",
	};
	struct def_operation *operation = into;

	operation->idempotent = true;
	if (node->kind == NODE_MAP)
		load_map(load, node, &idempotent_table, operation);
	else
		load_field(load, &plain, node, &operation->idempotent);
}

/* Methods of Odoo's models that only read. */
static bool
is_reading(const struct template *method)
{
	static const char *const names[] = {
		"read", "search", "search_read", "search_count", "name_search",
		"fields_get", "read_group",
	};

	if (!method || method->kind != TEMPLATE_LITERAL)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_equal(value_str(method->literal), str_of(names[i])))
			return true;
	}
	return false;
}

static bool
only_reads(const struct def_operation *operation,
    enum def_connection_kind kind)
{
	if (kind == CONNECTION_ODOO)
		return is_reading(operation->odoo_method);
	if (kind == CONNECTION_AMQP)
		return false;
	if (kind == CONNECTION_SFTP)
		return operation->file_verb == FILE_GET ||
		    operation->file_verb == FILE_LIST ||
		    operation->file_verb == FILE_STAT;
	return operation->method == METHOD_GET ||
	    operation->method == METHOD_HEAD;
}

/*
 * What is not written follows from the method (RFC 9110, section 9.2).  A
 * file that is put may be taken away by whoever waits for it, so that it would
 * come a second time.
 */
static void
infer_repetition(struct def_operation *operation, const struct yaml_node *node,
    enum def_connection_kind kind)
{
	bool reads = only_reads(operation, kind);
	bool replaces = kind == CONNECTION_SFTP ?
	    operation->file_verb == FILE_REMOVE :
	    kind == CONNECTION_HTTP && (operation->method == METHOD_PUT ||
		operation->method == METHOD_DELETE);

	if (!yaml_tree_find(node, "safe"))
		operation->safe = reads;
	if (!yaml_tree_find(node, "idempotent"))
		operation->idempotent = operation->safe || replaces;
}

/* ---- tables ---- */

#define ROWS_COMMON \
	{"description", KIND_TEXT, LOAD_MAY, IN(description), NULL, NULL, \
	    "what it does, for people"}, \
	{"input", KIND_SCHEMA, LOAD_MAY, IN(input), NULL, NULL, \
	    "its arguments, a JSON Schema"}, \
	{"safe", KIND_BOOLEAN, LOAD_MAY, IN(safe), NULL, NULL, \
	    "true: it changes nothing"}, \
	{"idempotent", KIND_OWN, LOAD_MAY, 0, load_idempotent, \
	    &idempotent_form, \
	    "true, or {lifetime: 24h}: the same key does it once"}, \
	{"timeout", KIND_DURATION, LOAD_MAY, IN(timeout_ms), NULL, NULL, \
	    "how long to wait for the answer"}, \
	{"success", KIND_CONDITION, LOAD_MAY, IN(success), NULL, NULL, \
	    "which answers mean that it was done"}, \
	{"output", KIND_FIELDS, LOAD_MAY, IN(output), NULL, NULL, \
	    "what the step gets as `response`; the body unless told"}, \
	{"errors", KIND_LIST, LOAD_MAY, 0, load_errors, \
	    &load_form_error_rules, \
	    "what answers mean, the first that holds"}

static const struct load_key http_keys[] = {
	ROWS_COMMON,
	{"request", KIND_MAP, LOAD_MUST, 0, load_request, &request_table,
	    "{get: /path} or another method; query, headers and body"},
	{"xml", KIND_MAP, LOAD_MAY, 0, load_xml, &xml_table,
	    "{lists: [NAME, …]}: the answer is XML, and these of its elements "
	    "are always lists"},
};
const struct load_table load_operation_table =
    LOAD_TABLE("an operation", http_keys);

static const struct load_key odoo_keys[] = {
	ROWS_COMMON,
	{"model", KIND_STRING, LOAD_MUST, IN(model), NULL, NULL,
	    "the model, such as account.payment"},
	{"method", KIND_STRING, LOAD_MUST, IN(odoo_method), NULL, NULL,
	    "the model's method"},
	{"args", KIND_VALUE, LOAD_MAY, IN(args), NULL, NULL,
	    "a list of its arguments"},
	{"kwargs", KIND_VALUE, LOAD_MAY, IN(kwargs), NULL, NULL,
	    "its named arguments"},
};
const struct load_table load_odoo_operation_table =
    LOAD_TABLE("an operation of odoo", odoo_keys);

static const struct load_key file_keys[] = {
	ROWS_COMMON,
	{"request", KIND_MAP, LOAD_MUST, 0, load_file_request,
	    &file_request_table, "what to do with which file"},
	{"xml", KIND_MAP, LOAD_MAY, 0, load_xml, &xml_table,
	    "{lists: [NAME, …]}: the file is XML, and these of its elements "
	    "are always lists"},
};
static const struct load_table file_operation_table =
    LOAD_TABLE("an operation on files", file_keys);
const struct load_table load_form_file_operations =
    LOAD_NAMED(&file_operation_table);

static const struct load_key amqp_keys[] = {
	ROWS_COMMON,
	{"request", KIND_MAP, LOAD_MUST, 0, load_amqp_request,
	    &amqp_request_table, "the message, and where it goes"},
};
static const struct load_table amqp_operation_table =
    LOAD_TABLE("an operation of a broker", amqp_keys);
const struct load_table load_form_amqp_operations =
    LOAD_NAMED(&amqp_operation_table);

/* The loader goes by the connection's kind. */
static const struct load_case operation_cases[] = {
	{"model", NULL, CONNECTION_ODOO, &load_odoo_operation_table},
	{NULL, NULL, CONNECTION_HTTP, &load_operation_table},
};
static const struct load_table operation_form =
    LOAD_CASES("an operation of any kind", operation_cases);
const struct load_table load_form_operations = LOAD_NAMED(&operation_form);

/* ---- arguments ---- */

struct argument_list {
	struct load *load;
	struct str *names;
	size_t count;
	size_t capacity;
	bool has_properties;
};

static void
add_argument(struct argument_list *list, struct str name)
{
	if (str_is_among(name, list->names, list->count))
		return;
	list->names = arena_grow(list->load->arena, list->names, list->count,
	    &list->capacity, sizeof(struct str));
	list->names[list->count++] = name;
}

static void
add_required_cb(const struct yaml_node *schema, void *arg)
{
	const struct yaml_node *required = yaml_tree_find(schema, "required");

	for (size_t i = 0; required && required->kind == NODE_LIST &&
	    i < required->count; i++)
		add_argument(arg, required->items[i]->text);
}

static void
add_properties_cb(const struct yaml_node *schema, void *arg)
{
	struct argument_list *list = arg;
	const struct yaml_node *properties =
	    yaml_tree_find(schema, "properties");

	list->has_properties = list->has_properties || properties;
	for (size_t i = 0; properties && properties->kind == NODE_MAP &&
	    i < properties->count; i++)
		add_argument(list, properties->pairs[i].key->text);
}

/* The names that the schema speaks of, the required ones first. */
static void
list_arguments(struct load *load, struct load_operation *operation,
    const struct yaml_node *input)
{
	struct argument_list list = {.load = load};

	load_schema_parts(load, input, add_required_cb, &list);
	operation->required_count = list.count;
	load_schema_parts(load, input, add_properties_cb, &list);
	operation->arguments = list.names;
	operation->argument_count = list.count;
	operation->has_properties = list.has_properties;
}

/* Where the schema doesn't name all, what is read is an argument as well. */
static void
add_gathered(struct load *load, struct load_operation *operation,
    const struct load_scope *scope, const struct yaml_node *input)
{
	struct argument_list list = {.load = load};
	size_t count;
	const struct str *gathered = load_scope_gathered(scope, &count);

	for (size_t i = 0; i < operation->argument_count; i++)
		add_argument(&list, operation->arguments[i]);
	for (size_t i = 0; i < count; i++)
		add_argument(&list, gathered[i]);
	operation->arguments = list.names;
	operation->argument_count = list.count;
	if (!input)
		operation->required_count = list.count;
}

static const struct load_table *
table_of(enum def_connection_kind kind)
{
	if (kind == CONNECTION_ODOO)
		return &load_odoo_operation_table;
	if (kind == CONNECTION_AMQP)
		return &amqp_operation_table;
	return kind == CONNECTION_SFTP ? &file_operation_table
				       : &load_operation_table;
}

static void
load_operation(struct load *load, const struct yaml_pair *pair,
    const struct def_connection *connection, struct load_operation *operation)
{
	struct load_scope *outer = load->scope;

	operation->def.name = load_name(load, pair->key, "an operation");
	operation->def.span = pair->key->span;
	operation->def.connection = connection;
	operation->input = yaml_tree_find(pair->value, "input");
	if (operation->input)
		list_arguments(load, operation, operation->input);
	load->scope = load_connection_scope(load);
	add_arguments(load, load->scope, operation);
	load_map(load, pair->value, table_of(connection->kind),
	    &operation->def);
	add_gathered(load, operation, load->scope, operation->input);
	infer_repetition(&operation->def, pair->value, connection->kind);
	for (size_t i = 0; i < operation->def.output.count; i++)
		load_refuse_secret(load, operation->def.output.items[i].value);
	load_scope_free(&load->scope);
	load->scope = outer;
}

struct def_operation *
load_operation_made(struct load *load,
    const struct def_connection *connection, struct str name,
    const struct str *arguments, size_t count, size_t required)
{
	struct load_operation *operation =
	    ARENA_NEW(load->arena, struct load_operation);

	operation->def.name = name;
	operation->def.span = connection->span;
	operation->def.connection = connection;
	operation->arguments = arguments;
	operation->argument_count = count;
	operation->required_count = required;
	return &operation->def;
}

void
load_operations(struct load *load, const struct yaml_node *node, void *into)
{
	struct def_connection *connection = into;
	const struct def_operation **items = ARENA_ARRAY(load->arena,
	    node->count, const struct def_operation *);

	for (size_t i = 0; i < node->count; i++) {
		struct load_operation *operation =
		    ARENA_NEW(load->arena, struct load_operation);

		load_operation(load, &node->pairs[i], connection, operation);
		items[i] = &operation->def;
	}
	connection->operations = items;
	connection->operation_count = node->count;
}
