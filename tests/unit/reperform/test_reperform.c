/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reperform.c: what was changed is found, where somebody has made all
 * hashes anew.
 *
 * A history is made by playing an instance; then something is changed, in the
 * records or in the documents, digests and all, and it is gone through again.
 */
#include "stated/reperform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "stated/clock.h"
#include "stated/json.h"
#include "stated/library.h"
#include "stated/sim.h"

static const char workflow[] =
    "workflow: order\n"
    "version: 1\n"
    "calendar: office\n"
    "sensitive: [input.iban]\n"
    "input: {type: object}\n"
    "business-key: = input.key\n"
    "data: {approval: null, id: null, abroad: null, limit: = "
    "settings.shop.limit, none: = settings.shop.none, both: = "
    "settings.both}\n"
    "events: {order.paid: {data: {properties: {by: {type: number}}}}}\n"
    "initial: deciding\n"
    "states:\n"
    "  deciding:\n"
    "    entry:\n"
    "      - decide: approval\n"
    "        output: {approval: = decision}\n"
    "      - id: look\n"
    "        set: {abroad: '= substring(input.iban, 1, 2) != \"DE\"'}\n"
    "    on:\n"
    "      done:\n"
    "        - {if: = approval.approvers > 0, target: asking}\n"
    "        - sending\n"
    "  asking:\n"
    "    user-task: {title: Pay, role: boss, exclude: [initiator]}\n"
    "    on: {approved: sending, rejected: refused}\n"
    "    after: {3 business days: refused}\n"
    "  sending:\n"
    "    entry:\n"
    "      - call: bank.pay\n"
    "        with: {amount: = input.amount}\n"
    "        retry: {limit: 3, delay: 10s, jitter: 20%}\n"
    "        output: {id: = response.id}\n"
    "    on: {done: sent, error: refused}\n"
    "  sent:\n"
    "    on: {order.paid: paid}\n"
    "    after: {30m: late}\n"
    "  late:\n"
    "    entry: [{emit: order.late, with: {subject: = input.number}}]\n"
    "    on: {order.paid: paid}\n"
    "    after: {2d: [{if: = input.amount < 0, target: paid}, refused]}\n"
    "  paid: {type: final, outcome: success, output: {id: = id}}\n"
    "  refused: {type: final, outcome: failure}\n";

static const char others[] =
    "decision: approval\n"
    "hit-policy: first\n"
    "inputs: [= input.amount]\n"
    "outputs: [role, approvers]\n"
    "rules:\n"
    "  - ['< 1000', null, 0]\n"
    "  - ['-', boss, 1]\n"
    "---\n"
    "calendar: office\n"
    "timezone: Europe/Berlin\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://127.0.0.1:1\n"
    "operations:\n"
    "  pay:\n"
    "    request: {post: /payments, body: {amount: = amount}}\n"
    "    idempotent: true\n"
    "    success: = status = 201\n"
    "    output: {id: = body.payment_id}\n";

/* ---- a played instance, and the documents to go through it with ---- */

struct played {
	struct arena *arena;
	struct library *library;
	struct library *changed; /* NULL: the same */
	const struct value *records[200];
	size_t count;
	struct reperform_finding finding;
};

/* The text with another part, which must be there. */
static struct str
edited(struct arena *arena, const char *text, const char *what,
    const char *with)
{
	struct str all = str_of(text);
	size_t at = what != NULL ? str_find(all, str_of(what)) : 0;

	if (what == NULL)
		return all;
	assert_int_not_equal(at, SIZE_MAX);
	return arena_strf(arena, "%.*s%s%s", (int)at, text, with,
	    text + at + strlen(what));
}

static struct library *
load(struct arena *arena, const char *what, const char *with)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	bool is_other =
	    what != NULL && str_find(str_of(workflow), str_of(what)) ==
				SIZE_MAX;
	struct buf text = {0};

	library_add_text(library, STR("order.yaml"),
	    is_other ? str_of(workflow) : edited(arena, workflow, what, with),
	    diags);
	library_add_text(library, STR("others.yaml"),
	    is_other ? edited(arena, others, what, with) : str_of(others),
	    diags);
	if (!library_link(library, diags)) {
		diag_format(diags, &text, false);
		fail_msg("%s", buf_cstr(&text));
	}
	diag_list_free(&diags);
	return library;
}

static const struct definition *
find(void *arg, const struct reperform_wanted *wanted, struct arena *arena,
    struct str *why)
{
	struct played *played = arg;

	(void)wanted, (void)arena;
	*why = STR("it isn't here");
	return library_find_workflow(
	    played->changed != NULL ? played->changed : played->library,
	    STR("order"), 0);
}

