# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/sim/test_x
#	tests_unit_sim_test_x_LDADD = $(LIBS_SIM) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/sim/test_sim
tests_unit_sim_test_sim_LDADD = $(LIBS_SIM) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/sim/test_sim_child
tests_unit_sim_test_sim_child_LDADD = $(LIBS_SIM) $(CMOCKA_LIBS)
