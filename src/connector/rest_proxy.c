/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest_proxy.c: the host that a connection's calls go through.
 *
 * An address that gives null is no proxy, so that a setting decides whether
 * an environment has one.
 */
#include "connector_priv.h"

static bool
is_word(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' ||
		    memchr("@,#?", text.at[i], 4) != NULL)
			return false;
	return text.bytes > 0;
}

static bool
refuse(struct outcome *failure, struct str message)
{
	return verdict_refuse(failure, "connector.proxy", false, message);
}

static bool
set_url(struct message_proxy *proxy, const struct value *url,
    struct outcome *failure)
{
	proxy->url = value_str(url);
	if ((str_has_prefix(proxy->url, STR("http://")) ||
		str_has_prefix(proxy->url, STR("https://"))) &&
	    is_word(proxy->url))
		return true;
	return refuse(failure, STR("the proxy's url is http://HOST:PORT or "
				   "https://HOST:PORT; credentials belong "
				   "under `user` and `password`"));
}

static bool
set_part(struct call_scope *scope, const struct template *template,
    struct str *part, struct outcome *failure)
{
	if (template == NULL || call_scope_text(scope, template, part))
		return true;
	return verdict_refuse(failure, "connector.proxy", true,
	    STR("what the proxy asks for is not at hand"));
}

static bool
set_except(struct call_scope *scope, const struct def_proxy *definition,
    struct message_proxy *proxy, struct outcome *failure)
{
	struct buf out = buf_in(scope->arena);

	for (size_t i = 0; i < definition->except_count; i++) {
		if (!is_word(definition->except[i]))
			return refuse(failure,
			    STR("a host under `except` is none"));
		if (i > 0)
			buf_add_char(&out, ',');
		buf_add_str(&out, definition->except[i]);
	}
	proxy->except = buf_keep(&out);
	return true;
}

static bool
set_authority(struct call_scope *scope, const struct template *template,
    struct message_proxy *proxy, struct outcome *failure)
{
	if (!rest_has_authority(scope, template))
		return true;
	return set_part(scope, template, &proxy->ca, failure) &&
	    (rest_is_authority(proxy->ca) ||
		refuse(failure, STR("the proxy's `ca` is neither a "
		    "certificate in PEM nor an absolute path")));
}

/* It is shown to the proxy in this form (RFC 7617), which may repeat it. */
static void
keep_secret(struct call_scope *scope, const struct message_proxy *proxy)
{
	if (proxy->password.bytes > 0)
		connector_mask_add(scope, digest_base64(scope->arena,
		    arena_strf(scope->arena, "%.*s:%.*s", STR_ARG(proxy->user),
			STR_ARG(proxy->password))));
}

bool
rest_proxy(struct call_scope *scope, const struct def_connection *connection,
    struct message_request *request, struct outcome *failure)
{
	const struct def_proxy *definition = connection->proxy;
	struct message_proxy *proxy;
	const struct value *url;

	if (definition == NULL)
		return true;
	url = call_scope_eval(scope, definition->url);
	if (url->type == VALUE_NULL)
		return true;
	proxy = ARENA_NEW(scope->arena, struct message_proxy);
	request->proxy = proxy;
	if (!set_url(proxy, url, failure) ||
	    !set_part(scope, definition->user, &proxy->user, failure) ||
	    !set_part(scope, definition->password, &proxy->password, failure))
		return false;
	keep_secret(scope, proxy);
	return set_authority(scope, definition->ca, proxy, failure) &&
	    set_except(scope, definition, proxy, failure);
}
