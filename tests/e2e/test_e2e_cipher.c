/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_cipher.c: an encrypted database, as its operators have it.
 *
 * Nothing of a payment is found in any byte of any file, while the engine
 * works and after it was killed; keys are changed under it and taken away; and
 * whoever has no key is told so, and changes nothing.
 */
#include "house.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE "disk/stated.db"
#define OLD "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100"
#define NEW "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define PAYMENTS 40
#define PATIENCE_MS 20000

static const struct house_options sealed = {
    .quiet_bank = true, .config = "encryption: {keys: [{secret: old}]}\n"};
static const struct house_options plain = {.quiet_bank = true};

/* ---- helpers ---- */

static int
set_keys(void **state)
{
	(void)state;
	setenv("STATED_SECRET_OLD", OLD, 1);
	setenv("STATED_SECRET_NEW", NEW, 1);
	setenv("STATED_SECRET_SHORT", "0123456789abcdef", 1);
	return 0;
}

static const char *
config_of(const struct house *house)
{
	return house_path(house, "stated.yaml");
}

/* `stated NAME A B --config stated.yaml`. */
static struct run
run_with_keys(const struct house *house, const char *name, const char *a,
    const char *b, const char *c)
{
	const char *words[8] = {name, "--config", config_of(house)};
	const char *more[] = {a, b, c};
	size_t count = 3;

	for (size_t i = 0; i < 3; i++)
		if (more[i] != NULL)
			words[count++] = more[i];
	return house_run(house, words);
}

/* An engine that must not start. */
static void
assert_refused(const struct house *house, const char *says)
{
	assert_run(run_with_keys(house, "serve", "--listen=127.0.0.1:0", NULL,
		       NULL), 1, says);
}

/* How often one of these is in a file's bytes. */
static size_t
count_in(const char *path, const char *const *words)
{
	FILE *file = fopen(path, "re");
	size_t bytes, count = 0;
	struct stat status;
	char *text;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	text = malloc((size_t)status.st_size + 1);
	assert_non_null(text);
	bytes = fread(text, 1, (size_t)status.st_size, file);
	fclose(file);
	for (; *words != NULL; words++)
		for (const char *at = text; (at = memmem(at,
		    bytes - (size_t)(at - text), *words, strlen(*words)));
		     at++)
			count++;
	free(text);
	return count;
}

/* In all files of the database's folder. */
static size_t
count_on_disk(const struct house *house, const char *const *words)
{
	DIR *disk = opendir(house_path(house, "disk"));
	const struct dirent *entry;
	char name[512];
	size_t count = 0, files = 0;

	assert_non_null(disk);
	while ((entry = readdir(disk)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "disk/%.200s", entry->d_name);
		count += count_in(house_path(house, name), words);
		files++;
	}
	closedir(disk);
	assert_true(files > 0);
	return count;
}

/* What payments have: a key, an account, names of people, states and
 * workflows; and what SQLite and we have in any database.  All of it is long
 * enough not to be anywhere by chance. */
static const char *const planted[] = {"SECRET-REF-", "DE89370400440532013000",
    "Whistle GmbH", "bank-token", "awaiting-", "screening", "payment",
    "CREATE TABLE", "SQLite format 3", NULL};

static void
start_payments(struct house *house, int first, int count)
{
	char reference[64];

	for (int i = first; i < first + count; i++) {
		snprintf(reference, sizeof(reference), "SECRET-REF-%d", i);
		payment_start(house, reference, "1234.56", "Whistle GmbH");
	}
}

static void
assert_payments(struct house *house, int count)
{
	char reference[64];

	for (int i = 0; i < count; i++) {
		snprintf(reference, sizeof(reference), "SECRET-REF-%d", i);
		(void)payment_show(house, reference);
	}
}

/* ---- what is on the disk ---- */

