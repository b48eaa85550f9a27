/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_kind.c: kinds of records as other programs see events.
 *
 * Programs that mine processes know activities with a life of their own: a
 * call is one activity, which starts when it is sent and completes when it is
 * answered.  So records that begin and end the same have the same name here,
 * and differ in their transition.
 */
#include "export_priv.h"

#include "stated/clock.h"

/* Of what a record of a kind is made here; fields are parted by spaces. */
struct look {
	const char *word;       /* first word of the activity; NULL: the kind */
	const char *subject; /* fields that complete it: the first there is */
	const char *transition; /* NULL: complete */
	const char *fields;
};

static const struct look looks[AUDIT_KIND_COUNT] = {
    [AUDIT_STARTED] = {"start", "workflow", NULL,
	"workflow version definition business_key trace parent input"},
    [AUDIT_ENTERED] = {"enter", "to", NULL, "from to event"},
    [AUDIT_STEP_DONE] = {"step", "step", NULL, "step item assigned"},
    [AUDIT_STEP_SKIPPED] = {"step", "step", "autoskip", "step item"},
    [AUDIT_STEP_FAILED] = {"step", "step", "ate_abort", "step item error"},
    [AUDIT_CALL_SENT] = {"call", "operation", "start",
	"step item operation attempt key"},
    [AUDIT_CALL_REPLIED] = {"call", "operation", "complete",
	"step item operation attempt outcome code message reference"},
    [AUDIT_CALL_WAITING] = {"call", "operation", "schedule",
	"step item operation attempt for until"},
    [AUDIT_DECIDED] = {"decide", "decision", NULL,
	"step item decision decision_digest inputs rules outcome"},
    [AUDIT_EVENT_RECEIVED] = {"event", "type", NULL, "type subject data"},
    [AUDIT_EVENT_KEPT] = {"keep event", "type", NULL, "type subject"},
    [AUDIT_EVENT_IGNORED] = {"event", "type", "withdraw",
	"type subject reason"},
    [AUDIT_EVENT_EMITTED] = {"publish", "type", NULL,
	"step type subject event_id"},
    [AUDIT_DEADLINE_SET] = {"deadline", "state step", "schedule",
	"state step after due calendar calendar_version calendar_digest"},
    [AUDIT_DEADLINE_REACHED] = {"deadline", "state step", "complete",
	"state step after due"},
    [AUDIT_TASK_OPENED] = {"task", "state", "schedule",
	"state title role approvals"},
    [AUDIT_TASK_DECIDED] = {"task", "state", "start",
	"state choice on_behalf_of comment data decisions approvals"},
    [AUDIT_TASK_CLOSED] = {"task", "state", "complete", "state"},
    [AUDIT_REFUSED] = {"refuse", "reason", NULL, "reason detail state"},
    [AUDIT_ESCALATED] = {"escalation", "state", "start",
	"state level to severity message fired due age_seconds"},
    [AUDIT_ESCALATION_ACKNOWLEDGED] = {"escalation", "state", "assign",
	"state level comment"},
    [AUDIT_ESCALATION_CLOSED] = {"escalation", "state", "complete",
	"state level"},
    [AUDIT_NOTIFIED] = {"notify", "to", NULL, "to by reason error"},
    [AUDIT_INCIDENT_OPENED] = {"incident", "step incident", "start",
	"incident step message error"},
    [AUDIT_INCIDENT_RESOLVED] = {"incident", "step incident", "complete",
	"step how comment"},
    [AUDIT_COMPENSATING] = {"undo", "step", "start", "step by"},
    [AUDIT_COMPENSATED] = {"undo", "step", "complete", "step by"},
    [AUDIT_CHILD_STARTED] = {"child", "step", "start",
	"step item workflow child"},
    [AUDIT_CHILD_ENDED] = {"child", "step", "complete",
	"step item workflow child outcome state refused"},
    [AUDIT_CHILD_CANCELLED] = {"child", "step", "withdraw",
	"step item child"},
    [AUDIT_CHILD_LEFT] = {"child", "step", "withdraw", "step item child"},
    [AUDIT_ATTESTED] = {"attest", "step", NULL, "step text evidence"},
    [AUDIT_SUSPENDED] = {"suspension", NULL, "suspend", "comment"},
    [AUDIT_RESUMED] = {"suspension", NULL, "resume", "comment"},
    [AUDIT_MIGRATED] = {"migrate", NULL, NULL,
	"from_version to_version to_definition from to comment"},
    [AUDIT_PROPOSED] = {"proposal", "step act", "schedule",
	"proposal act step incident compensate comment"},
    [AUDIT_CONFIRMED] = {"proposal", "step act", "complete",
	"proposal act step proposed_by comment"},
    [AUDIT_PROPOSAL_REJECTED] = {"proposal", "step act", "withdraw",
	"proposal act step proposed_by comment"},
    [AUDIT_PROPOSAL_LAPSED] = {"proposal", "step act", "withdraw",
	"proposal act step"},
    [AUDIT_GLASS_BROKEN] = {"break glass", "step act", NULL,
	"proposal act step reason"},
    [AUDIT_GLASS_ACKNOWLEDGED] = {"acknowledge", "act", NULL,
	"proposal act done_by comment"},
    [AUDIT_CANCELLED] = {"cancel", NULL, "pi_abort", "comment"},
    [AUDIT_ENDED] = {"end", "state", NULL, "state outcome output"},
};

