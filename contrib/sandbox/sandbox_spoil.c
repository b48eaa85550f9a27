/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_spoil.c: replies that say something else than what was done.
 *
 * What is wrong with the bytes on the wire, half of them or too late, is
 * sandbox_wire.c's.
 */
#include "sandbox_spoil.h"

#include "sandbox_odoo.h"
#include "sandbox_reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <archive.h>
#include <archive_entry.h>

#define HUGE_BYTES (20 << 20)
#define BOMB_BYTES 131072
#define DEEP_LEVELS 100000
#define CLOCK_OFF_S 600

/* What a page of an intermediary looks like. */
static void
reply_page(struct sandbox_reply *reply, int status)
{
	char page[160];
	const char *reason = sandbox_reply_reason(status);

	snprintf(page, sizeof(page),
	    "<html><head><title>%d %s</title></head>"
	    "<body><h1>%d %s</h1></body></html>\n",
	    status, reason, status, reason);
	sandbox_reply_text(reply, status, "text/html", page);
}

static void
reply_error_inside(const struct sandbox_request *request,
    const struct sandbox_fault *fault, struct sandbox_reply *reply)
{
	if (fault->body[0] != '\0')
		sandbox_reply_text(reply, 200, "application/json", fault->body);
	else if (str_has_prefix(str_of(request->path), STR("/odoo/")))
		sandbox_odoo_error_inside(request, reply);
	else
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:{s:s,s:s}}", "error", "code", "sandbox_fault",
			"message", "an error inside of a 200"));
}

static void
reply_status(const struct sandbox_fault *fault, struct sandbox_reply *reply)
{
	reply_page(reply, fault->status);
	if (fault->has_retry_after)
		sandbox_reply_header(reply, "Retry-After", fault->retry_after);
	if (fault->status >= 300 && fault->status < 400)
		sandbox_reply_header(reply, "Location", fault->body);
}

static void
fill(struct buf *body, char c, size_t count)
{
	char block[4096];

	memset(block, c, sizeof(block));
	for (; count > sizeof(block); count -= sizeof(block))
		buf_add(body, block, sizeof(block));
	buf_add(body, block, count);
}

static void
reply_huge(struct sandbox_reply *reply)
{
	sandbox_reply_text(reply, 200, "application/json", "{\"padding\":\"");
	fill(&reply->body, 'a', HUGE_BYTES);
	buf_add_cstr(&reply->body, "\"}");
}

