/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditor_office.c: the installation: what is kept, held, erased and purged,
 * the journal and the log, versions, and who may call.
 */
#include "auditor_priv.h"

#define SALT_BYTES_MIN 16

struct str
auditor_secret(struct arena *arena, struct str k)
{
	char hex[DIGEST_HEX_BYTES];

	return arena_strf(arena, "secret-%.*s",
	    STR_ARG(str_slice(digest_hex(digest_sha256(k), hex), 0, 16)));
}

/* ---- holds ---- */

static struct hold *
find_hold(struct auditor *auditor, struct str id)
{
	struct hold *hold = auditor->holds;

	while (hold != NULL && !str_equal(hold->what.id, id))
		hold = hold->next;
	must(hold != NULL);
	return hold;
}

void
auditor_hold_asked(struct auditor *auditor, const struct auditor_hold *what)
{
	struct hold *hold = ARENA_NEW(auditor->arena, struct hold);

	hold->what.id = arena_str(auditor->arena, what->id);
	hold->what.scope = arena_str(auditor->arena, what->scope);
	hold->what.value = arena_str(auditor->arena, what->value);
	hold->next = auditor->holds;
	auditor->holds = hold;
}

/* What had happened by then is not held against it. */
void
auditor_hold_acknowledged(struct auditor *auditor, struct str id)
{
	auditor_look(auditor);
	find_hold(auditor, id)->is_acknowledged = true;
}

void
auditor_release_asked(struct auditor *auditor, struct str id)
{
	auditor_look(auditor);
	find_hold(auditor, id)->is_released = true;
}

struct str
auditor_hold_at(struct auditor *auditor, size_t at)
{
	const struct hold *hold;
	size_t count = 0;

	for (hold = auditor->holds; hold != NULL; hold = hold->next)
		count += !hold->is_released;
	if (count == 0)
		return (struct str){NULL, 0};
	at %= count;
	for (hold = auditor->holds; hold->is_released || at-- > 0;)
		hold = hold->next;
	return hold->what.id;
}

static bool
is_over(const struct hold *hold, const struct life *life)
{
	struct str scope = hold->what.scope, value = hold->what.value;

	return str_equal(value,
	    str_equal(scope, STR("instance"))	? life->id
	    : str_equal(scope, STR("key"))	? life->business_key
	    : str_equal(scope, STR("workflow")) ? life->workflow
						: life->k);
}

bool
auditor_is_held(
    const struct auditor *auditor, const struct life *life, bool is_sure)
{
	const struct hold *hold = auditor->holds;

	while (hold != NULL &&
	       ((is_sure && (!hold->is_acknowledged || hold->is_released)) ||
		   !is_over(hold, life)))
		hold = hold->next;
	return hold != NULL;
}

/* ---- the journal ---- */

static void
read_certificate(struct auditor *auditor, const struct value *record)
{
	const struct value *list = value_field_or_null(record, "instances");

	CHECK(auditor, list->type == VALUE_LIST, "a bad certificate", "%s",
	    "it has no instances");
	for (size_t i = 0; i < list->as.list.count; i++) {
		const struct value *item = list->as.list.items[i];
		struct str id =
		    value_field_str(item, "instance");
		struct certified *certified =
		    ARENA_NEW(auditor->arena, struct certified);

		certified->hash = arena_str(auditor->arena,
		    value_field_str(item, "hash"));
		CHECK(auditor,
		    auditor_take_int(item, "records", &certified->records),
		    "a bad certificate", "%.*s has no number of records",
		    STR_ARG(id));
		CHECK(auditor,
		    map_put(auditor->certified, id, certified) == NULL,
		    "purged twice", "%.*s has two certificates", STR_ARG(id));
	}
}

static bool
entry_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct auditor *auditor = arg;
	struct json_error error;
	const struct value *value;
	enum audit_fault fault = audit_verify_next(
	    &auditor->journal, record->canonical, record->hash);

	(void)number;
	CHECK(auditor, fault == AUDIT_SOUND, "the journal is not whole",
	    "record %llu: %.*s", (unsigned long long)record->seq,
	    STR_ARG(audit_fault_name(fault)));
	value = json_read(auditor->scratch, record->canonical, &error);
	must(value != NULL);
	if (str_equal(value_field_str(value, "kind"),
		STR("purged")))
		read_certificate(auditor, value);
	return true;
}

