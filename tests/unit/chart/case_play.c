/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case_play.c: what can happen in a case: one function a verb.
 *
 *	start [by WHO] [priority P] [for NUMBER.SERIAL] {input}
 *	reply CALL done {response}
 *	reply CALL not-done CODE [transient] [put-off] [retry-after 5s]
 *	reply CALL unknown|done-with-error CODE
 *	send CALL              its intent, after "hold calls"
 *	event TYPE for SUBJECT {data}
 *	decide CHOICE [by WHO] {form} [because WORDS]
 *	settle HOW [by WHO] {result}
 *	acknowledge [LEVEL] [by WHO]
 *	cancel [undoing] [by WHO], suspend [by WHO], resume [by WHO]
 *	cancel [undoing] for NUMBER.SERIAL   since what waits for it was left
 *	settle or cancel … alone   without the second person, "in a hurry"
 *	confirm, reject, look by WHO   at what was proposed, or done alone
 *	advance SPAN           waking whenever the instance wants to
 *	sleep SPAN             as if the engine had stood still meanwhile
 *	crash                  what was under way is lost
 *	child WORKFLOW OUTCOME [in STATE] {output}   it has ended
 *	refuse WORKFLOW        its next start is refused
 *	find WORKFLOW          its next start finds one that was there
 *	await for NUMBER.SERIAL   another instance waits for this one
 *	roles WHO ROLE…        from then on roles are checked
 *	delegate ROLE by WHO to WHOM
 *	hold calls, hide KIND…, show FIELD
 */
#include "case.h"

#include "stated/json.h"

#include <stdlib.h>

#define WAKES_MAX 200

/* ---- reading a line ---- */

static struct command
parse_command(struct str line)
{
	struct command command = {.count = 0};
	size_t brace = str_find(line, STR("{"));

	if (brace != SIZE_MAX) {
		command.json = str_slice(line, brace, line.bytes);
		line = str_slice(line, 0, brace);
	}
	line = str_trim(line);
	while (line.bytes > 0 && command.count < CASE_WORDS_MAX) {
		struct str rest;

		command.words[command.count++] = str_split(line, ' ', &rest);
		line = str_trim(rest);
	}
	return command;
}

struct str
play_word(const struct command *command, size_t i)
{
	return i < command->count ? command->words[i] : (struct str){NULL, 0};
}

bool
play_has_word(const struct command *command, const char *word)
{
	for (size_t i = 1; i < command->count; i++)
		if (str_equal(command->words[i], str_of(word)))
			return true;
	return false;
}

struct str
play_word_after(const struct command *command, const char *word)
{
	for (size_t i = 1; i + 1 < command->count; i++)
		if (str_equal(command->words[i], str_of(word)))
			return command->words[i + 1];
	return (struct str){NULL, 0};
}

const struct value *
play_json(struct play *play, const struct command *command)
{
	struct json_error error;
	const struct value *value;

	if (command->json.at == NULL)
		return NULL;
	value = json_read(play->arena, command->json, &error);
	if (value == NULL)
		trace_complain(play, "bad JSON: %s", error.message);
	return value;
}

static int64_t
span_ms(struct play *play, struct str text)
{
	struct def_span span;

	if (def_span_parse(text, &span) && span.kind == SPAN_FIXED)
		return span.fixed_ms;
	trace_complain(play, "no span of time: %.*s", STR_ARG(text));
	return 0;
}

static struct chart_actor
actor_of(const struct play *play, const struct command *command)
{
	struct chart_actor actor = {
	    .name = play_word_after(command, "by"),
	    .roles_checked = play->role_count > 0,
	};

	for (size_t i = 0; i < play->role_count; i++)
		if (str_equal(play->roles[i].actor, actor.name)) {
			actor.roles = play->roles[i].roles;
			actor.role_count = play->roles[i].count;
			actor.mandates = play->roles[i].mandates;
			actor.mandate_count = play->roles[i].mandate_count;
		}
	return actor;
}

/* ---- what the engine would do with effects ---- */

