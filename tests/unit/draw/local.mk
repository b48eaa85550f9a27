# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/draw/test_x
#	tests_unit_draw_test_x_LDADD = $(LIBS_DRAW) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/draw/test_draw
tests_unit_draw_test_draw_LDADD = $(LIBS_DRAW) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/draw/test_draw_text
tests_unit_draw_test_draw_text_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/draw
tests_unit_draw_test_draw_text_LDADD = $(LIBS_DRAW) $(CMOCKA_LIBS)
