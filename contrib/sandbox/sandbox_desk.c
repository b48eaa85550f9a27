/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_desk.c: letters and cases, see sandbox_desk.h. */
#include "sandbox_desk.h"

#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include <stdlib.h>

struct sandbox_desk {
	struct sandbox_ledger *ledger;
	json_t *letters;
	json_t *cases;
};

struct sandbox_desk *
sandbox_desk_new(struct sandbox_ledger *ledger)
{
	struct sandbox_desk *desk = calloc(1, sizeof(*desk));

	must(desk != NULL);
	desk->ledger = ledger;
	desk->letters = json_object();
	desk->cases = json_object();
	return desk;
}

void
sandbox_desk_free(struct sandbox_desk **desk)
{
	if (*desk == NULL)
		return;
	json_decref((*desk)->letters);
	json_decref((*desk)->cases);
	free(*desk);
	*desk = NULL;
}

void
sandbox_desk_reset(struct sandbox_desk *desk)
{
	json_object_clear(desk->letters);
	json_object_clear(desk->cases);
}

json_t *
sandbox_desk_list(const struct sandbox_desk *desk)
{
	return json_pack(
	    "{s:O,s:O}", "letters", desk->letters, "cases", desk->cases);
}

/* What is there already stays as it is. */
static void
put(struct sandbox_desk *desk, json_t *shelf, const char *what,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	const char *name = request->params[0];
	bool is_there = json_object_get(shelf, name) != NULL;
	json_t *body = sandbox_request_object(request, reply);

	if (body == NULL)
		return;
	if (!is_there) {
		json_object_set(shelf, name, body);
		sandbox_ledger_add_take(desk->ledger, what,
		    json_pack("{s:s,s:O}", "name", name, "of", body));
	}
	json_decref(body);
	sandbox_reply_json_take(reply, is_there ? 200 : 201,
	    json_pack("{s:s,s:s}", "id", name, what, name));
}

void
sandbox_desk_send_letter(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	put(sandbox->desk, sandbox->desk->letters, "letter", request, reply);
}

void
sandbox_desk_place_case(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	put(sandbox->desk, sandbox->desk->cases, "case", request, reply);
}

void
sandbox_desk_recall_case(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	if (json_object_del(sandbox->desk->cases, request->params[0]) != 0)
		sandbox_reply_error(reply, 404, "no such case");
	else
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:s}", "id", request->params[0]));
}
