# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_sim.a
libstated_sim_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_sim_a_SOURCES = \
	src/sim/sim.c \
	src/sim/sim_act.c \
	src/sim/sim_child.c \
	src/sim/sim_effect.c \
	src/sim/sim_form.c \
	src/sim/sim_operation.c \
	src/sim/sim_outcome.c \
	src/sim/sim_priv.h \
	src/sim/sim_report.c