static void
add_call(struct play *play, const struct chart_effect *effect)
{
	must(play->call_count < CASE_CALLS_MAX);
	play->calls[play->call_count++] = (struct case_call){
	    .serial = effect->serial,
	    .target = arena_str(play->arena, effect->call->target),
	    .key = arena_str(play->arena, effect->key),
	    .operation = effect->call->operation,
	};
}

static void
send_call(struct play *play, struct case_call *call, bool told)
{
	struct chart_context context = play_context(play);
	struct chart_effects effects = {0};

	if (!chart_call_is_wanted(play->chart, call->serial, play->now_ms)) {
		trace_line(play, "(%.*s is not wanted any more)",
		    STR_ARG(call->target));
		*call = play->calls[--play->call_count];
		return;
	}
	chart_call_sent(play->chart, call->serial, NULL, &context, &effects);
	call->sent = true;
	check_sent(play, call);
	if (told)
		trace_effects(play, &effects);
}

static void
note_item(struct play *play, const struct chart_effect *effect)
{
	const struct value *level = value_get_cstr(effect->body, "level");
	struct case_item *item = NULL;

	for (size_t i = 0; i < play->item_count && item == NULL; i++)
		if (play->items[i].serial == effect->serial)
			item = &play->items[i];
	if (item == NULL) {
		must(play->item_count < CASE_ITEMS_MAX);
		item = &play->items[play->item_count++];
	}
	item->kind = effect->item;
	item->serial = effect->serial;
	item->open = effect->open;
	if (level != NULL && !number_to_int(level->as.number, &item->level))
		item->level = 0;
}

void
play_perform(struct play *play, const struct chart_effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		const struct chart_effect *effect = &effects->items[i];

		if (effect->kind == DO_PUT_ITEM)
			note_item(play, effect);
		if (effect->kind == DO_RUN)
			child_begin(play, effect);
		if (effect->kind != DO_CALL)
			continue;
		add_call(play, effect);
		if (!play->holds_calls)
			send_call(
			    play, &play->calls[play->call_count - 1], false);
	}
}

static void
keep_records(struct play *play, const struct chart_effects *effects)
{
	for (size_t i = 0; i < effects->record_count; i++) {
		play->records = arena_grow(play->arena, play->records,
		    play->record_count, &play->record_capacity,
		    sizeof(*play->records));
		play->records[play->record_count++] =
		    value_copy(play->arena, effects->records[i]);
	}
}

void
play_step(struct play *play, const struct chart_event *event)
{
	struct chart_context context = play_context(play);
	struct chart_effects effects = {0};

	chart_step(play->chart, event, &context, &effects);
	keep_records(play, &effects);
	trace_effects(play, &effects);
	play_perform(play, &effects);
	trace_status(play);
	check_all(play);
}

/* ---- verbs ---- */

static void
do_start(struct play *play, const struct command *command)
{
	struct chart_start start = {
	    .definition = play->definition,
	    .identity = {.number = 1},
	    .input = play_json(play, command),
	    .priority = play_word_after(command, "priority"),
	    .awaiter = child_awaiter(play, command),
	};
	struct chart_event event = {
	    .kind = EV_STARTED, .actor = actor_of(play, command)};
	struct chart_context context = play_context(play);
	struct chart_handle key;

	if (start.input == NULL)
		start.input = &value_null;
	if (!chart_business_key(
		play->definition, start.input, &context, &key)) {
		trace_line(play, "the input gives no business key");
		return;
	}
	start.business_key = key.text;
	chart_free(&play->chart);
	play->call_count = 0;
	play->child_count = 0;
	play->item_count = 0;
	play->doubt_count = 0;
	play->chart = chart_new(&start);
	play_step(play, &event);
}

static struct case_call *
find_call(struct play *play, struct str target)
{
	for (size_t i = 0; i < play->call_count; i++)
		if (str_equal(play->calls[i].target, target))
			return &play->calls[i];
	trace_complain(play, "%.*s is not under way", STR_ARG(target));
	return NULL;
}

