# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_chart.a
libstated_chart_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_chart_a_SOURCES = \
	src/chart/chart.c \
	src/chart/chart_call.c \
	src/chart/chart_env.c \
	src/chart/chart_escalation.c \
	src/chart/chart_incident.c \
	src/chart/chart_plan.c \
	src/chart/chart_priv.h \
	src/chart/chart_record.c \
	src/chart/chart_run.c \
	src/chart/chart_snapshot.c \
	src/chart/chart_step.c \
	src/chart/chart_task.c \
	src/chart/retry.c
