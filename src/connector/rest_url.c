/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest_url.c: addresses that go where the definition says and nowhere else.
 *
 * A path often ends in a value that came from outside ("/payments/" + id).
 * What is illegal in it is encoded; what could lead to another place is
 * refused: control characters, and the segments "." and "..", which clients
 * and servers resolve.  The path always follows the host's "/", so that no
 * value can add to the host.
 */
#include "connector_priv.h"

#define URL_BYTES_MAX (64 * 1024)

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
has_control(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (is_control(text.at[i]))
			return true;
	return false;
}

/* RFC 3986: pchar, "/" and "?", but for "%". */
static bool
stays_in_path(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("-._~/?!$&'()*+,;=:@", c) != NULL);
}

static void
encode_path(struct str path, struct buf *out)
{
	size_t from = 0;

	for (size_t i = 0; i < path.bytes; i++) {
		char c = path.at[i];
		bool is_encoded = c == '%' && i + 2 < path.bytes &&
		    is_hex(path.at[i + 1]) && is_hex(path.at[i + 2]);
		if (is_encoded || stays_in_path(c))
			continue;
		buf_add(out, path.at + from, i - from);
		message_encode(str_slice(path, i, 1), out);
		from = i + 1;
	}
	buf_add(out, path.at + from, path.bytes - from);
}

/* "." and "..", each dot also as "%2e". */
static bool
is_dots(struct str segment)
{
	size_t dots = 0;

	while (segment.bytes > 0) {
		bool is_dot = segment.at[0] == '.';
		bool is_encoded = segment.bytes >= 3 &&
		    message_name_equal(str_slice(segment, 0, 3), STR("%2e"));
		if (!is_dot && !is_encoded)
			return false;
		segment = str_slice(segment, is_dot ? 1 : 3, segment.bytes);
		dots++;
	}
	return dots == 1 || dots == 2;
}

static bool
has_dot_segment(struct str path)
{
	struct str query;
	struct str rest = str_split(path, '?', &query);

	while (rest.at != NULL)
		if (is_dots(str_split(rest, '/', &rest)))
			return true;
	return false;
}

bool
rest_is_host(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' ||
		    memchr("/@?#%\\", text.at[i], 6) != NULL)
			return false;
	return text.bytes > 0;
}

bool
rest_split_host(struct str text, struct str *host, struct str *port)
{
	size_t end = str_find(text, STR("]"));
	struct str rest = end == SIZE_MAX ? text
					  : str_slice(text, end, SIZE_MAX);
	size_t colon = str_find(rest, STR(":"));
	int64_t number;

	*host = text;
	if (colon != SIZE_MAX) {
		*port = str_slice(rest, colon + 1, SIZE_MAX);
		*host = str_slice(text, 0, text.bytes - port->bytes - 1);
	}
	return rest_is_host(*host) && str_parse_int(*port, 1, 65535, &number);
}

bool
rest_base_url(struct call_scope *scope, const struct template *template,
    struct str *url, struct outcome *failure)
{
	struct str text = {NULL, 0};
	struct str authority, path;

	must(template != NULL);
	if (!call_scope_text(scope, template, &text))
		return verdict_refuse(failure, "connector.url", false,
		    STR("the connection's url gives no text: is what it reads "
			"from `settings` in the configuration?"));
	if (!str_has_prefix(text, STR("http://")) &&
	    !str_has_prefix(text, STR("https://")))
		return verdict_refuse(failure, "connector.url", false,
		    STR("the connection's url must begin with https:// or "
			"http://"));
	authority = str_slice(text, str_find(text, STR("//")) + 2, text.bytes);
	authority = str_split(authority, '/', &path);
	if (authority.bytes == 0 || has_control(text) ||
	    str_find(text, STR(" ")) != SIZE_MAX ||
	    str_find(text, STR("#")) != SIZE_MAX)
		return verdict_refuse(failure, "connector.url", false,
		    STR("the connection's url is malformed"));
	if (str_find(authority, STR("@")) != SIZE_MAX)
		return verdict_refuse(failure, "connector.url", false,
		    STR("credentials belong under `auth`, not in the url"));
	*url = text;
	return true;
}

struct str
rest_before_path(struct str url, struct str path)
{
	if (str_has_prefix(path, STR("/")) && str_has_suffix(url, STR("/")))
		url.bytes--;
	return url;
}

/*
 * Null is left out, and a list gives its key once an item.  What has parts
 * within is told by brackets, as in forms.
 */
static bool
add_parameters(struct arena *arena, struct str key, const struct value *value,
    struct buf *out)
{
	if (value->type != VALUE_LIST)
		return rest_form_add(arena, key, value, out);
	for (size_t i = 0; i < value->as.list.count; i++) {
		const struct value *item = value->as.list.items[i];
		bool has_parts = item->type == VALUE_LIST ||
		    item->type == VALUE_CONTEXT;
		struct str name = has_parts
		    ? arena_strf(arena, "%.*s[%zu]", STR_ARG(key), i)
		    : key;
		if (!rest_form_add(arena, name, item, out))
			return false;
	}
	return true;
}

