/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "../store/test_store_help.h"
#include "stated/clock.h"
#include "stated/json.h"
#include "stated/library.h"

#define HOSTILE "<script>alert('x')</script>\x01&\""
/* They name what isn't there. */
#define USED "workflow: payment\nversion: 3\ncalendar: target\n"
#define UNUSED "workflow: payment\nversion: 4\ncalendar: target\n"
/* 2026-11-01T00:00:00Z */
#define NOVEMBER_MS ((int64_t)1793491200000)

struct fixture {
	struct help_dir dir;
	struct arena *arena;
	struct buf out;
	struct buf path;
	struct digest used;
	struct digest unused;
};

static void
add_instance(struct fixture *f, struct store *store, uint64_t number)
{
	struct store_instance row = help_instance(number);
	struct audit_record records[3];
	char time[CLOCK_TEXT_BYTES], hex[DIGEST_HEX_BYTES];

	row.head = (struct audit_head){0};
	row.business_key = number == 1 ? STR(HOSTILE) : (struct str){NULL, 0};
	row.started_ms = NOVEMBER_MS;
	for (int i = 0; i < 3; i++) {
		struct value_builder *record = value_build_context(f->arena);
		value_put_int(record, "instance", (int64_t)number);
		value_put_str(record, "kind", audit_kind_name(
		    i == 0 ? AUDIT_STARTED : AUDIT_TASK_DECIDED));
		value_put_str(record, "time",
		    clock_format(NOVEMBER_MS + i * 86400000, time));
		value_put_str(record, "actor", STR("max"));
		value_put_str(record, "choice", STR(HOSTILE));
		if (i == 0)
			value_put_str(record, "definition",
			    digest_hex(f->used, hex));
		records[i] = audit_seal(f->arena, value_built(record),
		    &row.head);
	}
	store_add_history(store_batch(store), number, records, 3);
	store_put_instance(store_batch(store), &row);
}

static int
set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	struct store *store;

	help_dir_make(&f->dir);
	f->arena = arena_new();
	assert_true(library_digest(STR(USED), &f->used));
	assert_true(library_digest(STR(UNUSED), &f->unused));
	buf_addf(&f->path, "%s/bundle.tar", f->dir.path);
	store = help_open(&f->dir);
	store_put_definition(store_batch(store), &(struct store_definition){
	    .digest = f->used, .name = STR("payment"), .version = 3,
	    .source = STR(USED), .published_ms = 1,
	    .published_by = STR("engine")});
	store_put_definition(store_batch(store), &(struct store_definition){
	    .digest = f->unused, .name = STR("payment"), .version = 4,
	    .source = STR(UNUSED),
	    .published_ms = 1, .published_by = STR("engine")});
	for (uint64_t n = 1; n <= 3; n++)
		add_instance(f, store, n);
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
	buf_fini(&f->path);
	arena_free(&f->arena);
	help_dir_remove(&f->dir);
	test_free(f);
	return 0;
}

static void
bundle(struct fixture *f, struct export_options options)
{
	struct export *export = NULL;
	bool is_end = false;

	options.path = str_of(f->dir.database);
	options.format = EXPORT_BUNDLE;
	buf_clear(&f->out);
	assert_int_equal(export_open(&options, &export, NULL), STORE_OK);
	while (!is_end)
		assert_int_equal(
		    export_next(export, &f->out, &is_end), STORE_OK);
	export_close(&export);
}

static struct export_report
verify(struct fixture *f)
{
	struct export_report report;
	FILE *file = fopen(buf_cstr(&f->path), "w");

	assert_non_null(file);
	assert_int_equal(
	    fwrite(f->out.at, 1, f->out.bytes, file), f->out.bytes);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(
	    export_verify(buf_str(&f->path), NULL, &report, NULL), STORE_OK);
	return report;
}

/* What a file in the bundle holds; absent where it has none. */
static struct str
file_at(struct fixture *f, const char *path)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	struct str found = {NULL, 0};
	char *bytes;

	assert_int_equal(archive_read_support_format_tar(archive), ARCHIVE_OK);
	assert_int_equal(archive_read_open_memory(
	    archive, f->out.at, f->out.bytes), ARCHIVE_OK);
	while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		size_t count = (size_t)archive_entry_size(entry);
		if (strcmp(archive_entry_pathname(entry), path) != 0)
			continue;
		bytes = arena_alloc(f->arena, count + 1);
		assert_int_equal(archive_read_data(archive, bytes, count),
		    count);
		found = (struct str){bytes, count};
	}
	archive_read_free(archive);
	return found;
}

