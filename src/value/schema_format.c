/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_format.c: the formats that are asserted, by the letter of the RFCs.
 *
 * date, time, date-time and duration: RFC 3339; email: RFC 5321, without
 * quoted local parts; uri: RFC 3986; uuid: RFC 4122; ipv4: RFC 2673; ipv6:
 * RFC 4291.  FEEL's own forms of dates are wider and are not meant here.
 */
#include "stated/schema.h"

#include <arpa/inet.h>

#include "schema_priv.h"
#include "temporal_priv.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ------------------------------------------------------- dates and times */

/* Four digits of the year, and no more. */
static bool
is_date(struct str text)
{
	struct date date;
	return text.bytes == 10 && text.at[0] != '-' &&
	    date_parse(text, &date);
}

/* "Z" or "+02:00", as minutes. */
static bool
take_offset(struct str *in, int *minutes)
{
	uint8_t hour;
	uint8_t minute;
	*minutes = 0;
	if (temporal_take_char(in, 'Z') || temporal_take_char(in, 'z'))
		return true;
	bool negative = temporal_take_char(in, '-');
	if (!negative && !temporal_take_char(in, '+'))
		return false;
	if (!temporal_take_pair(in, 23, &hour) ||
	    !temporal_take_char(in, ':') ||
	    !temporal_take_pair(in, 59, &minute))
		return false;
	*minutes = hour * 60 + minute;
	if (negative)
		*minutes = -*minutes;
	return true;
}

static bool
skip_fraction(struct str *in)
{
	if (!temporal_take_char(in, '.'))
		return true;
	size_t digits = 0;
	while (digits < in->bytes && is_digit(in->at[digits]))
		digits++;
	*in = str_slice(*in, digits, in->bytes);
	return digits > 0;
}

/* With an offset; a leap second only where UTC is at 23:59. */
static bool
is_time(struct str text)
{
	uint8_t hour;
	uint8_t minute;
	uint8_t second;
	int offset;
	if (!temporal_take_pair(&text, 23, &hour) ||
	    !temporal_take_char(&text, ':') ||
	    !temporal_take_pair(&text, 59, &minute) ||
	    !temporal_take_char(&text, ':') ||
	    !temporal_take_pair(&text, 60, &second) ||
	    !skip_fraction(&text) || !take_offset(&text, &offset) ||
	    text.bytes > 0)
		return false;
	int utc = (hour * 60 + minute - offset + 2 * 1440) % 1440;
	return second < 60 || utc == 1439;
}

static bool
is_date_time(struct str text)
{
	struct str rest = str_slice(text, 10, text.bytes);
	if (!temporal_take_char(&rest, 'T') && !temporal_take_char(&rest, 't'))
		return false;
	return is_date(str_slice(text, 0, 10)) && is_time(rest);
}

/* Parts of a duration in the order of `letters`, none left out between the
 * first and the last; false where there are none. */
static bool
take_units(struct str *in, const char *letters)
{
	const char *expected = NULL;
	int64_t n;
	while (in->bytes > 0 && is_digit(in->at[0])) {
		if (!temporal_take_number(in, &n) || in->bytes == 0)
			return false;
		const char *found =
		    strchr(expected ? expected : letters, in->at[0]);
		if (!found || !*found || (expected && found != expected))
			return false;
		expected = found + 1;
		*in = str_slice(*in, 1, in->bytes);
	}
	return expected != NULL;
}

static bool
is_duration(struct str text)
{
	if (!temporal_take_char(&text, 'P'))
		return false;
	struct str weeks = text;
	if (take_units(&weeks, "W") && weeks.bytes == 0)
		return true;
	bool has_date = take_units(&text, "YMD");
	if (temporal_take_char(&text, 'T'))
		return take_units(&text, "HMS") && text.bytes == 0;
	return has_date && text.bytes == 0;
}

/* ------------------------------------------------------------- addresses */

/* Letters, digits and hyphens, the latter not at an end. */
static bool
is_label(struct str label)
{
	if (label.bytes == 0 || label.bytes > 63)
		return false;
	for (size_t i = 0; i < label.bytes; i++)
		if (!is_letter(label.at[i]) && !is_digit(label.at[i]) &&
		    label.at[i] != '-')
			return false;
	return label.at[0] != '-' && label.at[label.bytes - 1] != '-';
}

static bool
is_hostname(struct str text)
{
	if (text.bytes > 253)
		return false;
	while (text.at)
		if (!is_label(str_split(text, '.', &text)))
			return false;
	return true;
}

/* Copies to a C string for inet_pton(); false where it can't be one. */
static bool
is_address(struct str text, int family)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];
	if (text.bytes >= sizeof(copy) || memchr(text.at, '\0', text.bytes))
		return false;
	memcpy(copy, text.at, text.bytes);
	copy[text.bytes] = '\0';
	return inet_pton(family, copy, address) == 1;
}

static bool
is_ipv4(struct str text)
{
	return is_address(text, AF_INET);
}

