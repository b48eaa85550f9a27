/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_hook.c: a queue of webhooks and a few connections to one receiver.
 *
 * A connection's callback only notes what came; sending goes on in pump(),
 * an event of its own, because libevent's connection is not ready for the
 * next request while it still ends the last one.
 */
#include "sandbox_hook.h"

#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"
#include "sandbox_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#define ID_BYTES 64
#define DUPLICATE_DELAY_MS 10

enum webhook_state {
	WEBHOOK_WAITING, /* its timer runs */
	WEBHOOK_READY, /* in hook->ready */
	WEBHOOK_SENT, /* on a connection */
	WEBHOOK_ACKNOWLEDGED, /* nothing left to do */
	WEBHOOK_DROPPED, /* never to be sent: a fault */
};

struct webhook {
	TAILQ_ENTRY(webhook) all_link;
	TAILQ_ENTRY(webhook) ready_link; /* while WEBHOOK_READY */
	struct sandbox_hook *hook;
	enum webhook_state state;
	char id[ID_BYTES];
	char *type;
	char *subject;
	char *reference;
	struct buf body;
	struct event *timer;
	int64_t pause_ms;
	int attempts;
	int deliveries; /* answered by a 2xx */
	int deliveries_due;
	bool forge_first; /* one delivery with a wrong signature comes first */
	int forgeries_taken; /* wrong signatures answered by a 2xx: a bug */
};

struct slot {
	struct sandbox_hook *hook;
	struct evhttp_connection *connection; /* NULL until first used */
	struct webhook *webhook; /* NULL: free */
	bool forged; /* what is under way has a wrong signature */
};

struct sandbox_hook {
	struct sandbox_hook_options options;
	char *id_stem;
	char *secret;
	char *scheme;
	char *url;
	char *host;
	char *path;
	int port; /* 0: no target yet */
	uint64_t sequence;
	TAILQ_HEAD(, webhook) all;
	TAILQ_HEAD(, webhook) ready;
	struct slot *slots;
	struct event *pump;
};

static void pump(evutil_socket_t fd, short what, void *arg);

static char *
copy(const char *text)
{
	char *own = strdup(text);

	must(own != NULL);
	return own;
}

struct sandbox_hook *
sandbox_hook_new(const struct sandbox_hook_options *options)
{
	struct sandbox_hook *hook = calloc(1, sizeof(*hook));

	must(hook != NULL && options->connections > 0);
	hook->options = *options;
	hook->id_stem = copy(options->id_stem);
	hook->secret = copy(options->secret ? options->secret : "");
	hook->scheme = copy("bank");
	TAILQ_INIT(&hook->all);
	TAILQ_INIT(&hook->ready);
	hook->slots =
	    calloc((size_t)options->connections, sizeof(*hook->slots));
	hook->pump = event_new(options->base, -1, 0, pump, hook);
	must(hook->slots != NULL && hook->pump != NULL);
	for (int i = 0; i < options->connections; i++)
		hook->slots[i].hook = hook;
	return hook;
}

static void
close_connections(struct sandbox_hook *hook)
{
	for (int i = 0; i < hook->options.connections; i++) {
		struct slot *slot = &hook->slots[i];

		if (slot->connection != NULL)
			evhttp_connection_free(slot->connection);
		slot->connection = NULL;
		slot->webhook = NULL;
	}
}

static void
webhook_free(struct webhook *webhook)
{
	event_free(webhook->timer);
	buf_fini(&webhook->body);
	free(webhook->type);
	free(webhook->subject);
	free(webhook->reference);
	free(webhook);
}

void
sandbox_hook_reset(struct sandbox_hook *hook)
{
	struct webhook *webhook;

	close_connections(hook);
	TAILQ_INIT(&hook->ready);
	while ((webhook = TAILQ_FIRST(&hook->all)) != NULL) {
		TAILQ_REMOVE(&hook->all, webhook, all_link);
		webhook_free(webhook);
	}
}

void
sandbox_hook_free(struct sandbox_hook **hook)
{
	if (*hook == NULL)
		return;
	sandbox_hook_reset(*hook);
	event_free((*hook)->pump);
	free((*hook)->slots);
	free((*hook)->id_stem);
	free((*hook)->secret);
	free((*hook)->scheme);
	free((*hook)->url);
	free((*hook)->host);
	free((*hook)->path);
	free(*hook);
	*hook = NULL;
}

/* ----------------------------------------------------------- the target */

static void
set_path(struct sandbox_hook *hook, const struct evhttp_uri *uri)
{
	const char *path = evhttp_uri_get_path(uri);
	const char *query = evhttp_uri_get_query(uri);
	struct buf whole = {0};

	buf_add_cstr(&whole, path != NULL && path[0] != '\0' ? path : "/");
	if (query != NULL)
		buf_addf(&whole, "?%s", query);
	free(hook->path);
	hook->path = copy(buf_cstr(&whole));
	buf_fini(&whole);
}

