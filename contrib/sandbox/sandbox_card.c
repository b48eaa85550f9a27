/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_card.c: refunds and disputes, see sandbox_card.h. */
#include "sandbox_card.h"

#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#define RECEIVED 100000
#define AMOUNT_MAX 99999999

struct sandbox_card {
	struct sandbox_ledger *ledger;
	json_t *refunds; /* in order */
	json_t *by_key; /* {form, id} under each idempotency key */
	json_t *disputes; /* status and submissions by id */
};

struct sandbox_card *
sandbox_card_new(struct sandbox_ledger *ledger)
{
	struct sandbox_card *card = calloc(1, sizeof(*card));

	must(card != NULL);
	card->ledger = ledger;
	card->refunds = json_array();
	card->by_key = json_object();
	card->disputes = json_object();
	return card;
}

void
sandbox_card_free(struct sandbox_card **card)
{
	if (*card == NULL)
		return;
	json_decref((*card)->refunds);
	json_decref((*card)->by_key);
	json_decref((*card)->disputes);
	free(*card);
	*card = NULL;
}

void
sandbox_card_reset(struct sandbox_card *card)
{
	json_array_clear(card->refunds);
	json_object_clear(card->by_key);
	json_object_clear(card->disputes);
}

json_t *
sandbox_card_list(const struct sandbox_card *card)
{
	return json_incref(card->refunds);
}

/* ---------------------------------------------------------------- forms */

static void
refuse(struct sandbox_reply *reply, int status, const char *type,
    const char *code, const char *message)
{
	sandbox_reply_json_take(reply, status,
	    json_pack("{s:{s:s,s:s,s:s}}", "error", "type", type, "code", code,
		"message", message));
}

/* libevent decodes a field's value, but not its name. */
static void
put_field(json_t *form, const struct evkeyval *field)
{
	char *name = evhttp_uridecode(field->key, 1, NULL);

	must(name != NULL);
	json_object_set_new(form, name, json_string(field->value));
	free(name);
}

/* The fields of a form as an object; NULL with the reply set. */
static json_t *
read_form(const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct evkeyvalq fields = {0};
	struct evkeyval *field;
	char *text = strndup(request->body.at ? request->body.at : "",
	    request->body.bytes);
	json_t *form = NULL;

	must(text != NULL);
	TAILQ_INIT(&fields);
	if (evhttp_parse_query_str(text, &fields) == 0) {
		form = json_object();
		TAILQ_FOREACH (field, &fields, next)
			put_field(form, field);
		evhttp_clear_headers(&fields);
	} else {
		refuse(reply, 400, "invalid_request_error", "parameter_invalid",
		    "the body is not a form");
	}
	free(text);
	return form;
}

/* --------------------------------------------------------------- refunds */

static int64_t
refunded(const struct sandbox_card *card, const char *payment)
{
	int64_t sum = 0;

	for (size_t i = 0; i < json_array_size(card->refunds); i++) {
		const json_t *refund = json_array_get(card->refunds, i);

		if (strcmp(sandbox_json_text(refund, "payment_intent"),
		    payment) == 0 &&
		    strcmp(sandbox_json_text(refund, "status"), "failed") != 0)
			sum += json_integer_value(
			    json_object_get(refund, "amount"));
	}
	return sum;
}

static json_t *
refund_of(const struct sandbox_card *card, const char *id)
{
	for (size_t i = 0; i < json_array_size(card->refunds); i++) {
		json_t *refund = json_array_get(card->refunds, i);

		if (strcmp(sandbox_json_text(refund, "id"), id) == 0)
			return refund;
	}
	return NULL;
}

void
sandbox_card_payment(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *id = request->params[0];

	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:s,s:s,s:I,s:s,s:s,s:{s:s,s:I,s:b}}", "id", id,
		"object", "payment_intent", "amount_received",
		(json_int_t)RECEIVED, "currency", "eur", "status", "succeeded",
		"latest_charge", "object", "charge", "amount_refunded",
		(json_int_t)refunded(sandbox->card, id), "disputed",
		strstr(id, "DISPUTED") != NULL));
}

static const char *
status_of(const char *payment)
{
	if (strstr(payment, "FAILED"))
		return "failed";
	return strstr(payment, "PENDING") ? "pending" : "succeeded";
}

static void
take_refund(struct sandbox_card *card, const char *key, json_t *form,
    int64_t amount, struct sandbox_reply *reply)
{
	const char *payment = sandbox_json_text(form, "payment_intent");
	char id[32];
	json_t *refund;

	snprintf(id, sizeof(id), "re_%zu", json_array_size(card->refunds) + 1);
	refund = json_pack("{s:s,s:s,s:I,s:s,s:s,s:s,s:{s:s},s:n}", "id", id,
	    "object", "refund", "amount", (json_int_t)amount, "currency",
	    "eur", "payment_intent", payment, "status", status_of(payment),
	    "metadata", "reference",
	    sandbox_json_text(form, "metadata[reference]"), "failure_reason");
	must(refund != NULL);
	json_array_append_new(card->refunds, refund);
	json_object_set_new(card->by_key, key,
	    json_pack("{s:O,s:s}", "form", form, "id", id));
	sandbox_ledger_add_take(card->ledger, "refund", json_incref(refund));
	sandbox_reply_json_take(reply, 200, json_incref(refund));
}