static bool
parse_outcome(struct str word, enum outcome_kind *kind)
{
	for (*kind = OUTCOME_DONE; *kind <= OUTCOME_DONE_WITH_ERROR; (*kind)++)
		if (str_equal(outcome_name(*kind), word))
			return true;
	return false;
}

static void
do_reply(struct play *play, const struct command *command)
{
	struct case_call *call = find_call(play, play_word(command, 1));
	struct outcome outcome = {
	    .response = play_json(play, command),
	    .code = command->count > 3 ? play_word(command, 3) : STR("none"),
	    .message = STR("told by the endpoint"),
	    .transient = play_has_word(command, "transient"),
	    .body = &value_null,
	};
	struct chart_event event = {
	    .kind = EV_REPLY_ARRIVED, .outcome = &outcome};

	if (call == NULL)
		return;
	if (!parse_outcome(play_word(command, 2), &outcome.kind))
		trace_complain(play, "no outcome of that name");
	if (play_has_word(command, "retry-after"))
		outcome.retry_after_ms =
		    span_ms(play, play_word_after(command, "retry-after"));
	event.is_put_off = play_has_word(command, "put-off");
	event.serial = call->serial;
	check_replied(play, call, outcome.kind);
	*call = play->calls[--play->call_count];
	play_step(play, &event);
}

static void
do_send(struct play *play, const struct command *command)
{
	struct case_call *call = find_call(play, play_word(command, 1));

	if (call == NULL)
		return;
	send_call(play, call, true);
	trace_status(play);
	check_all(play);
}

static void
do_event(struct play *play, const struct command *command)
{
	struct chart_context context = play_context(play);
	struct chart_event event = {
	    .kind = EV_EVENT_RECEIVED,
	    .actor = actor_of(play, command),
	    .type = play_word(command, 1),
	    .subject = play_word_after(command, "for"),
	    .id = STR("e-1"),
	    .source = STR("bank"),
	    .data = play_json(play, command),
	    .received_ms = play->now_ms,
	};

	if (!chart_takes(play->chart, event.type, event.subject, &context)) {
		trace_line(play, "it is not for this instance");
		return;
	}
	play_step(play, &event);
}

static uint64_t
find_item(struct play *play, enum chart_item_kind kind, int64_t level)
{
	for (size_t i = play->item_count; i-- > 0;)
		if (play->items[i].kind == kind && play->items[i].open &&
		    (level == 0 || play->items[i].level == level))
			return play->items[i].serial;
	return 0;
}

/* What follows "because". */
static struct str
comment_of(struct play *play, const struct command *command)
{
	struct buf text = {0};
	struct str comment = {NULL, 0};
	size_t i = 1;

	while (
	    i < command->count && !str_equal(command->words[i], STR("because")))
		i++;
	if (i >= command->count)
		return comment;
	while (++i < command->count)
		buf_addf(&text, "%s%.*s", text.bytes ? " " : "",
		    STR_ARG(command->words[i]));
	comment = arena_str(play->arena, buf_str(&text));
	buf_fini(&text);
	return comment;
}

static void
do_decide(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_TASK_DECIDED,
	    .actor = actor_of(play, command),
	    .serial = find_item(play, CHART_TASK, 0),
	    .choice = play_word(command, 1),
	    .comment = comment_of(play, command),
	    .data = play_json(play, command),
	};

	play_step(play, &event);
}

static struct str
hurry_of(const struct command *command)
{
	return play_has_word(command, "alone") ? STR("in a hurry")
					       : (struct str){NULL, 0};
}

static void
do_settle(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_INCIDENT_SETTLED,
	    .actor = actor_of(play, command),
	    .serial = find_item(play, CHART_INCIDENT, 0),
	    .comment = comment_of(play, command),
	    .data = play_json(play, command),
	    .break_glass = hurry_of(command),
	};

	if (!chart_settlement_parse(play_word(command, 1), &event.settlement))
		trace_complain(play, "no settlement of that name");
	check_settled(play);
	play_step(play, &event);
}

