/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c: runs a fuzzer's function on the files of its corpus, so that
 * what was once found stays mended with any compiler.
 *
 * The corpus is tests/fuzz/corpus/<name of the program>; other files may be
 * named as arguments.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stated/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return false;
	}
	struct buf bytes = {0};
	char part[4096];
	size_t count;
	while ((count = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(&bytes, part, count);
	(void)fclose(file);
	/* A block of its own, so that reading beyond it is noticed. */
	uint8_t *copy = malloc(bytes.bytes + 1);
	must(copy);
	if (bytes.bytes > 0)
		memcpy(copy, bytes.at, bytes.bytes);
	(void)LLVMFuzzerTestOneInput(copy, bytes.bytes);
	free(copy);
	buf_fini(&bytes);
	return true;
}

/* How many files there were, or -1. */
static int
replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	if (!directory) {
		perror(path);
		return -1;
	}
	int count = 0;
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] == '.')
			continue;
		struct buf file = {0};
		buf_addf(&file, "%s/%s", path, entry->d_name);
		bool done = replay_file(buf_cstr(&file));
		buf_fini(&file);
		if (!done) {
			count = -1;
			break;
		}
		count++;
	}
	(void)closedir(directory);
	return count;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!replay_file(argv[i]))
			return EXIT_FAILURE;
	if (argc > 1)
		return EXIT_SUCCESS;
	const char *source = getenv("srcdir");
	const char *name = strrchr(argv[0], '/');
	struct buf path = {0};
	buf_addf(&path, "%s/tests/fuzz/corpus/%s", source ? source : ".",
	    name ? name + 1 : argv[0]);
	int count = replay_directory(buf_cstr(&path));
	printf("%s: %d files\n", buf_cstr(&path), count);
	buf_fini(&path);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
