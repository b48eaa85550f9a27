/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_duties.c: nobody does alone what takes two, by whatever door.
 *
 * People are known by their tokens, of which one may have several; they come
 * over many connections at once, by other people's roles, by events and by
 * corrections.  What takes a second person waits for one through a kill.
 */
#include "house.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* A token's text is "t-" and the first word; its name is who they are. */
static const char people[] =
    "auth:\n"
    "  required: true\n"
    "  tokens:\n"
#define PERSON(name, sha256, roles) \
	"    - {name: \"" name "\", sha256: " sha256 ", roles: [" roles "]}\n"
    PERSON("ann", "b9382ae65bf200e3350f913c9c98f85340bd0ffff6d864c5c9c6829d2c5"
		  "b05dd", "initiator, \"approver:clerk\"")
    PERSON("Ann", "1c601317c8d82676577f601b20686ef72ac2956dfe7f5c401e8787fee8a"
		  "58e6c", "\"approver:clerk\", \"approver:head\"") /* ann-too */
    /* ann-operates */
    PERSON(" ANN ", "1c0f8bcff66b181ec4def0dbe41a8204ccf73d979e745e6c04dfecbee"
		    "85c2dda", "operator, events")
    PERSON("bob", "163ed35a3b77f52fb74c241b2b0ecf3930aac9b7b1533e268bb9e611a5e"
		  "433d0", "operator, publisher")
    PERSON("cyd", "c462fc61f3826990fb262d4e8654f3b78f32ead626e7f13c1832d2d01a2"
		  "f846c", "operator, publisher")
    PERSON("dan", "b6511be35804146bf35b3b2d7daf60fec5ae515606f779e20591fe335a3"
		  "0d051", "\"approver:clerk\"")
    PERSON("Dan", "4d10c68f4cb6ead2fab12ea83842532ff25cec800990308aad3852ce51c"
		  "12528", "\"approver:clerk\"") /* dan-too */
    PERSON("DAN", "2cf3b01e37017564b4b62d6e7820dc42d4597373e2755c7a0dc70b1af3e"
		  "6b879", "\"approver:clerk\"") /* dan-again */
    PERSON("eve", "c1c5613c9789de6dd30d015a5eecff1af097e2b4484323a175609682ef5"
		  "24b17", "initiator")
    PERSON("fay", "8aa5e88ad21a28e7649db2ff40f11b84c6582745aa76e750fa95fc76819"
		  "8dbb7", "\"approver:clerk\"")
    PERSON("ada", "f30b90facf99182be47c9e426ccab4d2716b1e5c932f391d6e2a4c56ceb"
		  "203ca", "author")
    "publishing: {second-person: true}\n";

static const char with_alarm[] = "break-glass: {contact: desk-of-duties}\n";

/* What is approved by two clerks who did not begin it, and corrected by two
 * operators. */
static const char workflow[] =
    "contact: desk-of-duties\n"
    "notify: [{log: error}]\n"
    "---\n"
    "workflow: duty\n"
    "version: 1\n"
    "owner: desk-of-duties\n"
    "incident: {max-age: 4h}\n"
    "hold: 1s\n"
    "separate: [[initiate, approve], [initiate, correct, confirm]]\n"
    "business-key: = input.key\n"
    "events: {go: {}, late: {correlate: = input.key + \"-late\"}}\n"
    "initial: sound\n"
    "states:\n"
    "  sound:\n"
    "    entry: [{require: = input.sound, code: unsound}]\n"
    "    on: {done: asking}\n"
    "  asking:\n"
    "    user-task: {title: Pay?, role: clerk, approvals: = input.clerks}\n"
    "    on: {approved: waiting, rejected: over}\n"
    "    after: {10d: over}\n"
    "  waiting:\n"
    "    on: {go: over, late: over}\n"
    "    after: {10d: over}\n"
    "  over: {type: final, outcome: success}\n";

static struct house *
open_house(const char *config, bool has_alarm)
{
	static struct house_options options;
	static char all[sizeof(people) + sizeof(with_alarm)];
	struct house *house;

	snprintf(all, sizeof(all), "%s%s", config, has_alarm ? with_alarm : "");
	options = (struct house_options){.config = all};
	house = house_build(&options);
	house_write(house, "workflows/duty.yaml", workflow);
	house_start_engine(house);
	return house;
}

