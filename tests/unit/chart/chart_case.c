/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chart_case.c: plays tests/cases/chart/ *.case and compares transcripts.
 *
 * A file begins with what it is about, in plain lines; then come
 *
 *	load PATH        a file or folder of definitions, from the source tree
 *	workflow NAME    which one is played; left out: the only one
 *	clock INSTANT    when it begins
 *	alarm CONTACT    who is told of what is done without a second person
 *	<<<              definitions in place, up to a line ">>>"
 *
 * and then the steps (case.h).  A line of a step may be continued by one that
 * begins with ">" and five blanks.
 *
 *	chart_case [--accept | --snapshots] [FILE…]
 *
 * Where tests/cases/chart/version-1, or of a later version, has a file of the
 * same name, each of its lines is the snapshot that a program which wrote that
 * version had after that step: the case is played once for each of them, going
 * on from it as from its own.  --snapshots FILE prints those of this program.
 *
 * With --accept the files are written anew as they were played: for whoever
 * has read the difference and agrees with it.  What begins with "!" can't be
 * accepted.
 */
#include "case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tale {
	struct play play;
	struct diag_list *diags;
	struct str file;
	struct str rest;     /* lines not read yet */
	struct buf yaml;     /* definitions in place */
	struct str workflow; /* absent: the only one */
	bool linked;
	size_t steps;	     /* so far */
	size_t upgrade_step; /* after which `snapshot` is gone on from; 0 */
	struct str snapshot; /* in hexadecimal digits */
	bool tells;	     /* each step's snapshot is printed */
};

/* Of snapshots that are still to be read, besides the present one. */
static const int old_versions[] = {1, 2, 3, 4};
#define OLD_VERSIONS (sizeof(old_versions) / sizeof(old_versions[0]))

