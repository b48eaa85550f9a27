# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_engine.a
libstated_engine_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
libstated_engine_a_SOURCES = \
	src/engine/engine.c \
	src/engine/engine_call.c \
	src/engine/engine_child.c \
	src/engine/engine_delegation.c \
	src/engine/engine_event.c \
	src/engine/engine_grant.c \
	src/engine/engine_hold.c \
	src/engine/engine_inbox.c \
	src/engine/engine_instance.c \
	src/engine/engine_journal.c \
	src/engine/engine_keys.c \
	src/engine/engine_intake.c \
	src/engine/engine_limits.c \
	src/engine/engine_line.c \
	src/engine/engine_loop.c \
	src/engine/engine_lost.c \
	src/engine/engine_outbox.c \
	src/engine/engine_priv.h \
	src/engine/engine_proposal.c \
	src/engine/engine_publish.c \
	src/engine/engine_recover.c \
	src/engine/engine_refusal.c \
	src/engine/engine_request.c \
	src/engine/engine_retention.c \
	src/engine/engine_schedule.c \
	src/engine/engine_standing.c \
	src/engine/engine_start.c \
	src/engine/engine_switch.c \
	src/engine/engine_timer.c \
	src/engine/engine_token.c \
	src/engine/engine_try.c \
	src/engine/engine_turn.c \
	src/engine/engine_watch.c
