/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_hostile.c: what a text can do to the parser, and an expression to the
 * evaluator: one of each kind that somebody came to think of.
 */
#include "feel_hostile.h"

#define LONG_BYTES 100000
#define LIST_COUNT 20000
#define CONTEXT_COUNT 1000

/* f(x, 60) doubles sixty times. */
#define TWICE(made, first)                                                     \
	"{f: function(s, n) if n = 0 then s else f(" made ", n - 1), a: f("    \
	first ", 60), b: f(" first ", 60), r: "
/* The same for all numbers up to a million. */
#define MANY "for i in 1..1000000 return "

const struct feel_hostile feel_hostile_cases[] = {
	/* ---- texts ---- */
	{.name = "parentheses", .again = "(", .times = 100000,
	    .middle = "1", .back = ")"},
	{.name = "lists", .again = "[", .times = 100000, .back = "]"},
	{.name = "contexts", .again = "{a:", .times = 50000, .middle = "1",
	    .back = "}"},
	{.name = "ifs", .again = "if true then ", .times = 15000,
	    .middle = "1", .back = " else 2"},
	{.name = "calls", .again = "not(", .times = 50000, .middle = "true",
	    .back = ")"},
	{.name = "negations", .again = "-", .times = 200000, .tail = "1"},
	{.name = "sums", .head = "1", .again = "+1", .times = 120000,
	    .is_cheap = true},
	{.name = "sums of a name", .head = "x", .again = "+x",
	    .times = 120000},
	{.name = "joined texts", .head = "\"x\"", .again = "+\"x\"",
	    .times = 60000},
	{.name = "joined long texts", .head = "\"\"",
	    .again = "+\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
	    .times = 2000},
	{.name = "powers", .head = "2", .again = "**2", .times = 80000},
	{.name = "filters", .head = "[1]", .again = "[1]", .times = 80000},
	{.name = "paths", .head = "x", .again = ".a", .times = 120000},
	{.name = "functions", .again = "function(a) ", .times = 20000,
	    .tail = "a"},
	{.name = "loops in loops", .again = "for a in ", .times = 15000,
	    .middle = "[1]", .back = " return a"},
	{.name = "iterators", .head = "for z in [1]",
	    .again = ", a# in [1, 2]", .times = 15000, .tail = " return 1"},
	{.name = "types", .head = "x instance of ", .again = "list<",
	    .times = 40000, .middle = "number", .back = ">"},
	{.name = "words", .again = "a ", .times = 120000,
	    .is_cheap = true},
	{.name = "many names", .head = "[", .again = "a#, ", .times = 30000,
	    .tail = "1]"},
	{.name = "many keys", .head = "{", .again = "a#: 1, ",
	    .times = 20000, .tail = "z: 1}"},
	{.name = "many keys with spaces", .head = "{",
	    .again = "a # b: 1, ", .times = 15000, .tail = "z: 1}"},
	{.name = "many parameters", .head = "function(a",
	    .again = ", a#", .times = 30000, .tail = ") 1",
	    .is_cheap = true},
	{.name = "many arguments by name", .head = "{f: function(a",
	    .again = ", a#", .times = 15000, .middle = ") 1, r: f(b: 1)}",
	    .is_cheap = true},
	{.name = "many unknown functions", .head = "[", .again = "foo#(), ",
	    .times = 20000, .tail = "1]",
	    .is_cheap = true},
	{.name = "many constants that are null", .head = "[",
	    .again = "1/0, ", .times = 45000, .tail = "1]",
	    .is_cheap = true},
	{.name = "a long number", .again = "1", .times = 250000},
	{.name = "a number of many zeros", .head = "0.", .again = "0",
	    .times = 250000, .tail = "1"},
	{.name = "a text beyond the bound", .head = "\"", .again = "x",
	    .times = 300000, .tail = "\""},

	/* ---- loops ---- */
	{.name = "a loop without an end", .head = "for i in 1..10**12 return i"},
	{.name = "loops times loops",
	    .head = "for a in 1..100000, b in 1..100000 return a"},
	{.name = "a loop over the centuries",
	    .head = "for d in date(1,1,1)..date(999999999,1,1) return d"},
	{.name = "partial", .head = MANY "count(partial)"},
	{.name = "partial, summed", .head = MANY "sum(partial)"},
	{.name = "partial, twice", .head = MANY "concatenate(partial, partial)"},
	{.name = "partial, as text", .head = MANY "string(partial)"},
	{.name = "some of a trillion",
	    .head = "some a in 1..1000000, b in 1..1000000 satisfies a > b + "
		    "10000000"},
	{.name = "every of a trillion",
	    .head = "every a in 1..1000000 satisfies every b in 1..1000000 "
		    "satisfies a < b + 10000000"},
	{.name = "a long list in a loop", .head = "for i in 1..1000 return [x",
	    .again = ",1", .times = 100000, .tail = "]"},
	{.name = "a long test in a loop", .head = "for i in 1..1000 return x in "
	    "(1", .again = ",1", .times = 100000, .tail = ")"},
	{.name = "many keys in a loop", .head = "for i in 1..10000 return {",
	    .again = "a#: x, ", .times = 1500, .tail = "z: 1}"},

	/* ---- functions that call themselves ---- */
	{.name = "recursion", .head = "{f: function(n) f(n + 1), r: f(1)}.r"},
	{.name = "recursion that branches",
	    .head = "{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), "
		    "r: f(60)}.r"},
	{.name = "Ackermann",
	    .head = "{a: function(m, n) if m = 0 then n + 1 else if n = 0 then "
		    "a(m - 1, 1) else a(m - 1, a(m, n - 1)), r: a(4, 4)}.r"},
	{.name = "a text doubled", .head = TWICE("s + s", "\"x\"") "a}.r"},
	{.name = "a text joined",
	    .head = TWICE("string join([s, s, s, s])", "\"x\"") "a}.r"},
	{.name = "a list doubled",
	    .head = TWICE("concatenate(s, s)", "[1]") "a}.r"},
	{.name = "a list appended",
	    .head = TWICE("append(s, s, s)", "[1]") "a}.r"},
	{.name = "a tree handed out", .head = TWICE("[s, s]", "1") "a}.r"},
	{.name = "a tree of contexts handed out",
	    .head = TWICE("{a: s, b: s}", "1") "a}.r"},
	{.name = "a tree as text",
	    .head = TWICE("[s, s]", "1") "string(a)}.r"},
	{.name = "a tree flattened",
	    .head = TWICE("[s, s]", "1") "flatten(a)}.r"},
	{.name = "trees compared", .head = TWICE("[s, s]", "1") "a = b}.r"},
	{.name = "a tree among trees",
	    .head = TWICE("[s, s]", "1") "list contains([a, a], b)}.r"},
	{.name = "a tree's type", .head = TWICE("[s, s]", "1")
	    "a instance of ", .again = "list<", .times = 60,
	    .middle = "number", .back = ">", .tail = "}.r"},
	{.name = "a context that grows",
	    .head = "{f: function(s, n) if n = 0 then s else f(context put(s, "
		    "string(n), n), n - 1), r: f({}, 2500)}.r"},
	{.name = "ranges of ranges",
	    .head = TWICE("[s..s]", "1") "a}.r", .is_cheap = true},

	/* ---- texts and patterns ---- */
	{.name = "(a+)+$", .head = "matches(\"", .again = "a", .times = 60,
	    .tail = "b\", \"^(a+)+$\")"},
	{.name = "(a|aa)+$", .head = "matches(\"", .again = "a",
	    .times = 5000, .tail = "b\", \"^(a|aa)+$\")"},
	{.name = "(.*)(.*)(.*)", .head = "matches(\"", .again = "a",
	    .times = 5000,
	    .tail = "\", \"(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]\")"},
	{.name = "a?a?a?aaa", .head = "matches(\"aaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"", .again = "a?",
	    .times = 30, .back = "a", .tail = "[bc]\")"},
	{.name = "([a-z]+)*", .head = "matches(\"", .again = "a",
	    .times = 3000, .tail = "\", \"([a-z]+)*\\d\", \"i\")"},
	{.name = "a back reference", .head = "matches(\"", .again = "a",
	    .times = 3000, .tail = "\", \"(.+)+\\1(.+)+b\")",
	    .is_cheap = true},
	{.name = "repetitions of repetitions",
	    .head = "matches(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", "
		    "\"((a{0,99}){0,99}){0,99}b\")",
	    .is_cheap = true},
	{.name = "patterns made on the way",
	    .head = MANY "matches(\"a\", string(i))"},
	{.name = "a long pattern, often",
	    .head = "{p: string join(for i in 1..2000 return \"(a?)\"), "
		    "r: " MANY "matches(\"aaa\", p)}.r"},
	{.name = "replaced by more",
	    .head = "replace(s, \"y\", \"$0$0$0$0$0$0$0$0$0$0$0$0\")"},
	{.name = "replaced again and again",
	    .head = MANY "replace(s, \"y\", \"z\")"},
	{.name = "replaced by far more", .head = "replace(s, \"(y+)\", \"",
	    .again = "$1", .times = 50000, .tail = "\")"},
	{.name = "split", .head = MANY "split(s, \"y\")"},
	{.name = "sought", .head = MANY "contains(s, t)"},
	{.name = "beginnings", .head = MANY "starts with(t, s)"},
	{.name = "endings", .head = MANY "ends with(s, s)"},
	{.name = "cut", .head = MANY "substring(s, -1)"},
	{.name = "measured", .head = MANY "string length(s)"},
	{.name = "upper case", .head = MANY "upper case(s)"},
	{.name = "upper case of letters of two bytes",
	    .head = MANY "upper case(\"", .again = "é", .times = 20000,
	    .tail = "\")"},
	{.name = "compared", .head = MANY "s < t"},
	{.name = "equal", .head = MANY "s = s"},
	{.name = "a long key", .head = MANY "get value({}, s)"},
	{.name = "a long path", .head = MANY "{a: 1}.", .again = "a",
	    .times = 100000},
	{.name = "no number", .head = MANY "number(s)"},
	{.name = "no date", .head = MANY "date(s)"},
	{.name = "texts of long numbers", .head = MANY "string(10**6000)"},
	{.name = "a text of long numbers",
	    .head = "string(" MANY "10**6000)"},
	{.name = "quoted quotes", .head = "{f: function(s, n) if n = 0 then s "
	    "else f(string([s, s]), n - 1), r: f(\"x\", 60)}.r"},
	{.name = "handed out again and again", .head = MANY "s"},

	/* ---- numbers and dates ---- */
	{.name = "10**10**10", .head = "10**10**10", .is_cheap = true},
	{.name = "10**(10**10)", .head = "10**(10**10)", .is_cheap = true},
	{.name = "broken powers", .head = MANY "1.0000001**(i*1.5)"},
	{.name = "whole powers", .head = MANY "1.1**(i+1000000)"},
	{.name = "exp", .head = MANY "exp(i/1000)"},
	{.name = "log", .head = MANY "log(i)"},
	{.name = "sqrt", .head = MANY "sqrt(i)"},
	{.name = "quotients", .head = MANY "1/i"},
	{.name = "remainders", .head = MANY "modulo(10**6000, i+0.1)"},
	{.name = "decimal(x, 6000)", .head = MANY "decimal(1/3, 6000)"},
	{.name = "decimal(x, -6000)", .head = MANY "decimal(x/3, -6000)"},
	{.name = "beyond all dates",
	    .head = "date(999999999,12,31) + duration(\"P999999999Y\")",
	    .is_cheap = true},
	{.name = "a duration times a googol",
	    .head = "duration(\"P999999999D\") * 10**100", .is_cheap = true},
	{.name = "weeks", .head = MANY "week of year(date(999999999,12,31))"},
	{.name = "time zones", .head = MANY
	    "date and time(\"2026-03-29T02:30:00@Europe/Berlin\") + "
	    "duration(\"PT\"+string(i)+\"H\")"},
	{.name = "time zones that are none",
	    .head = MANY "time(\"10:00:00@Europe/X\" + string(i))"},

	/* ---- lists ---- */
	{.name = "sorted, costly",
	    .head = "sort(l, function(a, b) sum(l) > a)"},
	{.name = "sorted, never the same",
	    .head = "sort(concatenate(l, l, l, l), function(a, b) true)"},
	{.name = "sorted texts", .head = "sort(" MANY "s)"},
	{.name = "contained", .head = "every a in l satisfies "
	    "list contains(l, a)"},
	{.name = "distinct", .head = "distinct values(for i in l return [i])"},
	{.name = "united", .head = "union(for i in l return {a: i}, l)"},
	{.name = "indices", .head = "for i in l return index of(l, i)"},
	{.name = "the most frequent", .head = "for i in l return mode(l)"},
	{.name = "medians", .head = "for i in l return median(l)"},
	{.name = "deviations", .head = "for i in l return stddev(l)"},
	{.name = "sums of sums", .head = "for i in l return sum(l)"},
	{.name = "products", .head = "for i in l return product(l)"},
	{.name = "least texts", .head = "min(" MANY "s)"},
	{.name = "cut lists", .head = "for i in l return sublist(l, i)"},
	{.name = "turned lists", .head = "for i in l return reverse(l)"},
	{.name = "flat lists", .head = "for i in l return flatten([l, l])"},
	{.name = "changed lists",
	    .head = "for i in l return list replace(l, 5, 1)"},
	{.name = "filters in loops", .head = "for i in l return l[item > i]"},
	{.name = "filters of contexts", .head = "for i in l return c[k99 > 5]"},
	{.name = "paths in loops", .head = "for i in l return c.k1"},
	{.name = "joined lists",
	    .head = "for i in l return string join(c.k2, s)"},
	{.name = "types in loops",
	    .head = "for i in l return l instance of list<number>"},
	{.name = "parameters' types", .head = "{f: function(a: list<number>) 1, "
	    "r: for i in l return f(l)}.r"},
	{.name = "tests in loops", .head = "for i in l return -1 in l"},
	{.name = "lists as texts", .head = "for i in l return string(l)"},
	{.name = "closures", .head = MANY "function() i"},
	{.name = "unknown functions", .head = MANY "foo(i)"},
	{.name = "ranges", .head = MANY "overlaps([i..5], [2..i])"},
	{.name = "contexts merged",
	    .head = "context merge(for i in 1..200000 return {a: i})"},
	{.name = "contexts made",
	    .head = "context(for i in 1..200000 return {key: string(i), "
		    "value: i})"},
	{.name = "entries", .head = "for i in l return get entries(c[1])"},
};
const size_t feel_hostile_count =
    sizeof(feel_hostile_cases) / sizeof(feel_hostile_cases[0]);

