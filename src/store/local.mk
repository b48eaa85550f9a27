# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_store.a
libstated_store_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
libstated_store_a_SOURCES =
