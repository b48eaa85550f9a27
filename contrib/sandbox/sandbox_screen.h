/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_screen.h: sanctions screening; a name that contains SANCTIONED is a
 * hit.  One plain endpoint, and one in the manner of OpenSanctions' yente.  And
 * whose account it is, as banks ask one another: by the payee's name.
 */
#ifndef SANDBOX_SCREEN_H
#define SANDBOX_SCREEN_H

#include "sandbox.h"

void sandbox_screen_name(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_screen_payee(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);
void sandbox_screen_match(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply);

#endif
