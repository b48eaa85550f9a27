# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_engine.a
libstated_engine_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
libstated_engine_a_SOURCES =
