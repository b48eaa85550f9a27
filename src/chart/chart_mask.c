/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_mask.c: what the definition calls sensitive, and texts without it.
 *
 * An instance may have tens of thousands of such values, a batch of salaries
 * say, and history a record for each: they are gathered once and looked up by
 * how they begin and how long they are, and gathered anew only when a variable
 * has got another value.
 *
 * What a path leads to is masked there, whatever it is; wherever else it may
 * stand it is found by its text, if that is long enough not to be anything:
 * as it is, or as addresses, forms, JSON, XML and mails escape it.  A number is
 * found however it is spelled.
 */
#include "chart_priv.h"

#include "stated/escape.h"
#include "stated/feel.h"
#include "stated/json.h"
#include "stated/map.h"

#include <stdlib.h>
#include <string.h>

/* Shorter values would mask half of every record by chance. */
#define SENSITIVE_BYTES_MIN 4
#define STARTS 65536 /* what those bytes come to */
/* JSON in JSON is escaped twice; so is it in a form. */
#define ESCAPED_MAX 2

/* Those that begin with the same SENSITIVE_BYTES_MIN bytes. */
struct front {
	size_t *lengths; /* that they have, the longest first */
	size_t count;
	size_t capacity;
};

struct mask {
	/* What each of the definition's paths began with, when the values were
	 * gathered. */
	const struct value **roots;
	struct map *secrets;
	struct map *fronts;
	/* The texts of those that are numbers, by the one that all numbers of
	 * that value have. */
	struct map *numbers;
	struct arena *arena; /* of what these maps lead to */
	bool has_digests;
	struct escape_bytes firsts; /* that they begin with */
	struct escape_bytes bytes;  /* that they have */
	uint8_t starts[STARTS / 8];
	uint8_t salt[CHART_SALT_BYTES];
	bool is_salted;
};

bool
chart_mask_is_in(struct str text)
{
	/* With which the word of a salted one ends, too. */
	const struct str word = STR(CHART_UNSALTED);
	size_t at = str_find(text, word);
	struct digest digest;

	return at != SIZE_MAX &&
	       digest_parse_hex(str_slice(text, at + word.bytes,
				    DIGEST_HEX_BYTES - 1),
		   &digest);
}

/* A range has no text but in JSON, whose quotes and escapes are all to lose. */
static struct str
range_text(struct arena *arena, const struct value *range)
{
	struct buf json = buf_in(arena);
	struct json_error error;
	const struct value *read;
	struct str text;

	json_write(range, JSON_PLAIN, &json);
	text = buf_keep(&json);
	read = json_read(arena, text, &error);
	return read != NULL ? value_str(read) : text;
}

bool
chart_sensitive_text(
    struct arena *arena, const struct value *value, struct str *text)
{
	char number[NUMBER_TEXT_BYTES];

	switch (value->type) {
	case VALUE_NUMBER:
		*text = arena_str(
		    arena, number_format(value->as.number, number));
		return true;
	case VALUE_RANGE:
		*text = range_text(arena, value);
		return true;
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_STRING:
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATE_TIME:
	case VALUE_DURATION:
	case VALUE_MONTHS:
	case VALUE_LIST:
	case VALUE_CONTEXT:
	case VALUE_FUNCTION:
		return value_text(arena, value, text);
	}
	unreachable("every type of value is listed");
}

/* ---- gathering ---- */

static const struct value *
root_of(const struct chart *chart, struct str path, struct str *rest)
{
	struct str name = str_split(path, '.', rest);

	return str_equal(name, STR("input")) ? chart->input
					     : value_get(chart->data, name);
}

/* Spread over all of them (Knuth's multiplicative hashing). */
static size_t
start_of(const char *at)
{
	uint32_t bytes;

	_Static_assert(sizeof(bytes) == SENSITIVE_BYTES_MIN, "all of them");
	memcpy(&bytes, at, sizeof(bytes));
	return (size_t)(bytes * UINT32_C(2654435761) >> 16);
}

static struct front *
front_of(struct mask *mask, struct str text)
{
	struct str begins = {text.at, SENSITIVE_BYTES_MIN};
	struct front *front = map_find(mask->fronts, begins);

	if (front == NULL) {
		front = ARENA_NEW(mask->arena, struct front);
		(void)map_put(mask->fronts, begins, front);
	}
	return front;
}

