# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_feel.a
libstated_feel_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_feel_a_SOURCES =
