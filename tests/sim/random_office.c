/* SPDX-License-Identifier: Apache-2.0 */
#include "random_office.h"

#define DICE 0x6f6666696365 /* which are others than the script's */
#define KEYS 4		    /* of each workflow: random_script.c */
#define EVENTS 12	    /* identities: there */
#define VERSIONS 3
#define DAY_MS (24 * 3600 * 1000LL)
#define LUCK_MAX (1 << 20)

static int
below(struct random_office *office, int bound)
{
	return (int)rng_below(&office->rng.rng, (uint64_t)bound);
}

static bool
chance(struct random_office *office, int percent)
{
	return below(office, 100) < percent;
}

#define PICK(office, items)                                                    \
	((items)[below(office, (int)(sizeof(items) / sizeof((items)[0])))])

/* ---- definitions ---- */

/* Copies up to the end of what was looked for, and puts `more` there. */
static void
copy_past(struct str *from, struct str mark, struct str more, struct buf *to)
{
	size_t at = str_find(*from, mark);

	if (at == SIZE_MAX)
		return;
	at += mark.bytes;
	buf_add_str(to, str_slice(*from, 0, at));
	buf_add_str(to, more);
	*from = str_slice(*from, at, from->bytes - at);
}

/* How long it is kept stands in a label, too, for who looks on. */
static void
amend(struct random_office *office, struct str *from, int workflow,
    struct buf *to)
{
	static const int days[] = {1, 5, 30};
	int kept = PICK(office, days);
	bool is_sensitive = chance(office, 70);
	struct buf mark = {0}, more = {0};

	buf_addf(&mark, "workflow: w%d\nversion: 1\n", workflow);
	buf_addf(&more, "retention: %dd\n%s", kept,
	    is_sensitive ? "sensitive: [input.s]\n" : "");
	copy_past(from, buf_str(&mark), buf_str(&more), to);
	buf_clear(&more);
	buf_addf(&more, ", kept: '%d'", kept);
	copy_past(from, STR("labels: {k: = input.k"), buf_str(&more), to);
	buf_fini(&mark);
	buf_fini(&more);
}

static void
amend_all(struct random_office *office, struct buf *definitions)
{
	struct buf amended = {0};
	struct str rest = buf_str(definitions);

	for (int i = 1; i <= office->workflows; i++)
		if (chance(office, 75))
			amend(office, &rest, i, &amended);
	buf_add_str(&amended, rest);
	buf_clear(definitions);
	buf_add_str(definitions, buf_str(&amended));
	buf_fini(&amended);
}

bool
random_office_init(struct random_office *office, uint64_t seed, int workflows,
    struct buf *definitions)
{
	*office = (struct random_office){.workflows = workflows};
	rng_seeded_init(&office->rng, seed ^ DICE);
	if (chance(office, 50))
		return false;
	office->zeal = 5 + below(office, 25);
	amend_all(office, definitions);
	return true;
}

/* ---- happenings ---- */

static struct happening *
add(struct script *script, enum happening_kind kind, const char *word)
{
	struct happening *happening = script_add(script, kind);

	(void)snprintf(happening->word, sizeof(happening->word), "%s", word);
	return happening;
}

/* About who has a key: the word is the workflow. */
static struct happening *
add_of(struct random_office *office, struct script *script,
    enum happening_kind kind)
{
	struct happening *happening = add(script, kind, "");

	(void)snprintf(happening->word, sizeof(happening->word), "w%d",
	    1 + below(office, office->workflows));
	happening->numbers[0] = below(office, KEYS);
	return happening;
}

static void
add_keep(struct random_office *office, struct script *script)
{
	static const char *const scopes[] = {
	    "instance", "key", "workflow", "label"};
	struct happening *keep =
	    add(script, HAPPENING_KEEP, PICK(office, scopes));

	(void)snprintf(keep->workflow, sizeof(keep->workflow), "w%d",
	    1 + below(office, office->workflows));
	keep->numbers[0] = below(office, KEYS);
}

/* Time goes on to where something may be purged, and something goes wrong just
 * then. */
static void
add_purging(struct random_office *office, struct script *script)
{
	static const char *const failures[] = {"write", "sync", "full"};
	static const int most_days[] = {1, 6, 40};
	int what = below(office, 100);

	if (what < 30)
		add(script, HAPPENING_HOLD, "")->numbers[0] =
		    1 + below(office, 3);
	else if (what < 50)
		add(script, HAPPENING_FAIL, "stop")->numbers[0] =
		    below(office, 400);
	else if (what < 65)
		add(script, HAPPENING_FAIL, PICK(office, failures))
		    ->numbers[0] = below(office, 4);
	add(script, HAPPENING_PASS, "")->numbers[0] =
	    (int64_t)rng_below(&office->rng.rng,
		(uint64_t)(PICK(office, most_days) * DAY_MS)) +
	    DAY_MS / 2;
	if (chance(office, 40))
		add(script, HAPPENING_CRASH,
		    chance(office, 50) ? "killed" : "power")
		    ->numbers[0] = below(office, LUCK_MAX);
}

/* Now and then of one for whom an event has just come, perhaps too late. */
static void
add_erasing(struct random_office *office, struct script *script)
{
	static const char *const types[] = {"e1", "e3", "e4"};
	int workflow = 1 + below(office, office->workflows);
	int key = below(office, KEYS);
	struct happening *erase;

	if (chance(office, 40)) {
		struct happening *event =
		    add(script, HAPPENING_EVENT, PICK(office, types));

		(void)snprintf(event->workflow, sizeof(event->workflow), "w%d",
		    workflow);
		event->numbers[0] = key;
		event->numbers[1] = below(office, EVENTS);
	}
	erase = add(script, HAPPENING_ERASE, "");
	(void)snprintf(erase->word, sizeof(erase->word), "w%d", workflow);
	erase->numbers[0] = key;
}

static void
add_version(struct random_office *office, struct script *script)
{
	if (chance(office, 40))
		add_of(office, script, HAPPENING_PUBLISH)->numbers[0] =
		    2 + below(office, VERSIONS);
	else
		add_of(office, script, HAPPENING_MIGRATE)->numbers[1] =
		    1 + below(office, 1 + VERSIONS);
}

void
random_office_tick(struct random_office *office, struct script *script)
{
	int what = below(office, 100);

	if (!chance(office, office->zeal))
		return;
	if (what < 18)
		add_keep(office, script);
	else if (what < 26)
		add(script, HAPPENING_LET_GO, "")->numbers[0] =
		    below(office, 4);
	else if (what < 42)
		add_erasing(office, script);
	else if (what < 62)
		add_purging(office, script);
	else if (what < 69)
		(void)add(script, HAPPENING_PAUSE, "");
	else if (what < 78)
		(void)add(script, HAPPENING_UNPAUSE, "");
	else if (what < 96)
		add_version(office, script);
	else
		(void)add(script, HAPPENING_RELOAD, "");
}
