/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_tax.c: transactions by their code, see sandbox_tax.h. */
#include "sandbox_tax.h"

#include "sandbox_decimal.h"
#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include <stdlib.h>

#define RATE ((struct sandbox_decimal){100000}) /* 0.1 */

struct sandbox_tax {
	struct sandbox_ledger *ledger;
	json_t *transactions; /* by code */
	json_int_t sequence;
};

struct sandbox_tax *
sandbox_tax_new(struct sandbox_ledger *ledger)
{
	struct sandbox_tax *tax = calloc(1, sizeof(*tax));

	must(tax != NULL);
	tax->ledger = ledger;
	tax->transactions = json_object();
	return tax;
}

void
sandbox_tax_free(struct sandbox_tax **tax)
{
	if (*tax == NULL)
		return;
	json_decref((*tax)->transactions);
	free(*tax);
	*tax = NULL;
}

void
sandbox_tax_reset(struct sandbox_tax *tax)
{
	json_object_clear(tax->transactions);
}

json_t *
sandbox_tax_list(const struct sandbox_tax *tax)
{
	json_t *list = json_array();
	const char *code;
	json_t *transaction;

	json_object_foreach (tax->transactions, code, transaction)
		json_array_append(list, transaction);
	return list;
}

static void
refuse(struct sandbox_reply *reply, int status, const char *code, int number,
    const char *message)
{
	sandbox_reply_json_take(reply, status,
	    json_pack("{s:{s:s,s:s,s:[{s:s,s:i,s:s,s:s,s:s}]}}", "error",
		"code", code, "message", message, "details",
		"code", code, "number", number, "message", message,
		"faultCode", "Client", "severity", "Error"));
}

/* false where a line has no decimal amount. */
static bool
sum_lines(const json_t *lines, struct sandbox_decimal *total,
    struct sandbox_decimal *tax)
{
	*total = (struct sandbox_decimal){0};
	*tax = (struct sandbox_decimal){0};
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);
		struct sandbox_decimal amount;

		if (!sandbox_decimal_parse(sandbox_json_text(line, "amount"),
			&amount))
			return false;
		*total = sandbox_decimal_add(*total, amount);
		*tax = sandbox_decimal_add(*tax, sandbox_decimal_round(
		    sandbox_decimal_multiply(amount, RATE), 2));
	}
	return true;
}

static json_t *
transaction_new(struct sandbox_tax *tax, const json_t *body,
    struct sandbox_decimal total, struct sandbox_decimal due)
{
	const char *type = sandbox_json_text(body, "type");
	bool commits = json_is_true(json_object_get(body, "commit"));
	char total_text[SANDBOX_DECIMAL_BYTES];
	char due_text[SANDBOX_DECIMAL_BYTES];
	const char *status = "Temporary";

	if (type[0] != '\0')
		status = commits ? "Committed" : "Saved";
	return json_pack("{s:I,s:s,s:s,s:s,s:s,s:o,s:o,s:O?}",
	    "id", ++tax->sequence,
	    "code", sandbox_json_text(body, "code"),
	    "status", status,
	    "type", type[0] != '\0' ? type : "SalesOrder",
	    "currencyCode", sandbox_json_text(body, "currencyCode"),
	    "totalAmount",
	    sandbox_json_number(sandbox_decimal_format(total, total_text)),
	    "totalTax",
	    sandbox_json_number(sandbox_decimal_format(due, due_text)),
	    "lines", json_object_get(body, "lines"));
}

static bool
is_kept_for_good(const json_t *transaction)
{
	return strcmp(sandbox_json_text(transaction, "status"), "Committed") ==
	       0;
}

static void
create(struct sandbox_tax *tax, const json_t *body, struct sandbox_reply *reply)
{
	const char *code = sandbox_json_text(body, "code");
	const json_t *lines = json_object_get(body, "lines");
	struct sandbox_decimal total;
	struct sandbox_decimal due;
	json_t *transaction;

	if (json_array_size(lines) == 0) {
		refuse(reply, 400, "MissingLine", 311, "no lines");
		return;
	}
	if (!sum_lines(lines, &total, &due)) {
		refuse(reply, 400, "GetTaxError", 300, "a line has no amount");
		return;
	}
	if (is_kept_for_good(json_object_get(tax->transactions, code))) {
		refuse(reply, 400, "DocumentCodeConflict", 303,
		    "the document is committed already");
		return;
	}
	transaction = transaction_new(tax, body, total, due);
	must(transaction != NULL);
	if (sandbox_json_text(body, "type")[0] != '\0') {
		json_object_set(tax->transactions, code, transaction);
		sandbox_ledger_add_take(tax->ledger, "tax",
		    json_incref(transaction));
	}
	sandbox_reply_json_take(reply, 201, transaction);
}

