/* SPDX-License-Identifier: Apache-2.0 */
/* serve_secret.c: secrets by name, never written down, read anew on rotation.
 */
#include "serve_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_BYTES_MAX (256 * 1024)
#define NAME_BYTES_MAX 128

struct cached {
	struct arena *arena;
	struct timespec changed;
	ino_t inode;
	const struct value *value;
};

struct secrets {
	struct arena *arena;
	struct map *cached; /* path -> struct cached * */
	struct map *given;  /* variable -> struct cached * */
	struct str prefix;
	struct str directory;
	bool systemd;
	int spare; /* a descriptor for when there is no other; -1: none */
	struct vault *vault; /* NULL: none */
};

static void
take_spare(struct secrets *secrets)
{
	if (secrets->spare < 0)
		secrets->spare = open("/", O_PATH | O_CLOEXEC);
}

static void
give_spare(struct secrets *secrets)
{
	if (secrets->spare >= 0)
		close(secrets->spare);
	secrets->spare = -1;
}

struct secrets *
secrets_new(void)
{
	struct secrets *secrets = calloc(1, sizeof(*secrets));

	must(secrets != NULL);
	secrets->arena = arena_new();
	secrets->cached = map_new();
	secrets->given = map_new();
	secrets->prefix = STR("STATED_SECRET_");
	secrets->systemd = true;
	secrets->spare = -1;
	take_spare(secrets);
	return secrets;
}

static void
free_cached(struct map **map)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(*map, &cursor, &key, &value)) {
		struct cached *cached = value;

		arena_free(&cached->arena);
		free(cached);
	}
	map_free(map);
}

void
secrets_free(struct secrets **secrets)
{
	if (*secrets == NULL)
		return;
	vault_free(&(*secrets)->vault);
	give_spare(*secrets);
	free_cached(&(*secrets)->cached);
	free_cached(&(*secrets)->given);
	arena_free(&(*secrets)->arena);
	free(*secrets);
	*secrets = NULL;
}

void
secrets_set_environment(struct secrets *secrets, struct str prefix)
{
	secrets->prefix = arena_str(secrets->arena, prefix);
}

void
secrets_set_directory(struct secrets *secrets, struct str directory)
{
	secrets->directory = arena_str(secrets->arena, directory);
}

void
secrets_set_systemd(struct secrets *secrets, bool systemd)
{
	secrets->systemd = systemd;
}

static template_secret_fn find_here;

void
secrets_set_vault(struct secrets *secrets, const struct vault_config *config)
{
	must(secrets->vault == NULL);
	secrets->vault = vault_new(config, find_here, secrets);
}

struct vault *
secrets_vault(struct secrets *secrets)
{
	return secrets->vault;
}

bool
secrets_refused_cb(void *arg)
{
	struct secrets *secrets = arg;

	if (secrets->vault == NULL)
		return false;
	vault_doubt(secrets->vault);
	return true;
}

/* Letters, digits, "_" and "-": no name leads out of its directory. */
static bool
is_name(struct str name)
{
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return name.bytes > 0 && name.bytes <= NAME_BYTES_MAX;
}

static struct cached *
cache_of(struct map *map, struct str key)
{
	struct cached *cached = map_find(map, key);

	if (cached == NULL) {
		cached = calloc(1, sizeof(*cached));
		must(cached != NULL);
		map_put(map, key, cached);
	}
	return cached;
}

/* The value lives until the next one takes its place: longer than a request
 * is prepared. */
static const struct value *
keep(struct cached *cached, struct str text)
{
	if (cached->value != NULL && str_equal(cached->value->as.string, text))
		return cached->value;
	arena_free(&cached->arena);
	cached->arena = arena_new();
	cached->value = value_copy_str(cached->arena, text);
	return cached->value;
}

