# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_http.a
libstated_http_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(EVENT_CFLAGS)
libstated_http_a_SOURCES =
