/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_histogram.c: how often each value came, in a fixed size.
 *
 * Values below 256 have a cell each; above, each doubling has 128 cells, so
 * that a cell is never wider than 1/128 of its value.
 */
#include "bench_priv.h"

#define CELLS_A_DOUBLING 128u
#define DOUBLING_BITS 7
/* Of the last cell there is: some two weeks in microseconds. */
#define VALUE_MAX ((1ull << 41) - 1)

static size_t
cell_of(uint64_t value)
{
	int shift;

	must(value <= VALUE_MAX);
	if (value < 2 * CELLS_A_DOUBLING)
		return value;
	shift = 63 - __builtin_clzll(value) - DOUBLING_BITS;
	return (size_t)shift * CELLS_A_DOUBLING + (size_t)(value >> shift);
}

/* The largest value that falls into the cell. */
static uint64_t
top_of(size_t cell)
{
	int shift;

	if (cell < 2 * CELLS_A_DOUBLING)
		return cell;
	shift = (int)(cell / CELLS_A_DOUBLING) - 1;
	return ((cell - (size_t)shift * CELLS_A_DOUBLING + 1) << shift) - 1;
}

_Static_assert((41 - DOUBLING_BITS + 1) * CELLS_A_DOUBLING <= HISTOGRAM_CELLS,
    "the largest value has a cell");

void
histogram_add(struct histogram *histogram, int64_t value)
{
	uint64_t counted = value < 0 ? 0 : (uint64_t)value;

	if (counted > VALUE_MAX)
		counted = VALUE_MAX;
	histogram->cells[cell_of(counted)]++;
	histogram->count++;
	if (counted > histogram->max)
		histogram->max = counted;
}

uint64_t
histogram_quantile(const struct histogram *histogram, unsigned per_mille)
{
	uint64_t wanted = (histogram->count * per_mille + 999) / 1000;
	uint64_t seen = 0;

	must(per_mille <= 1000);
	if (wanted == 0)
		return 0;
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		seen += histogram->cells[i];
		if (seen >= wanted)
			return top_of(i) < histogram->max ? top_of(i)
							  : histogram->max;
	}
	unreachable("all that was counted is in a cell");
}

const struct value *
histogram_report(struct arena *arena, const struct histogram *histogram)
{
	struct value_builder *built = value_build_context(arena);

	value_put_int(
	    built, "p50", (int64_t)histogram_quantile(histogram, 500));
	value_put_int(
	    built, "p95", (int64_t)histogram_quantile(histogram, 950));
	value_put_int(
	    built, "p99", (int64_t)histogram_quantile(histogram, 990));
	value_put_int(built, "max", (int64_t)histogram->max);
	return value_built(built);
}
