# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_chart.a
libstated_chart_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_chart_a_SOURCES =
