# SPDX-License-Identifier: Apache-2.0

noinst_LIBRARIES += libstated_cli.a
libstated_cli_a_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
libstated_cli_a_SOURCES = \
	src/cli/cli.c \
	src/cli/cli_client.c \
	src/cli/cli_copy.c \
	src/cli/cli_explain.c \
	src/cli/cli_explain.h \
	src/cli/cli_explain_table.c \
	src/cli/cli_export.c \
	src/cli/cli_export_resume.c \
	src/cli/cli_help.c \
	src/cli/cli_item.c \
	src/cli/cli_keys.c \
	src/cli/cli_library.c \
	src/cli/cli_option.c \
	src/cli/cli_pace.c \
	src/cli/cli_priv.h \
	src/cli/cli_progress.c \
	src/cli/cli_report.c \
	src/cli/cli_report.h \
	src/cli/cli_report_json.c \
	src/cli/cli_report_junit.c \
	src/cli/cli_report_tap.c \
	src/cli/cli_report_text.c \
	src/cli/cli_show.c \
	src/cli/cli_story.c \
	src/cli/cli_talk.c \
	src/cli/cli_talk.h \
	src/cli/cli_talk_example.c \
	src/cli/cli_talk_offer.c \
	src/cli/cli_talk_show.c \
	src/cli/cli_text.c \
	src/cli/cli_value.c \
	src/cli/cmd_as_at.c \
	src/cli/cmd_backup.c \
	src/cli/cmd_bench.c \
	src/cli/cmd_check.c \
	src/cli/cmd_checkpoint.c \
	src/cli/cmd_connection.c \
	src/cli/cmd_dead_letter.c \
	src/cli/cmd_delegate.c \
	src/cli/cmd_diff.c \
	src/cli/cmd_draw.c \
	src/cli/cmd_erase.c \
	src/cli/cmd_escalation.c \
	src/cli/cmd_eval.c \
	src/cli/cmd_event.c \
	src/cli/cmd_export.c \
	src/cli/cmd_help.c \
	src/cli/cmd_history.c \
	src/cli/cmd_hold.c \
	src/cli/cmd_incident.c \
	src/cli/cmd_journal.c \
	src/cli/cmd_list.c \
	src/cli/cmd_purge.c \
	src/cli/cmd_reperform.c \
	src/cli/cmd_rekey.c \
	src/cli/cmd_restore.c \
	src/cli/cmd_sample.c \
	src/cli/cmd_schedule.c \
	src/cli/cmd_migrate.c \
	src/cli/cmd_population.c \
	src/cli/cmd_proposal.c \
	src/cli/cmd_publish.c \
	src/cli/cmd_schema.c \
	src/cli/cmd_serve.c \
	src/cli/cmd_show.c \
	src/cli/cmd_simulate.c \
	src/cli/cmd_start.c \
	src/cli/cmd_suspend.c \
	src/cli/cmd_task.c \
	src/cli/cmd_test.c \
	src/cli/cmd_token.c \
	src/cli/cmd_verify.c \
	src/cli/cmd_version.c \
	src/cli/serve_access.c \
	src/cli/serve_config.c \
	src/cli/serve_priv.h \
	src/cli/serve_reload.c \
	src/cli/serve_secret.c \
	src/cli/serve_service.h \
	src/cli/serve_start.c \
	src/cli/serve_systemd.c \
	src/cli/serve_vault.c

bin_PROGRAMS += stated
stated_CPPFLAGS = $(libstated_cli_a_CPPFLAGS)
stated_SOURCES = src/cli/stated_main.c
stated_LDADD = $(LIBS_ALL)
