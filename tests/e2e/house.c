/* SPDX-License-Identifier: Apache-2.0 */
/* house.c: a folder with definitions, a sandbox and an engine. */
#include "house.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_MS 20000

/* Houses that are open, for house_clear(). */
static struct house *houses;

/* ---- files ---- */

const char *
house_path(const struct house *house, const char *name)
{
	static char paths[8][2 * HOUSE_PATH_BYTES];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", house->directory, name);
	return path;
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		fail_msg("can't write %s", path);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

void
house_write(const struct house *house, const char *name, const char *text)
{
	write_file(house_path(house, name), text);
}

char *
house_read(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat about;
	char *text;
	size_t bytes;

	if (file == NULL || fstat(fileno(file), &about) != 0)
		fail_msg("can't read %s", path);
	text = calloc(1, (size_t)about.st_size + 1);
	assert_non_null(text);
	bytes = fread(text, 1, (size_t)about.st_size, file);
	text[bytes] = '\0';
	fclose(file);
	return text;
}

void
house_edit(const struct house *house, const char *name, const char *what,
    const char *with)
{
	const char *path = house_path(house, name);
	char *text = house_read(path);
	char *at = strstr(text, what);
	char *edited;

	if (at == NULL)
		fail_msg("%s does not say: %s", path, what);
	assert_true(asprintf(&edited, "%.*s%s%s", (int)(at - text), text, with,
			at + strlen(what)) > 0);
	write_file(path, edited);
	free(edited);
	free(text);
}

void *
house_share(const struct house *house, const char *variable, size_t bytes)
{
	const char *path = house_path(house, variable);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *shared;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	shared =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(shared != MAP_FAILED);
	close(fd);
	setenv(variable, path, 1);
	return shared;
}

/* Files and directories, but no links. */
static void
copy_tree(const char *from, const char *to)
{
	DIR *directory = opendir(from);
	struct dirent *entry;

	if (directory == NULL)
		fail_msg("can't read %s", from);
	assert_int_equal(mkdir(to, 0700), 0);
	while ((entry = readdir(directory)) != NULL) {
		char source[PATH_MAX], target[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
		if (entry->d_type == DT_DIR) {
			copy_tree(source, target);
		} else {
			char *text = house_read(source);

			write_file(target, text);
			free(text);
		}
	}
	closedir(directory);
}

static void
remove_tree(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		char name[PATH_MAX];

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			remove_tree(name);
		else
			unlink(name);
	}
	if (directory != NULL)
		closedir(directory);
	rmdir(path);
}

/* ---- programs ---- */

static const char *
built(const char *name)
{
	static char paths[2][PATH_MAX];
	static size_t next;
	char *path = paths[next++ % 2];
	const char *builddir = getenv("builddir");

	snprintf(path, PATH_MAX, "%s/%s", builddir ? builddir : ".", name);
	return path;
}

const char *
house_program(void)
{
	return built("stated");
}

/* Waits for the port that a program writes when it listens. */
static int
await_port(struct program *program, const char *path)
{
	int64_t until_ms = time_ms() + START_MS;
	int port = 0;

	while (port == 0) {
		FILE *file = fopen(path, "re");

		if (file != NULL) {
			if (fscanf(file, "%d", &port) != 1)
				port = 0;
			fclose(file);
		}
		if (port == 0 &&
		    (!program_is_alive(program) || time_ms() > until_ms)) {
			char *log = house_read(program->log);

			print_error("%s\n", log);
			free(log);
			fail_msg("it does not listen: %s", program->log);
		}
		if (port == 0)
			time_sleep(2);
	}
	return port;
}

void
house_start_sandbox(struct house *house)
{
	char address[32];
	const char *arguments[26] = {
	    built("contrib/sandbox/stated-sandbox"),
	    "--listen",
	    address,
	    "--port-file",
	    house_path(house, "sandbox.port"),
	    "--ledger",
	    house_path(house, "ledger.jsonl"),
	    "--webhook-secret",
	    "s3cret",
	    "--seed",
	    "1",
	};
	size_t count = 11;

	if (house->options->journal) {
		arguments[count++] = "--journal";
		arguments[count++] = house_path(house, "journal.jsonl");
	}
	snprintf(address, sizeof(address), "127.0.0.1:%d",
	    house->sandbox_port);
	(void)remove(house_path(house, "sandbox.port"));
	for (size_t i = 0; i < 10 && house->options->sandbox[i] != NULL; i++)
		arguments[count++] = house->options->sandbox[i];
	snprintf(house->sandbox.log, HOUSE_PATH_BYTES, "%s",
	    house_path(house, "sandbox.log"));
	program_start(&house->sandbox, arguments);
	house->sandbox_port =
	    await_port(&house->sandbox, house_path(house, "sandbox.port"));
	snprintf(house->sandbox_url, sizeof(house->sandbox_url),
	    "http://127.0.0.1:%d", house->sandbox_port);
}

static const char any_order[] = "verify_asan_link_order=0";

/* What is begun next has the shim before a sanitizer, which would rather be
 * the first. */
static void
preload(const char *shim)
{
	const char *before = getenv("ASAN_OPTIONS");
	const char *path = built(shim);
	char options[512];

	assert_int_equal(access(path, R_OK), 0);
	setenv("LD_PRELOAD", path, 1);
	if (before != NULL && strstr(before, any_order) != NULL)
		return;
	snprintf(options, sizeof(options), "%s:%s",
	    before != NULL ? before : "", any_order);
	setenv("ASAN_OPTIONS", options, 1);
}

void
house_spawn_engine(struct house *house)
{
	char listen[64];
	const char *arguments[16] = {
	    house_program(),
	    "serve",
	    "--config",
	    house_path(house, "stated.yaml"),
	    "--listen",
	    listen,
	    "--port-file",
	    house_path(house, "stated.port"),
	};
	size_t count = 8;

	snprintf(listen, sizeof(listen), "127.0.0.1:%d", house->port);
	if (house->options->clock != NULL) {
		arguments[count++] = "--clock";
		arguments[count++] = house->options->clock;
	}
	snprintf(house->engine.log, HOUSE_PATH_BYTES, "%s",
	    house_path(house, "stated.log"));
	unlink(house_path(house, "stated.port"));
	if (house->shim != NULL)
		preload(house->shim);
	program_start(&house->engine, arguments);
	if (house->shim != NULL)
		unsetenv("LD_PRELOAD");
}

void
house_await_engine(struct house *house)
{
	assert_int_equal(
	    await_port(&house->engine, house_path(house, "stated.port")),
	    house->port);
}

void
house_start_engine(struct house *house)
{
	house_spawn_engine(house);
	house_await_engine(house);
	if (!house->options->quiet_bank && !house->is_told) {
		house->is_told = true;
		house_control(house, "/control/webhooks",
		    "{\"url\":\"%s/hooks/bank\",\"secret\":\"s3cret\"}",
		    house->url);
	}
}

size_t
house_logged(const struct house *house, const char *text)
{
	char *log = house_read(house->engine.log);
	size_t count = 0;

	for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
		count++;
	free(log);
	return count;
}

/* ---- houses ---- */

/* A port that the kernel picks, held by a socket that does not listen: the
 * engine may listen there again and again, and nobody who calls it while it is
 * down gets the port as his own. */
static void
reserve_port(struct house *house)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(at);
	int on = 1;

	house->reserve = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(house->reserve >= 0);
	setsockopt(
	    house->reserve, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(
	    bind(house->reserve, (struct sockaddr *)&at, bytes), 0);
	assert_int_equal(
	    getsockname(house->reserve, (struct sockaddr *)&at, &bytes), 0);
	house->port = ntohs(at.sin_port);
	snprintf(house->url, sizeof(house->url), "http://127.0.0.1:%d",
	    house->port);
}

/* Tests run at night and on Sundays. */
static const char always_open[] =
    "calendar: target2\n"
    "timezone: Europe/Berlin\n"
    "weekend: []\n"
    "windows: {bank-hours: {hours: 00:00-24:00}}\n";

static void
write_config(const struct house *house)
{
	const char *url = house->sandbox_url;
	const char *more = house->options->config;
	char *text;

	assert_true(asprintf(&text,
			"environment: test\n"
			"store: sqlite:%s/disk/stated.db\n"
			"workflows: [%s/workflows]\n"
			"settings:\n"
			"  bank: {url: '%s/bank'}\n"
			"  compliance: {url: '%s/compliance'}\n"
			"  odoo: {url: '%s/odoo', database: demo, "
			"login: admin, currencies: {GBP: 143}}\n"
			"  crm: {url: '%s/crm'}\n"
			"  stripe: {url: '%s/stripe'}\n"
			"  treasury: {url: '%s/treasury'}\n"
			"  letters: {url: '%s'}\n"
			"  chat: {url: '%s/chat'}\n"
			"  tax: {url: '%s/tax'}\n"
			"  ocr: {url: '%s/stub/call'}\n"
			"  vies: {url: '%s/tax', own_country: DE, "
			"own_number: '100'}\n"
			"  sync: {user: stated}\n"
			"secrets: {environment: STATED_SECRET_}\n"
			"%s%s",
			house->directory, house->directory, url, url, url, url,
			url, url, url, url, url, url, url, more ? more : "",
			more && strstr(more, "auth:")
			    ? ""
			    : "auth: {required: false}\n") > 0);
	house_write(house, "stated.yaml", text);
	free(text);
}

static void
make_folder(struct house *house)
{
	const char *srcdir = getenv("srcdir");
	const char *base = getenv("STATED_E2E_DIR");
	char workflows[PATH_MAX];

	snprintf(house->directory, sizeof(house->directory),
	    "%s/stated-e2e-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(house->directory));
	snprintf(workflows, sizeof(workflows), "%s/workflows",
	    srcdir ? srcdir : ".");
	copy_tree(workflows, house_path(house, "workflows"));
	house_write(house, "workflows/calendars/target2.yaml", always_open);
	assert_int_equal(mkdir(house_path(house, "disk"), 0700), 0);
}

/* Only root may. */
static bool
mount_disk(struct house *house)
{
	house->is_mounted = mount("none", house_path(house, "disk"), "tmpfs",
				0, "size=8m") == 0;
	return house->is_mounted;
}

static void
demolish(struct house **house)
{
	struct reply *reply = (*house)->replies, *next;
	struct house **link = &houses;

	while (*link != *house)
		link = &(*link)->next;
	*link = (*house)->next;
	for (; reply != NULL; reply = next) {
		next = reply->next;
		reply_free(reply);
	}
	close((*house)->reserve);
	if ((*house)->is_mounted)
		umount(house_path(*house, "disk"));
	if (getenv("STATED_E2E_KEEP") == NULL)
		remove_tree((*house)->directory);
	free(*house);
	*house = NULL;
}

struct house *
house_build(const struct house_options *options)
{
	static const struct house_options usual = {0};
	struct house *house = calloc(1, sizeof(*house));

	assert_non_null(house);
	house->options = options ? options : &usual;
	house->next = houses;
	houses = house;
	setenv("STATED_SECRET_BANK_TOKEN", "bank-token", 1);
	setenv("STATED_SECRET_BANK_HOOK", "s3cret", 1);
	setenv("STATED_SECRET_ODOO_PASSWORD", "admin", 1);
	setenv("STATED_SECRET_OCR_TOKEN", "ocr-token", 1);
	setenv("STATED_SECRET_STRIPE_KEY", "sk_test", 1);
	make_folder(house);
	reserve_port(house);
	if (house->options->small_disk && !mount_disk(house)) {
		demolish(&house);
		return NULL;
	}
	house_start_sandbox(house);
	write_config(house);
	return house;
}

struct house *
house_open(const struct house_options *options)
{
	struct house *house = house_build(options);

	if (house != NULL)
		house_start_engine(house);
	return house;
}

struct house *
house_open_with(const struct house_options *options, const char *name,
    const char *definitions)
{
	struct house *house = house_build(options);

	house_write(house, name, definitions);
	house_start_engine(house);
	return house;
}

void
house_close(struct house **house)
{
	if ((*house)->engine.pid != 0)
		program_stop(&(*house)->engine);
	if ((*house)->sandbox.pid != 0)
		program_stop(&(*house)->sandbox);
	demolish(house);
}

int
house_clear(void **state)
{
	(void)state;
	while (houses != NULL) {
		struct house *house = houses;

		/* It is open still: its test has failed. */
		if (access(house->engine.log, R_OK) == 0)
			program_tell_log(&house->engine);
		if (program_is_alive(&house->engine))
			program_kill(&house->engine);
		if (program_is_alive(&house->sandbox))
			program_kill(&house->sandbox);
		demolish(&house);
	}
	return 0;
}

struct run
house_run(const struct house *house, const char *const *arguments)
{
	char url[96];
	const char *environment[] = {url, "NO_COLOR=1", NULL};
	const char *all[24] = {house_program()};
	size_t count = 1;

	for (; *arguments != NULL && count < 23; arguments++)
		all[count++] = *arguments;
	snprintf(url, sizeof(url), "STATED_URL=%s", house->url);
	return program_run(house->directory, environment, all, NULL);
}

int
house_sql_of(const struct house *house, const char *name, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;
	int changes;

	assert_int_equal(sqlite3_open(house_path(house, name), &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	changes = sqlite3_changes(db);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return changes;
}

int
house_sql(const struct house *house, const char *sql)
{
	return house_sql_of(house, "disk/stated.db", sql);
}

static void
check_database(struct house *house, const char *command)
{
	struct run run = house_run(house,
	    (const char *[]){
		command, house_path(house, "disk/stated.db"), NULL});

	if (run.status != 0)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, 0);
	run_fini(&run);
}

void
house_verify_chains(struct house *house)
{
	check_database(house, "verify");
}

void
house_verify(struct house *house)
{
	house_verify_chains(house);
	check_database(house, "reperform");
}
