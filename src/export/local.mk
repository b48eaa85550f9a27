# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_export.a
libstated_export_a_CPPFLAGS = $(AM_CPPFLAGS) $(ARCHIVE_CFLAGS)
libstated_export_a_SOURCES = \
	src/export/export.c \
	src/export/export_as_at.c \
	src/export/export_bundle.c \
	src/export/export_csv.c \
	src/export/export_jsonl.c \
	src/export/export_kind.c \
	src/export/export_leant.c \
	src/export/export_moment.c \
	src/export/export_ocel.c \
	src/export/export_numbers.c \
	src/export/export_page.c \
	src/export/export_priv.h \
	src/export/export_proof.c \
	src/export/export_progress.c \
	src/export/export_record.c \
	src/export/export_seal.c \
	src/export/export_tree.c \
	src/export/export_tree.h \
	src/export/export_verify.c \
	src/export/export_verify_bundle.c \
	src/export/export_verify_file.c \
	src/export/export_xes.c \
	src/export/export_xml.c \
	src/export/population.c \
	src/export/sample.c \
	src/export/seal_leaves.c \
	src/export/seal_log.c \
	src/export/seal_marks.c \
	src/export/seal_proofs.c \
	src/export/survey.c
