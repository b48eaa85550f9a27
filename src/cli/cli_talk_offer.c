/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_talk_offer.c: what may happen next, each as a line of JSON.
 *
 * Where something has to be filled in, an example is made of what the
 * definition tells of it, so that Enter alone leads on.
 */
#include "cli_talk.h"

#include "stated/clock.h"

static void
offer(struct talk *talk, struct talk_offer what)
{
	talk->offers = arena_grow(talk->arena, talk->offers, talk->count,
	    &talk->capacity, sizeof(*talk->offers));
	talk->offers[talk->count++] = what;
}

static struct str
quoted(struct talk *talk, struct str text)
{
	struct buf out = {0};
	struct str result;

	buf_add_json_string(&out, text);
	result = arena_str(talk->arena, buf_str(&out));
	buf_fini(&out);
	return result;
}

static struct str
json_of(struct talk *talk, const struct value *value)
{
	struct buf out = {0};
	struct str result;

	json_write(value, JSON_PLAIN, &out);
	result = arena_str(talk->arena, buf_str(&out));
	buf_fini(&out);
	return result;
}

static size_t
count_of(const struct value *list)
{
	return list->type == VALUE_LIST ? list->as.list.count : 0;
}

/* ---- the start ---- */

static void
offer_start(struct talk *talk, const struct definition *definition)
{
	struct str example = STR("{}");

	if (definition->input_schema != NULL)
		example = json_of(
		    talk, talk_example(talk->arena, definition->input_schema));
	offer(talk, (struct talk_offer){
			.label = STR("start"),
			.before = STR("{\"start\": "),
			.question = "the input, as JSON",
			.fallback = example,
			.is_json = true,
			.after = STR("}"),
		    });
}

/* ---- calls ---- */

static const struct def_call *
find_within(const struct def_call *call, struct str target)
{
	if (call == NULL || str_equal(call->target, target))
		return call;
	if (call->verify != NULL &&
	    str_equal(call->verify->call->target, target))
		return call->verify->call;
	return find_within(call->compensate, target);
}

/* NULL for a contact's channel: nobody waits for what it answers. */
static const struct def_call *
find_call(const struct definition *definition, struct str target)
{
	for (size_t i = 0; i < definition->call_count; i++) {
		const struct def_call *call =
		    find_within(definition->calls[i], target);

		if (call != NULL)
			return call;
	}
	return NULL;
}

/* By the names of the operation's output. */
static struct str
example_reply(struct talk *talk, const struct def_call *call)
{
	struct value_builder *example = value_build_context(talk->arena);
	const struct def_operation *operation = call->operation;

	for (size_t i = 0; operation != NULL && i < operation->output.count;
	     i++) {
		struct str name = operation->output.items[i].name;

		value_put(example, name, value_of_str(talk->arena, name));
	}
	return json_of(talk, value_built(example));
}

static void
offer_reply(struct talk *talk, const struct def_call *call)
{
	struct str target = call->target;
	struct str before = arena_strf(
	    talk->arena, "{\"reply\": {%.*s: ", STR_ARG(quoted(talk, target)));

	offer(talk, (struct talk_offer){
			.label = arena_strf(
			    talk->arena, "%.*s answers", STR_ARG(target)),
			.before = before,
			.question = "the answer, as JSON",
			.fallback = example_reply(talk, call),
			.is_json = true,
			.after = STR("}}"),
		    });
	offer(talk, (struct talk_offer){
			.label = arena_strf(
			    talk->arena, "%.*s refuses", STR_ARG(target)),
			.before = arena_strf(talk->arena,
			    "%.*s{\"error\": {\"outcome\": "
			    "\"done-with-error\", \"code\": ",
			    STR_ARG(before)),
			.question = "the error's code",
			.fallback = STR("business.error"),
			.after = STR("}}}}"),
		    });
	offer(talk, (struct talk_offer){
			.label = arena_strf(talk->arena,
			    "%.*s does not answer in time", STR_ARG(target)),
			.before = before,
			.after = STR("\"timeout\"}}"),
		    });
}

static bool
is_first(const struct value *list, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (value_equal(
			list->as.list.items[i], list->as.list.items[index]))
			return false;
	return true;
}

static void
offer_replies(struct talk *talk, const struct definition *definition,
    const struct value *report)
{
	const struct value *calls = value_field_or_null(report, "calls");

	for (size_t i = 0; i < count_of(calls); i++) {
		const struct def_call *call =
		    find_call(definition, value_str(calls->as.list.items[i]));

		if (call != NULL && is_first(calls, i))
			offer_reply(talk, call);
	}
}

/* ---- children ---- */

