/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_chat.h: a channel that keeps what is posted, and a stub for load. */
#ifndef SANDBOX_CHAT_H
#define SANDBOX_CHAT_H

#include "sandbox.h"

struct sandbox_chat;

struct sandbox_chat *sandbox_chat_new(struct sandbox_ledger *ledger);
void sandbox_chat_free(struct sandbox_chat **chat);
void sandbox_chat_reset(struct sandbox_chat *chat);
json_t *sandbox_chat_list(const struct sandbox_chat *chat);

void sandbox_chat_post(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
/* {"ok":true}, and nothing else is done. */
void sandbox_chat_stub(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
