# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_diff.a
libstated_diff_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_diff_a_SOURCES = \
	src/diff/diff.c \
	src/diff/diff_fact.c \
	src/diff/diff_priv.h \
	src/diff/diff_step.c \
	src/diff/diff_text.c
