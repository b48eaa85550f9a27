# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_sim.a
libstated_sim_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_sim_a_SOURCES =