static const struct value *
find_in_environment(struct secrets *secrets, struct str name)
{
	char variable[2 * NAME_BYTES_MAX];
	const char *text;
	size_t bytes;

	if (secrets->prefix.at == NULL ||
	    secrets->prefix.bytes > NAME_BYTES_MAX)
		return NULL;
	bytes = (size_t)snprintf(variable, sizeof(variable), "%.*s%.*s",
	    STR_ARG(secrets->prefix), STR_ARG(name));
	for (size_t i = secrets->prefix.bytes; i < bytes; i++) {
		if (variable[i] >= 'a' && variable[i] <= 'z')
			variable[i] = (char)(variable[i] - 'a' + 'A');
		if (variable[i] == '-')
			variable[i] = '_';
	}
	text = getenv(variable);
	if (text == NULL)
		return NULL;
	return keep(cache_of(secrets->given, str_of(variable)), str_of(text));
}

/* A closing line end is the editor's, not the secret's. */
static struct str
trim_line_end(struct str text)
{
	while (text.bytes > 0 && (text.at[text.bytes - 1] == '\n' ||
				     text.at[text.bytes - 1] == '\r'))
		text.bytes--;
	return text;
}

static const struct value *
read_file(int fd, const struct stat *status, struct cached *cached)
{
	size_t bytes = (size_t)status->st_size, got = 0;
	char *text = malloc(bytes + 1);
	const struct value *value = NULL;
	ssize_t n;

	must(text != NULL);
	while (got < bytes && (n = read(fd, text + got, bytes - got)) > 0)
		got += (size_t)n;
	if (got == bytes && str_is_utf8((struct str){text, got})) {
		value = keep(cached, trim_line_end((struct str){text, got}));
		cached->changed = status->st_mtim;
		cached->inode = status->st_ino;
	}
	explicit_bzero(text, bytes);
	free(text);
	return value;
}

/* What has not changed is not opened: there may be no descriptor for it. */
static bool
is_unchanged(const char *path, const struct cached *cached)
{
	struct stat status;

	return cached->value != NULL && stat(path, &status) == 0 &&
	       cached->inode == status.st_ino &&
	       cached->changed.tv_sec == status.st_mtim.tv_sec &&
	       cached->changed.tv_nsec == status.st_mtim.tv_nsec;
}

/* A call that finds no descriptor waits for one; one that has no secret would
 * fail, and a webhook couldn't be told from a forged one. */
static int
open_file(struct secrets *secrets, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 || errno != EMFILE || secrets->spare < 0)
		return fd;
	give_spare(secrets);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int code = errno;

		take_spare(secrets);
		errno = code;
	}
	return fd;
}

static const struct value *
find_in_directory(
    struct secrets *secrets, struct str directory, struct str name)
{
	char path[4096];
	const struct value *value = NULL;
	struct cached *cached;
	struct stat status;
	int fd;

	if (directory.at == NULL ||
	    (size_t)snprintf(path, sizeof(path), "%.*s/%.*s",
		STR_ARG(directory), STR_ARG(name)) >= sizeof(path))
		return NULL;
	cached = map_find(secrets->cached, str_of(path));
	if (cached != NULL && is_unchanged(path, cached))
		return cached->value;
	fd = open_file(secrets, path);
	/* What is there and can't be read is most likely what it was. */
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && cached != NULL)
		return cached->value;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size <= SECRET_BYTES_MAX)
		value = read_file(fd, &status,
		    cache_of(secrets->cached, str_of(path)));
	close(fd);
	take_spare(secrets);
	return value;
}

/* What is on this machine. */
static const struct value *
find_here(void *arg, struct str name)
{
	struct secrets *secrets = arg;
	const struct value *value;

	if (!is_name(name))
		return NULL;
	value = find_in_environment(secrets, name);
	if (value == NULL)
		value = find_in_directory(secrets, secrets->directory, name);
	if (value == NULL && secrets->systemd)
		value = find_in_directory(
		    secrets, str_of(getenv("CREDENTIALS_DIRECTORY")), name);
	return value;
}

const struct value *
secrets_find_cb(void *arg, struct str name)
{
	struct secrets *secrets = arg;
	const struct value *value = find_here(arg, name);

	if (value == NULL && secrets->vault != NULL)
		value = vault_find(secrets->vault, name);
	return value;
}
