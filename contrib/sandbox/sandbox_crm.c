/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_crm.c: deals in one JSON object by id, see sandbox_crm.h. */
#include "sandbox_crm.h"

#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY "engine_key"

struct sandbox_crm {
	struct sandbox_ledger *ledger;
	json_t *deals; /* by id */
	json_t *ids; /* by engine_key */
	uint64_t sequence;
};

struct sandbox_crm *
sandbox_crm_new(struct sandbox_ledger *ledger)
{
	struct sandbox_crm *crm = calloc(1, sizeof(*crm));

	must(crm != NULL);
	crm->ledger = ledger;
	crm->deals = json_object();
	crm->ids = json_object();
	return crm;
}

void
sandbox_crm_free(struct sandbox_crm **crm)
{
	if (*crm == NULL)
		return;
	json_decref((*crm)->deals);
	json_decref((*crm)->ids);
	free(*crm);
	*crm = NULL;
}

void
sandbox_crm_reset(struct sandbox_crm *crm)
{
	json_object_clear(crm->deals);
	json_object_clear(crm->ids);
}

json_t *
sandbox_crm_deals(const struct sandbox_crm *crm)
{
	json_t *list = json_array();
	const char *id;
	json_t *deal;

	json_object_foreach (crm->deals, id, deal)
		json_array_append(list, deal);
	return list;
}

static void
refuse(struct sandbox_reply *reply, int status, const char *category,
    const char *message)
{
	sandbox_reply_json_take(reply, status,
	    json_pack("{s:s,s:s,s:s,s:s}", "status", "error", "message",
		message, "correlationId", "sandbox", "category", category));
}

static json_t *
find_by_key(const struct sandbox_crm *crm, const char *key)
{
	const char *id = json_string_value(json_object_get(crm->ids, key));

	return id != NULL ? json_object_get(crm->deals, id) : NULL;
}

/* The deal of the path, or NULL with the reply set. */
static json_t *
find_by_path(const struct sandbox_crm *crm,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *property = sandbox_request_query(request, "idProperty");
	const char *name = request->params[0];
	json_t *deal = strcmp(property, KEY) == 0
	    ? find_by_key(crm, name)
	    : json_object_get(crm->deals, name);

	if (deal == NULL)
		refuse(reply, 404, "OBJECT_NOT_FOUND", "resource not found");
	return deal;
}

static void
record(const struct sandbox_crm *crm, const char *what, json_t *deal)
{
	sandbox_ledger_add_take(crm->ledger, what, json_incref(deal));
}

/* Borrowed. */
static json_t *
deal_add(struct sandbox_crm *crm, json_t *properties)
{
	const char *key = sandbox_json_text(properties, KEY);
	char now[SANDBOX_TIME_BYTES];
	char id[32];
	json_t *deal;

	snprintf(id, sizeof(id), "%llu", (unsigned long long)++crm->sequence);
	sandbox_time_format(sandbox_now_ms(), now);
	deal = json_pack("{s:s,s:O,s:s,s:s,s:b}", "id", id, "properties",
	    properties, "createdAt", now, "updatedAt", now, "archived", 0);
	must(deal != NULL);
	json_object_set_new(crm->deals, id, deal);
	if (key[0] != '\0')
		json_object_set_new(crm->ids, key, json_string(id));
	record(crm, "deal-create", deal);
	return deal;
}

static void
deal_change(struct sandbox_crm *crm, json_t *deal, json_t *properties)
{
	char now[SANDBOX_TIME_BYTES];

	json_object_update(json_object_get(deal, "properties"), properties);
	sandbox_time_format(sandbox_now_ms(), now);
	json_object_set_new(deal, "updatedAt", json_string(now));
	record(crm, "deal-update", deal);
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

void
sandbox_crm_create(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct sandbox_crm *crm = sandbox->crm;
	json_t *properties = read_properties(request, reply);

	if (properties == NULL)
		return;
	if (find_by_key(crm, sandbox_json_text(properties, KEY)) != NULL)
		refuse(reply, 409, "CONFLICT", KEY " has this value already");
	else
		sandbox_reply_json_take(reply, 201,
		    json_incref(deal_add(crm, properties)));
	json_decref(properties);
}

void
sandbox_crm_list(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	(void)request;
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:o}", "results", sandbox_crm_deals(sandbox->crm)));
}

void
sandbox_crm_put(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct sandbox_crm *crm = sandbox->crm;
	const char *condition =
	    sandbox_request_header(request, "If-None-Match");
	json_t *properties = read_properties(request, reply);
	json_t *deal = find_by_key(crm, request->params[0]);

	if (properties == NULL)
		return;
	json_object_set_new(properties, KEY, json_string(request->params[0]));
	if (deal == NULL) {
		sandbox_reply_json_take(reply, 201,
		    json_incref(deal_add(crm, properties)));
	} else if (strcmp(condition, "*") == 0) {
		refuse(reply, 412, "CONFLICT", "the deal is there already");
	} else {
		deal_change(crm, deal, properties);
		sandbox_reply_json_take(reply, 200, json_incref(deal));
	}
	json_decref(properties);
}

void
sandbox_crm_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *deal = find_by_path(sandbox->crm, request, reply);

	if (deal != NULL)
		sandbox_reply_json_take(reply, 200, json_incref(deal));
}

void
sandbox_crm_update(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *properties = read_properties(request, reply);
	json_t *deal = NULL;

	if (properties != NULL)
		deal = find_by_path(sandbox->crm, request, reply);
	if (deal != NULL) {
		/* Its key is what it is found by, so that stays. */
		json_object_del(properties, KEY);
		deal_change(sandbox->crm, deal, properties);
		sandbox_reply_json_take(reply, 200, json_incref(deal));
	}
	json_decref(properties);
}

void
sandbox_crm_delete(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct sandbox_crm *crm = sandbox->crm;
	json_t *deal = find_by_path(crm, request, reply);

	if (deal == NULL)
		return;
	record(crm, "deal-delete", deal);
	json_object_del(crm->ids, sandbox_json_text(deal, "properties." KEY));
	json_object_del(crm->deals, sandbox_json_text(deal, "id"));
	sandbox_reply_text(reply, 204, NULL, "");
}