/* ---- as somebody ---- */

static struct ask
ask_of(char header[64], const char *who, const char *path, const char *body)
{
	snprintf(header, 64, "authorization: Bearer t-%s", who);
	return (struct ask){
	    .path = path,
	    .body = body,
	    .headers = {header, body ? "content-type: application/json" : NULL},
	};
}

static struct reply *
post(struct house *house, const char *who, const char *path, const char *body)
{
	char header[64];
	struct ask ask = ask_of(header, who, path, body);

	return house_ask(house, &ask);
}

static struct reply *
get(struct house *house, const char *who, const char *path)
{
	return post(house, who, path, NULL);
}

/* act NULL: to look at it. */
static const char *
path_of(const char *kind, const char *id, const char *act)
{
	static char paths[8][256];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "/v1/%s/%s%s%s", kind, id,
	    act ? "/" : "", act ? act : "");
	return path;
}

/* Starts one as ann; what it waits for is in the answer. */
static struct reply *
start(struct house *house, const char *key, bool is_sound, int clerks)
{
	char body[160];
	struct reply *reply;

	snprintf(body, sizeof(body),
	    "{\"input\":{\"key\":\"%s\",\"sound\":%s,\"clerks\":%d}}", key,
	    is_sound ? "true" : "false", clerks);
	reply = post(house, "ann", "/v1/workflows/duty/instances", body);
	assert_status(reply, 201);
	return reply;
}

static struct reply *
look(struct house *house, const char *key)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/instances/%s?workflow=duty", key);
	return get(house, "bob", path);
}

static void
assert_state(struct house *house, const char *key, const char *state)
{
	assert_string_equal(text_at(look(house, key)->json, "state"), state);
}

static size_t
count_records(struct house *house, const char *key, const char *kind)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/instances/%s/history?limit=1000",
	    key);
	return json_count_with(
	    json_at(get(house, "bob", path)->json, "items"), "kind", kind);
}

static size_t
count_journal(struct house *house, const char *kind)
{
	return json_count_with(
	    json_at(get(house, "bob", "/v1/journal?limit=1000")->json,
		"items"),
	    "kind", kind);
}

/* ---- many at once ---- */

#define CALLERS 24

struct caller {
	pthread_t thread;
	const char *url;
	const char *who;
	const char *path;
	const char *body;
	pthread_barrier_t *barrier;
	int status;
};

static void *
call(void *arg)
{
	struct caller *caller = arg;
	char header[64];
	struct ask ask =
	    ask_of(header, caller->who, caller->path, caller->body);
	struct reply *reply;

	ask.url = caller->url;
	pthread_barrier_wait(caller->barrier);
	reply = ask_once(&ask);
	caller->status = reply->status;
	reply_free(reply);
	return NULL;
}

/* Each over a connection of its own; gives how many were done. */
static size_t
call_at_once(const struct house *house, const char *const *who, size_t kinds,
    const char *path, const char *body)
{
	struct caller callers[CALLERS];
	pthread_barrier_t barrier;
	size_t done = 0;

	assert_int_equal(pthread_barrier_init(&barrier, NULL, CALLERS), 0);
	for (size_t i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){
		    .url = house->url,
		    .who = who[i % kinds],
		    .path = path,
		    .body = body,
		    .barrier = &barrier,
		};
		assert_int_equal(pthread_create(&callers[i].thread, NULL,
				     call, &callers[i]),
		    0);
	}
	for (size_t i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		done += callers[i].status == 200;
		assert_true(callers[i].status == 200 ||
			    callers[i].status == 403 ||
			    callers[i].status == 409);
	}
	pthread_barrier_destroy(&barrier);
	return done;
}

/* ---- approvals ---- */

static void
test_one_person_counts_once_over_many_tokens_and_connections(void **state)
{
	static const char *const dans[] = {"dan", "dan-too", "dan-again"};
	struct house *house = open_house(people, false);
	json_t *json = start(house, "D-1", true, 2)->json;
	const char *path =
	    path_of("tasks", text_at(json, "tasks.0.id"), "decide");

	(void)state;
	assert_int_equal(call_at_once(house, dans, 3, path,
			     "{\"choice\":\"approved\"}"),
	    1);
	assert_state(house, "D-1", "asking");
	assert_int_equal(count_records(house, "D-1", "task-decided"), 1);
	assert_int_equal(count_records(house, "D-1", "refused"), CALLERS - 1);
	assert_status(
	    post(house, "fay", path, "{\"choice\":\"approved\"}"), 200);
	assert_state(house, "D-1", "waiting");
	house_close(&house);
}

