/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_form.c: which members an act has, within and beside it.
 *
 * A member that nothing reads, or that is of another kind, would be passed
 * over, and what was meant would not be what is simulated.
 */
#include "sim_priv.h"

enum kind {
	IS_TEXT = 1,
	IS_NUMBER = 2,
	IS_FLAG = 4,
	IS_LIST = 8,
	IS_OBJECT = 16,
	IS_ANY = 31,
};

typedef bool check_fn(const struct value *value, struct buf *why);

struct member {
	struct str name;
	unsigned kinds;
	check_fn *check; /* may be NULL */
};
struct form {
	const char *where; /* "in `decide`" */
	const struct member *members;
	size_t count;
};

#define MEMBERS_MAX 8
#define FORM(where, members) {where, members, COUNT_OF(members)}

/* ---- by a form ---- */

static unsigned
kind_of(const struct value *value)
{
	switch (value->type) {
	case VALUE_STRING:
		return IS_TEXT;
	case VALUE_NUMBER:
		return IS_NUMBER;
	case VALUE_BOOLEAN:
		return IS_FLAG;
	case VALUE_LIST:
		return IS_LIST;
	case VALUE_CONTEXT:
		return IS_OBJECT;
	default:
		return IS_ANY; /* null is as if it were left out */
	}
}

static void
tell_kinds(const struct member *member, struct buf *why)
{
	static const struct {
		enum kind kind;
		const char *words;
	} words[] = {
	    {IS_TEXT, "a text"}, {IS_NUMBER, "a number"},
	    {IS_FLAG, "true or false"}, {IS_LIST, "a list"},
	    {IS_OBJECT, "an object"},
	};
	const char *before = " is ";

	buf_addf(why, "`%.*s`", STR_ARG(member->name));
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (member->kinds & words[i].kind) {
			buf_addf(why, "%s%s", before, words[i].words);
			before = " or ";
		}
}

static bool
is_member(const struct member *member, const struct value *value,
    struct buf *why)
{
	if ((kind_of(value) & member->kinds) == 0) {
		tell_kinds(member, why);
		return false;
	}
	return member->check == NULL || value->type == VALUE_NULL ||
	       member->check(value, why);
}

static const struct member *
find_member(const struct form *form, struct str name)
{
	for (size_t i = 0; i < form->count; i++)
		if (str_equal(form->members[i].name, name))
			return &form->members[i];
	return NULL;
}

static bool
tell_unknown(const struct form *form, struct str name, struct buf *why)
{
	struct str names[MEMBERS_MAX], near;

	must(form->count <= MEMBERS_MAX);
	for (size_t i = 0; i < form->count; i++)
		names[i] = form->members[i].name;
	near = str_nearest(name, names, form->count);
	buf_addf(why, "`%.*s` says nothing %s", STR_ARG(name), form->where);
	if (near.at != NULL)
		buf_addf(why, ", did you mean `%.*s`?", STR_ARG(near));
	return false;
}

/* but: one that is no member; absent: there is none. */
static bool
is_form(const struct form *form, const struct value *object, struct str but,
    struct buf *why)
{
	for (size_t i = 0; i < object->as.context.count; i++) {
		const struct value_field *field =
		    &object->as.context.fields[i];
		const struct member *member = find_member(form, field->key);

		if (but.at != NULL && str_equal(field->key, but))
			continue;
		if (member == NULL)
			return tell_unknown(form, field->key, why);
		if (!is_member(member, field->value, why))
			return false;
	}
	return true;
}

/* ---- members of their own ---- */

static bool
are_texts(const struct value *list, struct buf *why)
{
	for (size_t i = 0; i < list->as.list.count; i++)
		if (list->as.list.items[i]->type != VALUE_STRING) {
			buf_add_cstr(why, "`roles` is a list of texts");
			return false;
		}
	return true;
}

static bool
is_actor(const struct value *actor, struct buf *why)
{
	static const struct member members[] = {
	    {STR_INIT("name"), IS_TEXT, NULL},
	    {STR_INIT("roles"), IS_LIST, are_texts},
	};
	static const struct form form = FORM("in `actor`", members);

	return actor->type == VALUE_STRING ||
	       is_form(&form, actor, (struct str){NULL, 0}, why);
}

static bool
is_priority(const struct value *value, struct buf *why)
{
	enum def_priority priority;

	if (def_priority_parse(value_str(value), &priority))
		return true;
	buf_addf(why, "`%.*s` is no priority: low, normal, high or critical",
	    STR_ARG(value_str(value)));
	return false;
}

static bool
is_outcome(const struct value *value, struct buf *why)
{
	struct str names[] = {
	    outcome_name(OUTCOME_NOT_DONE),
	    outcome_name(OUTCOME_UNKNOWN),
	    outcome_name(OUTCOME_DONE_WITH_ERROR),
	};

	if (str_is_among(value_str(value), names, COUNT_OF(names)))
		return true;
	buf_addf(why, "`%.*s` is no outcome of an error: not-done, unknown or "
		      "done-with-error",
	    STR_ARG(value_str(value)));
	return false;
}

