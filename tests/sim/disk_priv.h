/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk_priv.h: shared by disk.c and disk_vfs.c only.
 *
 * A file has what the system shows (`now`), what the medium has (`synced`),
 * and in between the changes that lead from one to the other, in order.
 */
#ifndef DISK_PRIV_H
#define DISK_PRIV_H

#include <pthread.h>
#include <sqlite3.h>

#include "disk.h"
#include "stated/must.h"

#define DISK_MAP_SLOTS 8 /* SQLITE_SHM_NLOCK */
#define DISK_LAST_NAME INT64_MAX

struct disk_image {
	char *at;
	size_t bytes, room;
};

/* A write, or where `is_truncation` the cut at `at`. */
struct disk_change {
	struct disk_change *next;
	bool is_truncation;
	size_t at, bytes;
	char data[];
};

struct disk_handle;
struct disk_file {
	struct disk_file *next;
	char *path; /* NULL: of nobody else's concern, gone when closed */
	struct disk_image now, synced;
	struct disk_change *first, **last;
	/* When it got its name and lost it, in the order of all such events
	 * of the disk; 0: durably, DISK_LAST_NAME: has not. */
	int64_t named_at, unnamed_at;
	int handles;
	/* Who may read and write. */
	int sharers;
	const struct disk_handle *reserver, *owner;
	/* The memory that connections share. */
	void **regions;
	int region_count, mappers;
	int map_sharers[DISK_MAP_SLOTS];
	const struct disk_handle *map_owners[DISK_MAP_SLOTS];
};

struct disk {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	pthread_mutex_t lock; /* of all below */
	struct disk_file *files;
	int64_t names; /* events so far */
	int64_t names_synced;
	struct rng_seeded rng;
	struct disk_plan plan;
	long planned; /* operations that the plan is about */
	long counts[DISK_OPERATION_COUNT];
	long faults;
	bool is_dead;
	int last_errno;
};

struct disk_handle {
	sqlite3_file base;
	struct disk *disk;
	struct disk_file *file;
	int level; /* SQLITE_LOCK_… */
	bool is_mapped, is_passing; /* deleted on close */
	unsigned map_shared, map_owned; /* a bit a slot */
	int last_errno;
};

/* What happens to an operation, which is counted; *fault is set where the
 * answer is that it is struck.  A disk without power strikes all. */
bool disk_strikes(
    struct disk *disk, enum disk_operation operation, enum disk_fault *fault);

/* NULL where there is none.  Makes one that is real its own. */
struct disk_file *disk_find(struct disk *disk, const char *path);
struct disk_file *disk_make(struct disk *disk, const char *path);
void disk_unname(struct disk *disk, struct disk_file *file);
void disk_write(struct disk_file *file, size_t at, const char *data,
    size_t bytes);
void disk_truncate(struct disk_file *file, size_t bytes);
void disk_sync(struct disk *disk, struct disk_file *file);
void disk_sync_names(struct disk *disk);
/* Nobody has it open any more. */
void disk_rest(struct disk *disk, struct disk_file *file);

/* ---- disk_vfs.c ---- */

void disk_vfs_init(struct disk *disk);

#endif
