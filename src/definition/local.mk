# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_definition.a
libstated_definition_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
libstated_definition_a_SOURCES = \
	src/definition/decision.c \
	src/definition/decision_of.c \
	src/definition/definition.c \
	src/definition/library.c \
	src/definition/library_order.c \
	src/definition/load.c \
	src/definition/load_amqp.c \
	src/definition/load_auth.c \
	src/definition/load_calendar.c \
	src/definition/load_call.c \
	src/definition/load_circle.c \
	src/definition/load_codes.h \
	src/definition/load_connection.c \
	src/definition/load_contact.c \
	src/definition/load_decision.c \
	src/definition/load_doubt.c \
	src/definition/load_expression.c \
	src/definition/load_field.c \
	src/definition/load_form.c \
	src/definition/load_language.c \
	src/definition/load_mail.c \
	src/definition/load_operation.c \
	src/definition/load_priv.h \
	src/definition/load_schedule.c \
	src/definition/load_schema.c \
	src/definition/load_scope.c \
	src/definition/load_sftp.c \
	src/definition/load_separate.c \
	src/definition/load_signature.c \
	src/definition/load_state.c \
	src/definition/load_step.c \
	src/definition/load_target.c \
	src/definition/load_task.c \
	src/definition/load_transition.c \
	src/definition/load_types.c \
	src/definition/load_webhook.c \
	src/definition/load_workflow.c \
	src/definition/outcome.c \
	src/definition/template.c \
	src/definition/yaml.c \
	src/definition/yaml_locate.c \
	src/definition/yaml_priv.h \
	src/definition/yaml_scalar.c \
	src/definition/yaml_source.c \
	src/definition/yaml_tree.c
