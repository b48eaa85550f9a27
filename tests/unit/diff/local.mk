# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/diff/test_x
#	tests_unit_diff_test_x_LDADD = $(LIBS_DIFF) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/diff/test_diff
tests_unit_diff_test_diff_LDADD = $(LIBS_DIFF) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/diff/test_diff_itself
tests_unit_diff_test_diff_itself_LDADD = $(LIBS_DIFF) $(CMOCKA_LIBS)
