/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_scenario.c: whatever a file of scenarios holds, it is told what is
 * wrong with it, or it is played to an end; and what fails has a place and a
 * reason.
 */
#include "stated/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char documents[] =
    "workflow: order\n"
    "version: 1\n"
    "owner: desk\n"
    "calendar: office\n"
    "business-key: = input.key\n"
    "data: {n: 1, price: null}\n"
    "events: {order.paid: {}, order.cut: {correlate: = n}}\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: work\n"
    "states:\n"
    "  work:\n"
    "    initial: asking\n"
    "    states:\n"
    "      asking:\n"
    "        entry:\n"
    "          - call: shop.reserve\n"
    "            with: {key: = input.key}\n"
    "            output: {price: = response.price}\n"
    "            compensate: {call: shop.release, with: {key: = input.key}}\n"
    "        on: {done: waiting, error: stopped}\n"
    "      waiting:\n"
    "        on: {order.paid: deciding, order.cut: {do: [{set: {n: 2}}]}}\n"
    "        after: {1 business day: stopped}\n"
    "        escalate: [{after: 1h, to: desk}]\n"
    "      deciding:\n"
    "        entry: [{emit: order.due, with: {data: {n: = n}}}]\n"
    "        user-task: {title: What now, role: buyer, choices: [go, stop]}\n"
    "        on: {go: done, stop: stopped}\n"
    "  done: {type: final, outcome: success, output: {on: = today()}}\n"
    "  stopped: {type: final, outcome: cancelled, compensate: all}\n"
    "---\n"
    "workflow: batch\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "data: {paid: null}\n"
    "events: {batch.checked: {}, batch.held: {}, batch.back: {}}\n"
    "owner: desk\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: working\n"
    "states:\n"
    "  working:\n"
    "    type: parallel\n"
    "    on: {done: ended, batch.held: {target: held, interrupt: true}}\n"
    "    states:\n"
    "      checks:\n"
    "        initial: checking\n"
    "        states:\n"
    "          checking:\n"
    "            on: {batch.checked: checked}\n"
    "            escalate: [{after: 1h, to: desk, every: 1h}]\n"
    "          checked: {type: final}\n"
    "      payments:\n"
    "        initial: paying\n"
    "        states:\n"
    "          paying:\n"
    "            entry:\n"
    "              - for: {each: line, at: n, in: = input.lines}\n"
    "                parallel: 2\n"
    "                on-error: continue\n"
    "                do:\n"
    "                  - run: order\n"
    "                    with: {key: = string(line)}\n"
    "                    output: {on: = response.output.on}\n"
    "                  - call: shop.reserve\n"
    "                    with: {key: = n}\n"
    "                    compensate: {call: shop.release, with: {key: = n}}\n"
    "                output: {paid: = results}\n"
    "            on: {done: paid, error: {target: held, compensate: to "
    "paying}}\n"
    "          paid: {type: final}\n"
    "      back: {type: history, history: deep, target: [checking, paying]}\n"
    "  held: {on: {batch.back: back}, after: {1d: stopped2}}\n"
    "  ended: {type: final, outcome: success}\n"
    "  stopped2: {type: final, outcome: cancelled, compensate: all}\n"
    "---\n"
    "connection: shop\n"
    "kind: http\n"
    "url: http://127.0.0.1:1\n"
    "operations:\n"
    "  reserve:\n"
    "    input: {type: object, properties: {key: {}}}\n"
    "    request: {post: /reserve}\n"
    "    idempotent: true\n"
    "  release:\n"
    "    input: {type: object, properties: {key: {}}}\n"
    "    request: {post: /release}\n"
    "    idempotent: true\n"
    "---\n"
    "calendar: office\n"
    "timezone: Europe/Berlin\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: warning}]\n";

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

	library_add_text(library, STR("order.yaml"), str_of(documents), diags);
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
