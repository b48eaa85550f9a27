# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_definition.a
libstated_definition_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
libstated_definition_a_SOURCES = \
	src/definition/decision.c \
	src/definition/decision_of.c \
	src/definition/definition.c \
	src/definition/outcome.c \
	src/definition/template.c
