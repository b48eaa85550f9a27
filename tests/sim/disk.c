/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk.c: what is on the disk, what is durable, and what a crash leaves.
 */
#include "disk.h"
#include "disk_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As much of a file as a program could know it by: the head of an encrypted
 * one, and its first page. */
#define SHOWN_BYTES 4096

static const char *const operation_names[] = {
#define OPERATION_NAME(constant, name) [constant] = name,
    DISK_OPERATIONS(OPERATION_NAME)
#undef OPERATION_NAME
};

const char *
disk_operation_name(enum disk_operation operation)
{
	must(operation < DISK_OPERATION_COUNT);
	return operation_names[operation];
}

/* ------------------------------------------------------------------ images */

static void
image_resize(struct disk_image *image, size_t bytes)
{
	if (bytes > image->room) {
		image->room = bytes + bytes / 2 + 4096;
		image->at = realloc(image->at, image->room);
		must(image->at != NULL);
	}
	if (bytes > image->bytes)
		memset(image->at + image->bytes, 0, bytes - image->bytes);
	image->bytes = bytes;
}

static void
image_write(struct disk_image *image, size_t at, const char *data, size_t bytes)
{
	if (bytes == 0)
		return;
	if (at + bytes > image->bytes)
		image_resize(image, at + bytes);
	memcpy(image->at + at, data, bytes);
}

static void
image_copy(struct disk_image *to, const struct disk_image *from)
{
	image_resize(to, from->bytes);
	if (from->bytes > 0)
		memcpy(to->at, from->at, from->bytes);
}

static void
image_apply(struct disk_image *image, const struct disk_change *change)
{
	if (change->is_truncation)
		image_resize(image, change->at);
	else
		image_write(image, change->at, change->data, change->bytes);
}

/* ------------------------------------------------------------------- files */

static void
forget_changes(struct disk_file *file)
{
	struct disk_change *change;

	while ((change = file->first) != NULL) {
		file->first = change->next;
		free(change);
	}
	file->last = &file->first;
}

static void
file_free(struct disk *disk, struct disk_file *file)
{
	struct disk_file **at = &disk->files;

	must(file->handles == 0);
	must(file->regions == NULL);
	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
	forget_changes(file);
	free(file->now.at);
	free(file->synced.at);
	free(file->path);
	free(file);
}

/* A real file that a program has made for SQLite to fill. */
static struct disk_file *
take_over(struct disk *disk, const char *path)
{
	char piece[4096];
	ssize_t bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	struct disk_file *file = disk_make(disk, path);
	while ((bytes = read(fd, piece, sizeof(piece))) > 0)
		disk_write(file, file->now.bytes, piece, (size_t)bytes);
	close(fd);
	return file;
}

struct disk_file *
disk_find(struct disk *disk, const char *path)
{
	for (struct disk_file *file = disk->files; file != NULL;
	     file = file->next)
		if (file->path != NULL && strcmp(file->path, path) == 0 &&
		    file->unnamed_at == DISK_LAST_NAME)
			return file;
	return take_over(disk, path);
}

struct disk_file *
disk_make(struct disk *disk, const char *path)
{
	struct disk_file *file = calloc(1, sizeof(*file));

	must(file != NULL);
	file->last = &file->first;
	if (path != NULL) {
		file->path = strdup(path);
		must(file->path != NULL);
	}
	file->named_at = ++disk->names;
	file->unnamed_at = DISK_LAST_NAME;
	file->next = disk->files;
	disk->files = file;
	return file;
}

/* Until that is durable the file may come back. */
void
disk_unname(struct disk *disk, struct disk_file *file)
{
	must(file->unnamed_at == DISK_LAST_NAME);
	file->unnamed_at = ++disk->names;
	(void)unlink(file->path);
}

static struct disk_change *
add_change(struct disk_file *file, size_t at, size_t bytes)
{
	struct disk_change *change = malloc(sizeof(*change) + bytes);

	must(change != NULL);
	*change = (struct disk_change){.at = at, .bytes = bytes};
	*file->last = change;
	file->last = &change->next;
	return change;
}

void
disk_write(struct disk_file *file, size_t at, const char *data, size_t bytes)
{
	struct disk_change *change = add_change(file, at, bytes);

	memcpy(change->data, data, bytes);
	image_apply(&file->now, change);
}

void
disk_truncate(struct disk_file *file, size_t bytes)
{
	struct disk_change *change = add_change(file, bytes, 0);

	change->is_truncation = true;
	image_apply(&file->now, change);
}

void
disk_sync_names(struct disk *disk)
{
	struct disk_file *next;

	disk->names_synced = disk->names;
	for (struct disk_file *file = disk->files; file != NULL; file = next) {
		next = file->next;
		if (file->unnamed_at != DISK_LAST_NAME && file->handles == 0)
			file_free(disk, file);
	}
}

