/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_route.c: every route, in one table.
 *
 * Dispatch, 405 with Allow, the check of query parameters, /openapi.json,
 * the names in /metrics and the tables of docs/http.md come from it.  Rows
 * of one pattern stand together.
 */
#include "api_priv.h"

#define PARAM(name, what)  \
	{                  \
		name, what \
	}
#define PARAMS_END         \
	{                  \
		NULL, NULL \
	}
#define PAGED                                            \
	PARAM("limit", "items of a page, at most 1000"), \
	    PARAM("cursor", "`next` of the page before")

static const struct api_parameter start_parameters[] = {
    PARAM("wait", "answer when the instance has ended or waits for a person, "
		  "an event or a time, at most that long later: 30s; at most "
		  "5m"),
    PARAMS_END,
};
static const struct api_parameter instances_parameters[] = {
    PARAM("workflow", "by name"),
    PARAM("status", "running, waiting, suspended, completed, cancelled, "
		    "faulted or purged"),
    PARAM("state", "active now"),
    PARAM("business_key", "as the workflow computed it"),
    PARAM("label.", "label.NAME=VALUE: by one of the workflow's labels; a "
	"number however it is written"),
    PARAM("entity", "the same as label.entity"),
    PARAM("from", "started at or after this day or instant"),
    PARAM("to", "started before this day or instant"),
    PARAM("has_incident", "true or false"),
    PARAM("order", "newest (first) or oldest; newest unless told"),
    PAGED,
    PARAMS_END,
};
static const struct api_parameter key_parameters[] = {
    PARAM("workflow", "which one, where several use the business key"),
    PARAMS_END,
};
static const struct api_parameter history_parameters[] = {
    PARAM("after", "records whose seq is above this"),
    PARAM("limit", "records of a page, at most 1000"),
    PARAM("workflow", "which one, where several use the business key"),
    PARAMS_END,
};
static const struct api_parameter checkpoints_parameters[] = {
    PARAM("after", "checkpoints whose number is above this"),
    PARAM("limit", "checkpoints of a page, at most 1000"),
    PARAMS_END,
};
static const struct api_parameter journal_parameters[] = {
    PARAM("after", "records whose seq is above this"),
    PARAM("limit", "records of a page, at most 1000"),
    PARAM("tail", "in place of both: the last so many, at most 1000"),
    PARAMS_END,
};
static const struct api_parameter tasks_parameters[] = {
    PARAM("role", "whose tasks"),
    PARAM("open", "true unless told; false: those that are closed"),
    PARAM("instance", "identifier or business key"),
    PAGED,
    PARAMS_END,
};
static const struct api_parameter items_parameters[] = {
    PARAM("owner", "the contact that has to act"),
    PARAM("open", "true unless told; false: those that are closed"),
    PARAM("instance", "identifier or business key"),
    PAGED,
    PARAMS_END,
};
static const struct api_parameter delegations_parameters[] = {
    PARAM("owner", "whom it was given"),
    PARAM("open", "true unless told: those that hold; false: all others"),
    PAGED,
    PARAMS_END,
};
static const struct api_parameter letters_parameters[] = {
    PARAM("status", "dead (unless told), held or replayed"),
    PAGED,
    PARAMS_END,
};
static const struct api_parameter definition_parameters[] = {
    PARAM("version", "the newest unless told"),
    PARAMS_END,
};
static const struct api_parameter publish_parameters[] = {
    PARAM("dry_run", "true: only look whether it would be done"),
    PARAM("file", "of YAML: what messages call it"),
    PARAMS_END,
};
static const struct api_parameter export_parameters[] = {
    PARAM("format", "jsonl (unless told), csv, xes, ocel, ocel-xml, "
	"as-at, as-at-csv or bundle"),
    PARAM("workflow", "by name"),
    PARAM("instance", "identifier or business key"),
    PARAM("status", "of the instances"),
    PARAM("state", "active now"),
    PARAM("from", "records at or after this day or instant"),
    PARAM("to", "records before this day or instant"),
    PARAM("moment", "as the Content-Location of an answer has it: the same "
	"once more, byte for byte"),
    PARAM("skip", "so many bytes of it, which are there already"),
    PARAMS_END,
};

static const struct api_parameter purges_parameters[] = {
    PARAM("until", "kept no longer than until this day or instant; now "
		   "unless told"),
    PAGED,
    PARAMS_END,
};

