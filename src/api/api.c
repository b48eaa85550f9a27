/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: the server as a whole, and the way of a request to its handler:
 * room, size, route, caller, body's type, query.
 */
#include "stated/api.h"

#include "api_priv.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

#define API_MAGIC 0x2b95e04du
#define BODY_BYTES_MAX (1u << 20)
#define CONNECTIONS_MAX 10000
#define REQUESTS_MAX 100000
#define IDLE_MS (60LL * 1000)
#define SIGN_INS_MAX 60
#define HEADERS_BYTES_MAX (32 * 1024)
/* Of all that are being answered, where one alone may not be larger. */
#define LARGE_BYTES_MAX ((size_t)8 * 1024 * 1024)

/* ---- dispatch ---- */

static bool
has_room(struct api_call *call)
{
	const struct api *api = call->api;

	if (api->call_count <= api->limits.requests_max)
		return true;
	api_reply_header(call, "Retry-After", STR("1"));
	api_problem_reply(call, PROBLEM_BUSY,
	    "%zu requests are being answered; try again in a moment.",
	    api->call_count);
	return false;
}

/* What is small always finds room, and so does one large body alone. */
static bool
has_room_for_body(struct api_call *call)
{
	const struct api *api = call->api;
	size_t max = 2 * api->limits.body_bytes_max;

	if (max < LARGE_BYTES_MAX)
		max = LARGE_BYTES_MAX;
	if (call->large_bytes == 0 || api->large_bytes <= max)
		return true;
	api_reply_header(call, "Retry-After", STR("1"));
	api_problem_reply(call, PROBLEM_BUSY,
	    "Large bodies of %zu bytes together are being answered; try again "
	    "in a moment.",
	    api->large_bytes - call->large_bytes);
	return false;
}

static bool
fits(struct api_call *call)
{
	size_t max = call->api->limits.body_bytes_max;
	size_t bytes =
	    evbuffer_get_length(evhttp_request_get_input_buffer(call->request));

	if (bytes <= max)
		return true;
	api_problem_reply(call, PROBLEM_TOO_LARGE,
	    "The body has %zu bytes; at most %zu are taken (limits.body).",
	    bytes, max);
	return false;
}

static bool
is_routed(struct api_call *call)
{
	struct str allowed;

	call->route = api_route_find(call, &allowed);
	if (call->route != NULL)
		return true;
	if (allowed.at == NULL) {
		api_problem_reply(call, PROBLEM_NOT_FOUND,
		    "There is nothing at %.*s; /openapi.json lists what there "
		    "is.",
		    STR_ARG(call->path));
		return false;
	}
	api_reply_header(call, "Allow", allowed);
	api_problem_reply(call, PROBLEM_NOT_ALLOWED, "%.*s takes %.*s.",
	    STR_ARG(call->path), STR_ARG(allowed));
	return false;
}

/* Who watches is told that the server stops; nobody else may keep it. */
static bool
is_open(struct api_call *call)
{
	if (!call->api->draining || call->route->is_watching)
		return true;
	api_reply_header(call, "Retry-After", STR("2"));
	api_problem_reply(call, PROBLEM_UNAVAILABLE,
	    "The server stops; try again in a moment.");
	return false;
}

/* Bodies are JSON unless the route reads them in its own way. */
static bool
is_typed(struct api_call *call)
{
	if (call->route->takes == NULL || call->route->takes_media != NULL ||
	    call->body.bytes == 0 || api_body_is_type(call, "application/json"))
		return true;
	api_problem_reply(call, PROBLEM_MEDIA_TYPE,
	    "Send JSON, with `Content-Type: application/json`.");
	return false;
}

/* The parameter, without quotes; absent where there is none. */
static struct str
charset_of(struct str type)
{
	struct str rest, value;

	for ((void)str_split(type, ';', &rest); rest.at != NULL;) {
		struct str name =
		    str_split(str_split(rest, ';', &rest), '=', &value);

		if (!message_name_equal(str_trim(name), STR("charset")))
			continue;
		value = str_trim(value);
		if (value.bytes >= 2 && value.at[0] == '"')
			value = str_slice(value, 1, value.bytes - 2);
		return value;
	}
	return (struct str){NULL, 0};
}

/* JSON is UTF-8 (RFC 8259), and nobody unpacks it here.  Who posts to a hook
 * says what its library says of ASCII, and signs the bytes. */
static bool
is_plain(struct api_call *call)
{
	struct str coding = api_call_header(call, "Content-Encoding");
	struct str charset =
	    charset_of(api_call_header(call, "Content-Type"));

	if (call->body.bytes == 0 || call->route->handle == api_hook_post)
		return true;
	if (coding.at != NULL && !message_name_equal(coding, STR("identity"))) {
		api_problem_reply(call, PROBLEM_MEDIA_TYPE,
		    "Send the body as it is, without Content-Encoding.");
		return false;
	}
	if (charset.at == NULL || message_name_equal(charset, STR("utf-8")))
		return true;
	api_problem_reply(call, PROBLEM_MEDIA_TYPE,
	    "Send UTF-8, and leave `charset` out or say so by it.");
	return false;
}

static struct api *
api_of(void *arg)
{
	struct api *api = arg;

	must(api != NULL);
	must(api->magic == API_MAGIC);
	return api;
}