bool
sim_form_is_error(const struct value *error, struct buf *why)
{
	static const struct member members[] = {
	    {STR_INIT("code"), IS_TEXT, NULL},
	    {STR_INIT("message"), IS_TEXT, NULL},
	    {STR_INIT("outcome"), IS_TEXT, is_outcome},
	    {STR_INIT("transient"), IS_FLAG, NULL},
	    {STR_INIT("status"), IS_NUMBER, NULL},
	    {STR_INIT("body"), IS_ANY, NULL},
	};
	static const struct form form = FORM("in `error`", members);

	return error->type != VALUE_CONTEXT ||
	       is_form(&form, error, (struct str){NULL, 0}, why);
}

bool
sim_form_is_child(const struct value *end, struct buf *why)
{
	static const struct member members[] = {
	    {STR_INIT("outcome"), IS_TEXT, NULL},
	    {STR_INIT("state"), IS_TEXT, NULL},
	    {STR_INIT("output"), IS_ANY, NULL},
	    {STR_INIT("refused"), IS_TEXT, NULL},
	};
	static const struct form form = FORM("in a child's end", members);

	return is_form(&form, end, (struct str){NULL, 0}, why);
}

/* ---- acts ---- */

#define ACTOR {STR_INIT("actor"), IS_TEXT | IS_OBJECT, is_actor}
#define WHO ACTOR, {STR_INIT("comment"), IS_TEXT, NULL}
#define WHICH                                                                  \
	{STR_INIT("state"), IS_TEXT, NULL}, {STR_INIT("step"), IS_TEXT, NULL}

static const struct member start_beside[] = {
    ACTOR, {STR_INIT("priority"), IS_TEXT, is_priority}};
/* `times` has a check of its own. */
static const struct member reply_beside[] = {
    {STR_INIT("times"), IS_ANY, NULL}, {STR_INIT("always"), IS_FLAG, NULL}};

static const struct member event_members[] = {
    {STR_INIT("type"), IS_TEXT, NULL},
    {STR_INIT("subject"), IS_TEXT | IS_NUMBER, NULL},
    {STR_INIT("data"), IS_ANY, NULL},
    {STR_INIT("id"), IS_TEXT, NULL},
    {STR_INIT("source"), IS_TEXT, NULL},
    {STR_INIT("time"), IS_TEXT, NULL},
    ACTOR,
};
static const struct member advance_members[] = {
    {STR_INIT("to"), IS_TEXT, NULL}};
static const struct member decide_members[] = {
    {STR_INIT("choice"), IS_TEXT, NULL}, {STR_INIT("data"), IS_ANY, NULL},
    WHICH, WHO};
static const struct member settle_members[] = {
    {STR_INIT("how"), IS_TEXT, NULL}, {STR_INIT("data"), IS_ANY, NULL},
    WHICH, WHO};
static const struct member person_members[] = {WHICH, WHO};
static const struct member cancel_members[] = {
    {STR_INIT("compensate"), IS_FLAG, NULL}, WHO};
static const struct member operator_members[] = {WHO};

#define NONE(name) {"beside `" name "`", NULL, 0}
#define OPEN {NULL, NULL, 0}
#define BOTH(name, beside, members)                                            \
	{STR_INIT(name), FORM("beside `" name "`", beside), members}
#define ALONE(name, members)                                                   \
	{STR_INIT(name), NONE(name), FORM("in `" name "`", members)}

static const struct act_form {
	struct str name;
	struct form beside;
	struct form within; /* no `where`: any members */
} acts[] = {
    BOTH("start", start_beside, OPEN),
    BOTH("reply", reply_beside, OPEN),
    BOTH("child", reply_beside, OPEN),
    ALONE("event", event_members),
    ALONE("advance", advance_members),
    ALONE("decide", decide_members),
    ALONE("settle", settle_members),
    ALONE("acknowledge", person_members),
    ALONE("confirm", person_members),
    ALONE("reject", person_members),
    ALONE("cancel", cancel_members),
    ALONE("suspend", operator_members),
    ALONE("resume", operator_members),
};

bool
sim_form_is_act(struct str name, const struct value *line, struct buf *why)
{
	const struct value *what = value_get(line, name);
	const struct act_form *form = acts;

	while (!str_equal(form->name, name)) {
		form++;
		must(form < acts + COUNT_OF(acts));
	}
	return is_form(&form->beside, line, name, why) &&
	       (form->within.where == NULL || what->type != VALUE_CONTEXT ||
		   is_form(&form->within, what, (struct str){NULL, 0}, why));
}
