# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/cli/test_x
#	tests_unit_cli_test_x_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_cli_option
tests_unit_cli_test_cli_option_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_cli_pace
tests_unit_cli_test_cli_pace_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_cli_progress
tests_unit_cli_test_cli_progress_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_cli_story
tests_unit_cli_test_cli_story_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_cli_talk
tests_unit_cli_test_cli_talk_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_cli_text
tests_unit_cli_test_cli_text_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_serve_secret
tests_unit_cli_test_serve_secret_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/cli/test_serve_vault
tests_unit_cli_test_serve_vault_LDADD = $(LIBS_ALL) $(CMOCKA_LIBS)
