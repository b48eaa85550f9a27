/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effect.c: which steps change something outside, and when two of them do the
 * same: the same operation with the same arguments as they are written, as
 * long as nothing that these read has changed.
 */
#include "prove_effect.h"

#include "stated/json.h"
#include "stated/map.h"

#include <stdlib.h>

/* ---- what an operation does ---- */

/* Whether the request carries the engine's key; where it doesn't, an
 * operation is idempotent by what it is. */
static bool
sends_key(const struct def_operation *operation)
{
	static const struct str key = STR_INIT("idempotency_key");

	return names_has(operation->path, key) ||
	    names_has(operation->query, key) ||
	    names_has(operation->headers, key) ||
	    names_has(operation->body, key) ||
	    names_has(operation->connection->headers, key) ||
	    names_has(operation->args, key) ||
	    names_has(operation->kwargs, key);
}

/* A business key lets a child be started once. */
static bool
starts_anew(const struct proof *proof, const struct def_step *step)
{
	const struct definition *child = proof->library ?
	    library_find_workflow(proof->library, step->workflow, 0) : NULL;

	return child && !child->business_key;
}

static bool
is_effect(const struct proof *proof, const struct def_step *step)
{
	if (step->kind == STEP_RUN)
		return starts_anew(proof, step);
	return step->kind == STEP_CALL && !step->call->operation->safe;
}

/* ---- as it is written ---- */

static int
compare_key_cb(const void *a, const void *b)
{
	const struct template_field *const *left = a, *const *right = b;

	return str_compare((*left)->key, (*right)->key);
}

static void write_template(const struct template *template, struct buf *out);

/* In whatever order they are written. */
static void
write_fields(const struct template *template, struct buf *out)
{
	const struct template_field **fields =
	    calloc(template->count + 1, sizeof(fields[0]));

	must(fields != NULL);
	for (size_t i = 0; i < template->count; i++)
		fields[i] = &template->fields[i];
	qsort(fields, template->count, sizeof(fields[0]), compare_key_cb);
	for (size_t i = 0; i < template->count; i++) {
		buf_addf(out, "%.*s:", STR_ARG(fields[i]->key));
		write_template(fields[i]->value, out);
		buf_add_char(out, ',');
	}
	free(fields);
}

static void
write_template(const struct template *template, struct buf *out)
{
	if (!template)
		return;
	switch (template->kind) {
	case TEMPLATE_LITERAL:
		json_write(template->literal, JSON_PLAIN, out);
		return;
	case TEMPLATE_FEEL:
		buf_add_char(out, '=');
		buf_add_str(out, str_trim(template->text));
		return;
	case TEMPLATE_SECRET:
		buf_add_str(out, template->secret);
		return;
	case TEMPLATE_LIST:
		buf_add_char(out, '[');
		for (size_t i = 0; i < template->count; i++) {
			write_template(template->items[i], out);
			buf_add_char(out, ',');
		}
		buf_add_char(out, ']');
		return;
	case TEMPLATE_CONTEXT:
		buf_add_char(out, '{');
		write_fields(template, out);
		buf_add_char(out, '}');
		return;
	}
	unreachable("every kind of template is listed");
}

/* Texts by numbers, from 1. */
static size_t
number_of(struct map *texts, struct buf *text)
{
	uintptr_t known = (uintptr_t)map_find(texts, buf_str(text));

	if (!known) {
		known = map_count(texts) + 1;
		(void)map_put(texts, buf_str(text), (void *)known);
	}
	buf_fini(text);
	return known;
}

/* Within a `for`, the list belongs to what is done. */
static size_t
kind_of(struct map *texts, const struct def_step *step)
{
	struct buf text = {0};

	buf_add_str(&text, step->call ? step->call->target : step->workflow);
	buf_add_char(&text, '\n');
	write_template(step->call ? step->call->with : step->with, &text);
	for (const struct def_step *around = step->around; around;
	     around = around->around) {
		buf_addf(&text, "\n%.*s in ", STR_ARG(around->each));
		write_template(around->in, &text);
	}
	return number_of(texts, &text);
}

static size_t
key_kind_of(struct map *texts, const struct effect *effect)
{
	struct buf text = {0};

	buf_add_cstr(&text, "key\n");
	write_template(effect->key, &text);
	return number_of(texts, &text);
}

/* Into the ring of those that do the same. */
static void
link_kind(struct effect **last_of_kind, size_t kind, struct effect *effect)
{
	struct effect *last = last_of_kind[kind];

	must(kind > 0);
	effect->next_of_kind = last ? last->next_of_kind : effect;
	if (last)
		last->next_of_kind = effect;
	last_of_kind[kind] = effect;
}

