/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw_layout.c: where everything goes, by Graphviz.
 *
 * Graphviz gets boxes of the sizes that we need, without a text in them, and
 * gives back places.  So it loads no fonts, and what it makes of them is not
 * our concern.  Its plug-in for layouts is linked, so that it looks for none.
 *
 * It runs in a child of ours.  It keeps its state in globals, forgets to free
 * some of what it knows about groups and frees some of it twice (version 2.43
 * does), and can take as long as it likes: none of this may happen to a
 * process that moves money.  The child is this program once more, under a name
 * that says that it has to lay out and nothing else: what is only forked from a
 * process of several threads may find the allocator locked for ever.  It reads
 * the graph from its input, has no descriptor of ours, is bounded in time,
 * frees nothing and tells the places in lines of text on its output.
 *
 * Groups have anchors, which nobody sees: tN above all that is in group N,
 * where it begins, and bN below, from where arrows leave it.  So regions stand
 * side by side, and what comes after a group stands below it.
 *
 *	W 0,0,WIDTH,HEIGHT	the whole
 *	N INDEX X,Y		the middle of a box
 *	G INDEX X,Y,X,Y		the corners of a group
 *	A INDEX e,X,Y X,Y ...	an arrow: its tip (s: at its begin) and curve
 *	L INDEX X,Y		the middle of its label
 */
#include "draw_priv.h"

#include "stated/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <gvc.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define POINTS_PER_INCH 72
/* Of computing; whoever waits is patient a little longer. */
#define SECONDS_MAX 60
#define PATIENCE_MS (3 * SECONDS_MAX * 1000)
/* What the child is called; nobody else may be. */
#define CHILD_NAME "stated: laying out a picture"

