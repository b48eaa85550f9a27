/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scarce_memory.h: every request for memory in this process is counted, those
 * of libraries too, and the n-th is refused, alone or with all after it.
 */
#ifndef SCARCE_MEMORY_H
#define SCARCE_MEMORY_H

#include <stdbool.h>

/* Sanitizers have their own memory, which can't be refused. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SCARCE_MEMORY_IS_POSSIBLE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SCARCE_MEMORY_IS_POSSIBLE 0
#endif
#endif
#ifndef SCARCE_MEMORY_IS_POSSIBLE
#define SCARCE_MEMORY_IS_POSSIBLE 1
#endif

/* Counting begins anew; nth = 0: none is refused. */
void scarce_memory(long nth, bool for_good);
long scarce_memory_count(void);
bool scarce_memory_was_refused(void);

#endif
