/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk.h: a disk in memory that forgets, tears, lies and fails as it is told.
 *
 * It is SQLite's default file system from disk_new() to disk_free(): whoever
 * opens a database meanwhile has it on this disk.  What is written is first
 * only in the system's memory; a sync makes it durable.  When the power goes,
 * each write that was not synced is there, is not there, or is there in some
 * of its sectors only.
 *
 * Names of files last as on a journalling file system: in the order in which
 * they were made and removed, and at the latest when the directory is synced,
 * which SQLite does with the first sync of a log.
 *
 * Files that a program makes without SQLite are real ones.  Opening one that
 * is not on the disk takes it over; in return the disk shows its own in the
 * real directory, as files of the right size that have the right beginning,
 * after a crash and when they are closed.  So a program that looks at them
 * before SQLite does sees what it would see.
 *
 * With the same seed, the same happens.  All functions may be called from any
 * thread, but for disk_new, disk_free and disk_crash.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stated/rng.h"

#define DISK_SECTOR_BYTES 512

/* X(constant, name) */
#define DISK_OPERATIONS(X)                                                     \
	X(DISK_OPEN, "open")                                                   \
	X(DISK_DELETE, "delete")                                               \
	X(DISK_ACCESS, "access")                                               \
	X(DISK_READ, "read")                                                   \
	X(DISK_WRITE, "write")                                                 \
	X(DISK_TRUNCATE, "truncate")                                           \
	X(DISK_SYNC, "sync")                                                   \
	X(DISK_SIZE, "size")                                                   \
	X(DISK_LOCK, "lock")                                                   \
	X(DISK_MAP, "map") /* of the memory that connections share */          \
	X(DISK_MAP_LOCK, "map lock")

#define DISK_OPERATION(constant, name) constant,
enum disk_operation { DISK_OPERATIONS(DISK_OPERATION) DISK_OPERATION_COUNT };
#undef DISK_OPERATION
const char *disk_operation_name(enum disk_operation operation);

enum disk_fault {
	DISK_FAILS, /* an error of the device; half of a write is done */
	DISK_IS_FULL,
	DISK_IS_BUSY, /* a lock that another process has */
	DISK_LIES,    /* a change or a sync is told to be done, and is not */
	DISK_DIES,    /* the power goes: that and all after it fails */
	DISK_IS_DEAD, /* has died before; not to be planned */
};

/* What goes wrong, and when.  All zero: nothing does. */
struct disk_plan {
	unsigned operations; /* a bit each: 1u << DISK_WRITE | …; ~0u: any */
	long nth;            /* of these, from 1 on; 0: never */
	bool for_good;       /* that one and all after it */
	enum disk_fault fault;
};

struct disk;

struct disk *disk_new(uint64_t seed);
/* Nothing may be open.  The system's own files are the default again. */
void disk_free(struct disk **disk);

/* A real file is on the disk, durably, as if it had always been. */
void disk_lay(struct disk *disk, const char *path);

/* Counting begins anew. */
void disk_set_plan(struct disk *disk, struct disk_plan plan);
/* Since the plan was set. */
long disk_count(struct disk *disk, enum disk_operation operation);
long disk_faults(struct disk *disk);

/* The power goes now: whatever is tried fails, until disk_crash(). */
void disk_cut(struct disk *disk);
bool disk_is_dead(struct disk *disk);
/* What the power's going has left, as rng decides; then it is back, and the
 * plan is gone.  All files must have been closed, as the end of a process
 * would: on a disk without power that changes nothing. */
void disk_crash(struct disk *disk, struct rng *rng);

/* Only the process has gone: all that it wrote is there.  The rest is as with
 * disk_crash(). */
void disk_revive(struct disk *disk);

/* Where files have rotted.  false: there is no such byte. */
bool disk_damage(struct disk *disk, const char *path, size_t at);
/* SIZE_MAX: there is no such file. */
size_t disk_bytes(struct disk *disk, const char *path);
/* Whether these bytes are in any page of a database or its log, as whoever
 * reads it now sees; not in the part of a page that is in no use: SQLite leaves
 * copies there of what it moved to other pages, whatever it is told. */
bool disk_contains(struct disk *disk, const char *at, size_t bytes);
/* What only a sync would make durable. */
size_t disk_bytes_unsynced(struct disk *disk);

#endif
