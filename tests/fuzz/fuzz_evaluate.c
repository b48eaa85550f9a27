/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_evaluate.c: expressions that are always grammatical, so that it is the
 * evaluator which is put to the test.
 *
 * Each byte chooses what stands in a place: a form with places of its own, or,
 * once the bytes are at their end, a name; 255 begins another expression, so
 * that one file can hold many.  Whatever comes out
 *   - evaluates within its budget of steps and memory,
 *   - gives the same when it is evaluated again, when nothing of it was
 *     reckoned while it was read, and when every part is traced,
 *   - and gives a value that can be written.
 */
#include "stated/feel.h"
#include "stated/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 4000
#define DEPTH 24
#define GAP '\xff'
#define TEXT_BYTES_MAX 1000
/* A regular expression's heap, and a block of the arena. */
#define SLACK_BYTES ((size_t)4 * 1024 * 1024)

/* "%" is a place.  Parentheses are around whatever comes there. */
static const char *const forms[] = {
	/* names and literals, which end a text that goes on for too long */
	"x", "s", "l", "c", "r", "d", "t", "dt", "dur", "m", "b", "n",
	"fields", "f", "a-b c", "rows", "0", "1", "-1", "2", "0.5", "10",
	"1.10", "1e10", "9999999999999999999999999999999999", "1e-6000",
	"\"\"", "\"a\"", "\"b c\"", "\"äöü\"", "\"😀\"", "\"[a-c]+\"",
	"\"(a)|(b)\"", "\"x\"", "\"smi\"", "\"1,234.50\"", "\",\"", "\".\"",
	"\"2026-11-22\"", "\"12:30:15.5+02:00\"", "\"P1Y2M\"",
	"\"P1DT2H3M4.5S\"", "\"[1..10)\"", "\"k\"", "\"key\"", "\"value\"",
	"@\"2026-02-28\"", "@\"2024-02-29\"", "@\"-999999999-01-01\"",
	"@\"12:00:00\"", "@\"23:59:59.999999999Z\"",
	"@\"10:00:00@Europe/Berlin\"", "@\"2026-03-29T02:30:00@Europe/Berlin\"",
	"@\"2026-11-22T10:20:30+01:00\"", "@\"999999999-12-31T23:59:59\"",
	"@\"P1M\"", "@\"-P2Y3M\"", "@\"PT1H\"", "@\"-P10DT0.000000001S\"",
	"true", "false", "null", "[]", "{}", "item", "partial", "?", "i",
	"now()", "today()",
	/* operators */
	"%+%", "%-%", "%*%", "%/%", "%**%", "-%", "%=%", "%!=%", "%<%", "%<=%",
	"%>%", "%>=%", "% and %", "% or %", "not(%)", "% between % and %",
	"% in %", "% in (%, %)", "% in [%..%]", "% in (%..%)", "% in <%",
	"% in >=%", "% in (=%, !=%)", "% in (not(%))",
	/* what holds others */
	"[%]", "[%, %]", "[%, %, %]", "[%..%]", "(%..%]", "]%..%[", "(<%)",
	"(>=%)", "(=%)", "{a: %}", "{a: %, b: a}", "{k: %, \"a b\": %}",
	"{f: function(n) if n <= 0 then 0 else f(n - 1), r: f(%)}.r",
	"if % then % else %", "for i in % return %",
	"for i in %..% return %", "for i in %, j in % return %",
	"for i in % return partial", "some i in % satisfies %",
	"every i in %, j in % satisfies %", "%[%]", "%[item > %]",
	"%[a = %]", "%[k]", "%.a", "%.k", "%.a b", "%.year", "%.month",
	"%.day", "%.weekday", "%.hour", "%.minute", "%.second",
	"%.time offset", "%.timezone", "%.days", "%.hours", "%.minutes",
	"%.seconds", "%.years", "%.months", "%.start", "%.end",
	"%.start included", "%.end included",
	"% instance of number", "% instance of list<string>",
	"% instance of range<date>", "% instance of Any",
	"% instance of context<a: number, k: Any>",
	"% instance of function<number>->string",
	"(function(i) %)(%)", "(function(i: number, k) %)(%, %)",
	"(function(i: list<number>) %)(i: %)", "f(%)",
	/* functions */
	"date(%)", "date(%, %, %)", "time(%)", "time(%, %, %)",
	"time(%, %, %, %)", "date and time(%)", "date and time(%, %)",
	"duration(%)", "years and months duration(%, %)", "number(%)",
	"number(%, %, %)", "string(%)", "range(%)", "is(%, %)",
	"substring(%, %)", "substring(%, %, %)", "string length(%)",
	"upper case(%)", "lower case(%)", "substring before(%, %)",
	"substring after(%, %)", "contains(%, %)", "starts with(%, %)",
	"ends with(%, %)", "string join(%)", "string join(%, %)",
	"matches(%, %)", "matches(%, %, %)", "replace(%, %, %)",
	"replace(%, %, %, %)", "split(%, %)", "list contains(%, %)",
	"count(%)", "min(%)", "max(%, %)", "sum(%)", "mean(%)", "all(%)",
	"any(%, %)", "product(%)", "median(%)", "stddev(%)", "mode(%)",
	"sublist(%, %)", "sublist(%, %, %)", "append(%, %)",
	"concatenate(%, %)", "insert before(%, %, %)", "remove(%, %)",
	"list replace(%, %, %)", "list replace(%, function(i, k) %, %)",
	"reverse(%)", "index of(%, %)", "union(%, %)", "distinct values(%)",
	"flatten(%)", "sort(%)", "sort(%, function(i, k) %)", "decimal(%, %)",
	"floor(%)", "floor(%, %)", "ceiling(%)", "ceiling(%, %)",
	"round up(%, %)", "round down(%, %)", "round half up(%, %)",
	"round half down(%, %)", "abs(%)", "modulo(%, %)", "sqrt(%)",
	"log(%)", "exp(%)", "odd(%)", "even(%)", "day of year(%)",
	"day of week(%)", "month of year(%)", "week of year(%)",
	"before(%, %)", "after(%, %)", "meets(%, %)", "met by(%, %)",
	"overlaps(%, %)", "overlaps before(%, %)", "overlaps after(%, %)",
	"finishes(%, %)", "finished by(%, %)", "includes(%, %)",
	"during(%, %)", "starts(%, %)", "started by(%, %)",
	"coincides(%, %)", "get value(%, %)", "get entries(%)", "context(%)",
	"context put(%, %, %)", "context merge(%)", "host(%)",
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))
#define LEAVES 16 /* the names at the front */
_Static_assert(FORMS <= 255, "a byte chooses among all forms");