static void
act(struct played *played, struct sim *sim, const char *line)
{
	struct json_error error;
	struct buf why = {0};
	const struct value *value =
	    json_read(played->arena, str_of(line), &error);

	assert_non_null(value);
	if (!sim_act(sim, value, &why))
		fail_msg("%s: %s", line, buf_cstr(&why));
	buf_fini(&why);
}

#define LINES_MAX 16
static struct played *
play_edited(
    const char *const lines[LINES_MAX], const char *what, const char *with)
{
	struct arena *arena = arena_new();
	struct played *played = ARENA_NEW(arena, struct played);
	struct json_error error;
	struct sim_options options = {.seed = 7, .environment = STR("test")};
	const struct value *history;
	struct sim *sim;

	played->arena = arena;
	played->library = load(arena, what, with);
	options.definition =
	    library_find_workflow(played->library, STR("order"), 0);
	options.settings = json_read(
	    arena, STR("{\"shop\":{\"limit\":5,\"pin\":1},"
		   "\"both\":{\"a\":1,\"b\":2}}"), &error);
	sim = sim_new(&options);
	for (size_t i = 0; i < LINES_MAX && lines[i] != NULL; i++)
		act(played, sim, lines[i]);
	history = sim_history(sim, arena);
	played->count = history->as.list.count;
	assert_in_range(played->count, 1, 200);
	for (size_t i = 0; i < played->count; i++) {
		struct buf text = {0};

		json_write(
		    history->as.list.items[i], JSON_CANONICAL, &text);
		played->records[i] =
		    json_read_typed(arena, buf_str(&text), &error);
		assert_non_null(played->records[i]);
		buf_fini(&text);
	}
	sim_free(&sim);
	return played;
}

static struct played *
play(const char *const lines[LINES_MAX])
{
	return play_edited(lines, NULL, NULL);
}

static void
played_free(struct played **played)
{
	library_free(&(*played)->library);
	library_free(&(*played)->changed);
	arena_free(&(*played)->arena);
	*played = NULL;
}

static enum reperform_result
again(struct played *played)
{
	struct reperform_world world = {.find = find, .arg = played};

	reperform_instance(&world, played->records, played->count,
	    played->arena, &played->finding);
	return played->finding.result;
}

/* The index of the nth record of that kind, from 0. */
static size_t
find_record(const struct played *played, const char *kind, size_t nth)
{
	for (size_t i = 0; i < played->count; i++)
		if (str_equal(value_field_str(
				  played->records[i], "kind"),
			str_of(kind)) &&
		    nth-- == 0)
			return i;
	fail_msg("there is no %s", kind);
	return 0;
}

static void
change(struct played *played, size_t at, const char *key, const char *json)
{
	struct json_error error;
	const struct value *value =
	    json_read_typed(played->arena, str_of(json), &error);

	assert_non_null(value);
	played->records[at] = value_with(
	    played->arena, played->records[at], str_of(key), value);
}

/* Whoever changes a document changes what names it. */
static void
forge_digests(struct played *played)
{
	const struct definition *definition = library_find_workflow(
	    played->changed, STR("order"), 0);
	const struct def_decision *decision =
	    library_find_decision(played->changed, STR("approval"));
	char hex[DIGEST_HEX_BYTES], json[DIGEST_HEX_BYTES + 2];

	digest_hex(definition->digest, hex);
	snprintf(json, sizeof(json), "\"%s\"", hex);
	change(played, 0, "definition", json);
	digest_hex(decision->digest, hex);
	snprintf(json, sizeof(json), "\"%s\"", hex);
	change(played, find_record(played, "decided", 0), "decision_digest",
	    json);
}

#define START(amount)                                                          \
	"{\"start\":{\"key\":\"K-1\",\"amount\":" amount                       \
	",\"iban\":\"DE89370400440532013000\"},\"actor\":\"alice\"}"
#define PAID "{\"event\":{\"type\":\"order.paid\",\"data\":{\"by\":1.50}}}"

static const char *const straight[LINES_MAX] = {START("250.00"),
    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}", PAID};
static const char *const approved[LINES_MAX] = {START("2500.00"),
    "{\"decide\":{\"choice\":\"approved\",\"actor\":\"bob\"}}",
    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}", "{\"advance\":\"31m\"}",
    PAID};
static const char *const retried[LINES_MAX] = {START("250.00"),
    "{\"reply\":{\"bank.pay\":\"timeout\"},\"times\":2}",
    "{\"advance\":\"10m\"}", "{\"suspend\":{\"actor\":\"olga\"}}",
    "{\"resume\":{\"actor\":\"olga\"}}",
    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}", PAID};

static const char *const failed[LINES_MAX] = {START("250.00"),
    "{\"reply\":{\"bank.pay\":{\"error\":{\"code\":\"connector.header\","
    "\"outcome\":\"not-done\"}}}}"};

