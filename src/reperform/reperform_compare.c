/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reperform_compare.c: a record, and what comes there when it is done again.
 */
#include "reperform_priv.h"

#include "stated/json.h"

#define SHOWN_BYTES_MAX 200

/* ---- which members count ---- */

/* The chain's, which `verify` judges. */
static bool
is_of_chain(struct str key)
{
	return str_equal(key, STR("seq")) || str_equal(key, STR("prev")) ||
	       str_equal(key, STR("hash"));
}

/* What is known of a refusal is that it changed nothing: who may do what is
 * the business of roles, which records don't have. */
static bool
is_taken_as_given(const struct replay *replay, const struct value *recorded,
    struct str key)
{
	if (replay_is(recorded, AUDIT_REFUSED))
		return str_equal(key, STR("reason")) ||
		       str_equal(key, STR("detail"));
	/* They come from this very record; older programs masked less. */
	if (replay_is(recorded, AUDIT_CALL_SENT) &&
	    str_equal(key, STR("request")))
		return true;
	if (replay_is(recorded, AUDIT_CALL_REPLIED) &&
	    str_equal(key, STR("reply")))
		return true;
	/* So are nulls that a digest gave, or what it stands for. */
	if (str_equal(key, STR("nulls")))
		return replay->doubt.at != NULL;
	/* A serial, see chart_serial_of(). */
	if (str_equal(key, STR("proposal")))
		return true;
	/* Keys are made from the database's identity. */
	return replay->world->store == NULL && str_equal(key, STR("key"));
}

/* Members that older programs didn't write: that they are absent says
 * nothing. */
static bool
may_be_absent(const struct value *recorded, struct str key)
{
	static const struct str keys[] = {
	    STR_INIT("body"),
	    STR_INIT("calendar"),
	    STR_INIT("calendar_digest"),
	    STR_INIT("calendar_version"),
	    STR_INIT("compensate"),
	    STR_INIT("decision_digest"),
	    STR_INIT("environment"),
	    STR_INIT("event_time"),
	    STR_INIT("for_others"),
	    STR_INIT("initiator"),
	    STR_INIT("item"),
	    STR_INIT("nulls"),
	    STR_INIT("parent"),
	    STR_INIT("priority"),
	    STR_INIT("response"),
	    STR_INIT("retry_after_ms"),
	    STR_INIT("settings"),
	    STR_INIT("status"),
	    STR_INIT("transient"),
	};

	/* Of notices; what was sent has always had it. */
	if (str_equal(key, STR("key")))
		return !replay_is(recorded, AUDIT_CALL_SENT);
	return str_is_among(key, keys, COUNT_OF(keys));
}

/* An event's id ends with a count of what the instance has asked for, which a
 * call that was withdrawn without a word has raised. */
static bool
is_counted(const struct value *record, struct str key)
{
	return replay_is(record, AUDIT_EVENT_EMITTED) &&
	       str_equal(key, STR("event_id"));
}

static bool
same_but_count(struct str a, struct str b)
{
	struct str rest;

	return str_equal(str_split(a, '/', &rest), str_split(b, '/', &rest));
}

/* What an event is about may be a number, and older programs took that as it
 * was written. */
static bool
is_about(const struct value *record, struct str key)
{
	return replay_is(record, AUDIT_EVENT_EMITTED) &&
	       str_equal(key, STR("subject"));
}

static bool
same_number(struct str a, struct str b)
{
	struct number numbers[2];

	return number_parse(a, &numbers[0]) == NUMBER_OK &&
	       number_parse(b, &numbers[1]) == NUMBER_OK &&
	       number_equal(numbers[0], numbers[1]);
}

static bool
same_text(const struct value *a, const struct value *b)
{
	struct buf texts[2] = {{0}, {0}};
	bool same;

	json_write(a, JSON_CANONICAL, &texts[0]);
	json_write(b, JSON_CANONICAL, &texts[1]);
	same = str_equal(buf_str(&texts[0]), buf_str(&texts[1]));
	buf_fini(&texts[0]);
	buf_fini(&texts[1]);
	return same;
}

/* A short number is masked only where a path leads to it.  Where the definition
 * itself gives it, what comes has the digest without the salt for that. */
static bool
was_short(const struct replay *replay, struct str number, struct str digest)
{
	return str_has_prefix(digest, STR("hmac-sha256:")) &&
	       audit_masked_agrees(number, digest, replay->salt);
}

