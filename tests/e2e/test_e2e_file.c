/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_file.c: orders that leave as files of XML and statements that come
 * as such, through a real server of OpenSSH's.
 */
#include "house.h"

#include "sshd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct house_options plain = {.quiet_bank = true};

static const char definitions[] =
    "workflow: order\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "business-key: = input.name\n"
    "input: {type: object, required: [name, sum]}\n"
    "initial: sending\n"
    "states:\n"
    "  sending:\n"
    "    entry:\n"
    "      - call: bank-files.send-order\n"
    "        irreversible: the bank takes it away\n"
    "        with:\n"
    "          name: = input.name\n"
    "          document:\n"
    "            Document:\n"
    "              _xmlns: urn:order\n"
    "              Ref: = input.name\n"
    "              Amt: {_Ccy: EUR, _: = input.sum}\n"
    "              Note: = input.note\n"
    "        verify:\n"
    "          call: bank-files.find-order\n"
    "          with: {name: = input.name}\n"
    "          happened: '= if response.exists then true\n"
    "            else if response.partial then false else null'\n"
    "        output: {sha256: = response.sha256}\n"
    "    on: {done: looking, error: failed}\n"
    "  looking:\n"
    "    entry:\n"
    "      - call: bank-files.list-reports\n"
    "        output: {names: = response.names}\n"
    "      - call: bank-files.read-statement\n"
    "        with: {name: '= names[1]'}\n"
    "        output: {entries: '= response.statements[1].Ntry'}\n"
    "      - call: bank-files.put-away\n"
    "        irreversible: it stays where it is\n"
    "        with: {name: '= names[1]'}\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, output: {count: = count(entries),\n"
    "          first: '= number(entries[1].Amt._)'}}\n"
    "  failed: {type: final, outcome: failure}\n";

static const char statement[] =
    "<?xml version=\"1.0\"?>\n<Document><BkToCstmrStmt><Stmt><Id>S</Id>"
    "<Ntry><Amt Ccy=\"EUR\">100.10</Amt></Ntry>"
    "</Stmt></BkToCstmrStmt></Document>\n";

static const char *
path_of(const struct sshd *sshd, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", sshd->files, name);
	return path;
}

static void
stock(struct sshd *sshd)
{
	static const char *const folders[] = {"in", "out", "done"};
	FILE *file;

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(mkdir(path_of(sshd, folders[i]), 0700), 0);
	file = fopen(path_of(sshd, "out/day.xml"), "w");
	assert_non_null(file);
	assert_true(fputs(statement, file) >= 0 && fclose(file) == 0);
}

static struct house *
open_bank(struct sshd *sshd)
{
	struct house *house = house_build(&plain);
	char *settings;

	sshd_open(sshd);
	stock(sshd);
	assert_true(asprintf(&settings, "settings:\n"
			"  bank_files: {url: 'sftp://127.0.0.1:%s',\n"
			"    host_key: '%s', user: '%s'}\n",
			sshd->port, sshd->host_key, sshd->user) > 0);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	free(settings);
	house_write(house, "workflows/order.yaml", definitions);
	setenv("STATED_SECRET_BANK_FILES_KEY", buf_cstr(&sshd->key), 1);
	house_start_engine(house);
	return house;
}

static json_t *
run_order(struct house *house, const char *name)
{
	struct reply *reply = house_post(house,
	    "/v1/workflows/order/instances",
	    "{\"input\":{\"name\":\"%s\",\"sum\":12.50}}", name);
	int64_t until_ms = time_ms() + 30000;

	assert_int_equal(reply->status, 201);
	for (;;) {
		json_t *shown = house_get(house, "/v1/instances/%s",
		    text_at(reply->json, "id"))->json;

		if (strcmp(text_at(shown, "status"), "completed") == 0)
			return shown;
		if (time_ms() > until_ms)
			fail_msg("%s", json_dumps(shown, 0));
		time_sleep(20);
	}
}

static void
test_order_goes_and_statement_comes(void **state)
{
	struct sshd sshd;
	struct house *house = open_bank(&sshd);
	json_t *shown = run_order(house, "P-1.xml");
	char *text = house_read(path_of(&sshd, "in/P-1.xml"));

	(void)state;
	assert_string_equal(text_at(shown, "state"), "ended");
	assert_string_equal(text,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<Document xmlns=\"urn:order\"><Ref>P-1.xml</Ref>"
	    "<Amt Ccy=\"EUR\">12.50</Amt></Document>");
	free(text);
	assert_int_equal(integer_at(shown, "output.count"), 1);
	assert_int_equal(access(path_of(&sshd, "out/day.xml"), F_OK), -1);
	assert_int_equal(access(path_of(&sshd, "done/day.xml"), F_OK), 0);
	house_verify(house);
	house_close(&house);
	sshd_close(&sshd);
}

/* The bank takes it away in the same instant in which the line breaks. */
static void
test_order_in_doubt_is_there_once(void **state)
{
	struct sshd sshd;
	struct house *house = open_bank(&sshd);

	(void)state;
	sshd_cut(&sshd, "taken");
	assert_string_equal(text_at(run_order(house, "P-2.xml"), "state"),
	    "ended");
	assert_int_equal(access(path_of(&sshd, "in/P-2.xml"), F_OK), -1);
	house_verify(house);
	house_close(&house);
	sshd_close(&sshd);
}

static void
test_connection_can_be_tried(void **state)
{
	struct sshd sshd;
	struct house *house = open_bank(&sshd);
	struct reply *reply = house_post(house,
	    "/v1/connections/bank-files/test", "{}");

	(void)state;
	assert_int_equal(reply->status, 200);
	if (!json_is_true(json_at(reply->json, "ok")))
		fail_msg("%s", reply->body);
	reply = house_post(house, "/v1/connections/bank-files/test",
	    "{\"operation\":\"list-reports\"}");
	assert_true(json_is_true(json_at(reply->json, "ok")));
	/* Whoever stands there now, it isn't who stood there before. */
	house_edit(house, "stated.yaml", sshd.host_key, "SHA256:another");
	program_stop(&house->engine);
	house_start_engine(house);
	reply = house_post(house, "/v1/connections/bank-files/test", "{}");
	assert_string_equal(text_at(reply->json, "code"), "sftp.certificate");
	assert_non_null(strstr(text_at(reply->json, "message"),
	    sshd.host_key));
	house_close(&house);
	sshd_close(&sshd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_order_goes_and_statement_comes),
	    HOUSE_TEST(test_order_in_doubt_is_there_once),
	    HOUSE_TEST(test_connection_can_be_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
