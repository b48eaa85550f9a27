/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixed_chart.h: workflows as people write them: orders, and batches that run
 * orders which others run and start as well.
 */
#ifndef FIXED_CHART_H
#define FIXED_CHART_H

#include "stated/buf.h"

/* How many workflows it has written: w1 and so on, as random_chart_make()
 * does, but for the connection and the contact. */
int fixed_chart_make(struct buf *out);

#endif
