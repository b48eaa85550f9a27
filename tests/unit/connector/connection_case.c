/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection_case.c: what the shipped connections send, and what they make of
 * the answers.
 *
 * A file tests/cases/connections/NAME.case begins with what it is about, in
 * plain lines; then come
 *
 *	connection NAME       workflows/connections/NAME.yaml
 *	connection NAME without KEY KEY
 *	                      the same, less what is never the same twice
 *	settings {…}
 *	token TEXT            what calls are shown with
 *	> OPERATION {args}    the request that is made of it
 *	< STATUS {body}       the outcome, if that is the answer to it
 *	< STATUS NAME: VALUE  the same with a header, and no body
 *
 * each followed by what comes of it, set in by four blanks.  Everything is as
 * the endpoints' makers document it; nothing here is sent.
 *
 *	connection_case [--accept] [FILE…]
 *
 * With --accept the files are written anew as they were played: for whoever
 * has read the difference and agrees with it.
 */
#include "desk.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tale {
	struct desk desk;
	bool is_open;
	const char *operation;
	const char *args;
	struct buf out;
};

static const char *
source_path(struct str below, char out[1024])
{
	const char *root = getenv("srcdir");

	(void)snprintf(out, 1024, "%s/%.*s", root != NULL ? root : ".",
	    STR_ARG(below));
	return out;
}

static void
read_file(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "re");

	if (file == NULL || !buf_add_file(text, file, 1024 * 1024))
		fail_msg("%s: can't be read", path);
	(void)fclose(file);
}

/* ---- before the calls ---- */

static bool
has_word(struct str words, struct str word)
{
	while (words.bytes > 0)
		if (str_equal(str_split(words, ' ', &words), word))
			return true;
	return false;
}

/* The lines that are not those of the keys, nor set in below them. */
static void
leave_out(struct buf *text, struct str keys)
{
	struct buf left = {0};
	struct str rest = buf_str(text);
	bool is_out = false;

	while (rest.bytes > 0) {
		struct str line = str_split(rest, '\n', &rest);
		struct str after;

		if (line.bytes > 0 && line.at[0] != ' ')
			is_out = has_word(keys, str_split(line, ':', &after));
		if (!is_out)
			buf_addf(&left, "%.*s\n", STR_ARG(line));
	}
	buf_fini(text);
	*text = left;
}

static void
open_connection(struct tale *tale, struct str words)
{
	struct str keys, name = str_split(words, ' ', &keys);
	struct buf text = {0};
	char below[128];
	char path[1024];

	(void)snprintf(below, sizeof(below),
	    "workflows/connections/%.*s.yaml", STR_ARG(name));
	read_file(source_path(str_of(below), path), &text);
	leave_out(&text, keys);
	if (tale->is_open)
		desk_close(&tale->desk);
	desk_open(&tale->desk, buf_cstr(&text));
	tale->is_open = true;
	buf_fini(&text);
}

static void
read_directive(struct tale *tale, struct str line)
{
	struct str rest, word = str_split(line, ' ', &rest);

	if (str_equal(word, STR("connection")))
		open_connection(tale, rest);
	else if (tale->is_open && str_equal(word, STR("settings")))
		tale->desk.context.settings = desk_json(&tale->desk,
		    arena_cstr(tale->desk.arena, rest));
	else if (tale->is_open && str_equal(word, STR("token")))
		tale->desk.token = arena_str(tale->desk.arena, rest);
}

/* ---- requests ---- */

static void
tell_refusal(struct tale *tale, const struct outcome *outcome)
{
	buf_addf(&tale->out, "    %.*s %.*s: %.*s\n",
	    STR_ARG(outcome_name(outcome->kind)), STR_ARG(outcome->code),
	    STR_ARG(outcome->message));
}

static void
tell_lines(struct tale *tale, struct str text)
{
	while (text.bytes > 0) {
		struct str line = str_split(text, '\n', &text);

		buf_addf(&tale->out, "    %.*s\n", STR_ARG(line));
	}
}

static void
ask(struct tale *tale, struct str line)
{
	struct desk *desk = &tale->desk;
	struct str args, name = str_split(line, ' ', &args);

	tale->operation = arena_cstr(desk->arena, name);
	tale->args = arena_cstr(desk->arena, args);
	desk->request = (struct message_request){.method = STR("")};
	if (!desk_prepare(desk, tale->operation, tale->args)) {
		tell_refusal(tale, &desk->outcome);
		return;
	}
	buf_addf(&tale->out, "    %.*s %.*s\n", STR_ARG(desk->request.method),
	    STR_ARG(desk->request.url));
	for (size_t i = 0; i < desk->request.header_count; i++)
		buf_addf(&tale->out, "    %.*s: %.*s\n",
		    STR_ARG(desk->request.headers[i].name),
		    STR_ARG(desk->request.headers[i].value));
	tell_lines(tale, desk->request.body);
}

