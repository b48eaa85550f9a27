/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk_vfs.c: the disk as SQLite sees it.
 *
 * It promises what SQLite's own file system promises on Linux, and no more:
 * a write that is torn leaves what is beside it alone, and that is all.
 * Locks and shared memory are of one process, for its connections.
 */
#include "disk_priv.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 512
#define OWN_SECTOR_BYTES 4096 /* what SQLite assumes of disks */

static struct disk_handle *
handle_of(sqlite3_file *file)
{
	return (struct disk_handle *)(void *)file;
}

/* ------------------------------------------------------------ what is struck */

/* Begins an operation: with the lock, or not at all where it is struck. */
static bool
begin(struct disk_handle *handle, enum disk_operation operation,
    enum disk_fault *fault)
{
	struct disk *disk = handle->disk;

	pthread_mutex_lock(&disk->lock);
	if (!disk_strikes(disk, operation, fault))
		return true;
	handle->last_errno = disk->last_errno;
	return false;
}

static int
end(struct disk_handle *handle, int code)
{
	pthread_mutex_unlock(&handle->disk->lock);
	return code;
}

/* The answer to an operation that was struck and did nothing. */
static int
end_struck(struct disk_handle *handle, enum disk_fault fault, int code)
{
	if (fault == DISK_LIES)
		code = SQLITE_OK;
	else if (fault == DISK_IS_BUSY)
		code = SQLITE_BUSY;
	return end(handle, code);
}

/* ---------------------------------------------------------------- the content */

static int
disk_vfs_read(sqlite3_file *opened, void *out, int bytes, sqlite3_int64 at)
{
	struct disk_handle *handle = handle_of(opened);
	const struct disk_image *now = &handle->file->now;
	enum disk_fault fault;

	if (!begin(handle, DISK_READ, &fault))
		return end_struck(handle, fault, SQLITE_IOERR_CORRUPTFS);
	size_t there = (size_t)at < now->bytes ? now->bytes - (size_t)at : 0;
	size_t wanted = (size_t)bytes;
	if (there > wanted)
		there = wanted;
	if (there > 0)
		memcpy(out, now->at + at, there);
	/* SQLite counts on the rest being zero. */
	memset((char *)out + there, 0, wanted - there);
	return end(handle,
	    there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ);
}

static int
disk_vfs_write(
    sqlite3_file *opened, const void *from, int bytes, sqlite3_int64 at)
{
	struct disk_handle *handle = handle_of(opened);
	enum disk_fault fault;
	if (begin(handle, DISK_WRITE, &fault)) {
		disk_write(handle->file, (size_t)at, from, (size_t)bytes);
		return end(handle, SQLITE_OK);
	}
	/* Where the power goes in the midst of it, it is one more that was
	 * not synced. */
	if (fault == DISK_DIES)
		disk_write(handle->file, (size_t)at, from, (size_t)bytes);
	else if (fault == DISK_FAILS || fault == DISK_IS_FULL)
		disk_write(handle->file, (size_t)at, from, (size_t)bytes / 2);
	return end_struck(handle, fault,
	    fault == DISK_IS_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE);
}

static int
disk_vfs_truncate(sqlite3_file *opened, sqlite3_int64 bytes)
{
	struct disk_handle *handle = handle_of(opened);
	enum disk_fault fault;

	if (!begin(handle, DISK_TRUNCATE, &fault))
		return end_struck(handle, fault, SQLITE_IOERR_TRUNCATE);
	disk_truncate(handle->file, (size_t)bytes);
	return end(handle, SQLITE_OK);
}

static int
disk_vfs_sync(sqlite3_file *opened, int flags)
{
	struct disk_handle *handle = handle_of(opened);
	enum disk_fault fault;

	(void)flags;
	if (!begin(handle, DISK_SYNC, &fault))
		return end_struck(handle, fault, SQLITE_IOERR_FSYNC);
	disk_sync(handle->disk, handle->file);
	return end(handle, SQLITE_OK);
}

static int
disk_vfs_size(sqlite3_file *opened, sqlite3_int64 *bytes)
{
	struct disk_handle *handle = handle_of(opened);
	enum disk_fault fault;

	if (!begin(handle, DISK_SIZE, &fault))
		return end(handle, SQLITE_IOERR_FSTAT);
	*bytes = (sqlite3_int64)handle->file->now.bytes;
	return end(handle, SQLITE_OK);
}

