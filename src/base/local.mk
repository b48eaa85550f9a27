# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_base.a
libstated_base_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
libstated_base_a_SOURCES = \
	src/base/must.c \
	src/base/str.c
