# SPDX-License-Identifier: Apache-2.0
#
# The simulator: seeds in, and what did not hold out.

check_PROGRAMS += tests/sim/simulate
tests_sim_simulate_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(SQLITE_CFLAGS) \
	-I$(top_srcdir)/tests/unit/engine
tests_sim_simulate_SOURCES = \
	tests/sim/simulate.c \
	tests/sim/auditor.c \
	tests/sim/auditor.h \
	tests/sim/auditor_effect.c \
	tests/sim/auditor_history.c \
	tests/sim/auditor_office.c \
	tests/sim/auditor_priv.h \
	tests/sim/fixed_chart.c \
	tests/sim/fixed_chart.h \
	tests/sim/random_chart.c \
	tests/sim/random_chart.h \
	tests/sim/random_office.c \
	tests/sim/random_office.h \
	tests/sim/random_script.c \
	tests/sim/random_script.h \
	tests/sim/script.c \
	tests/sim/shrink.c \
	tests/sim/shrink.h \
	tests/sim/script.h \
	tests/sim/world.c \
	tests/sim/world.h \
	tests/sim/world_end.c \
	tests/sim/world_network.c \
	tests/sim/world_office.c \
	tests/sim/world_people.c \
	tests/sim/world_proof.c \
	tests/sim/world_priv.h \
	tests/unit/engine/chaos_gate.c \
	tests/unit/engine/chaos_gate.h \
	$(SIM_DISK)
LIBS_SIMULATE = libstated_reperform.a libstated_export.a $(ARCHIVE_LIBS) \
	$(LIBS_ENGINE)
tests_sim_simulate_LDADD = $(LIBS_SIMULATE)

# What was found before, made short.
dist_check_SCRIPTS += tests/sim/scripts.sh
EXTRA_DIST += tests/cases/sim

# Whether it finds what was broken on purpose.
dist_check_SCRIPTS += tests/sim/mutate.sh
EXTRA_DIST += tests/sim/mutations
check-mutations: tests/sim/simulate$(EXEEXT)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/sim/mutate.sh || \
	    { cat tests/sim/mutate.log; exit 1; }
	cat tests/sim/mutate.log
.PHONY: check-mutations
