/* SPDX-License-Identifier: Apache-2.0 */
/* test_serve_secret.c: secrets are found by name, and rotate. */
#include "../../../src/cli/serve_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
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

/* All that the limit leaves; given back by give_descriptors(). */
static int
take_descriptors(int fds[64])
{
	struct rlimit limit = {.rlim_cur = 48, .rlim_max = 48};
	int count = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 48;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (count < 64 && (fds[count] = open("/", O_PATH)) >= 0)
		count++;
	assert_int_equal(errno, EMFILE);
	return count;
}

static void
give_descriptors(const int fds[64], int count)
{
	while (count > 0)
		close(fds[--count]);
}

static void
test_secret_is_read_where_no_descriptor_is_left(void **state)
{
	int fds[64];

	write_secret(*state, "old");
	assert_secret(*state, "bank_token", "old");
	write_secret(*state, "new");
	int count = take_descriptors(fds);
	assert_secret(*state, "bank_token", "new");
	assert_int_equal(open("/", O_PATH), -1);
	assert_secret(*state, "other", NULL);
	assert_int_equal(open("/", O_PATH), -1);
	give_descriptors(fds, count);
}

static void
test_file_that_cannot_be_opened_is_what_it_was(void **state)
{
	char path[128];

	write_secret(*state, "s3cret");
	assert_secret(*state, "bank_token", "s3cret");
	path_of(*state, "bank_token", path);
	assert_int_equal(unlink(path), 0);
	/* ELOOP, for root as well. */
	assert_int_equal(symlink("bank_token", path), 0);
	assert_secret(*state, "bank_token", "s3cret");
	assert_int_equal(unlink(path), 0);
	assert_secret(*state, "bank_token", NULL);
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
	    TEST(test_file_that_cannot_be_opened_is_what_it_was),
	    TEST(test_secret_is_read_where_no_descriptor_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
