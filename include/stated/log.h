/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: one line an event, as text or JSON, on standard error.
 *
 * The log is a mutable global, one of two in the program (the other is the
 * cache of time zones).  It may be called from any thread.  Secrets never go
 * into it.  The last 64 lines are kept for the panic message of must().
 */
#ifndef STATED_LOG_H
#define STATED_LOG_H

#include "stated/must.h"
#include "stated/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

void log_setup(enum log_level least, enum log_format format);
/* what: a short stable phrase; format: "key=%s other=%d" pairs or free text. */
void log_write(enum log_level level, const char *what, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Prints the kept lines to the file descriptor; async-signal-safe. */
void log_dump(int fd);

#define log_debug(what, ...) log_write(LOG_DEBUG, what, __VA_ARGS__)
#define log_info(what, ...) log_write(LOG_INFO, what, __VA_ARGS__)
#define log_warning(what, ...) log_write(LOG_WARNING, what, __VA_ARGS__)
#define log_error(what, ...) log_write(LOG_ERROR, what, __VA_ARGS__)

#endif