/* ---- what it reads ---- */

static bool
is_assigned(const struct def_assigns *assigns, struct str name)
{
	for (size_t i = 0; i < assigns->count; i++)
		if (str_equal(assigns->items[i].name, name))
			return true;
	return false;
}

static bool
assigns_in(struct def_steps steps, struct str name)
{
	for (size_t i = 0; i < steps.count; i++) {
		const struct def_step *step = steps.items[i];
		const struct def_verify *verify =
		    step->call ? step->call->verify : NULL;

		if (is_assigned(&step->set, name) ||
		    is_assigned(&step->output, name) ||
		    (verify && is_assigned(&verify->output, name)) ||
		    assigns_in(step->body, name))
			return true;
	}
	return false;
}

/* What an iteration has of its own. */
static bool
is_own(const struct def_step *around, struct str name)
{
	return str_equal(around->each, name) ||
	    (around->at.bytes > 0 && str_equal(around->at, name)) ||
	    assigns_in(around->body, name);
}

struct reading {
	struct effect *effect;
	struct name_table *into;
};

/* An item's name stands for the list that the item is of. */
static void
read_cb(const struct template *template, struct str name, void *arg)
{
	struct reading *reading = arg;
	const struct def_step *step = reading->effect->step;
	bool is_innermost = true;

	(void)template;
	for (const struct def_step *around = step->around; around;
	     around = around->around) {
		if (is_own(around, name)) {
			reading->effect->varies |= is_innermost;
			return;
		}
		is_innermost = false;
	}
	(void)name_table_add(reading->into, name);
}

static void
list_cb(const struct template *template, struct str name, void *arg)
{
	struct reading *reading = arg;

	(void)template;
	for (const struct def_step *around = reading->effect->step->around;
	     around; around = around->around)
		if (is_own(around, name))
			return;
	(void)name_table_add(reading->into, name);
}

static void
read_effect(struct effect *effect)
{
	struct reading reading = {effect, &effect->reads};
	const struct def_step *step = effect->step;

	names_each(step->call ? step->call->with : step->with, read_cb,
	    &reading);
	for (const struct def_step *around = step->around; around;
	     around = around->around)
		names_each(around->in, list_cb, &reading);
	reading.into = &effect->key_reads;
	names_each(effect->key, read_cb, &reading);
}

/* ---- one key for several items ---- */

struct own_reading {
	const struct def_step *around;
	bool found;
};

/* Whether `decision` is an iteration's own depends on the way there. */
static void
own_cb(const struct template *template, struct str name, void *arg)
{
	struct own_reading *reading = arg;

	(void)template;
	reading->found |= is_own(reading->around, name) ||
	    str_equal(name, STR("decision"));
}

static bool
reads_own(const struct template *template, const struct def_step *around)
{
	struct own_reading reading = {.around = around};

	names_each(template, own_cb, &reading);
	return reading.found;
}

/* Whether it may be another one with each item of that loop: where the list
 * of a loop within is, what is read of that may be. */
static bool
may_vary(const struct template *template, const struct def_step *step,
    const struct def_step *loop)
{
	for (const struct def_step *around = step->around; around != loop;
	     around = around->around)
		if (reads_own(around->in, loop))
			return true;
	return reads_own(template, loop);
}

static bool
shows_key(const struct def_operation *operation)
{
	switch (operation->connection->kind) {
	case CONNECTION_SMTP:
		return true;
	case CONNECTION_AMQP:
		return !operation->message_id || sends_key(operation);
	case CONNECTION_HTTP:
	case CONNECTION_ODOO:
	case CONNECTION_SFTP:
		return sends_key(operation);
	}
	unreachable("every kind of connection is listed");
}

const struct def_step *
effect_loop_of_one_key(const struct def_step *step, const struct def_call *call)
{
	if (call->operation->safe || !call->idempotency_key ||
	    !shows_key(call->operation))
		return NULL;
	for (const struct def_step *loop = step->around; loop;
	     loop = loop->around)
		if (reads_own(call->with, loop) &&
		    !may_vary(call->idempotency_key, step, loop))
			return loop;
	return NULL;
}

/* ---- all ---- */

/* Without a key the endpoint knows a call again by its arguments; for a while
 * only where there is a lifetime. */
static void
read_idempotence(struct effect *effect, const struct def_call *call)
{
	const struct def_operation *operation = call->operation;

	if (!operation->idempotent)
		return;
	effect->key_lives_ms = operation->idempotent_lifetime_ms;
	if (sends_key(operation)) {
		effect->key = call->idempotency_key;
		effect->has_key = effect->key != NULL;
	} else {
		effect->has_key = effect->key_lives_ms > 0;
		effect->is_harmless = !effect->has_key;
	}
}