/* Older programs masked texts and numbers only. */
static bool
was_not_masked(const struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	struct str text;

	if (computed->type != VALUE_STRING ||
	    !audit_masked_is_digest(computed->as.string) ||
	    !chart_sensitive_text(replay->turn, recorded, &text))
		return false;
	return recorded->type == VALUE_NUMBER
	    ? was_short(replay, text, computed->as.string)
	    : audit_masked_agrees(computed->as.string, text, replay->salt);
}

/* Whatever is sensitive is a text in history: its digest. */
static bool
same_masked(const struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	bool is_same =
	    recorded->type == computed->type && same_text(recorded, computed);
	struct str text;

	if (is_same || !replay->seam.has_digests)
		return is_same;
	if (recorded->type != VALUE_STRING)
		return was_not_masked(replay, recorded, computed);
	return chart_sensitive_text(replay->turn, computed, &text) &&
	       (computed->type == VALUE_STRING ||
		   audit_masked_is_digest(recorded->as.string)) &&
	       audit_masked_agrees(recorded->as.string, text, replay->salt);
}

/* Older programs didn't find what was escaped, or a number that was spelled
 * otherwise. */
static bool
same_scalar(const struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	const struct value *again;

	if (same_masked(replay, recorded, computed))
		return true;
	again = chart_masked_again(replay->chart, replay->turn, recorded);
	return again->type == VALUE_STRING &&
	       !str_equal(again->as.string, value_str(recorded)) &&
	       same_masked(replay, again, computed);
}

/* What nobody can know is the same as anything. */
static bool
same_value(const struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	size_t count;

	if (replay->seam.has_digests &&
	    str_find(value_str(computed), STR(CHART_UNKNOWN)) != SIZE_MAX)
		return true;
	if (recorded->type != VALUE_LIST && recorded->type != VALUE_CONTEXT)
		return same_scalar(replay, recorded, computed);
	if (recorded->type != computed->type)
		return false;
	if (recorded->type == VALUE_LIST) {
		count = recorded->as.list.count;
		if (computed->as.list.count != count)
			return false;
		for (size_t i = 0; i < count; i++)
			if (!same_value(replay, recorded->as.list.items[i],
				computed->as.list.items[i]))
				return false;
		return true;
	}
	count = recorded->as.context.count;
	if (computed->as.context.count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct value_field *field =
		    &recorded->as.context.fields[i];
		const struct value *other = value_get(computed, field->key);

		if (other == NULL ||
		    !same_value(replay, field->value, other))
			return false;
	}
	return true;
}

static bool
same_member(const struct replay *replay, const struct value *recorded,
    struct str key, const struct value *a, const struct value *b)
{
	if (a == NULL || b == NULL)
		return a == NULL && b == NULL;
	if (a->type == VALUE_STRING && b->type == VALUE_STRING &&
	    is_counted(recorded, key))
		return same_but_count(a->as.string, b->as.string);
	if (is_about(recorded, key) &&
	    same_number(value_str(a), value_str(b)))
		return true;
	return same_value(replay, a, b);
}

/* The first member that tells them apart; the absent string: none does. */
static struct str
first_difference(const struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	const struct value *sides[2] = {computed, recorded};

	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < sides[side]->as.context.count; i++) {
			struct str key = sides[side]->as.context.fields[i].key;
			const struct value *said = value_get(recorded, key);

			if (is_of_chain(key) ||
			    is_taken_as_given(replay, recorded, key) ||
			    (said == NULL && may_be_absent(recorded, key)) ||
			    same_member(replay, recorded, key, said,
				value_get(computed, key)))
				continue;
			return key;
		}
	}
	return (struct str){NULL, 0};
}

bool
compare_agrees(const struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	return first_difference(replay, recorded, computed).at == NULL;
}

/* ---- what older programs told more than once ---- */

static size_t
transitions_under(const struct replay *replay, const struct value *record)
{
	const struct def_state *state =
	    definition_find_state(chart_definition(replay->chart),
		value_field_str(record, "state"));
	struct str after = value_field_str(record, "after");
	size_t count = 0;

	for (size_t i = 0; state != NULL && i < state->after.count; i++)
		count += str_equal(state->after.items[i]->after.text, after);
	return count;
}

