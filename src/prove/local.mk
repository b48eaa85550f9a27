# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_prove.a
libstated_prove_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_prove_a_SOURCES = \
	src/prove/axis.c \
	src/prove/call_time.c \
	src/prove/effect.c \
	src/prove/effect_age.c \
	src/prove/effect_beside.c \
	src/prove/facts.c \
	src/prove/flow.c \
	src/prove/flow_build.c \
	src/prove/flow_build.h \
	src/prove/flow_guard.c \
	src/prove/flow_path.c \
	src/prove/flow_wait.c \
	src/prove/names.c \
	src/prove/prove.c \
	src/prove/prove_child.c \
	src/prove/prove_circle.c \
	src/prove/prove_codes.h \
	src/prove/prove_effect.c \
	src/prove/prove_effect.h \
	src/prove/prove_event.c \
	src/prove/prove_facts.h \
	src/prove/prove_incident.c \
	src/prove/prove_odoo.c \
	src/prove/prove_outcome.c \
	src/prove/prove_people.c \
	src/prove/prove_priv.h \
	src/prove/prove_reach.c \
	src/prove/prove_table.c \
	src/prove/prove_table.h \
	src/prove/prove_variable.c \
	src/prove/prove_wait.c
