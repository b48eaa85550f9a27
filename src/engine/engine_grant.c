/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_grant.c: the tokens that admins have given, and taken back.
 *
 * The store keeps all that was ever said, with who said it; what is in force
 * stands here, by the digest of a token's text.  It is so once it is durable:
 * a token that was taken back is taken back, whatever becomes of this
 * process.
 */
#include "engine_priv.h"

static struct engine_token *
token_of_id(const struct engine *engine, struct str id)
{
	return map_find(engine->tokens_by_id, id);
}

static void
add(struct engine *engine, const struct store_token *row)
{
	struct arena *arena = engine->token_arena;
	struct engine_token *token = ARENA_NEW(arena, struct engine_token);

	*token = (struct engine_token){
	    .id = arena_str(arena, row->id),
	    .name = arena_str(arena, row->name),
	    .grant = arena_str(arena, row->grant),
	    .sha256 = row->sha256,
	    .given_ms = row->at_ms,
	    .given_by = arena_str(arena, row->actor),
	    .expires_ms = row->expires_ms,
	};
	map_put(engine->tokens_by_id, token->id, token);
	map_put(engine->tokens, MAP_KEY_OF(&token->sha256), token);
	engine->token_order = arena_grow(arena, engine->token_order,
	    engine->token_count, &engine->token_capacity, sizeof(token));
	engine->token_order[engine->token_count++] = token;
}

static void
note(struct engine *engine, const struct store_token *row)
{
	struct engine_token *token = token_of_id(engine, row->id);

	if (!row->revokes) {
		if (token == NULL)
			add(engine, row);
		return;
	}
	if (token == NULL || token->revoked_ms != 0)
		return;
	token->revoked_ms = row->at_ms;
	token->revoked_by = arena_str(engine->token_arena, row->actor);
}

/* ---- life ---- */

static void
row_cb(const struct store_token *row, void *arg)
{
	note(arg, row);
}

enum store_error
grant_init(struct engine *engine)
{
	return store_each_token(engine->store, row_cb, engine);
}

/* ---- giving and taking back ---- */

static struct store_token
row_of(const struct engine *engine, const struct engine_grant *act)
{
	return (struct store_token){
	    .id = act->id,
	    .revokes = act->revokes,
	    .at_ms = engine_now_ms(engine),
	    .actor = act->actor.name,
	    .name = act->name,
	    .sha256 = act->sha256,
	    .grant = act->grant,
	    .expires_ms = act->expires_ms,
	};
}

static void
add_to_turn(struct turn *turn, const struct store_token *row)
{
	struct granting *granting = ARENA_NEW(turn->arena, struct granting);

	granting->row = *row;
	granting->row.id = arena_str(turn->arena, row->id);
	granting->row.actor = arena_str(turn->arena, row->actor);
	granting->row.name = arena_str(turn->arena, row->name);
	granting->row.grant = arena_str(turn->arena, row->grant);
	*turn->grants_end = granting;
	turn->grants_end = &granting->next;
}

static void
tell_journal(struct engine *engine, struct turn *turn,
    const struct store_token *row)
{
	struct value_builder *record = journal_begin(engine, turn,
	    row->revokes ? JOURNAL_TOKEN_REVOKED : JOURNAL_TOKEN_GIVEN,
	    row->actor);

	engine_journal_token(record, row);
	journal_add(engine, record);
}

void
grant_perform(struct engine *engine, struct turn *turn, struct request *request)
{
	const struct engine_grant *act = &request->grant;
	const struct engine_token *token = token_of_id(engine, act->id);
	struct store_token row = row_of(engine, act);
	struct engine_reply *reply;

	if (act->revokes && token == NULL) {
		reply = turn_reply(turn, request, ENGINE_UNKNOWN_TOKEN);
		if (reply != NULL)
			reply->detail = STR("there is no token of that id");
		return;
	}
	/* Who took it back, and when, stays as it was. */
	if (act->revokes && token->revoked_ms != 0) {
		(void)turn_reply(turn, request, ENGINE_OK);
		return;
	}
	store_add_token(store_batch(engine->store), &row);
	tell_journal(engine, turn, &row);
	add_to_turn(turn, &row);
	(void)turn_reply(turn, request, ENGINE_OK);
}

void
grant_apply(struct engine *engine, const struct turn *turn)
{
	for (const struct granting *granting = turn->grants; granting != NULL;
	     granting = granting->next) {
		const struct store_token *row = &granting->row;

		note(engine, row);
		log_info(row->revokes ? "token revoked" : "token given",
		    "token=%.*s name=%.*s by=%.*s", STR_ARG(row->id),
		    STR_ARG(token_of_id(engine, row->id)->name),
		    STR_ARG(row->actor));
	}
}

/* ---- looking ---- */

const struct engine_token *
engine_find_token(const struct engine *engine, struct digest sha256)
{
	return map_find(engine->tokens, MAP_KEY_OF(&sha256));
}

void
engine_each_token(
    const struct engine *engine, engine_token_fn *fn, void *arg)
{
	for (size_t i = 0; i < engine->token_count; i++)
		fn(engine->token_order[i], arg);
}
