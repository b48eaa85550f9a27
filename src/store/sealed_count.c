/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed_count.c: how much of an encrypted database is under which key.
 *
 * Pages tell their keys in plain.  The file is read as it is, beside whoever
 * writes it: a page that is written at that moment has one key or the other.
 * A log is as a whole under one key; what is left in it of a log of before is
 * counted with it.
 */
#include "sealed.h"

#include "stated/digest.h"
#include "store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS_AT_A_TIME 256

struct use {
	uint8_t id[SEALED_ID_BYTES];
	uint64_t pages, frames;
};

struct count {
	struct use *uses;
	size_t use_count;
	struct use *last; /* found; pages beside each other are alike */
};

static struct use *
use_of(struct count *count, const uint8_t *id)
{
	if (count->last != NULL &&
	    memcmp(count->last->id, id, SEALED_ID_BYTES) == 0)
		return count->last;
	for (size_t i = 0; i < count->use_count; i++)
		if (memcmp(count->uses[i].id, id, SEALED_ID_BYTES) == 0)
			return count->last = &count->uses[i];
	count->uses = reallocarray(
	    count->uses, count->use_count + 1, sizeof(struct use));
	must(count->uses != NULL);
	count->last = &count->uses[count->use_count++];
	*count->last = (struct use){0};
	memcpy(count->last->id, id, SEALED_ID_BYTES);
	return count->last;
}

/* ------------------------------------------------------------------ reading */

/* Opens "<path><suffix>" and reads its head; *fd is -1 where it isn't there
 * or isn't such a file. */
static enum store_error
open_part(struct str path, const char *suffix, enum sealed_kind kind,
    struct sealed_head *head, int *fd, struct buf *detail)
{
	struct buf name = {0};

	buf_addf(&name, "%.*s%s", STR_ARG(path), suffix);
	*fd = open(buf_cstr(&name), O_RDONLY | O_CLOEXEC);
	int code = errno;
	if (*fd < 0 && detail != NULL && code != ENOENT)
		buf_addf(detail, "%s: %s", buf_cstr(&name),
		    strerrordesc_np(code));
	buf_fini(&name);
	if (*fd < 0)
		return code == ENOENT ? STORE_ABSENT
				      : store_error_of_errno(code);
	if (pread(*fd, head->bytes, sizeof(head->bytes), 0) ==
		sizeof(head->bytes) &&
	    sealed_head_is(head, kind))
		return STORE_OK;
	close(*fd);
	*fd = -1;
	return STORE_UNSEALED;
}

static enum store_error
count_pages(struct count *count, struct str path, struct buf *detail)
{
	struct sealed_head head;
	int fd;
	enum store_error error =
	    open_part(path, "", SEALED_PAGES, &head, &fd, detail);

	if (error != STORE_OK)
		return error;
	size_t page_bytes = sealed_head_page_bytes(&head);
	size_t slot_bytes = page_bytes + SEALED_PAGE_MORE;
	uint8_t *slots = malloc(SLOTS_AT_A_TIME * slot_bytes);
	off_t at = SEALED_HEAD_BYTES;
	ssize_t bytes;
	must(slots != NULL);
	while ((bytes = pread(fd, slots, SLOTS_AT_A_TIME * slot_bytes, at)) >=
	    (ssize_t)slot_bytes) {
		size_t whole = (size_t)bytes / slot_bytes;

		for (size_t i = 0; i < whole; i++)
			use_of(count, slots + i * slot_bytes + page_bytes)
			    ->pages++;
		at += (off_t)(whole * slot_bytes);
	}
	if (bytes < 0)
		error = store_error_of_errno(errno);
	free(slots);
	close(fd);
	return error;
}

static enum store_error
count_frames(struct count *count, struct str path, struct buf *detail)
{
	struct sealed_head head;
	struct stat status;
	int fd;
	enum store_error error =
	    open_part(path, "-wal", SEALED_LOG, &head, &fd, detail);

	/* No log, or one that is about to be begun. */
	if (error == STORE_ABSENT || error == STORE_UNSEALED)
		return STORE_OK;
	if (error != STORE_OK)
		return error;
	off_t frame_bytes = LOG_FRAME_BYTES + 2 * SEALED_LOG_MORE +
	    (off_t)sealed_head_page_bytes(&head);
	if (fstat(fd, &status) == 0 && status.st_size > SEALED_LOG_HEAD_BYTES)
		use_of(count, sealed_head_id(&head))->frames +=
		    (uint64_t)((status.st_size - SEALED_LOG_HEAD_BYTES) /
			frame_bytes);
	close(fd);
	return STORE_OK;
}

/* ------------------------------------------------------------------ telling */

static void
tell_use(const struct use *found, struct store_key_use *use,
    store_key_use_fn *fn, void *arg)
{
	(void)digest_format_hex(
	    (struct str){(const char *)found->id, SEALED_ID_BYTES}, use->id);
	use->pages = found->pages;
	use->frames = found->frames;
	fn(use, arg);
}

/* The keys that were given, in their order, used or not; then others. */
static void
tell(struct count *count, struct store_keys *keys, store_key_use_fn *fn,
    void *arg)
{
	uint8_t id[SEALED_ID_BYTES];
	struct store_key_use use = {.is_first = true};
	struct cipher_key key;
	size_t given = 0;

	while (keys != NULL && store_keys_at(keys, given, id, use.name)) {
		tell_use(use_of(count, id), &use, fn, arg);
		use.is_first = false;
		given++;
	}
	use = (struct store_key_use){.is_first = false};
	for (size_t i = 0; i < count->use_count; i++) {
		if (keys == NULL ||
		    !store_keys_find(keys, count->uses[i].id, &key))
			tell_use(&count->uses[i], &use, fn, arg);
		else
			cipher_key_forget(&key);
	}
}

enum store_error
store_keys_each_use(struct store_keys *keys, struct str path,
    store_key_use_fn *fn, void *arg, struct buf *detail)
{
	struct count count = {0};
	enum store_error error = count_pages(&count, path, detail);

	if (error == STORE_OK)
		error = count_frames(&count, path, detail);
	if (error == STORE_OK)
		tell(&count, keys, fn, arg);
	free(count.uses);
	return error;
}
