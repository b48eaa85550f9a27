/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h: a hash map from byte strings to pointers, in order of insertion.
 *
 * Keys are copied into the map.  The hash is seeded at random per process, so
 * that no input can make it slow.
 */
#ifndef STATED_MAP_H
#define STATED_MAP_H

#include "stated/must.h"
#include "stated/str.h"

struct map;

struct map *map_new(void);
void map_free(struct map **map); /* values are the caller's */
/* Forgets all entries but keeps the memory. */
void map_clear(struct map *map);
/* The value, or NULL where the key is absent. */
void *map_find(const struct map *map, struct str key);
/* Adds or replaces; returns the value that was there before, or NULL.
 * value must not be NULL. */
void *map_put(struct map *map, struct str key, void *value);
/* Removes and returns the value, or NULL. */
void *map_remove(struct map *map, struct str key);
size_t map_count(const struct map *map);
/* Visits in order of insertion: start with *cursor = 0; false at the end.
 * The map must not change meanwhile, but for removing what was just seen; the
 * key is valid as long as that. */
bool map_next(const struct map *map, size_t *cursor, struct str *key,
    void **value);

/* Keys built from numbers: map_find(m, MAP_KEY_OF(&n)). */
#define MAP_KEY_OF(pointer)                                                    \
	((struct str){(const char *)(pointer), sizeof(*(pointer))})

#endif
