/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_library.c: whole documents in, definitions and diagnostics out.
 *
 * tests/cases/definition holds pairs of files: NAME.yaml and, in
 * NAME.expected, word for word what is printed about it.
 */
#include "stated/library.h"

#include <dirent.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "stated/rng.h"

struct loaded {
	struct library *library;
	struct diag_list *diags;
	bool ok;
};

static const char *
source_path(const char *below, char out[512])
{
	const char *srcdir = getenv("srcdir");

	(void)snprintf(out, 512, "%s/%s", srcdir ? srcdir : ".", below);
	return out;
}

static void
loaded_init(struct loaded *loaded)
{
	loaded->library = library_new();
	loaded->diags = diag_list_new();
	loaded->ok = false;
}

static void
loaded_fini(struct loaded *loaded)
{
	diag_list_free(&loaded->diags);
	library_free(&loaded->library);
}

static void
load_text(struct loaded *loaded, const char *text)
{
	loaded_init(loaded);
	library_add_text(loaded->library, STR("test.yaml"), str_of(text),
	    loaded->diags);
	loaded->ok = library_link(loaded->library, loaded->diags);
}

static void
load_shipped(struct loaded *loaded)
{
	char path[512];

	loaded_init(loaded);
	library_add_path(loaded->library,
	    str_of(source_path("workflows", path)), loaded->diags);
	loaded->ok = library_link(loaded->library, loaded->diags);
}

static const struct definition *
payment_of(const struct loaded *loaded)
{
	return library_find_workflow(loaded->library, STR("payment"), 0);
}

static void
assert_str(struct str actual, const char *expected)
{
	if (!str_equal(actual, str_of(expected))) {
		fail_msg("expected %s, got %.*s", expected, STR_ARG(actual));
	}
}

/* The code of the only diagnostic. */
static const char *
only_code(const char *text)
{
	static char code[8];
	struct loaded loaded;
	const struct diag *diags;
	size_t count;

	load_text(&loaded, text);
	diags = diag_sorted(loaded.diags, &count);
	(void)snprintf(code, sizeof(code), "%s",
	    count == 0 ? "none" : count == 1 ? diags[0].code : "many");
	loaded_fini(&loaded);
	return code;
}

/* ---- cases ---- */

static void
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");
	char chunk[4096];
	size_t got;

	if (!file)
		fail_msg("can't open %s", path);
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add(out, chunk, got);
	(void)fclose(file);
}

static void
check_case(const char *folder, const char *name)
{
	char path[1024];
	struct loaded loaded;
	struct buf text = {0};
	struct buf expected = {0};
	struct buf actual = {0};

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	read_file(path, &text);
	(void)snprintf(path, sizeof(path), "%s/%.*s.expected", folder,
	    (int)strlen(name) - 5, name);
	read_file(path, &expected);
	loaded_init(&loaded);
	library_add_text(loaded.library, str_of(name), buf_str(&text),
	    loaded.diags);
	loaded.ok = library_link(loaded.library, loaded.diags);
	diag_format(loaded.diags, &actual, false);
	if (!str_equal(buf_str(&actual), buf_str(&expected))) {
		fail_msg("%s gives\n%s", name, buf_cstr(&actual));
	}
	assert_int_equal(loaded.ok, diag_count(loaded.diags, DIAG_ERROR) == 0);
	loaded_fini(&loaded);
	buf_fini(&text);
	buf_fini(&expected);
	buf_fini(&actual);
}

static int
is_case(const struct dirent *entry)
{
	return str_has_suffix(str_of(entry->d_name), STR(".yaml"));
}