static void
delegate(struct house *house, const char *who, const char *to,
    const char *until, int status)
{
	char body[160];

	snprintf(body, sizeof(body),
	    "{\"role\":\"approver:clerk\",\"to\":\"%s\",\"until\":\"%s\"}", to,
	    until);
	assert_status(post(house, who, "/v1/delegations", body), status);
}

static void
test_who_began_it_approves_it_by_no_path(void **state)
{
	static const char *const anns[] = {"ann", "ann-too"};
	static const char yes[] = "{\"choice\":\"approved\"}";
	struct house *house = open_house(people, true);
	json_t *json = start(house, "D-2", true, 1)->json;
	const char *id = text_at(json, "tasks.0.id");
	const char *path = path_of("tasks", id, "decide");
	struct ask as_dan = {
	    .path = path,
	    .body = yes,
	    .headers = {"authorization: Bearer t-ann",
		"content-type: application/json", "x-stated-actor: dan"},
	};

	(void)state;
	assert_int_equal(call_at_once(house, anns, 2, path, yes), 0);
	assert_problem(house_ask(house, &as_dan), 403, "four-eyes");
	/* In another's name; another in hers. */
	delegate(house, "fay", "ANN", "1h", 201);
	delegate(house, "ann-too", "eve", "1h", 201);
	assert_problem(post(house, "ann", path, yes), 403, "four-eyes");
	assert_problem(post(house, "eve", path, yes), 403, "four-eyes");
	/* By an event, by a correction, and by ending it as it stands. */
	assert_status(post(house, "ann-operates", "/v1/events",
			  "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":"
			  "\"ann\",\"type\":\"approved\",\"subject\":"
			  "\"D-2\",\"datacontenttype\":\"application/json\"}"),
	    202);
	assert_problem(post(house, "ann-operates",
			   "/v1/instances/D-2/cancel?workflow=duty",
			   "{\"compensate\":true}"),
	    403, "four-eyes");
	assert_problem(post(house, "ann-operates",
			   "/v1/instances/D-2/cancel?workflow=duty",
			   "{\"compensate\":true,\"break_glass\":\"me\"}"),
	    403, "four-eyes");
	assert_state(house, "D-2", "asking");
	assert_int_equal(count_records(house, "D-2", "task-decided"), 0);
	assert_int_equal(
	    count_records(house, "D-2", "refused"), CALLERS + 1 + 2 + 2);
	assert_status(post(house, "dan", path, yes), 200);
	assert_state(house, "D-2", "waiting");
	house_close(&house);
}

/* The task can't even be opened: to leave it out is to stand in for all who
 * would have decided it. */
static void
test_who_began_it_leaves_no_task_out(void **state)
{
	struct house *house = open_house(people, true);
	json_t *json = start(house, "D-3", true, 0)->json;
	const char *path =
	    path_of("incidents", text_at(json, "incidents.0.id"), "skip");

	(void)state;
	assert_string_equal(
	    text_at(json, "incidents.0.kind"), "task-not-opened");
	assert_problem(
	    post(house, "ann-operates", path, "{}"), 403, "four-eyes");
	assert_problem(post(house, "ann-operates", path,
			   "{\"break_glass\":\"it is mine\"}"),
	    403, "four-eyes");
	assert_status(post(house, "bob", path, "{}"), 202);
	assert_state(house, "D-3", "asking");
	house_close(&house);
}

/* ---- delegations ---- */

