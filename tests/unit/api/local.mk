# SPDX-License-Identifier: Apache-2.0
#
# Every test asks a whole server from outside; api_server.c is that server.

api_server_sources = \
	tests/unit/api/api_contract.c \
	tests/unit/api/api_contract.h \
	tests/unit/api/api_server.c \
	tests/unit/api/api_server.h

check_PROGRAMS += tests/unit/api/test_api_auth
tests_unit_api_test_api_auth_SOURCES = \
	tests/unit/api/test_api_auth.c $(api_server_sources)
tests_unit_api_test_api_auth_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_connection
tests_unit_api_test_api_connection_SOURCES = \
	tests/unit/api/test_api_connection.c $(api_server_sources)
tests_unit_api_test_api_connection_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_event
tests_unit_api_test_api_event_SOURCES = \
	tests/unit/api/test_api_event.c $(api_server_sources)
tests_unit_api_test_api_event_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_proposal
tests_unit_api_test_api_proposal_SOURCES = \
	tests/unit/api/test_api_proposal.c $(api_server_sources)
tests_unit_api_test_api_proposal_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_instance
tests_unit_api_test_api_instance_SOURCES = \
	tests/unit/api/test_api_instance.c $(api_server_sources)
tests_unit_api_test_api_instance_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_item
tests_unit_api_test_api_item_SOURCES = \
	tests/unit/api/test_api_item.c $(api_server_sources)
tests_unit_api_test_api_item_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_start
tests_unit_api_test_api_start_SOURCES = \
	tests/unit/api/test_api_start.c $(api_server_sources)
tests_unit_api_test_api_start_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_wire
tests_unit_api_test_api_wire_SOURCES = \
	tests/unit/api/test_api_wire.c $(api_server_sources)
tests_unit_api_test_api_wire_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_door
tests_unit_api_test_api_door_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) \
	$(CRYPTO_CFLAGS)
tests_unit_api_test_api_door_SOURCES = \
	tests/unit/api/test_api_door.c $(api_server_sources)
tests_unit_api_test_api_door_LDADD = $(LIBS_API) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/api/test_api_docs
tests_unit_api_test_api_docs_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/src/api
tests_unit_api_test_api_docs_LDADD = $(LIBS_API) $(CMOCKA_LIBS)