static void
offer_children(struct talk *talk, const struct value *report)
{
	const struct value *children = value_field_or_null(report, "children");

	for (size_t i = 0; i < count_of(children); i++) {
		struct str name = value_str(children->as.list.items[i]);
		struct str before =
		    arena_strf(talk->arena, "{\"child\": {%.*s: {\"outcome\": ",
			STR_ARG(quoted(talk, name)));

		if (!is_first(children, i))
			continue;
		offer(talk,
		    (struct talk_offer){
			.label = arena_strf(
			    talk->arena, "child %.*s succeeds", STR_ARG(name)),
			.before = arena_strf(talk->arena,
			    "%.*s\"success\", \"output\": ", STR_ARG(before)),
			.question = "its output, as JSON",
			.fallback = STR("{}"),
			.is_json = true,
			.after = STR("}}}"),
		    });
		offer(talk, (struct talk_offer){
				.label = arena_strf(talk->arena,
				    "child %.*s fails", STR_ARG(name)),
				.before = before,
				.after = STR("\"failure\"}}}"),
			    });
	}
}

/* ---- people ---- */

/* "state" of an item as a part of a line, for there may be several items. */
static struct str
state_of(struct talk *talk, const struct value *item)
{
	struct str state = value_field_str(item, "state");

	return state.bytes == 0 ? STR("")
				: arena_strf(talk->arena, "\"state\": %.*s, ",
				      STR_ARG(quoted(talk, state)));
}

static void
offer_who(struct talk *talk, struct str label, struct str before)
{
	offer(talk, (struct talk_offer){
			.label = label,
			.before = before,
			.question = "who",
			.fallback = talk->who,
			.is_who = true,
			.after = STR("}}"),
		    });
}

static void
offer_task(struct talk *talk, const struct value *task)
{
	const struct value *choices = value_field_or_null(task, "choices");

	for (size_t i = 0; i < count_of(choices); i++) {
		struct str choice = value_str(choices->as.list.items[i]);

		offer_who(talk,
		    arena_strf(talk->arena, "%.*s: decide %.*s",
			STR_ARG(value_field_str(task, "title")),
			STR_ARG(choice)),
		    arena_strf(talk->arena,
			"{\"decide\": {\"choice\": %.*s, %.*s\"actor\": ",
			STR_ARG(quoted(talk, choice)),
			STR_ARG(state_of(talk, task))));
	}
}

static void
offer_incident(struct talk *talk, const struct value *incident)
{
	static const char *const ways[] = {
	    "retry", "skip", "compensate", "cancel"};
	struct str state = state_of(talk, incident);

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		offer_who(talk,
		    arena_strf(
			talk->arena, "settle what stands still: %s", ways[i]),
		    arena_strf(talk->arena,
			"{\"settle\": {\"how\": \"%s\", %.*s\"actor\": ",
			ways[i], STR_ARG(state)));
	offer(talk, (struct talk_offer){
			.label = STR("settle what stands still: supply the "
				     "result"),
			.before = arena_strf(talk->arena,
			    "{\"settle\": {\"how\": \"supply\", %.*s\"actor\": "
			    "%.*s, \"data\": ",
			    STR_ARG(state), STR_ARG(quoted(talk, talk->who))),
			.question = "the result, as JSON",
			.fallback = STR("{}"),
			.is_json = true,
			.after = STR("}}"),
		    });
}

static void
offer_escalation(struct talk *talk, const struct value *escalation)
{
	if (value_is_true(value_field_or_null(escalation, "acknowledged")))
		return;
	offer_who(talk,
	    arena_strf(talk->arena, "acknowledge the escalation to %.*s",
		STR_ARG(value_field_str(escalation, "to"))),
	    arena_strf(talk->arena, "{\"acknowledge\": {%.*s\"actor\": ",
		STR_ARG(state_of(talk, escalation))));
}

static void
offer_proposal(struct talk *talk, const struct value *proposal)
{
	static const char *const verdicts[] = {"confirm", "reject"};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		offer_who(talk,
		    arena_strf(talk->arena, "%s what was proposed: %.*s",
			verdicts[i],
			STR_ARG(value_field_str(proposal, "act"))),
		    arena_strf(talk->arena, "{\"%s\": {\"actor\": ",
			verdicts[i]));
}

static void
offer_items(struct talk *talk, const struct value *view, const char *key,
    void (*one)(struct talk *talk, const struct value *item))
{
	const struct value *list = value_field_or_null(view, key);

	for (size_t i = 0; i < count_of(list); i++)
		one(talk, list->as.list.items[i]);
}

/* ---- events ---- */

static bool
is_awaited(const struct definition *definition, const struct value *states,
    struct str type)
{
	for (size_t i = 0; i < count_of(states); i++) {
		const struct def_state *state = definition_find_state(
		    definition, value_str(states->as.list.items[i]));

		for (; state != NULL; state = state->parent)
			for (size_t j = 0; j < state->on.count; j++)
				if (def_event_matches(
					state->on.items[j]->event, type))
					return true;
	}
	return false;
}

