# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_feel.a
libstated_feel_a_CPPFLAGS = $(AM_CPPFLAGS) $(PCRE2_CFLAGS)
libstated_feel_a_SOURCES = \
	src/feel/feel.c \
	src/feel/feel_access.c \
	src/feel/feel_aggregate.c \
	src/feel/feel_arith.c \
	src/feel/feel_builtin.c \
	src/feel/feel_builtin.h \
	src/feel/feel_call.c \
	src/feel/feel_case.c \
	src/feel/feel_case.h \
	src/feel/feel_compare.c \
	src/feel/feel_context.c \
	src/feel/feel_convert.c \
	src/feel/feel_day.c \
	src/feel/feel_distinct.c \
	src/feel/feel_eval.c \
	src/feel/feel_habit.c \
	src/feel/feel_infer.c \
	src/feel/feel_interval.c \
	src/feel/feel_lex.c \
	src/feel/feel_list.c \
	src/feel/feel_loop.c \
	src/feel/feel_node.c \
	src/feel/feel_numeric.c \
	src/feel/feel_parse.c \
	src/feel/feel_parse_boxed.c \
	src/feel/feel_parse_call.c \
	src/feel/feel_parse_flow.c \
	src/feel/feel_parse_primary.c \
	src/feel/feel_parse_test.c \
	src/feel/feel_parse_type.c \
	src/feel/feel_parser.h \
	src/feel/feel_pattern.c \
	src/feel/feel_priv.h \
	src/feel/feel_regex.c \
	src/feel/feel_regex.h \
	src/feel/feel_regex_block.c \
	src/feel/feel_regex_translate.c \
	src/feel/feel_scope.c \
	src/feel/feel_shape.c \
	src/feel/feel_string.c \
	src/feel/feel_test.c \
	src/feel/feel_text.c \
	src/feel/feel_token.c \
	src/feel/feel_trace.c \
	src/feel/feel_type.c
