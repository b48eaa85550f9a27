# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/throttle/test_x
#	tests_unit_throttle_test_x_LDADD = $(LIBS_THROTTLE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/throttle/test_throttle
tests_unit_throttle_test_throttle_LDADD = $(LIBS_THROTTLE) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/throttle/test_throttle_queue
tests_unit_throttle_test_throttle_queue_LDADD = $(LIBS_THROTTLE) $(CMOCKA_LIBS)
