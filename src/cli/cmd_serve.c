/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_serve.c: the engine as a service.
 *
 * Everything is put together here, and taken apart in the one order that is
 * right: what calls back into the engine ends before it does.
 */
#include "cli_priv.h"
#include "serve_priv.h"
#include "stated/descriptor.h"
#include "stated/memory.h"
#include "stated/store_keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

/* For calls under way, of which each has its own timeout, too; with what
 * follows it is less than systemd waits (90 s).  The docs and --help tell. */
#define DRAIN_SECONDS 80
/* For answers to leave, once the engine has nothing under way. */
#define LOOK_US 10000
#define LOOKS_MAX 200
#define SIGNALS 4
#define TIDY_SECONDS 5
/* More than an exchange with it may take. */
#define VAULT_MS 12000
#define SPARE_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct service {
	struct cli *cli;
	struct config *config;
	struct config **rotated; /* as read again; calls hold on to tokens */
	size_t rotated_count;
	struct library *library; /* the newest */
	struct library **older;	 /* instances hold on to them */
	size_t older_count;
	struct event_base *base;
	struct store_keys *keys; /* NULL: it isn't encrypted */
	struct store *store;
	struct http_client *http;
	struct engine *engine;
	struct api *api;
	struct clock_scaled fast;
	const struct clock *clock;
	struct event *signals[SIGNALS];
	struct event *tidy;
	struct event *leave; /* to look again; NULL until it is stopping */
	size_t callers_max; /* connections that descriptors are there for */
	size_t calls_max;
	bool stopping;
	unsigned looks; /* for answers under way, while stopping */
};

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
	if (format.at != NULL)
		config->log_format = format;
	if (!str_equal(config->log_format, STR("text")) &&
	    !str_equal(config->log_format, STR("json")))
		return cli_usage(
		    service->cli, "--log-format takes text or json");
	override_workflows(service);
	override_listen(service);
	return CLI_OK;
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

static bool
note_change_cb(const struct store_instance *row, void *arg)
{
	int64_t *latest_ms = arg;

	if (row->changed_ms > *latest_ms)
		*latest_ms = row->changed_ms;
	return true;
}

/* A fast clock has run ahead of the machine's: it must not go back to it in
 * a restart, or deadlines would come late and history tell of earlier times. */