static void
add_length(struct mask *mask, struct front *front, size_t length)
{
	size_t at = 0;

	while (at < front->count && front->lengths[at] > length)
		at++;
	if (at < front->count && front->lengths[at] == length)
		return;
	front->lengths = arena_grow(mask->arena, front->lengths, front->count,
	    &front->capacity, sizeof(*front->lengths));
	memmove(&front->lengths[at + 1], &front->lengths[at],
	    (front->count - at) * sizeof(*front->lengths));
	front->lengths[at] = length;
	front->count++;
}

static void
add_text(struct mask *mask, struct str text)
{
	size_t start;

	if (text.bytes < SENSITIVE_BYTES_MIN ||
	    (mask->has_digests && chart_mask_is_in(text)))
		return;
	start = start_of(text.at);
	mask->starts[start / 8] |= (uint8_t)(1u << start % 8);
	mask->firsts.has[(uint8_t)text.at[0]] = true;
	for (size_t i = 0; i < text.bytes; i++)
		mask->bytes.has[(uint8_t)text.at[i]] = true;
	add_length(mask, front_of(mask, text), text.bytes);
	(void)map_put(mask->secrets, text, mask);
}

/* One text for all numbers of its value: 4321.5 and 4321.50 have the same. */
static struct str
reduced_text(struct number number, char out[NUMBER_TEXT_BYTES])
{
	return number_format(number_reduce(number), out);
}

static void
add_number(struct mask *mask, struct number number)
{
	char plain[NUMBER_TEXT_BYTES], reduced[NUMBER_TEXT_BYTES];
	struct str text = number_format(number, plain);
	struct str *kept;

	if (text.bytes < SENSITIVE_BYTES_MIN)
		return;
	add_text(mask, text);
	if (mask->numbers == NULL)
		mask->numbers = map_new();
	kept = ARENA_NEW(mask->arena, struct str);
	*kept = arena_str(mask->arena, text);
	(void)map_put(mask->numbers, reduced_text(number, reduced), kept);
}

/* Every text, number, time and range in it, at any depth.  That something is
 * true is said everywhere, and of whatever. */
static void
add_value(struct mask *mask, const struct value *value)
{
	struct arena *arena;
	struct str text;

	switch (value->type) {
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_FUNCTION:
		break;
	case VALUE_STRING:
		add_text(mask, value->as.string);
		break;
	case VALUE_NUMBER:
		add_number(mask, value->as.number);
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < value->as.list.count; i++)
			add_value(mask, value->as.list.items[i]);
		break;
	case VALUE_CONTEXT:
		for (size_t i = 0; i < value->as.context.count; i++)
			add_value(mask, value->as.context.fields[i].value);
		break;
	default:
		arena = arena_new();
		if (chart_sensitive_text(arena, value, &text))
			add_text(mask, text);
		arena_free(&arena);
		break;
	}
}

/* A path through a list leads into each of its items. */
static void
add_path(struct mask *mask, const struct value *value, struct str path)
{
	struct str rest, name;

	if (value == NULL)
		return;
	if (path.at == NULL) {
		add_value(mask, value);
		return;
	}
	if (value->type == VALUE_LIST) {
		for (size_t i = 0; i < value->as.list.count; i++)
			add_path(mask, value->as.list.items[i], path);
		return;
	}
	name = str_split(path, '.', &rest);
	add_path(mask, value_get(value, name), rest);
}

static struct mask *
gather(const struct chart *chart, bool has_digests)
{
	const struct definition *definition = chart->definition;
	struct mask *mask = calloc(1, sizeof(*mask));

	must(mask != NULL);
	mask->has_digests = has_digests;
	mask->secrets = map_new();
	mask->fronts = map_new();
	mask->arena = arena_new();
	mask->is_salted = chart->is_salted;
	memcpy(mask->salt, chart->salt, sizeof(mask->salt));
	mask->roots = calloc(definition->sensitive_count, sizeof(*mask->roots));
	must(mask->roots != NULL);
	for (size_t i = 0; i < definition->sensitive_count; i++) {
		struct str rest;

		mask->roots[i] =
		    root_of(chart, definition->sensitive[i], &rest);
		add_path(mask, mask->roots[i], rest);
	}
	return mask;
}

