/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../store/test_store_help.h"
#include "stated/clock.h"

/* ------------------------------------------------------------ the fixture */

struct fixture {
	struct help_dir dir;
	struct arena *arena;
	struct buf out;
	struct buf path; /* of an exported file */
};

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
/* 2026-11-01T00:00:00Z */
#define NOVEMBER_MS ((int64_t)1793491200000)

/* A turn of two records, on the n-th of November 2026. */
static void
add_turn(struct fixture *f, struct store *store, struct store_instance *row,
    int day)
{
	struct audit_record records[2];
	char time[CLOCK_TEXT_BYTES];

	for (int i = 0; i < 2; i++) {
		struct value_builder *record = value_build_context(f->arena);
		value_put_int(record, "instance", (int64_t)row->number);
		value_put_str(record, "kind",
		    audit_kind_name(i ? AUDIT_ENTERED : AUDIT_CALL_REPLIED));
		value_put_str(record, "time", clock_format(NOVEMBER_MS +
		    (day - 1) * DAY_MS, time));
		value_put_str(record, "actor", STR("alice"));
		records[i] = audit_seal(f->arena, value_built(record),
		    &row->head);
	}
	store_add_history(store_batch(store), row->number, records, 2);
}

/* Three instances of four, four and six records, started on the first,
 * second and third, each with a turn a day from then on. */
static void
fill(struct fixture *f)
{
	struct store *store = help_open(&f->dir);

	for (uint64_t n = 1; n <= 3; n++) {
		struct store_instance row = help_instance(n);
		row.head = (struct audit_head){0};
		row.workflow = n == 2 ? STR("refund") : STR("payment");
		row.status = n == 3 ? STR("waiting") : STR("completed");
		row.state = n == 3 ? STR("approve") : (struct str){0};
		row.business_key = n == 1 ? STR("K-1") : (struct str){0};
		row.started_ms = NOVEMBER_MS + ((int64_t)n - 1) * DAY_MS;
		for (int turn = 0; turn < (n == 3 ? 3 : 2); turn++)
			add_turn(f, store, &row, (int)n + turn);
		store_put_instance(store_batch(store), &row);
	}
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
}

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	help_dir_make(&f->dir);
	f->arena = arena_new();
	buf_addf(&f->path, "%s/export.jsonl", f->dir.path);
	fill(f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	buf_fini(&f->out);
	buf_fini(&f->path);
	arena_free(&f->arena);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

/* ------------------------------------------------------------------ telling */

/* Exports to f->out; returns how many lines there are. */
static size_t
tell(struct fixture *f, struct export_options options)
{
	struct export *export = NULL;
	bool is_end = false;
	size_t lines = 0;

	options.path = str_of(f->dir.database);
	buf_clear(&f->out);
	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(
		    export_look(export, &is_end, NULL), STORE_OK);
	for (;;) {
		size_t before = f->out.bytes;
		assert_int_equal(export_next(export, &f->out, &is_end),
		    STORE_OK);
		if (is_end)
			break;
		if (f->out.bytes == before)
			continue;
		lines++;
		assert_int_equal(f->out.at[f->out.bytes - 1], '\n');
	}
	/* Asked again, an export that is over stays so. */
	assert_int_equal(export_next(export, &f->out, &is_end), STORE_OK);
	assert_true(is_end);
	export_close(&export);
	return lines;
}

static bool
out_has(struct fixture *f, const char *text)
{
	return str_find(buf_str(&f->out), str_of(text)) != SIZE_MAX;
}

static void
test_every_record_is_told_in_order(void **state)
{
	struct fixture *f = *state;
	struct str rest, line;
	int expected[][2] = {{1, 1}, {1, 2}, {1, 3}, {1, 4}, {2, 1}, {2, 2},
	    {2, 3}, {2, 4}, {3, 1}, {3, 2}, {3, 3}, {3, 4}, {3, 5}, {3, 6}};

	assert_int_equal(tell(f, (struct export_options){0}), 14);
	rest = buf_str(&f->out);
	for (size_t i = 0; i < 14; i++) {
		char instance[32], seq[32];
		line = str_split(rest, '\n', &rest);
		snprintf(instance, sizeof(instance), "\"instance\":%d,",
		    expected[i][0]);
		snprintf(seq, sizeof(seq), "\"seq\":%d,", expected[i][1]);
		assert_true(str_find(line, str_of(instance)) != SIZE_MAX);
		assert_true(str_find(line, str_of(seq)) != SIZE_MAX);
	}
}

static void
test_line_without_its_hash_is_what_was_hashed(void **state)
{
	struct fixture *f = *state;
	struct str rest, line;
	char hex[DIGEST_HEX_BYTES];

	tell(f, (struct export_options){.instance = 1});
	rest = buf_str(&f->out);
	while (rest.bytes > 0) {
		line = str_split(rest, '\n', &rest);
		size_t at = str_find(line, STR(",\"hash\":\""));
		assert_int_not_equal(at, SIZE_MAX);
		struct str text = arena_strf(f->arena, "%.*s}", (int)at,
		    line.at);
		struct str hash = str_slice(line, at + 9, 64);
		assert_true(str_equal(hash,
		    digest_hex(digest_sha256(text), hex)));
		assert_int_equal(line.bytes, at + 9 + 64 + 2);
	}
}

static void
test_filters_choose_instances(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tell(f, (struct export_options){.instance = 2}), 4);
	assert_int_equal(tell(f, (struct export_options){.instance = 4}), 0);
	assert_int_equal(tell(f, (struct export_options){.instance = 2,
	    .workflow = STR("payment")}), 0);
	assert_int_equal(tell(f, (struct export_options){
	    .workflow = STR("payment")}), 10);
	assert_int_equal(tell(f, (struct export_options){
	    .status = STR("completed")}), 8);
	assert_int_equal(tell(f, (struct export_options){
	    .state = STR("approve")}), 6);
	assert_int_equal(tell(f, (struct export_options){
	    .started_from_ms = NOVEMBER_MS + DAY_MS}), 10);
	assert_int_equal(tell(f, (struct export_options){
	    .started_to_ms = NOVEMBER_MS + DAY_MS}), 4);
}

