/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_talk.c: a simulation on a real terminal: a pseudo-terminal, with
 * the line editing that the system gives.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SCREEN_BYTES 65536
#define PATIENCE_MS 20000

struct terminal {
	pid_t pid;
	int fd;
	char screen[SCREEN_BYTES]; /* all that was shown */
	size_t bytes;
	size_t seen; /* so much of it has been looked for */
};

/* Runs in the child: it shares nothing with the test but the terminal. */
static _Noreturn void
run(const char *argument)
{
	const char *builddir = getenv("builddir"), *srcdir = getenv("srcdir");
	char program[512], workflow[512];

	snprintf(program, sizeof(program), "%s/stated",
	    builddir != NULL ? builddir : ".");
	snprintf(workflow, sizeof(workflow), "%s/workflows/payment.yaml",
	    srcdir != NULL ? srcdir : ".");
	setenv("TZ", "UTC", 1);
	setenv("NO_COLOR", "1", 1);
	execl(program, "stated", "simulate", workflow, argument, (char *)NULL);
	_exit(127);
}

static void
terminal_open(struct terminal *terminal, const char *argument)
{
	struct winsize size = {.ws_row = 40, .ws_col = 200};

	memset(terminal, 0, sizeof(*terminal));
	terminal->pid = forkpty(&terminal->fd, NULL, NULL, &size);
	if (terminal->pid < 0) {
		print_message("no terminals here: is /dev/pts mounted?\n");
		skip();
	}
	if (terminal->pid == 0)
		run(argument);
}

/* false at the end of the program. */
static bool
terminal_read(struct terminal *terminal)
{
	struct pollfd ready = {.fd = terminal->fd, .events = POLLIN};
	size_t left = SCREEN_BYTES - 1 - terminal->bytes;
	ssize_t bytes;

	if (poll(&ready, 1, PATIENCE_MS) <= 0 || left == 0) {
		print_error("%s\n", terminal->screen);
		fail_msg("the terminal is silent");
	}
	bytes = read(terminal->fd, terminal->screen + terminal->bytes, left);
	/* Linux tells the end of a terminal by EIO. */
	if (bytes <= 0)
		return false;
	terminal->bytes += (size_t)bytes;
	terminal->screen[terminal->bytes] = '\0';
	return true;
}

/* Waits until that is shown, after what was looked for before. */
static void
sees(struct terminal *terminal, const char *text)
{
	for (;;) {
		char *found = strstr(terminal->screen + terminal->seen, text);

		if (found != NULL) {
			terminal->seen =
			    (size_t)(found - terminal->screen) + strlen(text);
			return;
		}
		if (!terminal_read(terminal)) {
			print_error("%s\n", terminal->screen);
			fail_msg("the program ended before: %s", text);
		}
	}
}

static void
types(struct terminal *terminal, const char *text)
{
	assert_int_equal(
	    write(terminal->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void
ends(struct terminal *terminal, int expected)
{
	int status;

	while (terminal_read(terminal))
		continue;
	assert_int_equal(waitpid(terminal->pid, &status, 0), terminal->pid);
	close(terminal->fd);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void
test_payment_is_led_to_its_end_by_numbers(void **state)
{
	struct terminal terminal;

	(void)state;
	terminal_open(&terminal, NULL);
	sees(&terminal, "payment 3, Supplier payment.");
	sees(&terminal, "  1  start");
	sees(&terminal, "help> ");
	types(&terminal, "1\n");
	sees(&terminal, "the input, as JSON [{\"reference\":");
	types(&terminal, "\n");
	sees(&terminal, "  -> calls compliance.screen");
	sees(&terminal, "checking (running)");
	sees(&terminal, "  1  compliance.screen answers");
	types(&terminal, "1\n");
	sees(&terminal, "the answer, as JSON [{\"result\":\"result\"}]> ");
	types(&terminal, "{\"result\": \"clear\"}\n");
	sees(&terminal, "submitting (running)");
	types(&terminal, "1\n\n");
	sees(&terminal, "submitted (waiting)");
	sees(&terminal, "payment_id: null -> \"payment_id\"");
	sees(&terminal, "  3  bank.payment.settled comes in for payment_id");
	types(&terminal, "3\n\n");
	sees(&terminal, "settled (running)");
	types(&terminal, "cancel\n");
	sees(&terminal, "`help` lists them");
	types(&terminal, "quit\n");
	ends(&terminal, 0);
}

static void
test_terminal_edits_the_line(void **state)
{
	struct terminal terminal;

	(void)state;
	terminal_open(&terminal, NULL);
	sees(&terminal, "help> ");
	/* DEL takes back a character, Ctrl-U the line. */
	types(&terminal, "helpp\177\n");
	sees(&terminal, "  a number     does what is offered");
	types(&terminal, "nonsense\025data\n");
	sees(&terminal, "  1  start");
	types(&terminal, "\004"); /* Ctrl-D */
	ends(&terminal, 0);
	assert_null(strstr(terminal.screen, "stated: "));
}

static void
test_session_begins_when_it_is_told_to(void **state)
{
	struct terminal terminal;

	(void)state;
	terminal_open(&terminal, "--at=2026-03-02T05:00:00Z");
	sees(&terminal, "help> ");
	types(&terminal, "1\n\n");
	sees(&terminal, "2026-03-02 05:00:00  checking (running)");
	types(&terminal, "scenario\n");
	sees(&terminal, "now: 2026-03-02T05:00:00.000Z");
	types(&terminal, "\004");
	ends(&terminal, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_payment_is_led_to_its_end_by_numbers),
	    cmocka_unit_test(test_terminal_edits_the_line),
	    cmocka_unit_test(test_session_begins_when_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
