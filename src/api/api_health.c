/* SPDX-License-Identifier: Apache-2.0 */
/* api_health.c: for those who watch the process: alive, ready, metrics. */
#include "api_priv.h"

static void
reply_status(struct api_call *call, const char *status)
{
	struct value_builder *built = value_build_context(call->arena);

	value_put_str(built, "status", str_of(status));
	value_put_str(built, "version", STR(STATED_VERSION));
	api_reply_value(call, 200, value_built(built));
}

void
api_health_live(struct api_call *call)
{
	reply_status(call, "alive");
}

void
api_health_ready(struct api_call *call)
{
	struct engine_health health = engine_health(call->api->options.engine);
	struct str detail = health.detail;

	if (health.writable && health.accepting && !call->api->draining) {
		reply_status(call, "ready");
		return;
	}
	if (call->api->draining)
		detail = STR("The server stops.");
	else if (detail.bytes == 0)
		detail = health.writable ? STR("No more work can be taken now.")
					 : STR("The store can't write.");
	api_reply_header(call, "Retry-After", STR("2"));
	api_problem_with(call, PROBLEM_UNAVAILABLE, detail, NULL);
}

/* ---- metrics (OpenMetrics 1.0) ---- */

static void
put_metric(struct buf *out, const char *name, const char *type,
    const char *help, uint64_t value)
{
	buf_addf(out, "# TYPE %s %s\n# HELP %s %s\n%s%s %llu\n", name, type,
	    name, help, name, strcmp(type, "counter") == 0 ? "_total" : "",
	    (unsigned long long)value);
}

static void
put_answered(struct buf *out, const char *method, const char *pattern,
    const uint64_t *classes)
{
	for (int class = 1; class < API_STATUS_CLASSES; class ++)
		if (classes[class] > 0)
			buf_addf(out,
			    "stated_http_requests_total{method=\"%s\","
			    "route=\"%s\",status=\"%dxx\"} %llu\n",
			    method, pattern, class,
			    (unsigned long long)classes[class]);
}

/* Paths that there are none of are anybody's words, and so no label. */
static void
put_requests(const struct api *api, struct buf *out)
{
	const struct api_route *route;
	size_t count, i;

	buf_add_cstr(out, "# TYPE stated_http_requests counter\n"
			  "# HELP stated_http_requests Requests answered.\n");
	for (i = 0; (route = api_route_at(i)) != NULL; i++)
		put_answered(
		    out, route->method, route->pattern, api->answered[i]);
	count = i;
	put_answered(out, "", "none", api->answered[count]);
	for (i = 0; i < count; i++)
		put_answered(out, "other", api_route_at(i)->pattern,
		    api->answered[count + 1 + i]);
}

/* A histogram counts in each bucket those of the buckets before it, too. */
static void
put_batches(const struct engine_health *health, struct buf *out)
{
	uint64_t seen = 0;

	buf_add_cstr(out, "# TYPE stated_engine_batch_steps histogram\n"
			  "# HELP stated_engine_batch_steps Instances stepped "
			  "in a batch that was made durable.\n");
	for (unsigned i = 0; i < ENGINE_BATCH_CLASSES; i++) {
		seen += health->batches[i];
		if (i + 1 < ENGINE_BATCH_CLASSES)
			buf_addf(out,
			    "stated_engine_batch_steps_bucket{le=\"%u\"} "
			    "%llu\n",
			    1u << i, (unsigned long long)seen);
		else
			buf_addf(out,
			    "stated_engine_batch_steps_bucket{le=\"+Inf\"} "
			    "%llu\n",
			    (unsigned long long)seen);
	}
	buf_addf(out,
	    "stated_engine_batch_steps_count %llu\n"
	    "stated_engine_batch_steps_sum %llu\n",
	    (unsigned long long)health->commits,
	    (unsigned long long)health->stepped);
}

