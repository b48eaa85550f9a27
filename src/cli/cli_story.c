/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_story.c: an instance's history as a story, one line a record.
 *
 * Each kind of record has a sentence with its fields in braces; what stands
 * in brackets is left out where one of its fields is not there.  A kind that
 * has no sentence is told by its name, so that a newer engine's history can
 * still be read.
 */
#include "cli_priv.h"

struct sentence {
	const char *kind;
	enum cli_colour colour;
	const char *text;
};

static const struct sentence sentences[] = {
    {"started", COLOUR_BOLD,
	"started {workflow}[ {business_key}][ by {actor}]"},
    {"entered", COLOUR_BOLD, "[{from} ]→ {to}[  on {event}][ of {actor}]"},
    {"step-done", COLOUR_NONE,
	"{step}[ of item {item}] done[: {assigned}]"},
    {"step-skipped", COLOUR_DIM, "{step} skipped"},
    {"step-failed", COLOUR_RED,
	"{step}[ of item {item}] failed: {error.code}, {error.message}"},
    {"call-sent", COLOUR_NONE, "{operation} is called[, attempt {attempt}]"},
    {"call-replied", COLOUR_NONE,
	"{operation}: {outcome}[ ({code}: {message})]"},
    {"call-waiting", COLOUR_DIM, "{operation} waits for {for}[ until {until}]"},
    {"decided", COLOUR_NONE, "{decision} decides: {outcome}[ (rules {rules})]"},
    {"event-received", COLOUR_NONE, "{type} came in[ for {subject}]"},
    {"event-kept", COLOUR_DIM, "{type} is kept until a state takes it"},
    {"event-ignored", COLOUR_DIM, "{type} was set aside[: {reason}]"},
    {"event-emitted", COLOUR_NONE, "published {type}[ for {subject}]"},
    {"deadline-set", COLOUR_DIM,
	"deadline {due}[ ({after} in {state})][ of step {step}]"},
    {"deadline-reached", COLOUR_YELLOW,
	"deadline reached[: {after} in {state}][: {step}]"},
    {"task-opened", COLOUR_NONE, "asked: {title}[ (role {role})]"},
    {"task-decided", COLOUR_GREEN,
	"{actor}[ (for {on_behalf_of})] decided: {choice}"
	"[ ({decisions} of {approvals})]"
	"[, “{comment}”]"},
    {"task-closed", COLOUR_DIM, "the task of {state} is over"},
    {"refused", COLOUR_RED, "refused[ to {actor}]: {detail}"},
    {"escalated", COLOUR_YELLOW,
	"escalated, level {level}, to {to}: {message}"},
    {"escalation-acknowledged", COLOUR_GREEN,
	"{actor} looks after it[, “{comment}”]"},
    {"escalation-closed", COLOUR_DIM, "the escalation of {state} is over"},
    {"notified", COLOUR_NONE, "notice[ to {to}] by {by}[: {reason}]"},
    {"incident-opened", COLOUR_RED, "stands still: {message}"},
    {"incident-resolved", COLOUR_GREEN,
	"settled by {how}[ by {actor}][, “{comment}”]"},
    {"child-started", COLOUR_NONE, "runs {workflow} {child}"},
    {"child-ended", COLOUR_NONE,
	"{workflow}[ ended: {outcome}][ in {state}][ can't be run: {refused}]"},
    {"child-cancelled", COLOUR_YELLOW, "the child of {step} is told to end"},
    {"child-left", COLOUR_NONE, "waits for {child} no more"},
    {"migrated", COLOUR_YELLOW,
	"moved from version {from_version} to {to_version}: {from} → {to}"
	"[ by {actor}][, “{comment}”]"},
    {"attested", COLOUR_GREEN, "attested: {text}"},
    {"compensating", COLOUR_YELLOW, "undoing {step} by {by}"},
    {"compensated", COLOUR_YELLOW, "{step} is undone"},
    {"suspended", COLOUR_YELLOW, "suspended[ by {actor}][, “{comment}”]"},
    {"resumed", COLOUR_GREEN, "resumed[ by {actor}][, “{comment}”]"},
    {"proposed", COLOUR_YELLOW,
	"{actor} proposes to {act}[ {step}]: another person has to confirm it"
	"[, “{comment}”]"},
    {"confirmed", COLOUR_GREEN,
	"{actor} confirms what {proposed_by} proposed: {act}"
	"[, “{comment}”]"},
    {"proposal-rejected", COLOUR_YELLOW,
	"{actor} rejects what {proposed_by} proposed: {act}[, “{comment}”]"},
    {"proposal-lapsed", COLOUR_DIM, "the proposal to {act} has lapsed"},
    {"glass-broken", COLOUR_RED,
	"{actor} does it without a second person: {act}[ {step}], “{reason}”"},
    {"glass-acknowledged", COLOUR_GREEN,
	"{actor} has looked at what {done_by} did alone: {act}"
	"[, “{comment}”]"},
    {"cancelled", COLOUR_YELLOW, "cancelled[ by {actor}][, “{comment}”]"},
    {"ended", COLOUR_BOLD, "ended in {state}: {outcome}"},
    /* also of the journal, which says where */
    {"erased", COLOUR_YELLOW,
	"{fields} erased[ in {erased}][ by {actor}][, “{reason}”]"},
    /* of the journal */
    {"engine-started", COLOUR_BOLD,
	"engine started: {program}, schema {schema}[, restored {restored_at}]"},
    {"engine-stopped", COLOUR_BOLD, "engine stopped"},
    {"definition-published", COLOUR_GREEN,
	"{name} version {version} published[ by {actor}]"},
    {"token-given", COLOUR_YELLOW,
	"token {token} given to {name}[ by {actor}]"},
    {"hold-set", COLOUR_YELLOW,
	"held by {hold}: {scope}[ {label}] {value}[ by {actor}], “{reason}”"},
    {"hold-released", COLOUR_GREEN,
	"{hold} released[ by {actor}], “{reason}”"},
    {"disclosed", COLOUR_YELLOW,
	"what is sensitive in {disclosed} was shown[ to {actor}]"},
    {"purged", COLOUR_YELLOW,
	"{count} purged, with {records} records: {rule}"},
    {"token-revoked", COLOUR_YELLOW, "token {token} taken back[ by {actor}]"},
    {"connection-paused", COLOUR_YELLOW,
	"{connection} paused[ by {actor}][, “{reason}”]"},
    {"connection-resumed", COLOUR_GREEN,
	"{connection} resumed[ by {actor}][, “{reason}”]"},
    {"delegation-given", COLOUR_YELLOW,
	"{to} may act as {role} for {from} until {until}[ in {workflow}]"},
    {"delegation-revoked", COLOUR_YELLOW,
	"{to} may no longer act as {role} for {from}[ (by {actor})]"},
    {"proposal-made", COLOUR_YELLOW, "{actor} proposes to {act} {what}"},
    {"proposal-confirmed", COLOUR_GREEN,
	"{actor} confirms what {proposed_by} proposed: {act} {what}"
	"[, “{comment}”]"},
    {"event-replayed", COLOUR_YELLOW,
	"{type} {event} replayed[ by {actor}]"},
    {"export-begun", COLOUR_NONE,
	"histories leave as {format}, {filter}[, for {actor}]"},
    {"checkpoint-made", COLOUR_GREEN, "checkpoint of {size} turns: {root}"},
    {"access-refused", COLOUR_RED,
	"{route}: {problem}[ for {actor}][, {count}×]"},
    {"sign-in-failed", COLOUR_RED,
	"{route}: {problem}[ from {address}][, {count}×]"},
};

