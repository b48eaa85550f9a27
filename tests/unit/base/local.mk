# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/base/test_x
#	tests_unit_base_test_x_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_str
tests_unit_base_test_str_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)
