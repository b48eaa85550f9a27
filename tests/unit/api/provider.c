/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void
say(int fd, int status, const char *body)
{
	char head[160];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    status, strlen(body));
	(void)!write(fd, head, strlen(head));
	(void)!write(fd, body, strlen(body));
}

static void
answer(struct provider *provider, int fd)
{
	char request[4096] = "", body[512];

	if (read(fd, request, sizeof(request) - 1) <= 0)
		return;
	if (atomic_load(&provider->is_away)) {
		say(fd, 503, "{}");
		return;
	}
	snprintf(body, sizeof(body),
	    "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}",
	    provider->alias ? provider->alias : provider->url, provider->url);
	if (strncmp(request, "GET /.well-known/openid-configuration ", 38) ==
	    0) {
		say(fd, 200, body);
	} else if (strncmp(request, "GET /keys ", 10) == 0) {
		atomic_fetch_add(&provider->asked, 1);
		say(fd, 200, atomic_load(&provider->keys));
	} else {
		say(fd, 404, "{}");
	}
}

static void *
serve(void *arg)
{
	struct provider *provider = arg;
	int fd;

	while ((fd = accept(provider->listener, NULL, NULL)) >= 0) {
		answer(provider, fd);
		close(fd);
	}
	return NULL;
}

void
provider_rotate(struct provider *provider, const char *id)
{
	provider->pair = key_pair_new(provider->arena, PAIR_P256);
	provider->id = id;
	atomic_store(&provider->keys,
	    mint_keys(provider->arena, &provider->pair, id, "").at);
}

struct provider *
provider_open(void)
{
	struct provider *provider = calloc(1, sizeof(*provider));
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t bytes = sizeof(address);

	assert_non_null(provider);
	provider->arena = arena_new();
	provider_rotate(provider, "first");
	provider->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(provider->listener,
			     (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(provider->listener, 16), 0);
	getsockname(provider->listener, (struct sockaddr *)&address, &bytes);
	snprintf(provider->url, sizeof(provider->url), "http://127.0.0.1:%u",
	    ntohs(address.sin_port));
	assert_int_equal(
	    pthread_create(&provider->thread, NULL, serve, provider), 0);
	return provider;
}

void
provider_close(struct provider **closed)
{
	struct provider *provider = *closed;

	*closed = NULL;
	shutdown(provider->listener, SHUT_RDWR);
	pthread_join(provider->thread, NULL);
	close(provider->listener);
	arena_free(&provider->arena);
	free(provider);
}

const char *
provider_token(struct provider *provider, const char *claims)
{
	struct arena *arena = provider->arena;

	return mint_token(arena, provider->pair.private, SIGNATURE_ES256,
	    arena_strf(arena,
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		provider->id),
	    arena_strf(arena,
		"{\"iss\":\"%s\",\"aud\":\"stated\",\"exp\":%lld%s}",
		provider->url, (long long)time(NULL) + 300, claims))
	    .at;
}
