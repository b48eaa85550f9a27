/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_play.c: one scenario from its start to its end, or to the first
 * step that is not as it should be.
 *
 * What an act carries is evaluated and then made plain, as JSON would carry
 * it: a date that the scenario works out reaches the workflow as the text that
 * a real endpoint would have sent.
 */
#include "scenario_priv.h"

#define RECORDS_TOLD 6

/* ---- what expressions see ---- */

static const struct value *
lookup_cb(void *arg, struct str name)
{
	struct play *play = arg;

	if (str_equal(name, STR("settings")))
		return play->settings;
	if (str_equal(name, STR("instance")))
		return play->view;
	if (str_equal(name, STR("data")) || str_equal(name, STR("input")))
		return value_get(play->view, name);
	return NULL;
}

static void
prepare_env(struct play *play)
{
	const struct calendar *calendar = play->file->definition->calendar;

	play->env = (struct feel_env){
	    .arena = play->arena,
	    .lookup = lookup_cb,
	    .arg = play,
	    .now_ms = sim_now_ms(play->sim),
	    .zone = calendar != NULL ? calendar->zone : NULL,
	};
	play->match = (struct match){.arena = play->arena, .env = &play->env};
}

static const struct value *
plain(struct arena *arena, const struct value *value)
{
	struct buf json = {0};
	struct json_error error;
	const struct value *read;

	json_write(value, JSON_PLAIN, &json);
	read = json_read_written(arena, buf_str(&json), &error);
	buf_fini(&json);
	return read != NULL ? read : &value_null;
}

static const struct value *
evaluate(struct play *play, const struct template *template)
{
	return template == NULL
		   ? &value_null
		   : plain(play->arena,
			 template_eval(template, &play->env, NULL, NULL));
}

/* What `over` says counts; of contexts, field by field. */
static const struct value *
laid_over(
    struct arena *arena, const struct value *under, const struct value *over)
{
	const struct value *both = under;

	if (under->type != VALUE_CONTEXT || over->type != VALUE_CONTEXT)
		return over->type == VALUE_NULL ? under : over;
	for (size_t i = 0; i < over->as.context.count; i++) {
		const struct value_field *field = &over->as.context.fields[i];
		const struct value *old = value_get(under, field->key);

		both = value_with(arena, both, field->key,
		    old != NULL && old->type == VALUE_CONTEXT &&
			    field->value->type == VALUE_CONTEXT
			? laid_over(arena, old, field->value)
			: field->value);
	}
	return both;
}

/* ---- failing ---- */

/* That a deadline was set is no news: that it was reached will be told. */
static bool
is_news(const struct value *record)
{
	return !str_equal(value_field_str(record, "kind"),
	    audit_kind_name(AUDIT_DEADLINE_SET));
}

static const struct value *
last_records(struct play *play)
{
	const struct value *records = sim_history(play->sim, play->arena);
	const struct value *told[RECORDS_TOLD];
	size_t first = RECORDS_TOLD;

	for (size_t i = records->as.list.count; i > 0 && first > 0; i--)
		if (is_news(records->as.list.items[i - 1]))
			told[--first] = records->as.list.items[i - 1];
	return value_of_list(play->arena, told + first, RECORDS_TOLD - first);
}

bool
scenario_play_fail(
    struct play *play, struct diag_span span, const char *format, ...)
{
	struct scenario_outcome *outcome = play->outcome;
	struct buf text = {0};
	va_list arguments;

	va_start(arguments, format);
	buf_addv(&text, format, arguments);
	va_end(arguments);
	*outcome = (struct scenario_outcome){
	    .span = span,
	    .message = arena_str(play->arena, buf_str(&text)),
	    .differences = play->match.differences,
	    .difference_count = play->match.count,
	    .records = last_records(play),
	};
	buf_fini(&text);
	return false;
}

/* ---- what came of an act ---- */

static void
add_happening(struct play *play, struct str kind, const struct value *value)
{
	play->happenings =
	    arena_grow(play->arena, play->happenings, play->happening_count,
		&play->happening_capacity, sizeof(*play->happenings));
	play->happenings[play->happening_count++] =
	    (struct happening){.kind = kind, .value = value};
}

