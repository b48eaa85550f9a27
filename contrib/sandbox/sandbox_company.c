/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_company.c: companies by their key, see sandbox_company.h. */
#include "sandbox_company.h"

#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY "customer_key"
#define ETAG_BYTES 32

struct sandbox_company {
	struct sandbox_ledger *ledger;
	json_t *companies; /* by key: {id, properties, updatedAt, version} */
};

struct sandbox_company *
sandbox_company_new(struct sandbox_ledger *ledger)
{
	struct sandbox_company *companies = calloc(1, sizeof(*companies));

	must(companies != NULL);
	companies->ledger = ledger;
	companies->companies = json_object();
	return companies;
}

void
sandbox_company_free(struct sandbox_company **companies)
{
	if (*companies == NULL)
		return;
	json_decref((*companies)->companies);
	free(*companies);
	*companies = NULL;
}

void
sandbox_company_reset(struct sandbox_company *companies)
{
	json_object_clear(companies->companies);
}

json_t *
sandbox_company_list(const struct sandbox_company *companies)
{
	json_t *list = json_array();
	const char *key;
	json_t *company;

	json_object_foreach (companies->companies, key, company)
		json_array_append(list, company);
	return list;
}

static const char *
etag_of(const json_t *company, char out[ETAG_BYTES])
{
	snprintf(out, ETAG_BYTES, "\"%lld\"",
	    (long long)json_integer_value(json_object_get(company, "version")));
	return out;
}

static void
refuse(struct sandbox_reply *reply, int status, const char *category,
    const char *message)
{
	sandbox_reply_json_take(reply, status,
	    json_pack("{s:s,s:s,s:s,s:s}", "status", "error", "message",
		message, "correlationId", "sandbox", "category", category));
}

static void
show(json_t *company, int status, struct sandbox_reply *reply)
{
	char etag[ETAG_BYTES];

	sandbox_reply_json_take(reply, status, json_incref(company));
	sandbox_reply_header(reply, "ETag", etag_of(company, etag));
}

/* The properties of the body, to be freed; NULL with the reply set. */
static json_t *
read_properties(const struct sandbox_request *request,
    struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);
	json_t *properties = json_incref(json_object_get(body, "properties"));

	if (body != NULL && !json_is_object(properties)) {
		refuse(
		    reply, 400, "VALIDATION_ERROR", "properties are missing");
		json_decref(properties);
		properties = NULL;
	}
	json_decref(body);
	return properties;
}

/* The company of the path, or NULL with the reply set. */
static json_t *
find(const struct sandbox *sandbox, const struct sandbox_request *request,
    struct sandbox_reply *reply)
{
	json_t *company = json_object_get(sandbox->companies->companies,
	    request->params[0]);

	if (company == NULL)
		refuse(reply, 404, "OBJECT_NOT_FOUND", "resource not found");
	return company;
}

/* Whether the caller knows the version that is there, or does not care. */
static bool
is_current(const json_t *company, const struct sandbox_request *request,
    struct sandbox_reply *reply)
{
	const char *wanted = sandbox_request_header(request, "If-Match");
	char etag[ETAG_BYTES];

	if (wanted[0] == '\0' || strcmp(wanted, etag_of(company, etag)) == 0)
		return true;
	refuse(reply, 412, "CONFLICT", "somebody has changed the company");
	return false;
}

static void
stamp(struct sandbox_company *companies, json_t *company, json_int_t version)
{
	char now[SANDBOX_TIME_BYTES];

	sandbox_time_format(sandbox_now_ms(), now);
	json_object_set_new(company, "updatedAt", json_string(now));
	json_object_set_new(company, "version", json_integer(version));
	sandbox_ledger_add_take(
	    companies->ledger, "company", json_incref(company));
}

void
sandbox_company_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *company = find(sandbox, request, reply);

	if (company != NULL)
		show(company, 200, reply);
}

void
sandbox_company_put(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct sandbox_company *companies = sandbox->companies;
	const char *key = request->params[0];
	json_t *properties = read_properties(request, reply);
	json_t *before = json_object_get(companies->companies, key);
	json_int_t version =
	    json_integer_value(json_object_get(before, "version"));
	bool is_new = before == NULL;
	json_t *company;

	if (properties == NULL)
		return;
	json_object_set_new(properties, KEY, json_string(key));
	company = json_pack("{s:s,s:o}", "id", key, "properties", properties);
	must(company != NULL);
	json_object_set_new(companies->companies, key, company);
	stamp(companies, company, version + 1);
	show(company, is_new ? 201 : 200, reply);
}

void
sandbox_company_update(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *properties = read_properties(request, reply);
	json_t *company = NULL;

	if (properties != NULL)
		company = find(sandbox, request, reply);
	if (company != NULL && is_current(company, request, reply)) {
		/* Its key is what it is found by, so that stays. */
		json_object_del(properties, KEY);
		json_object_update(
		    json_object_get(company, "properties"), properties);
		stamp(sandbox->companies, company,
		    1 + json_integer_value(
			json_object_get(company, "version")));
		show(company, 200, reply);
	}
	json_decref(properties);
}
