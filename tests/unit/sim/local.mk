# SPDX-License-Identifier: Apache-2.0
#
# Every test plays with a simulation, which sim_fixture.c lays out.

sim_fixture_sources = \
	tests/unit/sim/sim_fixture.c \
	tests/unit/sim/sim_fixture.h

check_PROGRAMS += tests/unit/sim/test_sim
tests_unit_sim_test_sim_SOURCES = \
	tests/unit/sim/test_sim.c $(sim_fixture_sources)
tests_unit_sim_test_sim_LDADD = $(LIBS_SIM) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/sim/test_sim_child
tests_unit_sim_test_sim_child_SOURCES = \
	tests/unit/sim/test_sim_child.c $(sim_fixture_sources)
tests_unit_sim_test_sim_child_LDADD = $(LIBS_SIM) $(CMOCKA_LIBS)