static void
put_engine(const struct engine_health *health, struct buf *out)
{
	put_metric(out, "stated_store_writable", "gauge",
	    "1 where the last commit succeeded.", health->writable);
	put_metric(out, "stated_engine_inbox", "gauge",
	    "Requests waiting for their turn.", health->inbox);
	put_metric(out, "stated_engine_instances_cached", "gauge",
	    "Instances in memory.", health->cached);
	put_metric(out, "stated_engine_calls_active", "gauge",
	    "Calls to endpoints under way.", health->calls_active);
	put_metric(out, "stated_engine_calls_queued", "gauge",
	    "Calls waiting for a place.", health->calls_queued);
	put_metric(out, "stated_engine_deadlines", "gauge",
	    "Deadlines in memory: the next ones.", health->deadlines);
	put_metric(out, "stated_engine_turns", "counter",
	    "Turns of the engine.", health->turns);
	put_metric(out, "stated_engine_commits", "counter",
	    "Batches made durable.", health->commits);
	put_metric(out, "stated_engine_steps", "counter", "Instances stepped.",
	    health->stepped);
	put_batches(health, out);
	put_metric(out, "stated_schedule_starts", "counter",
	    "Instances started by time.", health->scheduled);
	put_metric(out, "stated_schedule_failures", "counter",
	    "Starts by time that failed.", health->schedule_failures);
}

/* ---- connections ---- */

struct connections {
	struct arena *arena;
	struct engine_connection *items;
	size_t count;
	size_t capacity;
};

static void
gather_cb(const struct engine_connection *connection, void *arg)
{
	struct connections *all = arg;

	all->items = arena_grow(all->arena, all->items, all->count,
	    &all->capacity, sizeof(*all->items));
	all->items[all->count++] = *connection;
}

static void
put_heading(
    struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

/* more: further labels, with a comma before. */
static void
put_sample(struct buf *out, const char *name,
    const struct engine_connection *connection, const char *more,
    uint64_t value)
{
	buf_addf(out, "%s{connection=\"%.*s\"%s} %llu\n", name,
	    STR_ARG(connection->connection->name), more,
	    (unsigned long long)value);
}

static uint64_t
queued_of(const struct engine_connection *connection)
{
	return connection->queued;
}

static uint64_t
active_of(const struct engine_connection *connection)
{
	return (uint64_t)connection->view.active;
}

static uint64_t
places_of(const struct engine_connection *connection)
{
	return (uint64_t)connection->view.places;
}

static uint64_t
paused_of(const struct engine_connection *connection)
{
	return connection->view.is_paused;
}

static uint64_t
retries_of(const struct engine_connection *connection)
{
	return connection->repeated;
}

static uint64_t
posts_of(const struct engine_connection *connection)
{
	return connection->posts;
}

static uint64_t
post_age_of(const struct engine_connection *connection)
{
	int64_t age_ms = connection->posts_since_ms == 0
	    ? 0 : connection->now_ms - connection->posts_since_ms;

	return age_ms > 0 ? (uint64_t)age_ms / 1000 : 0;
}

static uint64_t
published_of(const struct engine_connection *connection)
{
	return connection->published;
}

static uint64_t
idle_queues_of(const struct engine_connection *connection)
{
	return connection->queues - connection->queues_consumed;
}

static uint64_t
received_of(const struct engine_connection *connection)
{
	return connection->received;
}

static uint64_t
rejected_of(const struct engine_connection *connection)
{
	return connection->rejected;
}

static const struct {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value_of)(const struct engine_connection *connection);
} connection_metrics[] = {
    {"stated_connection_calls_queued", "gauge",
	"Calls that wait for the connection.", queued_of},
    {"stated_connection_calls_active", "gauge",
	"Calls of the connection under way.", active_of},
    {"stated_connection_places", "gauge",
	"Calls that may be under way, as things stand.", places_of},
    {"stated_connection_paused", "gauge",
	"1 where an operator holds the calls.", paused_of},
    {"stated_connection_retries", "counter",
	"Calls sent that were not the first attempt.", retries_of},
    {"stated_connection_events_to_publish", "gauge",
	"Emitted events that the broker has not confirmed.", posts_of},
    {"stated_connection_events_to_publish_age_seconds", "gauge",
	"How long the oldest of these has waited.", post_age_of},
    {"stated_connection_events_published", "counter",
	"Emitted events that the broker has confirmed.", published_of},
    {"stated_connection_queues_idle", "gauge",
	"Queues that ought to be consumed and are not.", idle_queues_of},
    {"stated_connection_messages_received", "counter",
	"Messages taken from queues.", received_of},
    {"stated_connection_messages_rejected", "counter",
	"Messages of which no event could be made.", rejected_of},
};