static void
offer_events(struct talk *talk, const struct definition *definition,
    const struct value *report)
{
	for (size_t i = 0; i < definition->event_count; i++) {
		struct str type = definition->events[i].type;
		struct str subject = sim_subject(talk->sim, type, talk->arena);

		if (subject.at == NULL ||
		    !is_awaited(definition,
			value_field_or_null(report, "states"), type))
			continue;
		offer(talk,
		    (struct talk_offer){
			.label =
			    arena_strf(talk->arena, "%.*s comes in for %.*s",
				STR_ARG(type), STR_ARG(subject)),
			.before = arena_strf(talk->arena,
			    "{\"event\": {\"type\": %.*s, \"subject\": %.*s, "
			    "\"data\": ",
			    STR_ARG(quoted(talk, type)),
			    STR_ARG(quoted(talk, subject))),
			.question = "what it carries, as JSON",
			.fallback = STR("{}"),
			.is_json = true,
			.after = STR("}}"),
		    });
	}
}

/* ---- time ---- */

/* "1d 4h", "31m": the two largest parts. */
static struct str
text_of_span(struct talk *talk, int64_t ms)
{
	static const struct {
		int64_t ms;
		char unit;
	} units[] = {
	    {86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
	struct buf text = {0};
	struct str result;
	int parts = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && parts < 2;
	     i++) {
		if (ms >= units[i].ms) {
			buf_addf(&text, "%s%lld%c", parts++ > 0 ? " " : "",
			    (long long)(ms / units[i].ms), units[i].unit);
			ms %= units[i].ms;
		}
	}
	if (parts == 0)
		buf_addf(&text, "%lldms", (long long)ms);
	result = arena_str(talk->arena, buf_str(&text));
	buf_fini(&text);
	return result;
}

/* As short as it can be said exactly: "30m". */
static struct str
exact_span(struct talk *talk, int64_t ms)
{
	if (ms % 3600000 == 0)
		return arena_strf(
		    talk->arena, "%lldh", (long long)(ms / 3600000));
	if (ms % 60000 == 0)
		return arena_strf(
		    talk->arena, "%lldm", (long long)(ms / 60000));
	return arena_strf(talk->arena, "%lldms", (long long)ms);
}

/* What falls due then, where a state's deadline does. */
static struct str
reason_of(struct talk *talk, const struct value *view, struct str due)
{
	const struct value *list = value_field_or_null(view, "deadlines");

	for (size_t i = 0; i < count_of(list); i++) {
		const struct value *item = list->as.list.items[i];
		struct str to = value_field_str(item, "to");

		if (!str_equal(
			value_field_str(item, "due"), due))
			continue;
		if (to.at == NULL)
			to = value_field_str(item, "target");
		return arena_strf(talk->arena, ": %.*s of %.*s%s%.*s",
		    STR_ARG(value_field_str(item, "kind")),
		    STR_ARG(value_field_str(
			item, value_get_cstr(item, "state") != NULL ? "state"
								    : "step")),
		    to.at != NULL ? " to " : "", STR_ARG(to));
	}
	return STR("");
}

static void
offer_time(struct talk *talk, const struct value *view)
{
	int64_t due_ms = chart_due_ms(sim_chart(talk->sim));
	int64_t wait_ms = due_ms - sim_now_ms(talk->sim);
	char text[CLOCK_TEXT_BYTES];
	struct str due;

	if (due_ms == 0)
		return;
	due = arena_str(talk->arena, clock_format(due_ms, text));
	offer(talk,
	    (struct talk_offer){
		.label =
		    arena_strf(talk->arena, "time passes, %.*s, until %.*s%.*s",
			STR_ARG(text_of_span(talk, wait_ms)),
			STR_ARG(cli_text_time(talk->arena, due)),
			STR_ARG(reason_of(talk, view, due))),
		.before = arena_strf(talk->arena, "{\"advance\": \"%.*s\"",
		    STR_ARG(exact_span(talk, wait_ms))),
		.after = STR("}"),
	    });
}

static void
offer_operator(struct talk *talk, enum chart_status status)
{
	if (status == CHART_SUSPENDED)
		offer(talk, (struct talk_offer){
				.label = STR("resume"),
				.before = STR("{\"resume\": {"),
				.after = STR("}}"),
			    });
	offer(talk, (struct talk_offer){
			.label = STR("cancel, and undo what was done"),
			.before = STR("{\"cancel\": {\"compensate\": true"),
			.after = STR("}}"),
		    });
}

void
cli_talk_offer_all(struct talk *talk, const struct value *report)
{
	const struct chart *chart = sim_chart(talk->sim);
	const struct definition *definition = sim_definition(talk->sim);
	const struct value *view;

	if (chart == NULL) {
		offer_start(talk, definition);
		return;
	}
	if (chart_status_is_end(chart_status(chart)))
		return;
	view = chart_describe(chart, talk->arena);
	offer_replies(talk, definition, report);
	offer_children(talk, report);
	offer_items(talk, view, "tasks", offer_task);
	offer_items(talk, view, "incidents", offer_incident);
	offer_items(talk, view, "proposals", offer_proposal);
	offer_events(talk, definition, report);
	offer_items(talk, view, "escalations", offer_escalation);
	offer_time(talk, view);
	offer_operator(talk, chart_status(chart));
}
