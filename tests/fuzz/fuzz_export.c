/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_export.c: whatever is said to be an exported history: verifying it
 * ends, and tells one fault or none.
 *
 * An input is the file's lines.  One that begins with "+" and goes on as a
 * JSON object is sealed as the next record of a chain, so that more than
 * hashes that don't fit is reached; where all lines are such of one instance,
 * the file must be sound.
 */
#include "fuzz_file.h"
#include "fuzz_input.h"

#include "stated/export.h"
#include "stated/json.h"

#include <stdio.h>

struct writing {
	struct arena *arena;
	struct buf out;
	struct audit_head head;
	struct str instance; /* of all that was sealed; absent: none yet */
	bool is_honest;	     /* nothing but records of one instance so far */
};

static void
add_sealed(struct writing *writing, const struct value *record)
{
	const struct value *name = value_field_or_null(record, "instance");
	struct audit_record sealed =
	    audit_seal(writing->arena, record, &writing->head);
	struct str text = sealed.canonical;
	char hex[DIGEST_HEX_BYTES];

	text.bytes--; /* the brace */
	buf_addf(&writing->out, "%.*s,\"hash\":\"%.*s\"}\n", STR_ARG(text),
	    STR_ARG(digest_hex(sealed.hash, hex)));
	if (name->type != VALUE_STRING ||
	    (writing->instance.at != NULL &&
		!str_equal(writing->instance, name->as.string)))
		writing->is_honest = false;
	else
		writing->instance = name->as.string;
}

/* What the chain gives, a record does not bring along. */
static bool
can_be_sealed(const struct value *record)
{
	return record != NULL && record->type == VALUE_CONTEXT &&
	       value_get_cstr(record, "seq") == NULL &&
	       value_get_cstr(record, "prev") == NULL &&
	       value_get_cstr(record, "hash") == NULL;
}

static void
add_line(struct writing *writing, struct str line)
{
	const struct value *record = NULL;
	struct json_error error;

	if (str_has_prefix(line, STR("+")))
		record = json_read(writing->arena,
		    str_slice(line, 1, line.bytes), &error);
	if (can_be_sealed(record)) {
		add_sealed(writing, record);
		return;
	}
	writing->is_honest = false;
	buf_add_str(&writing->out, line);
	buf_add_char(&writing->out, '\n');
}

static void
check_report(const struct export_report *report)
{
	must((report->broken > 0) == (report->fault != AUDIT_SOUND));
	must((report->fault != AUDIT_SOUND) ==
	     (report->explanation[0] != '\0'));
	must(memchr(report->explanation, '\0', sizeof(report->explanation)));
	must(memchr(report->instance, '\0', sizeof(report->instance)));
	must(report->instances <= report->records);
	must(report->excerpts <= report->instances);
	must(audit_fault_name(report->fault).bytes > 0);
}

static void
verify(const struct writing *writing)
{
	struct fuzz_file file = fuzz_file_new(buf_str(&writing->out));
	struct export_report report;
	enum store_error error =
	    export_verify(str_of(file.path), NULL, &report, NULL);

	/* STORE_FOREIGN: it has nothing of a history. */
	must(error == STORE_OK ||
	     (error == STORE_FOREIGN && !writing->is_honest));
	if (error == STORE_OK)
		check_report(&report);
	if (writing->is_honest)
		must(report.fault == AUDIT_SOUND);
	fuzz_file_free(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct writing writing = {.arena = arena_new(), .is_honest = true};
	struct str rest = {(const char *)data, size};

	while (rest.bytes > 0)
		add_line(&writing, fuzz_take_line(&rest));
	if (size > 0 && data[size - 1] != '\n' && writing.out.bytes > 0 &&
	    !writing.is_honest)
		writing.out.bytes--; /* the file may be cut, too */
	verify(&writing);
	buf_fini(&writing.out);
	arena_free(&writing.arena);
	return 0;
}
