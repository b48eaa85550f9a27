/* SPDX-License-Identifier: Apache-2.0 */
/* cli_report_junit.c: for build servers: JUnit's XML. */
#include "cli_priv.h"

#include "cli_report.h"

/* What XML 1.0 can't hold is replaced. */
static void
add_xml(struct buf *out, struct str text)
{
	for (size_t at = 0; at < text.bytes;) {
		struct str c = str_codepoint_at(text, at);
		unsigned char first = (unsigned char)text.at[at];

		at += c.bytes > 0 ? c.bytes : 1;
		if (c.bytes == 0 ||
		    (first < 0x20 && first != '\n' && first != '\t') ||
		    str_equal(c, STR("\xef\xbf\xbe")) ||
		    str_equal(c, STR("\xef\xbf\xbf")))
			buf_add_cstr(out, "\xef\xbf\xbd");
		else if (first == '&')
			buf_add_cstr(out, "&amp;");
		else if (first == '<')
			buf_add_cstr(out, "&lt;");
		else if (first == '>')
			buf_add_cstr(out, "&gt;");
		else if (first == '"')
			buf_add_cstr(out, "&quot;");
		else
			buf_add_str(out, c);
	}
}

static void
add_attribute(struct buf *out, const char *name, struct str value)
{
	buf_addf(out, " %s=\"", name);
	add_xml(out, value);
	buf_add_char(out, '"');
}

static void
add_seconds(struct buf *out, int64_t ms)
{
	buf_addf(out, " time=\"%lld.%03lld\"", (long long)(ms / 1000),
	    (long long)(ms % 1000));
}

static void
add_case(struct cli *cli, struct buf *out, const struct cli_result *result)
{
	struct buf failure = {0};

	buf_add_cstr(out, "    <testcase");
	add_attribute(out, "classname",
	    result->workflow.at != NULL ? result->workflow : result->file);
	add_attribute(out, "name", result->name);
	add_attribute(out, "file", result->file);
	add_seconds(out, result->took_ms);
	if (result->outcome.is_passed) {
		buf_add_cstr(out, "/>\n");
		return;
	}
	cli_report_tell_failure(cli, &failure, result, false);
	buf_add_cstr(out, ">\n      <failure");
	add_attribute(out, "message", result->outcome.message);
	buf_add_char(out, '>');
	add_xml(out, buf_str(&failure));
	buf_add_cstr(out, "</failure>\n    </testcase>\n");
	buf_fini(&failure);
}

/* The results from `first` on that are of the same file. */
static size_t
add_suite(struct cli *cli, struct buf *out, const struct cli_report *report,
    size_t first)
{
	struct str file = report->results[first].file;
	size_t end = first, failed = 0;
	int64_t took_ms = 0;

	for (;
	     end < report->count && str_equal(report->results[end].file, file);
	     end++) {
		failed += !report->results[end].outcome.is_passed;
		took_ms += report->results[end].took_ms;
	}
	buf_add_cstr(out, "  <testsuite");
	add_attribute(out, "name", file);
	buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"",
	    end - first, failed);
	add_seconds(out, took_ms);
	buf_add_cstr(out, ">\n");
	for (size_t i = first; i < end; i++)
		add_case(cli, out, &report->results[i]);
	buf_add_cstr(out, "  </testsuite>\n");
	return end;
}

/* Coverage is a suite of its own, where it is asked for strictly. */
static void
add_coverage(struct buf *out, const struct cli_report *report)
{
	if (!report->is_strict)
		return;
	buf_addf(out,
	    "  <testsuite name=\"coverage\" tests=\"%zu\" failures=\"%zu\" "
	    "errors=\"0\" time=\"0.000\">\n",
	    report->coverage_count, cli_report_count_uncovered(report));
	for (size_t i = 0; i < report->coverage_count; i++) {
		struct buf text = {0};

		buf_add_cstr(out, "    <testcase classname=\"coverage\"");
		add_attribute(out, "name",
		    scenario_coverage_definition(report->coverages[i])->name);
		buf_add_cstr(out, " time=\"0.000\">");
		cli_report_tell_unreached(&text, report->coverages[i]);
		if (text.bytes > 0) {
			buf_add_cstr(
			    out, "\n      <failure message=\"coverage\">");
			add_xml(out, buf_str(&text));
			buf_add_cstr(out, "</failure>\n    ");
		}
		buf_add_cstr(out, "</testcase>\n");
		buf_fini(&text);
	}
	buf_add_cstr(out, "  </testsuite>\n");
}

void
cli_report_print_junit(struct cli *cli, const struct cli_report *report)
{
	struct buf out = {0};

	buf_add_cstr(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_addf(&out, "<testsuites tests=\"%zu\" failures=\"%zu\">\n",
	    report->count + (report->is_strict ? report->coverage_count : 0),
	    cli_report_count_failed(report) +
		cli_report_count_uncovered(report));
	for (size_t i = 0; i < report->count;)
		i = add_suite(cli, &out, report, i);
	add_coverage(&out, report);
	buf_add_cstr(&out, "</testsuites>\n");
	fputs(buf_cstr(&out), cli->out);
	buf_fini(&out);
}
