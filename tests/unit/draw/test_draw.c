/* SPDX-License-Identifier: Apache-2.0 */
/* test_draw.c: what a picture says, in all its three forms. */
#include "stated/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../definition/written_library.h"

struct fixture {
	struct library *library;
	struct draw *draw;
	struct buf out;
};

static void
fixture_init(struct fixture *fixture, const char *text)
{
	*fixture = (struct fixture){.library = written_library(text)};
	fixture->draw = draw_new(library_workflow_at(fixture->library, 0));
}

static void
fixture_fini(struct fixture *fixture)
{
	draw_free(&fixture->draw);
	buf_fini(&fixture->out);
	library_free(&fixture->library);
}

static const char *
svg_of(struct fixture *fixture, const char *active)
{
	struct str name = str_of(active);
	struct draw_marks marks = {&name, active != NULL ? 1 : 0};
	struct buf why = {0};

	assert_true(draw_place(fixture->draw, &why));
	buf_clear(&fixture->out);
	draw_svg(fixture->draw, &marks, &fixture->out);
	buf_fini(&why);
	return buf_cstr(&fixture->out);
}

static void
assert_says(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		return;
	print_message("\"%s\" is not in:\n%s\n", part, text);
	fail();
}

static void
assert_silent(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		return;
	print_message("\"%s\" is in:\n%s\n", part, text);
	fail();
}

static size_t
count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

#define CLAIM                                                               \
	"workflow: claim\n"                                                 \
	"version: 2\n"                                                      \
	"title: Claims & <refunds>\n"                                       \
	"calendar: days\n"                                                  \
	"events: {paper.arrived: {correlate: = input.id}}\n"                \
	"initial: asking\n"                                                 \
	"states:\n"                                                         \
	"  asking:\n"                                                       \
	"    description: Somebody \"looks\"\n"                             \
	"    user-task: {title: Look, role: clerk, approvals: 2}\n"         \
	"    escalate: [{after: 4h, to: desk, severity: high}]\n"           \
	"    after: {2 business days: lapsed}\n"                            \
	"    on:\n"                                                         \
	"      approved: [{if: = 1 > 2, target: paying}, paid]\n"           \
	"      rejected: {target: lapsed, compensate: all}\n"               \
	"      paper.arrived: {do: [{set: {seen: true}}]}\n"                \
	"  paying:\n"                                                       \
	"    initial: first\n"                                              \
	"    on: {error: lapsed, done: paid}\n"                             \
	"    states:\n"                                                     \
	"      first: {entry: [{fail: oops}], on: {paper.arrived: last}}\n" \
	"      last: {type: final}\n"                                       \
	"  paid: {type: final, outcome: success}\n"                         \
	"  lapsed: {type: final, outcome: failure}\n"                       \
	"data: {seen: false}\n"                                             \
	"---\n"                                                             \
	"contact: desk\n"                                                   \
	"notify: [{log: warning}]\n"                                        \
	"---\n"                                                             \
	"calendar: days\n"                                                  \
	"timezone: UTC\n"

static void
test_svg_says_what_a_reader_decides_by(void **state)
{
	struct fixture fixture;
	const char *svg;

	(void)state;
	fixture_init(&fixture, CLAIM);
	svg = svg_of(&fixture, NULL);
	assert_says(svg, ">Claims &amp; &lt;refunds&gt;</text>");
	assert_says(svg, ">claim, version 2</text>");
	assert_says(svg, ">clerk, 2 to approve</text>");
	assert_says(svg, ">4h → desk, high</text>");
	assert_says(svg, ">2 business days</text>");
	assert_says(svg, ">approved [1 &gt; 2]</text>");
	assert_says(svg, ">all that was done</text>");
	assert_says(svg, ">on paper.arrived: stays</text>");
	assert_says(svg, ">fail: oops</text>");
	fixture_fini(&fixture);
}

static void
test_svg_can_be_heard(void **state)
{
	struct fixture fixture;
	const char *svg;

	(void)state;
	fixture_init(&fixture, CLAIM);
	svg = svg_of(&fixture, NULL);
	assert_says(svg, "role=\"img\" aria-labelledby=\"title what\"");
	assert_says(svg, "<title id=\"title\">Claims &amp; &lt;refunds&gt;");
	assert_says(svg, "6 states, of which 3 are final; it begins at asking");
	assert_says(svg, "<title>asking: Somebody &quot;looks&quot;</title>");
	assert_says(svg, "<title>asking → lapsed</title>");
	fixture_fini(&fixture);
}

