/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_engine.c: `stated serve` as a child, with a database of its own.
 *
 * It is the program that runs in earnest, with its defaults: nothing is
 * switched off for the sake of a figure.
 */
#include "bench_priv.h"

#include "stated/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define LOOK_US 2000
#define LOG_TOLD 400
#define PATH_BYTES 4096

/* In the child. */
struct command {
	const char *program;
	char config[PATH_BYTES];
	char port_file[PATH_BYTES];
	char log[PATH_BYTES];
};

static void
name_file(char *path, const char *directory, const char *name)
{
	must(snprintf(path, PATH_BYTES, "%s/%s", directory, name) <
	    PATH_BYTES);
}

static bool
write_file(const char *path, struct str text, struct buf *detail)
{
	FILE *file = fopen(path, "we");

	if (file != NULL) {
		(void)fwrite(text.at, 1, text.bytes, file);
		if (fclose(file) == 0)
			return true;
	}
	buf_addf(detail, "%s: %s", path, strerror(errno));
	return false;
}

/* Paths stand in quotes, in which a quote is written twice. */
static void
put_quoted(struct buf *out, const char *before, const char *text)
{
	buf_addf(out, "'%s", before);
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_char(out, '\'');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

static bool
write_key(const struct engine_place *place, struct buf *config,
    struct buf *detail)
{
	const struct cipher_key *key = place->key;
	char hex[DIGEST_HEX_BYTES], path[PATH_BYTES];

	name_file(path, place->directory, "store-key");
	buf_add_cstr(config, "encryption: {keys: [{secret: store-key}]}\n"
			     "secrets: {directory: ");
	put_quoted(config, "", place->directory);
	buf_add_cstr(config, "}\n");
	return write_file(path,
	    digest_format_hex(
		(struct str){(const char *)key->bytes, sizeof(key->bytes)},
		hex),
	    detail);
}

static bool
write_config(const struct engine_place *place, const struct command *command,
    struct buf *detail)
{
	char documents[PATH_BYTES];
	struct buf text = {0};
	bool is_written = true;

	name_file(documents, place->directory, "documents.yaml");
	buf_add_cstr(&text, "listen: ['127.0.0.1:0']\nauth: {required: false}\n"
			    "store: ");
	put_quoted(&text, "sqlite:", place->store);
	buf_add_cstr(&text, "\nworkflows: [");
	put_quoted(&text, "", documents);
	buf_addf(&text,
	    "]\nsettings: {stub: {url: 'http://127.0.0.1:%u'}}\n",
	    place->stub_port);
	if (place->key != NULL)
		is_written = write_key(place, &text, detail);
	is_written = is_written &&
	    write_file(documents, str_of(place->documents), detail) &&
	    write_file(command->config, buf_str(&text), detail);
	buf_fini(&text);
	return is_written;
}

static void
become_engine(void *arg)
{
	const struct command *command = arg;
	const char *const words[] = {command->program, "serve", "--config",
	    command->config, "--port-file", command->port_file, NULL};
	int log = open(command->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (log < 0 || dup2(log, STDERR_FILENO) < 0 ||
	    dup2(log, STDOUT_FILENO) < 0)
		_exit(1);
	execv(command->program, (char *const *)words);
	_exit(1);
}

/* 0 as long as it is not there. */
static uint16_t
read_port(const char *path)
{
	char line[16] = "";
	struct str rest;
	int64_t port = 0;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) == NULL ||
	    !str_parse_int(
		str_split(str_of(line), '\n', &rest), 1, UINT16_MAX, &port))
		port = 0;
	fclose(file);
	return (uint16_t)port;
}

/* The end of its log, where the reason stands. */
static void
explain(const char *path, struct buf *detail)
{
	struct buf text = {0};
	FILE *file = fopen(path, "re");
	struct str told;

	buf_add_cstr(detail, "the engine does not start");
	if (file != NULL && buf_add_file(&text, file, 1 << 20)) {
		told = str_trim(buf_str(&text));
		if (told.bytes > LOG_TOLD)
			told = str_slice(
			    told, told.bytes - LOG_TOLD, LOG_TOLD);
		buf_addf(detail, ": %.*s", STR_ARG(told));
	}
	if (file != NULL)
		fclose(file);
	buf_fini(&text);
}

static bool
wait_for_port(struct engine_child *child, const struct command *command,
    struct buf *detail)
{
	int64_t until_us = clock_monotonic_us() + PATIENCE_MS * 1000;

	while ((child->port = read_port(command->port_file)) == 0) {
		if (child_has_ended(&child->pid) ||
		    clock_monotonic_us() > until_us) {
			explain(command->log, detail);
			child_stop(&child->pid);
			return false;
		}
		usleep(LOOK_US);
	}
	return true;
}

bool
engine_child_start(struct engine_child *child,
    const struct engine_place *place, struct buf *detail)
{
	struct command command = {.program = place->program};

	*child = (struct engine_child){0};
	name_file(command.config, place->directory, "stated.yaml");
	name_file(command.port_file, place->directory, "port");
	name_file(command.log, place->directory, "log");
	(void)unlink(command.port_file);
	if (!write_config(place, &command, detail))
		return false;
	child->forked_us = clock_monotonic_us();
	child->pid = child_fork(become_engine, &command);
	if (!wait_for_port(child, &command, detail))
		return false;
	child->bytes_at_start = engine_child_disk(place->store);
	return true;
}

void
engine_child_stop(struct engine_child *child)
{
	child_stop(&child->pid);
}

/* ---- its database ---- */

static const char *const store_parts[] = {"", "-wal", "-shm", "-journal"};
#define STORE_PARTS (sizeof(store_parts) / sizeof(store_parts[0]))

/* Blocks, not lengths: a log may be longer than what is in it. */
int64_t
engine_child_disk(const char *store)
{
	char path[PATH_BYTES];
	struct stat found;
	int64_t bytes = 0;

	for (size_t i = 0; i < STORE_PARTS; i++) {
		snprintf(path, sizeof(path), "%s%s", store, store_parts[i]);
		if (stat(path, &found) == 0)
			bytes += (int64_t)found.st_blocks * 512;
	}
	return bytes;
}

void
engine_child_remove(const char *store)
{
	char path[PATH_BYTES];

	for (size_t i = 0; i < STORE_PARTS; i++) {
		snprintf(path, sizeof(path), "%s%s", store, store_parts[i]);
		(void)unlink(path);
	}
}
