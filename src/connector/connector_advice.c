/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_advice.c: how much more an endpoint will take, by its own words.
 *
 *     Retry-After: 120
 *     RateLimit: "default";r=50;t=30
 *     RateLimit-Policy: "burst";q=100;w=60,"daily";q=1000;w=86400
 *     RateLimit: limit=100, remaining=50, reset=30
 *     RateLimit-Remaining: 50, RateLimit-Reset: 30
 *     X-RateLimit-Remaining: 0, X-RateLimit-Reset: 1795424430
 *     X-HubSpot-RateLimit-Max: 100, -Remaining: 5,
 *         -Interval-Milliseconds: 10000
 *
 * The second and third are of draft-ietf-httpapi-ratelimit-headers, the fourth
 * of its earlier versions; the rest is custom.  A reset is a distance in
 * seconds, or where it is too large for one, an instant.  Of several quotas
 * the one with the least left counts, of several policies the one of the
 * shortest stretch: what concerns the longer ones is told when they run out.
 *
 * This is read from every answer, so what most answers consist of is passed
 * over by its first letter.
 */
#include "connector_priv.h"

/* In seconds this is 31 years; in milliseconds, of the epoch, as much as the
 * second is in seconds. */
#define LEAST_EPOCH_S INT64_C(1000000000)
#define LEAST_EPOCH_MS INT64_C(1000000000000)
#define NUMBER_MAX INT64_C(1000000000000000)
#define DISTANCE_S_MAX (INT64_C(10) * 366 * 86400)

enum told {
	TOLD_RETRY,
	TOLD_QUOTA,
	TOLD_POLICY,
	TOLD_REMAINING,
	TOLD_RESET,
	TOLD_LIMIT,
	TOLD_INTERVAL_MS,
};
static const struct {
	struct str name;
	enum told told;
} fields[] = {
    {STR_INIT("retry-after"), TOLD_RETRY},
    {STR_INIT("ratelimit"), TOLD_QUOTA},
    {STR_INIT("ratelimit-policy"), TOLD_POLICY},
    {STR_INIT("ratelimit-remaining"), TOLD_REMAINING},
    {STR_INIT("ratelimit-reset"), TOLD_RESET},
    {STR_INIT("x-ratelimit-remaining"), TOLD_REMAINING},
    {STR_INIT("x-ratelimit-reset"), TOLD_RESET},
    {STR_INIT("x-rate-limit-remaining"), TOLD_REMAINING},
    {STR_INIT("x-rate-limit-reset"), TOLD_RESET},
    {STR_INIT("x-hubspot-ratelimit-remaining"), TOLD_REMAINING},
    {STR_INIT("x-hubspot-ratelimit-max"), TOLD_LIMIT},
    {STR_INIT("x-hubspot-ratelimit-interval-milliseconds"), TOLD_INTERVAL_MS},
};

struct reader {
	const struct message_response *response;
	int64_t now_ms;
	struct throttle_advice advice;
	/* -1: not told */
	int64_t remaining;
	int64_t reset_ms;
	int64_t limit;
	int64_t interval_ms;
};

static bool
parse_number(struct str text, int64_t *number)
{
	return str_parse_int(str_trim(text), 0, NUMBER_MAX, number);
}

static struct str
header(const struct reader *reader, struct str name)
{
	return message_find_header(
	    reader->response->headers, reader->response->header_count, name);
}

/* An instant is measured against the answer's own clock. */
static int64_t
distance_ms(const struct reader *reader, int64_t reset)
{
	int64_t until_ms, from_ms = reader->now_ms, ago_ms;

	if (reset < LEAST_EPOCH_S)
		return (reset < DISTANCE_S_MAX ? reset : DISTANCE_S_MAX) * 1000;
	until_ms = reset < LEAST_EPOCH_MS ? reset * 1000 : reset;
	/* Measured from the beginning of time, a date is its instant. */
	if (retry_after_parse(header(reader, STR("date")),
		(struct str){NULL, 0}, 0, &ago_ms) &&
	    ago_ms > 0)
		from_ms = ago_ms;
	return until_ms > from_ms ? until_ms - from_ms : 0;
}

