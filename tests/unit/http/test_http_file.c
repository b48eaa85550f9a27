/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http_file.c: files on a real server of OpenSSH's, which may end in the
 * midst of a word.
 */
#include "stated/http.h"

#include "sshd.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct event_base *base;
	struct http_client *client;
	struct sshd sshd;
	struct message_file file;
	struct message_request request;
	size_t answer_count;
	enum message_failure failure;
	int status;
	struct buf body;
	struct buf detail;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->base = event_base_new();
	fixture->client = http_client_new(fixture->base,
	    (struct http_client_options){0});
	sshd_open(&fixture->sshd);
	fixture->file = (struct message_file){
		.host = STR_INIT("127.0.0.1"),
		.port = str_of(fixture->sshd.port),
		.host_keys = str_of(fixture->sshd.host_key),
		.user = str_of(fixture->sshd.user),
		.key = buf_str(&fixture->sshd.key),
	};
	fixture->request = (struct message_request){
		.file = &fixture->file,
		.method = STR_INIT("FILE"),
		.url = STR_INIT("sftp://127.0.0.1/"),
		.timeout_ms = 60000,
	};
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_client_free(&fixture->client);
	sshd_close(&fixture->sshd);
	event_base_free(fixture->base);
	buf_fini(&fixture->body);
	buf_fini(&fixture->detail);
	free(fixture);
	return 0;
}

static void
answered_cb(const struct message_response *response, void *arg)
{
	struct fixture *fixture = arg;

	fixture->answer_count++;
	fixture->failure = response->failure;
	fixture->status = response->status;
	buf_clear(&fixture->body);
	buf_add_str(&fixture->body, response->body);
	buf_clear(&fixture->detail);
	buf_add_str(&fixture->detail, response->detail);
}

static void
send_it(struct fixture *fixture)
{
	http_send(http_client_port(fixture->client), &fixture->request,
	    answered_cb, fixture);
}

/* The answer's status, or the failure below zero. */
static int
exchange(struct fixture *fixture)
{
	size_t count = fixture->answer_count + 1;

	send_it(fixture);
	while (fixture->answer_count < count)
		assert_int_equal(event_base_loop(fixture->base, EVLOOP_ONCE), 0);
	return fixture->failure != MESSAGE_OK ? -(int)fixture->failure
					      : fixture->status;
}

static int
ask(struct fixture *fixture, enum message_file_verb verb, const char *path)
{
	fixture->file.verb = verb;
	fixture->file.path = str_of(path);
	fixture->request.body = (struct str){NULL, 0};
	return exchange(fixture);
}

static int
put(struct fixture *fixture, const char *path, const char *text)
{
	fixture->file.verb = FILE_PUT;
	fixture->file.path = str_of(path);
	fixture->request.body = str_of(text);
	return exchange(fixture);
}

static int
rename_to(struct fixture *fixture, const char *from, const char *to)
{
	fixture->file.to = str_of(to);
	return ask(fixture, FILE_RENAME, from);
}

static const char *
path_of(const struct fixture *fixture, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", fixture->sshd.files, name);
	return path;
}

static void
write_file(const struct fixture *fixture, const char *name, const char *text)
{
	FILE *file = fopen(path_of(fixture, name), "w");

	must(file != NULL);
	must(fputs(text, file) >= 0 && fclose(file) == 0);
}

static void
assert_file(const struct fixture *fixture, const char *name, const char *text)
{
	FILE *file = fopen(path_of(fixture, name), "r");
	struct buf there = {0};

	assert_non_null(file);
	assert_true(buf_add_file(&there, file, 1024 * 1024));
	(void)fclose(file);
	assert_string_equal(buf_cstr(&there), text);
	buf_fini(&there);
}