static bool
is_current(const struct mask *mask, const struct chart *chart)
{
	struct str rest;

	for (size_t i = 0; i < chart->definition->sensitive_count; i++)
		if (mask->roots[i] !=
		    root_of(chart, chart->definition->sensitive[i], &rest))
			return false;
	return true;
}

void
chart_mask_free(struct mask **mask)
{
	if (*mask == NULL)
		return;
	map_free(&(*mask)->secrets);
	map_free(&(*mask)->fronts);
	map_free(&(*mask)->numbers);
	arena_free(&(*mask)->arena);
	free((*mask)->roots);
	free(*mask);
	*mask = NULL;
}

/* Whoever has ended and has no salt was erased, or is so old that it never got
 * one: what is a digest already was made with the salt that is gone, and another
 * digest of that would stand nowhere in history. */
static bool
may_be_erased(const struct chart *chart)
{
	return chart->ended && !chart->is_salted;
}

const struct mask *
chart_mask_of(struct chart *chart, bool has_digests)
{
	if (chart->definition->sensitive_count == 0)
		return NULL;
	if (chart->mask != NULL && !is_current(chart->mask, chart))
		chart_mask_free(&chart->mask);
	if (chart->mask == NULL)
		chart->mask = gather(
		    chart, has_digests || may_be_erased(chart));
	return chart->mask;
}

/* ---- masking ---- */

void
chart_sensitive_digest(struct str salt, struct str text, struct buf *out)
{
	char hex[DIGEST_HEX_BYTES];

	must(salt.at == NULL || salt.bytes == CHART_SALT_BYTES);
	if (salt.at != NULL)
		buf_addf(out, CHART_SALTED "%s",
		    digest_hex(digest_hmac_sha256(salt, text), hex).at);
	else
		buf_addf(out, CHART_UNSALTED "%s",
		    digest_hex(digest_sha256(text), hex).at);
}

static void
add_digest(const struct mask *mask, struct buf *out, struct str text)
{
	struct str salt = {(const char *)mask->salt, sizeof(mask->salt)};

	if (!mask->is_salted)
		salt = (struct str){NULL, 0};
	chart_sensitive_digest(salt, text, out);
}

struct str
chart_mask_digest(
    const struct mask *mask, struct arena *arena, struct str text)
{
	struct buf digest = buf_in(arena);

	if (mask->has_digests && chart_mask_is_in(text))
		return text;
	add_digest(mask, &digest, text);
	return buf_keep(&digest);
}

/* Where a secret may begin next, or the text's end.  Each byte of a text is
 * asked in each of its forms, so the cheapest question comes first. */
static size_t
next_start(const struct mask *mask, struct str text, size_t at)
{
	for (; text.bytes - at >= SENSITIVE_BYTES_MIN; at++) {
		size_t start;

		if (!mask->firsts.has[(uint8_t)text.at[at]])
			continue;
		start = start_of(text.at + at);
		if (mask->starts[start / 8] & 1u << start % 8)
			return at;
	}
	return text.bytes;
}

/* The longest secret that begins at the front of the text, or the absent
 * string: one may be the beginning of another. */
static struct str
secret_at(const struct mask *mask, struct str text)
{
	const struct front *front = map_find(
	    mask->fronts, (struct str){text.at, SENSITIVE_BYTES_MIN});

	for (size_t i = 0; front != NULL && i < front->count; i++) {
		struct str begins = {text.at, front->lengths[i]};

		if (begins.bytes <= text.bytes &&
		    map_find(mask->secrets, begins))
			return begins;
	}
	return (struct str){NULL, 0};
}

/* The text of the secret that a number, as it is written here, has the value
 * of; or the absent string. */
static struct str
secret_number(
    const struct mask *mask, struct str written, struct number number)
{
	char reduced[NUMBER_TEXT_BYTES];
	const struct str *secret;

	if (map_find(mask->secrets, written))
		return written;
	if (mask->numbers == NULL || written.bytes < SENSITIVE_BYTES_MIN)
		return (struct str){NULL, 0};
	secret = map_find(mask->numbers, reduced_text(number, reduced));
	return secret != NULL ? *secret : (struct str){NULL, 0};
}