extern gvplugin_library_t gvplugin_dot_layout_LTX_library;
static const lt_symlist_t plugins[] = {
    {"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library},
    {NULL, NULL},
};

/* ---- the graph, as DOT without words ---- */

/* Graphviz takes sizes in inches. */
static void
write_inches(struct buf *dot, const char *name, int length)
{
	int thousandths = length * 10 / POINTS_PER_INCH;

	buf_addf(
	    dot, "%s=%d.%03d ", name, thousandths / 1000, thousandths % 1000);
}

/* Room for words that Graphviz doesn't know. */
static void
write_room(struct buf *dot, int width, int height)
{
	buf_addf(dot,
	    "label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
	    "CELLPADDING=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"%d\" HEIGHT=\"%d\">"
	    "<TR><TD></TD></TR></TABLE>>",
	    width / DRAW_POINT + 1, height / DRAW_POINT + 1);
}

static void
write_node(const struct draw *draw, size_t index, struct buf *dot)
{
	const struct draw_box *item = &draw->boxes[index];

	buf_addf(dot, "n%zu [", index);
	write_inches(dot, "width", item->area.width);
	write_inches(dot, "height", item->area.height);
	if (item->shape == DRAW_START || item->shape == DRAW_HISTORY)
		buf_add_cstr(dot, "shape=circle ");
	buf_add_cstr(dot, "];\n");
}

static bool
is_parallel(const struct draw *draw, size_t group)
{
	return draw->boxes[group].state->kind == STATE_PARALLEL;
}

/* Whether an arrow leads on from it within its group. */
static bool
leads_on(const struct draw *draw, size_t index)
{
	for (size_t i = 0; i < draw->arrow_count; i++)
		if (draw->arrows[i].from == index &&
		    draw->arrows[i].to != index &&
		    draw_is_within(
			draw, draw->arrows[i].to, draw->boxes[index].parent))
			return true;
	return false;
}

/* Arrows that nobody sees hold what is in the group between its anchors. */
static void
write_anchors(const struct draw *draw, size_t group, struct buf *dot)
{
	const char *look = "[style=invis weight=4]";

	buf_addf(dot, "node [width=0.01 height=0.01 style=invis] b%zu %s%zu\n",
	    group, is_parallel(draw, group) ? "t" : "b", group);
	for (size_t i = 0; i < draw->box_count; i++) {
		const struct draw_box *item = &draw->boxes[i];

		if (item->parent != group)
			continue;
		if (is_parallel(draw, group) && item->shape == DRAW_GROUP)
			buf_addf(dot, "t%zu -> n%zu %s\n", group,
			    draw_node_for(draw, i, false), look);
		if (item->shape == DRAW_GROUP)
			buf_addf(dot, "b%zu -> b%zu %s\n", i, group, look);
		else if (!leads_on(draw, i))
			buf_addf(dot, "n%zu -> b%zu %s\n", i, group, look);
	}
}

static void
write_boxes(const struct draw *draw, size_t parent, struct buf *dot)
{
	for (size_t i = 0; i < draw->box_count; i++) {
		const struct draw_box *item = &draw->boxes[i];

		if (item->parent != parent)
			continue;
		if (item->shape != DRAW_GROUP) {
			write_node(draw, i, dot);
			continue;
		}
		buf_addf(
		    dot, "subgraph cluster_%zu { margin=14; labeljust=l; ", i);
		write_room(dot, item->area.width, item->area.height);
		buf_add_cstr(dot, ";\n");
		write_boxes(draw, i, dot);
		write_anchors(draw, i, dot);
		buf_add_cstr(dot, "}\n");
	}
}

/* What an arrow weighs decides how straight and short it is: the way through
 * a process more than what leads off it. */
static int
weight_of(const struct draw *draw, const struct draw_arrow *arrow)
{
	const struct def_state *to = draw->boxes[arrow->to].state;

	if (arrow->kind == DRAW_BEGIN)
		return 8;
	if (arrow->kind != DRAW_EVENT)
		return 1;
	return to != NULL && to->kind == STATE_FINAL &&
		       to->outcome != ENDING_SUCCESS
		   ? 1
		   : 3;
}

/* Arrows of Graphviz go from node to node and are cut at a group's edge:
 * `above` it is where it begins, below it where it is left. */
static void
write_end(const struct draw *draw, size_t end, bool is_above, struct buf *dot)
{
	if (draw->boxes[end].shape != DRAW_GROUP)
		buf_addf(dot, "n%zu", end);
	else if (!is_above)
		buf_addf(dot, "b%zu", end);
	else if (is_parallel(draw, end))
		buf_addf(dot, "t%zu", end);
	else
		buf_addf(dot, "n%zu", draw_node_for(draw, end, false));
}

static void
write_cut(
    const struct draw *draw, const char *name, size_t end, struct buf *dot)
{
	if (draw->boxes[end].shape == DRAW_GROUP)
		buf_addf(dot, "%s=cluster_%zu ", name, end);
}

/* One that goes back is told to Graphviz the other way round. */
static void
write_arrow(const struct draw *draw, size_t index, struct buf *dot)
{
	const struct draw_arrow *arrow = &draw->arrows[index];
	size_t first = arrow->goes_back ? arrow->to : arrow->from;
	size_t second = arrow->goes_back ? arrow->from : arrow->to;

	write_end(draw, first, arrow->goes_back, dot);
	buf_add_cstr(dot, " -> ");
	write_end(draw, second, !arrow->goes_back, dot);
	buf_addf(dot, " [key=a%zu weight=%d ", index, weight_of(draw, arrow));
	write_cut(draw, "ltail", first, dot);
	write_cut(draw, "lhead", second, dot);
	if (arrow->goes_back)
		buf_add_cstr(dot, "dir=back ");
	if (arrow->label.height > 0)
		write_room(dot, arrow->label.width, arrow->label.height);
	buf_add_cstr(dot, "];\n");
}

static void
write_graph(const struct draw *draw, struct buf *dot)
{
	buf_add_cstr(dot,
	    "digraph g { compound=true newrank=true rankdir=TB nodesep=0.35 "
	    "ranksep=0.4 "
	    "node [shape=box fixedsize=true label=\"\"]\n"
	    "edge [arrowsize=0.8]\n");
	write_boxes(draw, DRAW_NOWHERE, dot);
	for (size_t i = 0; i < draw->arrow_count; i++)
		write_arrow(draw, i, dot);
	buf_add_cstr(dot, "}\n");
}

/* ---- reading places ---- */

/* A decimal in points at the front of *text, in hundredths; passes what
 * parts it from the next. */
static bool
take_length(struct str *text, int *length)
{
	bool is_negative = text->bytes > 0 && text->at[0] == '-';
	size_t at = is_negative ? 1 : 0, decimals = 0, digits = 0;
	bool has_point = false;
	int64_t value = 0;

	for (; at < text->bytes; at++) {
		char c = text->at[at];

		if (c == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (c < '0' || c > '9')
			break;
		digits++;
		if (decimals < 2 && value < INT32_MAX / 1000)
			value = value * 10 + (c - '0');
		decimals += has_point && decimals < 2;
	}
	for (; decimals < 2; decimals++)
		value *= 10;
	*length = (int)(is_negative ? -value : value);
	if (at < text->bytes && (text->at[at] == ',' || text->at[at] == ' '))
		at++;
	*text = str_slice(*text, at, SIZE_MAX);
	return digits > 0;
}

/* Graphviz counts upwards. */
static bool
take_point(const struct draw *draw, struct str *text, struct draw_point *spot)
{
	if (!take_length(text, &spot->x) || !take_length(text, &spot->y))
		return false;
	spot->y = draw->extent.height - spot->y;
	return true;
}

static bool
read_rectangle(struct draw *draw, struct str text, struct draw_area *area)
{
	struct draw_point low, high;

	if (!take_point(draw, &text, &low) || !take_point(draw, &text, &high))
		return false;
	*area = (struct draw_area){
	    .x = low.x,
	    .y = high.y,
	    .width = high.x - low.x,
	    .height = low.y - high.y,
	};
	return true;
}

/* Keeps the size and moves the middle. */
static bool
read_middle(struct draw *draw, struct str text, struct draw_area *area)
{
	struct draw_point middle;

	if (!take_point(draw, &text, &middle))
		return false;
	area->x = middle.x - area->width / 2;
	area->y = middle.y - area->height / 2;
	return true;
}

static void
turn_round(struct draw_arrow *arrow)
{
	for (size_t i = 0, j = arrow->point_count - 1; i < j; i++, j--) {
		struct draw_point spot = arrow->points[i];

		arrow->points[i] = arrow->points[j];
		arrow->points[j] = spot;
	}
}

/* "e,x,y x,y x,y x,y x,y": the tip, then the curve; "s,x,y …" where the tip is
 * at the curve's begin. */
static bool
read_curve(struct draw *draw, struct str text, struct draw_arrow *arrow)
{
	struct draw_point spot;
	size_t capacity = 0;
	bool has_tip =
	    str_has_prefix(text, arrow->goes_back ? STR("s,") : STR("e,"));

	if (has_tip) {
		text = str_slice(text, 2, SIZE_MAX);
		if (!take_point(draw, &text, &arrow->tip))
			return false;
	}
	while (text.bytes > 0 && text.at[0] != ';') {
		if (!take_point(draw, &text, &spot))
			return false;
		arrow->points = arena_grow(draw->arena, arrow->points,
		    arrow->point_count, &capacity, sizeof(spot));
		arrow->points[arrow->point_count++] = spot;
	}
	if (arrow->point_count % 3 != 1 || arrow->point_count < 4)
		return false;
	if (arrow->goes_back)
		turn_round(arrow);
	if (!has_tip)
		arrow->tip = arrow->points[arrow->point_count - 1];
	return true;
}

static bool
read_whole(struct draw *draw, struct str text)
{
	int ignored;

	return take_length(&text, &ignored) && take_length(&text, &ignored) &&
	       take_length(&text, &draw->extent.width) &&
	       take_length(&text, &draw->extent.height);
}

static bool
read_line(struct draw *draw, struct str line)
{
	char kind = line.bytes > 2 ? line.at[0] : '\0';
	struct str text = str_slice(line, 2, SIZE_MAX), rest;
	size_t count =
	    kind == 'N' || kind == 'G' ? draw->box_count : draw->arrow_count;
	int64_t index;

	if (kind == 'W')
		return read_whole(draw, text);
	if (!str_parse_int(
		str_split(text, ' ', &rest), 0, (int64_t)count - 1, &index))
		return false;
	switch (kind) {
	case 'N':
		return read_middle(draw, rest, &draw->boxes[index].area);
	case 'G':
		return read_rectangle(draw, rest, &draw->boxes[index].area);
	case 'A':
		return read_curve(draw, rest, &draw->arrows[index]);
	case 'L':
		return read_middle(draw, rest, &draw->arrows[index].label);
	default:
		return false;
	}
}

static bool
is_complete(const struct draw *draw)
{
	for (size_t i = 0; i < draw->arrow_count; i++)
		if (draw->arrows[i].point_count == 0)
			return false;
	return draw->extent.width > 0;
}

static bool
read_places(struct draw *draw, struct str text)
{
	while (text.bytes > 0)
		if (!read_line(draw, str_split(text, '\n', &text)))
			return false;
	return is_complete(draw);
}

/* ---- the child ---- */

static void
tell(FILE *out, const char *kind, const char *index, void *object,
    const char *name)
{
	const char *value = agget(object, (char *)name);

	if (value != NULL && value[0] != '\0')
		fprintf(out, "%s %s%s%s\n", kind, index,
		    index[0] != '\0' ? " " : "", value);
}

/* Groups lie within groups. */
static void
tell_groups(FILE *out, Agraph_t *graph)
{
	for (Agraph_t *group = agfstsubg(graph); group != NULL;
	     group = agnxtsubg(group)) {
		tell(out, "G", agnameof(group) + strlen("cluster_"), group,
		    "bb");
		tell_groups(out, group);
	}
}

static void
tell_places(FILE *out, Agraph_t *graph)
{
	tell(out, "W", "", graph, "bb");
	tell_groups(out, graph);
	for (Agnode_t *node = agfstnode(graph); node != NULL;
	     node = agnxtnode(graph, node)) {
		if (agnameof(node)[0] == 'n')
			tell(out, "N", agnameof(node) + 1, node, "pos");
		for (Agedge_t *edge = agfstout(graph, node); edge != NULL;
		     edge = agnxtout(graph, edge)) {
			if (agnameof(edge) == NULL)
				continue; /* an anchor's */
			tell(out, "A", agnameof(edge) + 1, edge, "pos");
			tell(out, "L", agnameof(edge) + 1, edge, "lp");
		}
	}
}

static void
be_bounded(void)
{
	struct rlimit none = {0, 0};
	struct rlimit seconds = {SECONDS_MAX, SECONDS_MAX};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_CPU, &seconds);
}

/* Whatever becomes of it, it ends here. */
static _Noreturn void
lay_out(void)
{
	Agraph_t *graph;
	GVC_t *context;

	be_bounded();
	context = gvContextPlugins(plugins, 0);
	graph = agread(stdin, NULL);
	if (context == NULL || graph == NULL ||
	    gvLayout(context, graph, "dot") != 0)
		_exit(1);
	attach_attrs(graph);
	tell_places(stdout, graph);
	_exit(fflush(stdout) == 0 ? 0 : 1);
}

/* Before main(), whichever program this is: the C library hands its arguments
 * to constructors, too. */
__attribute__((constructor)) static void
lay_out_if_child(int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], CHILD_NAME) == 0)
		lay_out();
}

