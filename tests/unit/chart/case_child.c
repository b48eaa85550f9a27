/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case_child.c: children as an engine would start them: in the same turn, or
 * not at all.
 */
#include "case.h"

/* ---- starting ---- */

static void
refuse(struct play *play, const struct chart_effect *effect)
{
	struct chart_event event = {
	    .kind = EV_CHILD_ENDED,
	    .serial = effect->serial,
	    .child = {.refusal = arena_strf(play->arena,
			  "%.*s can't be started", STR_ARG(effect->workflow))},
	};

	play->refused = (struct str){NULL, 0};
	play_step(play, &event);
}

void
child_begin(struct play *play, const struct chart_effect *effect)
{
	struct chart_context context = play_context(play);
	struct chart_effects effects = {0};
	struct case_child *child;

	if (str_equal(play->refused, effect->workflow)) {
		refuse(play, effect);
		return;
	}
	must(play->child_count < CASE_ITEMS_MAX);
	child = &play->children[play->child_count++];
	child->serial = effect->serial;
	child->workflow = arena_str(play->arena, effect->workflow);
	play->child_last++;
	child->id = arena_strf(
	    play->arena, "child-%llu", (unsigned long long)play->child_last);
	if (!effect->waits)
		play->child_count--;
	chart_run_started(play->chart,
	    &(struct chart_child_start){.serial = effect->serial,
		.number = play->child_last,
		.id = child->id,
		.is_found = str_equal(play->found, effect->workflow)},
	    &context, &effects);
	play->found = (struct str){NULL, 0};
	trace_effects(play, &effects);
	play_perform(play, &effects);
}

void
child_is_refused(struct play *play, const struct command *command)
{
	play->refused = arena_str(play->arena, play_word(command, 1));
}

void
child_is_found(struct play *play, const struct command *command)
{
	play->found = arena_str(play->arena, play_word(command, 1));
}

/* ---- ending ---- */

static bool
parse_status(struct str word, enum chart_status *status)
{
	static const enum chart_status statuses[] = {
	    [ENDING_SUCCESS] = CHART_COMPLETED,
	    [ENDING_FAILURE] = CHART_FAULTED,
	    [ENDING_CANCELLED] = CHART_CANCELLED,
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (str_equal(def_ending_name((enum def_ending)i), word)) {
			*status = statuses[i];
			return true;
		}
	return false;
}

void
child_ends(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_CHILD_ENDED,
	    .child = {.state = play_word_after(command, "in"),
		.output = play_json(play, command)},
	};
	size_t i = 0;

	while (i < play->child_count &&
	       !str_equal(play->children[i].workflow, play_word(command, 1)))
		i++;
	if (i == play->child_count ||
	    !parse_status(play_word(command, 2), &event.child.status)) {
		trace_complain(play, "no such child, or no such outcome");
		return;
	}
	event.serial = play->children[i].serial;
	event.child.id = play->children[i].id;
	for (play->child_count--; i < play->child_count; i++)
		play->children[i] = play->children[i + 1];
	play_step(play, &event);
}

/* ---- being waited for ---- */

struct chart_awaiter
child_awaiter(struct play *play, const struct command *command)
{
	struct str serial,
	    number = str_split(play_word_after(command, "for"), '.', &serial);
	int64_t n = 0, m = 0;

	if (number.at != NULL && (!str_parse_int(number, 1, 99, &n) ||
				     !str_parse_int(serial, 1, 99, &m)))
		trace_complain(play, "for NUMBER.SERIAL");
	return (struct chart_awaiter){
	    .number = (uint64_t)n, .serial = (uint64_t)m};
}

void
child_awaited(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_AWAITED,
	    .awaiter = child_awaiter(play, command),
	};

	play_step(play, &event);
}
