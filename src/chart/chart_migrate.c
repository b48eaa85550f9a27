/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_migrate.c: an instance moves to another version of its workflow.
 *
 * It can move while it rests: no steps, calls or incidents are open.  Each
 * active state becomes the state of that name, or the one that the caller's
 * map says; nothing is left or entered by that, so no steps run.  Deadlines
 * and escalations that both versions have run on, those that only the new one
 * has begin now.  What can be undone stays so, by the step of the new version
 * that does the same.  Whatever has no place there strands the instance, which
 * then stays as it was.
 *
 * All this is done to a copy, which takes the instance's place at the end.
 */
#include "chart_migrate_priv.h"

#include "chart_snapshot_priv.h"

void
chart_migrate_reason(struct move *move, const char *format, ...)
{
	va_list arguments;

	if (move->reasons.bytes > 0)
		buf_add_cstr(&move->reasons, "; ");
	va_start(arguments, format);
	buf_addv(&move->reasons, format, arguments);
	va_end(arguments);
}

const struct def_state *
chart_migrate_state(const struct move *move, size_t old)
{
	size_t index = old == SIZE_MAX ? SIZE_MAX : move->states[old];

	return index == SIZE_MAX ? NULL : move->to->states[index];
}

/* ---- names ---- */

static struct str
new_name(const struct move *move, struct str name)
{
	const struct chart_migration *migration = move->migration;

	for (size_t i = 0; i < migration->rename_count; i++)
		if (str_equal(migration->renames[i].from, name))
			return migration->renames[i].to;
	return name;
}

static void
map_states(struct move *move)
{
	move->states = ARENA_ARRAY(
	    move->run->context->arena, move->from->state_count + 1, size_t);
	for (size_t i = 0; i < move->from->state_count; i++) {
		const struct def_state *state = definition_find_state(
		    move->to, new_name(move, move->from->states[i]->name));

		move->states[i] = state != NULL ? state->index : SIZE_MAX;
	}
}

/* ---- whether it rests ---- */

static void
check_rest(struct move *move)
{
	const struct chart *chart = move->run->chart;

	if (chart->incidents != NULL)
		chart_migrate_reason(move, "an incident is open: settle it");
	else if (chart->strands != NULL || chart->internals != NULL ||
		 chart->cancelling)
		chart_migrate_reason(move, "steps are under way");
	else if (chart->calls != NULL || chart->lost != NULL ||
		 chart->children != NULL)
		chart_migrate_reason(move, "a call or a notice is under way");
}

/* The new version has to stand what the old one was started with. */
static void
check_input(struct move *move)
{
	struct schema_errors errors = {.arena = move->run->context->arena};

	if (move->to->input == NULL ||
	    schema_validate(move->to->input, move->run->chart->input, &errors))
		return;
	chart_migrate_reason(move,
	    "its input doesn't fit version %lld: %.*s %.*s",
	    (long long)move->to->version, STR_ARG(errors.items[0].pointer),
	    STR_ARG(errors.items[0].message));
}

static void
check_kept(struct move *move)
{
	for (const struct kept *kept = move->run->chart->kept; kept != NULL;
	     kept = kept->next)
		if (definition_find_event(move->to, kept->type) == NULL)
			chart_migrate_reason(move,
			    "the event `%.*s` is kept, which version %lld "
			    "doesn't declare",
			    STR_ARG(kept->type), (long long)move->to->version);
}

/* ---- states ---- */

static void
check_leaf(struct move *move, const struct def_state *before)
{
	const struct def_state *after =
	    chart_migrate_state(move, before->index);

	if (after == NULL)
		chart_migrate_reason(move,
		    "version %lld has no state `%.*s`: map it",
		    (long long)move->to->version,
		    STR_ARG(new_name(move, before->name)));
	else if (after->kind != before->kind)
		chart_migrate_reason(move,
		    "`%.*s` can't become `%.*s`, which is a state of another "
		    "type",
		    STR_ARG(before->name), STR_ARG(after->name));
}

static void
check_leaves(struct move *move)
{
	const struct active *leaf;
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(move->run->chart, &at)) != NULL)
		check_leaf(move, move->from->states[leaf->state]);
}

static const struct active *
old_active(const struct move *move, const struct def_state *after)
{
	const struct chart *chart = move->run->chart;

	for (size_t i = 0; i < chart->active_count; i++)
		if (move->states[chart->active[i].state] == after->index)
			return &chart->active[i];
	return NULL;
}

