# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/calendar/test_x
#	tests_unit_calendar_test_x_LDADD = $(LIBS_CALENDAR) $(CMOCKA_LIBS)
