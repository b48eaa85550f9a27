/* SPDX-License-Identifier: Apache-2.0 */
/* load_form.c: what values may be that many keys have. */
#include "load_priv.h"

const struct load_table load_form_name = LOAD_KIND(KIND_NAME);
const struct load_table load_form_names = LOAD_SOME(&load_form_name);
const struct load_table load_form_text = LOAD_KIND(KIND_TEXT);
const struct load_table load_form_texts = LOAD_SOME(&load_form_text);
const struct load_table load_form_value = LOAD_KIND(KIND_VALUE);
const struct load_table load_form_values = LOAD_LIST(&load_form_value);
const struct load_table load_form_string = LOAD_KIND(KIND_STRING);
const struct load_table load_form_span = LOAD_KIND(KIND_SPAN);
const struct load_table load_form_schema = LOAD_KIND(KIND_SCHEMA);
const struct load_table load_form_boolean = LOAD_KIND(KIND_BOOLEAN);
const struct load_table load_form_map = LOAD_KIND(KIND_FIELDS);
const struct load_table load_form_expression = {.shape = SHAPE_EXPRESSION};
const struct load_table load_form_nothing = {.shape = SHAPE_NOTHING};
const struct load_table load_form_scalar = {.shape = SHAPE_SCALAR};
const struct load_table load_form_name_or_expression =
    LOAD_EITHER(&load_form_name, &load_form_expression);
const struct load_table load_form_map_or_expression =
    LOAD_EITHER(&load_form_map, &load_form_expression);
const struct load_table load_form_list_or_expression =
    LOAD_EITHER(&load_form_values, &load_form_expression);
