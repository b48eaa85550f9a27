/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.c: open addressing over an array of entries in order of insertion.
 *
 * `slots` holds indices into `entries` and is what is probed; `entries` is
 * what is walked.  An entry that was removed stays as a gap (its value is
 * NULL) with its slot still pointing at it, so that probing goes on past it;
 * gaps go when the table is rebuilt.  The table is rebuilt on insertion only,
 * therefore a walk may remove what it has just seen.
 *
 * Keys come from outside, so the hash is SipHash-2-4 (Aumasson and Bernstein,
 * 2012) under a key that nobody outside knows: the 16 random bytes which the
 * kernel gives each process.  The order of a walk does not depend on it.
 */
#include "stated/map.h"

#include <stdlib.h>
#include <sys/auxv.h>

#define MAP_SLOTS_FIRST 16
#define SLOT_EMPTY UINT32_MAX

/* Most keys are numbers: they stand in the entry itself. */
#define SMALL_BYTES 8

struct entry {
	union {
		char *at;
		char small[SMALL_BYTES];
	} key;
	size_t key_bytes;
	uint64_t hash;
	void *value; /* NULL: removed */
};

struct map {
	uint64_t seed[2];
	struct entry *entries;
	size_t used;     /* entries in use, gaps included */
	size_t count;    /* gaps left out */
	uint32_t *slots; /* a power of two of them, 3/4 filled at most */
	size_t slot_count;
};

/* ---------------------------------------------------------------- SipHash */

