/* SPDX-License-Identifier: Apache-2.0 */
/* test_serve_secret.c: secrets are found by name, and rotate. */
#include "../../../src/cli/serve_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct secrets *secrets;
	char directory[64];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->secrets = secrets_new();
	strcpy(f->directory, "/tmp/test_serve_secret.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	secrets_set_directory(f->secrets, str_of(f->directory));
	unsetenv("CREDENTIALS_DIRECTORY");
	*state = f;
	return 0;
}

static void
path_of(const struct fixture *f, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", f->directory, name);
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char path[128];

	path_of(f, "bank_token", path);
	(void)unlink(path);
	rmdir(f->directory);
	secrets_free(&f->secrets);
	free(f);
	return 0;
}

/* As rotation does it: a new file takes the place of the old one. */
static void
write_secret(const struct fixture *f, const char *text)
{
	char path[128], part[128];
	FILE *file;

	path_of(f, "bank_token", path);
	path_of(f, "part", part);
	file = fopen(part, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(rename(part, path), 0);
}

static void
assert_secret(struct fixture *f, const char *name, const char *expected)
{
	const struct value *value = secrets_find_cb(f->secrets, str_of(name));

	if (expected == NULL) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_true(str_equal(value_str(value), str_of(expected)));
}

static void
test_file_is_read_without_its_line_end(void **state)
{
	write_secret(*state, "s3cret\n");
	assert_secret(*state, "bank_token", "s3cret");
	assert_secret(*state, "other", NULL);
}

static void
test_changed_file_is_read_again(void **state)
{
	write_secret(*state, "old");
	assert_secret(*state, "bank_token", "old");
	assert_secret(*state, "bank_token", "old");
	write_secret(*state, "new");
	assert_secret(*state, "bank_token", "new");
}

static void
test_environment_comes_first(void **state)
{
	write_secret(*state, "of the file");
	setenv("STATED_SECRET_BANK_TOKEN", "of the environment", 1);
	assert_secret(*state, "bank_token", "of the environment");
	assert_secret(*state, "bank-token", "of the environment");
	unsetenv("STATED_SECRET_BANK_TOKEN");
	assert_secret(*state, "bank_token", "of the file");
}

static void
test_prefix_can_be_chosen(void **state)
{
	struct fixture *f = *state;

	secrets_set_environment(f->secrets, STR("MY_"));
	setenv("MY_KEY", "mine", 1);
	assert_secret(f, "key", "mine");
	unsetenv("MY_KEY");
}

static void
test_credentials_of_systemd_are_secrets(void **state)
{
	struct fixture *f = *state;

	write_secret(f, "credential");
	secrets_set_directory(f->secrets, STR("/nonexistent"));
	assert_secret(f, "bank_token", NULL);
	setenv("CREDENTIALS_DIRECTORY", f->directory, 1);
	assert_secret(f, "bank_token", "credential");
	secrets_set_systemd(f->secrets, false);
	assert_secret(f, "bank_token", NULL);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
test_no_name_leads_out_of_the_directory(void **state)
{
	assert_secret(*state, "../../etc/hostname", NULL);
	assert_secret(*state, "/etc/hostname", NULL);
	assert_secret(*state, "", NULL);
	assert_secret(*state, ".", NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_file_is_read_without_its_line_end),
	    TEST(test_changed_file_is_read_again),
	    TEST(test_environment_comes_first),
	    TEST(test_prefix_can_be_chosen),
	    TEST(test_credentials_of_systemd_are_secrets),
	    TEST(test_no_name_leads_out_of_the_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