static const struct api_parameter population_parameters[] = {
    PARAM("from", "the period's beginning, a day or an instant; all time"),
    PARAM("to", "its end, excluded; now unless told"),
    PARAM("workflow", "by name"),
    PARAM("amount", "where amounts are in the input; amount unless told"),
    PARAM("currency", "where currencies are; currency unless told"),
    PARAMS_END,
};

static const struct api_parameter sample_parameters[] = {
    PARAM("seed", "the same seed gives the same sample"),
    PARAM("size", "so many instances, up to 100,000; 25 unless told"),
    PARAM("workflow", "by name"),
    PARAM("status", "with that status now"),
    PARAM("from", "started at or after this day or instant"),
    PARAM("to", "started before this day or instant"),
    PARAMS_END,
};

#define EVENT_MEDIA                                                          \
	"application/cloudevents+json, application/cloudevents-batch+json, " \
	"application/json, text/plain"

/* clang-format off */
static const struct api_route routes[] = {
    {.method = "POST", .pattern = "/v1/workflows/{name}/instances",
	.summary = "Start an instance",
	.roles = API_INITIATOR, .reach = REACH_INSTANCE,
	.handle = api_start_post,
	.parameters = start_parameters, .takes = "Start", .status = 201,
	.gives = "Instance"},
    {.method = "GET", .pattern = "/v1/instances",
	.summary = "List instances",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_list_instances,
	.parameters = instances_parameters, .status = 200,
	.gives = "InstancePage"},
    {.method = "GET", .pattern = "/v1/instances/{id}",
	.summary = "Look at an instance, by identifier or business key",
	.roles = API_READERS, .reach = REACH_INSTANCE,
	.handle = api_instance_get,
	.parameters = key_parameters, .status = 200, .gives = "Instance"},
    {.method = "GET", .pattern = "/v1/instances/{id}/history",
	.summary = "Read an instance's records",
	.roles = API_READERS, .reach = REACH_INSTANCE,
	.handle = api_history_get,
	.parameters = history_parameters, .status = 200,
	.gives = "HistoryPage"},
    {.method = "GET", .pattern = "/v1/instances/{id}/diagram.svg",
	.summary = "See where an instance stands in its workflow",
	.roles = API_READERS, .reach = REACH_INSTANCE,
	.handle = api_diagram_instance,
	.parameters = key_parameters, .status = 200,
	.media = "image/svg+xml"},
    {.method = "POST", .pattern = "/v1/instances/{id}/cancel",
	.summary = "Cancel an instance, undoing what was done if asked to",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_instance_cancel,
	.parameters = key_parameters, .takes = "Cancel", .status = 200,
	.gives = "Instance",
	.proposes = "Instance"},
    {.method = "POST", .pattern = "/v1/instances/{id}/suspend",
	.summary = "Suspend an instance",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_instance_suspend,
	.parameters = key_parameters, .takes = "Comment", .status = 200,
	.gives = "Instance"},
    {.method = "POST", .pattern = "/v1/instances/{id}/resume",
	.summary = "Let a suspended instance go on",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_instance_resume,
	.parameters = key_parameters, .takes = "Comment", .status = 200,
	.gives = "Instance"},
    {.method = "GET", .pattern = "/v1/instances/{id}/sensitive",
	.summary = "Look at an instance with what is sensitive, on record",
	.roles = API_AUDITOR, .reach = REACH_INSTANCE,
	.handle = api_retention_disclose,
	.parameters = key_parameters, .status = 200, .gives = "Disclosed"},
    {.method = "POST", .pattern = "/v1/instances/{id}/erase",
	.summary = "Erase what is sensitive in an instance that has ended",
	.roles = API_ADMIN, .reach = REACH_INSTANCE,
	.handle = api_retention_erase,
	.parameters = key_parameters, .takes = "Reason", .status = 200,
	.gives = "Instance"},
    {.method = "GET", .pattern = "/v1/purges",
	.summary = "List what the engine purges, in order of time",
	.roles = API_OVERSEERS, .reach = REACH_LIST,
	.handle = api_retention_plan,
	.parameters = purges_parameters, .status = 200,
	.gives = "PurgePage"},
    {.method = "GET", .pattern = "/v1/holds",
	.summary = "List the legal holds that were set, and released",
	.roles = API_AUDITOR, .handle = api_retention_holds, .status = 200,
	.gives = "HoldPage"},
    {.method = "POST", .pattern = "/v1/holds",
	.summary = "Hold instances: nothing of them is purged or erased",
	.roles = API_ADMIN, .handle = api_retention_hold,
	.takes = "HoldRequest", .status = 201, .gives = "Hold"},
    {.method = "POST", .pattern = "/v1/holds/{hold}/release",
	.summary = "Release what is held",
	.roles = API_ADMIN, .handle = api_retention_release,
	.takes = "Reason", .status = 200, .gives = "Hold"},
    {.method = "POST", .pattern = "/v1/events",
	.summary = "Post CloudEvents 1.0: binary, structured or a batch",
	.roles = API_SENDERS, .reach = REACH_EFFECT,
	.handle = api_event_post, .takes = "CloudEvent",
	.takes_media = EVENT_MEDIA, .status = 202, .gives = "Receipts"},
    {.method = "POST", .pattern = "/v1/hooks/{connection}",
	.summary = "Take a provider's webhook, which its signature admits",
	.roles = API_EVERYBODY, .reach = REACH_NOBODY,
	.handle = api_hook_post, .takes_media = "*/*",
	.status = 202, .gives = "HookReceipt"},
    {.method = "POST", .pattern = "/hooks/{connection}",
	.summary = "The same, as connections document it",
	.roles = API_EVERYBODY, .reach = REACH_NOBODY,
	.handle = api_hook_post, .takes_media = "*/*",
	.status = 202, .gives = "HookReceipt"},
    {.method = "GET", .pattern = "/v1/tasks",
	.summary = "List tasks",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_item_tasks,
	.parameters = tasks_parameters, .status = 200, .gives = "TaskPage"},
    {.method = "POST", .pattern = "/v1/tasks/{id}/decide",
	.summary = "Decide a task",
	.roles = API_DECIDERS, .reach = REACH_INSTANCE,
	.handle = api_item_decide, .takes = "Decide",
	.status = 200, .gives = "Instance"},
    {.method = "GET", .pattern = "/v1/incidents",
	.summary = "List incidents",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_item_incidents,
	.parameters = items_parameters, .status = 200, .gives = "IncidentPage"},
    {.method = "POST", .pattern = "/v1/incidents/{id}/retry",
	.summary = "Try the step again",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_item_settle, .takes = "Settle",
	.status = 200, .gives = "Instance",
	.proposes = "Instance"},
    {.method = "POST", .pattern = "/v1/incidents/{id}/supply",
	.summary = "Supply the step's result",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_item_settle, .takes = "Supply",
	.status = 200, .gives = "Instance",
	.proposes = "Instance"},
    {.method = "POST", .pattern = "/v1/incidents/{id}/skip",
	.summary = "Go on without the step",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_item_settle, .takes = "Settle",
	.status = 200, .gives = "Instance",
	.proposes = "Instance"},
    {.method = "POST", .pattern = "/v1/incidents/{id}/compensate",
	.summary = "Undo what was done, and end",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_item_settle, .takes = "Settle",
	.status = 200, .gives = "Instance",
	.proposes = "Instance"},
    {.method = "POST", .pattern = "/v1/incidents/{id}/cancel",
	.summary = "End the instance without undoing",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_item_settle, .takes = "Settle",
	.status = 200, .gives = "Instance",
	.proposes = "Instance"},
    {.method = "GET", .pattern = "/v1/escalations",
	.summary = "List escalations",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_item_escalations,
	.parameters = items_parameters, .status = 200,
	.gives = "EscalationPage"},
    {.method = "POST", .pattern = "/v1/escalations/{id}/acknowledge",
	.summary = "Take an escalation up",
	.roles = API_OPERATOR | API_APPROVER, .reach = REACH_INSTANCE,
	.handle = api_item_acknowledge,
	.takes = "Comment", .status = 200, .gives = "Instance"},
    {.method = "GET", .pattern = "/v1/proposals",
	.summary = "List what waits for a second person, or was done without",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_proposal_list,
	.parameters = items_parameters, .status = 200, .gives = "ProposalPage"},
    {.method = "POST", .pattern = "/v1/proposals",
	.summary = "Propose workflows to be published",
	.roles = API_AUTHOR | API_PUBLISHER, .handle = api_publish_propose,
	.parameters = publish_parameters, .takes = "Publish",
	.takes_media = "application/json, application/yaml", .status = 200,
	.gives = "Published", .proposes = "Proposal"},
    {.method = "GET", .pattern = "/v1/proposals/{id}",
	.summary = "Look at a proposal, with all that it holds",
	.roles = API_READERS, .reach = REACH_INSTANCE,
	.handle = api_proposal_get, .status = 200,
	.gives = "Proposal"},
    {.method = "POST", .pattern = "/v1/proposals/{id}/confirm",
	.summary = "Have what another person proposed done",
	.roles = API_CONFIRMERS, .reach = REACH_INSTANCE,
	.handle = api_proposal_confirm,
	.takes = "Comment", .status = 200, .gives = "Judged"},
    {.method = "POST", .pattern = "/v1/proposals/{id}/reject",
	.summary = "Reject a proposal, or take one's own back",
	.roles = API_CONFIRMERS | API_AUTHOR, .reach = REACH_INSTANCE,
	.handle = api_proposal_reject, .takes = "Comment", .status = 200,
	.gives = "Judged"},
    {.method = "POST", .pattern = "/v1/proposals/{id}/acknowledge",
	.summary = "Say that one has looked at what another did alone",
	.roles = API_CONFIRMERS, .reach = REACH_INSTANCE,
	.handle = api_proposal_acknowledge,
	.takes = "Comment", .status = 200, .gives = "Judged"},
    {.method = "GET", .pattern = "/v1/delegations",
	.summary = "List who may act in whose role, and how long",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_delegation_list,
	.parameters = delegations_parameters, .status = 200,
	.gives = "DelegationPage"},
    {.method = "POST", .pattern = "/v1/delegations",
	.summary = "Let another person act in one's role for a time",
	.roles = API_APPROVER, .reach = REACH_EFFECT,
	.handle = api_delegation_post,
	.takes = "Delegate", .status = 201, .gives = "Delegation"},
    {.method = "POST", .pattern = "/v1/delegations/{id}/revoke",
	.summary = "End a delegation at once",
	.roles = API_DECIDERS, .reach = REACH_EFFECT,
	.handle = api_delegation_revoke,
	.takes = "Nothing", .status = 200, .gives = "Delegation"},
    {.method = "GET", .pattern = "/v1/dead-letters",
	.summary = "List events that found no instance",
	.roles = API_OVERSEERS, .handle = api_letter_list,
	.parameters = letters_parameters, .status = 200, .gives = "LetterPage"},
    {.method = "POST", .pattern = "/v1/dead-letters/{id}/replay",
	.summary = "Deliver such an event again",
	.roles = API_OPERATOR, .handle = api_letter_replay, .takes = "Replay",
	.status = 200, .gives = "Replayed",
	.proposes = "Proposal"},
    {.method = "GET", .pattern = "/v1/definitions",
	.summary = "List the workflows that are served",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_definition_list, .status = 200,
	.gives = "DefinitionPage"},
    {.method = "POST", .pattern = "/v1/definitions",
	.summary = "Publish workflows",
	.roles = API_PUBLISHER, .handle = api_publish_post,
	.parameters = publish_parameters, .takes = "Publish",
	.takes_media = "application/json, application/yaml", .status = 201,
	.gives = "Published",
	.proposes = "Proposal"},
    {.method = "GET", .pattern = "/v1/definitions/{name}",
	.summary = "Read a workflow's definition",
	.roles = API_READERS, .reach = REACH_WORKFLOW,
	.handle = api_definition_get,
	.parameters = definition_parameters, .status = 200,
	.gives = "Definition"},
    {.method = "GET", .pattern = "/v1/schedules",
	.summary = "List the schedules and when they come next",
	.roles = API_READERS, .reach = REACH_LIST,
	.handle = api_schedule_list, .status = 200,
	.gives = "SchedulePage"},
    {.method = "GET", .pattern = "/v1/tokens",
	.summary = "List the tokens that were given, and taken back",
	.roles = API_ADMIN, .handle = api_token_list, .status = 200,
	.gives = "TokenPage"},
    {.method = "POST", .pattern = "/v1/tokens",
	.summary = "Give somebody a token, which is shown once",
	.roles = API_ADMIN, .handle = api_token_post, .takes = "TokenRequest",
	.status = 201, .gives = "TokenGiven"},
    {.method = "POST", .pattern = "/v1/tokens/{token}/revoke",
	.summary = "Take a token back, at once",
	.roles = API_ADMIN, .handle = api_token_revoke, .takes = "Nothing",
	.status = 200, .gives = "Token"},
    {.method = "GET", .pattern = "/v1/connections",
	.summary = "List the connections and how they stand",
	.roles = API_OVERSEERS, .handle = api_connection_list, .status = 200,
	.gives = "ConnectionPage"},
    {.method = "GET", .pattern = "/v1/connections/{connection}",
	.summary = "Look at a connection, and who paused and resumed it",
	.roles = API_OVERSEERS, .handle = api_connection_get, .status = 200,
	.gives = "Connection"},
    {.method = "POST", .pattern = "/v1/connections/{connection}/test",
	.summary = "Find out whether a connection works, changing nothing",
	.roles = API_OPERATOR, .handle = api_connection_test,
	.takes = "Try", .status = 200, .gives = "Tried"},
    {.method = "POST", .pattern = "/v1/connections/{connection}/pause",
	.summary = "Hold a connection's calls",
	.roles = API_OPERATOR, .handle = api_connection_pause,
	.takes = "Reason", .status = 200, .gives = "Connection"},
    {.method = "POST", .pattern = "/v1/connections/{connection}/resume",
	.summary = "Let a connection's calls go again",
	.roles = API_OPERATOR, .handle = api_connection_resume,
	.takes = "Reason", .status = 200, .gives = "Connection"},
    {.method = "POST", .pattern = "/v1/migrations",
	.summary = "Move instances to another version of their workflow",
	.roles = API_OPERATOR, .reach = REACH_INSTANCE,
	.handle = api_migrate_post,
	.takes = "Migrate", .status = 200, .gives = "Migrated"},
    {.method = "GET", .pattern = "/v1/definitions/{name}/diagram.svg",
	.summary = "See a workflow",
	.roles = API_READERS, .reach = REACH_WORKFLOW,
	.handle = api_diagram_definition,
	.parameters = definition_parameters, .status = 200,
	.media = "image/svg+xml"},
    {.method = "GET", .pattern = "/v1/export",
	.summary = "Take histories away, line by line",
	.roles = API_OVERSEERS, .reach = REACH_LIST,
	.handle = api_export_get,
	.parameters = export_parameters, .status = 200,
	.media = "application/jsonl, text/csv, "
		 "application/xml, application/json, "
		 "application/x-tar"},
    {.method = "GET", .pattern = "/v1/journal",
	.summary = "Read what happened to the installation",
	.roles = API_OVERSEERS, .handle = api_history_journal,
	.parameters = journal_parameters, .status = 200,
	.gives = "HistoryPage"},
    {.method = "GET", .pattern = "/v1/checkpoints",
	.summary = "List the checkpoints that were made",
	.roles = API_OVERSEERS, .handle = api_checkpoint_list,
	.parameters = checkpoints_parameters, .status = 200,
	.gives = "CheckpointPage"},
    {.method = "POST", .pattern = "/v1/checkpoints",
	.summary = "Make a checkpoint now",
	.roles = API_OVERSEERS, .handle = api_sealer_make,
	.takes = "Nothing", .status = 201, .gives = "Checkpoint"},
    {.method = "GET", .pattern = "/v1/checkpoint",
	.summary = "Read the newest checkpoint",
	.roles = API_OVERSEERS, .handle = api_checkpoint_newest, .status = 200,
	.gives = "Checkpoint"},
    {.method = "GET", .pattern = "/v1/checkpoints/{number}",
	.summary = "Read a checkpoint: a number, or `newest`",
	.roles = API_OVERSEERS, .handle = api_checkpoint_get, .status = 200,
	.gives = "Checkpoint"},
    {.method = "GET", .pattern = "/v1/checkpoints/{number}/instances/{id}",
	.summary = "Prove that a checkpoint saw an instance's history",
	.roles = API_OVERSEERS, .reach = REACH_INSTANCE,
	.handle = api_checkpoint_prove,
	.parameters = key_parameters, .status = 200, .gives = "Inclusion"},
    {.method = "GET", .pattern = "/v1/checkpoints/{number}/since/{first}",
	.summary = "Prove that nothing a checkpoint saw was changed by then",
	.roles = API_OVERSEERS, .handle = api_checkpoint_consistency,
	.status = 200, .gives = "Consistency"},
    {.method = "GET", .pattern = "/v1/checkpoint-key",
	.summary = "Read the public key that checkpoints are checked with",
	.roles = API_OVERSEERS, .handle = api_checkpoint_key, .status = 200,
	.media = "application/x-pem-file"},
    {.method = "GET", .pattern = "/v1/population",
	.summary = "Count what was open, started and ended in a period",
	.roles = API_OVERSEERS, .reach = REACH_LIST,
	.handle = api_population_get,
	.parameters = population_parameters, .status = 200,
	.gives = "Population"},
    {.method = "GET", .pattern = "/v1/sample",
	.summary = "Draw a sample that anybody can draw again",
	.roles = API_OVERSEERS, .reach = REACH_LIST,
	.handle = api_sample_get,
	.parameters = sample_parameters, .status = 200,
	.gives = "Sample"},
    {.method = "GET", .pattern = "/healthz",
	.summary = "Whether the process lives",
	.roles = API_EVERYBODY, .reach = REACH_NOBODY,
	.is_watching = true,
	.handle = api_health_live, .status = 200,
	.gives = "Health"},
    {.method = "GET", .pattern = "/readyz",
	.summary = "Whether it can take work",
	.roles = API_EVERYBODY, .reach = REACH_NOBODY,
	.is_watching = true,
	.handle = api_health_ready, .status = 200,
	.gives = "Health"},
    {.method = "GET", .pattern = "/metrics",
	.summary = "Counters and gauges (OpenMetrics)",
	.roles = API_OVERSEERS, .is_watching = true,
	.handle = api_health_metrics, .status = 200,
	.media = "application/openmetrics-text"},
    {.method = "GET", .pattern = "/openapi.json",
	.summary = "This interface (OpenAPI 3.1)",
	.roles = API_CALLERS, .reach = REACH_NOBODY,
	.handle = api_openapi_get, .status = 200,
	.gives = "OpenApi"},
    {.method = "GET", .pattern = "/v1/openapi.json",
	.summary = "The same",
	.roles = API_CALLERS, .reach = REACH_NOBODY,
	.handle = api_openapi_get, .status = 200,
	.gives = "OpenApi"},
};
/* clang-format on */
#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

