/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

static bool
has_format(const char *format, const char *text)
{
	struct arena *arena = arena_new();
	struct schema_errors errors = {.arena = arena};
	struct value_builder *document = value_build_context(arena);
	value_put_str(document, "format", str_of(format));
	const struct schema *schema =
	    schema_compile(arena, value_built(document), &errors);
	assert_non_null(schema);
	bool valid = schema_validate(schema,
	    value_copy_str(arena, str_of(text)), &errors);
	arena_free(&arena);
	return valid;
}

/* Lists end with NULL. */
static void
assert_all(const char *format, bool expected, const char *const *texts)
{
	for (size_t i = 0; texts[i]; i++)
		if (has_format(format, texts[i]) != expected)
			fail_msg("%s as %s", texts[i], format);
}

#define GOOD(format, ...)                                                      \
	assert_all(format, true, (const char *const[]){__VA_ARGS__, NULL})
#define BAD(format, ...)                                                       \
	assert_all(format, false, (const char *const[]){__VA_ARGS__, NULL})

static void
test_dates_are_those_of_rfc_3339(void **state)
{
	(void)state;
	GOOD("date", "2026-11-22", "2024-02-29", "0000-01-01");
	BAD("date", "", "2023-02-29", "2026-13-01", "2026-1-1", "20261122",
	    "12026-01-01", "-026-01-01", "2026-11-22Z", "2026-11-2\xd9\xa2");
}

static void
test_times_need_an_offset(void **state)
{
	(void)state;
	GOOD("time", "10:20:30Z", "10:20:30.123456789123z", "10:20:30+02:00",
	    "23:59:60Z", "00:59:60+01:00", "22:29:60-01:30");
	BAD("time", "10:20:30", "24:00:00Z", "10:60:00Z", "10:20Z",
	    "10:20:30.Z", "10:20:30+2:00", "10:20:30+24:00", "10:20:60Z",
	    "23:59:60+01:00", "10:20:30Z ", "10:20:30@UTC");
}

static void
test_dates_and_times_are_joined_by_t(void **state)
{
	(void)state;
	GOOD("date-time", "2026-11-22T10:20:30Z", "2026-11-22t10:20:30.5-03:00",
	    "1998-12-31T23:59:60Z");
	BAD("date-time", "2026-11-22", "2026-11-22 10:20:30Z",
	    "2026-11-22T10:20:30", "2026-02-30T10:20:30Z", "T10:20:30Z");
}

static void
test_durations_leave_no_unit_out_between_two(void **state)
{
	(void)state;
	GOOD("duration", "P4DT12H30M5S", "PT0S", "P0D", "P1M", "PT36H", "P2W",
	    "P1Y2M3D", "PT1M", "P2M3D", "PT1H");
	BAD("duration", "", "P", "PT", "P1", "1D", "P2D1Y", "P1Y2D", "PT1H2S",
	    "P2S", "P1WT1H", "P1Y2W", "P-1D", "P1DT", "PT0.5S", "P1D ");
}

static void
test_mail_addresses_have_a_name_and_a_host(void **state)
{
	(void)state;
	GOOD("email", "a@b", "jane.doe+x@example.co.uk", "a_b~c@example.com",
	    "j@[127.0.0.1]", "j@[IPv6:::1]");
	BAD("email", "", "a", "@b", "a@", "a..b@c", ".a@b", "a.@b", "a@b@c",
	    "a b@c", "a@-b", "a@b-", "a@b..c", "a@[300.1.1.1]", "a@b c");
}

static void
test_uris_have_a_scheme(void **state)
{
	(void)state;
	GOOD("uri", "https://example.com/a%20b?c=d#e", "urn:iso:std:iso:20022",
	    "mailto:a@b.c", "http://[::1]:8080/", "http://u:p@h:1", "file:///a",
	    "http://", "a:");
	BAD("uri", "", "/a", "example.com", "//h/a", ":a", "1a:b", "http://a b",
	    "http://a/%2", "http://[::1", "http://[::1]x", "http://h:1x",
	    "http://h/[", "http://a@b@c", "http://\xc3\xa9", "http://h/\"");
}

static void
test_uuids_and_ip_addresses(void **state)
{
	(void)state;
	GOOD("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
	    "2EB8AA08-AA98-11EA-B4AA-73B441D16380");
	BAD("uuid", "", "2eb8aa08aa9811eab4aa73b441d16380",
	    "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
	    "2eb8aa08-aa98-11ea-b4aa-73b441d1638g",
	    "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380");
	GOOD("ipv4", "127.0.0.1", "255.255.255.255");
	BAD("ipv4", "", "127.0.0", "256.0.0.1", "127.0.0.1.1", "01.2.3.4",
	    "1.2.3.4/8", "0x7f.1");
	GOOD("ipv6", "::", "::1", "2001:db8::1", "::ffff:1.2.3.4");
	BAD("ipv6", "", "1", ":1", "1::2::3", "12345::", "::1%eth0",
	    "1:2:3:4:5:6:7:8:9", "fe80::1/64");
}

static void
test_an_unknown_format_is_refused(void **state)
{
	(void)state;
	assert_refused("{\"format\":\"datetime\"}", "", "format",
	    "did you mean \"date-time\"?");
	assert_refused("{\"format\":\"iban\"}", "", "format",
	    "unknown format \"iban\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dates_are_those_of_rfc_3339),
	    cmocka_unit_test(test_times_need_an_offset),
	    cmocka_unit_test(test_dates_and_times_are_joined_by_t),
	    cmocka_unit_test(test_durations_leave_no_unit_out_between_two),
	    cmocka_unit_test(test_mail_addresses_have_a_name_and_a_host),
	    cmocka_unit_test(test_uris_have_a_scheme),
	    cmocka_unit_test(test_uuids_and_ip_addresses),
	    cmocka_unit_test(test_an_unknown_format_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
