/* SPDX-License-Identifier: Apache-2.0 */
/*
 * population.c: what was open, started and ended in a period.
 *
 * Each side is counted by itself, from what the instances' rows say, and none
 * is reckoned from the others: that they add up is a finding.  Amounts are
 * those of the inputs that instances were started with, as history has them.
 */
#include "stated/population.h"

#include <stdlib.h>

#include "export_priv.h"
#include "stated/clock.h"

/* Inputs come from outside; whoever makes currencies up gets one line. */
#define CURRENCIES_MAX 256
#define CURRENCY_BYTES_MAX 32
#define CURRENCY_OTHER "other"

#define SIDES(X)                                                           \
	X(CARRIED, "carried")                                              \
	X(STARTED, "started")                                              \
	X(ENDED, "ended")                                                  \
	X(OPEN, "open")

enum side {
#define X(symbol, name) SIDE_##symbol,
	SIDES(X)
#undef X
	SIDE_COUNT
};

static const struct str side_names[SIDE_COUNT] = {
#define X(symbol, name) [SIDE_##symbol] = STR_INIT(name),
	SIDES(X)
#undef X
};

struct total {
	struct str currency;
	uint64_t count[SIDE_COUNT];
	struct number sum[SIDE_COUNT];
};

struct ending {
	struct str status;
	uint64_t count;
};
#define ENDINGS_MAX 8

struct population {
	struct survey survey;
	struct arena *arena;
	struct population_options options;
	uint64_t count[SIDE_COUNT];
	uint64_t without[SIDE_COUNT]; /* no amount, or none that is readable */
	struct total totals[CURRENCIES_MAX];
	size_t total_count;
	bool is_rounded; /* a sum has more than 34 digits */
	struct ending endings[ENDINGS_MAX];
	size_t ending_count;
	/* numbers */
	uint64_t purged; /* of the period: their amounts are gone */
	uint64_t present;
	uint64_t expected; /* the next */
	uint64_t missing;
	uint64_t first_missing; /* 0: none */
	uint64_t left_out;      /* by restores */
};

enum store_error
population_open(const struct population_options *options,
    struct population **opened, struct buf *detail)
{
	struct population *population = calloc(1, sizeof(*population));

	must(population != NULL);
	must(options->from_ms <= options->to_ms);
	enum store_error error = survey_open(
	    &population->survey, options->path, options->keys, detail);
	if (error != STORE_OK) {
		free(population);
		return error;
	}
	population->arena = arena_new();
	population->options = (struct population_options){
		.workflow = arena_str(population->arena, options->workflow),
		.entities = arena_strs(population->arena, options->entities,
		    options->entity_count),
		.entity_count = options->entity_count,
		.from_ms = options->from_ms,
		.to_ms = options->to_ms,
		.amount = arena_str(population->arena,
		    options->amount.at ? options->amount : STR("amount")),
		.currency = arena_str(population->arena,
		    options->currency.at ? options->currency
					 : STR("currency")),
	};
	population->expected = 1;
	*opened = population;
	return STORE_OK;
}

void
population_close(struct population **closed)
{
	struct population *population = *closed;

	if (population == NULL)
		return;
	survey_close(&population->survey);
	arena_free(&population->arena);
	free(population);
	*closed = NULL;
}

uint64_t
population_looked(const struct population *population)
{
	return population->survey.looked;
}

/* ----------------------------------------------------------------- numbers */

/* Numbers [from, to) have no row: which of them should have? */
static enum store_error
count_gap(struct population *population, uint64_t from, uint64_t to)
{
	uint64_t given = from;

	if (from >= to)
		return STORE_OK;
	enum store_error error =
	    store_unskipped(population->survey.store, from, &given);
	if (given > to)
		given = to;
	population->left_out += given - from;
	population->missing += to - given;
	if (given < to && population->first_missing == 0)
		population->first_missing = given;
	return error;
}

static enum store_error
count_number(struct population *population, uint64_t number)
{
	enum store_error error =
	    count_gap(population, population->expected, number);

	must(number >= population->expected);
	population->present++;
	population->expected = number + 1;
	return error;
}

/* ----------------------------------------------------------------- amounts */

/* "a.b.c" within the input that the first record tells. */
static const struct value *
input_at(const struct value *first, struct str path)
{
	const struct value *value = value_get_cstr(first, "input");

	while (value != NULL && path.bytes > 0)
		value = value_get(value, str_split(path, '.', &path));
	return value;
}

