/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_token.c: tokens as admins give them and take them back.
 *
 * The first one is given before there is an engine to ask.  A token's text is
 * seen once, stands nowhere, and opens nothing from the moment in which the
 * one who took it back was told so.
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

static const struct house_options guarded = {
    .config = "auth: {required: true}\n",
};

#define TOKEN_BYTES 128

static void
take_line(struct run *run, char token[TOKEN_BYTES])
{
	const char *at = strstr(run->text, "stated_");

	if (run->status != 0)
		print_error("%s\n", run->text);
	assert_int_equal(run->status, 0);
	assert_non_null(at);
	snprintf(token, TOKEN_BYTES, "%.*s", (int)strcspn(at, "\n"), at);
	run_fini(run);
}

/* In the database itself: nobody can be asked yet. */
static void
give_first(const struct house *house, char token[TOKEN_BYTES])
{
	char path[HOUSE_PATH_BYTES];
	const char *const arguments[] = {house_program(), "token", "create",
	    "--store", path, "--name", "root", "--role", "admin", NULL};

	snprintf(path, sizeof(path), "%s", house_path(house, "disk/stated.db"));
	struct run run =
	    program_run(house->directory, NULL, arguments, NULL);
	take_line(&run, token);
}

static struct run
run_as(const struct house *house, const char *token,
    const char *const *arguments)
{
	char url[128], shown[TOKEN_BYTES + 16];
	const char *const environment[] = {url, shown, NULL};
	const char *words[16] = {house_program()};

	snprintf(url, sizeof(url), "STATED_URL=%s", house->url);
	snprintf(shown, sizeof(shown), "STATED_TOKEN=%s", token);
	for (size_t i = 0; i < 14 && arguments[i] != NULL; i++)
		words[i + 1] = arguments[i];
	return program_run(house->directory, environment, words, NULL);
}

static struct reply *
get_as(struct house *house, const char *token, const char *path)
{
	char header[TOKEN_BYTES + 32];

	snprintf(header, sizeof(header), "authorization: Bearer %s", token);
	return house_ask(
	    house, &(struct ask){.path = path, .headers = {header}});
}

static void
test_first_token_is_given_before_there_is_an_engine(void **state)
{
	struct house *house = house_build(&guarded);
	const char *const serve[] = {house_program(), "serve", "--config",
	    "stated.yaml", NULL};
	char root[TOKEN_BYTES];
	struct run run;

	(void)state;
	run = program_run(house->directory, NULL, serve, NULL);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "stated token create --store"));
	run_fini(&run);
	give_first(house, root);
	house_start_engine(house);
	assert_problem(get_as(house, "stated_0", "/v1/instances"), 401,
	    "unauthenticated");
	assert_status(get_as(house, root, "/v1/instances"), 200);
	house_close(&house);
}

static void
test_token_opens_what_it_was_given_for(void **state)
{
	struct house *house = house_build(&guarded);
	const char *const give[] = {"token", "create", "--name", "ines",
	    "--role", "auditor", "--workflow", "payment", NULL};
	char root[TOKEN_BYTES], ines[TOKEN_BYTES];
	struct run run;

	(void)state;
	give_first(house, root);
	house_start_engine(house);
	run = run_as(house, root, give);
	take_line(&run, ines);
	assert_status(get_as(house, ines, "/v1/instances"), 200);
	assert_problem(get_as(house, ines, "/v1/tokens"), 403, "forbidden");
	/* It concerns all workflows. */
	assert_problem(get_as(house, ines, "/v1/export"), 403, "forbidden");
	house_close(&house);
}

static void
test_token_taken_back_opens_nothing_and_stays_so(void **state)
{
	struct house *house = house_build(&guarded);
	const char *const give[] = {
	    "token", "create", "--name", "ines", "--role", "auditor", NULL};
	char root[TOKEN_BYTES], ines[TOKEN_BYTES];
	const char *id;
	struct run run;

	(void)state;
	give_first(house, root);
	house_start_engine(house);
	run = run_as(house, root, give);
	take_line(&run, ines);
	id = text_at(json_with(json_at(get_as(house, root, "/v1/tokens")->json,
				   "items"),
			 "name", "ines"), "id");
	const char *const revoke[] = {"token", "revoke", id, NULL};
	assert_status(get_as(house, ines, "/v1/instances"), 200);
	run = run_as(house, root, revoke);
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.text, "revoked"));
	run_fini(&run);
	assert_problem(
	    get_as(house, ines, "/v1/instances"), 401, "unauthenticated");
	/* Once more it is as it was, and nothing more is recorded. */
	run = run_as(house, root, revoke);
	assert_int_equal(run.status, 0);
	run_fini(&run);
	assert_int_equal(house_logged(house, "token revoked"), 1);
	assert_int_equal(house_logged(house, "name=ines by=root"), 2);
	program_kill(&house->engine);
	house_start_engine(house);
	assert_problem(
	    get_as(house, ines, "/v1/instances"), 401, "unauthenticated");
	assert_status(get_as(house, root, "/v1/instances"), 200);
	house_close(&house);
}

static void
assert_nowhere(const struct house *house, const char *name, const char *token)
{
	const char *const grep[] = {
	    "/bin/grep", "-c", "-a", token, name, NULL};
	struct run run = program_run(house->directory, NULL, grep, NULL);

	assert_true(run.status == 1 || run.status == 2);
	run_fini(&run);
}

static void
test_text_of_a_token_stands_nowhere(void **state)
{
	struct house *house = house_build(&guarded);
	char root[TOKEN_BYTES];

	(void)state;
	give_first(house, root);
	house_start_engine(house);
	assert_status(get_as(house, root, "/v1/tokens"), 200);
	assert_nowhere(house, "disk/stated.db", root + 7);
	assert_nowhere(house, "disk/stated.db-wal", root + 7);
	assert_nowhere(house, house->engine.log, root + 7);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_first_token_is_given_before_there_is_an_engine),
	    HOUSE_TEST(test_token_opens_what_it_was_given_for),
	    HOUSE_TEST(test_token_taken_back_opens_nothing_and_stays_so),
	    HOUSE_TEST(test_text_of_a_token_stands_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
