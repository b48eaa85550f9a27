/* SPDX-License-Identifier: Apache-2.0 */
/* case_trace.c: what comes of a step, as lines that people read. */
#include "case.h"

#include "stated/json.h"

#include <stdarg.h>

static void
begin_line(struct play *play)
{
	buf_add_cstr(play->out, "    ");
}

void
trace_line(struct play *play, const char *format, ...)
{
	va_list arguments;

	begin_line(play);
	va_start(arguments, format);
	buf_addv(play->out, format, arguments);
	va_end(arguments);
	buf_add_char(play->out, '\n');
}

void
trace_complain(struct play *play, const char *format, ...)
{
	va_list arguments;

	play->complaints++;
	begin_line(play);
	buf_add_cstr(play->out, "! ");
	va_start(arguments, format);
	buf_addv(play->out, format, arguments);
	va_end(arguments);
	buf_add_char(play->out, '\n');
}

/* "Fri 2026-11-20 09:30:00", with milliseconds where there are any. */
void
trace_instant(struct buf *out, int64_t ms)
{
	static const char days[][4] = {
	    "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	char text[CLOCK_TEXT_BYTES];
	struct str instant;

	if (ms == INT64_MAX) {
		buf_add_cstr(out, "never");
		return;
	}
	instant = clock_format(ms, text);
	buf_addf(out, "%s %.10s %.8s", days[ms / 86400000 % 7], instant.at,
	    instant.at + 11);
	if (ms % 1000 != 0)
		buf_addf(out, ".%03d", (int)(ms % 1000));
}

/* ---- words ---- */

static bool
needs_quotes(struct str text)
{
	if (text.bytes == 0)
		return true;
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] == ' ' || text.at[i] == '"' || text.at[i] == '=')
			return true;
	return false;
}

/* K1, K2, … */
static size_t
key_number(struct play *play, struct str key)
{
	for (size_t i = 0; i < play->key_count; i++)
		if (str_equal(play->keys[i], key))
			return i + 1;
	must(play->key_count < CASE_KEYS_MAX);
	play->keys[play->key_count++] = arena_str(play->arena, key);
	return play->key_count;
}

static bool
is_made_key(struct str key)
{
	return key.bytes == 36 && key.at[8] == '-' && key.at[14] == '8';
}

static void
put_key(struct play *play, struct str key)
{
	if (is_made_key(key))
		buf_addf(play->out, "K%zu", key_number(play, key));
	else
		buf_addf(play->out, "%.*s", STR_ARG(key));
}

/* The text with the instance's identifier as ID. */
static void
put_text(struct play *play, struct str text)
{
	char id[CHART_ID_BYTES];
	struct str own = chart_id_format(
	    (struct chart_identity){.number = chart_number(play->chart)}, id);
	size_t at;

	while ((at = str_find(text, own)) != SIZE_MAX) {
		buf_add_str(play->out, str_slice(text, 0, at));
		buf_add_cstr(play->out, "ID");
		text = str_slice(text, at + own.bytes, text.bytes);
	}
	buf_add_str(play->out, text);
}

static void
put_value(struct play *play, const struct value *value)
{
	struct buf json = {0};
	int64_t instant_ms;

	if (value->type == VALUE_STRING &&
	    clock_parse(value->as.string, &instant_ms)) {
		trace_instant(play->out, instant_ms);
		return;
	}
	if (value->type == VALUE_STRING && !needs_quotes(value->as.string)) {
		put_text(play, value->as.string);
		return;
	}
	json_write(value, JSON_PLAIN, &json);
	put_text(play, buf_str(&json));
	buf_fini(&json);
}

/* ---- records ---- */

static bool
is_hidden(const struct play *play, struct str kind)
{
	return str_is_among(kind, play->hidden, play->hidden_count);
}

static bool
is_envelope(struct str key)
{
	return str_equal(key, STR("kind")) || str_equal(key, STR("time")) ||
	       str_equal(key, STR("instance")) ||
	       str_equal(key, STR("definition")) ||
	       str_equal(key, STR("decision_digest")) ||
	       str_equal(key, STR("calendar_digest")) ||
	       str_equal(key, STR("environment"));
}

static void
trace_record(struct play *play, const struct value *record)
{
	struct str kind = value_field_str(record, "kind");

	if (is_hidden(play, kind))
		return;
	begin_line(play);
	buf_addf(play->out, ". %.*s", STR_ARG(kind));
	for (size_t i = 0; i < record->as.context.count; i++) {
		const struct value_field *field = &record->as.context.fields[i];

		if (is_envelope(field->key))
			continue;
		buf_addf(play->out, " %.*s=", STR_ARG(field->key));
		if (str_equal(field->key, STR("key")))
			put_key(play, value_str(field->value));
		else
			put_value(play, field->value);
	}
	buf_add_char(play->out, '\n');
}

/* ---- effects ---- */

