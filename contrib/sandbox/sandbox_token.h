/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_token.h: an OAuth2 token endpoint, and something that its tokens
 * open.  Clients prove themselves by a secret or by a JWT.
 */
#ifndef SANDBOX_TOKEN_H
#define SANDBOX_TOKEN_H

#include "sandbox.h"

struct sandbox_token;

struct sandbox_token *sandbox_token_new(void);
void sandbox_token_free(struct sandbox_token **token);
void sandbox_token_reset(struct sandbox_token *token);

void sandbox_token_give(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
/* Whatever it is asked, with a token. */
void sandbox_token_guard(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
/* What clients have, how long tokens live, and whether those that were given
 * are revoked. */
void sandbox_token_control(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
