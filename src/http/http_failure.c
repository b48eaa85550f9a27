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

#include <openssl/err.h>
#include <openssl/ssl.h>

#define PACKED_DIGITS 8 /* of a failure as OpenSSL writes it */

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

/* curl has one result for a broken connection and for a broken chunk: "Illegal
 * or missing hexadecimal sequence in chunked-encoding". */
bool
http_failure_is_of_chunks(CURLcode result, const char *error)
{
	return result == CURLE_RECV_ERROR && strstr(error, "chunk") != NULL;
}

/* RFC 8446, section 6.2: those that speak of the certificate that we showed,
 * or didn't. */
static bool
speaks_of_our_certificate(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

/* curl hands on what OpenSSL wrote: "error:0A00045C:SSL routines::…". */
bool
http_failure_refuses_us(CURLcode result, const char *error)
{
	static const char prefix[] = "error:";
	const char *at = strstr(error, prefix);
	char digits[PACKED_DIGITS + 1] = "";
	unsigned long packed;
	char *end;

	if (at == NULL ||
	    (result != CURLE_SSL_CONNECT_ERROR && result != CURLE_RECV_ERROR))
		return false;
	strncat(digits, at + strlen(prefix), PACKED_DIGITS);
	packed = strtoul(digits, &end, 16);
	return end == digits + PACKED_DIGITS &&
	    ERR_GET_LIB(packed) == ERR_LIB_SSL &&
	    speaks_of_our_certificate(
		ERR_GET_REASON(packed) - SSL_AD_REASON_OFFSET);
}
