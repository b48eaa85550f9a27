# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_connector.a
libstated_connector_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_connector_a_SOURCES =
