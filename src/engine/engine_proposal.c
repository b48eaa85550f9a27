/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_proposal.c: what concerns no one instance and wants a second person.
 *
 * Workflows that are published, where the environment says so, and an event
 * that is delivered again to an instance whose workflow does.  Such a proposal
 * is an item of the installation.  What it asks for is kept as it was asked,
 * and is looked at anew when another person confirms it.
 */
#include "engine_priv.h"

#define PROPOSALS_MAX 100 /* open at a time: each may be long */

enum wish_kind { WISH_PUBLISH, WISH_REPLAY };

struct wish {
	struct standing standing;
	enum wish_kind kind;
	struct str by;
	const struct value *about; /* what lists tell of it: a context */
	struct engine_document *documents; /* WISH_PUBLISH */
	size_t document_count;
	uint64_t event; /* WISH_REPLAY: its number */
};

static struct str
act_of(const struct wish *wish)
{
	return wish->kind == WISH_PUBLISH ? STR("publish") : STR("replay");
}

static const struct wish *
wish_of(const struct standing *item)
{
	return (const struct wish *)(const void *)item;
}

static struct wish *
wish_make(struct engine *engine, struct turn *turn, enum wish_kind kind)
{
	struct wish *wish =
	    standing_make(engine, turn, &engine->wishes, sizeof(*wish));

	wish->kind = kind;
	return wish;
}

/* ---- as a row ---- */

static const struct str nobody = {NULL, 0};

static const struct value *
files_of(const struct wish *wish, struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (size_t i = 0; i < wish->document_count; i++) {
		struct value_builder *file = value_build_context(arena);

		value_put_str(file, "name", wish->documents[i].file);
		value_put_str(file, "text", wish->documents[i].text);
		value_append(list, value_built(file));
	}
	return value_built(list);
}

/* What is over needs the texts no more: what was published is kept. */
static const struct value *
body_of(const struct engine *engine, const struct wish *wish,
    struct str status, struct str closed_by, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "id",
	    engine_item_id(engine, 0, wish->standing.serial, arena));
	value_put_str(built, "act", act_of(wish));
	value_put_str(built, "status", status);
	for (size_t i = 0; i < wish->about->as.context.count; i++)
		value_put(built, wish->about->as.context.fields[i].key,
		    value_copy(
			arena, wish->about->as.context.fields[i].value));
	value_put_str(built, "proposed_by", wish->by);
	value_put_instant(built, "created", wish->standing.created_ms);
	if (wish->standing.ended != 0)
		value_put_str(built, "closed_by", closed_by);
	else if (wish->kind == WISH_PUBLISH)
		value_put(built, STR("files"), files_of(wish, arena));
	return value_built(built);
}

/* Its row, as it is now. */
static const struct value *
put(struct engine *engine, struct turn *turn, const struct wish *wish,
    struct str status, struct str closed_by)
{
	const struct value *body =
	    body_of(engine, wish, status, closed_by, turn->arena);

	standing_put(engine, turn, &wish->standing,
	    (struct store_item){.kind = ITEM_PROPOSAL}, body);
	return body;
}

static void
read_files(struct wish *wish, const struct value *files)
{
	struct arena *arena = wish->standing.arena;
	size_t count =
	    files->type == VALUE_LIST ? files->as.list.count : 0;

	wish->documents = ARENA_ARRAY(arena, count, struct engine_document);
	wish->document_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct value *file = files->as.list.items[i];

		wish->documents[i] = (struct engine_document){
		    .file = arena_str(arena, value_field_str(file, "name")),
		    .text = arena_str(arena, value_field_str(file, "text")),
		};
	}
}

/* What lists tell beside what all proposals have. */
static const char *const about_keys[] = {
    "what", "workflows", "letter", "event"};

static void
read_wish(struct engine *engine, const struct store_item *row,
    const struct value *body)
{
	struct wish *wish =
	    standing_read(&engine->wishes, row, sizeof(*wish));
	struct arena *arena = wish->standing.arena;
	struct value_builder *about = value_build_context(arena);
	int64_t letter;

	wish->kind = str_equal(value_field_str(body, "act"), STR("publish"))
			 ? WISH_PUBLISH
			 : WISH_REPLAY;
	for (size_t i = 0; i < COUNT_OF(about_keys); i++) {
		const struct value *value =
		    value_get_cstr(body, about_keys[i]);

		if (value != NULL)
			value_put(about, str_of(about_keys[i]),
			    value_copy(arena, value));
	}
	wish->about = value_built(about);
	wish->by = arena_str(arena, value_field_str(body, "proposed_by"));
	read_files(wish, value_field_or_null(body, "files"));
	if (str_parse_int(
		value_field_str(body, "letter"), 1, INT64_MAX, &letter))
		wish->event = (uint64_t)letter;
}

