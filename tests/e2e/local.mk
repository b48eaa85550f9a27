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
	tests/e2e/house_endpoint.c \
	tests/e2e/house_http.c \
	tests/e2e/house_payment.c \
	tests/e2e/house_program.c
# The tests run them, so they must be there when only a test is made.
E2E_NEEDS = stated$(EXEEXT) contrib/sandbox/stated-sandbox$(EXEEXT)

check_PROGRAMS += tests/e2e/test_e2e_amqp
tests_e2e_test_e2e_amqp_SOURCES = tests/e2e/test_e2e_amqp.c $(E2E_HOUSE) \
	tests/unit/http/daemon.c tests/unit/http/daemon.h \
	tests/unit/http/rabbit.c tests/unit/http/rabbit.h
tests_e2e_test_e2e_amqp_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS) \
	$(RABBITMQ_CFLAGS) -I$(srcdir)/tests/unit/http
tests_e2e_test_e2e_amqp_LDADD = $(LIBS_BASE) $(RABBITMQ_LIBS) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_amqp_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_api
tests_e2e_test_e2e_api_SOURCES = tests/e2e/test_e2e_api.c $(E2E_HOUSE)
tests_e2e_test_e2e_api_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_api_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_api_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_body
tests_e2e_test_e2e_body_SOURCES = tests/e2e/test_e2e_body.c $(E2E_HOUSE)
tests_e2e_test_e2e_body_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_body_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_body_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_call
tests_e2e_test_e2e_call_SOURCES = tests/e2e/test_e2e_call.c \
	tests/e2e/shim_call.h tests/e2e/trial.c tests/e2e/trial.h \
	$(E2E_HOUSE)
tests_e2e_test_e2e_call_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_call_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_call_DEPENDENCIES = $(E2E_NEEDS) \
	tests/e2e/shim_call.so

check_PROGRAMS += tests/e2e/test_e2e_cipher
tests_e2e_test_e2e_cipher_SOURCES = tests/e2e/test_e2e_cipher.c $(E2E_HOUSE)
tests_e2e_test_e2e_cipher_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_cipher_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_cipher_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_cli
tests_e2e_test_e2e_cli_SOURCES = tests/e2e/test_e2e_cli.c $(E2E_HOUSE)
tests_e2e_test_e2e_cli_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_cli_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_cli_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_disk
tests_e2e_test_e2e_disk_SOURCES = tests/e2e/test_e2e_disk.c $(E2E_HOUSE)
tests_e2e_test_e2e_disk_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_disk_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_disk_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_duties
tests_e2e_test_e2e_duties_SOURCES = tests/e2e/test_e2e_duties.c $(E2E_HOUSE)
tests_e2e_test_e2e_duties_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_duties_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_duties_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_event
tests_e2e_test_e2e_event_SOURCES = tests/e2e/test_e2e_event.c $(E2E_HOUSE)
tests_e2e_test_e2e_event_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_event_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_event_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_journal
tests_e2e_test_e2e_journal_SOURCES = tests/e2e/test_e2e_journal.c $(E2E_HOUSE)
tests_e2e_test_e2e_journal_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_journal_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_journal_DEPENDENCIES = $(E2E_NEEDS) \
	tests/e2e/shim_call.so tests/e2e/shim_clock.so

check_PROGRAMS += tests/e2e/test_e2e_kill
tests_e2e_test_e2e_kill_SOURCES = tests/e2e/test_e2e_kill.c $(E2E_HOUSE)
tests_e2e_test_e2e_kill_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_kill_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_kill_DEPENDENCIES = $(E2E_NEEDS) \
	tests/e2e/shim_kill.so

check_PROGRAMS += tests/e2e/test_e2e_mail
tests_e2e_test_e2e_mail_SOURCES = tests/e2e/test_e2e_mail.c $(E2E_HOUSE)
tests_e2e_test_e2e_mail_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_mail_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_mail_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_chance
tests_e2e_test_e2e_chance_SOURCES = tests/e2e/test_e2e_chance.c \
	tests/e2e/family.c tests/e2e/family.h $(E2E_HOUSE)
tests_e2e_test_e2e_chance_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_chance_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_chance_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_export
tests_e2e_test_e2e_export_SOURCES = tests/e2e/test_e2e_export.c $(E2E_HOUSE)
tests_e2e_test_e2e_export_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_export_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_export_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_faults
tests_e2e_test_e2e_faults_SOURCES = tests/e2e/test_e2e_faults.c \
	tests/e2e/family.c tests/e2e/family.h $(E2E_HOUSE)
