/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_verify.c: proving that a database's histories are whole.
 *
 * Three things are compared that somebody who changes one has to change too:
 * the records with their hashes, the hashes with one another, and the end of
 * each chain with what the instance's row says it is.  Numbers of instances
 * have no gaps but those that a restore leaves, and each turn of the log
 * belongs to a row, so an instance that was removed is missed.
 */
#include "export_priv.h"

#include "stated/audit_masked.h"
#include "stated/clock.h"
#include "stated/json.h"
#include "stated/library.h"
#include "stated/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define PAGE_INSTANCES 256

void
export_report_fault(struct export_report *report,
    const struct export_report *first, const char *format, ...)
{
	va_list arguments;

	must(first->fault != AUDIT_SOUND);
	report->broken++;
	if (report->fault != AUDIT_SOUND)
		return;
	report->fault = first->fault;
	report->line = first->line;
	report->number = first->number;
	report->seq = first->seq;
	memcpy(report->instance, first->instance, sizeof(report->instance));
	va_start(arguments, format);
	str_vwrite(report->explanation, sizeof(report->explanation), format,
	    arguments);
	va_end(arguments);
}

bool
export_verify_tell(const struct export_against *against,
    const struct export_report *report)
{
	return against == NULL || against->watch == NULL ||
	       against->watch(report, against->watch_arg);
}

/* ------------------------------------------------------------- one instance */

struct check {
	struct store *store;
	struct export_report *report;
	const struct export_against *against; /* may be NULL */
	struct arena *page_arena;
	struct arena *scratch;
	struct store_instance *page;
	size_t page_count;
	uint64_t expected; /* number of the next instance */
	struct export_numbers numbers; /* that have a row, or lack one */
	uint64_t sealed; /* the last checkpoint that the journal tells of */
	/* What definitions call sensitive, by their digests. */
	struct map *sensitive;
	struct arena *own; /* of that */

	/* The instance at hand: */
	const struct store_instance *row; /* the one that is checked */
	uint64_t number;
	struct audit_head head;
	struct str name; /* as its first record has it */
	bool is_unsalted; /* a digest was taken to stand for what is shown */
	bool is_key_unsalted; /* and that is the key */
	bool has_salt; /* and needs it: one was looked for */
	bool is_erased;
	const struct library_sensitive *paths; /* its definition's; or NULL */
	bool has_started; /* it tells when, and whether it ended: */
	struct str outcome; /* absent: not yet */
	int64_t ended_ms;
	enum audit_fault fault;
	uint64_t fault_seq;
	const char *why;
};

static void
set_fault(struct check *check, enum audit_fault fault, uint64_t seq,
    const char *why)
{
	must(check->fault == AUDIT_SOUND);
	check->fault = fault;
	check->fault_seq = seq;
	check->why = why;
}

/* Whether that is how this database names the instance: what comes of another
 * database may have the same number.  Numbers alone name nobody's. */
static bool
is_ours(const struct check *check, struct str name)
{
	struct store_identity identity = store_identity(check->store);
	char id[AUDIT_ID_BYTES];

	return name.bytes != AUDIT_ID_BYTES - 1 ||
	       str_equal(name,
		   audit_id_format(identity.bytes, check->number, id));
}

/* A sound chain under another instance's number is a fault all the same. */
static void
check_name(struct check *check, const struct audit_record *sealed,
    const struct value *record)
{
	uint64_t number;

	must(record != NULL);
	struct str name = export_record_instance(check->scratch, record);
	if (check->name.at == NULL && name.at != NULL)
		check->name = arena_str(check->page_arena, name);
	if (!str_equal(name, check->name))
		set_fault(check, AUDIT_CHANGED, sealed->seq,
		    "the record belongs to another instance");
	else if (export_record_number(name, &number) && number != check->number)
		set_fault(check, AUDIT_CHANGED, sealed->seq,
		    "the history belongs to an instance of another number");
	else if (!is_ours(check, name))
		set_fault(check, AUDIT_CHANGED, sealed->seq,
		    "the history belongs to an instance of another database, "
		    "or this one's identity was changed");
}

/* What the row shows must be what a record says; where that has something
 * sensitive in it, the record has its digest there.  An erasure puts the same
 * digests into the row. */
