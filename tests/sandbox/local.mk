# SPDX-License-Identifier: Apache-2.0
#
# The sandbox as its callers see it: a process, real sockets.

SANDBOX_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
SANDBOX_TEST_LIBS = $(CURL_LIBS) $(LIBS_BASE) $(CMOCKA_LIBS)
SANDBOX_TEST_CLIENT = tests/sandbox/sandbox_client.c \
	tests/sandbox/sandbox_client.h
# The tests run it, so it must be there when only they are made.
SANDBOX_TEST_NEEDS = contrib/sandbox/stated-sandbox$(EXEEXT)

check_PROGRAMS += tests/sandbox/test_sandbox_bank
tests_sandbox_test_sandbox_bank_SOURCES = \
	tests/sandbox/test_sandbox_bank.c $(SANDBOX_TEST_CLIENT)
tests_sandbox_test_sandbox_bank_CPPFLAGS = $(SANDBOX_TEST_CPPFLAGS)
tests_sandbox_test_sandbox_bank_LDADD = $(SANDBOX_TEST_LIBS)
EXTRA_tests_sandbox_test_sandbox_bank_DEPENDENCIES = $(SANDBOX_TEST_NEEDS)

check_PROGRAMS += tests/sandbox/test_sandbox_desk
tests_sandbox_test_sandbox_desk_SOURCES = \
	tests/sandbox/test_sandbox_desk.c $(SANDBOX_TEST_CLIENT)
tests_sandbox_test_sandbox_desk_CPPFLAGS = $(SANDBOX_TEST_CPPFLAGS)
tests_sandbox_test_sandbox_desk_LDADD = $(SANDBOX_TEST_LIBS)
EXTRA_tests_sandbox_test_sandbox_desk_DEPENDENCIES = $(SANDBOX_TEST_NEEDS)

check_PROGRAMS += tests/sandbox/test_sandbox_fault
tests_sandbox_test_sandbox_fault_SOURCES = \
	tests/sandbox/test_sandbox_fault.c $(SANDBOX_TEST_CLIENT)
tests_sandbox_test_sandbox_fault_CPPFLAGS = $(SANDBOX_TEST_CPPFLAGS)
tests_sandbox_test_sandbox_fault_LDADD = $(SANDBOX_TEST_LIBS)
EXTRA_tests_sandbox_test_sandbox_fault_DEPENDENCIES = $(SANDBOX_TEST_NEEDS)

check_PROGRAMS += tests/sandbox/test_sandbox_odoo
tests_sandbox_test_sandbox_odoo_SOURCES = \
	tests/sandbox/test_sandbox_odoo.c $(SANDBOX_TEST_CLIENT)
tests_sandbox_test_sandbox_odoo_CPPFLAGS = $(SANDBOX_TEST_CPPFLAGS)
tests_sandbox_test_sandbox_odoo_LDADD = $(SANDBOX_TEST_LIBS)
EXTRA_tests_sandbox_test_sandbox_odoo_DEPENDENCIES = $(SANDBOX_TEST_NEEDS)

check_PROGRAMS += tests/sandbox/test_sandbox_tls
tests_sandbox_test_sandbox_tls_SOURCES = \
	tests/sandbox/test_sandbox_tls.c $(SANDBOX_TEST_CLIENT)
tests_sandbox_test_sandbox_tls_CPPFLAGS = $(SANDBOX_TEST_CPPFLAGS) \
	$(JANSSON_CFLAGS)
tests_sandbox_test_sandbox_tls_LDADD = $(SANDBOX_TEST_LIBS) $(JANSSON_LIBS)
EXTRA_tests_sandbox_test_sandbox_tls_DEPENDENCIES = $(SANDBOX_TEST_NEEDS)

check_PROGRAMS += tests/sandbox/test_sandbox_webhook
tests_sandbox_test_sandbox_webhook_SOURCES = \
	tests/sandbox/test_sandbox_webhook.c $(SANDBOX_TEST_CLIENT)
tests_sandbox_test_sandbox_webhook_CPPFLAGS = $(SANDBOX_TEST_CPPFLAGS)
tests_sandbox_test_sandbox_webhook_LDADD = $(SANDBOX_TEST_LIBS)
EXTRA_tests_sandbox_test_sandbox_webhook_DEPENDENCIES = $(SANDBOX_TEST_NEEDS)
