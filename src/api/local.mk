# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_api.a
libstated_api_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) \
	$(EVENT_OPENSSL_CFLAGS) $(SSL_CFLAGS)
libstated_api_a_SOURCES = \
	src/api/api.c \
	src/api/api_auth.c \
	src/api/api_body.c \
	src/api/api_call.c \
	src/api/api_census.c \
	src/api/api_checkpoint.c \
	src/api/api_connection.c \
	src/api/api_definition.c \
	src/api/api_diagram.c \
	src/api/api_door.c \
	src/api/api_event.c \
	src/api/api_export.c \
	src/api/api_health.c \
	src/api/api_history.c \
	src/api/api_hook.c \
	src/api/api_instance.c \
	src/api/api_item.c \
	src/api/api_letter.c \
	src/api/api_list.c \
	src/api/api_migrate.c \
	src/api/api_openapi.c \
	src/api/api_population.c \
	src/api/api_priv.h \
	src/api/api_problem.c \
	src/api/api_publish.c \
	src/api/api_query.c \
	src/api/api_refusal.c \
	src/api/api_reply.c \
	src/api/api_retention.c \
	src/api/api_route.c \
	src/api/api_schedule.c \
	src/api/api_schema.c \
	src/api/api_sealer.c \
	src/api/api_start.c \
	src/api/api_token.c