static void
trace_call(struct play *play, const struct chart_effect *effect)
{
	begin_line(play);
	buf_addf(play->out, "-> call %.*s ", STR_ARG(effect->call->target));
	put_value(play, effect->args);
	buf_add_cstr(play->out, " key ");
	put_key(play, effect->key);
	buf_addf(play->out, " attempt %lld", (long long)effect->attempt);
	if (effect->priority != PRIORITY_NORMAL)
		buf_addf(play->out, " priority %.*s",
		    STR_ARG(def_priority_name(effect->priority)));
	buf_add_char(play->out, '\n');
}

static void
trace_published(struct play *play, const struct chart_effect *effect)
{
	begin_line(play);
	buf_addf(play->out, "-> publish %.*s for ", STR_ARG(effect->type));
	put_text(play, effect->subject);
	buf_add_char(play->out, ' ');
	put_value(play, effect->data ? effect->data : &value_null);
	buf_add_char(play->out, '\n');
}

static void
trace_item(struct play *play, const struct chart_effect *effect)
{
	static const char *const kinds[] = {
	    [CHART_TASK] = "task",
	    [CHART_INCIDENT] = "incident",
	    [CHART_PROPOSAL] = "proposal",
	    [CHART_ESCALATION] = "escalation",
	};

	begin_line(play);
	buf_addf(play->out, "-> %s %s", kinds[effect->item],
	    effect->open ? "open" : "closed");
	if (effect->owner.at != NULL)
		buf_addf(play->out, " for %.*s", STR_ARG(effect->owner));
	buf_add_char(play->out, '\n');
}

static void
trace_run(struct play *play, const struct chart_effect *effect)
{
	begin_line(play);
	buf_addf(play->out, "-> run %.*s ", STR_ARG(effect->workflow));
	put_value(play, effect->data);
	buf_addf(play->out, "%s\n", effect->waits ? "" : " without waiting");
}

static void
trace_report(struct play *play, const struct chart_effect *effect)
{
	begin_line(play);
	buf_addf(play->out, "-> report to %llu.%llu: %.*s in %.*s\n",
	    (unsigned long long)effect->awaiter.number,
	    (unsigned long long)effect->awaiter.serial,
	    STR_ARG(chart_status_name(effect->end.status)),
	    STR_ARG(effect->end.state));
}

static void
trace_effect(struct play *play, const struct chart_effect *effect)
{
	switch (effect->kind) {
	case DO_CALL:
		trace_call(play, effect);
		break;
	case DO_PUBLISH:
		trace_published(play, effect);
		break;
	case DO_PUT_ITEM:
		trace_item(play, effect);
		break;
	case DO_LOG:
		begin_line(play);
		buf_addf(play->out, "-> log %.*s: ", STR_ARG(effect->level));
		put_text(play, effect->message);
		buf_add_char(play->out, '\n');
		break;
	case DO_RUN:
		trace_run(play, effect);
		break;
	case DO_CANCEL_RUN:
		trace_line(play, "-> cancel run %llu%s",
		    (unsigned long long)effect->child,
		    effect->compensate ? ", undoing" : "");
		break;
	case DO_REPORT:
		trace_report(play, effect);
		break;
	case DO_FORGET:
		trace_line(play, "-> forget events %.*s for %.*s",
		    STR_ARG(effect->type), STR_ARG(effect->subject));
		break;
	}
}

void
trace_effects(struct play *play, const struct chart_effects *effects)
{
	for (size_t i = 0; i < effects->record_count; i++)
		trace_record(play, effects->records[i]);
	for (size_t i = 0; i < effects->count; i++)
		if (!is_hidden(play, STR("effects")))
			trace_effect(play, &effects->items[i]);
	if (effects->event_fate.at != NULL)
		trace_line(
		    play, "the event is %.*s", STR_ARG(effects->event_fate));
	if (effects->refusal != REFUSED_NOT)
		trace_line(play, "refused: %.*s",
		    STR_ARG(chart_refusal_name(effects->refusal)));
}

void
trace_status(struct play *play)
{
	const struct chart *chart = play->chart;
	struct str states = chart_state_names(chart, play->arena);

	begin_line(play);
	buf_addf(play->out, "= %.*s in %.*s",
	    STR_ARG(chart_status_name(chart_status(chart))), STR_ARG(states));
	if (chart_incident_count(chart) > 0)
		buf_addf(
		    play->out, ", incidents: %zu", chart_incident_count(chart));
	if (chart_due_ms(chart) != 0) {
		buf_add_cstr(play->out, ", due ");
		trace_instant(play->out, chart_due_ms(chart));
	}
	buf_add_char(play->out, '\n');
}

/* A field of the description; lists one item a line. */
void
trace_show(struct play *play, struct str field)
{
	const struct value *value =
	    value_get(chart_describe(play->chart, play->arena), field);
	size_t count;

	if (value == NULL)
		value = &value_null;
	if (value->type != VALUE_LIST) {
		begin_line(play);
		put_value(play, value);
		buf_add_char(play->out, '\n');
		return;
	}
	count = value->as.list.count;
	if (count == 0)
		trace_line(play, "none");
	for (size_t i = 0; i < count; i++) {
		begin_line(play);
		put_value(play, value->as.list.items[i]);
		buf_add_char(play->out, '\n');
	}
}
