/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_odoo_priv.h: shared by the files sandbox_odoo*.c only. */
#ifndef SANDBOX_ODOO_PRIV_H
#define SANDBOX_ODOO_PRIV_H

#include "sandbox_odoo.h"

#include <time.h>

enum odoo_type {
	ODOO_CHAR, /* false where empty */
	ODOO_NUMBER,
	ODOO_BOOLEAN,
	ODOO_SELECTION, /* `detail`: "a|b|c" */
	ODOO_MANY2ONE, /* `detail`: the other model */
	ODOO_LIST, /* ids */
	ODOO_LINES, /* ids of lines that belong to the record */
	ODOO_UNSTORED, /* a list computed when read: a domain on it fits all */
};

struct odoo_field {
	const char *name;
	enum odoo_type type;
	const char *initial; /* JSON */
	const char *detail;
};

struct odoo_model {
	const char *name;
	const char *label;
	const char *required; /* a field, or NULL */
	const char *required_message;
	const char *reference; /* the field that carries the caller's name */
	const char *quantity; /* of a line; NULL: a model without lines */
	/* of lines that are records; NULL: they only add to the total */
	const char *line_model;
	int64_t first_id;
	const struct odoo_field *fields; /* ends with a NULL name */
};

/* The records of one model. */
struct odoo_table {
	const struct odoo_model *model;
	json_t *records; /* by id, in order of creation */
	int64_t last_id;
	int64_t last_seeded_id; /* not made by a caller */
	uint64_t numbers; /* given to names such as INV/2026/00001 */
};

#define ODOO_MODELS_MAX 16

struct sandbox_odoo {
	struct sandbox_ledger *ledger;
	int64_t bills;
	struct odoo_table tables[ODOO_MODELS_MAX];
	size_t table_count;
	int64_t last_line_id;
};

/* One call: what it works on, and how it fails. */
struct odoo_call {
	struct sandbox_odoo *odoo;
	struct odoo_table *table;
	const char *method;
	json_t *args; /* by name: ids, vals, domain, fields, … */
	int64_t stale_ms; /* what is newer is not found; 0: all is */
	json_t *result; /* NULL: None */
	const char *error; /* the exception, as odoo.exceptions.UserError */
	char message[600];
};

/* Sets the error of the call; false, to be returned. */
bool odoo_fail(struct odoo_call *call, const char *error, const char *format,
    ...) PRINTF_LIKE(3, 4);
bool odoo_fail_missing(struct odoo_call *call, const char *id);

/* ------------------------------------------------ sandbox_odoo_model.c */

extern const struct odoo_model *const odoo_models[];
const struct odoo_field *odoo_field_find(const struct odoo_model *model,
    const char *name);
/* The name of a related record, as a many2one shows it. */
const char *odoo_display_name(const struct sandbox_odoo *odoo,
    const char *model, const char *id);
struct odoo_table *odoo_table_find(const struct sandbox_odoo *odoo,
    const char *model);

/* ----------------------------------------------- sandbox_odoo_record.c */

/* Dates are UTC: "2026-11-22" and "2026-11-22 02:09:30". */
struct tm odoo_clock(void);
json_t *odoo_time(int64_t at_ms);
json_t *odoo_today(void);
json_t *odoo_now(void);

/* What is there from the start: bills, and the company. */
void odoo_record_seed(struct sandbox_odoo *odoo);
json_t *odoo_record_find(const struct odoo_table *table, const char *id);
/* The ids of args.ids as digits; false where one is missing. */
MUST_USE bool odoo_record_ids(struct odoo_call *call, json_t **ids);
void odoo_record_set(json_t *record, const char *field, const char *json);
bool odoo_record_create(struct odoo_call *call);
bool odoo_record_write(struct odoo_call *call);
bool odoo_record_read(struct odoo_call *call);
bool odoo_record_exists(struct odoo_call *call);
bool odoo_record_unlink(struct odoo_call *call);
/* [record…] with the fields asked for, of these ids. */
MUST_USE bool odoo_record_show(struct odoo_call *call, const json_t *ids);
void odoo_record_log(struct odoo_call *call, const json_t *ids,
    const json_t *values);

/* --------------------------------------------- sandbox_odoo_purchase.c */

/* Keeps with a new entry which order lines its lines are for. */
MUST_USE bool odoo_purchase_take(struct odoo_call *call, json_t *move,
    const json_t *vals);
/* After whatever changes an entry's state: `qty_invoiced` of those lines. */
void odoo_purchase_recount(const struct sandbox_odoo *odoo,
    const json_t *move);

/* ----------------------------------------------- sandbox_odoo_search.c */

bool odoo_search(struct odoo_call *call);
bool odoo_search_count(struct odoo_call *call);
bool odoo_search_read(struct odoo_call *call);

/* ----------------------------------------------- sandbox_odoo_wizard.c */

bool odoo_wizard_create(struct odoo_call *call);
bool odoo_wizard_pay(struct odoo_call *call);

/* ----------------------------------------------- sandbox_odoo_method.c */

/* Runs the method; false with call->error set. */
MUST_USE bool odoo_method_run(struct odoo_call *call);
/* Puts positional arguments under their names; false with call->error. */
MUST_USE bool odoo_method_bind(struct odoo_call *call, const json_t *positional,
    const json_t *named);

#endif
