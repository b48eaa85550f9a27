/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config.c: whatever stands in stated.yaml, it is refused with a place
 * and a reason, or every field can be used.
 */
#include "../../src/cli/serve_priv.h"
#include "fuzz_file.h"
#include "fuzz_input.h"

static void
check_tokens(const struct config *config)
{
	for (size_t i = 0; i < config->token_count; i++) {
		const struct api_token *token = &config->tokens[i];

		fuzz_check_text(token->name);
		must(token->name.bytes > 0);
		must(token->role_count > 0 || token->roles != NULL);
		for (size_t j = 0; j < token->role_count; j++)
			must(api_role_is_known(token->roles[j]));
		for (size_t j = 0; j < token->workflow_count; j++)
			fuzz_check_text(token->workflows[j]);
		must(token->expires_ms >= 0);
	}
}

static void
check_sound(const struct config *config)
{
	fuzz_check_text(config->environment);
	fuzz_check_text(config->store);
	fuzz_check_text(config->log_format);
	fuzz_check_text(config->log_level);
	fuzz_check_value(config->settings);
	for (size_t i = 0; i < config->listen_count; i++)
		fuzz_check_text(config->listen[i]);
	for (size_t i = 0; i < config->workflow_count; i++)
		fuzz_check_text(config->workflows[i]);
	must(config->body_bytes_max >= 0);
	must(config->connections_max >= 0);
	must(config->instances_queued >= 0);
	check_tokens(config);
}

static void
check_diags(struct diag_list *diags)
{
	struct buf text = {0};
	size_t count;
	const struct diag *sorted = diag_sorted(diags, &count);

	for (size_t i = 0; i < count; i++) {
		must(sorted[i].message.bytes > 0);
		fuzz_check_text(sorted[i].message);
	}
	diag_format(diags, &text, true);
	must(str_is_utf8(buf_str(&text)));
	buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_file file =
	    fuzz_file_new((struct str){(const char *)data, size});
	struct config *config = config_new();

	if (config_read(config, str_of(file.path)))
		check_sound(config);
	else
		must(diag_count(config->diags, DIAG_ERROR) > 0);
	check_diags(config->diags);
	config_free(&config);
	fuzz_file_free(&file);
	return 0;
}