/* RFC 1952: 20 MiB in less than 100 KiB. */
static void
reply_bomb(struct sandbox_reply *reply)
{
	static const char begin[] = "{\"padding\":\"";
	struct archive *gzip = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	char packed[BOMB_BYTES];
	char block[4096];
	size_t bytes = 0;

	must(gzip != NULL && entry != NULL);
	memset(block, 'a', sizeof(block));
	must(archive_write_add_filter_gzip(gzip) == ARCHIVE_OK);
	must(archive_write_set_filter_option(
		 gzip, "gzip", "compression-level", "1") == ARCHIVE_OK);
	must(archive_write_set_format_raw(gzip) == ARCHIVE_OK);
	must(archive_write_set_bytes_in_last_block(gzip, 1) == ARCHIVE_OK);
	must(archive_write_open_memory(gzip, packed, sizeof(packed), &bytes) ==
	    ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	must(archive_write_header(gzip, entry) == ARCHIVE_OK);
	must(archive_write_data(gzip, begin, strlen(begin)) > 0);
	for (size_t i = 0; i < HUGE_BYTES / sizeof(block); i++)
		must(archive_write_data(gzip, block, sizeof(block)) > 0);
	must(archive_write_data(gzip, "\"}", 2) == 2);
	must(archive_write_close(gzip) == ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(gzip);
	sandbox_reply_text(reply, 200, "application/json", "");
	buf_add(&reply->body, packed, bytes);
	sandbox_reply_header(reply, "Content-Encoding", "gzip");
}

static void
reply_deep(struct sandbox_reply *reply)
{
	sandbox_reply_text(reply, 200, "application/json", "");
	fill(&reply->body, '[', DEEP_LEVELS);
	fill(&reply->body, ']', DEEP_LEVELS);
}

/* The object goes on behind what no object may begin with. */
static void
begin_oddly(const struct sandbox_fault *fault, struct sandbox_reply *reply)
{
	struct buf body = {0};

	if (reply->body.bytes < 3 || reply->body.at[0] != '{')
		return;
	buf_add_cstr(&body, fault->body);
	buf_add(&body, reply->body.at + 1, reply->body.bytes - 1);
	buf_fini(&reply->body);
	reply->body = body;
}

/* Where the first member of either name has a value that begins with such a
 * byte, or with a quote and then such a byte; NULL: there is none. */
static const char *
find_value(const char *text, const char *const names[2], const char *bytes)
{
	for (size_t i = 0; i < 2; i++)
		for (const char *at = strstr(text, names[i]); at != NULL;
		     at = strstr(at, names[i])) {
			at += strlen(names[i]);
			at += *at == '"';
			if (*at != '\0' && strchr(bytes, *at) != NULL)
				return at;
		}
	return NULL;
}

/* Another digit before the first amount. */
static void
alter_amount(struct sandbox_reply *reply)
{
	static const char *const names[] = {"\"Amount\":", "\"amount\":"};
	const char *text = buf_cstr(&reply->body);
	const char *at = find_value(text, names, "0123456789");
	struct buf body = {0};

	if (at == NULL)
		return;
	buf_add(&body, text, (size_t)(at - text));
	buf_add_char(&body, '9');
	buf_add_cstr(&body, at);
	buf_fini(&reply->body);
	reply->body = body;
}

/* EUR becomes QUR, eur qur. */
static void
alter_currency(struct sandbox_reply *reply)
{
	static const char *const names[] = {
	    "\"Currency\":", "\"currency\":"};
	const char *text = buf_cstr(&reply->body);
	const char *upper = find_value(text, names,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	const char *at = upper != NULL
	    ? upper
	    : find_value(text, names, "abcdefghijklmnopqrstuvwxyz");

	if (at != NULL)
		reply->body.at[at - text] = upper != NULL ? 'Q' : 'q';
}

/* RFC 9110, section 6.6.1. */
static void
set_wrong_date(struct sandbox_reply *reply)
{
	time_t at = (time_t)(sandbox_now_ms() / 1000) - CLOCK_OFF_S;
	struct tm parts;
	char date[40];

	must(gmtime_r(&at, &parts) != NULL);
	must(strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT",
		 &parts) > 0);
	sandbox_reply_header(reply, "Date", date);
}

/* Puts what the fault shows in place of what the handler said. */
void
sandbox_spoil(const struct sandbox_request *request,
    const struct sandbox_fault *fault, struct sandbox_reply *reply)
{
	switch (fault->shape) {
	case SANDBOX_FAULT_STATUS:
		reply_status(fault, reply);
		return;
	case SANDBOX_FAULT_HTML:
		reply_page(reply, 200);
		return;
	case SANDBOX_FAULT_ERROR_INSIDE:
		reply_error_inside(request, fault, reply);
		return;
	case SANDBOX_FAULT_EMPTY:
		sandbox_reply_text(
		    reply, fault->status, "application/json", "");
		return;
	case SANDBOX_FAULT_HUGE:
		reply_huge(reply);
		return;
	case SANDBOX_FAULT_BOMB:
		reply_bomb(reply);
		return;
	case SANDBOX_FAULT_DEEP:
		reply_deep(reply);
		return;
	case SANDBOX_FAULT_ODD:
		begin_oddly(fault, reply);
		return;
	case SANDBOX_FAULT_ALTERED:
		alter_amount(reply);
		return;
	case SANDBOX_FAULT_CURRENCY:
		alter_currency(reply);
		return;
	case SANDBOX_FAULT_CLOCK:
		set_wrong_date(reply);
		return;
	case SANDBOX_FAULT_NONE:
	case SANDBOX_FAULT_TIMEOUT:
	case SANDBOX_FAULT_DELAY:
	case SANDBOX_FAULT_RESET:
	case SANDBOX_FAULT_DRIP:
	case SANDBOX_FAULT_TRUNCATED:
	case SANDBOX_FAULT_SHORT:
	case SANDBOX_FAULT_CHUNKED:
	case SANDBOX_FAULT_INTERIM:
	case SANDBOX_FAULT_FLOOD:
	case SANDBOX_FAULT_LATE:
	case SANDBOX_FAULT_STALE:
	case SANDBOX_FAULT_ENDLESS:
		return;
	}
	unreachable("every shape is named");
}
