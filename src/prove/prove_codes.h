/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_codes.h: private to src/prove: the codes of its findings.
 *
 * One list, from which the names and the index of docs/checks come.  A code
 * keeps its meaning for ever; one that is given up is not used again.
 */
#ifndef STATED_PROVE_CODES_H
#define STATED_PROVE_CODES_H

#define PROVE_CODES(X)                                                         \
	X(PROVE_UNREACHABLE, "P101", "a state that no path leads to")          \
	X(PROVE_NO_END, "P102",                                                \
	    "a state from which no final state is reached")                    \
	X(PROVE_NO_DEADLINE, "P103",                                           \
	    "a state that waits without a deadline or an escalation")          \
	X(PROVE_NOT_UNDONE, "P104",                                            \
	    "a call that can't be undone on a path that can fail")             \
	X(PROVE_IN_DOUBT, "P105", "a call whose outcome nobody can find out")  \
	X(PROVE_KEY_DIES, "P106", "retries that outlive the idempotency key")  \
	X(PROVE_TWICE, "P107", "a side effect that can happen twice")          \
	X(PROVE_NO_OWNER, "P108",                                              \
	    "incidents without an owner or an age limit")                      \
	X(PROVE_NOT_SET, "P109", "a variable that is read before it is set")   \
	X(PROVE_NOT_AWAITED, "P110", "an event that no state takes")           \
	X(PROVE_OVERLAP, "P111",                                               \
	    "rules of a decision that contradict each other")                  \
	X(PROVE_GAP, "P112", "a decision that has no rule for some inputs")    \
	X(PROVE_NOT_SEPARATE, "P113",                                          \
	    "a separation of persons that holds nobody apart")                 \
	X(PROVE_NEVER_TAKEN, "P114", "a transition that can never be taken")   \
	X(PROVE_NO_ANSWER, "P115", "a choice of a task that leads nowhere")    \
	X(PROVE_ENDLESS, "P116", "a circle that never waits")                  \
	X(PROVE_TOO_LATE, "P117",                                              \
	    "an escalation that comes too late to count")                      \
	X(PROVE_NEVER_MATCHES, "P118",                                         \
	    "a rule of a decision that never decides")                         \
	X(PROVE_NOTHING, "P119", "a deadline after which nothing happens")     \
	X(PROVE_NOT_STARTED, "P120", "a child workflow that is never started") \
	X(PROVE_ODOO, "P121", "a call that Odoo takes otherwise than it reads") \
	X(PROVE_PASSED_BY, "P122", "a task that is passed by")                 \
	X(PROVE_ONE_KEY, "P123", "one idempotency key for several items")

#define PROVE_CODE_NAME(name, code, meaning) static const char name[] \
	__attribute__((unused)) = code;
PROVE_CODES(PROVE_CODE_NAME)
#undef PROVE_CODE_NAME

#endif
