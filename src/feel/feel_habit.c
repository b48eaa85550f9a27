/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_habit.c: what other languages say, and what FEEL says instead.
 *
 * Whoever writes a rule comes from spreadsheets or from a programming
 * language, and writes at first what is right there.  An error that names the
 * right word teaches the language at the place where it is needed.
 */
#include "feel_parser.h"

/* Longer signs first. */
static const struct feel_habit signs[] = {
	{STR_INIT("==="), "equality is one `=`"},
	{STR_INIT("=="), "equality is one `=`"},
	{STR_INIT("!=="), "inequality is `!=`"},
	{STR_INIT("<>"), "inequality is `!=`"},
	{STR_INIT("=>"), "at least is `>=`; a function is `function(x) …`"},
	{STR_INIT("=<"), "at most is `<=`"},
	{STR_INIT(":="), "nothing is assigned here: `=` compares, a `set` step"
	    " assigns"},
	{STR_INIT("+="), "nothing is assigned here: write the sum, `a + b`"},
	{STR_INIT("-="), "nothing is assigned here: write `a - b`"},
	{STR_INIT("*="), "nothing is assigned here: write `a * b`"},
	{STR_INIT("/="), "inequality is `!=`; nothing is assigned here"},
	{STR_INIT("++"), "text is joined by one `+`, lists by"
	    " `concatenate(a, b)`"},
	{STR_INIT("&&"), "conjunction is `and`"},
	{STR_INIT("||"), "disjunction is `or`"},
	{STR_INIT("->"), "a function is `function(x) …`, a part is `a.b`"},
	{STR_INIT("!"), "negation is `not(…)`"},
	{STR_INIT("'"), "text stands in double quotes"},
	{STR_INIT("`"), "text stands in double quotes"},
	{STR_INIT("“"), "text stands in straight double quotes"},
	{STR_INIT("”"), "text stands in straight double quotes"},
	{STR_INIT("„"), "text stands in straight double quotes"},
	{STR_INIT("‘"), "text stands in straight double quotes"},
	{STR_INIT("’"), "text stands in straight double quotes"},
	{STR_INIT("%"), "the remainder is `modulo(a, b)`; 5 percent is `0.05`"},
	{STR_INIT("^"), "a power is `**`"},
	{STR_INIT(";"), "items are separated by commas"},
	{STR_INIT("&"), "text is joined by `+`"},
	{STR_INIT("|"), "alternatives are joined by `or`"},
	{STR_INIT("~"), "a pattern is `matches(text, pattern)`"},
	{STR_INIT("$"), "a name is written as it is, without `$`"},
	{STR_INIT("#"), "a comment is `// …` or `/* … */`"},
	{STR_INIT("≥"), "at least is `>=`"},
	{STR_INIT("≤"), "at most is `<=`"},
	{STR_INIT("≠"), "inequality is `!=`"},
	{STR_INIT("−"), "minus is the hyphen `-`"},
	{STR_INIT("–"), "minus is the hyphen `-`"},
	{STR_INIT("×"), "a product is `a * b`"},
	{STR_INIT("÷"), "a quotient is `a / b`"},
	{STR_INIT("/*"), "the comment has no `*/`"},
};

/* Those that begin like an operator of FEEL and are none. */
static const char *const false_operators[] = {
	"==", "!==", "<>", "=>", "=<", "+=", "-=", "*=", "/=", "++", "->",
	"/*",
};

/* Where an operator is expected. */
static const struct feel_habit words[] = {
	{STR_INIT("is"), "`= null` asks for null, `instance of` for a type"},
	{STR_INIT("mod"), "the remainder is `modulo(a, b)`"},
	{STR_INIT("div"), "the whole part of a quotient is `floor(a / b)`"},
	{STR_INIT("like"), "write `contains(text, part)` or"
	    " `matches(text, pattern)`"},
	{STR_INIT("contains"), "write `contains(text, part)` or"
	    " `list contains(list, item)`"},
	{STR_INIT("not"), "write `not(a in …)`"},
	{STR_INIT("xor"), "write `a != b`"},
	{STR_INIT("eq"), "equality is `=`"},
	{STR_INIT("ne"), "inequality is `!=`"},
	{STR_INIT("lt"), "less is `<`"},
	{STR_INIT("le"), "at most is `<=`"},
	{STR_INIT("gt"), "greater is `>`"},
	{STR_INIT("ge"), "at least is `>=`"},
	{STR_INIT("plus"), "a sum is `a + b`"},
	{STR_INIT("elif"), "write `else if … then …`"},
	{STR_INIT("elsif"), "write `else if … then …`"},
	{STR_INIT("elseif"), "write `else if … then …`"},
	{STR_INIT("end"), "nothing ends an `if` or a `for`"},
	{STR_INIT("where"), "a filter is `list[condition]`"},
	{STR_INIT("unless"), "write `if not(…) then … else …`"},
	{STR_INIT("??"), "write `if a = null then b else a`"},
	{STR_INIT("?"), "a choice is `if … then … else …`"},
};