/* What is under way goes back into the queue; its answer is not awaited. */
static void
recall_sent(struct sandbox_hook *hook)
{
	for (int i = 0; i < hook->options.connections; i++) {
		struct webhook *webhook = hook->slots[i].webhook;

		if (webhook == NULL)
			continue;
		webhook->state = WEBHOOK_READY;
		TAILQ_INSERT_TAIL(&hook->ready, webhook, ready_link);
	}
	close_connections(hook);
}

bool
sandbox_hook_set_target(struct sandbox_hook *hook, const char *url,
    const char *secret)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	const char *scheme = uri ? evhttp_uri_get_scheme(uri) : NULL;
	const char *host = uri ? evhttp_uri_get_host(uri) : NULL;
	bool ok = scheme != NULL && strcmp(scheme, "http") == 0 &&
	    host != NULL && host[0] != '\0';

	if (ok) {
		int port = evhttp_uri_get_port(uri);
		recall_sent(hook);
		free(hook->url);
		hook->url = copy(url);
		free(hook->host);
		hook->host = copy(host);
		hook->port = port > 0 ? port : 80;
		set_path(hook, uri);
		if (secret != NULL) {
			free(hook->secret);
			hook->secret = copy(secret);
		}
		event_active(hook->pump, 0, 0);
	}
	if (uri != NULL)
		evhttp_uri_free(uri);
	return ok;
}

bool
sandbox_hook_set_scheme(struct sandbox_hook *hook, const char *scheme)
{
	if (!sandbox_sign_knows(scheme))
		return false;
	free(hook->scheme);
	hook->scheme = copy(scheme);
	return true;
}

/* --------------------------------------------------------- the deliveries */

static void
wait_for(struct webhook *webhook, int64_t delay_ms)
{
	struct timeval delay = {delay_ms / 1000, (delay_ms % 1000) * 1000};
	int failed = evtimer_add(webhook->timer, &delay);

	must(failed == 0);
	webhook->state = WEBHOOK_WAITING;
}

static void
due_cb(evutil_socket_t fd, short what, void *arg)
{
	struct webhook *webhook = arg;

	(void)fd;
	(void)what;
	must(webhook->state == WEBHOOK_WAITING);
	webhook->state = WEBHOOK_READY;
	TAILQ_INSERT_TAIL(&webhook->hook->ready, webhook, ready_link);
	event_active(webhook->hook->pump, 0, 0);
}

/* A forgery is signed well, and about another body. */
static void
sign(const struct sandbox_hook *hook, const struct webhook *webhook,
    bool forged, struct evkeyvalq *headers)
{
	struct arena *arena = arena_new();
	struct sandbox_sign_header signed_by[SANDBOX_SIGN_HEADERS_MAX];
	struct sandbox_sign_letter letter = {
	    .secret = hook->secret,
	    .url = hook->url,
	    .id = webhook->id,
	    .body = buf_str(&webhook->body),
	    .now_ms = sandbox_now_ms(),
	};
	size_t count;

	if (forged)
		letter.body = arena_strf(arena, "%.*s ", STR_ARG(letter.body));
	count = sandbox_sign(arena, hook->scheme, &letter, signed_by);
	for (size_t i = 0; i < count; i++)
		evhttp_add_header(headers, signed_by[i].name,
		    signed_by[i].value);
	arena_free(&arena);
}

static json_t *
webhook_json(const struct webhook *webhook)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:b,s:b,s:i}",
	    "id", webhook->id,
	    "type", webhook->type,
	    "subject", webhook->subject,
	    "reference", webhook->reference,
	    "attempts", webhook->attempts,
	    "deliveries", webhook->deliveries,
	    "acknowledged", webhook->deliveries > 0,
	    "dropped", webhook->state == WEBHOOK_DROPPED,
	    "forgeries_taken", webhook->forgeries_taken);
}

static void
delivered(struct webhook *webhook)
{
	struct sandbox_hook *hook = webhook->hook;

	webhook->deliveries++;
	sandbox_ledger_add_take(hook->options.ledger, "webhook",
	    webhook_json(webhook));
	if (webhook->deliveries < webhook->deliveries_due) {
		wait_for(webhook, DUPLICATE_DELAY_MS);
	} else {
		webhook->state = WEBHOOK_ACKNOWLEDGED;
		buf_fini(&webhook->body);
	}
}

static void
back_off(struct webhook *webhook)
{
	int64_t max_ms = webhook->hook->options.retry_ms_max;

	wait_for(webhook, webhook->pause_ms);
	webhook->pause_ms *= 2;
	if (webhook->pause_ms > max_ms)
		webhook->pause_ms = max_ms;
}

static void
answered_cb(struct evhttp_request *answer, void *arg)
{
	struct slot *slot = arg;
	struct webhook *webhook = slot->webhook;
	int status = answer ? evhttp_request_get_response_code(answer) : 0;
	bool taken = status >= 200 && status < 300;

	if (webhook == NULL) /* the connection was closed under it */
		return;
	slot->webhook = NULL;
	if (slot->forged) {
		webhook->forgeries_taken += taken;
		wait_for(webhook, 0);
	} else if (taken) {
		delivered(webhook);
	} else {
		back_off(webhook);
	}
	event_active(webhook->hook->pump, 0, 0);
}