static bool
says(struct check *check, struct str said, struct str shown,
    struct str *salt)
{
	*salt = (struct str){NULL, 0};
	if (str_equal(said, shown))
		return true;
	if (said.at == NULL || shown.at == NULL)
		return false;
	if (store_find_salt(check->store, check->scratch, check->number,
		salt) != STORE_OK)
		*salt = (struct str){NULL, 0};
	return audit_masked_is_of(said, shown, *salt);
}

static bool
has_digest(struct str text)
{
	struct str digest;

	(void)audit_masked_before(text, &digest);
	return digest.at != NULL;
}

/* Where the salt isn't there any more, which check_end() judges, a digest may
 * stand for whatever the row shows. */
static bool
may_say(struct str said, struct str shown, struct str salt)
{
	return salt.at == NULL && shown.at != NULL && has_digest(said) &&
	       audit_masked_agrees(said, shown, salt);
}

static bool
says_key(struct check *check, struct str said, struct str shown)
{
	struct str salt;

	if (says(check, said, shown, &salt))
		return true;
	if (!may_say(said, shown, salt))
		return false;
	check->is_unsalted = true;
	check->is_key_unsalted = true;
	return true;
}

/* A word of the engine's or the definition's own.  Older programs masked them,
 * too, and an erasure leaves them in the row. */
static bool
says_word(struct check *check, struct str said, struct str shown)
{
	struct str salt;

	if (says(check, said, shown, &salt))
		return true;
	if (has_digest(shown) || !may_say(said, shown, salt))
		return false;
	check->is_unsalted = true;
	return true;
}

static void
check_start(struct check *check, const struct audit_record *sealed,
    const struct value *record)
{
	if (!str_equal(value_field_str(record, "kind"),
	    audit_kind_name(AUDIT_STARTED)))
		return;
	check->has_started = true;
	if (!says_word(check, value_field_str(record, "workflow"),
		check->row->workflow) ||
	    !says_key(check, value_field_str(record, "business_key"),
		check->row->business_key))
		set_fault(check, AUDIT_CHANGED, sealed->seq,
		    "the instance's row shows another workflow or business key "
		    "than it began with");
	else if (export_record_time_or_zero(record) != check->row->started_ms)
		set_fault(check, AUDIT_CHANGED, sealed->seq,
		    "the instance's row shows another time than it began at");
}

/* ---- digests that want a salt ---- */

static bool
is_salted_in(const struct value *value, struct str path)
{
	struct str rest, name;

	if (value == NULL)
		return false;
	if (value->type == VALUE_LIST) {
		for (size_t i = 0; i < value->as.list.count; i++)
			if (is_salted_in(value->as.list.items[i], path))
				return true;
		return false;
	}
	if (path.at == NULL && value->type == VALUE_CONTEXT) {
		for (size_t i = 0; i < value->as.context.count; i++)
			if (is_salted_in(
				value->as.context.fields[i].value, path))
				return true;
		return false;
	}
	if (path.at == NULL)
		return audit_masked_is_digest(value_str(value)) &&
		       str_has_prefix(value_str(value), STR("hmac-"));
	name = str_split(path, '.', &rest);
	return is_salted_in(value_get(value, name), rest);
}

/* Where a path leads there is nothing in the record but digests. */
static bool
has_salted(const struct check *check, const struct value *record)
{
	for (size_t i = 0; i < check->paths->count; i++) {
		struct str path = check->paths->paths[i];

		if (is_salted_in(record, path) ||
		    is_salted_in(value_get_cstr(record, "assigned"), path))
			return true;
	}
	return false;
}

/* By the definition that it has from this record on. */
static void
note_salted(struct check *check, const struct value *record)
{
	struct str kind = value_field_str(record, "kind"), salt;
	enum store_error error;
	const char *member = NULL;

	if (str_equal(kind, audit_kind_name(AUDIT_STARTED)))
		member = "definition";
	else if (str_equal(kind, audit_kind_name(AUDIT_MIGRATED)))
		member = "to_definition";
	if (member != NULL)
		check->paths = map_find(
		    check->sensitive, value_field_str(record, member));
	if (check->paths == NULL || check->is_unsalted || check->has_salt ||
	    !has_salted(check, record))
		return;
	error = store_find_salt(
	    check->store, check->scratch, check->number, &salt);
	check->is_unsalted = error == STORE_ABSENT;
	check->has_salt = error == STORE_OK;
}

