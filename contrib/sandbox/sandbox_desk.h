/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_desk.h: letters that are sent and cases that an agency works on.
 * Both are put under a name and are there once, however often they are put.
 */
#ifndef SANDBOX_DESK_H
#define SANDBOX_DESK_H

#include "sandbox.h"

struct sandbox_desk;

struct sandbox_desk *sandbox_desk_new(struct sandbox_ledger *ledger);
void sandbox_desk_free(struct sandbox_desk **desk);
void sandbox_desk_reset(struct sandbox_desk *desk);
/* {letters: {name: …}, cases: {reference: …}} */
json_t *sandbox_desk_list(const struct sandbox_desk *desk);

void sandbox_desk_send_letter(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_desk_place_case(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_desk_recall_case(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
