/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_variable.c: no variable is read before some path sets it.
 *
 * What is surely set at a point is one bit a variable.  A step with an `if`
 * may be skipped; that its variables are set wherever its condition holds is
 * remembered by a bit of its own, so that what asks the same question
 * afterwards may read them.  Asking whether a variable is null is no mistake
 * either: unset ones are null.
 */
#include "prove_facts.h"

#include "stated/map.h"

/* A condition as it is written; what reads the same text holds the same, as
 * long as none of its variables is set anew. */
struct condition {
	size_t *variables; /* it reads them */
	size_t variable_count;
	size_t *promises; /* bits: set where it holds */
	size_t promise_count;
	size_t promise_capacity;
};

struct promise {
	size_t variable;
	size_t condition;
};

/* What a guard lets one assume. */
struct assumption {
	size_t condition; /* SIZE_MAX: none that promises */
	size_t *set;      /* variables that it says are not null */
	size_t count;
	size_t capacity;
};

struct variables {
	struct proof *proof;
	struct name_table table;
	struct map *texts; /* conditions by their text */
	struct condition *conditions;
	size_t condition_count;
	size_t condition_capacity;
	struct promise *promises; /* their bits come after the variables' */
	size_t promise_count;
	size_t promise_capacity;
	struct assumption *of_step; /* by step */
	struct assumption *of_move; /* by move */
	struct facts facts;
	struct map *told;
	/* where reading is judged */
	uint64_t *bits;
	uint32_t point;
	const struct def_step *deciding;
	/* while a path is looked for */
	size_t wanted;
	uint64_t *after;
};

/* ---- names ---- */

static void
add_name_cb(struct str name, void *arg)
{
	(void)name_table_add(arg, name);
}

static void
add_names(struct variables *self)
{
	const struct definition *definition = self->proof->definition;

	for (size_t i = 0; i < definition->data.count; i++)
		add_name_cb(definition->data.items[i].name, &self->table);
	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_step *step = definition->steps[i];

		for (size_t k = 0; k < step->output.count; k++)
			add_name_cb(step->output.items[k].name, &self->table);
		for (size_t k = 0; k < step->set.count; k++)
			add_name_cb(step->set.items[k].name, &self->table);
		for (size_t k = 0; step->call && step->call->verify &&
		     k < step->call->verify->output.count; k++)
			add_name_cb(step->call->verify->output.items[k].name,
			    &self->table);
		if (step->each.bytes > 0)
			add_name_cb(step->each, &self->table);
		if (step->at.bytes > 0)
			add_name_cb(step->at, &self->table);
	}
}

/* ---- conditions ---- */

struct condition_reads {
	struct variables *self;
	struct condition *condition;
	bool is_lasting;
};

/* What an event, an error or a decision says is forgotten with the next. */
static void
condition_cb(const struct template *template, struct str name, void *arg)
{
	static const struct str passing[] = {STR_INIT("event"),
	    STR_INIT("error"), STR_INIT("decision"), STR_INIT("response"),
	    STR_INIT("results")};
	struct condition_reads *reads = arg;
	size_t variable = name_table_find(&reads->self->table, name);

	(void)template;
	if (variable != SIZE_MAX)
		reads->condition->variables
		    [reads->condition->variable_count++] = variable;
	for (size_t i = 0; variable == SIZE_MAX && i < COUNT_OF(passing); i++)
		if (str_equal(name, passing[i]))
			reads->is_lasting = false;
}

static void
count_cb(const struct template *template, struct str name, void *arg)
{
	(void)template;
	(void)name;
	++*(size_t *)arg;
}

static size_t
add_condition(struct variables *self, const struct template *guard)
{
	struct condition condition = {0};
	struct condition_reads reads = {self, &condition, true};
	uintptr_t known;
	size_t count = 0;

	if (!guard || guard->kind != TEMPLATE_FEEL ||
	    feel_constant(guard->feel))
		return SIZE_MAX;
	known = (uintptr_t)map_find(self->texts, str_trim(guard->text));
	if (known)
		return known - 1;
	names_each(guard, count_cb, &count);
	condition.variables = ARENA_ARRAY(self->proof->arena, count, size_t);
	names_each(guard, condition_cb, &reads);
	if (!reads.is_lasting)
		return SIZE_MAX;
	self->conditions = arena_grow(self->proof->arena, self->conditions,
	    self->condition_count, &self->condition_capacity,
	    sizeof(*self->conditions));
	self->conditions[self->condition_count++] = condition;
	(void)map_put(self->texts, str_trim(guard->text),
	    (void *)(uintptr_t)self->condition_count);
	return self->condition_count - 1;
}

struct promising {
	struct variables *self;
	size_t condition;
};