static size_t
find(struct fixture *f, const char *text)
{
	size_t at = str_find(buf_str(&f->out), str_of(text));

	assert_int_not_equal(at, SIZE_MAX);
	return at;
}

/* ------------------------------------------------------------------ telling */

static void
test_bundle_is_whole_and_is_verified(void **state)
{
	struct fixture *f = *state;
	struct export_report report;

	bundle(f, (struct export_options){0});
	report = verify(f);
	if (report.fault != AUDIT_SOUND)
		fail_msg("%s", report.explanation);
	assert_true(report.is_closed);
	assert_int_equal(report.instances, 3);
	assert_int_equal(report.records, 9);
}

static void
test_bundle_of_one_instance_or_of_a_period_is_verified(void **state)
{
	struct fixture *f = *state;

	bundle(f, (struct export_options){.instance = 2});
	assert_int_equal(verify(f).records, 3);
	assert_int_equal(verify(f).fault, AUDIT_SOUND);
	bundle(f, (struct export_options){.from_ms = NOVEMBER_MS + 1});
	assert_int_equal(verify(f).fault, AUDIT_SOUND);
	assert_int_equal(verify(f).excerpts, 3);
	bundle(f, (struct export_options){.workflow = STR("none")});
	assert_int_equal(verify(f).fault, AUDIT_SOUND);
	assert_int_equal(verify(f).records, 0);
}

static void
test_bundle_says_how_many_were_purged(void **state)
{
	struct fixture *f = *state;
	struct store *store = help_open(&f->dir);
	struct str records;

	store_put_retention(store_batch(store), 2, 700);
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_add_purge(store_batch(store), &(struct store_purge){
	    .number = 2, .until_ms = 700, .at_ms = 9000, .left = STR("{}")});
	assert_int_equal(store_commit_now(store, NULL), STORE_OK);
	store_close(&store);
	bundle(f, (struct export_options){0});
	records = file_at(f, "records.jsonl");
	assert_true(str_find(records,
	    STR("\"instances\":2,\"purged\":1,\"records\":6,")) != SIZE_MAX);
	assert_int_equal(verify(f).fault, AUDIT_SOUND);
	bundle(f, (struct export_options){.instance = 1});
	assert_int_equal(str_find(file_at(f, "records.jsonl"),
	    STR("purged")), SIZE_MAX);
}

static void
test_bundle_has_the_definitions_that_were_used(void **state)
{
	struct fixture *f = *state;
	char hex[DIGEST_HEX_BYTES], path[128];

	bundle(f, (struct export_options){0});
	snprintf(path, sizeof(path), "definitions/%s.yaml",
	    digest_hex(f->used, hex).at);
	assert_true(str_equal(file_at(f, path), STR(USED)));
	snprintf(path, sizeof(path), "definitions/%s.yaml",
	    digest_hex(f->unused, hex).at);
	assert_null(file_at(f, path).at);
}

static void
test_manifest_names_every_file_before_it(void **state)
{
	struct fixture *f = *state;
	struct json_error error;
	const struct value *files;

	bundle(f, (struct export_options){0});
	files = value_get_cstr(json_read(f->arena,
	    file_at(f, "manifest.json"), &error), "files");
	assert_non_null(files);
	assert_int_equal(files->as.list.count, 3);
	for (size_t i = 0; i < files->as.list.count; i++) {
		const struct value *file = files->as.list.items[i];
		char hex[DIGEST_HEX_BYTES];
		struct str text = file_at(f,
		    value_field_str(file, "path").at);
		assert_non_null(text.at);
		assert_true(str_equal(
		    value_field_str(file, "sha256"),
		    digest_hex(digest_sha256(text), hex)));
	}
}

