/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/population.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../store/test_store_help.h"
#include "stated/clock.h"
#include "stated/export.h"
#include "stated/json.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
/* 2026-11-01T00:00:00Z */
#define NOVEMBER_MS ((int64_t)1793491200000)

struct fixture {
	struct help_dir dir;
	struct arena *arena;
	struct buf out;
};

static int64_t
day(int n)
{
	return n == 0 ? 0 : NOVEMBER_MS + (n - 1) * DAY_MS;
}

static struct audit_record
seal(struct fixture *f, struct store_instance *row, enum audit_kind kind,
    int on, const char *more)
{
	struct json_error error;
	struct value_builder *built = value_build_context(f->arena);
	const struct value *fields =
	    json_read(f->arena, str_of(more), &error);
	char text[CLOCK_TEXT_BYTES];

	assert_non_null(fields);
	value_put_int(built, "instance", (int64_t)row->number);
	value_put_str(built, "kind", audit_kind_name(kind));
	value_put_str(built, "time", clock_format(day(on), text));
	for (size_t i = 0; i < fields->as.context.count; i++)
		value_put(built, fields->as.context.fields[i].key,
		    fields->as.context.fields[i].value);
	return audit_seal(f->arena, value_built(built), &row->head);
}

/* Day after day: somebody is in doubt, what waits for it is left, an operator
 * cancels it. */
static void
add_suspension(struct fixture *f, struct store *store,
    struct store_instance *row, int from)
{
	static const struct {
		enum audit_kind kind;
		const char *more;
	} steps[] = {
		{AUDIT_SUSPENDED, "{}"},
		{AUDIT_CANCELLED, "{\"parent\":\"3\"}"},
		{AUDIT_CANCELLED, "{}"},
	};

	for (int i = 0; i < 3; i++) {
		struct audit_record record =
		    seal(f, row, steps[i].kind, from + i, steps[i].more);

		store_add_history(
		    store_batch(store), row->number, &record, 1);
	}
}

/* An instance that begins and ends on those days of November; 0: open. */
static void
add(struct fixture *f, struct store *store, uint64_t number, int from, int to,
    const char *amount, const char *currency)
{
	struct store_instance row = help_instance(number);
	char more[256];
	struct audit_record record;

	row.head = (struct audit_head){0};
	row.started_ms = day(from);
	row.changed_ms = day(to ? to : from);
	row.ended_ms = day(to);
	row.status = to ? STR("completed") : STR("waiting");
	row.workflow = number == 6 ? STR("refund") : STR("payment");
	snprintf(more, sizeof(more),
	    "{\"input\":{\"amount\":%s,\"currency\":\"%s\",\"sum\":"
	    "{\"net\":1}}}", amount, currency);
	record = seal(f, &row, AUDIT_STARTED, from, more);
	store_add_history(store_batch(store), number, &record, 1);
	record = seal(f, &row, AUDIT_ENTERED, from, "{\"to\":\"paying\"}");
	store_add_history(store_batch(store), number, &record, 1);
	record = seal(f, &row, AUDIT_ENTERED, from + 1,
	    "{\"from\":\"paying\",\"to\":\"waiting checking\"}");
	store_add_history(store_batch(store), number, &record, 1);
	if (number == 7)
		add_suspension(f, store, &row, from + 2);
	if (to != 0) {
		record = seal(f, &row, AUDIT_ENDED, to,
		    "{\"state\":\"done\",\"outcome\":\"success\"}");
		store_add_history(store_batch(store), number, &record, 1);
	}
	store_put_instance(store_batch(store), &row);
}

/* Of payments: 1 is over before the tenth, 2 and 3 are carried over, of which
 * 2 ends; 4 begins and ends between the tenth and the twentieth, 5 begins; 7
 * begins after it, and is suspended for two days. */
static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	struct store *store;

	help_dir_make(&f->dir);
	f->arena = arena_new();
	store = help_open(&f->dir);
	add(f, store, 1, 1, 5, "100.00", "EUR");
	add(f, store, 2, 2, 12, "0.10", "EUR");
	add(f, store, 3, 3, 0, "0.20", "EUR");
	add(f, store, 4, 11, 12, "1234567890123456.78", "EUR");
	add(f, store, 5, 15, 25, "\"7.50\"", "USD");
	add(f, store, 6, 15, 0, "5", "EUR");
	add(f, store, 7, 22, 0, "null", "EUR");
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	buf_fini(&f->out);
	arena_free(&f->arena);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

/* ------------------------------------------------------------- populations */

