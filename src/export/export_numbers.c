/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_numbers.c: which numbers there are, of millions that have few gaps.
 */
#include "export_priv.h"

#include <stdlib.h>

void
export_numbers_add(
    struct export_numbers *numbers, uint64_t first, uint64_t last)
{
	struct export_span *end = numbers->count > 0
	    ? &numbers->spans[numbers->count - 1] : NULL;

	must(first <= last);
	must(end == NULL || first > end->last);
	if (end != NULL && first == end->last + 1) {
		end->last = last;
		return;
	}
	if (numbers->count == numbers->capacity) {
		numbers->capacity = numbers->capacity * 2 + 16;
		numbers->spans = reallocarray(numbers->spans,
		    numbers->capacity, sizeof(numbers->spans[0]));
		must(numbers->spans != NULL);
	}
	numbers->spans[numbers->count++] = (struct export_span){first, last};
}

bool
export_numbers_has(const struct export_numbers *numbers, uint64_t number)
{
	size_t low = 0, high = numbers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (number > numbers->spans[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < numbers->count && number >= numbers->spans[low].first;
}

void
export_numbers_fini(struct export_numbers *numbers)
{
	free(numbers->spans);
	*numbers = (struct export_numbers){0};
}