static void
test_page_shows_text_and_runs_nothing(void **state)
{
	struct fixture *f = *state;
	struct str page;

	bundle(f, (struct export_options){0});
	page = file_at(f, "index.html");
	assert_int_equal(str_find(page, STR("<script")), SIZE_MAX);
	assert_int_equal(str_find(page, STR("http://")), SIZE_MAX);
	assert_int_equal(str_find(page, STR("https://")), SIZE_MAX);
	assert_int_not_equal(str_find(page,
	    STR("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;")), SIZE_MAX);
	assert_int_not_equal(
	    str_find(page, STR("default-src 'none'")), SIZE_MAX);
	assert_true(str_has_suffix(page, STR("</html>\n")));
}

/* ----------------------------------------------------------------- changing */

static void
test_changed_record_is_named(void **state)
{
	struct fixture *f = *state;
	struct export_report report;
	size_t at;

	bundle(f, (struct export_options){0});
	at = find(f, "\"instance\":2,\"kind\":\"task-decided\"");
	at += str_find(str_slice(buf_str(&f->out), at, SIZE_MAX),
	    STR("2026-11-02"));
	f->out.at[at] = '3';
	report = verify(f);
	assert_int_equal(report.fault, AUDIT_CHANGED);
	assert_string_equal(report.instance, "2");
	assert_int_equal(report.seq, 2);
}

static void
test_changed_page_or_definition_is_named(void **state)
{
	struct fixture *f = *state;
	struct export_report report;

	bundle(f, (struct export_options){0});
	f->out.at[find(f, "<h1>Evidence") + 4] = 'X';
	report = verify(f);
	assert_int_equal(report.fault, AUDIT_CHANGED);
	assert_non_null(strstr(report.explanation, "index.html"));
	bundle(f, (struct export_options){0});
	f->out.at[find(f, "version: 3\n") + 9] = '5';
	assert_non_null(strstr(verify(f).explanation, ".yaml is not the"));
	assert_int_equal(verify(f).broken, 2);
}

static void
test_bundle_that_is_cut_is_found(void **state)
{
	struct fixture *f = *state;
	size_t bytes;

	bundle(f, (struct export_options){0});
	bytes = f->out.bytes;
	for (size_t part = 1; part < 16; part++) {
		f->out.bytes = bytes * part / 16;
		assert_int_not_equal(verify(f).fault, AUDIT_SOUND);
	}
}

static void
test_file_that_the_manifest_has_not_is_found(void **state)
{
	struct fixture *f = *state;
	struct str whole;
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	char more[2048];
	size_t bytes = 0;

	archive_write_set_format_ustar(archive);
	archive_write_set_bytes_per_block(archive, 0);
	assert_int_equal(archive_write_open_memory(
	    archive, more, sizeof(more), &bytes), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "extra.txt");
	archive_entry_set_size(entry, 0);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(archive);
	bundle(f, (struct export_options){0});
	whole = arena_str(f->arena, buf_str(&f->out));
	buf_clear(&f->out);
	buf_add(&f->out, more, 512);
	buf_add_str(&f->out, whole);
	assert_int_equal(verify(f).fault, AUDIT_MALFORMED);
	assert_non_null(strstr(verify(f).explanation, "extra.txt"));
}

static void
test_bundle_that_is_given_up_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct export_options options = {
	    .path = str_of(f->dir.database), .format = EXPORT_BUNDLE};
	struct export *export = NULL;
	bool is_end = false;

	for (int steps = 0; steps < 20; steps++) {
		assert_int_equal(
		    export_open(&options, &export, NULL), STORE_OK);
		for (int i = 0; i < steps; i++)
			assert_int_equal(export_next(export, &f->out, &is_end),
			    STORE_OK);
		export_close(&export);
	}
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_bundle_is_whole_and_is_verified),
	    TEST(test_bundle_of_one_instance_or_of_a_period_is_verified),
	    TEST(test_bundle_says_how_many_were_purged),
	    TEST(test_bundle_has_the_definitions_that_were_used),
	    TEST(test_manifest_names_every_file_before_it),
	    TEST(test_page_shows_text_and_runs_nothing),
	    TEST(test_changed_record_is_named),
	    TEST(test_changed_page_or_definition_is_named),
	    TEST(test_bundle_that_is_cut_is_found),
	    TEST(test_file_that_the_manifest_has_not_is_found),
	    TEST(test_bundle_that_is_given_up_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