static void
promise_cb(struct str name, void *arg)
{
	struct promising *promising = arg;
	struct variables *self = promising->self;
	struct condition *condition =
	    &self->conditions[promising->condition];
	size_t variable = name_table_find(&self->table, name);

	for (size_t i = 0; i < condition->promise_count; i++)
		if (self->promises[condition->promises[i]].variable ==
		    variable)
			return;
	self->promises = arena_grow(self->proof->arena, self->promises,
	    self->promise_count, &self->promise_capacity,
	    sizeof(*self->promises));
	condition->promises = arena_grow(self->proof->arena,
	    condition->promises, condition->promise_count,
	    &condition->promise_capacity, sizeof(*condition->promises));
	condition->promises[condition->promise_count++] = self->promise_count;
	self->promises[self->promise_count++] =
	    (struct promise){variable, promising->condition};
}

struct assuming {
	struct variables *self;
	struct assumption *assumption;
};

static void
not_null_cb(struct str name, void *arg)
{
	struct assuming *assuming = arg;
	struct assumption *assumption = assuming->assumption;
	size_t variable = name_table_find(&assuming->self->table, name);

	if (variable == SIZE_MAX)
		return;
	assumption->set = arena_grow(assuming->self->proof->arena,
	    assumption->set, assumption->count, &assumption->capacity,
	    sizeof(*assumption->set));
	assumption->set[assumption->count++] = variable;
}

static struct assumption
assume_of(struct variables *self, const struct template *guard)
{
	struct assumption assumption = {
	    .condition = add_condition(self, guard)};
	struct assuming assuming = {self, &assumption};

	names_each_not_null(guard, self->proof->arena, not_null_cb, &assuming);
	return assumption;
}

static void
add_conditions(struct variables *self)
{
	const struct definition *definition = self->proof->definition;
	const struct flow *flow = self->proof->flow;

	self->of_step = ARENA_ARRAY(self->proof->arena, definition->step_count,
	    struct assumption);
	self->of_move = ARENA_ARRAY(
	    self->proof->arena, flow->move_count, struct assumption);
	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_step *step = definition->steps[i];
		struct promising promising = {self, SIZE_MAX};

		self->of_step[i] = assume_of(self, step->guard);
		promising.condition = self->of_step[i].condition;
		if (promising.condition != SIZE_MAX)
			names_each_assigned(step, promise_cb, &promising);
	}
	for (size_t i = 0; i < flow->move_count; i++)
		self->of_move[i] = assume_of(self, flow->moves[i].guard);
}

/* ---- along an edge ---- */

static size_t
promise_bit(const struct variables *self, size_t promise)
{
	return self->table.count + promise;
}

static bool
reads_variable(const struct condition *condition, size_t variable)
{
	for (size_t i = 0; i < condition->variable_count; i++)
		if (condition->variables[i] == variable)
			return true;
	return false;
}

/* A variable is set: what was promised where a condition on it holds is
 * promised no more, but for what is set for sure. */
static void
set_variable(const struct variables *self, uint64_t *bits, size_t variable)
{
	must(variable < self->table.count);
	for (size_t i = 0; i < self->promise_count; i++) {
		const struct promise *promise = &self->promises[i];

		if (promise->variable == variable)
			facts_add(bits, promise_bit(self, i));
		else if (!facts_has(bits, promise->variable) && reads_variable(
		    &self->conditions[promise->condition], variable))
			facts_remove(bits, promise_bit(self, i));
	}
	facts_add(bits, variable);
}

struct setting {
	const struct variables *self;
	uint64_t *bits;
};

static void
set_cb(struct str name, void *arg)
{
	struct setting *setting = arg;

	set_variable(setting->self, setting->bits,
	    name_table_find(&setting->self->table, name));
}

static void
assume(const struct variables *self, const struct assumption *assumption,
    uint64_t *bits)
{
	const struct condition *condition;

	for (size_t i = 0; i < assumption->count; i++)
		facts_add(bits, assumption->set[i]);
	if (assumption->condition == SIZE_MAX)
		return;
	condition = &self->conditions[assumption->condition];
	for (size_t i = 0; i < condition->promise_count; i++)
		if (facts_has(bits, promise_bit(self, condition->promises[i])))
			facts_add(bits,
			    self->promises[condition->promises[i]].variable);
}

/* Where the condition didn't hold, all that it promises is true. */
static void
skip(const struct variables *self, const struct assumption *assumption,
    uint64_t *bits)
{
	const struct condition *condition;

	if (assumption->condition == SIZE_MAX)
		return;
	condition = &self->conditions[assumption->condition];
	for (size_t i = 0; i < condition->promise_count; i++)
		facts_add(bits, promise_bit(self, condition->promises[i]));
}