void
sandbox_tax_create(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);

	if (body == NULL)
		return;
	create(sandbox->tax, body, reply);
	json_decref(body);
}

/* The transaction of the path, or NULL with the reply set. */
static json_t *
find(const struct sandbox *sandbox, const struct sandbox_request *request,
    struct sandbox_reply *reply)
{
	json_t *transaction = json_object_get(sandbox->tax->transactions,
	    request->params[0]);

	if (transaction == NULL)
		refuse(reply, 404, "EntityNotFoundError", 4,
		    "no such transaction");
	return transaction;
}

void
sandbox_tax_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *transaction = find(sandbox, request, reply);

	if (transaction != NULL)
		sandbox_reply_json_take(reply, 200, json_incref(transaction));
}

static void
set_status(struct sandbox_tax *tax, json_t *transaction, const char *status,
    struct sandbox_reply *reply)
{
	json_object_set_new(transaction, "status", json_string(status));
	sandbox_ledger_add_take(tax->ledger, "tax", json_incref(transaction));
	sandbox_reply_json_take(reply, 200, json_incref(transaction));
}

void
sandbox_tax_commit(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *transaction = find(sandbox, request, reply);

	if (transaction != NULL)
		set_status(sandbox->tax, transaction, "Committed", reply);
}

void
sandbox_tax_void(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *transaction = find(sandbox, request, reply);

	if (transaction == NULL)
		return;
	if (strcmp(sandbox_json_text(transaction, "status"), "Cancelled") == 0)
		refuse(reply, 400, "TransactionAlreadyCancelled", 198,
		    "the transaction is cancelled already");
	else
		set_status(sandbox->tax, transaction, "Cancelled", reply);
}

/* ------------------------------------------------------------------- VIES */

struct vat_answer {
	const char *number;
	const char *error; /* NULL: a verdict */
	bool valid;
	bool is_beside; /* the error stands beside `valid: false` */
};

static const struct vat_answer vat_answers[] = {
    {"100", NULL, true},
    {"200", NULL, false},
    {"201", "INVALID_INPUT", false},
    {"202", "INVALID_REQUESTER_INFO", false},
    {"300", "SERVICE_UNAVAILABLE", false},
    {"301", "MS_UNAVAILABLE", false},
    {"302", "TIMEOUT", false},
    {"400", "VAT_BLOCKED", false},
    {"401", "IP_BLOCKED", false},
    {"500", "GLOBAL_MAX_CONCURRENT_REQ", false},
    {"501", "GLOBAL_MAX_CONCURRENT_REQ_TIME", false},
    {"600", "MS_MAX_CONCURRENT_REQ", false},
    {"601", "MS_MAX_CONCURRENT_REQ_TIME", false},
    {"701", "MS_UNAVAILABLE", false, true},
    {NULL, NULL, true},
};

/* An outage comes as a 200, as it does there. */
void
sandbox_tax_check_vat(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);
	const char *number = sandbox_json_text(body, "vatNumber");
	const struct vat_answer *answer = vat_answers;
	char now[SANDBOX_TIME_BYTES];

	(void)sandbox;
	if (body == NULL)
		return;
	while (answer->number != NULL && strcmp(answer->number, number) != 0)
		answer++;
	if (answer->is_beside)
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:b,s:s,s:s}", "valid", 0, "userError",
			answer->error, "name", "---"));
	else if (answer->error != NULL)
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:b,s:[{s:s}]}", "actionSucceed", 0,
			"errorWrappers", "error", answer->error));
	else
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:s}",
			"countryCode", sandbox_json_text(body, "countryCode"),
			"vatNumber", number, "requestDate",
			sandbox_time_format(sandbox_now_ms(), now),
			"valid", answer->valid, "requestIdentifier", "WAPI1",
			"name", "---", "address", "---"));
	json_decref(body);
}
