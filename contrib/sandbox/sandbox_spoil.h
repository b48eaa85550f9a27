/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_spoil.h: what a fault puts in place of the handler's reply. */
#ifndef SANDBOX_SPOIL_H
#define SANDBOX_SPOIL_H

#include "sandbox_fault.h"

void sandbox_spoil(const struct sandbox_request *request,
    const struct sandbox_fault *fault, struct sandbox_reply *reply);

#endif