/* As `list` tells of the folder. */
static void
assert_names(struct fixture *fixture, const char *const *names, size_t count)
{
	struct str rest;

	assert_int_equal(ask(fixture, FILE_LIST, "."), 200);
	rest = buf_str(&fixture->body);
	for (size_t i = 0; i < count; i++) {
		char field[128];
		size_t at;

		snprintf(field, sizeof(field), "\"name\":\"%s\"", names[i]);
		at = str_find(rest, str_of(field));
		if (at == SIZE_MAX)
			fail_msg("%s: %s", names[i], buf_cstr(&fixture->body));
		rest = str_slice(rest, at + 1, SIZE_MAX);
	}
	assert_int_equal(str_find(rest, STR("\"name\":")), SIZE_MAX);
}

static bool
was_answered(struct fixture *fixture, const char *text)
{
	return strstr(buf_cstr(&fixture->body), text) != NULL;
}

/* ------------------------------------------------------------------- files */

static void
test_file_that_is_put_has_its_name_and_nothing_else_is_left(void **state)
{
	static const char *const names[] = {"pay.xml"};
	struct fixture *fixture = *state;

	assert_int_equal(put(fixture, "pay.xml", "<a/>"), 200);
	assert_file(fixture, "pay.xml", "<a/>");
	assert_true(was_answered(fixture, "\"bytes\":4,\"sha256\":\""));
	assert_true(was_answered(fixture, "\"was_there\":false}"));
	assert_names(fixture, names, 1);
}

static void
test_same_file_is_put_once(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(put(fixture, "a", "one"), 200);
	assert_int_equal(put(fixture, "a", "one"), 200);
	assert_true(was_answered(fixture, "\"was_there\":true}"));
}

static void
test_another_file_of_that_name_stays_as_it_is(void **state)
{
	static const char *const names[] = {"a"};
	struct fixture *fixture = *state;

	write_file(fixture, "a", "one");
	assert_int_equal(put(fixture, "a", "two"), 409);
	assert_int_equal(put(fixture, "a", "longer"), 409);
	assert_file(fixture, "a", "one");
	assert_names(fixture, names, 1);
}

static void
test_large_file_goes_and_comes_whole(void **state)
{
	struct fixture *fixture = *state;
	struct buf text = {0};

	while (text.bytes < 900 * 1000)
		buf_addf(&text, "%zu\n", text.bytes);
	assert_int_equal(put(fixture, "large", buf_cstr(&text)), 200);
	assert_file(fixture, "large", buf_cstr(&text));
	assert_int_equal(ask(fixture, FILE_GET, "large"), 200);
	assert_true(str_equal(buf_str(&fixture->body), buf_str(&text)));
	buf_fini(&text);
}

static void
test_what_is_too_large_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a", "0123456789");
	fixture->request.response_bytes_max = 9;
	assert_int_equal(ask(fixture, FILE_GET, "a"), -MESSAGE_TOO_LARGE);
	fixture->request.response_bytes_max = 10;
	assert_int_equal(ask(fixture, FILE_GET, "a"), 200);
	assert_string_equal(buf_cstr(&fixture->body), "0123456789");
}

static void
test_empty_file_is_a_file(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(put(fixture, "empty", ""), 200);
	assert_file(fixture, "empty", "");
	assert_int_equal(ask(fixture, FILE_GET, "empty"), 200);
	assert_string_equal(buf_cstr(&fixture->body), "");
}

static void
test_what_is_not_there_is_not_found(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, FILE_GET, "no"), 404);
	assert_int_equal(ask(fixture, FILE_LIST, "no"), 404);
	assert_int_equal(put(fixture, "no/a", "x"), 404);
	assert_int_equal(rename_to(fixture, "no", "a"), 404);
}

static void
test_list_tells_names_in_order_and_kinds(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	struct fixture *fixture = *state;

	write_file(fixture, "c", "123");
	write_file(fixture, "a", "");
	must(mkdir(path_of(fixture, "b"), 0700) == 0);
	assert_names(fixture, names, 3);
	assert_true(was_answered(fixture, "{\"name\":\"a\",\"kind\":\"file\","
	    "\"bytes\":0,\"modified\":\""));
	assert_true(was_answered(fixture, "\"b\",\"kind\":\"folder\""));
	assert_true(was_answered(fixture, "\"bytes\":3,"));
	assert_int_equal(ask(fixture, FILE_LIST, "b"), 200);
	assert_string_equal(buf_cstr(&fixture->body), "[]");
}

