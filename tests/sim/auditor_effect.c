/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditor_effect.c: what leaves the engine, and what endpoints make of it.
 */
#include "auditor_priv.h"

#include <stdio.h>

#define BRIEF_MS (60 * 1000) /* how long OPERATION_BRIEF knows a key */

enum nature { NATURE_KEYED, NATURE_BRIEF, NATURE_BARE, NATURE_FIND,
	NATURE_FREE };

static const struct {
	const char *name;
	enum nature nature;
	int side;
} operations[OPERATION_COUNT] = {
    [OPERATION_PUT] = {"put", NATURE_KEYED, DOING},
    [OPERATION_BRIEF] = {"brief", NATURE_BRIEF, DOING},
    [OPERATION_ONCE] = {"once", NATURE_BARE, DOING},
    [OPERATION_UNDO] = {"undo", NATURE_KEYED, UNDOING},
    [OPERATION_UNONCE] = {"unonce", NATURE_BARE, UNDOING},
    [OPERATION_FIND] = {"find", NATURE_FIND, DOING},
    [OPERATION_FINDUN] = {"findun", NATURE_FIND, UNDOING},
    [OPERATION_ASK] = {"ask", NATURE_FREE, DOING},
    [OPERATION_PAGE] = {"page", NATURE_FREE, DOING},
    [OPERATION_TOKEN] = {"token", NATURE_FREE, DOING},
};

bool
auditor_operation_parse(struct str name, enum auditor_operation *operation)
{
	for (int i = 0; i < OPERATION_COUNT; i++)
		if (str_equal(name, str_of(operations[i].name))) {
			*operation = (enum auditor_operation)i;
			return true;
		}
	return false;
}

bool
auditor_take_int(const struct value *body, const char *name, int64_t *out)
{
	const struct value *value = value_field_or_null(body, name);
	struct buf text = {0};
	bool is_int;

	json_write(value, JSON_PLAIN, &text);
	is_int = str_parse_int(buf_str(&text), 0, INT64_MAX, out);
	buf_fini(&text);
	return is_int;
}

bool
auditor_body_parse(
    struct arena *arena, const struct value *body, struct auditor_call *call)
{
	struct json_error error;

	if (body->type == VALUE_STRING)
		body = json_read(arena, body->as.string, &error);
	if (body == NULL)
		return false;
	call->key = value_field_str(body, "key");
	if (call->operation == OPERATION_PAGE)
		return true;
	call->k = value_field_str(body, "k");
	call->at = value_field_str(body, "at");
	call->ref = value_field_str(body, "ref");
	return call->k.bytes > 0 && call->at.bytes > 0 &&
	       auditor_take_int(body, "v", &call->v) &&
	       auditor_take_int(body, "i", &call->i);
}

bool
auditor_call_parse(struct arena *arena, struct str url, struct str body,
    struct auditor_call *call)
{
	struct str path = url;
	struct json_error error;
	const struct value *value;

	*call = (struct auditor_call){.v = 0};
	while (str_find(path, STR("/")) != SIZE_MAX)
		(void)str_split(path, '/', &path);
	if (!auditor_operation_parse(path, &call->operation))
		return false;
	if (call->operation == OPERATION_TOKEN)
		return true;
	value = json_read(arena, body, &error);
	return value != NULL && auditor_body_parse(arena, value, call);
}

struct str
auditor_call_name(struct arena *arena, const struct auditor_call *call)
{
	return arena_strf(arena, "%s %.*s %.*s %lld %lld %.*s",
	    operations[call->operation].name, STR_ARG(call->k),
	    STR_ARG(call->at), (long long)call->v, (long long)call->i,
	    STR_ARG(call->key));
}

/* ---- effects ---- */

static struct str
latest_name(struct arena *arena, struct str k, struct str at, int64_t i)
{
	return arena_strf(arena, "%.*s %.*s %lld", STR_ARG(k), STR_ARG(at),
	    (long long)i);
}

