/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_faults.c: every family of endpoints, against every fault.
 *
 * Each cell is an instance of its own that asks for one thing; its first
 * request meets the fault.  What really happened stands in the endpoint's own
 * ledger: once where the instance says that it was done, never where it says
 * that it was not, at most once where a person is asked.
 *
 * docs/faults.md holds the outcomes as a table, which is compared with what
 * came out here.  STATED_FAULTS=FILE writes the page anew instead.
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS 120000

/* A minute is 100 ms. */
static const struct house_options hasty = {
    .clock = "600x",
    .sandbox = {"--delay-accepted", "10", "--delay-settling", "20",
	"--delay-settled", "30", "--delay-matched", "40"},
};

/* ---- families ---- */

/* What the workflows below have in common; %s: its name, and its step. */
static const char frame[] =
    "workflow: %s\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "incident: {owner: treasury-desk, max-age: 4h}\n"
    "input:\n"
    "  type: object\n"
    "  required: [reference, partner]\n"
    "  properties: {reference: {type: string}, partner: {type: integer}}\n"
    "business-key: = input.reference\n"
    "initial: working\n"
    "states:\n"
    "  working:\n"
    "    entry:\n"
    "%s"
    "    on: {done: finished, error: refused}\n"
    "  finished: {type: final, outcome: success}\n"
    "  refused: {type: final, outcome: failure}\n";

#define PATIENCE                                                               \
	"        timeout: 1s\n"                                                \
	"        irreversible: it is what is asked for\n"                      \
	"        retry: {limit: 4, delay: 30s, backoff: constant}\n"

#define ODOO(connection)                                                       \
	"      - call: " connection ".register-payment\n"                        \
	"        with: {invoice: 1, amount: 10.50, memo: = input.reference}\n" \
	PATIENCE                                                               \
	"        verify:\n"                                                    \
	"          call: " connection ".find-payment\n"                        \
	"          after: 30s\n"                                               \
	"          confirm: 10m\n"                                             \
	"          with: {memo: = input.reference}\n"                          \
	"          happened: = response.id != null\n"