#define METRIC_COUNT \
	(sizeof(connection_metrics) / sizeof(connection_metrics[0]))

static void
put_breakers(struct buf *out, const struct connections *all)
{
	static const char name[] = "stated_connection_breaker";

	put_heading(out, name, "gauge", "1 for the state of the breaker.");
	for (size_t i = 0; i < all->count; i++)
		for (int state = THROTTLE_CLOSED; state <= THROTTLE_HALF_OPEN;
		     state++) {
			const char *label = arena_strf(all->arena,
			    ",state=\"%s\"", throttle_state_name(
				(enum throttle_state)state)).at;

			put_sample(out, name, &all->items[i], label,
			    (int)all->items[i].view.state == state);
		}
}

static void
put_outcomes(struct buf *out, const struct connections *all)
{
	put_heading(out, "stated_connection_calls", "counter",
	    "Calls that ended, by what is known about them.");
	for (size_t i = 0; i < all->count; i++)
		for (int kind = 0; kind < ENGINE_OUTCOMES; kind++) {
			struct str name =
			    outcome_name((enum outcome_kind)kind);
			const char *label = arena_strf(all->arena,
			    ",outcome=\"%.*s\"", STR_ARG(name)).at;

			put_sample(out, "stated_connection_calls_total",
			    &all->items[i], label,
			    all->items[i].outcomes[kind]);
		}
}

static void
put_connections(struct api_call *call, struct buf *out)
{
	struct connections all = {.arena = call->arena};

	engine_each_connection(call->api->options.engine,
	    (struct str){NULL, 0}, gather_cb, &all);
	for (size_t m = 0; m < METRIC_COUNT; m++) {
		bool is_counter =
		    strcmp(connection_metrics[m].type, "counter") == 0;
		const char *name = connection_metrics[m].name;

		put_heading(out, name, connection_metrics[m].type,
		    connection_metrics[m].help);
		if (is_counter)
			name = arena_strf(call->arena, "%s_total", name).at;
		for (size_t i = 0; i < all.count; i++)
			put_sample(out, name, &all.items[i], "",
			    connection_metrics[m].value_of(&all.items[i]));
	}
	put_breakers(out, &all);
	put_outcomes(out, &all);
}

static uint64_t
expiry_of(const struct api *api)
{
	int64_t at_ms = api_tls_expires_ms(api_door_tls(api->door));

	return at_ms > 0 ? (uint64_t)at_ms / 1000 : 0;
}

void
api_health_metrics(struct api_call *call)
{
	const struct api *api = call->api;
	struct engine_health health = engine_health(api->options.engine);
	struct buf out = {0};

	put_requests(api, &out);
	put_metric(&out, "stated_http_requests_active", "gauge",
	    "Requests being answered.", api->call_count);
	put_metric(&out, "stated_webhooks_forged", "counter",
	    "Webhooks with a bad signature.", api->forged);
	put_metric(&out, "stated_sign_ins_failed", "counter",
	    "Sign-ins with a token that is not good.", api->guesses);
	put_metric(&out, "stated_sign_ins_shut_out", "counter",
	    "Sign-ins not tried, for too many of the address had failed.",
	    api->shut_out);
	if (api_door_tls(api->door) != NULL)
		put_metric(&out, "stated_tls_certificate_expires_seconds",
		    "gauge", "Instant at which the certificate expires.",
		    expiry_of(api));
	put_engine(&health, &out);
	put_connections(call, &out);
	buf_add_cstr(&out, "# EOF\n");
	api_reply_bytes(call, 200,
	    "application/openmetrics-text; version=1.0.0; charset=utf-8",
	    buf_str(&out));
	buf_fini(&out);
}