struct effect *
auditor_latest(
    struct auditor *auditor, struct str k, struct str at, int64_t i)
{
	return map_find(
	    auditor->latest, latest_name(auditor->scratch, k, at, i));
}

struct effect *
auditor_effect_of(struct auditor *auditor, const struct auditor_call *call)
{
	struct arena *arena = auditor->arena;
	struct str name = arena_strf(auditor->scratch, "%.*s %.*s %lld %lld",
	    STR_ARG(call->k), STR_ARG(call->at), (long long)call->v,
	    (long long)call->i);
	struct effect *effect = map_find(auditor->effects, name);

	if (effect != NULL)
		return effect;
	effect = ARENA_NEW(arena, struct effect);
	effect->k = arena_str(arena, call->k);
	effect->at = arena_str(arena, call->at);
	effect->v = call->v;
	effect->i = call->i;
	map_put(auditor->effects, name, effect);
	map_put(auditor->latest,
	    latest_name(auditor->scratch, call->k, call->at, call->i), effect);
	return effect;
}

/* ---- what leaves ---- */

/* The intent is durable, and was not used up by an earlier request; when it
 * was recorded. */
static int64_t
take_intent(struct auditor *auditor, const struct auditor_call *call)
{
	struct life *life = auditor_life_of(auditor, call->k);
	struct str name = auditor_call_name(auditor->scratch, call);
	struct count *intent;

	CHECK(auditor, life != NULL, "call of nobody",
	    "a call of no durable instance went out: %.*s", STR_ARG(name));
	intent = auditor_count(auditor, life->intents, name);
	CHECK(auditor, intent->n > 0, "call before its intent",
	    "it went out before that was durable: %.*s", STR_ARG(name));
	intent->n--;
	return intent->at_ms;
}

/* One key, one thing; one thing, one key. */
static void
check_key(struct auditor *auditor, const struct auditor_call *call,
    struct side *side)
{
	struct side *other;

	CHECK(auditor, call->key.bytes > 0, "no key",
	    "%.*s of %.*s went out without a key", STR_ARG(call->at),
	    STR_ARG(call->k));
	other = map_find(auditor->keys, call->key);
	CHECK(auditor, other == NULL || other == side, "a key for two",
	    "%.*s of %.*s has the key of another call", STR_ARG(call->at),
	    STR_ARG(call->k));
	if (other == NULL)
		map_put(auditor->keys, call->key, side);
	CHECK(auditor,
	    side->key.bytes == 0 || str_equal(side->key, call->key),
	    "another key", "%.*s of %.*s was sent again under another key",
	    STR_ARG(call->at), STR_ARG(call->k));
	side->key = arena_str(auditor->arena, call->key);
}

static void
check_undo(struct auditor *auditor, const struct auditor_call *call,
    const struct effect *effect)
{
	const struct life *life = auditor_life_of(auditor, call->k);
	bool is_meant = false;

	CHECK(auditor, effect->sides[DOING].times > 0, "undone, not done",
	    "%.*s of %.*s is undone and was not done", STR_ARG(call->at),
	    STR_ARG(call->k));
	CHECK(auditor, str_equal(call->ref, str_of(effect->ref)),
	    "undone otherwise",
	    "%.*s of %.*s is undone with %.*s, and was done as %s",
	    STR_ARG(call->at), STR_ARG(call->k), STR_ARG(call->ref),
	    effect->ref);
	for (size_t i = 0; i < life->depth; i++)
		is_meant |= life->stack[i].effect == effect &&
			    life->stack[i].undoing;
	CHECK(auditor, is_meant, "undone out of order",
	    "%.*s (%lld) of %.*s is undone, but it is another's turn",
	    STR_ARG(call->at), (long long)call->i, STR_ARG(call->k));
}

/* What can't be told from a first request is never sent twice, unless it is
 * known not to have been done. */
