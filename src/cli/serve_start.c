/* SPDX-License-Identifier: Apache-2.0 */
/* serve_start.c: a service is put together, from its store to its port. */
#include "serve_service.h"
#include "stated/store_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two instances of some steps, one after another. */
#define CALM_MIN 8

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

static bool
is_file(const struct config *config)
{
	return access(arena_cstr(config->arena, config->store), F_OK) == 0;
}

static void
tell_store(struct service *service, bool was_file)
{
	const struct config *config = service->config;
	struct store_age age = store_age(service->store);

	if (age.found == 0)
		log_info("new database", "store=%.*s: %s",
		    STR_ARG(config->store),
		    was_file ? "the file was empty" : "there was none");
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
	bool was_file;

	if (!config_keys(config, config->secrets, &service->keys)) {
		service_report(service, config->diags);
		return CLI_FAILED;
	}
	status = check_older(service);
	if (status != CLI_OK)
		return status;
	was_file = is_file(config);
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
		tell_store(service, was_file);
	buf_fini(&detail);
	return status;
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

static struct api_options
describe_api(struct service *service)
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
	    .oidc = service_access_of(config).oidc,
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

	options.checkpoints.http = http_client_port(service->http);
	options.listeners = listeners_of(config, &options.listener_count);
	return options;
}

/* Why a start is refused is found before it touches the database, as far as
 * that can be. */
static enum cli_status
check_api(struct service *service)
{
	struct api_options options = describe_api(service);
	enum cli_status status = CLI_OK;
	struct buf detail = {0};

	if (!api_can_open(&options, &detail))
		status = cli_fail(service->cli, "%s", buf_cstr(&detail));
	buf_fini(&detail);
	return status;
}

static enum cli_status
open_api(struct service *service)
{
	struct api_options options = describe_api(service);
	struct buf detail = {0};

	if (!service_has_callers(service, service->config))
		return service_fail_tokenless(service);
	service->api = api_new(&options, &detail);
	if (service->api == NULL)
		cli_fail(service->cli, "%s", buf_cstr(&detail));
	buf_fini(&detail);
	return service->api == NULL ? CLI_FAILED : CLI_OK;
}

/* What is written besides the database takes nothing from one. */
static enum cli_status
check_files(struct service *service)
{
	struct cli *cli = service->cli;
	const char *port_file = cli_option(cli, "port-file");
	struct str checkpoints = service->config->checkpoints.file;

	if (port_file != NULL &&
	    !cli_copy_is_spared(cli, port_file, "--port-file"))
		return CLI_FAILED;
	if (checkpoints.at != NULL &&
	    !cli_copy_is_spared(cli, arena_cstr(cli->arena, checkpoints),
		"checkpoints.file"))
		return CLI_FAILED;
	return CLI_OK;
}

/* The same of a database that wasn't there before; now that it is open it must
 * not be opened to be looked at. */
static enum cli_status
check_new_store(struct service *service)
{
	struct cli *cli = service->cli;
	const char *store = arena_cstr(cli->arena, service->config->store);
	const char *port_file = cli_option(cli, "port-file");
	struct str checkpoints = service->config->checkpoints.file;

	if (port_file != NULL && cli_copy_is_part_of(cli, port_file, store))
		return cli_fail(cli, "%s is the database, or belongs to it: "
		    "give --port-file another name", port_file);
	if (checkpoints.at != NULL &&
	    cli_copy_is_part_of(
		cli, arena_cstr(cli->arena, checkpoints), store))
		return cli_fail(cli, "%.*s is the database, or belongs to it: "
		    "give checkpoints.file another name",
		    STR_ARG(checkpoints));
	return CLI_OK;
}

/* Whole or not at all: who waits for the file must not read half of it. */
static enum cli_status
open_port_file(struct service *service)
{
	const char *path = cli_option(service->cli, "port-file");
	struct arena *arena = service->cli->arena;
	struct stat found;

	if (path == NULL)
		return CLI_OK;
	if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
		return cli_fail(service->cli,
		    "%s is no file: give --port-file another name", path);
	service->port_part = arena_strf(arena, "%s.part", path).at;
	service->port_file = fopen(service->port_part, "we");
	return service->port_file != NULL
	    ? CLI_OK
	    : cli_fail(service->cli, "%s: %s", path, strerror(errno));
}

static enum cli_status
write_port_file(struct service *service)
{
	const char *path = cli_option(service->cli, "port-file");
	FILE *file = service->port_file;

	if (file == NULL)
		return CLI_OK;
	service->port_file = NULL;
	fprintf(file, "%u\n", api_port(service->api, 0));
	if (fclose(file) != 0 || rename(service->port_part, path) != 0)
		return cli_fail(service->cli, "%s: %s", path, strerror(errno));
	return CLI_OK;
}

void
service_announce(const struct service *service)
{
	const struct config *config = service->config;
	struct str address = config->listen[0];
	size_t host = address.bytes;

	while (host > 0 && address.at[host - 1] != ':')
		host--;
	log_info("serving",
	    "workflows=%zu url=%s://%.*s%u store=%.*s environment=%.*s%s",
	    service_count_workflows(service->library),
	    config->tls_certificate.at != NULL ? "https" : "http", (int)host,
	    address.at, api_port(service->api, 0), STR_ARG(config->store),
	    STR_ARG(config->environment),
	    config->auth_required ? ""
				  : " (callers say who they are: no "
				    "authentication)");
	systemd_notify("READY=1");
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

enum cli_status
service_start(struct service *service)
{
	enum cli_status status = check_api(service);

	if (status == CLI_OK)
		status = check_files(service);
	if (status == CLI_OK)
		status = open_port_file(service);
	if (status == CLI_OK)
		status = open_store(service);
	if (status == CLI_OK)
		status = check_new_store(service);
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
