/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h: a value as it stands in a definition: literal, or with FEEL
 * expressions (strings that begin with "=") at any depth.
 */
#ifndef STATED_TEMPLATE_H
#define STATED_TEMPLATE_H

#include "stated/diag.h"
#include "stated/feel.h"

struct template;

enum template_kind {
	TEMPLATE_LITERAL,
	TEMPLATE_FEEL,
	TEMPLATE_LIST,
	TEMPLATE_CONTEXT,
	TEMPLATE_SECRET, /* {secret: NAME}, allowed in connections only */
};

struct template_field {
	struct str key;
	const struct template *value;
};

struct template {
	enum template_kind kind;
	struct diag_span span;
	const struct value *literal; /* TEMPLATE_LITERAL */
	const struct feel *feel;     /* TEMPLATE_FEEL */
	struct str text; /* TEMPLATE_FEEL: as written, without "=" */
	const struct template *const *items; /* TEMPLATE_LIST */
	const struct template_field *fields; /* TEMPLATE_CONTEXT */
	size_t count;
	struct str secret; /* TEMPLATE_SECRET: its name */
};

/* Resolves a secret's name for the moment of a request; NULL: there is none. */
typedef const struct value *template_secret_fn(void *arg, struct str name);

/* An expression of the template that gave null, where env->note says why. */
typedef void template_null_fn(
    void *arg, const struct template *template, const struct feel_env *env);

/* As template_eval(), and tells of nulls that something went wrong for. */
const struct value *template_eval_telling(const struct template *template,
    struct feel_env *env, template_null_fn *tell, void *tell_arg);
/* Evaluates; never NULL.  secret may be NULL: secrets give null then. */
const struct value *template_eval(const struct template *template,
    struct feel_env *env, template_secret_fn *secret, void *secret_arg);

#endif
