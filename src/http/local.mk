# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_http.a
libstated_http_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(EVENT_CFLAGS) \
	$(SSL_CFLAGS) $(SSH_CFLAGS) $(RABBITMQ_CFLAGS) $(ZLIB_CFLAGS)
libstated_http_a_SOURCES = \
	src/http/amqp_priv.h \
	src/http/http_amqp.c \
	src/http/http_broker.c \
	src/http/http_client.c \
	src/http/http_coding.c \
	src/http/http_exchange.c \
	src/http/http_failure.c \
	src/http/http_file.c \
	src/http/http_goodbye.c \
	src/http/http_length.c \
	src/http/http_mail.c \
	src/http/http_mailer.c \
	src/http/http_priv.h \
	src/http/http_proxy.c \
	src/http/http_publisher.c \
	src/http/http_socket.c \
	src/http/http_source.c \
	src/http/http_ssh.c \
	src/http/http_transfer.c \
	src/http/http_worker.c
