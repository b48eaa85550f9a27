/* SPDX-License-Identifier: Apache-2.0 */
/*
 * must.c: the last words of a process that has found a bug in itself.
 *
 * Only async-signal-safe calls: the heap or a lock may be what is broken.
 */
#include "stated/must.h"

#include "stated/log.h"
#include "stated/str.h"

#include <stdlib.h>
#include <unistd.h>

static void
say(const char *text)
{
	/* Nothing is left to do where standard error is closed. */
	ssize_t written = write(STDERR_FILENO, text, strlen(text));
	(void)written;
}

static void
say_int(int n)
{
	char digits[16];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0 && at > 0);
	say(&digits[at]);
}

_Noreturn void
must_failed(const char *what, const char *file, int line, const char *function)
{
	say("stated: bug: ");
	say(what);
	say("\n    at ");
	say(file);
	say(":");
	say_int(line);
	say(" in ");
	say(function);
	say("\nThe last lines of the log:\n");
	log_dump(STDERR_FILENO);
	abort();
}