const struct api_route *
api_route_at(size_t index)
{
	return index < ROUTE_COUNT ? &routes[index] : NULL;
}

size_t
api_route_index(const struct api_route *route)
{
	if (route == NULL)
		return ROUTE_COUNT;
	must(route >= routes);
	must(route < routes + ROUTE_COUNT);
	return (size_t)(route - routes);
}

size_t
api_route_place(const struct api_call *call)
{
	return call->route == NULL && call->other != NULL
	    ? ROUTE_COUNT + 1 + api_route_index(call->other)
	    : api_route_index(call->route);
}

static bool
is_param(struct str part)
{
	return part.bytes > 2 && part.at[0] == '{';
}

/* Compares part by part; a parameter takes any part that is not empty. */
static bool
matches(struct api_call *call, const char *pattern)
{
	struct str want = str_of(pattern);
	struct str have = call->path;
	size_t count = 0;

	while (want.at != NULL && have.at != NULL) {
		struct str want_part = str_split(want, '/', &want);
		struct str have_part = str_split(have, '/', &have);

		if (!is_param(want_part)) {
			if (!str_equal(want_part, have_part))
				return false;
			continue;
		}
		must(count < API_PARAM_MAX);
		if (have_part.bytes == 0 ||
		    !api_query_decode(
			call->arena, have_part, false, &call->params[count++]))
			return false;
	}
	return want.at == NULL && have.at == NULL;
}

static bool
takes_method(const struct api_route *route, struct str method)
{
	struct str mine = str_of(route->method);

	return str_equal(mine, method) ||
	       (str_equal(mine, STR("GET")) && str_equal(method, STR("HEAD")));
}

const struct api_route *
api_route_find(struct api_call *call, struct str *allowed)
{
	*allowed = (struct str){NULL, 0};
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct api_route *route = &routes[i];

		if (!matches(call, route->pattern))
			continue;
		if (takes_method(route, call->method))
			return route;
		if (call->other == NULL)
			call->other = route;
		*allowed = arena_strf(call->arena, "%.*s%s%s%s",
		    STR_ARG(*allowed), allowed->at ? ", " : "", route->method,
		    strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
	}
	return NULL;
}
