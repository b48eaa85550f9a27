# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/value/test_x
#	tests_unit_value_test_x_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)
