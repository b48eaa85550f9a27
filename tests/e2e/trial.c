/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c: payments while an engine's machine fails, and their audit. */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define END_MS 60000

static const struct house_options quick = {
    .config = "log: {level: warning}\n",
    .sandbox = {"--delay-accepted", "50", "--delay-settling", "60",
	"--delay-settled", "70", "--delay-matched", "80"},
};

bool
trial_is_long(void)
{
	const char *faults = getenv("STATED_FAULTS");

	return faults != NULL && strcmp(faults, "all") == 0;
}

void
trial_open(struct trial *trial, const char *shim, const char *variable,
    size_t bytes)
{
	*trial = (struct trial){
	    .house = house_open(&quick), .shared_bytes = bytes};
	program_kill(&trial->house->engine);
	trial->shared = house_share(trial->house, variable, bytes);
	trial->house->shim = shim;
}

void
trial_fail(const struct trial *trial, const char *format, ...)
{
	char why[128];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	program_tell_log(&trial->house->engine);
	fail_msg("%s: %s", trial->what, why);
}

/* ---- at work ---- */

static void
name_payment(int number, char out[32])
{
	snprintf(out, 32, "T-%05d", number);
}

void
trial_start_payment(struct trial *trial)
{
	int number = trial->payments++;
	struct reply *reply;
	char name[32];

	assert_true(number < TRIAL_PAYMENTS_MAX);
	name_payment(number, name);
	reply = ask_once(&(struct ask){
	    .url = trial->house->url,
	    .path = "/v1/workflows/payment/instances",
	    .body = payment_body(name, "250.10", "ACME"),
	    .timeout_ms = 3000,
	});
	trial->is_started[number] =
	    reply->status == 200 || reply->status == 201;
	reply_free(reply);
}

static bool
is_ready(const struct trial *trial)
{
	struct reply *reply = ask_once(&(struct ask){
	    .url = trial->house->url, .path = "/readyz", .timeout_ms = 1000});
	bool is_ready = reply->status == 200;

	reply_free(reply);
	return is_ready;
}

bool
trial_await_ready(struct trial *trial)
{
	int64_t until_ms = time_ms() + TRIAL_LIFE_MS;

	while (program_is_alive(&trial->house->engine) && !is_ready(trial)) {
		if (time_ms() > until_ms)
			trial_fail(trial, "it is neither ready nor dead");
		time_sleep(5);
	}
	return program_is_alive(&trial->house->engine);
}

/* ---- afterwards ---- */

static void
await_reconciled(struct house *house, const char *name)
{
	int64_t until_ms = time_ms() + END_MS;
	const char *state;

	while (strcmp(state = text_at(payment_show(house, name), "state"),
		   "reconciled") != 0) {
		if (time_ms() > until_ms)
			fail_msg("%s is %s", name, state);
		time_sleep(50);
	}
}

static void
audit(struct house *house, const char *name)
{
	json_t *ledger;

	await_reconciled(house, name);
	ledger = payment_ledger(house, name);
	assert_int_equal(json_array_size(json_at(ledger, "orders")), 1);
	assert_int_equal(json_array_size(json_object_get(
			     json_at(ledger, "odoo"), "account.payment")),
	    1);
}

/* Who got no answer does not know. */
static void
audit_all(struct trial *trial)
{
	for (int i = 0; i < trial->payments; i++) {
		char name[32];

		name_payment(i, name);
		if (trial->is_started[i] ||
		    house_get(trial->house, "/v1/instances/%s", name)
			    ->status != 404)
			audit(trial->house, name);
	}
}

void
trial_close(struct trial *trial)
{
	struct house *house = trial->house;

	house->shim = NULL;
	if (house->engine.pid != 0)
		program_stop(&house->engine);
	house_start_engine(house);
	audit_all(trial);
	program_stop(&house->engine);
	house_verify(house);
	munmap(trial->shared, trial->shared_bytes);
	house_close(&trial->house);
}
