/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_priv.h: what the files of src/api share; nobody else includes it.
 *
 * A request becomes a struct api_call.  Its handler answers it at once, or
 * asks the engine and answers when the engine calls back.  A call is answered
 * exactly once, and lives until it is answered and nobody refers to it any
 * more: the engine may call back for a caller that has hung up.
 */
#ifndef API_PRIV_H
#define API_PRIV_H

#include "stated/api.h"

#include <event2/util.h>
#include "stated/export.h"
#include "stated/json.h"
#include "stated/log.h"
#include "stated/map.h"

struct bufferevent;
struct evbuffer;
struct evhttp;
struct evhttp_request;
struct event;
struct api_call;
struct api_route;
struct api_door;
struct api_gallery;
struct api_sealer;

/* ---- roles ---- */

/* Symbol, bit, name, what it may. */
#define API_ROLES(X)                                                      \
	X(AUTHOR, 1, "author", "proposes workflows to be published")      \
	X(PUBLISHER, 2, "publisher", "publishes workflows")               \
	X(INITIATOR, 4, "initiator", "starts instances and posts events") \
	X(APPROVER, 8, "approver:ROLE", "decides the tasks of that role") \
	X(OPERATOR, 16, "operator", "keeps instances moving")             \
	X(AUDITOR, 32, "auditor", "reads everything, changes nothing")    \
	X(EVENTS, 64, "events", "posts events, nothing else")             \
	X(ADMIN, 128, "admin", "everything")

enum api_role {
#define X(symbol, bit, name, may) API_##symbol = bit,
	API_ROLES(X)
#undef X
};

/* Sets of roles as the routes need them; 0 is for everybody, known or not:
 * health, and what a signature admits. */
#define API_EVERYBODY 0u
#define API_READERS                                                  \
	(API_AUTHOR | API_PUBLISHER | API_INITIATOR | API_APPROVER | \
	    API_OPERATOR | API_AUDITOR)
#define API_CALLERS (API_READERS | API_EVENTS)
#define API_DECIDERS (API_APPROVER | API_INITIATOR | API_OPERATOR)
#define API_SENDERS (API_INITIATOR | API_OPERATOR | API_EVENTS)
#define API_OVERSEERS (API_OPERATOR | API_AUDITOR)
#define API_CONFIRMERS (API_OPERATOR | API_PUBLISHER)

/*
 * What a route shows or touches, and so what it is to a token that is limited
 * to workflows or entities.  Symbol, name, what such a token has of it.  What
 * a route doesn't say is the first.
 */
#define API_REACHES(X)                                                     \
	X(WHOLE, "whole", "nothing: it concerns the whole installation")   \
	X(INSTANCE, "instance",                                            \
	    "instances of its workflows and entities; no other is there")  \
	X(WORKFLOW, "workflow", "its workflows; no other is there")        \
	X(LIST, "list", "what is of its workflows and entities")           \
	X(EFFECT, "effect",                                                \
	    "what comes of it concerns instances of its workflows and "    \
	    "entities only")                                               \
	X(NOBODY, "nobody", "what everybody has")

enum api_reach {
#define X(symbol, name, what) REACH_##symbol,
	API_REACHES(X)
#undef X
};

/* ---- problems (RFC 9457) ---- */