/* Right behind these, where an operator is expected. */
static const struct feel_habit words_before[] = {
	{STR_INIT("not"), "negation is `not(…)`"},
	{STR_INIT("let"), "give a name in a context: `{x: 5, y: x + 1}.y`"},
	{STR_INIT("var"), "give a name in a context: `{x: 5, y: x + 1}.y`"},
	{STR_INIT("const"), "give a name in a context: `{x: 5, y: x + 1}.y`"},
	{STR_INIT("lambda"), "a function is `function(x) …`"},
	{STR_INIT("def"), "a function is `function(x) …`"},
	{STR_INIT("case"), "a choice is `if … then … else …`"},
	{STR_INIT("switch"), "a choice is `if … then … else …`"},
	{STR_INIT("select"), "a filter is `list[condition]`"},
};

/* Names that are values elsewhere; in lower case. */
static const struct feel_habit values[] = {
	{STR_INIT("true"), "true"},
	{STR_INIT("false"), "false"},
	{STR_INIT("null"), "null"},
	{STR_INIT("none"), "null"},
	{STR_INIT("nil"), "null"},
	{STR_INIT("undefined"), "null"},
	{STR_INIT("nan"), "null"},
};

/* Functions and methods, as simple() writes them; those which differ from
 * FEEL's in case and gaps only are found without a row. */