static bool
has_leaf_within(const struct move *move, const struct def_state *state)
{
	const struct active *leaf;
	size_t at = 0;

	while ((leaf = chart_config_next_leaf(move->run->chart, &at)) != NULL)
		if (def_state_contains(
			state, chart_migrate_state(move, leaf->state)))
			return true;
	return false;
}

/* The leaves and all that is around them. */
static void
find_active(struct move *move)
{
	struct arena *arena = move->run->context->arena;
	size_t capacity = 0;

	for (size_t i = 0; i < move->to->state_count; i++) {
		const struct def_state *after = move->to->states[i];
		const struct active *active;

		if (!has_leaf_within(move, after))
			continue;
		active = old_active(move, after);
		move->active = arena_grow(arena, move->active,
		    move->active_count, &capacity, sizeof(*move->active));
		move->active[move->active_count++] = (struct moved_state){
		    .before = active != NULL ? move->from->states[active->state]
					     : NULL,
		    .after = after,
		};
	}
}

/*
 * To keys each of them counts as entered anew: they are made of the step's
 * place in the definition, and another step may stand there now.
 */
static void
move_states(struct move *move)
{
	struct chart *chart = move->run->chart;
	struct active *active =
	    ARENA_ARRAY(chart->arena, move->active_count, struct active);

	chart->entries++;
	for (size_t i = 0; i < move->active_count; i++) {
		const struct active *old =
		    old_active(move, move->active[i].after);

		if (old != NULL)
			active[i] = *old;
		active[i].state = move->active[i].after->index;
		active[i].entry = chart->entries;
		active[i].exited = active[i].stayed = 0;
	}
	chart->active = active;
	chart->active_count = chart->active_capacity = move->active_count;
	chart->definition = move->to;
	chart_mask_free(&chart->mask);
}

static void
check_states(struct move *move)
{
	if (!chart_snapshot_is_whole(move->run->chart))
		chart_migrate_reason(move,
		    "its states can't be active together in version %lld: map "
		    "them",
		    (long long)move->to->version);
}

/* ---- variables ---- */

/* Those that the new version adds begin with their first values. */
static void
add_variables(struct move *move)
{
	struct chart *chart = move->run->chart;
	const struct def_assigns *data = &move->to->data;
	struct def_assign *fresh = ARENA_ARRAY(
	    move->run->context->arena, data->count + 1, struct def_assign);
	size_t count = 0;

	for (size_t i = 0; i < data->count; i++)
		if (value_get(chart->data, data->items[i].name) == NULL)
			fresh[count++] = data->items[i];
	if (count > 0)
		chart_env_assign(
		    move->run, (struct def_assigns){fresh, count}, NULL);
}

static void
check_invariants(struct move *move)
{
	struct buf broken = {0};

	chart_invariant_find(move->run, &broken);
	if (broken.bytes > 0)
		chart_migrate_reason(
		    move, "an invariant would not hold: %s", buf_cstr(&broken));
	buf_fini(&broken);
}

/* ---- the whole ---- */

static void
record(struct move *move, struct str before, const struct chart_event *event)
{
	struct run *run = move->run;
	const struct chart_migration *migration = move->migration;
	struct value_builder *built = chart_record_begin(run, AUDIT_MIGRATED);
	struct value_builder *map = value_build_context(run->context->arena);
	char from[DIGEST_HEX_BYTES], to[DIGEST_HEX_BYTES];

	for (size_t i = 0; i < migration->rename_count; i++)
		value_put(map, migration->renames[i].from,
		    value_of_str(
			run->context->arena, migration->renames[i].to));
	value_put_int(built, "from_version", move->from->version);
	value_put_str(
	    built, "from_definition", digest_hex(move->from->digest, from));
	value_put_int(built, "to_version", move->to->version);
	value_put_str(built, "to_definition", digest_hex(move->to->digest, to));
	value_put_str(built, "from", before);
	value_put_str(
	    built, "to", chart_config_names(run->chart, run->context->arena));
	value_put(built, STR("map"), value_built(map));
	if (event->comment.at != NULL)
		value_put_str(built, "comment", event->comment);
	chart_record_end(run, built);
}

