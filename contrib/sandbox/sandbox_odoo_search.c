/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_odoo_search.c: domains, order and limits.
 *
 * A domain is a list in prefix notation: '&', '|', '!' and leaves
 * [field, operator, value]; terms that follow one another are all needed.
 */
#include "sandbox_odoo_priv.h"

#include "sandbox_decimal.h"
#include "sandbox_json.h"
#include "sandbox_reply.h"

#include <stdlib.h>

#define DEPTH_MAX 100

/* ------------------------------------------------------------------ values */

/* Numbers by value, others by bytes; both sides must be of one kind. */
static int
compare(const json_t *a, const json_t *b)
{
	const char *left = json_string_value(a);
	const char *right = json_string_value(b);
	struct sandbox_decimal x;
	struct sandbox_decimal y;

	if (left == NULL || right == NULL)
		return (left != NULL) - (right != NULL);
	if (sandbox_json_is_number(a) && sandbox_json_is_number(b) &&
	    sandbox_decimal_parse(left + 1, &x) &&
	    sandbox_decimal_parse(right + 1, &y))
		return sandbox_decimal_compare(x, y);
	return strcmp(left, right);
}

static bool
is_same(const json_t *a, const json_t *b)
{
	if (json_is_string(a) && json_is_string(b))
		return compare(a, b) == 0;
	/* None, false and an absent value are one. */
	if (json_is_string(a) || json_is_string(b))
		return false;
	return json_is_true(a) == json_is_true(b);
}

/* A list (of ids) holds one of them, or is empty where false is sought. */
static bool
holds(const json_t *have, const json_t *want)
{
	if (!json_is_array(have))
		return is_same(have, want);
	if (json_array_size(have) == 0)
		return !json_is_string(want);
	for (size_t i = 0; i < json_array_size(have); i++) {
		if (is_same(json_array_get(have, i), want))
			return true;
	}
	return false;
}

static bool
holds_any(const json_t *have, const json_t *wants)
{
	if (!json_is_array(wants))
		return holds(have, wants);
	for (size_t i = 0; i < json_array_size(wants); i++) {
		if (holds(have, json_array_get(wants, i)))
			return true;
	}
	return false;
}

static bool
contains(const json_t *have, const json_t *want, bool folds_case)
{
	const char *text = json_string_value(have);
	const char *part = json_string_value(want);

	if (text == NULL || part == NULL)
		return false;
	return (folds_case ? strcasestr(text, part) : strstr(text, part)) !=
	       NULL;
}

static bool
is_ordered(const json_t *have, const char *operator, const json_t *want)
{
	int order = compare(have, want);

	if (!json_is_string(have) || !json_is_string(want))
		return false;
	if (operator[1] == '=' && order == 0)
		return true;
	return operator[0] == '<' ? order < 0 : order > 0;
}

/* ------------------------------------------------------------------ leaves */

struct search {
	struct odoo_call *call;
	const json_t *domain;
	const json_t *record;
	bool failed;
};

/* A value as Python prints it in an error. */
static void
add_repr(struct buf *out, const json_t *value)
{
	if (json_is_true(value) || json_is_false(value))
		buf_add_cstr(out, json_is_true(value) ? "True" : "False");
	else if (json_is_null(value))
		buf_add_cstr(out, "None");
	else if (json_is_string(value) && !sandbox_json_is_number(value))
		buf_addf(out, "'%s'", json_string_value(value));
	else
		sandbox_json_write(value, SANDBOX_JSON_PYTHON, out);
}

static bool
fail_leaf(struct search *search, const char *before, const json_t *leaf)
{
	struct buf text = {0};

	for (size_t i = 0; i < 3; i++) {
		buf_add_cstr(&text, i > 0 ? ", " : "(");
		add_repr(&text, json_array_get(leaf, i));
	}
	odoo_fail(search->call, "builtins.ValueError", "%s%s)", before,
	    buf_cstr(&text));
	buf_fini(&text);
	search->failed = true;
	return false;
}