void
disk_sync(struct disk *disk, struct disk_file *file)
{
	for (const struct disk_change *change = file->first; change != NULL;
	     change = change->next)
		image_apply(&file->synced, change);
	forget_changes(file);
	if (file->named_at > disk->names_synced)
		disk_sync_names(disk);
}

void
disk_lay(struct disk *disk, const char *path)
{
	struct disk_file *file = disk_find(disk, path);

	must(file != NULL);
	disk_sync(disk, file);
}

/* ------------------------------------------------ what is seen without SQLite */

static void
show(const struct disk_file *file)
{
	size_t bytes = file->now.bytes;

	if (file->path == NULL || file->unnamed_at != DISK_LAST_NAME)
		return;
	/* A new one: truncating the old would make some systems wait. */
	(void)unlink(file->path);
	int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return; /* its directory is gone, and so is who would look */
	if (bytes > 0) {
		ssize_t shown = write(fd, file->now.at,
		    bytes < SHOWN_BYTES ? bytes : SHOWN_BYTES);
		must(shown > 0);
	}
	int failed = ftruncate(fd, (off_t)bytes);
	must(failed == 0);
	close(fd);
}

void
disk_rest(struct disk *disk, struct disk_file *file)
{
	must(file->handles == 0);
	must(file->sharers == 0 && file->owner == NULL);
	if (file->path == NULL)
		file_free(disk, file);
	else if (file->unnamed_at <= disk->names_synced)
		file_free(disk, file);
	else if (!disk->is_dead)
		show(file);
}

/* ------------------------------------------------------------------ crashes */

enum mood { MOOD_ALL_LOST, MOOD_ALL_KEPT, MOOD_MIXED, MOOD_COUNT = 4 };

static void
tear(struct disk_image *image, const struct disk_change *change,
    struct rng *rng)
{
	size_t done = 0;

	while (done < change->bytes) {
		size_t at = change->at + done;
		size_t bytes = DISK_SECTOR_BYTES - at % DISK_SECTOR_BYTES;

		if (bytes > change->bytes - done)
			bytes = change->bytes - done;
		if (rng_below(rng, 2) == 0)
			image_write(image, at, change->data + done, bytes);
		done += bytes;
	}
}

/* Some that come later may be there without those before them. */
static void
settle_change(struct disk_image *image, const struct disk_change *change,
    struct rng *rng, enum mood mood)
{
	uint64_t fate = rng_below(rng, 4);

	if (mood == MOOD_ALL_LOST || (mood != MOOD_ALL_KEPT && fate == 0))
		return;
	if (mood == MOOD_ALL_KEPT || fate > 1 || change->is_truncation)
		image_apply(image, change);
	else
		tear(image, change, rng);
}

static void
settle(struct disk_file *file, struct rng *rng)
{
	enum mood mood = (enum mood)rng_below(rng, MOOD_COUNT);

	for (const struct disk_change *change = file->first; change != NULL;
	     change = change->next)
		settle_change(&file->synced, change, rng, mood);
	forget_changes(file);
	image_copy(&file->now, &file->synced);
}

void
disk_crash(struct disk *disk, struct rng *rng)
{
	int64_t unsynced = disk->names - disk->names_synced;
	int64_t names = disk->names_synced +
	    (int64_t)rng_below(rng, (uint64_t)unsynced + 1);
	struct disk_file *next;

	for (struct disk_file *file = disk->files; file != NULL; file = next) {
		next = file->next;
		must(file->handles == 0);
		if (file->unnamed_at == DISK_LAST_NAME)
			(void)unlink(file->path);
		if (file->named_at > names || file->unnamed_at <= names) {
			file_free(disk, file);
			continue;
		}
		file->unnamed_at = DISK_LAST_NAME;
		settle(file, rng);
		show(file);
	}
	disk->names_synced = disk->names;
	disk->is_dead = false;
	disk_set_plan(disk, (struct disk_plan){0});
}

void
disk_revive(struct disk *disk)
{
	for (struct disk_file *file = disk->files; file; file = file->next) {
		must(file->handles == 0);
		if (file->unnamed_at == DISK_LAST_NAME)
			show(file);
	}
	disk->is_dead = false;
	disk_set_plan(disk, (struct disk_plan){0});
}

void
disk_cut(struct disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	disk->is_dead = true;
	pthread_mutex_unlock(&disk->lock);
}

bool
disk_is_dead(struct disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	bool is_dead = disk->is_dead;
	pthread_mutex_unlock(&disk->lock);
	return is_dead;
}

