/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_serve.c: the engine as a service.
 *
 * What it is to be is read here, and it is taken apart here in the one order
 * that is right: what calls back into the engine ends before it does.
 */
#include "serve_service.h"
#include "stated/descriptor.h"
#include "stated/memory.h"
#include "stated/store_keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>

/* For calls under way, of which each has its own timeout, too; with what
 * follows it is less than systemd waits (90 s).  The docs and --help tell. */
#define DRAIN_SECONDS 80
/* For answers to leave, once the engine has nothing under way. */
#define LOOK_US 10000
#define LOOKS_MAX 200
#define TIDY_SECONDS 5
#define SPARE_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* ---- options over the file ---- */

static void
override_workflows(struct service *service)
{
	struct config *config = service->config;
	size_t count = 0;
	struct str *paths;

	while (cli_option_at(service->cli, "workflows", count) != NULL)
		count++;
	if (count == 0)
		return;
	paths = ARENA_ARRAY(config->arena, count, struct str);
	for (size_t i = 0; i < count; i++)
		paths[i] = str_of(cli_option_at(service->cli, "workflows", i));
	config->workflows = paths;
	config->workflow_count = count;
}

/* HOST:PORT; a HOST with colons of its own is written in brackets. */
static bool
is_address(struct str text)
{
	struct str host = text;
	int64_t port;

	while (host.bytes > 0 && host.at[host.bytes - 1] != ':')
		host.bytes--;
	if (host.bytes < 2 ||
	    !str_parse_int(str_slice(text, host.bytes, text.bytes), 0,
		UINT16_MAX, &port))
		return false;
	host.bytes--;
	return host.at[0] == '[' || str_find(host, STR(":")) == SIZE_MAX;
}

static enum cli_status
check_listen(struct service *service)
{
	const struct config *config = service->config;
	struct cli *cli = service->cli;

	for (size_t i = 0; i < config->listen_count; i++) {
		const char *why = arena_strf(cli->arena,
		    "%.*s is no address: write HOST:PORT, PORT up to %d, or "
		    "[HOST]:PORT where HOST has colons",
		    STR_ARG(config->listen[i]), UINT16_MAX).at;

		if (!is_address(config->listen[i]))
			return cli_option(cli, "listen") != NULL
				   ? cli_usage(cli, "%s", why)
				   : cli_fail(cli, "%s", why);
	}
	return CLI_OK;
}

static void
override_listen(struct service *service)
{
	struct str given = cli_option_str(service->cli, "listen");
	struct str *listen;

	if (given.at == NULL)
		return;
	listen = ARENA_NEW(service->config->arena, struct str);
	*listen = given;
	service->config->listen = listen;
	service->config->listen_count = 1;
}

static enum cli_status
configure(struct service *service)
{
	struct config *config = service->config;
	struct str file = cli_option_str(service->cli, "config");
	struct str store = cli_option_str(service->cli, "store");
	struct str format = cli_option_str(service->cli, "log-format");

	if (file.at != NULL && !config_read(config, file)) {
		cli_library_report(
		    service->cli, config->diags, service->cli->err);
		return CLI_FAILED;
	}
	if (config->proofs.at == NULL)
		config->proofs =
		    str_equal(config->environment, STR("production"))
			? STR("required")
			: STR("advised");
	if (store.at != NULL)
		config->store = str_has_prefix(store, STR("sqlite:"))
				    ? str_slice(store, 7, store.bytes)
				    : store;
	if (config->store.bytes == 0)
		return cli_usage(service->cli, "a file needs a name");
	if (format.at != NULL)
		config->log_format = format;
	if (!str_equal(config->log_format, STR("text")) &&
	    !str_equal(config->log_format, STR("json")))
		return cli_usage(
		    service->cli, "--log-format takes text or json");
	override_workflows(service);
	override_listen(service);
	return check_listen(service);
}

static void
set_up_log(const struct config *config)
{
	static const struct {
		struct str name;
		enum log_level level;
	} levels[] = {
	    {STR_INIT("debug"), LOG_DEBUG},
	    {STR_INIT("info"), LOG_INFO},
	    {STR_INIT("warning"), LOG_WARNING},
	    {STR_INIT("error"), LOG_ERROR},
	};
	enum log_level least = LOG_INFO;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (str_equal(levels[i].name, config->log_level))
			least = levels[i].level;
	log_setup(least,
	    str_equal(config->log_format, STR("json")) ? LOG_JSON : LOG_TEXT);
}

