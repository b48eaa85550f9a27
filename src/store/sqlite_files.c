/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_files.c: whether the files that are open still have their names.
 *
 * A file that is removed or replaced while it is open can be written on and
 * on, and synced, and all of it is gone when the process ends.  So before each
 * commit the database and its log are looked at by name: two calls of the
 * system, which cost next to nothing beside a sync.
 */
#include "sqlite_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 2
#define LINKS_MAX 40 /* one after the other, as the system follows them */

struct sqlite_files {
	struct {
		char *path;
		bool is_watched; /* it is one of this system's files */
		dev_t device;
		ino_t inode;
	} items[FILES];
};

static char *
name_of(struct str path, const char *suffix)
{
	char *name;

	must(asprintf(&name, "%.*s%s", STR_ARG(path), suffix) > 0);
	return name;
}

void
sqlite_files_resolve(struct str path, struct buf *name)
{
	char target[PATH_MAX];
	ssize_t bytes;

	must(name->bytes == 0);
	buf_add_str(name, path);
	/* What a link leads to may not be there, in the midst of a restore. */
	for (int i = 0; i < LINKS_MAX; i++) {
		bytes = readlink(buf_cstr(name), target, sizeof(target));
		if (bytes <= 0 || (size_t)bytes == sizeof(target))
			return;
		while (name->bytes > 0 &&
		       (target[0] == '/' || name->at[name->bytes - 1] != '/'))
			name->bytes--;
		buf_add(name, target, (size_t)bytes);
	}
}

struct sqlite_files *
sqlite_files_open(struct str path)
{
	static const char *const suffixes[FILES] = {"", "-wal"};
	struct sqlite_files *files = calloc(1, sizeof(*files));

	must(files != NULL);
	for (size_t i = 0; i < FILES; i++) {
		struct stat status;

		files->items[i].path = name_of(path, suffixes[i]);
		if (stat(files->items[i].path, &status) != 0)
			continue;
		files->items[i].is_watched = true;
		files->items[i].device = status.st_dev;
		files->items[i].inode = status.st_ino;
	}
	return files;
}

void
sqlite_files_close(struct sqlite_files **files)
{
	if (*files == NULL)
		return;
	for (size_t i = 0; i < FILES; i++)
		free((*files)->items[i].path);
	free(*files);
	*files = NULL;
}

enum store_error
sqlite_files_check(const struct sqlite_files *files, struct buf *detail)
{
	for (size_t i = 0; i < FILES; i++) {
		const char *path = files->items[i].path;
		struct stat status;
		bool is_found;

		if (!files->items[i].is_watched)
			continue;
		is_found = stat(path, &status) == 0;
		/* A directory that can't be looked into hides it, no more. */
		if (!is_found && errno != ENOENT && errno != ENOTDIR)
			continue;
		if (is_found && status.st_dev == files->items[i].device &&
		    status.st_ino == files->items[i].inode)
			continue;
		if (detail != NULL)
			buf_addf(detail, "%s is %s", path,
			    is_found ? "another file" : "not there");
		return STORE_MOVED;
	}
	return STORE_OK;
}
