# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_connector.a
libstated_connector_a_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)
libstated_connector_a_SOURCES = \
	src/connector/amqp.c \
	src/connector/call_scope.c \
	src/connector/cloud_event.c \
	src/connector/connector.c \
	src/connector/connector_advice.c \
	src/connector/connector_describe.c \
	src/connector/connector_keys.c \
	src/connector/connector_mask.c \
	src/connector/connector_greeting.c \
	src/connector/connector_priv.h \
	src/connector/connector_token.c \
	src/connector/connector_webhook.c \
	src/connector/header_list.c \
	src/connector/issuer.c \
	src/connector/jws.c \
	src/connector/mail.c \
	src/connector/oauth2.c \
	src/connector/odoo.c \
	src/connector/odoo_error.c \
	src/connector/odoo_value.c \
	src/connector/proof.c \
	src/connector/reply.c \
	src/connector/rest.c \
	src/connector/rest_body.c \
	src/connector/rest_form.c \
	src/connector/rest_multipart.c \
	src/connector/rest_proxy.c \
	src/connector/rest_url.c \
	src/connector/retry_after.c \
	src/connector/sign.c \
	src/connector/signed_text.c \
	src/connector/sftp.c \
	src/connector/smtp.c \
	src/connector/verdict.c \
	src/connector/xml_decode.c \
	src/connector/xml_read.c \
	src/connector/xml_write.c
