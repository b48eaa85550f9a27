# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/connector/test_x
#	tests_unit_connector_test_x_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

# A connection from YAML, to prepare calls for and show answers to.
desk_sources = tests/unit/connector/desk.c tests/unit/connector/desk.h

check_PROGRAMS += tests/unit/connector/connection_case
tests_unit_connector_connection_case_SOURCES = \
	tests/unit/connector/connection_case.c $(desk_sources)
tests_unit_connector_connection_case_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_connector_describe
tests_unit_connector_test_connector_describe_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_connector_mask
tests_unit_connector_test_connector_mask_SOURCES = \
	tests/unit/connector/test_connector_mask.c $(desk_sources)
tests_unit_connector_test_connector_mask_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_connector_token
tests_unit_connector_test_connector_token_SOURCES = \
	tests/unit/connector/test_connector_token.c $(desk_sources) \
	$(key_pair_sources)
tests_unit_connector_test_connector_token_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(srcdir)/src/connector
tests_unit_connector_test_connector_token_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_connector_webhook
tests_unit_connector_test_connector_webhook_SOURCES = \
	tests/unit/connector/test_connector_webhook.c $(desk_sources)
tests_unit_connector_test_connector_webhook_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_issuer
tests_unit_connector_test_issuer_SOURCES = \
	tests/unit/connector/test_issuer.c $(mint_sources)
tests_unit_connector_test_issuer_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_iso20022
tests_unit_connector_test_iso20022_SOURCES = \
	tests/unit/connector/test_iso20022.c $(desk_sources)
tests_unit_connector_test_iso20022_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_odoo
tests_unit_connector_test_odoo_SOURCES = \
	tests/unit/connector/test_odoo.c $(desk_sources)
tests_unit_connector_test_odoo_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_odoo_recorded
tests_unit_connector_test_odoo_recorded_SOURCES = \
	tests/unit/connector/test_odoo_recorded.c $(desk_sources)
tests_unit_connector_test_odoo_recorded_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_proof
tests_unit_connector_test_proof_SOURCES = \
	tests/unit/connector/test_proof.c $(desk_sources) $(key_pair_sources)
tests_unit_connector_test_proof_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(srcdir)/src/connector
tests_unit_connector_test_proof_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_rest
tests_unit_connector_test_rest_SOURCES = \
	tests/unit/connector/test_rest.c $(desk_sources)
tests_unit_connector_test_rest_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_rest_body
tests_unit_connector_test_rest_body_SOURCES = \
	tests/unit/connector/test_rest_body.c $(desk_sources)
tests_unit_connector_test_rest_body_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_rest_proxy
tests_unit_connector_test_rest_proxy_SOURCES = \
	tests/unit/connector/test_rest_proxy.c $(desk_sources)
tests_unit_connector_test_rest_proxy_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_retry_after
tests_unit_connector_test_retry_after_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(srcdir)/src/connector
tests_unit_connector_test_retry_after_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_amqp
tests_unit_connector_test_amqp_SOURCES = tests/unit/connector/test_amqp.c \
	$(desk_sources)
tests_unit_connector_test_amqp_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_sftp
tests_unit_connector_test_sftp_SOURCES = tests/unit/connector/test_sftp.c \
	$(desk_sources)
tests_unit_connector_test_sftp_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_sign
tests_unit_connector_test_sign_SOURCES = \
	tests/unit/connector/test_sign.c $(desk_sources) $(key_pair_sources)
tests_unit_connector_test_sign_CPPFLAGS = $(AM_CPPFLAGS) \
	-I$(srcdir)/src/connector
tests_unit_connector_test_sign_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_smtp
tests_unit_connector_test_smtp_SOURCES = tests/unit/connector/test_smtp.c \
	$(desk_sources)
tests_unit_connector_test_smtp_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_xml_read
tests_unit_connector_test_xml_read_SOURCES = \
	tests/unit/connector/test_xml_read.c $(desk_sources)
tests_unit_connector_test_xml_read_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_xml_write
tests_unit_connector_test_xml_write_SOURCES = \
	tests/unit/connector/test_xml_write.c $(desk_sources)
tests_unit_connector_test_xml_write_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_connector_advice
tests_unit_connector_test_connector_advice_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/connector/test_connector_greeting
tests_unit_connector_test_connector_greeting_SOURCES = \
	tests/unit/connector/test_connector_greeting.c $(desk_sources)
tests_unit_connector_test_connector_greeting_LDADD = $(LIBS_CONNECTOR) $(CMOCKA_LIBS)