static const struct family {
	const char *name;  /* as a heading */
	const char *key;   /* its workflow, and how its references begin */
	const char *path;  /* of its requests, a prefix */
	const char *step;
	const char *list;  /* in the ledger */
	const char *field; /* of an entry: the reference */
} families[] = {
    {"bank, keys for a day", "bank", "/bank/",
	"      - call: bank.submit-payment\n"
	"        with: {reference: = input.reference, amount: 10.50,"
	" currency: EUR, creditor: {name: ACME, iban: DE89370400440532013000}}\n"
	PATIENCE
	"        verify:\n"
	"          call: bank.find-payment\n"
	"          with: {reference: = input.reference}\n"
	"          happened: = response.found\n",
	"orders", "reference"},
    {"card processor, keys", "stripe", "/stripe/",
	"      - call: stripe.create-refund\n"
	"        with: {payment: = \"pi_\" + input.reference, amount: 1050,"
	" reference: = input.reference}\n"
	PATIENCE
	"        verify:\n"
	"          call: stripe.find-refund\n"
	"          with: {payment: = \"pi_\" + input.reference,"
	" reference: = input.reference}\n"
	"          happened: = response.found\n",
	"refunds", "metadata.reference"},
    {"Odoo, JSON-RPC", "odoo", "/odoo/", ODOO("odoo"), "odoo/account.payment",
	"memo"},
    {"Odoo, JSON-2", "nineteen", "/odoo/", ODOO("nineteen"),
	"odoo/account.payment", "memo"},
    {"CRM, a unique key", "crm", "/crm/",
	"      - call: crm.create-deal\n"
	"        with: {key: = input.reference, name: Chairs, amount: 10.50}\n"
	PATIENCE
	"        verify:\n"
	"          call: crm.find-deal\n"
	"          after: 30s\n"
	"          confirm: 10m\n"
	"          with: {key: = input.reference}\n"
	"          happened: = response.found\n",
	"deals", "properties.engine_key"},
    {"tax, our code", "tax", "/tax/",
	"      - call: tax.record\n"
	"        with: {code: = input.reference, customer: C-1,"
	" amount: 10.50, currency: EUR}\n"
	PATIENCE
	"        verify:\n"
	"          call: tax.find\n"
	"          after: 30s\n"
	"          confirm: 10m\n"
	"          with: {code: = input.reference}\n"
	"          happened: = response.found\n",
	"tax", "code"},
    {"letters, PUT", "letters", "/letters/",
	"      - call: letters.send\n"
	"        with: {name: = input.reference, template: reminder,"
	" to: {name: ACME}, fields: {reference: = input.reference}}\n"
	PATIENCE,
	"desk/letters", NULL},
    {"chat, nothing", "chat", "/chat/",
	"      - call: chat.post\n"
	"        with: {channel: x, message: = input.reference}\n" PATIENCE,
	"chat", "text"},
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* Odoo 19, whose dialect is another. */
static const char nineteen[] =
    "connection: nineteen\n"
    "kind: odoo\n"
    "url: = settings.odoo.url\n"
    "auth: {bearer: {secret: odoo_password}}\n"
    "limits: {concurrency: 8}\n"
    "timeout: 40s\n"
    "operations:\n"
    "  register-payment:\n"
    "    model: account.payment\n"
    "    method: create\n"
    "    args: [{payment_type: outbound, partner_type: supplier,"
    " amount: = amount, memo: = memo, invoice_ids: [[4, = invoice, 0]]}]\n"
    "    output: {id: '= body[1]'}\n"
    "    errors: [{if: '= status = 200 and not(body[1] instance of number)',"
    " code: odoo.unconfirmed, outcome: unknown}]\n"
    "  find-payment:\n"
    "    model: account.payment\n"
    "    method: search_read\n"
    "    args: [[[memo, = \"=\", = memo]]]\n"
    "    kwargs: {fields: [id]}\n"
    "    output: {id: '= body[1].id'}\n";

/* ---- faults ---- */

static const struct fault {
	const char *text;  /* as a row */
	const char *rules; /* members of a rule, each ended by a newline */
} faults[] = {
    {"none", ""},
    {"done, then no answer", "\"fault\":\"timeout-after-commit\"\n"},
    {"done, then reset", "\"fault\":\"reset-after-commit\"\n"},
    {"no answer, not done", "\"fault\":\"timeout-before-commit\"\n"},
    {"reset, not done", "\"fault\":\"reset-before-commit\"\n"},
    {"done after the answer was lost",
	"\"fault\":\"late-commit\",\"milliseconds\":300\n"},
    {"ends before its length", "\"fault\":\"short-body\"\n"},
    {"ends in a chunk", "\"fault\":\"chunked-cut\"\n"},
    {"JSON cut in two", "\"fault\":\"truncated-json\"\n"},
    {"200 and HTML, not done", "\"fault\":\"wrong-content-type\"\n"},
    {"200 and HTML, done",
	"\"fault\":\"wrong-content-type-after-commit\"\n"},
    {"200 and nothing", "\"fault\":\"empty-200\"\n"},
    {"20 MiB", "\"fault\":\"huge-body\"\n"},
    {"100,000 levels", "\"fault\":\"deep-json\"\n"},
    {"a byte at a time", "\"fault\":\"slow-drip\"\n"},
    {"429 for a second", "\"fault\":\"429\"\n"},
    {"429 until a date",
	"\"fault\":\"429\","
	"\"retry_after\":\"Thu, 01 Jan 1970 00:00:00 GMT\"\n"},
    {"429, nobody knows until when",
	"\"fault\":\"429\",\"retry_after\":\"none\"\n"},
    {"429 and nonsense",
	"\"fault\":\"429\",\"retry_after\":\"soon, maybe\"\n"},
    {"503 three times", "\"fault\":\"503\",\"times\":3\n"},
    {"503 without a time to come back, done",
	"\"fault\":\"503-after-commit\",\"retry_after\":\"none\"\n"},
    {"500, not done", "\"fault\":\"500-before-commit\"\n"},
    {"500, done", "\"fault\":\"500-after-commit\"\n"},
    {"502, not done", "\"fault\":\"502-before-commit\"\n"},
    {"502, done", "\"fault\":\"502-after-commit\"\n"},
    {"504, done", "\"fault\":\"504-after-commit\"\n"},
    {"500, 502, reset, and done each time",
	"\"fault\":\"500-after-commit\"\n\"fault\":\"502-after-commit\"\n"
	"\"fault\":\"reset-after-commit\"\n"},
    {"401 once", "\"fault\":\"401\"\n"},
    {"403", "\"fault\":\"403\"\n"},
    {"a clock ten minutes off", "\"fault\":\"wrong-clock\"\n"},
    {"an error in a 200", "\"fault\":\"error-in-200\"\n"},
    {"another amount in the answer", "\"fault\":\"altered-amount\"\n"},
    {"done, reset, and a replica that lags",
	"\"fault\":\"reset-after-commit\"\n"
	"\"fault\":\"stale-read\",\"milliseconds\":500\n"},
    {"302", "\"fault\":\"302\"\n"},
    {"307", "\"fault\":\"307\"\n"},
    {"a key twice", "\"fault\":\"duplicate-key\"\n"},
    {"NaN", "\"fault\":\"not-a-number\"\n"},
    {"1e99999", "\"fault\":\"huge-number\"\n"},
    {"a byte order mark", "\"fault\":\"byte-order-mark\"\n"},
    {"no UTF-8", "\"fault\":\"bad-utf-8\"\n"},
    {"100 and 103 first", "\"fault\":\"interim-status\"\n"},
    {"2 MB of headers", "\"fault\":\"header-flood\"\n"},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

/* ---- the run ---- */

enum end { PENDING, DONE, REFUSED, PERSON };

struct cell {
	char reference[32];
	char id[64];
	enum end end;
	size_t effects;
};

struct matrix {
	struct house *house;
	struct cell cells[FAMILIES][FAULTS];
};

static void
write_workflows(const struct house *house)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		char name[128];
		char text[4096];

		snprintf(name, sizeof(name), "workflows/fault-%s.yaml",
		    families[i].key);
		snprintf(text, sizeof(text), frame, families[i].key,
		    families[i].step);
		house_write(house, name, text);
	}
	house_write(house, "workflows/connections/nineteen.yaml", nineteen);
}

