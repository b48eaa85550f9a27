# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/value/test_x
#	tests_unit_value_test_x_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

EXTRA_DIST += tests/unit/value/value_check.h

check_PROGRAMS += tests/unit/value/test_date
tests_unit_value_test_date_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_date_time
tests_unit_value_test_date_time_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_duration
tests_unit_value_test_duration_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_json_read
tests_unit_value_test_json_read_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_json_untype
tests_unit_value_test_json_untype_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_json_write
tests_unit_value_test_json_write_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_number
tests_unit_value_test_number_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_number_math
tests_unit_value_test_number_math_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_number_text
tests_unit_value_test_number_text_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_compile
tests_unit_value_test_schema_compile_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_format
tests_unit_value_test_schema_format_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_list
tests_unit_value_test_schema_list_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_logic
tests_unit_value_test_schema_logic_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_object
tests_unit_value_test_schema_object_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_pattern
tests_unit_value_test_schema_pattern_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_reference
tests_unit_value_test_schema_reference_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_scalar
tests_unit_value_test_schema_scalar_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_schema_validate
tests_unit_value_test_schema_validate_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_time
tests_unit_value_test_time_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_value
tests_unit_value_test_value_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_value_build
tests_unit_value_test_value_build_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/value/test_value_pack
tests_unit_value_test_value_pack_LDADD = $(LIBS_VALUE) $(CMOCKA_LIBS)
