# SPDX-License-Identifier: Apache-2.0
#
# Fuzzers.  With --enable-fuzzers (clang) each is a libFuzzer program to be
# run by hand; otherwise it replays its corpus as one of the tests.

if FUZZERS
fuzz_main =
fuzz_ldflags = $(FUZZER_LDFLAGS)
noinst_PROGRAMS += $(fuzzers)
else
fuzz_main = tests/fuzz/replay.c
fuzz_ldflags =
check_PROGRAMS += $(fuzzers)
endif
fuzzers = \
	tests/fuzz/fuzz_calendar \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_evaluate \
	tests/fuzz/fuzz_event \
	tests/fuzz/fuzz_export \
	tests/fuzz/fuzz_feel \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_library \
	tests/fuzz/fuzz_pack \
	tests/fuzz/fuzz_publish \
	tests/fuzz/fuzz_reply \
	tests/fuzz/fuzz_scenario \
	tests/fuzz/fuzz_schema \
	tests/fuzz/fuzz_snapshot \
	tests/fuzz/fuzz_text \
	tests/fuzz/fuzz_webhook \
	tests/fuzz/fuzz_xml
fuzz_server = $(fuzz_input) tests/fuzz/fuzz_server.c \
	tests/fuzz/fuzz_server.h tests/unit/api/api_contract.c \
	tests/unit/api/api_contract.h
fuzz_input = tests/fuzz/fuzz_input.c tests/fuzz/fuzz_input.h
fuzz_documents = tests/fuzz/fuzz_documents.c tests/fuzz/fuzz_documents.h
fuzz_file = tests/fuzz/fuzz_file.c tests/fuzz/fuzz_file.h

tests_fuzz_fuzz_feel_SOURCES = tests/fuzz/fuzz_feel.c $(fuzz_main)
tests_fuzz_fuzz_feel_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_feel_LDADD = $(LIBS_FEEL)

tests_fuzz_fuzz_evaluate_SOURCES = tests/fuzz/fuzz_evaluate.c $(fuzz_main)
tests_fuzz_fuzz_evaluate_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_evaluate_LDADD = $(LIBS_FEEL)

tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(fuzz_main)
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_json_LDADD = $(LIBS_VALUE)

tests_fuzz_fuzz_schema_SOURCES = tests/fuzz/fuzz_schema.c $(fuzz_main)
tests_fuzz_fuzz_schema_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_schema_LDADD = $(LIBS_VALUE)

tests_fuzz_fuzz_library_SOURCES = tests/fuzz/fuzz_library.c $(fuzz_main)
tests_fuzz_fuzz_library_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_library_LDADD = $(LIBS_PROVE)

tests_fuzz_fuzz_scenario_SOURCES = tests/fuzz/fuzz_scenario.c \
	$(fuzz_documents) $(fuzz_main)
tests_fuzz_fuzz_scenario_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_scenario_LDADD = $(LIBS_SCENARIO)

tests_fuzz_fuzz_calendar_SOURCES = tests/fuzz/fuzz_calendar.c $(fuzz_input) \
	$(fuzz_main)
tests_fuzz_fuzz_calendar_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_calendar_LDADD = $(LIBS_DEFINITION)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(fuzz_file) \
	$(fuzz_input) $(fuzz_main)
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_config_LDADD = $(LIBS_ALL)

tests_fuzz_fuzz_export_SOURCES = tests/fuzz/fuzz_export.c $(fuzz_file) \
	$(fuzz_input) $(fuzz_main)
tests_fuzz_fuzz_export_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_export_LDADD = $(LIBS_EXPORT) $(LIBS_DEFINITION)

tests_fuzz_fuzz_pack_SOURCES = tests/fuzz/fuzz_pack.c $(fuzz_input) \
	$(fuzz_main)
tests_fuzz_fuzz_pack_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_pack_LDADD = $(LIBS_DEFINITION)

tests_fuzz_fuzz_reply_SOURCES = tests/fuzz/fuzz_reply.c $(fuzz_input) \
	$(fuzz_main)
tests_fuzz_fuzz_reply_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_reply_LDADD = $(LIBS_CONNECTOR) $(LIBS_THROTTLE)

tests_fuzz_fuzz_xml_SOURCES = tests/fuzz/fuzz_xml.c $(fuzz_input) $(fuzz_main)
tests_fuzz_fuzz_xml_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_xml_LDADD = $(LIBS_CONNECTOR)

tests_fuzz_fuzz_snapshot_SOURCES = tests/fuzz/fuzz_snapshot.c \
	$(fuzz_documents) $(fuzz_input) $(fuzz_main)
tests_fuzz_fuzz_snapshot_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_snapshot_LDADD = $(LIBS_SIM)

tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz_text.c $(fuzz_input) \
	$(fuzz_main)
tests_fuzz_fuzz_text_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_text_LDADD = $(LIBS_CONNECTOR)

tests_fuzz_fuzz_webhook_SOURCES = tests/fuzz/fuzz_webhook.c $(fuzz_input) \
	$(fuzz_main)
tests_fuzz_fuzz_webhook_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_webhook_LDADD = $(LIBS_CONNECTOR)

tests_fuzz_fuzz_event_SOURCES = tests/fuzz/fuzz_event.c \
	$(fuzz_server) $(fuzz_main)
tests_fuzz_fuzz_event_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) \
	-I$(top_srcdir)/tests
tests_fuzz_fuzz_event_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_event_LDADD = $(LIBS_API)

tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c \
	$(fuzz_server) $(fuzz_main)
tests_fuzz_fuzz_http_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) \
	-I$(top_srcdir)/tests
tests_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_http_LDADD = $(LIBS_API)

tests_fuzz_fuzz_publish_SOURCES = tests/fuzz/fuzz_publish.c \
	$(fuzz_server) $(fuzz_main)
tests_fuzz_fuzz_publish_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) \
	-I$(top_srcdir)/tests
tests_fuzz_fuzz_publish_LDFLAGS = $(AM_LDFLAGS) $(fuzz_ldflags)
tests_fuzz_fuzz_publish_LDADD = $(LIBS_API)

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/fuzz_feel.dict tests/fuzz/run.sh
