# SPDX-License-Identifier: Apache-2.0
#
# The disk that forgets, for tests that put a database on it.

SIM_DISK = \
	tests/sim/disk.c \
	tests/sim/disk_search.c \
	tests/sim/disk.h \
	tests/sim/disk_priv.h \
	tests/sim/disk_vfs.c
