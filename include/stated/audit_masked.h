/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_masked.h: texts of records, in which digests stand for what is
 * sensitive, held against texts that have it, or other digests.
 *
 * A digest is "hmac-sha256:" or "sha256:" and 64 hexadecimal digits: the
 * HMAC-SHA-256 (RFC 2104) of the value's text, keyed with the instance's salt,
 * or its SHA-256.
 */
#ifndef STATED_AUDIT_MASKED_H
#define STATED_AUDIT_MASKED_H

#include "stated/must.h"
#include "stated/str.h"

/* Whether `other` may be the text that history has.  It says in full what a
 * digest stands for in the record, in whatever spelling, or has the same
 * digest there.  And where it has one that the record lacks, this stands for
 * what is too short to be masked in the midst of a text.  Of a digest whose
 * salt isn't at hand (absent) nobody can tell: it is taken to be of what comes
 * in its place. */
MUST_USE bool audit_masked_agrees(
    struct str recorded, struct str other, struct str salt);
/* Whether `shown` is the text that history has, and nothing is taken on trust:
 * it has in full, in whatever spelling, what each digest stands for (of a salted
 * one without its salt nobody can tell), or that very digest, and is the same
 * elsewhere. */
MUST_USE bool audit_masked_is_of(
    struct str recorded, struct str shown, struct str salt);
/* A digest and no more. */
MUST_USE bool audit_masked_is_digest(struct str text);
/* The text up to the first digest in it, which is absent where there is
 * none. */
struct str audit_masked_before(struct str text, struct str *digest);

#endif
