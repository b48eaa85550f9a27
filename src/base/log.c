/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c: the log, and the ring of its last lines.
 *
 * A line is built whole and written by one call, so that lines of several
 * threads or processes do not mix.  The ring is plain static memory which
 * log_dump() reads without the lock: whoever panics may be holding it.  A line
 * that is just being replaced may come out torn, never longer than its slot.
 */
#include "stated/log.h"

#include "stated/buf.h"
#include "stated/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <unistd.h>

#define LOG_LINES_KEPT 64
#define LOG_LINE_BYTES_KEPT 512
#define LOG_LINE_BYTES_MAX 16384

struct kept_line {
	_Atomic(size_t) bytes;
	char at[LOG_LINE_BYTES_KEPT];
};

static struct {
	pthread_mutex_t lock;
	_Atomic(enum log_level) least;
	_Atomic(enum log_format) format;
	_Atomic(size_t) next; /* slot of the next line, ever counting up */
	struct kept_line lines[LOG_LINES_KEPT];
} the_log = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .least = LOG_INFO,
    .format = LOG_TEXT,
};

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARNING] = "warning",
    [LOG_ERROR] = "error",
};

void
log_setup(enum log_level least, enum log_format format)
{
	must(least <= LOG_ERROR);
	must(format <= LOG_JSON);
	atomic_store(&the_log.least, least);
	atomic_store(&the_log.format, format);
}

/* Text from outside may be in a line: it must not begin a line of its own nor
 * drive the terminal. */
static void
add_on_one_line(struct buf *line, struct str text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		unsigned char c = (unsigned char)text.at[i];
		unsigned char d = i + 1 < text.bytes
		    ? (unsigned char)text.at[i + 1]
		    : 0;
		if (c == '\n')
			buf_add_cstr(line, "\\n");
		else if (c == 0xc2 && d >= 0x80 && d < 0xa0) /* C1 controls */
			buf_addf(
			    line, "\\x%02x", (unsigned)(text.at[++i] & 0xff));
		else if (c < 0x20 || c == 0x7f)
			buf_addf(line, "\\x%02x", c);
		else
			buf_add_char(line, (char)c);
	}
}

static void
add_text_line(struct buf *line, struct str time, enum log_level level,
    const char *what, struct str detail)
{
	buf_addf(line, "%.*s %-7s %s", STR_ARG(time), level_names[level], what);
	if (detail.bytes > 0)
		buf_add_cstr(line, ": ");
	add_on_one_line(line, detail);
}

static void
add_json_line(struct buf *line, struct str time, enum log_level level,
    const char *what, struct str detail)
{
	buf_addf(line, "{\"time\":\"%.*s\",\"level\":\"%s\",\"what\":",
	    STR_ARG(time), level_names[level]);
	buf_add_json_string(line, str_of(what));
	buf_add_cstr(line, ",\"detail\":");
	buf_add_json_string(line, detail);
	buf_add_char(line, '}');
}

static void
write_all(int fd, const char *at, size_t bytes)
{
	while (bytes > 0) {
		ssize_t written = write(fd, at, bytes);
		/* There is nowhere to complain to about the log itself. */
		if (written <= 0)
			return;
		at += written;
		bytes -= (size_t)written;
	}
}

static void
keep(struct str line)
{
	size_t slot = atomic_load(&the_log.next) % LOG_LINES_KEPT;
	struct kept_line *kept = &the_log.lines[slot];
	size_t bytes = line.bytes;

	if (bytes > LOG_LINE_BYTES_KEPT)
		bytes = LOG_LINE_BYTES_KEPT;
	atomic_store(&kept->bytes, 0);
	memcpy(kept->at, line.at, bytes);
	kept->at[bytes - 1] = '\n';
	atomic_store(&kept->bytes, bytes);
	atomic_fetch_add(&the_log.next, 1);
}

void
log_write(enum log_level level, const char *what, const char *format, ...)
{
	char time[CLOCK_TEXT_BYTES];
	struct buf detail;
	struct buf line = {0};
	va_list arguments;

	must(level <= LOG_ERROR);
	must(what != NULL);
	if (level < atomic_load(&the_log.least))
		return;
	buf_init(&detail, 0);
	va_start(arguments, format);
	buf_addv(&detail, format, arguments);
	va_end(arguments);
	struct str shown = str_slice(buf_str(&detail), 0, LOG_LINE_BYTES_MAX);
	struct str now = clock_format(clock_now_ms(clock_system()), time);
	if (atomic_load(&the_log.format) == LOG_JSON)
		add_json_line(&line, now, level, what, shown);
	else
		add_text_line(&line, now, level, what, shown);
	buf_add_char(&line, '\n');
	pthread_mutex_lock(&the_log.lock);
	keep(buf_str(&line));
	write_all(STDERR_FILENO, buf_str(&line).at, buf_str(&line).bytes);
	pthread_mutex_unlock(&the_log.lock);
	buf_fini(&line);
	buf_fini(&detail);
}

void
log_dump(int fd)
{
	size_t next = atomic_load(&the_log.next);
	size_t first = next > LOG_LINES_KEPT ? next - LOG_LINES_KEPT : 0;

	for (size_t i = first; i < next; i++) {
		const struct kept_line *kept =
		    &the_log.lines[i % LOG_LINES_KEPT];
		write_all(fd, kept->at, atomic_load(&kept->bytes));
	}
}