static struct evhttp_connection *
slot_connect(struct slot *slot)
{
	const struct sandbox_hook *hook = slot->hook;
	struct timeval timeout = {hook->options.timeout_ms / 1000,
	    (hook->options.timeout_ms % 1000) * 1000};

	if (slot->connection == NULL) {
		slot->connection = evhttp_connection_base_new(
		    hook->options.base, NULL, hook->host, (uint16_t)hook->port);
		must(slot->connection != NULL);
		evhttp_connection_set_timeout_tv(slot->connection, &timeout);
	}
	return slot->connection;
}

static void
post(struct slot *slot, struct webhook *webhook)
{
	const struct sandbox_hook *hook = slot->hook;
	struct evhttp_request *request = evhttp_request_new(answered_cb, slot);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct str body = buf_str(&webhook->body);
	char host[300];

	slot->forged = webhook->forge_first;
	webhook->forge_first = false;
	snprintf(host, sizeof(host), "%s:%d", hook->host, hook->port);
	evhttp_add_header(headers, "Host", host);
	evhttp_add_header(headers, "Content-Type", "application/json");
	sign(hook, webhook, slot->forged, headers);
	evbuffer_add(evhttp_request_get_output_buffer(request), body.at,
	    body.bytes);

	slot->webhook = webhook;
	webhook->state = WEBHOOK_SENT;
	webhook->attempts++;
	/* A connection that could not even be begun calls nobody back. */
	if (evhttp_make_request(slot_connect(slot), request, EVHTTP_REQ_POST,
		hook->path) != 0 && slot->webhook == webhook) {
		slot->webhook = NULL;
		back_off(webhook);
	}
}

static void
pump(evutil_socket_t fd, short what, void *arg)
{
	struct sandbox_hook *hook = arg;

	(void)fd;
	(void)what;
	for (int i = 0; hook->port != 0 && i < hook->options.connections; i++) {
		struct webhook *webhook = TAILQ_FIRST(&hook->ready);

		if (webhook == NULL)
			return;
		if (hook->slots[i].webhook != NULL)
			continue;
		TAILQ_REMOVE(&hook->ready, webhook, ready_link);
		post(&hook->slots[i], webhook);
	}
}

/* --------------------------------------------------------- new webhooks */

static struct webhook *
webhook_new(
    struct sandbox_hook *hook, const struct sandbox_hook_message *message)
{
	struct webhook *webhook = calloc(1, sizeof(*webhook));

	must(webhook != NULL);
	webhook->hook = hook;
	webhook->type = copy(message->type);
	webhook->subject = copy(message->subject);
	webhook->reference = copy(message->reference);
	webhook->pause_ms = hook->options.retry_ms;
	webhook->deliveries_due =
	    message->faults.bits & SANDBOX_WEBHOOK_DUPLICATE ? 2 : 1;
	webhook->forge_first = message->faults.bits & SANDBOX_WEBHOOK_FORGED;
	webhook->timer = evtimer_new(hook->options.base, due_cb, webhook);
	must(webhook->timer != NULL);
	snprintf(webhook->id, sizeof(webhook->id), "evt_%s%llu", hook->id_stem,
	    (unsigned long long)++hook->sequence);
	return webhook;
}

static void
write_body(struct webhook *webhook, const struct sandbox_hook_message *message)
{
	char created[SANDBOX_TIME_BYTES];
	json_t *body;

	sandbox_time_format(sandbox_now_ms(), created);
	body = json_pack("{s:s,s:s,s:s,s:O}", "id", webhook->id,
	    "type", webhook->type, "created", created,
	    message->data_name, message->data);
	must(body != NULL);
	sandbox_json_write(body, SANDBOX_JSON_COMPACT, &webhook->body);
	json_decref(body);
}

static void
send_one(struct sandbox_hook *hook, const struct sandbox_hook_message *message)
{
	struct webhook *webhook = webhook_new(hook, message);
	int64_t delay_ms = message->delay_ms;

	TAILQ_INSERT_TAIL(&hook->all, webhook, all_link);
	if (message->faults.bits & SANDBOX_WEBHOOK_DROP) {
		webhook->state = WEBHOOK_DROPPED;
		return;
	}
	write_body(webhook, message);
	if (message->faults.bits & SANDBOX_WEBHOOK_LATE)
		delay_ms += message->faults.late_ms;
	wait_for(webhook, delay_ms);
}

void
sandbox_hook_send(struct sandbox_hook *hook,
    const struct sandbox_hook_message *message)
{
	send_one(hook, message);
	if (message->faults.bits & SANDBOX_WEBHOOK_REPEATED)
		send_one(hook, message);
}

json_t *
sandbox_hook_list(const struct sandbox_hook *hook, const char *reference)
{
	json_t *list = json_array();
	struct webhook *webhook;

	TAILQ_FOREACH (webhook, &hook->all, all_link) {
		if (reference[0] != '\0' &&
		    strcmp(reference, webhook->reference) != 0)
			continue;
		json_array_append_new(list, webhook_json(webhook));
	}
	return list;
}
