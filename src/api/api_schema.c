/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_schema.c: what is sent and answered, as JSON Schema: the components of
 * /openapi.json.  Tests hold real answers against it.
 *
 * Written with ' for ", which no text here needs.
 */
#include "api_priv.h"

#define ANY "{}"
#define TEXT "{'type':'string'}"
#define TEXT_OR_NULL "{'type':['string','null']}"
#define WHOLE "{'type':'integer'}"
#define FLAG "{'type':'boolean'}"
#define OBJECT "{'type':'object'}"
#define REF(name) "{'$ref':'#/components/schemas/" name "'}"
#define LIST(item) "{'type':'array','items':" item "}"
#define HAS(name, schema) "'" name "':" schema
#define ALSO(name, schema) "," HAS(name, schema)

/* All members are known. */
#define CLOSED(members, required)                                              \
	"{'type':'object','properties':{" members "},'required':[" required    \
	"],'additionalProperties':false}"
/* There may be more, in later versions. */
#define OPEN(members, required)                                                \
	"{'type':'object','properties':{" members "},'required':[" required    \
	"]}"
/* There is more, by the kind of it. */
#define KINDS(members, required)                                               \
	"{'type':'object','properties':{" members "},'required':[" required    \
	"],'additionalProperties':true}"
#define PAGE(name)                                                             \
	CLOSED(HAS("items", LIST(REF(name))) ALSO("next", TEXT_OR_NULL),       \
	    "'items','next'")
#define SIDES(schema)                                                          \
	HAS("carried", schema) ALSO("started", schema) ALSO("ended", schema)   \
	ALSO("open", schema)
#define SIDES_REQUIRED "'carried','started','ended','open'"
/* Of an item in a list: whether it still waits, and since when it doesn't. */
#define STANDING                                                               \
	ALSO("open", FLAG) ALSO("closed", TEXT_OR_NULL)
#define FATE "{'enum':['matched','held','duplicate','ignored','dead']}"

#define DEFINITION_MEMBERS                                                     \
	HAS("name", TEXT)                                                      \
	ALSO("version", WHOLE)                                                 \
	ALSO("digest", TEXT)                                                   \
	ALSO("title", TEXT_OR_NULL)                                            \
	ALSO("description", TEXT_OR_NULL)                                      \
	ALSO("owner", TEXT_OR_NULL)
#define DEFINITION_REQUIRED                                                    \
	"'name','version','digest','title','description','owner'"
#define TOKEN                                                                  \
	HAS("id", TEXT)                                                        \
	ALSO("name", TEXT)                                                     \
	ALSO("status", "{'enum':['active','expired','revoked']}")              \
	ALSO("roles", LIST(TEXT))                                              \
	ALSO("workflows", LIST(TEXT))                                          \
	ALSO("entities", LIST(TEXT))                                           \
	ALSO("given_at", TEXT)                                                 \
	ALSO("given_by", TEXT_OR_NULL)                                         \
	ALSO("expires_at", TEXT_OR_NULL)                                       \
	ALSO("revoked_at", TEXT_OR_NULL)                                       \
	ALSO("revoked_by", TEXT_OR_NULL)
#define TOKEN_HAS                                                              \
	"'id','name','status','roles','workflows','entities','given_at',"      \
	"'given_by','expires_at','revoked_at','revoked_by'"

