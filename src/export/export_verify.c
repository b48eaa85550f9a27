/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_verify.c: proving that a database's histories are whole.
 *
 * Three things are compared that somebody who changes one has to change too:
 * the records with their hashes, the hashes with one another, and the end of
 * each chain with what the instance's row says it is.  Numbers of instances
 * have no gaps but those that a restore leaves, so an instance that was
 * removed is missed.
 */
#include "export_priv.h"

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

/* ------------------------------------------------------------- one instance */

struct check {
	struct store *store;
	struct export_report *report;
	export_watch_fn *watch; /* may be NULL */
	void *watch_arg;
	struct arena *page_arena;
	struct arena *scratch;
	struct store_instance *page;
	size_t page_count;
	uint64_t expected; /* number of the next instance */

	/* The instance at hand: */
	const struct store_instance *row; /* the one that is checked */
	uint64_t number;
	struct audit_head head;
	struct str name; /* as its first record has it */
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

/* A sound chain under another instance's number is a fault all the same. */
static void
check_name(struct check *check, const struct audit_record *sealed)
{
	const struct value *record = export_record_read(check->scratch,
	    sealed->canonical);
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
}

/* What the row shows must be what the first record says; where the definition
 * calls the key sensitive, the record has its digest. */
static bool
says(const struct value *record, const char *key, struct str shown)
{
	struct str said = value_str(value_get_cstr(record, key));
	char hex[DIGEST_HEX_BYTES];

	if (str_equal(said, shown))
		return true;
	if (shown.at == NULL || !str_has_prefix(said, STR("sha256:")))
		return false;
	return str_equal(str_slice(said, 7, said.bytes),
	    digest_hex(digest_sha256(shown), hex));
}

static void
check_row(struct check *check, const struct audit_record *sealed)
{
	const struct value *record = export_record_read(check->scratch,
	    sealed->canonical);

	if (!str_equal(value_str(value_get_cstr(record, "kind")),
	    audit_kind_name(AUDIT_STARTED)))
		return;
	if (!says(record, "workflow", check->row->workflow) ||
	    !says(record, "business_key", check->row->business_key))
		set_fault(check, AUDIT_CHANGED, sealed->seq,
		    "the instance's row shows another workflow or business key "
		    "than it began with");
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

static bool
check_record_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct check *check = arg;
	uint64_t expected = check->head.seq + 1;

	must(number == check->number);
	check->report->records++;
	enum audit_fault fault = audit_verify_next(&check->head,
	    record->canonical, record->hash);
	/* Without its first turn nothing of an instance can be read. */
	if (record->canonical.bytes == 0 && record->seq > expected)
		fault = AUDIT_MISSING;
	if (fault != AUDIT_SOUND) {
		/* The place is where the chain breaks; what a changed record
		 * says of its own is worth nothing. */
		set_fault(check, fault, expected, explain(fault));
		return false;
	}
	arena_reset(check->scratch);
	check_name(check, record);
	if (record->seq != expected)
		set_fault(check, AUDIT_CHANGED, expected,
		    "the row gives the record another place than its own");
	if (expected == 1)
		check_row(check, record);
	return check->fault == AUDIT_SOUND;
}

/* What the row says of the chain's end, the chain being sound. */
static void
check_head(struct check *check, const struct audit_head *known)
{
	if (check->head.seq < known->seq)
		set_fault(check, AUDIT_CUT, check->head.seq + 1,
		    "the instance's row knows of more records than there are");
	else if (check->head.seq > known->seq)
		set_fault(check, AUDIT_CHANGED, known->seq + 1,
		    "there are more records than the instance's row knows of");
	else if (!digest_equal(check->head.hash, known->hash))
		set_fault(check, AUDIT_CHANGED, known->seq,
		    "the last record is not the one that the instance's row "
		    "knows of");
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
	export_report_fault(check->report, &first, "%s", check->why);
}

static enum store_error
check_instance(struct check *check, const struct store_instance *row)
{
	check->report->instances++;
	check->row = row;
	check->number = row->number;
	check->head = (struct audit_head){0};
	check->name = (struct str){NULL, 0};
	check->fault = AUDIT_SOUND;
	enum store_error error = store_each_record(check->store, row->number,
	    0, check_record_cb, check);
	if (error == STORE_OK && check->fault == AUDIT_SOUND)
		check_head(check, &row->head);
	report_check(check);
	return error;
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
	return STORE_OK;
}

static bool
add_to_page_cb(const struct store_instance *row, void *arg)
{
	struct check *check = arg;

	must(check->page_count < PAGE_INSTANCES);
	check->page[check->page_count].number = row->number;
	check->page[check->page_count].head = row->head;
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
		must(row->number >= check->expected);
		error = report_missing(check, check->expected, row->number);
		check->expected = row->number + 1;
		if (error == STORE_OK)
			error = check_instance(check, row);
	}
	if (error == STORE_OK && check->watch != NULL &&
	    !check->watch(check->report, check->watch_arg))
		return STORE_STOPPED;
	return error;
}

static enum store_error
check_all(struct check *check)
{
	enum store_error error = store_freeze(check->store);
	uint64_t after = 0;

	check->expected = 1;
	do {
		if (error == STORE_OK)
			error = check_page(check, &after);
	} while (error == STORE_OK && after != 0);
	if (error == STORE_OK)
		error = report_missing(check, check->expected,
		    store_last_number(check->store) + 1);
	store_thaw(check->store);
	return error;
}

enum store_error
export_verify_database(struct str path, struct store_keys *keys,
    struct export_report *report, struct buf *detail)
{
	return export_verify_watched(path, keys, NULL, NULL, report, detail);
}

enum store_error
export_verify_watched(struct str path, struct store_keys *keys,
    export_watch_fn *watch, void *arg, struct export_report *report,
    struct buf *detail)
{
	struct check check = {
	    .report = report, .watch = watch, .watch_arg = arg};

	must(path.at != NULL);
	*report = (struct export_report){0};
	enum store_error error = store_open((struct store_options){
	    .path = path, .read_only = true, .older = true, .keys = keys},
	    &check.store, detail);
	if (error != STORE_OK)
		return error;
	check.page_arena = arena_new();
	check.scratch = arena_new();
	error = check_all(&check);
	arena_free(&check.page_arena);
	arena_free(&check.scratch);
	store_close(&check.store);
	return error;
}

/* ------------------------------------------------------------------- either */

enum store_error
export_verify(struct str path, struct store_keys *keys,
    struct export_report *report, struct buf *detail)
{
	char found[EXPORT_BUNDLE_BYTES] = {0};
	struct buf name = {0};

	buf_add_str(&name, path);
	int fd = open(buf_cstr(&name), O_RDONLY | O_CLOEXEC);
	int code = errno;
	ssize_t bytes = fd >= 0 ? read(fd, found, sizeof(found)) : -1;
	if (fd >= 0)
		close(fd);
	if (fd < 0 && detail != NULL)
		buf_addf(detail, "%s: %s", buf_cstr(&name),
		    strerrordesc_np(code));
	buf_fini(&name);
	if (fd < 0)
		return code == ENOENT ? STORE_ABSENT : STORE_IO;
	if (store_is_beginning((struct str){found, sizeof(found)}))
		return export_verify_database(path, keys, report, detail);
	if (export_is_bundle(
		(struct str){found, bytes > 0 ? (size_t)bytes : 0}))
		return export_verify_bundle(path, report, detail);
	return export_verify_file(path, report, detail);
}