static bool
is_same_deadline(const struct value *a, const struct value *b)
{
	static const char *const keys[] = {
	    "kind", "time", "state", "after", "due"};
	bool same = true;

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		same = same && str_equal(value_field_str(a, keys[i]),
				   value_field_str(b, keys[i]));
	return same;
}

bool
compare_is_repeated(const struct replay *replay, size_t index)
{
	const struct value *const *records = replay->records;
	size_t before = 0;

	if (index >= replay->count ||
	    (!replay_is(records[index], AUDIT_DEADLINE_SET) &&
		!replay_is(records[index], AUDIT_DEADLINE_REACHED)))
		return false;
	while (before < index && is_same_deadline(
				     records[index - before - 1],
				     records[index]))
		before++;
	return before > 0 && before < transitions_under(replay, records[index]);
}

/* ---- in words ---- */

/* Never in the middle of a character. */
static struct str
beginning(struct str text)
{
	size_t bytes = SHOWN_BYTES_MAX;

	while (bytes > 0 && ((uint8_t)text.at[bytes] & 0xc0) == 0x80)
		bytes--;
	return str_slice(text, 0, bytes);
}

static struct str
shown(struct arena *arena, const struct value *value)
{
	struct buf text = {0};
	struct str cut;

	if (value == NULL)
		return STR("nothing");
	json_write(value, JSON_PLAIN, &text);
	cut = buf_str(&text);
	if (cut.bytes > SHOWN_BYTES_MAX)
		cut = arena_strf(arena, "%.*s…",
		    STR_ARG(beginning(cut)));
	cut = arena_str(arena, cut);
	buf_fini(&text);
	return cut;
}

/* "`entered` paid", "`decided` limits": what it is, and about what. */
static struct str
brief(struct arena *arena, const struct value *record)
{
	static const char *const subjects[] = {"to", "decision", "step",
	    "operation", "type", "state", "incident"};
	struct str about = {NULL, 0};

	for (size_t i = 0; i < COUNT_OF(subjects) && about.at == NULL; i++)
		about = value_field_str(record, subjects[i]);
	return arena_strf(arena, "`%.*s`%s%.*s",
	    STR_ARG(value_field_str(record, "kind")), about.at ? " " : "",
	    STR_ARG(about));
}

static struct str
text_of(struct arena *arena, const struct value *record)
{
	struct buf text = {0};
	struct str canonical;

	if (record == NULL)
		return (struct str){NULL, 0};
	json_write(record, JSON_CANONICAL, &text);
	canonical = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return canonical;
}

/* Of what is recorded, and what comes in its place, at least one is there. */
static struct str
sentence(struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	struct arena *arena = replay->arena;
	unsigned long long seq = replay->finding->seq;
	struct str key;

	if (recorded == NULL)
		return arena_strf(arena,
		    "the history ends before record %llu, where %.*s comes "
		    "when it is done again",
		    seq, STR_ARG(brief(arena, computed)));
	if (computed == NULL)
		return arena_strf(arena,
		    "record %llu says %.*s; when it is done again, nothing "
		    "of the kind happens there",
		    seq, STR_ARG(brief(arena, recorded)));
	key = first_difference(replay, recorded, computed);
	if (str_equal(key, STR("kind")) ||
	    !str_equal(value_field_str(recorded, "kind"),
		value_field_str(computed, "kind")))
		return arena_strf(arena,
		    "record %llu says %.*s; when it is done again, %.*s comes "
		    "there",
		    seq, STR_ARG(brief(arena, recorded)),
		    STR_ARG(brief(arena, computed)));
	return arena_strf(arena,
	    "record %llu, %.*s, says `%.*s` is %.*s; when it is done again, "
	    "it is %.*s",
	    seq, STR_ARG(brief(arena, recorded)), STR_ARG(key),
	    STR_ARG(shown(arena, value_get(recorded, key))),
	    STR_ARG(shown(arena, value_get(computed, key))));
}

void
compare_explain(struct replay *replay, const struct value *recorded,
    const struct value *computed)
{
	struct reperform_finding *finding = replay->finding;

	finding->recorded = text_of(replay->arena, recorded);
	finding->computed = text_of(replay->arena, computed);
	if (recorded == NULL && computed == NULL)
		finding->explanation =
		    STR("nothing can be said of where its history stops");
	else
		finding->explanation = sentence(replay, recorded, computed);
}