#define LOOK                                                                   \
	"      - id: look\n"                                                   \
	"        set: {abroad: '= substring(input.iban, 1, 2) != \"DE\"'}\n"
/* A table instead, over the amount and whatever the rule gives. */
#define COLLECT(policy, output, with)                                          \
	"      - id: look\n"                                                   \
	"        decide:\n"                                                    \
	"          hit-policy: " policy "\n"                                   \
	"          inputs: [= input.amount]\n"                                 \
	"          outputs: [one]\n"                                           \
	"          rules: [['> 0', " output "], ['> 1', " output "]]\n"        \
	"        output: {abroad: = decision}\n" with

/* ---- what is as it was ---- */

/* `look` reads a sensitive value: that all else agrees is told all the same. */
static void
assert_all_agree(const char *const lines[LINES_MAX])
{
	struct played *played = play(lines);

	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	assert_int_equal(played->finding.seq, 0);
	assert_int_not_equal(str_find(played->finding.explanation,
				 STR("substring(input.iban")),
	    SIZE_MAX);
	played_free(&played);
}

static void
test_what_was_not_changed_agrees(void **state)
{
	(void)state;
	assert_all_agree(straight);
	assert_all_agree(approved);
	assert_all_agree(retried);
	assert_all_agree(failed);
}

static void
test_collected_outputs_are_put_together_again(void **state)
{
	static const struct {
		const char *step;
		enum reperform_result result;
	} rows[] = {
	    {COLLECT("collect sum", "2.50", ""), REPERFORM_AGREES},
	    {COLLECT("collect min", "2.50", ""), REPERFORM_AGREES},
	    {COLLECT("collect max", "= input.amount", ""), REPERFORM_AGREES},
	    {COLLECT("collect count", "2.50",
		 "        with: {input: = input}\n"),
		REPERFORM_AGREES},
	    {COLLECT("collect sum", "= input.amount",
		 "        with: {input: = input}\n"),
		REPERFORM_AGREES},
	    /* To count needs no looking at what is counted. */
	    {COLLECT("collect count", "= input.iban", ""), REPERFORM_AGREES},
	    {COLLECT("collect max", "= input.iban", ""), REPERFORM_COULD_NOT},
	    {COLLECT("collect min", "= input.iban",
		 "        with: {input: = input}\n"),
		REPERFORM_COULD_NOT},
	    {COLLECT("any", "= input.iban", ""), REPERFORM_AGREES},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct played *played =
		    play_edited(straight, LOOK, rows[i].step);

		if (again(played) != rows[i].result)
			fail_msg("%s%.*s", rows[i].step,
			    STR_ARG(played->finding.explanation));
		assert_int_equal(played->finding.records, played->count);
		played_free(&played);
	}
}

/* Only what is on the list may come out, and a digest never is. */
static void
test_sensitive_output_among_values_could_not_be_done_again(void **state)
{
	struct played *played = play_edited(straight, LOOK,
	    "      - id: look\n"
	    "        decide:\n"
	    "          hit-policy: priority\n"
	    "          inputs: [= input.amount]\n"
	    "          outputs: [{name: one, values: "
	    "[DE89370400440532013000, none]}]\n"
	    "          rules: [['> 0', = input.iban], ['> 1', none]]\n"
	    "        output: {abroad: = decision}\n");

	(void)state;
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	played_free(&played);
}

static void
test_without_sensitive_values_there_is_no_doubt(void **state)
{
	struct played *played = play(straight);

	(void)state;
	for (size_t i = 0; i < played->count; i++)
		if (value_get_cstr(played->records[i], "input") != NULL)
			change(played, i, "input",
			    "{\"key\":\"K-1\",\"amount\":{\"n\":\"250.00\"}}");
	change(played, find_record(played, "step-done", 0), "assigned",
	    "{\"abroad\":true}");
	played->changed = load(played->arena,
	    "        set: {abroad: '= substring(input.iban, 1, 2) != "
	    "\"DE\"'}\n",
	    "        set: {abroad: true}\n");
	forge_digests(played);
	assert_int_equal(again(played), REPERFORM_AGREES);
	assert_int_equal(played->finding.decisions, 1);
	assert_true(played->finding.transitions >= 4);
	assert_null(played->finding.explanation.at);
	played_free(&played);
}

/* A document's hash, say: nothing is sensitive, so nothing is hidden. */
static void
test_text_like_a_digest_is_a_text(void **state)
{
	struct played *played = play(straight);
	size_t look = find_record(played, "step-done", 0);

	(void)state;
	played->changed =
	    load(played->arena, "sensitive: [input.iban]\n", "");
	forge_digests(played);
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	assert_int_equal(played->finding.seq, look + 1);
	change(played, look, "assigned", "{\"abroad\":true}");
	assert_int_equal(again(played), REPERFORM_AGREES);
	change(played, find_record(played, "step-done", 1), "assigned",
	    "{\"id\":\"hmac-sha256:faf7e1c0107370ff6f5d03205da7d8ae41ba8e22b31"
	    "e94b986a65210075d9a1d\"}");
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	played_free(&played);
}

