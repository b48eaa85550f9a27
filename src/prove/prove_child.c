/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove_child.c: a child workflow can be started with what it is given.
 *
 * Which version runs is decided when the step runs; the newest one that is
 * known here is looked at, and nothing is said of a workflow that isn't: it
 * may be published from elsewhere.
 */
#include "prove_priv.h"

struct child_proof {
	struct proof *proof;
	const struct def_step *step;
	const struct value *schema; /* of the child's input */
};

static void
tell_path(struct child_proof *self)
{
	const struct flow *flow = self->proof->flow;
	uint32_t point = flow->first_of_step[self->step->index];

	if (point != 0)
		diag_path(self->proof->diags,
		    flow_path_from_start(flow, point));
}

static bool
is_given(const struct def_step *step, struct str name)
{
	if (step->with->kind == TEMPLATE_LITERAL)
		return value_get(step->with->literal, name) != NULL;
	for (size_t i = 0; i < step->with->count; i++)
		if (str_equal(step->with->fields[i].key, name))
			return true;
	return false;
}

static void
tell_refused(struct child_proof *self, const char *what, struct str name)
{
	diag_add(self->proof->diags, DIAG_WARNING, PROVE_NOT_STARTED,
	    self->step->with->span,
	    "`%.*s` is never started: its input %s `%.*s`",
	    STR_ARG(self->step->workflow), what, STR_ARG(name));
	tell_path(self);
	diag_repair(self->proof->diags,
	    "`with` has to be what the `input` of `%.*s` allows",
	    STR_ARG(self->step->workflow));
}

static void
prove_required(struct child_proof *self)
{
	const struct value *required = value_get_cstr(self->schema, "required");

	for (size_t i = 0; required && required->type == VALUE_LIST &&
	     i < required->as.list.count; i++) {
		struct str name = value_str(required->as.list.items[i]);

		if (!is_given(self->step, name))
			tell_refused(self, "needs", name);
	}
}

/* Only where the schema's own properties are all that there may be. */
static bool
is_closed(const struct value *schema)
{
	static const char *const others[] = {"allOf", "anyOf", "oneOf", "$ref",
	    "if", "dependentSchemas", "patternProperties", "$dynamicRef"};
	static const char *const bars[] = {
	    "unevaluatedProperties", "additionalProperties"};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (value_get_cstr(schema, others[i]))
			return false;
	for (size_t i = 0; i < COUNT_OF(bars); i++) {
		const struct value *bar = value_get_cstr(schema, bars[i]);

		if (bar && bar->type == VALUE_BOOLEAN && !bar->as.boolean)
			return true;
	}
	return false;
}

static void
prove_taken(struct child_proof *self)
{
	const struct value *properties =
	    value_get_cstr(self->schema, "properties");

	if (!is_closed(self->schema))
		return;
	for (size_t i = 0; i < self->step->with->count; i++) {
		struct str name = self->step->with->fields[i].key;

		if (!value_get(properties, name))
			tell_refused(self, "has no", name);
	}
}

/* A constant is judged by its schema. */
static void
prove_constants(struct child_proof *self)
{
	const struct value *properties =
	    value_get_cstr(self->schema, "properties");

	for (size_t i = 0; i < self->step->with->count; i++) {
		const struct template_field *field =
		    &self->step->with->fields[i];
		const struct value *part = value_get(properties, field->key);
		struct schema_errors errors = {.arena = self->proof->arena};
		const struct schema *schema = part &&
		    field->value->kind == TEMPLATE_LITERAL ? schema_compile(
			self->proof->arena, part, &errors) : NULL;

		if (schema && !schema_validate(
		    schema, field->value->literal, &errors))
			tell_refused(self, "doesn't take this", field->key);
	}
}

static void
prove_step(struct proof *proof, const struct def_step *step)
{
	const struct definition *child =
	    library_find_workflow(proof->library, step->workflow, 0);
	struct child_proof self = {.proof = proof, .step = step};

	if (!child || !child->input_schema ||
	    step->with->kind == TEMPLATE_FEEL)
		return;
	self.schema = child->input_schema;
	prove_required(&self);
	prove_taken(&self);
	prove_constants(&self);
}

void
prove_child(struct proof *proof)
{
	const struct definition *definition = proof->definition;

	for (size_t i = 0; proof->library && i < definition->step_count; i++)
		if (definition->steps[i]->kind == STEP_RUN)
			prove_step(proof, definition->steps[i]);
}