/* ---- its parent ---- */

/* All that it tells, until it ends or the patience does. */
static void
listen_to(int fd, struct buf *text)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int64_t until_us = clock_monotonic_us() + PATIENCE_MS * 1000;
	char piece[16384];

	for (;;) {
		int64_t left_us = until_us - clock_monotonic_us();
		ssize_t bytes;

		if (left_us <= 0)
			return;
		if (poll(&poll_fd, 1, (int)(left_us / 1000) + 1) <= 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		bytes = read(fd, piece, sizeof(piece));
		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes <= 0)
			return;
		buf_add(text, piece, (size_t)bytes);
	}
}

static bool
is_well(pid_t child)
{
	int status = 0;

	/* It has told all, or is not to go on. */
	(void)kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return true;
	return !WIFEXITED(status) || WEXITSTATUS(status) == 0;
}

/* A file of no name that has the graph, from its begin on; or -1. */
static int
put_down(struct str dot)
{
	int fd = memfd_create("graph", MFD_CLOEXEC);
	bool is_whole = fd >= 0;

	while (is_whole && dot.bytes > 0) {
		ssize_t bytes = write(fd, dot.at, dot.bytes);

		if (bytes < 0 && errno == EINTR)
			continue;
		is_whole = bytes > 0;
		if (is_whole)
			dot = str_slice(dot, (size_t)bytes, dot.bytes);
	}
	if (is_whole && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* What it inherits is the two descriptors.  0, or why not. */
static int
spawn(int input, int output, pid_t *child)
{
	char *const arguments[] = {(char *)CHILD_NAME, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;
	int failed;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	must(posix_spawn_file_actions_init(&files) == 0);
	must(posix_spawnattr_init(&how) == 0);
	(void)posix_spawnattr_setsigdefault(&how, &all);
	(void)posix_spawnattr_setsigmask(&how, &none);
	(void)posix_spawnattr_setflags(
	    &how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	failed = posix_spawn_file_actions_adddup2(
	    &files, input, STDIN_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(
		    &files, output, STDOUT_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_addopen(&files,
		    STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (failed == 0)
		failed = posix_spawn_file_actions_addclosefrom_np(
		    &files, STDERR_FILENO + 1);
	if (failed == 0)
		failed = posix_spawn(child, "/proc/self/exe", &files, &how,
		    arguments, environ);
	(void)posix_spawnattr_destroy(&how);
	(void)posix_spawn_file_actions_destroy(&files);
	return failed;
}

static bool
ask(struct str dot, struct buf *text, struct buf *why)
{
	int input = put_down(dot), ends[2], failed;
	pid_t child;

	if (input < 0 || pipe2(ends, O_CLOEXEC) != 0) {
		buf_addf(why, "no pipe to Graphviz: %s", strerror(errno));
		if (input >= 0)
			(void)close(input);
		return false;
	}
	failed = spawn(input, ends[1], &child);
	(void)close(input);
	(void)close(ends[1]);
	if (failed == 0)
		listen_to(ends[0], text);
	else
		buf_addf(why, "no process for Graphviz: %s", strerror(failed));
	(void)close(ends[0]);
	return failed == 0 && is_well(child);
}

bool
draw_layout(struct draw *draw, struct buf *why)
{
	struct buf dot = {0}, places = {0};
	bool is_placed;

	write_graph(draw, &dot);
	is_placed = ask(buf_str(&dot), &places, why) &&
		    read_places(draw, buf_str(&places));
	if (!is_placed && why->bytes == 0)
		buf_addf(why,
		    "Graphviz could not lay the picture out within %d seconds",
		    SECONDS_MAX);
	buf_fini(&dot);
	buf_fini(&places);
	return is_placed;
}
