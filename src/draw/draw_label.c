/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_label.c: the words on boxes and arrows.
 *
 * What a reader of the picture decides by is told: who is asked, what is
 * called and undone, when time runs out and who hears of it.  What only fills
 * variables is left to the text of the definition.
 */
#include "draw_priv.h"

#include "stated/decision.h"

#define BOX_WIDTH (230 * DRAW_POINT)
#define ARROW_WIDTH (175 * DRAW_POINT)
#define INDENT 14
#define BODY_DEEP_MAX 4

/* Where lines go; the rest of the arguments is the line. */
struct pen {
	struct draw *draw;
	struct draw_lines *lines;
	enum draw_style style;
	int indent;
	size_t rows; /* of one text */
};

static void
write_line(const struct pen *pen, enum draw_icon icon, struct str text)
{
	struct draw_line line = {
	    .text = text,
	    .style = pen->style,
	    .icon = icon,
	    .indent = pen->indent,
	};

	if (text.bytes > 0)
		draw_text_add(pen->draw->arena, pen->lines, line, pen->rows);
}

static struct str
with_guard(struct draw *draw, struct str text, const struct template *guard)
{
	if (guard == NULL)
		return text;
	return arena_strf(draw->arena, "%.*s%s[%.*s]", STR_ARG(text),
	    text.bytes > 0 ? " " : "",
	    STR_ARG(draw_text_of(draw->arena, guard)));
}

static struct str
span_text(const struct def_span *span)
{
	return span->kind == SPAN_FEEL
		   ? str_trim(str_has_prefix(span->text, STR("="))
				  ? str_slice(span->text, 1, SIZE_MAX)
				  : span->text)
		   : span->text;
}

/* ---- steps ---- */

/* What stands below a call, each in a line. */
static void
write_call_notes(struct pen pen, const struct def_call *call)
{
	struct arena *arena = pen.draw->arena;

	pen.style = DRAW_NOTE;
	pen.indent += INDENT;
	if (call->window.at != NULL)
		write_line(&pen, DRAW_ICON_BARE,
		    arena_strf(
			arena, "only within %.*s", STR_ARG(call->window)));
	if (call->verify != NULL)
		write_line(&pen, DRAW_ICON_CHECK, call->verify->call->target);
	if (call->compensate != NULL)
		write_line(&pen, DRAW_ICON_UNDO, call->compensate->target);
	if (call->irreversible.at != NULL)
		write_line(&pen, DRAW_ICON_BARE,
		    arena_strf(arena, "can't be undone: %.*s",
			STR_ARG(call->irreversible)));
}

static struct str
step_text(struct arena *arena, const struct def_step *step)
{
	switch (step->kind) {
	case STEP_CALL:
		return step->call->target;
	case STEP_DECIDE:
		return arena_strf(
		    arena, "decide %.*s", STR_ARG(step->decision->name));
	case STEP_REQUIRE:
		return arena_strf(arena, "require %.*s",
		    STR_ARG(draw_text_of(arena, step->that)));
	case STEP_RAISE:
		return arena_strf(arena, "raise %.*s", STR_ARG(step->event));
	case STEP_EMIT:
		return arena_strf(arena, "publish %.*s", STR_ARG(step->event));
	case STEP_WAIT:
		return arena_strf(arena, "wait %s%.*s",
		    step->until != NULL ? "until " : "",
		    STR_ARG(step->until != NULL
				? draw_text_of(arena, step->until)
				: span_text(&step->wait)));
	case STEP_FAIL:
		return arena_strf(arena, "fail: %.*s",
		    STR_ARG(draw_text_of(arena, step->code)));
	case STEP_FOR:
		return arena_strf(arena, "for each %.*s in %.*s",
		    STR_ARG(step->each),
		    STR_ARG(draw_text_of(arena, step->in)));
	case STEP_RUN:
		return arena_strf(arena, "%.*s%s", STR_ARG(step->workflow),
		    step->waits ? "" : " (without waiting)");
	case STEP_NOTIFY:
		return arena_strf(
		    arena, "tell %.*s", STR_ARG(step->contact->name));
	case STEP_ATTEST:
		return arena_strf(arena, "attest: %.*s",
		    STR_ARG(draw_text_of(arena, step->message)));
	case STEP_SET:
		return (struct str){NULL, 0};
	}
	unreachable("every kind of step is above");
}

static enum draw_icon
step_icon(const struct def_step *step)
{
	switch (step->kind) {
	case STEP_CALL:
		return DRAW_ICON_CALL;
	case STEP_RUN:
		return DRAW_ICON_CHILD;
	case STEP_WAIT:
		return DRAW_ICON_CLOCK;
	case STEP_NOTIFY:
		return DRAW_ICON_BELL;
	default:
		return DRAW_ICON_BARE;
	}
}

