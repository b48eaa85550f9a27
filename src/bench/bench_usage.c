/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_usage.c: what the kernel says that processes use.
 *
 * A process's clock and its threads' schedstat count nanoseconds; the ticks
 * of stat are too coarse for a run of a second.  Where a kernel keeps no
 * schedstat, threads show 0 and the process's sum still holds.
 */
#include "bench_priv.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The start of a file of /proc; an empty text where it can't be read. */
static struct str
read_proc(pid_t pid, const char *name, char *bytes, size_t bytes_max)
{
	char path[96];
	FILE *file;
	size_t got = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	if (file != NULL) {
		got = fread(bytes, 1, bytes_max, file);
		fclose(file);
	}
	return str_trim((struct str){bytes, got});
}

/* The number after `key`; 0 where it is not there. */
static int64_t
number_after(struct str text, struct str key)
{
	size_t at = str_find(text, key);
	struct str line, rest;
	int64_t number;

	if (at == SIZE_MAX)
		return 0;
	rest = str_slice(text, at + key.bytes, text.bytes);
	line = str_trim(str_split(rest, '\n', &rest));
	line = str_split(line, ' ', &rest);
	return str_parse_int(line, 0, INT64_MAX, &number) ? number : 0;
}

static int64_t
memory_of(pid_t pid, struct str key)
{
	char bytes[8192];

	return number_after(
		   read_proc(pid, "status", bytes, sizeof(bytes)), key) *
	       1024;
}

int64_t
usage_memory(pid_t pid)
{
	return memory_of(pid, STR("VmRSS:"));
}

int64_t
usage_memory_peak(pid_t pid)
{
	return memory_of(pid, STR("VmHWM:"));
}

int64_t
usage_written(pid_t pid)
{
	char bytes[1024];

	return number_after(read_proc(pid, "io", bytes, sizeof(bytes)),
	    STR("\nwrite_bytes: "));
}

static int64_t
process_cpu_us(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &used) != 0)
		return 0;
	return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static void
read_thread(struct usage_thread *thread, pid_t pid, pid_t id)
{
	char name[64], bytes[256];
	struct str text, rest;
	int64_t cpu_ns;

	thread->id = id;
	snprintf(name, sizeof(name), "task/%d/comm", (int)id);
	text = read_proc(pid, name, bytes, sizeof(bytes));
	/* The first thread bears the program's name: it is the loop. */
	if (id == pid)
		text = STR("loop");
	snprintf(
	    thread->name, sizeof(thread->name), "%.*s", STR_ARG(text));
	snprintf(name, sizeof(name), "task/%d/schedstat", (int)id);
	text = read_proc(pid, name, bytes, sizeof(bytes));
	if (str_parse_int(str_split(text, ' ', &rest), 0, INT64_MAX, &cpu_ns))
		thread->cpu_us = cpu_ns / 1000;
}

void
usage_read(struct usage *usage, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int64_t id;
	DIR *tasks;

	*usage = (struct usage){.cpu_us = process_cpu_us(pid)};
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks != NULL && usage->thread_count < USAGE_THREADS &&
	       (entry = readdir(tasks)) != NULL)
		if (str_parse_int(str_of(entry->d_name), 1, INT32_MAX, &id))
			read_thread(&usage->threads[usage->thread_count++],
			    pid, (pid_t)id);
	if (tasks != NULL)
		closedir(tasks);
}

static int64_t
cpu_before(const struct usage *before, pid_t id)
{
	for (size_t i = 0; i < before->thread_count; i++)
		if (before->threads[i].id == id)
			return before->threads[i].cpu_us;
	return 0;
}

static void
put_cpu(struct value_builder *built, int64_t cpu_us, int64_t units)
{
	value_put_int(built, "cpu_us", cpu_us);
	if (units > 0)
		value_put_int(built, "cpu_ns_per_unit",
		    cpu_us * 1000 / units);
}

const struct value *
usage_report(struct arena *arena, const struct usage *before,
    const struct usage *after, int64_t units)
{
	struct value_builder *built = value_build_context(arena);
	struct value_builder *threads = value_build_list(arena);

	put_cpu(built, after->cpu_us - before->cpu_us, units);
	for (size_t i = 0; i < after->thread_count; i++) {
		const struct usage_thread *thread = &after->threads[i];
		struct value_builder *told = value_build_context(arena);

		value_put_str(
		    told, "name", arena_str(arena, str_of(thread->name)));
		put_cpu(told, thread->cpu_us - cpu_before(before, thread->id),
		    units);
		value_append(threads, value_built(told));
	}
	value_put(built, STR("threads"), value_built(threads));
	return value_built(built);
}
