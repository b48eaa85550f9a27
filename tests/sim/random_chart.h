/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_chart.h: workflows by chance, all of them valid.
 *
 * They are called w1, w2, …; the later ones run the earlier ones.  What the
 * auditor knows without reading them is how they name things (auditor.h).
 */
#ifndef RANDOM_CHART_H
#define RANDOM_CHART_H

#include "stated/buf.h"
#include "stated/rng.h"

#define RANDOM_CHART_WORKFLOWS_MAX 3

/* How many workflows it has written, with all that they lean on. */
int random_chart_make(struct rng *rng, struct buf *out);

#endif
