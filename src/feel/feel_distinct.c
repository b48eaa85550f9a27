/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_distinct.c: the items of a list without those that were there before.
 *
 * Lists of thousands of accounts or amounts are usual, so numbers and texts
 * are looked up in a table by their hash; others are compared one by one.
 * Values of different types are never equal, so the two don't meet.  Whoever
 * chooses items that share a hash pays for it in steps.
 */
#include "feel_builtin.h"

#define SLOTS_FIRST 64

struct distinct {
	struct feel_run *run;
	struct feel_items all;    /* in order */
	struct feel_items others; /* neither numbers nor texts */
	const struct value **slots; /* a power of two; 3/4 filled at most */
	size_t slot_count;
	size_t used;
};

static bool
is_hashed(const struct value *item)
{
	return item->type == VALUE_NUMBER || item->type == VALUE_STRING;
}

/* FNV-1a, by words where there are some. */
static uint64_t
hash_bytes(const void *at, size_t bytes)
{
	const unsigned char *from = at;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	uint64_t word;

	for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 29;
		from += sizeof(word);
	}
	while (bytes-- > 0)
		hash = (hash ^ *from++) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

/* The same for equal values: 1.0 and 1. */
static uint64_t
hash_of(const struct value *item)
{
	struct number reduced;

	if (item->type == VALUE_STRING)
		return hash_bytes(item->as.string.at, item->as.string.bytes);
	reduced = number_reduce(item->as.number);
	return hash_bytes(reduced.words, sizeof(reduced.words));
}

/* Where the item is or would be; NULL where the budget is used up. */
static const struct value **
find_slot(struct distinct *d, const struct value *item)
{
	size_t at = hash_of(item) & (d->slot_count - 1);

	for (; feel_spend(d->run, 1); at = (at + 1) & (d->slot_count - 1)) {
		if (d->slots[at] == NULL || value_is_true(
		    feel_equal_run(d->run, d->slots[at], item)))
			return &d->slots[at];
	}
	return NULL;
}

static bool
grow(struct distinct *d)
{
	const struct value **before = d->slots;
	size_t count = d->slot_count;

	d->slot_count = count > 0 ? 2 * count : SLOTS_FIRST;
	d->slots = feel_items_new(d->run, d->slot_count);
	if (d->slots == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct value **slot;

		if (before[i] == NULL)
			continue;
		slot = find_slot(d, before[i]);
		if (slot == NULL)
			return false;
		*slot = before[i];
	}
	return true;
}

/* false where it was there already, or the budget is used up. */
static bool
add_hashed(struct distinct *d, const struct value *item)
{
	const struct value **slot;

	if (item->type == VALUE_STRING &&
	    !feel_spend_bytes(d->run, item->as.string.bytes))
		return false;
	if (4 * d->used >= 3 * d->slot_count && !grow(d))
		return false;
	slot = find_slot(d, item);
	if (slot == NULL || *slot != NULL)
		return false;
	*slot = item;
	d->used++;
	return true;
}

static bool
add_other(struct distinct *d, const struct value *item)
{
	for (size_t i = 0; i < d->others.count; i++) {
		if (!feel_spend(d->run, 1) || value_is_true(
		    feel_equal_run(d->run, d->others.at[i], item)))
			return false;
	}
	feel_items_add(d->run, &d->others, item);
	return true;
}

const struct value *
feel_distinct(struct feel_run *run, const struct value *list)
{
	struct distinct d = {.run = run};

	must(list->type == VALUE_LIST);
	for (size_t i = 0; i < list->as.list.count && feel_spend(run, 1);
	     i++) {
		const struct value *item = list->as.list.items[i];

		if (is_hashed(item) ? add_hashed(&d, item) :
		    add_other(&d, item))
			feel_items_add(run, &d.all, item);
	}
	return feel_items_list(run, &d.all);
}
