/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_documents.h: two workflows, "order" and "batch", that have between
 * them all that an instance can be in: calls and what undoes them, tasks,
 * events, deadlines, escalations, incidents, regions, loops, children,
 * history.
 */
#ifndef FUZZ_DOCUMENTS_H
#define FUZZ_DOCUMENTS_H

extern const char fuzz_documents[];

#endif
