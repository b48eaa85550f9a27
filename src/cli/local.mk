# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_cli.a
libstated_cli_a_CPPFLAGS = $(AM_CPPFLAGS)
libstated_cli_a_SOURCES =

bin_PROGRAMS += stated
stated_CPPFLAGS = $(libstated_cli_a_CPPFLAGS)
stated_SOURCES = src/cli/stated_main.c
stated_LDADD = $(LIBS_ALL)