/* ---- structured fields, as far as these use them (RFC 8941) ---- */

/* Cuts off what comes before the separator, which may stand in quotes. */
static struct str
cut(struct str *rest, char separator)
{
	bool is_quoted = false;
	struct str all = *rest;

	for (size_t i = 0; i < all.bytes; i++) {
		char c = all.at[i];

		if (is_quoted && c == '\\')
			i++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (c == separator && !is_quoted) {
			*rest = str_slice(all, i + 1, all.bytes - i - 1);
			return str_trim(str_slice(all, 0, i));
		}
	}
	*rest = (struct str){NULL, 0};
	return str_trim(all);
}

struct item {
	int64_t quota; /* -1: not told; so all */
	int64_t window_s;
	int64_t remaining;
	int64_t reset_s;
	bool is_foreign; /* counts something else than requests */
};

static void
read_parameter(struct item *item, struct str text)
{
	struct str value = {0};
	struct str name = str_trim(str_split(text, '=', &value));
	int64_t number = -1;

	value = str_trim(value);
	if (value.at == NULL) { /* the item itself: of a policy, the quota */
		if (parse_number(name, &number))
			item->quota = number;
		return;
	}
	if (str_equal(name, STR("qu")))
		item->is_foreign = !str_equal(value, STR("\"requests\""));
	if (!parse_number(value, &number))
		return;
	if (str_equal(name, STR("q")) || str_equal(name, STR("limit")))
		item->quota = number;
	else if (str_equal(name, STR("w")))
		item->window_s = number;
	else if (str_equal(name, STR("r")) ||
		 str_equal(name, STR("remaining")))
		item->remaining = number;
	else if (str_equal(name, STR("t")) || str_equal(name, STR("reset")))
		item->reset_s = number;
}

static void
read_parameters(struct item *item, struct str text)
{
	while (text.at != NULL)
		read_parameter(item, cut(&text, ';'));
}

static struct item
no_item(void)
{
	return (struct item){
	    .quota = -1, .window_s = -1, .remaining = -1, .reset_s = -1};
}

static void
take_quota(struct reader *reader, const struct item *item)
{
	if (item->is_foreign || item->remaining < 0 || item->reset_s < 0 ||
	    (reader->remaining >= 0 && reader->remaining <= item->remaining))
		return;
	reader->remaining = item->remaining;
	reader->reset_ms = distance_ms(reader, item->reset_s);
}

/* `limit=…, remaining=…, reset=…` is one item in three members. */
static void
read_quota(struct reader *reader, struct str text)
{
	struct item whole = no_item();

	while (text.at != NULL) {
		struct str member = cut(&text, ',');
		struct item item = no_item();

		read_parameters(&item, member);
		if (item.remaining >= 0 && item.reset_s >= 0)
			take_quota(reader, &item);
		else
			read_parameter(&whole, member);
	}
	take_quota(reader, &whole);
}

static void
take_policy(struct reader *reader, int64_t count, int64_t window_ms)
{
	struct throttle_advice *advice = &reader->advice;

	if (count <= 0 || window_ms <= 0 ||
	    (advice->policy_ms != 0 && advice->policy_ms <= window_ms))
		return;
	advice->policy_count = count;
	advice->policy_ms = window_ms;
}

static void
read_policy(struct reader *reader, struct str text)
{
	while (text.at != NULL) {
		struct item item = no_item();

		read_parameters(&item, cut(&text, ','));
		if (!item.is_foreign && item.window_s > 0 &&
		    item.window_s < DISTANCE_S_MAX)
			take_policy(
			    reader, item.quota, item.window_s * 1000);
	}
}

/* ---- the answer ---- */

/* Of several, the first: the one that the call itself goes by. */
static void
read_retry(struct reader *reader)
{
	if (reader->response->status >= 400)
		reader->advice.has_wait = retry_after_parse(
		    header(reader, STR("retry-after")),
		    header(reader, STR("date")), reader->now_ms,
		    &reader->advice.wait_ms);
}

/* Where there are several, the first. */
static void
read_number(int64_t *into, struct str text)
{
	struct str rest = text, first = cut(&rest, ',');
	int64_t number;

	if (*into < 0 && parse_number(cut(&first, ';'), &number))
		*into = number;
}

