# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/store/test_x
#	tests_unit_store_test_x_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)

EXTRA_DIST += tests/unit/store/test_store_help.h tests/unit/store/test_store_old.h

check_PROGRAMS += tests/unit/store/test_store_contract
tests_unit_store_test_store_contract_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_cipher
tests_unit_store_test_store_cipher_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_unit_store_test_store_cipher_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_list
tests_unit_store_test_store_list_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_sqlite
tests_unit_store_test_store_sqlite_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_faults
tests_unit_store_test_store_faults_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_calls
tests_unit_store_test_store_calls_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_copy
tests_unit_store_test_store_copy_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_disk
tests_unit_store_test_store_disk_SOURCES = \
	tests/unit/store/test_store_disk.c $(SIM_DISK)
tests_unit_store_test_store_disk_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) \
	-I$(top_srcdir)/tests
tests_unit_store_test_store_disk_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_history
tests_unit_store_test_store_history_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_retention
tests_unit_store_test_store_retention_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_lean
tests_unit_store_test_store_lean_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/store/test_store_pack
tests_unit_store_test_store_pack_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/store/test_store_scale
tests_unit_store_test_store_scale_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_unit_store_test_store_scale_LDADD = $(LIBS_STORE) $(CMOCKA_LIBS)
