/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_snapshot.c: an instance as bytes and back.
 *
 * The layout is described once: each visit function writes a struct when the
 * snapshot is being saved and reads it when it is being loaded, so that the
 * two can't differ.  Everything that is read is checked against the
 * definition before it is used as an index.
 */
#include "chart_priv.h"

#define SNAPSHOT_VERSION 1

struct snapshot {
	struct buf *out; /* NULL when loading */
	struct str in;
	bool damaged;
	struct arena *arena;
	const struct definition *definition;
};

static void
visit_u64(struct snapshot *s, uint64_t *n)
{
	if (s->out != NULL)
		buf_add_varint(s->out, *n);
	else if (!buf_take_varint(&s->in, n)) {
		s->damaged = true;
		*n = 0;
	}
}

static void
visit_i64(struct snapshot *s, int64_t *n)
{
	/* Small numbers of either sign stay short. */
	uint64_t zigzag = ((uint64_t)*n << 1) ^ (uint64_t)(*n >> 63);

	visit_u64(s, &zigzag);
	*n = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

/* An index below `bound`, or SIZE_MAX for none. */
static void
visit_index(struct snapshot *s, size_t *index, size_t bound)
{
	uint64_t n = *index == SIZE_MAX ? 0 : (uint64_t)*index + 1;

	visit_u64(s, &n);
	if (n > bound) {
		s->damaged = true;
		n = 0;
	}
	*index = n == 0 ? SIZE_MAX : (size_t)n - 1;
}

static void
visit_bool(struct snapshot *s, bool *flag)
{
	uint64_t n = *flag;

	visit_u64(s, &n);
	if (n > 1)
		s->damaged = true;
	*flag = n == 1;
}

/* Enums are bounded by their last constant. */
#define VISIT_ENUM(s, field, last)                   \
	do {                                         \
		uint64_t enum_n = (uint64_t)(field); \
		visit_u64((s), &enum_n);             \
		if (enum_n > (uint64_t)(last)) {     \
			(s)->damaged = true;         \
			enum_n = 0;                  \
		}                                    \
		(field) = (__typeof__(field))enum_n; \
	} while (0)

static void
visit_str(struct snapshot *s, struct str *text)
{
	uint64_t n = text->at == NULL ? 0 : (uint64_t)text->bytes + 1;
	struct str bytes = *text;

	visit_u64(s, &n);
	if (s->out != NULL) {
		if (n > 0)
			buf_add_str(s->out, *text);
		return;
	}
	*text = (struct str){NULL, 0};
	if (n == 0)
		return;
	if (!buf_take_bytes(&s->in, (size_t)(n - 1), &bytes))
		s->damaged = true;
	else
		*text = arena_str(s->arena, bytes);
}

static void
visit_value(struct snapshot *s, const struct value **value)
{
	bool there = *value != NULL;

	visit_bool(s, &there);
	if (!there) {
		*value = NULL;
		return;
	}
	if (s->out != NULL) {
		value_pack(*value, s->out);
		return;
	}
	*value = s->damaged ? NULL : value_unpack(s->arena, &s->in);
	if (*value == NULL) {
		s->damaged = true;
		*value = &value_null;
	}
}

/* A list: its length, then each item by `visit`. */
#define VISIT_LIST(s, head, visit)                                          \
	do {                                                                \
		uint64_t list_n = 0;                                        \
		__typeof__(head) list_item, *list_link = &(head);           \
		for (list_item = (head); list_item;                         \
		     list_item = list_item->next)                           \
			list_n++;                                           \
		visit_u64((s), &list_n);                                    \
		for (uint64_t list_i = 0; list_i < list_n && !(s)->damaged; \
		     list_i++) {                                            \
			if ((s)->out == NULL)                               \
				*list_link = arena_alloc(                   \
				    (s)->arena, sizeof(**list_link));       \
			visit((s), *list_link);                             \
			list_link = &(*list_link)->next;                    \
		}                                                           \
	} while (0)

/* ---- the parts ---- */

static void
visit_plan_item(struct snapshot *s, struct plan_item *item)
{
	const struct definition *definition = s->definition;

	VISIT_ENUM(s, item->kind, PLAN_CANCEL);
	switch (item->kind) {
	case PLAN_DO:
	case PLAN_SWITCH:
		visit_index(s, &item->index, definition->transition_count);
		break;
	case PLAN_CHECK:
	case PLAN_COMPENSATE:
	case PLAN_CANCEL:
		visit_index(s, &item->index, 2);
		break;
	case PLAN_EXIT:
	case PLAN_ENTRY:
	case PLAN_SETTLE:
	case PLAN_GOTO:
		visit_index(s, &item->index, definition->state_count);
		if (item->index == SIZE_MAX) {
			s->damaged = true;
			item->index = 0;
		}
		break;
	}
	if (item->kind == PLAN_DO && item->index == SIZE_MAX)
		s->damaged = true;
	if (item->kind == PLAN_GOTO) {
		visit_index(s, &item->detail,
		    definition->states[item->index]->escalation_count);
		if (item->detail == SIZE_MAX)
			s->damaged = true;
	}
}

static void
visit_plan(struct snapshot *s, struct chart *chart)
{
	uint64_t count = chart->plan_count, next = chart->plan_next,
		 pc = chart->pc;

	visit_u64(s, &count);
	visit_u64(s, &next);
	visit_u64(s, &pc);
	if (count > PLAN_MAX || next > count ||
	    pc > s->definition->step_count) {
		s->damaged = true;
		return;
	}
	chart->plan_count = (size_t)count;
	chart->plan_next = (size_t)next;
	chart->pc = (size_t)pc;
	for (size_t i = 0; i < chart->plan_count; i++)
		visit_plan_item(s, &chart->plan[i]);
	visit_u64(s, &chart->plan_serial);
	visit_i64(s, &chart->wait_due_ms);
	visit_bool(s, &chart->held);
	visit_u64(s, &chart->step_call);
}

/* The call's definition, or NULL where the contact has changed meanwhile. */
static const struct def_call *
notice_definition(const struct snapshot *s, const struct call *call)
{
	const struct def_contact *contact = s->definition->incident_owner;

	if (call->contact_state != SIZE_MAX) {
		const struct def_state *state =
		    s->definition->states[call->contact_state];

		if (call->contact_level >= state->escalation_count)
			return NULL;
		contact = state->escalations[call->contact_level].to;
	}
	if (contact == NULL || call->contact_channel >= contact->channel_count)
		return NULL;
	return contact->channels[call->contact_channel].call;
}

static const struct def_call *
call_definition(const struct snapshot *s, const struct call *call)
{
	const struct def_call *definition;

	if (call->purpose == FOR_NOTICE)
		return notice_definition(s, call);
	if (call->step == SIZE_MAX ||
	    s->definition->steps[call->step]->kind != STEP_CALL)
		return NULL;
	definition = s->definition->steps[call->step]->call;
	return call->purpose == FOR_STEP ? definition : definition->compensate;
}

static void
visit_call(struct snapshot *s, struct call *call)
{
	visit_u64(s, &call->serial);
	VISIT_ENUM(s, call->purpose, FOR_NOTICE);
	VISIT_ENUM(s, call->state, CALL_STUCK);
	visit_index(s, &call->step, s->definition->step_count);
	visit_index(s, &call->contact_state, s->definition->state_count);
	visit_index(s, &call->contact_level, SIZE_MAX - 1);
	visit_index(s, &call->contact_channel, SIZE_MAX - 1);
	visit_value(s, &call->args);
	visit_value(s, &call->verify_args);
	visit_str(s, &call->key);
	visit_i64(s, &call->attempt);
	visit_i64(s, &call->tries);
	visit_bool(s, &call->unknown);
	visit_i64(s, &call->asked);
	visit_i64(s, &call->due_ms);
	visit_i64(s, &call->first_sent_ms);
	visit_value(s, &call->error);
	if (s->out == NULL && !s->damaged) {
		call->call = call_definition(s, call);
		if (call->call == NULL && call->purpose != FOR_NOTICE)
			s->damaged = true;
		if (call->args == NULL ||
		    (call->call != NULL && call->call->verify == NULL &&
			(call->state == CALL_ASKING ||
			    call->state == CALL_ASKING_LATER)))
			s->damaged = true;
	}
}

static void
visit_timer(struct snapshot *s, struct timer *timer)
{
	const struct definition *definition = s->definition;

	VISIT_ENUM(s, timer->kind, TIMER_LEAVING);
	visit_index(s, &timer->index,
	    timer->kind == TIMER_AFTER ? definition->transition_count
				       : definition->state_count);
	visit_u64(s, &timer->detail);
	visit_i64(s, &timer->due_ms);
	visit_i64(s, &timer->since_ms);
	if (timer->index == SIZE_MAX ||
	    ((timer->kind == TIMER_ESCALATION ||
		 timer->kind == TIMER_LEAVING) &&
		timer->detail >=
		    definition->states[timer->index]->escalation_count))
		s->damaged = true;
}

static void
visit_vote(struct snapshot *s, struct vote *vote)
{
	visit_str(s, &vote->actor);
	visit_str(s, &vote->choice);
}

static void
visit_task(struct snapshot *s, struct task *task)
{
	visit_u64(s, &task->serial);
	visit_index(s, &task->state, s->definition->state_count);
	visit_bool(s, &task->open);
	visit_i64(s, &task->created_ms);
	visit_str(s, &task->title);
	visit_str(s, &task->description);
	visit_str(s, &task->role);
	visit_i64(s, &task->approvals);
	visit_i64(s, &task->due_ms);
	VISIT_LIST(s, task->votes, visit_vote);
	if (task->state == SIZE_MAX ||
	    s->definition->states[task->state]->task == NULL)
		s->damaged = true;
}

static void
visit_incident(struct snapshot *s, struct incident *incident)
{
	visit_u64(s, &incident->serial);
	VISIT_ENUM(s, incident->kind, INCIDENT_DEFINITION);
	visit_index(s, &incident->step, s->definition->step_count);
	visit_u64(s, &incident->call);
	visit_i64(s, &incident->created_ms);
	visit_i64(s, &incident->ages);
	visit_str(s, &incident->message);
	visit_value(s, &incident->error);
}

static void
visit_escalated(struct snapshot *s, struct escalated *fired)
{
	visit_u64(s, &fired->serial);
	visit_index(s, &fired->state, s->definition->state_count);
	visit_index(s, &fired->level, SIZE_MAX - 1);
	visit_i64(s, &fired->created_ms);
	visit_i64(s, &fired->fired);
	visit_bool(s, &fired->acknowledged);
	visit_value(s, &fired->body);
	if (fired->state == SIZE_MAX || fired->body == NULL ||
	    fired->level >=
		s->definition->states[fired->state]->escalation_count)
		s->damaged = true;
}

static void
visit_kept(struct snapshot *s, struct kept *kept)
{
	visit_str(s, &kept->type);
	visit_str(s, &kept->subject);
	visit_i64(s, &kept->received_ms);
	visit_bool(s, &kept->told);
	visit_value(s, &kept->event);
	if (kept->event == NULL)
		s->damaged = true;
}

static void
visit_passed(struct snapshot *s, struct passed *passed)
{
	visit_str(s, &passed->type);
	visit_str(s, &passed->subject);
}

static void
visit_undo(struct snapshot *s, struct undo *undo)
{
	visit_index(s, &undo->step, s->definition->step_count);
	visit_value(s, &undo->args);
	visit_value(s, &undo->verify_args);
	visit_str(s, &undo->key);
	visit_i64(s, &undo->done_ms);
	if (undo->step == SIZE_MAX || undo->args == NULL ||
	    s->definition->steps[undo->step]->kind != STEP_CALL ||
	    s->definition->steps[undo->step]->call->compensate == NULL)
		s->damaged = true;
}

static void
visit_part(struct snapshot *s, struct part *part)
{
	visit_str(s, &part->actor);
	VISIT_ENUM(s, part->parts, PART_INITIATE | PART_APPROVE | PART_CORRECT);
}

static void
visit_internal(struct snapshot *s, struct internal *raised)
{
	visit_str(s, &raised->name);
	visit_index(s, &raised->state, s->definition->state_count);
	visit_value(s, &raised->event);
	visit_u64(s, &raised->entries);
}

static void
visit_facts(struct snapshot *s, struct chart *chart)
{
	visit_str(s, &chart->business_key);
	visit_str(s, &chart->initiator);
	visit_str(s, &chart->trace);
	visit_bool(s, &chart->ended);
	VISIT_ENUM(s, chart->ending, ENDING_CANCELLED);
	visit_bool(s, &chart->suspended);
	visit_bool(s, &chart->cancelling);
	visit_bool(s, &chart->cancel_compensates);
	VISIT_ENUM(s, chart->priority, PRIORITY_CRITICAL);
	visit_i64(s, &chart->started_ms);
	visit_i64(s, &chart->ended_ms);
	visit_u64(s, &chart->serial_last);
	visit_u64(s, &chart->entries);
	visit_value(s, &chart->input);
	visit_value(s, &chart->data);
	visit_value(s, &chart->labels);
	visit_value(s, &chart->output);
	visit_value(s, &chart->event);
	visit_value(s, &chart->error);
	visit_value(s, &chart->decision);
	visit_index(s, &chart->leaf, s->definition->state_count);
	visit_str(s, &chart->cause);
	if (chart->input == NULL || chart->data == NULL)
		s->damaged = true;
}

static void
visit_chart(struct snapshot *s, struct chart *chart)
{
	uint64_t version = SNAPSHOT_VERSION;

	visit_u64(s, &version);
	if (version != SNAPSHOT_VERSION) {
		s->damaged = true;
		return;
	}
	visit_facts(s, chart);
	visit_plan(s, chart);
	VISIT_LIST(s, chart->calls, visit_call);
	VISIT_LIST(s, chart->timers, visit_timer);
	VISIT_LIST(s, chart->tasks, visit_task);
	VISIT_LIST(s, chart->incidents, visit_incident);
	VISIT_LIST(s, chart->escalations, visit_escalated);
	VISIT_LIST(s, chart->kept, visit_kept);
	VISIT_LIST(s, chart->passed, visit_passed);
	VISIT_LIST(s, chart->undos, visit_undo);
	VISIT_LIST(s, chart->parts, visit_part);
	VISIT_LIST(s, chart->internals, visit_internal);
}

void
chart_save(const struct chart *chart, struct buf *out)
{
	struct snapshot s = {.out = out, .definition = chart->definition};
	struct chart copy = *chart; /* the visits write back what they read */

	must(chart->magic == CHART_MAGIC);
	visit_chart(&s, &copy);
	must(!s.damaged);
}

/* Notices whose contact has changed are dropped: they could go to nobody. */
static void
drop_lost_notices(struct chart *chart)
{
	for (struct call **link = &chart->calls; *link != NULL;)
		if ((*link)->call == NULL)
			LIST_UNLINK(link);
		else
			link = &(*link)->next;
}

/* Whether the parts belong together: what the others rely on. */
static bool
is_whole(const struct chart *chart)
{
	const struct def_step *step = chart_run_current(chart);
	const struct call *call = chart_call_find(chart, chart->step_call);

	if (chart->wait_due_ms != 0 &&
	    (step == NULL || step->kind != STEP_WAIT))
		return false;
	if (chart->step_call != 0 &&
	    (call == NULL || call->purpose == FOR_NOTICE))
		return false;
	if (call != NULL && call->purpose == FOR_UNDO &&
	    (chart->undos == NULL || chart->undos->step != call->step))
		return false;
	if (call != NULL && call->purpose == FOR_STEP &&
	    (step == NULL || step->index != call->step))
		return false;
	return chart->held == (chart->incidents != NULL) &&
	       (chart->entries == 0 || chart->leaf != SIZE_MAX);
}

struct chart *
chart_load(const struct definition *definition, struct chart_identity identity,
    struct str snapshot)
{
	struct chart *chart = chart_alloc(definition, identity);
	struct snapshot s = {
	    .in = snapshot,
	    .arena = chart->arena,
	    .definition = definition,
	};

	visit_chart(&s, chart);
	if (s.damaged || s.in.bytes != 0 || !is_whole(chart)) {
		chart_free(&chart);
		return NULL;
	}
	drop_lost_notices(chart);
	chart->arena_bytes_live = arena_bytes(chart->arena);
	return chart;
}

/* Only what is in use survives being saved and loaded. */
void
chart_compact(struct chart *chart)
{
	struct buf packed = {0};
	struct chart *fresh;

	chart_save(chart, &packed);
	fresh =
	    chart_load(chart->definition, chart->identity, buf_str(&packed));
	buf_fini(&packed);
	must(fresh != NULL);
	fresh->head = chart->head;
	chart_swap(chart, fresh);
	chart_free(&fresh);
}