static bool
read_file(struct buf *text, const char *path)
{
	FILE *file = fopen(path, "r");
	char block[4096];
	size_t bytes;

	if (file == NULL)
		return false;
	while ((bytes = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(text, block, bytes);
	fclose(file);
	return true;
}

static struct str
next_line(struct tale *tale)
{
	struct str line = str_split(tale->rest, '\n', &tale->rest);

	return line;
}

static void
copy_line(struct tale *tale, struct str line)
{
	buf_add_str(tale->play.out, line);
	buf_add_char(tale->play.out, '\n');
}

/* ---- before the steps ---- */

static void
load_path(struct tale *tale, struct str path)
{
	const char *root = getenv("srcdir");

	library_add_path(tale->play.library,
	    arena_strf(
		tale->play.arena, "%s/%.*s", root ? root : ".", STR_ARG(path)),
	    tale->diags);
}

static void
read_yaml(struct tale *tale)
{
	while (tale->rest.at != NULL) {
		struct str line = next_line(tale);

		copy_line(tale, line);
		if (str_equal(line, STR(">>>")))
			return;
		buf_add_str(&tale->yaml, line);
		buf_add_char(&tale->yaml, '\n');
	}
}

/* The definitions are whole once the first step comes. */
static void
link_definitions(struct tale *tale)
{
	struct play *play = &tale->play;
	struct buf text = {0};

	tale->linked = true;
	if (tale->yaml.bytes > 0)
		library_add_text(play->library, tale->file,
		    buf_str(&tale->yaml), tale->diags);
	if (!library_link(play->library, tale->diags)) {
		diag_format(tale->diags, &text, false);
		for (struct str line, rest = buf_str(&text); rest.at != NULL;) {
			line = str_split(rest, '\n', &rest);
			trace_complain(play, "%.*s", STR_ARG(line));
		}
		buf_fini(&text);
		return;
	}
	play->definition =
	    tale->workflow.at == NULL
		? library_workflow_at(play->library, 0)
		: library_find_workflow(play->library, tale->workflow, 0);
	if (play->definition == NULL)
		trace_complain(play, "there is no such workflow");
}

static void
read_directive(struct tale *tale, struct str line)
{
	struct str rest, word = str_split(line, ' ', &rest);

	if (str_equal(line, STR("<<<")))
		read_yaml(tale);
	else if (str_equal(word, STR("load")))
		load_path(tale, rest);
	else if (str_equal(word, STR("workflow")))
		tale->workflow = rest;
	else if (str_equal(word, STR("alarm")))
		library_set_alarm(tale->play.library, rest);
	else if (str_equal(word, STR("clock")) &&
		 !clock_parse(rest, &tale->play.now_ms))
		trace_complain(&tale->play, "no instant");
}

/* ---- steps ---- */

static unsigned
digit_of(char c)
{
	return (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

static const struct definition *
definition_cb(struct digest digest, void *arg)
{
	const struct play *play = arg;

	return library_find_digest(play->library, digest);
}

/* What the program before left open, its history tells. */
static void
tell_past(struct play *play)
{
	if (chart_lacks_past(play->chart) &&
	    !chart_tell_past(play->chart, play->records, play->record_count,
		definition_cb, play))
		trace_complain(play, "its history can't be understood");
}

/* The instance as the program before had it. */
static void
upgrade(struct tale *tale)
{
	struct play *play = &tale->play;
	struct buf bytes = {0};

	for (size_t i = 0; i + 1 < tale->snapshot.bytes; i += 2)
		buf_add_char(
		    &bytes, (char)(digit_of(tale->snapshot.at[i]) << 4 |
				   digit_of(tale->snapshot.at[i + 1])));
	chart_free(&play->chart);
	play->chart = chart_load(play->definition,
	    (struct chart_identity){.number = 1}, buf_str(&bytes));
	buf_fini(&bytes);
	if (play->chart == NULL)
		trace_complain(play, "an old snapshot can't be loaded");
	else
		tell_past(play);
}

/* "-" where there is no instance. */
static void
tell_snapshot(struct tale *tale)
{
	struct buf bytes = {0};

	if (tale->play.chart != NULL)
		chart_save(tale->play.chart, &bytes);
	for (size_t i = 0; i < bytes.bytes; i++)
		printf("%02x", (unsigned char)bytes.at[i]);
	puts(bytes.bytes == 0 ? "-" : "");
	buf_fini(&bytes);
}

static void
read_step(struct tale *tale, struct str line)
{
	struct buf step = {0};

	if (!tale->linked)
		link_definitions(tale);
	buf_add_str(&step, str_slice(line, 2, line.bytes));
	while (str_has_prefix(tale->rest, STR(">     "))) {
		line = next_line(tale);
		copy_line(tale, line);
		buf_add_str(&step, str_slice(line, 5, line.bytes));
	}
	if (tale->play.definition != NULL)
		play_line(
		    &tale->play, arena_str(tale->play.arena, buf_str(&step)));
	buf_fini(&step);
	if (++tale->steps == tale->upgrade_step)
		upgrade(tale);
	if (tale->tells)
		tell_snapshot(tale);
}

static void
read_tale(struct tale *tale)
{
	while (tale->rest.at != NULL && tale->rest.bytes > 0) {
		struct str line = next_line(tale);

		if (str_has_prefix(line, STR("    ")))
			continue; /* what came of it when it was written */
		copy_line(tale, line);
		if (str_has_prefix(line, STR("> ")))
			read_step(tale, line);
		else if (!tale->linked)
			read_directive(tale, line);
	}
}

/* ---- comparing ---- */

/* The first lines that differ, with those before them. */
static void
print_difference(const char *path, struct str expected, struct str actual)
{
	struct str before[4] = {{NULL, 0}};
	int number = 0;

	for (;;) {
		struct str a = str_split(expected, '\n', &expected);
		struct str b = str_split(actual, '\n', &actual);

		number++;
		if (!str_equal(a, b)) {
			printf("%s:%d: differs\n", path, number);
			for (int i = 3; i >= 0; i--)
				if (before[i].at != NULL)
					printf("  %.*s\n", STR_ARG(before[i]));
			printf("- %.*s\n+ %.*s\n", STR_ARG(a), STR_ARG(b));
			for (int i = 0; i < 8 && actual.at != NULL; i++) {
				b = str_split(actual, '\n', &actual);
				printf("+ %.*s\n", STR_ARG(b));
			}
			return;
		}
		memmove(before + 1, before, 3 * sizeof(*before));
		before[0] = a;
		if (expected.at == NULL && actual.at == NULL)
			return;
	}
}

static void
accept(const char *path, struct str actual)
{
	FILE *file = fopen(path, "w");

	must(file != NULL);
	must(fwrite(actual.at, 1, actual.bytes, file) == actual.bytes);
	fclose(file);
}

static void
print_complaints(struct str actual)
{
	while (actual.at != NULL) {
		struct str line = str_split(actual, '\n', &actual);

		if (str_has_prefix(line, STR("    ! ")))
			printf("%.*s\n", STR_ARG(line));
	}
}

/* Plays a case's text once; false where what comes of it is not what it says,
 * or may never be. */
static bool
play_text(struct tale *tale, struct str text, bool accepts)
{
	struct buf out = {0};
	struct arena *arena = arena_new();
	bool same;

	tale->diags = diag_list_new();
	play_init(&tale->play, arena, &out);
	tale->rest = text;
	read_tale(tale);
	same = str_equal(text, buf_str(&out));
	if (!same && accepts)
		accept(tale->file.at, buf_str(&out));
	else if (!same)
		print_difference(tale->file.at, text, buf_str(&out));
	if (tale->play.complaints > 0) {
		printf("%s: what may never be:\n", tale->file.at);
		print_complaints(buf_str(&out));
	}
	play_fini(&tale->play);
	diag_list_free(&tale->diags);
	arena_free(&arena);
	buf_fini(&tale->yaml);
	buf_fini(&out);
	return (same || accepts) && tale->play.complaints == 0;
}

/* Its snapshots of that version, a line a step; nothing where it has none. */
static void
read_old(struct buf *old, const char *path, int version)
{
	const char *slash = strrchr(path, '/');
	char name[8192];
	size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
	size_t stem = strlen(path) - strlen(".case");

	if (stem < folder)
		return;
	snprintf(name, sizeof(name), "%.*sversion-%d/%.*s.snapshots",
	    (int)folder, path, version, (int)(stem - folder), path + folder);
	(void)!read_file(old, name);
}

static bool
play_upgrades(const char *path, struct str text, int version)
{
	struct buf old = {0};
	struct str rest;
	bool same = true;
	size_t step = 0;

	read_old(&old, path, version);
	for (rest = buf_str(&old); rest.bytes > 0 && same;) {
		struct tale tale = {.file = str_of(path)};

		tale.snapshot = str_split(rest, '\n', &rest);
		tale.upgrade_step = ++step;
		if (str_equal(tale.snapshot, STR("-")))
			continue;
		same = play_text(&tale, text, false);
		if (!same)
			printf("%s: version %d upgraded after step %zu\n",
			    path, version, step);
	}
	buf_fini(&old);
	return same;
}

static bool
play_file(const char *path, bool accepts)
{
	struct buf text = {0};
	struct tale tale = {.file = str_of(path)};
	bool sound = read_file(&text, path);

	if (sound)
		sound = play_text(&tale, buf_str(&text), accepts);
	else
		printf("%s: can't be read\n", path);
	for (size_t i = 0; sound && i < OLD_VERSIONS; i++)
		sound = play_upgrades(path, buf_str(&text), old_versions[i]);
	buf_fini(&text);
	return sound;
}

static bool
print_snapshots(const char *path)
{
	struct buf text = {0};
	struct tale tale = {.file = str_of(path), .tells = true};
	bool sound =
	    read_file(&text, path) && play_text(&tale, buf_str(&text), false);

	buf_fini(&text);
	return sound;
}

static int
is_case(const struct dirent *entry)
{
	return str_has_suffix(str_of(entry->d_name), STR(".case"));
}

static size_t
play_folder(const char *name, bool accepts)
{
	const char *root = getenv("srcdir");
	struct dirent **entries;
	char folder[4096], path[8192];
	size_t failures = 0;
	int count;

	snprintf(folder, sizeof(folder), "%s/tests/cases/%s", root ? root : ".",
	    name);
	count = scandir(folder, &entries, is_case, alphasort);
	if (count <= 0) {
		printf("%s: no cases\n", folder);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		snprintf(
		    path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (!play_file(path, accepts))
			failures++;
		free(entries[i]);
	}
	free(entries);
	printf("%s: %d cases, %zu failed\n", name, count, failures);
	return failures;
}

int
main(int argc, char **argv)
{
	bool accepts = argc > 1 && str_equal(str_of(argv[1]), STR("--accept"));
	bool tells = argc > 1 && str_equal(str_of(argv[1]), STR("--snapshots"));
	int first = accepts || tells ? 2 : 1;
	size_t failures = 0;

	if (first >= argc)
		return play_folder("chart", accepts) +
				   play_folder("chart/scxml", accepts) ==
			       0
			   ? 0
			   : 1;
	for (int i = first; i < argc; i++)
		if (!(tells ? print_snapshots(argv[i])
			    : play_file(argv[i], accepts)))
			failures++;
	return failures == 0 ? 0 : 1;
}