static void
note_end(struct check *check, const struct value *record)
{
	struct str kind = value_field_str(record, "kind");

	if (str_equal(kind, audit_kind_name(AUDIT_ERASED)))
		check->is_erased = true;
	if (!str_equal(kind, audit_kind_name(AUDIT_ENDED)))
		return;
	check->outcome = arena_str(
	    check->page_arena, value_field_str(record, "outcome"));
	check->ended_ms = export_record_time_or_zero(record);
}

/* Older programs' journals don't tell of them all. */
static void
note_checkpoint(struct check *check, const struct value *record)
{
	int64_t number = value_field_int(record, "number");

	if (check->number == STORE_JOURNAL && number > 0 &&
	    str_equal(value_field_str(record, "kind"),
		audit_journal_name(JOURNAL_CHECKPOINT_MADE)))
		check->sealed = (uint64_t)number;
}

/* The outcome that a status comes of; absent where that is no end. */
static struct str
outcome_of(struct str status)
{
	static const struct {
		struct str outcome, status;
	} ends[] = {
		{STR_INIT("success"), STR_INIT("completed")},
		{STR_INIT("failure"), STR_INIT("faulted")},
		{STR_INIT("cancelled"), STR_INIT("cancelled")},
	};

	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (str_equal(status, ends[i].status))
			return ends[i].outcome;
	return (struct str){NULL, 0};
}

/* Lists, populations and samples go by the row. */
static void
check_end(struct check *check)
{
	const struct store_instance *row = check->row;
	struct str outcome = outcome_of(row->status);
	bool is_so = check->outcome.at != NULL
	    ? says_word(check, check->outcome, outcome) &&
		row->ended_ms == check->ended_ms
	    : outcome.at == NULL && row->ended_ms == 0;

	if (check->has_started && !is_so)
		set_fault(check, AUDIT_CHANGED, check->head.seq,
		    "the instance's row shows another end than its history");
	else if (check->is_unsalted && !check->is_erased)
		set_fault(check, AUDIT_CHANGED, check->head.seq,
		    "the salt that its digests were made with is missing, and "
		    "no record says that it was erased");
	else if (check->is_key_unsalted)
		set_fault(check, AUDIT_CHANGED, 1,
		    "the instance was erased, and its row shows another "
		    "business key than that left");
}

static const char *
explain(enum audit_fault fault)
{
	static const char *const why[] = {
		[AUDIT_SOUND] = "nothing is wrong",
		[AUDIT_MALFORMED] = "the record is not canonical JSON",
		[AUDIT_CHANGED] = "the record's text does not give its hash",
		[AUDIT_MISSING] = "a record before this one is missing",
		[AUDIT_REORDERED] = "the record stands here a second time, or "
		    "after a later one",
		[AUDIT_UNLINKED] = "the record was not sealed after the one "
		    "that stands before it",
		[AUDIT_CUT] = "records at the end are missing",
	};

	must(fault < COUNT_OF(why));
	return why[fault];
}

/* ---- purged ---- */

static bool
is_purged(const struct check *check)
{
	return str_equal(check->row->status, STR(STORE_PURGED));
}

/* Of a turn without texts there is its place and the hash that it ended with.
 * That it links to the one before can't be seen any more, but that none is
 * missing can; and the end is in the certificate. */
static bool
check_stub(struct check *check, const struct audit_record *record)
{
	uint64_t expected = check->head.seq + 1;

	must(record->seq >= record->purged_from);
	if (!is_purged(check))
		set_fault(check, AUDIT_CHANGED, expected,
		    "its text is gone, and the instance's row does not say "
		    "that it was purged");
	else if (record->purged_from != expected)
		set_fault(check, record->purged_from > expected
			? AUDIT_MISSING : AUDIT_REORDERED,
		    expected, "of a purged history, a turn is missing or "
		    "stands here twice");
	check->head = (struct audit_head){record->seq, record->hash};
	return check->fault == AUDIT_SOUND;
}

struct certificate {
	struct check *check;
	uint64_t seq;
	bool is_found;
};

static bool
is_instant(const struct value *item, const char *key, int64_t instant_ms)
{
	char text[CLOCK_TEXT_BYTES];

	return str_equal(value_field_str(item, key),
	    clock_format(instant_ms, text));
}