/* Symbol, status, name in the type's URN, title, when. */
#define API_PROBLEMS(X)                                                       \
	X(BAD_REQUEST, 400, "bad-request", "The request can't be read",       \
	    "a header or the path is malformed")                              \
	X(BAD_PARAMETER, 400, "invalid-parameter", "A parameter is wrong",    \
	    "a query parameter is unknown or has no usable value")            \
	X(BAD_JSON, 400, "invalid-json", "The body is no JSON",               \
	    "`line` and `column` say where reading stopped")                  \
	X(UNKNOWN_CALLER, 401, "unauthenticated", "Say who you are",          \
	    "no token, or one that is unknown or expired")                    \
	X(FORGED, 401, "bad-signature", "The signature is not right",         \
	    "a webhook that its provider has not signed, or too long ago")    \
	X(FORBIDDEN, 403, "forbidden", "The token does not allow this",       \
	    "the token lacks the role, or is limited to others than this")    \
	X(ROLE_REQUIRED, 403, "role-required", "Another role decides here",   \
	    "the task is for a role that the caller does not hold")           \
	X(FOUR_EYES, 403, "four-eyes", "Another person has to do this",       \
	    "`exclude` or `separate` of the workflow forbids this person")    \
	X(NOT_FOUND, 404, "not-found", "There is no such resource",           \
	    "the path names nothing")                                         \
	X(UNKNOWN_WORKFLOW, 404, "unknown-workflow",                          \
	    "There is no such workflow",                                      \
	    "no definition of that name and version is served")               \
	X(UNKNOWN_INSTANCE, 404, "unknown-instance",                          \
	    "There is no such instance",                                      \
	    "no instance has that identifier or business key")                \
	X(UNKNOWN_TOKEN, 404, "unknown-token", "There is no such token",      \
	    "no token of that id was ever given")                             \
	X(UNKNOWN_HOLD, 404, "unknown-hold", "There is no such hold",         \
	    "no legal hold of that id was ever set")                          \
	X(PURGED, 410, "purged", "The history was purged",                    \
	    "the instance ended, and nobody had to keep its history any "     \
	    "longer")                                                         \
	X(MOMENT_GONE, 410, "moment-gone", "The export can't go on",          \
	    "histories were purged since, or the database is another or an "  \
	    "older one")                                                      \
	X(UNKNOWN_CONNECTION, 404, "unknown-connection",                      \
	    "There is no such connection",                                    \
	    "no connection of that name is served")                           \
	X(UNKNOWN_CHECKPOINT, 404, "unknown-checkpoint",                      \
	    "There is no such checkpoint",                                    \
	    "no checkpoint of that number was made")                          \
	X(NO_KEY, 404, "no-checkpoint-key",                                   \
	    "Checkpoints can't be signed here",                               \
	    "checkpoints.key names no private key of Ed25519")                \
	X(UNKNOWN_ITEM, 404, "unknown-item",                                  \
	    "There is no such task, incident, escalation or event",           \
	    "its identifier names nothing")                                   \
	X(NOT_ALLOWED, 405, "method-not-allowed",                             \
	    "This resource does not take this method",                        \
	    "`Allow` says which it takes")                                    \
	X(EXISTS, 409, "business-key-taken",                                  \
	    "The business key is taken by another input",                     \
	    "an instance with this key was started with another input")       \
	X(AMBIGUOUS, 409, "ambiguous-key",                                    \
	    "Several workflows use this business key",                        \
	    "say which by `?workflow=`, or use the identifier")               \
	X(ENDED, 409, "instance-ended", "The instance is over",               \
	    "nothing can be done to an instance that has ended")              \
	X(CLOSED, 409, "already-closed", "It is closed already",              \
	    "the task, incident or escalation was settled before")            \
	X(DECIDED, 409, "already-decided", "This person has decided already", \
	    "the task needs another person")                                  \
	X(WRONG_STATE, 409, "wrong-state",                                    \
	    "The state of the instance does not allow it",                    \
	    "it is suspended already, or not suspended, …")                   \
	X(CHANGED, 409, "version-published",                                  \
	    "The version is published with another text",                     \
	    "a published text never changes: give it a higher version")       \
	X(TOO_LARGE, 413, "too-large", "The body is too large",               \
	    "the body is over limits.body of the configuration")              \
	X(MEDIA_TYPE, 415, "unsupported-media-type",                          \
	    "The body's type is not taken here",                              \
	    "`Content-Type` is missing or not one of those listed, says "     \
	    "another `charset` than UTF-8, or there is a `Content-Encoding`") \
	X(INVALID_INPUT, 422, "invalid-input",                                \
	    "The input does not fit the workflow's schema",                   \
	    "`errors` has one finding each; nothing was started")             \
	X(INVALID_BODY, 422, "invalid-body", "The body does not fit",         \
	    "`errors` names each member that is missing, unknown or wrong")   \
	X(INVALID_EVENT, 422, "invalid-event", "This is no CloudEvent 1.0",   \
	    "`errors` names each attribute that is missing or wrong")         \
	X(INVALID_CHOICE, 422, "invalid-choice", "There is no such choice",   \
	    "`detail` lists the choices")                                     \
	X(INVALID_FORM, 422, "invalid-form",                                  \
	    "The data does not fit the task's form",                          \
	    "`errors` has one finding each; nothing was decided")             \
	X(KEY_REUSED, 422, "idempotency-key-reused",                          \
	    "The Idempotency-Key came with another request",                  \
	    "use a new key for a new request")                                \
	X(FAULTY, 422, "invalid-definition", "The documents have errors",     \
	    "`errors` has a place and a repair for each; nothing was done")   \
	X(UNPROVED, 422, "not-proved", "Proofs are required here",            \
	    "`errors` has what the proofs find; nothing was done")            \
	X(TOO_MANY_STATES, 422, "too-many-states",                            \
	    "The workflow is too large to be drawn here",                     \
	    "`stated draw` draws it, and takes its time")                     \
	X(SHUT_OUT, 429, "too-many-sign-ins",                                 \
	    "Too many sign-ins have failed",                                  \
	    "from this address; `Retry-After` says when to try again")        \
	X(BUSY, 429, "overloaded", "Too many requests are waiting",           \
	    "`Retry-After` says when to try again; nothing was done")         \
	X(INTERNAL, 500, "internal", "Reading the store failed",              \
	    "the server's log says why")                                      \
	X(UNKNOWN_METHOD, 501, "unknown-method",                              \
	    "There is no such method here",                                   \
	    "no resource takes it")                                           \
	X(UNAVAILABLE, 503, "unavailable", "Nothing can be taken now",        \
	    "the store can't write, a secret can't be had, or the server "     \
	    "stops; nothing was done, "                                        \
	    "unless `detail` says that it may have been")

