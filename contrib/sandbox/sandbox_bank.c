/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_bank.c: payments, each walking through its plan by a timer.
 *
 * A plan is a row of steps: what becomes of the payment, when, and which
 * webhook tells of it.  The payment's real state moves in this order whatever
 * faults its webhooks have.
 */
#include "sandbox_bank.h"

#include "sandbox_decimal.h"
#include "sandbox_hook.h"
#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include "stated/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>

#define ID_BYTES 64
/* How long after the settlement an out-of-order webhook is told. */
#define OUT_OF_ORDER_LAG_MS 100

enum order_state {
	ORDER_PENDING,
	ORDER_ACCEPTED,
	ORDER_SETTLING,
	ORDER_SETTLED,
	ORDER_MATCHED,
	ORDER_RETURNED,
	ORDER_REJECTED,
	ORDER_CANCELLED,
};

/* The names of a state: ours in the ledger, the API's, and the webhook's. */
static const struct {
	const char *name;
	const char *status;
	const char *webhook;
} states[] = {
    [ORDER_PENDING] = {"pending", "Pending", NULL},
    [ORDER_ACCEPTED] = {"accepted", "AcceptedSettlementInProcess",
	"payment.accepted"},
    [ORDER_SETTLING] = {"settling", "AcceptedSettlementInProcess",
	"payment.settling"},
    [ORDER_SETTLED] = {"settled", "AcceptedSettlementCompleted",
	"payment.settled"},
    [ORDER_MATCHED] = {"matched", "AcceptedCreditSettlementCompleted",
	"statement.matched"},
    [ORDER_RETURNED] = {"returned", "Rejected", "payment.returned"},
    [ORDER_REJECTED] = {"rejected", "Rejected", "payment.rejected"},
    [ORDER_CANCELLED] = {"cancelled", "Cancelled", NULL},
};

struct step {
	enum order_state state;
	enum sandbox_bank_delay delay;
};

#define STEPS_MAX 4

struct plan {
	const char *word; /* what asks for it; NULL: the plan of all others */
	bool silent;
	size_t step_count;
	struct step steps[STEPS_MAX];
};

#define STEPS_TO_SETTLED                                                       \
	{ORDER_ACCEPTED, SANDBOX_DELAY_ACCEPTED},                              \
	    {ORDER_SETTLING, SANDBOX_DELAY_SETTLING},                          \
	    {ORDER_SETTLED, SANDBOX_DELAY_SETTLED}

static const struct plan plans[] = {
    {"REJECT-LATER", false, 1, {{ORDER_REJECTED, SANDBOX_DELAY_ACCEPTED}}},
    {"RETURN", false, 4,
	{STEPS_TO_SETTLED, {ORDER_RETURNED, SANDBOX_DELAY_MATCHED}}},
    {"SILENT", true, 4,
	{STEPS_TO_SETTLED, {ORDER_MATCHED, SANDBOX_DELAY_MATCHED}}},
    {NULL, false, 4,
	{STEPS_TO_SETTLED, {ORDER_MATCHED, SANDBOX_DELAY_MATCHED}}},
};

struct order {
	TAILQ_ENTRY(order) all_link;
	struct order *next_of_reference; /* an earlier one, or NULL */
	struct sandbox_bank *bank;
	char id[ID_BYTES];
	char *key; /* "" where it came without */
	json_t *body; /* what was posted */
	const char *reference; /* these three lie in body */
	const char *amount;
	const char *currency;
	enum order_state state;
	const struct plan *plan;
	size_t step; /* the next of the plan */
	struct sandbox_webhook_faults faults;
	struct event *timer;
	int64_t created_ms;
	int64_t changed_ms;
	int64_t settled_ms; /* 0: the money has not moved */
	int posts; /* how many POSTs were answered with it */
};

struct sandbox_bank {
	struct sandbox_bank_options options;
	char *id_stem;
	TAILQ_HEAD(, order) orders;
	struct map *by_id;
	struct map *by_key;
	struct map *by_reference; /* the latest of each */
	uint64_t sequence;
};

