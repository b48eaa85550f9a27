/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_input.h: what fuzzers share: cutting an input into parts that people
 * can write by hand, and definitions to hold them against.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "stated/library.h"
#include "stated/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes before the next line's end, which is taken away too; absent where
 * nothing is left. */
struct str fuzz_take_line(struct str *rest);
/* Lines "name: value" up to an empty one. */
const struct message_header *fuzz_take_headers(
    struct arena *arena, struct str *rest, size_t *count);
/* A value that goes on to history: it can be written, and read again. */
void fuzz_check_value(const struct value *value);
/* A text for people. */
void fuzz_check_text(struct str text);

#endif
