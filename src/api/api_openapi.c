/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_openapi.c: the interface as OpenAPI 3.1, written from the table of
 * routes.  The schemas are in api_schema.c.
 */
#include "api_priv.h"

static void
put_text(struct buf *out, const char *key, const char *text)
{
	buf_addf(out, "\"%s\":", key);
	buf_add_json_string(out, str_of(text));
}

/* ---- parameters ---- */

static void
put_parameter(struct buf *out, const char *where, struct str name,
    const char *what, bool required)
{
	if (out->at[out->bytes - 1] != '[')
		buf_add_char(out, ',');
	buf_add_cstr(out, "{\"name\":");
	buf_add_json_string(out, name);
	buf_addf(out, ",\"in\":\"%s\"", where);
	if (required)
		buf_add_cstr(out, ",\"required\":true");
	buf_add_cstr(out, ",\"schema\":{\"type\":\"string\"},");
	put_text(out, "description", what);
	buf_add_char(out, '}');
}

static void
put_path_parameters(struct buf *out, const struct api_route *route)
{
	struct str rest = str_of(route->pattern);

	while (rest.at != NULL) {
		struct str part = str_split(rest, '/', &rest);

		if (part.bytes > 2 && part.at[0] == '{')
			put_parameter(out, "path",
			    str_slice(part, 1, part.bytes - 2),
			    "names the resource", true);
	}
}

static void
put_parameters(struct buf *out, const struct api_route *route)
{
	const struct api_parameter *parameter = route->parameters;

	buf_add_cstr(out, "\"parameters\":[");
	put_path_parameters(out, route);
	for (; parameter != NULL && parameter->name != NULL; parameter++) {
		bool family = str_has_suffix(str_of(parameter->name), STR("."));

		/* A family of names can't be told in OpenAPI. */
		if (!family)
			put_parameter(out, "query", str_of(parameter->name),
			    parameter->what, false);
	}
	if (route->handle == api_start_post)
		put_parameter(out, "header", STR("Idempotency-Key"),
		    "the same key gets the same answer, for 24 hours", false);
	buf_add_cstr(out, "],");
}

/* ---- bodies ---- */

static void
put_schema(struct buf *out, const char *media, const char *schema)
{
	buf_addf(out, "\"%s\":{\"schema\":", media);
	if (schema == NULL)
		buf_add_cstr(out, "{}");
	else
		buf_addf(out, "{\"$ref\":\"#/components/schemas/%s\"}", schema);
	buf_add_char(out, '}');
}

/* Types, parted by commas; YAML has no schema here. */
static void
put_schemas(struct buf *out, const char *types, const char *schema)
{
	struct str rest = str_of(types);
	bool first = true;

	while (rest.at != NULL) {
		struct str media = str_trim(str_split(rest, ',', &rest));
		struct buf name = {0};

		if (!first)
			buf_add_char(out, ',');
		first = false;
		buf_add_str(&name, media);
		put_schema(out, buf_cstr(&name),
		    str_equal(media, STR("application/yaml")) ? NULL : schema);
		buf_fini(&name);
	}
}

static void
put_body(struct buf *out, const struct api_route *route)
{
	if (route->takes == NULL && route->takes_media == NULL)
		return;
	buf_add_cstr(out, "\"requestBody\":{\"content\":{");
	put_schemas(out,
	    route->takes_media ? route->takes_media : "application/json",
	    route->takes);
	buf_add_cstr(out, "}},");
}

/* ---- answers ---- */

#define PROBLEM 0 /* whatever its status */

static bool
is_new(const struct api_route *route, int status)
{
	return (route->handle == api_start_post && status != PROBLEM) ||
	       (route->proposes != NULL && status == 202);
}

static bool
is_page(const struct api_route *route, int status)
{
	return status == 200 && route->gives != NULL &&
	       str_has_suffix(str_of(route->gives), STR("Page"));
}

static bool
is_export(const struct api_route *route, int status)
{
	return status == 200 && route->handle == api_export_get;
}

static bool
is_problem(const struct api_route *route, int status)
{
	(void)route;
	return status == PROBLEM;
}

static const struct {
	bool (*is_sent)(const struct api_route *route, int status);
	const char *name;
	const char *what;
} headers[] = {
    {is_new, "Location", "where it is to be looked at"},
    {is_page, "Link", "the next page, by rel=next, where there is one"},
    {is_export, "Content-Location",
	"the same export once more, of JSON lines: with `skip` it goes on"},
    {is_export, "Content-Disposition", "a name for the file"},
    {is_problem, "Location", "of 409: the instance that is in the way"},
    {is_problem, "Retry-After", "in so many seconds it may go better"},
    {is_problem, "Allow", "of 405: the methods that there are"},
    {is_problem, "WWW-Authenticate", "of 401: how to say who calls"},
};

/* What stands on every answer is told in words, in docs/http.md. */
static void
put_headers(struct buf *out, const struct api_route *route, int status)
{
	bool first = true;

	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		if (!headers[i].is_sent(route, status))
			continue;
		buf_addf(out, "%s\"%s\":{\"schema\":{\"type\":\"string\"},",
		    first ? "\"headers\":{" : ",", headers[i].name);
		put_text(out, "description", headers[i].what);
		buf_add_char(out, '}');
		first = false;
	}
	if (!first)
		buf_add_cstr(out, "},");
}