static void
add_rules(struct house *house, const struct family *family,
    const struct cell *cell, const char *rules)
{
	while (*rules != '\0') {
		size_t bytes = strcspn(rules, "\n");
		/* The first of two members counts: the rule's own. */
		bool has_times = memmem(rules, bytes, "\"times\"", 7) != NULL;

		assert_status(house_control(house, "/control/faults",
				  "{%.*s,\"path\":\"%s\",\"match\":\"%s\"%s}",
				  (int)bytes, rules, family->path,
				  cell->reference,
				  has_times ? "" : ",\"times\":1"),
		    200);
		rules += bytes + 1;
	}
}

static void
start(struct matrix *matrix, const struct family *family, struct cell *cell,
    const struct fault *fault)
{
	char path[128];

	add_rules(matrix->house, family, cell, fault->rules);
	snprintf(path, sizeof(path), "/v1/workflows/%s/instances", family->key);
	struct reply *reply = house_post(matrix->house, path,
	    "{\"input\":{\"reference\":\"%s\",\"partner\":1}}",
	    cell->reference);
	assert_status(reply, 201);
	snprintf(cell->id, sizeof(cell->id), "%s", text_at(reply->json, "id"));
}

static void
start_all(struct matrix *matrix)
{
	for (size_t i = 0; i < FAMILIES; i++)
		for (size_t j = 0; j < FAULTS; j++) {
			struct cell *cell = &matrix->cells[i][j];

			snprintf(cell->reference, sizeof(cell->reference),
			    "%s-%zu-x", families[i].key, j);
			start(matrix, &families[i], cell, &faults[j]);
		}
}

static enum end
end_of(json_t *instance)
{
	const char *status = text_at(instance, "status");

	if (strcmp(status, "completed") == 0)
		return DONE;
	if (strcmp(status, "faulted") == 0)
		return REFUSED;
	return json_array_size(json_at(instance, "incidents")) > 0 ? PERSON
								    : PENDING;
}

static bool
look(struct matrix *matrix, struct cell *cell)
{
	if (cell->end == PENDING)
		cell->end = end_of(house_get(
		    matrix->house, "/v1/instances/%s", cell->id)->json);
	return cell->end != PENDING;
}

static void
await_all(struct matrix *matrix)
{
	int64_t until_ms = time_ms() + WAIT_MS;
	const char *waiting;

	do {
		waiting = NULL;
		for (size_t i = 0; i < FAMILIES; i++)
			for (size_t j = 0; j < FAULTS; j++)
				if (!look(matrix, &matrix->cells[i][j]))
					waiting =
					    matrix->cells[i][j].reference;
		if (waiting != NULL && time_ms() > until_ms)
			fail_msg("%s comes to no end", waiting);
		time_sleep(50);
	} while (waiting != NULL);
}

/* ---- what was done ---- */

static json_t *
list_of(json_t *ledger, const char *path)
{
	const char *slash = strchr(path, '/');
	char name[32];

	if (slash == NULL)
		return json_object_get(ledger, path);
	snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
	return json_object_get(json_object_get(ledger, name), slash + 1);
}

static size_t
count_effects(json_t *ledger, const struct family *family,
    const struct cell *cell)
{
	json_t *list = list_of(ledger, family->list);

	if (family->field == NULL)
		return json_object_get(list, cell->reference) != NULL;
	return json_count_with(list, family->field, cell->reference);
}

