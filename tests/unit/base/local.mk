# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/base/test_x
#	tests_unit_base_test_x_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_arena
tests_unit_base_test_arena_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_buf
tests_unit_base_test_buf_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_cipher
tests_unit_base_test_cipher_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_clock
tests_unit_base_test_clock_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_descriptor
tests_unit_base_test_descriptor_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_diag
tests_unit_base_test_diag_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_digest
tests_unit_base_test_digest_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_escape
tests_unit_base_test_escape_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_log
tests_unit_base_test_log_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_map
tests_unit_base_test_map_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_must
tests_unit_base_test_must_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_rng
tests_unit_base_test_rng_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

# Keys that are made for a test.
key_pair_sources = tests/unit/base/key_pair.c tests/unit/base/key_pair.h
# Access tokens that such a pair signs.
mint_sources = tests/unit/base/mint.c tests/unit/base/mint.h \
	$(key_pair_sources)

check_PROGRAMS += tests/unit/base/test_signature
tests_unit_base_test_signature_SOURCES = \
	tests/unit/base/test_signature.c $(key_pair_sources)
tests_unit_base_test_signature_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_str
tests_unit_base_test_str_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_message
tests_unit_base_test_message_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_xml
tests_unit_base_test_xml_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_zone
tests_unit_base_test_zone_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_zone_rule
tests_unit_base_test_zone_rule_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/base/test_zone_tzif
tests_unit_base_test_zone_tzif_LDADD = $(LIBS_BASE) $(CMOCKA_LIBS)