#define INSTANCE							\
	HAS("id", TEXT)							\
	ALSO("workflow", TEXT)						\
	ALSO("version", WHOLE)						\
	ALSO("definition", TEXT)					\
	ALSO("business_key", TEXT_OR_NULL)				\
	ALSO("status", "{'enum':['running','waiting','suspended',"	\
	    "'completed','cancelled','faulted']}")			\
	ALSO("state", TEXT_OR_NULL)					\
	ALSO("states", LIST(TEXT))					\
	ALSO("outcome", "{'enum':['success','failure','cancelled']}")	\
	ALSO("priority", TEXT)						\
	ALSO("initiator", TEXT_OR_NULL)					\
	ALSO("started_at", TEXT_OR_NULL)				\
	ALSO("ended_at", TEXT_OR_NULL)					\
	ALSO("labels", ANY)						\
	ALSO("input", ANY)						\
	ALSO("data", ANY)						\
	ALSO("output", ANY)						\
	ALSO("error", ANY)						\
	ALSO("tasks", LIST(REF("Task")))				\
	ALSO("incidents", LIST(REF("Incident")))			\
	ALSO("escalations", LIST(REF("Escalation")))			\
	ALSO("deadlines", LIST(OBJECT))					\
	ALSO("calls", LIST(OBJECT))					\
	ALSO("children", LIST(OBJECT))					\
	ALSO("loops", LIST(OBJECT))					\
	ALSO("proposals", LIST(REF("Proposal")))			\
	ALSO("awaited_by", LIST(TEXT))
#define INSTANCE_HAS							\
	"'id','workflow','version','definition','status','states','input',"\
	"'data','tasks','incidents','escalations'"
#define HOLD_MEMBERS                                                           \
	HAS("id", TEXT)                                                        \
	ALSO("scope", TEXT)                                                    \
	ALSO("label", TEXT_OR_NULL)                                            \
	ALSO("value", TEXT)                                                    \
	ALSO("status", "{'enum':['held','released']}")                         \
	ALSO("reason", TEXT)                                                   \
	ALSO("set_at", TEXT)                                                   \
	ALSO("set_by", TEXT_OR_NULL)                                           \
	ALSO("released_at", TEXT_OR_NULL)                                      \
	ALSO("released_by", TEXT_OR_NULL)                                      \
	ALSO("release_reason", TEXT_OR_NULL)

