/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_copy.c: databases that are copied and checked: backup, restore and
 * rekey.
 *
 * Who presses Ctrl-C leaves nothing half done behind: the signals are held
 * back, and looked for between two pieces of work.
 */
#include "cli_priv.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stated/clock.h"
#include "stated/export.h"
#include "stated/store_copy.h"

struct work {
	struct cli *cli;
	struct cli_copy *copy;
	struct store_copy *store;
	struct cli_progress progress;
	struct buf detail;
	const char *blamed; /* the file that an error is about */
};

/* ------------------------------------------------------------------- names */

bool
cli_copy_is_database(const char *path)
{
	char found[16];
	/* Whatever else may be there shall not be waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_read = fd >= 0 &&
		       pread(fd, found, sizeof(found), 0) == sizeof(found);

	if (fd >= 0)
		close(fd);
	return is_read &&
	       store_is_beginning((struct str){found, sizeof(found)});
}

/* Its log has what the database has not yet, and of the others each is taken
 * for what its name says, or made anew. */
static const struct str suffixes[] = {STR_INIT("-wal"), STR_INIT("-shm"),
    STR_INIT("-journal"), STR_INIT("-lock"), STR_INIT(".part"),
    STR_INIT(".restoring"), STR_INIT(".rekeying")};

bool
cli_copy_is_beside(struct cli *cli, struct str path)
{
	for (size_t i = 0; i < COUNT_OF(suffixes); i++)
		if (str_has_suffix(path, suffixes[i]) &&
		    cli_copy_is_database(arena_strf(cli->arena, "%.*s",
			(int)(path.bytes - suffixes[i].bytes), path.at).at))
			return true;
	return false;
}

static bool
is_same_file(const char *one, const char *other)
{
	struct stat first, second;

	return stat(one, &first) == 0 && stat(other, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool
cli_copy_is_part_of(struct cli *cli, const char *path, const char *database)
{
	struct str name = str_of(path);

	if (is_same_file(path, database))
		return true;
	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		struct str part = arena_strf(
		    cli->arena, "%s%.*s", database, STR_ARG(suffixes[i]));

		if (is_same_file(path, part.at))
			return true;
		/* It need not be there yet. */
		if (str_has_suffix(name, suffixes[i]) &&
		    is_same_file(arena_strf(cli->arena, "%.*s",
			(int)(name.bytes - suffixes[i].bytes), path).at,
			database))
			return true;
	}
	return false;
}

bool
cli_copy_is_spared(struct cli *cli, const char *path, const char *key)
{
	if (cli_copy_is_beside(cli, str_of(path)))
		cli_fail(cli,
		    "%s belongs to the database beside it: give %s another "
		    "name",
		    path, key);
	else if (cli_copy_is_database(path))
		cli_fail(cli,
		    "%s is a database, and would be lost: give %s another name",
		    path, key);
	else
		return true;
	return false;
}

/* ----------------------------------------------------------------- signals */

static const int held_back[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void
hold_signals(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held_back) / sizeof(held_back[0]); i++)
		sigaddset(&set, held_back[i]);
	sigprocmask(SIG_BLOCK, &set, before);
	/* A file's limit is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
}

static bool
is_interrupted(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < sizeof(held_back) / sizeof(held_back[0]); i++)
		if (sigismember(&pending, held_back[i]))
			return true;
	return false;
}

/* -------------------------------------------------------------------- work */

static bool
watch_check_cb(void *arg)
{
	struct work *work = arg;

	cli_progress_count(&work->progress, 0, "");
	return !is_interrupted();
}

static bool
watch_verify_cb(const struct export_report *report, void *arg)
{
	struct work *work = arg;

	cli_progress_count(&work->progress, report->records, "records");
	return !is_interrupted();
}

static const char *
path_to(const struct work *work)
{
	return arena_cstr(work->cli->arena, work->copy->target->to);
}

static enum store_error
copy_pages(struct work *work)
{
	struct store_copy_progress at = {0, 1};
	enum store_error error = STORE_OK;

	cli_progress_begin(&work->progress, work->cli, "copying");
	while (error == STORE_OK && at.bytes < at.bytes_all) {
		error = store_copy_step(work->store, &at, &work->detail);
		if (error == STORE_FULL || error == STORE_READONLY)
			work->blamed = path_to(work);
		if (error == STORE_OK && is_interrupted())
			error = STORE_STOPPED;
		cli_progress_bytes(&work->progress, at.bytes, at.bytes_all);
	}
	work->copy->bytes = at.bytes_all;
	return error;
}

/* STORE_CORRUPT where a chain is broken, too. */
static enum store_error
check_copy(struct work *work)
{
	struct export_report *report = work->copy->report;
	const struct export_against against = {
	    .store_keys = work->copy->keys,
	    .watch = watch_verify_cb,
	    .watch_arg = work,
	};
	enum store_error error;

	cli_progress_begin(&work->progress, work->cli, "checking pages");
	error = store_copy_check(
	    work->store, watch_check_cb, work, &work->detail);
	if (error != STORE_OK)
		return error;
	cli_progress_begin(&work->progress, work->cli, "checking histories");
	error = export_verify_against(store_copy_part(work->store), &against,
	    report, &work->detail);
	if (error != STORE_OK || report->fault == AUDIT_SOUND)
		return error;
	buf_addf(&work->detail, "a history is broken: %s",
	    report->explanation);
	if (report->instance[0] != '\0')
		buf_addf(&work->detail, " (instance %s, record %llu)",
		    report->instance, (unsigned long long)report->seq);
	return STORE_CORRUPT;
}

static enum store_error
do_work(struct work *work)
{
	struct cli_copy *copy = work->copy;
	struct buf aside = {0};
	enum store_error error;

	work->blamed = copy->from;
	error = store_copy_open(str_of(copy->from), copy->keys, &work->store,
	    &work->detail);
	if (error != STORE_OK)
		return error;
	work->blamed = path_to(work);
	error = store_copy_begin(work->store, copy->target, &work->detail);
	if (error != STORE_OK)
		return error;
	work->blamed = copy->from;
	error = copy_pages(work);
	if (error == STORE_OK)
		error = check_copy(work);
	if (error != STORE_OK)
		return error;
	work->blamed = path_to(work);
	error = store_copy_keep(work->store, &aside, &work->detail);
	copy->aside = arena_str(work->cli->arena, buf_str(&aside));
	buf_fini(&aside);
	return error;
}

/* ----------------------------------------------------------------- telling */

/* In place of store_error_text(), which speaks to who runs an engine. */
static struct str
text_of(const struct work *work, enum store_error error)
{
	bool restores = work->copy->target->kind == COPY_RESTORE;
	bool is_stopped = work->copy->target->kind != COPY_BACKUP;

	switch (error) {
	case STORE_TAKEN:
		return str_of(work->copy->refused);
	case STORE_FULL:
		return STR("no space is left for the copy");
	case STORE_READONLY:
		return STR("it can't be written or read: look at its "
			   "permissions and those of its folder");
	case STORE_LOCKED:
		return is_stopped
			   ? STR("an engine, a restore or another rekey holds "
				 "it; stop that first")
			   : STR("another backup, or another program, "
				      "holds it");
	case STORE_CORRUPT:
		return restores ? STR("the backup is damaged; use another")
				: STR("the database is damaged; keep it, and "
				      "the backups of before");
	case STORE_FOREIGN:
		return STR("it is not a database of stated");
	case STORE_SEALED:
		return work->copy->keys == NULL
			   ? STR("it is encrypted; --config FILE names the "
				 "configuration that has its keys")
			   : STR("none of the keys that were given opens it");
	default:
		return store_error_text(error);
	}
}

static const char *const undone[] = {[COPY_BACKUP] = "backed up",
    [COPY_RESTORE] = "restored", [COPY_REKEY] = "changed"};

static enum cli_status
tell(struct work *work, enum store_error error)
{
	struct cli *cli = work->cli;

	if (error == STORE_OK)
		return CLI_OK;
	if (error == STORE_TAKEN && work->detail.bytes > 0)
		return cli_fail(cli, "%s: %s", work->blamed,
		    buf_cstr(&work->detail));
	return cli_fail(cli, "%s: %.*s%s%.*s\nnothing was %s", work->blamed,
	    STR_ARG(text_of(work, error)), work->detail.bytes > 0 ? ": " : "",
	    STR_ARG(cli_text_clean(cli->arena, buf_str(&work->detail))),
	    undone[work->copy->target->kind]);
}

enum cli_status
cli_copy_run(struct cli *cli, struct cli_copy *copy)
{
	struct work work = {.cli = cli, .copy = copy};
	int64_t began_us = clock_monotonic_us();
	enum cli_status status;
	sigset_t before;

	if (copy->target->kind != COPY_REKEY &&
	    cli_copy_is_beside(cli, copy->target->to))
		return cli_fail(cli,
		    "%.*s belongs to the database beside it: give another "
		    "name\nnothing was %s",
		    STR_ARG(copy->target->to), undone[copy->target->kind]);
	hold_signals(&before);
	enum store_error error = do_work(&work);
	cli_progress_end(&work.progress);
	store_copy_close(&work.store);
	copy->took_ms = (clock_monotonic_us() - began_us) / 1000;
	status = tell(&work, error);
	buf_fini(&work.detail);
	/* One that came since then ends the program here. */
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static struct str
seconds_of(struct cli *cli, const struct cli_copy *copy)
{
	return arena_strf(cli->arena, "%lld.%03lld",
	    (long long)copy->took_ms / 1000, (long long)copy->took_ms % 1000);
}

struct value_builder *
cli_copy_value(struct cli *cli, const struct cli_copy *copy)
{
	struct value_builder *built = value_build_context(cli->arena);
	struct number seconds;
	enum number_error error =
	    number_parse(seconds_of(cli, copy), &seconds);

	must(error == NUMBER_OK);
	value_put_str(built, "file", copy->target->to);
	value_put_int(built, "instances", (int64_t)copy->report->instances);
	value_put_int(built, "records", (int64_t)copy->report->records);
	value_put_int(built, "bytes", (int64_t)copy->bytes);
	value_put(
	    built, STR("seconds"), value_of_number(cli->arena, seconds));
	return built;
}

struct str
cli_copy_text(struct cli *cli, const struct cli_copy *copy)
{
	return arena_strf(cli->arena,
	    "%llu instance%s, %llu records, %.*s in %.*s s",
	    (unsigned long long)copy->report->instances,
	    copy->report->instances == 1 ? "" : "s",
	    (unsigned long long)copy->report->records,
	    STR_ARG(cli_progress_size(cli->arena, copy->bytes)),
	    STR_ARG(seconds_of(cli, copy)));
}

struct str
cli_copy_store(const struct cli *cli)
{
	struct str store = cli_option_str(cli, "store");

	if (store.at == NULL)
		return cli->store;
	return str_has_prefix(store, STR("sqlite:"))
		   ? str_slice(store, 7, store.bytes)
		   : store;
}