static bool
read_amount(const struct value *value, struct number *amount)
{
	if (value == NULL)
		return false;
	if (value->type == VALUE_NUMBER) {
		*amount = value->as.number;
		return true;
	}
	return value->type == VALUE_STRING &&
	    number_parse_json(value->as.string, amount) == NUMBER_OK;
}

static struct total *
total_of(struct population *population, struct str currency)
{
	struct total *total;

	if (currency.bytes > CURRENCY_BYTES_MAX)
		currency = STR(CURRENCY_OTHER);
	for (size_t i = 0; i < population->total_count; i++)
		if (str_equal(population->totals[i].currency, currency))
			return &population->totals[i];
	/* The last place is for all that come too late. */
	if (population->total_count == CURRENCIES_MAX)
		return &population->totals[CURRENCIES_MAX - 1];
	total = &population->totals[population->total_count++];
	if (population->total_count == CURRENCIES_MAX)
		currency = STR(CURRENCY_OTHER);
	*total = (struct total){
	    .currency = arena_str(population->arena, currency)};
	for (enum side side = 0; side < SIDE_COUNT; side++)
		total->sum[side] = number_of_int(0);
	return total;
}

/* What was rounded away can't be had back. */
static void
add_amount(struct population *population, struct number *sum,
    struct number amount)
{
	struct number added, back;

	if (number_add(*sum, amount, &added) != NUMBER_OK) {
		population->is_rounded = true;
		return;
	}
	if (number_subtract(added, *sum, &back) != NUMBER_OK ||
	    !number_equal(back, amount) ||
	    number_subtract(added, amount, &back) != NUMBER_OK ||
	    !number_equal(back, *sum))
		population->is_rounded = true;
	*sum = added;
}

/* ------------------------------------------------------------------- sides */

/* A clock that was set back between may have told an end before the start. */
static int64_t
end_of(const struct store_instance *row)
{
	return row->ended_ms == 0 || row->ended_ms >= row->started_ms
	    ? row->ended_ms : row->started_ms;
}

static void
find_sides(const struct population *population,
    const struct store_instance *row, bool is_on[SIDE_COUNT])
{
	int64_t from_ms = population->options.from_ms;
	int64_t to_ms = population->options.to_ms;
	int64_t ended_ms = end_of(row);
	bool has_ended = ended_ms != 0;

	is_on[SIDE_CARRIED] = row->started_ms < from_ms &&
	    (!has_ended || ended_ms >= from_ms);
	is_on[SIDE_STARTED] =
	    row->started_ms >= from_ms && row->started_ms < to_ms;
	is_on[SIDE_ENDED] =
	    has_ended && ended_ms >= from_ms && ended_ms < to_ms;
	is_on[SIDE_OPEN] = row->started_ms < to_ms &&
	    (!has_ended || ended_ms >= to_ms);
}

static void
count_ending(struct population *population, struct str status)
{
	struct ending *ending = population->endings;
	size_t i = 0;

	while (i < population->ending_count &&
	    !str_equal(ending[i].status, status))
		i++;
	if (i == ENDINGS_MAX)
		return;
	if (i == population->ending_count)
		ending[population->ending_count++] = (struct ending){
		    .status = arena_str(population->arena, status)};
	ending[i].count++;
}

static void
count_sides(struct population *population, const struct value *first,
    const bool is_on[SIDE_COUNT])
{
	struct number amount;
	bool has_amount = read_amount(
	    input_at(first, population->options.amount), &amount);
	struct str currency = value_str(
	    input_at(first, population->options.currency));
	struct total *total =
	    has_amount ? total_of(population, currency) : NULL;

	for (enum side side = 0; side < SIDE_COUNT; side++) {
		if (!is_on[side])
			continue;
		population->count[side]++;
		if (total == NULL) {
			population->without[side]++;
			continue;
		}
		total->count[side]++;
		add_amount(population, &total->sum[side], amount);
	}
}