/* ---- finding ---- */

struct found {
	struct str written; /* in the text, in whatever form */
	struct str secret;
};

struct search {
	const struct mask *mask;
	struct arena *arena;
	struct found *found;
	size_t count;
	size_t capacity;
};

static void
add_found(struct search *search, struct str written, struct str secret)
{
	search->found = arena_grow(search->arena, search->found,
	    search->count, &search->capacity, sizeof(*search->found));
	search->found[search->count++] =
	    (struct found){.written = written, .secret = secret};
}

static void
find_texts(struct search *search, const struct meant *meant)
{
	struct str text = meant->text;
	size_t at = 0;

	while ((at = next_start(search->mask, text, at)) < text.bytes) {
		struct str secret = secret_at(search->mask,
		    (struct str){text.at + at, text.bytes - at});

		if (secret.at == NULL) {
			at++;
			continue;
		}
		/* Else it has been found where the text is escaped less. */
		if (meant->of == NULL ||
		    escape_is_in(meant, at, secret.bytes))
			add_found(search,
			    escape_source(meant, at, secret.bytes),
			    meant->of != NULL
				? arena_str(search->arena, secret)
				: secret);
		at += secret.bytes;
	}
}

/* And where it is escaped, in one form or in one within another: the last of
 * them has to be of what a secret has. */
static void
find_escaped(
    struct search *search, const struct meant *of, unsigned depth)
{
	const struct escape_bytes *wanted =
	    depth + 1 == ESCAPED_MAX ? &search->mask->bytes : NULL;
	struct meant meant;

	find_texts(search, of);
	if (depth == ESCAPED_MAX)
		return;
	for (enum escape form = 0; form < ESCAPES; form++) {
		/* But for blanks, a form is what an address is. */
		if (form == ESCAPE_FORM && !search->mask->bytes.has[' '])
			continue;
		if (!escape_undo(of, form, wanted, &meant))
			continue;
		find_escaped(search, &meant, depth + 1);
		escape_free(&meant);
	}
}

static bool
is_digit_at(struct str text, size_t at)
{
	return at < text.bytes && text.at[at] >= '0' && text.at[at] <= '9';
}

static size_t
after_digits(struct str text, size_t at)
{
	while (is_digit_at(text, at))
		at++;
	return at;
}

/* Where the number ends that begins there: 12, 12.50, 1.25E+1. */
static size_t
after_number(struct str text, size_t at)
{
	size_t exponent;

	at = after_digits(text, at);
	if (at < text.bytes && text.at[at] == '.' && is_digit_at(text, at + 1))
		at = after_digits(text, at + 1);
	if (at == text.bytes || (text.at[at] | 0x20) != 'e')
		return at;
	exponent = at + 1;
	if (exponent < text.bytes &&
	    (text.at[exponent] == '+' || text.at[exponent] == '-'))
		exponent++;
	return is_digit_at(text, exponent) ? after_digits(text, exponent) : at;
}

static bool
find_number(struct search *search, struct str written)
{
	struct number number;
	struct str secret;

	if (written.bytes < SENSITIVE_BYTES_MIN ||
	    number_parse_plain(written, &number) != NUMBER_OK)
		return false;
	secret = secret_number(search->mask, written, number);
	if (secret.at != NULL)
		add_found(search, written, secret);
	return secret.at != NULL;
}

/* Escaping leaves them as they are.  A dash may be a sign, or none. */
static void
find_numbers(struct search *search, struct str text)
{
	if (search->mask->numbers == NULL)
		return;
	for (size_t at = 0; at < text.bytes; at++) {
		size_t end, signed_at = at;

		if (!is_digit_at(text, at))
			continue;
		end = after_number(text, at);
		if (at > 0 && text.at[at - 1] == '-')
			signed_at--;
		if (!find_number(
			search, str_slice(text, signed_at, end - signed_at)) &&
		    signed_at < at)
			(void)find_number(
			    search, str_slice(text, at, end - at));
		at = end;
	}
}

/* The first of them first; of those that begin at one place the longest. */
static int
compare_found(const void *a, const void *b)
{
	const struct str x = ((const struct found *)a)->written;
	const struct str y = ((const struct found *)b)->written;

	if (x.at != y.at)
		return x.at < y.at ? -1 : 1;
	return (x.bytes < y.bytes) - (x.bytes > y.bytes);
}