struct sandbox_bank *
sandbox_bank_new(const struct sandbox_bank_options *options)
{
	struct sandbox_bank *bank = calloc(1, sizeof(*bank));

	must(bank != NULL);
	bank->options = *options;
	bank->id_stem = strdup(options->id_stem);
	must(bank->id_stem != NULL);
	TAILQ_INIT(&bank->orders);
	bank->by_id = map_new();
	bank->by_key = map_new();
	bank->by_reference = map_new();
	return bank;
}

static void
order_free(struct order *order)
{
	event_free(order->timer);
	json_decref(order->body);
	free(order->key);
	free(order);
}

static void
forget_orders(struct sandbox_bank *bank)
{
	struct order *order;

	while ((order = TAILQ_FIRST(&bank->orders)) != NULL) {
		TAILQ_REMOVE(&bank->orders, order, all_link);
		order_free(order);
	}
	map_free(&bank->by_id);
	map_free(&bank->by_key);
	map_free(&bank->by_reference);
}

void
sandbox_bank_reset(struct sandbox_bank *bank)
{
	forget_orders(bank);
	bank->by_id = map_new();
	bank->by_key = map_new();
	bank->by_reference = map_new();
}

void
sandbox_bank_free(struct sandbox_bank **bank)
{
	if (*bank == NULL)
		return;
	forget_orders(*bank);
	free((*bank)->id_stem);
	free(*bank);
	*bank = NULL;
}

void
sandbox_bank_set_delays(struct sandbox_bank *bank,
    const int64_t delay_ms[SANDBOX_DELAY_COUNT])
{
	for (int i = 0; i < SANDBOX_DELAY_COUNT; i++) {
		if (delay_ms[i] >= 0)
			bank->options.delay_ms[i] = delay_ms[i];
	}
}

/* ------------------------------------------------------- orders as JSON */

static json_t *
order_ledger_json(const struct order *order)
{
	char created[SANDBOX_TIME_BYTES];

	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:s}",
	    "id", order->id,
	    "reference", order->reference,
	    "amount", order->amount,
	    "currency", order->currency,
	    "key", order->key,
	    "status", states[order->state].name,
	    "posts", order->posts,
	    "created", sandbox_time_format(order->created_ms, created));
}

static json_t *
order_resource_json(const struct order *order)
{
	char created[SANDBOX_TIME_BYTES];
	char changed[SANDBOX_TIME_BYTES];

	return json_pack("{s:s,s:s,s:s,s:s,s:O}",
	    "DomesticPaymentId", order->id,
	    "Status", states[order->state].status,
	    "CreationDateTime", sandbox_time_format(order->created_ms, created),
	    "StatusUpdateDateTime",
	    sandbox_time_format(order->changed_ms, changed),
	    "Initiation", sandbox_json_at(order->body, "Data.Initiation"));
}

json_t *
sandbox_bank_list(const struct sandbox_bank *bank, const char *reference)
{
	json_t *list = json_array();
	struct order *order;

	TAILQ_FOREACH (order, &bank->orders, all_link) {
		if (reference[0] == '\0' ||
		    strcmp(reference, order->reference) == 0)
			json_array_append_new(list, order_ledger_json(order));
	}
	return list;
}

/* ------------------------------------------------- how a payment goes on */

static void
order_tell(struct order *order)
{
	struct sandbox_bank *bank = order->bank;
	const int64_t *delay_ms = bank->options.delay_ms;
	int64_t wait_ms = 0;
	json_t *data;

	if (order->plan->silent || states[order->state].webhook == NULL)
		return;
	if ((order->faults.bits & SANDBOX_WEBHOOK_OUT_OF_ORDER) &&
	    order->state == ORDER_ACCEPTED)
		wait_ms = delay_ms[SANDBOX_DELAY_SETTLED] -
		    delay_ms[SANDBOX_DELAY_ACCEPTED] + OUT_OF_ORDER_LAG_MS;
	data = json_pack("{s:s,s:s,s:s,s:s}", "id", order->id,
	    "reference", order->reference, "amount", order->amount,
	    "currency", order->currency);
	must(data != NULL);
	sandbox_hook_send(bank->options.hook,
	    &(struct sandbox_hook_message){
		.type = states[order->state].webhook,
		.subject = order->id,
		.reference = order->reference,
		.data = data,
		.data_name = "payment",
		.faults = order->faults,
		.delay_ms = wait_ms > 0 ? wait_ms : 0,
	    });
	json_decref(data);
}