static const struct sentence *
find(struct str kind)
{
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (str_equal(str_of(sentences[i].kind), kind))
			return &sentences[i];
	return NULL;
}

/* "error.code" goes down. */
static const struct value *
field_at(const struct value *record, struct str path)
{
	struct str rest, name = str_split(path, '.', &rest);
	const struct value *value = value_get(record, name);

	while (value != NULL && rest.at != NULL) {
		name = str_split(rest, '.', &rest);
		value = value_get(value, name);
	}
	return value;
}

/* History writes some numbers and dates by their type; people read text. */
static struct str
text_of(struct cli *cli, const struct value *value)
{
	const struct value *plain =
	    value != NULL ? json_untype(cli->arena, value) : NULL;

	return cli_text_of(cli->arena, plain != NULL ? plain : value);
}

static bool
is_instant(struct str name)
{
	return str_equal(name, STR("due")) || str_equal(name, STR("until"));
}

/* A part of a sentence without brackets; false where a field is missing. */
static bool
tell_part(struct cli *cli, const struct value *record, struct str part,
    struct buf *out)
{
	bool is_whole = true;

	while (part.bytes > 0) {
		struct str rest, name;
		struct str plain = str_split(part, '{', &rest);
		const struct value *value;

		buf_add_str(out, plain);
		if (rest.at == NULL)
			break;
		name = str_split(rest, '}', &part);
		value = field_at(record, name);
		is_whole &= value != NULL && value->type != VALUE_NULL;
		buf_add_str(
		    out, value != NULL && is_instant(name) &&
				 value->type == VALUE_STRING
			     ? cli_text_time(cli->arena, value_str(value))
			     : text_of(cli, value));
	}
	return is_whole;
}

