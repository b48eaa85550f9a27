/* SPDX-License-Identifier: Apache-2.0 */
/* diff_text.c: texts that are equal where the meaning is. */
#include "diff_priv.h"

#include "stated/json.h"

static void
write_template(struct buf *out, const struct template *template)
{
	switch (template->kind) {
	case TEMPLATE_LITERAL:
		json_write(template->literal, JSON_PLAIN, out);
		return;
	case TEMPLATE_FEEL:
		buf_addf(out, "= %.*s", STR_ARG(str_trim(template->text)));
		return;
	case TEMPLATE_SECRET:
		buf_addf(out, "{secret: %.*s}", STR_ARG(template->secret));
		return;
	case TEMPLATE_LIST:
		buf_add_char(out, '[');
		for (size_t i = 0; i < template->count; i++) {
			buf_add_cstr(out, i > 0 ? ", " : "");
			write_template(out, template->items[i]);
		}
		buf_add_char(out, ']');
		return;
	case TEMPLATE_CONTEXT:
		buf_add_char(out, '{');
		for (size_t i = 0; i < template->count; i++) {
			buf_addf(out, "%s%.*s: ", i > 0 ? ", " : "",
			    STR_ARG(template->fields[i].key));
			write_template(out, template->fields[i].value);
		}
		buf_add_char(out, '}');
		return;
	}
	unreachable("every kind of template is above");
}

static struct str
keep(struct arena *arena, struct buf *text)
{
	struct str kept = arena_str(arena, buf_str(text));

	buf_fini(text);
	return kept;
}

struct str
diff_text_value(struct arena *arena, const struct template *template)
{
	struct buf text = {0};

	if (template == NULL)
		return (struct str){NULL, 0};
	write_template(&text, template);
	return keep(arena, &text);
}

struct str
diff_text_of(struct arena *arena, const struct template *template)
{
	if (template != NULL && template->kind == TEMPLATE_LITERAL &&
	    template->literal->type == VALUE_STRING)
		return arena_str(arena, template->literal->as.string);
	return diff_text_value(arena, template);
}

struct str
diff_text_assigns(struct arena *arena, const struct def_assigns *assigns)
{
	struct buf text = {0};

	if (assigns->count == 0)
		return (struct str){NULL, 0};
	for (size_t i = 0; i < assigns->count; i++) {
		buf_addf(&text, "%s%.*s: ", i > 0 ? ", " : "",
		    STR_ARG(assigns->items[i].name));
		write_template(&text, assigns->items[i].value);
	}
	return keep(arena, &text);
}

struct str
diff_text_span(struct arena *arena, const struct def_span *span)
{
	switch (span->kind) {
	case SPAN_NONE:
		return (struct str){NULL, 0};
	case SPAN_FIXED:
		return diff_text_ms(arena, span->fixed_ms);
	case SPAN_BUSINESS_DAYS:
		return arena_strf(arena, "%lld business day%s",
		    (long long)span->business_days,
		    span->business_days == 1 ? "" : "s");
	case SPAN_FEEL:
		return diff_text_of(arena, span->feel);
	}
	unreachable("every kind of span is above");
}

struct str
diff_text_ms(struct arena *arena, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = {
	    {INT64_C(86400000), "d"},
	    {INT64_C(3600000), "h"},
	    {INT64_C(60000), "m"},
	    {INT64_C(1000), "s"},
	    {INT64_C(1), "ms"},
	};
	size_t i = 0;

	while (ms % units[i].ms != 0 || (ms == 0 && units[i].ms > 1000))
		i++;
	return arena_strf(
	    arena, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
}

struct str
diff_text_names(struct arena *arena, const struct str *names, size_t count)
{
	struct buf text = {0};

	if (count == 0)
		return (struct str){NULL, 0};
	for (size_t i = 0; i < count; i++)
		buf_addf(&text, "%s%.*s", i > 0 ? ", " : "", STR_ARG(names[i]));
	return keep(arena, &text);
}
