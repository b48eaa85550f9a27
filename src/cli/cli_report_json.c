/* SPDX-License-Identifier: Apache-2.0 */
/* cli_report_json.c: for other programs: one document of JSON. */
#include "cli_priv.h"

#include "cli_report.h"

static void
put_failure(struct arena *arena, struct value_builder *scenario,
    const struct cli_result *result)
{
	const struct scenario_outcome *outcome = &result->outcome;

	if (outcome->span.source != NULL) {
		value_put_int(scenario, "line", outcome->span.line);
		value_put_int(scenario, "column", outcome->span.column);
	}
	value_put_str(scenario, "message", outcome->message);
	value_put(scenario, STR("differences"),
	    value_of_strs(
		arena, outcome->differences, outcome->difference_count));
	if (outcome->records != NULL)
		value_put(scenario, STR("records"), outcome->records);
	if (result->trouble.at != NULL)
		value_put_str(scenario, "trouble", result->trouble);
}

static const struct value *
scenario_of(struct arena *arena, const struct cli_result *result)
{
	struct value_builder *scenario = value_build_context(arena);

	value_put_str(scenario, "file", result->file);
	value_put_str(scenario, "workflow", result->workflow);
	value_put_str(scenario, "name", result->name);
	value_put(scenario, STR("passed"),
	    value_of_boolean(result->outcome.is_passed));
	if (!result->outcome.is_passed)
		put_failure(arena, scenario, result);
	return value_built(scenario);
}

static const struct value *
unreached_of(struct arena *arena, const struct scenario_coverage *coverage)
{
	struct value_builder *list = value_build_list(arena);
	struct buf lines = {0};
	struct str rest;

	cli_report_tell_unreached(&lines, coverage);
	rest = buf_str(&lines);
	while (rest.at != NULL && rest.bytes > 0)
		value_append(
		    list, value_copy_str(arena, str_split(rest, '\n', &rest)));
	buf_fini(&lines);
	return value_built(list);
}

static const struct value *
coverage_of(struct arena *arena, const struct scenario_coverage *coverage)
{
	const struct definition *definition =
	    scenario_coverage_definition(coverage);
	struct cli_reach reach = cli_report_reach_of(coverage);
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "workflow", definition->name);
	value_put_int(built, "version", definition->version);
	value_put_int(built, "states", (int64_t)reach.states);
	value_put_int(built, "states_reached", (int64_t)reach.states_reached);
	value_put_int(built, "transitions", (int64_t)reach.transitions);
	value_put_int(
	    built, "transitions_reached", (int64_t)reach.transitions_reached);
	value_put(built, STR("unreached"), unreached_of(arena, coverage));
	return value_built(built);
}

void
cli_report_print_json(struct cli *cli, const struct cli_report *report)
{
	struct value_builder *document = value_build_context(cli->arena);
	struct value_builder *scenarios = value_build_list(cli->arena);
	struct value_builder *coverage = value_build_list(cli->arena);

	for (size_t i = 0; i < report->count; i++)
		value_append(
		    scenarios, scenario_of(cli->arena, &report->results[i]));
	for (size_t i = 0; i < report->coverage_count; i++)
		value_append(
		    coverage, coverage_of(cli->arena, report->coverages[i]));
	value_put_int(document, "passed",
	    (int64_t)(report->count - cli_report_count_failed(report)));
	value_put_int(
	    document, "failed", (int64_t)cli_report_count_failed(report));
	value_put(document, STR("scenarios"), value_built(scenarios));
	if (report->coverage_count > 0)
		value_put(document, STR("coverage"), value_built(coverage));
	cli_value_print(cli, value_built(document));
}
