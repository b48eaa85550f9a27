/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_late.h: work that is done after the caller has lost the answer.
 *
 * Whoever asks right away is told that nothing happened, which is true, and
 * becomes wrong.
 */
#ifndef SANDBOX_LATE_H
#define SANDBOX_LATE_H

#include "sandbox.h"

struct sandbox_late_list;

struct sandbox_late_list *sandbox_late_new(struct sandbox *sandbox);
/* What is still to come is forgotten. */
void sandbox_late_free(struct sandbox_late_list **list);
void sandbox_late_reset(struct sandbox_late_list *list);
/* Copies the request; 0 ms: a second. */
void sandbox_late_add(struct sandbox_late_list *list,
    sandbox_handler_fn handler, const struct sandbox_request *request,
    int64_t delay_ms);

#endif
