/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim_files.c: a server of files that ends in the midst of a renaming.
 *
 * Loaded before the C library (LD_PRELOAD) into OpenSSH's server, which
 * renames a file by a link and the removal of the old name.  The file `cut`
 * in STATED_TEST_FOLDER says where, once; see sshd.h.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int link_fn(const char *from, const char *to);
typedef int unlink_fn(const char *path);

static char folder[2048];
static char linked[4096]; /* the last new name */

/* Before the server makes an environment of its own. */
__attribute__((constructor)) static void
read_folder(void)
{
	const char *named = getenv("STATED_TEST_FOLDER");

	(void)snprintf(folder, sizeof(folder), "%s",
	    named != NULL ? named : ".");
}

static const char *
path_of(const char *name, char path[4096])
{
	(void)snprintf(path, 4096, "%s/%s", folder, name);
	return path;
}

static bool
read_line(const char *name, char line[64])
{
	char path[4096];
	FILE *file = fopen(path_of(name, path), "r");
	bool is_read = file != NULL && fgets(line, 64, file) != NULL;

	if (file != NULL)
		(void)fclose(file);
	return is_read;
}

static bool
is_cut(const char *where)
{
	char line[64];

	return read_line("cut", line) && strcmp(line, where) == 0;
}

static int
really_unlink(const char *path)
{
	unlink_fn *original = (unlink_fn *)dlsym(RTLD_NEXT, "unlink");

	return original(path);
}

static void
end(void)
{
	char path[4096];

	(void)really_unlink(path_of("cut", path));
	(void)kill(getppid(), SIGKILL);
	_exit(1);
}

/* From then on nobody gets in: else who looks at once might. */
static void
stop_acceptor(const char *number)
{
	char path[4096];

	(void)kill((pid_t)atoi(number), SIGTERM);
	while (access(path_of("acceptor", path), F_OK) == 0)
		(void)usleep(1000);
}

int
link(const char *from, const char *to)
{
	link_fn *original = (link_fn *)dlsym(RTLD_NEXT, "link");

	if (is_cut("before-link"))
		end();
	(void)snprintf(linked, sizeof(linked), "%s", to);
	return original(from, to);
}

int
unlink(const char *path)
{
	int result = really_unlink(path);
	char line[64];

	if (linked[0] == '\0')
		return result;
	if (is_cut("taken"))
		(void)really_unlink(linked);
	else if (is_cut("gone") && read_line("acceptor", line))
		stop_acceptor(line);
	else if (!is_cut("after-unlink"))
		return result;
	end();
	return result;
}
