# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/export/test_x
#	tests_unit_export_test_x_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/export/test_export
tests_unit_export_test_export_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/export/test_export_verify
tests_unit_export_test_export_verify_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/export/test_export_log
tests_unit_export_test_export_log_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)
tests_unit_export_test_export_log_LDADD = $(LIBS_EXPORT) $(XML_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/export/test_population
tests_unit_export_test_population_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/export/test_export_bundle
tests_unit_export_test_export_bundle_CPPFLAGS = $(AM_CPPFLAGS) $(ARCHIVE_CFLAGS)
tests_unit_export_test_export_bundle_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/export/test_export_seal
tests_unit_export_test_export_seal_SOURCES = \
	tests/unit/export/test_export_seal.c \
	tests/unit/export/seal_help.h
tests_unit_export_test_export_seal_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/export/test_export_mutation
tests_unit_export_test_export_mutation_SOURCES = \
	tests/unit/export/test_export_mutation.c \
	tests/unit/export/seal_help.h
tests_unit_export_test_export_mutation_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_unit_export_test_export_mutation_LDADD = $(LIBS_EXPORT) $(CMOCKA_LIBS)
