# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_audit.a
libstated_audit_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
libstated_audit_a_SOURCES = \
	src/audit/audit.c \
	src/audit/audit_checkpoint.c \
	src/audit/audit_masked.c \
	src/audit/audit_tree.c