static const struct {
	const char *name;
	const char *schema;
} schemas[] = {
    /* ---- sent ---- */
    {"Start", CLOSED(HAS("input", ANY)
	ALSO("priority", "{'enum':['low','normal','high','critical',null]}")
	ALSO("version", "{'type':['integer','null'],'minimum':1}"),
	"'input'")},
    {"Comment", CLOSED(HAS("comment", TEXT_OR_NULL), "")},
    {"Settle", CLOSED(HAS("comment", TEXT_OR_NULL)
	ALSO("break_glass", TEXT_OR_NULL), "")},
    {"Cancel", CLOSED(HAS("comment", TEXT_OR_NULL) ALSO("compensate", FLAG)
	ALSO("break_glass", TEXT_OR_NULL), "")},
    {"Decide", CLOSED(HAS("choice", TEXT) ALSO("comment", TEXT_OR_NULL)
	ALSO("data", ANY),
	"'choice'")},
    {"Supply", CLOSED(HAS("result", ANY) ALSO("comment", TEXT_OR_NULL)
	ALSO("break_glass", TEXT_OR_NULL),
	"'result'")},
    {"Replay", CLOSED(HAS("break_glass", TEXT_OR_NULL), "")},
    {"Delegate", CLOSED(HAS("role", TEXT)
	ALSO("from", TEXT_OR_NULL)
	ALSO("to", TEXT)
	ALSO("until", TEXT)
	ALSO("workflow", TEXT), "'role','to','until'")},
    {"Nothing", CLOSED("", "")},
    {"TokenRequest", CLOSED(HAS("name", TEXT)
	ALSO("roles", LIST(TEXT))
	ALSO("workflows", LIST(TEXT))
	ALSO("entities", LIST(TEXT))
	ALSO("expires", TEXT_OR_NULL), "'name','roles'")},
    {"Token", CLOSED(TOKEN, TOKEN_HAS)},
    {"TokenGiven", CLOSED(TOKEN ALSO("token", TEXT), TOKEN_HAS ",'token'")},
    {"TokenPage", PAGE("Token")},
    {"Reason", CLOSED(HAS("reason", TEXT_OR_NULL), "")},
    {"HoldRequest", CLOSED(HAS("instance", TEXT)
	ALSO("key", TEXT)
	ALSO("workflow", TEXT)
	ALSO("label", OBJECT)
	ALSO("reason", TEXT), "'reason'")},
    {"Hold", CLOSED(HOLD_MEMBERS,
	"'id','scope','label','value','status','reason','set_at','set_by',"
	"'released_at','released_by','release_reason'")},
    {"HoldPage", PAGE("Hold")},
    {"Purge", CLOSED(HAS("id", TEXT)
	ALSO("workflow", TEXT)
	ALSO("version", WHOLE)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("status", TEXT)
	ALSO("records", WHOLE)
	ALSO("ended_at", TEXT)
	ALSO("kept_until", TEXT)
	ALSO("due", FLAG)
	ALSO("held_by", TEXT_OR_NULL),
	"'id','workflow','version','business_key','status','records',"
	"'ended_at','kept_until','due','held_by'")},
    {"PurgePage", PAGE("Purge")},
    {"Try", CLOSED(HAS("operation", TEXT_OR_NULL) ALSO("with", OBJECT), "")},
    {"CloudEvent", "{'anyOf':[" REF("Event") "," LIST(REF("Event")) "]}"},
    {"Event", OPEN(HAS("specversion", "{'const':'1.0'}")
	ALSO("id", TEXT)
	ALSO("source", TEXT)
	ALSO("type", TEXT)
	ALSO("subject", TEXT_OR_NULL)
	ALSO("time", TEXT_OR_NULL)
	ALSO("datacontenttype", TEXT_OR_NULL)
	ALSO("data", ANY)
	ALSO("data_base64", TEXT_OR_NULL),
	"'specversion','id','source','type'")},
    /* ---- instances ---- */
    {"Instance", "{'anyOf':[" OPEN(INSTANCE, INSTANCE_HAS) ","
	REF("PurgedInstance") "," REF("UnloadedInstance") "]}"},
    {"Disclosed", "{'anyOf':["
	OPEN(INSTANCE ALSO("sensitive", CLOSED(HAS("salt", TEXT)
	    ALSO("values", LIST(CLOSED(HAS("path", TEXT) ALSO("value", TEXT)
		ALSO("digest", TEXT), "'path','value','digest'"))),
	    "'values'")), INSTANCE_HAS ",'sensitive'") ","
	REF("PurgedInstance") "]}"},
    {"PurgedInstance", CLOSED(HAS("id", TEXT)
	ALSO("workflow", TEXT)
	ALSO("version", WHOLE)
	ALSO("definition", TEXT)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("status", "{'const':'purged'}")
	ALSO("ended_as", TEXT)
	ALSO("started_at", TEXT)
	ALSO("ended_at", TEXT)
	ALSO("purged_at", TEXT)
	ALSO("labels", OBJECT)
	ALSO("records", WHOLE)
	ALSO("hash", TEXT)
	ALSO("certificate", WHOLE),
	"'id','workflow','version','business_key','status','ended_as',"
	"'started_at','ended_at','purged_at','records','hash','certificate'")},
    {"UnloadedInstance", CLOSED(HAS("id", TEXT)
	ALSO("workflow", TEXT)
	ALSO("version", WHOLE)
	ALSO("definition", TEXT)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("status", "{'enum':['completed','cancelled','faulted']}")
	ALSO("state", TEXT_OR_NULL)
	ALSO("priority", TEXT)
	ALSO("initiator", TEXT_OR_NULL)
	ALSO("started_at", TEXT)
	ALSO("ended_at", TEXT)
	ALSO("labels", ANY)
	ALSO("records", WHOLE)
	ALSO("hash", TEXT)
	ALSO("unloaded", "{'const':true}"),
	"'id','workflow','version','status','ended_at','records','hash',"
	"'unloaded'")},
    {"InstanceRow", CLOSED(HAS("id", TEXT)
	ALSO("workflow", TEXT)
	ALSO("version", WHOLE)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("status", TEXT)
	ALSO("state", TEXT_OR_NULL)
	ALSO("priority", TEXT)
	ALSO("initiator", TEXT_OR_NULL)
	ALSO("labels", ANY)
	ALSO("started_at", TEXT_OR_NULL)
	ALSO("changed_at", TEXT_OR_NULL)
	ALSO("ended_at", TEXT_OR_NULL)
	ALSO("due_at", TEXT_OR_NULL)
	ALSO("open_incidents", WHOLE),
	"'id','workflow','version','business_key','status','state',"
	"'priority','initiator','labels','started_at','changed_at',"
	"'ended_at','due_at','open_incidents'")},
    {"InstancePage", PAGE("InstanceRow")},
    {"Record", KINDS(HAS("kind", TEXT)
	ALSO("seq", WHOLE)
	ALSO("time", TEXT)
	ALSO("instance", TEXT)
	ALSO("prev", TEXT)
	ALSO("hash", TEXT),
	"'kind','seq','time','instance','prev','hash'")},
    {"HistoryPage", PAGE("Record")},
    {"Checkpoint", CLOSED(HAS("checkpoint", OBJECT)
	ALSO("key", TEXT)
	ALSO("signature", TEXT),
	"'checkpoint','key','signature'")},
    {"CheckpointPage", PAGE("Checkpoint")},
    {"Inclusion", CLOSED(HAS("inclusion", OBJECT), "'inclusion'")},
    {"Consistency", CLOSED(HAS("consistency", OBJECT), "'consistency'")},
    /* ---- what waits for a person ---- */
    {"Task", OPEN(HAS("id", TEXT)
	ALSO("instance", TEXT)
	ALSO("workflow", TEXT)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("state", TEXT)
	ALSO("title", TEXT_OR_NULL)
	ALSO("description", TEXT_OR_NULL)
	ALSO("role", TEXT_OR_NULL)
	ALSO("approvals", WHOLE)
	ALSO("choices", LIST(TEXT))
	ALSO("decisions", LIST(OBJECT))
	ALSO("created", TEXT)
	ALSO("due", TEXT_OR_NULL)
	ALSO("status", "{'enum':['open','closed']}")
	STANDING,
	"'id','instance','workflow','state','choices'")},
    {"TaskPage", PAGE("Task")},
    {"Incident", OPEN(HAS("id", TEXT)
	ALSO("instance", TEXT)
	ALSO("workflow", TEXT)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("kind", TEXT)
	ALSO("state", TEXT_OR_NULL)
	ALSO("step", TEXT_OR_NULL)
	ALSO("item", ANY)
	ALSO("message", TEXT_OR_NULL)
	ALSO("error", ANY)
	ALSO("owner", TEXT_OR_NULL)
	ALSO("runbook", TEXT_OR_NULL)
	ALSO("created", TEXT)
	ALSO("proposal", REF("Proposal"))
	STANDING,
	"'id','instance','workflow','kind','message'")},
    {"IncidentPage", PAGE("Incident")},
    {"Escalation", OPEN(HAS("id", TEXT)
	ALSO("instance", TEXT)
	ALSO("workflow", TEXT)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("state", TEXT)
	ALSO("level", WHOLE)
	ALSO("to", TEXT)
	ALSO("severity", TEXT_OR_NULL)
	ALSO("message", TEXT_OR_NULL)
	ALSO("fired", WHOLE)
	ALSO("acknowledged", FLAG)
	ALSO("acknowledged_by", TEXT)
	ALSO("created", TEXT)
	STANDING,
	"'id','instance','workflow','state','level','to','acknowledged'")},
    {"EscalationPage", PAGE("Escalation")},
    {"Proposal", OPEN(HAS("id", TEXT)
	ALSO("act", "{'enum':['retry','supply','skip','compensate','cancel',"
	    "'replay','publish']}")
	ALSO("status", "{'enum':['proposed','confirmed','rejected','lapsed',"
	    "'done','acknowledged']}")
	ALSO("what", TEXT)
	ALSO("instance", TEXT)
	ALSO("workflow", TEXT)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("state", TEXT_OR_NULL)
	ALSO("incident", TEXT)
	ALSO("step", TEXT)
	ALSO("compensate", FLAG)
	ALSO("result", ANY)
	ALSO("workflows", LIST(OBJECT))
	ALSO("files", LIST(OBJECT))
	ALSO("letter", TEXT)
	ALSO("event", OBJECT)
	ALSO("proposed_by", TEXT)
	ALSO("comment", TEXT_OR_NULL)
	ALSO("break_glass", TEXT)
	ALSO("created", TEXT)
	ALSO("closed_by", TEXT_OR_NULL)
	STANDING,
	"'id','act','status','what','proposed_by','created'")},
    {"ProposalPage", PAGE("Proposal")},
    {"Judged", "{'anyOf':[" REF("Instance") "," REF("Proposal") "]}"},
    {"Delegation", CLOSED(HAS("id", TEXT)
	ALSO("role", TEXT)
	ALSO("from", TEXT)
	ALSO("to", TEXT)
	ALSO("workflow", TEXT_OR_NULL)
	ALSO("limited_to", REF("Limits"))
	ALSO("status", "{'enum':['active','ended','revoked']}")
	ALSO("given_by", TEXT)
	ALSO("given_at", TEXT)
	ALSO("until", TEXT)
	ALSO("revoked_by", TEXT_OR_NULL)
	ALSO("revoked_at", TEXT),
	"'id','role','from','to','workflow','status','given_by','given_at',"
	"'until'")},
    {"DelegationPage", PAGE("Delegation")},
    /* ---- events ---- */
    {"Receipt", CLOSED(HAS("id", TEXT) ALSO("source", TEXT)
	ALSO("status", FATE),
	"'id','source','status'")},
    {"Receipts", CLOSED(HAS("events", LIST(REF("Receipt")))
	ALSO("limited_to", REF("Limits")), "'events'")},
    {"Limits", CLOSED(HAS("workflows", LIST(TEXT))
	ALSO("entities", LIST(TEXT)), "")},
    {"MessageReceipt", CLOSED(HAS("id", TEXT_OR_NULL) ALSO("status", FATE),
	"'id','status'")},
    {"HookReceipt", "{'anyOf':[" REF("MessageReceipt") "," REF("Receipts")
	"]}"},
    {"Letter", CLOSED(HAS("id", TEXT)
	ALSO("status", "{'enum':['dead','held','replayed']}")
	ALSO("source", TEXT)
	ALSO("event_id", TEXT)
	ALSO("type", TEXT)
	ALSO("subject", TEXT_OR_NULL)
	ALSO("received_at", TEXT)
	ALSO("expires_at", TEXT)
	ALSO("data", ANY),
	"'id','status','source','event_id','type'")},
    {"LetterPage", PAGE("Letter")},
    {"Replayed", CLOSED(HAS("id", TEXT) ALSO("status", FATE),
	"'id','status'")},
    /* ---- the rest ---- */
    {"DefinitionRow", CLOSED(DEFINITION_MEMBERS, DEFINITION_REQUIRED)},
    {"DefinitionPage", PAGE("DefinitionRow")},
    {"Definition", CLOSED(DEFINITION_MEMBERS
	ALSO("input", ANY)
	ALSO("states", LIST(TEXT))
	ALSO("events", LIST(TEXT))
	ALSO("source", TEXT)
	ALSO("versions", LIST(CLOSED(HAS("version", WHOLE)
	    ALSO("digest", TEXT)
	    ALSO("published_at", TEXT)
	    ALSO("published_by", TEXT)
	    ALSO("open", "{'type':['integer','null']}"),
	    "'version','digest','published_at','published_by','open'"))),
	DEFINITION_REQUIRED
	    ",'input','states','events','source','versions'")},
    {"Migrate", CLOSED(HAS("workflow", TEXT)
	ALSO("from", WHOLE)
	ALSO("to", WHOLE)
	ALSO("map", OBJECT)
	ALSO("instances", LIST(TEXT))
	ALSO("after", WHOLE)
	ALSO("comment", TEXT_OR_NULL)
	ALSO("dry_run", FLAG), "'workflow','from','to'")},
    {"Migrated", CLOSED(HAS("items", LIST(CLOSED(HAS("instance", TEXT)
	ALSO("business_key", TEXT_OR_NULL)
	ALSO("fate", "{'enum':['moved','would-move','stranded']}")
	ALSO("state", TEXT_OR_NULL)
	ALSO("detail", TEXT_OR_NULL),
	"'instance','business_key','fate','state','detail'")))
	ALSO("dry_run", FLAG)
	ALSO("next", "{'type':['integer','null']}"),
	"'items','dry_run','next'")},
    {"Publish", CLOSED(HAS("files", LIST(CLOSED(HAS("name", TEXT)
	ALSO("text", TEXT), "'name','text'"))), "'files'")},
    {"Published", CLOSED(HAS("items", LIST(CLOSED(HAS("name", TEXT)
	ALSO("version", WHOLE)
	ALSO("digest", TEXT)
	ALSO("new", FLAG)
	ALSO("newest", FLAG), "'name','version','digest','new','newest'")))
	ALSO("dry_run", FLAG), "'items','dry_run'")},
    {"Schedule", CLOSED(HAS("workflow", TEXT)
	ALSO("version", WHOLE)
	ALSO("position", WHOLE)
	ALSO("cron", TEXT)
	ALSO("timezone", TEXT)
	ALSO("calendar", TEXT_OR_NULL)
	ALSO("overlap", "{'enum':['skip','queue','allow']}")
	ALSO("catch_up", "{'enum':['last','all','none']}")
	ALSO("next_at", TEXT_OR_NULL)
	ALSO("last_at", TEXT_OR_NULL)
	ALSO("last_instance", TEXT_OR_NULL)
	ALSO("queued", WHOLE)
	ALSO("trouble", TEXT_OR_NULL),
	"'workflow','version','position','cron','timezone','calendar',"
	"'overlap','catch_up','next_at','last_at','last_instance','queued',"
	"'trouble'")},
    {"SchedulePage", PAGE("Schedule")},
    {"Connection", CLOSED(HAS("name", TEXT)
	ALSO("state", "{'enum':['closed','open','half-open']}")
	ALSO("paused", FLAG)
	ALSO("waits_for", "{'enum':['pause','breaker','wait','places','quota',"
	    "'step','rate',null]}")
	ALSO("queued", WHOLE)
	ALSO("active", WHOLE)
	ALSO("places", WHOLE)
	ALSO("concurrency", WHOLE)
	ALSO("rate", TEXT_OR_NULL)
	ALSO("rate_learned", FLAG)
	ALSO("oldest_at", TEXT_OR_NULL)
	ALSO("open_until", TEXT_OR_NULL)
	ALSO("wait_until", TEXT_OR_NULL)
	ALSO("switched_at", TEXT_OR_NULL)
	ALSO("switched_by", TEXT_OR_NULL)
	ALSO("reason", TEXT_OR_NULL)
	ALSO("error_at", TEXT_OR_NULL)
	ALSO("error", TEXT_OR_NULL)
	ALSO("sent", WHOLE)
	ALSO("retries", WHOLE)
	ALSO("done", WHOLE)
	ALSO("not_done", WHOLE)
	ALSO("unknown", WHOLE)
	ALSO("done_with_error", WHOLE)
	ALSO("to_publish", WHOLE)
	ALSO("to_publish_since", TEXT_OR_NULL)
	ALSO("published", WHOLE)
	ALSO("queues", WHOLE)
	ALSO("queues_consumed", WHOLE)
	ALSO("received", WHOLE)
	ALSO("rejected", WHOLE)
	ALSO("switches", LIST(CLOSED(HAS("act", "{'enum':['pause','resume']}")
	    ALSO("at", TEXT)
	    ALSO("by", TEXT_OR_NULL)
	    ALSO("reason", TEXT_OR_NULL),
	    "'act','at','by','reason'"))),
	"'name','state','paused','waits_for','queued','active','places',"
	"'concurrency','rate','rate_learned','oldest_at','open_until',"
	"'wait_until','switched_at','switched_by','reason','error_at','error',"
	"'sent','retries','done','not_done','unknown','done_with_error',"
	"'to_publish','to_publish_since','published','queues',"
	"'queues_consumed','received','rejected'")},
    {"ConnectionPage", PAGE("Connection")},
    {"Tried", CLOSED(HAS("connection", TEXT)
	ALSO("ok", FLAG)
	ALSO("did", TEXT_OR_NULL)
	ALSO("status", "{'type':['integer','null']}")
	ALSO("code", TEXT_OR_NULL)
	ALSO("message", TEXT)
	ALSO("took_ms", WHOLE),
	"'connection','ok','did','status','code','message','took_ms'")},
    {"PopulationSides", CLOSED(SIDES(WHOLE), SIDES_REQUIRED)},
    {"PopulationSum", CLOSED(HAS("count", WHOLE)
	ALSO("sum", "{'type':'number'}"),
	"'count','sum'")},
    {"PopulationTotal", CLOSED(HAS("currency", TEXT_OR_NULL) ","
	SIDES(REF("PopulationSum")), "'currency'," SIDES_REQUIRED)},
    {"Population", CLOSED(HAS("from", TEXT)
	ALSO("to", TEXT)
	ALSO("workflow", TEXT_OR_NULL) ","
	SIDES(WHOLE)
	ALSO("adds_up", FLAG)
	ALSO("ended_as",
	    "{'type':'object','additionalProperties':{'type':'integer'}}")
	ALSO("purged", WHOLE)
	ALSO("numbers", CLOSED(HAS("last", WHOLE) ALSO("present", WHOLE)
	    ALSO("left_out", WHOLE) ALSO("missing", WHOLE)
	    ALSO("first_missing", WHOLE),
	    "'last','present','left_out','missing'"))
	ALSO("amounts", CLOSED(HAS("amount", TEXT) ALSO("currency", TEXT)
	    ALSO("totals", LIST(REF("PopulationTotal")))
	    ALSO("without", REF("PopulationSides")) ALSO("rounded", FLAG),
	    "'amount','currency','totals','without','rounded'")),
	"'from','to','workflow'," SIDES_REQUIRED
	",'adds_up','ended_as','purged','numbers','amounts'")},
    {"Sample", CLOSED(HAS("seed", TEXT)
	ALSO("size", WHOLE)
	ALSO("population", WHOLE)
	ALSO("items", LIST(CLOSED(HAS("instance", TEXT)
	    ALSO("workflow", TEXT) ALSO("business_key", TEXT_OR_NULL)
	    ALSO("status", TEXT) ALSO("started_at", TEXT) ALSO("lot", TEXT),
	    "'instance','workflow','business_key','status','started_at',"
	    "'lot'"))),
	"'seed','size','population','items'")},
    {"Health", CLOSED(HAS("status", TEXT) ALSO("version", TEXT),
	"'status','version'")},
    {"OpenApi", OBJECT},
    {"Problem", OPEN(HAS("type", TEXT)
	ALSO("title", TEXT)
	ALSO("status", WHOLE)
	ALSO("detail", TEXT)
	ALSO("instance", TEXT)
	ALSO("request_id", TEXT)
	ALSO("errors", LIST(OBJECT))
	ALSO("line", WHOLE)
	ALSO("column", WHOLE),
	"'type','title','status','request_id'")},
};

void
api_schema_write(struct buf *out)
{
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		buf_addf(out, "%s\"%s\":", i > 0 ? "," : "", schemas[i].name);
		for (const char *at = schemas[i].schema; *at != '\0'; at++)
			buf_add_char(out, *at == '\'' ? '"' : *at);
	}
}