static void
test_look_tells_what_is_there_and_what_is_on_its_way(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, FILE_STAT, "a"), 200);
	assert_string_equal(buf_cstr(&fixture->body),
	    "{\"exists\":false,\"partial\":false}");
	write_file(fixture, ".a.0123456789abcdef.part", "x");
	assert_int_equal(ask(fixture, FILE_STAT, "a"), 200);
	assert_string_equal(buf_cstr(&fixture->body),
	    "{\"exists\":false,\"partial\":true}");
	write_file(fixture, "b", "12");
	assert_int_equal(ask(fixture, FILE_STAT, path_of(fixture, "b")), 200);
	assert_true(was_answered(fixture,
	    "{\"exists\":true,\"kind\":\"file\",\"bytes\":2,"));
	assert_true(was_answered(fixture, "\"partial\":false}"));
}

static void
test_file_is_renamed_but_to_no_name_that_is_taken(void **state)
{
	static const char *const names[] = {"b", "c"};
	struct fixture *fixture = *state;

	write_file(fixture, "a", "1");
	write_file(fixture, "c", "3");
	assert_int_equal(rename_to(fixture, "a", "c"), 409);
	assert_file(fixture, "c", "3");
	assert_int_equal(rename_to(fixture, "a", "b"), 200);
	assert_names(fixture, names, 2);
}

static void
test_file_that_is_gone_has_been_removed(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a", "1");
	assert_int_equal(ask(fixture, FILE_REMOVE, "a"), 200);
	assert_true(was_answered(fixture, "\"was_there\":true"));
	assert_int_equal(ask(fixture, FILE_REMOVE, "a"), 200);
	assert_true(was_answered(fixture, "\"was_there\":false"));
}

/* ------------------------------------------------------------------- doubt */

static void
test_lost_answer_to_the_last_step_is_looked_after(void **state)
{
	static const char *const names[] = {"a"};
	struct fixture *fixture = *state;

	sshd_cut(&fixture->sshd, "after-unlink");
	assert_int_equal(put(fixture, "a", "one"), 200);
	assert_true(was_answered(fixture, "\"was_there\":false"));
	assert_file(fixture, "a", "one");
	assert_names(fixture, names, 1);
}

static void
test_file_without_its_name_was_not_put(void **state)
{
	static const char *const names[] = {"a"};
	struct fixture *fixture = *state;

	sshd_cut(&fixture->sshd, "before-link");
	assert_int_equal(put(fixture, "a", "one"), -MESSAGE_UNSENT);
	assert_int_equal(ask(fixture, FILE_STAT, "a"), 200);
	assert_string_equal(buf_cstr(&fixture->body),
	    "{\"exists\":false,\"partial\":true}");
	/* What was left of the first attempt is no hindrance. */
	assert_int_equal(put(fixture, "a", "one"), 200);
	assert_names(fixture, names, 1);
}

static void
test_file_that_was_taken_away_at_once_was_put(void **state)
{
	struct fixture *fixture = *state;

	sshd_cut(&fixture->sshd, "taken");
	assert_int_equal(put(fixture, "a", "one"), 200);
	assert_names(fixture, NULL, 0);
}

static void
test_nobody_to_ask_leaves_a_doubt(void **state)
{
	struct fixture *fixture = *state;

	sshd_cut(&fixture->sshd, "gone");
	assert_int_equal(put(fixture, "a", "one"), -MESSAGE_RESET);
	assert_file(fixture, "a", "one");
	assert_int_equal(put(fixture, "b", "two"), -MESSAGE_UNREACHABLE);
}

static void
test_lost_answer_to_a_renaming_is_looked_after(void **state)
{
	static const char *const names[] = {"b"};
	struct fixture *fixture = *state;

	write_file(fixture, "a", "1");
	sshd_cut(&fixture->sshd, "before-link");
	assert_int_equal(rename_to(fixture, "a", "b"), -MESSAGE_UNSENT);
	sshd_cut(&fixture->sshd, "after-unlink");
	assert_int_equal(rename_to(fixture, "a", "b"), 200);
	assert_names(fixture, names, 1);
}

