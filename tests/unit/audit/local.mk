# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/audit/test_x
#	tests_unit_audit_test_x_LDADD = $(LIBS_AUDIT) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/audit/test_audit
tests_unit_audit_test_audit_LDADD = $(LIBS_AUDIT) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/audit/test_audit_tree
tests_unit_audit_test_audit_tree_LDADD = $(LIBS_AUDIT) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/audit/test_audit_masked
tests_unit_audit_test_audit_masked_LDADD = $(LIBS_AUDIT) $(CMOCKA_LIBS)
