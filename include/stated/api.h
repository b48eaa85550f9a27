/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h: the HTTP server: /v1, health, metrics and hooks.
 *
 * Everything that changes something becomes a request to the engine, and is
 * answered when that is durable; lists and histories are read from the store.
 * The routes stand in one table (api_route.c), from which dispatch,
 * /openapi.json and the table in docs/http.md come.
 *
 * All functions are called on the loop's thread.  The process must ignore
 * SIGPIPE: callers hang up when they like.
 */
#ifndef STATED_API_H
#define STATED_API_H

#include "stated/engine.h"
#include "stated/issuer.h"

struct api;

/* Who may call where authentication is required.  The token itself is known
 * to its owner only. */
struct api_token {
	struct str name;	 /* of the person or system: the actor */
	struct digest sha256;	 /* of the token's text */
	const struct str *roles; /* initiator, approver:treasurer, … */
	size_t role_count;
	const struct str *workflows; /* none: all */
	size_t workflow_count;
	/* instances by their label `entity`; none: all */
	const struct str *entities;
	size_t entity_count;
	int64_t expires_ms; /* 0: never */
};
/* Whether `role` is one that a token may have. */
bool api_role_is_known(struct str role);
/* Whether an instance may have that status. */
#define API_STATUSES                                                       \
	"running, waiting, suspended, completed, cancelled, faulted or "   \
	"purged"
bool api_status_is_known(struct str status);

/* A token that is given by the engine: the text is for its owner, once. */
struct api_new_token {
	struct str text;
	struct str id; /* by which it is taken back */
	struct digest sha256;
};
struct rng;
struct api_new_token api_token_make(struct arena *arena, struct rng *rng);
/* What it may do, as the store keeps it. */
struct str api_token_grant(struct arena *arena, const struct api_token *token);
/* "90d", or an instant; false where that is none, or not to come. */
MUST_USE bool api_token_expiry(
    struct str text, int64_t now_ms, int64_t *expires_ms);

/* Who a client certificate makes of its owner: either of the two names. */
struct api_certificate {
	struct str subject; /* as RFC 4514 writes it: "CN=ops,O=Bank" */
	struct str san;	    /* "DNS:…", "URI:…" or "email:…" */
	struct api_token grant; /* its digest is none, and it never expires */
};

/* What a value of the roles' claim gives. */
struct api_role_rule {
	struct str value;
	const struct str *roles;
	size_t role_count;
};
/* An OpenID provider whose access tokens are taken (issuer.h).  Claims are
 * named as issuer_claim() takes them. */
struct api_oidc {
	struct issuer issuer;
	struct str name_claim; /* who it is: a text */
	struct str roles_claim;
	/* absent: all; else a token has to have it, and "*" is all */
	struct str workflows_claim;
	struct str entities_claim;
	/* none: the values are names of roles */
	const struct api_role_rule *rules;
	size_t rule_count;
};

struct api_listener {
	/* "127.0.0.1:8380", "[::1]:0"; port 0: any free one. */
	struct str address;
	/* Where address is absent: a listening socket, taken over. */
	int fd;
};

struct api_limits {
	size_t body_bytes_max;	/* of a request; 1 MiB where 0 */
	size_t connections_max; /* 10000 where 0 */
	size_t requests_max;	/* being answered at once; 100000 where 0 */
	int64_t idle_ms; /* a silent connection is closed; 60 s where 0 */
	/* that fail in a minute, from one address; 60 where 0 */
	size_t sign_ins_max;
};

/* Signed checkpoints over all histories (audit_checkpoint.h). */
struct api_checkpoints {
	struct str key;	  /* the secret with the private key; absent: none */
	int64_t every_ms; /* 0: only when asked */
	struct str file;  /* each is appended to; absent: none */
	struct str webhook; /* each is posted there; absent: nowhere */
	bool log;	    /* each stands in the log */
	struct http_port *http; /* for the webhook */
};

/* What is pointed to must live as long as the api. */
struct api_options {
	struct event_base *base;
	struct engine *engine;
	const struct clock *clock; /* the engine's; NULL: the machine's */
	/* Of what others sign or certify, and of checkpoints; NULL: as clock */
	const struct clock *outer_clock;
	struct str database; /* path of the store's file, for exports */
	struct store_keys *keys; /* NULL: it isn't encrypted */
	const struct api_listener *listeners;
	size_t listener_count;
	struct str tls_certificate; /* path of a PEM file; absent: no TLS */
	struct str tls_key; /* path; or: */
	struct str tls_key_secret; /* the name of a secret that is its text */
	/* Path of a PEM file: who signs clients' certificates; absent: they
	 * show none. */
	struct str tls_client_ca;
	bool tls_client_required; /* else a client may show none */
	bool auth_required; /* false: callers name themselves, X-Stated-Actor */
	const struct api_token *tokens;
	size_t token_count;
	const struct api_certificate *certificates;
	size_t certificate_count;
	const struct api_oidc *oidc; /* NULL: none */
	/* for the signatures of webhooks */
	const struct value *settings;
	template_secret_fn *secret;
	void *secret_arg;
	struct api_limits limits;
	struct api_checkpoints checkpoints;
};

/* Listens at once.  NULL with *detail where an address can't be had, or the
 * certificate can't be used. */
MUST_USE struct api *api_new(
    const struct api_options *options, struct buf *detail);
/* Whether api_new() would get its addresses and could use its certificate:
 * both are tried, and given back.  Without a base and an engine.  false with
 * *detail. */
MUST_USE bool api_can_open(
    const struct api_options *options, struct buf *detail);
/* Drops what is under way.  To be called before engine_free(), and the loop
 * must not run in between. */
void api_free(struct api **api);
/* The port that listener `index` has really got. */
uint16_t api_port(const struct api *api, size_t index);
/* Rotated tokens, certificates and provider: of `access` only these count.
 * Those of before are not accepted from here on, but must live on as long as
 * the engine. */
void api_set_access(struct api *api, const struct api_options *access);
/* A rotated certificate, key or authority of clients, for new connections;
 * those that are there stay.  false with *detail where one can't be used: then
 * all stays.  Files that are replaced are also found without it. */
MUST_USE bool api_reload_tls(struct api *api, struct buf *detail);
/* Takes no more work and closes each connection after its answer: who watches
 * is told of it, all others are sent away; those who wait for an instance are
 * answered with what there is. */
void api_drain(struct api *api);
/* Takes no new connection. */
void api_shut(struct api *api);
/* Requests that are being answered, or whose answers have not left yet. */
size_t api_active(const struct api *api);

#endif