struct str
cli_story_fill(struct cli *cli, const struct value *record, struct str text)
{
	struct buf out = {0};
	struct str story;

	while (text.bytes > 0) {
		struct str rest, group;
		struct buf part = {0};

		(void)tell_part(cli, record, str_split(text, '[', &rest), &out);
		if (rest.at == NULL)
			break;
		group = str_split(rest, ']', &text);
		if (tell_part(cli, record, group, &part))
			buf_add(&out, part.at, part.bytes);
		buf_fini(&part);
	}
	story = out.bytes > 0 ? arena_str(cli->arena, buf_str(&out)) : STR("");
	buf_fini(&out);
	return story;
}

struct str
cli_story_tell(struct cli *cli, const struct value *record)
{
	struct str kind = value_field_str(record, "kind");
	struct str time = value_field_str(record, "time");
	const struct sentence *sentence = find(kind);

	return arena_strf(cli->arena, "%.*s  %.*s",
	    STR_ARG(cli_text_time(cli->arena, time)),
	    STR_ARG(sentence != NULL
			? cli_story_fill(cli, record, str_of(sentence->text))
			: cli_text_clean(cli->arena, kind)));
}

/* What went wrong in expressions on the way to the record. */
static void
print_nulls(struct cli *cli, const struct value *nulls)
{
	for (size_t i = 0; nulls->type == VALUE_LIST &&
	     i < nulls->as.list.count; i++) {
		cli_text_paint(cli->out, cli->colours_out, COLOUR_YELLOW,
		    cli_story_fill(cli, nulls->as.list.items[i],
			STR("      `{expression}` gave null[ at column "
			    "{column}]: {reason}")));
		fputc('\n', cli->out);
	}
}

static void
print_record(struct cli *cli, const struct value *record)
{
	struct str kind = value_field_str(record, "kind");
	struct str time = value_field_str(record, "time");
	const struct sentence *sentence = find(kind);

	fprintf(cli->out, "%4.*s  ",
	    STR_ARG(cli_text_of(cli->arena, value_get_cstr(record, "seq"))));
	cli_text_paint(cli->out, cli->colours_out, COLOUR_DIM,
	    cli_text_time(cli->arena, time));
	fputs("  ", cli->out);
	cli_text_paint(cli->out, cli->colours_out,
	    sentence != NULL ? sentence->colour : COLOUR_NONE,
	    sentence != NULL
		? cli_story_fill(cli, record, str_of(sentence->text))
		: cli_text_clean(cli->arena, kind));
	fputc('\n', cli->out);
	print_nulls(cli, value_field_or_null(record, "nulls"));
}

void
cli_story_print(struct cli *cli, const struct value *records)
{
	for (size_t i = 0; i < records->as.list.count; i++)
		print_record(cli, records->as.list.items[i]);
}
