/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_key.c: since when an endpoint knows a key.
 *
 * It honours a key for so long from the first time that it sees it, whichever
 * call comes with it: a step that failed and that a person has done once more
 * comes with the same one, and so may a step that gives its own, each time its
 * state is entered.  A key that outlives its call is kept here, until the
 * endpoint has forgotten it.  Two that are taken for one, which hardly happens,
 * are as old as the older of them: that is asked about rather than sent.
 */
#include "chart_priv.h"

/* Whether the endpoint forgets it some day, and that matters. */
static bool
is_timed(const struct call *call)
{
	const struct def_operation *operation = call->call->operation;

	return !operation->safe && operation->idempotent_lifetime_ms > 0;
}

int64_t
chart_key_dies_ms(const struct call *call)
{
	if (!is_timed(call) || call->first_sent_ms == 0)
		return 0;
	return call->first_sent_ms +
	       call->call->operation->idempotent_lifetime_ms;
}

static bool
is_same(const struct call *call, const struct call *other)
{
	return str_equal(call->key, other->key) &&
	       str_equal(call->call->target, other->call->target);
}

static uint64_t
digest_of(const struct call *call)
{
	const struct str parts[] = {
	    call->call->target, STR_INIT("\n"), call->key};
	struct digest digest =
	    digest_sha256_parts(parts, COUNT_OF(parts));
	uint64_t beginning = 0;

	for (size_t i = 0; i < sizeof(beginning); i++)
		beginning = beginning << 8 | digest.bytes[i];
	return beginning;
}

static struct used_key **
find(struct chart *chart, uint64_t digest)
{
	struct used_key **link = &chart->keys;

	while (*link != NULL && (*link)->digest != digest)
		link = &(*link)->next;
	return link;
}

static void
forget_dead(struct chart *chart, int64_t now_ms)
{
	for (struct used_key **link = &chart->keys; *link != NULL;)
		if ((*link)->dies_ms <= now_ms)
			LIST_UNLINK(link);
		else
			link = &(*link)->next;
}

/* The earliest of those that it still knows it from. */
int64_t
chart_key_since(struct chart *chart, const struct call *call, int64_t now_ms)
{
	int64_t since_ms = now_ms;
	const struct used_key *used;

	if (!is_timed(call))
		return now_ms;
	forget_dead(chart, now_ms);
	used = *find(chart, digest_of(call));
	if (used != NULL && used->first_sent_ms < since_ms)
		since_ms = used->first_sent_ms;
	for (const struct call *other = chart->calls; other != NULL;
	     other = other->next)
		if (chart_key_dies_ms(other) > now_ms &&
		    is_same(call, other) && other->first_sent_ms < since_ms)
			since_ms = other->first_sent_ms;
	return since_ms;
}

void
chart_key_keep(struct chart *chart, const struct call *call)
{
	struct used_key **link, *used;
	uint64_t digest;

	if (chart_key_dies_ms(call) == 0)
		return;
	digest = digest_of(call);
	link = find(chart, digest);
	used = *link;
	if (used == NULL) {
		used = ARENA_NEW(chart->arena, struct used_key);
		used->digest = digest;
		*link = used;
	}
	used->first_sent_ms = call->first_sent_ms;
	used->dies_ms = chart_key_dies_ms(call);
}