static bool
stands(const struct move *move)
{
	return move->reasons.bytes == 0;
}

/* Each part only where those before it found nothing to say: they rely on
 * one another. */
static void
perform(struct move *move, const struct chart_event *event)
{
	struct run *run = move->run;
	struct str before = chart_config_names(run->chart, run->context->arena);

	check_rest(move);
	check_input(move);
	check_kept(move);
	check_leaves(move);
	if (!stands(move))
		return;
	find_active(move);
	chart_migrate_undos(move);
	chart_migrate_tasks(move);
	if (!stands(move))
		return;
	chart_migrate_escalations(move);
	chart_migrate_memories(move);
	chart_migrate_timers(move);
	move_states(move);
	check_states(move);
	if (!stands(move))
		return;
	record(move, before, event);
	add_variables(move);
	chart_migrate_arm(move);
	check_invariants(move);
}

static struct chart *
copy_of(const struct chart *chart)
{
	struct buf packed = {0};
	struct chart *copy;

	chart_save(chart, &packed);
	copy = chart_load(chart->definition, chart->identity, buf_str(&packed));
	buf_fini(&packed);
	must(copy != NULL);
	chart_take_beside(copy, chart);
	return copy;
}

/* The instance as it is after the move; NULL with *why where it can't be. */
static struct chart *
move_copy(const struct run *run, const struct chart_event *event,
    struct chart_effects *effects, struct str *why)
{
	struct run moved = *run;
	struct move move = {
	    .run = &moved,
	    .from = run->chart->definition,
	    .to = event->migration->to,
	    .migration = event->migration,
	};

	moved.chart = copy_of(run->chart);
	moved.effects = effects;
	map_states(&move);
	perform(&move, event);
	*why = arena_str(run->context->arena, buf_str(&move.reasons));
	if (!stands(&move))
		chart_free(&moved.chart);
	buf_fini(&move.reasons);
	return moved.chart;
}

/* A map could lead past what somebody has still to decide: where a correction
 * wants a second person, states that are active keep their names. */
static bool
keeps_its_place(struct run *run, const struct chart_migration *migration)
{
	const struct definition *definition = run->chart->definition;

	for (size_t i = 0;
	     definition->second_person && i < migration->rename_count; i++) {
		struct str from = migration->renames[i].from;
		const struct def_state *state =
		    definition_find_state(definition, from);

		if (state == NULL ||
		    !chart_config_is_active(run->chart, state) ||
		    str_equal(from, migration->renames[i].to))
			continue;
		chart_step_refuse(run, REFUSED_STRANDED,
		    "a correction wants a second person here, and to map "
		    "`%.*s`, where it stands, would be one: publish a version "
		    "in which that keeps its name",
		    STR_ARG(from));
		return false;
	}
	return true;
}

/* Else it is refused. */
static bool
may_move(struct run *run, const struct chart_event *event)
{
	return chart_duty_may(run, &event->actor, PART_CORRECT) &&
	       keeps_its_place(run, event->migration);
}

bool
chart_can_migrate(const struct chart *chart, const struct chart_event *event,
    struct chart_context *context, struct str *why)
{
	struct chart_effects effects = {0};
	struct run run = {
	    .chart = (struct chart *)(uintptr_t)chart,
	    .context = context,
	    .effects = &effects,
	    .actor = &event->actor,
	};
	struct chart *moved;

	if (chart->ended) {
		*why = STR("the instance is over");
		return false;
	}
	if (!may_move(&run, event)) {
		*why = effects.refusal_detail;
		return false;
	}
	moved = move_copy(&run, event, &effects, why);
	if (moved == NULL)
		return false;
	chart_free(&moved);
	return true;
}

void
chart_migrate_asked(struct run *run, const struct chart_event *event)
{
	struct chart_effects *effects = run->effects;
	size_t effect_count = effects->count;
	size_t record_count = effects->record_count;
	struct str why;
	struct chart *moved;

	if (!may_move(run, event))
		return;
	moved = move_copy(run, event, effects, &why);
	if (moved == NULL) {
		effects->count = effect_count;
		effects->record_count = record_count;
		chart_step_refuse(run, REFUSED_STRANDED, "%.*s", STR_ARG(why));
		return;
	}
	chart_swap(run->chart, moved);
	chart_free(&moved);
	chart_duty_take(run, &event->actor, PART_CORRECT);
}