/* A path may have a query of its own. */
static bool
add_query(struct call_scope *scope, const struct value *query,
    struct buf *out, struct outcome *failure)
{
	bool has_query = memchr(out->at, '?', out->bytes) != NULL;
	struct buf text = buf_in(scope->arena);

	for (size_t i = 0; i < query->as.context.count; i++) {
		const struct value_field *field = &query->as.context.fields[i];
		if (!add_parameters(scope->arena, field->key, field->value,
			&text))
			return verdict_refuse(failure, "connector.url", false,
			    arena_strf(scope->arena, "`%.*s` in the query is "
						     "no text",
				STR_ARG(field->key)));
	}
	if (text.bytes == 0)
		return true;
	buf_add_char(out, has_query ? '&' : '?');
	buf_add_str(out, buf_keep(&text));
	return true;
}

static bool
refuse_path(struct outcome *failure)
{
	return verdict_refuse(failure, "connector.path", false,
	    STR("the path has a control character or a dot segment"));
}

/* A list is a path's segments, of which none can be more than one. */
static bool
add_segments(struct call_scope *scope, const struct value *list,
    struct buf *out, struct outcome *failure)
{
	for (size_t i = 0; i < list->as.list.count; i++) {
		struct str text;
		if (!value_sent_text(
			scope->arena, list->as.list.items[i], &text) ||
		    text.bytes == 0)
			return verdict_refuse(failure, "connector.path", false,
			    STR("a segment of the path is no text, or an "
				"empty one: is an argument missing?"));
		if (has_control(text) || is_dots(text))
			return refuse_path(failure);
		buf_add_char(out, '/');
		message_encode(text, out);
	}
	return true;
}

static bool
add_path(struct call_scope *scope, const struct template *template,
    struct buf *out, struct outcome *failure)
{
	const struct value *value =
	    template != NULL ? call_scope_eval(scope, template) : NULL;
	struct str path = STR("");

	if (value != NULL && value->type == VALUE_LIST)
		return add_segments(scope, value, out, failure);
	if (value != NULL && !value_sent_text(scope->arena, value, &path))
		return verdict_refuse(failure, "connector.path", false,
		    STR("the path is no string: is an argument missing?"));
	if (has_control(path) || has_dot_segment(path))
		return refuse_path(failure);
	if (path.bytes > 0 && path.at[0] != '/' && path.at[0] != '?')
		buf_add_char(out, '/');
	encode_path(path, out);
	return true;
}

/* What filters, left out, would give all that there is. */
static bool
add_filter(struct call_scope *scope, const struct template *template,
    struct buf *out, struct outcome *failure)
{
	const struct value *query;

	if (template == NULL)
		return true;
	query = call_scope_eval(scope, template);
	if (query->type == VALUE_NULL)
		return true;
	if (query->type != VALUE_CONTEXT)
		return verdict_refuse(failure, "connector.url", false,
		    STR("the query is no context: {name: value} is one"));
	return add_query(scope, query, out, failure);
}

/* An endpoint that wants its key in the address. */
static bool
add_credential(struct call_scope *scope, const struct def_auth *auth,
    struct buf *out, struct outcome *failure)
{
	struct value_builder *query;
	struct str text;

	if (auth->kind != AUTH_QUERY)
		return true;
	if (!call_scope_text(scope, auth->password, &text))
		return verdict_refuse(failure, "connector.auth", true,
		    STR("there is no credential to call with"));
	query = value_build_context(scope->arena);
	value_put(query, auth->header, value_of_str(scope->arena, text));
	return add_query(scope, value_built(query), out, failure);
}

bool
rest_url(struct call_scope *scope, const struct def_operation *operation,
    struct str *url, struct outcome *failure)
{
	struct buf out = buf_in(scope->arena);
	struct buf path = buf_in(scope->arena);

	out.bytes_max = URL_BYTES_MAX;
	path.bytes_max = URL_BYTES_MAX;
	if (!rest_base_url(scope, operation->connection->url, url, failure) ||
	    !add_path(scope, operation->path, &path, failure))
		return false;
	buf_add_str(&out, rest_before_path(*url, buf_str(&path)));
	buf_add_str(&out, buf_str(&path));
	if (!add_filter(scope, operation->query, &out, failure) ||
	    !add_credential(scope, &operation->connection->auth, &out, failure))
		return false;
	if (buf_is_over(&path) || buf_is_over(&out))
		return verdict_refuse(failure, "connector.url", false,
		    STR("the url is longer than 64 KiB"));
	*url = buf_keep(&out);
	return true;
}
