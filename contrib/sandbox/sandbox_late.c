/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_late.c: copies of requests, each with a timer. */
#include "sandbox_late.h"

#include "sandbox_reply.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#define DELAY_MS 1000

struct late {
	LIST_ENTRY(late) link;
	struct sandbox *sandbox;
	sandbox_handler_fn handler;
	struct sandbox_request request;
	struct evkeyvalq query;
	struct evkeyvalq headers;
	struct event *timer;
};

struct sandbox_late_list {
	struct sandbox *sandbox;
	LIST_HEAD(, late) all;
};

struct sandbox_late_list *
sandbox_late_new(struct sandbox *sandbox)
{
	struct sandbox_late_list *list = calloc(1, sizeof(*list));

	must(list != NULL);
	list->sandbox = sandbox;
	LIST_INIT(&list->all);
	return list;
}

static void
late_free(struct late *late)
{
	LIST_REMOVE(late, link);
	event_free(late->timer);
	evhttp_clear_headers(&late->query);
	evhttp_clear_headers(&late->headers);
	for (size_t i = 0; i < SANDBOX_PARAMS_MAX; i++)
		free(late->request.params[i]);
	free((char *)late->request.method);
	free((char *)late->request.path);
	free((char *)late->request.body.at);
	free(late);
}

void
sandbox_late_reset(struct sandbox_late_list *list)
{
	while (!LIST_EMPTY(&list->all))
		late_free(LIST_FIRST(&list->all));
}

void
sandbox_late_free(struct sandbox_late_list **list)
{
	if (*list == NULL)
		return;
	sandbox_late_reset(*list);
	free(*list);
	*list = NULL;
}

static void
due_cb(evutil_socket_t fd, short what, void *arg)
{
	struct late *late = arg;
	struct sandbox_reply reply = {0};

	(void)fd;
	(void)what;
	late->handler(late->sandbox, &late->request, &reply);
	sandbox_reply_fini(&reply);
	late_free(late);
}

static void
copy_pairs(const struct evkeyvalq *from, struct evkeyvalq *to)
{
	const struct evkeyval *pair;

	TAILQ_INIT(to);
	for (pair = from->tqh_first; pair != NULL; pair = pair->next.tqe_next)
		must(evhttp_add_header(to, pair->key, pair->value) == 0);
}

static char *
copy_text(const char *text)
{
	char *copy = text != NULL ? strdup(text) : NULL;

	must(copy != NULL || text == NULL);
	return copy;
}

static void
copy_request(struct late *late, const struct sandbox_request *from)
{
	char *body = malloc(from->body.bytes + 1);

	must(body != NULL);
	if (from->body.bytes > 0)
		memcpy(body, from->body.at, from->body.bytes);
	copy_pairs(from->query, &late->query);
	copy_pairs(from->headers, &late->headers);
	late->request = *from;
	late->request.method = copy_text(from->method);
	late->request.path = copy_text(from->path);
	late->request.query = &late->query;
	late->request.headers = &late->headers;
	late->request.body = (struct str){body, from->body.bytes};
	for (size_t i = 0; i < SANDBOX_PARAMS_MAX; i++)
		late->request.params[i] = copy_text(from->params[i]);
}

void
sandbox_late_add(struct sandbox_late_list *list, sandbox_handler_fn handler,
    const struct sandbox_request *request, int64_t delay_ms)
{
	struct late *late = calloc(1, sizeof(*late));
	int64_t ms = delay_ms > 0 ? delay_ms : DELAY_MS;
	struct timeval delay = {ms / 1000, ms % 1000 * 1000};

	must(late != NULL);
	late->sandbox = list->sandbox;
	late->handler = handler;
	copy_request(late, request);
	late->timer = evtimer_new(list->sandbox->base, due_cb, late);
	must(late->timer != NULL && evtimer_add(late->timer, &delay) == 0);
	LIST_INSERT_HEAD(&list->all, late, link);
}