static struct effect
effect_of(struct proof *proof, const struct def_step *step)
{
	const struct def_call *call = step->call;
	struct effect effect = {
	    .step = step,
	    .reads = name_table_new(proof->arena),
	    .key_reads = name_table_new(proof->arena),
	};

	if (call) {
		read_idempotence(&effect, call);
		effect.can_be_undone = call->compensate != NULL;
	}
	read_effect(&effect);
	return effect;
}

/* A history leads back into what is around it, with no word of that. */
static bool
has_history(const struct definition *definition, const struct def_state *state)
{
	for (size_t i = 0; i < definition->state_count; i++)
		if (definition->states[i]->kind == STATE_HISTORY &&
		    def_state_contains(state, definition->states[i]))
			return true;
	return false;
}

/* Its own key says more about it than the deadline. */
static void
find_deadlines(struct effects *effects)
{
	const struct definition *definition = effects->proof->definition;

	for (size_t i = 0; i < definition->transition_count; i++) {
		const struct def_transition *transition =
		    definition->transitions[i];

		if (transition->after.kind == SPAN_NONE ||
		    has_history(definition, transition->source))
			continue;
		for (size_t k = 0; k < transition->steps.count; k++) {
			size_t index = effects->of_step[
			    transition->steps.items[k]->index];

			if (index != SIZE_MAX &&
			    !effects->items[index].has_key)
				effects->items[index].once_in =
				    transition->source;
		}
	}
}

struct effects
effects_new(struct proof *proof)
{
	const struct definition *definition = proof->definition;
	struct effects effects = {
	    .proof = proof,
	    .items = ARENA_ARRAY(
		proof->arena, definition->step_count, struct effect),
	    .of_step =
		ARENA_ARRAY(proof->arena, definition->step_count, size_t),
	};
	struct map *texts = map_new();
	struct effect **last_of_kind = ARENA_ARRAY(proof->arena,
	    2 * definition->step_count + 1, struct effect *);

	for (size_t i = 0; i < definition->step_count; i++) {
		const struct def_step *step = definition->steps[i];
		struct effect *effect = &effects.items[effects.count];

		effects.of_step[i] = SIZE_MAX;
		if (!is_effect(proof, step))
			continue;
		*effect = effect_of(proof, step);
		effect->index = effects.count;
		link_kind(last_of_kind, kind_of(texts, step), effect);
		if (effect->has_key)
			effect->key_kind = key_kind_of(texts, effect);
		effects.of_step[i] = effects.count++;
	}
	map_free(&texts);
	find_deadlines(&effects);
	return effects;
}

void
effects_free(struct effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		name_table_free(&effects->items[i].reads);
		name_table_free(&effects->items[i].key_reads);
	}
}

/* ---- errors ---- */

/* An error as a guard may ask about it; absent is what isn't known. */
struct error {
	struct str code;
	struct str step;
	struct str outcome;
};

enum verdict { MAY_HOLD, HOLDS, FAILS };

/* What the path gives; the absent string where that is not known. */
static struct str
known(const struct error *error, struct str path)
{
	if (str_equal(path, STR("error.code")))
		return error->code;
	if (str_equal(path, STR("error.step")))
		return error->step;
	if (str_equal(path, STR("error.outcome")))
		return error->outcome;
	return (struct str){NULL, 0};
}

static enum verdict
verdict_of(bool holds)
{
	return holds ? HOLDS : FAILS;
}

static enum verdict
negate(enum verdict verdict)
{
	return verdict == MAY_HOLD ? MAY_HOLD : verdict_of(verdict == FAILS);
}

/* A path against a constant, or a list of such. */
static enum verdict
compare(const struct error *error, const struct feel_shape *path,
    const struct feel_shape *constant)
{
	struct str value = path && path->kind == SHAPE_PATH ?
	    known(error, path->path) : (struct str){NULL, 0};

	if (!value.at || !constant || constant->kind != SHAPE_CONSTANT)
		return MAY_HOLD;
	if (constant->constant->type == VALUE_LIST) {
		bool has = false;

		for (size_t i = 0; i < constant->constant->as.list.count; i++)
			has |= str_equal(value, value_str(
			    constant->constant->as.list.items[i]));
		return verdict_of(has);
	}
	return verdict_of(str_equal(value, value_str(constant->constant)));
}

