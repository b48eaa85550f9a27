/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_main.c: options, and the life of the process.
 *
 * Tells its address as one line of JSON on standard output when it listens,
 * and ends on SIGTERM or SIGINT with everything freed.
 */
#include "sandbox.h"

#include "sandbox_account.h"
#include "sandbox_bank.h"
#include "sandbox_card.h"
#include "sandbox_chat.h"
#include "sandbox_company.h"
#include "sandbox_crm.h"
#include "sandbox_desk.h"
#include "sandbox_fault.h"
#include "sandbox_front.h"
#include "sandbox_hook.h"
#include "sandbox_late.h"
#include "sandbox_ledger.h"
#include "sandbox_listen.h"
#include "sandbox_mail.h"
#include "sandbox_odoo.h"
#include "sandbox_reply.h"
#include "sandbox_route.h"
#include "sandbox_server.h"
#include "sandbox_tax.h"
#include "sandbox_token.h"
#include "sandbox_wire.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>

#define HOST_BYTES 256
#define MS_MAX (86400000ll * 365)

struct options {
	const char *listen;
	const char *webhooks;
	const char *webhook_secret;
	const char *port_file;
	const char *ledger;
	const char *journal;
	int64_t delay_ms[SANDBOX_DELAY_COUNT];
	int64_t webhook_timeout_ms;
	int64_t webhook_retry_ms;
	int64_t webhook_retry_ms_max;
	int64_t webhook_connections;
	int64_t key_lifetime_s;
	int64_t key_bytes_max;
	int64_t odoo_bills;
	int64_t seed; /* -1: none given */
};

static const struct options defaults = {
    .listen = "127.0.0.1:0",
    .delay_ms = {200, 400, 600, 800},
    .webhook_timeout_ms = 5000,
    .webhook_retry_ms = 100,
    .webhook_retry_ms_max = 2000,
    .webhook_connections = 16,
    .key_lifetime_s = 86400,
    .key_bytes_max = 40,
    .odoo_bills = 100,
    .seed = -1,
};

/* One table for parsing and --help: a text or a number at an offset. */
struct option_row {
	const char *name;
	const char *argument;
	const char *help;
	size_t offset;
	int64_t min; /* of a number */
	int64_t max; /* 0: a text */
};

#define TEXT(name, argument, member, help)                                     \
	{name, argument, help, offsetof(struct options, member), 0, 0}
#define NUMBER(name, argument, member, min, max, help)                         \
	{name, argument, help, offsetof(struct options, member), min, max}

static const struct option_row rows[] = {
    TEXT("listen", "HOST:PORT", listen, "port 0: the kernel chooses"),
    TEXT("webhooks", "URL", webhooks, "where the bank's webhooks go"),
    TEXT("webhook-secret", "S", webhook_secret, "signs them"),
    TEXT("port-file", "F", port_file, "gets the port when it listens"),
    TEXT("ledger", "F", ledger, "gets a line for each thing really done"),
    TEXT("journal", "F", journal, "gets a line for each request that came"),
    NUMBER("delay-accepted", "MS", delay_ms[SANDBOX_DELAY_ACCEPTED], 0, MS_MAX,
	"from the order to payment.accepted or .rejected"),
    NUMBER("delay-settling", "MS", delay_ms[SANDBOX_DELAY_SETTLING], 0, MS_MAX,
	"from the order to payment.settling"),
    NUMBER("delay-settled", "MS", delay_ms[SANDBOX_DELAY_SETTLED], 0, MS_MAX,
	"from the order to payment.settled"),
    NUMBER("delay-matched", "MS", delay_ms[SANDBOX_DELAY_MATCHED], 0, MS_MAX,
	"from the order to statement.matched or payment.returned"),
    NUMBER("webhook-timeout", "MS", webhook_timeout_ms, 1, MS_MAX,
	"how long an answer to a webhook is awaited"),
    NUMBER("webhook-retry", "MS", webhook_retry_ms, 1, MS_MAX,
	"the first pause before it is repeated; doubles"),
    NUMBER("webhook-retry-max", "MS", webhook_retry_ms_max, 1, MS_MAX,
	"the longest pause"),
    NUMBER("webhook-connections", "N", webhook_connections, 1, 256,
	"how many webhooks are under way at once"),
    NUMBER("key-lifetime", "SECONDS", key_lifetime_s, 0, MS_MAX / 1000,
	"how long the bank knows an idempotency key"),
    NUMBER("key-bytes-max", "N", key_bytes_max, 1, 4096,
	"longer keys are refused"),
    NUMBER("odoo-bills", "N", odoo_bills, 0, 1000000,
	"posted vendor bills of 1000, ids 1 to N, from the start"),
    NUMBER("seed", "N", seed, 0, INT64_MAX,
	"decides chance; ids then are the same in every run"),
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void
print_help(void)
{
	puts("usage: stated-sandbox [OPTION...]\n"
	     "Plays a bank, Odoo, a CRM and more, and fails as told.\n");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char usage[64];
		snprintf(usage, sizeof(usage), "--%s %s", rows[i].name,
		    rows[i].argument);
		printf("  %-28s %s\n", usage, rows[i].help);
	}
}

