/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c: memory in blocks, handed out by moving an index.
 *
 * The newest block is first in the list and the only one with room; what does
 * not fit into it starts a new one.  Blocks grow up to a limit, so that a
 * small arena costs little and a large one few calls of malloc.
 *
 * AddressSanitizer is told what has been handed out, and leaves a gap behind
 * each piece: whoever reads or writes beyond one is found, as with malloc.
 */
#include "stated/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_IS_WATCHED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_IS_WATCHED
#endif

#ifdef ARENA_IS_WATCHED
#include <sanitizer/asan_interface.h>
#define ARENA_GAP 16
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ARENA_GAP 0
#endif

#define ARENA_ALIGN 16
/* With its head, what malloc() keeps at hand without any bookkeeping. */
#define ARENA_BLOCK_BYTES_MIN ((size_t)1024 - sizeof(struct block))
#define ARENA_BLOCK_BYTES_MAX ((size_t)1024 * 1024 - 64)
/* Of an array that grows: so many items at first, or what has room here. */
#define ARENA_GROW_FIRST 8
#define ARENA_GROW_BYTES_FIRST ((size_t)512)
#define ARENA_SMALL_BYTES 128
/* What a pool keeps; under a sanitizer nothing, so that each use of what is
 * gone is found. */
#define POOL_ARENAS_MAX 512
#ifdef ARENA_IS_WATCHED
#define POOL_BLOCK_BYTES_MAX ((size_t)0)
#else
#define POOL_BLOCK_BYTES_MAX ((size_t)16 * 1024)
#endif
#define ARENA_TEXT_BYTES 256 /* longer texts are formatted twice */

struct block {
	struct block *older;
	size_t capacity;
	_Alignas(ARENA_ALIGN) unsigned char at[];
};

struct arena {
	struct block *newest;
	unsigned char *free; /* what is left of the newest block */
	unsigned char *end;
	size_t bytes;
	size_t footprint; /* of all blocks */
	struct arena_pool *pool; /* NULL: none */
	struct arena *next_idle; /* in it */
};

struct arena_pool {
	struct arena *idle; /* the last one used is the warmest */
	size_t idle_count;
	size_t used_count;
};

struct arena *
arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	must(arena != NULL);
	return arena;
}

struct arena *
arena_new_in(struct arena_pool *pool)
{
	struct arena *arena = pool->idle;

	pool->used_count++;
	if (arena == NULL) {
		arena = arena_new();
		arena->pool = pool;
		return arena;
	}
	pool->idle = arena->next_idle;
	pool->idle_count--;
	return arena;
}

static void
free_blocks(struct block *block)
{
	while (block != NULL) {
		struct block *older = block->older;
		free(block);
		block = older;
	}
}

/* false where the pool has no use for it. */
static bool
give_back(struct arena *arena)
{
	struct arena_pool *pool = arena->pool;

	must(pool->used_count > 0);
	pool->used_count--;
	if (pool->idle_count >= POOL_ARENAS_MAX || arena->newest == NULL ||
	    arena->newest->capacity > POOL_BLOCK_BYTES_MAX)
		return false;
	arena_reset(arena);
	arena->next_idle = pool->idle;
	pool->idle = arena;
	pool->idle_count++;
	return true;
}

void
arena_free(struct arena **arena_take)
{
	must(arena_take != NULL);
	struct arena *arena = *arena_take;

	*arena_take = NULL;
	if (arena == NULL || (arena->pool != NULL && give_back(arena)))
		return;
	free_blocks(arena->newest);
	free(arena);
}

struct arena_pool *
arena_pool_new(void)
{
	struct arena_pool *pool = calloc(1, sizeof(*pool));

	must(pool != NULL);
	return pool;
}

void
arena_pool_free(struct arena_pool **pool)
{
	struct arena *arena;

	if (*pool == NULL)
		return;
	must((*pool)->used_count == 0);
	while ((arena = (*pool)->idle) != NULL) {
		(*pool)->idle = arena->next_idle;
		free_blocks(arena->newest);
		free(arena);
	}
	free(*pool);
	*pool = NULL;
}

void
arena_reset(struct arena *arena)
{
	struct block *kept = arena->newest;

	arena->bytes = 0;
	if (kept == NULL)
		return;
	free_blocks(kept->older);
	kept->older = NULL;
	arena->footprint = sizeof(*kept) + kept->capacity;
	arena->free = kept->at;
	ASAN_POISON_MEMORY_REGION(kept->at, kept->capacity);
}

/* Seldom called, by what stands in many places. */
__attribute__((noinline)) static void
add_block(struct arena *arena, size_t bytes_needed)
{
	size_t capacity = ARENA_BLOCK_BYTES_MIN;

	if (arena->newest != NULL)
		capacity = arena->newest->capacity * 2;
	if (capacity > ARENA_BLOCK_BYTES_MAX)
		capacity = ARENA_BLOCK_BYTES_MAX;
	if (capacity < bytes_needed)
		capacity = bytes_needed;
	struct block *block = malloc(sizeof(*block) + capacity);
	must(block != NULL);
	block->older = arena->newest;
	block->capacity = capacity;
	arena->newest = block;
	arena->footprint += sizeof(*block) + capacity;
	arena->free = block->at;
	arena->end = block->at + capacity;
	ASAN_POISON_MEMORY_REGION(block->at, capacity);
}