/* From left to right and never over what was put in: a digest may hold the
 * secret's own letters by chance.  Of one that begins within another nothing
 * stays, either. */
static struct str
put_digests(const struct search *search, struct str text)
{
	struct buf masked = {0};
	struct str result;
	size_t at = 0;

	for (size_t i = 0; i < search->count; i++) {
		const struct found *found = &search->found[i];
		size_t from = (size_t)(found->written.at - text.at);
		size_t end = from + found->written.bytes;

		if (end <= at)
			continue;
		if (from > at)
			buf_add(&masked, text.at + at, from - at);
		add_digest(search->mask, &masked, found->secret);
		at = end;
	}
	buf_add(&masked, text.at + at, text.bytes - at);
	result = arena_str(search->arena, buf_str(&masked));
	buf_fini(&masked);
	return result;
}

struct str
chart_mask_text(const struct mask *mask, struct arena *arena, struct str text)
{
	struct search search = {.mask = mask, .arena = arena};
	const struct meant plain = {.text = text};

	if (map_count(mask->secrets) == 0)
		return text;
	find_escaped(&search, &plain, 0);
	find_numbers(&search, text);
	if (search.count == 0)
		return text;
	qsort(search.found, search.count, sizeof(*search.found),
	    compare_found);
	return put_digests(&search, text);
}

/* ---- masking values ---- */

static const struct value *
mask_context(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	struct value_builder *built = value_build_context(arena);

	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		value_put(built, field->key,
		    chart_mask_value(mask, arena, field->value));
	}
	return value_built(built);
}

static const struct value *
mask_list(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	struct value_builder *built = value_build_list(arena);

	for (size_t i = 0; i < value->as.list.count; i++)
		value_append(built,
		    chart_mask_value(mask, arena, value->as.list.items[i]));
	return value_built(built);
}

static const struct value *
mask_number(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	char text[NUMBER_TEXT_BYTES];
	struct str secret = secret_number(mask,
	    number_format(value->as.number, text), value->as.number);

	return secret.at != NULL
		   ? value_of_str(arena, chart_mask_digest(mask, arena, secret))
		   : value;
}

/* A range is sensitive where one of its ends is. */
static const struct value *
mask_scalar(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	struct str text, masked;

	if (!chart_sensitive_text(arena, value, &text))
		return value;
	if (map_find(mask->secrets, text))
		return value_of_str(
		    arena, chart_mask_digest(mask, arena, text));
	if (value->type != VALUE_RANGE)
		return value;
	masked = chart_mask_text(mask, arena, text);
	return str_equal(masked, text) ? value : value_of_str(arena, masked);
}

const struct value *
chart_mask_value(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
	case VALUE_BOOLEAN:
	case VALUE_FUNCTION:
		return value;
	case VALUE_STRING:
		return value_of_str(
		    arena, chart_mask_text(mask, arena, value->as.string));
	case VALUE_NUMBER:
		return mask_number(mask, arena, value);
	case VALUE_CONTEXT:
		return mask_context(mask, arena, value);
	case VALUE_LIST:
		return mask_list(mask, arena, value);
	default:
		return mask_scalar(mask, arena, value);
	}
}

/* ---- masking by paths ---- */

/* What is left of the paths that lead here or further. */
struct paths {
	const struct str *items; /* absent: the value itself is sensitive */
	size_t count;
};

static const struct value *mask_paths(const struct mask *mask,
    struct arena *arena, const struct value *value, struct paths paths);

/* Every value in it, at any depth.  null stays: it says that there is none. */
static const struct value *
mask_leaves(
    const struct mask *mask, struct arena *arena, const struct value *value)
{
	static const struct str whole = {NULL, 0};
	struct str text;

	if (value->type == VALUE_LIST || value->type == VALUE_CONTEXT)
		return mask_paths(
		    mask, arena, value, (struct paths){&whole, 1});
	if (!chart_sensitive_text(arena, value, &text) ||
	    (mask->has_digests && value->type == VALUE_STRING &&
		chart_mask_is_in(text)))
		return value;
	return value_of_str(arena, chart_mask_digest(mask, arena, text));
}