static void
test_cases_give_the_diagnostics_expected(void **state)
{
	char folder[512];
	struct dirent **entries = NULL;
	int count;

	(void)state;
	source_path("tests/cases/definition", folder);
	count = scandir(folder, &entries, is_case, alphasort);
	assert_true(count > 10);
	for (int i = 0; i < count; i++) {
		check_case(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* ---- the payment example ---- */

static void
test_shipped_workflows_load_without_a_word(void **state)
{
	struct loaded loaded;
	struct buf text = {0};

	(void)state;
	load_shipped(&loaded);
	diag_format(loaded.diags, &text, false);
	if (!loaded.ok || text.bytes > 0)
		fail_msg("%s", buf_cstr(&text));
	assert_non_null(payment_of(&loaded));
	assert_non_null(library_find_connection(loaded.library, STR("bank")));
	assert_non_null(library_find_decision(loaded.library,
	    STR("payment-approval")));
	assert_non_null(library_find_calendar(loaded.library, STR("target2")));
	assert_non_null(library_find_contact(loaded.library,
	    STR("treasury-desk")));
	buf_fini(&text);
	loaded_fini(&loaded);
}

static void
test_payment_has_its_head(void **state)
{
	struct loaded loaded;
	const struct definition *payment;

	(void)state;
	load_shipped(&loaded);
	payment = payment_of(&loaded);
	assert_int_equal(payment->version, 3);
	assert_str(payment->title, "Supplier payment");
	assert_str(payment->owner->name, "treasury");
	assert_str(payment->calendar->name, "target2");
	assert_int_equal(payment->separate_count, 2);
	assert_int_equal(
	    payment->separate[0].parts, PART_INITIATE | PART_APPROVE);
	assert_int_equal(payment->separate[0].name_count, 0);
	assert_int_equal(
	    payment->separate[1].parts, PART_CORRECT | PART_CONFIRM);
	assert_true(payment->second_person);
	assert_str(payment->labels.items[0].name, "entity");
	assert_str(payment->sensitive[0], "input.creditor.iban");
	assert_non_null(payment->input);
	assert_non_null(payment->input_schema);
	assert_int_equal(payment->business_key->kind, TEMPLATE_FEEL);
	assert_str(payment->business_key->text, "input.reference");
	assert_int_equal(payment->event_count, 6);
	assert_int_equal(payment->events[2].supersedes_count, 2);
	assert_true(payment->events[2].keep);
	assert_int_equal(payment->hold.fixed_ms, INT64_C(7) * 86400000);
	assert_int_equal(payment->incident_max_age.fixed_ms, 4 * 3600000);
	assert_int_equal(payment->invariants[0].in_count, 2);
	assert_str(payment->initial.items[0]->name, "checking");
	assert_int_equal(payment->state_count, 13);
	loaded_fini(&loaded);
}

static void
test_payment_has_its_states(void **state)
{
	struct loaded loaded;
	const struct definition *payment;
	const struct def_state *found;

	(void)state;
	load_shipped(&loaded);
	payment = payment_of(&loaded);
	found = definition_find_state(payment, STR("awaiting-approval"));
	assert_str(found->task->exclude[0], "initiator");
	assert_int_equal(found->task->choice_count, 2);
	assert_int_equal(found->escalation_count, 2);
	assert_str(found->escalations[0].severity, "normal");
	assert_str(found->escalations[1].severity, "high");
	assert_int_equal(found->escalations[1].after.business_days, 1);
	assert_int_equal(found->escalations[1].every.fixed_ms, 4 * 3600000);
	assert_int_equal(found->after.items[0]->after.kind, SPAN_BUSINESS_DAYS);
	assert_str(found->after.items[0]->targets.items[0]->name, "cancelled");
	found = definition_find_state(payment, STR("checking"));
	assert_int_equal(found->on.count, 3);
	assert_non_null(found->on.items[0]->guard);
	assert_null(found->on.items[2]->guard);
	assert_str(found->on.items[2]->targets.items[0]->name, "submitting");
	found = definition_find_state(payment, STR("failed"));
	assert_int_equal(found->kind, STATE_FINAL);
	assert_int_equal(found->outcome, ENDING_FAILURE);
	assert_int_equal(found->compensate, COMPENSATE_ALL);
	loaded_fini(&loaded);
}

static void
test_payment_has_its_calls(void **state)
{
	struct loaded loaded;
	const struct definition *payment;
	const struct def_call *call;

	(void)state;
	load_shipped(&loaded);
	payment = payment_of(&loaded);
	call = definition_find_step(payment, STR("submit"))->call;
	assert_str(call->operation->name, "submit-payment");
	assert_str(call->connection->name, "bank");
	assert_int_equal(call->timeout_ms, 10000);
	assert_int_equal(call->retry.limit, 5);
	assert_int_equal(call->retry.max_delay_ms, 60000);
	assert_int_equal(call->retry.jitter_percent, 20);
	assert_int_equal(call->window_hours->hours.cut_off, 16 * 3600);
	assert_int_equal(call->verify->after.fixed_ms, 120000);
	assert_str(call->verify->call->operation->name, "find-payment");
	assert_str(call->compensate->operation->name, "cancel-payment");
	assert_true(call->operation->idempotent);
	assert_int_equal(call->operation->idempotent_lifetime_ms, 86400000);
	assert_false(call->operation->safe);
	assert_true(call->verify->call->operation->safe);
	for (size_t i = 0; i < payment->call_count; i++)
		assert_int_equal(payment->calls[i]->index, i);
	for (size_t i = 0; i < payment->step_count; i++)
		assert_int_equal(payment->steps[i]->index, i);
	for (size_t i = 0; i < payment->transition_count; i++)
		assert_int_equal(payment->transitions[i]->index, i);
	loaded_fini(&loaded);
}

static void
test_defaults_stand_where_nothing_is_written(void **state)
{
	struct loaded loaded;
	const struct def_connection *connection;
	const struct def_call *call;

	(void)state;
	load_shipped(&loaded);
	call = payment_of(&loaded)->steps[0]->call;
	assert_str(payment_of(&loaded)->steps[0]->id, "checking.entry.1");
	assert_int_equal(call->retry.limit, 5);
	assert_int_equal(call->retry.delay_ms, 1000);
	assert_int_equal(call->retry.backoff, BACKOFF_EXPONENTIAL);
	assert_int_equal(call->retry.max_delay_ms, 60000);
	assert_int_equal(call->retry.jitter_percent, 20);
	assert_null(call->window.at);
	loaded_fini(&loaded);
	load_text(&loaded, "connection: bare\nkind: http\n"
			   "url: http://bare.test\n"
			   "operations: {ask: {request: {get: /ask}}}\n");
	assert_true(loaded.ok);
	connection = library_find_connection(loaded.library, STR("bare"));
	assert_int_equal(connection->concurrency, 64);
	assert_int_equal(connection->rate_count, 0);
	assert_int_equal(connection->breaker_failures, 0);
	loaded_fini(&loaded);
}

static void
test_a_calendar_is_of_utc_unless_told(void **state)
{
	struct loaded loaded;
	const struct calendar *calendar;

	(void)state;
	load_text(&loaded, "calendar: plain\nclosed: [12-25]\n");
	calendar = library_find_calendar(loaded.library, STR("plain"));
	assert_true(loaded.ok);
	assert_non_null(calendar);
	assert_ptr_equal(calendar->zone, zone_find(STR("UTC")));
	loaded_fini(&loaded);
}

static void
test_documents_of_one_file_lean_on_one_another(void **state)
{
	struct loaded loaded;
	const struct definition *definition;

	(void)state;
	load_text(&loaded,
	    "workflow: order\nversion: 1\nowner: desk\ninitial: a\n"
	    "data: {total: 1}\n"
	    "states:\n"
	    "  a: {entry: [{decide: limit, output: {limit: = decision}}],\n"
	    "      on: {done: b}}\n"
	    "  b: {type: final}\n"
	    "---\n"
	    "decision: limit\nhit-policy: first\ninputs: [= total]\n"
	    "outputs: [days]\nrules: [['-', 3]]\n"
	    "---\n"
	    "contact: desk\nnotify: [{call: shop.tell}]\n"
	    "---\n"
	    "connection: shop\nkind: http\nurl: = settings.shop.url\n"
	    "operations: {tell: {request: {post: /tell}}}\n");
	assert_int_equal(diag_count(loaded.diags, DIAG_ERROR), 0);
	assert_true(loaded.ok);
	definition = library_find_workflow(loaded.library, STR("order"), 0);
	assert_ptr_equal(definition->owner,
	    library_find_contact(loaded.library, STR("desk")));
	assert_ptr_equal(definition->states[0]->entry.items[0]->decision,
	    library_find_decision(loaded.library, STR("limit")));
	assert_ptr_equal(definition->owner->channels[0].call->connection,
	    library_find_connection(loaded.library, STR("shop")));
	assert_true(str_has_suffix(definition->source,
	    STR("b: {type: final}\n")));
	loaded_fini(&loaded);
}

/* ---- versions ---- */

static void
test_a_definition_loads_again_from_its_source(void **state)
{
	struct loaded loaded;
	const struct definition *payment;
	const struct definition *again;

	(void)state;
	load_shipped(&loaded);
	payment = payment_of(&loaded);
	again = library_add_version(loaded.library, STR("payment 3"),
	    payment->source, loaded.diags);
	assert_non_null(again);
	assert_true(digest_equal(again->digest, payment->digest));
	assert_int_equal(again->step_count, payment->step_count);
	assert_ptr_equal(library_find_digest(loaded.library, payment->digest),
	    payment);
	loaded_fini(&loaded);
}

static void
test_kept_text_alone_gives_the_digest(void **state)
{
	struct loaded loaded;
	const struct definition *definition;
	struct digest digest;
	size_t count = 0;

	(void)state;
	load_shipped(&loaded);
	while ((definition = library_workflow_at(loaded.library, count))) {
		assert_true(library_digest(definition->source, &digest));
		assert_true(digest_equal(digest, definition->digest));
		count++;
	}
	assert_true(count > 10);
	assert_false(library_digest(STR("calendar: x\n"), &digest));
	assert_false(library_digest(STR(""), &digest));
	loaded_fini(&loaded);
}

static void
test_an_earlier_version_stands_beside_the_latest(void **state)
{
	struct loaded loaded;
	const struct definition *old;

	(void)state;
	load_text(&loaded,
	    "workflow: a\nversion: 2\ninitial: b\nstates: {b: {type: final}}\n");
	assert_true(loaded.ok);
	old = library_add_version(loaded.library, STR("a 1"),
	    STR("workflow: a\nversion: 1\ninitial: c\n"
	    "states: {c: {type: final}}\n"), loaded.diags);
	assert_non_null(old);
	assert_ptr_equal(library_find_workflow(loaded.library, STR("a"), 1),
	    old);
	assert_int_equal(
	    library_find_workflow(loaded.library, STR("a"), 0)->version, 2);
	assert_null(library_find_workflow(loaded.library, STR("a"), 3));
	assert_null(library_add_version(loaded.library, STR("bad"),
	    STR("workflow: a\n"), loaded.diags));
	loaded_fini(&loaded);
}

static void
test_a_stored_version_outlives_the_workflow_that_it_runs(void **state)
{
	static const char text[] =
	    "workflow: parent\nversion: 1\ninitial: a\nstates:\n"
	    "  a: {entry: [{run: gone}], on: {done: b}}\n"
	    "  b: {type: final}\n";
	struct loaded loaded;

	(void)state;
	assert_string_equal(only_code(text), "D319");
	load_text(&loaded, "contact: a\nnotify: [log: info]\n");
	assert_non_null(library_add_version(loaded.library, STR("stored"),
	    str_of(text), loaded.diags));
	loaded_fini(&loaded);
}

/* Earlier programs took an expression, and held for as long as unless told. */
static void
test_a_stored_version_may_hold_by_an_expression(void **state)
{
	static const char text[] =
	    "workflow: a\nversion: 1\nhold: = duration(\"P1D\")\n"
	    "initial: b\nstates: {b: {type: final}}\n";
	struct loaded loaded;
	const struct definition *stored;

	(void)state;
	assert_string_equal(only_code(text), "D108");
	load_text(&loaded, "contact: a\nnotify: [log: info]\n");
	stored = library_add_version(
	    loaded.library, STR("stored"), str_of(text), loaded.diags);
	assert_non_null(stored);
	assert_int_equal(stored->hold.kind, SPAN_FIXED);
	assert_int_equal(stored->hold.fixed_ms, 7LL * 24 * 60 * 60 * 1000);
	loaded_fini(&loaded);
}

/* Earlier programs took any value, and its instances go on. */
static void
test_a_stored_version_may_give_what_is_no_mapping(void **state)
{
	static const char text[] =
	    "workflow: a\nversion: 1\ninitial: b\nstates:\n"
	    "  b: {entry: [{emit: x.y, with: %s}], on: {done: c}}\n"
	    "  c: {type: final}\n";
	static const char *const given[] = {"7", "[1]", "{subject: true}"};

	(void)state;
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		struct loaded loaded;
		char written[256];

		(void)snprintf(written, sizeof(written), text, given[i]);
		assert_string_equal(only_code(written), "D103");
		load_text(&loaded, "contact: a\nnotify: [log: info]\n");
		assert_non_null(library_add_version(loaded.library,
		    STR("stored"), str_of(written), loaded.diags));
		loaded_fini(&loaded);
	}
}

static struct digest
digest_of(const char *text)
{
	struct loaded loaded;
	struct digest digest;

	load_text(&loaded, text);
	assert_true(loaded.ok);
	digest = library_workflow_at(loaded.library, 0)->digest;
	loaded_fini(&loaded);
	return digest;
}

static void
test_digest_is_of_what_is_said_not_of_how(void **state)
{
	struct digest plain = digest_of("workflow: a\nversion: 1\ninitial: b\n"
	    "states: {b: {type: final}}\n");
	struct digest other = digest_of("# a comment\nworkflow: 'a'\nstates:\n"
	    "  b:\n    type: \"final\"\ninitial: b\nversion: 0x1\n");
	struct digest changed = digest_of("workflow: a\nversion: 1\n"
	    "initial: b\nstates: {b: {type: final, outcome: failure}}\n");

	(void)state;
	assert_true(digest_equal(plain, other));
	assert_false(digest_equal(plain, changed));
}

/* ---- files ---- */

static void
write_file(const char *folder, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
remove_file(const char *folder, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(remove(path), 0);
}

static void
test_a_folder_is_read_but_for_its_scenarios(void **state)
{
	char folder[] = "/tmp/stated-library-XXXXXX";
	char deeper[512];
	struct loaded loaded;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(deeper, sizeof(deeper), "%s/deeper", folder);
	assert_int_equal(mkdir(deeper, 0700), 0);
	write_file(deeper, "a.yml", "contact: a\nnotify: [log: info]\n");
	write_file(folder, "b.test.yaml", "test: a\n");
	write_file(folder, "c.txt", "nothing: of ours\n");
	loaded_init(&loaded);
	library_add_path(loaded.library, str_of(folder), loaded.diags);
	assert_true(library_link(loaded.library, loaded.diags));
	assert_non_null(library_find_contact(loaded.library, STR("a")));
	loaded_fini(&loaded);
	remove_file(deeper, "a.yml");
	remove_file(folder, "b.test.yaml");
	remove_file(folder, "c.txt");
	assert_int_equal(rmdir(deeper), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void
test_a_path_that_is_not_there_is_told(void **state)
{
	struct loaded loaded;
	size_t count;

	(void)state;
	loaded_init(&loaded);
	library_add_path(loaded.library, STR("/nowhere/at-all"), loaded.diags);
	assert_false(library_link(loaded.library, loaded.diags));
	assert_string_equal(diag_sorted(loaded.diags, &count)[0].code, "D011");
	loaded_fini(&loaded);
}

/* ---- bounds ---- */

static void
test_a_document_over_a_mebibyte_is_refused(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_add_cstr(&text, "contact: a\nnotify: [log: info]\n#");
	while (text.bytes <= 1024 * 1024)
		buf_add_cstr(&text, "0123456789abcdef0123456789abcdef");
	assert_string_equal(only_code(buf_cstr(&text)), "D003");
	buf_fini(&text);
}

static void
test_a_document_deeper_than_64_is_refused(void **state)
{
	char text[128] = "contact: ";

	(void)state;
	memset(text + 9, '[', 63);
	assert_string_equal(only_code(text), "D001");
	memset(text + 9, '[', 70);
	assert_string_equal(only_code(text), "D004");
}

static void
test_a_long_line_is_read_as_well_as_short_ones(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_add_cstr(&text, "contact: a\nnotify: [");
	for (int i = 0; i < 50000; i++)
		buf_add_cstr(&text, "log: info,");
	buf_add_cstr(&text, "log: loud]\n");
	assert_string_equal(only_code(buf_cstr(&text)), "D104");
	buf_fini(&text);
}

static void
test_many_errors_end_with_a_last_word(void **state)
{
	struct loaded loaded;
	struct buf text = {0};

	(void)state;
	buf_add_cstr(&text, "contact: a\nnotify: [log: info]\n");
	for (int i = 0; i < 2000; i++)
		buf_addf(&text, "key%d: 1\n", i);
	load_text(&loaded, buf_cstr(&text));
	assert_int_equal(diag_count(loaded.diags, DIAG_ERROR), 1001);
	loaded_fini(&loaded);
	buf_fini(&text);
}

static void
test_bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	assert_string_equal(only_code("contact: \xff\n"), "D002");
	assert_string_equal(only_code("contact: caf\xc3\n"), "D002");
	assert_string_equal(only_code("contact: a\rnotify: []\n"), "D002");
	assert_string_equal(only_code("contact: a\x01\n"), "D002");
	assert_string_equal(only_code("contact: a\xe2\x80\xa8\n"), "D002");
	assert_string_equal(
	    only_code("\xef\xbb\xbf" "contact: a\r\nnotify: [log: info]\r\n"),
	    "none");
}

static void
test_nothing_at_all_is_no_mistake(void **state)
{
	(void)state;
	assert_string_equal(only_code(""), "none");
	assert_string_equal(only_code("# nothing\n---\n\n...\n"), "none");
	assert_string_equal(
	    only_code("%YAML 1.2\n---\ncontact: a\nnotify: [log: info]\n...\n"),
	    "none");
}

/* ---- damage ---- */

/* One to three bytes of the text changed, cut out or doubled. */
static void
damage(struct rng *rng, struct str text, struct buf *out)
{
	static const char signs[] = " \n:-{}[]#'\"=|>&*!,?%@`\t0a.(";
	size_t at = (size_t)rng_below(rng, text.bytes);
	size_t bytes = (size_t)rng_below(rng, 40);

	buf_clear(out);
	buf_add_str(out, str_slice(text, 0, at));
	switch (rng_below(rng, 3)) {
	case 0:
		buf_add_char(out, signs[rng_below(rng, sizeof(signs) - 1)]);
		buf_add_str(out, str_slice(text, at + 1, SIZE_MAX));
		break;
	case 1:
		buf_add_str(out, str_slice(text, at + bytes, SIZE_MAX));
		break;
	default:
		buf_add_str(out, str_slice(text, at, bytes));
		buf_add_str(out, str_slice(text, at, SIZE_MAX));
		break;
	}
}

static void
test_a_damaged_definition_is_told_about_and_never_crashes(void **state)
{
	char path[512];
	struct buf text = {0};
	struct buf damaged = {0};
	struct rng_seeded random;

	(void)state;
	rng_seeded_init(&random, 20261122);
	read_file(source_path("tests/cases/definition/fine.yaml", path), &text);
	for (int i = 0; i < 1500; i++) {
		struct loaded loaded;
		struct buf out = {0};

		damage(&random.rng, buf_str(&text), &damaged);
		load_text(&loaded, buf_cstr(&damaged));
		diag_format(loaded.diags, &out, false);
		assert_true(loaded.ok || out.bytes > 0);
		buf_fini(&out);
		loaded_fini(&loaded);
	}
	buf_fini(&damaged);
	buf_fini(&text);
}

/* One state in so many, and the memory of none. */
static void
test_many_unknown_names_take_no_more_memory_than_few(void **state)
{
	struct loaded loaded;
	struct buf text = {0};
	size_t before = mallinfo2().uordblks;

	(void)state;
	buf_add_cstr(&text, "workflow: w\nversion: 1\ninitial: s0\nstates:\n");
	for (int i = 0; i < 10000; i++)
		buf_addf(&text, " s%d: {on: {e: x%d}}\n", i, i);
	load_text(&loaded, buf_cstr(&text));
	assert_false(loaded.ok);
	assert_true(mallinfo2().uordblks - before < 256u << 20);
	loaded_fini(&loaded);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_give_the_diagnostics_expected),
		cmocka_unit_test(test_shipped_workflows_load_without_a_word),
		cmocka_unit_test(test_payment_has_its_head),
		cmocka_unit_test(test_payment_has_its_states),
		cmocka_unit_test(test_payment_has_its_calls),
		cmocka_unit_test(test_defaults_stand_where_nothing_is_written),
		cmocka_unit_test(test_a_calendar_is_of_utc_unless_told),
		cmocka_unit_test(
		    test_documents_of_one_file_lean_on_one_another),
		cmocka_unit_test(test_a_definition_loads_again_from_its_source),
		cmocka_unit_test(test_kept_text_alone_gives_the_digest),
		cmocka_unit_test(
		    test_an_earlier_version_stands_beside_the_latest),
		cmocka_unit_test(
		    test_a_stored_version_outlives_the_workflow_that_it_runs),
		cmocka_unit_test(
		    test_a_stored_version_may_hold_by_an_expression),
		cmocka_unit_test(
		    test_a_stored_version_may_give_what_is_no_mapping),
		cmocka_unit_test(test_digest_is_of_what_is_said_not_of_how),
		cmocka_unit_test(test_a_folder_is_read_but_for_its_scenarios),
		cmocka_unit_test(test_a_path_that_is_not_there_is_told),
		cmocka_unit_test(test_a_document_over_a_mebibyte_is_refused),
		cmocka_unit_test(test_a_document_deeper_than_64_is_refused),
		cmocka_unit_test(
		    test_a_long_line_is_read_as_well_as_short_ones),
		cmocka_unit_test(test_many_errors_end_with_a_last_word),
		cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
		cmocka_unit_test(test_nothing_at_all_is_no_mistake),
		cmocka_unit_test(
		    test_a_damaged_definition_is_told_about_and_never_crashes),
		cmocka_unit_test(
		    test_many_unknown_names_take_no_more_memory_than_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
