# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_reperform.a
libstated_reperform_a_CPPFLAGS = $(AM_CPPFLAGS) $(ARCHIVE_CFLAGS)
libstated_reperform_a_SOURCES = \
	src/reperform/reperform.c \
	src/reperform/reperform_bundle.c \
	src/reperform/reperform_compare.c \
	src/reperform/reperform_disclosed.c \
	src/reperform/reperform_input.c \
	src/reperform/reperform_library.c \
	src/reperform/reperform_lines.c \
	src/reperform/reperform_priv.h \
	src/reperform/reperform_record.c \
	src/reperform/reperform_replay.c \
	src/reperform/reperform_reply.c \
	src/reperform/reperform_search.c