/* ---- texts ---- */

struct choices {
	const uint8_t *at;
	size_t left;
};

static const char *
choose(struct choices *choices, const struct buf *text)
{
	size_t byte = 0;

	if (choices->left > 0) {
		choices->left--;
		byte = *choices->at++;
	}
	if (choices->left == 0 || text->bytes > TEXT_BYTES_MAX)
		byte %= LEAVES;
	return forms[byte % FORMS];
}

static void
write_form(struct choices *choices, struct buf *text, unsigned depth)
{
	const char *form = depth > 0 ? choose(choices, text) : "x";

	for (; *form != '\0'; form++) {
		if (*form != '%') {
			buf_add_char(text, *form);
			continue;
		}
		buf_add_char(text, '(');
		write_form(choices, text, depth - 1);
		buf_add_char(text, ')');
	}
}

/* ---- what they read ---- */

static const char surroundings[] =
    "{x: 7, s: \"abc abc\", l: [3, 1, 2, 1.0], "
    "c: {a: 1, k: \"v\", \"a b\": [1]}, r: [1..5], "
    "d: @\"2026-11-22\", t: @\"10:20:30\", "
    "dt: @\"2026-11-22T10:20:30Z\", dur: @\"PT90M\", m: @\"P14M\", "
    "b: true, "
    "n: null, fields: [{a: 1, k: true}, {a: 2}], "
    "f: function(i) [i, string(i)], rows: [[1, 2], [3, [4]]], \"a-b c\": 5}";

static const struct value *
lookup(void *arg, struct str name)
{
	return value_get(arg, name);
}

static const struct value *
host(void *arg, struct str function, const struct value *const *args,
    size_t count)
{
	(void)arg;
	return str_equal(function, STR("host")) && count == 1 ? args[0] : NULL;
}

static struct feel_env
env_of(struct arena *arena, const struct value *context)
{
	return (struct feel_env){
		.arena = arena,
		.lookup = lookup,
		.host = host,
		.arg = (void *)(uintptr_t)context,
		.now_ms = 1700000000000,
		.steps = STEPS,
	};
}

static const struct value *
make_context(struct arena *arena)
{
	struct feel_env env = env_of(arena, NULL);
	struct feel_error error;
	const struct feel *feel =
	    feel_parse(arena, STR(surroundings), NULL, &error);
	const struct value *context;

	must(feel != NULL);
	context = feel_eval(feel, &env);
	must(context->type == VALUE_CONTEXT);
	return context;
}

/* ---- evaluating ---- */

/* The answer as text; the empty one where the budget was used up, which is no
 * answer. */
static struct str
answer_of(const struct feel *feel, struct feel_env env)
{
	struct buf text = buf_in(env.arena);
	size_t before = arena_footprint(env.arena);
	const struct value *value = feel_eval(feel, &env);

	must(arena_footprint(env.arena) - before <=
	    FEEL_BYTES_MAX + SLACK_BYTES);
	must(env.exhausted == (env.steps < 0));
	must(!env.exhausted || (value_is_null(value) && env.note[0] != '\0'));
	if (!env.exhausted)
		json_write(value, JSON_TYPED, &text);
	must(str_is_utf8(buf_str(&text)) && str_is_utf8(str_of(env.note)));
	return buf_keep(&text);
}

static void
check_same(struct str a, struct str b)
{
	must(a.bytes == 0 || b.bytes == 0 || str_equal(a, b));
}

static void
check_text(struct arena *arena, struct str text)
{
	const struct value *context = make_context(arena);
	struct feel_names *names = feel_names_new(arena);
	struct feel_env env = env_of(arena, context);
	struct feel_error error;
	const struct feel *feel;
	struct str answer;

	feel_names_add_value(names, context);
	feel_names_add(names, STR("host"));
	feel = feel_parse(arena, text, names, &error);
	if (feel == NULL) {
		must(error.message[0] != '\0' && error.offset <= text.bytes);
		return;
	}
	answer = answer_of(feel, env);
	check_same(answer, answer_of(feel, env));
	feel = feel_parse_parts(arena, text, names, &error);
	must(feel != NULL);
	check_same(answer, answer_of(feel, env));
	env.trace = feel_trace_new(arena);
	check_same(answer, answer_of(feel, env));
}

static void
check_choices(struct str bytes)
{
	struct choices choices = {(const uint8_t *)bytes.at, bytes.bytes};
	struct arena *arena = arena_new();
	struct buf text = buf_in(arena);

	write_form(&choices, &text, DEPTH);
	check_text(arena, buf_keep(&text));
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size};

	while (rest.at != NULL)
		check_choices(str_split(rest, GAP, &rest));
	return 0;
}