/* --------------------------------------------------------------- what fails */

/* A lie about what was read, or locked, is no fault of a disk. */
static bool
is_possible(const struct disk_plan *plan)
{
	static const unsigned changes = 1u << DISK_WRITE | 1u << DISK_SYNC |
	    1u << DISK_TRUNCATE | 1u << DISK_DELETE;
	static const unsigned locks = 1u << DISK_LOCK | 1u << DISK_MAP_LOCK;

	if (plan->fault == DISK_LIES)
		return (plan->operations & ~changes) == 0;
	if (plan->fault == DISK_IS_BUSY)
		return (plan->operations & ~locks) == 0;
	return plan->fault != DISK_IS_DEAD;
}

void
disk_set_plan(struct disk *disk, struct disk_plan plan)
{
	must(is_possible(&plan));
	pthread_mutex_lock(&disk->lock);
	disk->plan = plan;
	disk->planned = 0;
	disk->faults = 0;
	memset(disk->counts, 0, sizeof(disk->counts));
	pthread_mutex_unlock(&disk->lock);
}

static int
errno_of(enum disk_fault fault)
{
	return fault == DISK_IS_FULL ? ENOSPC : EIO;
}

bool
disk_strikes(struct disk *disk, enum disk_operation operation,
    enum disk_fault *fault)
{
	const struct disk_plan *plan = &disk->plan;

	*fault = DISK_IS_DEAD;
	if (!disk->is_dead) {
		disk->counts[operation]++;
		if ((plan->operations >> operation & 1) == 0 || plan->nth == 0)
			return false;
		disk->planned++;
		if (disk->planned < plan->nth ||
		    (disk->planned > plan->nth && !plan->for_good))
			return false;
		*fault = plan->fault;
		disk->is_dead = plan->fault == DISK_DIES;
		disk->faults++;
	}
	disk->last_errno = errno_of(*fault);
	return true;
}

long
disk_count(struct disk *disk, enum disk_operation operation)
{
	must(operation < DISK_OPERATION_COUNT);
	pthread_mutex_lock(&disk->lock);
	long count = disk->counts[operation];
	pthread_mutex_unlock(&disk->lock);
	return count;
}

long
disk_faults(struct disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	long faults = disk->faults;
	pthread_mutex_unlock(&disk->lock);
	return faults;
}

/* -------------------------------------------------------------- looking at it */

bool
disk_damage(struct disk *disk, const char *path, size_t at)
{
	pthread_mutex_lock(&disk->lock);
	struct disk_file *file = disk_find(disk, path);
	bool is_there = file != NULL && at < file->now.bytes;
	if (is_there) {
		must(file->first == NULL); /* the medium rots, not memory */
		file->now.at[at] = (char)~file->now.at[at];
		image_copy(&file->synced, &file->now);
		if (file->handles == 0)
			show(file);
	}
	pthread_mutex_unlock(&disk->lock);
	return is_there;
}

size_t
disk_bytes(struct disk *disk, const char *path)
{
	pthread_mutex_lock(&disk->lock);
	const struct disk_file *file = disk_find(disk, path);
	size_t bytes = file == NULL ? SIZE_MAX : file->now.bytes;
	pthread_mutex_unlock(&disk->lock);
	return bytes;
}

size_t
disk_bytes_unsynced(struct disk *disk)
{
	size_t bytes = 0;

	pthread_mutex_lock(&disk->lock);
	for (const struct disk_file *file = disk->files; file != NULL;
	     file = file->next)
		for (const struct disk_change *change = file->first;
		     change != NULL; change = change->next)
			bytes += change->bytes;
	pthread_mutex_unlock(&disk->lock);
	return bytes;
}

/* -------------------------------------------------------------------- its life */

struct disk *
disk_new(uint64_t seed)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	must(disk != NULL);
	pthread_mutex_init(&disk->lock, NULL);
	rng_seeded_init(&disk->rng, seed);
	disk_vfs_init(disk);
	int code = sqlite3_vfs_register(&disk->vfs, 1);
	must(code == SQLITE_OK);
	/* SQLite's own randomness (salts) is the seed's, too. */
	sqlite3_randomness(0, NULL);
	return disk;
}

void
disk_free(struct disk **freed)
{
	struct disk *disk = *freed;

	int code = sqlite3_vfs_unregister(&disk->vfs);
	must(code == SQLITE_OK);
	sqlite3_randomness(0, NULL);
	while (disk->files != NULL) {
		if (disk->files->unnamed_at == DISK_LAST_NAME)
			(void)unlink(disk->files->path);
		file_free(disk, disk->files);
	}
	pthread_mutex_destroy(&disk->lock);
	free(disk);
	*freed = NULL;
}
