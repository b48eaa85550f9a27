# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/http/test_x
#	tests_unit_http_test_x_LDADD = $(LIBS_HTTP) $(CMOCKA_LIBS)

# The server that tests speak to.
wire_sources = tests/unit/http/wire.c tests/unit/http/wire.h
identity_sources = tests/unit/http/identity.c tests/unit/http/identity.h
wire_libs = $(EVENT_OPENSSL_LIBS) $(SSL_LIBS) $(LIBS_HTTP)

check_PROGRAMS += tests/unit/http/test_http_client
tests_unit_http_test_http_client_SOURCES = \
	tests/unit/http/test_http_client.c \
	$(wire_sources)
tests_unit_http_test_http_client_LDADD = $(wire_libs) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_broker
tests_unit_http_test_http_broker_CPPFLAGS = $(AM_CPPFLAGS) $(RABBITMQ_CFLAGS)
tests_unit_http_test_http_broker_SOURCES = \
	tests/unit/http/test_http_broker.c \
	tests/unit/http/daemon.c tests/unit/http/daemon.h \
	tests/unit/http/rabbit.c tests/unit/http/rabbit.h $(identity_sources)
tests_unit_http_test_http_broker_LDADD = $(wire_libs) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_exchange
tests_unit_http_test_http_exchange_SOURCES = \
	tests/unit/http/test_http_exchange.c \
	$(wire_sources)
tests_unit_http_test_http_exchange_LDADD = $(wire_libs) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_failure
tests_unit_http_test_http_failure_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(srcdir)/src/http
tests_unit_http_test_http_failure_LDADD = $(LIBS_HTTP) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_coding
tests_unit_http_test_http_coding_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(srcdir)/src/http
tests_unit_http_test_http_coding_LDADD = $(LIBS_HTTP) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_mail
tests_unit_http_test_http_mail_SOURCES = tests/unit/http/test_http_mail.c \
	$(identity_sources)
tests_unit_http_test_http_mail_LDADD = $(wire_libs) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_tls
tests_unit_http_test_http_tls_SOURCES = \
	tests/unit/http/test_http_tls.c \
	$(identity_sources) $(wire_sources)
tests_unit_http_test_http_tls_LDADD = $(wire_libs) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_proxy
tests_unit_http_test_http_proxy_SOURCES = \
	tests/unit/http/test_http_proxy.c \
	$(identity_sources) $(wire_sources)
tests_unit_http_test_http_proxy_LDADD = $(wire_libs) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_two
tests_unit_http_test_http_two_SOURCES = tests/unit/http/test_http_two.c \
	tests/unit/http/daemon.c tests/unit/http/daemon.h $(identity_sources)
tests_unit_http_test_http_two_LDADD = $(wire_libs) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/http/test_http_file
tests_unit_http_test_http_file_SOURCES = tests/unit/http/test_http_file.c \
	tests/unit/http/daemon.c tests/unit/http/daemon.h \
	tests/unit/http/sshd.c tests/unit/http/sshd.h $(wire_sources)
tests_unit_http_test_http_file_LDADD = $(wire_libs) $(CMOCKA_LIBS)
EXTRA_tests_unit_http_test_http_file_DEPENDENCIES = \
	tests/unit/http/shim_files.so

# It is loaded into a program that has no sanitizer.
CLEANFILES += tests/unit/http/shim_files.so
EXTRA_DIST += tests/unit/http/shim_files.c
tests/unit/http/shim_files.so: tests/unit/http/shim_files.c
	$(SHIM_CC) -o $@ $(srcdir)/tests/unit/http/shim_files.c