static bool
take_option(struct options *options, const struct option_row *row,
    const char *value)
{
	char *at = (char *)options + row->offset;
	int64_t n;

	if (row->max == 0) {
		memcpy(at, &value, sizeof(value));
		return true;
	}
	if (!str_parse_int(str_of(value), row->min, row->max, &n)) {
		fprintf(stderr,
		    "stated-sandbox: --%s: not a number from %lld to %lld: "
		    "%s\n",
		    row->name, (long long)row->min, (long long)row->max, value);
		return false;
	}
	memcpy(at, &n, sizeof(n));
	return true;
}

/* 0 to go on, else the exit status + 1. */
static int
read_options(int argc, char **argv, struct options *options)
{
	struct option table[ROW_COUNT + 2] = {{0}};
	int chosen;

	for (size_t i = 0; i < ROW_COUNT; i++)
		table[i] = (struct option){
		    rows[i].name, required_argument, NULL, (int)i};
	table[ROW_COUNT] = (struct option){"help", no_argument, NULL,
	    (int)ROW_COUNT};
	while ((chosen = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (chosen == (int)ROW_COUNT) {
			print_help();
			return 1;
		}
		if (chosen == '?' ||
		    !take_option(options, &rows[chosen], optarg))
			return 3;
	}
	if (optind < argc) {
		fprintf(stderr, "stated-sandbox: what is %s?\n", argv[optind]);
		return 3;
	}
	return 0;
}

/* ------------------------------------------------------------- the process */

static void
stop_cb(evutil_socket_t signal_number, short what, void *arg)
{
	(void)signal_number;
	(void)what;
	event_base_loopbreak(arg);
}

static bool
split_address(const char *address, char host[HOST_BYTES], uint16_t *port)
{
	const char *colon = strrchr(address, ':');
	size_t bytes = colon ? (size_t)(colon - address) : 0;
	int64_t n;

	if (colon == NULL || bytes == 0 || bytes >= HOST_BYTES ||
	    !str_parse_int(str_of(colon + 1), 0, UINT16_MAX, &n))
		return false;
	if (address[0] == '[' && address[bytes - 1] == ']') {
		address++;
		bytes -= 2;
	}
	memcpy(host, address, bytes);
	host[bytes] = '\0';
	*port = (uint16_t)n;
	return true;
}

/* Appears whole: whoever waits for the file reads no half of it. */
static bool
write_port_file(const char *path, uint16_t port)
{
	struct buf temporary = {0};
	FILE *file;
	bool ok;

	if (path == NULL)
		return true;
	buf_addf(&temporary, "%s.new", path);
	file = fopen(buf_cstr(&temporary), "we");
	ok = file != NULL && fprintf(file, "%u\n", port) > 0;
	if (file != NULL)
		ok = fclose(file) == 0 && ok;
	ok = ok && rename(buf_cstr(&temporary), path) == 0;
	if (!ok)
		fprintf(stderr, "stated-sandbox: %s: %s\n", path,
		    strerror(errno));
	buf_fini(&temporary);
	return ok;
}

static void
tell_address(
    const char *host, uint16_t port, const struct sandbox *sandbox)
{
	const char *left = strchr(host, ':') ? "[" : "";
	const char *right = strchr(host, ':') ? "]" : "";

	printf("{\"address\":\"%s%s%s:%u\",\"port\":%u,"
	       "\"url\":\"http://%s%s%s:%u\","
	       "\"tls\":\"https://%s%s%s:%u\","
	       "\"mail\":\"smtp://%s%s%s:%u\",\"pid\":%ld}\n",
	    left, host, right, port, port, left, host, right, port, left, host,
	    right, sandbox_front_port(sandbox->front), left, host, right,
	    sandbox_mail_port(sandbox->mail), (long)getpid());
	fflush(stdout);
}

static struct sandbox_ledger *
open_file(const char *path)
{
	struct sandbox_ledger *file = sandbox_ledger_open(path);

	if (file == NULL)
		fprintf(stderr, "stated-sandbox: %s: %s\n", path,
		    strerror(errno));
	return file;
}

static bool
sandbox_init(struct sandbox *sandbox, const struct options *options)
{
	uint64_t seed = options->seed >= 0 ? (uint64_t)options->seed
					   : (uint64_t)sandbox_now_ms();
	char stem[24] = "";

	sandbox->ledger = open_file(options->ledger);
	sandbox->journal = open_file(options->journal);
	if (sandbox->ledger == NULL || sandbox->journal == NULL)
		return false;
	/* Two runs must not give the same id: a receiver would take the second
	 * run's webhooks for repetitions. */
	if (options->seed < 0)
		snprintf(stem, sizeof(stem), "%llx_", (unsigned long long)seed);
	sandbox->base = event_base_new();
	must(sandbox->base != NULL);
	sandbox->wire = sandbox_wire_new(sandbox->base);
	sandbox->late = sandbox_late_new(sandbox);
	sandbox->calls = sandbox_calls_new();
	sandbox->faults = sandbox_fault_new(seed);
	sandbox->hook = sandbox_hook_new(&(struct sandbox_hook_options){
	    .base = sandbox->base,
	    .ledger = sandbox->ledger,
	    .secret = options->webhook_secret,
	    .id_stem = stem,
	    .timeout_ms = options->webhook_timeout_ms,
	    .retry_ms = options->webhook_retry_ms,
	    .retry_ms_max = options->webhook_retry_ms_max,
	    .connections = (int)options->webhook_connections,
	});
	struct sandbox_bank_options bank = {
	    .base = sandbox->base,
	    .hook = sandbox->hook,
	    .ledger = sandbox->ledger,
	    .id_stem = stem,
	    .key_lifetime_ms = options->key_lifetime_s * 1000,
	    .key_bytes_max = options->key_bytes_max,
	};
	memcpy(bank.delay_ms, options->delay_ms, sizeof(bank.delay_ms));
	sandbox->bank = sandbox_bank_new(&bank);
	sandbox->odoo = sandbox_odoo_new(sandbox->ledger, options->odoo_bills);
	sandbox->crm = sandbox_crm_new(sandbox->ledger);
	sandbox->companies = sandbox_company_new(sandbox->ledger);
	sandbox->tax = sandbox_tax_new(sandbox->ledger);
	sandbox->token = sandbox_token_new();
	sandbox->chat = sandbox_chat_new(sandbox->ledger);
	sandbox->positions = sandbox_positions_new();
	sandbox->card = sandbox_card_new(sandbox->ledger);
	sandbox->desk = sandbox_desk_new(sandbox->ledger);
	if (options->webhooks != NULL &&
	    !sandbox_hook_set_target(sandbox->hook, options->webhooks, NULL)) {
		fprintf(stderr, "stated-sandbox: --webhooks: http://… is "
		    "wanted: %s\n", options->webhooks);
		return false;
	}
	return true;
}

static void
sandbox_fini(struct sandbox *sandbox)
{
	sandbox_late_free(&sandbox->late);
	sandbox_hook_free(&sandbox->hook);
	sandbox_bank_free(&sandbox->bank);
	sandbox_odoo_free(&sandbox->odoo);
	sandbox_company_free(&sandbox->companies);
	sandbox_crm_free(&sandbox->crm);
	sandbox_tax_free(&sandbox->tax);
	sandbox_token_free(&sandbox->token);
	sandbox_chat_free(&sandbox->chat);
	sandbox_positions_free(&sandbox->positions);
	sandbox_card_free(&sandbox->card);
	sandbox_desk_free(&sandbox->desk);
	sandbox_mail_close(&sandbox->mail);
	sandbox_fault_free(&sandbox->faults);
	sandbox_calls_free(&sandbox->calls);
	sandbox_wire_free(&sandbox->wire);
	sandbox_ledger_close(&sandbox->ledger);
	sandbox_ledger_close(&sandbox->journal);
}

static int
serve(struct sandbox *sandbox, const struct options *options)
{
	char host[HOST_BYTES];
	uint16_t port;
	struct sandbox_server *server;
	struct event *stops[2];

	if (!split_address(options->listen, host, &port)) {
		fprintf(stderr, "stated-sandbox: --listen HOST:PORT\n");
		return 2;
	}
	sandbox->mail = sandbox_mail_open(sandbox, host);
	server = sandbox->mail != NULL
	    ? sandbox_server_open(sandbox, host, port)
	    : NULL;
	if (server != NULL)
		sandbox->front = sandbox_front_open(
		    sandbox, host, sandbox_server_fd(server));
	if (sandbox->front == NULL) {
		fprintf(stderr, "stated-sandbox: %s: %s\n", options->listen,
		    strerror(errno));
		sandbox_server_close(&server);
		return 1;
	}
	stops[0] = evsignal_new(sandbox->base, SIGTERM, stop_cb, sandbox->base);
	stops[1] = evsignal_new(sandbox->base, SIGINT, stop_cb, sandbox->base);
	for (size_t i = 0; i < 2; i++)
		must(stops[i] != NULL && evsignal_add(stops[i], NULL) == 0);
	port = sandbox_listen_port(sandbox_server_fd(server));
	if (write_port_file(options->port_file, port)) {
		tell_address(host, port, sandbox);
		event_base_dispatch(sandbox->base);
	}
	for (size_t i = 0; i < 2; i++)
		event_free(stops[i]);
	sandbox_front_close(&sandbox->front);
	sandbox_wire_free(&sandbox->wire);
	sandbox_server_close(&server);
	return 0;
}

int
main(int argc, char **argv)
{
	struct options options = defaults;
	struct sandbox sandbox = {0};
	int status = read_options(argc, argv, &options);

	if (status != 0)
		return status - 1;
	signal(SIGPIPE, SIG_IGN);
	status = sandbox_init(&sandbox, &options)
	    ? serve(&sandbox, &options)
	    : 1;
	sandbox_fini(&sandbox);
	if (sandbox.base != NULL)
		event_base_free(sandbox.base);
	libevent_global_shutdown();
	return status;
}
