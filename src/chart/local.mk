# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_chart.a
libstated_chart_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_chart_a_SOURCES = \
	src/chart/chart.c \
	src/chart/chart_begin.c \
	src/chart/chart_call.c \
	src/chart/chart_call_reply.c \
	src/chart/chart_cancel.c \
	src/chart/chart_child.c \
	src/chart/chart_concern.c \
	src/chart/chart_config.c \
	src/chart/chart_describe.c \
	src/chart/chart_duty.c \
	src/chart/chart_env.c \
	src/chart/chart_erase.c \
	src/chart/chart_escalation.c \
	src/chart/chart_incident.c \
	src/chart/chart_instance_priv.h \
	src/chart/chart_invariant.c \
	src/chart/chart_kept.c \
	src/chart/chart_key.c \
	src/chart/chart_kinds.c \
	src/chart/chart_loop.c \
	src/chart/chart_mask.c \
	src/chart/chart_migrate.c \
	src/chart/chart_migrate_part.c \
	src/chart/chart_migrate_priv.h \
	src/chart/chart_past.c \
	src/chart/chart_person.c \
	src/chart/chart_plan.c \
	src/chart/chart_priv.h \
	src/chart/chart_proposal.c \
	src/chart/chart_reads.c \
	src/chart/chart_record.c \
	src/chart/chart_replay.c \
	src/chart/chart_run.c \
	src/chart/chart_select.c \
	src/chart/chart_snapshot.c \
	src/chart/chart_snapshot_old.c \
	src/chart/chart_snapshot_priv.h \
	src/chart/chart_snapshot_strand.c \
	src/chart/chart_snapshot_whole.c \
	src/chart/chart_step.c \
	src/chart/chart_strand.c \
	src/chart/chart_task.c \
	src/chart/chart_time.c \
	src/chart/chart_undo.c \
	src/chart/retry.c
