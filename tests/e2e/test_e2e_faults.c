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
#include "family.h"

#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS 120000

/* A minute is 100 ms. */
static const struct house_options hasty = {
    .clock = "600x",
    .sandbox = {"--delay-accepted", "10", "--delay-settling", "20",
	"--delay-settled", "30", "--delay-matched", "40"},
};

/* ---- faults ---- */

enum way { PLAIN, TLS, NOWHERE };

static const struct fault {
	const char *text;  /* as a row */
	const char *rules; /* members of a rule, each ended by a newline */
	enum way way;
} faults[] = {
    {"none", "", PLAIN},
    {"done, then no answer", "\"fault\":\"timeout-after-commit\"\n", PLAIN},
    {"done, then reset", "\"fault\":\"reset-after-commit\"\n", PLAIN},
    {"no answer, not done", "\"fault\":\"timeout-before-commit\"\n", PLAIN},
    {"reset, not done", "\"fault\":\"reset-before-commit\"\n", PLAIN},
    {"done after the answer was lost",
	"\"fault\":\"late-commit\",\"milliseconds\":300\n", PLAIN},
    {"ends before its length", "\"fault\":\"short-body\"\n", PLAIN},
    {"ends in a chunk", "\"fault\":\"chunked-cut\"\n", PLAIN},
    {"JSON cut in two", "\"fault\":\"truncated-json\"\n", PLAIN},
    {"200 and HTML, not done", "\"fault\":\"wrong-content-type\"\n", PLAIN},
    {"200 and HTML, done",
	"\"fault\":\"wrong-content-type-after-commit\"\n", PLAIN},
    {"200 and nothing", "\"fault\":\"empty-200\"\n", PLAIN},
    {"204 and nothing", "\"fault\":\"empty-204\"\n", PLAIN},
    {"a body that ends with the connection", "\"fault\":\"no-length\"\n",
	PLAIN},
    {"20 MiB", "\"fault\":\"huge-body\"\n", PLAIN},
    {"gzip that unpacks to 20 MiB", "\"fault\":\"gzip-bomb\"\n", PLAIN},
    {"100,000 levels", "\"fault\":\"deep-json\"\n", PLAIN},
    {"a byte at a time", "\"fault\":\"slow-drip\"\n", PLAIN},
    {"429 for a second", "\"fault\":\"429\"\n", PLAIN},
    {"429 for no time", "\"fault\":\"429\",\"retry_after\":\"0\"\n", PLAIN},
    {"429 until a date",
	"\"fault\":\"429\","
	"\"retry_after\":\"Thu, 01 Jan 1970 00:00:00 GMT\"\n", PLAIN},
    {"429, nobody knows until when",
	"\"fault\":\"429\",\"retry_after\":\"none\"\n", PLAIN},
    {"429 and nonsense",
	"\"fault\":\"429\",\"retry_after\":\"soon, maybe\"\n", PLAIN},
    {"503 three times", "\"fault\":\"503\",\"times\":3\n", PLAIN},
    {"503 without a time to come back, done",
	"\"fault\":\"503-after-commit\",\"retry_after\":\"none\"\n", PLAIN},
    {"500, not done", "\"fault\":\"500-before-commit\"\n", PLAIN},
    {"500, done", "\"fault\":\"500-after-commit\"\n", PLAIN},
    {"502, not done", "\"fault\":\"502-before-commit\"\n", PLAIN},
    {"502, done", "\"fault\":\"502-after-commit\"\n", PLAIN},
    {"504, done", "\"fault\":\"504-after-commit\"\n", PLAIN},
    {"500, 502, reset, and done each time",
	"\"fault\":\"500-after-commit\"\n\"fault\":\"502-after-commit\"\n"
	"\"fault\":\"reset-after-commit\"\n", PLAIN},
    {"401 once", "\"fault\":\"401\"\n", PLAIN},
    {"403", "\"fault\":\"403\"\n", PLAIN},
    {"409 once", "\"fault\":\"409\"\n", PLAIN},
    {"a clock ten minutes off", "\"fault\":\"wrong-clock\"\n", PLAIN},
    {"an error in a 200", "\"fault\":\"error-in-200\"\n", PLAIN},
    {"another amount in the answer", "\"fault\":\"altered-amount\"\n", PLAIN},
    {"another currency in the answer",
	"\"fault\":\"altered-currency\"\n", PLAIN},
    {"done, reset, and a replica that lags",
	"\"fault\":\"reset-after-commit\"\n"
	"\"fault\":\"stale-read\",\"milliseconds\":500\n", PLAIN},
    {"302", "\"fault\":\"302\"\n", PLAIN},
    {"307", "\"fault\":\"307\"\n", PLAIN},
    {"a key twice", "\"fault\":\"duplicate-key\"\n", PLAIN},
    {"NaN", "\"fault\":\"not-a-number\"\n", PLAIN},
    {"1e99999", "\"fault\":\"huge-number\"\n", PLAIN},
    {"2^63", "\"fault\":\"big-number\"\n", PLAIN},
    {"a byte order mark", "\"fault\":\"byte-order-mark\"\n", PLAIN},
    {"no UTF-8", "\"fault\":\"bad-utf-8\"\n", PLAIN},
    {"100 and 103 first", "\"fault\":\"interim-status\"\n", PLAIN},
    {"2 MB of headers", "\"fault\":\"header-flood\"\n", PLAIN},
    {"TLS: none", "", TLS},
    {"TLS: refused by an alert", "\"fault\":\"tls-refused\"\n", TLS},
    {"TLS: closed in the handshake", "\"fault\":\"tls-closed\"\n", TLS},
    {"TLS: reset in the handshake", "\"fault\":\"tls-reset\"\n", TLS},
    {"TLS: a handshake that takes too long",
	"\"fault\":\"tls-slow\",\"milliseconds\":3000\n", TLS},
    /* each time: or else a downgrade would look like a second handshake */
    {"TLS: never more than 1.1",
	"\"fault\":\"tls-old\",\"times\":9\n", TLS},
    {"TLS: certificate expired", "\"fault\":\"tls-expired\"\n", TLS},
    {"TLS: certificate not valid yet", "\"fault\":\"tls-early\"\n", TLS},
    {"TLS: certificate of another name", "\"fault\":\"tls-other-name\"\n",
	TLS},
    {"TLS: certificate signed by itself",
	"\"fault\":\"tls-self-signed\"\n", TLS},
    {"TLS: certificate of an unknown authority",
	"\"fault\":\"tls-unknown-authority\"\n", TLS},
    {"TLS: ours is wanted", "\"fault\":\"tls-client-wanted\"\n", TLS},
    {"TLS: ours is refused", "\"fault\":\"tls-client-refused\"\n", TLS},
    {"TLS: ends without a goodbye", "\"fault\":\"tls-cut\"\n", TLS},
    {"TLS: ends without a goodbye, and no length was told",
	"\"fault\":\"no-length\"\n\"fault\":\"tls-cut\"\n", TLS},
    {"nobody listens", "", NOWHERE},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

/* ---- the run ---- */

struct cell {
	char reference[32];
	char workflow[32];
	char id[64];
	enum family_end end;
	size_t effects;
};

struct matrix {
	struct house *house;
	struct cell cells[FAMILIES][FAULTS];
};

/* ---- ways of their own ---- */

#define SERVER "%s.sandbox.localhost"

/* A connection of the cell's own: its handshake is nobody else's. */
static void
write_own(struct matrix *matrix, const struct family *family,
    const struct cell *cell, long long port, const char *more)
{
	char url[128];

	snprintf(url, sizeof(url), "https://" SERVER ":%lld", cell->workflow,
	    port);
	family_write_own(
	    matrix->house, family, cell->workflow, url, more);
}

static void
prepare(struct matrix *matrix)
{
	char more[FAMILY_MORE_BYTES];
	long long port = family_prepare_tls(matrix->house, more);

	family_write_all(matrix->house);
	for (size_t i = 0; i < FAMILIES; i++)
		for (size_t j = 0; j < FAULTS; j++) {
			struct cell *cell = &matrix->cells[i][j];
			enum way way = faults[j].way;

			snprintf(cell->reference, sizeof(cell->reference),
			    "%s-%zu-x", families[i].key, j);
			snprintf(cell->workflow, sizeof(cell->workflow),
			    way == PLAIN ? "%s" : "%s-%zu", families[i].key,
			    j);
			if (way != PLAIN)
				write_own(matrix, &families[i], cell,
				    way == TLS ? port : 1, more);
		}
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
				  "{%.*s,\"path\":\"%s\",\"match\":\"%s\","
				  "\"server\":\"" SERVER "\"%s}",
				  (int)bytes, rules, family->path,
				  cell->reference, cell->workflow,
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
	snprintf(path, sizeof(path), "/v1/workflows/%s/instances",
	    cell->workflow);
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
		for (size_t j = 0; j < FAULTS; j++)
			start(matrix, &families[i], &matrix->cells[i][j],
			    &faults[j]);
}

static bool
look(struct matrix *matrix, struct cell *cell)
{
	if (cell->end == FAMILY_PENDING)
		cell->end = family_end_of(house_get(
		    matrix->house, "/v1/instances/%s", cell->id)->json);
	return cell->end != FAMILY_PENDING;
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

/* Whether what the instance says agrees with what was done. */
static bool
check(const struct family *family, const struct fault *fault,
    const struct cell *cell)
{
	bool is_true = cell->end == FAMILY_DONE ? cell->effects == 1 :
	    cell->end == FAMILY_REFUSED		? cell->effects == 0
						: cell->effects <= 1;

	if (!is_true)
		print_error("%s, %s: ended as %d, done %zu times\n",
		    family->name, fault->text, cell->end, cell->effects);
	return is_true;
}

static void
check_all(struct matrix *matrix)
{
	json_t *counts =
	    family_count_all(payment_ledger(matrix->house, NULL));
	bool are_true = true;

	for (size_t i = 0; i < FAMILIES; i++)
		for (size_t j = 0; j < FAULTS; j++) {
			struct cell *cell = &matrix->cells[i][j];

			cell->effects = family_count(
			    counts, &families[i], cell->reference);
			are_true = check(&families[i], &faults[j], cell) &&
			    are_true;
		}
	json_decref(counts);
	assert_true(are_true);
}

/* ---- the page ---- */

static const char *
word_of(const struct cell *cell)
{
	switch (cell->end) {
	case FAMILY_DONE:
		return "once";
	case FAMILY_REFUSED:
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
	prepare(&matrix);
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
	family_write_all(house);
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
	family_write_all(house);
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
