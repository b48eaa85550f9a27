/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_fixture.h"

#include "stated/json.h"
#include "../definition/written_library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

int
sim_fixture_set_up(void **state, const char *documents)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sim_options options = {.seed = 1};

	assert_non_null(f);
	f->arena = arena_new();
	f->library = written_library(documents);
	options.library = f->library;
	options.definition = library_workflow_at(f->library, 0);
	f->sim = sim_new(&options);
	*state = f;
	return 0;
}

int
sim_fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	sim_free(&f->sim);
	library_free(&f->library);
	arena_free(&f->arena);
	buf_fini(&f->why);
	free(f);
	return 0;
}

static bool
act(struct fixture *f, const char *json)
{
	struct json_error error;
	const struct value *line = json_read(f->arena, str_of(json), &error);

	assert_non_null(line);
	buf_clear(&f->why);
	return sim_act(f->sim, line, &f->why);
}

void
does(struct fixture *f, const char *json)
{
	if (!act(f, json))
		fail_msg("%s: %s", json, buf_cstr(&f->why));
}

void
refuses(struct fixture *f, const char *json, const char *because)
{
	assert_false(act(f, json));
	if (str_find(buf_str(&f->why), str_of(because)) == SIZE_MAX)
		fail_msg("%s: %s", json, buf_cstr(&f->why));
}

const char *
text_of(struct fixture *f, const struct value *value)
{
	struct buf out = buf_in(f->arena);

	json_write(value, JSON_PLAIN, &out);
	return buf_keep(&out).at;
}