enum api_problem {
#define X(symbol, status, name, title, when) PROBLEM_##symbol,
	API_PROBLEMS(X)
#undef X
	    API_PROBLEM_COUNT
};
#define API_PROBLEM_PREFIX "urn:stated:problem:"

/* ---- routes ---- */

typedef void api_handle_fn(struct api_call *call);

struct api_parameter {
	const char *name; /* NULL ends a list; "label." stands for a family */
	const char *what;
};

struct api_route {
	const char *method;
	const char *pattern; /* /v1/workflows/{name}/instances */
	unsigned roles;	     /* one of these, or admin */
	enum api_reach reach;
	bool is_watching; /* answered as long as the process lives */
	api_handle_fn *handle;
	const char *summary;
	const struct api_parameter *parameters; /* NULL: none */
	const char *takes;	 /* schema of the body; NULL: none of ours */
	const char *takes_media; /* its types, where not application/json */
	int status;		 /* of success */
	/* 202, and this schema, where a second person is wanted; NULL: never */
	const char *proposes;
	const char *gives;	 /* schema of the answer; NULL: see `media` */
	const char *media;	 /* types of an answer that is no JSON */
};

/* NULL past the end. */
const struct api_route *api_route_at(size_t index);
/* NULL: past the end. */
size_t api_route_index(const struct api_route *route);
/* Where it is counted among api->answered. */
size_t api_route_place(const struct api_call *call);
/* Finds the route and fills in call->params.  NULL: *allowed gets the methods
 * that the path takes, separated by ", ", or the absent string. */
const struct api_route *api_route_find(
    struct api_call *call, struct str *allowed);

/* ---- a request being answered ---- */

#define API_PARAM_MAX 3
struct api_pair {
	struct str name;
	struct str value;
};

struct api_call {
	uint32_t magic;
	unsigned refs;
	struct api_call *newer; /* of all that are being answered */
	struct api_call **link;
	struct api *api;
	struct evhttp_request *request; /* NULL once answered */
	struct arena *arena;
	const struct api_route *route;
	const struct api_route *other;	  /* of that path; it has no route */
	struct str method;		  /* as sent; HEAD is routed as GET */
	struct str path;		  /* encoded, without the query */
	struct str params[API_PARAM_MAX]; /* in the pattern's order, decoded */
	struct api_pair *query;
	size_t query_count;
	struct str body;
	size_t large_bytes; /* of a body that is large, until it is settled */
	struct str request_id;
	struct str trace; /* traceparent; may be absent */
	struct chart_actor actor;
	const struct api_token *token; /* NULL where none is required */
	void (*admitted)(struct api_call *); /* once it is known who calls */
	struct schema_errors faults;   /* of the body or the query */
	/* while it waits for an instance */
	uint64_t watch;
	uint64_t watched; /* the instance */
	struct event *timer;
	struct event *hangup;
	void (*ready)(struct api_call *);
	void *state; /* the handler's own, in the arena */
};

