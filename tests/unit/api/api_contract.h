/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_contract.h: whether an answer is one that /openapi.json promises; for
 * tests and fuzzers alike.
 */
#ifndef STATED_TEST_API_CONTRACT_H
#define STATED_TEST_API_CONTRACT_H

#include "stated/message.h"
#include "stated/schema.h"

struct api_contract;

/* Made in the arena, of the document's text. */
struct api_contract *api_contract_new(struct arena *arena, struct str openapi);
struct api_promise {
	struct str method;
	struct str path; /* without the query */
	int status;
	struct str type;
	const struct value *body; /* NULL: no JSON */
	const struct message_header *headers;
	size_t header_count;
};
/* false where it is not: `why` tells. */
bool api_contract_allows(struct api_contract *contract,
    const struct api_promise *promise, struct buf *why);

#endif