static void
order_move(struct order *order, enum order_state state)
{
	must(state > order->state);
	order->state = state;
	order->changed_ms = sandbox_now_ms();
	if (state == ORDER_SETTLED)
		order->settled_ms = order->changed_ms;
	order_tell(order);
}

static void
order_arm(struct order *order)
{
	const struct step *step = &order->plan->steps[order->step];
	struct timeval delay;
	int64_t wait_ms;
	int failed;

	if (order->step == order->plan->step_count)
		return;
	wait_ms = order->created_ms +
	    order->bank->options.delay_ms[step->delay] - sandbox_now_ms();
	if (wait_ms < 0)
		wait_ms = 0;
	delay = (struct timeval){wait_ms / 1000, (wait_ms % 1000) * 1000};
	failed = evtimer_add(order->timer, &delay);
	must(failed == 0);
}

static void
step_cb(evutil_socket_t fd, short what, void *arg)
{
	struct order *order = arg;

	(void)fd;
	(void)what;
	must(order->step < order->plan->step_count);
	order_move(order, order->plan->steps[order->step].state);
	order->step++;
	order_arm(order);
}

/* --------------------------------------------------------------- errors */

static void
refuse(struct sandbox_reply *reply, int status, const char *code,
    const char *error_code, const char *path, const char *message)
{
	json_t *error = json_pack("{s:s,s:s}", "ErrorCode", error_code,
	    "Message", message);

	if (path != NULL)
		json_object_set_new(error, "Path", json_string(path));
	sandbox_reply_json_take(reply, status,
	    json_pack("{s:s,s:s,s:s,s:[o]}", "Code", code, "Id", "sandbox",
		"Message", message, "Errors", error));
}

static void
refuse_field(struct sandbox_reply *reply, const char *path, bool missing)
{
	refuse(reply, 400, "400 BadRequest",
	    missing ? "UK.OBIE.Field.Missing" : "UK.OBIE.Field.Invalid", path,
	    missing ? "a field is missing" : "a field is invalid");
}

/* ------------------------------------------------------------ new orders */

static bool
is_positive_amount(const char *text)
{
	struct sandbox_decimal amount;

	return sandbox_decimal_parse(text, &amount) &&
	    sandbox_decimal_compare(amount, (struct sandbox_decimal){0}) > 0;
}

#define PATH_REFERENCE "Data.Initiation.InstructionIdentification"
#define PATH_AMOUNT "Data.Initiation.InstructedAmount.Amount"
#define PATH_CURRENCY "Data.Initiation.InstructedAmount.Currency"

static bool
check_order(const json_t *body, struct sandbox_reply *reply)
{
	static const char *const required[] = {PATH_REFERENCE, PATH_AMOUNT,
	    PATH_CURRENCY};

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (sandbox_json_text(body, required[i])[0] == '\0') {
			refuse_field(reply, required[i], true);
			return false;
		}
	}
	if (strlen(sandbox_json_text(body, PATH_REFERENCE)) > 35) {
		refuse_field(reply, PATH_REFERENCE, false);
		return false;
	}
	if (!is_positive_amount(sandbox_json_text(body, PATH_AMOUNT))) {
		refuse_field(reply, PATH_AMOUNT, false);
		return false;
	}
	if (strlen(sandbox_json_text(body, PATH_CURRENCY)) != 3) {
		refuse_field(reply, PATH_CURRENCY, false);
		return false;
	}
	return true;
}

static bool
order_asks_for(const json_t *body, const char *word)
{
	static const char *const places[] = {PATH_REFERENCE,
	    "Data.Initiation.CreditorAccount.Name",
	    "Data.Initiation.Creditor.Name"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strstr(sandbox_json_text(body, places[i]), word) != NULL)
			return true;
	}
	return false;
}

static const struct plan *
plan_of(const json_t *body)
{
	const struct plan *plan = plans;

	while (plan->word != NULL && !order_asks_for(body, plan->word))
		plan++;
	return plan;
}

