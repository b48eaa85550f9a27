/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_checkpoint.c: checkpoints, and proofs against them.
 *
 * A checkpoint is answered as the very bytes that were signed and stored.
 */
#include "api_priv.h"

#include <stdio.h>

#include "stated/export_proof.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000

static struct store *
store_of(const struct api_call *call)
{
	return engine_store(call->api->options.engine);
}

static void
reply_document(struct api_call *call, struct str document)
{
	api_reply_bytes(call, 200, "application/json",
	    arena_strf(call->arena, "%.*s\n", STR_ARG(document)));
}

/* By its number, or the newest; false where answered. */
static bool
find(struct api_call *call, struct str name, struct store_checkpoint *row)
{
	int64_t number = 0;
	enum store_error error = STORE_ABSENT;

	if (str_equal(name, STR("newest")) ||
	    str_parse_int(name, 1, INT64_MAX, &number))
		error = store_find_checkpoint(
		    store_of(call), call->arena, (uint64_t)number, row);
	if (error == STORE_ABSENT)
		api_problem_reply(call, PROBLEM_UNKNOWN_CHECKPOINT,
		    "There is no checkpoint %.*s; a number, or `newest`, names "
		    "one.", STR_ARG(name));
	else if (error != STORE_OK)
		api_problem_store(call, error);
	return error == STORE_OK;
}

void
api_checkpoint_get(struct api_call *call)
{
	struct store_checkpoint row;

	if (find(call, call->params[0], &row))
		reply_document(call, row.document);
}

/* ---- the list ---- */

struct listing {
	struct api_page page;
	uint64_t last;
	bool more;
};

static bool
list_cb(const struct store_checkpoint *row, void *arg)
{
	struct listing *listing = arg;

	if (listing->page.count == listing->page.limit) {
		listing->more = true;
		return false;
	}
	buf_add_str(api_page_item(&listing->page), row->document);
	listing->last = row->number;
	return true;
}

void
api_checkpoint_list(struct api_call *call)
{
	struct listing listing = {0};
	size_t limit = (size_t)api_query_int(
	    call, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	uint64_t after =
	    (uint64_t)api_query_int(call, "after", 0, INT64_MAX - 1, 0);
	char next[24];

	if (!api_query_is_sound(call))
		return;
	api_page_begin(&listing.page, call, limit);
	enum store_error error = store_each_checkpoint(
	    store_of(call), after, limit + 1, list_cb, &listing);
	if (error != STORE_OK) {
		buf_fini(&listing.page.out);
		api_problem_store(call, error);
		return;
	}
	snprintf(next, sizeof(next), "%llu", (unsigned long long)listing.last);
	api_page_end(&listing.page, "after",
	    listing.more ? str_of(next) : (struct str){NULL, 0});
}

/* ---- proofs ---- */

static void
reply_proof(struct api_call *call, enum store_error error, struct buf *proof)
{
	if (error == STORE_OK)
		api_reply_bytes(
		    call, 200, "application/json", buf_str(proof));
	else if (error == STORE_ABSENT)
		api_problem_reply(call, PROBLEM_UNKNOWN_INSTANCE,
		    "Nothing of it had been recorded when checkpoint %.*s was "
		    "made.", STR_ARG(call->params[0]));
	else
		api_problem_store(call, error);
	buf_fini(proof);
}

void
api_checkpoint_prove(struct api_call *call)
{
	struct store_checkpoint row;
	struct buf proof = {0};
	uint64_t number;

	if (!find(call, call->params[0], &row) ||
	    !api_instance_find(call, call->params[1], &number))
		return;
	reply_proof(call,
	    export_prove_instance(store_of(call), &row, number, &proof),
	    &proof);
}

void
api_checkpoint_consistency(struct api_call *call)
{
	struct store_checkpoint first, second;
	struct buf proof = {0};

	if (!find(call, call->params[0], &second) ||
	    !find(call, call->params[1], &first))
		return;
	if (first.size > second.size) {
		api_problem_reply(call, PROBLEM_UNKNOWN_CHECKPOINT,
		    "Checkpoint %.*s is the later one: put it first.",
		    STR_ARG(call->params[1]));
		return;
	}
	reply_proof(call,
	    export_prove_consistency(store_of(call), &first, &second, &proof),
	    &proof);
}

/* ---- the key ---- */

void
api_checkpoint_key(struct api_call *call)
{
	const char *why;
	struct signature_key *key = api_sealer_key(call->api, &why);

	if (key == NULL) {
		api_problem_reply(call, PROBLEM_NO_KEY, "%s.", why);
		return;
	}
	api_reply_bytes(call, 200, "application/x-pem-file",
	    signature_key_pem(call->arena, key));
	signature_key_free(&key);
}
