# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/definition/test_x
#	tests_unit_definition_test_x_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_definition
tests_unit_definition_test_definition_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)
