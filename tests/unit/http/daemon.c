/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LOOK_AGAIN_NS (20 * 1000 * 1000)

void
daemon_need(const char *program, const char *package)
{
	if (access(program, X_OK) != 0)
		fail_msg("%s is missing: apt-get install %s "
			 "(contrib/install-packages.sh --tests installs it)",
		    program, package);
}

pid_t
daemon_start(const char *const *arguments)
{
	pid_t child = fork();

	must(child >= 0);
	if (child > 0)
		return child;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test may fail */
	int nowhere = open("/dev/null", O_RDWR);
	(void)dup2(nowhere, STDIN_FILENO);
	(void)dup2(nowhere, STDOUT_FILENO);
	(void)dup2(nowhere, STDERR_FILENO);
	(void)execv(arguments[0], (char *const *)(uintptr_t)arguments);
	_exit(127);
}

/* Whether the process has that socket open. */
static bool
has_socket(pid_t child, unsigned long inode)
{
	char folder[64], wanted[64], name[PATH_MAX], path[512];
	struct dirent *entry;
	bool is_found = false;
	DIR *files;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)child);
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	files = opendir(folder);
	while (files != NULL && (entry = readdir(files)) != NULL) {
		ssize_t bytes;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		bytes = readlink(path, name, sizeof(name) - 1);
		if (bytes <= 0)
			continue;
		name[bytes] = '\0';
		is_found |= strcmp(name, wanted) == 0;
	}
	if (files != NULL)
		(void)closedir(files);
	return is_found;
}

/* 0: on none yet.  Lines: number, local address:port, remote, state, …;
 * 0A is a socket that listens. */
static uint16_t
find_port(pid_t child)
{
	FILE *table = fopen("/proc/net/tcp", "r");
	char line[512];
	uint16_t found = 0;

	must(table != NULL);
	while (found == 0 && fgets(line, sizeof(line), table) != NULL) {
		unsigned port, state;
		unsigned long inode;

		if (sscanf(line,
			" %*d: %*x:%x %*x:%*x %x %*x:%*x %*x:%*x %*x %*d %*d "
			"%lu", &port, &state, &inode) == 3 &&
		    state == 0x0a && has_socket(child, inode))
			found = (uint16_t)port;
	}
	(void)fclose(table);
	return found;
}

uint16_t
daemon_port(pid_t child)
{
	const struct timespec wait = {.tv_nsec = LOOK_AGAIN_NS};
	uint16_t port;

	while ((port = find_port(child)) == 0) {
		if (waitpid(child, NULL, WNOHANG) != 0)
			fail_msg("the server ended before it listened");
		(void)nanosleep(&wait, NULL);
	}
	return port;
}

void
daemon_stop(pid_t child)
{
	if (child <= 0)
		return;
	(void)kill(child, SIGTERM);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}