static void
put_responses(struct buf *out, const struct api_route *route)
{
	buf_addf(out, "\"responses\":{\"%d\":{", route->status);
	put_text(out, "description", "done");
	buf_add_char(out, ',');
	put_headers(out, route, route->status);
	buf_add_cstr(out, "\"content\":{");
	put_schemas(out, route->gives ? "application/json" : route->media,
	    route->gives);
	buf_add_cstr(out, "}}");
	if (route->handle == api_start_post ||
	    route->handle == api_publish_post) {
		buf_addf(out, ",\"200\":{\"description\":\"%s\",",
		    route->handle == api_start_post
			? "the instance that has this business key already"
			: "nothing was new, or it was a dry run");
		put_headers(out, route, 200);
		buf_add_cstr(out, "\"content\":{");
		put_schema(out, "application/json", route->gives);
		buf_add_cstr(out, "}}");
	}
	if (route->proposes != NULL) {
		buf_add_cstr(out, ",\"202\":{\"description\":\"it waits for "
				  "another person to confirm it\",");
		put_headers(out, route, 202);
		buf_add_cstr(out, "\"content\":{");
		put_schema(out, "application/json", route->proposes);
		buf_add_cstr(out, "}}");
	}
	buf_add_cstr(out, ",\"default\":{\"description\":\"a problem\",");
	put_headers(out, route, PROBLEM);
	buf_add_cstr(out, "\"content\":{");
	put_schema(out, "application/problem+json", "Problem");
	buf_add_cstr(out, "}}}");
}

/* ---- operations ---- */

static const char *const role_names[] = {
#define X(symbol, bit, name, may) name,
    API_ROLES(X)
#undef X
};
static const unsigned role_bits[] = {
#define X(symbol, bit, name, may) bit,
    API_ROLES(X)
#undef X
};

static const char *const reach_names[] = {
#define X(symbol, name, what) name,
    API_REACHES(X)
#undef X
};

static void
put_security(struct buf *out, const struct api_route *route)
{
	unsigned roles = route->roles | API_ADMIN;
	bool first = true;

	if (route->roles == API_EVERYBODY) {
		buf_add_cstr(out, "\"security\":[],");
		return;
	}
	buf_add_cstr(out, "\"x-roles\":[");
	for (size_t i = 0; i < sizeof(role_bits) / sizeof(*role_bits); i++) {
		if (!(roles & role_bits[i]))
			continue;
		buf_addf(out, "%s\"%s\"", first ? "" : ",", role_names[i]);
		first = false;
	}
	buf_addf(out, "],\"x-reach\":\"%s\",", reach_names[route->reach]);
}

/* "POST /v1/tasks/{id}/decide" is post_tasks_id_decide. */
static void
put_operation_id(struct buf *out, const struct api_route *route)
{
	buf_add_cstr(out, "\"operationId\":\"");
	for (const char *at = route->method; *at != '\0'; at++)
		buf_add_char(out, (char)(*at - 'A' + 'a'));
	for (const char *at = route->pattern; *at != '\0'; at++) {
		if (*at == '/' || *at == '.' || *at == '-')
			buf_add_char(out, '_');
		else if (*at != '{' && *at != '}')
			buf_add_char(out, *at);
	}
	buf_add_cstr(out, "\",");
}

static void
put_operation(struct buf *out, const struct api_route *route)
{
	buf_add_char(out, '"');
	for (const char *at = route->method; *at != '\0'; at++)
		buf_add_char(out, (char)(*at - 'A' + 'a'));
	buf_add_cstr(out, "\":{");
	put_operation_id(out, route);
	put_text(out, "summary", route->summary);
	buf_add_char(out, ',');
	put_security(out, route);
	put_parameters(out, route);
	put_body(out, route);
	put_responses(out, route);
	buf_add_char(out, '}');
}

static void
put_paths(struct buf *out)
{
	const struct api_route *route;
	const char *pattern = NULL;

	for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
		if (pattern != NULL && strcmp(pattern, route->pattern) == 0) {
			buf_add_char(out, ',');
		} else {
			if (pattern != NULL)
				buf_add_cstr(out, "},");
			buf_addf(out, "\"%s\":{", route->pattern);
			pattern = route->pattern;
		}
		put_operation(out, route);
	}
	buf_add_char(out, '}');
}

void
api_openapi_get(struct api_call *call)
{
	struct buf out = {0};

	buf_add_cstr(&out, "{\"openapi\":\"3.1.0\",\"info\":{");
	put_text(&out, "title", "stated");
	buf_add_char(&out, ',');
	put_text(&out, "version", STATED_VERSION);
	buf_add_cstr(&out, "},\"security\":[{\"bearer\":[]}],\"paths\":{");
	put_paths(&out);
	buf_add_cstr(&out, "},\"components\":{\"securitySchemes\":{\"bearer\":"
			   "{\"type\":\"http\",\"scheme\":\"bearer\"}},"
			   "\"schemas\":{");
	api_schema_write(&out);
	buf_add_cstr(&out, "}}}\n");
	api_reply_bytes(call, 200, "application/json", buf_str(&out));
	buf_fini(&out);
}
