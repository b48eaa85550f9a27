# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/calendar/test_x
#	tests_unit_calendar_test_x_LDADD = $(LIBS_CALENDAR) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/calendar/test_calendar
tests_unit_calendar_test_calendar_LDADD = $(LIBS_CALENDAR) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/calendar/test_calendar_feasts
tests_unit_calendar_test_calendar_feasts_LDADD = $(LIBS_CALENDAR) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/calendar/test_calendar_parse
tests_unit_calendar_test_calendar_parse_LDADD = $(LIBS_CALENDAR) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/calendar/test_cron
tests_unit_calendar_test_cron_LDADD = $(LIBS_CALENDAR) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/calendar/test_cron_parse
tests_unit_calendar_test_cron_parse_LDADD = $(LIBS_CALENDAR) $(CMOCKA_LIBS)