static struct order *
order_new(struct sandbox_bank *bank, const char *key, json_t *body,
    const struct sandbox_webhook_faults *faults)
{
	struct order *order = calloc(1, sizeof(*order));

	must(order != NULL);
	order->bank = bank;
	order->key = strdup(key);
	order->body = json_incref(body);
	order->reference = sandbox_json_text(body, PATH_REFERENCE);
	order->amount = sandbox_json_text(body, PATH_AMOUNT);
	order->currency = sandbox_json_text(body, PATH_CURRENCY);
	order->plan = plan_of(body);
	order->faults = *faults;
	order->created_ms = sandbox_now_ms();
	order->changed_ms = order->created_ms;
	order->timer = evtimer_new(bank->options.base, step_cb, order);
	must(order->key != NULL && order->timer != NULL);
	snprintf(order->id, sizeof(order->id), "bp_%s%llu", bank->id_stem,
	    (unsigned long long)++bank->sequence);
	return order;
}

static struct order *
order_take(struct sandbox_bank *bank, const char *key, json_t *body,
    const struct sandbox_webhook_faults *faults)
{
	struct order *order = order_new(bank, key, body, faults);

	TAILQ_INSERT_TAIL(&bank->orders, order, all_link);
	must(map_put(bank->by_id, str_of(order->id), order) == NULL);
	if (key[0] != '\0')
		map_put(bank->by_key, str_of(key), order);
	order->next_of_reference =
	    map_put(bank->by_reference, str_of(order->reference), order);
	sandbox_ledger_add_take(bank->options.ledger, "order",
	    order_ledger_json(order));
	order_arm(order);
	return order;
}

/* The order that a key stands for, as long as the key lives. */
static struct order *
order_of_key(const struct sandbox_bank *bank, const char *key)
{
	struct order *order = NULL;

	if (key[0] != '\0')
		order = map_find(bank->by_key, str_of(key));
	if (order != NULL && sandbox_now_ms() - order->created_ms >=
	    bank->options.key_lifetime_ms)
		return NULL;
	return order;
}

static void
answer_with_order(const struct order *order, int status,
    struct sandbox_reply *reply)
{
	sandbox_reply_json_take(reply, status,
	    json_pack("{s:o,s:{s:s+},s:{}}",
		"Data", order_resource_json(order),
		"Links", "Self", "/bank/domestic-payments/", order->id,
		"Meta"));
}

static void
submit(struct sandbox_bank *bank, const char *key, json_t *body,
    const struct sandbox_webhook_faults *faults, struct sandbox_reply *reply)
{
	struct order *order = order_of_key(bank, key);

	if (order != NULL && !json_equal(order->body, body)) {
		refuse(reply, 400, "400 BadRequest",
		    "UK.OBIE.Resource.ConsentMismatch", "Data.Initiation",
		    "the key was used for another payment");
		return;
	}
	if (order == NULL && order_asks_for(body, "INSUFFICIENT")) {
		refuse(reply, 400, "insufficient",
		    "UK.OBIE.Rules.FailsControlParameters",
		    PATH_AMOUNT, "insufficient funds");
		return;
	}
	if (order == NULL)
		order = order_take(bank, key, body, faults);
	order->posts++;
	answer_with_order(order, 201, reply);
}

static void
echo_interaction_id(const struct sandbox_request *request,
    struct sandbox_reply *reply)
{
	const char *id =
	    sandbox_request_header(request, "x-fapi-interaction-id");

	if (id[0] != '\0')
		sandbox_reply_header(reply, "x-fapi-interaction-id", id);
}

void
sandbox_bank_submit(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *key = sandbox_request_header(request, "x-idempotency-key");
	json_t *body = sandbox_json_read(request->body);
	size_t key_bytes_max = (size_t)sandbox->bank->options.key_bytes_max;

	echo_interaction_id(request, reply);
	if (!json_is_object(body))
		refuse(reply, 400, "400 BadRequest",
		    "UK.OBIE.Resource.InvalidFormat", NULL,
		    "the body is not a JSON object");
	else if (strlen(key) > key_bytes_max || !str_is_utf8(str_of(key)))
		refuse(reply, 400, "400 BadRequest", "UK.OBIE.Header.Invalid",
		    "x-idempotency-key", "the key is too long");
	else if (check_order(body, reply))
		submit(sandbox->bank, key, body, &request->webhooks, reply);
	json_decref(body);
}

