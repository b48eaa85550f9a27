# SPDX-License-Identifier: Apache-2.0
#
# Every test asks a whole server from outside; api_server.c is that server.

api_server_sources = \
	tests/unit/api/api_contract.c \
	tests/unit/api/api_server.c \
	tests/unit/api/api_server.h

check_PROGRAMS += tests/unit/api/test_api_start
tests_unit_api_test_api_start_SOURCES = \
	tests/unit/api/test_api_start.c $(api_server_sources)
tests_unit_api_test_api_start_LDADD = $(LIBS_API) $(CMOCKA_LIBS)