static const struct feel_habit functions[] = {
	{STR_INIT("len"), "`string length(text)` or `count(list)`"},
	{STR_INIT("length"), "`string length(text)` or `count(list)`"},
	{STR_INIT("size"), "`string length(text)` or `count(list)`"},
	{STR_INIT("counta"), "`count(list)`"},
	{STR_INIT("average"), "`mean(list)`"},
	{STR_INIT("avg"), "`mean(list)`"},
	{STR_INIT("stdev"), "`stddev(list)`"},
	{STR_INIT("upper"), "`upper case(text)`"},
	{STR_INIT("toupper"), "`upper case(text)`"},
	{STR_INIT("touppercase"), "`upper case(text)`"},
	{STR_INIT("lower"), "`lower case(text)`"},
	{STR_INIT("tolower"), "`lower case(text)`"},
	{STR_INIT("tolowercase"), "`lower case(text)`"},
	{STR_INIT("trim"), "`replace(text, \"^\\s+|\\s+$\", \"\")`"},
	{STR_INIT("strip"), "`replace(text, \"^\\s+|\\s+$\", \"\")`"},
	{STR_INIT("concat"), "`a + b`, or `concatenate(a, b)` of lists"},
	{STR_INIT("join"), "`string join(list, delimiter)`"},
	{STR_INIT("textjoin"), "`string join(list, delimiter)`"},
	{STR_INIT("left"), "`substring(text, 1, length)`"},
	{STR_INIT("right"), "`substring(text, -length)`"},
	{STR_INIT("mid"), "`substring(text, start, length)`"},
	{STR_INIT("substr"), "`substring(text, start, length)`, from 1"},
	{STR_INIT("slice"), "`substring(text, start)` or"
	    " `sublist(list, start)`"},
	{STR_INIT("indexof"), "`index of(list, item)`"},
	{STR_INIT("find"), "`contains(text, part)` or `list[condition][1]`"},
	{STR_INIT("search"), "`contains(text, part)`"},
	{STR_INIT("includes"), "`contains(text, part)` or"
	    " `list contains(list, item)`"},
	{STR_INIT("test"), "`matches(text, pattern)`"},
	{STR_INIT("match"), "`matches(text, pattern)`"},
	{STR_INIT("regex"), "`matches(text, pattern)`"},
	{STR_INIT("regexmatch"), "`matches(text, pattern)`"},
	{STR_INIT("substitute"), "`replace(text, pattern, replacement)`"},
	{STR_INIT("replaceall"), "`replace(text, pattern, replacement)`"},
	{STR_INIT("map"), "`for x in list return …`"},
	{STR_INIT("foreach"), "`for x in list return …`"},
	{STR_INIT("filter"), "`list[condition]`"},
	{STR_INIT("reduce"), "`sum(list)`, or `for … return … partial …`"},
	{STR_INIT("vlookup"), "`list[key = x][1].value`"},
	{STR_INIT("xlookup"), "`list[key = x][1].value`"},
	{STR_INIT("lookup"), "`list[key = x][1].value`"},
	{STR_INIT("index"), "`list[1]`"},
	{STR_INIT("first"), "`list[1]`"},
	{STR_INIT("last"), "`list[-1]`"},
	{STR_INIT("push"), "`append(list, item)`"},
	{STR_INIT("unique"), "`distinct values(list)`"},
	{STR_INIT("countif"), "`count(list[condition])`"},
	{STR_INIT("sumif"), "`sum(list[condition])`"},
	{STR_INIT("sumproduct"), "`sum(for x in list return x.a * x.b)`"},
	{STR_INIT("iif"), "`if … then … else …`"},
	{STR_INIT("ifs"), "`if … then … else if … then … else …`"},
	{STR_INIT("iferror"), "`if x = null then … else x`"},
	{STR_INIT("ifna"), "`if x = null then … else x`"},
	{STR_INIT("ifnull"), "`if x = null then … else x`"},
	{STR_INIT("nvl"), "`if x = null then … else x`"},
	{STR_INIT("coalesce"), "`if x = null then … else x`"},
	{STR_INIT("isblank"), "`x = null`"},
	{STR_INIT("isnull"), "`x = null`"},
	{STR_INIT("isempty"), "`count(list) = 0`, or `x = null`"},
	{STR_INIT("isdefined"), "`x != null`"},
	{STR_INIT("defined"), "`x != null`"},
	{STR_INIT("exists"), "`some x in list satisfies …`"},
	{STR_INIT("typeof"), "`x instance of number`"},
	{STR_INIT("isnumber"), "`x instance of number`"},
	{STR_INIT("round"), "`round half up(n, scale)` or"
	    " `decimal(n, scale)`"},
	{STR_INIT("tofixed"), "`decimal(n, scale)`"},
	{STR_INIT("trunc"), "`round down(n, 0)`"},
	{STR_INIT("roundup"), "`round up(n, scale)`"},
	{STR_INIT("rounddown"), "`round down(n, scale)`"},
	{STR_INIT("ceil"), "`ceiling(n)`"},
	{STR_INIT("mod"), "`modulo(a, b)`"},
	{STR_INIT("pow"), "`a ** b`"},
	{STR_INIT("power"), "`a ** b`"},
	{STR_INIT("ln"), "`log(n)`"},
	{STR_INIT("int"), "`floor(n)`, or `number(text)`"},
	{STR_INIT("float"), "`number(text)`"},
	{STR_INIT("parseint"), "`number(text)`"},
	{STR_INIT("parsefloat"), "`number(text)`"},
	{STR_INIT("value"), "`number(text)`"},
	{STR_INIT("tonumber"), "`number(text)`"},
	{STR_INIT("str"), "`string(x)`"},
	{STR_INIT("text"), "`string(x)`"},
	{STR_INIT("tostring"), "`string(x)`"},
	{STR_INIT("year"), "`d.year`"},
	{STR_INIT("getyear"), "`d.year`"},
	{STR_INIT("month"), "`d.month`"},
	{STR_INIT("getmonth"), "`d.month`, from 1"},
	{STR_INIT("day"), "`d.day`"},
	{STR_INIT("hour"), "`d.hour`"},
	{STR_INIT("weekday"), "`d.weekday`, Monday is 1"},
	{STR_INIT("datediff"), "`b - a`, which is a duration"},
	{STR_INIT("datedif"), "`b - a`, which is a duration"},
	{STR_INIT("dateadd"), "`d + @\"P1D\"`"},
	{STR_INIT("days"), "`(b - a).days`"},
	{STR_INIT("edate"), "`d + @\"P1M\"`"},
	{STR_INIT("workday"), "a deadline of `N business days`, which the"
	    " calendar counts"},
	{STR_INIT("networkdays"), "a deadline of `N business days`, which the"
	    " calendar counts"},
	{STR_INIT("keys"), "`get entries(context).key`"},
	{STR_INIT("values"), "`get entries(context).value`"},
	{STR_INIT("object"), "`{name: value}`"},
	{STR_INIT("array"), "`[a, b]`"},
	{STR_INIT("range"), "`[from..to]`"},
};