/* ---- the log ---- */

static bool
turn_cb(const struct store_turn *turn, void *arg)
{
	struct auditor *auditor = arg;

	CHECK(auditor, turn->index == auditor->turn_count,
	    "the log is not whole", "turn %llu comes after %zu",
	    (unsigned long long)turn->index, auditor->turn_count);
	auditor->turns = arena_grow(auditor->arena, auditor->turns,
	    auditor->turn_count, &auditor->turn_capacity,
	    sizeof(*auditor->turns));
	auditor->turns[auditor->turn_count++] = turn->hash;
	return true;
}

struct comparing {
	struct auditor *auditor;
	size_t at;
};

static bool
compare_cb(const struct store_turn *turn, void *arg)
{
	struct comparing *comparing = arg;
	struct auditor *auditor = comparing->auditor;

	CHECK(auditor,
	    turn->index == comparing->at &&
		digest_equal(turn->hash, auditor->turns[comparing->at]),
	    "the log has changed", "turn %zu is not what it was",
	    comparing->at);
	comparing->at++;
	return true;
}

/* No tree over it, and no proof by one, would be what it was. */
static void
compare_log(struct auditor *auditor)
{
	struct comparing comparing = {.auditor = auditor};

	if (auditor->turn_count == 0)
		return;
	must(store_each_turn(auditor->store, 0, auditor->turn_count,
		 compare_cb, &comparing) == STORE_OK);
	CHECK(auditor, comparing.at == auditor->turn_count,
	    "the log has changed", "of %zu turns %zu are there",
	    auditor->turn_count, comparing.at);
}

/* ---- what is purged and erased ---- */

static struct str
find_salt(struct auditor *auditor, const struct life *life)
{
	struct str salt = {NULL, 0};
	enum store_error error = store_find_salt(
	    auditor->store, auditor->scratch, life->number, &salt);

	must(error == STORE_OK || error == STORE_ABSENT);
	return error == STORE_OK ? salt : (struct str){NULL, 0};
}

static void
check_certificate(struct auditor *auditor, const struct life *life)
{
	const struct certified *certified =
	    map_find(auditor->certified, life->id);
	char hex[DIGEST_HEX_BYTES];

	CHECK(auditor, certified != NULL, "purged without a certificate",
	    "%.*s", STR_ARG(life->k));
	CHECK(auditor,
	    certified->records == (int64_t)life->head.seq &&
		str_equal(certified->hash, digest_hex(life->head.hash, hex)),
	    "a bad certificate", "%.*s had %llu records",
	    STR_ARG(life->k), (unsigned long long)life->head.seq);
}

static void
check_purge(struct auditor *auditor, const struct life *life,
    const struct store_instance *row)
{
	CHECK(auditor, life->ended_ms != 0, "purged too early",
	    "%.*s has not ended", STR_ARG(life->k));
	CHECK(auditor,
	    life->kept_ms > 0 &&
		row->changed_ms >= life->ended_ms + life->kept_ms,
	    "purged too early", "%.*s ended %lld ms before it was purged",
	    STR_ARG(life->k), (long long)(row->changed_ms - life->ended_ms));
	CHECK(auditor, !auditor_is_held(auditor, life, true),
	    "purged under a hold", "%.*s", STR_ARG(life->k));
	CHECK(auditor, str_equal(row->business_key, life->business_key),
	    "a key was lost", "%.*s was purged, and its key is gone",
	    STR_ARG(life->k));
}

static bool
emptied_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	(void)number;
	*(bool *)arg &= record->purged_from != 0;
	return true;
}

static bool
item_cb(const struct store_item *item, void *arg)
{
	(void)item;
	*(bool *)arg = true;
	return false;
}