enum store_error
proposal_init(struct engine *engine)
{
	return standing_load(
	    engine, &engine->wishes, ITEM_PROPOSAL, read_wish);
}

/* ---- proposing ---- */

static void
refuse(struct turn *turn, const struct request *request,
    enum chart_refusal refusal, struct str detail)
{
	struct engine_reply *reply = turn_reply(turn, request, ENGINE_REFUSED);

	if (reply == NULL)
		return;
	reply->refusal = refusal;
	reply->detail = detail;
}

static void
tell_journal(struct engine *engine, struct turn *turn,
    const struct wish *wish, enum journal_kind kind, struct str actor,
    struct str comment)
{
	struct value_builder *record =
	    journal_begin(engine, turn, kind, actor);

	value_put_int(record, "proposal", (int64_t)wish->standing.serial);
	value_put_str(record, "act", act_of(wish));
	if (kind != JOURNAL_PROPOSAL_MADE)
		value_put_str(record, "proposed_by", wish->by);
	for (size_t i = 0; i < wish->about->as.context.count; i++)
		value_put(record, wish->about->as.context.fields[i].key,
		    value_copy(
			turn->arena, wish->about->as.context.fields[i].value));
	if (comment.at != NULL)
		value_put_str(record, "comment", comment);
	journal_add(engine, record);
}

/* Whether there is room for one of that person; else answered. */
static bool
may_propose(struct engine *engine, struct turn *turn,
    const struct request *request, const struct chart_actor *actor)
{
	if (!chart_person_is_known(actor->name)) {
		refuse(turn, request, REFUSED_EXCLUDED,
		    STR("say who you are: another person has to confirm "
			"this"));
		return false;
	}
	if (standing_forget(engine, &engine->wishes) >= PROPOSALS_MAX) {
		refuse(turn, request, REFUSED_STATE,
		    STR("too many proposals are open: confirm or reject some "
			"first"));
		return false;
	}
	return true;
}

static void
finish(struct engine *engine, struct turn *turn, const struct request *request,
    struct wish *wish, const struct chart_actor *actor)
{
	const struct value *body;
	struct engine_reply *reply;

	wish->by = arena_str(wish->standing.arena, actor->name);
	tell_journal(
	    engine, turn, wish, JOURNAL_PROPOSAL_MADE, wish->by, nobody);
	body = put(engine, turn, wish, STR("proposed"), nobody);
	reply = turn_reply(turn, request, ENGINE_PROPOSED);
	if (reply == NULL)
		return;
	reply->proposal = wish->standing.serial;
	reply->view = body;
}

/* "payment 4, refund 2": those that would be new. */
static struct str
names_of(struct turn *turn, const struct value *items)
{
	struct buf names = buf_in(turn->arena);

	for (size_t i = 0; i < items->as.list.count; i++) {
		const struct value *item = items->as.list.items[i];

		if (!value_is_true(value_field_or_null(item, "new")))
			continue;
		buf_addf(&names, "%s%.*s %lld", names.bytes > 0 ? ", " : "",
		    STR_ARG(value_field_str(item, "name")),
		    (long long)value_field_int(item, "version"));
	}
	return buf_keep(&names);
}

void
proposal_publish(struct engine *engine, struct turn *turn,
    struct request *request, const struct value *items)
{
	const struct engine_publish *publish = &request->publish;
	struct value_builder *about;
	struct wish *wish;
	struct arena *arena;

	if (!may_propose(engine, turn, request, &publish->actor))
		return;
	wish = wish_make(engine, turn, WISH_PUBLISH);
	arena = wish->standing.arena;
	wish->documents =
	    ARENA_ARRAY(arena, publish->count, struct engine_document);
	wish->document_count = publish->count;
	for (size_t i = 0; i < publish->count; i++)
		wish->documents[i] = (struct engine_document){
		    .file = arena_str(arena, publish->documents[i].file),
		    .text = arena_str(arena, publish->documents[i].text),
		};
	about = value_build_context(arena);
	value_put_str(about, "what", names_of(turn, items));
	value_put(about, STR("workflows"), value_copy(arena, items));
	wish->about = value_built(about);
	finish(engine, turn, request, wish, &publish->actor);
}

/* The same event is proposed once. */
static const struct wish *
find_replay(const struct engine *engine, uint64_t event)
{
	for (const struct standing *item = engine->wishes.first; item != NULL;
	     item = item->next) {
		const struct wish *wish = wish_of(item);

		if (wish->kind == WISH_REPLAY && wish->event == event &&
		    item->ended == 0)
			return wish;
	}
	return NULL;
}

void
proposal_replay(struct engine *engine, struct turn *turn,
    struct request *request, const struct chart_event *event,
    struct str subject)
{
	const struct wish *there = find_replay(engine, request->number);
	struct value_builder *about, *told;
	struct wish *wish;
	struct arena *arena;