/* Records have members sorted; the input came with its key first. */
static void
test_order_of_members_is_not_known(void **state)
{
	struct played *played = play(straight);
	size_t look = find_record(played, "step-done", 0);

	(void)state;
	change(played, 0, "input",
	    "{\"amount\":{\"n\":\"250.00\"},\"key\":\"K-1\"}");
	change(played, look, "assigned", "{\"abroad\":\"key\"}");
	played->changed = load(played->arena,
	    "substring(input.iban, 1, 2) != \"DE\"",
	    "get entries(input)[1].key");
	forge_digests(played);
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.seq, look + 1);
	assert_int_not_equal(str_find(played->finding.explanation,
	    STR("`get entries(input)[1].key` hangs on the order")), SIZE_MAX);
	/* Where it is the same, there is no doubt. */
	change(played, look, "assigned", "{\"abroad\":\"amount\"}");
	assert_int_equal(again(played), REPERFORM_AGREES);
	/* And none hangs on it later. */
	change(played, find_record(played, "step-done", 1), "assigned",
	    "{\"id\":\"p2\"}");
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	played_free(&played);
}

/* Of the settings only what was read is told, and it is what counts. */
static void
test_settings_that_were_read_are_in_the_record(void **state)
{
	struct played *played = play(straight);
	struct buf text = {0};

	(void)state;
	json_write(value_get_cstr(played->records[0], "settings"),
	    JSON_PLAIN, &text);
	assert_string_equal(buf_cstr(&text), "{\"both\":{\"a\":1,\"b\":2},\"shop\":{\"limit\":5}}");
	buf_fini(&text);
	assert_string_equal(
	    value_field_str(played->records[0], "environment").at,
	    "test");
	played_free(&played);
}

/* ---- what was changed ---- */

static void
assert_differs(struct played *played, size_t at, const char *says)
{
	enum reperform_result result = again(played);

	print_message("%.*s\n", STR_ARG(played->finding.explanation));
	/* Before the sensitive value was looked into, or without one. */
	assert_int_equal(result, REPERFORM_DIFFERS);
	assert_int_equal(played->finding.seq, at + 1);
	assert_int_not_equal(
	    str_find(played->finding.explanation, str_of(says)), SIZE_MAX);
	assert_non_null(played->finding.recorded.at);
	played_free(&played);
}

/* The record once more. */
static void
repeat(struct played *played, size_t at)
{
	must(played->count < COUNT_OF(played->records));
	memmove(&played->records[at + 1], &played->records[at],
	    (played->count - at) * sizeof(*played->records));
	played->count++;
}

/* As `look` does not do it. */
static struct played *
play_plainly(const char *const lines[LINES_MAX])
{
	struct played *played = play(lines);
	size_t look = find_record(played, "step-done", 0);

	memmove(&played->records[look], &played->records[look + 1],
	    (played->count - look - 1) * sizeof(*played->records));
	played->count--;
	return played;
}

static void
use(struct played *played, const char *what, const char *with)
{
	struct library *without = load(played->arena, LOOK, "");
	struct str text = library_find_workflow(without, STR("order"), 0)
			      ->source;
	struct diag_list *diags = diag_list_new();
	bool is_other = str_find(text, str_of(what)) == SIZE_MAX;

	played->changed = library_new();
	library_add_text(played->changed, STR("order.yaml"),
	    is_other ? text
		     : edited(played->arena,
			   arena_cstr(played->arena, text), what, with),
	    diags);
	library_add_text(played->changed, STR("others.yaml"),
	    is_other ? edited(played->arena, others, what, with)
		     : str_of(others),
	    diags);
	assert_true(library_link(played->changed, diags));
	forge_digests(played);
	diag_list_free(&diags);
	library_free(&without);
}

/* Older programs took a number as it was written, where it is a key. */
static void
test_numbers_that_were_keys_as_written_agree(void **state)
{
	static const char *const numbered[LINES_MAX] = {
	    "{\"start\":{\"key\":7.0,\"number\":1.50,\"amount\":250,"
	    "\"iban\":\"DE89370400440532013000\"}}",
	    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}",
	    "{\"advance\":\"31m\"}", PAID};
	struct played *played = play(numbered);
	size_t emitted = find_record(played, "event-emitted", 0);

	(void)state;
	assert_true(str_equal(STR("7"),
	    value_field_str(played->records[0], "business_key")));
	assert_true(str_equal(STR("1.5"),
	    value_field_str(played->records[emitted], "subject")));
	change(played, 0, "business_key", "\"7.0\"");
	change(played, emitted, "subject", "\"1.50\"");
	change(played, find_record(played, "event-received", 0), "subject",
	    "\"7.0\"");
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	assert_int_equal(played->finding.seq, 0);
	change(played, emitted, "subject", "\"1.51\"");
	assert_differs(played, emitted, "`subject`");
}

