/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feel_regex.h: regular expressions inside src/feel only.
 *
 * FEEL's are those of XPath (XQuery and XPath Functions 3.1, section 5.6);
 * they are translated to PCRE2's.  A compiled pattern lives in its arena.
 */
#ifndef STATED_FEEL_REGEX_H
#define STATED_FEEL_REGEX_H

#include "feel_priv.h"

struct feel_regex;

/*
 * feel_regex_translate.c: the pattern as PCRE2 reads it, or false where it is
 * none.  With `skips_space` white space outside of classes means nothing
 * (flag x), with `is_dot_all` a dot stands for the end of a line too (s).
 */
bool feel_regex_translate(struct str pattern, bool skips_space,
    bool is_dot_all, struct buf *out);
/* feel_regex_block.c: the code points of a Unicode block, "BasicLatin". */
bool feel_regex_find_block(struct str name, uint32_t *first, uint32_t *last);

/* NULL where the pattern or the flags are none. */
const struct feel_regex *feel_regex_new(struct arena *arena,
    struct str pattern, struct str flags);

#define FEEL_REGEX_GROUPS 100 /* $0 to $99 */

struct feel_match {
	size_t from;
	size_t to;
	struct str groups[FEEL_REGEX_GROUPS]; /* absent where not matched */
};

enum feel_found { FEEL_FOUND, FEEL_NOT_FOUND, FEEL_GAVE_UP };

/* The first match at or after `from`. */
enum feel_found feel_regex_find(struct feel_run *run,
    const struct feel_regex *regex, struct str subject, size_t from,
    struct feel_match *match);
unsigned feel_regex_group_count(const struct feel_regex *regex);
bool feel_regex_is_literal(const struct feel_regex *regex);

#endif
