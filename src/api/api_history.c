/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_history.c: an instance's records, and the journal's, as they were
 * sealed.
 *
 * Each item is the record's canonical text with its hash added at the end:
 * take `hash` out again and the rest are the bytes that were hashed.
 */
#include "api_priv.h"

#include <stdio.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define PAGE_BYTES_MAX (8u * 1024 * 1024)

struct history {
	struct api_page page;
	uint64_t last;
	bool more;
	bool is_damaged;
};

static bool
record_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct history *history = arg;
	struct str text = record->canonical;
	char hex[DIGEST_HEX_BYTES];
	struct buf *out;

	(void)instance;
	if (!str_has_suffix(text, STR("}"))) {
		history->is_damaged = true;
		return false;
	}
	if (history->page.count == history->page.limit ||
	    history->page.out.bytes > PAGE_BYTES_MAX) {
		history->more = true;
		return false;
	}
	out = api_page_item(&history->page);
	buf_add(out, text.at, text.bytes - 1);
	buf_addf(
	    out, ",\"hash\":\"%.*s\"}", STR_ARG(digest_hex(record->hash, hex)));
	history->last = record->seq;
	return true;
}

static enum store_error
refuse_purged(struct api_call *call, const struct store_instance *row)
{
	char text[CLOCK_TEXT_BYTES];

	api_problem_reply(call, PROBLEM_PURGED,
	    "The history was purged on %.*s, since its workflow's `retention` "
	    "was over.  The instance's `certificate` is the seq of the "
	    "journal's record that proves it.",
	    STR_ARG(clock_format(row->changed_ms, text)));
	return STORE_ABSENT;
}

/* An instance that is there has at least one record. */
static bool
exists(struct api_call *call, uint64_t number)
{
	struct store_instance row;
	enum store_error error = store_find_instance(
	    engine_store(call->api->options.engine), call->arena, number, &row);

	if (error == STORE_ABSENT)
		api_problem_reply(call, PROBLEM_UNKNOWN_INSTANCE,
		    "No instance has the identifier %.*s.",
		    STR_ARG(call->params[0]));
	else if (error != STORE_OK)
		api_problem_store(call, error);
	else if (str_equal(row.status, STR(STORE_PURGED)))
		error = refuse_purged(call, &row);
	return error == STORE_OK;
}

/* A page of the records after that one. */
static void
send_records(
    struct api_call *call, uint64_t number, uint64_t after, size_t limit)
{
	struct history history = {0};
	char next[24];

	api_page_begin(&history.page, call, limit);
	enum store_error error =
	    store_each_record(engine_store(call->api->options.engine), number,
		after + 1, record_cb, &history);
	if (error == STORE_OK && history.is_damaged)
		error = STORE_CORRUPT;
	if (error != STORE_OK) {
		buf_fini(&history.page.out);
		api_problem_store(call, error);
		return;
	}
	snprintf(next, sizeof(next), "%llu", (unsigned long long)history.last);
	api_page_end(&history.page, "after",
	    history.more ? str_of(next) : (struct str){NULL, 0});
}

static size_t
read_limit(struct api_call *call)
{
	return (size_t)api_query_int(
	    call, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
}

void
api_history_get(struct api_call *call)
{
	size_t limit = read_limit(call);
	uint64_t after =
	    (uint64_t)api_query_int(call, "after", 0, INT64_MAX - 1, 0);
	uint64_t number;

	if (api_query_is_sound(call) &&
	    api_instance_find(call, call->params[0], &number) &&
	    exists(call, number))
		send_records(call, number, after, limit);
}

/* ---- the journal ---- */

/* Where the last `count` records begin. */
static enum store_error
find_tail(struct api_call *call, uint64_t count, uint64_t *after)
{
	struct audit_head head;
	enum store_error error = store_find_journal(
	    engine_store(call->api->options.engine), &head);

	*after = head.seq > count ? head.seq - count : 0;
	return error;
}

void
api_history_journal(struct api_call *call)
{
	size_t limit = read_limit(call);
	uint64_t after =
	    (uint64_t)api_query_int(call, "after", 0, INT64_MAX - 1, 0);
	uint64_t tail =
	    (uint64_t)api_query_int(call, "tail", 1, LIMIT_MAX, 0);
	enum store_error error = STORE_OK;

	if (tail != 0 && api_query_text(call, "after").at != NULL)
		api_query_fault(call, "tail", "goes without `after`");
	if (!api_query_is_sound(call) || !api_auth_is_unlimited(call))
		return;
	if (tail != 0)
		error = find_tail(call, tail, &after);
	if (error == STORE_OK)
		send_records(call, STORE_JOURNAL, after, tail ? tail : limit);
	else
		api_problem_store(call, error);
}
