/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_iso20022.c: the shipped connection to a bank that speaks in files: what
 * leaves for it, to the byte, and what its reports become.
 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEY "0191a8c2-7d3e-8f00-9abc-0123456789ab"
#define MESSAGE "0191a8c27d3e8f009abc0123456789ab"

static int
set_up(void **state)
{
	static struct desk desk;
	struct buf text = {0};
	const char *srcdir = getenv("srcdir");
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/workflows/connections/iso20022.yaml",
	    srcdir != NULL ? srcdir : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(buf_add_file(&text, file, 1024 * 1024));
	(void)fclose(file);
	desk_open(&desk, buf_cstr(&text));
	buf_fini(&text);
	desk.context.settings = desk_json(&desk,
	    "{\"iso20022\":{\"url\":\"https://bank.example\",\"user\":\"u\"}}");
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

/* ---------------------------------------------------------------- pain.001 */

#define DEBTOR                                                                 \
	"{\"name\":\"ACME GmbH\",\"iban\":\"DE40100100103307118608\","         \
	"\"bic\":\"PBNKDEFFXXX\"}"
#define ORDER(transfers)                                                       \
	"{\"created\":\"2025-01-31T10:00:00Z\","                               \
	"\"execution_date\":\"2025-02-03\",\"debtor\":" DEBTOR ","             \
	"\"transfers\":" transfers "}"
#define TRANSFER(reference, amount)                                            \
	"{\"reference\":\"" reference "\",\"amount\":" amount ","              \
	"\"currency\":\"EUR\",\"creditor\":{\"name\":\"Vendor 88\","           \
	"\"iban\":\"DE02100100109307118603\"}}"

static bool
prepare(struct desk *desk, const char *args, const char *key)
{
	struct connector_call call = desk_call(desk, "send-transfers", args);

	call.idempotency_key = str_of(key);
	return connector_prepare(&call, &desk->context, &desk->request,
	    &desk->outcome);
}

static const char one_transfer[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">"
    "<CstmrCdtTrfInitn>"
    "<GrpHdr><MsgId>" MESSAGE "</MsgId>"
    "<CreDtTm>2025-01-31T10:00:00Z</CreDtTm>"
    "<NbOfTxs>1</NbOfTxs><CtrlSum>100.00</CtrlSum>"
    "<InitgPty><Nm>ACME GmbH</Nm></InitgPty></GrpHdr>"
    "<PmtInf><PmtInfId>" MESSAGE "-1</PmtInfId><PmtMtd>TRF</PmtMtd>"
    "<BtchBookg>true</BtchBookg><NbOfTxs>1</NbOfTxs>"
    "<CtrlSum>100.00</CtrlSum>"
    "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>"
    "<ReqdExctnDt><Dt>2025-02-03</Dt></ReqdExctnDt>"
    "<Dbtr><Nm>ACME GmbH</Nm></Dbtr>"
    "<DbtrAcct><Id><IBAN>DE40100100103307118608</IBAN></Id></DbtrAcct>"
    "<DbtrAgt><FinInstnId><BICFI>PBNKDEFFXXX</BICFI></FinInstnId></DbtrAgt>"
    "<ChrgBr>SLEV</ChrgBr>"
    "<CdtTrfTxInf><PmtId><InstrId>P-77</InstrId>"
    "<EndToEndId>P-77</EndToEndId></PmtId>"
    "<Amt><InstdAmt Ccy=\"EUR\">100.00</InstdAmt></Amt>"
    "<Cdtr><Nm>Vendor 88</Nm></Cdtr>"
    "<CdtrAcct><Id><IBAN>DE02100100109307118603</IBAN></Id></CdtrAcct>"
    "</CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>";

static void
test_file_of_transfers_is_what_the_standard_says(void **state)
{
	struct desk *desk = *state;

	assert_true(prepare(desk, ORDER("[" TRANSFER("P-77", "100") "]"), KEY));
	assert_string_equal(desk_str(desk, desk->request.body), one_transfer);
	assert_string_equal(desk_header(desk, "content-type"),
	    "application/xml");
}

static void
test_same_key_is_the_same_file_at_another_time(void **state)
{
	struct desk *desk = *state;

	desk->context.now_ms += 3600 * 1000;
	assert_true(prepare(desk, ORDER("[" TRANSFER("P-77", "100") "]"), KEY));
	assert_string_equal(desk_str(desk, desk->request.body), one_transfer);
	desk->context.now_ms = DESK_NOW_MS;
	assert_true(prepare(desk, ORDER("[" TRANSFER("P-77", "100") "]"),
	    "other"));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "<MsgId>other</MsgId>"));
}

