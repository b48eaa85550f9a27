/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_reload.c: what a service reads at its start and, told by SIGHUP, again:
 * definitions, and who may call.
 */
#include "serve_service.h"
#include "stated/store_keys.h"

#include <stdlib.h>
#include <sys/stat.h>

/* ---- what is wrong with them ---- */

/* Whoever starts it sees them as `stated check` tells them; a log that is
 * under way, or that programs read, has a line each. */
static bool
is_logged(const struct service *service)
{
	return service->library != NULL ||
	       str_equal(service->config->log_format, STR("json"));
}

static void
log_diag(const struct diag *diag)
{
	static const enum log_level levels[] = {
		[DIAG_ERROR] = LOG_ERROR,
		[DIAG_WARNING] = LOG_WARNING,
		[DIAG_NOTE] = LOG_INFO,
	};
	struct diag_span span = diag->span;
	struct buf text = {0};

	if (span.source != NULL)
		buf_add_str(&text, span.source->file);
	if (span.source != NULL && span.line > 0)
		buf_addf(&text, ":%u:%u", span.line, span.column);
	buf_addf(&text, "%s%.*s [%s]", text.bytes > 0 ? ": " : "",
	    STR_ARG(diag->message), diag->code);
	if (diag->repair.at != NULL)
		buf_addf(&text, ": %.*s", STR_ARG(diag->repair));
	log_write(
	    levels[diag->level], "diagnostic", "%s", buf_cstr(&text));
	buf_fini(&text);
}

void
service_report(const struct service *service, struct diag_list *diags)
{
	const struct diag *sorted;
	size_t count;

	if (!is_logged(service)) {
		cli_library_report(service->cli, diags, service->cli->err);
		return;
	}
	sorted = diag_sorted(diags, &count);
	for (size_t i = 0; i < count; i++)
		log_diag(&sorted[i]);
}

/* One that has no place in a file. */
static void PRINTF_LIKE(2, 3)
report_text(const struct service *service, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	buf_addv(&text, format, args);
	va_end(args);
	if (is_logged(service))
		log_error("not read", "%s", buf_cstr(&text));
	else
		cli_fail(service->cli, "%s", buf_cstr(&text));
	buf_fini(&text);
}

/* They are read again and again, and while they are nothing else is done: what
 * is no file may be silent for ever. */
static bool
is_silent(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) &&
	       !S_ISDIR(status.st_mode);
}

/* ---- definitions ---- */

static bool
are_files(const struct service *service)
{
	const struct config *config = service->config;
	bool are = true;

	for (size_t i = 0; i < config->workflow_count; i++) {
		const char *path =
		    arena_cstr(service->cli->arena, config->workflows[i]);

		if (!is_silent(path))
			continue;
		report_text(
		    service, "%s is neither a file nor a folder", path);
		are = false;
	}
	return are;
}

struct library *
service_load_library(struct service *service)
{
	const struct config *config = service->config;
	struct diag_list *diags = diag_list_new();
	struct library *library = library_new();
	bool is_linked;

	if (!are_files(service)) {
		library_free(&library);
		diag_list_free(&diags);
		return NULL;
	}
	for (size_t i = 0; i < config->workflow_count; i++)
		library_add_path(library, config->workflows[i], diags);
	if (config->alarm.at != NULL)
		library_set_alarm(library, config->alarm);
	is_linked = library_link(library, diags);
	/* What is told points into the library's texts. */
	service_report(service, diags);
	if (is_linked && config->alarm.at != NULL &&
	    library_find_contact(library, config->alarm) == NULL) {
		report_text(service,
		    "`break-glass.contact` is %.*s, and there is no "
		    "contact of that name: write `contact: %.*s` among the "
		    "definitions",
		    STR_ARG(config->alarm), STR_ARG(config->alarm));
		is_linked = false;
	}
	if (!is_linked)
		library_free(&library);
	diag_list_free(&diags);
	return library;
}

size_t
service_count_workflows(const struct library *library)
{
	size_t count = 0;

	while (library_workflow_at(library, count) != NULL)
		count++;
	return count;
}

/* ---- who may call ---- */

enum cli_status
service_fail_tokenless(const struct service *service)
{
	const struct config *config = service->config;

	return cli_fail(service->cli,
	    "auth is required and nobody has a token: give one by `stated "
	    "token create --store %.*s --name NAME --role admin`, add "
	    "auth.tokens to %.*s, or write auth.required: false",
	    STR_ARG(config->store), STR_ARG(config->file));
}

bool
service_names_callers(const struct config *config)
{
	return config->token_count > 0 || config->certificate_count > 0 ||
	    config->oidc.issuer.url.at != NULL;
}

static void
count_token_cb(const struct engine_token *token, void *arg)
{
	size_t *count = arg;

	*count += token->revoked_ms == 0;
}

bool
service_has_callers(const struct service *service, const struct config *config)
{
	size_t given = 0;

	engine_each_token(service->engine, count_token_cb, &given);
	return !service->config->auth_required ||
	    service_names_callers(config) || given > 0;
}

struct api_options
service_access_of(const struct config *config)
{
	return (struct api_options){
	    .tokens = config->tokens,
	    .token_count = config->token_count,
	    .certificates = config->certificates,
	    .certificate_count = config->certificate_count,
	    .oidc = config->oidc.issuer.url.at ? &config->oidc : NULL,
	};
}

/* ---- again ---- */

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
	struct library *library = service_load_library(service);
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
		log_info("reloaded", "workflows=%zu",
		    service_count_workflows(library));
	}
	buf_fini(&detail);
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
		service_report(service, config->diags);
		log_error("not reloaded",
		    "encryption.keys has errors, or is gone; the keys of before "
		    "stay");
		return;
	}
	log_info("keys reloaded", "writing=%.*s",
	    STR_ARG(store_keys_first_id(service->keys, id)));
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
	if (is_silent(arena_cstr(service->cli->arena, service->config->file))) {
		log_error("not reloaded",
		    "%.*s is no file, and can't be read again: start with a "
		    "file that stays; who may call stays as before",
		    STR_ARG(service->config->file));
		return;
	}
	config = config_new();
	if (!config_read(config, service->config->file) ||
	    !service_has_callers(service, config)) {
		service_report(service, config->diags);
		log_error("not reloaded",
		    "the configuration has errors, or lets nobody in; those "
		    "of before stay");
		config_free(&config);
		return;
	}
	access = service_access_of(config);
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

void
service_reload(struct service *service)
{
	systemd_notify("RELOADING=1");
	reload_definitions(service);
	reload_access(service);
	reload_tls(service);
	(void)secrets_refused_cb(service->config->secrets);
	systemd_notify("READY=1");
}
