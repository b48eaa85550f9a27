/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_fault.c: the table of faults, and the choice among them.
 *
 * A fault's name may end in -before-commit or -after-commit (or -before,
 * -after); without it the fault does what the table says.  The first rule
 * that fits decides the shape; webhooks' faults of all that fit add up.
 */
#include "sandbox_fault.h"

#include "sandbox_json.h"
#include "sandbox_reply.h"

#include "stated/map.h"
#include "stated/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#define CHAOS_FAULTS_MAX 128
#define DURATION_MS_MAX 86400000
#define LATE_MS 3000
#define TIMES_MAX 1000000000

/* When it is done, unless its name says so. */
enum when { BEFORE, AFTER };

static const struct kind {
	const char *name;
	enum sandbox_fault_shape shape;
	enum when when;
	int status;
	unsigned webhooks;
	enum sandbox_front_fault front;
	const char *body; /* unless a rule says otherwise; NULL: "" */
} kinds[] = {
#define ANSWER(name, shape, when)                                              \
	{name, SANDBOX_FAULT_##shape, when, 0, 0, 0, NULL}
#define STATUS(name, shape, when, status)                                      \
	{name, SANDBOX_FAULT_##shape, when, status, 0, 0, NULL}
#define BODY(name, shape, when, status, body)                                  \
	{name, SANDBOX_FAULT_##shape, when, status, 0, 0, body}
#define WEBHOOK(name, bit)                                                     \
	{name, SANDBOX_FAULT_NONE, AFTER, 0, SANDBOX_WEBHOOK_##bit, 0, NULL}
#define FRONT(name, front)                                                     \
	{name, SANDBOX_FAULT_NONE, AFTER, 0, 0, SANDBOX_FRONT_##front, NULL}
    ANSWER("timeout", TIMEOUT, AFTER),
    ANSWER("delay", DELAY, AFTER),
    ANSWER("late-commit", LATE, BEFORE),
    ANSWER("reset", RESET, AFTER),
    STATUS("500", STATUS, AFTER, 500),
    STATUS("502", STATUS, BEFORE, 502),
    STATUS("504", STATUS, AFTER, 504),
    STATUS("401", STATUS, BEFORE, 401),
    STATUS("403", STATUS, BEFORE, 403),
    STATUS("429", STATUS, BEFORE, 429),
    STATUS("503", STATUS, BEFORE, 503),
    STATUS("409", STATUS, BEFORE, 409),
    STATUS("451", STATUS, BEFORE, 451),
    STATUS("550", STATUS, BEFORE, 550),
    BODY("301", STATUS, BEFORE, 301, "/stub/call/1"),
    BODY("302", STATUS, BEFORE, 302, "/stub/call/1"),
    BODY("303", STATUS, BEFORE, 303, "/stub/call/1"),
    BODY("307", STATUS, BEFORE, 307, "/stub/call/1"),
    BODY("308", STATUS, BEFORE, 308, "/stub/call/1"),
    ANSWER("slow-drip", DRIP, AFTER),
    ANSWER("truncated-json", TRUNCATED, AFTER),
    ANSWER("short-body", SHORT, AFTER),
    ANSWER("chunked-cut", CHUNKED, AFTER),
    ANSWER("no-length", ENDLESS, AFTER),
    STATUS("wrong-content-type", HTML, BEFORE, 200),
    STATUS("error-in-200", ERROR_INSIDE, BEFORE, 200),
    STATUS("empty-200", EMPTY, AFTER, 200),
    STATUS("empty-204", EMPTY, AFTER, 204),
    ANSWER("interim-status", INTERIM, AFTER),
    ANSWER("header-flood", FLOOD, AFTER),
    ANSWER("huge-body", HUGE, AFTER),
    ANSWER("gzip-bomb", BOMB, AFTER),
    ANSWER("deep-json", DEEP, AFTER),
    BODY("duplicate-key", ODD, AFTER, 0, "{\"a\":1,\"a\":2,"),
    BODY("not-a-number", ODD, AFTER, 0, "{\"n\":NaN,"),
    BODY("huge-number", ODD, AFTER, 0, "{\"n\":1e99999,"),
    BODY("big-number", ODD, AFTER, 0, "{\"n\":9223372036854775808,"),
    BODY("byte-order-mark", ODD, AFTER, 0, "\xef\xbb\xbf{"),
    BODY("bad-utf-8", ODD, AFTER, 0, "{\"t\":\"\xc0\xa0\","),
    ANSWER("altered-amount", ALTERED, AFTER),
    ANSWER("altered-currency", CURRENCY, AFTER),
    ANSWER("wrong-clock", CLOCK, AFTER),
    ANSWER("stale-read", STALE, AFTER),
    WEBHOOK("duplicate-webhook", DUPLICATE),
    WEBHOOK("repeated-webhook", REPEATED),
    WEBHOOK("late-webhook", LATE),
    WEBHOOK("out-of-order-webhook", OUT_OF_ORDER),
    WEBHOOK("drop-webhook", DROP),
    WEBHOOK("forged-webhook", FORGED),
    FRONT("tls-refused", REFUSED),
    FRONT("tls-closed", CLOSED),
    FRONT("tls-reset", RESET),
    FRONT("tls-slow", SLOW),
    FRONT("tls-old", OLD),
    FRONT("tls-expired", EXPIRED),
    FRONT("tls-early", EARLY),
    FRONT("tls-other-name", OTHER_NAME),
    FRONT("tls-self-signed", SELF_SIGNED),
    FRONT("tls-unknown-authority", UNKNOWN_AUTHORITY),
    FRONT("tls-client-wanted", CLIENT_WANTED),
    FRONT("tls-client-refused", CLIENT_REFUSED),
    FRONT("tls-cut", CUT),
#undef ANSWER
#undef STATUS
#undef BODY
#undef WEBHOOK
#undef FRONT
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

struct rule {
	TAILQ_ENTRY(rule) link;
	char *name; /* the fault, as it was asked for */
	char *path; /* a prefix; "" fits all */
	char *method; /* "" fits all */
	char *match; /* somewhere in the body; "" fits all */
	char *server; /* of a handshake; "" fits all */
	const struct kind *kind;
	struct sandbox_fault fault;
	int64_t late_ms;
	int64_t times; /* left; -1: for ever */
	int64_t hits;
};

struct sandbox_fault_box {
	TAILQ_HEAD(, rule) rules;
	struct map *header_hits; /* of x-sandbox-fault with times=; int64_t */
	uint64_t seed;
	struct rng_seeded random;
	int chaos_percent;
	char *chaos_path;
	struct rule *chaos[CHAOS_FAULTS_MAX];
	size_t chaos_count;
};

/* ------------------------------------------------------------- one fault */

/* The kind of that name, and whether the name says when. */
static const struct kind *
find_kind(struct str name, bool *commits)
{
	static const struct {
		struct str suffix;
		bool commits;
	} suffixes[] = {
	    {STR_INIT("-before-commit"), false},
	    {STR_INIT("-after-commit"), true},
	    {STR_INIT("-before"), false},
	    {STR_INIT("-after"), true},
	};
	struct str base = name;
	bool said = false;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (!said && str_has_suffix(name, suffixes[i].suffix)) {
			base.bytes -= suffixes[i].suffix.bytes;
			*commits = suffixes[i].commits;
			said = true;
		}
	}
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (!str_equal(base, str_of(kinds[i].name)))
			continue;
		if (!said)
			*commits = kinds[i].when == AFTER;
		return &kinds[i];
	}
	return NULL;
}

static char *
copy_text(const json_t *object, const char *name)
{
	char *text = strdup(sandbox_json_text(object, name));

	must(text != NULL);
	return text;
}

static void
rule_free(struct rule *rule)
{
	free(rule->name);
	free(rule->path);
	free(rule->method);
	free(rule->match);
	free(rule->server);
	free(rule);
}

/* Text of an object is sent as it is; an object is written first. */
static void
read_body(struct rule *rule, const json_t *from)
{
	const json_t *body = sandbox_json_at(from, "body");
	struct buf text = {0};

	if (json_is_object(body))
		sandbox_json_write(body, SANDBOX_JSON_COMPACT, &text);
	else if (json_is_string(body))
		buf_add_cstr(&text, sandbox_json_text(from, "body"));
	else if (rule->kind->body != NULL)
		buf_add_cstr(&text, rule->kind->body);
	if (text.bytes < sizeof(rule->fault.body))
		strcpy(rule->fault.body, buf_cstr(&text));
	buf_fini(&text);
}

static void
read_duration(struct rule *rule, const json_t *from)
{
	int64_t seconds = sandbox_json_int(from, "seconds",
	    DURATION_MS_MAX / 1000, 0);
	int64_t ms = sandbox_json_int(from, "milliseconds", DURATION_MS_MAX,
	    seconds * 1000);
	const char *retry_after = sandbox_json_text(from, "retry_after");
	struct sandbox_fault *fault = &rule->fault;

	fault->duration_ms = ms;
	rule->late_ms = ms > 0 ? ms : LATE_MS;
	if (fault->status != 429 && fault->status != 503)
		return;
	fault->has_retry_after = strcmp(retry_after, "none") != 0;
	if (retry_after[0] == '\0')
		snprintf(fault->retry_after, sizeof(fault->retry_after), "%lld",
		    (long long)(seconds > 0 ? seconds : 1));
	else
		snprintf(fault->retry_after, sizeof(fault->retry_after), "%s",
		    retry_after);
}

/* {fault, path, method, match, server, times, seconds, milliseconds,
 * retry_after, body}: all but fault may be left out. */
static struct rule *
rule_read(const json_t *from, const char **why)
{
	struct rule *rule;
	bool commits = false;
	const struct kind *kind =
	    find_kind(str_of(sandbox_json_text(from, "fault")), &commits);

	if (kind == NULL) {
		*why = "no fault of this name";
		return NULL;
	}
	rule = calloc(1, sizeof(*rule));
	must(rule != NULL);
	rule->kind = kind;
	rule->name = copy_text(from, "fault");
	rule->path = copy_text(from, "path");
	rule->method = copy_text(from, "method");
	rule->match = copy_text(from, "match");
	rule->server = copy_text(from, "server");
	rule->fault.name = kind->name;
	rule->fault.shape = kind->shape;
	rule->fault.front = kind->front;
	rule->fault.commits = commits;
	rule->fault.status = kind->status;
	rule->times = sandbox_json_int(from, "times", TIMES_MAX, -1);
	read_duration(rule, from);
	read_body(rule, from);
	return rule;
}

/* ---------------------------------------------------------------- the box */

struct sandbox_fault_box *
sandbox_fault_new(uint64_t seed)
{
	struct sandbox_fault_box *box = calloc(1, sizeof(*box));

	must(box != NULL);
	TAILQ_INIT(&box->rules);
	box->header_hits = map_new();
	box->seed = seed;
	rng_seeded_init(&box->random, seed);
	return box;
}

static void
forget_header_hits(struct sandbox_fault_box *box)
{
	size_t cursor = 0;
	struct str key;
	void *hits;

	while (map_next(box->header_hits, &cursor, &key, &hits))
		free(hits);
	map_free(&box->header_hits);
}

static void
forget_chaos(struct sandbox_fault_box *box)
{
	for (size_t i = 0; i < box->chaos_count; i++)
		rule_free(box->chaos[i]);
	box->chaos_count = 0;
	box->chaos_percent = 0;
	free(box->chaos_path);
	box->chaos_path = NULL;
}

void
sandbox_fault_reset(struct sandbox_fault_box *box)
{
	struct rule *rule;

	while ((rule = TAILQ_FIRST(&box->rules)) != NULL) {
		TAILQ_REMOVE(&box->rules, rule, link);
		rule_free(rule);
	}
	forget_chaos(box);
	forget_header_hits(box);
	box->header_hits = map_new();
	rng_seeded_init(&box->random, box->seed);
}

void
sandbox_fault_free(struct sandbox_fault_box **box)
{
	if (*box == NULL)
		return;
	sandbox_fault_reset(*box);
	map_free(&(*box)->header_hits);
	free(*box);
	*box = NULL;
}

/* --------------------------------------------------------------- choosing */

static void
apply(const struct rule *rule, struct sandbox_request *request,
    struct sandbox_fault *fault)
{
	if (rule->kind->webhooks != 0) {
		request->webhooks.bits |= rule->kind->webhooks;
		if (rule->kind->webhooks & SANDBOX_WEBHOOK_LATE)
			request->webhooks.late_ms = rule->late_ms;
	} else if (fault->shape == SANDBOX_FAULT_NONE) {
		*fault = rule->fault;
	}
}

static bool
fits(const struct rule *rule, const struct sandbox_request *request)
{
	return rule->times != 0 && rule->kind->front == SANDBOX_FRONT_NONE &&
	    str_has_prefix(str_of(request->path), str_of(rule->path)) &&
	    (rule->method[0] == '\0' ||
		strcmp(rule->method, request->method) == 0) &&
	    (rule->match[0] == '\0' ||
		str_find(request->body, str_of(rule->match)) != SIZE_MAX);
}

static void
hit(struct rule *rule)
{
	rule->hits++;
	if (rule->times > 0)
		rule->times--;
}

/* A shape that is taken already keeps a rule's times for the next request. */
static void
pick_by_rules(struct sandbox_fault_box *box, struct sandbox_request *request,
    struct sandbox_fault *fault)
{
	struct rule *rule;

	TAILQ_FOREACH (rule, &box->rules, link) {
		if (!fits(rule, request))
			continue;
		if (rule->kind->webhooks == 0 &&
		    fault->shape != SANDBOX_FAULT_NONE)
			continue;
		apply(rule, request, fault);
		hit(rule);
	}
}

/* Chance, and one of its faults: of handshakes, or of what comes after. */
static struct rule *
draw(struct sandbox_fault_box *box, bool is_front)
{
	struct rng *random = &box->random.rng;
	struct rule *fitting[CHAOS_FAULTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < box->chaos_count; i++)
		if (is_front ==
		    (box->chaos[i]->kind->front != SANDBOX_FRONT_NONE))
			fitting[count++] = box->chaos[i];
	if (count == 0 ||
	    rng_below(random, 100) >= (uint64_t)box->chaos_percent)
		return NULL;
	return fitting[rng_below(random, count)];
}

static void
pick_by_chance(struct sandbox_fault_box *box, struct sandbox_request *request,
    struct sandbox_fault *fault)
{
	struct rule *rule;

	if (box->chaos_count == 0 ||
	    !str_has_prefix(str_of(request->path), str_of(box->chaos_path)))
		return;
	rule = draw(box, false);
	if (rule == NULL)
		return;
	rule->hits++;
	apply(rule, request, fault);
}

/* How often this very request (its method, path, fault and key) was faulted
 * by its own header before; counted up. */
static int64_t
count_header_hit(struct sandbox_fault_box *box,
    const struct sandbox_request *request, const char *header)
{
	struct buf key = {0};
	int64_t *hits;
	int64_t before;

	buf_addf(&key, "%s %s %s %s", request->method, request->path, header,
	    sandbox_request_header(request, "x-idempotency-key"));
	hits = map_find(box->header_hits, buf_str(&key));
	if (hits == NULL) {
		hits = calloc(1, sizeof(*hits));
		must(hits != NULL);
		map_put(box->header_hits, buf_str(&key), hits);
	}
	before = (*hits)++;
	buf_fini(&key);
	return before;
}

/* "NAME", "NAME;times=2", "NAME;milliseconds=300": as a rule's members. */
static json_t *
header_as_rule(const char *header)
{
	struct str rest;
	struct str name = str_trim(str_split(str_of(header), ';', &rest));
	json_t *rule = json_object();

	json_object_set_new(rule, "fault", json_stringn(name.at, name.bytes));
	while (rest.at != NULL) {
		struct str value;
		struct str option = str_split(rest, ';', &rest);
		char member[32];

		name = str_trim(str_split(option, '=', &value));
		snprintf(member, sizeof(member), "%.*s", STR_ARG(name));
		value = str_trim(value);
		json_object_set_new(rule, member,
		    json_stringn(value.at ? value.at : "", value.bytes));
	}
	return rule;
}

static bool
pick_by_header(struct sandbox_fault_box *box, struct sandbox_request *request,
    struct sandbox_fault *fault, const char **why)
{
	const char *header = sandbox_request_header(request, "x-sandbox-fault");
	struct rule *rule;
	json_t *from;

	if (header[0] == '\0')
		return true;
	if (!str_is_utf8(str_of(header))) {
		*why = "x-sandbox-fault is not UTF-8";
		return false;
	}
	from = header_as_rule(header);
	rule = rule_read(from, why);
	json_decref(from);
	if (rule != NULL && rule->kind->front != SANDBOX_FRONT_NONE) {
		*why = "a handshake is over before there is a header";
		rule_free(rule);
		rule = NULL;
	}
	if (rule == NULL)
		return false;
	if (rule->times < 0 ||
	    count_header_hit(box, request, header) < rule->times)
		apply(rule, request, fault);
	rule_free(rule);
	return true;
}

bool
sandbox_fault_pick(struct sandbox_fault_box *box,
    struct sandbox_request *request, struct sandbox_fault *fault,
    const char **unknown)
{
	*fault = (struct sandbox_fault){.shape = SANDBOX_FAULT_NONE,
	    .commits = true};
	if (!pick_by_header(box, request, fault, unknown))
		return false;
	pick_by_rules(box, request, fault);
	pick_by_chance(box, request, fault);
	return true;
}

void
sandbox_fault_pick_front(struct sandbox_fault_box *box, const char *server,
    struct sandbox_fault *fault)
{
	struct rule *rule;

	*fault = (struct sandbox_fault){.commits = true};
	TAILQ_FOREACH (rule, &box->rules, link)
		if (rule->kind->front != SANDBOX_FRONT_NONE &&
		    rule->times != 0 &&
		    (rule->server[0] == '\0' ||
			strcmp(rule->server, server) == 0))
			break;
	if (rule == NULL)
		rule = draw(box, true);
	if (rule == NULL)
		return;
	hit(rule);
	*fault = rule->fault;
}

/* ---------------------------------------------------------------- control */

bool
sandbox_fault_add(struct sandbox_fault_box *box, const json_t *from,
    const char **why)
{
	struct rule *rule = rule_read(from, why);

	if (rule == NULL)
		return false;
	TAILQ_INSERT_TAIL(&box->rules, rule, link);
	return true;
}

static bool
read_chaos_faults(struct sandbox_fault_box *box, const json_t *names,
    const char **why)
{
	for (size_t i = 0; i < json_array_size(names); i++) {
		json_t *item = json_array_get(names, i);
		json_t *from = json_is_object(item)
		    ? json_incref(item)
		    : json_pack("{s:O}", "fault", item);
		struct rule *rule = rule_read(from, why);

		json_decref(from);
		if (rule == NULL)
			return false;
		box->chaos[box->chaos_count++] = rule;
	}
	return true;
}

bool
sandbox_fault_set_chaos(struct sandbox_fault_box *box, const json_t *chaos,
    const char **why)
{
	const json_t *names = json_object_get(chaos, "faults");

	forget_chaos(box);
	if (json_array_size(names) > CHAOS_FAULTS_MAX) {
		*why = "too many faults";
		return false;
	}
	if (!read_chaos_faults(box, names, why)) {
		forget_chaos(box);
		return false;
	}
	box->chaos_path = copy_text(chaos, "path");
	box->chaos_percent =
	    (int)sandbox_json_int(chaos, "probability_percent", 100, 10);
	return true;
}

static json_t *
rule_json(const struct rule *rule)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:I}", "fault", rule->name,
	    "path", rule->path, "method", rule->method, "match", rule->match,
	    "server", rule->server, "times", (json_int_t)rule->times, "hits",
	    (json_int_t)rule->hits);
}

json_t *
sandbox_fault_list(const struct sandbox_fault_box *box)
{
	json_t *rules = json_array();
	json_t *chaos = json_array();
	struct rule *rule;

	TAILQ_FOREACH (rule, &box->rules, link)
		json_array_append_new(rules, rule_json(rule));
	for (size_t i = 0; i < box->chaos_count; i++)
		json_array_append_new(chaos, rule_json(box->chaos[i]));
	return json_pack("{s:o,s:{s:i,s:s,s:o}}", "faults", rules,
	    "chaos", "probability_percent", box->chaos_percent,
	    "path", box->chaos_path ? box->chaos_path : "", "faults", chaos);
}

json_t *
sandbox_fault_names(void)
{
	json_t *names = json_array();

	for (size_t i = 0; i < KIND_COUNT; i++)
		json_array_append_new(names, json_string(kinds[i].name));
	return names;
}
