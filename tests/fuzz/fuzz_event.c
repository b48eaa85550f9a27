/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_event.c: CloudEvents in all three modes, and the webhooks that become
 * events: what is taken is durable, and told of; what is not is explained.
 *
 * The first line says how the rest comes: "structured", "batch", "binary"
 * (header lines, an empty line, the data) or "hook" (a body that is signed
 * here).  It comes twice: what was taken is a duplicate then.
 */
#include "fuzz_input.h"
#include "fuzz_server.h"

#include "stated/json.h"

static struct str
head_of(struct arena *arena, struct str mode, struct str *input)
{
	struct str events = STR("POST /v1/events\nContent-Type: ");
	char hex[DIGEST_HEX_BYTES];
	size_t end;

	if (str_equal(mode, STR("structured")))
		return arena_strf(arena,
		    "%.*sapplication/cloudevents+json", STR_ARG(events));
	if (str_equal(mode, STR("batch")))
		return arena_strf(arena,
		    "%.*sapplication/cloudevents-batch+json", STR_ARG(events));
	if (str_equal(mode, STR("hook")))
		return arena_strf(arena, "POST /hooks/bank\nX-Sign: %.*s",
		    STR_ARG(digest_hex(
			digest_hmac_sha256(STR(FUZZ_SERVER_SECRET), *input),
			hex)));
	if (!str_equal(mode, STR("binary")))
		return (struct str){NULL, 0};
	end = str_find(*input, STR("\n\n"));
	events = arena_strf(arena, "POST /v1/events\nce-specversion: 1.0\n%.*s",
	    STR_ARG(str_slice(*input, 0, end)));
	*input = end == SIZE_MAX ? STR("")
				 : str_slice(*input, end + 2, input->bytes);
	return events;
}

static const struct value *
status_of(const struct value *receipt)
{
	return value_field_or_null(receipt, "status");
}

/* Every event of an answer has its fate; and said again, none is new. */
static void
check_receipts(struct arena *arena, const struct fuzz_answer *answer,
    bool is_repeated)
{
	struct json_error error;
	const struct value *body = json_read(arena, answer->body, &error);
	const struct value *events;

	must(body != NULL);
	events = value_field_or_null(body, "events");
	if (events->type != VALUE_LIST) { /* a webhook's */
		must(value_str(status_of(body)).bytes > 0);
		return;
	}
	for (size_t i = 0; i < events->as.list.count; i++) {
		struct str fate =
		    value_str(status_of(events->as.list.items[i]));

		must(fate.bytes > 0);
		if (is_repeated)
			must(!str_equal(fate, STR("matched")));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = {(const char *)data, size};
	struct str mode = fuzz_take_line(&input);
	struct arena *arena = arena_new();
	struct str head = head_of(arena, mode, &input);
	struct fuzz_server *server = fuzz_server_get(false);

	for (int i = 0; head.at != NULL && i < 2; i++) {
		struct fuzz_answer answer =
		    fuzz_server_ask(server, head, input);

		if (answer.status == 202)
			check_receipts(arena, &answer, i > 0);
	}
	arena_free(&arena);
	return 0;
}