	if (there != NULL) {
		refuse(turn, request, REFUSED_STATE,
		    arena_strf(turn->arena,
			"%.*s has proposed this already: confirm or reject "
			"proposal %.*s first",
			STR_ARG(there->by),
			STR_ARG(engine_item_id(
			    engine, 0, there->standing.serial, turn->arena))));
		return;
	}
	if (!may_propose(engine, turn, request, &event->actor))
		return;
	wish = wish_make(engine, turn, WISH_REPLAY);
	arena = wish->standing.arena;
	wish->event = request->number;
	about = value_build_context(arena);
	value_put_str(about, "what",
	    arena_strf(turn->arena, "%.*s for %.*s", STR_ARG(event->type),
		STR_ARG(subject)));
	told = value_build_context(arena);
	value_put_str(about, "letter",
	    arena_strf(arena, "%llu", (unsigned long long)wish->event));
	value_put_str(told, "type", event->type);
	value_put_str(told, "subject", subject);
	value_put_str(told, "source", event->source);
	value_put_str(told, "id", event->id);
	value_put(about, STR("event"), value_built(told));
	wish->about = value_built(about);
	finish(engine, turn, request, wish, &event->actor);
}

/* ---- what becomes of it ---- */

/* Whether the person may say so; else answered. */
static bool
may_judge(struct turn *turn, const struct request *request,
    const struct wish *wish)
{
	const struct engine_verdict *verdict = &request->verdict;
	bool is_own = chart_person_is(verdict->actor.name, wish->by);
	struct str role = wish->kind == WISH_PUBLISH ? STR("publisher")
						     : STR("operator");

	if (verdict->confirms &&
	    !chart_person_is_known(verdict->actor.name)) {
		refuse(turn, request, REFUSED_EXCLUDED,
		    STR("say who you are: another person has to confirm "
			"this"));
		return false;
	}
	if (verdict->confirms && is_own) {
		refuse(turn, request, REFUSED_EXCLUDED,
		    arena_strf(turn->arena,
			"%.*s proposed this: another person is needed",
			STR_ARG(verdict->actor.name)));
		return false;
	}
	if (!is_own && !chart_actor_has(&verdict->actor, role)) {
		refuse(turn, request, REFUSED_ROLE,
		    arena_strf(turn->arena, "this takes the role `%.*s`",
			STR_ARG(role)));
		return false;
	}
	return true;
}

/* Does what was proposed, and answers; false where it can't be done. */
static bool
perform(struct engine *engine, struct turn *turn, struct request *request,
    const struct wish *wish, const struct chart_actor *actor)
{
	if (wish->kind == WISH_REPLAY) {
		request->number = wish->event;
		request->event = (struct chart_event){
		    .actor = *actor, .proposed_by = wish->by};
		return event_replay_confirmed(engine, turn, request);
	}
	request->publish = (struct engine_publish){
	    .documents = wish->documents,
	    .count = wish->document_count,
	    .actor = *actor,
	};
	return publish_confirmed(engine, turn, request);
}

/* The event has found its instance in another way. */
static bool
is_pointless(
    struct engine *engine, struct turn *turn, const struct wish *wish)
{
	return wish->kind == WISH_REPLAY &&
	       !event_is_undelivered(engine, turn, wish->event);
}

void
proposal_perform(
    struct engine *engine, struct turn *turn, struct request *request)
{
	/* The request is used for what it is about. */
	struct engine_verdict verdict = request->verdict;
	struct wish *wish =
	    standing_find(engine, &engine->wishes, verdict.serial);
	struct engine_reply *reply;
	const struct value *body;

	/* It concerns the whole installation. */
	if (wish == NULL || verdict.actor.limits != NULL) {
		refuse(turn, request, REFUSED_ABSENT,
		    STR("there is no such open proposal"));
		return;
	}
	if (!may_judge(turn, request, wish))
		return;
	if (verdict.confirms &&
	    !perform(engine, turn, request, wish, &verdict.actor)) {
		if (is_pointless(engine, turn, wish)) {
			wish->standing.ended = turn->serial;
			(void)put(engine, turn, wish, STR("lapsed"), nobody);
		}
		return;
	}
	wish->standing.ended = turn->serial;
	body = put(engine, turn, wish,
	    verdict.confirms ? STR("confirmed") : STR("rejected"),
	    verdict.actor.name);
	tell_journal(engine, turn, wish,
	    verdict.confirms ? JOURNAL_PROPOSAL_CONFIRMED
			     : JOURNAL_PROPOSAL_REJECTED,
	    verdict.actor.name, verdict.comment);
	reply = turn_reply(turn, request, ENGINE_OK);
	if (reply != NULL)
		reply->view = body;
}