static int
disk_vfs_control(sqlite3_file *opened, int operation, void *arg)
{
	if (operation != SQLITE_FCNTL_LAST_ERRNO)
		return SQLITE_NOTFOUND;
	*(int *)arg = handle_of(opened)->last_errno;
	return SQLITE_OK;
}

static int
disk_vfs_sector(sqlite3_file *opened)
{
	must(opened != NULL);
	return OWN_SECTOR_BYTES;
}

static int
disk_vfs_traits(sqlite3_file *opened)
{
	must(opened != NULL);
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---------------------------------------------------------------------- locks */

static bool
may_lock(const struct disk_handle *handle, int level)
{
	const struct disk_file *file = handle->file;
	bool is_mine = handle->level >= SQLITE_LOCK_SHARED;

	if (level == SQLITE_LOCK_SHARED)
		return file->owner == NULL || file->owner == handle;
	if (file->reserver != NULL && file->reserver != handle)
		return false;
	return level == SQLITE_LOCK_RESERVED || file->sharers == is_mine;
}

static void
set_level(struct disk_handle *handle, int level)
{
	struct disk_file *file = handle->file;

	file->sharers += (level >= SQLITE_LOCK_SHARED) -
	    (handle->level >= SQLITE_LOCK_SHARED);
	must(file->sharers >= 0);
	if (level >= SQLITE_LOCK_RESERVED)
		file->reserver = handle;
	else if (file->reserver == handle)
		file->reserver = NULL;
	if (level == SQLITE_LOCK_EXCLUSIVE)
		file->owner = handle;
	else if (file->owner == handle)
		file->owner = NULL;
	handle->level = level;
}

static int
disk_vfs_lock(sqlite3_file *opened, int level)
{
	struct disk_handle *handle = handle_of(opened);
	enum disk_fault fault;

	if (!begin(handle, DISK_LOCK, &fault))
		return end_struck(handle, fault, SQLITE_IOERR_LOCK);
	if (level <= handle->level)
		return end(handle, SQLITE_OK);
	if (!may_lock(handle, level))
		return end(handle, SQLITE_BUSY);
	set_level(handle, level);
	return end(handle, SQLITE_OK);
}

/* Works without power, too: it is the kernel's memory. */
static int
disk_vfs_unlock(sqlite3_file *opened, int level)
{
	struct disk_handle *handle = handle_of(opened);

	pthread_mutex_lock(&handle->disk->lock);
	if (level < handle->level)
		set_level(handle, level);
	return end(handle, SQLITE_OK);
}

static int
disk_vfs_check_lock(sqlite3_file *opened, int *is_locked)
{
	struct disk_handle *handle = handle_of(opened);
	enum disk_fault fault;

	if (!begin(handle, DISK_LOCK, &fault))
		return end(handle, SQLITE_IOERR_CHECKRESERVEDLOCK);
	*is_locked = handle->file->reserver != NULL;
	return end(handle, SQLITE_OK);
}

/* -------------------------------------------------------------- shared memory */

static void
add_regions(struct disk_file *file, int count, int bytes)
{
	file->regions = realloc(file->regions,
	    (size_t)count * sizeof(file->regions[0]));
	must(file->regions != NULL);
	while (file->region_count < count) {
		file->regions[file->region_count] = calloc(1, (size_t)bytes);
		must(file->regions[file->region_count] != NULL);
		file->region_count++;
	}
}

static int
disk_vfs_map(sqlite3_file *opened, int region, int bytes, int extends,
    void volatile **out)
{
	struct disk_handle *handle = handle_of(opened);
	struct disk_file *file = handle->file;
	enum disk_fault fault;

	*out = NULL;
	if (!begin(handle, DISK_MAP, &fault))
		return end(handle, SQLITE_IOERR_SHMMAP);
	if (!handle->is_mapped)
		file->mappers++;
	handle->is_mapped = true;
	if (region >= file->region_count && extends)
		add_regions(file, region + 1, bytes);
	if (region < file->region_count)
		*out = file->regions[region];
	return end(handle, SQLITE_OK);
}

static unsigned
slots_of(int first, int count)
{
	must(first >= 0 && first + count <= DISK_MAP_SLOTS);
	return (1u << (first + count)) - (1u << first);
}

static void
release_slots(struct disk_handle *handle, unsigned slots)
{
	struct disk_file *file = handle->file;

	for (int i = 0; i < DISK_MAP_SLOTS; i++) {
		if ((slots >> i & 1) == 0)
			continue;
		if (handle->map_shared >> i & 1)
			file->map_sharers[i]--;
		if (handle->map_owned >> i & 1)
			file->map_owners[i] = NULL;
		must(file->map_sharers[i] >= 0);
	}
	handle->map_shared &= ~slots;
	handle->map_owned &= ~slots;
}

static bool
may_take_slots(const struct disk_handle *handle, unsigned slots, bool alone)
{
	const struct disk_file *file = handle->file;

	for (int i = 0; i < DISK_MAP_SLOTS; i++) {
		int mine = (int)(handle->map_shared >> i & 1);

		if ((slots >> i & 1) == 0)
			continue;
		if (file->map_owners[i] != NULL &&
		    file->map_owners[i] != handle)
			return false;
		if (alone && file->map_sharers[i] > mine)
			return false;
	}
	return true;
}

static void
take_slots(struct disk_handle *handle, unsigned slots, bool alone)
{
	struct disk_file *file = handle->file;

	for (int i = 0; i < DISK_MAP_SLOTS; i++) {
		if ((slots >> i & 1) == 0)
			continue;
		if (alone)
			file->map_owners[i] = handle;
		else if ((handle->map_shared >> i & 1) == 0)
			file->map_sharers[i]++;
	}
	if (alone)
		handle->map_owned |= slots;
	else
		handle->map_shared |= slots;
}

static int
disk_vfs_map_lock(sqlite3_file *opened, int first, int count, int flags)
{
	struct disk_handle *handle = handle_of(opened);
	unsigned slots = slots_of(first, count);
	bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
	enum disk_fault fault;

	if ((flags & SQLITE_SHM_UNLOCK) != 0) {
		pthread_mutex_lock(&handle->disk->lock);
		release_slots(handle, slots);
		return end(handle, SQLITE_OK);
	}
	if (!begin(handle, DISK_MAP_LOCK, &fault))
		return end_struck(handle, fault, SQLITE_IOERR_SHMLOCK);
	if (!may_take_slots(handle, slots, alone))
		return end(handle, SQLITE_BUSY);
	take_slots(handle, slots, alone);
	return end(handle, SQLITE_OK);
}

static void
disk_vfs_barrier(sqlite3_file *opened)
{
	must(opened != NULL);
	atomic_thread_fence(memory_order_seq_cst);
}

static void
unmap(struct disk_handle *handle)
{
	struct disk_file *file = handle->file;

	release_slots(handle, slots_of(0, DISK_MAP_SLOTS));
	if (handle->is_mapped)
		file->mappers--;
	handle->is_mapped = false;
	if (file->mappers > 0)
		return;
	for (int i = 0; i < file->region_count; i++)
		free(file->regions[i]);
	free(file->regions);
	file->regions = NULL;
	file->region_count = 0;
}

static int
disk_vfs_unmap(sqlite3_file *opened, int removes)
{
	struct disk_handle *handle = handle_of(opened);

	(void)removes;
	pthread_mutex_lock(&handle->disk->lock);
	unmap(handle);
	return end(handle, SQLITE_OK);
}

/* ------------------------------------------------------------ opening, closing */

static int
disk_vfs_close(sqlite3_file *opened)
{
	struct disk_handle *handle = handle_of(opened);
	struct disk_file *file = handle->file;

	pthread_mutex_lock(&handle->disk->lock);
	set_level(handle, SQLITE_LOCK_NONE);
	if (handle->is_mapped)
		unmap(handle);
	if (handle->is_passing && file->path != NULL)
		disk_unname(handle->disk, file);
	must(file->handles > 0);
	if (--file->handles == 0)
		disk_rest(handle->disk, file);
	return end(handle, SQLITE_OK);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = disk_vfs_close,
	.xRead = disk_vfs_read,
	.xWrite = disk_vfs_write,
	.xTruncate = disk_vfs_truncate,
	.xSync = disk_vfs_sync,
	.xFileSize = disk_vfs_size,
	.xLock = disk_vfs_lock,
	.xUnlock = disk_vfs_unlock,
	.xCheckReservedLock = disk_vfs_check_lock,
	.xFileControl = disk_vfs_control,
	.xSectorSize = disk_vfs_sector,
	.xDeviceCharacteristics = disk_vfs_traits,
	.xShmMap = disk_vfs_map,
	.xShmLock = disk_vfs_map_lock,
	.xShmBarrier = disk_vfs_barrier,
	.xShmUnmap = disk_vfs_unmap,
};

static struct disk *
disk_of(sqlite3_vfs *vfs)
{
	struct disk *disk = vfs->pAppData;

	must(&disk->vfs == vfs);
	return disk;
}

static int
disk_vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *opened,
    int flags, int *flags_out)
{
	struct disk_handle *handle = handle_of(opened);
	struct disk *disk = disk_of(vfs);
	struct disk_file *file = NULL;
	enum disk_fault fault;

	*handle = (struct disk_handle){.disk = disk};
	if (!begin(handle, DISK_OPEN, &fault))
		return end(handle, SQLITE_CANTOPEN);
	if (path != NULL)
		file = disk_find(disk, path);
	if (file == NULL && (flags & SQLITE_OPEN_CREATE) == 0) {
		disk->last_errno = ENOENT;
		return end(handle, SQLITE_CANTOPEN);
	}
	if (file == NULL)
		file = disk_make(disk, path);
	file->handles++;
	handle->file = file;
	handle->is_passing = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	handle->base.pMethods = &methods;
	if (flags_out != NULL)
		*flags_out = flags;
	return end(handle, SQLITE_OK);
}

