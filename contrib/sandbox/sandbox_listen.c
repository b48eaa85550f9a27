/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_listen.c: see sandbox_listen.h. */
#include "sandbox_listen.h"

#include "stated/must.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define BACKLOG 128

struct evconnlistener *
sandbox_listen(struct event_base *base, const char *host,
    evconnlistener_cb accept_cb, void *arg)
{
	struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	struct evconnlistener *listener;

	errno = EADDRNOTAVAIL;
	if (getaddrinfo(host, "0", &hints, &found) != 0)
		return NULL;
	listener = evconnlistener_new_bind(base, accept_cb, arg,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
	    found->ai_addr, (int)found->ai_addrlen);
	freeaddrinfo(found);
	return listener;
}

uint16_t
sandbox_listen_port(evutil_socket_t fd)
{
	struct sockaddr_storage at;
	socklen_t bytes = sizeof(at);
	int failed = getsockname(fd, (struct sockaddr *)&at, &bytes);

	must(failed == 0);
	return at.ss_family == AF_INET6
	    ? ntohs(((struct sockaddr_in6 *)&at)->sin6_port)
	    : ntohs(((struct sockaddr_in *)&at)->sin_port);
}
