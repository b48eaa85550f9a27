/* SPDX-License-Identifier: Apache-2.0 */
/*
 * must.c: the last words of a process that has found a bug in itself.
 *
 * Only async-signal-safe calls: the heap or a lock may be what is broken.
 */
#include "stated/must.h"

#include "stated/log.h"
#include "stated/str.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>
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

static void
say_place(const char *file, int line, const char *function)
{
	say("\n    at ");
	say(file);
	say(":");
	say_int(line);
	say(" in ");
	say(function);
	say("\n");
}

_Noreturn void
must_without_memory(const char *file, int line, const char *function)
{
	say("stated: out of memory");
	say_place(file, line, function);
	_exit(EX_OSERR);
}

_Noreturn void
must_failed(const char *what, const char *file, int line, const char *function)
{
	/* Whatever fails just when the system has refused memory. */
	if (errno == ENOMEM)
		must_without_memory(file, line, function);
	say("stated: bug: ");
	say(what);
	say_place(file, line, function);
	say("The last lines of the log:\n");
	log_dump(STDERR_FILENO);
	abort();
}
