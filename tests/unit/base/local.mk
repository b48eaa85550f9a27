# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/base/test_x
#	tests_unit_base_test_x_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_arena
tests_unit_base_test_arena_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_buf
tests_unit_base_test_buf_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_diag
tests_unit_base_test_diag_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_map
tests_unit_base_test_map_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_must
tests_unit_base_test_must_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_str
tests_unit_base_test_str_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_message
tests_unit_base_test_message_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)