static bool
has_items(struct auditor *auditor, uint64_t number)
{
	static const enum store_item_kind kinds[] = {
	    ITEM_TASK, ITEM_INCIDENT, ITEM_ESCALATION, ITEM_PROPOSAL};
	bool has = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && !has; i++) {
		struct store_item_filter filter = {
		    .kind = kinds[i],
		    .open = -1,
		    .instance = number,
		    .limit = 1,
		};

		must(store_list_items(auditor->store, &filter, item_cb, &has) ==
		     STORE_OK);
	}
	return has;
}

/* All of it went in one commit: these histories are short. */
static void
check_nothing_left(struct auditor *auditor, const struct life *life)
{
	bool is_empty = true;

	must(store_each_record(auditor->store, life->number, 1, emptied_cb,
		 &is_empty) == STORE_OK);
	CHECK(auditor, is_empty, "half-purged", "%.*s has records still",
	    STR_ARG(life->k));
	CHECK(auditor, !has_items(auditor, life->number), "half-purged",
	    "%.*s has tasks or incidents still", STR_ARG(life->k));
}

static void
check_gone(struct auditor *auditor, const struct life *life)
{
	struct store_instance row;
	struct str secret = auditor_secret(auditor->scratch, life->k);

	CHECK(auditor, find_salt(auditor, life).at == NULL, "a salt is left",
	    "%.*s is %s, and its digests can be guessed", STR_ARG(life->k),
	    life->is_purged ? "purged" : "erased");
	must(store_find_instance(auditor->store, auditor->scratch,
		 life->number, &row) == STORE_OK);
	CHECK(auditor,
	    row.snapshot.at == NULL ||
		str_find(row.snapshot, secret) == SIZE_MAX,
	    "not erased", "%.*s has what is sensitive still",
	    STR_ARG(life->k));
}

struct looking {
	struct auditor *auditor;
	struct life *life;
};

/* As it is durable. */
static bool
row_cb(const struct store_instance *row, void *arg)
{
	struct looking *looking = arg;
	struct auditor *auditor = looking->auditor;
	struct life *life = looking->life;
	bool is_purged = str_equal(row->status, STR(STORE_PURGED));

	CHECK(auditor, is_purged || !life->is_purged, "purged, and back",
	    "%.*s", STR_ARG(life->k));
	if (is_purged && !life->is_purged) {
		check_purge(auditor, life, row);
		life->is_purged = true;
		check_certificate(auditor, life);
		check_nothing_left(auditor, life);
	}
	if (life->is_purged || life->erased_ms != 0) {
		check_gone(auditor, life);
	} else if (life->salt.at == NULL) {
		struct str salt = find_salt(auditor, life);

		if (salt.bytes >= SALT_BYTES_MIN)
			life->salt = arena_str(auditor->arena, salt);
	}
	return false;
}

/* ---- versions ---- */

static struct versions *
versions_of(struct auditor *auditor, struct str workflow)
{
	struct versions *versions = map_find(auditor->versions, workflow);

	if (versions == NULL) {
		versions = ARENA_NEW(auditor->arena, struct versions);
		*versions = (struct versions){1, 1};
		map_put(auditor->versions, workflow, versions);
	}
	return versions;
}

void
auditor_publish_asked(
    struct auditor *auditor, struct str workflow, int64_t version)
{
	struct versions *versions = versions_of(auditor, workflow);

	if (versions->asked < version)
		versions->asked = version;
}

void
auditor_published(
    struct auditor *auditor, struct str workflow, int64_t version)
{
	struct versions *versions = versions_of(auditor, workflow);

	if (versions->published < version)
		versions->published = version;
}

int64_t
auditor_version(struct auditor *auditor, struct str workflow)
{
	return versions_of(auditor, workflow)->published;
}

int64_t
auditor_version_of(struct auditor *auditor, uint64_t instance)
{
	const struct life *life = auditor_life(auditor, instance);

	return life == NULL ? 0 : life->version;
}

/* ---- looking ---- */

