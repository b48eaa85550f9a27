/* SPDX-License-Identifier: Apache-2.0 */
/* cli_talk.h: private to src/cli: the parts of a simulation on a terminal. */
#ifndef STATED_CLI_TALK_H
#define STATED_CLI_TALK_H

#include "cli_priv.h"

#include "stated/sim.h"

/* Something that may happen next: a line of JSON with a gap, perhaps. */
struct talk_offer {
	struct str label;
	struct str before;    /* of the line of JSON */
	const char *question; /* what fills the gap; NULL: there is none */
	struct str fallback;  /* what Enter alone means */
	bool is_json;	      /* the gap is JSON, else a text */
	bool is_who;	      /* a person: remembered for the next time */
	struct str after;
};

struct talk {
	struct cli *cli;
	struct sim *sim;
	struct arena *memory;	   /* of the session */
	struct arena *arena;	   /* of one round */
	struct str who;		   /* who acted last */
	const struct value *data;  /* as it was shown last */
	const struct value **acts; /* all that was done, in order */
	struct str *states;	   /* where each led to */
	size_t act_count;
	size_t act_capacity;
	size_t state_capacity;
	/* of one round */
	struct talk_offer *offers;
	size_t count;
	size_t capacity;
};

/* cli_talk_example.c: a value that a schema may take, as far as it tells. */
const struct value *talk_example(
    struct arena *arena, const struct value *schema);

/* cli_talk_offer.c: fills in the offers of the round. */
void cli_talk_offer_all(struct talk *talk, const struct value *report);

/* cli_talk_show.c */
void cli_talk_show_title(const struct talk *talk);
void cli_talk_show(struct talk *talk, const struct value *report);
void cli_talk_show_offers(const struct talk *talk);
void cli_talk_show_data(struct talk *talk);
/* The session as a file of scenarios. */
void cli_talk_show_scenario(struct talk *talk);

#endif
