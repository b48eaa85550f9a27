/* SPDX-License-Identifier: Apache-2.0 */
/* family.c: a table of families, see family.h. */
#include "family.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_BYTES 16384

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

const struct family families[FAMILIES] = {
    {"bank, keys for a day", "bank", "bank", "/bank/",
	"      - call: bank.submit-payment\n"
	"        with: {reference: = input.reference, amount: 10.50,"
	" currency: EUR, creditor: {name: ACME, iban: DE89370400440532013000}}\n"
	PATIENCE
	"        verify:\n"
	"          call: bank.find-payment\n"
	"          with: {reference: = input.reference, amount: 10.50,"
	" currency: EUR}\n"
	"          happened: = response.found\n",
	"orders", "reference", true},
    {"card processor, keys", "stripe", "stripe", "/stripe/",
	"      - call: stripe.create-refund\n"
	"        with: {payment: = \"pi_\" + input.reference, amount: 1050,"
	" currency: EUR, reference: = input.reference}\n"
	PATIENCE
	"        verify:\n"
	"          call: stripe.find-refund\n"
	"          with: {payment: = \"pi_\" + input.reference, amount: 1050,"
	" currency: EUR, reference: = input.reference}\n"
	"          happened: = response.found\n",
	"refunds", "metadata.reference", true},
    {"Odoo, JSON-RPC", "odoo", "odoo", "/odoo/", ODOO("odoo"),
	"odoo/account.payment", "memo", false},
    {"Odoo, JSON-2", "nineteen", "nineteen", "/odoo/", ODOO("nineteen"),
	"odoo/account.payment", "memo", false},
    {"CRM, a unique key", "crm", "crm", "/crm/",
	"      - call: crm.create-deal\n"
	"        with: {key: = input.reference, name: Chairs, amount: 10.50}\n"
	PATIENCE
	"        verify:\n"
	"          call: crm.find-deal\n"
	"          after: 30s\n"
	"          confirm: 10m\n"
	"          with: {key: = input.reference}\n"
	"          happened: = response.found\n",
	"deals", "properties.engine_key", false},
    {"tax, our code", "tax", "tax", "/tax/",
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
	"tax", "code", false},
    {"letters, PUT", "letters", "letters", "/letters/",
	"      - call: letters.send\n"
	"        with: {name: = input.reference, template: reminder,"
	" to: {name: ACME}, fields: {reference: = input.reference}}\n"
	PATIENCE,
	"desk/letters", NULL, true},
    {"chat, nothing", "chat", "chat", "/chat/",
	"      - call: chat.post\n"
	"        with: {channel: x, message: = input.reference}\n" PATIENCE,
	"chat", "text", false},
};

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

/* ---- definitions ---- */

static void
write_workflow(
    const struct house *house, const char *name, const char *step)
{
	char path[128];
	char text[TEXT_BYTES];

	snprintf(path, sizeof(path), "workflows/fault-%s.yaml", name);
	snprintf(text, sizeof(text), frame, name, step);
	house_write(house, path, text);
}

void
family_write_all(const struct house *house)
{
	for (size_t i = 0; i < FAMILIES; i++)
		write_workflow(house, families[i].key, families[i].step);
	house_write(house, "workflows/connections/nineteen.yaml", nineteen);
}

/* Puts `with` wherever `what` stands. */
static void
replace_all(const char *text, const char *what, const char *with,
    char out[TEXT_BYTES])
{
	size_t bytes = 0;
	const char *at;

	while ((at = strstr(text, what)) != NULL) {
		bytes += (size_t)snprintf(out + bytes, TEXT_BYTES - bytes,
		    "%.*s%s", (int)(at - text), text, with);
		assert_true(bytes < TEXT_BYTES);
		text = at + strlen(what);
	}
	bytes += (size_t)snprintf(
	    out + bytes, TEXT_BYTES - bytes, "%s", text);
	assert_true(bytes < TEXT_BYTES);
}