static void
test_delegation_counts_for_both_and_ends_by_itself(void **state)
{
	static const char yes[] = "{\"choice\":\"approved\"}";
	struct house *house = open_house(people, false);
	json_t *json = start(house, "D-4", true, 2)->json;
	const char *path =
	    path_of("tasks", text_at(json, "tasks.0.id"), "decide");
	struct reply *list;

	(void)state;
	assert_problem(post(house, "eve", path, yes), 403, "role-required");
	delegate(house, "eve", "cyd", "1h", 403); /* she has none */
	delegate(house, "dan", "eve", "3s", 201);
	program_kill(&house->engine);
	house_start_engine(house);
	assert_status(post(house, "eve", path, yes), 200);
	/* It was his decision, too; and what she has she can't hand on. */
	assert_problem(
	    post(house, "dan-too", path, yes), 409, "already-decided");
	assert_problem(post(house, "eve", path, yes), 409, "already-decided");
	assert_string_equal(
	    text_at(look(house, "D-4")->json,
		"tasks.0.decisions.0.on_behalf_of"),
	    "dan");
	time_sleep(3200);
	json = start(house, "D-5", true, 1)->json;
	path = path_of("tasks", text_at(json, "tasks.0.id"), "decide");
	assert_problem(post(house, "eve", path, yes), 403, "role-required");
	list = get(house, "bob", "/v1/delegations");
	assert_int_equal(json_array_size(json_at(list->json, "items")), 0);
	list = get(house, "bob", "/v1/delegations?open=false");
	assert_string_equal(text_at(list->json, "items.0.status"), "ended");
	assert_int_equal(count_journal(house, "delegation-given"), 1);
	house_verify(house);
	house_close(&house);
}

static void
test_delegation_that_is_taken_back_holds_no_longer(void **state)
{
	static const char yes[] = "{\"choice\":\"approved\"}";
	struct house *house = open_house(people, false);
	json_t *json = start(house, "D-6", true, 1)->json;
	const char *path =
	    path_of("tasks", text_at(json, "tasks.0.id"), "decide");
	const char *id;

	(void)state;
	delegate(house, "dan", "eve", "1h", 201);
	json = get(house, "eve", "/v1/delegations")->json;
	id = text_at(json, "items.0.id");
	assert_problem(post(house, "fay",
			   path_of("delegations", id, "revoke"), "{}"),
	    403, "role-required");
	assert_status(
	    post(house, "dan", path_of("delegations", id, "revoke"), "{}"),
	    200);
	assert_problem(post(house, "eve", path, yes), 403, "role-required");
	program_kill(&house->engine);
	house_start_engine(house);
	assert_problem(post(house, "eve", path, yes), 403, "role-required");
	assert_problem(post(house, "dan",
			   path_of("delegations", id, "revoke"), "{}"),
	    409, "already-closed");
	assert_int_equal(count_journal(house, "delegation-revoked"), 1);
	house_close(&house);
}

/* ---- corrections ---- */

/* A proposal of bob's that the incident be skipped. */
static const char *
propose(struct house *house, const char *key)
{
	json_t *json = start(house, key, false, 1)->json;
	struct reply *reply = post(house, "bob",
	    path_of("incidents", text_at(json, "incidents.0.id"), "skip"),
	    "{\"comment\":\"it is sound\"}");

	assert_status(reply, 202);
	assert_string_equal(text_at(reply->json, "state"), "sound");
	assert_true(strncmp(reply_header(reply, "location"),
			"/v1/proposals/", 14) == 0);
	return text_at(reply->json, "proposals.0.id");
}

static void
test_correction_waits_for_another_person(void **state)
{
	static const char *const both[] = {"bob", "cyd"};
	struct house *house = open_house(people, false);
	const char *id = propose(house, "D-7");
	const char *path = path_of("proposals", id, "confirm");
	json_t *list;

	(void)state;
	program_kill(&house->engine);
	house_start_engine(house);
	assert_problem(post(house, "bob", path, "{}"), 403, "four-eyes");
	assert_problem(
	    post(house, "ann-operates", path, "{}"), 403, "four-eyes");
	assert_problem(post(house, "dan", path, "{}"), 403, "forbidden");
	list = json_at(get(house, "cyd", "/v1/proposals")->json, "items");
	assert_string_equal(text_at(json_array_get(list, 0), "id"), id);
	assert_string_equal(
	    text_at(json_array_get(list, 0), "proposed_by"), "bob");
	list = json_at(get(house, "cyd", "/v1/incidents")->json, "items");
	assert_string_equal(
	    text_at(json_array_get(list, 0), "proposal.act"), "skip");
	assert_int_equal(call_at_once(house, both, 2, path, "{}"), 1);
	assert_state(house, "D-7", "asking");
	assert_int_equal(count_records(house, "D-7", "confirmed"), 1);
	assert_int_equal(count_records(house, "D-7", "incident-resolved"), 1);
	list = json_at(get(house, "cyd", "/v1/proposals")->json, "items");
	assert_int_equal(json_array_size(list), 0);
	house_verify(house);
	house_close(&house);
}

