/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_history.c: an instance's records, as they were sealed.
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
	return error == STORE_OK;
}

void
api_history_get(struct api_call *call)
{
	struct history history = {0};
	size_t limit =
	    (size_t)api_query_int(call, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	uint64_t after =
	    (uint64_t)api_query_int(call, "after", 0, INT64_MAX - 1, 0);
	enum store_error error;
	uint64_t number;
	char next[24];

	if (!api_query_is_sound(call) ||
	    !api_instance_find(call, call->params[0], &number) ||
	    !exists(call, number))
		return;
	api_page_begin(&history.page, call, limit);
	error = store_each_record(engine_store(call->api->options.engine),
	    number, after + 1, record_cb, &history);
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
