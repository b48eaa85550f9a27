# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/prove/test_x
#	tests_unit_prove_test_x_LDADD = $(LIBS_PROVE) $(CMOCKA_LIBS)

# Plays tests/cases/prove.
check_PROGRAMS += tests/unit/prove/test_prove
tests_unit_prove_test_prove_LDADD = $(LIBS_PROVE) $(CMOCKA_LIBS)
EXTRA_DIST += tests/cases/prove

# What is proved never to happen doesn't, on the simulator.
check_PROGRAMS += tests/unit/prove/prove_random
tests_unit_prove_prove_random_LDADD = libstated_prove.a $(LIBS_SIM)
