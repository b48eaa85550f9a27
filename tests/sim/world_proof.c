/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_proof.c: what the database proves by itself, once nobody has it open.
 *
 * Nothing but its pages is asked: every chain, snapshot and row against the
 * records, and every record against what the interpreter makes of what came
 * from outside.
 */
#include "world_priv.h"

#include "stated/reperform.h"

static void
tell_difference(struct world *world, const struct reperform_finding *finding)
{
	struct buf text = {0};

	buf_addf(&text, "%.*s of %.*s, record %llu: %.*s",
	    STR_ARG(finding->instance), STR_ARG(finding->workflow),
	    (unsigned long long)finding->seq, STR_ARG(finding->explanation));
	if (world->traces)
		printf("  recorded %.*s\n  computed %.*s\n",
		    STR_ARG(finding->recorded), STR_ARG(finding->computed));
	world_fail(world, "done again it differs", buf_cstr(&text));
}

static void
finding_cb(const struct reperform_finding *finding, void *arg)
{
	struct world *world = arg;

	if (finding->result == REPERFORM_DIFFERS)
		tell_difference(world, finding);
	/* Only where what it takes has been taken away. */
	if (finding->result == REPERFORM_COULD_NOT && !world->keeps)
		tell_difference(world, finding);
}

void
world_prove(struct world *world, struct str path, struct store_keys *keys)
{
	const struct reperform_options options = {.path = path, .keys = keys};
	struct buf detail = {0};

	if (reperform_file(&options, finding_cb, world, &detail) != STORE_OK)
		world_fail(world, "the database proves nothing",
		    buf_cstr(&detail));
	buf_fini(&detail);
}
