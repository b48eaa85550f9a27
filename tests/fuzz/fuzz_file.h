/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_file.h: bytes as a file without a name, for what reads files. */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include "stated/str.h"

struct fuzz_file {
	int fd;
	char path[32];
};

struct fuzz_file fuzz_file_new(struct str bytes);
void fuzz_file_free(struct fuzz_file *file);

#endif
