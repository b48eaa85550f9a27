/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family.h: the kinds of endpoints that there are, as tests of faults see
 * them: a workflow that asks for one thing there, and the ledger that tells
 * whether it was done.
 */
#ifndef STATED_TEST_FAMILY_H
#define STATED_TEST_FAMILY_H

#include "house.h"

#define FAMILIES 8

struct family {
	const char *name;  /* as a heading */
	const char *key;   /* its workflow, and how its references begin */
	const char *connection; /* whose file is called so, too */
	const char *path;  /* of its requests, a prefix */
	const char *step;
	const char *list;  /* in the ledger */
	const char *field; /* of an entry: the reference */
	bool is_keyed; /* the same request again does nothing again */
};

extern const struct family families[FAMILIES];

/* A workflow for each, under its key. */
void family_write_all(const struct house *house);
/* Another workflow of that name, with a connection of its own, whose address
 * is `url` and the family's path; `more` are lines of the connection. */
void family_write_own(const struct house *house, const struct family *family,
    const char *name, const char *url, const char *more);

/* The sandbox's port for TLS; `more` gets what a connection has to say to be
 * let in there.  Before the engine starts. */
#define FAMILY_MORE_BYTES (HOUSE_PATH_BYTES + 128)
long long family_prepare_tls(
    struct house *house, char more[FAMILY_MORE_BYTES]);

/* One more of those called so. */
void family_tally(json_t *counts, const char *name);
/* For each key an object that tells how often each reference was done. */
json_t *family_count_all(json_t *ledger);
size_t family_count(json_t *counts, const struct family *family,
    const char *reference);

enum family_end {
	FAMILY_PENDING,
	FAMILY_DONE,
	FAMILY_REFUSED,
	FAMILY_PERSON, /* an incident is open */
};
enum family_end family_end_of(json_t *instance);

#endif