/* ------------------------------------------------------------ who is there */

static void
test_server_with_another_key_gets_nothing(void **state)
{
	struct fixture *fixture = *state;
	char keys[256];

	fixture->file.host_keys =
	    STR("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_int_equal(put(fixture, "a", "one"), -MESSAGE_CERTIFICATE);
	assert_non_null(strstr(buf_cstr(&fixture->detail),
	    fixture->sshd.host_key));
	/* One of several is enough, and half of one isn't. */
	snprintf(keys, sizeof(keys), "SHA256:AAAA %s", fixture->sshd.host_key);
	fixture->file.host_keys = str_of(keys);
	assert_int_equal(put(fixture, "a", "one"), 200);
	fixture->file.host_keys = str_slice(str_of(fixture->sshd.host_key), 0,
	    20);
	assert_int_equal(put(fixture, "a", "one"), -MESSAGE_CERTIFICATE);
}

static void
test_strangers_are_told_so(void **state)
{
	struct fixture *fixture = *state;

	fixture->file.key = buf_str(&fixture->sshd.stranger);
	assert_int_equal(put(fixture, "a", "one"), 401);
	fixture->file.key = STR("no key");
	assert_int_equal(put(fixture, "a", "one"), 401);
	fixture->file.key = (struct str){NULL, 0};
	fixture->file.password = STR("not it");
	assert_int_equal(put(fixture, "a", "one"), 401);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	(*(size_t *)arg)++;
}

static void
test_silent_server_keeps_nobody_waiting(void **state)
{
	struct fixture *fixture = *state;
	struct timeval often = {.tv_usec = 10 * 1000};
	size_t ticks = 0;
	struct event *timer = event_new(fixture->base, -1, EV_PERSIST, tick_cb,
	    &ticks);
	struct wire wire;
	char port[8];

	wire_open(&wire, fixture->base, wire_answer_nothing);
	snprintf(port, sizeof(port), "%u", wire.port);
	fixture->file.port = str_of(port);
	fixture->request.timeout_ms = 300;
	event_add(timer, &often);
	assert_int_equal(put(fixture, "a", "one"), -MESSAGE_TLS);
	assert_true(ticks > 2);
	event_free(timer);
	wire_close(&wire);
}

static void
test_freeing_the_client_breaks_off_what_is_under_way(void **state)
{
	struct fixture *fixture = *state;
	struct wire wire;
	char port[8];

	wire_open(&wire, fixture->base, wire_answer_nothing);
	snprintf(port, sizeof(port), "%u", wire.port);
	fixture->file.port = str_of(port);
	fixture->file.path = STR("a");
	send_it(fixture);
	while (wire.connection_count == 0)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	http_client_free(&fixture->client);
	assert_int_equal(fixture->answer_count, 0);
	wire_close(&wire);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_file_that_is_put_has_its_name_and_nothing_else_is_left),
		CASE(test_same_file_is_put_once),
		CASE(test_another_file_of_that_name_stays_as_it_is),
		CASE(test_large_file_goes_and_comes_whole),
		CASE(test_what_is_too_large_is_given_up),
		CASE(test_empty_file_is_a_file),
		CASE(test_what_is_not_there_is_not_found),
		CASE(test_list_tells_names_in_order_and_kinds),
		CASE(test_look_tells_what_is_there_and_what_is_on_its_way),
		CASE(test_file_is_renamed_but_to_no_name_that_is_taken),
		CASE(test_file_that_is_gone_has_been_removed),
		CASE(test_lost_answer_to_the_last_step_is_looked_after),
		CASE(test_file_without_its_name_was_not_put),
		CASE(test_file_that_was_taken_away_at_once_was_put),
		CASE(test_nobody_to_ask_leaves_a_doubt),
		CASE(test_lost_answer_to_a_renaming_is_looked_after),
		CASE(test_server_with_another_key_gets_nothing),
		CASE(test_strangers_are_told_so),
		CASE(test_silent_server_keeps_nobody_waiting),
		CASE(test_freeing_the_client_breaks_off_what_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
