/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_snapshot.c: an instance as bytes and back.
 *
 * The layout is described once: each visit function writes a struct when the
 * snapshot is being saved and reads it when it is being loaded, so that the
 * two can't differ.  Everything that is read is checked against the
 * definition before it is used as an index.
 */
#include "chart_snapshot_priv.h"

void
chart_snapshot_u64(struct snapshot *s, uint64_t *n)
{
	if (s->out != NULL)
		buf_add_varint(s->out, *n);
	else if (!buf_take_varint(&s->in, n)) {
		s->damaged = true;
		*n = 0;
	}
}

void
chart_snapshot_i64(struct snapshot *s, int64_t *n)
{
	/* Small numbers of either sign stay short. */
	uint64_t zigzag = ((uint64_t)*n << 1) ^ (uint64_t)(*n >> 63);

	chart_snapshot_u64(s, &zigzag);
	*n = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

void
chart_snapshot_index(struct snapshot *s, size_t *index, size_t bound)
{
	uint64_t n = *index == SIZE_MAX ? 0 : (uint64_t)*index + 1;

	chart_snapshot_u64(s, &n);
	if (n > bound) {
		s->damaged = true;
		n = 0;
	}
	*index = n == 0 ? SIZE_MAX : (size_t)n - 1;
}

void
chart_snapshot_bool(struct snapshot *s, bool *flag)
{
	uint64_t n = *flag;

	chart_snapshot_u64(s, &n);
	if (n > 1)
		s->damaged = true;
	*flag = n == 1;
}

void
chart_snapshot_bytes(struct snapshot *s, struct str *bytes)
{
	uint64_t n = bytes->at == NULL ? 0 : (uint64_t)bytes->bytes + 1;
	struct str taken = *bytes;

	chart_snapshot_u64(s, &n);
	if (s->out != NULL) {
		if (n > 0)
			buf_add_str(s->out, *bytes);
		return;
	}
	*bytes = (struct str){NULL, 0};
	if (n == 0)
		return;
	if (!buf_take_bytes(&s->in, (size_t)(n - 1), &taken))
		s->damaged = true;
	else
		*bytes = arena_str(s->arena, taken);
}

void
chart_snapshot_str(struct snapshot *s, struct str *text)
{
	chart_snapshot_bytes(s, text);
	if (s->out == NULL && !str_is_utf8(*text))
		s->damaged = true;
}

void
chart_snapshot_value(struct snapshot *s, const struct value **value)
{
	bool there = *value != NULL;

	chart_snapshot_bool(s, &there);
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

void
chart_snapshot_count(struct snapshot *s, size_t *count)
{
	uint64_t n = *count;

	chart_snapshot_u64(s, &n);
	if (s->out == NULL && n > s->in.bytes) {
		s->damaged = true;
		n = 0;
	}
	*count = (size_t)n;
}

/* What changes seldom is packed once and copied from then on. */
static void
visit_packed(
    struct snapshot *s, const struct value **value, struct packed *packed)
{
	if (s->out == NULL) {
		chart_snapshot_value(s, value);
		return;
	}
	if (packed->of != *value) {
		buf_clear(&packed->bytes);
		value_pack(*value, &packed->bytes);
		packed->of = *value;
	}
	chart_snapshot_bool(s, &(bool){true});
	buf_add_str(s->out, buf_str(&packed->bytes));
}

/* ---- the parts ---- */

/* Whether verify is asked, or is about to be. */
static bool
has_question(const struct call *call)
{
	return chart_call_is_asking(call) || call->state == CALL_ASKING_LATER;
}

static bool
goes_by(const struct call *call, const struct def_channel *channel)
{
	const struct def_call *definition = channel->call;

	return definition != NULL &&
	       (call->target.at == NULL ||
		   str_equal(definition->target, call->target)) &&
	       (definition->verify != NULL || !has_question(call));
}

/* The call's definition, wherever its channel stands now; NULL where the
 * contact has it no more. */
static const struct def_call *
notice_definition(const struct snapshot *s, struct call *call)
{
	const struct def_contact *contact;
	size_t at = call->contact_channel;

	if (call->step != SIZE_MAX &&
	    s->definition->steps[call->step]->kind != STEP_NOTIFY)
		return NULL;
	contact = chart_escalation_contact(s->definition, call);
	if (contact == NULL)
		return NULL;
	if (at < contact->channel_count &&
	    goes_by(call, &contact->channels[at]))
		return contact->channels[at].call;
	if (call->target.at == NULL)
		return NULL;
	for (at = 0; at < contact->channel_count; at++)
		if (goes_by(call, &contact->channels[at])) {
			call->contact_channel = at;
			return contact->channels[at].call;
		}
	return NULL;
}

static const struct def_call *
call_definition(const struct snapshot *s, struct call *call)
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
visit_question(struct snapshot *s, struct question *question)
{
	chart_snapshot_value(s, &question->args);
	if (s->version > 4)
		chart_snapshot_value(s, &question->scope);
}

static void
visit_call(struct snapshot *s, struct call *call)
{
	chart_snapshot_u64(s, &call->serial);
	VISIT_ENUM(s, call->purpose, FOR_NOTICE);
	VISIT_ENUM(s, call->state, CALL_ASKED);
	chart_snapshot_index(s, &call->step, s->definition->step_count);
	chart_snapshot_index(
	    s, &call->contact_state, s->definition->state_count);
	chart_snapshot_index(s, &call->contact_level, SIZE_MAX - 1);
	chart_snapshot_index(s, &call->contact_channel, SIZE_MAX - 1);
	chart_snapshot_value(s, &call->args);
	visit_question(s, &call->question);
	chart_snapshot_str(s, &call->key);
	chart_snapshot_i64(s, &call->attempt);
	chart_snapshot_i64(s, &call->tries);
	chart_snapshot_bool(s, &call->unknown);
	chart_snapshot_i64(s, &call->asked);
	chart_snapshot_i64(s, &call->due_ms);
	chart_snapshot_i64(s, &call->first_sent_ms);
	chart_snapshot_value(s, &call->error);
	if (s->version > 1) {
		chart_snapshot_u64(s, &call->undo);
		chart_snapshot_bool(s, &call->given_up);
	}
	if (s->version > 2)
		chart_snapshot_bool(s, &call->denied);
	if (s->version > 4 && call->purpose == FOR_NOTICE)
		chart_snapshot_str(s, &call->target);
	if (s->out == NULL && !s->damaged) {
		call->call = call_definition(s, call);
		if (call->call == NULL && call->purpose != FOR_NOTICE)
			s->damaged = true;
		if (call->args == NULL ||
		    (call->call != NULL && call->call->verify == NULL &&
			has_question(call)))
			s->damaged = true;
	}
}

static void
visit_used_key(struct snapshot *s, struct used_key *used)
{
	chart_snapshot_u64(s, &used->digest);
	chart_snapshot_i64(s, &used->first_sent_ms);
	chart_snapshot_i64(s, &used->dies_ms);
}

static void
visit_timer(struct snapshot *s, struct timer *timer)
{
	const struct definition *definition = s->definition;

	VISIT_ENUM(s, timer->kind, TIMER_LEAVING);
	chart_snapshot_index(s, &timer->index,
	    timer->kind == TIMER_AFTER ? definition->transition_count
				       : definition->state_count);
	chart_snapshot_u64(s, &timer->detail);
	chart_snapshot_i64(s, &timer->due_ms);
	chart_snapshot_i64(s, &timer->since_ms);
	if (timer->index == SIZE_MAX) {
		s->damaged = true;
		timer->index = 0;
	}
	if (timer->kind != TIMER_ESCALATION && timer->kind != TIMER_LEAVING)
		return;
	if (timer->detail >= definition->states[timer->index]->escalation_count)
		s->damaged = true;
	else if (timer->kind == TIMER_LEAVING &&
		 definition->states[timer->index]
			 ->escalations[timer->detail]
			 .target == NULL)
		s->damaged = true;
}

static void
visit_vote(struct snapshot *s, struct vote *vote)
{
	chart_snapshot_str(s, &vote->actor);
	chart_snapshot_str(s, &vote->choice);
	if (s->version > 3)
		chart_snapshot_str(s, &vote->from);
}

static void
visit_task(struct snapshot *s, struct task *task)
{
	chart_snapshot_u64(s, &task->serial);
	chart_snapshot_index(s, &task->state, s->definition->state_count);
	chart_snapshot_bool(s, &task->open);
	chart_snapshot_i64(s, &task->created_ms);
	chart_snapshot_str(s, &task->title);
	chart_snapshot_str(s, &task->description);
	chart_snapshot_str(s, &task->role);
	chart_snapshot_i64(s, &task->approvals);
	chart_snapshot_i64(s, &task->due_ms);
	VISIT_LIST(s, task->votes, visit_vote);
	if (task->state == SIZE_MAX ||
	    s->definition->states[task->state]->task == NULL)
		s->damaged = true;
}

static void
visit_incident(struct snapshot *s, struct incident *incident)
{
	chart_snapshot_u64(s, &incident->serial);
	VISIT_ENUM(s, incident->kind, INCIDENT_DEFINITION);
	chart_snapshot_index(s, &incident->step, s->definition->step_count);
	chart_snapshot_u64(s, &incident->call);
	chart_snapshot_i64(s, &incident->created_ms);
	chart_snapshot_i64(s, &incident->ages);
	chart_snapshot_str(s, &incident->message);
	chart_snapshot_value(s, &incident->error);
	if (s->version > 1) {
		chart_snapshot_u64(s, &incident->strand);
		chart_snapshot_u64(s, &incident->undo);
	}
}

static void
visit_escalated(struct snapshot *s, struct escalated *fired)
{
	chart_snapshot_u64(s, &fired->serial);
	chart_snapshot_index(s, &fired->state, s->definition->state_count);
	chart_snapshot_index(s, &fired->level, SIZE_MAX - 1);
	chart_snapshot_i64(s, &fired->created_ms);
	chart_snapshot_i64(s, &fired->fired);
	chart_snapshot_bool(s, &fired->acknowledged);
	chart_snapshot_value(s, &fired->body);
	if (fired->state == SIZE_MAX || fired->body == NULL ||
	    fired->level >=
		s->definition->states[fired->state]->escalation_count)
		s->damaged = true;
}

static void
visit_kept(struct snapshot *s, struct kept *kept)
{
	chart_snapshot_str(s, &kept->type);
	chart_snapshot_str(s, &kept->subject);
	chart_snapshot_i64(s, &kept->received_ms);
	chart_snapshot_bool(s, &kept->told);
	chart_snapshot_value(s, &kept->event);
	if (kept->event == NULL)
		s->damaged = true;
}

static void
visit_passed(struct snapshot *s, struct passed *passed)
{
	chart_snapshot_str(s, &passed->type);
	chart_snapshot_str(s, &passed->subject);
}

static void
visit_undo(struct snapshot *s, struct undo *undo)
{
	chart_snapshot_index(s, &undo->step, s->definition->step_count);
	chart_snapshot_value(s, &undo->args);
	visit_question(s, &undo->question);
	chart_snapshot_str(s, &undo->key);
	chart_snapshot_i64(s, &undo->done_ms);
	if (s->version > 1)
		chart_snapshot_u64(s, &undo->serial);
	if (s->version > 4)
		chart_snapshot_value(s, &undo->item);
	if (undo->step == SIZE_MAX ||
	    s->definition->steps[undo->step]->kind != STEP_CALL ||
	    s->definition->steps[undo->step]->call->compensate == NULL)
		s->damaged = true;
}

static void
visit_held(struct snapshot *s, struct held *held)
{
	chart_snapshot_str(s, &held->name);
}

static void
visit_part(struct snapshot *s, struct part *part)
{
	chart_snapshot_str(s, &part->actor);
	VISIT_ENUM(s, part->parts, PARTS_ALL);
	if (s->version > 3)
		VISIT_LIST(s, part->names, visit_held);
}

static void
visit_proposal(struct snapshot *s, struct proposal *proposal)
{
	chart_snapshot_u64(s, &proposal->serial);
	chart_snapshot_u64(s, &proposal->incident);
	chart_snapshot_bool(s, &proposal->is_replay);
	VISIT_ENUM(s, proposal->settlement, SETTLE_CANCEL);
	chart_snapshot_bool(s, &proposal->compensate);
	chart_snapshot_bool(s, &proposal->is_done);
	chart_snapshot_str(s, &proposal->by);
	chart_snapshot_str(s, &proposal->comment);
	chart_snapshot_str(s, &proposal->reason);
	chart_snapshot_value(s, &proposal->data);
	chart_snapshot_i64(s, &proposal->created_ms);
	chart_snapshot_u64(s, &proposal->entries);
	if (proposal->serial == 0 || proposal->by.at == NULL)
		s->damaged = true;
}

static void
visit_internal(struct snapshot *s, struct internal *raised)
{
	struct signal *signal = &raised->signal;

	if (s->version == 1) {
		chart_snapshot_old_signal(s, signal);
		return;
	}
	chart_snapshot_str(s, &signal->name);
	chart_snapshot_value(s, &signal->event);
	chart_snapshot_index(s, &signal->only, s->definition->state_count);
	chart_snapshot_index(s, &signal->from, s->definition->state_count);
	chart_snapshot_u64(s, &signal->entry);
}

static void
visit_child(struct snapshot *s, struct child *child)
{
	chart_snapshot_u64(s, &child->serial);
	chart_snapshot_index(s, &child->step, s->definition->step_count);
	chart_snapshot_u64(s, &child->number);
	chart_snapshot_str(s, &child->id);
	chart_snapshot_bool(s, &child->cancelled);
	if (s->version > 4) {
		chart_snapshot_bool(s, &child->found);
		chart_snapshot_bool(s, &child->undoes);
	}
	if (child->step == SIZE_MAX ||
	    s->definition->steps[child->step]->kind != STEP_RUN)
		s->damaged = true;
}

static void
visit_mark(struct snapshot *s, struct mark *mark)
{
	chart_snapshot_index(s, &mark->state, s->definition->state_count);
	chart_snapshot_u64(s, &mark->undo);
}

static void
visit_waiter(struct snapshot *s, struct waiter *waiter)
{
	chart_snapshot_u64(s, &waiter->awaiter.number);
	chart_snapshot_u64(s, &waiter->awaiter.serial);
}

static void
visit_state(struct snapshot *s, size_t *state)
{
	chart_snapshot_index(s, state, s->definition->state_count);
	if (*state == SIZE_MAX)
		s->damaged = true;
}

static void
visit_memory(struct snapshot *s, struct memory *memory)
{
	visit_state(s, &memory->history);
	VISIT_ARRAY(s, memory->states, memory->count, visit_state);
}

static void
visit_active(struct snapshot *s, struct active *active)
{
	visit_state(s, &active->state);
	chart_snapshot_u64(s, &active->entry);
	if (s->version > 5)
		chart_snapshot_u64(s, &active->exited);
	if (s->version > 6) {
		chart_snapshot_u64(s, &active->stayed);
		chart_snapshot_bool(s, &active->pending);
	}
	chart_snapshot_value(s, &active->event);
	chart_snapshot_value(s, &active->error);
	chart_snapshot_value(s, &active->decision);
}

static void
visit_doing(struct snapshot *s, struct chart *chart)
{
	chart_snapshot_u64(s, &chart->strand_last);
	chart_snapshot_u64(s, &chart->undo_last);
	chart_snapshot_u64(s, &chart->taking);
	chart_snapshot_bool(s, &chart->cancel_ends);
	VISIT_ARRAY(s, chart->active, chart->active_count, visit_active);
	if (s->out == NULL)
		chart->active_capacity = chart->active_count;
	VISIT_LIST(s, chart->memories, visit_memory);
	VISIT_LIST(s, chart->strands, chart_snapshot_strand);
	VISIT_LIST(s, chart->children, visit_child);
	VISIT_LIST(s, chart->marks, visit_mark);
	VISIT_LIST(s, chart->waiters, visit_waiter);
}

static void
visit_facts(struct snapshot *s, struct chart *chart)
{
	chart_snapshot_str(s, &chart->business_key);
	chart_snapshot_str(s, &chart->initiator);
	chart_snapshot_str(s, &chart->trace);
	chart_snapshot_bool(s, &chart->ended);
	VISIT_ENUM(s, chart->ending, ENDING_CANCELLED);
	chart_snapshot_bool(s, &chart->suspended);
	chart_snapshot_bool(s, &chart->cancelling);
	chart_snapshot_bool(s, &chart->cancel_compensates);
	VISIT_ENUM(s, chart->priority, PRIORITY_CRITICAL);
	chart_snapshot_i64(s, &chart->started_ms);
	chart_snapshot_i64(s, &chart->ended_ms);
	chart_snapshot_u64(s, &chart->serial_last);
	if (s->version > 4)
		chart_snapshot_u64(s, &chart->withdrawn);
	if (chart->withdrawn > chart->serial_last)
		s->damaged = true;
	chart_snapshot_u64(s, &chart->entries);
	visit_packed(s, &chart->input, &chart->packed[0]);
	visit_packed(s, &chart->data, &chart->packed[1]);
	chart_snapshot_value(s, &chart->labels);
	chart_snapshot_value(s, &chart->output);
	chart_snapshot_value(s, &chart->event);
	chart_snapshot_value(s, &chart->error);
	chart_snapshot_value(s, &chart->decision);
	if (chart->input == NULL || chart->data == NULL)
		s->damaged = true;
}

static void
visit_chart(struct snapshot *s, struct chart *chart)
{
	s->version = SNAPSHOT_VERSION;
	chart_snapshot_u64(s, &s->version);
	if (s->version == 0 || s->version > SNAPSHOT_VERSION) {
		s->damaged = true;
		return;
	}
	visit_facts(s, chart);
	if (s->version == 1)
		chart_snapshot_old_plan(s, chart);
	else
		visit_doing(s, chart);
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
	if (s->version > 3)
		VISIT_LIST(s, chart->proposals, visit_proposal);
	if (s->version > 4)
		VISIT_LIST(s, chart->keys, visit_used_key);
	if (s->version > 4) {
		VISIT_LIST(s, chart->lost, visit_call);
		chart_snapshot_bool(s, &chart->stands);
	} else {
		chart_snapshot_old_rest(s, chart);
	}
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

/* One that was lost may have its channel again. */
static void
join_lost_notices(struct chart *chart)
{
	struct call **link = &chart->calls;

	while (*link != NULL)
		link = &(*link)->next;
	*link = chart->lost;
	chart->lost = NULL;
}

/* Notices whose channel is gone are told of with the next step: what is left
 * can be sent. */
static void
part_lost_notices(struct chart *chart)
{
	for (struct call **link = &chart->calls; *link != NULL;) {
		struct call *call = *link;

		if (call->call != NULL) {
			link = &call->next;
			continue;
		}
		LIST_UNLINK(link);
		LIST_APPEND(chart->lost, call);
	}
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
	join_lost_notices(chart);
	if (!s.damaged && s.version == 1)
		chart_snapshot_old_settle(chart);
	if (s.damaged || s.in.bytes != 0 || !chart_snapshot_is_whole(chart)) {
		chart_free(&chart);
		return NULL;
	}
	if (s.version < 6)
		chart_snapshot_old_exits(chart);
	part_lost_notices(chart);
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
	chart_take_beside(fresh, chart);
	chart_swap(chart, fresh);
	chart_free(&fresh);
}