static bool
fail_field(struct search *search, const char *name, const json_t *leaf)
{
	struct buf before = {0};

	buf_addf(&before, "Invalid field %s.%s in leaf ",
	    search->call->table->model->name, name);
	fail_leaf(search, buf_cstr(&before), leaf);
	buf_fini(&before);
	return false;
}

static bool
leaf_holds(struct search *search, const char *operator, const json_t *have,
    const json_t *want, const json_t *leaf)
{
	if (strcmp(operator, "=") == 0 || strcmp(operator, "in") == 0)
		return holds_any(have, want);
	if (strcmp(operator, "!=") == 0 || strcmp(operator, "not in") == 0)
		return !holds_any(have, want);
	if (strcmp(operator, "ilike") == 0 || strcmp(operator, "like") == 0)
		return contains(have, want, operator[0] == 'i');
	if (strcmp(operator, "not ilike") == 0)
		return !contains(have, want, true);
	if (strcmp(operator, "=ilike") == 0)
		return json_is_string(have) && json_is_string(want) &&
		    strcasecmp(json_string_value(have),
			json_string_value(want)) == 0;
	if (is_same(json_array_get(leaf, 1), NULL) ||
	    strstr("< <= > >=", operator) == NULL || operator[0] == ' ')
		return fail_leaf(search, "Invalid leaf ", leaf);
	return is_ordered(have, operator, want);
}

static bool
eval_leaf(struct search *search, const json_t *leaf)
{
	const char *name = json_string_value(json_array_get(leaf, 0));
	const char *operator = json_string_value(json_array_get(leaf, 1));
	const struct odoo_field *field;

	if (json_array_size(leaf) != 3 || name == NULL || operator == NULL) {
		odoo_fail(search->call, "builtins.ValueError",
		    "not enough values to unpack (expected 3, got %zu)",
		    json_array_size(leaf));
		search->failed = true;
		return false;
	}
	field = odoo_field_find(search->call->table->model, name);
	if (field == NULL && strcmp(name, "id") != 0)
		return fail_field(search, name, leaf);
	/* The trap of the real one: such a leaf is only logged there. */
	if (field != NULL && field->type == ODOO_UNSTORED)
		return true;
	return leaf_holds(search, operator,
	    json_object_get(search->record, name), json_array_get(leaf, 2),
	    leaf);
}

/* One term from *at on; both sides are always read. */
static bool
eval_term(struct search *search, size_t *at, int depth)
{
	const json_t *item = json_array_get(search->domain, *at);
	const char *operator = json_string_value(item);
	bool left;
	bool right;

	(*at)++;
	if (item == NULL || depth > DEPTH_MAX) {
		odoo_fail(search->call, "builtins.ValueError",
		    "Domain is syntactically not correct");
		search->failed = true;
	}
	if (search->failed)
		return false;
	if (operator == NULL)
		return eval_leaf(search, item);
	if (strcmp(operator, "!") == 0)
		return !eval_term(search, at, depth + 1);
	left = eval_term(search, at, depth + 1);
	right = eval_term(search, at, depth + 1);
	return strcmp(operator, "|") == 0 ? left || right : left && right;
}

static bool
eval_domain(struct search *search)
{
	size_t at = 0;
	bool all = true;

	while (at < json_array_size(search->domain) && !search->failed)
		all = eval_term(search, &at, 0) && all;
	return all && !search->failed;
}

/* -------------------------------------------------------------- searching */

static bool
domain_names(const json_t *domain, const char *field)
{
	for (size_t i = 0; i < json_array_size(domain); i++) {
		const char *name = json_string_value(
		    json_array_get(json_array_get(domain, i), 0));
		if (name != NULL && strcmp(name, field) == 0)
			return true;
	}
	return false;
}

/* Archived records are hidden unless they are asked for. */
static bool
hides_archived(const struct odoo_call *call, const json_t *domain)
{
	return odoo_field_find(call->table->model, "active") != NULL &&
	       !json_is_false(
		   sandbox_json_at(call->args, "context.active_test")) &&
	       !domain_names(domain, "active");
}

