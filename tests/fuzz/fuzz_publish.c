/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_publish.c: documents that are published over HTTP: refused with what
 * is wrong in them, or served from then on: listed, read back, drawn, and
 * started.
 *
 * An input is YAML; one that begins with "{" is sent as JSON.
 */
#include "fuzz_input.h"
#include "fuzz_server.h"

#include "stated/json.h"

static struct fuzz_answer
get(struct fuzz_server *server, struct arena *arena, struct str name,
    const char *rest)
{
	struct buf path = {0};
	struct fuzz_answer answer;

	buf_add_cstr(&path, "GET /v1/definitions/");
	message_encode(name, &path);
	buf_add_cstr(&path, rest);
	answer = fuzz_server_ask(
	    server, arena_str(arena, buf_str(&path)), STR(""));
	buf_fini(&path);
	return answer;
}

static void
check_served(struct fuzz_server *server, struct arena *arena, struct str name)
{
	struct fuzz_answer answer = get(server, arena, name, "");
	struct buf head = {0};

	must(answer.status == 200);
	answer = get(server, arena, name, "/diagram.svg");
	must(answer.status == 200 || answer.status == 422);
	buf_add_cstr(&head, "POST /v1/workflows/");
	message_encode(name, &head);
	buf_add_cstr(&head, "/instances\nContent-Type: application/json");
	answer = fuzz_server_ask(server, buf_str(&head), STR("{\"input\":{}}"));
	must(answer.status == 201 || answer.status == 422 ||
	     answer.status == 200 || answer.status == 409);
	buf_fini(&head);
}

static void
check_published(struct fuzz_server *server, struct arena *arena,
    const struct fuzz_answer *answer)
{
	struct json_error error;
	const struct value *body = json_read(arena, answer->body, &error);
	const struct value *items;

	must(body != NULL);
	items = value_field_or_null(body, "items");
	must(items->type == VALUE_LIST);
	for (size_t i = 0; i < items->as.list.count && i < 2; i++)
		check_served(server, arena,
		    value_field_str(items->as.list.items[i], "name"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = {(const char *)data, size};
	struct fuzz_server *server = fuzz_server_get(false);
	struct arena *arena = arena_new();
	struct str head = str_has_prefix(input, STR("{"))
			      ? STR("POST /v1/definitions\nContent-Type: "
				    "application/json")
			      : STR("POST /v1/definitions?file=a.yaml\n"
				    "Content-Type: application/yaml");
	struct fuzz_answer answer = fuzz_server_ask(server, head, input);

	if (answer.status == 200 || answer.status == 201)
		check_published(server, arena, &answer);
	arena_free(&arena);
	return 0;
}
