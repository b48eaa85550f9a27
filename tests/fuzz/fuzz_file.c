/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_file.h"

#include "stated/must.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct fuzz_file
fuzz_file_new(struct str bytes)
{
	struct fuzz_file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};
	size_t written = 0;

	must(file.fd >= 0);
	while (written < bytes.bytes) {
		ssize_t n = write(
		    file.fd, bytes.at + written, bytes.bytes - written);

		must(n > 0);
		written += (size_t)n;
	}
	(void)snprintf(
	    file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

void
fuzz_file_free(struct fuzz_file *file)
{
	must(close(file->fd) == 0);
	file->fd = -1;
}
