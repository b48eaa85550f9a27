/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_reply.h: reading requests and filling in replies. */
#ifndef SANDBOX_REPLY_H
#define SANDBOX_REPLY_H

#include "sandbox.h"

/* Room for a time as text. */
#define SANDBOX_TIME_BYTES 40

/* "" where the request has none. */
const char *sandbox_request_header(const struct sandbox_request *request,
    const char *name);
const char *sandbox_request_query(const struct sandbox_request *request,
    const char *name);
/* The body as a JSON object, or NULL with the reply set to a 400. */
MUST_USE json_t *sandbox_request_object(const struct sandbox_request *request,
    struct sandbox_reply *reply);

void sandbox_reply_json_take(struct sandbox_reply *reply, int status,
    json_t *value);
void sandbox_reply_text(struct sandbox_reply *reply, int status,
    const char *content_type, const char *text);
void sandbox_reply_header(struct sandbox_reply *reply, const char *name,
    const char *value);
void sandbox_reply_error(struct sandbox_reply *reply, int status,
    const char *message);
void sandbox_reply_fini(struct sandbox_reply *reply);

/* The reason phrase of a status. */
const char *sandbox_reply_reason(int status);

/* Milliseconds since 1970, and as 2026-11-22T02:47:48.123Z. */
int64_t sandbox_now_ms(void);
const char *sandbox_time_format(int64_t at_ms, char out[SANDBOX_TIME_BYTES]);

#endif
