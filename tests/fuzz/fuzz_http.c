/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http.c: whatever callers send, the server answers as it has promised,
 * or not at all, and goes on.
 *
 * An input is requests that follow one another, each on a connection of its
 * own, parted by lines "====".  A request is its head, an empty line and its
 * body; its version, the host and the body's length are added where they are
 * missing.
 * A first line "auth" asks a server that wants tokens; one "raw" sends what
 * follows as it is.
 */
#include "fuzz_input.h"
#include "fuzz_server.h"

#define REQUESTS_MAX 8

static void
ask(struct fuzz_server *server, struct str request)
{
	size_t end = str_find(request, STR("\n\n"));
	struct str body = STR("");

	if (end != SIZE_MAX) {
		body = str_slice(request, end + 2, request.bytes);
		request = str_slice(request, 0, end);
	}
	(void)fuzz_server_ask(server, request, body);
}

static struct str
take_request(struct str *rest)
{
	struct str parting = STR("\n====\n");
	size_t end = str_find(*rest, parting);
	struct str request = str_slice(*rest, 0, end);

	*rest = end == SIZE_MAX
		    ? (struct str){NULL, 0}
		    : str_slice(*rest, end + parting.bytes, rest->bytes);
	return request;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = {(const char *)data, size};
	bool wants_auth = str_has_prefix(input, STR("auth\n"));
	struct fuzz_server *server = fuzz_server_get(wants_auth);

	if (wants_auth)
		(void)fuzz_take_line(&input);
	if (str_has_prefix(input, STR("raw\n"))) {
		(void)fuzz_take_line(&input);
		(void)fuzz_server_say(server, input);
		return 0;
	}
	for (int i = 0; input.bytes > 0 && i < REQUESTS_MAX; i++)
		ask(server, take_request(&input));
	return 0;
}