static void
test_rejected_correction_leaves_the_incident(void **state)
{
	struct house *house = open_house(people, false);
	const char *id = propose(house, "D-8");

	(void)state;
	assert_status(
	    post(house, "cyd", path_of("proposals", id, "reject"), "{}"), 200);
	assert_problem(
	    post(house, "cyd", path_of("proposals", id, "confirm"), "{}"),
	    409, "already-closed");
	assert_state(house, "D-8", "sound");
	assert_int_equal(
	    json_array_size(json_at(look(house, "D-8")->json, "incidents")),
	    1);
	house_verify(house);
	house_close(&house);
}

/* ---- alone ---- */

static void
test_nobody_acts_alone_where_nobody_is_told(void **state)
{
	struct house *house = open_house(people, false);
	json_t *json = start(house, "D-9", false, 1)->json;

	(void)state;
	assert_problem(post(house, "bob",
			   path_of("incidents",
			       text_at(json, "incidents.0.id"), "skip"),
			   "{\"break_glass\":\"no time\"}"),
	    409, "wrong-state");
	assert_state(house, "D-9", "sound");
	house_close(&house);
}

/* Who was told is in the bundle as well. */
static void
reperform_bundle(struct house *house)
{
	const char *bundle = house_path(house, "b.tar");
	struct run run = house_run(house,
	    (const char *[]){"export", "--database",
		house_path(house, "disk/stated.db"), "--format", "bundle",
		"--output", bundle, NULL});

	assert_int_equal(run.status, 0);
	run_fini(&run);
	run = house_run(house,
	    (const char *[]){"reperform", "--strict", bundle, NULL});
	if (run.status != 0)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, 0);
	run_fini(&run);
}

static void
test_what_is_done_alone_is_told_and_looked_at(void **state)
{
	struct house *house = open_house(people, true);
	json_t *json = start(house, "D-10", false, 1)->json;
	const char *id;

	(void)state;
	assert_status(post(house, "bob",
			  path_of("incidents",
			      text_at(json, "incidents.0.id"), "skip"),
			  "{\"break_glass\":\"the bank closes\"}"),
	    200);
	assert_state(house, "D-10", "asking");
	assert_int_equal(house_logged(house,
			     "bob did `skip` without a second person: the "
			     "bank closes"),
	    1);
	assert_int_equal(count_records(house, "D-10", "glass-broken"), 1);
	json = json_at(get(house, "cyd", "/v1/proposals")->json, "items");
	assert_string_equal(text_at(json_array_get(json, 0), "status"), "done");
	id = text_at(json_array_get(json, 0), "id");
	assert_problem(
	    post(house, "bob", path_of("proposals", id, "acknowledge"), "{}"),
	    403, "four-eyes");
	assert_status(
	    post(house, "cyd", path_of("proposals", id, "acknowledge"), "{}"),
	    200);
	json = json_at(get(house, "cyd", "/v1/proposals")->json, "items");
	assert_int_equal(json_array_size(json), 0);
	house_verify(house);
	reperform_bundle(house);
	house_close(&house);
}

static void
test_alarm_needs_a_contact_that_is_there(void **state)
{
	static const struct house_options options = {
	    .config = "break-glass: {contact: nobody}\n"};
	struct house *house = house_build(&options);
	const char *const serve[] = {house_program(), "serve", "--config",
	    "stated.yaml", NULL};
	struct run run = program_run(house->directory, NULL, serve, NULL);

	(void)state;
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "write `contact: nobody`"));
	run_fini(&run);
	house_close(&house);
}

/* ---- events that are delivered again ---- */