static enum store_error
look_cb(const struct store_instance *row, void *arg)
{
	struct population *population = arg;
	struct str workflow = population->options.workflow;
	enum store_error error = count_number(population, row->number);
	bool is_on[SIDE_COUNT], is_purged;
	const struct value *first;

	if (error != STORE_OK ||
	    (workflow.at != NULL && !str_equal(workflow, row->workflow)) ||
	    (population->options.entity_count > 0 &&
		!store_has_label(row, STR("entity"),
		    population->options.entities,
		    population->options.entity_count)))
		return error;
	find_sides(population, row, is_on);
	if (!is_on[SIDE_CARRIED] && !is_on[SIDE_STARTED] &&
	    !is_on[SIDE_ENDED] && !is_on[SIDE_OPEN])
		return STORE_OK;
	error = survey_first(&population->survey, row->number, &first);
	if (error != STORE_OK)
		return error;
	is_purged = str_equal(row->status, STR(STORE_PURGED));
	population->purged += is_purged;
	if (is_on[SIDE_ENDED])
		count_ending(population, is_purged ? row->state : row->status);
	count_sides(population, first, is_on);
	return STORE_OK;
}

enum store_error
population_step(struct population *population, bool *is_end)
{
	/* Numbers are given to instances of all workflows alike, so all are
	 * looked at. */
	enum store_error error = survey_step(&population->survey,
	    (struct store_instance_filter){0}, look_cb, population, is_end);

	if (error == STORE_OK && *is_end)
		error = count_gap(population, population->expected,
		    store_last_number(population->survey.store) + 1);
	return error;
}

/* ------------------------------------------------------------------ report */

static bool
adds_up(const uint64_t count[SIDE_COUNT])
{
	return count[SIDE_CARRIED] + count[SIDE_STARTED] ==
	    count[SIDE_ENDED] + count[SIDE_OPEN];
}

bool
population_is_sound(const struct population *population)
{
	return adds_up(population->count) && population->missing == 0;
}

static void
put_counts(struct value_builder *built, const uint64_t count[SIDE_COUNT],
    struct arena *arena)
{
	for (enum side side = 0; side < SIDE_COUNT; side++)
		value_put(built, side_names[side],
		    value_of_int(arena, (int64_t)count[side]));
}

static const struct value *
report_total(const struct total *total, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);

	value_put_str(built, "currency", total->currency);
	for (enum side side = 0; side < SIDE_COUNT; side++) {
		struct value_builder *one = value_build_context(arena);

		value_put_int(one, "count", (int64_t)total->count[side]);
		value_put(one, STR("sum"),
		    value_of_number(arena, total->sum[side]));
		value_put(built, side_names[side], value_built(one));
	}
	return value_built(built);
}

static const struct value *
report_amounts(const struct population *population, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);
	struct value_builder *totals = value_build_list(arena);
	struct value_builder *without = value_build_context(arena);

	value_put_str(built, "amount", population->options.amount);
	value_put_str(built, "currency", population->options.currency);
	for (size_t i = 0; i < population->total_count; i++)
		value_append(
		    totals, report_total(&population->totals[i], arena));
	value_put(built, STR("totals"), value_built(totals));
	put_counts(without, population->without, arena);
	value_put(built, STR("without"), value_built(without));
	value_put(built, STR("rounded"),
	    value_of_boolean(population->is_rounded));
	return value_built(built);
}

static const struct value *
report_numbers(const struct population *population, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);

	value_put_int(built, "last",
	    (int64_t)store_last_number(population->survey.store));
	value_put_int(built, "present", (int64_t)population->present);
	value_put_int(built, "left_out", (int64_t)population->left_out);
	value_put_int(built, "missing", (int64_t)population->missing);
	if (population->first_missing != 0)
		value_put_int(built, "first_missing",
		    (int64_t)population->first_missing);
	return value_built(built);
}

const struct value *
population_report(const struct population *population, struct arena *arena)
{
	struct value_builder *built = value_build_context(arena);
	struct value_builder *endings = value_build_context(arena);
	char text[CLOCK_TEXT_BYTES];

	value_put_str(built, "from",
	    clock_format(population->options.from_ms, text));
	value_put_str(built, "to",
	    clock_format(population->options.to_ms, text));
	value_put_str(built, "workflow", population->options.workflow);
	put_counts(built, population->count, arena);
	value_put(built, STR("adds_up"),
	    value_of_boolean(adds_up(population->count)));
	for (size_t i = 0; i < population->ending_count; i++)
		value_put(endings, population->endings[i].status,
		    value_of_int(
			arena, (int64_t)population->endings[i].count));
	value_put(built, STR("ended_as"), value_built(endings));
	value_put_int(built, "purged", (int64_t)population->purged);
	value_put(built, STR("numbers"), report_numbers(population, arena));
	value_put(built, STR("amounts"), report_amounts(population, arena));
	return value_built(built);
}