static void
test_no_planted_value_is_in_any_byte_of_the_files(void **state)
{
	struct house *house = house_open(&sealed);

	(void)state;
	for (int i = 0; i < 4; i++) {
		start_payments(house, i * 10, 10);
		assert_int_equal(count_on_disk(house, planted), 0);
	}
	program_kill(&house->engine);
	assert_int_equal(count_on_disk(house, planted), 0);
	house_start_engine(house);
	assert_payments(house, PAYMENTS);
	program_stop(&house->engine);
	assert_int_equal(count_on_disk(house, planted), 0);
	assert_run(run_with_keys(
		       house, "verify", house_path(house, DATABASE), NULL,
		       NULL), 0, "sound");
	assert_int_equal(count_on_disk(house, planted), 0);
	house_close(&house);
}

/* That the test before would notice. */
static void
test_all_of_it_is_found_where_nothing_is_encrypted(void **state)
{
	struct house *house = house_open(&plain);

	(void)state;
	start_payments(house, 0, 10);
	for (size_t i = 0; planted[i] != NULL; i++) {
		const char *const words[] = {planted[i], NULL};
		bool is_secret = strcmp(planted[i], "bank-token") == 0;

		/* A secret is in no database. */
		assert_int_equal(count_on_disk(house, words) > 0, !is_secret);
	}
	house_close(&house);
}

/* ---- keys ---- */

static json_t *
read_status(const struct house *house)
{
	struct run run = run_with_keys(
	    house, "rekey", "--status", "--format=json", NULL);
	json_t *json = json_loads(run.text, 0, NULL);

	if (json == NULL)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, 0);
	assert_non_null(json);
	run_fini(&run);
	return json;
}

static void
test_key_is_changed_while_the_engine_runs(void **state)
{
	struct house *house = house_open(&sealed);
	int64_t until_ms = time_ms() + PATIENCE_MS;
	json_t *status;
	long long before;

	(void)state;
	start_payments(house, 0, 10);
	status = read_status(house);
	assert_string_equal(text_at(status, "keys.0.name"), "old");
	assert_string_equal(text_at(status, "keys.0.role"), "writes");
	json_decref(status);
	house_edit(house, "stated.yaml", "[{secret: old}]",
	    "[{secret: new}, {secret: old}]");
	kill(house->engine.pid, SIGHUP);
	while (house_logged(house, "keys reloaded") == 0) {
		assert_true(time_ms() < until_ms);
		time_sleep(5);
	}
	start_payments(house, 10, 30);
	program_stop(&house->engine);
	status = read_status(house);
	assert_string_equal(text_at(status, "keys.0.name"), "new");
	assert_string_equal(text_at(status, "keys.1.name"), "old");
	assert_true(integer_at(status, "keys.0.pages") > 10);
	before = integer_at(status, "keys.0.pages") +
	    integer_at(status, "keys.1.pages");
	json_decref(status);
	/* All of it. */
	assert_run(run_with_keys(house, "rekey", NULL, NULL, NULL), 0,
	    "all of it under the first key");
	assert_int_equal(count_on_disk(house, planted), 0);
	status = read_status(house);
	assert_int_equal(integer_at(status, "keys.0.pages"), before);
	assert_int_equal(integer_at(status, "keys.1.pages"), 0);
	json_decref(status);
	/* The old key may go. */
	house_edit(house, "stated.yaml", ", {secret: old}", "");
	house_start_engine(house);
	assert_payments(house, PAYMENTS);
	start_payments(house, PAYMENTS, 1);
	house_close(&house);
}

