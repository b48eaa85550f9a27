# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/connector/test_x
#	tests_unit_connector_test_x_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)