/* Whether what the instance says agrees with what was done. */
static bool
check(const struct family *family, const struct fault *fault,
    const struct cell *cell)
{
	bool is_true = cell->end == DONE ? cell->effects == 1 :
	    cell->end == REFUSED	 ? cell->effects == 0
					 : cell->effects <= 1;

	if (!is_true)
		print_error("%s, %s: ended as %d, done %zu times\n",
		    family->name, fault->text, cell->end, cell->effects);
	return is_true;
}

static void
check_all(struct matrix *matrix)
{
	json_t *ledger = payment_ledger(matrix->house, NULL);
	bool are_true = true;

	for (size_t i = 0; i < FAMILIES; i++)
		for (size_t j = 0; j < FAULTS; j++) {
			struct cell *cell = &matrix->cells[i][j];

			cell->effects =
			    count_effects(ledger, &families[i], cell);
			are_true = check(&families[i], &faults[j], cell) &&
			    are_true;
		}
	assert_true(are_true);
}

/* ---- the page ---- */

static const char *
word_of(const struct cell *cell)
{
	switch (cell->end) {
	case DONE:
		return "once";
	case REFUSED:
		return "refused";
	default:
		return cell->effects == 1 ? "asked, done" : "asked";
	}
}

static void
print_table(const struct matrix *matrix, FILE *out)
{
	fputs("| |", out);
	for (size_t i = 0; i < FAMILIES; i++)
		fprintf(out, " %s |", families[i].name);
	fputs("\n|---|", out);
	for (size_t i = 0; i < FAMILIES; i++)
		fputs("---|", out);
	for (size_t j = 0; j < FAULTS; j++) {
		fprintf(out, "\n| %s |", faults[j].text);
		for (size_t i = 0; i < FAMILIES; i++)
			fprintf(out, " %s |", word_of(&matrix->cells[i][j]));
	}
	fputc('\n', out);
}

/* Whoever has read the difference and agrees with it lets it be written. */
static void
write_page(const char *page, const char *from, const char *to,
    const char *table)
{
	FILE *file = fopen(getenv("STATED_FAULTS"), "we");

	assert_non_null(file);
	fprintf(file, "%.*s%s%s", (int)(from - page), page, table, to);
	assert_int_equal(fclose(file), 0);
}

/* The page holds the table, from its first line to the next empty one. */
static void
hold_against_page(const char *table)
{
	const char *srcdir = getenv("srcdir");
	char path[HOUSE_PATH_BYTES];
	char *page;
	const char *from, *to;

	snprintf(path, sizeof(path), "%s/docs/faults.md",
	    srcdir != NULL ? srcdir : ".");
	page = house_read(path);
	from = strstr(page, "| |");
	assert_non_null(from);
	to = strstr(from, "\n\n");
	assert_non_null(to);
	to++;
	if (getenv("STATED_FAULTS") != NULL)
		write_page(page, from, to, table);
	else if (strncmp(from, table, (size_t)(to - from)) != 0 ||
	    strlen(table) != (size_t)(to - from))
		fail_msg("docs/faults.md says otherwise:\n%s", table);
	free(page);
}

static void
tell(const struct matrix *matrix)
{
	char *table = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&table, &bytes);

	assert_non_null(out);
	print_table(matrix, out);
	assert_int_equal(fclose(out), 0);
	hold_against_page(table);
	free(table);
}

static void
test_every_fault_leaves_one_effect_or_a_person_who_knows(void **state)
{
	static struct matrix matrix;

	(void)state;
	matrix.house = house_build(&hasty);
	write_workflows(matrix.house);
	house_start_engine(matrix.house);
	start_all(&matrix);
	await_all(&matrix);
	check_all(&matrix);
	tell(&matrix);
	house_close(&matrix.house);
}

/* ---- webhooks ---- */

static const char waiting[] =
    "workflow: waiting\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "incident: {owner: treasury-desk, max-age: 4h}\n"
    "input:\n"
    "  type: object\n"
    "  required: [reference]\n"
    "  properties: {reference: {type: string}}\n"
    "business-key: = input.reference\n"
    "data: {payment: null}\n"
    "events:\n"
    "  bank.payment.settled: {correlate: = payment}\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry:\n"
    "      - call: bank.submit-payment\n"
    "        with: {reference: = input.reference, amount: 10.50,"
    " currency: EUR, creditor: {name: ACME, iban: DE89370400440532013000}}\n"
    "        output: {payment: = response.payment_id}\n"
    "        irreversible: it is what is asked for\n"
    "    on: {done: paid, error: refused}\n"
    "  paid:\n"
    "    on:\n"
    "      bank.payment.settled: settled\n"
    "    after: {30m: overdue}\n"
    "  settled: {type: final, outcome: success}\n"
    "  overdue: {type: final, outcome: failure}\n"
    "  refused: {type: final, outcome: failure}\n";