static enum verdict
compare_in(const struct error *error, const struct feel_shape *shape)
{
	const struct feel_shape *tests = shape->parts[1];
	enum verdict verdict = FAILS;

	for (size_t i = 0; i < tests->count; i++) {
		const struct feel_shape *part = tests->parts[i];
		enum verdict one = compare(error, shape->parts[0], part);

		if (one == HOLDS)
			return HOLDS;
		if (one == MAY_HOLD)
			verdict = MAY_HOLD;
	}
	return verdict;
}

static enum verdict
judge(const struct error *error, const struct feel_shape *shape)
{
	enum verdict left, right;

	switch (shape->kind) {
	case SHAPE_CONSTANT:
		return verdict_of(value_is_true(shape->constant));
	case SHAPE_EQUAL:
	case SHAPE_UNEQUAL:
		left = compare(error, shape->parts[0], shape->parts[1]);
		if (left == MAY_HOLD)
			left = compare(
			    error, shape->parts[1], shape->parts[0]);
		return shape->kind == SHAPE_EQUAL ? left : negate(left);
	case SHAPE_IN:
		return compare_in(error, shape);
	case SHAPE_NOT:
		return negate(judge(error, shape->parts[0]));
	case SHAPE_AND:
	case SHAPE_OR:
		left = judge(error, shape->parts[0]);
		right = judge(error, shape->parts[1]);
		if (shape->kind == SHAPE_AND)
			return left == FAILS || right == FAILS ? FAILS :
			    left == HOLDS && right == HOLDS ? HOLDS : MAY_HOLD;
		return left == HOLDS || right == HOLDS ? HOLDS :
		    left == FAILS && right == FAILS ? FAILS : MAY_HOLD;
	default:
		return MAY_HOLD;
	}
}

static enum verdict
judge_guard(const struct flow *flow, const struct error *error,
    const struct template *guard)
{
	if (!guard || flow_guard_always(guard))
		return HOLDS;
	if (guard->kind != TEMPLATE_FEEL)
		return FAILS;
	return judge(error, feel_shape(guard->feel, flow->arena));
}

/* Whether the move takes such an error, and none before it in its state. */
static bool
takes(const struct flow *flow, const struct flow_move *move,
    const struct error *error)
{
	for (size_t i = flow->moves_of[move->source->index]; i < move->index;
	     i++)
		if (flow_move_takes(&flow->moves[i], STR("error")) &&
		    judge_guard(flow, error, flow->moves[i].guard) == HOLDS)
			return false;
	return judge_guard(flow, error, move->guard) != FAILS;
}

static bool
takes_code(const struct effect *effect, const struct flow *flow,
    const struct flow_move *move, struct str code)
{
	struct error error = {.code = code, .step = effect->step->id,
	    .outcome = STR("done-with-error")};

	return !move || takes(flow, move, &error);
}

static bool
takes_rules(const struct effect *effect, const struct flow *flow,
    const struct flow_move *move, const struct def_error_rule *rules,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].outcome == OUTCOME_DONE_WITH_ERROR &&
		    takes_code(effect, flow, move, rules[i].code))
			return true;
	return false;
}

/* What an answer is called that doesn't show success. */
static struct str
code_of_no(const struct def_connection *connection)
{
	switch (connection->kind) {
	case CONNECTION_ODOO:
		return STR("odoo.unsuccessful");
	case CONNECTION_SFTP:
		return STR("sftp.unsuccessful");
	case CONNECTION_AMQP:
		return STR("amqp.unsuccessful");
	case CONNECTION_HTTP:
	case CONNECTION_SMTP:
		break;
	}
	return STR("http.unsuccessful");
}

/*
 * A call that fails has surely not been done, unless a rule says that the
 * answer means it was, with an error, or the answer was a good one that
 * doesn't show success: what is unknown is never an error, and Odoo takes
 * back what it did before it answers with an exception.
 */
bool
effect_may_be_done(const struct effect *effect, const struct flow *flow,
    const struct flow_move *move)
{
	const struct def_call *call = effect->step->call;

	must(!move || flow_move_takes(move, STR("error")));
	if (!call)
		return takes_code(effect, flow, move, STR("run.failed"));
	if (call->operation->success &&
	    takes_code(effect, flow, move, code_of_no(call->connection)))
		return true;
	return takes_rules(effect, flow, move, call->operation->errors,
		   call->operation->error_count) ||
	    takes_rules(effect, flow, move, call->connection->errors,
		call->connection->error_count);
}

bool
effect_takes_error_of(const struct flow *flow, const struct flow_move *move,
    const struct def_step *step)
{
	struct error error = {.step = step->id};

	return takes(flow, move, &error);
}
