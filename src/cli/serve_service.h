/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_service.h: private to src/cli: the engine as a service, of which
 *
 *	cmd_serve.c     reads what it is to be, runs it and takes it apart,
 *	serve_start.c   puts it together,
 *	serve_reload.c  reads its definitions and who may call, again and again.
 */
#ifndef SERVE_SERVICE_H
#define SERVE_SERVICE_H

#include "cli_priv.h"
#include "serve_priv.h"

struct event;
struct event_base;

#define SERVICE_SIGNALS 4
struct service {
	struct cli *cli;
	struct config *config;
	struct config **rotated; /* as read again; calls hold on to tokens */
	size_t rotated_count;
	struct library *library; /* the newest */
	struct library **older;	 /* instances hold on to them */
	size_t older_count;
	struct event_base *base;
	struct store_keys *keys; /* NULL: it isn't encrypted */
	struct store *store;
	struct http_client *http;
	struct engine *engine;
	struct api *api;
	struct clock_scaled fast;
	const struct clock *clock;
	const char *port_part; /* the file of --port-file until it is whole */
	FILE *port_file;       /* while that is open */
	struct event *signals[SERVICE_SIGNALS];
	struct event *tidy;
	struct event *leave; /* to look again; NULL until it is stopping */
	size_t callers_max; /* connections that descriptors are there for */
	size_t calls_max;
	bool stopping;
	unsigned looks; /* for answers under way, while stopping */
};

/* ---- serve_start.c ---- */

/* From the store to open ports. */
MUST_USE enum cli_status service_start(struct service *service);
/* To the log and to systemd. */
void service_announce(const struct service *service);

/* ---- serve_reload.c ---- */

/* What is wrong with what was read: to the log, a line each, once it is
 * serving or where that is JSON; before, to who started it. */
void service_report(const struct service *service, struct diag_list *diags);
/* NULL where they have errors; those have been told. */
MUST_USE struct library *service_load_library(struct service *service);
size_t service_count_workflows(const struct library *library);
/* Somebody can call by what the configuration says alone. */
bool service_names_callers(const struct config *config);
/* Somebody can call, or nobody has to show who it is.  Once there is an
 * engine. */
bool service_has_callers(
    const struct service *service, const struct config *config);
enum cli_status service_fail_tokenless(const struct service *service);
/* Who may call, and by what. */
struct api_options service_access_of(const struct config *config);
/* Definitions, tokens, certificates, keys.  What can't be used stays as it
 * was, and that is told. */
void service_reload(struct service *service);

#endif
