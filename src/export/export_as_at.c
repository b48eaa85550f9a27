/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_as_at.c: where every instance stood at an instant, by its history.
 *
 * The records up to the instant are gone through, and nothing that a row
 * knows of later is looked at.  Each line has the hash of the last record
 * that it is made of, so that it can be found in an export and proved.
 */
#include "export_priv.h"

#include "stated/clock.h"
#include "stated/json.h"

/* What the records so far say of the instance that is told. */
struct export_standing {
	struct str workflow;
	int64_t version;
	struct str business_key;
	struct str ended_as; /* status; absent: it goes on */
	bool is_suspended;
	int64_t started_ms;
	int64_t changed_ms;
	int64_t ended_ms;
	uint64_t seq;
	struct digest hash;
};

static void
open(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	struct export_standing *standing =
	    ARENA_NEW(telling->own, struct export_standing);

	(void)out;
	export_record_name(telling, row);
	standing->workflow = arena_str(telling->own, row->instance->workflow);
	telling->standing = standing;
	buf_clear(&telling->states);
}

static bool
has_word(struct str words, struct str word)
{
	while (words.bytes > 0)
		if (str_equal(str_split(words, ' ', &words), word))
			return true;
	return false;
}

/* Without those that were left, and with those that were entered. */
static void
move(struct export_telling *telling, struct str left, struct str entered)
{
	struct str states = arena_str(telling->scratch,
	    buf_str(&telling->states));

	buf_clear(&telling->states);
	while (states.bytes > 0) {
		struct str state = str_split(states, ' ', &states);
		if (has_word(left, state) || has_word(entered, state))
			continue;
		buf_add_str(&telling->states, state);
		buf_add_char(&telling->states, ' ');
	}
	buf_add_str(&telling->states, entered);
}

static void
take_version(struct export_standing *standing, const struct value *record,
    const char *key)
{
	const struct value *version = value_field_or_null(record, key);

	(void)!value_to_int(version, &standing->version);
}

static void
start(struct export_telling *telling, const struct value *record)
{
	struct export_standing *standing = telling->standing;
	struct str workflow = value_field_str(record, "workflow");

	if (workflow.bytes > 0)
		standing->workflow = arena_str(telling->own, workflow);
	standing->business_key =
	    arena_str(telling->own, value_field_str(record, "business_key"));
	standing->started_ms = export_record_time_or_zero(record);
	take_version(standing, record, "version");
}

static void
end_instance(struct export_standing *standing, const struct value *record)
{
	struct str outcome = value_field_str(record, "outcome");

	standing->ended_ms = export_record_time_or_zero(record);
	if (str_equal(outcome, STR("success")))
		standing->ended_as = STR("completed");
	else if (str_equal(outcome, STR("cancelled")))
		standing->ended_as = STR("cancelled");
	else
		standing->ended_as = STR("faulted");
}

static void
take(struct export_telling *telling, const struct value *record)
{
	struct export_standing *standing = telling->standing;

	switch (export_kind_of(record)) {
	case AUDIT_STARTED:
		start(telling, record);
		break;
	case AUDIT_ENTERED:
		move(telling, value_field_str(record, "from"),
		    value_field_str(record, "to"));
		break;
	case AUDIT_MIGRATED:
		take_version(standing, record, "to_version");
		buf_clear(&telling->states);
		buf_add_str(&telling->states, value_field_str(record, "to"));
		break;
	case AUDIT_SUSPENDED:
	case AUDIT_RESUMED:
		standing->is_suspended =
		    export_kind_of(record) == AUDIT_SUSPENDED;
		break;
	case AUDIT_CANCELLED: /* only an operator's own ends a suspension */
		if (value_get_cstr(record, "parent") == NULL)
			standing->is_suspended = false;
		break;
	case AUDIT_ENDED:
		end_instance(standing, record);
		break;
	default:
		break;
	}
}

