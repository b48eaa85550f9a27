# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_calendar.a
libstated_calendar_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_calendar_a_SOURCES =