static void
test_control_sum_is_exact(void **state)
{
	struct desk *desk = *state;
	struct buf transfers = buf_in(desk->arena);
	const char *body;
	struct str list;

	/* Ten times 0.10 is no 0.9999…, and a cent beside a billion counts. */
	for (size_t i = 0; i < 10; i++)
		buf_add_cstr(&transfers, TRANSFER("A", "0.10") ",");
	buf_add_cstr(&transfers, TRANSFER("B", "999999999.99") ","
	    TRANSFER("C", "0.01"));
	list = buf_keep(&transfers);
	assert_true(prepare(desk, desk_str(desk, arena_strf(desk->arena,
	    ORDER("[%.*s]"), STR_ARG(list))), KEY));
	body = desk_str(desk, desk->request.body);
	assert_non_null(strstr(body,
	    "<NbOfTxs>12</NbOfTxs><CtrlSum>1000000001.00</CtrlSum>"));
	assert_non_null(strstr(body, ">0.10</InstdAmt>"));
	assert_non_null(strstr(body, ">999999999.99</InstdAmt>"));
}

static void
test_file_that_a_bank_would_refuse_is_not_sent(void **state)
{
	static const char *const transfers[] = {
		"[]",
		"[" TRANSFER("P", "0") "]",
		"[" TRANSFER("P", "1.005") "]",
		"[" TRANSFER("P", "-1") "]",
		"[" TRANSFER("", "1") "]",
		"[" TRANSFER("P<1>", "1") "]",
		"[" TRANSFER("\xc3\x84", "1") "]",
		"[" TRANSFER("123456789012345678901234567890123456", "1") "]",
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
		assert_false(prepare(desk, desk_str(desk, arena_strf(
		    desk->arena, ORDER("%s"), transfers[i])), KEY));
		desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
		    "connector.arguments", false);
	}
}

/* ----------------------------------------------------------------- reports */

static const char *
read_answer(struct desk *desk, const char *operation, const char *args,
    const char *body)
{
	struct outcome *outcome = desk_answer(desk, operation, args, 200,
	    "Content-Type: application/xml; charset=utf-8", body);

	if (outcome->kind != OUTCOME_DONE)
		fail_msg("%s", desk_str(desk, outcome->message));
	return desk_text(desk, outcome->response);
}

#define PAIN_002(rest)                                                         \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                         \
	"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\">"  \
	"<CstmrPmtStsRpt><GrpHdr><MsgId>R-1</MsgId></GrpHdr>\n"                \
	"<OrgnlGrpInfAndSts><OrgnlMsgId>" MESSAGE "</OrgnlMsgId>"              \
	"<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>" rest                    \
	"</CstmrPmtStsRpt></Document>"
#define READ_STATUS "read-status", "{\"message_id\":\"m\"}"

static void
test_refused_transfer_is_told_with_its_reason(void **state)
{
	assert_string_equal(read_answer(*state, READ_STATUS, PAIN_002(
	    "<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>"
	    "<OrgnlPmtInfAndSts><OrgnlPmtInfId>x</OrgnlPmtInfId>"
	    "<TxInfAndSts><OrgnlEndToEndId>P-77</OrgnlEndToEndId>"
	    "<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn>"
	    "<AddtlInf>closed</AddtlInf><AddtlInf>since May</AddtlInf>"
	    "</StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>")),
	    "{\"message_id\":\"" MESSAGE "\",\"status\":\"PART\","
	    "\"reason\":null,\"transfers\":[{\"reference\":\"P-77\","
	    "\"status\":\"RJCT\",\"reason\":\"AC04\",\"text\":\"closed\"}]}");
}

