# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_scenario.a
libstated_scenario_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_scenario_a_SOURCES = \
	src/scenario/scenario.c \
	src/scenario/scenario_check.c \
	src/scenario/scenario_coverage.c \
	src/scenario/scenario_expect.c \
	src/scenario/scenario_form.c \
	src/scenario/scenario_match.c \
	src/scenario/scenario_play.c \
	src/scenario/scenario_priv.h \
	src/scenario/scenario_step.c