static void
look_at(struct auditor *auditor, struct life *life)
{
	struct looking looking = {auditor, life};
	struct store_instance_filter filter = {
	    .has_incident = -1, .after = life->number - 1, .limit = 1};

	auditor_read(auditor, life);
	CHECK(auditor,
	    !life->began || life->version <=
				versions_of(auditor, life->workflow)->asked,
	    "another version", "%.*s is on version %lld, of which nobody asked",
	    STR_ARG(life->k), (long long)life->version);
	if (life->kept_ms == 0)
		return;
	must(store_list_instances(
		 auditor->store, &filter, row_cb, &looking) == STORE_OK);
}

void
auditor_look(struct auditor *auditor)
{
	size_t cursor = 0;
	struct str key;
	void *life;

	auditor_reading(auditor, true);
	auditor_meet(auditor);
	must(store_each_record(auditor->store, STORE_JOURNAL,
		 auditor->journal.seq + 1, entry_cb, auditor) == STORE_OK);
	must(store_each_turn(auditor->store, auditor->turn_count, SIZE_MAX >> 1,
		 turn_cb, auditor) == STORE_OK);
	while (map_next(auditor->lives, &cursor, &key, &life))
		look_at(auditor, life);
	auditor_reading(auditor, false);
}

static void
check_bytes(struct auditor *auditor, const struct life *life)
{
	struct str secret = auditor_secret(auditor->scratch, life->k);
	void *arg = auditor->options.arg;

	CHECK(auditor,
	    life->salt.at == NULL ||
		!auditor->options.has_bytes(arg, life->salt),
	    "a salt is left", "the files have that of %.*s",
	    STR_ARG(life->k));
	CHECK(auditor, !auditor->options.has_bytes(arg, secret), "not erased",
	    "the files have what is sensitive of %.*s", STR_ARG(life->k));
}

static void
check_files(struct auditor *auditor)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	while (map_next(auditor->lives, &cursor, &key, &value)) {
		const struct life *life = value;

		if (life->is_purged || life->erased_ms != 0)
			check_bytes(auditor, life);
	}
}

static bool
journal_cb(uint64_t number, const struct audit_record *record, void *arg)
{
	struct auditor *auditor = arg;

	(void)number;
	CHECK(auditor,
	    record->seq == auditor->journal.seq &&
		digest_equal(record->hash, auditor->journal.hash),
	    "what was durable is gone", "of the journal, after record %llu",
	    (unsigned long long)auditor->journal.seq);
	return false;
}

void
auditor_look_again(struct auditor *auditor)
{
	compare_log(auditor);
	if (auditor->journal.seq > 0)
		must(store_each_record(auditor->store, STORE_JOURNAL,
			 auditor->journal.seq, journal_cb,
			 auditor) == STORE_OK);
	/* Nobody would look for what is left. */
	if (store_is_scrubbed(auditor->store))
		check_files(auditor);
}

/* ---- the connection ---- */

void
auditor_pause_acknowledged(struct auditor *auditor)
{
	auditor->is_paused = true;
	auditor->paused_ms = *auditor->options.now_ms;
	if (auditor->paused_ms < auditor->latest_ms)
		auditor->paused_ms = auditor->latest_ms;
}

void
auditor_set_back(struct auditor *auditor)
{
	if (auditor->latest_ms < *auditor->options.now_ms)
		auditor->latest_ms = *auditor->options.now_ms;
}

void
auditor_resume_asked(struct auditor *auditor)
{
	auditor->is_paused = false;
}

/* ---- the end ---- */

void
auditor_check_purged(struct auditor *auditor)
{
	size_t cursor = 0;
	struct str key;
	void *value;

	auditor_look(auditor);
	auditor_reading(auditor, true);
	compare_log(auditor);
	auditor_reading(auditor, false);
	CHECK(auditor, store_is_scrubbed(auditor->store), "not erased", "%s",
	    "the log of what was is still to be emptied");
	while (map_next(auditor->lives, &cursor, &key, &value)) {
		const struct life *life = value;

		CHECK(auditor, life->kept_ms == 0 || life->is_purged,
		    "not purged", "%.*s ended, and its time is over",
		    STR_ARG(life->k));
	}
	check_files(auditor);
}