static void
write_steps(struct pen pen, const struct def_steps *steps, int deep)
{
	struct arena *arena = pen.draw->arena;

	for (size_t i = 0; i < steps->count; i++) {
		const struct def_step *step = steps->items[i];
		struct str text = step_text(arena, step);
		struct pen inner = pen;

		if (text.at == NULL)
			continue;
		write_line(&pen, step_icon(step),
		    with_guard(pen.draw, text, step->guard));
		if (step->kind == STEP_CALL)
			write_call_notes(pen, step->call);
		inner.indent += INDENT;
		if (step->kind == STEP_FOR && deep < BODY_DEEP_MAX)
			write_steps(inner, &step->body, deep + 1);
	}
}

static void
write_compensate(const struct pen *pen, enum def_compensate compensate,
    const struct def_state *to)
{
	if (compensate == COMPENSATE_ALL)
		write_line(pen, DRAW_ICON_UNDO, STR("all that was done"));
	else if (compensate == COMPENSATE_TO)
		write_line(pen, DRAW_ICON_UNDO,
		    arena_strf(
			pen->draw->arena, "back to %.*s", STR_ARG(to->name)));
}

/* ---- arrows ---- */

static enum draw_icon
transition_icon(const struct def_transition *transition)
{
	return transition->after.kind != SPAN_NONE ? DRAW_ICON_CLOCK
						   : DRAW_ICON_BARE;
}

static struct str
transition_text(struct draw *draw, const struct def_transition *transition)
{
	struct str text = transition->after.kind != SPAN_NONE
			      ? span_text(&transition->after)
			      : transition->event;

	return with_guard(draw, text.at ? text : STR(""), transition->guard);
}

void
draw_label_transition(struct draw *draw, struct draw_lines *lines,
    const struct def_transition *transition)
{
	struct pen pen = {draw, lines, DRAW_LABEL, 0, 4};

	lines->width_max = ARROW_WIDTH;
	write_line(&pen, transition_icon(transition),
	    transition_text(draw, transition));
	pen.indent += INDENT;
	if (transition->interrupt)
		write_line(&pen, DRAW_ICON_BARE, STR("interrupts what runs"));
	write_steps(pen, &transition->steps, 0);
	write_compensate(
	    &pen, transition->compensate, transition->compensate_to);
}

static struct str
escalation_text(struct draw *draw, const struct def_escalation *escalation)
{
	struct str when = escalation->at != NULL
			      ? draw_text_of(draw->arena, escalation->at)
			      : span_text(&escalation->after);
	struct str text = arena_strf(draw->arena, "%.*s → %.*s", STR_ARG(when),
	    STR_ARG(escalation->to ? escalation->to->name : STR("nobody")));

	if (escalation->severity.bytes > 0 &&
	    !str_equal(escalation->severity, STR("normal")))
		text = arena_strf(draw->arena, "%.*s, %.*s", STR_ARG(text),
		    STR_ARG(escalation->severity));
	if (escalation->every.kind != SPAN_NONE)
		text = arena_strf(draw->arena, "%.*s, every %.*s",
		    STR_ARG(text), STR_ARG(span_text(&escalation->every)));
	return with_guard(draw, text, escalation->guard);
}

void
draw_label_escalation(struct draw *draw, struct draw_lines *lines,
    const struct def_escalation *escalation)
{
	struct pen pen = {draw, lines, DRAW_LABEL, 0, 4};

	lines->width_max = ARROW_WIDTH;
	write_line(&pen, DRAW_ICON_BELL, escalation_text(draw, escalation));
}

/* ---- boxes ---- */

static void
write_name(struct pen pen, const struct def_state *state)
{
	pen.style = DRAW_NAME;
	pen.rows = 3;
	write_line(&pen, DRAW_ICON_BARE,
	    state->title.bytes > 0 ? state->title : state->name);
	pen.style = DRAW_AKA;
	if (state->title.bytes > 0)
		write_line(&pen, DRAW_ICON_BARE, state->name);
	if (state->kind == STATE_FINAL &&
	    !str_equal(state->name, def_ending_name(state->outcome)))
		write_line(
		    &pen, DRAW_ICON_BARE, def_ending_name(state->outcome));
	if (state->kind == STATE_PARALLEL)
		write_line(
		    &pen, DRAW_ICON_BARE, STR("all of these at the same time"));
}

static bool
says_more(const struct str *choices, size_t count)
{
	return count != 2 || !str_equal(choices[0], STR("approved")) ||
	       !str_equal(choices[1], STR("rejected"));
}

static struct str
task_text(struct arena *arena, const struct def_task *task)
{
	struct str role =
	    task->role ? draw_text_of(arena, task->role) : STR("anyone");

	if (task->role != NULL && task->role->kind == TEMPLATE_FEEL)
		role = arena_strf(arena, "role: %.*s", STR_ARG(role));
	if (task->approvals == NULL)
		return role;
	return arena_strf(arena, "%.*s, %.*s to approve", STR_ARG(role),
	    STR_ARG(draw_text_of(arena, task->approvals)));
}

