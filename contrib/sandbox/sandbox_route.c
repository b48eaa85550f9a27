/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_route.c: the table of all endpoints, see sandbox_route.h. */
#include "sandbox_route.h"

#include "sandbox_account.h"
#include "sandbox_bank.h"
#include "sandbox_card.h"
#include "sandbox_chat.h"
#include "sandbox_company.h"
#include "sandbox_control.h"
#include "sandbox_crm.h"
#include "sandbox_desk.h"
#include "sandbox_front.h"
#include "sandbox_odoo.h"
#include "sandbox_screen.h"
#include "sandbox_tax.h"
#include "sandbox_token.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/http.h>

static const struct sandbox_route routes[] = {
    {"*", "/stub/call/{n}", sandbox_chat_stub},

    {"POST", "/bank/domestic-payments", sandbox_bank_submit},
    {"GET", "/bank/domestic-payments", sandbox_bank_find},
    {"GET", "/bank/domestic-payments/{id}", sandbox_bank_get},
    {"DELETE", "/bank/domestic-payments/{id}", sandbox_bank_cancel},
    {"GET", "/bank/statement", sandbox_bank_statement},
    {"POST", "/bank/payee-verifications", sandbox_screen_payee},
    {"GET", "/bank/accounts/{id}/balances", sandbox_account_balances},
    {"GET", "/bank/accounts/{id}/statements", sandbox_account_statements},
    {"GET", "/bank/accounts/{id}/statements/{statement}/transactions",
	sandbox_account_transactions},

    {"GET", "/treasury/positions/{account}", sandbox_positions_get},
    {"PUT", "/treasury/positions/{account}", sandbox_positions_put},
    {"PUT", "/treasury/positions/{account}/stale",
	sandbox_positions_mark_stale},

    {"GET", "/stripe/v1/payment_intents/{id}", sandbox_card_payment},
    {"POST", "/stripe/v1/refunds", sandbox_card_refund},
    {"GET", "/stripe/v1/refunds", sandbox_card_find_refunds},
    {"GET", "/stripe/v1/refunds/{id}", sandbox_card_get_refund},
    {"GET", "/stripe/v1/disputes/{id}", sandbox_card_get_dispute},
    {"POST", "/stripe/v1/disputes/{id}", sandbox_card_submit_evidence},
    {"POST", "/stripe/v1/disputes/{id}/close", sandbox_card_close_dispute},

    {"POST", "/compliance/screen", sandbox_screen_name},
    {"POST", "/compliance/match/{dataset}", sandbox_screen_match},

    {"*", "/odoo/jsonrpc", sandbox_odoo_jsonrpc},
    {"POST", "/odoo/json/2/{model}/{method}", sandbox_odoo_json2},

    {"POST", "/crm/v3/objects/deals", sandbox_crm_create},
    {"GET", "/crm/v3/objects/deals", sandbox_crm_list},
    {"PUT", "/crm/v3/objects/deals/{key}", sandbox_crm_put},
    {"GET", "/crm/v3/objects/deals/{id}", sandbox_crm_get},
    {"PATCH", "/crm/v3/objects/deals/{id}", sandbox_crm_update},
    {"DELETE", "/crm/v3/objects/deals/{id}", sandbox_crm_delete},

    {"GET", "/crm/v3/objects/companies/{key}", sandbox_company_get},
    {"PUT", "/crm/v3/objects/companies/{key}", sandbox_company_put},
    {"PATCH", "/crm/v3/objects/companies/{key}", sandbox_company_update},

    {"POST", "/tax/transactions/create", sandbox_tax_create},
    {"GET", "/tax/transactions/{code}", sandbox_tax_get},
    {"POST", "/tax/transactions/{code}/commit", sandbox_tax_commit},
    {"POST", "/tax/transactions/{code}/void", sandbox_tax_void},
    {"POST", "/tax/check-vat-number", sandbox_tax_check_vat},

    {"PUT", "/letters/{name}", sandbox_desk_send_letter},
    {"PUT", "/agency/cases/{reference}", sandbox_desk_place_case},
    {"DELETE", "/agency/cases/{reference}", sandbox_desk_recall_case},

    {"POST", "/chat/post", sandbox_chat_post},

    {"POST", "/oauth2/token", sandbox_token_give},
    {"*", "/oauth2/protected/{n}", sandbox_token_guard},

    {"POST", "/control/oauth2", sandbox_token_control},
    {"GET", "/control/ledger", sandbox_control_ledger},
    {"GET", "/control/mail", sandbox_control_mail},
    {"GET", "/control/tls", sandbox_front_control},
    {"POST", "/control/reset", sandbox_control_reset},
    {"POST", "/control/faults", sandbox_control_add_faults},
    {"GET", "/control/faults", sandbox_control_list_faults},
    {"DELETE", "/control/faults", sandbox_control_clear_faults},
    {"POST", "/control/chaos", sandbox_control_chaos},
    {"POST", "/control/webhooks", sandbox_control_webhooks},
    {"POST", "/control/delays", sandbox_control_delays},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

static char *
decode(struct str segment)
{
	char *raw = strndup(segment.at, segment.bytes);
	char *decoded = raw ? evhttp_uridecode(raw, 0, NULL) : NULL;

	must(decoded != NULL);
	free(raw);
	return decoded;
}

static bool
segment_fits(struct str want, struct str have)
{
	if (want.bytes > 0 && want.at[0] == '{')
		return have.bytes > 0;
	return str_equal(want, have);
}

static bool
path_fits(struct str pattern, struct str path)
{
	while (pattern.at != NULL && path.at != NULL) {
		struct str want = str_split(pattern, '/', &pattern);
		struct str have = str_split(path, '/', &path);
		if (!segment_fits(want, have))
			return false;
	}
	return pattern.at == NULL && path.at == NULL;
}

static void
copy_params(struct str pattern, struct str path,
    struct sandbox_request *request)
{
	size_t count = 0;

	while (pattern.at != NULL) {
		struct str want = str_split(pattern, '/', &pattern);
		struct str have = str_split(path, '/', &path);
		if (want.bytes == 0 || want.at[0] != '{')
			continue;
		must(count < SANDBOX_PARAMS_MAX);
		request->params[count++] = decode(have);
	}
}

void
sandbox_route_free_params(struct sandbox_request *request)
{
	for (size_t i = 0; i < SANDBOX_PARAMS_MAX; i++) {
		free(request->params[i]);
		request->params[i] = NULL;
	}
}

const struct sandbox_route *
sandbox_route_find(struct sandbox_request *request, int *status)
{
	struct str path = str_of(request->path);

	*status = 404;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct sandbox_route *route = &routes[i];

		if (!path_fits(str_of(route->pattern), path))
			continue;
		if (strcmp(route->method, "*") != 0 &&
		    strcmp(route->method, request->method) != 0) {
			*status = 405;
			continue;
		}
		copy_params(str_of(route->pattern), path, request);
		return route;
	}
	return NULL;
}

/* ----------------------------------------------------------------- calls */

struct sandbox_calls {
	uint64_t counts[ROUTE_COUNT];
};

struct sandbox_calls *
sandbox_calls_new(void)
{
	struct sandbox_calls *calls = calloc(1, sizeof(*calls));

	must(calls != NULL);
	return calls;
}

void
sandbox_calls_free(struct sandbox_calls **calls)
{
	free(*calls);
	*calls = NULL;
}

void
sandbox_calls_reset(struct sandbox_calls *calls)
{
	*calls = (struct sandbox_calls){{0}};
}

void
sandbox_calls_add(
    struct sandbox_calls *calls, const struct sandbox_route *route)
{
	must(route >= routes && route < routes + ROUTE_COUNT);
	calls->counts[route - routes]++;
}

json_t *
sandbox_calls_json(const struct sandbox_calls *calls)
{
	json_t *object = json_object();
	char name[128];

	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (calls->counts[i] == 0)
			continue;
		snprintf(name, sizeof(name), "%s %s", routes[i].method,
		    routes[i].pattern);
		json_object_set_new(object, name,
		    json_integer((json_int_t)calls->counts[i]));
	}
	return object;
}
