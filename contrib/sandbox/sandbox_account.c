/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_account.c: balances, statements and positions, see
 * sandbox_account.h.
 *
 * A statement is made of the bank's entries when it is asked for, so that its
 * lines lead from its opening to its closing balance, and one day's closing
 * balance is the next one's opening.
 */
#include "sandbox_account.h"

#include "sandbox_bank.h"
#include "sandbox_decimal.h"
#include "sandbox_json.h"
#include "sandbox_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY_BYTES 10 /* 2026-11-22 */
#define CURRENCY "EUR" /* of statements */

/* -------------------------------------------------------------- balances */

static struct sandbox_decimal
decimal_of(const char *text)
{
	struct sandbox_decimal n = {0};
	bool ok = sandbox_decimal_parse(text, &n);

	must(ok);
	return n;
}

static bool
is_credit(const json_t *entry)
{
	return strcmp(sandbox_json_text(entry, "CreditDebitIndicator"),
	    "Credit") == 0;
}

/* Before, on and after a day: -1, 0, 1. */
static int
compare_day(const json_t *entry, const char *day)
{
	return strncmp(sandbox_json_text(entry, "BookingDateTime"), day,
	    DAY_BYTES);
}

/* What is on the account as the day begins, or as it ends; NULL: now. */
static struct sandbox_decimal
balance_after(const struct sandbox *sandbox, const char *account,
    const char *currency, const char *day, bool with_the_day)
{
	json_t *entries = sandbox_bank_entries(sandbox->bank);
	struct sandbox_decimal sum =
	    decimal_of(strstr(account, "EMPTY") ? "0" : "1000000");
	const struct sandbox_decimal minus_one = decimal_of("-1");

	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		struct sandbox_decimal amount =
		    decimal_of(sandbox_json_text(entry, "Amount.Amount"));
		int order = day ? compare_day(entry, day) : -1;

		if (strcmp(sandbox_json_text(entry, "Amount.Currency"),
		    currency) != 0 || order > (with_the_day ? 0 : -1))
			continue;
		sum = sandbox_decimal_add(sum, is_credit(entry) ? amount :
		    sandbox_decimal_multiply(amount, minus_one));
	}
	json_decref(entries);
	return sum;
}

static json_t *
amount_json(struct sandbox_decimal amount, const char *currency)
{
	char text[SANDBOX_DECIMAL_BYTES];

	return json_pack("{s:s,s:s}", "Amount",
	    sandbox_decimal_format(amount, text), "Currency", currency);
}

void
sandbox_account_balances(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	static const char *const currencies[] = {"EUR", "GBP", "CHF"};
	const char *account = request->params[0];
	json_t *balances = json_array();

	for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]);
	     i++) {
		json_array_append_new(balances,
		    json_pack("{s:s,s:s,s:o}", "AccountId", account, "Type",
			"InterimAvailable", "Amount",
			amount_json(balance_after(sandbox, account,
			    currencies[i], NULL, true), currencies[i])));
	}
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:{s:o}}", "Data", "Balance", balances));
}

/* ------------------------------------------------------------ statements */

/* Statements are numbered by working days, so that none is missing over a
 * weekend. */
static int
number_of(const char *day)
{
	struct tm tm = {0};
	long days;

	if (sscanf(day, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday) != 3)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	days = timegm(&tm) / 86400 + 3; /* 1970-01-01 was a Thursday */
	return (int)(days / 7 * 5 + (days % 7 < 5 ? days % 7 : 4));
}

static json_t *
statement_json(const struct sandbox *sandbox, const char *account,
    const char *day)
{
	char id[128];
	char number[16];

	snprintf(id, sizeof(id), "%.100s-%.10s", account, day);
	snprintf(number, sizeof(number), "%d", number_of(day));
	return json_pack("{s:s,s:s,s:s,s:s,s:[{s:s,s:o},{s:s,s:o}]}",
	    "AccountId", account,
	    "StatementId", id,
	    "StatementReference", number,
	    "Type", "RegularPeriodic",
	    "StatementAmount",
	    "Type", "UK.OBIE.PreviousClosingBalance",
	    "Amount", amount_json(balance_after(sandbox, account, CURRENCY,
		day, false), CURRENCY),
	    "Type", "UK.OBIE.ClosingBalance",
	    "Amount", amount_json(balance_after(sandbox, account, CURRENCY,
		day, true), CURRENCY));
}

void
sandbox_account_statements(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *account = request->params[0];
	const char *from =
	    sandbox_request_query(request, "fromStatementDateTime");
	char day[DAY_BYTES + 1];
	json_t *statements = json_array();

	snprintf(day, sizeof(day), "%.10s", from);
	if (strlen(day) == DAY_BYTES && strstr(account, "LATE") == NULL)
		json_array_append_new(statements,
		    statement_json(sandbox, account, day));
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:{s:o}}", "Data", "Statement", statements));
}

void
sandbox_account_transactions(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *statement = request->params[1];
	size_t bytes = strlen(statement);
	const char *day = bytes > DAY_BYTES ?
	    statement + bytes - DAY_BYTES : statement;
	json_t *entries = sandbox_bank_entries(sandbox->bank);
	json_t *lines = json_array();

	for (size_t i = 0; i < json_array_size(entries); i++) {
		json_t *entry = json_array_get(entries, i);

		if (compare_day(entry, day) == 0 &&
		    strcmp(sandbox_json_text(entry, "Amount.Currency"),
		    CURRENCY) == 0)
			json_array_append(lines, entry);
	}
	json_decref(entries);
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:{s:o}}", "Data", "Transaction", lines));
}

/* ------------------------------------------------------------- positions */

struct sandbox_positions {
	json_t *by_account;
};

struct sandbox_positions *
sandbox_positions_new(void)
{
	struct sandbox_positions *positions = calloc(1, sizeof(*positions));

	must(positions != NULL);
	positions->by_account = json_object();
	return positions;
}

void
sandbox_positions_free(struct sandbox_positions **positions)
{
	if (*positions == NULL)
		return;
	json_decref((*positions)->by_account);
	free(*positions);
	*positions = NULL;
}

void
sandbox_positions_reset(struct sandbox_positions *positions)
{
	json_object_clear(positions->by_account);
}

json_t *
sandbox_positions_list(const struct sandbox_positions *positions)
{
	return json_incref(positions->by_account);
}

void
sandbox_positions_get(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *position = json_object_get(sandbox->positions->by_account,
	    request->params[0]);

	if (position == NULL)
		sandbox_reply_error(reply, 404, "no such account");
	else
		sandbox_reply_json_take(reply, 200, json_incref(position));
}

void
sandbox_positions_put(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);

	if (body == NULL)
		return;
	json_object_set(sandbox->positions->by_account, request->params[0],
	    body);
	sandbox_reply_json_take(reply, 200, body);
}

void
sandbox_positions_mark_stale(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *by_account = sandbox->positions->by_account;
	json_t *body = sandbox_request_object(request, reply);
	json_t *position;

	if (body == NULL)
		return;
	position = json_object_get(by_account, request->params[0]);
	if (position == NULL) {
		position = json_object();
		json_object_set_new(by_account, request->params[0], position);
	}
	json_object_set_new(position, "stale", json_true());
	json_object_set(position, "since", json_object_get(body, "since"));
	json_decref(body);
	sandbox_reply_json_take(reply, 200, json_incref(position));
}
