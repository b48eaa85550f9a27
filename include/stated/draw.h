/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw.h: a workflow as a picture that a person can read.
 *
 * One picture (boxes, arrows, and the words on them) is taken from the
 * definition; DOT, Mermaid and SVG are three ways of writing it.  Only SVG
 * needs to know where things stand: it is laid out once, and where an instance
 * stands is marked when it is written, so that the same workflow looks the
 * same whatever its instances do.
 */
#ifndef STATED_DRAW_H
#define STATED_DRAW_H

#include "stated/definition.h"

struct draw;

/* More than a page can show: to place it may take minutes. */
bool draw_is_large(const struct definition *definition);
/* The definition must live as long as the picture. */
struct draw *draw_new(const struct definition *definition);
void draw_free(struct draw **draw);

/* For Graphviz's own tools. */
void draw_dot(const struct draw *draw, struct buf *out);
/* For Markdown: stateDiagram-v2. */
void draw_mermaid(const struct draw *draw, struct buf *out);

/* Gives everything its place.  false with *why where Graphviz can't, or takes
 * longer than anybody waits; hundreds of states take minutes. */
MUST_USE bool draw_place(struct draw *draw, struct buf *why);
/* Names of active states, atomic or not; unknown ones are passed over. */
struct draw_marks {
	const struct str *active;
	size_t active_count;
};
/* Needs draw_place().  The document stands by itself: no script, no font and
 * no picture from elsewhere. */
void draw_svg(
    const struct draw *draw, const struct draw_marks *marks, struct buf *out);

#endif