/* ---------------------------------------------------------- asking back */

static bool
is_shown(const struct order *order, const struct sandbox_request *request)
{
	return request->stale_ms == 0 ||
	    order->created_ms <= sandbox_now_ms() - request->stale_ms;
}

void
sandbox_bank_find(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *reference = sandbox_request_query(request, "reference");
	json_t *payments = json_array();
	struct order *order;

	echo_interaction_id(request, reply);
	if (reference[0] == '\0') {
		TAILQ_FOREACH (order, &sandbox->bank->orders, all_link)
			if (is_shown(order, request))
				json_array_append_new(payments,
				    order_resource_json(order));
	} else {
		order = map_find(sandbox->bank->by_reference,
		    str_of(reference));
		for (; order != NULL; order = order->next_of_reference)
			if (is_shown(order, request))
				json_array_insert_new(payments, 0,
				    order_resource_json(order));
	}
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:{s:o}}", "Data", "Payment", payments));
}

/* The order named in the path, or NULL with the reply set: this API answers
 * 400, not 404. */
static struct order *
order_of_path(const struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct order *order =
	    map_find(sandbox->bank->by_id, str_of(request->params[0]));

	echo_interaction_id(request, reply);
	if (order == NULL)
		refuse(reply, 400, "400 BadRequest",
		    "UK.OBIE.Resource.NotFound", NULL, "no such payment");
	return order;
}

void
sandbox_bank_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct order *order = order_of_path(sandbox, request, reply);

	if (order != NULL)
		answer_with_order(order, 200, reply);
}

/* Where the money is, for whoever wanted to cancel: "returned" and
 * "rejected" leave nothing to cancel, "settled" leaves it with the creditor. */
static const char *
why_too_late(const struct order *order)
{
	if (order->state == ORDER_RETURNED || order->state == ORDER_REJECTED)
		return states[order->state].name;
	return "settled";
}

void
sandbox_bank_cancel(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct order *order = order_of_path(sandbox, request, reply);

	if (order == NULL)
		return;
	if (order->settled_ms != 0 || order->state == ORDER_REJECTED) {
		refuse(reply, 409, why_too_late(order),
		    "UK.OBIE.Rules.FailsControlParameters", NULL,
		    "the payment can no longer be cancelled");
		return;
	}
	if (order->state != ORDER_CANCELLED) {
		event_del(order->timer);
		order_move(order, ORDER_CANCELLED);
		sandbox_ledger_add_take(sandbox->ledger, "cancel",
		    order_ledger_json(order));
	}
	answer_with_order(order, 200, reply);
}

static void
add_entry(json_t *entries, const struct order *order, const char *indicator,
    int64_t booked_ms)
{
	char booked[SANDBOX_TIME_BYTES];
	json_t *entry = json_pack("{s:s,s:s,s:s,s:{s:s,s:s},s:s,s:s}",
	    "TransactionId", order->id,
	    "TransactionReference", order->reference,
	    "CreditDebitIndicator", indicator,
	    "Amount", "Amount", order->amount, "Currency", order->currency,
	    "Status", "Booked",
	    "BookingDateTime",
	    sandbox_time_format(booked_ms, booked));

	must(entry != NULL);
	json_array_append_new(entries, entry);
}

json_t *
sandbox_bank_entries(const struct sandbox_bank *bank)
{
	json_t *entries = json_array();
	struct order *order;

	TAILQ_FOREACH (order, &bank->orders, all_link) {
		if (order->settled_ms != 0)
			add_entry(entries, order, "Debit",
			    order->settled_ms);
		if (order->state == ORDER_RETURNED)
			add_entry(entries, order, "Credit",
			    order->changed_ms);
	}
	return entries;
}

void
sandbox_bank_statement(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	echo_interaction_id(request, reply);
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:{s:o}}", "Data", "Transaction",
		sandbox_bank_entries(sandbox->bank)));
}