tests_e2e_test_e2e_faults_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_faults_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_faults_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_odoo
tests_e2e_test_e2e_odoo_SOURCES = tests/e2e/test_e2e_odoo.c $(E2E_HOUSE)
tests_e2e_test_e2e_odoo_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_odoo_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_odoo_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_outage
tests_e2e_test_e2e_outage_SOURCES = tests/e2e/test_e2e_outage.c $(E2E_HOUSE)
tests_e2e_test_e2e_outage_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_outage_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_outage_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_payment
tests_e2e_test_e2e_payment_SOURCES = tests/e2e/test_e2e_payment.c $(E2E_HOUSE)
tests_e2e_test_e2e_payment_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_payment_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_payment_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_proof
tests_e2e_test_e2e_proof_SOURCES = tests/e2e/test_e2e_proof.c \
	$(key_pair_sources) $(E2E_HOUSE)
tests_e2e_test_e2e_proof_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS) \
	$(CRYPTO_CFLAGS)
tests_e2e_test_e2e_proof_LDADD = $(LIBS_BASE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_proof_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_secret
tests_e2e_test_e2e_secret_SOURCES = tests/e2e/test_e2e_secret.c \
	$(key_pair_sources) $(E2E_HOUSE)
tests_e2e_test_e2e_secret_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS) \
	$(CRYPTO_CFLAGS)
tests_e2e_test_e2e_secret_LDADD = $(LIBS_BASE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_secret_DEPENDENCIES = $(E2E_NEEDS) \
	tests/e2e/shim_clock.so

check_PROGRAMS += tests/e2e/test_e2e_serve
tests_e2e_test_e2e_serve_SOURCES = tests/e2e/test_e2e_serve.c $(E2E_HOUSE)
tests_e2e_test_e2e_serve_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_serve_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_serve_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_schedule
tests_e2e_test_e2e_schedule_SOURCES = tests/e2e/test_e2e_schedule.c $(E2E_HOUSE)
tests_e2e_test_e2e_schedule_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_schedule_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_schedule_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_token
tests_e2e_test_e2e_token_SOURCES = tests/e2e/test_e2e_token.c $(E2E_HOUSE)
tests_e2e_test_e2e_token_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_token_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_token_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_talk
tests_e2e_test_e2e_talk_SOURCES = tests/e2e/test_e2e_talk.c
tests_e2e_test_e2e_talk_CPPFLAGS = $(CMOCKA_CFLAGS)
tests_e2e_test_e2e_talk_LDADD = $(CMOCKA_LIBS)
EXTRA_tests_e2e_test_e2e_talk_DEPENDENCIES = stated$(EXEEXT)

check_PROGRAMS += tests/e2e/test_e2e_shipped
tests_e2e_test_e2e_shipped_SOURCES = tests/e2e/test_e2e_shipped.c $(E2E_HOUSE)
tests_e2e_test_e2e_shipped_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_shipped_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_shipped_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_form
tests_e2e_test_e2e_form_SOURCES = tests/e2e/test_e2e_form.c $(E2E_HOUSE)
tests_e2e_test_e2e_form_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_form_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_form_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_money
tests_e2e_test_e2e_money_SOURCES = tests/e2e/test_e2e_money.c $(E2E_HOUSE)
tests_e2e_test_e2e_money_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_money_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_money_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_file
tests_e2e_test_e2e_file_SOURCES = tests/e2e/test_e2e_file.c $(E2E_HOUSE) \
	tests/unit/http/daemon.c tests/unit/http/daemon.h \
	tests/unit/http/sshd.c tests/unit/http/sshd.h
tests_e2e_test_e2e_file_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS) \
	-I$(srcdir)/tests/unit/http