static void
answer_refund(struct sandbox_card *card, const char *key, json_t *form,
    struct sandbox_reply *reply)
{
	const json_t *before = json_object_get(card->by_key, key);
	const char *payment = sandbox_json_text(form, "payment_intent");
	int64_t amount = 0;

	if (key[0] != '\0' && before != NULL) {
		if (json_equal(json_object_get(before, "form"), form))
			sandbox_reply_json_take(reply, 200, json_incref(
			    refund_of(card, sandbox_json_text(before, "id"))));
		else
			refuse(reply, 400, "idempotency_error", "",
			    "the key was used with other parameters");
		return;
	}
	if (!str_parse_int(str_of(sandbox_json_text(form, "amount")), 1,
	    AMOUNT_MAX, &amount) || payment[0] == '\0')
		refuse(reply, 400, "invalid_request_error", "parameter_invalid",
		    "payment_intent and a whole amount are needed");
	else if (strstr(payment, "DISPUTED") ||
	    refunded(card, payment) + amount > RECEIVED)
		refuse(reply, 400, "invalid_request_error",
		    strstr(payment, "DISPUTED") ? "charge_disputed" :
		    "charge_already_refunded", "it can't be refunded");
	else
		take_refund(card, key, form, amount, reply);
}

void
sandbox_card_refund(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *form = read_form(request, reply);

	if (form == NULL)
		return;
	answer_refund(sandbox->card,
	    sandbox_request_header(request, "idempotency-key"), form, reply);
	json_decref(form);
}

void
sandbox_card_find_refunds(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *payment = sandbox_request_query(request, "payment_intent");
	json_t *found = json_array();

	for (size_t i = 0; i < json_array_size(sandbox->card->refunds); i++) {
		json_t *refund = json_array_get(sandbox->card->refunds, i);

		if (strcmp(sandbox_json_text(refund, "payment_intent"),
		    payment) == 0)
			json_array_append(found, refund);
	}
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:s,s:o,s:b}", "object", "list", "data", found,
		"has_more", 0));
}

/* Whoever asks about a pending one finds it arrived the next time. */
void
sandbox_card_get_refund(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *refund = refund_of(sandbox->card, request->params[0]);

	if (refund == NULL) {
		refuse(reply, 404, "invalid_request_error", "resource_missing",
		    "no such refund");
		return;
	}
	sandbox_reply_json_take(reply, 200, json_deep_copy(refund));
	if (strcmp(sandbox_json_text(refund, "status"), "pending") == 0)
		json_object_set_new(refund, "status", json_string("succeeded"));
}

/* -------------------------------------------------------------- disputes */

static json_t *
dispute_of(struct sandbox_card *card, const char *id)
{
	json_t *dispute = json_object_get(card->disputes, id);

	if (dispute != NULL)
		return dispute;
	dispute = json_pack("{s:s,s:s,s:s,s:{s:i}}", "id", id, "object",
	    "dispute", "status", "needs_response", "evidence_details",
	    "submission_count", 0);
	must(dispute != NULL);
	json_object_set_new(card->disputes, id, dispute);
	return dispute;
}

static bool
is_open(const json_t *dispute)
{
	return strcmp(sandbox_json_text(dispute, "status"),
	    "needs_response") == 0;
}

/* Under review it is decided as soon as somebody asks. */
void
sandbox_card_get_dispute(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *id = request->params[0];
	json_t *dispute = dispute_of(sandbox->card, id);

	if (strcmp(sandbox_json_text(dispute, "status"), "under_review") == 0)
		json_object_set_new(dispute, "status",
		    json_string(strstr(id, "WON") ? "won" : "lost"));
	sandbox_reply_json_take(reply, 200, json_incref(dispute));
}

static void
close_as(struct sandbox *sandbox, const struct sandbox_request *request,
    const char *status, int submissions, struct sandbox_reply *reply)
{
	json_t *dispute = dispute_of(sandbox->card, request->params[0]);

	if (!is_open(dispute)) {
		refuse(reply, 400, "invalid_request_error", "",
		    "the dispute takes nothing any more");
		return;
	}
	json_object_set_new(dispute, "status", json_string(status));
	json_object_set_new(json_object_get(dispute, "evidence_details"),
	    "submission_count", json_integer(submissions));
	sandbox_ledger_add_take(sandbox->card->ledger, "dispute",
	    json_deep_copy(dispute));
	sandbox_reply_json_take(reply, 200, json_incref(dispute));
}

void
sandbox_card_submit_evidence(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	close_as(sandbox, request, "under_review", 1, reply);
}

void
sandbox_card_close_dispute(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	close_as(sandbox, request, "lost", 0, reply);
}