#define API_STATUS_CLASSES 6

struct api {
	uint32_t magic;
	struct api_options options;
	struct api_limits limits; /* with the defaults filled in */
	struct evhttp *http;
	struct api_door *door;
	struct api_gallery *gallery;
	struct api_sealer *sealer;
	struct api_call *calls; /* newest first */
	size_t call_count;
	size_t large_bytes; /* of large bodies that are being answered */
	size_t sending_count; /* answers that have not left yet */
	size_t export_count;  /* under way */
	struct api_stream *finding; /* exports whose answer hasn't begun */
	struct api_count *counts; /* of populations and samples, under way */
	size_t count_count;
	bool draining;
	uint64_t last_id[2]; /* given to a request that brought none */
	/* by route and class; past the routes what has none, and then what
	 * came to a route's path with another method */
	uint64_t (*answered)[API_STATUS_CLASSES];
	uint64_t forged; /* hooks with a bad signature */
	int64_t secretless_us; /* when a hook's missing secret was told */
	struct api_lockout *lockout;
	struct digest *proven; /* see api_oidc.c; NULL: none yet */
	uint64_t guesses;   /* sign-ins that failed */
	uint64_t shut_out;  /* that were not tried, for there were too many */
};

/* ---- api_frame.c: requests, read strictly ---- */
enum api_frame_state {
	FRAME_METHOD,
	FRAME_TARGET,
	FRAME_VERSION,
	FRAME_NAME,
	FRAME_VALUE,
	FRAME_LF, /* that ends a line; then `next` */
	FRAME_BODY,
	FRAME_CHUNK_SIZE,
	FRAME_CHUNK_DATA,
	FRAME_CHUNK_END,
	FRAME_LAST, /* the empty line after the last chunk */
	FRAME_FAULTY,
};
/* How far a connection's requests have come; all zero at its beginning. */
struct api_frame {
	enum api_frame_state state;
	enum api_frame_state next;
	uint64_t left;    /* bytes of the body, or of a chunk */
	unsigned single;  /* the header that is read; see there */
	unsigned singles; /* that there were */
	bool is_older;    /* HTTP/1.0 */
	bool has_body;    /* the method may have one */
	bool is_in_line;  /* a fault was found within a line */
	size_t word_bytes; /* one more than there is room for: longer */
	char word[24];
};
/* Goes on with what has come.  false where it can't be read in one way only:
 * the first *good bytes are before the fault. */
MUST_USE bool api_frame_take(
    struct api_frame *frame, struct str bytes, size_t *good);

/* ---- api_census.c: who is connected, and who is too slow ---- */
struct api_census;
struct api_census_options {
	struct event_base *base;
	size_t max;
	/* For a request to come, and for an answer to be taken. */
	int64_t patience_ms;
	void (*full)(void *arg); /* nobody can be taken in */
	void (*room)(void *arg); /* somebody can */
	void (*tick)(void *arg); /* every second, or more often */
	void (*refused)(void *arg, int status); /* by evhttp itself */
	void *arg;
};
struct api_census *api_census_new(const struct api_census_options *options);
void api_census_free(struct api_census **census);
/* A connection is about to be accepted with this stream. */
void api_census_add(struct api_census *census, struct bufferevent *stream);
/* A request has come as a whole. */
void api_census_asked(struct api_census *census, evutil_socket_t fd);
/* Its answer has left, with all its chunks. */
void api_census_answered(struct api_census *census, evutil_socket_t fd);
/* So much of requests that are not whole yet is held at most. */
#define API_CENSUS_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* Finds out whether there is room, and calls full() or room(). */
void api_census_look(struct api_census *census);
/* Disconnects some who have been silent for long. */
void api_census_make_room(struct api_census *census);

/* ---- api_refusal.c: what evhttp refuses by itself ---- */
/* The status of the error with which what goes out begins; 0: it is none. */
int api_refusal_status(struct evbuffer *buffer);
/* Puts a problem of that meaning in place of all that is there, and tells the
 * status that it has. */
