/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_keys.c: the keys that a database is encrypted under.
 *
 * Connections look keys up by themselves, each in its thread, while the loop
 * may put a new one before the others: hence the lock.  No key is ever taken
 * away from an open ring, since pages may still be under it.
 */
#include "sealed.h"

#include "stated/digest.h"

#include <pthread.h>
#include <stdlib.h>

struct item {
	struct cipher_key key;
	uint8_t id[SEALED_ID_BYTES];
	char name[STORE_KEY_NAME_BYTES];
};

struct store_keys {
	pthread_mutex_t lock;
	struct item items[STORE_KEYS_MAX]; /* the first is for writing */
	size_t count;
	uint64_t turn; /* how often another became the first */
};

struct store_keys *
store_keys_new(void)
{
	struct store_keys *keys = calloc(1, sizeof(*keys));

	must(keys != NULL);
	pthread_mutex_init(&keys->lock, NULL);
	return keys;
}

void
store_keys_free(struct store_keys **freed)
{
	struct store_keys *keys = *freed;

	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->count; i++)
		cipher_key_forget(&keys->items[i].key);
	pthread_mutex_destroy(&keys->lock);
	free(keys);
	*freed = NULL;
}

/* What is derived from a key for one use tells nothing about it, nor about
 * what is derived for another. */
static void
make_id(const struct cipher_key *key, uint8_t id[SEALED_ID_BYTES])
{
	struct cipher_key derived = cipher_key_derive(
	    key, (struct str){NULL, 0}, STR("stated key id"));

	memcpy(id, derived.bytes, SEALED_ID_BYTES);
}

static struct str
format_id(const uint8_t id[SEALED_ID_BYTES], char out[STORE_KEY_ID_BYTES])
{
	return digest_format_hex(
	    (struct str){(const char *)id, SEALED_ID_BYTES}, out);
}

struct str
store_key_id(const struct cipher_key *key, char out[STORE_KEY_ID_BYTES])
{
	uint8_t id[SEALED_ID_BYTES];

	make_id(key, id);
	return format_id(id, out);
}

struct str
store_keys_first_id(struct store_keys *keys, char out[STORE_KEY_ID_BYTES])
{
	uint8_t id[SEALED_ID_BYTES];
	struct cipher_key key;

	(void)store_keys_first(keys, id, &key);
	cipher_key_forget(&key);
	return format_id(id, out);
}

/* -------------------------------------------------------------------- items */

/* keys->count where there is none. */
static size_t
index_of(const struct store_keys *keys, const uint8_t id[SEALED_ID_BYTES])
{
	size_t i = 0;

	while (i < keys->count &&
	    memcmp(keys->items[i].id, id, SEALED_ID_BYTES) != 0)
		i++;
	return i;
}

static void
move_to_front(struct store_keys *keys, size_t from)
{
	struct item moved = keys->items[from];

	must(from < keys->count);
	if (from == 0)
		return;
	memmove(&keys->items[1], &keys->items[0], from * sizeof(moved));
	keys->items[0] = moved;
	cipher_key_forget(&moved.key);
	keys->turn++;
}

static bool
put(struct store_keys *keys, struct str name, const struct cipher_key *key,
    bool leads)
{
	struct item item = {.key = *key};
	size_t at;

	make_id(key, item.id);
	str_write(item.name, sizeof(item.name), "%.*s", STR_ARG(name));
	pthread_mutex_lock(&keys->lock);
	at = index_of(keys, item.id);
	if (at == STORE_KEYS_MAX) {
		pthread_mutex_unlock(&keys->lock);
		cipher_key_forget(&item.key);
		return false;
	}
	if (at == keys->count)
		keys->items[keys->count++] = item;
	if (leads)
		move_to_front(keys, at);
	pthread_mutex_unlock(&keys->lock);
	cipher_key_forget(&item.key);
	return true;
}

bool
store_keys_add(struct store_keys *keys, struct str name,
    const struct cipher_key *key)
{
	return put(keys, name, key, false);
}

bool
store_keys_lead(struct store_keys *keys, struct str name,
    const struct cipher_key *key)
{
	return put(keys, name, key, true);
}

/* ----------------------------------------------------------------- look-ups */

bool
store_keys_find(struct store_keys *keys, const uint8_t id[SEALED_ID_BYTES],
    struct cipher_key *key)
{
	pthread_mutex_lock(&keys->lock);
	size_t at = index_of(keys, id);
	bool is_found = at < keys->count;
	if (is_found)
		*key = keys->items[at].key;
	pthread_mutex_unlock(&keys->lock);
	return is_found;
}

uint64_t
store_keys_first(struct store_keys *keys, uint8_t id[SEALED_ID_BYTES],
    struct cipher_key *key)
{
	pthread_mutex_lock(&keys->lock);
	must(keys->count > 0);
	*key = keys->items[0].key;
	memcpy(id, keys->items[0].id, SEALED_ID_BYTES);
	uint64_t turn = keys->turn;
	pthread_mutex_unlock(&keys->lock);
	return turn;
}

uint64_t
store_keys_turn(struct store_keys *keys)
{
	pthread_mutex_lock(&keys->lock);
	uint64_t turn = keys->turn;
	pthread_mutex_unlock(&keys->lock);
	return turn;
}

bool
store_keys_at(struct store_keys *keys, size_t index,
    uint8_t id[SEALED_ID_BYTES], char name[STORE_KEY_NAME_BYTES])
{
	pthread_mutex_lock(&keys->lock);
	bool is_there = index < keys->count;
	if (is_there) {
		memcpy(id, keys->items[index].id, SEALED_ID_BYTES);
		memcpy(name, keys->items[index].name, STORE_KEY_NAME_BYTES);
	}
	pthread_mutex_unlock(&keys->lock);
	return is_there;
}

void
store_keys_list(struct store_keys *keys, struct buf *out)
{
	char id[STORE_KEY_ID_BYTES];

	pthread_mutex_lock(&keys->lock);
	for (size_t i = 0; i < keys->count; i++)
		buf_addf(out, "%s%s (%.*s)", i > 0 ? ", " : "",
		    keys->items[i].name,
		    STR_ARG(format_id(keys->items[i].id, id)));
	pthread_mutex_unlock(&keys->lock);
}
