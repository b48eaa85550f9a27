/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_key.c: since when an endpoint knows a key.
 *
 * It honours a key for so long from the first time that it sees it, whichever
 * call comes with it: a step that failed and that a person has done once more
 * comes with the same one, and so may a step that gives its own, each time its
 * state is entered.  A key that outlives its call is kept here, until the
 * endpoint has forgotten it.
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

static struct used_key **
find(struct chart *chart, const struct call *call)
{
	struct used_key **link = &chart->keys;

	while (*link != NULL &&
	       !(str_equal((*link)->key, call->key) &&
		   str_equal((*link)->operation, call->call->target)))
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
	used = *find(chart, call);
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

	if (chart_key_dies_ms(call) == 0)
		return;
	link = find(chart, call);
	used = *link;
	if (used == NULL) {
		used = ARENA_NEW(chart->arena, struct used_key);
		used->operation = arena_str(chart->arena, call->call->target);
		used->key = call->key;
		*link = used;
	}
	used->first_sent_ms = call->first_sent_ms;
	used->dies_ms = chart_key_dies_ms(call);
}