int api_refusal_put(struct evbuffer *buffer, int status);
/* Drops all that is there. */
void api_refusal_drop(struct evbuffer *buffer);

/* ---- api_tls.c: certificates, ours and those of callers ---- */
struct api_tls;
/* The options are borrowed, and read again by each reload. */
struct api_tls *api_tls_open(
    const struct api_options *options, struct buf *detail);
/* Tells nothing but why it can't, in *detail. */
MUST_USE bool api_tls_can_open(
    const struct api_options *options, struct buf *detail);
void api_tls_close(struct api_tls **tls);
/* For new connections; those that are there stay as they are.  false with
 * *detail where something can't be used: then all stays. */
MUST_USE bool api_tls_reload(struct api_tls *tls, struct buf *detail);
/* To be called often: finds files that were replaced. */
void api_tls_look(struct api_tls *tls);
struct bufferevent *api_tls_stream(
    struct api_tls *tls, struct event_base *base);
int64_t api_tls_expires_ms(const struct api_tls *tls);
/* Whom the caller's certificate makes of it; NULL: nobody. */
const struct api_token *api_tls_caller(const struct api_call *call);
bool api_tls_has_certificate(const struct api_call *call);
/* Whether it is the one of that thumbprint (RFC 8705, section 3.1). */
bool api_tls_is_bound(const struct api_call *call, struct str thumbprint);

/* ---- api_lockout.c: sign-ins that failed, by address ---- */
struct api_lockout;
struct api_lockout *api_lockout_new(size_t failures_a_minute);
void api_lockout_free(struct api_lockout **lockout);
/* How long that address has to wait before it may try again; 0: not. */
int64_t api_lockout_wait_ms(
    struct api_lockout *lockout, const char *address, int64_t now_us);
/* One more has failed; true where it has to wait from now on. */
bool api_lockout_note(
    struct api_lockout *lockout, const char *address, int64_t now_us);

/* ---- api_oidc.c: access tokens of a provider ---- */
/* Whether the text can be one of its. */
bool api_oidc_is_meant(const struct api_call *call, struct str text);
/* Asks for the provider's keys beforehand, so that nobody waits for them. */
void api_oidc_prepare(struct api *api);
/* Calls api_auth_settle() or api_auth_refuse(), at once or later. */
void api_oidc_take(struct api_call *call, struct str text);

/* ---- api_door.c: listeners ---- */
struct api_door *api_door_open(struct api *api, struct buf *detail);
/* To be called when evhttp is gone. */
void api_door_close(struct api_door **door);
/* The server stops: what somebody else has opened, and keeps, is left to the
 * next one; whoever comes in by our own is still answered. */
void api_door_drain(struct api_door *door);
/* Takes no new connections. */
void api_door_shut(struct api_door *door);
/* A request has come as a whole, over that socket. */
void api_door_asked(struct api_door *door, evutil_socket_t fd);
/* The answer to it has left. */
void api_door_answered(struct api_door *door, evutil_socket_t fd);
uint16_t api_door_port(const struct api_door *door, size_t index);
struct api_tls *api_door_tls(const struct api_door *door); /* NULL: none */

/* ---- api_diagram.c: pictures, and who waits for them ---- */
/* NULL and why, where the system gives no descriptor for it. */
struct api_gallery *api_gallery_new(
    struct event_base *base, struct buf *detail);
/* Waits for the picture that is being drawn.  To be called when the calls are
 * dropped. */
void api_gallery_free(struct api_gallery **gallery);

/* ---- api_sealer.c: making checkpoints ---- */
struct api_sealer *api_sealer_new(struct api *api);
/* To be called when the calls are dropped. */
void api_sealer_free(struct api_sealer **sealer);
/* Makes one now, and answers with it. */
void api_sealer_make(struct api_call *call);
struct signature_key;
/* The private key; NULL where there is none, and *why tells what to do. */
struct signature_key *api_sealer_key(const struct api *api, const char **why);

/* ---- api_definition.c ---- */
/* The definition that the path and the query mean; NULL where answered. */
MUST_USE const struct definition *api_definition_find(struct api_call *call);