static int
disk_vfs_delete(sqlite3_vfs *vfs, const char *path, int syncs)
{
	struct disk_handle handle = {.disk = disk_of(vfs)};
	enum disk_fault fault;

	if (!begin(&handle, DISK_DELETE, &fault))
		return end_struck(&handle, fault, SQLITE_IOERR_DELETE);
	struct disk_file *file = disk_find(handle.disk, path);
	if (file == NULL)
		return end(&handle, SQLITE_IOERR_DELETE_NOENT);
	disk_unname(handle.disk, file);
	if (syncs)
		disk_sync_names(handle.disk);
	return end(&handle, SQLITE_OK);
}

/* A file without content does not exist, as on SQLite's own. */
static int
disk_vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *is_there)
{
	struct disk_handle handle = {.disk = disk_of(vfs)};
	enum disk_fault fault;

	if (!begin(&handle, DISK_ACCESS, &fault))
		return end(&handle, SQLITE_IOERR_ACCESS);
	const struct disk_file *file = disk_find(handle.disk, path);
	*is_there = file != NULL &&
	    (flags != SQLITE_ACCESS_EXISTS || file->now.bytes > 0);
	return end(&handle, SQLITE_OK);
}

static int
disk_vfs_full_path(sqlite3_vfs *vfs, const char *path, int bytes, char *out)
{
	int needed = snprintf(out, (size_t)bytes, "%s", path);

	must(disk_of(vfs) != NULL);
	return needed < bytes ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int
disk_vfs_random(sqlite3_vfs *vfs, int bytes, char *out)
{
	struct rng *rng = &disk_of(vfs)->rng.rng;

	rng->fill(rng, out, (size_t)bytes);
	return bytes;
}

static int
disk_vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	struct disk *disk = disk_of(vfs);

	/* Nothing gets better by waiting for it. */
	if (disk_is_dead(disk))
		return microseconds;
	return disk->real->xSleep(disk->real, microseconds);
}

static int
disk_vfs_last_error(sqlite3_vfs *vfs, int bytes, char *out)
{
	struct disk *disk = disk_of(vfs);

	(void)bytes;
	(void)out;
	pthread_mutex_lock(&disk->lock);
	int code = disk->last_errno;
	pthread_mutex_unlock(&disk->lock);
	return code;
}

void
disk_vfs_init(struct disk *disk)
{
	disk->real = sqlite3_vfs_find(NULL);
	must(disk->real != NULL);
	disk->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = sizeof(struct disk_handle),
		.mxPathname = PATH_BYTES_MAX,
		.zName = "disk",
		.pAppData = disk,
		.xOpen = disk_vfs_open,
		.xDelete = disk_vfs_delete,
		.xAccess = disk_vfs_access,
		.xFullPathname = disk_vfs_full_path,
		.xRandomness = disk_vfs_random,
		.xSleep = disk_vfs_sleep,
		.xCurrentTime = disk->real->xCurrentTime,
		.xGetLastError = disk_vfs_last_error,
	};
}
