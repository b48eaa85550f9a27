/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_contract.h: whether an answer is one that /openapi.json promises. */
#ifndef FUZZ_CONTRACT_H
#define FUZZ_CONTRACT_H

#include "stated/schema.h"

struct fuzz_contract;

/* Made in the arena, of the document's text. */
struct fuzz_contract *fuzz_contract_new(
    struct arena *arena, struct str openapi);
struct fuzz_promise {
	struct str method;
	struct str path; /* without the query */
	int status;
	struct str type;
	const struct value *body; /* NULL: no JSON */
};
void fuzz_contract_check(
    struct fuzz_contract *contract, const struct fuzz_promise *promise);

#endif
