/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_proof.h: checkpoints of a database, and proofs against them.
 *
 * A proof is a document of one line that holds the signed checkpoints that it
 * speaks of, so that whoever has the public key needs nothing else;
 * docs/audit.md says how it is checked.
 */
#ifndef STATED_EXPORT_PROOF_H
#define STATED_EXPORT_PROOF_H

#include "stated/audit_checkpoint.h"
#include "stated/store.h"

/* Making a checkpoint: all that the log has grown by since the one before is
 * read, in portions. */
struct export_maker;
MUST_USE enum store_error export_maker_begin(
    struct store *store, struct export_maker **maker);
/* Reads so many turns at most. */
MUST_USE enum store_error export_maker_step(
    struct export_maker *maker, size_t turns, bool *is_done);
void export_maker_free(struct export_maker **maker);
/* Whether anything was recorded since the last one, but that it was made. */
bool export_maker_has_news(const struct export_maker *maker);
/* Of one that is done: the checkpoint, but for its time … */
struct audit_checkpoint export_maker_checkpoint(
    const struct export_maker *maker);
/* … and the nodes that became complete, to be stored with it. */
const struct store_node *export_maker_nodes(
    const struct export_maker *maker, size_t *count);

/* That the instance's turns (all that the checkpoint saw) are in the tree:
 * STORE_ABSENT where it saw none. */
MUST_USE enum store_error export_prove_instance(struct store *store,
    const struct store_checkpoint *checkpoint, uint64_t instance,
    struct buf *out);
/* That the second one's tree begins with the first one's; its size must not
 * be smaller. */
MUST_USE enum store_error export_prove_consistency(struct store *store,
    const struct store_checkpoint *first,
    const struct store_checkpoint *second, struct buf *out);

#endif