/* All others are texts. */
static const struct export_field typed[] = {
    {STR_INIT("age_seconds"), EXPORT_INTEGER},
    {STR_INIT("approvals"), EXPORT_INTEGER},
    {STR_INIT("attempt"), EXPORT_INTEGER},
    {STR_INIT("calendar_version"), EXPORT_INTEGER},
    {STR_INIT("decisions"), EXPORT_INTEGER},
    {STR_INIT("due"), EXPORT_INSTANT},
    {STR_INIT("fired"), EXPORT_INTEGER},
    {STR_INIT("from_version"), EXPORT_INTEGER},
    {STR_INIT("level"), EXPORT_INTEGER},
    {STR_INIT("proposal"), EXPORT_INTEGER},
    {STR_INIT("to_version"), EXPORT_INTEGER},
    {STR_INIT("until"), EXPORT_INSTANT},
    {STR_INIT("version"), EXPORT_INTEGER},
};

enum audit_kind
export_kind_of(const struct value *record)
{
	struct str name = value_field_str(record, "kind");

	for (enum audit_kind i = 0; i < AUDIT_KIND_COUNT; i++)
		if (str_equal(name, audit_kind_name(i)))
			return i;
	return AUDIT_KIND_COUNT;
}

struct str
export_kind_fields(enum audit_kind kind)
{
	return str_of(kind < AUDIT_KIND_COUNT ? looks[kind].fields : NULL);
}

bool
export_kind_next(struct str *rest, struct export_field *field)
{
	if (rest->bytes == 0)
		return false;
	*field = (struct export_field){
	    str_split(*rest, ' ', rest), EXPORT_TEXT};
	for (size_t i = 0; i < COUNT_OF(typed); i++)
		if (str_equal(field->name, typed[i].name))
			field->type = typed[i].type;
	return true;
}

static bool
is_of_type(const struct value *value, enum export_type type)
{
	int64_t n;

	switch (type) {
	case EXPORT_TEXT:
		return true;
	case EXPORT_INTEGER:
		return value_to_int(value, &n);
	case EXPORT_INSTANT:
		return value->type == VALUE_STRING &&
		    clock_parse(value->as.string, &n);
	}
	unreachable("all types are above");
}

const struct value *
export_kind_value(const struct value *record, const struct export_field *field)
{
	const struct value *value = value_get(record, field->name);

	if (value == NULL || value_is_null(value) ||
	    !is_of_type(value, field->type))
		return NULL;
	return value;
}

/* The first of the fields that the record has. */
static const struct value *
subject_of(const struct value *record, struct str names)
{
	while (names.bytes > 0) {
		const struct value *value =
		    value_get(record, str_split(names, ' ', &names));
		if (value != NULL && !value_is_null(value))
			return value;
	}
	return NULL;
}

void
export_kind_activity(
    struct buf *out, enum audit_kind kind, const struct value *record)
{
	const struct look *look;
	const struct value *subject;

	if (kind == AUDIT_KIND_COUNT) {
		buf_add_cstr(out, "unknown");
		return;
	}
	look = &looks[kind];
	if (look->word != NULL)
		buf_add_cstr(out, look->word);
	else
		buf_add_str(out, audit_kind_name(kind));
	subject = subject_of(record, str_of(look->subject));
	if (subject == NULL)
		return;
	buf_add_char(out, ' ');
	export_record_text(out, subject);
}

const char *
export_kind_transition(enum audit_kind kind)
{
	if (kind == AUDIT_KIND_COUNT || looks[kind].transition == NULL)
		return "complete";
	return looks[kind].transition;
}
