/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_systemd.c: telling systemd how we are (sd_notify(3)), and taking the
 * sockets that it has opened for us (sd_listen_fds(3)).  The protocols are a
 * datagram and two variables: no library is worth it.
 */
#include "serve_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t bytes = path == NULL ? 0 : strlen(path);
	int fd;

	if (bytes == 0 || bytes >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, bytes);
	if (path[0] == '@')
		address.sun_path[0] = 0; /* an abstract socket */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		(const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes)) <
	    0)
		log_warning("systemd was not told", "state=%s", state);
	close(fd);
}

int
systemd_socket_count(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int64_t n;

	if (pid == NULL || count == NULL ||
	    !str_parse_int(str_of(pid), 1, INT32_MAX, &n) || n != getpid() ||
	    !str_parse_int(str_of(count), 0, 64, &n))
		return 0;
	return (int)n;
}