/* Effects by the names that expectations use: arguments are `with`. */
static const struct value *
renamed(struct arena *arena, const struct value *effect)
{
	struct value_builder *value = value_build_context(arena);

	for (size_t i = 0; i < effect->as.context.count; i++) {
		const struct value_field *field = &effect->as.context.fields[i];

		value_put(value,
		    str_equal(field->key, STR("args")) ? STR("with")
						       : field->key,
		    field->value);
	}
	return value_built(value);
}

static void
add_effect(struct play *play, const struct value *effect)
{
	const struct value_field *first = &effect->as.context.fields[0];
	const struct value *value = first->value;

	if (str_equal(first->key, STR("timer")))
		return;
	if (str_equal(first->key, STR("run")))
		value = value_with(
		    play->arena, effect, STR("workflow"), first->value);
	else if (first->value->type != VALUE_CONTEXT)
		value = effect;
	add_happening(play, first->key, renamed(play->arena, value));
}

static void
look(struct play *play)
{
	const struct value *effects;

	play->report = sim_report(play->sim, play->arena);
	play->view = sim_chart(play->sim) != NULL
			 ? chart_describe(sim_chart(play->sim), play->arena)
			 : &value_null;
	effects = value_field_or_null(play->report, "effects");
	for (size_t i = 0; i < effects->as.list.count; i++)
		add_effect(play, effects->as.list.items[i]);
	prepare_env(play);
}

/* ---- acts ---- */

/* A text alone stands for the one thing that has to be told. */
struct shorthand {
	struct str act;
	struct str means;
};

static const struct shorthand shorthands[] = {
    {STR_INIT("event"), STR_INIT("type")},
    {STR_INIT("decide"), STR_INIT("choice")},
    {STR_INIT("settle"), STR_INIT("how")},
};

static const struct value *
spelled_out(struct play *play, struct str act, const struct value *what)
{
	const struct value *empty =
	    value_built(value_build_context(play->arena));

	if (what->type == VALUE_NULL)
		return empty;
	for (size_t i = 0; i < sizeof(shorthands) / sizeof(shorthands[0]); i++)
		if (what->type == VALUE_STRING &&
		    str_equal(shorthands[i].act, act))
			return value_with(
			    play->arena, empty, shorthands[i].means, what);
	return what;
}

static const struct value *
line_of(struct play *play, const struct scenario_step *step)
{
	/* What stands beside is about what comes of it, but for these. */
	static const char *const besides[] = {"times", "always"};
	const struct value *map = evaluate(play, step->map);
	struct value_builder *line = value_build_context(play->arena);
	struct str act = step->row->name;

	value_put(line, act, spelled_out(play, act, value_get(map, act)));
	for (size_t i = 0; i < COUNT_OF(besides); i++)
		if (value_get_cstr(map, besides[i]) != NULL)
			value_put(line, str_of(besides[i]),
			    value_get_cstr(map, besides[i]));
	return value_built(line);
}

static bool
check_refusal(struct play *play, const struct scenario_step *step,
    const struct template *refused, struct str why)
{
	struct str part = form_text(refused);

	if (part.at == NULL || str_find(why, part) != SIZE_MAX)
		return true;
	scenario_match_tell(
	    &play->match, "expected it to say: %.*s", STR_ARG(part));
	scenario_match_tell(&play->match, "it says: %.*s", STR_ARG(why));
	return scenario_play_fail(play, step->span,
	    "`%.*s` is refused for another reason", STR_ARG(step->row->name));
}

static bool
check_fate(struct play *play, const struct scenario_step *step)
{
	const struct template *expected = form_field(step->map, "fate");

	if (expected == NULL ||
	    scenario_match(&play->match, STR("fate"), expected,
		value_get_cstr(play->report, "fate")))
		return true;
	return scenario_play_fail(
	    play, step->span, "the event fares otherwise than expected");
}

static bool
is_refusal_expected(const struct template *refused)
{
	return refused != NULL && (refused->kind != TEMPLATE_LITERAL ||
				      refused->literal != &value_false);
}

bool
scenario_play_act(struct play *play, const struct scenario_step *step)
{
	const struct template *refused = form_field(step->map, "refused");
	struct buf why = {0};
	bool is_done = sim_act(play->sim, line_of(play, step), &why);
	bool goes_on;

	look(play);
	if (is_done && is_refusal_expected(refused))
		goes_on = scenario_play_fail(play, step->span,
		    "`%.*s` is not refused", STR_ARG(step->row->name));
	else if (is_done)
		goes_on = check_fate(play, step);
	else if (is_refusal_expected(refused))
		goes_on = check_refusal(play, step, refused, buf_str(&why));
	else
		goes_on =
		    scenario_play_fail(play, step->span, "%s", buf_cstr(&why));
	buf_fini(&why);
	return goes_on;
}