/* ---- api_call.c ---- */
struct api_call *api_call_new(struct api *api, struct evhttp_request *request);
/* The checked cast of callbacks. */
struct api_call *api_call_of(void *arg);
void api_call_ref(struct api_call *call);
void api_call_unref(struct api_call *call);
/* Ends waiting and takes the call off the list: it has been answered, or the
 * api ends. */
void api_call_settle(struct api_call *call);
/* The api ends: forgets the call; nobody calls back any more. */
void api_call_drop(struct api_call *call);
/* A header of the request, or the absent string. */
struct str api_call_header(const struct api_call *call, const char *name);
/* Waits at most that long for `ready`, which is called when the time is over
 * or the caller has hung up. */
void api_call_wait(
    struct api_call *call, int64_t ms, void (*ready)(struct api_call *));
/* -1 where the caller has hung up. */
evutil_socket_t api_call_socket(const struct api_call *call);
/* The answer has left: for evhttp, with the api. */
void api_call_left(struct evhttp_request *request, void *api);
/* The same, whether the loop has seen it yet or not. */
bool api_call_is_gone(const struct api_call *call);
/* Says early that the call will wait: evhttp has just given up watching the
 * socket, and watching on costs nothing where the kernel is not told of it. */
void api_call_mind_hangup(struct api_call *call);
/* Where it comes from; absent where the caller has hung up. */
struct str api_call_address(const struct api_call *call);
int64_t api_now_ms(const struct api_call *call);
/* For what somebody else has signed, by a clock of theirs. */
int64_t api_outer_now_ms(const struct api_call *call);

/* ---- api_query.c: what is asked for in the URL ---- */
/* false where it is answered with a problem. */
MUST_USE bool api_query_parse(struct api_call *call);
bool api_query_decode(
    struct arena *arena, struct str text, bool plus, struct str *out);
/* Whether the route has a parameter of that name. */
bool api_query_takes(const struct api_call *call, const char *name);
/* The value, or the absent string. */
struct str api_query_text(const struct api_call *call, const char *name);
/* A fault is kept until api_query_is_sound(). */
void api_query_fault(
    struct api_call *call, const char *name, const char *message);
int64_t api_query_int(struct api_call *call, const char *name, int64_t min,
    int64_t max, int64_t absent);
/* 0 where absent. */
int64_t api_query_instant(struct api_call *call, const char *name);
/* `from`, 0 where absent, and `to`; a fault where it ends before it begins. */
void api_query_period(struct api_call *call, int64_t to_absent_ms,
    int64_t *from_ms, int64_t *to_ms);
/* An instance's, or the absent string. */
struct str api_query_status(struct api_call *call);
/* -1 where absent. */
int api_query_flag(struct api_call *call, const char *name);
int64_t api_query_span(struct api_call *call, const char *name, int64_t max_ms);
MUST_USE bool api_query_is_sound(struct api_call *call);

/* ---- api_body.c: what is sent ---- */
/* NULL where it is answered with a problem; {} where there is no body.  Of the
 * members those may be null that end in `?`. */
MUST_USE const struct value *api_body_object(
    struct api_call *call, const char *const *members);
/* Faults for what it has and is not among the members, which NULL ends; at is
 * its place in the body. */
void api_body_members(struct api_call *call, const struct value *object,
    struct str at, const char *const *members);
/* Of a request that says all by its path; false where answered. */
MUST_USE bool api_body_is_empty(struct api_call *call);
/* NULL where it is no JSON, which is answered. */
MUST_USE const struct value *api_body_json(struct api_call *call);
bool api_body_is_type(const struct api_call *call, const char *type);
void api_body_fault(struct api_call *call, struct str pointer,
    const char *keyword, const char *message);
struct str api_body_text(
    struct api_call *call, const struct value *body, const char *member);
bool api_body_flag(
    struct api_call *call, const struct value *body, const char *member);
MUST_USE bool api_body_is_sound(
    struct api_call *call, enum api_problem problem);

/* ---- api_reply.c: answers ---- */
/* Headers of every answer: nothing may be stored, guessed or framed. */
struct api_reply_header {
	const char *name;
	const char *value;
};
#define API_REPLY_ALWAYS 4
extern const struct api_reply_header api_reply_always[API_REPLY_ALWAYS];
#define API_REPLY_POLICY "default-src 'none'; frame-ancestors 'none'"
void api_reply_header(
    struct api_call *call, const char *name, struct str value);