static void
add_part(struct buf *text, const char *part, unsigned number)
{
	for (; part != NULL && *part != '\0'; part++) {
		if (*part == '#')
			buf_addf(text, "%u", number);
		else
			buf_add_char(text, *part);
	}
}

struct str
feel_hostile_text(const struct feel_hostile *hostile, struct arena *arena)
{
	struct buf text = buf_in(arena);

	add_part(&text, hostile->head, 0);
	for (unsigned i = 0; i < hostile->times; i++)
		add_part(&text, hostile->again, i);
	add_part(&text, hostile->middle, 0);
	for (unsigned i = 0; i < hostile->times; i++)
		add_part(&text, hostile->back, i);
	add_part(&text, hostile->tail, 0);
	return buf_keep(&text);
}

/* ---- what they read ---- */

static const struct value *
make_text(struct arena *arena, size_t bytes, const char *tail)
{
	struct buf text = buf_in(arena);

	for (size_t i = 0; i < bytes; i++)
		buf_add_char(&text, 'y');
	buf_add_cstr(&text, tail);
	return value_of_str(arena, buf_keep(&text));
}

static const struct value *
make_numbers(struct arena *arena)
{
	struct value_builder *list = value_build_list(arena);

	for (int64_t i = 1; i <= LIST_COUNT; i++)
		value_append(list, value_of_int(arena, i));
	return value_built(list);
}

static const struct value *
make_wide(struct arena *arena)
{
	struct value_builder *context = value_build_context(arena);

	for (int64_t i = 0; i < 100; i++)
		value_put(context, arena_strf(arena, "k%d", (int)i),
		    i == 2 ? value_of_str(arena, STR("text")) :
			     value_of_int(arena, i));
	return value_built(context);
}

static const struct value *
make_contexts(struct arena *arena)
{
	const struct value *wide = make_wide(arena);
	struct value_builder *list = value_build_list(arena);

	for (size_t i = 0; i < CONTEXT_COUNT; i++)
		value_append(list, wide);
	return value_built(list);
}

const struct value *
feel_hostile_context(struct arena *arena)
{
	struct value_builder *context = value_build_context(arena);

	value_put_int(context, "x", 7);
	value_put(context, STR("s"), make_text(arena, LONG_BYTES, ""));
	value_put(context, STR("t"), make_text(arena, LONG_BYTES, "z"));
	value_put(context, STR("l"), make_numbers(arena));
	value_put(context, STR("c"), make_contexts(arena));
	return value_built(context);
}
