# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_value.a
libstated_value_a_CPPFLAGS = $(AM_CPPFLAGS) $(BID_CFLAGS) $(JANSSON_CFLAGS)
libstated_value_a_SOURCES =
