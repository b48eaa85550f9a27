/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_failure.c: what curl's results say about the effect of a request.
 *
 * Each result has two meanings: one where no byte of the request can have
 * left, so that it surely did nothing, and one where some may have.  Money
 * depends on never taking the second for the first.
 */
#include "http_priv.h"

#include <stdlib.h>

/* How OpenSSL writes a failure: "error:" and eight digits, of which eight bits
 * are the library and the lower 23 the reason; an alert of the peer is its
 * number and a thousand. */
#define PACKED_DIGITS 8
#define PACKED_LIBRARY(packed) ((packed) >> 23 & 0xff)
#define PACKED_REASON(packed) ((packed) & 0x7fffff)
#define LIBRARY_SSL 20
#define REASON_OF_ALERT 1000

struct meaning {
	CURLcode result;
	enum message_failure unsent;
	enum message_failure sent;
};

static const struct meaning meanings[] = {
	{CURLE_COULDNT_RESOLVE_HOST, MESSAGE_UNRESOLVED, MESSAGE_RESET},
	{CURLE_COULDNT_RESOLVE_PROXY, MESSAGE_UNRESOLVED, MESSAGE_RESET},
	{CURLE_COULDNT_CONNECT, MESSAGE_UNREACHABLE, MESSAGE_RESET},
	/* Before sending, a time-out is a host that takes no connection. */
	{CURLE_OPERATION_TIMEDOUT, MESSAGE_UNREACHABLE, MESSAGE_TIMEOUT},
	{CURLE_SSL_CONNECT_ERROR, MESSAGE_TLS, MESSAGE_RESET},
	{CURLE_SSL_CIPHER, MESSAGE_TLS, MESSAGE_RESET},
	{CURLE_USE_SSL_FAILED, MESSAGE_TLS, MESSAGE_RESET},
	{CURLE_PEER_FAILED_VERIFICATION, MESSAGE_CERTIFICATE, MESSAGE_RESET},
	{CURLE_SSL_CERTPROBLEM, MESSAGE_CERTIFICATE, MESSAGE_RESET},
	{CURLE_SSL_CACERT_BADFILE, MESSAGE_CERTIFICATE, MESSAGE_RESET},
	{CURLE_SSL_ISSUER_ERROR, MESSAGE_CERTIFICATE, MESSAGE_RESET},
	{CURLE_SSL_CLIENTCERT, MESSAGE_CERTIFICATE, MESSAGE_RESET},
	{CURLE_SSL_INVALIDCERTSTATUS, MESSAGE_CERTIFICATE, MESSAGE_RESET},
	{CURLE_PARTIAL_FILE, MESSAGE_UNSENT, MESSAGE_TRUNCATED},
	/* "HTTP/0.9", which is how curl reads what isn't HTTP. */
	{CURLE_UNSUPPORTED_PROTOCOL, MESSAGE_UNSENT, MESSAGE_GARBLED},
	{CURLE_WEIRD_SERVER_REPLY, MESSAGE_UNSENT, MESSAGE_GARBLED},
	{CURLE_BAD_CONTENT_ENCODING, MESSAGE_UNSENT, MESSAGE_GARBLED},
	/* Our callbacks refuse nothing but size, and that is asked before. */
	{CURLE_WRITE_ERROR, MESSAGE_UNSENT, MESSAGE_GARBLED},
	{CURLE_FILESIZE_EXCEEDED, MESSAGE_UNSENT, MESSAGE_TOO_LARGE},
	/* A single header line beyond curl's own bound. */
	{CURLE_OUT_OF_MEMORY, MESSAGE_UNSENT, MESSAGE_TOO_LARGE},
};

enum message_failure
http_failure_of(CURLcode result, bool may_be_sent)
{
	must(result != CURLE_OK);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].result == result)
			return may_be_sent ? meanings[i].sent
					   : meanings[i].unsent;
	return may_be_sent ? MESSAGE_RESET : MESSAGE_UNSENT;
}

/* RFC 8446, section 6.2: those that speak of the certificate that we showed,
 * or didn't. */
static bool
speaks_of_our_certificate(unsigned long alert)
{
	static const unsigned char alerts[] = {
		42,  /* bad_certificate */
		43,  /* unsupported_certificate */
		44,  /* certificate_revoked */
		45,  /* certificate_expired */
		46,  /* certificate_unknown */
		48,  /* unknown_ca */
		49,  /* access_denied */
		116, /* certificate_required */
	};

	return alert <= UINT8_MAX &&
	    memchr(alerts, (int)alert, sizeof(alerts)) != NULL;
}

bool
http_failure_refuses_us(CURLcode result, const char *error)
{
	const char *at = strstr(error, "error:");
	char digits[PACKED_DIGITS + 1] = "";
	unsigned long packed;
	char *end;

	if (at == NULL ||
	    (result != CURLE_SSL_CONNECT_ERROR && result != CURLE_RECV_ERROR))
		return false;
	strncat(digits, at + strlen("error:"), PACKED_DIGITS);
	packed = strtoul(digits, &end, 16);
	return end == digits + PACKED_DIGITS &&
	    PACKED_LIBRARY(packed) == LIBRARY_SSL &&
	    PACKED_REASON(packed) >= REASON_OF_ALERT &&
	    speaks_of_our_certificate(PACKED_REASON(packed) - REASON_OF_ALERT);
}