static void
test_deadlines_and_errors_have_arrows_of_their_own(void **state)
{
	struct fixture fixture;
	const char *svg;

	(void)state;
	fixture_init(&fixture, CLAIM);
	svg = svg_of(&fixture, NULL);
	assert_int_equal(count_of(svg, "<g class=\"arrow deadline\">"), 1);
	assert_int_equal(count_of(svg, "<g class=\"arrow error\">"), 1);
	assert_int_equal(count_of(svg, "<g class=\"arrow begin\">"), 2);
	assert_int_equal(count_of(svg, "<g class=\"arrow event\">"), 5);
	fixture_fini(&fixture);
}

static void
test_where_an_instance_stands_is_written_and_told(void **state)
{
	struct fixture fixture;
	const char *svg;

	(void)state;
	fixture_init(&fixture, CLAIM);
	assert_silent(svg_of(&fixture, NULL), ">active</text>");
	svg = svg_of(&fixture, "first");
	assert_says(svg, "class=\"state active\" id=\"state-first\"");
	assert_says(svg, "Active now: first.</desc>");
	assert_int_equal(count_of(svg, ">active</text>"), 1);
	fixture_fini(&fixture);
}

static void
test_states_keep_their_place_wherever_an_instance_stands(void **state)
{
	struct fixture fixture;
	char *before;
	const char *from, *after;

	(void)state;
	fixture_init(&fixture, CLAIM);
	before = strdup(strstr(svg_of(&fixture, "first"), "<g transform"));
	assert_non_null(before);
	from = strstr(before, "id=\"state-paid\"");
	after = strstr(svg_of(&fixture, "paid"), "id=\"state-paid\"");
	assert_non_null(from);
	assert_non_null(after);
	assert_memory_equal(from, after, 120);
	free(before);
	fixture_fini(&fixture);
}

static void
test_dot_nests_groups_and_escapes(void **state)
{
	struct fixture fixture;
	const char *dot;

	(void)state;
	fixture_init(&fixture, CLAIM);
	draw_dot(fixture.draw, &fixture.out);
	dot = buf_cstr(&fixture.out);
	assert_says(dot, "digraph \"claim\" {");
	assert_says(dot, "label=\"Claims & <refunds>\\lclaim, version 2\\l\"");
	assert_says(dot, "subgraph cluster_1 {");
	assert_says(dot, "label=\"after 2 business days\\l\"");
	assert_says(dot, "lhead=cluster_1");
	assert_says(dot, "ltail=cluster_1");
	fixture_fini(&fixture);
}

static void
test_mermaid_hides_what_it_would_obey(void **state)
{
	struct fixture fixture;
	const char *text;

	(void)state;
	fixture_init(&fixture, CLAIM);
	draw_mermaid(fixture.draw, &fixture.out);
	text = buf_cstr(&fixture.out);
	assert_says(text, "stateDiagram-v2\n");
	assert_says(text, "title: \"Claims & <refunds>\"");
	assert_says(text, "s0 --> s1 : approved [1 #gt; 2]");
	assert_says(text, "as s1 {\n");
	assert_says(text, "        s2 --> s3");
	assert_says(text, "s4 --> [*]");
	fixture_fini(&fixture);
}

/* ---- regions and histories ---- */

#define STATE(number, shape, text, above)                                     \
	{                                                                     \
		.index = (number), .kind = (shape), .name = STR_INIT(text),   \
		.parent = (above),                                            \
		.depth = (above) != NULL                                      \
			     ? ((const struct def_state *)(above))->depth + 1 \
			     : 0,                                             \
	}

/* work { left { a }, right { b, h } } and a state "out". */
static struct def_state work, left, right, a, b, h, out;
static const struct def_state *const states[] = {
    &work, &left, &a, &right, &b, &h, &out};
static const struct def_state *const regions[] = {&left, &right};
static const struct def_state *const in_left[] = {&a};
static const struct def_state *const in_right[] = {&b, &h};
static const struct def_state *const both[] = {&a, &h};
static const struct def_state *const only_b[] = {&b};
static const struct def_state *const only_a[] = {&a};
static const struct def_state *const only_work[] = {&work};
static const struct def_state *const only_out[] = {&out};

