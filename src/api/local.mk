# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_api.a
libstated_api_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(EVENT_OPENSSL_CFLAGS) $(SSL_CFLAGS)
libstated_api_a_SOURCES =
