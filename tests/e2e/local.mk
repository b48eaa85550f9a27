# SPDX-License-Identifier: Apache-2.0
#
# The programs as their users have them: processes, sockets, files.

E2E_CPPFLAGS = $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(SQLITE_CFLAGS) \
	$(CMOCKA_CFLAGS)
E2E_LIBS = $(CURL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) \
	$(CMOCKA_LIBS) -lpthread
E2E_HOUSE = \
	tests/e2e/house.c \
	tests/e2e/house.h \
	tests/e2e/house_http.c \
	tests/e2e/house_payment.c \
	tests/e2e/house_program.c
# The tests run them, so they must be there when only a test is made.
E2E_NEEDS = stated$(EXEEXT) contrib/sandbox/stated-sandbox$(EXEEXT)

check_PROGRAMS += tests/e2e/test_e2e_payment
tests_e2e_test_e2e_payment_SOURCES = tests/e2e/test_e2e_payment.c $(E2E_HOUSE)
tests_e2e_test_e2e_payment_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_payment_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_payment_DEPENDENCIES = $(E2E_NEEDS)
