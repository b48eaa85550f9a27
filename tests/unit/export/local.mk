# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/export/test_x
#	tests_unit_export_test_x_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)