/* Whether that is what is left of the row that is checked. */
static bool
is_of_row(const struct check *check, const struct value *item)
{
	const struct store_instance *row = check->row;
	char hex[DIGEST_HEX_BYTES];
	int64_t seq, version;

	return value_to_int(value_field_or_null(item, "records"), &seq) &&
	    (uint64_t)seq == row->head.seq &&
	    str_equal(value_field_str(item, "hash"),
		digest_hex(row->head.hash, hex)) &&
	    str_equal(value_field_str(item, "workflow"), row->workflow) &&
	    value_to_int(value_field_or_null(item, "version"), &version) &&
	    version == row->version &&
	    str_equal(value_field_str(item, "status"), row->state) &&
	    is_instant(item, "started_at", row->started_ms) &&
	    is_instant(item, "ended_at", row->ended_ms);
}

/* Whether the certificate has this instance, with this end. */
static bool
certifies(struct check *check, const struct value *record)
{
	const struct value *list = value_field_or_null(record, "instances");

	if (!str_equal(value_field_str(record, "kind"),
		audit_journal_name(JOURNAL_PURGED)) ||
	    list->type != VALUE_LIST)
		return false;
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];
		uint64_t number;

		if (export_record_number(value_field_str(
			item, "instance"), &number) &&
		    number == check->number && is_of_row(check, item))
			return true;
	}
	return false;
}

static bool
certificate_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct certificate *certificate = arg;
	const struct value *read;

	must(number == STORE_JOURNAL);
	if (record->seq != certificate->seq)
		return record->seq < certificate->seq;
	read = export_record_read(
	    certificate->check->scratch, record->canonical);
	certificate->is_found =
	    read != NULL && certifies(certificate->check, read);
	return false;
}

/* Where the row says that the certificate stands in the journal. */
static enum store_error
find_certificate(struct check *check, uint64_t *seq)
{
	struct store_instance row;
	struct json_error error;
	const struct value *left, *place = &value_null;
	int64_t n;
	enum store_error found = store_find_instance(
	    check->store, check->scratch, check->number, &row);

	*seq = 0;
	if (found != STORE_OK)
		return found;
	left = json_read(check->scratch, row.snapshot, &error);
	if (left != NULL && left->type == VALUE_CONTEXT)
		place = value_field_or_null(left, "certificate");
	if (value_to_int(place, &n) && n > 0)
		*seq = (uint64_t)n;
	return STORE_OK;
}

static enum store_error
check_certificate(struct check *check)
{
	struct certificate certificate = {.check = check};
	enum store_error error;

	check->report->purged++;
	arena_reset(check->scratch);
	error = find_certificate(check, &certificate.seq);
	if (error == STORE_OK && certificate.seq > 0)
		error = store_each_record(check->store, STORE_JOURNAL,
		    certificate.seq, certificate_cb, &certificate);
	if (error == STORE_OK && !certificate.is_found)
		set_fault(check, AUDIT_CHANGED, 0,
		    "the history was purged, and no certificate in the "
		    "journal is for it");
	return error;
}

/* ---- record by record ---- */

static bool
check_record_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct check *check = arg;
	uint64_t expected = check->head.seq + 1;
	const struct value *read;
	struct audit_head place;

	must(number == check->number);
	if (record->purged_from != 0)
		return check_stub(check, record);
	check->report->records++;
	check->report->journal += number == STORE_JOURNAL;
	arena_reset(check->scratch);
	enum audit_fault fault = audit_verify_text(check->scratch,
	    record->canonical, record->hash, &place, &read);
	if (fault == AUDIT_SOUND)
		fault = audit_verify_place(&check->head, &place, record->hash);
	/* Without its first turn nothing of an instance can be read. */
	if (record->canonical.bytes == 0 && record->seq > expected)
		fault = AUDIT_MISSING;
	if (fault != AUDIT_SOUND) {
		/* The place is where the chain breaks; what a changed record
		 * says of its own is worth nothing. */
		set_fault(check, fault, expected, explain(fault));
		return false;
	}
	check_name(check, record, read);
	if (check->fault == AUDIT_SOUND && record->seq != expected)
		set_fault(check, AUDIT_CHANGED, expected,
		    "the row gives the record another place than its own");
	if (check->fault == AUDIT_SOUND && expected == 1)
		check_start(check, record, read);
	if (check->fault == AUDIT_SOUND)
		note_end(check, read);
	if (check->fault == AUDIT_SOUND)
		note_salted(check, read);
	if (check->fault == AUDIT_SOUND)
		note_checkpoint(check, read);
	return check->fault == AUDIT_SOUND;
}

