/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory that is freed all at once.
 *
 * Per-load and per-turn data live in arenas; nothing in an arena is freed by
 * itself.  Running out of memory aborts: sizes that come from outside are
 * bounded before anything is allocated.  An arena belongs to one thread at a
 * time.
 */
#ifndef STATED_ARENA_H
#define STATED_ARENA_H

#include "stated/must.h"
#include "stated/str.h"

struct arena;

struct arena *arena_new(void);
/* For arenas that are made and freed all the time, on one thread: the pool
 * keeps the memory of a few, and is freed after the last of them. */
struct arena_pool;
struct arena_pool *arena_pool_new(void);
void arena_pool_free(struct arena_pool **pool);
struct arena *arena_new_in(struct arena_pool *pool);
/* Frees all that was allocated and nulls the pointer; *arena may be NULL. */
void arena_free(struct arena **arena);
/* Forgets all that was allocated but keeps one block for reuse. */
void arena_reset(struct arena *arena);
/* Zeroed memory, aligned for any type (16 bytes).  bytes may be 0. */
void *arena_alloc(struct arena *arena, size_t bytes);
/* The same, followed by a copy of `tail` and a zero byte. */
void *arena_alloc_with(struct arena *arena, size_t bytes, struct str tail);
/* Zeroed array; the product is checked. */
void *arena_array(struct arena *arena, size_t count, size_t item_bytes);
/* What was allocated last becomes longer or shorter where it stands, while
 * there is room; anything else is copied where it is to be longer.  `at` may
 * be NULL where bytes is 0.  What is new is not zeroed. */
void *arena_resize(struct arena *arena, void *at, size_t bytes,
    size_t bytes_wanted);
/* Array of `count` items grown to hold at least one more: returns `items`
 * itself, or a copy with *capacity doubled.  For arrays built by appending. */
void *arena_grow(struct arena *arena, void *items, size_t count,
    size_t *capacity, size_t item_bytes);
/* A copy, followed by a zero byte that the view does not count; a copy of the
 * absent string is absent. */
struct str arena_str(struct arena *arena, struct str s);
/* A list of them, each copied. */
struct str *arena_strs(
    struct arena *arena, const struct str *texts, size_t count);
struct str arena_strf(struct arena *arena, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* The same as a C string; the absent string gives an empty one. */
const char *arena_cstr(struct arena *arena, struct str s);
/* Whether that is memory of the arena's. */
bool arena_holds(const struct arena *arena, const void *at);
/* Bytes handed out since the last reset. */
size_t arena_bytes(const struct arena *arena);
/* Bytes that it takes from the heap, used or not. */
size_t arena_footprint(const struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type)                                        \
	((type *)arena_array((arena), (count), sizeof(type)))

#endif
