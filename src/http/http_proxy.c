/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_proxy.c: the host that a transfer goes through.
 *
 * A handle is used again, so what one request set the next must not inherit:
 * a call would go where it has no business, or show a password there.
 */
#include "http_priv.h"

/* PEM, or an absolute path; absent: whom the system trusts. */
static void
set_ca(struct http_transfer *transfer, struct str ca)
{
	bool is_path = ca.bytes > 0 && ca.at[0] == '/';
	struct curl_blob blob = {.flags = CURL_BLOB_NOCOPY};

	buf_add_str(&transfer->proxy_ca, ca);
	blob.data = transfer->proxy_ca.at;
	blob.len = transfer->proxy_ca.bytes;
	SET(transfer->easy, CURLOPT_PROXY_CAINFO_BLOB,
	    ca.bytes > 0 && !is_path ? &blob : NULL);
	SET(transfer->easy, CURLOPT_PROXY_CAINFO,
	    is_path ? buf_cstr(&transfer->proxy_ca) : transfer->default_ca);
}

void
http_proxy_set(struct http_transfer *transfer,
    const struct message_proxy *proxy)
{
	static const struct message_proxy none = {
		.url = STR_INIT(""),
		.except = STR_INIT(""),
	};

	if (proxy == NULL && !transfer->has_proxy)
		return;
	transfer->has_proxy = proxy != NULL;
	if (proxy == NULL)
		proxy = &none;
	must(http_is_one_line(proxy->url));
	http_transfer_set_text(transfer, CURLOPT_PROXY, proxy->url);
	http_transfer_set_text(transfer, CURLOPT_NOPROXY, proxy->except);
	http_transfer_set_text(transfer, CURLOPT_PROXYUSERNAME, proxy->user);
	http_transfer_set_text(transfer, CURLOPT_PROXYPASSWORD,
	    proxy->password);
	set_ca(transfer, proxy->ca);
}