static uint64_t
rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_rounds(uint64_t v[4], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		v[0] += v[1];
		v[1] = rotate_left(v[1], 13) ^ v[0];
		v[0] = rotate_left(v[0], 32);
		v[2] += v[3];
		v[3] = rotate_left(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate_left(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate_left(v[1], 17) ^ v[2];
		v[2] = rotate_left(v[2], 32);
	}
}

/* Up to eight bytes as a little-endian number. */
static uint64_t
little_endian(const char *at, size_t bytes)
{
	uint64_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n |= (uint64_t)(unsigned char)at[i] << (8 * i);
	return n;
}

static uint64_t
sip_hash(const uint64_t seed[2], struct str s)
{
	uint64_t v[4] = {
	    seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
	    seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573};
	size_t whole = s.bytes - s.bytes % 8;

	for (size_t i = 0; i < whole; i += 8) {
		uint64_t word = little_endian(s.at + i, 8);
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
	}
	uint64_t last = (uint64_t)s.bytes << 56;
	if (s.bytes > whole)
		last |= little_endian(s.at + whole, s.bytes - whole);
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t
hash_of(const struct map *map, struct str key)
{
	return sip_hash(map->seed, key);
}

/* ------------------------------------------------------------------- keys */

/* Valid until the entry moves. */
static struct str
key_of(const struct entry *entry)
{
	return (struct str){entry->key_bytes <= SMALL_BYTES ? entry->key.small
							    : entry->key.at,
	    entry->key_bytes};
}

static void
set_key(struct entry *entry, struct str key)
{
	char *at = entry->key.small;

	if (key.bytes > SMALL_BYTES) {
		at = malloc(key.bytes);
		must(at != NULL);
		entry->key.at = at;
	}
	if (key.bytes > 0)
		memcpy(at, key.at, key.bytes);
	entry->key_bytes = key.bytes;
}

static void
clear_key(struct entry *entry)
{
	if (entry->key_bytes > SMALL_BYTES)
		free(entry->key.at);
	entry->key_bytes = 0;
}

/* ------------------------------------------------------------------ table */

struct map *
map_new(void)
{
	struct map *map = calloc(1, sizeof(*map));
	const void *random = (const void *)getauxval(AT_RANDOM);

	must(map != NULL && random != NULL);
	memcpy(map->seed, random, sizeof(map->seed));
	return map;
}

void
map_free(struct map **map)
{
	must(map != NULL);
	if (*map == NULL)
		return;
	map_clear(*map);
	free((*map)->entries);
	free((*map)->slots);
	free(*map);
	*map = NULL;
}

void
map_clear(struct map *map)
{
	for (size_t i = 0; i < map->used; i++)
		clear_key(&map->entries[i]);
	if (map->used > 0)
		memset(map->slots, 0xff,
		    map->slot_count * sizeof(map->slots[0]));
	map->used = 0;
	map->count = 0;
}

static struct entry *
find_entry(const struct map *map, struct str key, uint64_t hash)
{
	if (map->slot_count == 0)
		return NULL;
	size_t mask = map->slot_count - 1;
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		if (map->slots[i] == SLOT_EMPTY)
			return NULL;
		struct entry *entry = &map->entries[map->slots[i]];
		if (entry->hash == hash && entry->value != NULL &&
		    str_equal(key_of(entry), key))
			return entry;
	}
}

static void
set_slot(struct map *map, uint64_t hash, size_t entry_index)
{
	size_t mask = map->slot_count - 1;
	size_t i = hash & mask;

	must(entry_index < SLOT_EMPTY);
	while (map->slots[i] != SLOT_EMPTY)
		i = (i + 1) & mask;
	map->slots[i] = (uint32_t)entry_index;
}

static void
close_gaps(struct map *map)
{
	size_t kept = 0;

	for (size_t i = 0; i < map->used; i++)
		if (map->entries[i].value != NULL)
			map->entries[kept++] = map->entries[i];
	must(kept == map->count);
	map->used = kept;
}

/* Rebuilds without gaps and with room for at least one entry more. */
static void
rebuild(struct map *map)
{
	size_t slot_count = MAP_SLOTS_FIRST;

	while (slot_count < (map->count + 1) * 2)
		slot_count *= 2;
	close_gaps(map);
	free(map->slots);
	map->slots = malloc(slot_count * sizeof(map->slots[0]));
	must(map->slots != NULL);
	memset(map->slots, 0xff, slot_count * sizeof(map->slots[0]));
	map->slot_count = slot_count;
	struct entry *entries = realloc(map->entries,
	    slot_count / 4 * 3 * sizeof(map->entries[0]));
	must(entries != NULL);
	map->entries = entries;
	for (size_t i = 0; i < map->used; i++)
		set_slot(map, map->entries[i].hash, i);
}

void *
map_find(const struct map *map, struct str key)
{
	if (map->count == 0)
		return NULL;
	struct entry *entry = find_entry(map, key, hash_of(map, key));
	return entry != NULL ? entry->value : NULL;
}

void *
map_put(struct map *map, struct str key, void *value)
{
	uint64_t hash = hash_of(map, key);
	struct entry *entry = find_entry(map, key, hash);

	must(value != NULL);
	if (entry != NULL) {
		void *before = entry->value;
		entry->value = value;
		return before;
	}
	if (map->used >= map->slot_count / 4 * 3)
		rebuild(map);
	map->entries[map->used] = (struct entry){.hash = hash, .value = value};
	set_key(&map->entries[map->used], key);
	set_slot(map, hash, map->used);
	map->used++;
	map->count++;
	return NULL;
}

void *
map_remove(struct map *map, struct str key)
{
	struct entry *entry = find_entry(map, key, hash_of(map, key));

	if (entry == NULL)
		return NULL;
	void *value = entry->value;
	clear_key(entry);
	entry->value = NULL;
	must(map->count > 0);
	map->count--;
	return value;
}

size_t
map_count(const struct map *map)
{
	return map->count;
}

bool
map_next(const struct map *map, size_t *cursor, struct str *key, void **value)
{
	while (*cursor < map->used && map->entries[*cursor].value == NULL)
		++*cursor;
	if (*cursor >= map->used)
		return false;
	const struct entry *entry = &map->entries[(*cursor)++];
	if (key != NULL)
		*key = key_of(entry);
	if (value != NULL)
		*value = entry->value;
	return true;
}
