# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_value.a
libstated_value_a_CPPFLAGS = $(AM_CPPFLAGS) $(BID_CFLAGS) $(PCRE2_CFLAGS)
libstated_value_a_SOURCES = \
	src/value/date.c \
	src/value/date_time.c \
	src/value/duration.c \
	src/value/json_priv.h \
	src/value/json_read.c \
	src/value/json_untype.c \
	src/value/json_write.c \
	src/value/number.c \
	src/value/number_math.c \
	src/value/number_priv.h \
	src/value/number_text.c \
	src/value/number_wide.c \
	src/value/number_wide.h \
	src/value/schema_compile.c \
	src/value/schema_error.c \
	src/value/schema_format.c \
	src/value/schema_list.c \
	src/value/schema_logic.c \
	src/value/schema_object.c \
	src/value/schema_pattern.c \
	src/value/schema_priv.h \
	src/value/schema_reference.c \
	src/value/schema_scalar.c \
	src/value/schema_validate.c \
	src/value/temporal.c \
	src/value/temporal_priv.h \
	src/value/time.c \
	src/value/value.c \
	src/value/value_build.c \
	src/value/value_pack.c \
	src/value/value_priv.h