/* Older programs had a timer for each transition under a deadline, told of
 * each, and found out of each that it was reached. */
static void
test_deadline_that_was_told_for_each_transition_agrees(void **state)
{
	static const char *const refused[LINES_MAX] = {START("250.00"),
	    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}",
	    "{\"advance\":\"31m\"}", "{\"advance\":\"3d\"}"};
	struct played *played = play_plainly(refused);
	size_t set = find_record(played, "deadline-set", 1);
	size_t reached = find_record(played, "deadline-reached", 1);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	repeat(played, reached);
	repeat(played, set);
	assert_int_equal(again(played), REPERFORM_AGREES);
	assert_int_equal(played->finding.records, played->count);
	repeat(played, set); /* there are two of them */
	assert_differs(played, set + 2, "`event-emitted` late.entry.1");
}

static void
test_deadline_that_was_told_twice_for_one_transition_is_found(void **state)
{
	struct played *played = play_plainly(straight);
	size_t set = find_record(played, "deadline-set", 0);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	repeat(played, set);
	assert_differs(played, set + 1, "nothing of the kind happens there");
}

static const char *const waited[LINES_MAX] = {START("250.00"),
    "{\"reply\":{\"bank.pay\":\"timeout\"}}", "{\"advance\":\"10m\"}",
    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}", PAID};

static void
wait_for(struct played *played, size_t at, int64_t delay_ms)
{
	char text[CLOCK_TEXT_BYTES];
	int64_t now_ms;

	assert_true(clock_parse(
	    value_field_str(played->records[at], "time"), &now_ms));
	change(played, at, "until",
	    arena_cstr(played->arena, arena_strf(played->arena, "\"%.*s\"",
		STR_ARG(clock_format(now_ms + delay_ms, text)))));
}

/* Older programs added the jitter to `max-delay`. */
static void
test_wait_that_jitter_led_over_its_bound_agrees(void **state)
{
	struct played *played = play_plainly(waited);
	size_t at = find_record(played, "call-waiting", 0);

	(void)state;
	use(played, "delay: 10s", "delay: 10s, max-delay: 10s");
	forge_digests(played);
	wait_for(played, at, 12000);
	assert_int_equal(again(played), REPERFORM_AGREES);
	wait_for(played, at, 12001);
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	played_free(&played);
}

static void
test_changed_guard_is_found(void **state)
{
	struct played *played = play_plainly(approved);

	(void)state;
	use(played, "approval.approvers > 0", "approval.approvers > 1");
	assert_differs(played, find_record(played, "entered", 1),
	    "`to` is \"asking\"; when it is done again, it is \"sending\"");
}

/* A value that isn't known hides nothing that doesn't hang on it. */
static void
test_changed_guard_is_found_beside_what_is_not_known(void **state)
{
	struct played *played = play(approved);

	(void)state;
	played->changed = load(
	    played->arena, "approval.approvers > 0", "approval.approvers > 1");
	forge_digests(played);
	assert_differs(played, find_record(played, "entered", 1),
	    "`to` is \"asking\"; when it is done again, it is \"sending\"");
}

static void
test_changed_decision_table_is_found(void **state)
{
	struct played *played = play_plainly(approved);

	(void)state;
	use(played, "'< 1000'", "'< 10000'");
	assert_differs(played, find_record(played, "decided", 0), "`rules`");
}

static void
test_changed_deadline_is_found(void **state)
{
	struct played *played = play_plainly(approved);

	(void)state;
	use(played, "{30m: late}", "{40m: late}");
	assert_differs(
	    played, find_record(played, "deadline-set", 1), "`after`");
}

static void
test_changed_reply_is_found(void **state)
{
	struct played *played = play_plainly(straight);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	change(played, find_record(played, "call-replied", 0), "response",
	    "{\"id\":\"p2\"}");
	assert_differs(played, find_record(played, "step-done", 0),
	    "`assigned` is {\"id\":\"p1\"}; when it is done again, it is "
	    "{\"id\":\"p2\"}");
}

static void
leave_out(struct played *played, size_t at, const char *key)
{
	const struct value *record = played->records[at];
	struct value_builder *built = value_build_context(played->arena);

	for (size_t i = 0; i < record->as.context.count; i++)
		if (!str_equal(record->as.context.fields[i].key, str_of(key)))
			value_put(built, record->as.context.fields[i].key,
			    record->as.context.fields[i].value);
	played->records[at] = value_built(built);
}

static void
leave_calendar_out(struct played *played, size_t at)
{
	leave_out(played, at, "calendar");
	leave_out(played, at, "calendar_version");
	leave_out(played, at, "calendar_digest");
}

