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

/* What a Vault keeps comes over the network; nobody else waits for us, so
 * each exchange is done when it is asked for. */
static void
send_cb(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	struct arena *arena = arena_new();
	struct message_response response = http_exchange(arena, request);

	(void)port;
	done(&response, arg);
	arena_free(&arena);
}

static bool
resolve(struct config *config, struct store_keys **keys)
{
	struct vault *vault = secrets_vault(config->secrets);
	struct http_port port = {send_cb};

	if (vault != NULL)
		vault_open(vault, &port, clock_steady());
	return config_keys(config, config->secrets, keys);
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
