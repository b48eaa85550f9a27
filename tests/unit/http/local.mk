# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/http/test_x
#	tests_unit_http_test_x_LDADD = $(LIBS_HTTP) $(CMOCKA_LIBS)
