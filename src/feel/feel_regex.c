/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_regex.c: regular expressions by PCRE2, within the budget.
 *
 * A compiled pattern's memory comes from an arena, so that it lives as long
 * as the expression that it belongs to.  A pattern that backtracks for ever
 * is stopped by callouts, which PCRE2 makes at every item that it tries:
 * they take steps off the budget of the evaluation.
 */
#include "feel_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define PATTERN_BYTES_MAX 10000
#define HEAP_KIBIBYTES_MAX 8192
/* Callouts for one step. */
#define CALLOUTS_PER_STEP 2

struct feel_regex {
	pcre2_code *code;
	uint32_t groups;
	bool is_literal;
};

/* What the matches of one run share; `steps` counts callouts. */
struct scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct feel_run *run;
	size_t callouts;
	size_t callout_cost;
};

/* --------------------------------------------------------------- compiling */

static void *
arena_malloc(PCRE2_SIZE bytes, void *arena)
{
	return arena_alloc(arena, bytes);
}

static void
arena_ignore(void *at, void *arena)
{
	(void)at;
	(void)arena;
}

static bool
read_flags(struct str flags, uint32_t *options, bool *skips_space)
{
	*options = 0;
	*skips_space = false;
	for (size_t i = 0; i < flags.bytes; i++) {
		switch (flags.at[i]) {
		case 's':
			*options |= PCRE2_DOTALL;
			break;
		case 'm':
			*options |= PCRE2_MULTILINE;
			break;
		case 'i':
			*options |= PCRE2_CASELESS;
			break;
		case 'q':
			*options |= PCRE2_LITERAL;
			break;
		case 'x':
			*skips_space = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

static pcre2_code *
compile(struct arena *arena, struct str pattern, uint32_t options)
{
	pcre2_general_context *general =
	    pcre2_general_context_create(arena_malloc, arena_ignore, arena);
	pcre2_compile_context *context = pcre2_compile_context_create(general);
	PCRE2_SIZE offset;
	int error;

	must(context != NULL);
	options |= PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_AUTO_CALLOUT;
	if ((options & PCRE2_LITERAL) != 0)
		options &= PCRE2_LITERAL | PCRE2_CASELESS | PCRE2_UTF |
		    PCRE2_NO_UTF_CHECK | PCRE2_AUTO_CALLOUT;
	else
		options |= PCRE2_UCP | PCRE2_DOLLAR_ENDONLY |
		    PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF;
	return pcre2_compile((PCRE2_SPTR)pattern.at, pattern.bytes, options,
	    &error, &offset, context);
}

static const struct feel_regex *
regex_new(struct arena *arena, struct str pattern, uint32_t options)
{
	pcre2_code *code = compile(arena, pattern, options);
	struct feel_regex *regex;

	if (code == NULL)
		return NULL;
	regex = ARENA_NEW(arena, struct feel_regex);
	regex->code = code;
	regex->is_literal = (options & PCRE2_LITERAL) != 0;
	(void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT,
	    &regex->groups);
	return regex;
}

const struct feel_regex *
feel_regex_new(struct arena *arena, struct str pattern, struct str flags)
{
	const struct feel_regex *regex = NULL;
	struct buf translated;
	uint32_t options;
	bool skips_space;

	if (pattern.bytes > PATTERN_BYTES_MAX ||
	    !read_flags(flags, &options, &skips_space))
		return NULL;
	if ((options & PCRE2_LITERAL) != 0)
		return regex_new(arena, pattern, options);
	buf_init(&translated, 64 * PATTERN_BYTES_MAX);
	if (feel_regex_translate(pattern, skips_space,
	    (options & PCRE2_DOTALL) != 0, &translated) &&
	    !buf_is_over(&translated))
		regex = regex_new(arena, buf_str(&translated), options);
	buf_fini(&translated);
	return regex;
}

unsigned
feel_regex_group_count(const struct feel_regex *regex)
{
	return regex->groups;
}

bool
feel_regex_is_literal(const struct feel_regex *regex)
{
	return regex->is_literal;
}

/* ---------------------------------------------------------------- matching */

/* Called at each item of the pattern that is tried; not 0 ends the match. */
static int
callout_cb(pcre2_callout_block *block, void *arg)
{
	struct scratch *scratch = arg;
	struct feel_run *run = scratch->run;
	int64_t steps;

	(void)block;
	scratch->callouts += scratch->callout_cost;
	if (scratch->callouts < CALLOUTS_PER_STEP)
		return 0;
	steps = (int64_t)(scratch->callouts / CALLOUTS_PER_STEP);
	if (steps >= run->steps)
		return PCRE2_ERROR_CALLOUT;
	run->steps -= steps;
	scratch->callouts = 0;
	return 0;
}

/* NULL, which ends the match, where the budget has no more; what a match
 * begins with is small and always there. */
static void *
scratch_malloc(PCRE2_SIZE bytes, void *arg)
{
	struct feel_run *run = arg;
	size_t used = arena_footprint(run->arena);

	if (run->match != NULL &&
	    (used > run->bytes_max || bytes > run->bytes_max - used))
		return NULL;
	return arena_resize(run->arena, NULL, 0, bytes);
}

static struct scratch *
get_scratch(struct feel_run *run)
{
	struct scratch *scratch = run->match;
	pcre2_general_context *general;

	if (scratch != NULL)
		return scratch;
	scratch = ARENA_NEW(run->arena, struct scratch);
	scratch->run = run;
	general = pcre2_general_context_create(
	    scratch_malloc, arena_ignore, run);
	scratch->data = pcre2_match_data_create(FEEL_REGEX_GROUPS, general);
	scratch->context = pcre2_match_context_create(general);
	must(scratch->data != NULL && scratch->context != NULL);
	(void)pcre2_set_heap_limit(scratch->context, HEAP_KIBIBYTES_MAX);
	(void)pcre2_set_callout(scratch->context, callout_cb, scratch);
	run->match = scratch;
	return scratch;
}

static void
read_groups(struct scratch *scratch, struct str subject, int count,
    struct feel_match *match)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(scratch->data);

	*match = (struct feel_match){.from = ends[0], .to = ends[1]};
	/* 0: there are more groups than fit. */
	if (count == 0)
		count = FEEL_REGEX_GROUPS;
	for (int i = 0; i < count; i++) {
		if (ends[2 * i] != PCRE2_UNSET)
			match->groups[i] = str_slice(subject, ends[2 * i],
			    ends[2 * i + 1] - ends[2 * i]);
	}
}

enum feel_found
feel_regex_find(struct feel_run *run, const struct feel_regex *regex,
    struct str subject, size_t from, struct feel_match *match)
{
	struct scratch *scratch = get_scratch(run);
	int count;

	must(from <= subject.bytes);
	if (!feel_spend(run, 4 + (subject.bytes - from) / 64))
		return FEEL_GAVE_UP;
	/* An item like "a*" walks over the text within one callout. */
	scratch->callout_cost = 1 + subject.bytes / 256;
	count = pcre2_match(regex->code, (PCRE2_SPTR)subject.at,
	    subject.bytes, from, PCRE2_NO_UTF_CHECK, scratch->data,
	    scratch->context);
	if (count == PCRE2_ERROR_NOMATCH)
		return FEEL_NOT_FOUND;
	if (count < 0) {
		(void)feel_exhaust(run, count == PCRE2_ERROR_NOMEMORY ||
		    count == PCRE2_ERROR_HEAPLIMIT ? FEEL_TOO_MUCH_MEMORY :
		    "the pattern takes too long to match");
		return FEEL_GAVE_UP;
	}
	read_groups(scratch, subject, count, match);
	return FEEL_FOUND;
}
