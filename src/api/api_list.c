/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_list.c: pages of a list, and the list of instances.
 *
 * A page is {"items": […], "next": cursor or null}; the next one's address
 * stands in a Link header as well (RFC 8288).  The store looks at a bounded
 * number of rows for a page: one that has few items, or none, may have a next
 * one all the same.  Rows that the caller may not see take no place on a page.
 */
#include "api_priv.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define LOOKED_MAX 20000

void
api_page_begin(struct api_page *page, struct api_call *call, size_t limit)
{
	*page = (struct api_page){.call = call, .limit = limit};
	buf_add_cstr(&page->out, "{\"items\":[");
}

struct buf *
api_page_item(struct api_page *page)
{
	if (page->count++ > 0)
		buf_add_char(&page->out, ',');
	return &page->out;
}

static void
put_link(struct api_page *page, const char *parameter, struct str next)
{
	struct api_call *call = page->call;
	struct buf link = {0};

	buf_addf(&link, "<%.*s?", STR_ARG(call->path));
	for (size_t i = 0; i < call->query_count; i++) {
		if (str_equal(call->query[i].name, str_of(parameter)))
			continue;
		message_encode(call->query[i].name, &link);
		buf_add_char(&link, '=');
		message_encode(call->query[i].value, &link);
		buf_add_char(&link, '&');
	}
	buf_addf(&link, "%s=", parameter);
	message_encode(next, &link);
	buf_add_cstr(&link, ">; rel=\"next\"");
	api_reply_header(call, "Link", buf_str(&link));
	buf_fini(&link);
}

void
api_page_end(struct api_page *page, const char *parameter, struct str next)
{
	buf_add_cstr(&page->out, "],\"next\":");
	if (next.at == NULL) {
		buf_add_cstr(&page->out, "null");
	} else {
		buf_add_json_string(&page->out, next);
		put_link(page, parameter, next);
	}
	buf_add_cstr(&page->out, "}\n");
	api_reply_bytes(
	    page->call, 200, "application/json", buf_str(&page->out));
	buf_fini(&page->out);
}

/* ---- instances ---- */

static const struct value *
row_value(struct api_call *call, const struct store_instance *row)
{
	struct value_builder *built = value_build_context(call->arena);
	char id[CHART_ID_BYTES];

	value_put_str(built, "id",
	    engine_id_format(call->api->options.engine, row->number, id));
	value_put_str(built, "workflow", row->workflow);
	value_put_int(built, "version", row->version);
	value_put_str(built, "business_key", row->business_key);
	value_put_str(built, "status", row->status);
	value_put_str(built, "state", row->state);
	value_put_str(built, "priority", row->priority);
	value_put_str(built, "initiator", row->initiator);
	value_put(built, STR("labels"), api_reply_stored(call, row->labels));
	api_reply_instant(built, "started_at", row->started_ms);
	api_reply_instant(built, "changed_at", row->changed_ms);
	api_reply_instant(built, "ended_at", row->ended_ms);
	api_reply_instant(built, "due_at", row->due_ms);
	value_put_int(built, "open_incidents", row->incidents);
	return value_built(built);
}

struct rows {
	struct api_page page;
	uint64_t last; /* on the page */
	bool more;
};

static bool
row_cb(const struct store_instance *row, void *arg)
{
	struct rows *rows = arg;
	struct api_call *call = rows->page.call;

	if (!api_auth_reaches_row(call, row))
		return true;
	if (rows->page.count == rows->page.limit) {
		rows->more = true;
		return false;
	}
	rows->last = row->number;
	json_write(row_value(call, row), JSON_PLAIN,
	    api_page_item(&rows->page));
	return true;
}

static struct str
label_of(struct api_call *call, struct str *label)
{
	struct str entity = api_query_text(call, "entity");
	struct str prefix = STR("label.");

	*label = (struct str){NULL, 0};
	if (entity.at != NULL)
		*label = STR("entity");
	for (size_t i = 0; i < call->query_count; i++) {
		struct str name = call->query[i].name;

		if (!str_has_prefix(name, prefix))
			continue;
		if (label->at != NULL)
			api_query_fault(call, name.at,
			    "only one label can be asked for at a time");
		*label = str_slice(name, prefix.bytes, name.bytes);
		entity = call->query[i].value;
	}
	return entity;
}

static bool
read_order(struct api_call *call)
{
	struct str order = api_query_text(call, "order");

	if (order.at != NULL && !str_equal(order, STR("newest")) &&
	    !str_equal(order, STR("oldest")))
		api_query_fault(call, "order", "must be newest or oldest");
	return !str_equal(order, STR("oldest"));
}

static struct store_instance_filter
read_filter(struct api_call *call)
{
	struct str cursor = api_query_text(call, "cursor");
	struct store_instance_filter filter = {
	    .workflow = api_query_text(call, "workflow"),
	    .status = api_query_status(call),
	    .state = api_query_text(call, "state"),
	    .business_key = api_query_text(call, "business_key"),
	    .has_incident = api_query_flag(call, "has_incident"),
	    .limit = (size_t)api_query_int(
		call, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT),
	    .newest_first = read_order(call),
	    .looked_max = LOOKED_MAX,
	};

	api_query_period(
	    call, 0, &filter.started_from_ms, &filter.started_to_ms);
	filter.label_value = label_of(call, &filter.label);
	if (cursor.at != NULL &&
	    !engine_id_parse(call->api->options.engine, cursor, &filter.after))
		api_query_fault(call, "cursor",
		    "must be what `next` of the page before it said");
	return filter;
}

void
api_list_instances(struct api_call *call)
{
	struct engine *engine = call->api->options.engine;
	struct store_instance_filter filter = read_filter(call);
	struct rows rows = {0};
	uint64_t resume_after = 0;
	enum store_error error;
	struct str next = {NULL, 0};
	char id[CHART_ID_BYTES];

	if (!api_query_is_sound(call))
		return;
	api_page_begin(&rows.page, call, filter.limit);
	/* One more tells whether there is a next page. */
	filter.limit = api_auth_is_limited(call) ? SIZE_MAX : filter.limit + 1;
	filter.resume_after = &resume_after;
	error =
	    store_list_instances(engine_store(engine), &filter, row_cb, &rows);
	if (error != STORE_OK) {
		buf_fini(&rows.page.out);
		api_problem_store(call, error);
		return;
	}
	/* Which rows were looked at in vain is not for those to know who may
	 * not see all of them. */
	if (rows.more || (resume_after != 0 && api_auth_is_limited(call) &&
			     rows.page.count > 0))
		resume_after = rows.last;
	if (resume_after != 0)
		next = engine_id_format(engine, resume_after, id);
	api_page_end(&rows.page, "cursor", next);
}