/* ---- the beginning ---- */

static const struct value *
start_line(struct play *play)
{
	const struct scenario *all = &play->file->all;
	const struct scenario *scenario = play->scenario;
	struct value_builder *line = value_build_context(play->arena);
	struct str priority =
	    scenario->priority.at != NULL ? scenario->priority : all->priority;
	const struct value *input = laid_over(play->arena,
	    evaluate(play, all->start), evaluate(play, scenario->start));

	value_put(line, STR("start"),
	    input->type == VALUE_NULL
		? value_built(value_build_context(play->arena))
		: input);
	value_put(line, STR("actor"),
	    evaluate(
		play, scenario->actor != NULL ? scenario->actor : all->actor));
	if (priority.at != NULL)
		value_put_str(line, "priority", priority);
	return value_built(line);
}

static bool
act_at_start(struct play *play, const struct value *line)
{
	struct buf why = {0};
	bool is_done = sim_act(play->sim, line, &why);

	look(play);
	if (!is_done)
		(void)scenario_play_fail(play,
		    play->scenario->start != NULL ? play->scenario->start->span
						  : play->scenario->span,
		    "%s", buf_cstr(&why));
	buf_fini(&why);
	return is_done;
}

static bool
add_standing(struct play *play, const struct template *replies)
{
	struct value_builder *line = value_build_context(play->arena);

	if (replies == NULL)
		return true;
	value_put(line, STR("reply"), evaluate(play, replies));
	value_put(line, STR("always"), &value_true);
	return act_at_start(play, value_built(line));
}

static bool
begin(struct play *play)
{
	return add_standing(play, play->file->all.replies) &&
	       add_standing(play, play->scenario->replies) &&
	       act_at_start(play, start_line(play));
}

static struct sim *
new_sim(struct play *play)
{
	const struct scenario *all = &play->file->all;
	const struct scenario *scenario = play->scenario;
	struct sim_options options = {
	    .definition = play->file->definition,
	    .library = play->file->library,
	    .settings = play->settings,
	    .environment = scenario->environment.at != NULL
			       ? scenario->environment
			       : all->environment,
	    .now_ms = scenario->now_ms != 0 ? scenario->now_ms : all->now_ms,
	    .seed = 1,
	};

	if (play->coverage != NULL) {
		options.took = scenario_coverage_took;
		options.took_arg = play->coverage;
	}
	return sim_new(&options);
}

/* Settings hold no expressions that need an instance. */
static const struct value *
settings_of(struct play *play)
{
	const struct value *settings;

	play->env = (struct feel_env){.arena = play->arena};
	settings =
	    laid_over(play->arena, evaluate(play, play->file->all.settings),
		evaluate(play, play->scenario->settings));
	return settings->type == VALUE_CONTEXT
		   ? settings
		   : value_built(value_build_context(play->arena));
}

static bool
play_steps(struct play *play)
{
	if (!begin(play))
		return false;
	for (size_t i = 0; i < play->scenario->step_count; i++) {
		const struct scenario_step *step = &play->scenario->steps[i];

		prepare_env(play);
		if (!step->row->play(play, step))
			return false;
	}
	return true;
}

void
scenario_run(const struct scenario_file *file, size_t index,
    struct scenario_coverage *coverage, struct arena *arena,
    struct scenario_outcome *outcome)
{
	struct play play = {
	    .file = file,
	    .scenario = &file->items[index],
	    .coverage = coverage,
	    .arena = arena,
	    .view = &value_null,
	    .outcome = outcome,
	};

	must(index < file->count);
	play.settings = settings_of(&play);
	play.sim = new_sim(&play);
	look(&play);
	*outcome = (struct scenario_outcome){.is_passed = true};
	if (!play_steps(&play))
		must(!outcome->is_passed);
	outcome->history = sim_history(play.sim, play.arena);
	if (coverage != NULL)
		scenario_coverage_add(coverage, outcome->history);
	sim_free(&play.sim);
}
