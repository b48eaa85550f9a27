/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_over.c: what a file system over another hands down.
 */
#include "sqlite_over.h"

#include "stated/clock.h"
#include "stated/must.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

/* At the beginning of 1970. */
#define JULIAN_MS 210866760000000

static struct sqlite_over *
over_of(sqlite3_vfs *vfs)
{
	return (struct sqlite_over *)(void *)vfs;
}

static sqlite3_vfs *
below(sqlite3_vfs *vfs)
{
	return over_of(vfs)->below;
}

/* -------------------------------------------------------------- the system */

static int
delete_cb(sqlite3_vfs *vfs, const char *path, int syncs)
{
	return below(vfs)->xDelete(below(vfs), path, syncs);
}

static int
access_cb(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
	return below(vfs)->xAccess(below(vfs), path, flags, result);
}

static int
full_path_cb(sqlite3_vfs *vfs, const char *path, int bytes, char *out)
{
	return below(vfs)->xFullPathname(below(vfs), path, bytes, out);
}

static int
randomness_cb(sqlite3_vfs *vfs, int bytes, char *out)
{
	return below(vfs)->xRandomness(below(vfs), bytes, out);
}

static int
sleep_cb(sqlite3_vfs *vfs, int us)
{
	return below(vfs)->xSleep(below(vfs), us);
}

/* Since the Julian epoch. */
static int
time_cb(sqlite3_vfs *vfs, sqlite3_int64 *now_ms)
{
	(void)vfs;
	*now_ms = clock_now_ms(clock_system()) + JULIAN_MS;
	return SQLITE_OK;
}

static int
last_error_cb(sqlite3_vfs *vfs, int bytes, char *out)
{
	return below(vfs)->xGetLastError(below(vfs), bytes, out);
}

/* Aligned for anything. */
static size_t
aligned(size_t bytes)
{
	size_t step = alignof(max_align_t);

	return (bytes + step - 1) / step * step;
}

void
sqlite_over_init(struct sqlite_over *over, const char *kind,
    const char *below_name, size_t file_bytes,
    int (*open)(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *opened,
	int flags, int *flags_got))
{
	must(file_bytes >= sizeof(struct over_file));
	over->below = sqlite3_vfs_find(below_name);
	must(over->below != NULL);
	over->file_bytes = aligned(file_bytes);
	/* By its place in memory no two that are there have the same. */
	snprintf(over->name, sizeof(over->name), "%s-%p", kind, (void *)over);
	over->vfs = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)over->file_bytes + over->below->szOsFile,
		.mxPathname = over->below->mxPathname,
		.zName = over->name,
		.xOpen = open,
		.xDelete = delete_cb,
		.xAccess = access_cb,
		.xFullPathname = full_path_cb,
		.xRandomness = randomness_cb,
		.xSleep = sleep_cb,
		.xGetLastError = last_error_cb,
		.xCurrentTimeInt64 = time_cb,
	};
	int code = sqlite3_vfs_register(&over->vfs, 0);
	must(code == SQLITE_OK);
}

void
sqlite_over_fini(struct sqlite_over *over)
{
	int code = sqlite3_vfs_unregister(&over->vfs);

	must(code == SQLITE_OK);
}

/* ------------------------------------------------------------------- files */

int
sqlite_over_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *opened,
    int flags, int *flags_got, const sqlite3_io_methods *methods)
{
	struct over_file *file = over_file_of(opened);
	size_t bytes = over_of(vfs)->file_bytes;

	memset(opened, 0, bytes);
	file->below = (sqlite3_file *)(void *)((char *)opened + bytes);
	int code = below(vfs)->xOpen(
	    below(vfs), path, file->below, flags, flags_got);
	if (code == SQLITE_OK)
		opened->pMethods = methods;
	else if (file->below->pMethods != NULL)
		(void)file->below->pMethods->xClose(file->below);
	return code;
}

int
sqlite_over_close(sqlite3_file *opened)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xClose(file);
}

int
sqlite_over_read(sqlite3_file *opened, void *out, int bytes, sqlite3_int64 at)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xRead(file, out, bytes, at);
}

int
sqlite_over_write(
    sqlite3_file *opened, const void *in, int bytes, sqlite3_int64 at)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xWrite(file, in, bytes, at);
}

int
sqlite_over_truncate(sqlite3_file *opened, sqlite3_int64 bytes)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xTruncate(file, bytes);
}

int
sqlite_over_sync(sqlite3_file *opened, int flags)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xSync(file, flags);
}

int
sqlite_over_size(sqlite3_file *opened, sqlite3_int64 *bytes)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xFileSize(file, bytes);
}

int
sqlite_over_lock(sqlite3_file *opened, int kind)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xLock(file, kind);
}

int
sqlite_over_unlock(sqlite3_file *opened, int kind)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xUnlock(file, kind);
}

int
sqlite_over_is_reserved(sqlite3_file *opened, int *is_reserved)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xCheckReservedLock(file, is_reserved);
}

int
sqlite_over_control(sqlite3_file *opened, int number, void *arg)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xFileControl(file, number, arg);
}

int
sqlite_over_sector(sqlite3_file *opened)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xSectorSize(file);
}

int
sqlite_over_traits(sqlite3_file *opened)
{
	sqlite3_file *file = over_file_of(opened)->below;

	return file->pMethods->xDeviceCharacteristics(file);
}
