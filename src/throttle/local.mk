# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_throttle.a
libstated_throttle_a_SOURCES = \
	src/throttle/throttle.c \
	src/throttle/throttle_priv.h \
	src/throttle/throttle_queue.c \
	src/throttle/throttle_rate.c