static void
test_who_has_no_key_is_told_and_changes_nothing(void **state)
{
	struct house *house = house_open(&sealed);
	struct stat before, after;

	(void)state;
	start_payments(house, 0, 3);
	program_stop(&house->engine);
	assert_int_equal(stat(house_path(house, DATABASE), &before), 0);
	house_edit(house, "stated.yaml", "secret: old", "secret: absent");
	assert_refused(house, "names a secret that is not there");
	house_edit(house, "stated.yaml", "secret: absent", "secret: short");
	assert_refused(house, "64 hexadecimal digits or as Base64");
	house_edit(house, "stated.yaml", "secret: short", "secret: new");
	assert_refused(house, "which is not among those given: new (");
	assert_run(run_with_keys(
		       house, "verify", house_path(house, DATABASE), NULL,
		       NULL), 1, "is encrypted under the key");
	house_edit(house, "stated.yaml",
	    "encryption: {keys: [{secret: new}]}\n", "");
	assert_refused(house, "name it in encryption.keys");
	assert_run(house_run(house,
		       (const char *[]){"backup", "b.db", "--store",
			   house_path(house, DATABASE), NULL}),
	    1, "--config FILE names the configuration that has its keys");
	assert_int_equal(stat(house_path(house, DATABASE), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	house_close(&house);
}

static void
test_configuration_is_told_where_it_is_wrong(void **state)
{
	struct house *house = house_build(&sealed);

	(void)state;
	house_edit(house, "stated.yaml", "[{secret: old}]", "[]");
	assert_refused(house, "takes a list of one to 16 {secret: NAME}");
	house_edit(house, "stated.yaml", "keys: []", "keys: [old]");
	assert_refused(house, "`encryption.keys.0` takes {secret: NAME}");
	assert_refused(house, "stated.yaml:");
	assert_int_not_equal(access(house_path(house, DATABASE), F_OK), 0);
	house_close(&house);
}

static void
test_plain_database_is_encrypted_and_decrypted(void **state)
{
	struct house *house = house_open(&plain);
	const char *const reference[] = {"SECRET-REF-", NULL};

	(void)state;
	start_payments(house, 0, 10);
	/* An engine that was killed has left its log. */
	program_kill(&house->engine);
	house_edit(house, "stated.yaml", "environment: test\n",
	    "environment: test\nencryption: {keys: [{secret: old}]}\n");
	assert_refused(house, "the database is not encrypted");
	assert_run(run_with_keys(house, "rekey", "--status", NULL, NULL), 0,
	    "is not encrypted");
	assert_run(run_with_keys(house, "rekey", NULL, NULL, NULL), 0,
	    "destroy the old one");
	assert_int_equal(
	    count_in(house_path(house, DATABASE), planted), 0);
	/* The old one is still there, whole. */
	assert_true(count_on_disk(house, reference) > 0);
	house_start_engine(house);
	assert_run(run_with_keys(house, "rekey", NULL, NULL, NULL), 1,
	    "stop that first");
	assert_payments(house, 10);
	start_payments(house, 10, 5);
	program_stop(&house->engine);
	time_sleep(1000); /* what is kept is named by the second */
	assert_run(run_with_keys(house, "rekey", "--plain", NULL, NULL), 0,
	    "`encryption` has to leave the configuration");
	assert_refused(house, "the database is not encrypted");
	house_edit(house, "stated.yaml",
	    "encryption: {keys: [{secret: old}]}\n", "");
	house_start_engine(house);
	assert_payments(house, 15);
	house_close(&house);
}

/* Killed when the old one was moved away, and the new one was not yet there. */
static void
cut_short(const struct house *house)
{
	assert_int_equal(rename(house_path(house, DATABASE),
			     house_path(house, DATABASE ".rekeying")),
	    0);
	time_sleep(1000); /* what is kept is named by the second */
}

static void
test_rekey_that_was_cut_short_is_done_before_another(void **state)
{
	struct house *house = house_open(&sealed);

	(void)state;
	start_payments(house, 0, 5);
	program_stop(&house->engine);
	cut_short(house);
	assert_refused(house, "left by a rekey that was cut short");
	assert_run(run_with_keys(house, "rekey", NULL, NULL, NULL), 0,
	    "a rekey that was cut short is done now");
	cut_short(house);
	assert_run(run_with_keys(house, "rekey", "--plain", NULL, NULL), 0,
	    "`encryption` has to leave the configuration");
	assert_run(run_with_keys(house, "rekey", "--status", NULL, NULL), 0,
	    "is not encrypted");
	house_edit(house, "stated.yaml",
	    "encryption: {keys: [{secret: old}]}\n", "");
	house_start_engine(house);
	assert_payments(house, 5);
	house_close(&house);
}

/* ---- what reads a database ---- */

static void
test_every_command_reads_it_by_the_configuration(void **state)
{
	struct house *house = house_open(&sealed);
	char database[600], option[640];

	(void)state;
	start_payments(house, 0, 5);
	/* Those of the engine itself have its keys. */
	assert_status(house_get(house, "/v1/export"), 200);
	assert_status(house_get(house, "/v1/population"), 200);
	snprintf(database, sizeof(database), "%s",
	    house_path(house, DATABASE));
	snprintf(option, sizeof(option), "--database=%s", database);
	/* Beside it. */
	assert_run(run_with_keys(house, "verify", database, NULL, NULL), 0,
	    "5 instances");
	assert_run(run_with_keys(house, "export", option, NULL, NULL), 0,
	    "SECRET-REF-4");
	assert_run(run_with_keys(house, "population", option,
		       "--from=2020-01-01", NULL), 0, "5");
	assert_run(run_with_keys(house, "sample", option, "--seed=x",
		       "--size=2"), 0, "SECRET-REF-");
	assert_run(run_with_keys(house, "backup", "backup.db", NULL, NULL), 0,
	    "5 instances");
	program_stop(&house->engine);
	assert_int_equal(count_in(house_path(house, "backup.db"), planted), 0);
	assert_run(run_with_keys(house, "verify", "backup.db", NULL, NULL), 0,
	    "sound");
	assert_run(house_run(house, (const char *[]){"token", "create",
		       "--config", config_of(house), "--store", database,
		       "--name", "alice", "--role", "auditor", NULL}), 0,
	    "This is shown once");
	assert_run(run_with_keys(house, "restore", "backup.db", "--force",
		       NULL), 0, "verified and restored");
	assert_int_equal(count_on_disk(house, planted), 0);
	house_start_engine(house);
	assert_payments(house, 5);
	house_close(&house);
}

/* ---- a key that a Vault keeps ---- */

static void
keep_cb(int fd, const char *request, void *arg)
{
	static const char document[] = "{\"data\":{\"data\":{\"kept\":\"" NEW
				       "\"}}}";
	bool is_asked = strncmp(request, "GET /v1/secret/data/apps ", 25) == 0;
	char text[512];

	(void)arg;
	snprintf(text, sizeof(text),
	    "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    is_asked ? "200 OK" : "403 Forbidden",
	    is_asked ? strlen(document) : 2, is_asked ? document : "{}");
	endpoint_say(fd, text, strlen(text));
}

static void
test_key_may_be_kept_by_a_vault(void **state)
{
	struct house *house = house_build(&sealed);
	struct endpoint endpoint;
	char text[512];

	(void)state;
	setenv("STATED_SECRET_VAULT", "a-token", 1);
	endpoint_open(&endpoint, keep_cb, NULL);
	snprintf(text, sizeof(text),
	    "secrets: {environment: STATED_SECRET_, vault: {address: '%s', "
	    "path: apps, token: {secret: vault}}}\n", endpoint.url);
	house_edit(house, "stated.yaml",
	    "secrets: {environment: STATED_SECRET_}\n", text);
	house_edit(house, "stated.yaml", "secret: old", "secret: kept");
	house_start_engine(house);
	start_payments(house, 0, 2);
	assert_run(run_with_keys(
		       house, "verify", house_path(house, DATABASE), NULL,
		       NULL), 0, "sound");
	program_stop(&house->engine);
	endpoint_close(&endpoint);
	assert_refused(house, "names a secret that is not there");
	house_close(&house);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_no_planted_value_is_in_any_byte_of_the_files),
	    HOUSE_TEST(test_all_of_it_is_found_where_nothing_is_encrypted),
	    HOUSE_TEST(test_key_is_changed_while_the_engine_runs),
	    HOUSE_TEST(test_who_has_no_key_is_told_and_changes_nothing),
	    HOUSE_TEST(test_configuration_is_told_where_it_is_wrong),
	    HOUSE_TEST(test_rekey_that_was_cut_short_is_done_before_another),
	    HOUSE_TEST(test_plain_database_is_encrypted_and_decrypted),
	    HOUSE_TEST(test_every_command_reads_it_by_the_configuration),
	    HOUSE_TEST(test_key_may_be_kept_by_a_vault),
	};

	return cmocka_run_group_tests(tests, set_keys, NULL);
}