static bool
is_ipv6(struct str text)
{
	return is_address(text, AF_INET6);
}

/* An address in brackets, as mail knows them: "[127.0.0.1]". */
static bool
is_literal_host(struct str host)
{
	if (!str_has_prefix(host, STR("[")) || !str_has_suffix(host, STR("]")))
		return false;
	struct str inner = str_slice(host, 1, host.bytes - 2);
	if (str_has_prefix(inner, STR("IPv6:")))
		return is_ipv6(str_slice(inner, 5, inner.bytes));
	return is_ipv4(inner);
}

/* Words of atom characters with single dots between them. */
static bool
is_local_part(struct str local)
{
	bool after_dot = true;
	if (local.bytes > 64)
		return false;
	for (size_t i = 0; i < local.bytes; i++) {
		char c = local.at[i];
		bool dot = c == '.';
		if (dot && after_dot)
			return false;
		if (!dot && !is_letter(c) && !is_digit(c) &&
		    (!c || !strchr("!#$%&'*+-/=?^_`{|}~", c)))
			return false;
		after_dot = dot;
	}
	return !after_dot;
}

static bool
is_email(struct str text)
{
	struct str host;
	struct str local = str_split(text, '@', &host);
	return host.at && is_local_part(local) &&
	    (is_hostname(host) || is_literal_host(host));
}

/* ------------------------------------------------------------------ uris */

/* Unreserved, reserved but brackets, or a whole %41. */
static bool
are_uri_characters(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.at[i];
		if (c == '%') {
			if (text.bytes - i < 3 || !is_hex(text.at[i + 1]) ||
			    !is_hex(text.at[i + 2]))
				return false;
			i += 2;
		} else if (!is_letter(c) && !is_digit(c) &&
		    (!c || !strchr("-._~:/?@!$&'()*+,;=", c))) {
			return false;
		}
	}
	return true;
}

/* [userinfo@]host[:port] */
static bool
is_authority(struct str text)
{
	struct str host;
	struct str user = str_split(text, '@', &host);
	if (!host.at)
		host = user;
	else if (!are_uri_characters(user))
		return false;
	struct str port = host;
	if (str_has_prefix(host, STR("["))) {
		struct str address =
		    str_split(str_slice(host, 1, host.bytes), ']', &port);
		if (!port.at || !is_ipv6(address))
			return false;
		if (port.bytes > 0 && !temporal_take_char(&port, ':'))
			return false;
	} else {
		struct str name = str_split(host, ':', &port);
		if (!are_uri_characters(name) ||
		    str_find(name, STR("@")) != SIZE_MAX)
			return false;
	}
	for (size_t i = 0; i < port.bytes; i++)
		if (!is_digit(port.at[i]))
			return false;
	return true;
}

static bool
is_scheme(struct str scheme)
{
	for (size_t i = 0; i < scheme.bytes; i++)
		if (!is_letter(scheme.at[i]) &&
		    (i == 0 ||
			(!is_digit(scheme.at[i]) && scheme.at[i] != '+' &&
			    scheme.at[i] != '-' && scheme.at[i] != '.')))
			return false;
	return scheme.bytes > 0;
}

/* scheme:[//authority]path[?query][#fragment] */
static bool
is_uri(struct str text)
{
	struct str fragment;
	struct str rest;
	struct str scheme =
	    str_split(str_split(text, '#', &fragment), ':', &rest);
	if (!rest.at || !is_scheme(scheme) || !are_uri_characters(fragment))
		return false;
	if (!str_has_prefix(rest, STR("//")))
		return are_uri_characters(rest);
	rest = str_slice(rest, 2, rest.bytes);
	size_t end = 0;
	while (end < rest.bytes && rest.at[end] != '/' && rest.at[end] != '?')
		end++;
	return is_authority(str_slice(rest, 0, end)) &&
	    are_uri_characters(str_slice(rest, end, rest.bytes));
}

static bool
is_uuid(struct str text)
{
	if (text.bytes != 36)
		return false;
	for (size_t i = 0; i < text.bytes; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text.at[i] != '-' : !is_hex(text.at[i]))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------- the formats */

static const struct format {
	struct str name;
	schema_format_fn *is;
} formats[] = {
    {STR_INIT("date"), is_date},
    {STR_INIT("date-time"), is_date_time},
    {STR_INIT("time"), is_time},
    {STR_INIT("duration"), is_duration},
    {STR_INIT("email"), is_email},
    {STR_INIT("uri"), is_uri},
    {STR_INIT("uuid"), is_uuid},
    {STR_INIT("ipv4"), is_ipv4},
    {STR_INIT("ipv6"), is_ipv6},
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

schema_format_fn *
schema_format_find(struct str name)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (str_equal(name, formats[i].name))
			return formats[i].is;
	return NULL;
}

struct str
schema_format_nearest(struct str name)
{
	struct str names[FORMAT_COUNT];
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		names[i] = formats[i].name;
	return str_nearest(name, names, FORMAT_COUNT);
}