static void
do_acknowledge(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_ESCALATION_ACKNOWLEDGED,
	    .actor = actor_of(play, command),
	    .comment = comment_of(play, command),
	};
	int64_t level;

	if (!str_parse_int(play_word(command, 1), 1, 99, &level))
		level = 0;
	event.serial = find_item(play, CHART_ESCALATION, level);
	play_step(play, &event);
}

static void
do_cancel(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_CANCELLED,
	    .actor = actor_of(play, command),
	    .awaiter = child_awaiter(play, command),
	    .compensate = play_has_word(command, "undoing"),
	    .comment = comment_of(play, command),
	    .break_glass = hurry_of(command),
	};

	play_step(play, &event);
}

static void
step_proposal(struct play *play, const struct command *command,
    enum chart_event_kind kind)
{
	struct chart_event event = {
	    .kind = kind,
	    .actor = actor_of(play, command),
	    .serial = find_item(play, CHART_PROPOSAL, 0),
	    .comment = comment_of(play, command),
	};

	play_step(play, &event);
}

static void
do_confirm(struct play *play, const struct command *command)
{
	check_settled(play);
	step_proposal(play, command, EV_PROPOSAL_CONFIRMED);
}

static void
do_reject(struct play *play, const struct command *command)
{
	step_proposal(play, command, EV_PROPOSAL_REJECTED);
}

static void
do_look(struct play *play, const struct command *command)
{
	step_proposal(play, command, EV_GLASS_ACKNOWLEDGED);
}

static void
do_suspend(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_SUSPENDED,
	    .actor = actor_of(play, command),
	    .comment = comment_of(play, command),
	};

	play_step(play, &event);
}

static void
do_resume(struct play *play, const struct command *command)
{
	struct chart_event event = {
	    .kind = EV_RESUMED, .actor = actor_of(play, command)};

	play_step(play, &event);
}

static void
wake(struct play *play)
{
	struct chart_event event = {.kind = EV_TIME_PASSED};

	buf_add_cstr(play->out, "    @ ");
	trace_instant(play->out, play->now_ms);
	buf_add_char(play->out, '\n');
	play_step(play, &event);
}

static void
do_advance(struct play *play, const struct command *command)
{
	int64_t until_ms = play->now_ms + span_ms(play, play_word(command, 1));
	int wakes = 0;

	for (;;) {
		int64_t due_ms = play->chart ? chart_due_ms(play->chart) : 0;

		if (due_ms == 0 || due_ms > until_ms)
			break;
		if (++wakes > WAKES_MAX) {
			trace_complain(play, "it wakes without an end");
			break;
		}
		if (due_ms > play->now_ms)
			play->now_ms = due_ms;
		wake(play);
	}
	play->now_ms = until_ms;
}

static void
do_sleep(struct play *play, const struct command *command)
{
	play->now_ms += span_ms(play, play_word(command, 1));
}

static void
do_crash(struct play *play, const struct command *command)
{
	struct chart_event event = {.kind = EV_RECOVERED};
	struct buf bytes = {0};

	(void)command;
	chart_save(play->chart, &bytes);
	chart_free(&play->chart);
	play->chart = chart_load(play->definition,
	    (struct chart_identity){.number = 1}, buf_str(&bytes));
	buf_fini(&bytes);
	must(play->chart != NULL);
	for (size_t i = 0; i < play->call_count; i++)
		if (play->calls[i].sent)
			check_replied(play, &play->calls[i], OUTCOME_UNKNOWN);
	play->call_count = 0;
	play_step(play, &event);
}

static void
do_roles(struct play *play, const struct command *command)
{
	struct case_roles *roles = &play->roles[play->role_count++];

	must(play->role_count <= CASE_ROLES_MAX);
	roles->actor = arena_str(play->arena, play_word(command, 1));
	for (size_t i = 2; i < command->count; i++) {
		must(roles->count < CASE_ROLES_MAX);
		roles->roles[roles->count++] =
		    arena_str(play->arena, command->words[i]);
	}
}

