# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_base.a
libstated_base_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
libstated_base_a_SOURCES = \
	src/base/arena.c \
	src/base/buf.c \
	src/base/cipher.c \
	src/base/clock.c \
	src/base/descriptor.c \
	src/base/diag.c \
	src/base/digest.c \
	src/base/escape.c \
	src/base/log.c \
	src/base/map.c \
	src/base/memory.c \
	src/base/message.c \
	src/base/must.c \
	src/base/rng.c \
	src/base/signature.c \
	src/base/str.c \
	src/base/xml.c \
	src/base/zone.c \
	src/base/zone_priv.h \
	src/base/zone_rule.c \
	src/base/zone_tzif.c
