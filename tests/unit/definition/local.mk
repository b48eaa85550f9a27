# SPDX-License-Identifier: Apache-2.0
#
# A test is two lines:
#	check_PROGRAMS += tests/unit/definition/test_x
#	tests_unit_definition_test_x_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_definition
tests_unit_definition_test_definition_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/definition/test_decision
tests_unit_definition_test_decision_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/definition/test_decision_vectors
tests_unit_definition_test_decision_vectors_SOURCES = \
	tests/unit/definition/test_decision_vectors.c \
	tests/unit/feel/feel_vector.c tests/unit/feel/feel_vector.h
tests_unit_definition_test_decision_vectors_LDADD = $(LIBS_DEFINITION) \
	$(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/definition/test_template
tests_unit_definition_test_template_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_library
tests_unit_definition_test_library_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_library_order
tests_unit_definition_test_library_order_LDADD = $(LIBS_DEFINITION) \
	$(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_load_language
tests_unit_definition_test_load_language_LDADD = $(LIBS_DEFINITION) \
	$(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_load_region
tests_unit_definition_test_load_region_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_load_schedule
tests_unit_definition_test_load_schedule_LDADD = $(LIBS_DEFINITION) \
	$(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_load_schema
tests_unit_definition_test_load_schema_LDADD = $(LIBS_DEFINITION) \
	$(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_load_table
tests_unit_definition_test_load_table_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/definition/test_yaml_tree
tests_unit_definition_test_yaml_tree_LDADD = $(LIBS_DEFINITION) $(CMOCKA_LIBS)

EXTRA_DIST += tests/cases/definition tests/unit/definition/written_library.h

check_PROGRAMS += tests/unit/definition/test_expressions_page
tests_unit_definition_test_expressions_page_LDADD = $(LIBS_DEFINITION) \
	$(CMOCKA_LIBS)