static struct case_roles *
roles_of(struct play *play, struct str actor)
{
	for (size_t i = 0; i < play->role_count; i++)
		if (str_equal(play->roles[i].actor, actor))
			return &play->roles[i];
	must(play->role_count < CASE_ROLES_MAX);
	play->roles[play->role_count].actor = arena_str(play->arena, actor);
	return &play->roles[play->role_count++];
}

static void
do_delegate(struct play *play, const struct command *command)
{
	struct case_roles *roles =
	    roles_of(play, play_word_after(command, "to"));

	must(roles->mandate_count < CASE_ROLES_MAX);
	roles->mandates[roles->mandate_count++] = (struct chart_mandate){
	    .role = arena_str(play->arena, play_word(command, 1)),
	    .from = arena_str(play->arena, play_word_after(command, "by")),
	};
}

static void
do_hold(struct play *play, const struct command *command)
{
	play->holds_calls = str_equal(play_word(command, 1), STR("calls"));
}

static void
do_hide(struct play *play, const struct command *command)
{
	for (size_t i = 1; i < command->count; i++) {
		must(play->hidden_count < CASE_ROLES_MAX);
		play->hidden[play->hidden_count++] =
		    arena_str(play->arena, command->words[i]);
	}
}

static void
do_show(struct play *play, const struct command *command)
{
	trace_show(play, play_word(command, 1));
}

typedef void verb_fn(struct play *play, const struct command *command);
static const struct {
	struct str word;
	verb_fn *perform;
	bool before_start;
} verbs[] = {
    {STR_INIT("start"), do_start, true},
    {STR_INIT("reply"), do_reply, false},
    {STR_INIT("send"), do_send, false},
    {STR_INIT("event"), do_event, false},
    {STR_INIT("decide"), do_decide, false},
    {STR_INIT("settle"), do_settle, false},
    {STR_INIT("acknowledge"), do_acknowledge, false},
    {STR_INIT("cancel"), do_cancel, false},
    {STR_INIT("suspend"), do_suspend, false},
    {STR_INIT("resume"), do_resume, false},
    {STR_INIT("advance"), do_advance, true},
    {STR_INIT("sleep"), do_sleep, true},
    {STR_INIT("crash"), do_crash, false},
    {STR_INIT("child"), child_ends, false},
    {STR_INIT("refuse"), child_is_refused, true},
    {STR_INIT("find"), child_is_found, true},
    {STR_INIT("await"), child_awaited, false},
    {STR_INIT("confirm"), do_confirm, false},
    {STR_INIT("reject"), do_reject, false},
    {STR_INIT("look"), do_look, false},
    {STR_INIT("roles"), do_roles, true},
    {STR_INIT("delegate"), do_delegate, true},
    {STR_INIT("hold"), do_hold, true},
    {STR_INIT("hide"), do_hide, true},
    {STR_INIT("show"), do_show, false},
};

void
play_line(struct play *play, struct str line)
{
	struct command command = parse_command(line);

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!str_equal(verbs[i].word, play_word(&command, 0)))
			continue;
		if (play->chart == NULL && !verbs[i].before_start)
			trace_complain(play, "nothing has been started");
		else
			verbs[i].perform(play, &command);
		return;
	}
	trace_complain(play, "unknown verb");
}

/* ---- beginning and end ---- */

struct chart_context
play_context(struct play *play)
{
	return (struct chart_context){
	    .now_ms = play->now_ms,
	    .arena = play->arena,
	    .rng = &play->rng.rng,
	    .settings = play->settings,
	    .environment = STR("test"),
	};
}

void
play_init(struct play *play, struct arena *arena, struct buf *out)
{
	*play = (struct play){.arena = arena, .out = out};
	play->library = library_new();
	play->settings = value_built(value_build_context(arena));
	rng_seeded_init(&play->rng, 1);
}

void
play_fini(struct play *play)
{
	chart_free(&play->chart);
	library_free(&play->library);
}