tests_e2e_test_e2e_file_LDADD = $(LIBS_BASE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_file_DEPENDENCIES = $(E2E_NEEDS) \
	tests/unit/http/shim_files.so

check_PROGRAMS += tests/e2e/test_e2e_for
tests_e2e_test_e2e_for_SOURCES = tests/e2e/test_e2e_for.c $(E2E_HOUSE)
tests_e2e_test_e2e_for_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_for_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_for_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_backup
tests_e2e_test_e2e_backup_SOURCES = tests/e2e/test_e2e_backup.c $(E2E_HOUSE)
tests_e2e_test_e2e_backup_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS)
tests_e2e_test_e2e_backup_LDADD = $(LIBS_STORE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_backup_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_reperform
tests_e2e_test_e2e_reperform_SOURCES = tests/e2e/test_e2e_reperform.c \
	$(E2E_HOUSE)
tests_e2e_test_e2e_reperform_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS)
tests_e2e_test_e2e_reperform_LDADD = $(LIBS_STORE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_reperform_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_store
tests_e2e_test_e2e_store_SOURCES = tests/e2e/test_e2e_store.c $(E2E_HOUSE)
tests_e2e_test_e2e_store_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS)
tests_e2e_test_e2e_store_LDADD = $(LIBS_STORE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_store_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_erase
tests_e2e_test_e2e_erase_SOURCES = tests/e2e/test_e2e_erase.c $(E2E_HOUSE)
tests_e2e_test_e2e_erase_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS)
tests_e2e_test_e2e_erase_LDADD = $(LIBS_STORE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_erase_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_retention
tests_e2e_test_e2e_retention_SOURCES = tests/e2e/test_e2e_retention.c \
	$(E2E_HOUSE)
tests_e2e_test_e2e_retention_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS)
tests_e2e_test_e2e_retention_LDADD = $(LIBS_STORE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_retention_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_scarce
tests_e2e_test_e2e_scarce_SOURCES = tests/e2e/test_e2e_scarce.c $(E2E_HOUSE)
tests_e2e_test_e2e_scarce_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_scarce_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_scarce_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_clock
tests_e2e_test_e2e_clock_SOURCES = tests/e2e/test_e2e_clock.c $(E2E_HOUSE)
tests_e2e_test_e2e_clock_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_clock_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_clock_DEPENDENCIES = $(E2E_NEEDS) \
	tests/e2e/shim_clock.so

# Loaded into a program of ours: no sanitizer of their own.
CLEANFILES += tests/e2e/shim_call.so tests/e2e/shim_clock.so \
	tests/e2e/shim_kill.so tests/e2e/shim_memory.so
EXTRA_DIST += tests/e2e/shim_call.c tests/e2e/shim_clock.c \
	tests/e2e/shim_kill.c tests/e2e/shim_memory.c
SHIM_CC = $(AM_V_CCLD)$(MKDIR_P) $(@D) && $(CC) -std=gnu17 -D_GNU_SOURCE \
	-O1 -shared -fPIC
tests/e2e/shim_call.so: tests/e2e/shim_call.c tests/e2e/shim_call.h
	$(SHIM_CC) -o $@ $(srcdir)/tests/e2e/shim_call.c
tests/e2e/shim_clock.so: tests/e2e/shim_clock.c
	$(SHIM_CC) -o $@ $(srcdir)/tests/e2e/shim_clock.c
tests/e2e/shim_kill.so: tests/e2e/shim_kill.c
	$(SHIM_CC) -o $@ $(srcdir)/tests/e2e/shim_kill.c
tests/e2e/shim_memory.so: tests/e2e/shim_memory.c \
	tests/unit/engine/refused_malloc.h
	$(SHIM_CC) -o $@ $(srcdir)/tests/e2e/shim_memory.c

check_PROGRAMS += tests/e2e/test_e2e_memory
tests_e2e_test_e2e_memory_SOURCES = tests/e2e/test_e2e_memory.c \
	tests/e2e/trial.c tests/e2e/trial.h $(E2E_HOUSE)
tests_e2e_test_e2e_memory_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_memory_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_memory_DEPENDENCIES = $(E2E_NEEDS) \
	tests/e2e/shim_memory.so

check_PROGRAMS += tests/e2e/test_e2e_crowd
tests_e2e_test_e2e_crowd_SOURCES = tests/e2e/test_e2e_crowd.c $(E2E_HOUSE)
tests_e2e_test_e2e_crowd_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_crowd_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_crowd_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_large
tests_e2e_test_e2e_large_SOURCES = tests/e2e/test_e2e_large.c $(E2E_HOUSE)
tests_e2e_test_e2e_large_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_large_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_large_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_soak
tests_e2e_test_e2e_soak_SOURCES = tests/e2e/test_e2e_soak.c $(E2E_HOUSE)
tests_e2e_test_e2e_soak_CPPFLAGS = $(E2E_CPPFLAGS)
tests_e2e_test_e2e_soak_LDADD = $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_soak_DEPENDENCIES = $(E2E_NEEDS)

check_PROGRAMS += tests/e2e/test_e2e_guard
tests_e2e_test_e2e_guard_SOURCES = tests/e2e/test_e2e_guard.c \
	$(mint_sources) $(E2E_HOUSE)
tests_e2e_test_e2e_guard_CPPFLAGS = $(AM_CPPFLAGS) $(E2E_CPPFLAGS) \
	$(CRYPTO_CFLAGS)
tests_e2e_test_e2e_guard_LDADD = $(LIBS_BASE) $(E2E_LIBS)
EXTRA_tests_e2e_test_e2e_guard_DEPENDENCIES = $(E2E_NEEDS)