#define SIMPLE_BYTES_MAX 40

const struct feel_habit *
feel_habit_sign(struct str rest)
{
	for (size_t i = 0; i < COUNT_OF(signs); i++) {
		if (str_has_prefix(rest, signs[i].found))
			return &signs[i];
	}
	return NULL;
}

bool
feel_habit_is_sign(struct str rest)
{
	for (size_t i = 0; i < COUNT_OF(false_operators); i++) {
		if (str_has_prefix(rest, str_of(false_operators[i])))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------- words */

/* In lower case, without the gaps that names have in one language or the
 * other; the absent string where it is too long to be any of ours. */
static struct str
simple(struct str name, char out[SIMPLE_BYTES_MAX])
{
	size_t count = 0;

	if (name.bytes > SIMPLE_BYTES_MAX)
		return (struct str){NULL, 0};
	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 32);
		if (c != ' ' && c != '_' && c != '-')
			out[count++] = c;
	}
	return (struct str){out, count};
}

/* What stands in the rows in place of the name. */
static const char *
find(const struct feel_habit *habits, size_t count, struct str name)
{
	char space[SIMPLE_BYTES_MAX];
	struct str word = simple(name, space);

	for (size_t i = 0; i < count; i++) {
		if (str_equal(habits[i].found, word))
			return habits[i].instead;
	}
	return NULL;
}

bool
feel_habit_is_keyword(struct str word)
{
	char space[SIMPLE_BYTES_MAX];

	return !feel_lex_is_keyword(word) &&
	    feel_lex_is_keyword(simple(word, space));
}

const char *
feel_habit_word(struct str word)
{
	return find(words, COUNT_OF(words), word);
}

const char *
feel_habit_before(struct str word)
{
	return find(words_before, COUNT_OF(words_before), word);
}

const char *
feel_value_meant(struct str name)
{
	return find(values, COUNT_OF(values), name);
}

bool
feel_habit_is_like(struct str a, struct str b)
{
	char space[2][SIMPLE_BYTES_MAX];
	struct str one = simple(a, space[0]);

	return one.bytes > 0 && str_equal(one, simple(b, space[1]));
}

/* --------------------------------------------------------------- functions */

static bool
is_operator_name(struct str name)
{
	return feel_habit_is_like(name, STR("and")) ||
	    feel_habit_is_like(name, STR("or"));
}

bool
feel_habit_known(struct str name, char *out, size_t bytes)
{
	const char *instead = find(functions, COUNT_OF(functions), name);
	struct str alike = feel_builtin_alike(name);

	out[0] = '\0';
	if (alike.at != NULL)
		str_write(out, bytes, "did you mean `%.*s`?",
		    STR_ARG(alike));
	else if (feel_habit_is_like(name, STR("if")))
		str_write(out, bytes, "a choice is `if … then … else …`");
	else if (is_operator_name(name))
		str_write(out, bytes, "write `a and b`, `a or b`");
	else if (instead != NULL)
		str_write(out, bytes, "that is %s", instead);
	return out[0] != '\0';
}

bool
feel_habit_function(struct str name, char *out, size_t bytes)
{
	struct str near;

	if (feel_habit_known(name, out, bytes))
		return true;
	near = feel_builtin_nearest(name);
	if (near.at != NULL)
		str_write(out, bytes, "did you mean `%.*s`?",
		    STR_ARG(near));
	return near.at != NULL;
}
