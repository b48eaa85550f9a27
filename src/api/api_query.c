/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_query.c: what is asked for in the URL.
 *
 * A parameter that the route does not know is an error: a filter that is
 * misspelt and silently ignored would show everything.
 */
#include "api_priv.h"

#include "stated/definition.h"

#include <event2/http.h>

#define DAY_BYTES 10 /* 2026-11-22 */
#define NAMES_MAX 32
#define PAIRS_MAX 64

bool
api_query_decode(
    struct arena *arena, struct str text, bool plus, struct str *out)
{
	char *at = arena_alloc(arena, text.bytes + 1);
	size_t bytes = 0;

	for (size_t i = 0; i < text.bytes; i++) {
		int byte;

		if (text.at[i] != '%') {
			at[bytes++] =
			    plus && text.at[i] == '+' ? ' ' : text.at[i];
			continue;
		}
		byte = str_hex_byte(text, i + 1);
		if (byte < 0)
			return false;
		at[bytes++] = (char)byte;
		i += 2;
	}
	*out = (struct str){at, bytes};
	return str_is_utf8(*out);
}

/* ---- faults ---- */

void
api_query_fault(struct api_call *call, const char *name, const char *message)
{
	api_body_fault(call, str_of(name), "parameter", message);
}

bool
api_query_is_sound(struct api_call *call)
{
	struct arena *arena = call->arena;
	struct value_builder *list = value_build_list(arena);
	struct value_builder *more = value_build_context(arena);

	if (call->faults.count == 0)
		return true;
	for (size_t i = 0; i < call->faults.count; i++) {
		struct value_builder *one = value_build_context(arena);

		value_put_str(one, "parameter", call->faults.items[i].pointer);
		value_put_str(one, "message", call->faults.items[i].message);
		value_append(list, value_built(one));
	}
	value_put(more, STR("errors"), value_built(list));
	api_problem_with(call, PROBLEM_BAD_PARAMETER,
	    arena_strf(arena, "%.*s: %.*s",
		STR_ARG(call->faults.items[0].pointer),
		STR_ARG(call->faults.items[0].message)),
	    value_built(more));
	return false;
}

/* ---- reading ---- */

static bool
takes(const struct api_parameter *parameter, struct str name)
{
	struct str mine = str_of(parameter->name);

	return str_equal(mine, name) ||
	       (str_has_suffix(mine, STR(".")) && str_has_prefix(name, mine) &&
		   name.bytes > mine.bytes);
}

bool
api_query_takes(const struct api_call *call, const char *name)
{
	const struct api_parameter *known = call->route->parameters;

	for (; known != NULL && known->name != NULL; known++)
		if (takes(known, str_of(name)))
			return true;
	return false;
}

static void
check_name(struct api_call *call, struct str name)
{
	const struct api_parameter *known = call->route->parameters;
	struct str names[NAMES_MAX];
	size_t count = 0;
	struct str nearest;

	for (; known != NULL && known->name != NULL; known++) {
		if (takes(known, name))
			return;
		must(count < NAMES_MAX);
		names[count++] = str_of(known->name);
	}
	nearest = str_nearest(name, names, count);
	name = arena_str(call->arena, name);
	api_query_fault(call, name.at,
	    nearest.at == NULL
		? "there is no such parameter here"
		: arena_strf(call->arena,
		      "there is no such parameter; did you mean %.*s?",
		      STR_ARG(nearest))
		      .at);
}

static bool
read_pair(struct api_call *call, struct str text)
{
	struct api_pair *pair = &call->query[call->query_count];
	struct str value;
	struct str name = str_split(text, '=', &value);

	if (text.bytes == 0)
		return true;
	if (value.at == NULL)
		value = STR("");
	if (call->query_count == PAIRS_MAX ||
	    !api_query_decode(call->arena, name, true, &pair->name) ||
	    !api_query_decode(call->arena, value, true, &pair->value))
		return false;
	check_name(call, pair->name);
	if (api_query_text(call, pair->name.at).at != NULL)
		api_query_fault(call, pair->name.at, "is given twice");
	call->query_count++;
	return true;
}