/* What a replica that lags behind doesn't have yet. */
static bool
is_too_new(const struct odoo_call *call, const json_t *record)
{
	json_t *newest;
	bool too_new;

	if (call->stale_ms == 0)
		return false;
	newest = odoo_time(sandbox_now_ms() - call->stale_ms);
	too_new = strcmp(sandbox_json_text(record, "create_date"),
		      json_string_value(newest)) > 0;
	json_decref(newest);
	return too_new;
}

/* The records that fit; NULL with the error set. */
static json_t *
matching(struct odoo_call *call)
{
	const json_t *domain = json_object_get(call->args, "domain");
	struct search search = {.call = call, .domain = domain};
	bool hides = hides_archived(call, domain);
	json_t *found = json_array();
	const char *id;
	json_t *record;

	json_object_foreach (call->table->records, id, record) {
		search.record = record;
		if ((hides &&
			json_is_false(json_object_get(record, "active"))) ||
		    is_too_new(call, record))
			continue;
		if (eval_domain(&search))
			json_array_append(found, record);
		if (search.failed)
			break;
	}
	/* A wrong domain is an error in an empty table too. */
	search.record = NULL;
	if (json_object_size(call->table->records) == 0)
		(void)eval_domain(&search);
	if (search.failed) {
		json_decref(found);
		return NULL;
	}
	return found;
}

static int
compare_records(const void *a, const void *b, void *order)
{
	json_t *left = *(json_t *const *)a;
	json_t *right = *(json_t *const *)b;
	struct str rest = str_of(order);

	while (rest.at != NULL) {
		struct str direction;
		struct str term = str_trim(str_split(rest, ',', &rest));
		struct str name = str_split(term, ' ', &direction);
		char field[64];
		int sign;

		snprintf(field, sizeof(field), "%.*s", STR_ARG(name));
		sign = compare(json_object_get(left, field),
		    json_object_get(right, field));
		if (sign != 0)
			return str_equal(str_trim(direction), STR("desc"))
				   ? -sign
				   : sign;
	}
	return compare(
	    json_object_get(left, "id"), json_object_get(right, "id"));
}

static void
sort(json_t *found, const char *order)
{
	size_t count = json_array_size(found);
	json_t **records;

	if (count < 2 || order[0] == '\0')
		return;
	records = calloc(count, sizeof(*records));
	must(records != NULL);
	for (size_t i = 0; i < count; i++)
		records[i] = json_incref(json_array_get(found, i));
	qsort_r(records, count, sizeof(*records), compare_records,
	    (void *)(uintptr_t)order);
	json_array_clear(found);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(found, records[i]);
	free(records);
}

/* Ids of what fits, in order, within offset and limit (0: no limit). */
static bool
search_ids(struct odoo_call *call, json_t **ids)
{
	int64_t offset = sandbox_json_int(call->args, "offset", INT64_MAX, 0);
	int64_t limit = sandbox_json_int(call->args, "limit", INT64_MAX, 0);
	json_t *found = matching(call);

	if (found == NULL)
		return false;
	sort(found, sandbox_json_text(call->args, "order"));
	*ids = json_array();
	for (size_t i = (size_t)offset; i < json_array_size(found); i++) {
		if (limit > 0 && json_array_size(*ids) == (size_t)limit)
			break;
		json_array_append(*ids,
		    json_object_get(json_array_get(found, i), "id"));
	}
	json_decref(found);
	return true;
}

bool
odoo_search(struct odoo_call *call)
{
	return search_ids(call, &call->result);
}

bool
odoo_search_count(struct odoo_call *call)
{
	json_t *ids;

	if (!search_ids(call, &ids))
		return false;
	call->result = json_integer((json_int_t)json_array_size(ids));
	json_decref(ids);
	return true;
}

bool
odoo_search_read(struct odoo_call *call)
{
	json_t *ids;
	bool ok;

	if (!search_ids(call, &ids))
		return false;
	ok = odoo_record_show(call, ids);
	json_decref(ids);
	return ok;
}