static void
test_period_chooses_records_by_their_time(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tell(f, (struct export_options){
	    .from_ms = NOVEMBER_MS + DAY_MS,
	    .to_ms = NOVEMBER_MS + 2 * DAY_MS}), 4);
	assert_true(out_has(f, "2026-11-02"));
	assert_false(out_has(f, "2026-11-01"));
	assert_false(out_has(f, "2026-11-03"));
	assert_int_equal(tell(f, (struct export_options){
	    .from_ms = NOVEMBER_MS + 4 * DAY_MS}), 2);
}

static void
test_export_shows_the_database_as_it_was_when_it_began(void **state)
{
	struct fixture *f = *state;
	struct export *export = NULL;
	struct export_options options = {.path = str_of(f->dir.database)};
	bool is_end = false;
	size_t lines = 0;

	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	assert_int_equal(export_next(export, &f->out, &is_end), STORE_OK);
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(4);
	row.head = (struct audit_head){0};
	add_turn(f, store, &row, 9);
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	for (lines = 1; !is_end; lines++)
		assert_int_equal(export_next(export, &f->out, &is_end),
		    STORE_OK);
	assert_int_equal(lines - 1, 14);
	assert_int_equal(export_records(export), 14);
	assert_int_equal(export_instances(export), 3);
	export_close(&export);
	store_close(&store);
}

/* ---- moments ---- */

static struct export_moment
moment_of(struct fixture *f)
{
	struct export_options options = {
	    .path = str_of(f->dir.database), .closing_line = true};
	struct export_moment moment;
	struct export *export = NULL;

	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	moment = export_moment(export);
	export_close(&export);
	return moment;
}