static void
check_repetition(struct auditor *auditor, const struct auditor_call *call,
    const struct side *side, int64_t age_ms)
{
	enum nature nature = operations[call->operation].nature;

	if (side->known == SIDE_CLEAR)
		return;
	CHECK(auditor, nature != NATURE_BARE, "sent twice",
	    "%s of %.*s (%.*s, item %lld) was sent again, and %s",
	    operations[call->operation].name, STR_ARG(call->k),
	    STR_ARG(call->at), (long long)call->i,
	    side->known == SIDE_DONE ? "was told to be done"
				     : "may have been done");
	CHECK(auditor,
	    nature != NATURE_BRIEF || age_ms < BRIEF_MS,
	    "sent under a dead key",
	    "%.*s of %.*s was sent again %lld ms after the first time",
	    STR_ARG(call->at), STR_ARG(call->k), (long long)age_ms);
}

void
auditor_sent(struct auditor *auditor, const struct auditor_call *call)
{
	enum nature nature = operations[call->operation].nature;
	struct effect *effect;
	struct side *side;
	int64_t at_ms;

	if (call->operation == OPERATION_TOKEN ||
	    call->operation == OPERATION_PAGE)
		return;
	at_ms = take_intent(auditor, call);
	CHECK(auditor, !auditor->is_paused || at_ms <= auditor->paused_ms,
	    "sent while paused",
	    "%.*s of %.*s went out, and was asked for after the pause",
	    STR_ARG(call->at), STR_ARG(call->k));
	if (nature == NATURE_FIND || nature == NATURE_FREE)
		return;
	effect = auditor_effect_of(auditor, call);
	side = &effect->sides[operations[call->operation].side];
	check_key(auditor, call, side);
	if (side == &effect->sides[UNDOING])
		check_undo(auditor, call, effect);
	check_repetition(auditor, call, side, at_ms - side->doubted_ms);
	side->was_in_doubt = side->known != SIDE_CLEAR;
	if (side->known == SIDE_CLEAR)
		side->doubted_ms = at_ms;
	if (side->known != SIDE_DONE)
		side->known = SIDE_IN_DOUBT;
}

/* ---- what endpoints do ---- */

static bool
honours_key(enum nature nature)
{
	return nature == NATURE_KEYED || nature == NATURE_BRIEF;
}

void
auditor_do(struct auditor *auditor, const struct auditor_call *call)
{
	enum nature nature = operations[call->operation].nature;
	struct effect *effect;
	struct side *side;

	if (nature == NATURE_FIND || nature == NATURE_FREE)
		return;
	effect = auditor_effect_of(auditor, call);
	side = &effect->sides[operations[call->operation].side];
	if (side->times > 0 && honours_key(nature))
		return; /* the same key: check_key() */
	side->times++;
	CHECK(auditor, side->times == 1, "done twice",
	    "%s: %.*s of %.*s (item %lld) happened twice",
	    operations[call->operation].name, STR_ARG(call->at),
	    STR_ARG(call->k), (long long)call->i);
	if (side == &effect->sides[DOING]) {
		(void)snprintf(effect->ref, sizeof(effect->ref), "R%d",
		    ++auditor->ref_last);
		map_put(auditor->refs, str_of(effect->ref), effect);
	}
}

const char *
auditor_ref(struct auditor *auditor, const struct auditor_call *call)
{
	return auditor_effect_of(auditor, call)->ref;
}

bool
auditor_is_done(struct auditor *auditor, const struct auditor_call *call)
{
	int side = operations[call->operation].side;

	return auditor_effect_of(auditor, call)->sides[side].times > 0;
}

void
auditor_told(struct auditor *auditor, const struct auditor_call *call,
    enum auditor_word word)
{
	enum nature nature = operations[call->operation].nature;
	struct side *side;

	if (nature == NATURE_FREE || word == SAID_NOTHING)
		return;
	side = &auditor_effect_of(auditor, call)
		    ->sides[operations[call->operation].side];
	if (word == SAID_DONE)
		side->known = SIDE_DONE;
	else if (nature == NATURE_FIND || !side->was_in_doubt)
		side->known = SIDE_CLEAR;
}