static void
begin_iteration(const struct variables *self, const struct def_step *step,
    uint64_t *bits)
{
	if (step->each.bytes > 0)
		set_variable(
		    self, bits, name_table_find(&self->table, step->each));
	if (step->at.bytes > 0)
		set_variable(
		    self, bits, name_table_find(&self->table, step->at));
}

static void
transfer(void *arg, const struct flow_edge *edge, uint64_t *bits)
{
	const struct variables *self = arg;
	struct setting setting = {self, bits};

	switch (edge->act) {
	case ACT_STEP_DONE:
		assume(self, &self->of_step[edge->step->index], bits);
		names_each_assigned(edge->step, set_cb, &setting);
		return;
	case ACT_STEP_SKIPPED:
		skip(self, &self->of_step[edge->step->index], bits);
		return;
	case ACT_MOVE:
		assume(self, &self->of_move[edge->move->index], bits);
		return;
	case ACT_EACH:
		begin_iteration(self, edge->step, bits);
		return;
	default:
		return;
	}
}

/* ---- telling ---- */

static bool
stays_unset(const struct flow *flow, const struct flow_edge *edge, void *arg)
{
	struct variables *self = arg;
	const uint64_t *before = facts_at(&self->facts, edge->from);

	(void)flow;
	if (facts_has(before, self->wanted))
		return false;
	memcpy(self->after, before, self->facts.words * sizeof(*before));
	transfer(self, edge, self->after);
	return !facts_has(self->after, self->wanted);
}

static bool
is_there(const struct flow *flow, uint32_t point, void *arg)
{
	const struct variables *self = arg;

	(void)flow;
	return point == self->point;
}

static struct str
path_of(struct variables *self, size_t variable)
{
	const struct flow *flow = self->proof->flow;
	struct flow_way way = {.found = true};

	self->wanted = variable;
	if (self->point != FLOW_START)
		way = flow_path_find(flow, FLOW_START, USE_SURE, stays_unset,
		    is_there, self);
	return flow_path_text(flow, &way, 1);
}

/* Each place once for each variable, whatever leads there. */
static bool
is_told(struct variables *self, const void *place, size_t variable)
{
	const uintptr_t key[] = {(uintptr_t)place, variable};
	struct str bytes = {(const char *)key, sizeof(key)};

	return map_put(self->told, bytes, self) != NULL;
}

static void
tell(struct variables *self, const void *place, struct diag_span span,
    size_t variable)
{
	struct str name = self->table.names[variable];

	if (is_told(self, place, variable))
		return;
	diag_add(self->proof->diags, DIAG_WARNING, PROVE_NOT_SET, span,
	    "`%.*s` is read and may not be set yet", STR_ARG(name));
	if (self->point != FLOW_START)
		diag_path(self->proof->diags, path_of(self, variable));
	diag_repair(self->proof->diags,
	    "give `%.*s` a first value under `data:`, or set it on every path "
	    "that leads here", STR_ARG(name));
}

/* ---- judging what is read ---- */

static void
read_cb(const struct template *template, struct str name, void *arg)
{
	struct variables *self = arg;
	size_t variable = name_table_find(&self->table, name);

	if (variable == SIZE_MAX || facts_has(self->bits, variable) ||
	    names_asks_null(template, name, self->proof->arena))
		return;
	tell(self, template, template->span, variable);
}

static void
judge(struct variables *self, const struct template *template)
{
	names_each(template, read_cb, self);
}

static void
judge_span(struct variables *self, const struct def_span *span)
{
	if (span->kind == SPAN_FEEL)
		judge(self, span->feel);
}

/* One after another: a later one sees what an earlier one has set. */
static void
judge_assigns(struct variables *self, struct def_assigns assigns, bool sets)
{
	for (size_t i = 0; i < assigns.count; i++) {
		judge(self, assigns.items[i].value);
		if (sets)
			set_variable(self, self->bits,
			    name_table_find(
				&self->table, assigns.items[i].name));
	}
}

static void
decision_cb(struct str name, void *arg)
{
	struct variables *self = arg;
	size_t variable = name_table_find(&self->table, name);

	if (variable != SIZE_MAX && !facts_has(self->bits, variable))
		tell(self, self->deciding, self->deciding->span, variable);
}

static void
judge_call(struct variables *self, const struct def_call *call)
{
	judge(self, call->with);
	judge(self, call->idempotency_key);
	if (!call->verify)
		return;
	judge(self, call->verify->call->with);
	judge(self, call->verify->happened);
	judge_span(self, &call->verify->after);
}