/* What is known of the chain's end, by the instance's row, the chain being
 * sound. */
static void
check_head(struct check *check, const struct audit_head *known)
{
	if (check->head.seq < known->seq)
		set_fault(check, AUDIT_CUT, check->head.seq + 1,
		    "more records are known than there are");
	else if (check->head.seq > known->seq)
		set_fault(check, AUDIT_CHANGED, known->seq + 1,
		    "there are more records than are known");
	else if (!digest_equal(check->head.hash, known->hash))
		set_fault(check, AUDIT_CHANGED, known->seq,
		    "the last record is not the one that is known");
}

/* What an instance goes on from is no record, but what it will send next may
 * stand there alone. */
static enum store_error
check_snapshot(struct check *check)
{
	struct store_instance row;
	enum store_error error;

	arena_reset(check->scratch);
	error = store_find_instance(
	    check->store, check->scratch, check->number, &row);
	/* Of an old program's only records can be read. */
	if (error == STORE_OLDER)
		return STORE_OK;
	/* It was in the list. */
	if (error == STORE_ABSENT) {
		set_fault(check, AUDIT_MISSING, 0,
		    "the instance's row can't be found by its number: the "
		    "database is damaged");
		return STORE_OK;
	}
	if (error == STORE_OK && row.snapshot.at == NULL)
		set_fault(check, AUDIT_CHANGED, row.head.seq,
		    "the records are sound, but what the instance goes on "
		    "from (its snapshot) is damaged");
	return error;
}

static void
report_check(struct check *check)
{
	struct export_report first = {
		.fault = check->fault,
		.number = check->number,
		.seq = check->fault_seq,
	};
	size_t bytes = check->name.bytes;

	if (check->fault == AUDIT_SOUND)
		return;
	if (bytes >= sizeof(first.instance))
		bytes = sizeof(first.instance) - 1;
	if (bytes > 0)
		memcpy(first.instance, check->name.at, bytes);
	export_report_fault(check->report, &first, "%s%s",
	    check->number == STORE_JOURNAL ? "of the journal: " : "",
	    check->why);
}

static enum store_error
check_chain(struct check *check, const struct store_instance *row)
{
	check->row = row;
	check->number = row->number;
	check->head = (struct audit_head){0};
	check->name = (struct str){NULL, 0};
	check->is_unsalted = false;
	check->is_key_unsalted = false;
	check->has_salt = false;
	check->is_erased = false;
	check->paths = NULL;
	check->has_started = false;
	check->outcome = (struct str){NULL, 0};
	check->fault = AUDIT_SOUND;
	enum store_error error = store_each_record(check->store, row->number,
	    0, check_record_cb, check);
	if (error == STORE_OK && check->fault == AUDIT_SOUND)
		check_head(check, &row->head);
	if (error == STORE_OK && check->fault == AUDIT_SOUND &&
	    !is_purged(check))
		check_end(check);
	if (error == STORE_OK && check->fault == AUDIT_SOUND &&
	    row->number != STORE_JOURNAL)
		error = is_purged(check) ? check_certificate(check)
					 : check_snapshot(check);
	report_check(check);
	return error;
}

static enum store_error
check_instance(struct check *check, const struct store_instance *row)
{
	check->report->instances++;
	return check_chain(check, row);
}

/* It has no row, but an end that is known. */
static enum store_error
check_journal(struct check *check)
{
	struct store_instance row = {.number = STORE_JOURNAL};
	enum store_error error = store_find_journal(check->store, &row.head);

	return error == STORE_OK ? check_chain(check, &row) : error;
}

/* -------------------------------------------------------- all of a database */

/* Numbers [from, to) have no row. */
static enum store_error
report_missing(struct check *check, uint64_t from, uint64_t to)
{
	enum store_error error = from < to ?
	    store_unskipped(check->store, from, &from) : STORE_OK;
	struct export_report first = {.fault = AUDIT_MISSING, .number = from};

	if (error != STORE_OK || from >= to)
		return error;
	export_report_fault(check->report, &first, "%llu instance%s missing "
	    "from number %llu on: numbers are given without gaps",
	    (unsigned long long)(to - from), to - from == 1 ? " is" : "s are",
	    (unsigned long long)from);
	check->report->broken += to - from - 1;
	export_numbers_add(&check->numbers, from, to - 1); /* told */
	return STORE_OK;
}

