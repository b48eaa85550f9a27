# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/cli/test_x
#	tests_unit_cli_test_x_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)