static void
read_field(struct reader *reader, enum told told, struct str value)
{
	int64_t reset = -1;

	switch (told) {
	case TOLD_RETRY:
		read_retry(reader);
		return;
	case TOLD_QUOTA:
		read_quota(reader, value);
		return;
	case TOLD_POLICY:
		read_policy(reader, value);
		return;
	case TOLD_REMAINING:
		read_number(&reader->remaining, value);
		return;
	case TOLD_RESET:
		read_number(&reset, value);
		if (reset >= 0 && reader->reset_ms < 0)
			reader->reset_ms = distance_ms(reader, reset);
		return;
	case TOLD_LIMIT:
		read_number(&reader->limit, value);
		return;
	case TOLD_INTERVAL_MS:
		read_number(&reader->interval_ms, value);
		return;
	}
	unreachable("every field is listed");
}

static void
read_header(struct reader *reader, const struct message_header *header_read)
{
	struct str name = header_read->name;
	char first = name.bytes == 0 ? '\0' : (char)(name.at[0] | 0x20);

	if ((first != 'r' && first != 'x') || name.bytes < 9)
		return;
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (message_name_equal(name, fields[i].name)) {
			read_field(reader, fields[i].told, header_read->value);
			return;
		}
}

/* Retry-After wins over the time that is told with the quota. */
static int64_t
quota_ms(const struct reader *reader)
{
	const struct throttle_advice *advice = &reader->advice;

	if (!advice->has_wait)
		return reader->reset_ms;
	return advice->wait_ms < THROTTLE_WAIT_MS_MAX ? advice->wait_ms
						      : THROTTLE_WAIT_MS_MAX;
}

/* Who turns us away without a time of its own means the quota's. */
static void
settle(struct reader *reader)
{
	struct throttle_advice *advice = &reader->advice;

	if (reader->interval_ms > 0) {
		take_policy(reader, reader->limit, reader->interval_ms);
		if (reader->reset_ms < 0)
			reader->reset_ms = reader->interval_ms;
	}
	if (reader->remaining < 0 || reader->reset_ms <= 0)
		return;
	advice->has_quota = true;
	advice->quota = reader->remaining;
	advice->quota_ms = quota_ms(reader);
	if (reader->response->status == 429 && !advice->has_wait &&
	    advice->quota == 0) {
		advice->has_wait = true;
		advice->wait_ms = advice->quota_ms;
	}
}

struct throttle_advice
connector_advise(const struct message_response *response, int64_t now_ms)
{
	struct reader reader = {
	    .response = response,
	    .now_ms = now_ms,
	    .remaining = -1,
	    .reset_ms = -1,
	    .limit = -1,
	    .interval_ms = -1,
	};

	for (size_t i = 0; i < response->header_count; i++)
		read_header(&reader, &response->headers[i]);
	settle(&reader);
	return reader.advice;
}

/* ---- health ---- */

/* It answers, and what stands in the way is about this call alone: a token, a
 * record that somebody else has just now, the order of things. */
static bool
is_about_the_call(const struct outcome *outcome)
{
	static const int statuses[] = {401, 409, 423, 425};
	static const struct str codes[] = {
	    STR_INIT("odoo.concurrency"), STR_INIT("odoo.locked")};

	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (outcome->status == statuses[i])
			return true;
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (str_equal(outcome->code, codes[i]))
			return true;
	return false;
}

enum throttle_result
connector_health(const struct outcome *outcome,
    const struct message_response *response,
    const struct throttle_advice *advice)
{
	bool is_failed = outcome->kind == OUTCOME_UNKNOWN ||
			 (outcome->kind == OUTCOME_NOT_DONE &&
			     outcome->transient);

	if (response->failure == MESSAGE_TOO_LARGE)
		return THROTTLE_WELL;
	if (response->failure != MESSAGE_OK)
		return THROTTLE_ILL;
	if (response->status == 429 || advice->has_wait)
		return THROTTLE_REFUSED;
	if (!is_failed || is_about_the_call(outcome))
		return THROTTLE_WELL;
	return THROTTLE_ILL;
}
