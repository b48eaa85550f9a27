/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_priv.h: what the files of src/draw share; nobody else includes it.
 *
 * Lengths are hundredths of a point, so that no fraction is needed.  The
 * origin is the upper left corner of the drawing, below the heading.
 */
#ifndef DRAW_PRIV_H
#define DRAW_PRIV_H

#include "stated/draw.h"

#define DRAW_POINT 100
#define DRAW_NOWHERE SIZE_MAX

/* Symbol, class in the SVG, size in points, bold. */
#define DRAW_STYLES(X)             \
	X(NAME, "name", 14, true)  \
	X(AKA, "dim", 11, false)   \
	X(STEP, "step", 12, false) \
	X(NOTE, "note", 11, false) \
	X(LABEL, "label", 11, false)

enum draw_style {
#define X(symbol, class, size, bold) DRAW_##symbol,
	DRAW_STYLES(X)
#undef X
};

/* Symbol, id in the SVG, word in DOT and Mermaid. */
#define DRAW_ICONS(X)                 \
	X(BARE, "", "")               \
	X(CALL, "call", "call ")      \
	X(CHECK, "verify", "verify ") \
	X(UNDO, "undo", "undo ")      \
	X(PERSON, "person", "task: ") \
	X(CLOCK, "clock", "after ")   \
	X(BELL, "bell", "escalate: ") \
	X(CHILD, "child", "run ")

enum draw_icon {
#define X(symbol, id, word) DRAW_ICON_##symbol,
	DRAW_ICONS(X)
#undef X
};

struct draw_line {
	struct str text;
	enum draw_style style;
	enum draw_icon icon;
	int indent;	/* in points */
	bool continues; /* the line above: no icon again */
};
struct draw_lines {
	struct draw_line *items;
	size_t count;
	size_t capacity;
	int width_max; /* where lines are wrapped */
};

struct draw_point {
	int x;
	int y;
};
struct draw_area {
	int x;
	int y;
	int width;
	int height;
};

enum draw_shape {
	DRAW_BOX,
	DRAW_GROUP, /* compound or parallel: its children stand within */
	DRAW_FINAL,
	DRAW_HISTORY,
	DRAW_START, /* where a group, or the whole, begins */
	DRAW_WITHIN, /* "in any of these": a group's way to its own states */
	DRAW_FORK,  /* an arrow that parts for several regions */
};
struct draw_box {
	enum draw_shape shape;
	const struct def_state *state; /* of START, WITHIN, FORK: NULL */
	size_t parent;		       /* a group's index, or DRAW_NOWHERE */
	struct draw_lines lines;
	struct draw_area area; /* before it is placed: its size only; of a
				  group the size of its lines */
};

/* Symbol, class in the SVG. */
#define DRAW_ARROWS(X)        \
	X(EVENT, "event")     \
	X(ERROR, "error")     \
	X(DEADLINE, "deadline") \
	X(ALARM, "alarm")     \
	X(BEGIN, "begin")

enum draw_arrow_kind {
#define X(symbol, class) DRAW_##symbol,
	DRAW_ARROWS(X)
#undef X
};
struct draw_arrow {
	enum draw_arrow_kind kind;
	size_t from;
	size_t to;
	bool goes_back; /* to where the process has been */
	struct draw_lines lines;
	struct draw_area label; /* no height: none */
	struct draw_point *points; /* a start, then three for each Bézier */
	size_t point_count;
	struct draw_point tip;
};

struct draw {
	struct arena *arena;
	const struct definition *definition;
	struct draw_box *boxes; /* states first, by their index */
	size_t box_count;
	size_t box_capacity;
	struct draw_arrow *arrows;
	size_t arrow_count;
	size_t arrow_capacity;
	bool is_placed;
	struct draw_area extent;
};

/* ---- draw.c ---- */
/* Whether the box is the group or stands in it, at any depth. */
bool draw_is_within(const struct draw *draw, size_t box, size_t group);
/* The box itself; of a group the one within it that stands for it. */
size_t draw_node_for(const struct draw *draw, size_t group, bool is_last);

/* ---- draw_text.c ---- */
int draw_text_size(enum draw_style style); /* in points */
int draw_text_width(struct str text, enum draw_style style);
int draw_text_height(const struct draw_line *line); /* with its leading */
/* Adds the text, wrapped into at most `rows` lines. */
void draw_text_add(struct arena *arena, struct draw_lines *lines,
    struct draw_line line, size_t rows);
struct draw_area draw_text_extent(const struct draw_lines *lines);
int draw_text_left(const struct draw_line *line); /* before the text */
/* What a template says, in one line: its text bare, an expression as
 * written. */
struct str draw_text_of(struct arena *arena, const struct template *template);
/* What a line says where there are no icons. */
struct str draw_text_plain(struct arena *arena, const struct draw_line *line);

/* ---- draw_label.c: the words ---- */
void draw_label_state(struct draw *draw, struct draw_box *box);
/* The words and the size of the box from which a group's arrows to its own
 * states begin. */
void draw_label_within(struct draw *draw, struct draw_box *box);
/* Told in the box, for an arrow has nowhere to go: what leaves nothing, and
 * what begins a group anew around itself. */
bool draw_label_is_inside(const struct def_transition *transition);
void draw_label_transition(struct draw *draw, struct draw_lines *lines,
    const struct def_transition *transition);
void draw_label_escalation(struct draw *draw, struct draw_lines *lines,
    const struct def_escalation *escalation);

/* ---- draw_order.c ---- */
/* Finds the arrows that go back. */
void draw_order_find(struct draw *draw);

/* ---- draw_layout.c: the only file that knows Graphviz ---- */
MUST_USE bool draw_layout(struct draw *draw, struct buf *why);

#endif
