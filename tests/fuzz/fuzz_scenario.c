/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_scenario.c: whatever a file of scenarios holds, it is told what is
 * wrong with it, or it is played to an end; and what fails has a place and a
 * reason.
 */
#include "stated/scenario.h"

#include "fuzz_documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_outcome(const struct scenario_outcome *outcome)
{
	if (outcome->is_passed)
		return;
	must(outcome->span.source != NULL);
	must(outcome->message.bytes > 0);
	for (size_t i = 0; i < outcome->difference_count; i++)
		must(outcome->differences[i].bytes > 0);
}

static void
play(struct arena *arena, const struct scenario_file *file)
{
	struct scenario_coverage *coverage =
	    scenario_coverage_new(scenario_definition(file));

	for (size_t i = 0; i < scenario_count(file); i++) {
		struct scenario_outcome outcome;

		scenario_run(file, i, coverage, arena, &outcome);
		check_outcome(&outcome);
	}
	scenario_coverage_free(&coverage);
}

static void
check_diags(struct diag_list *diags)
{
	struct buf text = {0};

	diag_format(diags, &text, false);
	must(str_is_utf8(buf_str(&text)));
	buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	struct arena *arena = arena_new();
	struct str text = {(const char *)data, size};
	const struct scenario_file *file;
	bool is_right;

	library_add_text(
	    library, STR("order.yaml"), str_of(fuzz_documents), diags);
	is_right = library_link(library, diags);
	must(is_right);
	file =
	    scenario_read(arena, library, STR("order.test.yaml"), text, diags);
	must((file != NULL) == (diag_count(diags, DIAG_ERROR) == 0));
	check_diags(diags);
	if (file != NULL)
		play(arena, file);
	arena_free(&arena);
	diag_list_free(&diags);
	library_free(&library);
	return 0;
}
