/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_library.c: whatever a document holds, it is loaded or told about; and
 * what was loaded is proved, and loads again from its source as the same.
 */
#include "stated/library.h"
#include "stated/prove.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_diags(struct diag_list *diags)
{
	size_t count;
	const struct diag *sorted = diag_sorted(diags, &count);
	struct buf text = {0};

	for (size_t i = 0; i < count; i++) {
		must(sorted[i].span.source != NULL);
		must(sorted[i].span.columns > 0);
		must(str_is_utf8(sorted[i].message));
		must(str_is_utf8(sorted[i].path));
		must(str_is_utf8(sorted[i].repair));
	}
	diag_format(diags, &text, true);
	must((text.bytes > 0) == (count > 0));
	buf_fini(&text);
}

static void
check_again(struct library *library, struct diag_list *diags)
{
	const struct definition *definition;
	const struct definition *again;

	for (size_t i = 0; (definition = library_workflow_at(library, i));
	     i++) {
		again = library_add_version(library, STR("again"),
		    definition->source, diags);
		must(again != NULL);
		must(digest_equal(again->digest, definition->digest));
	}
}

static void
check_findings(const struct library *library)
{
	struct diag_list *findings = diag_list_new();

	prove_library(library, findings);
	must(diag_count(findings, DIAG_ERROR) == 0);
	check_diags(findings);
	diag_list_free(&findings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	struct str text = {(const char *)data, size};
	bool is_right;

	library_add_text(library, STR("fuzz.yaml"), text, diags);
	is_right = library_link(library, diags);
	must(is_right == (diag_count(diags, DIAG_ERROR) == 0));
	check_diags(diags);
	if (is_right) {
		check_findings(library);
		check_again(library, diags);
	}
	diag_list_free(&diags);
	library_free(&library);
	return 0;
}