/* Even nothing has an address of its own. */
static size_t
round_up(size_t bytes)
{
	must(bytes <= SIZE_MAX / 4);
	return bytes == 0 ? ARENA_ALIGN
			  : (bytes + ARENA_GAP + ARENA_ALIGN - 1) /
				ARENA_ALIGN * ARENA_ALIGN;
}

/* Memory with whatever stands in it. */
static inline void *
take(struct arena *arena, size_t bytes)
{
	size_t rounded = round_up(bytes);

	if ((size_t)(arena->end - arena->free) < rounded)
		add_block(arena, rounded);
	void *at = arena->free;
	arena->free += rounded;
	arena->bytes += bytes;
	ASAN_UNPOISON_MEMORY_REGION(at, bytes);
	return at;
}

/* The front of a piece. */
static void
clear_front(char *at, size_t bytes)
{
	if (bytes > ARENA_SMALL_BYTES || ARENA_GAP > 0) {
		memset(at, 0, bytes);
		return;
	}
	/* A piece is a whole number of these: no need to call anybody. */
	for (size_t i = 0; i < bytes; i += ARENA_ALIGN)
		memset(at + i, 0, ARENA_ALIGN);
}

void *
arena_alloc(struct arena *arena, size_t bytes)
{
	void *at = take(arena, bytes);

	clear_front(at, bytes);
	return at;
}

void *
arena_resize(struct arena *arena, void *at, size_t bytes, size_t bytes_wanted)
{
	unsigned char *from = at;

	if (from != NULL && from + round_up(bytes) == arena->free &&
	    round_up(bytes_wanted) <= (size_t)(arena->end - from)) {
		arena->free = from + round_up(bytes_wanted);
		arena->bytes = arena->bytes - bytes + bytes_wanted;
		ASAN_POISON_MEMORY_REGION(from, bytes);
		ASAN_UNPOISON_MEMORY_REGION(from, bytes_wanted);
		return at;
	}
	if (from != NULL && bytes_wanted <= bytes)
		return at;
	void *copy = take(arena, bytes_wanted);
	if (bytes > 0)
		memcpy(copy, at, bytes);
	return copy;
}

void *
arena_alloc_with(struct arena *arena, size_t bytes, struct str tail)
{
	must(tail.bytes <= SIZE_MAX / 4);
	char *at = take(arena, bytes + tail.bytes + 1);

	clear_front(at, bytes);
	if (tail.bytes > 0)
		memcpy(at + bytes, tail.at, tail.bytes);
	at[bytes + tail.bytes] = '\0';
	return at;
}

static size_t
array_bytes(size_t count, size_t item_bytes)
{
	size_t bytes;

	must(!__builtin_mul_overflow(count, item_bytes, &bytes));
	return bytes;
}

void *
arena_array(struct arena *arena, size_t count, size_t item_bytes)
{
	return arena_alloc(arena, array_bytes(count, item_bytes));
}

static size_t
first_capacity(size_t item_bytes)
{
	size_t capacity = ARENA_GROW_BYTES_FIRST / item_bytes;

	if (capacity > ARENA_GROW_FIRST)
		return ARENA_GROW_FIRST;
	return capacity > 0 ? capacity : 1;
}

void *
arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity,
    size_t item_bytes)
{
	must(count <= *capacity);
	if (count < *capacity)
		return items;
	must(*capacity <= SIZE_MAX / 2);
	*capacity = *capacity > 0 ? *capacity * 2 : first_capacity(item_bytes);
	size_t bytes = array_bytes(*capacity, item_bytes);
	char *grown = take(arena, bytes);
	size_t kept = count * item_bytes;
	if (count > 0)
		memcpy(grown, items, kept);
	memset(grown + kept, 0, bytes - kept);
	return grown;
}

struct str
arena_str(struct arena *arena, struct str s)
{
	if (s.at == NULL)
		return s;
	return (struct str){arena_alloc_with(arena, 0, s), s.bytes};
}

struct str *
arena_strs(struct arena *arena, const struct str *texts, size_t count)
{
	struct str *copies = ARENA_ARRAY(arena, count, struct str);

	for (size_t i = 0; i < count; i++)
		copies[i] = arena_str(arena, texts[i]);
	return copies;
}

struct str
arena_strf(struct arena *arena, const char *format, ...)
{
	char text[ARENA_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	int bytes = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	must(bytes >= 0);
	if ((size_t)bytes < sizeof(text))
		return arena_str(arena, (struct str){text, (size_t)bytes});
	char *at = take(arena, (size_t)bytes + 1);
	va_start(arguments, format);
	int written = vsnprintf(at, (size_t)bytes + 1, format, arguments);
	va_end(arguments);
	must(written == bytes);
	return (struct str){at, (size_t)bytes};
}

const char *
arena_cstr(struct arena *arena, struct str s)
{
	return arena_alloc_with(arena, 0, s);
}

bool
arena_holds(const struct arena *arena, const void *at)
{
	uintptr_t place = (uintptr_t)at;

	for (const struct block *block = arena->newest; block != NULL;
	     block = block->older) {
		uintptr_t begin = (uintptr_t)block->at;

		if (place >= begin && place - begin < block->capacity)
			return true;
	}
	return false;
}

size_t
arena_bytes(const struct arena *arena)
{
	return arena->bytes;
}

size_t
arena_footprint(const struct arena *arena)
{
	return sizeof(*arena) + arena->footprint;
}
