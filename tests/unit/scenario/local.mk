# SPDX-License-Identifier: Apache-2.0
#
# A test is three lines:
#	check_PROGRAMS += tests/unit/scenario/test_x
#	tests_unit_scenario_test_x_SOURCES = \
#		tests/unit/scenario/test_x.c $(scenario_stage)
#	tests_unit_scenario_test_x_LDADD = $(LIBS_SCENARIO) $(CMOCKA_LIBS)

scenario_stage = tests/unit/scenario/stage.c tests/unit/scenario/stage.h

check_PROGRAMS += tests/unit/scenario/test_scenario
tests_unit_scenario_test_scenario_SOURCES = \
	tests/unit/scenario/test_scenario.c $(scenario_stage)
tests_unit_scenario_test_scenario_LDADD = $(LIBS_SCENARIO) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/scenario/test_scenario_coverage
tests_unit_scenario_test_scenario_coverage_SOURCES = \
	tests/unit/scenario/test_scenario_coverage.c $(scenario_stage)
tests_unit_scenario_test_scenario_coverage_LDADD = \
	$(LIBS_SCENARIO) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/scenario/test_scenario_expect
tests_unit_scenario_test_scenario_expect_SOURCES = \
	tests/unit/scenario/test_scenario_expect.c $(scenario_stage)
tests_unit_scenario_test_scenario_expect_LDADD = \
	$(LIBS_SCENARIO) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/scenario/test_scenario_play
tests_unit_scenario_test_scenario_play_SOURCES = \
	tests/unit/scenario/test_scenario_play.c $(scenario_stage)
tests_unit_scenario_test_scenario_play_LDADD = \
	$(LIBS_SCENARIO) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/scenario/test_scenario_step
tests_unit_scenario_test_scenario_step_LDADD = $(LIBS_SCENARIO) $(CMOCKA_LIBS)
