/* SPDX-License-Identifier: Apache-2.0 */
/*
 * must.h: asserts that stay on in production.
 *
 * must() is for what only a bug of ours can break; what the world can do to
 * us is answered by return values.  A failed must() prints where and why,
 * then the last lines of the log (see log.h), and aborts: an engine that has
 * lost its footing must not touch money.
 *
 * Memory that the system refuses is no bug, but an end as well, with exit
 * status 71 (EX_OSERR).  must(at != NULL) after an allocation tells the two
 * apart by errno.
 */
#ifndef STATED_MUST_H
#define STATED_MUST_H

#define must(condition)                                                        \
	((condition) ? (void)0                                                 \
		     : must_failed(#condition, __FILE__, __LINE__, __func__))

/* Marks a place that no input can lead to; why says what rules it out. */
#define unreachable(why)                                                       \
	must_failed("unreachable: " why, __FILE__, __LINE__, __func__)

/* Where it is a library that was refused memory. */
#define out_of_memory() must_without_memory(__FILE__, __LINE__, __func__)

/* Every fallible function is declared with this: its result must be used. */
#define MUST_USE __attribute__((warn_unused_result))

/* How many items an array has. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define PRINTF_LIKE(format_index, first_argument)                              \
	__attribute__((format(printf, format_index, first_argument)))

__attribute__((cold)) _Noreturn void must_failed(
    const char *what, const char *file, int line, const char *function);
_Noreturn void must_without_memory(
    const char *file, int line, const char *function);

#endif