static void
test_replay_waits_for_another_person(void **state)
{
	struct house *house = open_house(people, false);
	json_t *json;
	const char *letter, *id;
	struct reply *reply;

	(void)state;
	assert_status(post(house, "ann-operates", "/v1/events",
			  "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":"
			  "\"bank\",\"type\":\"late\",\"subject\":"
			  "\"D-11-late\"}"),
	    202);
	for (int i = 0; i < 100; i++) {
		json = json_at(
		    get(house, "bob", "/v1/dead-letters")->json, "items");
		if (json_array_size(json) > 0)
			break;
		time_sleep(100);
	}
	letter = text_at(json_array_get(json, 0), "id");
	json = start(house, "D-11", true, 1)->json;
	assert_status(post(house, "dan",
			  path_of("tasks", text_at(json, "tasks.0.id"),
			      "decide"),
			  "{\"choice\":\"approved\"}"),
	    200);
	assert_problem(post(house, "ann-operates",
			   path_of("dead-letters", letter, "replay"), "{}"),
	    403, "four-eyes");
	reply = post(
	    house, "bob", path_of("dead-letters", letter, "replay"), "{}");
	assert_status(reply, 202);
	id = text_at(reply->json, "id");
	assert_problem(post(house, "cyd",
			   path_of("dead-letters", letter, "replay"), "{}"),
	    409, "wrong-state");
	assert_problem(
	    post(house, "bob", path_of("proposals", id, "confirm"), "{}"),
	    403, "four-eyes");
	program_kill(&house->engine);
	house_start_engine(house);
	assert_state(house, "D-11", "waiting");
	assert_status(
	    post(house, "cyd", path_of("proposals", id, "confirm"), "{}"),
	    200);
	assert_state(house, "D-11", "over");
	assert_int_equal(count_journal(house, "proposal-confirmed"), 1);
	assert_int_equal(count_journal(house, "event-replayed"), 1);
	house_verify(house);
	house_close(&house);
}

/* ---- publishing ---- */

static const char second[] =
    "{\"files\":[{\"name\":\"two.yaml\",\"text\":\"workflow: two\\nversion: "
    "1\\ninitial: over\\nstates: {over: {type: final, outcome: "
    "success}}\\n\"}]}";

static void
test_publishing_takes_another_person_than_the_author(void **state)
{
	static const char *const both[] = {"bob", "cyd"};
	static const char begin[] = "{\"input\":{}}";
	struct house *house = open_house(people, false);
	struct reply *reply;
	const char *id, *path;

	(void)state;
	assert_problem(
	    post(house, "ada", "/v1/definitions", second), 403, "forbidden");
	reply = post(house, "ada", "/v1/proposals", second);
	assert_status(reply, 202);
	id = text_at(reply->json, "id");
	assert_status(post(house, "ada",
			  path_of("proposals", id, "confirm"), "{}"),
	    403);
	reply = post(house, "bob", "/v1/definitions", second);
	assert_status(reply, 202);
	id = text_at(reply->json, "id");
	program_kill(&house->engine);
	house_start_engine(house);
	assert_problem(
	    post(house, "eve", "/v1/workflows/two/instances", begin), 404,
	    "unknown-workflow");
	reply = get(house, "cyd", path_of("proposals", id, NULL));
	assert_non_null(
	    strstr(text_at(reply->json, "files.0.text"), "workflow: two"));
	path = path_of("proposals", id, "confirm");
	assert_int_equal(call_at_once(house, both, 2, path, "{}"), 1);
	assert_status(
	    post(house, "eve", "/v1/workflows/two/instances", begin), 201);
	assert_int_equal(count_journal(house, "proposal-made"), 2);
	assert_int_equal(count_journal(house, "proposal-confirmed"), 1);
	assert_int_equal(count_journal(house, "definition-published") > 0, 1);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(
		test_one_person_counts_once_over_many_tokens_and_connections),
	    HOUSE_TEST(test_who_began_it_approves_it_by_no_path),
	    HOUSE_TEST(test_who_began_it_leaves_no_task_out),
	    HOUSE_TEST(test_delegation_counts_for_both_and_ends_by_itself),
	    HOUSE_TEST(test_delegation_that_is_taken_back_holds_no_longer),
	    HOUSE_TEST(test_correction_waits_for_another_person),
	    HOUSE_TEST(test_rejected_correction_leaves_the_incident),
	    HOUSE_TEST(test_nobody_acts_alone_where_nobody_is_told),
	    HOUSE_TEST(test_what_is_done_alone_is_told_and_looked_at),
	    HOUSE_TEST(test_alarm_needs_a_contact_that_is_there),
	    HOUSE_TEST(test_replay_waits_for_another_person),
	    HOUSE_TEST(test_publishing_takes_another_person_than_the_author),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