static void
report_order(struct check *check, uint64_t number)
{
	struct export_report first = {
		.fault = AUDIT_REORDERED, .number = number};

	export_report_fault(check->report, &first,
	    "instances do not stand in order of their numbers");
}

static bool
add_to_page_cb(const struct store_instance *row, void *arg)
{
	struct check *check = arg;

	must(check->page_count < PAGE_INSTANCES);
	check->page[check->page_count].number = row->number;
	check->page[check->page_count].head = row->head;
	check->page[check->page_count].version = row->version;
	check->page[check->page_count].started_ms = row->started_ms;
	check->page[check->page_count].ended_ms = row->ended_ms;
	check->page[check->page_count].state =
	    arena_str(check->page_arena, row->state);
	check->page[check->page_count].status =
	    arena_str(check->page_arena, row->status);
	check->page[check->page_count].workflow =
	    arena_str(check->page_arena, row->workflow);
	check->page[check->page_count].business_key =
	    arena_str(check->page_arena, row->business_key);
	check->page_count++;
	return true;
}

static enum store_error
check_page(struct check *check, uint64_t *after)
{
	struct store_instance_filter filter = {
		.has_incident = -1,
		.after = *after,
		.limit = PAGE_INSTANCES,
		.resume_after = after,
	};

	arena_reset(check->page_arena);
	check->page = ARENA_ARRAY(check->page_arena, PAGE_INSTANCES,
	    struct store_instance);
	check->page_count = 0;
	enum store_error error = store_list_instances(check->store, &filter,
	    add_to_page_cb, check);
	for (size_t i = 0; i < check->page_count && error == STORE_OK; i++) {
		const struct store_instance *row = &check->page[i];
		/* Numbers are the key: its pages are damaged. */
		if (row->number < check->expected) {
			report_order(check, row->number);
			*after = 0;
			return STORE_OK;
		}
		error = report_missing(check, check->expected, row->number);
		check->expected = row->number + 1;
		export_numbers_add(
		    &check->numbers, row->number, row->number);
		if (error == STORE_OK)
			error = check_instance(check, row);
	}
	if (error == STORE_OK &&
	    !export_verify_tell(check->against, check->report))
		return STORE_STOPPED;
	return error;
}

/* ---- the texts that instances go by ---- */

static void
report_text(struct check *check, struct str kind, struct str name,
    const char *since)
{
	struct export_report first = {.fault = AUDIT_CHANGED};

	export_report_fault(check->report, &first,
	    "the text of %.*s `%.*s` %s was changed in the database",
	    STR_ARG(kind), STR_ARG(name), since);
}

static void
note_sensitive(struct check *check, struct digest digest,
    struct library_sensitive sensitive)
{
	struct library_sensitive *kept;
	char hex[DIGEST_HEX_BYTES];

	if (sensitive.count == 0)
		return;
	kept = ARENA_NEW(check->own, struct library_sensitive);
	*kept = sensitive;
	(void)map_put(check->sensitive, digest_hex(digest, hex), kept);
}

static void
check_definition_cb(const struct store_definition *row, void *arg)
{
	struct check *check = arg;
	struct library_sensitive sensitive;
	struct digest digest;
	char version[32];

	if (library_digest_and_sensitive(
		row->source, check->own, &digest, &sensitive) &&
	    digest_equal(digest, row->digest)) {
		note_sensitive(check, digest, sensitive);
		return;
	}
	snprintf(version, sizeof(version), "version %lld",
	    (long long)row->version);
	report_text(arg, STR("workflow"), row->name, version);
}

static void
check_document_cb(const struct store_document *row, void *arg)
{
	struct digest digest;
	char text[CLOCK_TEXT_BYTES], since[CLOCK_TEXT_BYTES + 8];

	if (library_document_digest(row->source, &digest) &&
	    digest_equal(digest, row->digest))
		return;
	snprintf(since, sizeof(since), "of %.*s",
	    STR_ARG(clock_format(row->since_ms, text)));
	report_text(arg, row->kind, row->name, since);
}

