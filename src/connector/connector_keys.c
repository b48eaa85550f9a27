/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector_keys.c: fetching the keys that an endpoint signs its webhooks by.
 *
 * They are public: whoever asks gets them, and we show who we are by nothing
 * but the certificate that the endpoint may want of all.
 */
#include "connector_priv.h"

#define TIMEOUT_MS 10000
#define KEYS_BYTES_MAX (256 * 1024)

bool
connector_keys_prepare(const struct def_connection *connection,
    const struct connector_context *context, struct message_request *request,
    struct outcome *failure)
{
	struct header_list headers = {.arena = context->arena};
	struct call_scope scope;

	must(connection->webhook_signature.keys_url != NULL);
	call_scope_init(&scope, context, NULL);
	*request = (struct message_request){
		.method = STR("GET"),
		.timeout_ms = TIMEOUT_MS,
		.response_bytes_max = KEYS_BYTES_MAX,
	};
	return rest_base_url(&scope, connection->webhook_signature.keys_url,
		   &request->url, failure) &&
	    rest_finish(&scope, connection, &headers, request, failure);
}

bool
connector_keys_interpret(struct arena *arena,
    const struct message_response *response, struct str *keys,
    struct outcome *failure)
{
	struct json_error error;
	const struct value *set;

	if (response->failure != MESSAGE_OK) {
		*failure = verdict_of_failure(arena, response);
		return false;
	}
	set = json_read(arena, response->body, &error);
	if (response->status != 200 ||
	    value_field_or_null(set, "keys")->type != VALUE_LIST)
		return verdict_refuse(failure, "connector.keys", true,
		    arena_strf(arena, "%d is no JWK set", response->status));
	*keys = arena_str(arena, response->body);
	return true;
}
