# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_base.a
libstated_base_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
libstated_base_a_SOURCES = \
	src/base/arena.c \
	src/base/buf.c \
	src/base/diag.c \
	src/base/map.c \
	src/base/message.c \
	src/base/must.c \
	src/base/str.c