static void
admitted(struct api_call *call)
{
	if (is_plain(call) && is_typed(call) && api_query_parse(call))
		call->route->handle(call);
}

static void
request_cb(struct evhttp_request *request, void *arg)
{
	struct api *api = api_of(arg);
	struct api_call *call = api_call_new(api, request);

	api_door_asked(api->door, api_call_socket(call));
	evhttp_request_set_on_complete_cb(request, api_call_left, api);
	if (has_room(call) && fits(call) && has_room_for_body(call) &&
	    is_routed(call) && is_open(call))
		api_auth_admit(call, admitted);
	api_call_unref(call);
}

/* ---- life ---- */

static struct api_limits
with_defaults(struct api_limits limits)
{
	if (limits.body_bytes_max == 0)
		limits.body_bytes_max = BODY_BYTES_MAX;
	if (limits.connections_max == 0)
		limits.connections_max = CONNECTIONS_MAX;
	if (limits.requests_max == 0)
		limits.requests_max = REQUESTS_MAX;
	if (limits.idle_ms == 0)
		limits.idle_ms = IDLE_MS;
	if (limits.sign_ins_max == 0)
		limits.sign_ins_max = SIGN_INS_MAX;
	return limits;
}

/*
 * evhttp answers a body over its own bound by itself, without having read it,
 * and closes the connection (api_refusal.c): the bound is set above ours, so
 * that who is a little over it is told how large it may be, and may go on.
 * CONNECT and TRACE are nothing for this server.
 */
static void
set_up(struct api *api)
{
	const struct api_limits *limits = &api->limits;
	struct timeval idle = {
	    .tv_sec = (time_t)(limits->idle_ms / 1000),
	    .tv_usec = (suseconds_t)(limits->idle_ms % 1000 * 1000),
	};

	evhttp_set_gencb(api->http, request_cb, api);
	evhttp_set_allowed_methods(
	    api->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
			   EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
			   EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS |
			   EVHTTP_REQ_TRACE);
	evhttp_set_max_headers_size(api->http, HEADERS_BYTES_MAX);
	evhttp_set_max_body_size(
	    api->http, (ev_ssize_t)(4 * limits->body_bytes_max));
	evhttp_set_timeout_tv(api->http, &idle);
	evhttp_set_default_content_type(api->http, NULL);
}

static size_t
route_count(void)
{
	size_t count = 0;

	while (api_route_at(count) != NULL)
		count++;
	return count;
}

struct api *
api_new(const struct api_options *options, struct buf *detail)
{
	struct api *api = calloc(1, sizeof(*api));

	must(api != NULL);
	must(options->base != NULL);
	must(options->engine != NULL);
	api->magic = API_MAGIC;
	api->options = *options;
	if (api->options.clock == NULL)
		api->options.clock = clock_system();
	if (api->options.outer_clock == NULL)
		api->options.outer_clock = api->options.clock;
	api->limits = with_defaults(options->limits);
	rng_system()->fill(rng_system(), api->last_id, sizeof(api->last_id));
	api->answered = calloc(
	    2 * route_count() + 1, sizeof(*api->answered));
	must(api->answered != NULL);
	api->http = evhttp_new(options->base);
	must(api->http != NULL);
	set_up(api);
	api->gallery = api_gallery_new(options->base, detail);
	api->sealer = api_sealer_new(api);
	api->lockout = api_lockout_new(api->limits.sign_ins_max);
	if (api->gallery != NULL)
		api->door = api_door_open(api, detail);
	if (api->door == NULL)
		api_free(&api);
	else
		api_oidc_prepare(api);
	return api;
}

void
api_free(struct api **api_pointer)
{
	struct api *api = *api_pointer;

	if (api == NULL)
		return;
	*api_pointer = NULL;
	while (api->calls != NULL)
		api_call_drop(api->calls);
	api_gallery_free(&api->gallery);
	api_sealer_free(&api->sealer);
	api_population_drop(api);
	api_export_drop(api);
	evhttp_free(api->http);
	must(api->sending_count == 0);
	api_door_close(&api->door);
	api_lockout_free(&api->lockout);
	free(api->proven);
	free(api->answered);
	api->magic = 0;
	free(api);
}

uint16_t
api_port(const struct api *api, size_t index)
{
	return api_door_port(api->door, index);
}

void
api_set_access(struct api *api, const struct api_options *access)
{
	api->options.tokens = access->tokens;
	api->options.token_count = access->token_count;
	api->options.certificates = access->certificates;
	api->options.certificate_count = access->certificate_count;
	api->options.oidc = access->oidc;
	api_oidc_prepare(api);
}

bool
api_reload_tls(struct api *api, struct buf *detail)
{
	struct api_tls *tls = api_door_tls(api->door);

	return tls == NULL || api_tls_reload(tls, detail);
}

void
api_drain(struct api *api)
{
	api->draining = true;
	api_door_drain(api->door);
	for (struct api_call *call = api->calls; call; call = call->newer)
		if (call->timer != NULL)
			event_active(call->timer, EV_TIMEOUT, 0);
}

void
api_shut(struct api *api)
{
	api_door_shut(api->door);
}

size_t
api_active(const struct api *api)
{
	return api->call_count + api->sending_count;
}