static void
write_task(struct pen pen, const struct def_task *task)
{
	struct arena *arena = pen.draw->arena;
	struct buf text = {0};

	write_line(&pen, DRAW_ICON_PERSON, task_text(arena, task));
	pen.style = DRAW_NOTE;
	pen.indent += 16;
	if (task->title != NULL)
		write_line(
		    &pen, DRAW_ICON_BARE, draw_text_of(arena, task->title));
	for (size_t i = 0; i < task->exclude_count; i++)
		buf_addf(&text, "%s%.*s",
		    i > 0 ? ", " : "but not: ", STR_ARG(task->exclude[i]));
	write_line(&pen, DRAW_ICON_BARE, arena_str(arena, buf_str(&text)));
	buf_clear(&text);
	for (size_t i = 0; says_more(task->choices, task->choice_count) &&
			   i < task->choice_count;
	     i++)
		buf_addf(&text, "%s%.*s",
		    i > 0 ? ", " : "choices: ", STR_ARG(task->choices[i]));
	write_line(&pen, DRAW_ICON_BARE, arena_str(arena, buf_str(&text)));
	buf_fini(&text);
	if (task->due.kind != SPAN_NONE)
		write_line(&pen, DRAW_ICON_BARE,
		    arena_strf(
			arena, "due in %.*s", STR_ARG(span_text(&task->due))));
}

bool
draw_label_is_inside(const struct def_transition *transition)
{
	const struct def_state *source = transition->source, *target;

	if (transition->targets.count == 0)
		return true;
	target = transition->targets.items[0];
	return transition->targets.count == 1 && target->child_count > 0 &&
	       (target == source || (target->kind == STATE_PARALLEL &&
					def_state_contains(target, source)));
}

static struct str
inside_text(struct draw *draw, const struct def_transition *transition)
{
	struct str text = transition_text(draw, transition);
	const char *on =
	    transition->after.kind == SPAN_NONE && transition->event.bytes > 0
		? "on "
		: "";

	if (transition->targets.count == 0)
		return arena_strf(
		    draw->arena, "%s%.*s: stays", on, STR_ARG(text));
	return arena_strf(draw->arena, "%s%.*s: begins %.*s anew", on,
	    STR_ARG(text), STR_ARG(transition->targets.items[0]->name));
}

static void
write_inside(struct pen pen, const struct def_transitions *transitions)
{
	for (size_t i = 0; i < transitions->count; i++) {
		const struct def_transition *transition = transitions->items[i];
		struct pen inner = pen;

		if (!draw_label_is_inside(transition))
			continue;
		inner.style = DRAW_NOTE;
		write_line(&inner, transition_icon(transition),
		    inside_text(pen.draw, transition));
		inner.indent += INDENT;
		write_steps(inner, &transition->steps, 0);
		write_compensate(
		    &inner, transition->compensate, transition->compensate_to);
	}
}

static void
write_escalations(struct pen pen, const struct def_state *state)
{
	pen.style = DRAW_NOTE;
	for (size_t i = 0; i < state->escalation_count; i++)
		if (state->escalations[i].target == NULL)
			write_line(&pen, DRAW_ICON_BELL,
			    escalation_text(pen.draw, &state->escalations[i]));
}

void
draw_label_within(struct draw *draw, struct draw_box *box)
{
	struct pen pen = {draw, &box->lines, DRAW_AKA, 0, 1};

	box->lines.width_max = BOX_WIDTH;
	write_line(&pen, DRAW_ICON_BARE, STR("in any of these"));
	box->area = draw_text_extent(&box->lines);
	box->area.width += 12 * DRAW_POINT;
	box->area.height += 6 * DRAW_POINT;
}

void
draw_label_state(struct draw *draw, struct draw_box *box)
{
	const struct def_state *state = box->state;
	struct pen pen = {draw, &box->lines, DRAW_STEP, 0, 3};

	must(state != NULL);
	box->lines.width_max = BOX_WIDTH;
	write_name(pen, state);
	write_compensate(&pen, state->compensate, state->compensate_to);
	write_steps(pen, &state->entry, 0);
	if (state->task != NULL)
		write_task(pen, state->task);
	write_escalations(pen, state);
	write_inside(pen, &state->on);
	write_inside(pen, &state->always);
	write_inside(pen, &state->after);
	if (state->exit.count > 0) {
		pen.style = DRAW_NOTE;
		write_line(&pen, DRAW_ICON_BARE, STR("on leaving:"));
		pen.indent += INDENT;
		write_steps(pen, &state->exit, 0);
	}
}