/* "600x": time passes that much faster. */
static enum cli_status
set_clock(struct service *service)
{
	struct str given = cli_option_str(service->cli, "clock");
	int64_t factor;

	service->clock = clock_system();
	if (given.at == NULL)
		return CLI_OK;
	if (!str_has_suffix(given, STR("x")) ||
	    !str_parse_int(
		str_slice(given, 0, given.bytes - 1), 1, 100000, &factor))
		return cli_usage(service->cli,
		    "--clock takes a factor from 1x to 100000x: 600x lets an "
		    "hour pass in 6 seconds");
	if (str_equal(service->config->environment, STR("production")))
		return cli_fail(service->cli,
		    "--clock is refused: the "
		    "environment is `production`, where time is what it is");
	clock_scaled_init(&service->fast, factor, 0);
	service->clock = &service->fast.clock;
	return CLI_OK;
}

/* ---- who may be served ---- */

static bool
is_loopback(struct str address)
{
	char host[64];
	struct in_addr v4;
	size_t bytes = address.bytes;

	while (bytes > 0 && address.at[bytes - 1] != ':')
		bytes--;
	if (bytes == 0 || bytes > sizeof(host))
		return false;
	snprintf(host, sizeof(host), "%.*s", (int)bytes - 1, address.at);
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0;
}

/* A name that nobody has is told as that. */
static enum cli_status
fail_exposed(struct service *service, struct str address)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct str host = str_slice(address, 0, str_find(address, STR(":")));
	struct addrinfo *found = NULL;
	int error = 0;

	if (address.at[0] != '[')
		error = getaddrinfo(arena_cstr(service->cli->arena, host), NULL,
		    &hints, &found);
	if (error != 0)
		return cli_fail(service->cli, "%.*s is no address: %s",
		    STR_ARG(address), gai_strerror(error));
	if (found != NULL)
		freeaddrinfo(found);
	return cli_fail(service->cli,
	    "%.*s is reached by others than this machine: that needs `tls` and "
	    "`auth` in the configuration, or there, in so many words, "
	    "`insecure: true`",
	    STR_ARG(address));
}

/* Nothing but this machine is served without TLS and tokens, unless the
 * configuration says so in so many words. */
static enum cli_status
check_exposure(struct service *service)
{
	const struct config *config = service->config;
	bool safe = config->auth_required && config->tls_certificate.at != NULL;

	/* Before a database is made in which there is none either. */
	if (config->auth_required && !service_names_callers(config) &&
	    access(arena_cstr(service->cli->arena, config->store), F_OK) != 0)
		return service_fail_tokenless(service);
	if (safe || config->insecure)
		return CLI_OK;
	for (size_t i = 0; i < config->listen_count; i++)
		if (!is_loopback(config->listen[i]))
			return fail_exposed(service, config->listen[i]);
	return CLI_OK;
}

/* ---- the loop, and what it needs to make calls ---- */

/* More than an exchange with it may take. */
#define VAULT_MS 12000

/* The store, its readers (exports), definitions, secrets, pictures. */
#define OWN_DESCRIPTORS 64
/* epoll, a pair for signals, and curl's pair for waking. */
#define LOOP_DESCRIPTORS 5
#define CALLS_MAX 1024
#define LEAST 4

/* Who calls must not take the last descriptor, which a call needs, or the
 * store. */
static void
share_descriptors(struct service *service)
{
	size_t all = descriptor_raise_limit();
	size_t shared = all > OWN_DESCRIPTORS ? all - OWN_DESCRIPTORS : 0;
	size_t wanted = (size_t)service->config->connections_max;
	size_t calls = shared / 4, callers;

	if (calls > CALLS_MAX)
		calls = CALLS_MAX;
	callers = shared - calls;
	service->calls_max = calls > LEAST ? calls : LEAST;
	service->callers_max = callers > LEAST ? callers : LEAST;
	if (service->callers_max >= wanted)
		service->callers_max = wanted;
	else
		log_warning("few descriptors",
		    "the system gives %zu: limits.connections is %zu, and not "
		    "%zu (LimitNOFILE, ulimit -n)", all, service->callers_max,
		    wanted);
}

