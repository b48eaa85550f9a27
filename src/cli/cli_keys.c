/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli_keys.c: the keys of a database that a command opens by itself.
 *
 * They come from where the engine has them: the configuration names them, and
 * its sources of secrets give them.
 */
#include "cli_priv.h"
#include "serve_priv.h"
#include "stated/store_keys.h"

#include <event2/event.h>

/* What a Vault keeps comes over the network, once. */
static bool
resolve(struct config *config, struct store_keys **keys)
{
	struct vault *vault = secrets_vault(config->secrets);
	struct event_base *base;
	struct http_client *http;
	bool is_resolved;

	if (vault == NULL)
		return config_keys(config, config->secrets, keys);
	base = event_base_new();
	must(base != NULL);
	http = http_client_new(
	    base, (struct http_client_options){.connections_max = 1});
	vault_await(vault, base, http_client_port(http));
	is_resolved = config_keys(config, config->secrets, keys);
	http_client_free(&http);
	event_base_free(base);
	return is_resolved;
}

enum cli_status
cli_keys_read(struct cli *cli)
{
	struct str file = cli_option_str(cli, "config");
	enum cli_status status = CLI_OK;
	struct config *config;

	if (file.at == NULL)
		return CLI_OK;
	config = config_new();
	if (!config_read(config, file) || !resolve(config, &cli->keys)) {
		cli_library_report(cli, config->diags, cli->err);
		status = CLI_FAILED;
	}
	cli->store = arena_str(cli->arena, config->store);
	config_free(&config);
	return status;
}
