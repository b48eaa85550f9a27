/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_mail.h: a mail server that keeps what it is given (RFC 5321).
 *
 * Faults are those of all endpoints, for the path /mail: a status is the
 * reply to the end of a mail, a reset breaks the connection there.
 */
#ifndef SANDBOX_MAIL_H
#define SANDBOX_MAIL_H

#include "sandbox.h"

struct sandbox_mail;

/* Listens at once, at a port that the kernel chooses.  NULL with errno. */
MUST_USE struct sandbox_mail *sandbox_mail_open(struct sandbox *sandbox,
    const char *host);
void sandbox_mail_close(struct sandbox_mail **mail);
void sandbox_mail_reset(struct sandbox_mail *mail);
uint16_t sandbox_mail_port(const struct sandbox_mail *mail);
/* [{"from", "to": […], "data"}, …] */
json_t *sandbox_mail_list(const struct sandbox_mail *mail);

#endif