static enum cli_status
continue_clock(struct service *service)
{
	struct store_instance_filter all = {
	    .has_incident = -1, .limit = SIZE_MAX};
	int64_t latest_ms = 0;

	if (service->clock == clock_system())
		return CLI_OK;
	if (store_list_instances(service->store, &all, note_change_cb,
		&latest_ms) != STORE_OK)
		return cli_fail(service->cli, "%.*s can't be read",
		    STR_ARG(service->config->store));
	clock_scaled_init(&service->fast, service->fast.factor, latest_ms);
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

static enum cli_status
fail_tokenless(const struct service *service)
{
	const struct config *config = service->config;

	return cli_fail(service->cli,
	    "auth is required and nobody has a token: give one by `stated "
	    "token create --store %.*s --name NAME --role admin`, add "
	    "auth.tokens to %.*s, or write auth.required: false",
	    STR_ARG(config->store), STR_ARG(config->file));
}

static bool
names_callers(const struct config *config)
{
	return config->token_count > 0 || config->certificate_count > 0 ||
	    config->oidc.issuer.url.at != NULL;
}

/* Nothing but this machine is served without TLS and tokens, unless the
 * configuration says so in so many words. */
static enum cli_status
check_exposure(struct service *service)
{
	const struct config *config = service->config;
	bool safe = config->auth_required && config->tls_certificate.at != NULL;

	/* Before a database is made in which there is none either. */
	if (config->auth_required && !names_callers(config) &&
	    access(arena_cstr(service->cli->arena, config->store), F_OK) != 0)
		return fail_tokenless(service);
	if (safe || config->insecure)
		return CLI_OK;
	for (size_t i = 0; i < config->listen_count; i++)
		/* Without a port it is refused as no address. */
		if (str_find(config->listen[i], STR(":")) != SIZE_MAX &&
		    !is_loopback(config->listen[i]))
			return cli_fail(service->cli,
			    "%.*s is reached by others "
			    "than this machine: that needs `tls` and `auth` in "
			    "the "
			    "configuration, or there, in so many words, "
			    "`insecure: true`",
			    STR_ARG(config->listen[i]));
	return CLI_OK;
}

/* ---- definitions ---- */

/* NULL where they have errors; those have been told. */
static struct library *
load_library(struct service *service)
{
	const struct config *config = service->config;
	struct diag_list *diags = diag_list_new();
	struct library *library = library_new();
	bool is_linked;

	for (size_t i = 0; i < config->workflow_count; i++)
		library_add_path(library, config->workflows[i], diags);
	if (config->alarm.at != NULL)
		library_set_alarm(library, config->alarm);
	is_linked = library_link(library, diags);
	/* What is told points into the library's texts. */
	cli_library_report(service->cli, diags, service->cli->err);
	if (is_linked && config->alarm.at != NULL &&
	    library_find_contact(library, config->alarm) == NULL) {
		fprintf(service->cli->err,
		    "stated: `break-glass.contact` is %.*s, and there is no "
		    "contact of that name: write `contact: %.*s` among the "
		    "definitions\n",
		    STR_ARG(config->alarm), STR_ARG(config->alarm));
		is_linked = false;
	}
	if (!is_linked)
		library_free(&library);
	diag_list_free(&diags);
	return library;
}

static size_t
count_workflows(const struct library *library)
{
	size_t count = 0;

	while (library_workflow_at(library, count) != NULL)
		count++;
	return count;
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
keep_older(struct service *service, struct library *library)
{
	service->older = reallocarray(
	    service->older, service->older_count + 1, sizeof(struct library *));
	must(service->older != NULL);
	service->older[service->older_count++] = library;
}

static void
reload_definitions(struct service *service)
{
	struct library *library = load_library(service);
	struct buf detail = {0};

	if (library == NULL) {
		log_error("not reloaded",
		    "the definitions have errors; those of before stay");
	} else if (!engine_reload(service->engine, library, &detail)) {
		log_error("not reloaded", "those of before stay: %s",
		    buf_cstr(&detail));
		library_free(&library);
	} else {
		keep_older(service, service->library);
		service->library = library;
		log_info("reloaded", "workflows=%zu", count_workflows(library));
	}
	buf_fini(&detail);
}

static void
count_token_cb(const struct engine_token *token, void *arg)
{
	size_t *count = arg;

	*count += token->revoked_ms == 0;
}

/* Somebody can call, or nobody has to show who it is. */
static bool
has_callers(const struct service *service, const struct config *config)
{
	size_t given = 0;

	engine_each_token(service->engine, count_token_cb, &given);
	return !service->config->auth_required || names_callers(config) ||
	    given > 0;
}

/* New keys are there from now on, the first of them for writing.  Those that
 * are named no more are kept until the end: pages may be under them. */
static void
reload_keys(struct service *service, struct config *config)
{
	char id[STORE_KEY_ID_BYTES];

	if (service->keys == NULL) {
		if (config->key_count > 0)
			log_warning("not encrypted", "the database is not, and "
			    "encryption.keys don't change that: stop, `stated "
			    "rekey`, and start");
		return;
	}
	if (config->key_count == 0 ||
	    !config_keys(
		config, service->config->secrets, &service->keys)) {
		cli_library_report(
		    service->cli, config->diags, service->cli->err);
		log_error("not reloaded",
		    "encryption.keys has errors, or is gone; the keys of before "
		    "stay");
		return;
	}
	log_info("keys reloaded", "writing=%.*s",
	    STR_ARG(store_keys_first_id(service->keys, id)));
}

/* Who may call, and by what. */
static struct api_options
access_of(const struct config *config)
{
	return (struct api_options){
	    .tokens = config->tokens,
	    .token_count = config->token_count,
	    .certificates = config->certificates,
	    .certificate_count = config->certificate_count,
	    .oidc = config->oidc.issuer.url.at ? &config->oidc : NULL,
	};
}

/* Of the configuration only who may call is read again: the rest needs a
 * restart.  Secrets of connections need neither: they are read when they are
 * used. */
static void
reload_access(struct service *service)
{
	struct api_options access;
	struct config *config;

	if (service->config->file.at == NULL)
		return;
	config = config_new();
	if (!config_read(config, service->config->file) ||
	    !has_callers(service, config)) {
		cli_library_report(
		    service->cli, config->diags, service->cli->err);
		log_error("not reloaded",
		    "the configuration has errors, or lets nobody in; those "
		    "of before stay");
		config_free(&config);
		return;
	}
	access = access_of(config);
	reload_keys(service, config);
	api_set_access(service->api, &access);
	service->rotated = reallocarray(service->rotated,
	    service->rotated_count + 1, sizeof(struct config *));
	must(service->rotated != NULL);
	service->rotated[service->rotated_count++] = config;
}

static void
reload_tls(struct service *service)
{
	struct buf detail = {0};

	if (!api_reload_tls(service->api, &detail))
		log_error("not reloaded",
		    "%.*s; the certificate of before stays",
		    STR_ARG(buf_str(&detail)));
	buf_fini(&detail);
}

static void
reload_cb(evutil_socket_t number, short what, void *arg)
{
	struct service *service = arg;

	(void)number;
	(void)what;
	systemd_notify("RELOADING=1");
	reload_definitions(service);
	reload_access(service);
	reload_tls(service);
	(void)secrets_refused_cb(service->config->secrets);
	systemd_notify("READY=1");
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
	} caught[SIGNALS] = {
	    {SIGTERM, stop_cb},
	    {SIGINT, stop_cb},
	    {SIGHUP, reload_cb},
	    {SIGQUIT, stop_cb},
	};

	for (size_t i = 0; i < SIGNALS; i++) {
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

/* ---- putting it together ---- */

/* Two instances of some steps, one after another. */
#define CALM_MIN 8

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

/* Business data that others on the machine can read is worth a word. */
static void
tell_exposure(const struct config *config)
{
	const char *path = arena_cstr(config->arena, config->store);
	struct stat status;

	if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
		log_warning("database may be read by others",
		    "store=%s mode=%03o: chmod 600 makes it private", path,
		    (unsigned)status.st_mode & 0777);
}

static void
tell_store(struct service *service)
{
	const struct config *config = service->config;
	struct store_age age = store_age(service->store);

	if (age.found == 0)
		log_info("new database", "store=%.*s: there was none",
		    STR_ARG(config->store));
	else if (age.found < age.present)
		log_info("database brought up to date",
		    "store=%.*s schema=%lld was=%lld", STR_ARG(config->store),
		    (long long)age.present, (long long)age.found);
	tell_exposure(config);
}

static bool
is_proof_required(const struct config *config)
{
	return str_equal(config->proofs, STR("required"));
}

/* What an older program wrote is brought up to date only where it will be
 * served then: that program couldn't read it any more.  Why it can't be opened
 * is told by who opens it. */
static enum cli_status
check_older(struct service *service)
{
	struct store_options options = {.path = service->config->store,
	    .read_only = true, .older = true, .keys = service->keys};
	struct engine_options engine = {.library = service->library,
	    .proofs_required = is_proof_required(service->config)};
	struct buf detail = {0};
	enum cli_status status = CLI_OK;
	struct store_age age;

	if (store_open(options, &engine.store, NULL) != STORE_OK)
		return CLI_OK;
	age = store_age(engine.store);
	if (age.found < age.present && !engine_can_serve(&engine, &detail))
		status = cli_fail(service->cli,
		    "%s\nthe database was not brought up to date: an older "
		    "program can go on with it",
		    buf_cstr(&detail));
	store_close(&engine.store);
	buf_fini(&detail);
	return status;
}

static enum cli_status
open_store(struct service *service)
{
	struct config *config = service->config;
	struct buf detail = {0};
	enum store_error error;
	enum cli_status status;

	if (!config_keys(config, config->secrets, &service->keys)) {
		cli_library_report(
		    service->cli, config->diags, service->cli->err);
		return CLI_FAILED;
	}
	status = check_older(service);
	if (status != CLI_OK)
		return status;
	error = store_open(
	    (struct store_options){.path = config->store,
		.create = true,
		.keys = service->keys},
	    &service->store, &detail);
	if (error != STORE_OK)
		status = cli_fail(service->cli, "%.*s: %.*s%s%s",
		    STR_ARG(service->config->store),
		    STR_ARG(store_error_text(error)), detail.bytes ? ": " : "",
		    buf_cstr(&detail));
	else
		tell_store(service);
	buf_fini(&detail);
	return status;
}

/* Calls need the secrets that a Vault keeps: it gets some time to give them.
 * Where it doesn't, what needs none of them is served all the same. */
static void
await_vault(struct service *service, struct vault *vault)
{
	int64_t until_ms = clock_now_ms(clock_system()) + VAULT_MS;

	vault_open(vault, http_client_port(service->http), clock_system());
	while (!vault_is_settled(vault) &&
	       clock_now_ms(clock_system()) < until_ms)
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
open_engine(struct service *service)
{
	struct config *config = service->config;
	struct engine_options options = {
	    .base = service->base,
	    .store = service->store,
	    .library = service->library,
	    .clock = service->clock,
	    .rng = rng_system(),
	    .settings = config->settings,
	    .environment = config->environment,
	    .proofs_required = is_proof_required(config),
	    .publishing_needs_two = config->publishing_needs_two,
	    .secret = secrets_find_cb,
	    .secret_arg = config->secrets,
	    .secret_refused = secrets_refused_cb,
	    .limits =
		{
		    .inbox_max = (size_t)config->instances_queued,
		    .calls_max = service->calls_max,
		    .calm_min = CALM_MIN,
		},
	};
	struct buf detail = {0};

	options.http = http_client_port(service->http);
	service->engine = engine_new(&options, &detail);
	if (service->engine == NULL)
		cli_fail(service->cli, "%s", buf_cstr(&detail));
	buf_fini(&detail);
	return service->engine == NULL ? CLI_FAILED : CLI_OK;
}

/* The sockets that systemd has opened, or else the addresses. */
static const struct api_listener *
listeners_of(const struct config *config, size_t *count)
{
	int inherited = systemd_socket_count();
	struct api_listener *listeners;

	*count = inherited > 0 ? (size_t)inherited : config->listen_count;
	listeners = ARENA_ARRAY(config->arena, *count, struct api_listener);
	for (size_t i = 0; i < *count; i++)
		if (inherited > 0)
			listeners[i].fd = 3 + (int)i;
		else
			listeners[i] = (struct api_listener){
			    .address = config->listen[i],
			    .fd = -1,
			};
	return listeners;
}

static enum cli_status
open_api(struct service *service)
{
	const struct config *config = service->config;
	struct api_options options = {
	    .base = service->base,
	    .engine = service->engine,
	    .clock = service->clock,
	    .outer_clock = clock_system(),
	    .database = config->store,
	    .keys = service->keys,
	    .tls_certificate = config->tls_certificate,
	    .tls_key = config->tls_key,
	    .auth_required = config->auth_required,
	    .tls_key_secret = config->tls_key_secret,
	    .tls_client_ca = config->tls_client_ca,
	    .tls_client_required = config->tls_client_required,
	    .tokens = config->tokens,
	    .token_count = config->token_count,
	    .certificates = config->certificates,
	    .certificate_count = config->certificate_count,
	    .oidc = access_of(config).oidc,
	    .settings = config->settings,
	    .secret = secrets_find_cb,
	    .secret_arg = config->secrets,
	    .limits =
		{
		    .body_bytes_max = (size_t)config->body_bytes_max,
		    .connections_max = service->callers_max,
		    .idle_ms = config->idle_ms,
		    .sign_ins_max = (size_t)config->sign_ins_max,
		},
	    .checkpoints = config->checkpoints,
	};
	struct buf detail = {0};

	options.checkpoints.http = http_client_port(service->http);
	if (!has_callers(service, config))
		return fail_tokenless(service);
	options.listeners = listeners_of(config, &options.listener_count);
	service->api = api_new(&options, &detail);
	if (service->api == NULL)
		cli_fail(service->cli, "%s", buf_cstr(&detail));
	buf_fini(&detail);
	return service->api == NULL ? CLI_FAILED : CLI_OK;
}

/* Whole or not at all: who waits for the file must not read half of it. */
static enum cli_status
write_port_file(struct service *service)
{
	const char *path = cli_option(service->cli, "port-file");
	char part[4096];
	FILE *file;

	if (path == NULL)
		return CLI_OK;
	snprintf(part, sizeof(part), "%s.part", path);
	file = fopen(part, "we");
	if (file == NULL)
		return cli_fail(service->cli, "%s: %s", path, strerror(errno));
	fprintf(file, "%u\n", api_port(service->api, 0));
	if (fclose(file) != 0 || rename(part, path) != 0)
		return cli_fail(service->cli, "%s: %s", path, strerror(errno));
	return CLI_OK;
}

static void
announce(struct service *service)
{
	const struct config *config = service->config;
	struct str address = config->listen[0];
	size_t host = address.bytes;

	while (host > 0 && address.at[host - 1] != ':')
		host--;
	log_info("serving",
	    "workflows=%zu url=%s://%.*s%u store=%.*s environment=%.*s%s",
	    count_workflows(service->library),
	    config->tls_certificate.at != NULL ? "https" : "http", (int)host,
	    address.at, api_port(service->api, 0), STR_ARG(config->store),
	    STR_ARG(config->environment),
	    config->auth_required ? ""
				  : " (callers say who they are: no "
				    "authentication)");
	systemd_notify("READY=1");
}

static enum cli_status
start(struct service *service)
{
	enum cli_status status = open_store(service);

	if (status == CLI_OK)
		status = continue_clock(service);
	if (status == CLI_OK)
		status = open_engine(service);
	if (status == CLI_OK)
		status = open_api(service);
	if (status == CLI_OK)
		status = write_port_file(service);
	return status;
}

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
	for (size_t i = 0; i < SIGNALS; i++)
		if (service->signals[i] != NULL)
			event_free(service->signals[i]);
	if (service->tidy != NULL)
		event_free(service->tidy);
	if (service->leave != NULL)
		event_free(service->leave);
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
	service.library = load_library(&service);
	if (service.library == NULL) {
		status =
		    cli_fail(cli, "the definitions have errors: nothing is "
				  "served");
		goto out;
	}
	share_descriptors(&service);
	status = open_base(&service);
	if (status != CLI_OK)
		goto out;
	ignore_signals();
	open_network(&service);
	catch_signals(&service);
	tidy_memory(&service);
	status = start(&service);
	if (status != CLI_OK)
		goto out;
	announce(&service);
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
    {"workflows", "PATH", "definitions: a file or a folder; may be repeated"},
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