static const char *
count(struct fixture *f, struct population_options options, bool sound)
{
	struct population *population = NULL;
	bool is_end = false;

	options.path = str_of(f->dir.database);
	assert_int_equal(
	    population_open(&options, &population, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(
		    population_step(population, &is_end), STORE_OK);
	assert_int_equal(population_is_sound(population), sound);
	buf_clear(&f->out);
	json_write(
	    population_report(population, f->arena), JSON_PLAIN, &f->out);
	population_close(&population);
	return buf_cstr(&f->out);
}

static void
says(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("%s is not in %s", what, text);
}

static void
test_carried_over_and_started_are_ended_and_open(void **state)
{
	const char *text = count(*state, (struct population_options){
	    .workflow = STR("payment"), .from_ms = day(10),
	    .to_ms = day(20)}, true);

	says(text, "\"carried\":2,\"started\":2,\"ended\":2,\"open\":2,"
		   "\"adds_up\":true,\"ended_as\":{\"completed\":2}");
	says(text, "{\"last\":7,\"present\":7,\"left_out\":0,\"missing\":0}");
}

static void
test_bounds_belong_to_the_period_that_begins_there(void **state)
{
	/* 5 begins on the fifteenth. */
	says(count(*state, (struct population_options){
	    .workflow = STR("payment"), .from_ms = day(12),
	    .to_ms = day(15)}, true),
	    "\"carried\":3,\"started\":0,\"ended\":2,\"open\":1");
	says(count(*state, (struct population_options){
	    .workflow = STR("payment"), .from_ms = day(15),
	    .to_ms = day(16)}, true),
	    "\"carried\":1,\"started\":1,\"ended\":0,\"open\":2");
}

/* By its records it ended a week before it started. */
static void
test_end_before_the_start_is_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct store *store = help_open(&f->dir);

	add(f, store, 8, 19, 12, "1", "EUR");
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	says(count(f, (struct population_options){
	    .workflow = STR("payment"), .from_ms = day(10),
	    .to_ms = day(15)}, true),
	    "\"carried\":2,\"started\":1,\"ended\":2,\"open\":1");
	says(count(f, (struct population_options){
	    .workflow = STR("payment"), .from_ms = day(15),
	    .to_ms = day(20)}, true),
	    "\"carried\":1,\"started\":2,\"ended\":1,\"open\":2");
	(void)count(f, (struct population_options){.from_ms = day(19),
	    .to_ms = day(19)}, true);
}

static void
test_control_totals_are_exact_and_by_currency(void **state)
{
	const char *text = count(*state, (struct population_options){
	    .workflow = STR("payment"), .from_ms = day(10),
	    .to_ms = day(20)}, true);

	says(text, "{\"currency\":\"EUR\","
		   "\"carried\":{\"count\":2,\"sum\":0.30},"
		   "\"started\":{\"count\":1,\"sum\":1234567890123456.78},"
		   "\"ended\":{\"count\":2,\"sum\":1234567890123456.88},"
		   "\"open\":{\"count\":1,\"sum\":0.20}}");
	says(text, "{\"currency\":\"USD\","
		   "\"carried\":{\"count\":0,\"sum\":0},"
		   "\"started\":{\"count\":1,\"sum\":7.50},");
	says(text, "\"rounded\":false");
}

static void
test_amount_may_stand_elsewhere_in_the_input(void **state)
{
	const char *text = count(*state, (struct population_options){
	    .to_ms = day(30), .amount = STR("sum.net"),
	    .currency = STR("sum.unit")}, true);

	says(text, "{\"currency\":null,\"carried\":{\"count\":0,\"sum\":0},"
		   "\"started\":{\"count\":7,\"sum\":7}");
}

static void
test_instances_without_an_amount_are_counted_apart(void **state)
{
	says(count(*state, (struct population_options){
	    .from_ms = day(20), .to_ms = day(30)}, true),
	    "\"without\":{\"carried\":0,\"started\":1,\"ended\":0,"
	    "\"open\":1}");
}

static void
test_missing_number_is_found(void **state)
{
	struct fixture *f = *state;
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(10);
	const char *text;

	row.head = (struct audit_head){0};
	row.started_ms = day(23);
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	text = count(f, (struct population_options){.to_ms = day(30)}, false);
	says(text, "\"missing\":2,\"first_missing\":8");
}

/* ----------------------------------------------------------------- samples */

static const char *
draw(struct fixture *f, struct sample_options options)
{
	struct sample *sample = NULL;
	bool is_end = false;

	options.path = str_of(f->dir.database);
	assert_int_equal(sample_open(&options, &sample, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(sample_step(sample, &is_end), STORE_OK);
	buf_clear(&f->out);
	json_write(sample_report(sample, f->arena), JSON_PLAIN, &f->out);
	sample_close(&sample);
	return buf_cstr(&f->out);
}

/* printf 'audit-2026:3' | sha256sum, and so on. */
static void
test_sample_is_the_smallest_digests_of_seed_and_identifier(void **state)
{
	struct fixture *f = *state;
	struct digest smallest = {0}, digest;
	char name[32], hex[DIGEST_HEX_BYTES];
	int first = 0;
	const char *text;

	for (int n = 1; n <= 7; n++) {
		snprintf(name, sizeof(name), "audit-2026:%d", n);
		digest = digest_sha256(str_of(name));
		if (first != 0 && memcmp(&digest, &smallest,
		    sizeof(digest)) > 0)
			continue;
		first = n;
		smallest = digest;
	}
	text = draw(f, (struct sample_options){
	    .seed = STR("audit-2026"), .size = 3});
	snprintf(name, sizeof(name), "\"items\":[{\"instance\":\"%d\"", first);
	says(text, name);
	says(text, digest_hex(smallest, hex).at);
	says(text, "\"size\":3,\"population\":7");
}

static void
test_same_seed_draws_the_same_sample_whatever_its_size(void **state)
{
	struct fixture *f = *state;
	struct sample_options options = {.seed = STR("x"), .size = 5};
	struct str five = arena_str(f->arena, str_of(draw(f, options)));
	const char *three;

	assert_string_equal(draw(f, options), five.at);
	options.size = 3;
	three = strstr(draw(f, options), "\"items\":[");
	/* The larger sample begins with the smaller. */
	assert_non_null(three);
	assert_int_equal(strncmp(three, strstr(five.at, "\"items\":["),
	    strlen(three) - 2), 0);
	options.seed = STR("y");
	assert_string_not_equal(draw(f, options), five.at);
}

static void
test_sample_larger_than_the_population_is_all_of_it(void **state)
{
	const char *text = draw(*state, (struct sample_options){
	    .seed = STR("x"), .size = 100, .workflow = STR("payment"),
	    .from_ms = day(10), .to_ms = day(20)});

	says(text, "\"size\":2,\"population\":2");
}

/* ------------------------------------------------------------------- as at */

static const char *
stand(struct fixture *f, struct export_options options)
{
	struct export *export = NULL;
	bool is_end = false;

	options.path = str_of(f->dir.database);
	buf_clear(&f->out);
	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(
		    export_next(export, &f->out, &is_end), STORE_OK);
	export_close(&export);
	return buf_cstr(&f->out);
}

static void
test_history_says_where_each_stood_at_an_instant(void **state)
{
	struct fixture *f = *state;
	const char *text = stand(f, (struct export_options){
	    .format = EXPORT_AS_AT, .to_ms = day(12) + 1});

	says(text, "{\"instance\":\"1\",\"workflow\":\"payment\",\"version\":0,"
		   "\"business_key\":null,\"status\":\"completed\"");
	says(text, "\"instance\":\"3\"");
	says(text, "\"status\":\"open\",\"state\":\"waiting checking\","
		   "\"started_at\":\"2026-11-03T00:00:00.000Z\",\"changed_at\":"
		   "\"2026-11-04T00:00:00.000Z\",\"seq\":3");
	/* Those that began later were not there. */
	assert_null(strstr(text, "\"instance\":\"5\""));
	text = stand(f, (struct export_options){
	    .format = EXPORT_AS_AT, .to_ms = day(12)});
	assert_null(strstr(text, "\"instance\":\"4\",\"workflow\":\"payment\","
	    "\"version\":0,\"business_key\":null,\"status\":\"completed\""));
	says(text, "\"state\":\"paying\"");
}

static void
test_only_an_operators_cancel_ends_a_suspension(void **state)
{
	struct fixture *f = *state;
	const char *text;

	text = stand(f, (struct export_options){
	    .format = EXPORT_AS_AT, .to_ms = day(25) + 1, .instance = 7});
	says(text, "\"status\":\"suspended\"");
	text = stand(f, (struct export_options){
	    .format = EXPORT_AS_AT, .to_ms = day(26) + 1, .instance = 7});
	says(text, "\"status\":\"open\"");
}

static void
test_standing_in_csv_has_the_same_columns(void **state)
{
	struct fixture *f = *state;
	const char *text = stand(f, (struct export_options){
	    .format = EXPORT_AS_AT_CSV, .to_ms = day(2), .instance = 1});

	says(text, "instance,workflow,version,business_key,status,state,"
		   "started_at,changed_at,ended_at,seq,hash\r\n"
		   "1,payment,0,,open,paying,2026-11-01T00:00:00.000Z,"
		   "2026-11-01T00:00:00.000Z,,2,");
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_carried_over_and_started_are_ended_and_open),
	    TEST(test_bounds_belong_to_the_period_that_begins_there),
	    TEST(test_end_before_the_start_is_at_the_start),
	    TEST(test_control_totals_are_exact_and_by_currency),
	    TEST(test_amount_may_stand_elsewhere_in_the_input),
	    TEST(test_instances_without_an_amount_are_counted_apart),
	    TEST(test_missing_number_is_found),
	    TEST(test_sample_is_the_smallest_digests_of_seed_and_identifier),
	    TEST(test_same_seed_draws_the_same_sample_whatever_its_size),
	    TEST(test_sample_larger_than_the_population_is_all_of_it),
	    TEST(test_history_says_where_each_stood_at_an_instant),
	    TEST(test_only_an_operators_cancel_ends_a_suspension),
	    TEST(test_standing_in_csv_has_the_same_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