/* By their digests, which records name. */
static enum store_error
check_texts(struct check *check)
{
	enum store_error error = store_each_definition(
	    check->store, check_definition_cb, check);

	if (error == STORE_OK)
		error = store_each_document(
		    check->store, check_document_cb, check);
	return error;
}

static enum store_error
check_all(struct check *check)
{
	enum store_error error = store_freeze(check->store);
	uint64_t after = 0;

	if (error == STORE_OK)
		error = check_journal(check);
	if (error == STORE_OK)
		error = check_texts(check);
	check->expected = 1;
	do {
		if (error == STORE_OK)
			error = check_page(check, &after);
	} while (error == STORE_OK && after != 0);
	if (error == STORE_OK)
		error = report_missing(check, check->expected,
		    store_last_number(check->store) + 1);
	if (error == STORE_OK)
		error = seal_log_verify(check->store, check->against,
		    &check->numbers, check->sealed, check->report);
	export_numbers_fini(&check->numbers);
	store_thaw(check->store);
	return error;
}

static enum store_error
verify_database(struct check *check, struct str path, struct store_keys *keys,
    struct buf *detail)
{
	must(path.at != NULL);
	*check->report =
	    (struct export_report){.source = EXPORT_FROM_DATABASE};
	enum store_error error = store_open((struct store_options){
	    .path = path, .read_only = true, .older = true, .keys = keys},
	    &check->store, detail);
	if (error != STORE_OK)
		return error;
	check->page_arena = arena_new();
	check->scratch = arena_new();
	check->own = arena_new();
	check->sensitive = map_new();
	error = check_all(check);
	map_free(&check->sensitive);
	arena_free(&check->own);
	arena_free(&check->page_arena);
	arena_free(&check->scratch);
	store_close(&check->store);
	/* What one row leads to is in no other. */
	return error == STORE_ABSENT ? STORE_CORRUPT : error;
}

/* ------------------------------------------------------------------- either */

/* A database, or records, of which nothing is left. */
static void
report_empty(struct export_report *report)
{
	struct export_report first = {.fault = AUDIT_CUT};

	*report = (struct export_report){0};
	export_report_fault(report, &first,
	    "the file is empty: what it held is gone");
}

enum store_error
export_verify(struct str path, struct store_keys *keys,
    struct export_report *report, struct buf *detail)
{
	return export_verify_against(path,
	    &(struct export_against){.store_keys = keys}, report, detail);
}

/* *bytes: how many it has of them. */
static enum store_error
read_beginning(struct str path, char found[EXPORT_BUNDLE_BYTES],
    ssize_t *bytes, struct buf *detail)
{
	struct buf name = {0};

	buf_add_str(&name, path);
	int fd = open(buf_cstr(&name), O_RDONLY | O_CLOEXEC);
	*bytes = fd >= 0 ? read(fd, found, EXPORT_BUNDLE_BYTES) : -1;
	int code = errno;
	if (fd >= 0)
		close(fd);
	if (*bytes < 0 && detail != NULL)
		buf_addf(detail, "%s: %s", buf_cstr(&name),
		    strerrordesc_np(code));
	buf_fini(&name);
	if (*bytes >= 0)
		return STORE_OK;
	if (code == EISDIR)
		return STORE_FOREIGN;
	return code == ENOENT ? STORE_ABSENT : STORE_IO;
}

enum store_error
export_verify_against(struct str path, const struct export_against *against,
    struct export_report *report, struct buf *detail)
{
	struct check check = {.report = report, .against = against};
	char found[EXPORT_BUNDLE_BYTES] = {0};
	ssize_t bytes;
	enum export_source source = EXPORT_FROM_LINES;
	enum store_error error = read_beginning(path, found, &bytes, detail);

	if (error != STORE_OK)
		return error;
	if (store_is_beginning((struct str){found, sizeof(found)}))
		source = EXPORT_FROM_DATABASE;
	else if (export_is_bundle((struct str){found, (size_t)bytes}))
		source = EXPORT_FROM_BUNDLE;
	if (bytes == 0)
		report_empty(report);
	else if (source == EXPORT_FROM_DATABASE)
		error = verify_database(&check, path,
		    against != NULL ? against->store_keys : NULL, detail);
	else if (source == EXPORT_FROM_BUNDLE)
		error = export_verify_bundle(path, against, report, detail);
	else
		error = export_verify_file(path, against, report, detail);
	report->source = source;
	return error;
}
