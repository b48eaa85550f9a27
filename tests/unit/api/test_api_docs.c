/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/http.md has the tables of routes, parameters, problems and roles as
 * the program has them, and docs/security.md that of what each role may do.
 * A test that fails prints the table to paste.
 */
#include "api_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct str
read_page(struct arena *arena, const char *page_name)
{
	const char *folder = getenv("srcdir");
	struct buf text = {0};
	struct str page;
	char path[4096], bytes[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/docs/%s", folder ? folder : ".",
	    page_name);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s is not there", path);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add(&text, bytes, n);
	fclose(file);
	page = arena_str(arena, buf_str(&text));
	buf_fini(&text);
	return page;
}

static void
expect_table_in(const char *page_name, struct buf *table)
{
	struct arena *arena = arena_new();
	struct str page = read_page(arena, page_name);
	bool found = str_find(page, buf_str(table)) != SIZE_MAX;

	if (!found) {
		/* cmocka would cut it. */
		fprintf(stderr, "docs/%s lacks this table:\n%s\n", page_name,
		    buf_cstr(table));
		fail();
	}
	arena_free(&arena);
	buf_fini(table);
}

static void
expect_table(struct buf *table)
{
	expect_table_in("http.md", table);
}

static const char *const role_names[] = {
#define X(symbol, bit, name, may) "`" name "`",
    API_ROLES(X)
#undef X
};
static const unsigned role_bits[] = {
#define X(symbol, bit, name, may) bit,
    API_ROLES(X)
#undef X
};

static void
put_roles(struct buf *table, unsigned roles)
{
	bool first = true;

	if (roles == API_EVERYBODY)
		buf_add_cstr(table, "everybody");
	else if (roles == API_CALLERS)
		buf_add_cstr(table, "all");
	else if (roles == API_READERS)
		buf_add_cstr(table, "all but `events`");
	else
		for (size_t i = 0; i < sizeof(role_bits) / sizeof(*role_bits);
		     i++)
			if (roles & role_bits[i]) {
				buf_addf(table, "%s%s", first ? "" : ", ",
				    role_names[i]);
				first = false;
			}
}

static void
test_routes_are_documented(void **state)
{
	struct buf table = {0};
	const struct api_route *route;

	(void)state;
	buf_add_cstr(&table, "| method | path | what it does | roles |\n"
			     "|---|---|---|---|\n");
	for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
		buf_addf(&table, "| %s | `%s` | %s | ", route->method,
		    route->pattern, route->summary);
		put_roles(&table, route->roles);
		buf_add_cstr(&table, " |\n");
	}
	expect_table(&table);
}

static void
test_parameters_are_documented(void **state)
{
	struct buf table = {0};
	const struct api_route *route;

	(void)state;
	buf_add_cstr(&table, "| path | parameter | meaning |\n|---|---|---|\n");
	for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
		const struct api_parameter *parameter = route->parameters;

		for (; parameter != NULL && parameter->name != NULL;
		     parameter++)
			buf_addf(&table, "| `%s` | `%s` | %s |\n",
			    route->pattern, parameter->name, parameter->what);
	}
	expect_table(&table);
}

static void
test_problems_are_documented(void **state)
{
	struct buf table = {0};

	(void)state;
	buf_add_cstr(&table, "| status | name | when |\n|---|---|---|\n");
#define X(symbol, status, name, title, when) \
	buf_addf(&table, "| %d | `%s` | %s |\n", status, name, when);
	API_PROBLEMS(X)
#undef X
	expect_table(&table);
}

static void
test_roles_are_documented(void **state)
{
	struct buf table = {0};

	(void)state;
	buf_add_cstr(&table, "| role | what it may |\n|---|---|\n");
#define X(symbol, bit, name, may) \
	buf_addf(&table, "| `%s` | %s |\n", name, may);
	API_ROLES(X)
#undef X
	expect_table(&table);
}

static const char *const reach_names[] = {
#define X(symbol, name, what) "`" name "`",
    API_REACHES(X)
#undef X
};

static void
test_what_each_role_may_do_is_documented(void **state)
{
	struct buf table = {0};
	const struct api_route *route;

	(void)state;
	buf_add_cstr(&table, "| route |");
	for (size_t i = 0; i < COUNT_OF(role_names); i++)
		buf_addf(&table, " %s |", role_names[i]);
	buf_add_cstr(&table, " no token | limited tokens |\n|---|");
	for (size_t i = 0; i < COUNT_OF(role_names) + 2; i++)
		buf_add_cstr(&table, "---|");
	buf_add_char(&table, '\n');
	for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
		bool is_open = route->roles == API_EVERYBODY;

		buf_addf(&table, "| %s `%s` |", route->method, route->pattern);
		for (size_t j = 0; j < COUNT_OF(role_bits); j++)
			buf_add_cstr(&table, is_open ||
				(role_bits[j] & (route->roles | API_ADMIN))
				    ? " yes |"
				    : " - |");
		buf_addf(&table, " %s | %s |\n", is_open ? "yes" : "-",
		    reach_names[route->reach]);
	}
	expect_table_in("security.md", &table);
}

static void
test_what_limited_tokens_have_is_documented(void **state)
{
	struct buf table = {0};

	(void)state;
	buf_add_cstr(&table, "| limited tokens | what they have of it |\n"
			     "|---|---|\n");
#define X(symbol, name, what) \
	buf_addf(&table, "| `%s` | %s |\n", name, what);
	API_REACHES(X)
#undef X
	expect_table_in("security.md", &table);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_routes_are_documented),
	    cmocka_unit_test(test_parameters_are_documented),
	    cmocka_unit_test(test_problems_are_documented),
	    cmocka_unit_test(test_roles_are_documented),
	    cmocka_unit_test(test_what_each_role_may_do_is_documented),
	    cmocka_unit_test(test_what_limited_tokens_have_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
