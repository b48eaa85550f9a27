# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_export.a
libstated_export_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_export_a_SOURCES =