/* Of one that was purged, the row says when it was there, and how it ended;
 * where it stood meanwhile nobody can tell any more. */
static void
take_purged(struct export_telling *telling, const struct export_row *row)
{
	struct export_standing *standing = telling->standing;
	const struct export_instance *instance = row->instance;
	int64_t to_ms = telling->options->to_ms;

	standing->version = instance->version;
	standing->business_key =
	    arena_str(telling->own, instance->business_key);
	standing->started_ms = instance->started_ms;
	buf_add_cstr(&telling->states, STORE_PURGED);
	if (to_ms > 0 && instance->ended_ms >= to_ms)
		return;
	standing->ended_as = arena_str(telling->own, instance->state);
	standing->ended_ms = instance->ended_ms;
	standing->changed_ms = instance->ended_ms;
	standing->seq = row->record.seq;
	standing->hash = row->record.hash;
}

static void
add(struct export_telling *telling, struct buf *out,
    const struct export_row *row)
{
	struct export_standing *standing = telling->standing;
	const struct value *record;

	(void)out;
	if (export_is_purged(row->instance)) {
		take_purged(telling, row);
		return;
	}
	record = export_record_read_or_empty(telling->scratch, row);
	standing->changed_ms = export_record_time_or_zero(record);
	standing->seq = row->record.seq;
	standing->hash = row->record.hash;
	take(telling, record);
}

/* -------------------------------------------------------------------- lines */

static struct str
status_of(const struct export_standing *standing)
{
	if (standing->ended_as.at != NULL)
		return standing->ended_as;
	return standing->is_suspended ? STR("suspended") : STR("open");
}

static const struct value *
line_of(const struct export_telling *telling)
{
	const struct export_standing *standing = telling->standing;
	struct value_builder *built = value_build_context(telling->own);
	char hex[DIGEST_HEX_BYTES];

	value_put_str(built, "instance", buf_str(&telling->name));
	value_put_str(built, "workflow", standing->workflow);
	value_put_int(built, "version", standing->version);
	value_put_str(built, "business_key", standing->business_key);
	value_put_str(built, "status", status_of(standing));
	value_put_str(built, "state",
	    str_trim(buf_str(&telling->states)));
	value_put_instant(built, "started_at", standing->started_ms);
	value_put_instant(built, "changed_at", standing->changed_ms);
	value_put_instant(built, "ended_at", standing->ended_ms);
	/* Where its history is gone, what was its last record then. */
	if (standing->seq > 0) {
		value_put_int(built, "seq", (int64_t)standing->seq);
		value_put_str(built, "hash", digest_hex(standing->hash, hex));
	}
	return value_built(built);
}

static void
shut_json(struct export_telling *telling, struct buf *out)
{
	json_write(line_of(telling), JSON_PLAIN, out);
	buf_add_char(out, '\n');
}

static const char *const columns[] = {"instance", "workflow", "version",
    "business_key", "status", "state", "started_at", "changed_at", "ended_at",
    "seq", "hash"};
#define COLUMN_COUNT (COUNT_OF(columns))

static enum store_error
begin_csv(struct export_telling *telling, struct buf *out)
{
	(void)telling;
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		buf_addf(out, "%s%s", i > 0 ? "," : "", columns[i]);
	buf_add_cstr(out, "\r\n");
	return STORE_OK;
}

static void
shut_csv(struct export_telling *telling, struct buf *out)
{
	const struct value *line = line_of(telling);

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		export_csv_cell(out, value_field_or_null(line, columns[i]));
	}
	buf_add_cstr(out, "\r\n");
}

const struct export_format_functions export_format_as_at = {
    .tells_purged = true,
    .open = open,
    .add = add,
    .shut = shut_json,
};
const struct export_format_functions export_format_as_at_csv = {
    .tells_purged = true,
    .begin = begin_csv,
    .open = open,
    .add = add,
    .shut = shut_csv,
};