static struct def_transition back = {
    .source = &out, .event = STR_INIT("back"), .targets = {both, 2}};
static struct def_transition leave = {.index = 1,
    .source = &work,
    .event = STR_INIT("leave"),
    .targets = {only_out, 1}};
static struct def_transition inner = {.index = 2,
    .source = &work,
    .event = STR_INIT("again"),
    .targets = {only_a, 1}};
static struct def_transition outer = {.index = 3,
    .source = &b,
    .event = STR_INIT("restart"),
    .targets = {only_work, 1}};
static const struct def_transition *const of_out[] = {&back};
static const struct def_transition *const of_work[] = {&leave, &inner};
static const struct def_transition *const of_b[] = {&outer};

static void
make_regions(struct definition *definition)
{
	work = (struct def_state)STATE(0, STATE_PARALLEL, "work", NULL);
	left = (struct def_state)STATE(1, STATE_COMPOUND, "left", &work);
	a = (struct def_state)STATE(2, STATE_ATOMIC, "a", &left);
	right = (struct def_state)STATE(3, STATE_COMPOUND, "right", &work);
	b = (struct def_state)STATE(4, STATE_ATOMIC, "b", &right);
	h = (struct def_state)STATE(5, STATE_HISTORY, "h", &right);
	out = (struct def_state)STATE(6, STATE_ATOMIC, "out", NULL);
	work.children = regions;
	work.child_count = 2;
	work.on = (struct def_transitions){of_work, 2};
	left.children = in_left;
	left.child_count = 1;
	left.initial = (struct def_targets){only_a, 1};
	right.children = in_right;
	right.child_count = 2;
	right.initial = (struct def_targets){only_b, 1};
	b.on = (struct def_transitions){of_b, 1};
	h.initial = (struct def_targets){only_b, 1};
	h.deep = true;
	out.on = (struct def_transitions){of_out, 1};
	*definition = (struct definition){
	    .name = STR("regions"),
	    .version = 1,
	    .initial = {only_work, 1},
	    .states = states,
	    .state_count = 7,
	};
}

static void
test_regions_histories_and_forks_are_drawn(void **state)
{
	struct fixture fixture = {0};
	struct definition definition;
	const char *svg;

	(void)state;
	make_regions(&definition);
	fixture.draw = draw_new(&definition);
	svg = svg_of(&fixture, "a");
	assert_int_equal(count_of(svg, "class=\"state group region\""), 2);
	assert_says(svg, ">all of these at the same time</text>");
	assert_says(svg, ">H*</text>");
	assert_says(svg, "<title>work → out</title>");
	assert_says(svg, ">on restart: begins work anew</text>");
	assert_says(svg, ">in any of these</text>");
	assert_int_equal(count_of(svg, ">back</text>"), 1);
	draw_free(&fixture.draw);
	buf_fini(&fixture.out);
}

static void
test_regions_can_be_written_as_text(void **state)
{
	struct fixture fixture = {0};
	struct definition definition;
	const char *text;

	(void)state;
	make_regions(&definition);
	fixture.draw = draw_new(&definition);
	draw_mermaid(fixture.draw, &fixture.out);
	text = buf_cstr(&fixture.out);
	assert_says(text, "        --\n");
	assert_says(text, "<<fork>>");
	buf_clear(&fixture.out);
	draw_dot(fixture.draw, &fixture.out);
	assert_says(buf_cstr(&fixture.out), "style=\"rounded,dashed\"");
	draw_free(&fixture.draw);
	buf_fini(&fixture.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_svg_says_what_a_reader_decides_by),
	    cmocka_unit_test(test_svg_can_be_heard),
	    cmocka_unit_test(
		test_deadlines_and_errors_have_arrows_of_their_own),
	    cmocka_unit_test(test_where_an_instance_stands_is_written_and_told),
	    cmocka_unit_test(
		test_states_keep_their_place_wherever_an_instance_stands),
	    cmocka_unit_test(test_dot_nests_groups_and_escapes),
	    cmocka_unit_test(test_mermaid_hides_what_it_would_obey),
	    cmocka_unit_test(test_regions_histories_and_forks_are_drawn),
	    cmocka_unit_test(test_regions_can_be_written_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