void api_reply_bytes(
    struct api_call *call, int status, const char *type, struct str body);
void api_reply_value(
    struct api_call *call, int status, const struct value *value);
/* The end of what was begun, where HEAD asks for an answer that nobody knows
 * the length of before it is made. */
void api_reply_head(struct api_call *call, int status);
/* Counts and logs; the common headers of every answer. */
void api_reply_begin(struct api_call *call, int status, const char *type);
/* A member of what is answered: an instant's text, null for 0. */
void api_reply_instant(
    struct value_builder *built, const char *name, int64_t instant_ms);
/* A row's JSON text as a value; null where it is damaged. */
const struct value *api_reply_stored(struct api_call *call, struct str json);

/* ---- api_problem.c ---- */
int api_problem_status(enum api_problem problem);
const char *api_problem_title(enum api_problem problem);
/* As JSON, where there is no call, and so no `instance`. */
void api_problem_format(enum api_problem problem, struct str detail,
    struct str request_id, struct buf *out);
void api_problem_reply(struct api_call *call, enum api_problem problem,
    const char *format, ...) PRINTF_LIKE(3, 4);
void api_problem_errors(struct api_call *call, enum api_problem problem,
    const struct schema_errors *errors, struct str detail);
void api_problem_store(struct api_call *call, enum store_error error);
/* With further members. */
void api_problem_with(struct api_call *call, enum api_problem problem,
    struct str detail, const struct value *more);
/* What a person may not do and is no instance's has no other record than one
 * in the journal, which is for those as well who have hung up. */
void api_problem_note(
    struct api_call *call, const struct engine_reply *reply);
/* What is there was asked for by who must not learn that it is: the journal
 * has it, the answer doesn't tell. */
void api_problem_note_hidden(struct api_call *call);
/* What takes a role: the same, and answers. */
void api_problem_refuse_role(struct api_call *call, const char *detail);
/* Answers with a problem and returns true unless the engine did it. */
MUST_USE bool api_problem_of_engine(
    struct api_call *call, const struct engine_reply *reply);

/* ---- api_auth.c ---- */
/* Finds out who calls, and whether the route is open to them; then calls
 * admitted(), at once or later, unless it has answered. */
void api_auth_admit(
    struct api_call *call, void (*admitted)(struct api_call *call));
/* The caller is the token's owner.  `issuer` has said so; absent: we know it
 * ourselves. */
void api_auth_settle(struct api_call *call, const struct api_token *token,
    struct str issuer);
/* What was shown is not good, and is a guess, perhaps. */
void api_auth_refuse(
    struct api_call *call, struct str detail, bool is_guess);
/* Whether a person or system can be called that. */
bool api_auth_is_name(struct str name);
/* Whether the token reaches that workflow. */
bool api_auth_reaches(const struct api_call *call, struct str workflow);
bool api_auth_reaches_entity(const struct api_call *call, struct str entity);
/* Whether it reaches that instance, by its workflow and its entity. */
bool api_auth_reaches_row(
    const struct api_call *call, const struct store_instance *row);
/* The same of chart_describe(), or of a row by its number. */
bool api_auth_reaches_view(
    const struct api_call *call, const struct value *view);
MUST_USE enum store_error api_auth_reaches_number(
    const struct api_call *call, uint64_t number, bool *reaches);
/* The same of one that the caller asked for: that somebody asked for what they
 * don't reach is recorded. */
MUST_USE enum store_error api_auth_asks_number(
    struct api_call *call, uint64_t number, bool *reaches);
/* The entities that it is limited to; *count is 0 where it is not. */
const struct str *api_auth_entities(
    const struct api_call *call, size_t *count);
/* Whether there are instances that it doesn't reach. */
bool api_auth_is_limited(const struct api_call *call);
/* It reaches all workflows; else answered. */
MUST_USE bool api_auth_has_all_workflows(struct api_call *call);

/* ---- api_population.c ---- */
/* Gives up all counts that are under way. */
void api_population_drop(struct api *api);
/* The same of exports. */
void api_export_drop(struct api *api);