static void
test_export_of_a_moment_is_the_same_later(void **state)
{
	struct fixture *f = *state;
	struct export_moment moment = moment_of(f);
	struct buf then = {0}, detail = {0};
	struct export_options options = {.closing_line = true};
	struct export *export = NULL;

	tell(f, options);
	buf_add_str(&then, buf_str(&f->out));
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(4);
	row.head = (struct audit_head){0};
	add_turn(f, store, &row, 9);
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	options.moment = moment;
	tell(f, options);
	assert_true(str_equal(buf_str(&then), buf_str(&f->out)));

	/* As many turns, but not the same ones. */
	options.moment.turn.bytes[0] ^= 1;
	options.path = str_of(f->dir.database);
	assert_int_equal(
	    export_open(&options, &export, &detail), STORE_ABSENT);
	assert_true(str_find(buf_str(&detail), STR("other histories")) !=
	    SIZE_MAX);
	buf_fini(&then);
	buf_fini(&detail);
}

static void
test_moment_goes_through_text(void **state)
{
	static const char *const wrong[] = {"", "1", "1-2-3", "1-2-3-",
	    "0-2-3-", "1-2--", "a-b-c-d", "1-2-3-4",
	    "1--2-3-0000000000000000000000000000000000000000000000000000000000"
	    "000000",
	    "0-2-3-00000000000000000000000000000000000000000000000000000000000"
	    "00000",
	    "1-2-3-00000000000000000000000000000000000000000000000000000000000"
	    "00000-",
	    "1-99999999999999999999-3-0000000000000000000000000000000000000000"
	    "000000000000000000000000"};
	struct export_moment moment = moment_of(*state), read;
	char text[EXPORT_MOMENT_BYTES];

	moment.history_place = INT64_MAX;
	moment.began_ms = INT64_MAX;
	moment.checkpoint = INT64_MAX;
	assert_true(export_moment_parse(
	    export_moment_format(&moment, text), &read));
	assert_int_equal(read.history_place, moment.history_place);
	assert_int_equal(read.began_ms, moment.began_ms);
	assert_int_equal(read.checkpoint, moment.checkpoint);
	assert_true(digest_equal(read.turn, moment.turn));
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(export_moment_parse(str_of(wrong[i]), &read));
}

static void
test_long_history_is_told_whole(void **state)
{
	struct fixture *f = *state;
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(4);
	struct export_report report;

	row.head = (struct audit_head){0};
	for (int i = 0; i < 300; i++)
		add_turn(f, store, &row, 9);
	store_put_instance(store_batch(store), &row);
	for (uint64_t n = 5; n <= 700; n++) {
		struct store_instance other = help_instance(n);
		other.head = (struct audit_head){0};
		if (n % 50 == 0)
			add_turn(f, store, &other, 9);
		store_put_instance(store_batch(store), &other);
	}
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	assert_int_equal(tell(f, (struct export_options){0}),
	    14 + 600 + 14 * 2);
	assert_int_equal(export_verify(str_of(f->dir.database), NULL,
	    &report, NULL), STORE_OK);
	assert_int_equal(report.fault, AUDIT_SOUND);
	assert_int_equal(report.instances, 700);
}

static void
test_database_that_is_none_is_refused(void **state)
{
	struct fixture *f = *state;
	struct export *export = NULL;
	struct export_options options = {.path = STR("/nonexistent/x.db")};

	assert_int_equal(export_open(&options, &export, NULL), STORE_ABSENT);
	assert_null(export);
	options.path = STR("/etc/passwd");
	assert_int_equal(export_open(&options, &export, NULL), STORE_FOREIGN);
	(void)f;
}

static void
test_formats_have_names(void **state)
{
	enum export_format format = EXPORT_FORMAT_COUNT;
	(void)state;

	for (enum export_format i = 0; i < EXPORT_FORMAT_COUNT; i++) {
		assert_true(export_format_parse(export_format_name(i),
		    &format));
		assert_int_equal(format, i);
		assert_true(export_format_media_type(i).bytes > 0);
	}
	assert_false(export_format_parse(STR("docx"), &format));
}

