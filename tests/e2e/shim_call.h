/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim_call.h: what a test and shim_call.so share: the file that the
 * environment's STATED_TEST_CALL names, mapped by both.
 */
#ifndef SHIM_CALL_H
#define SHIM_CALL_H

#include <stdatomic.h>
#include <stdint.h>

/* Which descriptors a call is about, for it to count. */
enum shim_call_of { SHIM_ANY, SHIM_SOCKET, SHIM_FILE, SHIM_PIPE };

/* One call of the system that fails.  Set `left` last. */
struct shim_call {
	char name[16]; /* "accept4" */
	int32_t error;
	int32_t of;
	_Atomic int64_t left; /* until it fails; 0: it has, or none does */
};

#endif
