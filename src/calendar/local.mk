# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_calendar.a
libstated_calendar_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_calendar_a_SOURCES = \
	src/calendar/calendar.c \
	src/calendar/calendar_feasts.c \
	src/calendar/calendar_parse.c \
	src/calendar/calendar_priv.h \
	src/calendar/cron.c \
	src/calendar/cron_parse.c \
	src/calendar/cron_priv.h