/* At the most; room for what is too many is not needed. */
static size_t
count_pairs(struct str query)
{
	size_t count = 1;

	for (size_t i = 0; i < query.bytes && count < PAIRS_MAX; i++)
		count += query.at[i] == '&';
	return count;
}

bool
api_query_parse(struct api_call *call)
{
	struct str rest = str_of(
	    evhttp_uri_get_query(evhttp_request_get_evhttp_uri(call->request)));

	call->query = ARENA_ARRAY(
	    call->arena, count_pairs(rest), struct api_pair);
	while (rest.at != NULL) {
		struct str text = str_split(rest, '&', &rest);

		if (read_pair(call, text))
			continue;
		api_problem_reply(call, PROBLEM_BAD_PARAMETER,
		    "The query must be at most %d name=value pairs, "
		    "percent-encoded UTF-8, parted by `&`.",
		    PAIRS_MAX);
		return false;
	}
	return api_query_is_sound(call);
}

struct str
api_query_text(const struct api_call *call, const char *name)
{
	for (size_t i = 0; i < call->query_count; i++)
		if (str_equal(call->query[i].name, str_of(name)))
			return call->query[i].value;
	return (struct str){NULL, 0};
}

int64_t
api_query_int(struct api_call *call, const char *name, int64_t min, int64_t max,
    int64_t absent)
{
	struct str text = api_query_text(call, name);
	int64_t n = absent;

	if (text.at != NULL && !str_parse_int(text, min, max, &n))
		api_query_fault(call, name,
		    arena_strf(call->arena,
			"must be a whole number from %lld to %lld",
			(long long)min, (long long)max)
			.at);
	return n;
}

int64_t
api_query_instant(struct api_call *call, const char *name)
{
	struct str text = api_query_text(call, name);
	int64_t instant_ms = 1;

	if (text.at == NULL)
		return 0;
	if (text.bytes == DAY_BYTES)
		text = arena_strf(call->arena, "%.*sT00:00:00Z", STR_ARG(text));
	if (!clock_parse(text, &instant_ms))
		api_query_fault(call, name,
		    "must be a day (2026-11-22, UTC) or an instant "
		    "(2026-11-22T09:30:00Z)");
	/* 0 means that none is given, and nothing was there before. */
	return instant_ms > 0 ? instant_ms : 1;
}

void
api_query_period(struct api_call *call, int64_t to_absent_ms,
    int64_t *from_ms, int64_t *to_ms)
{
	size_t faults = call->faults.count;

	*from_ms = api_query_instant(call, "from");
	*to_ms = api_query_instant(call, "to");
	if (*to_ms == 0)
		*to_ms = to_absent_ms;
	if (call->faults.count == faults && *to_ms != 0 && *from_ms > *to_ms)
		api_query_fault(call, "from", "must not be after `to`");
}

bool
api_status_is_known(struct str text)
{
	for (enum chart_status status = CHART_RUNNING; status <= CHART_FAULTED;
	     status++)
		if (str_equal(chart_status_name(status), text))
			return true;
	return str_equal(text, STR(STORE_PURGED));
}

struct str
api_query_status(struct api_call *call)
{
	struct str text = api_query_text(call, "status");

	if (text.at != NULL && !api_status_is_known(text))
		api_query_fault(call, "status",
		    "must be " API_STATUSES);
	return text;
}

int
api_query_flag(struct api_call *call, const char *name)
{
	struct str text = api_query_text(call, name);

	if (text.at == NULL)
		return -1;
	if (str_equal(text, STR("true")) || str_equal(text, STR("1")))
		return 1;
	if (!str_equal(text, STR("false")) && !str_equal(text, STR("0")))
		api_query_fault(call, name, "must be true or false");
	return 0;
}

int64_t
api_query_span(struct api_call *call, const char *name, int64_t max_ms)
{
	struct str text = api_query_text(call, name);
	struct def_span span;

	if (text.at == NULL)
		return 0;
	if (!def_span_parse(text, &span) || span.kind != SPAN_FIXED) {
		api_query_fault(call, name, "must be a time such as 30s or 2m");
		return 0;
	}
	return span.fixed_ms < max_ms ? span.fixed_ms : max_ms;
}
