# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/engine/test_x
#	tests_unit_engine_test_x_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)
