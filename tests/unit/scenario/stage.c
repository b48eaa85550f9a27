/* SPDX-License-Identifier: Apache-2.0 */
/* stage.c: one workflow on which the tests play scenarios. */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char documents[] =
    "workflow: order\n"
    "version: 2\n"
    "owner: desk\n"
    "calendar: office\n"
    "input: {type: object, required: [key]}\n"
    "business-key: = input.key\n"
    "labels: {shop: = input.shop}\n"
    "data: {n: 1, price: null, lines: null}\n"
    "events: {order.paid: {}, order.seen: {}, order.cut: {correlate: = n}}\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: work\n"
    "states:\n"
    "  work:\n"
    "    initial: asking\n"
    "    states:\n"
    "      asking:\n"
    "        entry:\n"
    "          - call: shop.reserve\n"
    "            with: {key: = input.key, lines: [{sku: a, count: 2}]}\n"
    "            output: {price: = response.price, lines: = response.lines}\n"
    "            compensate: {call: shop.release, with: {key: = input.key}}\n"
    "        on: {done: waiting, error: stopped}\n"
    "      waiting:\n"
    "        on: {order.paid: deciding, order.cut: {do: [{set: {n: 2}}]}}\n"
    "        after: {1 business day: stopped}\n"
    "        escalate: [{after: 1h, to: desk}, {after: 2h, to: boss, severity: "
    "high}]\n"
    "      deciding:\n"
    "        entry: [{emit: order.due, with: {subject: = input.key, data: {n: "
    "= "
    "n}}}]\n"
    "        user-task: {title: What now, role: buyer, choices: [go, stop], "
    "exclude: [initiator]}\n"
    "        on: {go: done, stop: stopped, order.seen: {do: [{set: {n: "
    "7}}]}}\n"
    "  done: {type: final, outcome: success, output: {price: = price, on: = "
    "today()}}\n"
    "  stopped: {type: final, outcome: cancelled, compensate: all}\n"
    "---\n"
    "workflow: order\n"
    "version: 1\n"
    "initial: end\n"
    "states: {end: {type: final, outcome: success}}\n"
    "---\n"
    "workflow: careful\n"
    "version: 1\n"
    "owner: desk\n"
    "separate: [[correct, confirm]]\n"
    "initial: failing\n"
    "states:\n"
    "  failing: {entry: [{fail: no-luck}], on: {done: end}}\n"
    "  end: {type: final, outcome: success}\n"
    "---\n"
    "connection: shop\n"
    "kind: http\n"
    "url: http://127.0.0.1:1\n"
    "operations:\n"
    "  reserve:\n"
    "    input: {type: object, properties: {key: {}, lines: {}}}\n"
    "    request: {post: /reserve}\n"
    "    idempotent: true\n"
    "  release:\n"
    "    input: {type: object, properties: {key: {}}}\n"
    "    request: {post: /release}\n"
    "    idempotent: true\n"
    "---\n"
    "calendar: office\n"
    "timezone: Europe/Berlin\n"
    "weekend: [sat, sun]\n"
    "hours: 08:00-18:00\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: warning}]\n"
    "---\n"
    "contact: boss\n"
    "notify: [{log: error}, {email: [boss@example.com]}, {webhook: "
    "'http://127.0.0.1:1/boss'}]\n"
    "---\n"
    "connection: mail\n"
    "kind: smtp\n"
    "url: smtp://127.0.0.1:1\n"
    "from: desk@example.com\n";

int
stage_set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct buf text = {0};

	assert_non_null(stage);
	stage->arena = arena_new();
	stage->diags = diag_list_new();
	stage->library = library_new();
	*state = stage;
	library_add_text(
	    stage->library, STR("order.yaml"), str_of(documents), stage->diags);
	if (!library_link(stage->library, stage->diags)) {
		diag_format(stage->diags, &text, false);
		print_error("%s", buf_cstr(&text));
		buf_fini(&text);
		return -1;
	}
	stage->coverage = scenario_coverage_new(
	    library_find_workflow(stage->library, STR("order"), 0));
	return 0;
}

int
stage_tear_down(void **state)
{
	struct stage *stage = *state;

	scenario_coverage_free(&stage->coverage);
	library_free(&stage->library);
	diag_list_free(&stage->diags);
	arena_free(&stage->arena);
	free(stage);
	return 0;
}

const struct scenario_file *
stage_read(struct stage *stage, const char *text)
{
	diag_list_free(&stage->diags);
	stage->diags = diag_list_new();
	return scenario_read(stage->arena, stage->library,
	    STR("order.test.yaml"), str_of(text), stage->diags);
}

void
stage_refuses(struct stage *stage, const char *text, const char *message)
{
	struct buf told = {0};
	bool is_told;

	assert_null(stage_read(stage, text));
	diag_format(stage->diags, &told, false);
	is_told = strstr(buf_cstr(&told), message) != NULL;
	if (!is_told)
		print_error("%s", buf_cstr(&told));
	buf_fini(&told);
	assert_true(is_told);
}

/* The steps as they stand within a file. */
static const char *
file_of(struct stage *stage, const char *steps)
{
	struct buf text = {0};
	struct str rest = str_of(steps);
	const char *file;

	buf_add_cstr(&text, "test: order\nscenarios:\n  - name: it\n"
			    "    start: {key: A, shop: north}\n"
			    "    actor: alice\n    steps:\n");
	while (rest.at != NULL && rest.bytes > 0) {
		struct str line = str_split(rest, '\n', &rest);

		buf_addf(&text, "      %.*s\n", STR_ARG(line));
	}
	file = arena_cstr(stage->arena, buf_str(&text));
	buf_fini(&text);
	return file;
}

struct scenario_outcome
stage_play(struct stage *stage, const char *steps)
{
	const struct scenario_file *file =
	    stage_read(stage, file_of(stage, steps));
	struct scenario_outcome outcome;
	struct buf told = {0};

	if (file == NULL) {
		diag_format(stage->diags, &told, false);
		print_error("%s", buf_cstr(&told));
		buf_fini(&told);
	}
	assert_non_null(file);
	scenario_run(file, 0, stage->coverage, stage->arena, &outcome);
	return outcome;
}

static void
show(const struct scenario_outcome *outcome)
{
	print_error("%u:%u: %.*s\n", outcome->span.line, outcome->span.column,
	    STR_ARG(outcome->message));
	for (size_t i = 0; i < outcome->difference_count; i++)
		print_error("  %.*s\n", STR_ARG(outcome->differences[i]));
}

void
stage_passes(struct stage *stage, const char *steps)
{
	struct scenario_outcome outcome = stage_play(stage, steps);

	if (!outcome.is_passed)
		show(&outcome);
	assert_true(outcome.is_passed);
}

void
stage_fails(struct stage *stage, const char *steps, const char *message,
    const char *part)
{
	struct scenario_outcome outcome = stage_play(stage, steps);
	bool is_told = part == NULL && outcome.difference_count == 0;

	assert_false(outcome.is_passed);
	for (size_t i = 0; i < outcome.difference_count; i++)
		is_told |= part != NULL && str_find(outcome.differences[i],
					       str_of(part)) != SIZE_MAX;
	is_told &= str_find(outcome.message, str_of(message)) != SIZE_MAX;
	if (!is_told)
		show(&outcome);
	assert_true(is_told);
}