static void
test_report_on_the_whole_file_has_no_transfers(void **state)
{
	assert_string_equal(read_answer(*state, READ_STATUS, PAIN_002(
	    "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>AM05</Cd></Rsn>"
	    "</StsRsnInf></OrgnlGrpInfAndSts>")),
	    "{\"message_id\":\"" MESSAGE "\",\"status\":\"RJCT\","
	    "\"reason\":\"AM05\",\"transfers\":[]}");
}

static void
test_transfers_of_several_groups_are_one_list(void **state)
{
	const char *text = read_answer(*state, READ_STATUS, PAIN_002(
	    "</OrgnlGrpInfAndSts>"
	    "<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>A"
	    "</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>"
	    "<TxInfAndSts><OrgnlEndToEndId>B</OrgnlEndToEndId>"
	    "<TxSts>PDNG</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"
	    "<OrgnlPmtInfAndSts><PmtInfSts>ACCP</PmtInfSts>"
	    "</OrgnlPmtInfAndSts>"
	    "<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>C"
	    "</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>"
	    "</OrgnlPmtInfAndSts>"));

	assert_non_null(strstr(text, "\"transfers\":["
	    "{\"reference\":\"A\",\"status\":\"ACSC\","));
	assert_non_null(strstr(text, "{\"reference\":\"B\","));
	assert_non_null(strstr(text, "{\"reference\":\"C\","));
}

#define ENTRY                                                                  \
	"<Ntry><NtryRef>1</NtryRef><Amt Ccy=\"EUR\">100.00</Amt>\n"            \
	"<CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"                  \
	"<BookgDt><Dt>2025-02-03</Dt></BookgDt>"                               \
	"<ValDt><Dt>2025-02-04</Dt></ValDt>"                                   \
	"<AcctSvcrRef>BANKREF1</AcctSvcrRef><NtryDtls><TxDtls>"                \
	"<Refs><EndToEndId>P-77</EndToEndId></Refs>"                           \
	"<Amt Ccy=\"EUR\">100.00</Amt><RmtInf><Ustrd>B-2025-7</Ustrd>"         \
	"<Ustrd>rest</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"

static void
test_statement_has_signed_amounts_and_all_parts(void **state)
{
	assert_string_equal(read_answer(*state, "read-statement",
	    "{\"account\":\"DE40\",\"date\":\"2025-02-03\"}",
	    "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">"
	    "<BkToCstmrStmt><GrpHdr><MsgId>S</MsgId></GrpHdr>"
	    "<Stmt><Id>S-1</Id><ElctrncSeqNb>23</ElctrncSeqNb>"
	    "<CreDtTm>2025-02-03T22:00:00+01:00</CreDtTm>"
	    "<Acct><Id><IBAN>DE40</IBAN></Id></Acct>"
	    "<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>"
	    "<Amt Ccy=\"EUR\">50.10</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
	    "<Dt><Dt>2025-02-03</Dt></Dt></Bal>"
	    "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>"
	    "<Amt Ccy=\"EUR\">49.90</Amt><CdtDbtInd>DBIT</CdtDbtInd>"
	    "<Dt><Dt>2025-02-03</Dt></Dt></Bal>" ENTRY
	    "</Stmt></BkToCstmrStmt></Document>"),
	    "{\"statements\":[{\"id\":\"S-1\",\"sequence\":\"23\","
	    "\"created\":\"2025-02-03T22:00:00+01:00\",\"account\":\"DE40\","
	    "\"balances\":[{\"kind\":\"OPBD\",\"amount\":50.10,"
	    "\"currency\":\"EUR\",\"date\":\"2025-02-03\"},"
	    "{\"kind\":\"CLBD\",\"amount\":-49.90,\"currency\":\"EUR\","
	    "\"date\":\"2025-02-03\"}],"
	    "\"entries\":[{\"amount\":-100.00,\"currency\":\"EUR\","
	    "\"reversal\":false,\"status\":\"BOOK\",\"booked\":\"2025-02-03\","
	    "\"value\":\"2025-02-04\",\"bank_reference\":\"BANKREF1\","
	    "\"parts\":[{\"reference\":\"P-77\",\"amount\":100.00,"
	    "\"remittance\":\"B-2025-7 rest\",\"returned\":null}]}]}]}");
}