static struct event_base *
new_base(void)
{
	struct event_config *config;
	struct event_base *base;

	/* Before anything else of libevent's. */
	event_set_mem_functions(memory_get, memory_resize, free);
	memory_keep_some();
	config = event_config_new();
	must(config != NULL);
	/* One system call for many changes of interest: calls are short. */
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

/* libevent, and curl after it, take theirs without a word of what they lack:
 * so it is looked before whether there are as many. */
static enum cli_status
open_base(struct service *service)
{
	if (descriptor_are_left(LOOP_DESCRIPTORS))
		service->base = new_base();
	if (service->base != NULL)
		return CLI_OK;
	return cli_fail(service->cli, "%.*s: %s",
	    STR_ARG(store_error_text(STORE_STARVED)), strerror(errno));
}

/* Calls need the secrets that a Vault keeps: it gets some time to give them.
 * Where it doesn't, what needs none of them is served all the same. */
static void
await_vault(struct service *service, struct vault *vault)
{
	int64_t until_ms = clock_now_ms(clock_steady()) + VAULT_MS;

	vault_open(vault, http_client_port(service->http), clock_steady());
	while (!vault_is_settled(vault) &&
	       clock_now_ms(clock_steady()) < until_ms)
		event_base_loop(service->base, EVLOOP_ONCE);
}

static void
open_network(struct service *service)
{
	struct vault *vault = secrets_vault(service->config->secrets);

	service->http =
	    http_client_new(service->base, (struct http_client_options){
		.connections_max = service->calls_max,
	    });
	if (vault != NULL)
		await_vault(service, vault);
}

static enum cli_status
open_loop(struct service *service)
{
	enum cli_status status;

	share_descriptors(service);
	status = open_base(service);
	if (status == CLI_OK)
		open_network(service);
	return status;
}

/* ---- signals ---- */

static void
leave_cb(evutil_socket_t number, short what, void *arg)
{
	struct service *service = arg;
	const struct timeval pause = {.tv_usec = LOOK_US};

	(void)number;
	(void)what;
	if (api_active(service->api) == 0 || ++service->looks > LOOKS_MAX)
		event_base_loopbreak(service->base);
	else
		must(event_add(service->leave, &pause) == 0);
}

/* What the last turns did is durable; its answers are still on their way. */
static void
drained_cb(void *arg)
{
	struct service *service = arg;

	api_shut(service->api);
	leave_cb(-1, 0, service);
}

static void
stop_cb(evutil_socket_t number, short what, void *arg)
{
	struct service *service = arg;

	(void)what;
	if (service->stopping) {
		event_base_loopbreak(service->base);
		return;
	}
	log_info("stopping",
	    "signal=%d calls=%zu: no new work is taken, and calls under way "
	    "may take %d s more",
	    (int)number, engine_health(service->engine).calls_active,
	    DRAIN_SECONDS);
	systemd_notify("STOPPING=1");
	service->stopping = true;
	service->leave = evtimer_new(service->base, leave_cb, service);
	must(service->leave != NULL);
	api_drain(service->api);
	engine_drain(
	    service->engine, DRAIN_SECONDS * 1000, drained_cb, service);
}

static void
reload_cb(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	service_reload(arg);
}

static void
ignore_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	/* A file's limit is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
}

static void
catch_signals(struct service *service)
{
	static const struct {
		int number;
		event_callback_fn cb;
	} caught[SERVICE_SIGNALS] = {
	    {SIGTERM, stop_cb},
	    {SIGINT, stop_cb},
	    {SIGHUP, reload_cb},
	    {SIGQUIT, stop_cb},
	};

	for (size_t i = 0; i < SERVICE_SIGNALS; i++) {
		service->signals[i] = evsignal_new(
		    service->base, caught[i].number, caught[i].cb, service);
		must(service->signals[i] != NULL);
		must(event_add(service->signals[i], NULL) == 0);
	}
}

/* ---- memory ---- */

/* What was freed stays with the process as long as something lives above it.
 * After a peak (large requests, large instances) it is given back; what is
 * needed from one moment to the next is not touched. */
static void
tidy_cb(evutil_socket_t number, short what, void *arg)
{
	struct service *service = arg;
	struct vault *vault = secrets_vault(service->config->secrets);

	(void)number;
	(void)what;
	if (vault != NULL)
		vault_tick(vault);
	if (mallinfo2().fordblks > SPARE_BYTES_MAX)
		malloc_trim(SPARE_BYTES_MAX / 4);
}

static void
tidy_memory(struct service *service)
{
	const struct timeval period = {.tv_sec = TIDY_SECONDS};

	service->tidy =
	    event_new(service->base, -1, EV_PERSIST, tidy_cb, service);
	must(service->tidy != NULL);
	must(event_add(service->tidy, &period) == 0);
}

/* ---- its end ---- */

/* The loop was left with callbacks put off, such as the word that an answer has
 * gone out.  Their connections stay until they are done, though nobody is there
 * any more who would be called. */
static void
free_base(struct event_base *base)
{
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}

static enum cli_status
fail_end(const struct service *service, const struct engine_health *health)
{
	if (health->failure == STORE_MOVED)
		log_error("stopped",
		    "%.*s is not the file that was opened under that name, and "
		    "that one has everything acknowledged: put it there before "
		    "the next start",
		    STR_ARG(service->config->store));
	else
		log_error("stopped",
		    "the store fails (%.*s): everything acknowledged is in "
		    "%.*s, but not that the engine stopped",
		    STR_ARG(health->detail), STR_ARG(service->config->store));
	return CLI_FAILED;
}

static enum cli_status
tell_end(const struct service *service)
{
	struct engine_health health = engine_health(service->engine);

	engine_tell_left(service->engine);
	if (!health.writable)
		return fail_end(service, &health);
	log_info("stopped", "everything acknowledged is in %.*s",
	    STR_ARG(service->config->store));
	return CLI_OK;
}

static void
take_apart(struct service *service)
{
	for (size_t i = 0; i < SERVICE_SIGNALS; i++)
		if (service->signals[i] != NULL)
			event_free(service->signals[i]);
	if (service->tidy != NULL)
		event_free(service->tidy);
	if (service->leave != NULL)
		event_free(service->leave);
	if (service->port_file != NULL) {
		fclose(service->port_file);
		unlink(service->port_part);
	}
	api_free(&service->api);
	engine_free(&service->engine);
	http_client_free(&service->http);
	store_close(&service->store);
	store_keys_free(&service->keys);
	for (size_t i = 0; i < service->older_count; i++)
		library_free(&service->older[i]);
	free(service->older);
	library_free(&service->library);
	if (service->base != NULL)
		free_base(service->base);
	for (size_t i = 0; i < service->rotated_count; i++)
		config_free(&service->rotated[i]);
	free(service->rotated);
	config_free(&service->config);
}

static enum cli_status
run(struct cli *cli)
{
	struct service service = {.cli = cli, .config = config_new()};
	enum cli_status status = configure(&service);

	if (status == CLI_OK) {
		set_up_log(service.config);
		status = set_clock(&service);
	}
	if (status == CLI_OK)
		status = check_exposure(&service);
	if (status != CLI_OK)
		goto out;
	service.library = service_load_library(&service);
	if (service.library == NULL) {
		status =
		    cli_fail(cli, "the definitions have errors: nothing is "
				  "served");
		goto out;
	}
	ignore_signals();
	status = open_loop(&service);
	if (status != CLI_OK)
		goto out;
	catch_signals(&service);
	tidy_memory(&service);
	status = service_start(&service);
	if (status != CLI_OK)
		goto out;
	service_announce(&service);
	event_base_dispatch(service.base);
	status = tell_end(&service);
out:
	take_apart(&service);
	return status;
}

static void
more(FILE *out)
{
	struct buf text = {0};

	config_describe(&text);
	fprintf(
	    out, "\nKeys of the configuration (default):\n%s", buf_cstr(&text));
	buf_fini(&text);
}

static const struct cmd_option options[] = {
    {"config", "FILE", "the configuration, stated.yaml by custom"},
    {"listen", "HOST:PORT", "serve there; port 0: any that is free"},
    {"store", "PATH", "the database file"},
    {"workflows", "PATH", "definitions: a file or a folder; may be repeated",
	true},
    {"clock", "FACTORx", "let time pass faster: 600x; never in production"},
    {"port-file", "FILE", "write the port there once it is open"},
    {"log-format", "text|json", "how the log is written"},
    {NULL, NULL, NULL},
};

const struct cmd cmd_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Run the engine",
    .details =
	"Without a configuration it serves ./workflows on 127.0.0.1:8380, to "
	"this\nmachine only, with its database in ./stated.db, and callers say "
	"who they are.\nSIGHUP reloads definitions, tokens, certificates and "
	"secrets.  SIGTERM\ntakes no new work, waits for the calls under way "
	"as long as their timeouts\nallow, 80 seconds at most, and stops; a "
	"second one stops at once.",
    .options = options,
    .run = run,
    .more = more,
};
