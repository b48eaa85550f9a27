/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.c: what the readers and writers of HTTP messages share.
 *
 * It stands in base and not beside the client, since the pure connectors use
 * it too and must link without curl.
 */
#include "stated/message.h"

#include "stated/must.h"

struct str
message_failure_name(enum message_failure failure)
{
	static const struct str names[] = {
		[MESSAGE_OK] = STR_INIT("ok"),
		[MESSAGE_UNRESOLVED] = STR_INIT("unresolved"),
		[MESSAGE_UNREACHABLE] = STR_INIT("unreachable"),
		[MESSAGE_TLS] = STR_INIT("tls"),
		[MESSAGE_CERTIFICATE] = STR_INIT("certificate"),
		[MESSAGE_UNSENT] = STR_INIT("unsent"),
		[MESSAGE_TIMEOUT] = STR_INIT("timeout"),
		[MESSAGE_RESET] = STR_INIT("reset"),
		[MESSAGE_TRUNCATED] = STR_INIT("truncated"),
		[MESSAGE_TOO_LARGE] = STR_INIT("too-large"),
		[MESSAGE_GARBLED] = STR_INIT("garbled"),
		[MESSAGE_FORGED] = STR_INIT("forged"),
		[MESSAGE_CRASHED] = STR_INIT("crashed"),
	};

	must((size_t)failure < sizeof(names) / sizeof(names[0]));
	return names[failure];
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
message_name_equal(struct str a, struct str b)
{
	if (a.bytes != b.bytes)
		return false;
	for (size_t i = 0; i < a.bytes; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}

struct str
message_name_lower(struct arena *arena, struct str name)
{
	char *at = arena_alloc(arena, name.bytes + 1);

	for (size_t i = 0; i < name.bytes; i++)
		at[i] = lower(name.at[i]);
	return (struct str){at, name.bytes};
}

struct str
message_find_header(const struct message_header *headers, size_t count,
    struct str name)
{
	must(count == 0 || headers != NULL);
	for (size_t i = 0; i < count; i++)
		if (message_name_equal(headers[i].name, name))
			return headers[i].value;
	return (struct str){NULL, 0};
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

void
message_encode(struct str text, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";

	must(out != NULL);
	for (size_t i = 0; i < text.bytes; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (is_unreserved(text.at[i])) {
			buf_add_char(out, text.at[i]);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}

struct digest
message_broker_key(const struct message_request *request)
{
	const struct message_broker *broker = request->broker;
	const struct str parts[] = {
		broker->host, broker->port, broker->vhost, broker->user,
		broker->password, request->client_certificate, request->ca,
	};
	struct buf text = {0};
	struct digest digest;

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		buf_add_varint(&text, parts[i].bytes);
		buf_add_str(&text, parts[i]);
	}
	buf_addf(&text, "%d %lld", broker->is_tls,
	    (long long)broker->heartbeat_ms);
	digest = digest_sha256(buf_str(&text));
	explicit_bzero(text.at, text.bytes);
	buf_fini(&text);
	return digest;
}