static struct paths
paths_below(struct arena *arena, struct paths paths, struct str key)
{
	struct str *items = ARENA_ARRAY(arena, paths.count, struct str);
	size_t count = 0;

	for (size_t i = 0; i < paths.count; i++) {
		struct str rest;

		if (paths.items[i].at == NULL)
			items[count++] = paths.items[i];
		else if (str_equal(str_split(paths.items[i], '.', &rest), key))
			items[count++] = rest;
	}
	return (struct paths){items, count};
}

static bool
leads_here(struct paths paths)
{
	for (size_t i = 0; i < paths.count; i++)
		if (paths.items[i].at == NULL)
			return true;
	return false;
}

static const struct value *
mask_paths(const struct mask *mask, struct arena *arena,
    const struct value *value, struct paths paths)
{
	struct value_builder *built;

	if (paths.count == 0)
		return chart_mask_value(mask, arena, value);
	if (value->type == VALUE_LIST) {
		built = value_build_list(arena);
		for (size_t i = 0; i < value->as.list.count; i++)
			value_append(built, mask_paths(mask, arena,
			    value->as.list.items[i], paths));
		return value_built(built);
	}
	if (value->type != VALUE_CONTEXT)
		return leads_here(paths)
		    ? mask_leaves(mask, arena, value)
		    : chart_mask_value(mask, arena, value);
	built = value_build_context(arena);
	for (size_t i = 0; i < value->as.context.count; i++) {
		const struct value_field *field = &value->as.context.fields[i];

		value_put(built, field->key,
		    mask_paths(mask, arena, field->value,
			paths_below(arena, paths, field->key)));
	}
	return value_built(built);
}

const struct value *
chart_mask_root(const struct chart *chart, const struct mask *mask,
    struct arena *arena, struct str root, const struct value *value)
{
	const struct definition *definition = chart->definition;
	struct str *items =
	    ARENA_ARRAY(arena, definition->sensitive_count, struct str);
	struct paths paths = {.items = items};

	for (size_t i = 0; i < definition->sensitive_count; i++) {
		struct str path = definition->sensitive[i], rest;
		bool is_input =
		    str_equal(str_split(path, '.', &rest), STR("input"));

		if (is_input == (root.at != NULL))
			items[paths.count++] = is_input ? rest : path;
	}
	return mask_paths(mask, arena, value, paths);
}

/* ---- labels ---- */

static bool
is_at_or_above(struct str path, struct str above)
{
	return str_has_prefix(path, above) &&
	       (path.bytes == above.bytes || path.at[above.bytes] == '.');
}

/* A word of the definition's own, or of the input, where that isn't sensitive.
 * What a variable was made of nobody can tell by its name. */
static bool
is_plain_shape(
    const struct definition *definition, const struct feel_shape *shape)
{
	if (shape->kind == SHAPE_CONSTANT)
		return true;
	if (shape->kind != SHAPE_PATH ||
	    !is_at_or_above(shape->path, STR("input")))
		return false;
	for (size_t i = 0; i < definition->sensitive_count; i++)
		if (is_at_or_above(definition->sensitive[i], shape->path) ||
		    is_at_or_above(shape->path, definition->sensitive[i]))
			return false;
	return true;
}

static bool
is_plain_template(
    const struct definition *definition, const struct template *template)
{
	struct arena *arena;
	bool is_plain;

	if (template->kind != TEMPLATE_FEEL)
		return template->kind == TEMPLATE_LITERAL;
	arena = arena_new();
	is_plain = is_plain_shape(
	    definition, feel_shape(template->feel, arena));
	arena_free(&arena);
	return is_plain;
}

bool
chart_label_is_plain(const struct definition *definition, struct str name,
    struct str shown)
{
	if (chart_mask_is_in(shown))
		return false;
	/* What is shorter has no digest, wherever it comes from. */
	if (shown.bytes >= SENSITIVE_BYTES_MIN &&
	    !str_equal(shown, STR("true")) && !str_equal(shown, STR("false")))
		return true;
	if (definition == NULL || definition->sensitive_count == 0)
		return definition != NULL;
	for (size_t i = 0; i < definition->labels.count; i++)
		if (str_equal(definition->labels.items[i].name, name))
			return is_plain_template(
			    definition, definition->labels.items[i].value);
	return false;
}
