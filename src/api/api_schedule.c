/* SPDX-License-Identifier: Apache-2.0 */
/* api_schedule.c: which instances time will start, and has started. */
#include "api_priv.h"

static struct str
overlap_name(enum def_overlap overlap)
{
	static const struct str names[] = {
	    [OVERLAP_SKIP] = STR_INIT("skip"),
	    [OVERLAP_QUEUE] = STR_INIT("queue"),
	    [OVERLAP_ALLOW] = STR_INIT("allow"),
	};

	return names[overlap];
}

static struct str
catch_up_name(enum def_catch_up catch_up)
{
	static const struct str names[] = {
	    [CATCH_UP_LAST] = STR_INIT("last"),
	    [CATCH_UP_ALL] = STR_INIT("all"),
	    [CATCH_UP_NONE] = STR_INIT("none"),
	};

	return names[catch_up];
}

/* What the definition says. */
static void
put_rule(struct value_builder *built, const struct engine_schedule *schedule)
{
	const struct def_schedule *def = schedule->schedule;

	value_put_str(built, "workflow", schedule->definition->name);
	value_put_int(built, "version", schedule->definition->version);
	value_put_int(built, "position", schedule->position + 1);
	value_put_str(built, "cron", def->text);
	value_put_str(built, "timezone", def->timezone);
	value_put_str(built, "calendar",
	    def->calendar ? def->calendar->name : (struct str){NULL, 0});
	value_put_str(built, "overlap", overlap_name(def->overlap));
	value_put_str(built, "catch_up", catch_up_name(def->catch_up));
}

static void
schedule_cb(const struct engine_schedule *schedule, void *arg)
{
	struct api_page *page = arg;
	struct api_call *call = page->call;
	struct value_builder *built = value_build_context(call->arena);
	char id[CHART_ID_BYTES];
	bool shows = false;

	if (!api_auth_reaches(call, schedule->definition->name))
		return;
	if (schedule->instance != 0 &&
	    api_auth_reaches_number(call, schedule->instance, &shows) !=
		STORE_OK)
		shows = false;
	put_rule(built, schedule);
	api_reply_instant(built, "next_at", schedule->next_ms);
	api_reply_instant(built, "last_at", schedule->planned_ms);
	value_put_str(built, "last_instance",
	    shows ? engine_id_format(call->api->options.engine,
				     schedule->instance, id)
			       : (struct str){NULL, 0});
	value_put_int(built, "queued", (int64_t)schedule->queued);
	value_put_str(built, "trouble",
	    schedule->trouble.bytes ? schedule->trouble
				    : (struct str){NULL, 0});
	json_write(value_built(built), JSON_PLAIN, api_page_item(page));
}

void
api_schedule_list(struct api_call *call)
{
	struct api_page page;

	api_page_begin(&page, call, SIZE_MAX);
	engine_each_schedule(call->api->options.engine, schedule_cb, &page);
	api_page_end(&page, "cursor", (struct str){NULL, 0});
}