/* --------------------------------------------------------------------- CSV */

static void
test_csv_has_a_header_and_ends_lines_as_rfc_4180_says(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tell(f, (struct export_options){
	    .format = EXPORT_CSV, .instance = 1}), 5);
	assert_true(str_has_prefix(buf_str(&f->out), STR(
	    "instance,workflow,business_key,seq,time,kind,actor,from,to,"
	    "step,attempt,outcome,record,hash\r\n"
	    "1,payment,K-1,1,2026-11-01T00:00:00.000Z,call-replied,alice,"
	    ",,,,,\"{\"\"actor\"\":\"\"alice\"\",\"\"instance\"\":1,")));
}

/* One record of the given fields as a row of CSV. */
static void
tell_row(struct fixture *f, struct value_builder *record, struct str key)
{
	struct store *store = help_open(&f->dir);
	struct store_instance row = help_instance(4);

	value_put_str(record, "instance", STR("four"));
	row.head = (struct audit_head){0};
	row.business_key = key;
	struct audit_record sealed = audit_seal(f->arena, value_built(record),
	    &row.head);
	store_add_history(store_batch(store), 4, &sealed, 1);
	store_put_instance(store_batch(store), &row);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	tell(f, (struct export_options){.format = EXPORT_CSV, .instance = 4});
}

static void
test_csv_cell_is_never_a_formula(void **state)
{
	struct fixture *f = *state;
	struct value_builder *record = value_build_context(f->arena);

	value_put_str(record, "actor", STR("@SUM(A1)"));
	value_put_str(record, "outcome", STR("+1"));
	value_put_str(record, "step", STR("-2"));
	value_put_int(record, "attempt", -3);
	tell_row(f, record, STR("=HYPERLINK(\"http://x\",\"y\")"));
	assert_true(out_has(f,
	    "four,payment,\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",1,"));
	assert_true(out_has(f, ",'@SUM(A1),"));
	assert_true(out_has(f, ",'-2,-3,'+1,"));
}

static void
test_csv_cell_may_hold_quotes_commas_and_lines(void **state)
{
	struct fixture *f = *state;
	struct value_builder *record = value_build_context(f->arena);
	struct value_builder *states = value_build_list(f->arena);
	struct value_builder *inner = value_build_context(f->arena);

	value_append(states, value_copy_str(f->arena, STR("pay")));
	value_append(states, value_copy_str(f->arena, STR("approve")));
	value_put_int(inner, "n", 1);
	value_put_str(inner, "m", STR("x"));
	value_put_str(record, "actor", STR("a,\"b\"\r\nc"));
	value_put(record, STR("from"), value_built(states));
	value_put(record, STR("to"), value_built(inner));
	tell_row(f, record, (struct str){0});
	assert_true(out_has(f, ",\"a,\"\"b\"\"\r\nc\","));
	assert_true(out_has(f, ",\"pay approve\","));
	assert_true(out_has(f, ",\"{\"\"m\"\":\"\"x\"\",\"\"n\"\":1}\","));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_every_record_is_told_in_order),
		TEST(test_line_without_its_hash_is_what_was_hashed),
		TEST(test_filters_choose_instances),
		TEST(test_period_chooses_records_by_their_time),
		TEST(test_export_shows_the_database_as_it_was_when_it_began),
		TEST(test_export_of_a_moment_is_the_same_later),
		TEST(test_moment_goes_through_text),
		TEST(test_long_history_is_told_whole),
		TEST(test_database_that_is_none_is_refused),
		TEST(test_formats_have_names),
		TEST(test_csv_has_a_header_and_ends_lines_as_rfc_4180_says),
		TEST(test_csv_cell_is_never_a_formula),
		TEST(test_csv_cell_may_hold_quotes_commas_and_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
