/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle_queue.c: who comes next.
 *
 * A class is a heap of tickets by key, then by arrival.  The key is the
 * deadline, but never later than the ticket's coming of age, nor earlier than
 * its arrival: so a ticket whose key is past comes before all that arrive from
 * then on.
 *
 * Among the classes: stride scheduling.  Each has a pass, which moves on by
 * its stride when it gets a turn; the class with the lowest pass is next, of
 * several the most important.  A class that had nobody waiting begins as if it
 * had just had a turn: so it can't save turns up, and what is less important
 * never comes first by having been away.
 */
#include "throttle_priv.h"

#include <stdlib.h>

struct lane {
	struct throttle_ticket **heap;
	size_t count;
	size_t capacity;
	uint64_t pass;
};

struct throttle_queue {
	struct lane lanes[THROTTLE_CLASSES];
	uint64_t pass; /* of the one that had the last turn */
	uint64_t order;
	size_t count;
	struct throttle_ticket *first; /* by arrival */
	struct throttle_ticket *last;
};

static const uint64_t weights[THROTTLE_CLASSES] = THROTTLE_WEIGHTS;
#define STRIDE_OF(class) (weights[THROTTLE_CLASSES - 1] / weights[class])

struct throttle_queue *
throttle_queue_new(void)
{
	struct throttle_queue *queue = calloc(1, sizeof(*queue));

	must(queue != NULL);
	return queue;
}

void
throttle_queue_free(struct throttle_queue **queue)
{
	if (*queue == NULL)
		return;
	for (size_t i = 0; i < THROTTLE_CLASSES; i++)
		free((*queue)->lanes[i].heap);
	free(*queue);
	*queue = NULL;
}

/* ---- a heap ---- */

static bool
comes_before(const struct throttle_ticket *a, const struct throttle_ticket *b)
{
	return a->key_ms != b->key_ms ? a->key_ms < b->key_ms
				      : a->order < b->order;
}

static void
sift_up(struct lane *lane, size_t at)
{
	struct throttle_ticket *ticket = lane->heap[at];

	for (; at > 0; at = (at - 1) / 2) {
		if (!comes_before(ticket, lane->heap[(at - 1) / 2]))
			break;
		lane->heap[at] = lane->heap[(at - 1) / 2];
	}
	lane->heap[at] = ticket;
}

static void
sift_down(struct lane *lane, size_t at)
{
	struct throttle_ticket *ticket = lane->heap[at];
	size_t child;

	while ((child = 2 * at + 1) < lane->count) {
		if (child + 1 < lane->count &&
		    comes_before(lane->heap[child + 1], lane->heap[child]))
			child++;
		if (!comes_before(lane->heap[child], ticket))
			break;
		lane->heap[at] = lane->heap[child];
		at = child;
	}
	lane->heap[at] = ticket;
}

static void
lane_add(struct lane *lane, struct throttle_ticket *ticket)
{
	if (lane->count == lane->capacity) {
		lane->capacity = lane->capacity == 0 ? 16 : 2 * lane->capacity;
		lane->heap = realloc(
		    lane->heap, lane->capacity * sizeof(*lane->heap));
		must(lane->heap != NULL);
	}
	lane->heap[lane->count++] = ticket;
	sift_up(lane, lane->count - 1);
}

static struct throttle_ticket *
lane_take(struct lane *lane)
{
	struct throttle_ticket *first = lane->heap[0];

	must(lane->count > 0);
	lane->heap[0] = lane->heap[--lane->count];
	if (lane->count > 0)
		sift_down(lane, 0);
	return first;
}

/* ---- the order of arrival ---- */

static void
arrive(struct throttle_queue *queue, struct throttle_ticket *ticket)
{
	ticket->earlier = queue->last;
	ticket->later = NULL;
	if (queue->last != NULL)
		queue->last->later = ticket;
	else
		queue->first = ticket;
	queue->last = ticket;
	queue->count++;
}

static void
leave(struct throttle_queue *queue, const struct throttle_ticket *ticket)
{
	must(queue->count > 0);
	if (ticket->earlier != NULL)
		ticket->earlier->later = ticket->later;
	else
		queue->first = ticket->later;
	if (ticket->later != NULL)
		ticket->later->earlier = ticket->earlier;
	else
		queue->last = ticket->earlier;
	queue->count--;
}

/* ---- the queue ---- */

static void
lane_enter(struct lane *lane, uint64_t pass)
{
	if (lane->pass < pass)
		lane->pass = pass;
}

static int64_t
key_of(int64_t deadline_ms, int64_t now_ms)
{
	if (deadline_ms == 0)
		return now_ms + THROTTLE_PATIENCE_MS;
	if (deadline_ms > now_ms + THROTTLE_AGE_MS)
		return now_ms + THROTTLE_AGE_MS;
	return deadline_ms > now_ms ? deadline_ms : now_ms;
}

void
throttle_queue_add(struct throttle_queue *queue,
    struct throttle_ticket *ticket, unsigned class, int64_t deadline_ms,
    int64_t now_ms)
{
	struct lane *lane;

	must(class < THROTTLE_CLASSES);
	lane = &queue->lanes[class];
	*ticket = (struct throttle_ticket){
	    .key_ms = key_of(deadline_ms, now_ms),
	    .order = queue->order++,
	    .since_ms = now_ms,
	    .class = class,
	};
	if (lane->count == 0)
		lane_enter(lane, queue->pass + STRIDE_OF(class) - 1);
	lane_add(lane, ticket);
	arrive(queue, ticket);
}

struct throttle_ticket *
throttle_queue_take(struct throttle_queue *queue)
{
	struct throttle_ticket *ticket;
	struct lane *next = NULL;

	if (queue->count == 0)
		return NULL;
	for (size_t i = THROTTLE_CLASSES; i-- > 0;) {
		struct lane *lane = &queue->lanes[i];

		if (lane->count == 0)
			continue;
		if (next == NULL || lane->pass < next->pass)
			next = lane;
	}
	must(next != NULL);
	queue->pass = next->pass;
	next->pass += STRIDE_OF((size_t)(next - queue->lanes));
	ticket = lane_take(next);
	leave(queue, ticket);
	return ticket;
}

static void
lane_drop(struct throttle_queue *queue, struct lane *lane,
    throttle_drop_fn *is_dropped, void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < lane->count; i++) {
		struct throttle_ticket *ticket = lane->heap[i];
		const struct throttle_ticket was = *ticket;

		if (is_dropped(ticket, arg)) /* which may have freed it */
			leave(queue, &was);
		else
			lane->heap[kept++] = ticket;
	}
	lane->count = kept;
	for (size_t i = kept / 2; i-- > 0;)
		sift_down(lane, i);
}

void
throttle_queue_drop(
    struct throttle_queue *queue, throttle_drop_fn *is_dropped, void *arg)
{
	for (size_t i = 0; i < THROTTLE_CLASSES; i++)
		lane_drop(queue, &queue->lanes[i], is_dropped, arg);
}

size_t
throttle_queue_count(const struct throttle_queue *queue)
{
	return queue->count;
}

int64_t
throttle_queue_since_ms(const struct throttle_queue *queue)
{
	return queue->first != NULL ? queue->first->since_ms : 0;
}
