# SPDX-License-Identifier: Apache-2.0

check_PROGRAMS += tests/unit/reperform/test_reperform
tests_unit_reperform_test_reperform_LDADD = \
	libstated_reperform.a libstated_sim.a $(LIBS_ENGINE) $(LIBS_REPERFORM) \
	$(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/reperform/test_reperform_shipped
tests_unit_reperform_test_reperform_shipped_LDADD = \
	libstated_reperform.a $(LIBS_SCENARIO) $(LIBS_REPERFORM) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/reperform/test_reperform_masked
tests_unit_reperform_test_reperform_masked_LDADD = \
	libstated_reperform.a $(LIBS_ENGINE) $(LIBS_REPERFORM) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/reperform/test_reperform_people
tests_unit_reperform_test_reperform_people_LDADD = \
	libstated_reperform.a $(LIBS_ENGINE) $(LIBS_REPERFORM) $(CMOCKA_LIBS)