/* Older programs didn't always tell which calendar fixed a deadline. */
static void
test_calendar_that_was_not_told_agrees(void **state)
{
	struct played *played = play(approved);
	size_t set = find_record(played, "deadline-set", 0);

	(void)state;
	assert_non_null(value_get_cstr(played->records[set], "calendar"));
	leave_calendar_out(played, set);
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	assert_int_equal(played->finding.seq, 0);
	change(played, set, "calendar", "\"street\"");
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	assert_int_equal(played->finding.seq, set + 1);
	played_free(&played);
}

/* What a sensitive value says when it is due is taken from the record, and so
 * is whether it was by the calendar. */
static void
test_calendar_of_a_time_that_is_not_known_agrees(void **state)
{
	struct played *played = play(approved);
	size_t set = find_record(played, "deadline-set", 0);

	(void)state;
	played->changed = load(played->arena, "{3 business days: refused}",
	    "{'= if starts with(input.iban, \"DE\") then \"3 business days\" "
	    "else \"1d\"': refused}");
	forge_digests(played);
	change(played, set, "after",
	    "\"= if starts with(input.iban, \\\"DE\\\") then \\\"3 business "
	    "days\\\" else \\\"1d\\\"\"");
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	leave_calendar_out(played, set);
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	played_free(&played);
}

/* So it is with what went wrong in an expression. */
static void
test_null_that_was_not_told_agrees(void **state)
{
	struct played *played = play_plainly(approved);
	size_t opened = find_record(played, "task-opened", 0);

	(void)state;
	assert_null(value_get_cstr(played->records[opened], "nulls"));
	use(played, "role: boss,", "role: boss, due: = input.key,");
	assert_int_equal(again(played), REPERFORM_AGREES);
	assert_int_equal(played->finding.seq, 0);
	change(played, opened, "nulls", "[]");
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	assert_int_equal(played->finding.seq, opened + 1);
	played_free(&played);
}

/* The same by the rules of the connection, from what the bank said. */
static void
answer(struct played *played, const char *reply)
{
	size_t at = find_record(played, "call-replied", 0);

	change(played, at, "reply", reply);
	leave_out(played, at, "response");
}

static void
test_answer_of_an_endpoint_is_made_out_again(void **state)
{
	struct played *played = play_plainly(straight);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	answer(played, "{\"status\":201,\"body\":\"{\\\"payment_id\\\":\\\"p1"
		       "\\\"}\",\"headers\":{}}");
	assert_int_equal(again(played), REPERFORM_AGREES);
	answer(played, "{\"status\":201,\"body\":\"{\\\"payment_id\\\":\\\"p9"
		       "\\\"}\",\"headers\":{}}");
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	assert_int_equal(played->finding.seq,
	    find_record(played, "step-done", 0) + 1);
	answer(played, "{\"status\":400,\"body\":\"{}\",\"headers\":{}}");
	assert_differs(played, find_record(played, "call-replied", 0),
	    "`outcome` is \"done\"");
}

static const char *const misread[LINES_MAX] = {START("250.00"),
    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}",
    "{\"event\":{\"type\":\"order.paid\",\"data\":{\"by\":\"cash\"}}}",
    PAID};
/* Nobody sees by a digest whether the schema was right. */
static const char *const unreadable[LINES_MAX] = {START("250.00"),
    "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}",
    "{\"event\":{\"type\":\"order.paid\","
    "\"data\":{\"by\":\"DE89370400440532013000\"}}}",
    PAID};

static void
test_event_that_fails_its_schema_is_ignored_again(void **state)
{
	struct played *played = play_plainly(misread);
	size_t at = find_record(played, "event-ignored", 0);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	assert_int_equal(again(played), REPERFORM_AGREES);
	assert_true(str_equal(value_field_str(played->records[at], "reason"),
	    STR("its data fails the schema")));
	change(played, at - 1, "data", "{\"by\":2}");
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	assert_int_equal(played->finding.seq, at + 1);
	played_free(&played);

	played = play_plainly(unreadable);
	use(played, "[= input.amount]", "[= input.amount]");
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	assert_int_not_equal(
	    str_find(played->finding.explanation, STR("`order.paid`")),
	    SIZE_MAX);
	played_free(&played);
}

static struct reperform_disclosure
disclose_cb(void *arg, struct str instance, struct arena *arena)
{
	(void)arg, (void)instance;
	return (struct reperform_disclosure){
	    .values = value_of_str(arena, STR("DE89370400440532013000"))};
}

/* Older programs didn't mask what was escaped, and their histories are as
 * genuine. */
