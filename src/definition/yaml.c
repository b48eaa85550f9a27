/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.c: a document for those who are no definitions. */
#include "stated/yaml.h"

#include "yaml_priv.h"

struct yaml_places {
	const struct yaml_source *source;
	const struct yaml_node *root; /* NULL: an empty document */
};

static const struct value *
read_only_document(struct arena *arena, const struct yaml_source *source,
    struct yaml_places *places, struct diag_list *diags)
{
	const struct yaml_document *document;
	struct str text, more;
	size_t offset = 0;

	if (!yaml_source_next(source, &offset, &text))
		return value_built(value_build_context(arena));
	document = yaml_tree_read(arena, source, text, diags);
	if (document == NULL)
		return NULL;
	if (yaml_source_next(source, &offset, &more)) {
		diag_add(diags, DIAG_ERROR, "D001",
		    yaml_source_span(
			source, (size_t)(more.at - source->diag.text.at), 1),
		    "a second document begins where one is expected");
		return NULL;
	}
	places->root = document->root;
	return yaml_scalar_value(arena, document->root, diags);
}

const struct value *
yaml_read(struct arena *arena, struct str file, struct str text,
    struct diag_list *diags, const struct yaml_places **places)
{
	struct yaml_source *source = ARENA_NEW(arena, struct yaml_source);
	struct yaml_places *mine = ARENA_NEW(arena, struct yaml_places);
	size_t errors = diag_count(diags, DIAG_ERROR);
	const struct value *value;

	mine->source = source;
	*places = mine;
	if (!yaml_source_init(source, arena, arena_str(arena, file),
		arena_str(arena, text), diags))
		return NULL;
	value = read_only_document(arena, source, mine, diags);
	return diag_count(diags, DIAG_ERROR) == errors ? value : NULL;
}

struct diag_span
yaml_place(const struct yaml_places *places, struct str pointer)
{
	if (places->root == NULL)
		return (struct diag_span){.source = &places->source->diag};
	return yaml_tree_follow(places->root, pointer)->span;
}

struct diag_span
yaml_place_within(const struct yaml_places *places, struct str pointer,
    size_t offset, size_t bytes)
{
	const struct yaml_node *node =
	    places->root == NULL ? NULL :
	    yaml_tree_follow(places->root, pointer);

	if (node == NULL || node->kind != NODE_TEXT)
		return yaml_place(places, pointer);
	return yaml_locate_span(places->source, node, offset, bytes);
}

struct diag_span
yaml_place_of_key(const struct yaml_places *places, struct str pointer)
{
	const struct yaml_node *map;
	size_t slash = pointer.bytes;

	while (slash > 0 && pointer.at[slash - 1] != '/')
		slash--;
	must(slash > 0);
	map = places->root == NULL ? NULL
				   : yaml_tree_follow(places->root,
					 str_slice(pointer, 0, slash - 1));
	for (size_t i = 0;
	     map != NULL && map->kind == NODE_MAP && i < map->count; i++)
		if (str_equal(map->pairs[i].key->text,
			str_slice(pointer, slash, pointer.bytes - slash)))
			return map->pairs[i].key->span;
	return yaml_place(places, pointer);
}
