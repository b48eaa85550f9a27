/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk_search.c: what stands in the pages of databases and their logs
 * (https://www.sqlite.org/fileformat2.html, 1.6 and 4.1).
 */
#include "disk_priv.h"

#include <string.h>

#define LOG_MAGIC 0x377f0682u /* and 1 more: of the other byte order */
#define LOG_HEAD_BYTES 32
#define FRAME_HEAD_BYTES 24
#define FILE_HEAD_BYTES 100
#define PAGE_BYTES_MIN 512

static unsigned
get16(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static unsigned
get32(const unsigned char *at)
{
	return get16(at) << 16 | get16(at + 2);
}

struct gap {
	size_t from, to;
};

/* Between the places of a page's cells and the first of these. */
static struct gap
find_gap(const unsigned char *page, size_t page_bytes, size_t head_at)
{
	const unsigned char *head = page + head_at;
	bool is_leaf = head[0] == 10 || head[0] == 13;
	struct gap gap;

	if (!is_leaf && head[0] != 2 && head[0] != 5)
		return (struct gap){0, 0}; /* no page of a tree */
	gap.from = head_at + (is_leaf ? 8 : 12) + 2 * get16(head + 3);
	gap.to = get16(head + 5) == 0 ? page_bytes : get16(head + 5);
	return gap;
}

static bool
is_in_page(const unsigned char *page, size_t page_bytes, size_t head_at,
    const char *what, size_t bytes)
{
	struct gap gap = find_gap(page, page_bytes, head_at);
	const unsigned char *from = page, *at;

	while ((at = memmem(from, page_bytes - (size_t)(from - page), what,
		    bytes)) != NULL) {
		size_t offset = (size_t)(at - page);

		if (offset < gap.from || offset + bytes > gap.to)
			return true;
		from = at + 1;
	}
	return false;
}

static bool
is_in_file(
    const struct disk_image *image, const char *what, size_t bytes)
{
	const unsigned char *at = (const unsigned char *)image->at;
	size_t page_bytes, head_bytes = 0, at_page = 0;
	bool is_log;

	if (image->bytes < FILE_HEAD_BYTES)
		return false;
	is_log = (get32(at) & ~1u) == LOG_MAGIC;
	page_bytes = is_log ? get32(at + 8) : get16(at + 16);
	if (page_bytes < PAGE_BYTES_MIN)
		return false; /* what connections share, or encrypted */
	if (is_log) {
		at_page = LOG_HEAD_BYTES;
		head_bytes = FRAME_HEAD_BYTES;
	}
	for (; at_page + head_bytes + page_bytes <= image->bytes;
	     at_page += head_bytes + page_bytes) {
		bool is_first = is_log ? get32(at + at_page) == 1
				       : at_page == 0;

		if (is_in_page(at + at_page + head_bytes, page_bytes,
			is_first ? FILE_HEAD_BYTES : 0, what, bytes))
			return true;
	}
	return false;
}

bool
disk_contains(struct disk *disk, const char *at, size_t bytes)
{
	bool contains = false;

	pthread_mutex_lock(&disk->lock);
	for (const struct disk_file *file = disk->files;
	     file != NULL && !contains; file = file->next)
		contains = is_in_file(&file->now, at, bytes);
	pthread_mutex_unlock(&disk->lock);
	return contains;
}