static void
test_what_was_masked_less_agrees(void **state)
{
	struct played *played = play_plainly(straight);
	struct reperform_world world = {
	    .find = find, .arg = played, .disclose = disclose_cb};

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	answer(played, "{\"status\":201,\"body\":\"{\\\"payment_id\\\":"
		       "\\\"p%44E89370400440532013000\\\"}\"}");
	change(played, find_record(played, "step-done", 0), "assigned",
	    "{\"id\":\"p%44E89370400440532013000\"}");
	change(played, find_record(played, "ended", 0), "output",
	    "{\"id\":\"p%44E89370400440532013000\"}");
	reperform_instance(&world, played->records, played->count,
	    played->arena, &played->finding);
	assert_int_equal(played->finding.result, REPERFORM_AGREES);
	change(played, find_record(played, "step-done", 0), "assigned",
	    "{\"id\":\"p%44E89370400440532013001\"}");
	reperform_instance(&world, played->records, played->count,
	    played->arena, &played->finding);
	assert_int_equal(played->finding.result, REPERFORM_DIFFERS);
	played_free(&played);
}

static void
test_header_that_came_twice_is_read_as_it_came(void **state)
{
	struct played *played = play_plainly(straight);

	(void)state;
	use(played, "= body.payment_id",
	    "'= replace(get value(headers, \"x-id\"), \", \", \"\")'");
	answer(played, "{\"status\":201,\"body\":\"{}\","
		       "\"headers\":{\"X-Id\":[\"p\",\"1\"]}}");
	assert_int_equal(again(played), REPERFORM_AGREES);
	answer(played, "{\"status\":201,\"body\":\"{}\","
		       "\"headers\":{\"X-Id\":\"1\"}}");
	assert_differs(played, find_record(played, "step-done", 0),
	    "`assigned` is {\"id\":\"p1\"}");
}

static void
test_approval_by_the_wrong_person_is_found(void **state)
{
	struct played *played = play_plainly(approved);
	size_t at = find_record(played, "task-decided", 0);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	change(played, at, "actor", "\"alice\"");
	assert_differs(played, at,
	    "says `task-decided` asking; when it is done again, `refused` "
	    "comes there");
}

static void
test_dropped_and_added_records_are_found(void **state)
{
	struct played *played = play_plainly(approved);
	size_t at = find_record(played, "task-decided", 0);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	/* Nobody has approved, and it goes on. */
	memmove(&played->records[at], &played->records[at + 1],
	    (played->count - at - 1) * sizeof(*played->records));
	played->count--;
	assert_differs(played, at, "nothing of the kind happens there");
}

static void
test_a_history_that_stops_too_early_is_found(void **state)
{
	struct played *played = play_plainly(straight);

	(void)state;
	use(played, "[= input.amount]", "[= input.amount]");
	played->count--;
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	assert_null(played->finding.recorded.at);
	assert_int_not_equal(str_find(played->finding.explanation,
				 STR("the history ends before record")),
	    SIZE_MAX);
	played_free(&played);
}

#define A_PAYMENT "    entry:\n      - call: bank.pay\n"
#define A_LOOP                                                                \
	"    entry:\n"                                                        \
	"      - for: {each: n, in: '= [1, 2]'}\n"                            \
	"        do:\n"                                                       \
	"          - call: bank.pay\n"                                        \
	"            with: {amount: = n}\n"                                   \
	"            compensate: {call: bank.pay, with: {amount: = -n}}\n"    \
	"      - call: bank.pay\n"
#define IS_PAID "{\"reply\":{\"bank.pay\":{\"id\":\"p1\"}}}"
#define IS_REFUSED                                                             \
	"{\"reply\":{\"bank.pay\":{\"error\":{\"code\":\"bank.no\","             \
	"\"outcome\":\"done-with-error\"}}}}"

static const char *const undone[LINES_MAX] = {START("250.00"), IS_PAID,
    IS_PAID, IS_PAID,
    "{\"cancel\":{\"compensate\":true,\"actor\":\"olga\"}}", IS_REFUSED,
    "{\"settle\":{\"how\":\"retry\",\"actor\":\"olga\"}}", IS_PAID, IS_PAID};

static void
assert_undoing_agrees(struct played *played)
{
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	assert_int_equal(played->finding.seq, 0);
}

/* Older programs didn't tell of an undo whose item's it was. */
static void
test_undo_that_lacks_its_item_agrees(void **state)
{
	struct played *played = play_edited(undone, A_PAYMENT, A_LOOP);
	size_t first = find_record(played, "compensating", 0), told = 0;

	(void)state;
	assert_undoing_agrees(played);
	change(played, first, "item", "1");
	assert_int_equal(again(played), REPERFORM_DIFFERS);
	assert_int_equal(played->finding.seq, first + 1);
	for (size_t i = first; i < played->count; i++) {
		if (value_get_cstr(played->records[i], "item") == NULL)
			continue;
		leave_out(played, i, "item");
		told++;
	}
	assert_int_equal(told, 13);
	assert_undoing_agrees(played);
	played_free(&played);
}

