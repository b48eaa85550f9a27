/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_keys.h: the keys that a database is encrypted under.
 *
 * The first key is for writing; all of them are for reading.  So a key is
 * changed while an engine runs: a new one comes first, pages that are written
 * from then on are under it, and the one before is needed for as long as
 * store_keys_each_use() finds pages under it.
 *
 * All functions may be called from any thread.
 */
#ifndef STATED_STORE_KEYS_H
#define STATED_STORE_KEYS_H

#include "stated/cipher.h"
#include "stated/store.h"

#define STORE_KEYS_MAX 16
#define STORE_KEY_NAME_BYTES 129 /* with the closing zero byte */

struct store_keys *store_keys_new(void);
/* Whatever is open under them must be closed before. */
void store_keys_free(struct store_keys **keys);

/* After those that there are; one that is there stays where it is.  false
 * where there are STORE_KEYS_MAX.  `name` is for people; what it is cut to
 * fits STORE_KEY_NAME_BYTES. */
MUST_USE bool store_keys_add(struct store_keys *keys, struct str name,
    const struct cipher_key *key);
/* The same before all others: what is written from now on is under it. */
MUST_USE bool store_keys_lead(struct store_keys *keys, struct str name,
    const struct cipher_key *key);

/* A key is known by 16 hexadecimal digits that tell nothing of it; they stand
 * beside whatever it has encrypted. */
#define STORE_KEY_ID_BYTES 17
struct str store_key_id(
    const struct cipher_key *key, char id[STORE_KEY_ID_BYTES]);

/* The same of the first of them; there must be one. */
struct str store_keys_first_id(
    struct store_keys *keys, char id[STORE_KEY_ID_BYTES]);

/* What is in a file under a key. */
struct store_key_use {
	char id[STORE_KEY_ID_BYTES];
	char name[STORE_KEY_NAME_BYTES]; /* "": it isn't among the keys */
	bool is_first;    /* what is written now is under it */
	uint64_t pages;   /* of the database */
	uint64_t frames;  /* pages in its log, old ones too */
};
typedef void store_key_use_fn(const struct store_key_use *use, void *arg);
/* For each of the keys, then for those that are not among them; reads all of
 * the file, and may be done while an engine works on it.  STORE_UNSEALED
 * where it isn't encrypted, and fn is not called.  `keys` may be NULL. */
MUST_USE enum store_error store_keys_each_use(struct store_keys *keys,
    struct str path, store_key_use_fn *fn, void *arg, struct buf *detail);

#endif
