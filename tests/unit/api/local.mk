# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/api/test_x
#	tests_unit_api_test_x_LDADD = $(LIBS_API) $(CMOCKA_LIBS)