/* The family's connection under another name and at another address. */
static void
write_connection(const struct house *house, const struct family *family,
    const char *name, const char *url, const char *more)
{
	static const char begin[] = "connection: ";
	char path[128];
	char *text, *written;
	const char *begin_at, *name_end, *url_at, *url_end;
	/* Of "/bank/", "/bank" is in the address; of letters nothing is. */
	int path_bytes = strcmp(family->key, "letters") == 0
	    ? 0
	    : (int)strlen(family->path) - 1;

	snprintf(path, sizeof(path), "workflows/connections/%s.yaml",
	    family->connection);
	text = house_read(house_path(house, path));
	begin_at = strstr(text, begin);
	assert_non_null(begin_at);
	name_end = strchr(begin_at, '\n');
	url_at = strstr(name_end, "\nurl: ");
	assert_non_null(url_at);
	url_end = strchr(url_at + 1, '\n');
	assert_true(asprintf(&written, "%s%s%.*s\nurl: %s%.*s\n%s%s", begin,
			name, (int)(url_at - name_end), name_end, url,
			path_bytes, family->path, more, url_end + 1) > 0);
	snprintf(path, sizeof(path), "workflows/connections/%s.yaml", name);
	house_write(house, path, written);
	free(written);
	free(text);
}

void
family_write_own(const struct house *house, const struct family *family,
    const char *name, const char *url, const char *more)
{
	char step[TEXT_BYTES];
	char call[64];
	char own_call[64];

	write_connection(house, family, name, url, more);
	snprintf(call, sizeof(call), "call: %s.", family->connection);
	snprintf(own_call, sizeof(own_call), "call: %s.", name);
	replace_all(family->step, call, own_call, step);
	write_workflow(house, name, step);
}

long long
family_prepare_tls(struct house *house, char more[FAMILY_MORE_BYTES])
{
	struct reply *reply = house_ask(house,
	    &(struct ask){.url = house->sandbox_url, .path = "/control/tls"});

	assert_status(reply, 200);
	house_write(house, "ca.pem", text_at(reply->json, "ca"));
	setenv("STATED_SECRET_SANDBOX_CLIENT", text_at(reply->json, "client"),
	    1);
	snprintf(more, FAMILY_MORE_BYTES,
	    "tls: {ca: %s, client-certificate: {secret: sandbox_client}}\n",
	    house_path(house, "ca.pem"));
	return integer_at(reply->json, "port");
}

/* ---- what was done ---- */

void
family_tally(json_t *counts, const char *name)
{
	json_int_t before = json_integer_value(json_object_get(counts, name));

	json_object_set_new(counts, name, json_integer(before + 1));
}

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

static json_t *
count_family(json_t *ledger, const struct family *family)
{
	json_t *list = list_of(ledger, family->list);
	json_t *counts = json_object();
	const char *reference;
	json_t *entry;
	size_t i;

	if (family->field == NULL)
		json_object_foreach(list, reference, entry)
			family_tally(counts, reference);
	else
		json_array_foreach(list, i, entry)
			family_tally(counts, text_at(entry, family->field));
	return counts;
}

json_t *
family_count_all(json_t *ledger)
{
	json_t *counts = json_object();

	for (size_t i = 0; i < FAMILIES; i++)
		json_object_set_new(counts, families[i].key,
		    count_family(ledger, &families[i]));
	return counts;
}

size_t
family_count(json_t *counts, const struct family *family, const char *reference)
{
	return (size_t)json_integer_value(json_object_get(
	    json_object_get(counts, family->key), reference));
}

enum family_end
family_end_of(json_t *instance)
{
	const char *status = text_at(instance, "status");

	if (strcmp(status, "completed") == 0)
		return FAMILY_DONE;
	if (strcmp(status, "faulted") == 0)
		return FAMILY_REFUSED;
	return json_array_size(json_at(instance, "incidents")) > 0
	    ? FAMILY_PERSON
	    : FAMILY_PENDING;
}