/* ---- whatever records say ---- */

/* Somebody who makes hashes anew writes what he likes: it is told apart or
 * not, but nothing breaks. */
static void
test_whatever_records_say_is_borne(void **state)
{
	static const char *const instead[] = {"null", "7", "-1",
	    "\"\"", "\"started\"", "\"done\"", "[]", "{}", "{\"a\":[1]}",
	    "\"2026-11-23T09:00:00.000Z\""};
	struct played *played = play(approved);
	size_t tried = 0;

	(void)state;
	for (size_t at = 0; at < played->count; at++) {
		const struct value *record = played->records[at];

		for (size_t i = 0; i < record->as.context.count; i++) {
			const char *key = arena_cstr(played->arena,
			    record->as.context.fields[i].key);

			for (size_t j = 0; j < COUNT_OF(instead); j++) {
				change(played, at, key, instead[j]);
				(void)again(played);
				tried++;
				played->records[at] = record;
			}
			leave_out(played, at, key);
			(void)again(played);
			played->records[at] = record;
		}
	}
	assert_true(tried > 1000);
	/* And in any order. */
	for (size_t at = 1; at < played->count; at++) {
		const struct value *moved = played->records[at];

		played->records[at] = played->records[played->count - at];
		(void)again(played);
		played->records[at] = moved;
	}
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_equal(played->finding.records, played->count);
	played_free(&played);
}

/* ---- what can't be done again ---- */

static const struct definition *
find_nothing(void *arg, const struct reperform_wanted *wanted,
    struct arena *arena, struct str *why)
{
	(void)arg, (void)wanted, (void)arena;
	*why = STR("the definition that it ran on isn't here");
	return NULL;
}

static void
test_what_is_missing_is_named(void **state)
{
	struct played *played = play(straight);
	struct reperform_world nothing = {.find = find_nothing};

	(void)state;
	reperform_instance(&nothing, played->records, played->count,
	    played->arena, &played->finding);
	assert_int_equal(played->finding.result, REPERFORM_COULD_NOT);
	assert_string_equal(played->finding.explanation.at,
	    "the definition that it ran on isn't here");

	memmove(&played->records[0], &played->records[1],
	    (played->count - 1) * sizeof(*played->records));
	played->count--;
	assert_int_equal(again(played), REPERFORM_COULD_NOT);
	assert_int_not_equal(
	    str_find(played->finding.explanation, STR("excerpt")), SIZE_MAX);
	played_free(&played);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_not_changed_agrees),
	    cmocka_unit_test(test_numbers_that_were_keys_as_written_agree),
	    cmocka_unit_test(test_collected_outputs_are_put_together_again),
	    cmocka_unit_test(
		test_sensitive_output_among_values_could_not_be_done_again),
	    cmocka_unit_test(test_without_sensitive_values_there_is_no_doubt),
	    cmocka_unit_test(test_event_that_fails_its_schema_is_ignored_again),
	    cmocka_unit_test(test_text_like_a_digest_is_a_text),
	    cmocka_unit_test(test_order_of_members_is_not_known),
	    cmocka_unit_test(test_calendar_that_was_not_told_agrees),
	    cmocka_unit_test(test_calendar_of_a_time_that_is_not_known_agrees),
	    cmocka_unit_test(test_null_that_was_not_told_agrees),
	    cmocka_unit_test(test_settings_that_were_read_are_in_the_record),
	    cmocka_unit_test(
		test_deadline_that_was_told_for_each_transition_agrees),
	    cmocka_unit_test(
		test_deadline_that_was_told_twice_for_one_transition_is_found),
	    cmocka_unit_test(test_wait_that_jitter_led_over_its_bound_agrees),
	    cmocka_unit_test(test_changed_guard_is_found),
	    cmocka_unit_test(
		test_changed_guard_is_found_beside_what_is_not_known),
	    cmocka_unit_test(test_changed_decision_table_is_found),
	    cmocka_unit_test(test_changed_deadline_is_found),
	    cmocka_unit_test(test_changed_reply_is_found),
	    cmocka_unit_test(test_answer_of_an_endpoint_is_made_out_again),
	    cmocka_unit_test(test_header_that_came_twice_is_read_as_it_came),
	    cmocka_unit_test(test_what_was_masked_less_agrees),
	    cmocka_unit_test(test_approval_by_the_wrong_person_is_found),
	    cmocka_unit_test(test_dropped_and_added_records_are_found),
	    cmocka_unit_test(test_undo_that_lacks_its_item_agrees),
	    cmocka_unit_test(test_a_history_that_stops_too_early_is_found),
	    cmocka_unit_test(test_whatever_records_say_is_borne),
	    cmocka_unit_test(test_what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