static void
test_statement_of_a_quiet_day_has_no_entries(void **state)
{
	const char *text = read_answer(*state, "read-statement",
	    "{\"account\":\"DE40\",\"date\":\"2025-02-03\"}",
	    "<Document><BkToCstmrStmt><Stmt><Id>S-2</Id></Stmt>"
	    "</BkToCstmrStmt></Document>");

	assert_non_null(strstr(text, "\"entries\":[]"));
}

/* The second version of camt has the status as a text, and a return is an
 * entry of its own with the reason. */
static void
test_older_statements_are_read_too(void **state)
{
	const char *text = read_answer(*state, "read-statement",
	    "{\"account\":\"DE40\",\"date\":\"2025-02-03\"}",
	    "<Document><BkToCstmrStmt><Stmt><Id>S</Id><Ntry>"
	    "<Amt Ccy=\"EUR\">7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
	    "<RvslInd>true</RvslInd><Sts>BOOK</Sts><BookgDt>"
	    "<DtTm>2025-02-03T08:00:00</DtTm></BookgDt><NtryDtls><TxDtls>"
	    "<Refs><EndToEndId>P-1</EndToEndId></Refs>"
	    "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls>"
	    "</Ntry></Stmt></BkToCstmrStmt></Document>");

	assert_non_null(strstr(text, "\"amount\":7.00,\"currency\":\"EUR\","
	    "\"reversal\":true,\"status\":\"BOOK\","
	    "\"booked\":\"2025-02-03T08:00:00\""));
	assert_non_null(strstr(text, "\"returned\":\"AC04\""));
}

static void
test_notification_names_what_was_booked(void **state)
{
	assert_string_equal(read_answer(*state, "read-notifications",
	    "{\"account\":\"DE40\"}",
	    "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\">"
	    "<BkToCstmrDbtCdtNtfctn><Ntfctn><Id>N-1</Id>"
	    "<Acct><Id><IBAN>DE40</IBAN></Id></Acct>" ENTRY
	    "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"),
	    "{\"notifications\":[{\"id\":\"N-1\",\"account\":\"DE40\","
	    "\"entries\":[{\"amount\":-100.00,\"currency\":\"EUR\","
	    "\"reversal\":false,\"status\":\"BOOK\","
	    "\"bank_reference\":\"BANKREF1\",\"references\":[\"P-77\"]}]}]}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_file_of_transfers_is_what_the_standard_says),
		cmocka_unit_test(
		    test_same_key_is_the_same_file_at_another_time),
		cmocka_unit_test(test_control_sum_is_exact),
		cmocka_unit_test(
		    test_file_that_a_bank_would_refuse_is_not_sent),
		cmocka_unit_test(
		    test_refused_transfer_is_told_with_its_reason),
		cmocka_unit_test(
		    test_report_on_the_whole_file_has_no_transfers),
		cmocka_unit_test(
		    test_transfers_of_several_groups_are_one_list),
		cmocka_unit_test(
		    test_statement_has_signed_amounts_and_all_parts),
		cmocka_unit_test(
		    test_statement_of_a_quiet_day_has_no_entries),
		cmocka_unit_test(test_older_statements_are_read_too),
		cmocka_unit_test(test_notification_names_what_was_booked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
