/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_seal.c: what makes an export of JSON lines provable by itself: the
 * newest checkpoint, where the turns that are exported stand in its tree, and
 * those nodes of the tree that complete it.
 *
 *	{"turns":{"instance":"…","leaves":[[seq,index],…]}}
 *	{"checkpoint":…,"key":"…","signature":"…"}
 *	{"nodes":[[level,position,"hash"],…]}
 *
 * The first kind follows an instance's records.  Turns and nodes together are
 * all of the tree, each leaf once: so its root can be reckoned, and where all
 * was exported no nodes are needed.  For this a bit a leaf is kept.
 */
#include "export_priv.h"

#include <stdlib.h>

#include "export_tree.h"

#define LEAVES_MAX 512 /* in a line */
#define NODES_MAX 256

/* Records of the instance at hand that were told: [from, to]. */
struct span {
	uint64_t from;
	uint64_t to;
};

struct export_seal {
	struct store_checkpoint checkpoint;
	uint8_t *held; /* a bit a leaf: its turn was exported */
	struct span *spans;
	size_t span_count;
	size_t span_capacity;
	size_t span_at;
	/* Of the instance whose turns are told: */
	struct buf *out;
	size_t leaves;
	/* The end: */
	bool is_shown; /* the checkpoint */
	uint64_t next; /* leaf */
};

static void
hold(struct export_seal *seal, uint64_t leaf)
{
	seal->held[leaf / 8] |= (uint8_t)(1u << leaf % 8);
}

enum store_error
export_seal_begin(struct export_telling *telling, uint64_t *number,
    const struct buf *leaves)
{
	struct export_seal *seal;
	struct store_checkpoint found;
	bool is_newest = *number == UINT64_MAX;
	enum store_error error = STORE_ABSENT;

	if (*number > 0)
		error = store_find_checkpoint(telling->store, telling->arena,
		    is_newest ? 0 : *number, &found);
	if (error == STORE_ABSENT)
		*number = 0;
	if (error != STORE_OK)
		return error == STORE_ABSENT ? STORE_OK : error;
	*number = found.number;
	seal = calloc(1, sizeof(*seal));
	must(seal != NULL);
	seal->checkpoint = found;
	seal->held = calloc(found.size / 8 + 1, 1);
	must(seal->held != NULL);
	telling->seal = seal;
	for (size_t i = 0;
	    leaves != NULL && i + sizeof(uint64_t) <= leaves->bytes;
	    i += sizeof(uint64_t)) {
		uint64_t leaf;

		memcpy(&leaf, leaves->at + i, sizeof(leaf));
		if (leaf < found.size)
			hold(seal, leaf);
	}
	return STORE_OK;
}

void
export_seal_free(struct export_telling *telling)
{
	if (telling->seal == NULL)
		return;
	free(telling->seal->held);
	free(telling->seal);
	telling->seal = NULL;
}

/* ------------------------------------------------------------------- turns */

void
export_seal_open(struct export_telling *telling)
{
	if (telling->seal == NULL)
		return;
	/* They were in the arena of the instance before. */
	telling->seal->spans = NULL;
	telling->seal->span_count = 0;
	telling->seal->span_capacity = 0;
}

void
export_seal_note(struct export_telling *telling, uint64_t seq)
{
	struct export_seal *seal = telling->seal;
	struct span *last;

	if (seal == NULL)
		return;
	last = seal->span_count > 0 ? &seal->spans[seal->span_count - 1] : NULL;
	if (last != NULL && last->to + 1 == seq) {
		last->to = seq;
		return;
	}
	seal->spans = arena_grow(telling->own, seal->spans, seal->span_count,
	    &seal->span_capacity, sizeof(*seal->spans));
	seal->spans[seal->span_count++] = (struct span){seq, seq};
}

/* Turns are asked about in order. */
static bool
is_told(struct export_seal *seal, uint64_t seq)
{
	while (seal->span_at < seal->span_count &&
	    seal->spans[seal->span_at].to < seq)
		seal->span_at++;
	return seal->span_at < seal->span_count &&
	    seal->spans[seal->span_at].from <= seq;
}

static void
end_line(struct export_seal *seal)
{
	if (seal->leaves > 0)
		buf_add_cstr(seal->out, "]}}\n");
	seal->leaves = 0;
}