static const struct {
	const char *fault;
	const char *state;
} told[] = {
    {"\"fault\":\"late-webhook\",\"milliseconds\":300", "settled"},
    {"\"fault\":\"drop-webhook\"", "overdue"},
    {"\"fault\":\"duplicate-webhook\"", "settled"},
    {"\"fault\":\"repeated-webhook\"", "settled"},
    {"\"fault\":\"out-of-order-webhook\"", "settled"},
    {"\"fault\":\"forged-webhook\"", "settled"},
    /* before the answer that says which payment it is about */
    {"\"fault\":\"delay\",\"milliseconds\":300", "settled"},
};
#define TOLD (sizeof(told) / sizeof(told[0]))

static void
test_webhooks_that_go_wrong_settle_a_payment_once(void **state)
{
	struct house *house = house_build(&hasty);
	char reference[32];

	(void)state;
	house_write(house, "workflows/waiting.yaml", waiting);
	house_start_engine(house);
	for (size_t i = 0; i < TOLD; i++) {
		snprintf(reference, sizeof(reference), "W-%zu-x", i);
		assert_status(house_control(house, "/control/faults",
				  "{%s,\"times\":1,\"match\":\"%s\"}",
				  told[i].fault, reference), 200);
		assert_status(house_post(house,
				  "/v1/workflows/waiting/instances",
				  "{\"input\":{\"reference\":\"%s\"}}",
				  reference), 201);
	}
	for (size_t i = 0; i < TOLD; i++) {
		json_t *ledger;

		snprintf(reference, sizeof(reference), "W-%zu-x", i);
		payment_await_end(house, reference, told[i].state);
		ledger = payment_ledger(house, reference);
		assert_int_equal(json_array_size(json_at(ledger, "orders")), 1);
	}
	house_close(&house);
}

/* ---- keys ---- */

/* What comes under a key that another payment had is refused by the bank, and
 * doesn't change that one. */
static void
test_key_of_another_payment_pays_nothing(void **state)
{
	struct house *house = house_build(&hasty);
	json_t *orders;

	(void)state;
	write_workflows(house);
	house_edit(house, "workflows/fault-bank.yaml", "        timeout: 1s\n",
	    "        timeout: 1s\n        idempotency-key: = \"K-1\"\n");
	house_start_engine(house);
	for (int i = 0; i < 2; i++)
		assert_status(house_post(house, "/v1/workflows/bank/instances",
				  "{\"input\":{\"reference\":\"K-%d\","
				  "\"partner\":1}}", i), 201);
	for (int i = 0; i < 2; i++) {
		char reference[8];

		snprintf(reference, sizeof(reference), "K-%d", i);
		orders = json_at(payment_ledger(house, reference), "orders");
		payment_await_end(house, reference,
		    json_array_size(orders) == 1 ? "finished" : "refused");
	}
	orders = json_at(payment_ledger(house, NULL), "orders");
	assert_int_equal(json_array_size(orders), 1);
	house_close(&house);
}

/* The bank has forgotten the key when its turn comes again, and would pay
 * anew: it is asked instead. */
static void
test_key_that_would_be_dead_is_not_used_again(void **state)
{
	struct house *house = house_build(&hasty);

	(void)state;
	write_workflows(house);
	house_edit(house, "workflows/fault-bank.yaml", "delay: 30s",
	    "delay: 48h");
	house_start_engine(house);
	assert_status(house_control(house, "/control/faults", "%s",
			  "{\"fault\":\"reset-after-commit\",\"times\":1,"
			  "\"match\":\"D-1\"}"), 200);
	assert_status(house_post(house, "/v1/workflows/bank/instances", "%s",
			  "{\"input\":{\"reference\":\"D-1\","
			  "\"partner\":1}}"), 201);
	payment_await_end(house, "D-1", "finished");
	assert_int_equal(integer_at(payment_ledger(house, "D-1"),
			     "orders.0.posts"), 1);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(
		test_every_fault_leaves_one_effect_or_a_person_who_knows),
	    HOUSE_TEST(test_webhooks_that_go_wrong_settle_a_payment_once),
	    HOUSE_TEST(test_key_of_another_payment_pays_nothing),
	    HOUSE_TEST(test_key_that_would_be_dead_is_not_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
