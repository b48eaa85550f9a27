/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_moment.c: what the database held when an export began.
 *
 * Turns are only ever added, so their number says what there was; the last
 * one's hash says that they are the same ones still.
 */
#include "export_priv.h"

#include <stdio.h>

#include "stated/clock.h"

/* ------------------------------------------------------------------ as text */

/* BEGAN-PLACE-CHECKPOINT-TURN: three numbers and 64 hexadecimal digits. */
struct str
export_moment_format(
    const struct export_moment *moment, char text[EXPORT_MOMENT_BYTES])
{
	char hex[DIGEST_HEX_BYTES];
	int bytes = snprintf(text, EXPORT_MOMENT_BYTES,
	    "%lld-%llu-%llu-%.*s", (long long)moment->began_ms,
	    (unsigned long long)moment->history_place,
	    (unsigned long long)moment->checkpoint,
	    STR_ARG(digest_hex(moment->turn, hex)));

	must(moment->began_ms > 0);
	must(bytes > 0 && bytes < EXPORT_MOMENT_BYTES);
	return (struct str){text, (size_t)bytes};
}

bool
export_moment_parse(struct str text, struct export_moment *moment)
{
	struct str began = str_split(text, '-', &text);
	struct str place = str_split(text, '-', &text);
	struct str checkpoint = str_split(text, '-', &text);
	int64_t numbers[2];

	*moment = (struct export_moment){0};
	if (!str_parse_int(began, 1, INT64_MAX, &moment->began_ms) ||
	    !str_parse_int(place, 0, INT64_MAX, &numbers[0]) ||
	    !str_parse_int(checkpoint, 0, INT64_MAX, &numbers[1]) ||
	    !digest_parse_hex(text, &moment->turn))
		return false;
	moment->history_place = (uint64_t)numbers[0];
	moment->checkpoint = (uint64_t)numbers[1];
	return true;
}

/* ----------------------------------------------------------- in a database */

static bool
read_turn_cb(const struct store_turn *turn, void *arg)
{
	struct export_moment *moment = arg;

	if (turn->index + 1 == moment->history_place)
		moment->turn = turn->hash;
	return false;
}

/* The last turn that was committed up to its place. */
static enum store_error
read_turn(struct store *store, struct export_moment *moment)
{
	moment->turn = (struct digest){{0}};
	if (moment->history_place == 0)
		return STORE_OK;
	return store_each_turn(
	    store, moment->history_place - 1, 1, read_turn_cb, moment);
}

enum store_error
export_moment_refuse(struct buf *detail, const char *why)
{
	if (detail != NULL)
		buf_addf(detail, "%s.  Begin a new export", why);
	return STORE_ABSENT;
}

enum store_error
export_moment_find(
    struct store *store, struct export_moment *moment, struct buf *detail)
{
	const struct export_moment given = *moment;
	uint64_t place;
	enum store_error error = store_history_last(store, &place);

	if (error != STORE_OK)
		return error;
	if (given.began_ms == 0)
		*moment = (struct export_moment){
		    .began_ms = clock_now_ms(clock_system()),
		    .history_place = place,
		    .checkpoint = UINT64_MAX,
		};
	if (moment->history_place > place)
		return export_moment_refuse(detail,
		    "it holds less than when the export began: was an older "
		    "backup restored?");
	error = read_turn(store, moment);
	if (error != STORE_OK || given.began_ms == 0 ||
	    digest_equal(given.turn, moment->turn))
		return error;
	return export_moment_refuse(detail,
	    "it holds other histories than when the export began: is it "
	    "another database, or was a backup restored?");
}
