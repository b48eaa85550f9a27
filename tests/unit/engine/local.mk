# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/engine/test_x
#	tests_unit_engine_test_x_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

ENGINE_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS)

check_PROGRAMS += tests/unit/engine/test_engine
tests_unit_engine_test_engine_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_SOURCES = \
	tests/unit/engine/test_engine.c \
	tests/unit/engine/chaos_gate.c tests/unit/engine/chaos_gate.h \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_schedule
tests_unit_engine_test_engine_schedule_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_schedule_SOURCES = \
	tests/unit/engine/test_engine_schedule.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_schedule_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_child
tests_unit_engine_test_engine_child_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_child_SOURCES = \
	tests/unit/engine/test_engine_child.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_child_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_token
tests_unit_engine_test_engine_token_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_token_SOURCES = \
	tests/unit/engine/test_engine_token.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_token_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_line
tests_unit_engine_test_engine_line_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_line_SOURCES = \
	tests/unit/engine/test_engine_line.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_line_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_lost
tests_unit_engine_test_engine_lost_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_lost_SOURCES = \
	tests/unit/engine/test_engine_lost.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_lost_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_outbox
tests_unit_engine_test_engine_outbox_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_outbox_SOURCES = \
	tests/unit/engine/test_engine_outbox.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_outbox_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_race
tests_unit_engine_test_engine_race_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_race_SOURCES = \
	tests/unit/engine/test_engine_race.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_race_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_duties
tests_unit_engine_test_engine_duties_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_duties_SOURCES = \
	tests/unit/engine/test_engine_duties.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_duties_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_publish
tests_unit_engine_test_engine_publish_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_publish_SOURCES = \
	tests/unit/engine/test_engine_publish.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_publish_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_disk
tests_unit_engine_test_engine_disk_CPPFLAGS = $(ENGINE_CPPFLAGS) -I$(top_srcdir)/tests
tests_unit_engine_test_engine_disk_SOURCES = \
	tests/unit/engine/test_engine_disk.c $(SIM_DISK) \
	tests/unit/engine/order_night.c tests/unit/engine/order_night.h \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_disk_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_scale
tests_unit_engine_test_engine_scale_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_scale_SOURCES = \
	tests/unit/engine/test_engine_scale.c \
	tests/unit/engine/chaos_gate.c tests/unit/engine/chaos_gate.h \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_scale_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_space
tests_unit_engine_test_engine_space_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_space_SOURCES = \
	tests/unit/engine/test_engine_space.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_space_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_memory
tests_unit_engine_test_engine_memory_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_memory_SOURCES = \
	tests/unit/engine/test_engine_memory.c \
	tests/unit/engine/order_night.c tests/unit/engine/order_night.h \
	tests/unit/engine/scarce_memory.c tests/unit/engine/scarce_memory.h \
	tests/unit/engine/refused_malloc.h \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_memory_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/engine/test_engine_retention
tests_unit_engine_test_engine_retention_CPPFLAGS = $(ENGINE_CPPFLAGS)
tests_unit_engine_test_engine_retention_SOURCES = \
	tests/unit/engine/test_engine_retention.c \
	tests/unit/engine/engine_house.c tests/unit/engine/engine_house.h
tests_unit_engine_test_engine_retention_LDADD = $(LIBS_ENGINE) $(CMOCKA_LIBS)
