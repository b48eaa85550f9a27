/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_chat.c: the simplest endpoints, see sandbox_chat.h. */
#include "sandbox_chat.h"

#include "sandbox_json.h"
#include "sandbox_ledger.h"
#include "sandbox_reply.h"

#include <stdlib.h>

struct sandbox_chat {
	struct sandbox_ledger *ledger;
	json_t *messages;
};

struct sandbox_chat *
sandbox_chat_new(struct sandbox_ledger *ledger)
{
	struct sandbox_chat *chat = calloc(1, sizeof(*chat));

	must(chat != NULL);
	chat->ledger = ledger;
	chat->messages = json_array();
	return chat;
}

void
sandbox_chat_free(struct sandbox_chat **chat)
{
	if (*chat == NULL)
		return;
	json_decref((*chat)->messages);
	free(*chat);
	*chat = NULL;
}

void
sandbox_chat_reset(struct sandbox_chat *chat)
{
	json_array_clear(chat->messages);
}

json_t *
sandbox_chat_list(const struct sandbox_chat *chat)
{
	return json_incref(chat->messages);
}

void
sandbox_chat_post(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	struct sandbox_chat *chat = sandbox->chat;
	json_t *body = sandbox_request_object(request, reply);

	if (body == NULL)
		return;
	json_array_append(chat->messages, body);
	sandbox_ledger_add_take(chat->ledger, "chat", body);
	sandbox_reply_json_take(reply, 200,
	    json_pack("{s:b,s:I}", "ok", 1, "number",
		(json_int_t)json_array_size(chat->messages)));
}

void
sandbox_chat_stub(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	(void)sandbox;
	(void)request;
	sandbox_reply_text(reply, 200, "application/json", "{\"ok\":true}");
}