/* ---- answers ---- */

static void
tell_outcome(struct tale *tale, const struct outcome *outcome)
{
	struct buf response = {0};

	if (outcome->kind != OUTCOME_DONE) {
		buf_addf(&tale->out, "    %.*s%s %.*s: %.*s\n",
		    STR_ARG(outcome_name(outcome->kind)),
		    outcome->transient ? ", transient" : "",
		    STR_ARG(outcome->code), STR_ARG(outcome->message));
		return;
	}
	json_write(outcome->response, JSON_PLAIN, &response);
	buf_addf(&tale->out, "    done %s\n", buf_cstr(&response));
	buf_fini(&response);
}

static void
answer(struct tale *tale, struct str line)
{
	struct desk *desk = &tale->desk;
	struct str rest, status = str_split(line, ' ', &rest);
	bool is_body = rest.bytes == 0 || rest.at[0] == '{' ||
	    rest.at[0] == '[' || rest.at[0] == '<';
	const char *headers =
	    is_body ? NULL : arena_cstr(desk->arena, rest);
	const char *body = is_body && rest.at != NULL
	    ? arena_cstr(desk->arena, rest)
	    : "";

	assert_non_null(tale->operation);
	tell_outcome(tale,
	    desk_answer(desk, tale->operation, tale->args,
		atoi(arena_cstr(desk->arena, status)), headers, body));
}

/* ---- files ---- */

static void
play_line(struct tale *tale, struct str line)
{
	if (str_has_prefix(line, STR("    ")))
		return; /* what came of it when it was written */
	buf_addf(&tale->out, "%.*s\n", STR_ARG(line));
	if (str_has_prefix(line, STR("> ")))
		ask(tale, str_slice(line, 2, SIZE_MAX));
	else if (str_has_prefix(line, STR("< ")))
		answer(tale, str_slice(line, 2, SIZE_MAX));
	else
		read_directive(tale, line);
}

static void
accept(const char *path, struct str text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text.at, 1, text.bytes, file), text.bytes);
	assert_int_equal(fclose(file), 0);
}

/* The first lines that differ. */
static void
tell_difference(const char *path, struct str expected, struct str actual)
{
	for (int line = 1;; line++) {
		struct str a = str_split(expected, '\n', &expected);
		struct str b = str_split(actual, '\n', &actual);

		if (!str_equal(a, b)) {
			print_error("%s:%d: differs\n- %.*s\n+ %.*s\n", path,
			    line, STR_ARG(a), STR_ARG(b));
			return;
		}
	}
}

static bool
play_file(const char *path, bool accepts)
{
	struct tale tale = {.operation = NULL};
	struct buf text = {0};
	struct str rest;
	bool is_same;

	read_file(path, &text);
	for (rest = buf_str(&text); rest.bytes > 0;)
		play_line(&tale, str_split(rest, '\n', &rest));
	is_same = str_equal(buf_str(&text), buf_str(&tale.out));
	if (!is_same && accepts)
		accept(path, buf_str(&tale.out));
	else if (!is_same)
		tell_difference(path, buf_str(&text), buf_str(&tale.out));
	if (tale.is_open)
		desk_close(&tale.desk);
	buf_fini(&tale.out);
	buf_fini(&text);
	return is_same || accepts;
}

static int
is_case(const struct dirent *entry)
{
	return str_has_suffix(str_of(entry->d_name), STR(".case"));
}

static bool
play_folder(void)
{
	char folder[1024];
	struct dirent **entries = NULL;
	int count = scandir(source_path(STR("tests/cases/connections"), folder),
	    &entries, is_case, alphasort);
	bool is_same = count > 0;

	for (int i = 0; i < count; i++) {
		char path[2048];

		(void)snprintf(path, sizeof(path), "%s/%s", folder,
		    entries[i]->d_name);
		is_same = play_file(path, false) && is_same;
		free(entries[i]);
	}
	free(entries);
	return is_same;
}

static void
test_connections_send_and_understand_what_they_should(void **state)
{
	(void)state;
	assert_true(play_folder());
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_connections_send_and_understand_what_they_should),
	};
	bool accepts = argc > 1 && strcmp(argv[1], "--accept") == 0;
	bool is_same = true;

	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	for (int i = accepts ? 2 : 1; i < argc; i++)
		is_same = play_file(argv[i], accepts) && is_same;
	return is_same ? 0 : 1;
}
