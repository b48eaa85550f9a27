/* SPDX-License-Identifier: Apache-2.0 */
/* written_library.h: definitions that a test has written down as it needs. */
#ifndef STATED_TEST_WRITTEN_LIBRARY_H
#define STATED_TEST_WRITTEN_LIBRARY_H

#include "stated/library.h"
#include "stated/must.h"

#include <stdio.h>

/* Of all documents in the text; what doesn't load ends the program, which says
 * why.  *told gets the warnings, too. */
static inline struct library *
written_library_told(const char *text, struct buf *told)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	bool is_linked;

	library_add_text(library, STR("test.yaml"), str_of(text), diags);
	is_linked = library_link(library, diags);
	diag_format(diags, told, false);
	if (!is_linked)
		(void)fprintf(stderr, "%s", buf_cstr(told));
	must(is_linked);
	diag_list_free(&diags);
	return library;
}

static inline struct library *
written_library(const char *text)
{
	struct buf told = {0};
	struct library *library = written_library_told(text, &told);

	buf_fini(&told);
	return library;
}

#endif