static bool
tell_turn_cb(const struct store_turn *turn, void *arg)
{
	struct export_telling *telling = arg;
	struct export_seal *seal = telling->seal;
	struct store_identity identity = store_identity(telling->store);
	char id[AUDIT_ID_BYTES];

	/* In the order of an instance's turns, indexes rise. */
	if (turn->index >= seal->checkpoint.size)
		return false;
	if (!is_told(seal, turn->seq))
		return true;
	if (seal->leaves == LEAVES_MAX)
		end_line(seal);
	if (seal->leaves == 0)
		buf_addf(seal->out,
		    "{\"turns\":{\"instance\":\"%.*s\",\"leaves\":[",
		    STR_ARG(audit_id_format(
			identity.bytes, turn->instance, id)));
	buf_addf(seal->out, "%s[%llu,%llu]", seal->leaves++ > 0 ? "," : "",
	    (unsigned long long)turn->seq, (unsigned long long)turn->index);
	hold(seal, turn->index);
	return true;
}

enum store_error
export_seal_shut(
    struct export_telling *telling, struct buf *out, uint64_t instance)
{
	struct export_seal *seal = telling->seal;

	if (seal == NULL || seal->span_count == 0)
		return STORE_OK;
	seal->out = out;
	seal->span_at = 0;
	enum store_error error = store_each_turn_of(telling->store, instance,
	    seal->spans[0].from, tell_turn_cb, telling);
	end_line(seal);
	return error;
}

/* ------------------------------------------------------------------- nodes */

static bool
is_held(const struct export_seal *seal, uint64_t leaf)
{
	return seal->held[leaf / 8] >> leaf % 8 & 1;
}

static bool
is_free(const struct export_seal *seal, uint64_t from, uint64_t to)
{
	while (from < to) {
		if (from % 8 == 0 && to - from >= 8) {
			if (seal->held[from / 8] != 0)
				return false;
			from += 8;
		} else if (is_held(seal, from)) {
			return false;
		} else {
			from++;
		}
	}
	return true;
}

/* Past what was exported, most often all of it. */
static void
skip_held(struct export_seal *seal)
{
	uint64_t size = seal->checkpoint.size;

	while (seal->next < size && is_held(seal, seal->next))
		if (seal->next % 8 == 0 && size - seal->next >= 8 &&
		    seal->held[seal->next / 8] == 0xff)
			seal->next += 8;
		else
			seal->next++;
}

/* The largest tree that begins there and holds nothing that was exported. */
static unsigned
level_at(const struct export_seal *seal, uint64_t from)
{
	uint64_t size = seal->checkpoint.size;
	uint64_t leaves = 2;
	unsigned level = 0;

	while (from % leaves == 0 && size - from >= leaves &&
	    is_free(seal, from + leaves / 2, from + leaves)) {
		leaves *= 2;
		level++;
	}
	return level;
}

static enum store_error
tell_nodes(struct export_telling *telling, struct buf *out)
{
	struct export_seal *seal = telling->seal;
	struct export_tree_reader reader = {.store = telling->store};
	char hex[DIGEST_HEX_BYTES];
	size_t count = 0;

	while (seal->next < seal->checkpoint.size && count < NODES_MAX) {
		struct digest hash;
		unsigned level;

		if (is_held(seal, seal->next)) {
			skip_held(seal);
			continue;
		}
		level = level_at(seal, seal->next);
		if (!export_tree_range_cb(&reader, seal->next,
			seal->next + ((uint64_t)1 << level), &hash))
			return reader.error;
		buf_addf(out, "%s[%u,%llu,\"%.*s\"]",
		    count++ > 0 ? "," : "{\"nodes\":[", level,
		    (unsigned long long)(seal->next >> level),
		    STR_ARG(digest_hex(hash, hex)));
		seal->next += (uint64_t)1 << level;
	}
	if (count > 0)
		buf_add_cstr(out, "]}\n");
	return STORE_OK;
}

enum store_error
export_seal_end(struct export_telling *telling, struct buf *out, bool *is_end)
{
	struct export_seal *seal = telling->seal;

	*is_end = true;
	if (seal == NULL)
		return STORE_OK;
	if (!seal->is_shown) {
		seal->is_shown = true;
		buf_add_str(out, seal->checkpoint.document);
		buf_add_char(out, '\n');
	}
	enum store_error error = tell_nodes(telling, out);
	*is_end = seal->next == seal->checkpoint.size;
	return error;
}

void
export_seal_again(struct export_telling *telling)
{
	if (telling->seal == NULL)
		return;
	telling->seal->is_shown = false;
	telling->seal->next = 0;
}