/* What is read before the step, then what is read of its result. */
static void
judge_step(struct variables *self, const struct def_step *step)
{
	struct setting setting = {self, self->bits};

	judge(self, step->guard);
	assume(self, &self->of_step[step->index], self->bits);
	judge(self, step->with);
	judge(self, step->that);
	judge(self, step->code);
	judge(self, step->message);
	judge(self, step->until);
	judge(self, step->in);
	judge(self, step->priority);
	judge_span(self, &step->wait);
	if (step->decision && !step->with) {
		self->deciding = step;
		names_each_of_decision(step->decision, decision_cb, self);
	}
	if (step->call)
		judge_call(self, step->call);
	judge_assigns(self, step->set, true);
	judge_assigns(self, step->output, true);
	if (!step->call || !step->call->compensate)
		return;
	memcpy(self->bits, facts_at(&self->facts, self->point),
	    self->facts.words * sizeof(*self->bits));
	assume(self, &self->of_step[step->index], self->bits);
	names_each_assigned(step, set_cb, &setting);
	judge_call(self, step->call->compensate);
}

static void
look_at(struct variables *self, uint32_t point)
{
	self->point = point;
	memcpy(self->bits, facts_at(&self->facts, point),
	    self->facts.words * sizeof(*self->bits));
}

static void
judge_task(struct variables *self, const struct def_task *task)
{
	judge(self, task->title);
	judge(self, task->description);
	judge(self, task->role);
	judge(self, task->approvals);
	judge_span(self, &task->due);
}

static bool
is_bound(const struct def_invariant *invariant, const struct def_state *state)
{
	for (size_t i = 0; i < invariant->in_count; i++)
		if (def_state_contains(invariant->in[i], state))
			return true;
	return invariant->in_count == 0;
}

/* What is looked at once the entry steps are through. */
static void
judge_settled(struct variables *self, const struct def_state *state)
{
	const struct definition *definition = self->proof->definition;

	if (state->child_count > 0 ||
	    !flow_reaches(self->proof->flow, state, AT_SETTLED))
		return;
	look_at(self, flow_at(state, AT_SETTLED));
	if (state->task)
		judge_task(self, state->task);
	judge_assigns(self, state->output, false);
	for (size_t i = 0; i < definition->invariant_count; i++)
		if (is_bound(&definition->invariants[i], state))
			judge(self, definition->invariants[i].that);
	for (size_t i = 0; i < state->escalation_count; i++) {
		judge(self, state->escalations[i].guard);
		judge(self, state->escalations[i].message);
	}
}

/* Times are fixed when the state is entered. */
static void
judge_times(struct variables *self, const struct def_state *state)
{
	if (!flow_reaches(self->proof->flow, state, AT_ENTRY))
		return;
	look_at(self, flow_at(state, AT_ENTRY));
	for (size_t i = 0; i < state->after.count; i++)
		judge_span(self, &state->after.items[i]->after);
	for (size_t i = 0; i < state->escalation_count; i++) {
		judge(self, state->escalations[i].at);
		judge_span(self, &state->escalations[i].after);
		judge_span(self, &state->escalations[i].every);
	}
}

static void
judge_edge(struct variables *self, const struct flow_edge *edge)
{
	if (edge->act != ACT_MOVE || !(edge->uses & USE_SURE) ||
	    !self->proof->flow->reached[edge->from] || !edge->move->guard)
		return;
	look_at(self, edge->from);
	judge(self, edge->move->guard);
}

static void
judge_start(struct variables *self)
{
	const struct definition *definition = self->proof->definition;

	self->point = FLOW_START;
	self->bits = facts_at(&self->facts, FLOW_START);
	judge_assigns(self, definition->data, true);
	judge_assigns(self, definition->labels, false);
	judge(self, definition->priority);
}

static void
judge_all(struct variables *self)
{
	const struct flow *flow = self->proof->flow;
	const struct definition *definition = self->proof->definition;

	self->bits =
	    ARENA_ARRAY(self->proof->arena, self->facts.words, uint64_t);
	self->after =
	    ARENA_ARRAY(self->proof->arena, self->facts.words, uint64_t);
	for (uint32_t i = 0; i < flow->point_count; i++)
		if (flow->points[i].kind == POINT_STEP && flow->reached[i]) {
			look_at(self, i);
			judge_step(self, flow->points[i].step);
		}
	for (size_t i = 0; i < flow->edge_count; i++)
		judge_edge(self, &flow->edges[i]);
	for (size_t i = 0; i < definition->state_count; i++) {
		judge_settled(self, definition->states[i]);
		judge_times(self, definition->states[i]);
	}
}

void
prove_variable(struct proof *proof)
{
	struct variables self = {
	    .proof = proof,
	    .table = name_table_new(proof->arena),
	    .texts = map_new(),
	    .told = map_new(),
	};

	add_names(&self);
	add_conditions(&self);
	self.facts = facts_new(
	    proof->flow, self.table.count + self.promise_count);
	judge_start(&self);
	facts_solve(&self.facts, true, transfer, &self);
	judge_all(&self);
	name_table_free(&self.table);
	map_free(&self.texts);
	map_free(&self.told);
}