/* ---- api_list.c: pages ---- */
struct api_page {
	struct api_call *call;
	struct buf out;
	size_t count;
	size_t limit;
};
void api_page_begin(struct api_page *page, struct api_call *call, size_t limit);
/* The next item's bytes go to page->out. */
struct buf *api_page_item(struct api_page *page);
/* Sends it; next: the cursor of the page that follows, absent: none. */
void api_page_end(
    struct api_page *page, const char *parameter, struct str next);

/* ---- api_instance.c ---- */
/* Which instance the path means: an identifier or a business key.  false
 * where answered. */
MUST_USE bool api_instance_find(
    struct api_call *call, struct str text, uint64_t *number);
/* By a business key of that workflow, which may be a number as its input has
 * it. */
MUST_USE enum store_error api_instance_find_key(struct api_call *call,
    struct str workflow, struct str key, uint64_t *number);
/* "<uuid>.<serial>"; false where answered. */
MUST_USE bool api_instance_find_item(
    struct api_call *call, uint64_t *number, uint64_t *serial);
/* Sends the act; the answer is the instance as it is then. */
void api_instance_act(
    struct api_call *call, uint64_t number, struct chart_event *event);

/* ---- api_item.c ---- */
/* A page of them, as the query asks. */
void api_item_list(struct api_call *call, enum store_item_kind kind);
/* One of them, open or not; false where there is none, which is answered. */
MUST_USE bool api_item_find(struct api_call *call, enum store_item_kind kind,
    uint64_t number, uint64_t serial, const struct value **value);

/* ---- api_proposal.c ---- */
/* Why it is done without a second person; absent: it isn't.  A blank is no
 * reason. */
struct str api_proposal_alone(
    struct api_call *call, const struct value *body);
/* 202: what was asked for waits for another person. */
void api_proposal_reply(
    struct api_call *call, const struct engine_reply *reply);

/* ---- api_publish.c ---- */
/* Answers where documents have errors, or proofs findings. */
MUST_USE bool api_publish_findings(
    struct api_call *call, const struct engine_reply *reply);

/* ---- api_delegation.c ---- */
const struct value *api_delegation_value(
    struct api_call *call, const struct value *body);

/* ---- api_schema.c: the members of OpenAPI's components.schemas ---- */
void api_schema_write(struct buf *out);

/* ---- handlers ---- */
api_handle_fn api_start_post;
api_handle_fn api_instance_get, api_instance_cancel, api_instance_suspend,
    api_instance_resume;
api_handle_fn api_list_instances;
api_handle_fn api_history_get, api_history_journal;
api_handle_fn api_event_post;
/* Answers once all of them are durable, or one of them can't be. */
void api_event_deliver(
    struct api_call *call, struct chart_event *events, size_t count);
api_handle_fn api_hook_post;
api_handle_fn api_item_tasks, api_item_incidents, api_item_escalations;
api_handle_fn api_item_decide, api_item_settle, api_item_acknowledge;
api_handle_fn api_letter_list, api_letter_replay;
api_handle_fn api_definition_list, api_definition_get;
api_handle_fn api_publish_post, api_publish_propose, api_migrate_post;
api_handle_fn api_proposal_list, api_proposal_get, api_proposal_confirm,
    api_proposal_reject, api_proposal_acknowledge;
api_handle_fn api_delegation_list, api_delegation_post, api_delegation_revoke;
api_handle_fn api_diagram_definition, api_diagram_instance;
api_handle_fn api_schedule_list;
api_handle_fn api_token_list, api_token_post, api_token_revoke;
api_handle_fn api_retention_disclose, api_retention_erase;
api_handle_fn api_retention_holds, api_retention_hold, api_retention_release;
api_handle_fn api_retention_plan;
api_handle_fn api_connection_list, api_connection_get, api_connection_pause,
    api_connection_resume, api_connection_test;
api_handle_fn api_checkpoint_list, api_checkpoint_get, api_checkpoint_newest,
    api_checkpoint_prove, api_checkpoint_consistency, api_checkpoint_key;
api_handle_fn api_export_get, api_population_get, api_sample_get;
api_handle_fn api_health_live, api_health_ready, api_health_metrics;
api_handle_fn api_openapi_get;

#endif
